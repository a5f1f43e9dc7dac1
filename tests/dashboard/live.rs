//! Every query of every panel, asked of a Prometheus that scrapes the examples under load: it is answered, its series have the
//! labels that its legend shows, and they are what the samples say.

use std::{collections::BTreeMap, fs, time::Duration};

use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::{
    expected::{Asked, WINDOW, expected},
    programs::{Example, Orders, Scratch, Server, Stack, change, write_files},
    samples::{Labels, Vector, World, labels},
};

/// A dashboard as it was written, and what its variables stand for.
struct Board {
    json: Value,
    chosen: Vec<(String, String)>,
}

// ===== impl Board =====

impl Board {
    /// Those of the example's files, with every variable at `All`.
    async fn all(scratch: &Scratch, prometheus: &Server) -> Vec<Self> {
        let mut boards = Vec::new();
        let mut files: Vec<_> =
            fs::read_dir(scratch.path("dashboards")).unwrap().map(|file| file.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|it| it == "json"));
        files.sort();
        for file in files {
            let json: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
            let mut board = Self { json, chosen: Vec::new() };
            board.choose_all(prometheus).await;
            boards.push(board);
        }
        boards
    }

    fn title(&self) -> &str {
        self.json["title"].as_str().unwrap()
    }

    /// As Grafana does: `All` is the variable's own word for it, or else every value that there is.
    async fn choose_all(&mut self, prometheus: &Server) {
        for variable in self.json["templating"]["list"].as_array().unwrap().clone() {
            let Some(query) = variable["query"]["query"].as_str() else { continue };
            let inner = query.strip_prefix("label_values(").unwrap().strip_suffix(')').unwrap();
            let (selector, label) = inner.rsplit_once(", ").unwrap();
            let series = prometheus.ask(&self.substituted(selector), None).await.unwrap();
            let mut values: Vec<_> =
                series.iter().map(|series| series["metric"][label].as_str().unwrap().to_owned()).collect();
            values.sort();
            values.dedup();
            assert!(!values.is_empty(), "{}: {query} has no value", self.title());
            let all = variable["allValue"].as_str().map_or_else(|| values.join("|"), str::to_owned);
            self.chosen.push((format!("${}", variable["name"].as_str().unwrap()), all));
        }
    }

    fn substituted(&self, query: &str) -> String {
        let query = query.replace("$__rate_interval", &format!("{WINDOW}s")).replace("$__interval", "60s");
        self.chosen.iter().fold(query, |query, (name, value)| query.replace(name, value))
    }

    /// Every query, with the row and the panel that it stands in.
    fn asked(&self) -> Vec<(Asked<'_>, String)> {
        let mut asked = Vec::new();
        let mut row = "";
        for panel in self.json["panels"].as_array().unwrap() {
            if panel["type"] == "row" {
                row = panel["title"].as_str().unwrap();
            }
            let inner = panel["panels"].as_array().into_iter().flatten();
            for panel in [panel].into_iter().chain(inner) {
                for target in panel["targets"].as_array().into_iter().flatten() {
                    let text = |key: &str| target[key].as_str().unwrap();
                    let it = Asked {
                        board: self.title(),
                        row,
                        panel: panel["title"].as_str().unwrap(),
                        query: text("refId"),
                        legend: text("legendFormat"),
                    };
                    asked.push((it, self.substituted(text("expr"))));
                }
            }
        }
        asked
    }

    /// The queries whose answers are empty, or lack what the legend shows.
    async fn silent(&self, prometheus: &Server) -> Vec<String> {
        let mut silent = Vec::new();
        for (it, query) in self.asked() {
            let series = prometheus.ask(&query, None).await;
            let series =
                series.unwrap_or_else(|error| panic!("{} / {}: {error}: {query}", it.board, it.panel));
            let shown: Vec<_> =
                it.legend.split("{{").skip(1).map(|rest| rest.split_once("}}").unwrap().0).collect();
            let has_all = |series: &Value| shown.iter().all(|label| series["metric"][label].is_string());
            if series.is_empty() || !series.iter().all(has_all) {
                silent.push(format!("{} / {} / {}: {query}", it.board, it.row, it.panel));
            }
        }
        silent
    }
}

