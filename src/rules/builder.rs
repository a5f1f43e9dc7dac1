//! The rules of all services together, which are their own builder.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{Alert, CustomAlert, Severity, alert::Setting, burn, config::Config, link::Dashboards};
use crate::sla::{Sla, merged};

/// Recording rules and alerts for Prometheus, from the promises of one service or of several.
///
/// See the [module](super) for what they record and when each alert fires.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_metrics::{rules::{Alert, Rules}, sla::Sla};
///
/// let shop = Sla::new("shop").availability(0.999).latency(0.99, Duration::from_millis(100));
/// let rules = Rules::new([&shop])
///     .threshold(Alert::HighApiErrorRate, 0.02)
///     .with(Alert::TrafficAbsent)
///     .runbook_url("https://wiki.example.com/runbooks");
/// assert!(rules.to_yaml().contains("alert: ErrorBudgetBurn"));
/// ```
#[derive(Clone, Debug)]
#[must_use = "the rules are written by to_yaml()"]
pub struct Rules {
    pub(super) slas: Vec<Sla>,
    pub(super) config: Config,
    pub(super) custom: Vec<CustomAlert>,
}

// ===== impl Rules =====

impl Rules {
    /// Begins with the rules of these promises, and with every alert but [`Alert::TrafficAbsent`] and [`Alert::Anomaly`].
    ///
    /// Promises with one job and the same selectors are of one service: their excluded routes and streams are taken
    /// together, and the lowest high latency counts.
    ///
    /// # Panics
    ///
    /// Panics if there is no promise, if two have one name or make one objective of the same name, if two of one service have different
    /// [namings](Sla::naming), if two of one job have selectors of which one is a part of the other, and on an objective
    /// whose page could never fire, with the reason.
    pub fn new<'a>(slas: impl IntoIterator<Item = &'a Sla>) -> Self {
        let slas: Vec<Sla> = slas.into_iter().cloned().collect();
        assert!(!slas.is_empty(), "there is no SLA to make rules of: give at least one");
        let mut names = BTreeSet::new();
        for sla in &slas {
            assert!(
                names.insert(sla.name()),
                "two SLAs are called {:?}: give one of them another name",
                sla.name()
            );
        }
        let mut ids = BTreeMap::new();
        for slo in slas.iter().flat_map(Sla::slos) {
            burn::assert_can_fire(&slo);
            if let Some(other) = ids.insert(slo.id(), slo.sla.name()) {
                panic!(
                    "the objective {:?} is of the SLA {} and of the SLA {other}: give one of them another name",
                    slo.id(),
                    slo.sla.name()
                );
            }
        }
        let config = Config {
            settings: Setting::all(),
            min_bad_events: 5,
            runbook_url: None,
            dashboards: None,
            house: "tower-metrics".into(),
        };
        drop(merged(&slas));
        Self { slas, config, custom: Vec::new() }
    }

    /// Adds an alert that is off unless asked for.
    pub fn with(mut self, alert: Alert) -> Self {
        self.config.set(alert).is_on = true;
        self
    }

    /// Leaves an alert out.
    pub fn without(mut self, alert: Alert) -> Self {
        self.config.set(alert).is_on = false;
        self
    }

    /// Sets the share above which an alert fires, such as `0.05` for 5 %; of [`Alert::RequestsStuck`], the age of the
    /// oldest call, in seconds. Where longer latencies are promised, of the whole service or of one endpoint, those hold in its
    /// place for what they are promised of.
    ///
    /// # Panics
    ///
    /// Panics if the share is not between 0 and 1, both excluded; if the age is not between a second and a day; and for an
    /// alert whose expression has none: of [`Alert::ErrorBudgetBurn`] it follows from the objective.
    pub fn threshold(mut self, alert: Alert, threshold: f64) -> Self {
        match alert {
            Alert::RequestsStuck => assert!(
                (1.0..=86_400.0).contains(&threshold),
                "the threshold of RequestsStuck is {threshold}, and has to be an age of 1 to 86,400 seconds"
            ),
            _ => assert!(
                threshold > 0.0 && threshold < 1.0,
                "the threshold of {} is {threshold}, and has to be a share between 0 and 1, both excluded",
                alert.as_str()
            ),
        }
        let setting = self.config.set(alert);
        assert!(
            setting.threshold.is_some(),
            "{} has no threshold to set, it follows from the promise or there is none: leave .threshold() out",
            alert.as_str()
        );
        setting.threshold = Some(threshold);
        self
    }

    /// Sets how long an alert's expression holds before it fires: its `for`.
    ///
    /// # Panics
    ///
    /// Panics if it is not whole seconds or longer than a day, and for [`Alert::ErrorBudgetBurn`], whose windows say it.
    pub fn hold(mut self, alert: Alert, hold: Duration) -> Self {
        assert_hold(hold);
        assert!(alert != Alert::ErrorBudgetBurn, "ErrorBudgetBurn holds for its windows: leave .hold() out");
        self.config.set(alert).hold = hold;
        self
    }

    /// Sets the label `severity` of an alert.
    ///
    /// # Panics
    ///
    /// Panics for [`Alert::ErrorBudgetBurn`], which is critical or a warning by its windows, and if [`Alert::Anomaly`] is
    /// not left `Info`: a band pages nobody.
    pub fn severity(mut self, alert: Alert, severity: Severity) -> Self {
        assert!(
            alert != Alert::ErrorBudgetBurn,
            "ErrorBudgetBurn is critical or a warning by its windows: leave .severity() out"
        );
        assert!(
            alert != Alert::Anomaly || severity == Severity::Info,
            "Anomaly is of severity info and no other: a band is no reason to wake anybody"
        );
        self.config.set(alert).severity = severity;
        self
    }

    /// Gives an alert another name.
    ///
    /// # Panics
    ///
    /// Panics if another alert has the name, or if it has other characters than letters, digits and `_`.
    pub fn rename(mut self, alert: Alert, name: impl Into<String>) -> Self {
        let name = name.into();
        assert_alert_name(&name);
        let is_taken =
            self.config.settings.iter().any(|(other, setting)| *other != alert && setting.name == name);
        assert!(
            !is_taken && self.custom.iter().all(|custom| custom.name() != name),
            "two alerts would be called {name:?}: give one of them another name"
        );
        self.config.set(alert).name = name;
        self
    }

    /// Adds alerts on metrics of one's own. They stand in groups of their own, one for each service that they are
    /// [of](CustomAlert::of), and have a `runbook_url` and a `dashboard_url` as all others.
    ///
    /// # Panics
    ///
    /// Panics if one is called as an alert of these rules is, if two of one service have one name, if one is of a service
    /// whose promise is not among those of these rules, and if one has a label that a [selector](Sla::selector) of its service
    /// says otherwise.
    pub fn alerts(mut self, alerts: impl IntoIterator<Item = CustomAlert>) -> Self {
        for alert in alerts {
            let name = alert.name();
            assert!(
                self.config.settings.values().all(|setting| setting.name != name),
                "{name:?} is an alert of these rules already: give yours another name"
            );
            assert!(
                self.custom.iter().all(|other| !other.is_same(&alert)),
                "two alerts of one service would be called {name:?}: give one of them another name"
            );
            if let Some(sla) = alert.whose() {
                assert!(
                    self.slas.iter().any(|known| known.name() == sla.name()),
                    "{name} is of the SLA {}, and these rules are not: give them its promise too",
                    sla.name()
                );
                assert!(
                    sla.selectors().all(|(label, _)| !alert.has_label(label)),
                    "{name} has a label that its service has as a selector: leave it out"
                );
            }
            self.custom.push(alert);
        }
        self
    }

    /// Sets how many bad events there are in a window before a ratio of it raises an alert: 5 unless set, so that a single
    /// failure of a service with little traffic wakes nobody.
    pub fn min_bad_events(mut self, events: u32) -> Self {
        self.config.min_bad_events = events;
        self
    }

    /// Puts a `runbook_url` on every alert: this address, with the alert's name in small letters as the fragment.
    pub fn runbook_url(mut self, url: impl Into<String>) -> Self {
        self.config.runbook_url = Some(url.into());
        self
    }

    /// Puts a `dashboard_url` on every alert: this address, in the place of what was said before. Templates of Prometheus work
    /// in it, such as `?var-job={{ $labels.job }}`.
    pub fn dashboard_url(mut self, url: impl Into<String>) -> Self {
        self.config.dashboards = Some(Dashboards::Everywhere(url.into()));
        self
    }

    /// Puts a `dashboard_url` on every alert: that of its service, as [`dashboard`](crate::dashboard) makes it from these
    /// rules, in the Grafana at this address, such as `https://grafana.example.com`; in the place of
    /// what [`dashboard_url`](Self::dashboard_url) said.
    #[cfg(feature = "dashboard")]
    #[cfg_attr(docsrs, doc(cfg(feature = "dashboard")))]
    pub fn grafana_url(mut self, url: impl Into<String>) -> Self {
        let url: String = url.into();
        self.config.dashboards = Some(Dashboards::Grafana(url.trim_end_matches('/').into()));
        self
    }

    /// Says how the [dashboards](crate::dashboard) of these rules are told from those of others in one Grafana: the title of the
    /// overview, the tag of all, and the beginning of every `uid`. It is `tower-metrics` unless said; two teams give two names,
    /// before they write either their rules, whose alerts link to dashboards by `uid`, or their dashboards.
    ///
    /// # Panics
    ///
    /// Panics if the name is empty, longer than 24 characters, or has others than letters, digits, `_` and `-`.
    #[cfg(feature = "dashboard")]
    #[cfg_attr(docsrs, doc(cfg(feature = "dashboard")))]
    pub fn house(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        assert!(
            !name.is_empty()
                && name.len() <= 24
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'),
            "{name:?} cannot begin the uid of a dashboard: use up to 24 letters, digits, `_` and `-`"
        );
        self.config.house = name;
        self
    }
}

pub(super) fn assert_hold(hold: Duration) {
    assert!(
        hold.subsec_nanos() == 0,
        "{hold:?} is not whole seconds, which Prometheus would refuse: round it"
    );
    assert!(
        hold <= Duration::from_secs(86_400),
        "{hold:?} is longer than a day: an alert would come too late"
    );
}

pub(super) fn assert_alert_name(name: &str) {
    assert!(
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
        "{name:?} cannot name an alert: use letters, digits and `_`"
    );
}
