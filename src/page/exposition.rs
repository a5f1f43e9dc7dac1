//! What stands on a page of the Prometheus text format: its families, their labels, and how many series each has.

use std::collections::BTreeSet;

/// One metric of the page.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Family<'a> {
    pub(super) name: &'a str,
    pub(super) kind: &'a str,
    pub(super) help: &'a str,
    /// In alphabetical order, without those that the format itself adds to a histogram or a summary.
    pub(super) labels: BTreeSet<&'a str>,
    /// As Prometheus counts them: a histogram has its bounds and three for each label set.
    pub(super) series: usize,
}

/// Reads the families of a page that an exporter of this crate rendered: each with `# TYPE` before its samples.
pub(super) fn families(text: &str) -> Vec<Family<'_>> {
    let mut families: Vec<Family<'_>> = Vec::new();
    let mut help = ("", "");
    for line in text.lines() {
        if let Some(said) = line.strip_prefix("# HELP ") {
            help = said.split_once(' ').unwrap_or((said, ""));
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|it| it.split_once(' ')) {
            let help = if help.0 == name { help.1 } else { "" };
            families.push(Family { name, kind, help, ..Family::default() });
        } else if let Some(family) =
            families.last_mut().filter(|_| !line.is_empty() && !line.starts_with('#'))
        {
            family.series += 1;
            let is_of_itself = |label: &str| match family.kind {
                "histogram" => label == "le",
                "summary" => label == "quantile",
                _ => false,
            };
            family.labels.extend(labels(line).filter(|label| !is_of_itself(label)));
        }
    }
    families
}

/// The names of the labels of one sample. In values, quotes and backslashes are escaped.
fn labels(sample: &str) -> impl Iterator<Item = &str> {
    let mut rest = sample.split_once('{').map_or("", |(_, labels)| labels);
    std::iter::from_fn(move || {
        let (label, value) = rest.trim_start_matches(',').split_once("=\"")?;
        rest = after_quote(value);
        Some(label)
    })
}

/// What follows the quote that ends a value.
fn after_quote(value: &str) -> &str {
    let mut is_escaped = false;
    let end = value.find(|c| {
        let is_end = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end
    });
    end.map_or("", |end| &value[end + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_have_their_labels_and_as_many_series_as_prometheus_stores() {
        let text = "# HELP a_total Calls, of a kind.\n# TYPE a_total counter\na_total{x=\"}\\\"=,\\\\\",y=\"\"} 1\na_total{x=\"1\",z=\"\"} 2\n\n\
                    # TYPE b_seconds histogram\nb_seconds_bucket{x=\"1\",le=\"0.1\"} 1\nb_seconds_bucket{x=\"1\",le=\"+Inf\"} 1\n\
                    b_seconds_sum{x=\"1\"} 0.1\nb_seconds_count{x=\"1\"} 1\n\n# TYPE c gauge\nc NaN\n# EOF\n";
        let family = |name, kind, help, labels: &[&'static str], series| Family {
            name,
            kind,
            help,
            labels: labels.iter().copied().collect(),
            series,
        };
        assert_eq!(
            families(text),
            [
                family("a_total", "counter", "Calls, of a kind.", &["x", "y", "z"], 2),
                family("b_seconds", "histogram", "", &["x"], 4),
                family("c", "gauge", "", &[], 1),
            ]
        );
    }
}
