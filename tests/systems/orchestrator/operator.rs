//! Who may reset a breaker.

use std::time::Duration;

use http::Method;
use tokio::{process::Command, time::timeout};

use super::{APP, Orchestrator};
use crate::{programs::Scratch, system::Answer};

const RESETS: &str = "orchestrator_circuit_breaker_resets_total";

async fn reset(it: &Orchestrator, agent: &str, headers: &[(&str, &str)]) -> Answer {
    it.system.send_with(APP, Method::POST, &format!("/breakers/{agent}/reset"), headers, "").await
}

async fn open(it: &Orchestrator) {
    it.break_it("coder").await;
    for _ in 0..5 {
        it.run("coder", 0.0).await;
    }
    it.mend_it("coder").await;
    assert_eq!(it.state("coder").await, "open");
}

#[tokio::test]
async fn who_shows_the_token_resets_a_breaker_and_nobody_else_does() {
    let scratch = Scratch::new("orchestrator-operator");
    let it = Orchestrator::with_operator(&scratch, &["--breaker-pause", "600"]);
    open(&it).await;

    let tokenless: [&[(&str, &str)]; 4] =
        [&[], &[("authorization", "")], &[("authorization", "sesame")], &[("authorization", "Basic sesame")]];
    for headers in tokenless {
        let answer = reset(&it, "coder", headers).await;
        assert_eq!(answer.status, 401, "{headers:?}");
        assert!(answer.text().contains("Authorization: Bearer"));
    }
    for wrong in ["Bearer x", "Bearer sesam", "Bearer sesame2", "Bearer SESAME", "Bearer \u{e9}"] {
        let answer = reset(&it, "coder", &[("authorization", wrong)]).await;
        assert_eq!(answer.status, 403, "{wrong}");
    }
    assert_eq!(it.state("coder").await, "open");
    assert_eq!(it.run("coder", 0.0).await, 503);

    let right = [("authorization", "Bearer sesame")];
    let unknown = reset(&it, "nobody", &right).await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.text().contains("coder, planner"));
    // Who may not do it does not learn which there are.
    assert_eq!(reset(&it, "nobody", &[]).await.status, 401);

    let answer = reset(&it, "coder", &right).await;
    assert_eq!((answer.status, &answer.json()["state"]), (200, &"closed".into()));
    assert_eq!(it.state("coder").await, "closed");
    assert_eq!(it.run("coder", 0.0).await, 200);

    let page = it.page().await;
    let counted = ["unauthorized", "forbidden", "unknown_agent", "reset"];
    let counted = counted.map(|outcome| page.sum(RESETS, &[("outcome", outcome)]));
    assert_eq!(counted, [5.0, 5.0, 1.0, 1.0]);
}

#[tokio::test]
async fn without_a_token_file_nobody_resets_anything() {
    let it = Orchestrator::start(&["--breaker-pause", "600"]);
    open(&it).await;
    let answer = reset(&it, "coder", &[("authorization", "Bearer sesame")]).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("--token-file"));
    assert_eq!(it.state("coder").await, "open");
}

#[tokio::test]
async fn wrong_flags_are_said_before_anything_is_served() {
    let scratch = Scratch::new("orchestrator-flags");
    let empty = scratch.write("empty", " \n");
    let empty = empty.to_str().unwrap();
    let program = crate::programs::example("orchestrator");
    let cases: [(&[&str], &str); 6] = [
        (&["--token-file", empty], "holds no token"),
        (&["--token-file", "nowhere"], "cannot read nowhere"),
        (&["--breaker-pause", "0"], "say how many seconds"),
        (&["--agent-timeout", "NaN"], "say how many seconds"),
        (&["--addr"], "--addr wants HOST:PORT"),
        (&["--agents", "7"], "--agents is no flag"),
    ];
    for (args, said) in cases {
        let listen = ["--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0"];
        let mut program = Command::new(&program);
        let output = program.args(listen).args(args).kill_on_drop(true).output();
        let output = timeout(Duration::from_secs(10), output).await.expect("it ends").unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(said), "{args:?}: {error}");
    }
}
