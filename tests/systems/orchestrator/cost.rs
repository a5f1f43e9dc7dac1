//! What agents cost, by who pays: under a cap, and exact all the same.

use std::collections::HashSet;

use futures_util::{StreamExt, stream};
use serde_json::json;

use super::{APP, Orchestrator};

const COST: &str = "orchestrator_cost_microdollars_total";
const MICRODOLLARS_PER_TOKEN: f64 = 15.0;

#[tokio::test]
async fn of_more_payers_than_there_is_room_for_the_sum_is_exact() {
    let it = Orchestrator::start(&[]);
    // Each of 3,600 pairs of them once.
    let runs = stream::iter(0..3_600).map(async |n| {
        let payer = json!({
            "repository": format!("repository-{}", n % 600),
            "user": format!("user-{}", (n + n / 1_200) % 1_200),
            "tokens": n,
        });
        it.ask("coder", &payer).await.status
    });
    let statuses: HashSet<_> = runs.buffer_unordered(32).collect().await;
    assert_eq!(statuses, HashSet::from([200]));

    let page = it.page().await;
    let spent = f64::from(3_600 * 3_599 / 2) * MICRODOLLARS_PER_TOKEN;
    assert_eq!(page.sum(COST, &[]), spent);
    let values = |label: &str| page.of(COST).map(|it| it.labels[label].clone()).collect::<HashSet<_>>();
    // Those that there is room for, and `_OVERFLOW`.
    assert_eq!((values("repository").len(), values("user").len()), (501, 1_001));
    assert!(values("repository").contains("_OVERFLOW") && values("user").contains("_OVERFLOW"));
    assert!((2_000..=2_001).contains(&page.of(COST).count()), "{} series", page.of(COST).count());
    let overflow = [("metric", COST)];
    assert!(page.sum("tower_metrics_overflow_total", &overflow) > 0.0);
    println!("{} series", page.samples.len());
    assert!(page.samples.len() < 4_000, "{} series", page.samples.len());

    let summary = it.system.get(APP, "/metrics/summary").await.json();
    assert_eq!(summary["cost"]["microdollars"], spent);
    assert_eq!(summary["cost"]["repositories"], 501);
    assert_eq!(summary["cost"]["most_expensive"][0]["repository"], "_OVERFLOW");
}

#[tokio::test]
async fn an_agent_that_is_given_up_costs_what_it_used_by_then() {
    let it = Orchestrator::start(&["--agent-timeout", "1"]);
    let task = json!({ "repository": "website", "user": "ada", "seconds": 100, "tokens": 100_000 });
    assert_eq!(it.ask("coder", &task).await.status, 504);
    let spent = it.sum(COST, &[("repository", "website"), ("user", "ada")]).await;
    // A second of a hundred, on a machine that may be busy.
    let whole = 100_000.0 * MICRODOLLARS_PER_TOKEN;
    assert!((0.01 * whole..0.1 * whole).contains(&spent), "{spent} of {whole}");
}

#[tokio::test]
async fn an_agent_that_fails_costs_what_it_used_and_one_that_is_not_asked_costs_nothing() {
    let it = Orchestrator::start(&["--breaker-pause", "600"]);
    it.break_it("coder").await;
    let task = json!({ "repository": "website", "user": "ada", "tokens": 100 });
    for _ in 0..9 {
        it.ask("coder", &task).await;
    }
    // Five were executed, and four rejected.
    let website = [("repository", "website"), ("user", "ada")];
    assert_eq!(it.sum(COST, &website).await, 5.0 * 100.0 * MICRODOLLARS_PER_TOKEN);
}
