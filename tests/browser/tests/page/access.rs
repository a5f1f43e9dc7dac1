//! The page for who cannot see it, has no mouse, or has a small or a very large screen.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::{looked::Looked, program::Program};

/// What axe-core finds, of the rules of WCAG 2.2 up to AA and of its own best practices.
async fn faults(looked: &Looked) -> Vec<String> {
    let axe = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("node_modules/axe-core/axe.min.js");
    let axe = fs::read_to_string(axe).expect("run `npm ci --prefix tests/browser`");
    // The driver runs it beside the page, whose policy allows no script but its own.
    looked.run(&axe).await;
    let script = "const done = arguments[0]; axe.run(document, { resultTypes: ['violations'] }).then(
        (found) => done(found.violations.flatMap((it) => it.nodes.map((node) =>
            `${it.impact} ${it.id}: ${node.target} ${node.failureSummary}`))), (error) => done([String(error)]))";
    let found = looked.client.execute_async(script, Vec::new()).await.unwrap();
    found.as_array().unwrap().iter().map(|fault| fault.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn axe_finds_nothing_in_either_theme_at_any_size() {
    let program = Program::example(&["--load"]);
    let looked = Looked::open(&program.metrics).await;
    looked.refreshes(2).await;
    for theme in ["light", "dark"] {
        looked.theme(theme).await;
        for (width, height) in [(320, 640), (1440, 1000), (3840, 2160)] {
            looked.size(width, height).await;
            assert_eq!(faults(&looked).await, [] as [String; 0], "{theme}, {width} px");
        }
    }
}

#[tokio::test]
async fn no_size_from_320_px_to_4k_makes_the_page_scroll_sideways() {
    let program = Program::example(&["--load"]);
    let looked = Looked::open(&program.metrics).await;
    for width in [320, 375, 768, 1024, 1440, 1920, 2560, 3840] {
        looked.size(width, 900).await;
        let wide = looked.run("return document.documentElement.scrollWidth").await.as_u64().unwrap();
        assert!(wide <= u64::from(width), "{wide} px in {width} px");
    }
}

#[tokio::test]
async fn it_is_worked_by_keys_alone() {
    let program = Program::example(&["--load"]);
    let looked = Looked::open(&program.metrics).await;
    looked.press("p").await;
    looked.until("it pauses", "document.documentElement.dataset.state === 'paused'").await;
    let seen =
        looked.run("return Number(document.documentElement.dataset.refreshes)").await.as_u64().unwrap();
    looked.press("r").await;
    looked
        .until("it reads once", &format!("document.documentElement.dataset.refreshes == {}", seen + 1))
        .await;
    looked.press("p").await;
    looked.until("it goes on", "document.documentElement.dataset.state === 'live'").await;

    // Whatever can be worked is reached by the tabulator, and is seen to be.
    let mut reached: Vec<Value> = Vec::new();
    for _ in 0..60 {
        looked.press("\u{e004}").await;
        let at = looked
            .run(
                "const at = document.activeElement;
                 const style = getComputedStyle(at);
                 const seen = style.outlineStyle !== 'none' || style.boxShadow !== 'none';
                 return at === document.body ? null : [at.id || at.textContent.trim().slice(0, 40), seen]",
            )
            .await;
        if at.is_null() {
            break;
        }
        assert_eq!(at[1], json!(true), "{at} has the focus, and nothing shows it");
        reached.push(at[0].clone());
    }
    for id in ["window", "interval", "pause", "refresh", "theme", "filter", "catalogue-filter"] {
        assert!(reached.contains(&json!(id)), "{id} is not among {reached:?}");
    }
    // The table is sorted by a key, and says how.
    looked.run("document.querySelector('th button').focus()").await;
    let sorted = "document.querySelector('th[aria-sort]:not([aria-sort=none])')?.textContent";
    looked.press("\u{e007}").await;
    let first = looked
        .run(&format!("return {sorted} + document.querySelector('th button').closest('th').ariaSort"))
        .await;
    looked.press("\u{e007}").await;
    let second = looked
        .run(&format!("return {sorted} + document.querySelector('th button').closest('th').ariaSort"))
        .await;
    assert_ne!(first, second);
}
