//! Pieces of PromQL: selectors, and how values stand in them. Rules are made of them, and the queries of dashboards.

use std::fmt;

use crate::clock::seconds;

/// A series selector: `metric{label="value"}`.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "page", derive(serde::Serialize))]
pub(crate) struct Selector {
    metric: String,
    #[cfg_attr(feature = "page", serde(rename = "match"))]
    matchers: Vec<Matcher>,
}

/// `label="value"`.
#[derive(Clone, Debug)]
struct Matcher {
    label: String,
    how: &'static str,
    value: String,
}

/// Selectors whose rates are taken together, without those of others.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "page", derive(serde::Serialize))]
pub(crate) struct Set {
    #[cfg_attr(feature = "page", serde(rename = "any"))]
    selectors: Vec<Selector>,
    without: Vec<Selector>,
}

// ===== impl Selector =====

impl Selector {
    pub(crate) fn new(metric: impl Into<String>) -> Self {
        Self { metric: metric.into(), matchers: Vec::new() }
    }

    pub(crate) fn equal(self, label: &str, value: &str) -> Self {
        self.matcher(label, "=", value)
    }

    pub(crate) fn unequal(self, label: &str, value: &str) -> Self {
        self.matcher(label, "!=", value)
    }

    pub(crate) fn matched(self, label: &str, regex: &str) -> Self {
        self.matcher(label, "=~", regex)
    }

    pub(crate) fn unmatched_by(self, label: &str, regex: &str) -> Self {
        self.matcher(label, "!~", regex)
    }

    /// One of these values, literally.
    pub(crate) fn one_of(self, label: &str, values: &[impl AsRef<str>]) -> Self {
        match values {
            [value] => self.equal(label, value.as_ref()),
            values => self.matched(label, &alternatives(values)),
        }
    }

    /// None of these values, literally.
    pub(crate) fn none_of(self, label: &str, values: &[impl AsRef<str>]) -> Self {
        match values {
            [] => self,
            [value] => self.unequal(label, value.as_ref()),
            values => self.unmatched_by(label, &alternatives(values)),
        }
    }

    /// None of these routes, of which a `*` at the end stands for anything.
    pub(crate) fn outside<'a>(self, label: &str, routes: impl IntoIterator<Item = &'a String>) -> Self {
        let mut regexes = Vec::new();
        for route in routes {
            let regex = match route.strip_suffix('*') {
                Some(prefix) => format!("{}.*", literal(prefix)),
                None => literal(route),
            };
            if !regexes.contains(&regex) {
                regexes.push(regex);
            }
        }
        if regexes.is_empty() { self } else { self.unmatched_by(label, &regexes.join("|")) }
    }

    /// The bucket of this threshold, however it is spelled.
    pub(crate) fn within(self, nanos: u64) -> Self {
        match spellings(nanos) {
            (one, other) if one == other => self.equal("le", &one),
            (one, other) => self.one_of("le", &[one, other]),
        }
    }

    /// The same of another metric of the family: `_count`, `_bucket`.
    pub(crate) fn suffixed(mut self, suffix: &str) -> Self {
        self.metric.push_str(suffix);
        self
    }

    /// What matches the regular expression, in the place of what was said of this label.
    #[cfg(feature = "dashboard")]
    pub(crate) fn rematched(mut self, label: &str, regex: &str) -> Self {
        for matcher in self.matchers.iter_mut().filter(|matcher| matcher.label == label) {
            (matcher.how, matcher.value) = ("=~", regex.into());
        }
        self
    }

    /// Without what was said of this label.
    #[cfg(feature = "page")]
    pub(crate) fn without_label(mut self, label: &str) -> Self {
        self.matchers.retain(|matcher| matcher.label != label);
        self
    }

    fn matcher(mut self, label: &str, how: &'static str, value: &str) -> Self {
        self.matchers.push(Matcher { label: label.into(), how, value: value.into() });
        self
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let matchers: Vec<_> = self.matchers.iter().map(ToString::to_string).collect();
        write!(f, "{}{{{}}}", self.metric, matchers.join(","))
    }
}

// ===== impl Matcher =====

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { label, how, value } = self;
        write!(f, "{label}{how}{}", quoted(value))
    }
}

/// `["label", "=~", "value"]`.
#[cfg(feature = "page")]
impl serde::Serialize for Matcher {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.label, self.how, &self.value).serialize(serializer)
    }
}

// ===== impl Set =====

impl Set {
    pub(crate) fn of(selectors: impl IntoIterator<Item = Selector>) -> Self {
        Self { selectors: selectors.into_iter().collect(), without: Vec::new() }
    }

    pub(crate) fn without(mut self, others: impl IntoIterator<Item = Selector>) -> Self {
        self.without.extend(others);
        self
    }

    /// Narrows every selector, those that are left out too.
    pub(crate) fn map(self, f: impl Fn(Selector) -> Selector) -> Self {
        Self {
            selectors: self.selectors.into_iter().map(&f).collect(),
            without: self.without.into_iter().map(f).collect(),
        }
    }