#[tokio::test]
#[ignore = "needs the Debian package prometheus"]
async fn every_panel_shows_what_the_samples_say() {
    let scratch = Scratch::new("dashboards");
    write_files(&scratch);
    change(&scratch, "rules.yml", &[("interval: 30s", "interval: 1s"), ("interval: 5m", "interval: 1s")]);
    // A second instance; and it is scraped for another environment too, of which nothing may be shown.
    let second = Example::start();
    let one = "- targets: [\"127.0.0.1:9000\"]";
    let more = format!(
        "- targets: [\"{}\"]\n        labels: {{env: staging}}\n      - targets: [\"127.0.0.1:9000\", \"{}\"]",
        second.metrics, second.metrics
    );
    change(&scratch, "prometheus.yml", &[(one, &more)]);
    let stack = Stack::start(&scratch, Orders::busy(), &[]);
    stack.prometheus.becomes("up", |up| up == 4.0).await;
    let users = stack.users();

    let mut missing = Vec::new();
    let waiting = async {
        loop {
            stack.every_kind().await;
            second.get("/users/8").await;
            second.get("/fail").await;
            missing.clear();
            for board in Board::all(&scratch, &stack.prometheus).await {
                missing.extend(board.silent(&stack.prometheus).await);
            }
            if missing.is_empty() {
                return;
            }
            sleep(Duration::from_secs(1)).await;
        }
    };
    let is_there = timeout(Duration::from_secs(120), waiting).await.is_ok();
    assert!(is_there, "{missing:#?}");

    // All that was scraped and recorded until this moment is there.
    let at = stack.prometheus.query("vector(time())").await.unwrap() - 3.0;
    let mut world = World::read(&stack.prometheus, at).await;
    let boards = Board::all(&scratch, &stack.prometheus).await;
    let all = compare(&stack.prometheus, &mut world, &boards, |_| true).await;
    assert!(all > 200, "{all}");

    // A variable narrows what reads it. Grafana escapes what would be more than itself in a regular expression.
    let mut boards = boards;
    let chosen = "/users/\\\\{id\\\\}";
    for board in &mut boards {
        board
            .chosen
            .iter_mut()
            .filter(|(name, _)| name == "$endpoint")
            .for_each(|(_, value)| *value = chosen.into());
    }
    world.narrow("endpoint", "/users/{id}");
    let narrowed = compare(&stack.prometheus, &mut world, &boards, |query| query.contains(chosen)).await;
    assert!(narrowed > 20, "{narrowed}");

    // All three instances began a moment ago, and there are alerts: both are marked.
    for board in &boards {
        let annotations = board.json["annotations"]["list"].as_array().unwrap();
        let marks = annotations.iter().map(|annotation| annotation["expr"].as_str().unwrap());
        let mut counts = Vec::new();
        for mark in marks {
            counts.push(stack.prometheus.ask(&board.substituted(mark), None).await.unwrap().len());
        }
        let instances = match board.title() {
            "orders: gRPC" => 1,
            "tower-metrics: overview" | "Users" => 3,
            _ => 2,
        };
        assert_eq!(counts[1], instances, "{}", board.title());
        assert!(counts[0] > 0 || board.title() == "orders: gRPC", "{}", board.title());
    }
    users.abort();
}

/// Compares what is shown with the samples, of the queries that are meant; returns of how many.
async fn compare(
    prometheus: &Server,
    world: &mut World,
    boards: &[Board],
    is_meant: impl Fn(&str) -> bool,
) -> usize {
    let mut compared = 0;
    let mut wrong = Vec::new();
    for (it, query) in boards.iter().flat_map(Board::asked).filter(|(_, query)| is_meant(query)) {
        let shown = prometheus.ask(&query, Some(world.at)).await.unwrap();
        let shown: Vector = shown.iter().map(|series| (unnamed(&series["metric"]), value(series))).collect();
        let mut is_right = |delay: &f64| {
            world.delay = *delay;
            is_same(&shown, &expected(world, &it))
        };
        // On a busy machine a scrape takes its time.
        if ![1.0, 0.3, 0.1, 0.0].iter().any(&mut is_right) {
            let Asked { board, row, panel, .. } = it;
            let expected = expected(world, &it);
            wrong
                .push(format!("{board} / {row} / {panel}: {query}\nshows {shown:#?}\nand not {expected:#?}"));
        }
        compared += 1;
    }
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n\n"));
    compared
}

fn unnamed(metric: &Value) -> Labels {
    let mut labels = labels(metric);
    labels.remove("__name__");
    labels
}

fn value(series: &Value) -> f64 {
    series["value"][1].as_str().unwrap().parse().unwrap()
}

/// The same labels, and values that are the same but for rounding.
fn is_same(a: &BTreeMap<Labels, f64>, b: &BTreeMap<Labels, f64>) -> bool {
    let near = |a: f64, b: f64| {
        (a.is_nan() && b.is_nan()) || a == b || (a - b).abs() <= 1e-6 * a.abs().max(b.abs()) + 1e-9
    };
    a.len() == b.len() && a.iter().zip(b).all(|((a, x), (b, y))| a == b && near(*x, *y))
}
