//! What the guide and the quick reference say to ask and to run: it is asked of a Prometheus that watches the systems, and
//! it is run.

use std::{fs, path::Path, process::Command, time::Duration};

use tokio::time::{sleep, timeout};

use crate::{
    house::House,
    programs::{Board, Scratch, Server, example, run},
    system::System,
    watched::Watched,
};

/// How many times as fast the rules go, and what a rate of a dashboard is of, in seconds.
const SPEED: u64 = 30;
const WINDOW: f64 = 20.0;

/// The blocks of code of a page that are of this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let fence = format!("\n```{language}\n");
    let blocks = text.split(&*fence).skip(1);
    blocks.map(|block| block.split("\n```").next().unwrap().to_owned()).collect()
}

/// The queries of the tables of the quick reference: the last cell of a row.
fn of_tables(page: &str) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let (_, metrics) = text.split_once("\n## Of every service\n").unwrap();
    let cells =
        metrics.lines().filter(|line| line.starts_with("| `")).map(|line| line.split(" | ").last().unwrap());
    cells.map(|cell| cell.trim_matches(['|', ' ', '`']).to_owned()).collect()
}

#[test]
fn the_quick_reference_is_what_the_program_writes() {
    let scratch = Scratch::new("reference");
    let page = scratch.path("quick-reference.md");
    run(example("deploy").to_str().unwrap(), &["--reference", page.to_str().unwrap()]).unwrap();
    let is_same = fs::read(page).unwrap() == fs::read("docs/quick-reference.md").unwrap();
    assert!(is_same, "`cargo run --example deploy -- --reference docs/quick-reference.md` writes it again");
}

/// The queries that give no number.
async fn silent(prometheus: &Server, queries: &[String]) -> Vec<String> {
    let mut silent = Vec::new();
    for query in queries {
        let series = prometheus.ask(query, None).await.unwrap_or_else(|error| panic!("{query}: {error}"));
        let is_number = |series: &serde_json::Value| {
            series["value"][1].as_str().unwrap().parse::<f64>().is_ok_and(f64::is_finite)
        };
        if !series.iter().any(is_number) {
            silent.push(query.clone());
        }
    }
    silent
}

#[tokio::test]
#[ignore = "needs the Debian packages prometheus and prometheus-alertmanager"]
async fn every_query_of_the_pages_and_of_the_dashboards_returns_data() {
    let scratch = Scratch::new("house");
    let house = House::start(&scratch);
    let rules = fs::read_to_string("deploy/prometheus/rules.yml").unwrap();
    let watched = Watched::start("guide", &house.jobs(), &rules, SPEED).await;
    let prometheus = &watched.prometheus;
    prometheus.becomes("sum(up)", |up| up == 6.0).await;

    let mut queries = blocks("docs/guide.md", "promql");
    assert!(queries.len() > 15, "{queries:#?}");
    let of_reference = of_tables("docs/quick-reference.md");
    assert!(of_reference.len() > 50, "{of_reference:#?}");
    queries.extend(of_reference);
    let mut missing = Vec::new();
    let waiting = async {
        loop {
            missing = silent(prometheus, &queries).await;
            for board in Board::all(Path::new("deploy/grafana/dashboards"), WINDOW, prometheus).await {
                missing.extend(board.silent(prometheus).await);
            }
            if missing.is_empty() {
                return;
            }
            sleep(Duration::from_secs(1)).await;
        }
    };
    let is_there = timeout(Duration::from_secs(120), waiting).await.is_ok();
    assert!(is_there, "{} without data: {missing:#?}", missing.len());
}

/// The commands of the guide, in their order, with addresses and folders of the test in the place of those that are said.
#[tokio::test]
#[ignore = "needs the Debian package prometheus"]
async fn every_command_of_the_guide_runs() {
    let scratch = Scratch::new("guide");
    let commands: Vec<_> = blocks("docs/guide.md", "sh")
        .iter()
        .flat_map(|it| it.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert!(commands.len() >= 5, "{commands:#?}");
    let data = scratch.path("data").display().to_string();
    let free = ["--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--data", &data];
    let mut running = None;
    for command in commands {
        if command == "cargo run --example new_service" {
            running = Some(System::start("new_service", &free));
            continue;
        }
        let service = running.as_ref().expect("the service is started first");
        let here = command
            .replace("127.0.0.1:7200", service.address("new-service"))
            .replace("127.0.0.1:9331", service.address("metrics"))
            .replace("target/new-service", scratch.path("new-service").to_str().unwrap())
            .replace("cargo run --example new_service --", example("new_service").to_str().unwrap());
        let output = Command::new("bash").args(["-euo", "pipefail", "-c", &here]).output().unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
        assert!(!output.stdout.is_empty() || command.contains("--write"), "{command} says nothing");
    }
}
