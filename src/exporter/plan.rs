//! What is to be installed, all of it or nothing.

#[cfg(feature = "_exporter")]
use std::{sync::Arc, thread};

#[cfg(feature = "_exporter")]
use metrics::Recorder;
#[cfg(feature = "_exporter")]
use metrics_util::layers::FanoutBuilder;

#[cfg(feature = "push-gateway")]
use super::push::Push;
use super::{Error, Installed, choice::Choice, histograms::Histograms};
#[cfg(feature = "prometheus")]
use super::{Prometheus, ready::Bound};
#[cfg(feature = "_exporter")]
use super::{choice::Scheme, error::Kind, flush::Flush, health::Health, target::Target};

/// What is begun once everything that can be wrong from outside has been found right.
#[cfg(feature = "_exporter")]
pub(super) type Build = Box<dyn FnOnce() -> Result<Part, Error> + Send>;

/// One exporter, ready to take what is recorded.
#[cfg(feature = "_exporter")]
pub(super) struct Part {
    pub(super) recorder: Box<dyn Recorder + Send + Sync>,
    pub(super) flush: Option<Flush>,
    pub(super) health: Option<Arc<Health>>,
}

/// The exporters of a list of URIs.
#[derive(Default)]
pub(super) struct Plan {
    #[cfg(feature = "_exporter")]
    builds: Vec<Build>,
    #[cfg(feature = "prometheus")]
    page: Option<Page>,
    #[cfg(feature = "push-gateway")]
    pushes: Vec<Push>,
}

/// The page of the Prometheus exporter, and where it is served.
#[cfg(feature = "prometheus")]
struct Page {
    exporter: Prometheus,
    bound: Option<Bound>,
}

// ===== impl Plan =====

impl Plan {
    /// Refuses URIs that are wrong, hosts that are not found and ports that are taken.
    #[cfg(feature = "_exporter")]
    pub(super) fn new(choices: &[Choice<'_>], histograms: &Histograms) -> Result<Self, Error> {
        let mut plan = Self::default();
        for choice in choices {
            plan.add(*choice, histograms)?;
        }
        Ok(plan)
    }

    /// Without an exporter that this program has, nothing can be chosen but `none`.
    #[cfg(not(feature = "_exporter"))]
    pub(super) fn new(_choices: &[Choice<'_>], _histograms: &Histograms) -> Result<Self, Error> {
        Ok(Self::default())
    }

    #[cfg(feature = "_exporter")]
    fn add(&mut self, choice: Choice<'_>, histograms: &Histograms) -> Result<(), Error> {
        let _ = histograms;
        match choice.scheme {
            #[cfg(feature = "push-gateway")]
            Scheme::Pushgateway => self.pushes.push(Push::new(Target::new(choice)?)?),
            #[cfg(feature = "statsd")]
            Scheme::Statsd => self.builds.push(super::statsd::plan(Target::new(choice)?)?),
            #[cfg(feature = "dogstatsd")]
            Scheme::Dogstatsd => self.builds.push(super::dogstatsd::plan(Target::new(choice)?)?),
            #[cfg(feature = "otlp")]
            Scheme::OtlpHttp | Scheme::OtlpGrpc => {
                self.builds.push(super::otlp::plan(choice.scheme, Target::new(choice)?, histograms)?);
            }
            #[cfg(feature = "tcp")]
            Scheme::Tcp => self.builds.push(super::tcp::plan(&Target::new(choice)?)?),
            _ => {}
        }
        Ok(())
    }

    /// Adds the page, where one is scraped or pushed.
    #[cfg(feature = "prometheus")]
    pub(super) async fn with_page(
        mut self,
        choices: &[Choice<'_>],
        mut exporter: Prometheus,
        histograms: Histograms,
    ) -> Result<Self, Error> {
        let scraped = choices.iter().find(|choice| choice.scheme == Scheme::Prometheus);
        let pushed = choices.iter().any(|choice| choice.scheme == Scheme::Pushgateway);
        if scraped.is_none() && !pushed {
            return Ok(self);
        }
        exporter.histograms.extend(histograms);
        let bound = match scraped {
            Some(choice) if choice.uri.contains("://") => {
                let target = Target::new(*choice)?;
                if !matches!(&*target.path, "" | "/metrics") {
                    return Err(target.wrong("the page is at /metrics and nowhere else"));
                }
                target.finish("it has no options")?;
                Some(exporter.bind(&target.address()).await?)
            }
            _ => None,
        };
        self.page = Some(Page { exporter, bound });
        Ok(self)
    }

    #[cfg(not(feature = "_exporter"))]
    pub(super) async fn install(self) -> Result<Installed, Error> {
        Ok(Installed {})
    }

    #[cfg(feature = "_exporter")]
    pub(super) async fn install(self) -> Result<Installed, Error> {
        let parts = self.builds.into_iter().map(|build| build()).collect::<Result<Vec<_>, _>>()?;
        let mut recorders = Vec::new();
        let (mut flushes, mut healths) = (Vec::new(), Vec::new());
        for part in parts {
            recorders.push(part.recorder);
            flushes.extend(part.flush);
            healths.extend(part.health);
        }
        #[cfg(feature = "push-gateway")]
        healths.extend(self.pushes.iter().map(Push::health));
        #[cfg(feature = "prometheus")]
        let mut begun = None;
        #[cfg(feature = "prometheus")]
        if let Some(page) = self.page {
            let (recorder, ready) = page.exporter.prepare();
            recorders.push(Box::new(recorder) as _);
            begun = Some((ready, page.bound));
        }
        if recorders.is_empty() {
            return Ok(Installed::default());
        }
        if let Err(refused) = set_global(recorders, &healths) {
            // What is given up may have to send what it has, for which this thread is not.
            drop(thread::Builder::new().spawn(move || drop(flushes)));
            return Err(refused.into());
        }

        #[cfg(feature = "prometheus")]
        let page = match begun {
            Some((ready, Some(bound))) => Some(bound.serve(ready.start()?).await?),
            Some((ready, None)) => Some(ready.start()?),
            None => None,
        };
        #[cfg(feature = "push-gateway")]
        for push in self.pushes {
            flushes.push(push.start(page.clone().expect("what is pushed is there"))?);
        }
        Ok(Installed {
            #[cfg(feature = "prometheus")]
            page,
            flushes,
        })
    }
}

/// Makes one recorder of them, the global one. It cannot go from thread to thread, so no future holds it.
#[cfg(feature = "_exporter")]
fn set_global(
    mut recorders: Vec<Box<dyn Recorder + Send + Sync>>,
    healths: &[Arc<Health>],
) -> Result<(), Kind> {
    let recorder: Box<dyn Recorder + Sync> = if recorders.len() == 1 {
        recorders.remove(0)
    } else {
        Box::new(recorders.into_iter().fold(FanoutBuilder::default(), FanoutBuilder::add_recorder).build())
    };
    metrics::set_global_recorder(recorder).map_err(|_| Kind::RecorderIsSet)?;
    // Now, for one that is refused could not be dropped: an exporter would count in itself.
    metrics::with_recorder(|recorder| healths.iter().for_each(|health| health.register(recorder)));
    Ok(())
}
