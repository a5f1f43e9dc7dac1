//! What an exporter renders of calls under a scheme.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tower_metrics::{exporter::Prometheus, metrics::with_local_recorder, names::Naming, sla::Sla};

/// A promise of which a threshold is no default bound.
pub(crate) fn promise(naming: &Naming) -> Sla {
    let threshold = Duration::from_millis(33);
    let sla = Sla::new("shop").naming(naming).availability(0.99).latency(0.99, threshold);
    sla.grpc(|it| it.availability(0.99).latency(0.99, threshold))
}

/// Renders what `calls` record where the exporter is told of these schemes.
pub(crate) fn rendered(namings: &[Naming], calls: impl FnOnce()) -> String {
    let exporter = namings.iter().fold(Prometheus::new(), |exporter, naming| exporter.naming(naming));
    let recorder = exporter.sla(&promise(&namings[0])).into_builder().build_recorder();
    with_local_recorder(&recorder, calls);
    recorder.handle().run_upkeep();
    recorder.handle().render()
}

/// The series of this name that are not zero, with their labels in order and their values.
pub(crate) fn told(page: &str, name: &str) -> BTreeSet<String> {
    series(page, name)
        .filter(|(_, value)| *value != "0")
        .map(|(labels, value)| format!("{labels} {value}"))
        .collect()
}

/// All series of this name, by their labels.
pub(crate) fn series<'a>(page: &'a str, name: &'a str) -> impl Iterator<Item = (String, &'a str)> {
    let of = move |line: &'a str| line.strip_prefix(name)?.strip_prefix('{')?.rsplit_once("} ");
    page.lines().filter_map(of).map(|(labels, value)| (in_order(labels), value))
}

/// The names of all metrics on the page, with the names of their labels.
pub(crate) fn labels_by_name(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for line in page.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (series, _) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels =
            labels.strip_suffix('}').unwrap().split("\",").filter_map(|pair| Some(pair.split_once('=')?.0));
        all.entry(name.to_owned()).or_default().extend(labels.map(str::to_owned));
    }
    all
}

fn in_order(labels: &str) -> String {
    let mut labels: Vec<_> = labels.split("\",").map(|pair| pair.trim_end_matches('"')).collect();
    labels.sort_unstable();
    labels.iter().map(|pair| pair.replacen("=\"", "=", 1)).collect::<Vec<_>>().join(",")
}
