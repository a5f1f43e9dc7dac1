//! `pushgateway+http://…`: the page of the Prometheus exporter, pushed to a Pushgateway.

use std::{sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderValue, Method, Request, Uri, header::CONTENT_TYPE};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::{
    sync::{mpsc, oneshot},
    time,
};

use super::{
    Error, Handle,
    background::Background,
    client::{self, Failure},
    error::Kind,
    flush::Flush,
    health::Health,
    target::Target,
};
use crate::series::contained;

/// How often it is pushed unless said otherwise: as often as a Prometheus scrapes the Pushgateway by most configurations.
const INTERVAL: Duration = Duration::from_secs(15);

/// How long one push may take. At the end there can be two, one that was under way and the last.
const TIMEOUT: Duration = Duration::from_secs(5);

const EXPOSITION: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

const OPTIONS: &str = "write job=JOB, instance=INSTANCE and interval=15s";

/// Where to push, and how often.
pub(super) struct Push {
    to: String,
    group: Uri,
    interval: Duration,
    health: Arc<Health>,
}

/// Whoever asks for the last push waits for this.
type Done = oneshot::Sender<Result<(), String>>;

// ===== impl Push =====

impl Push {
    pub(super) fn new(mut target: Target) -> Result<Self, Error> {
        if target.path.contains("/metrics") {
            return Err(target.wrong("the group is told by options"));
        }
        let Some(job) = target.take("job").filter(|job| !job.is_empty()) else {
            return Err(target.option("job", "is missing or empty: say what the service is called"));
        };
        let instance = match target.take("instance") {
            Some(instance) if instance == "none" => None,
            Some(instance) if !instance.is_empty() => Some(instance),
            _ => return Err(Kind::Instance { uri: target.shown().to_owned() }.into()),
        };
        let interval = target.interval(INTERVAL)?;
        target.finish(OPTIONS)?;
        let instance = instance.map(|instance| pair("instance", &instance)).unwrap_or_default();
        let group =
            format!("http://{}{}/metrics{}{instance}", target.address(), target.path, pair("job", &job));
        let group = group.parse().map_err(|_| target.wrong("its host or path is none of HTTP"))?;
        let health = Arc::new(Health::new("pushgateway", target.shown()));
        Ok(Self { to: target.shown().to_owned(), group, interval, health })
    }

    pub(super) fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }

    /// Pushes from now on, and a last time when it is flushed.
    pub(super) fn start(self, page: Handle) -> Result<Flush, Error> {
        let background = Background::new("tower-metrics-push").map_err(Kind::Background)?;
        let (ask, asked) = mpsc::unbounded_channel::<Done>();
        let to = self.to.clone();
        let runtime = background.handle().clone();
        // As long as it runs, so does its runtime, and somebody can ask.
        let kept = (background, ask.clone());
        runtime.spawn(async move {
            self.run(&page, asked).await;
            drop(kept);
        });
        let run = move || {
            let (tell, told) = oneshot::channel();
            let gone = "it was flushed before";
            ask.send(tell).map_err(|_| gone)?;
            told.blocking_recv().unwrap_or(Err(gone.into()))
        };
        Ok(Flush { to, run: Box::new(run) })
    }

    async fn run(self, page: &Handle, mut asked: mpsc::UnboundedReceiver<Done>) {
        loop {
            let last = time::timeout(self.interval, asked.recv()).await.ok().flatten();
            // Should it panic, the next one is another try.
            let pushed = match contained(|| page.render()) {
                Some(page) => self.push(page).await.map_err(|error| error.to_string()),
                None => Err("rendering the page panicked".to_owned()),
            };
            match &pushed {
                Ok(()) => self.health.succeeded(),
                Err(why) => self.health.failed(1, why),
            }
            if let Some(last) = last {
                drop(last.send(pushed));
                return;
            }
        }
    }

    /// Puts the page into the place of what the group had.
    async fn push(&self, page: String) -> Result<(), Failure> {
        let request =
            Request::builder().method(Method::PUT).uri(&self.group).header(CONTENT_TYPE, EXPOSITION);
        let answer = client::send(request.body(page.into())?, TIMEOUT).await?;
        if answer.status().is_success() {
            return Ok(());
        }
        let why = String::from_utf8_lossy(answer.body());
        Err(format!(
            "the Pushgateway answered {}: {}",
            answer.status(),
            why.lines().next().unwrap_or_default()
        )
        .into())
    }
}

/// One label of the group, as a piece of the path. The Pushgateway takes a slash in a value in base64 alone.
fn pair(label: &str, value: &str) -> String {
    if value.contains('/') {
        format!("/{label}@base64/{}", BASE64_URL_SAFE_NO_PAD.encode(value))
    } else {
        format!("/{label}/{}", utf8_percent_encode(value, NON_ALPHANUMERIC))
    }
}
