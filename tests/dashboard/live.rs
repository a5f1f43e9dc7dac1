//! Every query of every panel, asked of a Prometheus that scrapes the examples under load: it is answered, its series have the
//! labels that its legend shows, and they are what the samples say.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::{
    expected::{WINDOW, expected},
    programs::{Asked, Board, Example, Orders, Scratch, Server, Stack, change, write_files},
    samples::{Labels, Vector, World, labels},
};

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
            for board in Board::all(&scratch.path("dashboards"), WINDOW, &stack.prometheus).await {
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
    let boards = Board::all(&scratch.path("dashboards"), WINDOW, &stack.prometheus).await;
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
