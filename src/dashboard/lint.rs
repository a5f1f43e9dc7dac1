//! Which rules of grafana/dashboard-linter do not hold, and why: in the form that it reads.

use std::collections::BTreeSet;

use saphyr::Yaml;

use super::model::{Model, Panel};
use crate::rules::file::{map, text, written};

pub(super) fn exclusions(models: &[&Model]) -> String {
    let of = |model: &Model| ("dashboard", text(&model.title));
    let every = models.iter().map(|model| map([of(model)])).collect();
    let recorded = models.iter().flat_map(|model| {
        let recorded = panels(model)
            .filter(|panel| panel.targets.iter().any(|target| !target.expr.contains("$instance")));
        // Panels of one title are in the row of each objective.
        let titles: BTreeSet<_> = recorded.map(|panel| &panel.title).collect();
        titles.into_iter().map(move |title| map([of(model), ("panel", text(title))]))
    });
    let recorded = recorded.collect();
    written(&map([(
        "exclusions",
        map([
            (
                "template-job-rule",
                exclusion(
                    "All stands for the jobs of the promises, and not for every job that there is.",
                    every,
                ),
            ),
            (
                "target-instance-rule",
                exclusion("It shows what the rules recorded, of a service as a whole.", recorded),
            ),
        ]),
    )]))
}

fn exclusion(reason: &str, entries: Vec<Yaml<'static>>) -> Yaml<'static> {
    map([("reason", text(reason)), ("entries", Yaml::Sequence(entries))])
}

/// All but rows.
fn panels(model: &Model) -> impl Iterator<Item = &Panel> {
    let panels =
        model.panels.iter().flat_map(|panel| [panel].into_iter().chain(panel.panels.iter().flatten()));
    panels.filter(|panel| !panel.targets.is_empty())
}
