//! What is hard on the page: a restart, ten thousand series, labels of an attacker, a token, a service that is away.

use crate::{looked::Looked, program::Program};

#[tokio::test]
async fn a_restart_is_told_and_counted_through() {
    through_a_restart(&[]).await;
}

#[tokio::test]
async fn a_restart_is_told_by_its_counters_where_nothing_says_when_it_began() {
    through_a_restart(&["--ageless"]).await;
}

async fn through_a_restart(how: &[&str]) {
    let start = |addr: &str, metrics_addr: &str| {
        Program::service(&[&["--addr", addr, "--metrics-addr", metrics_addr], how].concat())
    };
    let first = start("127.0.0.1:0", "127.0.0.1:0");
    first.get_each(20, &["/route0/x"]).await;
    let (application, metrics) = (first.application.clone(), first.metrics.clone());
    let looked = Looked::open(&metrics).await;
    looked.choose("#window", "since opened").await;
    first.get_each(5, &["/route0/x"]).await;
    looked.refreshes(1).await;
    assert_eq!(looked.figure("main", "calls").await, Some(5.0));

    drop(first);
    looked.until("it misses it", "document.documentElement.dataset.state === 'lost'").await;
    assert_eq!(looked.figure("main", "calls").await, Some(5.0), "the last picture is gone");
    let second = start(&application, &metrics);
    second.get_each(3, &["/route0/x"]).await;
    looked.until("it is back", "document.documentElement.dataset.state === 'live'").await;
    looked.refreshes(1).await;
    assert_eq!(looked.run("return document.documentElement.dataset.restarts").await, "1");
    assert_eq!(looked.figure("main", "calls").await, Some(8.0));
}

#[tokio::test]
async fn ten_thousand_series_leave_it_quick() {
    let program = Program::service(&["--routes", "265"]);
    program.get_each(2, &["/route0/x", "/route100/x?status=503", "/route264/x?millis=20"]).await;
    let series = program.page().await.samples.len();
    assert!(series >= 10_000, "{series} series");
    let looked = Looked::open(&program.metrics).await;
    looked.choose("#interval", "1 s").await;
    looked.refreshes(2).await;
    // Three refreshes, while it is watched how long a frame is waited for.
    looked
        .run(
            "performance.clearMeasures();
             const frames = window.frames_seen = [];
             let last = performance.now();
             const frame = (now) => { frames.push(now - last); last = now; requestAnimationFrame(frame); };
             requestAnimationFrame(frame);",
        )
        .await;
    looked.refreshes(3).await;
    let slices = looked
        .run("return performance.getEntriesByName('refresh-slice').map((it) => it.duration).sort((a, b) => a - b)")
        .await;
    let frames = looked.run("return window.frames_seen.sort((a, b) => a - b)").await;
    let of = |list: &serde_json::Value, share: f64| {
        let list = list.as_array().unwrap();
        list[((list.len() - 1) as f64 * share) as usize].as_f64().unwrap()
    };
    println!(
        "{series} series: of {} slices the longest took {:.1} ms; of {} frames the median came after {:.1} ms, the last of a \
         hundred after {:.1} ms",
        slices.as_array().unwrap().len(),
        of(&slices, 1.0),
        frames.as_array().unwrap().len(),
        of(&frames, 0.5),
        of(&frames, 0.99),
    );
    // A machine that does other things beside may keep a slice or two waiting; work that is not cut is as long each time.
    let third = slices.as_array().unwrap().iter().nth_back(2).unwrap().as_f64().unwrap();
    assert!(of(&frames, 0.5) < 34.0, "the median frame took {} ms", of(&frames, 0.5));
    assert!(third < 20.0, "three slices took {third} ms and more");
    assert!(looked.complaints().await.is_empty());
    // The one that fails is found by its name.
    looked.fill("#filter", "route100").await;
    looked.until("it is filtered", "document.querySelectorAll('tr[data-row]').length === 1").await;
    let errors = looked.figure("tr[data-row=\"GET /route100/{id}\"]", "errors").await;
    assert!(errors.is_some(), "its errors are not shown");
}

#[tokio::test]
async fn labels_of_an_attacker_are_text() {
    let program = Program::service(&[]);
    let attacks = [
        "<img src=x onerror=alert(1)>",
        "</script><script>alert(1)</script>",
        "\u{202e}gnp.exe",
        "&lt;b&gt;",
    ];
    for attack in attacks {
        let encoded: String = attack.bytes().map(|byte| format!("%{byte:02X}")).collect();
        program.get(&format!("/job/{encoded}")).await;
    }
    let looked = Looked::open(&program.metrics).await;
    looked.until("there is a signal of jobs", "[...document.querySelectorAll('#signal option, #signal [role=tab]')].some((it) => it.textContent.includes('job'))").await;
    looked.choose("#signal", "job").await;
    looked.choose("#window", "since start").await;
    let rows =
        looked.run("return [...document.querySelectorAll('tr[data-row]')].map((it) => it.dataset.row)").await;
    let rows: Vec<_> = rows.as_array().unwrap().iter().map(|row| row.as_str().unwrap()).collect();
    for attack in attacks {
        assert!(rows.contains(&attack), "{attack} is not among {rows:?}");
    }
    assert_eq!(looked.run("return document.querySelectorAll('img, main script, td b').length").await, 0);
    let texts = looked.run("return document.querySelector('#route-table').textContent").await;
    assert!(texts.as_str().unwrap().contains("<img src=x onerror=alert(1)>"));
    assert!(looked.complaints().await.is_empty());
}

#[tokio::test]
async fn a_listener_with_a_token_is_unlocked_by_it() {
    let program = Program::service(&["--token", "s3cret"]);
    let looked = Looked::open_sized(&program.metrics, 1000, 800).await;
    looked.until("it is locked", "document.documentElement.dataset.state === 'locked'").await;
    looked.fill("input[type=password]", "wrong\u{e007}").await;
    looked.until("it says so", "document.getElementById('wrong-token').textContent !== ''").await;
    assert_eq!(looked.state().await, "locked");
    looked.fill("input[type=password]", "s3cret\u{e007}").await;
    looked.until("it is live", "document.documentElement.dataset.refreshes >= 1").await;
    assert_eq!(looked.state().await, "live");
    let kept =
        looked.run("return Object.values(localStorage).concat(Object.values(sessionStorage)).join()").await;
    assert!(!kept.as_str().unwrap().contains("s3cret"), "it keeps the token");
}