    /// The metrics of its selectors.
    #[cfg(feature = "page")]
    pub(crate) fn metrics(&self) -> impl Iterator<Item = &str> {
        self.selectors.iter().map(|selector| &*selector.metric)
    }

    /// The calls for which one of these holds.
    pub(crate) fn any(&self, each: &[&dyn Fn(Selector) -> Selector]) -> Self {
        let selectors = self.selectors.iter().flat_map(|selector| each.iter().map(|f| f(selector.clone())));
        Self { selectors: selectors.collect(), without: self.without.clone() }
    }

    /// The rates of all, one for each series.
    pub(crate) fn rates(&self, window: &str) -> String {
        self.over("rate", window)
    }

    /// A function of a window, of all, one for each series.
    pub(crate) fn over(&self, function: &str, window: &str) -> String {
        let over = |selector: &Selector| format!("{function}({selector}[{window}])");
        let mut all = self.selectors.iter().map(over).collect::<Vec<_>>().join("\nor ");
        if !self.without.is_empty() && self.selectors.len() > 1 {
            all = grouped(&all);
        }
        for without in &self.without {
            all = format!("{all}\nunless {}", over(without));
        }
        all
    }

    /// The same in parentheses, if it is more than one.
    pub(crate) fn rates_grouped(&self, window: &str) -> String {
        match (&*self.selectors, &*self.without) {
            ([_], []) => self.rates(window),
            _ => grouped(&self.rates(window)),
        }
    }

    /// The sum of the rates by these labels.
    pub(crate) fn sum(&self, by: &str, window: &str) -> String {
        sum(by, &self.rates(window))
    }
}

pub(crate) fn sum(by: &str, of: &str) -> String {
    format!("sum by ({by}) {}", grouped(of))
}

/// In parentheses, on lines of its own.
pub(crate) fn grouped(expr: &str) -> String {
    format!("(\n  {}\n)", indented(expr))
}

/// With every line but the first further in.
pub(crate) fn indented(expr: &str) -> String {
    expr.replace('\n', "\n  ")
}

/// A threshold as the bound of a bucket: in the text of Prometheus 2 and of most exporters, and as Prometheus 3 and
/// everything that speaks protobuf or OpenMetrics spells it.
fn spellings(nanos: u64) -> (String, String) {
    let bound = seconds(nanos);
    let shortest = format!("{bound}");
    let normalised = if bound < 1e-4 {
        let scientific = format!("{bound:e}");
        let (mantissa, exponent) = scientific.split_once("e-").expect("it is below 1");
        format!("{mantissa}e-{exponent:0>2}")
    } else if shortest.contains('.') {
        shortest.clone()
    } else {
        format!("{shortest}.0")
    };
    (shortest, normalised)
}

/// The regular expression of these values, literally, as it stands between the quotes of PromQL.
#[cfg(feature = "dashboard")]
pub(crate) fn embedded(values: &[impl AsRef<str>]) -> String {
    let quoted = quoted(&alternatives(values));
    quoted[1..quoted.len() - 1].to_owned()
}

fn alternatives(values: &[impl AsRef<str>]) -> String {
    values.iter().map(|value| literal(value.as_ref())).collect::<Vec<_>>().join("|")
}

/// The value as a regular expression of RE2 that matches nothing else.
fn literal(value: &str) -> String {
    let mut literal = String::with_capacity(value.len());
    for c in value.chars() {
        if "\\.+*?()|[]{}^$".contains(c) {
            literal.push('\\');
        }
        literal.push(c);
    }
    literal
}

/// The value as a string of PromQL.
pub(crate) fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_matched_in_both_spellings() {
        let le = |nanos| Selector::new("m").within(nanos).to_string();
        assert_eq!(le(100_000_000), r#"m{le="0.1"}"#);
        assert_eq!(le(100_000), r#"m{le="0.0001"}"#);
        assert_eq!(le(2_000_000_000), r#"m{le=~"2|2\\.0"}"#);
        assert_eq!(le(86_400_000_000_000), r#"m{le=~"86400|86400\\.0"}"#);
        assert_eq!(le(10_000), r#"m{le=~"0\\.00001|1e-05"}"#);
        assert_eq!(le(500), r#"m{le=~"0\\.0000005|5e-07"}"#);
        assert_eq!(le(12_500), r#"m{le=~"0\\.0000125|1\\.25e-05"}"#);
    }

    #[test]
    fn routes_are_literal_but_for_a_star_at_the_end() {
        let routes = ["/health*", "/files/{*path}", "/a.b"].map(String::from);
        let selector = Selector::new("m").outside("endpoint", &routes);
        assert_eq!(selector.to_string(), r#"m{endpoint!~"/health.*|/files/\\{\\*path\\}|/a\\.b"}"#);
    }

    #[test]
    fn values_cannot_leave_their_quotes() {
        let selector = Selector::new("m").equal("endpoint", "/a\"b\\c\n");
        assert_eq!(selector.to_string(), r#"m{endpoint="/a\"b\\c\n"}"#);
    }
}
