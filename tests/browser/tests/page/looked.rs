//! The page in a browser, as its reader sees it and works it.

use fantoccini::{Client, Locator};
use serde_json::{Value, json};

use crate::driver::{Browser, devtools, log};

/// A page that is open.
pub(crate) struct Looked {
    pub(crate) client: Client,
    _browser: Browser,
    pub(crate) url: String,
}

// ===== impl Looked =====

impl Looked {
    /// Opens the page of these metrics, and waits until it has drawn what it read first.
    pub(crate) async fn open(metrics: &str) -> Self {
        let looked = Self::open_sized(metrics, 1440, 1000).await;
        looked.until("it draws", "document.documentElement.dataset.refreshes >= 1").await;
        looked
    }

    pub(crate) async fn open_sized(metrics: &str, width: u32, height: u32) -> Self {
        let browser = Browser::start(width, height).await;
        let looked =
            Self { client: browser.client.clone(), _browser: browser, url: format!("http://{metrics}/") };
        looked.client.goto(&looked.url).await.unwrap();
        looked
    }

    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until an expression is true, as often as the page changes.
    pub(crate) async fn until(&self, what: &str, expression: &str) {
        let script = format!(
            "const done = arguments[0];
             const look = () => {{ if ({expression}) {{ observer.disconnect(); clearTimeout(late); done(true); }} }};
             const observer = new MutationObserver(look);
             const late = setTimeout(() => {{ observer.disconnect(); done(document.documentElement.outerHTML.slice(0, 300)); }}, 30000);
             observer.observe(document, {{ attributes: true, childList: true, characterData: true, subtree: true }});
             look();"
        );
        let came = self.client.execute_async(&script, Vec::new()).await.unwrap();
        assert_eq!(came, json!(true), "it did not come to be: {what}");
    }

    /// Waits for so many refreshes that begin after now.
    pub(crate) async fn refreshes(&self, more: u64) {
        let seen =
            self.run("return Number(document.documentElement.dataset.refreshes)").await.as_u64().unwrap();
        // One may be under way, and has read what was before.
        let last = seen + 1 + more;
        self.until("it refreshes", &format!("document.documentElement.dataset.refreshes >= {last}")).await;
    }

    /// Stops it, and makes it read once more whenever that is asked for.
    pub(crate) async fn pause(&self) {
        self.client.find(Locator::Css("#pause")).await.unwrap().click().await.unwrap();
        self.until("it pauses", "document.documentElement.dataset.state === 'paused'").await;
    }

    pub(crate) async fn refresh(&self) {
        let seen = self.run("return document.documentElement.dataset.refreshes").await;
        self.client.find(Locator::Css("#refresh")).await.unwrap().click().await.unwrap();
        self.until(
            "it refreshes",
            &format!("document.documentElement.dataset.refreshes > {}", seen.as_str().unwrap()),
        )
        .await;
    }

    /// Chooses by what the option says.
    pub(crate) async fn choose(&self, select: &str, option: &str) {
        let select = self.client.find(Locator::Css(select)).await.unwrap();
        select.select_by_label(option).await.unwrap();
    }

    pub(crate) async fn press(&self, key: &str) {
        let target = self.client.active_element().await.unwrap();
        target.send_keys(key).await.unwrap();
    }

    pub(crate) async fn fill(&self, input: &str, text: &str) {
        let input = self.client.find(Locator::Css(input)).await.unwrap();
        input.clear().await.unwrap();
        input.send_keys(text).await.unwrap();
    }

    /// A figure: the number as it was worked out, none where there is none.
    pub(crate) async fn figure(&self, within: &str, name: &str) -> Option<f64> {
        let selector = format!("{within} [data-figure=\"{name}\"]");
        let found = self
            .client
            .execute(
                "return document.querySelector(arguments[0])?.dataset.value ?? null",
                vec![json!(selector)],
            )
            .await
            .unwrap();
        let text = found.as_str().unwrap_or_else(|| panic!("there is no {selector}"));
        (!text.is_empty()).then(|| text.parse().unwrap_or_else(|_| panic!("{selector} is {text:?}")))
    }

    pub(crate) async fn state(&self) -> String {
        self.run("return document.documentElement.dataset.state").await.as_str().unwrap().to_owned()
    }

    /// What it complained of since it was asked last.
    pub(crate) async fn complaints(&self) -> Vec<Value> {
        log(&self.client, "browser").await
    }

    /// The addresses of all that the browser asked for since it was asked last.
    pub(crate) async fn requests(&self) -> Vec<String> {
        let messages = log(&self.client, "performance").await.into_iter().map(|entry| {
            serde_json::from_str::<Value>(entry["message"].as_str().unwrap()).unwrap()["message"].clone()
        });
        let sent = messages.filter(|message| message["method"] == "Network.requestWillBeSent");
        sent.map(|message| message["params"]["request"]["url"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) async fn theme(&self, theme: &str) {
        let feature = json!([{ "name": "prefers-color-scheme", "value": theme }]);
        devtools(&self.client, "Emulation.setEmulatedMedia", json!({ "features": feature })).await;
    }

    pub(crate) async fn size(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        devtools(&self.client, "Emulation.setDeviceMetricsOverride", size).await;
        // Two frames, after which what depends on the size has been drawn anew.
        let script =
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))";
        self.client.execute_async(script, Vec::new()).await.unwrap();
    }

    /// A picture of what is in the window.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.unwrap()
    }
}
