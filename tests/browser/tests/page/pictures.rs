//! Draws the pictures of `docs/page/`.

use std::{env, fs, path::PathBuf};

use http::Method;

use crate::{looked::Looked, program::Program};

/// Asked for by hand: it overwrites files that are looked at before they are committed.
#[tokio::test]
#[ignore = "it writes files, into the folder that PICTURES names"]
async fn draws_the_page() {
    let folder = PathBuf::from(env::var("PICTURES").expect("PICTURES names a folder"));
    fs::create_dir_all(&folder).unwrap();
    let program = Program::example(&["--load"]);
    let looked = Looked::open(&program.metrics).await;
    looked.choose("#interval", "1 s").await;
    // A minute as it should be, seconds of errors, and some time after them.
    for _ in 0..6 {
        looked.refreshes(10).await;
    }
    program.call(Method::POST, "/switch/failing").await;
    looked.refreshes(4).await;
    program.call(Method::POST, "/switch/well").await;
    looked.refreshes(20).await;
    looked.run("document.activeElement.blur()").await;
    for (name, theme, width, height) in
        [("light", "light", 1440, 1120), ("dark", "dark", 1440, 1120), ("narrow", "dark", 360, 800)]
    {
        looked.theme(theme).await;
        looked.size(width, height).await;
        looked.refreshes(1).await;
        fs::write(folder.join(format!("{name}.png")), looked.picture().await).unwrap();
    }
}
