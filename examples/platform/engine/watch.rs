//! The loop: each category is read, judged and answered on its own, so that one that fails stops no other.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval, timeout};
use tower::BoxError;
use tower_metrics::{
    Operation,
    metrics::{counter, describe_counter},
};

use super::{
    anomalies::{Anomaly, Severity},
    audit::{Audit, Decision},
    history::History,
    measures::{Category, Measure},
};
use crate::{
    action::{Proposal, Report, Verdict},
    client::Api,
    service::Peers,
};

pub(super) struct Watch {
    history: History,
    api: Api,
    peers: Peers,
    audit: Arc<Audit>,
    analysis: Operation<1>,
}

/// An analysis that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(10);

// ===== impl Watch =====

impl Watch {
    pub(super) fn new(history: History, api: Api, peers: Peers, audit: Arc<Audit>) -> Self {
        describe_counter!("ai_anomalies_detected_total", "Anomalies detected, by category and severity.");
        for category in Category::ALL {
            Severity::ALL.into_iter().for_each(|severity| detected(category, severity, 0));
        }
        Self { history, api, peers, audit, analysis: Operation::new("ai_analysis").labels(["category"]) }
    }

    pub(super) fn start(self: Arc<Self>, every: Duration) {
        for category in Category::ALL {
            let watch = Arc::clone(&self);
            tokio::spawn(async move {
                let mut ticks = interval(every);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                loop {
                    ticks.tick().await;
                    // A task of its own: not even a panic ends the loop.
                    let round = tokio::spawn(Arc::clone(&watch).round(category));
                    if let Err(error) = round.await.unwrap_or_else(|panic| Err(panic.into())) {
                        eprintln!(
                            "the analysis of {} failed, and is tried again: {error}",
                            category.as_str()
                        );
                    }
                }
            });
        }
    }

    async fn round(self: Arc<Self>, category: Category) -> Result<(), BoxError> {
        let analysis = async { timeout(PATIENCE, self.anomalies(category)).await? };
        for (anomaly, proposal) in self.analysis.try_instrument_with([category.as_str()], analysis).await? {
            detected(category, anomaly.severity, 1);
            if anomaly.severity >= Severity::High {
                let decision = self.decision(&proposal).await;
                self.audit.add(anomaly, proposal, decision);
            }
        }
        Ok(())
    }

    /// What is out of the ordinary, and what could be done about it.
    async fn anomalies(&self, category: Category) -> Result<Vec<(Anomaly, Proposal)>, BoxError> {
        let mut found = Vec::new();
        for measure in category.measures() {
            for series in self.history.read(&measure.query(self.history.window())).await? {
                let target = Measure::target(series.job.as_deref());
                let anomaly = Anomaly::of(measure, series.job, &series.values);
                found.extend(anomaly.map(|it| {
                    let proposal = Proposal { action: measure.action, target, reason: it.reason() };
                    (it, proposal)
                }));
            }
        }
        Ok(found)
    }

    /// Asks the policy, and has the executor do what it allows.
    async fn decision(&self, proposal: &Proposal) -> Decision {
        match self.api.post(&self.peers.backend, "/policy/evaluate", proposal).await {
            Ok(Verdict::Allowed) => {}
            Ok(Verdict::Denied { reason }) => return Decision::Denied(reason),
            Err(error) => return Decision::Undecided(error.to_string()),
        }
        match self.api.post(&self.peers.executor, "/actions", proposal).await {
            Ok(Report::Completed) => Decision::Done,
            Ok(Report::Denied { reason }) => Decision::Denied(reason),
            Ok(Report::Failed { reason }) => Decision::Failed(reason),
            Err(error) => Decision::Failed(error.to_string()),
        }
    }
}

fn detected(category: Category, severity: Severity, times: u64) {
    counter!(
        "ai_anomalies_detected_total",
        "category" => category.as_str(),
        "severity" => severity.as_str()
    )
    .increment(times);
}
