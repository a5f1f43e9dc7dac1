//! Alerts of one's own as rules, in a group for each service.

use super::{CustomAlert, condition::Asked};
use crate::{
    rules::{
        Group, Rule,
        config::{Config, Scope, untemplated},
        service::INTERVAL,
    },
    sla::Sla,
};

/// The groups of these alerts, one for each service that they are of, with that service's promise.
pub(in crate::rules) fn groups<'a>(
    config: &Config,
    alerts: &'a [CustomAlert],
) -> Vec<(Group, Option<&'a Sla>)> {
    let mut groups: Vec<(Group, Option<&Sla>)> = Vec::new();
    for alert in alerts {
        let whose = alert.sla.as_ref();
        let name = match whose {
            Some(sla) => format!("custom-{}", Scope::of(sla).key),
            None => "custom".into(),
        };
        let index = groups.iter().position(|(group, _)| group.name == name).unwrap_or_else(|| {
            groups.push((Group::new(name, INTERVAL), whose));
            groups.len() - 1
        });
        groups[index].0.rules.push(rule(config, alert));
    }
    groups
        .into_iter()
        .map(|(group, whose)| match whose {
            Some(sla) => (Scope::of(sla).labelled(group), whose),
            None => (group, whose),
        })
        .collect()
}

fn rule(config: &Config, alert: &CustomAlert) -> Rule {
    let scope = alert.sla.as_ref().map(Scope::of);
    let job = scope.as_ref().map_or("job", |scope| &scope.by);
    let by: Vec<_> = [job].into_iter().chain(alert.by.iter().map(|label| &**label)).collect();
    let asked = Asked {
        sla: alert.sla.as_ref(),
        by: &by.join(", "),
        window: alert.window,
        min_bad_events: config.min_bad_events,
    };
    let summary = alert.summary.clone().unwrap_or_else(|| match &alert.sla {
        Some(sla) => format!("{} of {}.", alert.name, untemplated(sla.job_name())),
        None => format!("{}.", alert.name),
    });
    let told = [("summary".to_owned(), summary)];
    let told =
        told.into_iter().chain(alert.description.iter().map(|it| ("description".to_owned(), it.clone())));
    let of_service = scope.iter().flat_map(|scope| &scope.alert_labels);
    config
        .told(&alert.name, alert.condition.expr(&asked), alert.hold, told)
        .label("severity", alert.severity.as_str())
        .labels(of_service.filter(|(label, _)| !alert.has_label(label)))
        .labels(&alert.labels)
}
