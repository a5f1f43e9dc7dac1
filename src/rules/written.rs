//! The rules as they are written, and what dashboards ask of them.

use super::{
    Alert, Group, Rules, anomaly, custom, file,
    link::{self, Part},
    service, slo,
};
use crate::sla::{Sla, merged};

// ===== impl Rules =====

impl Rules {
    /// Returns the groups of rules, in the order in which they are written.
    #[must_use]
    pub fn groups(&self) -> Vec<Group> {
        let mut groups = Vec::new();
        let services = merged(&self.slas);
        let mut add = |mut group: Group, uid: &dyn Fn(Option<Part>) -> String| {
            if let Some(dashboards) = &self.config.dashboards {
                dashboards.link(&mut group, uid);
            }
            groups.push(group);
        };
        let house = &self.config.house;
        for service in &services {
            let first = Part::first_of(service);
            let uid = |part: Option<Part>| part.unwrap_or(first).uid(house, service);
            add(service::group(&self.config, service), &uid);
            if self.config.on(Alert::Anomaly).is_some() && service.is_http() {
                add(anomaly::group(&self.config, service), &uid);
            }
        }
        for service in &services {
            for slo in service.slos() {
                let uid = |_| Part::of(&slo).uid(house, service);
                slo::groups(&self.config, &slo).into_iter().for_each(|group| add(group, &uid));
            }
        }
        for (group, sla) in custom::groups(&self.config, &self.custom) {
            let service = sla.and_then(|sla| services.iter().find(|service| service.is_of(sla)));
            add(group, &|_| match service {
                Some(service) => Part::first_of(service).uid(house, service),
                None => link::uid(house, "overview"),
            });
        }
        if self.config.on(Alert::Watchdog).is_some() {
            let mut watchdog = Group::new("watchdog".into(), service::INTERVAL);
            watchdog.rules.extend(self.config.alert(
                Alert::Watchdog,
                "vector(1)".into(),
                &[],
                "The chain from Prometheus to whoever is woken works.",
                "This alert always fires. Whoever receives it raises an alarm when it stops.",
            ));
            add(watchdog, &|_| link::uid(house, "overview"));
        }
        groups
    }

    /// Returns the rules as the YAML file that Prometheus reads: the same, byte for byte, for the same promises.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let names: Vec<_> = self.slas.iter().map(Sla::name).collect();
        format!(
            "# Made by tower-metrics from the SLAs {}. Change the promise, not this file.\n{}",
            names.join(", "),
            file::to_yaml(&self.groups())
        )
    }

    /// Returns the name of an alert in these rules: what [`rename`](Self::rename) set, else its own.
    #[must_use]
    pub fn name(&self, alert: Alert) -> &str {
        self.config.name(alert)
    }

    /// Whose they are.
    #[cfg(feature = "dashboard")]
    pub(crate) fn house_name(&self) -> &str {
        &self.config.house
    }

    /// The promises, in the order in which they were given.
    #[cfg(feature = "dashboard")]
    pub(crate) fn slas(&self) -> &[Sla] {
        &self.slas
    }

    /// The share above which an alert fires, if it is on.
    #[cfg(feature = "dashboard")]
    pub(crate) fn fires_above(&self, alert: Alert) -> Option<f64> {
        self.config.on(alert)?.threshold
    }

    /// Tells whether an alert is on.
    #[cfg(feature = "dashboard")]
    pub(crate) fn has(&self, alert: Alert) -> bool {
        self.config.on(alert).is_some()
    }
}
