//! Reads the Prometheus text format, version 0.0.4, as its specification has it, and refuses what that does not allow.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details>. It shares no code with what
//! writes the page.

#![allow(dead_code, reason = "no test binary needs all of it")]

mod text;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
};

use self::text::{BLANK, check_name, is_name_char, labels, number, refuse, token, unescaped};

/// A page that the specification allows.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) samples: Vec<Sample>,
    pub(crate) kinds: HashMap<String, String>,
    pub(crate) helps: HashMap<String, String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
    pub(crate) timestamp: Option<i64>,
}

/// What is wrong with a page, and in which line of it, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) what: String,
}

/// A page, as far as it was read.
#[derive(Default)]
struct Reader {
    page: Page,
    seen: HashSet<(String, BTreeMap<String, String>)>,
    /// The metric whose group of lines goes on, and those whose groups are over.
    current: String,
    over: HashSet<String>,
}

/// The buckets of one histogram, its sum and its count.
#[derive(Default)]
struct Histogram {
    buckets: Vec<(f64, f64)>,
    sum: Option<f64>,
    count: Option<f64>,
}

const KINDS: [&str; 5] = ["counter", "gauge", "histogram", "summary", "untyped"];

// ===== impl Page =====

impl Page {
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        let mut reader = Reader::default();
        for (index, line) in text.split('\n').enumerate() {
            reader.line(line).map_err(|what| Fault { line: index + 1, what })?;
        }
        let end = text.split('\n').count();
        let whole =
            || if text.is_empty() || text.ends_with('\n') { Ok(()) } else { Err("no end of line".into()) };
        whole().and_then(|()| reader.check_histograms()).map_err(|what| Fault { line: end, what })?;
        Ok(reader.page)
    }

    /// The sum of the samples of this name that have all of these labels.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |sample: &Sample, (label, value): &(&str, &str)| {
            sample.labels.get(*label).is_some_and(|it| it == value)
        };
        let is_meant = |sample: &&Sample| labels.iter().all(|label| has(sample, label));
        // From 0, because the sum of no floats is -0.
        self.of(name).filter(is_meant).fold(0.0, |sum, sample| sum + sample.value)
    }

    pub(crate) fn of(&self, name: &str) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |sample| sample.name == name)
    }

    /// The values of this label, on whatever sample.
    pub(crate) fn values(&self, label: &str) -> HashSet<&str> {
        self.samples.iter().filter_map(|sample| sample.labels.get(label)).map(String::as_str).collect()
    }
}

// ===== impl Fault =====

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

// ===== impl Reader =====

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim_matches(BLANK);
        match line.strip_prefix('#') {
            None if line.is_empty() => Ok(()),
            None => self.sample(line),
            Some(comment) => match token(comment) {
                ("HELP", rest) => self.help(rest),
                ("TYPE", rest) => self.kind(rest),
                _ => Ok(()),
            },
        }
    }

    fn help(&mut self, rest: &str) -> Result<(), String> {
        let (name, text) = token(rest);
        check_name(name, ":")?;
        self.enter(name)?;
        let help = unescaped(text, false)?;
        let before = self.page.helps.insert(name.into(), help);
        refuse(before.is_some(), || format!("a second HELP of {name}"))
    }

    fn kind(&mut self, rest: &str) -> Result<(), String> {
        let (name, rest) = token(rest);
        let (kind, rest) = token(rest);
        check_name(name, ":")?;
        refuse(!KINDS.contains(&kind) || !rest.is_empty(), || format!("no TYPE: {kind:?} {rest:?}"))?;
        self.enter(name)?;
        let before = self.page.kinds.insert(name.into(), kind.into());
        refuse(before.is_some(), || format!("a second TYPE of {name}"))
    }

    fn sample(&mut self, line: &str) -> Result<(), String> {
        let end = line.find(|c: char| !is_name_char(c, ":")).ok_or("a name without a value")?;
        let (name, rest) = line.split_at(end);
        check_name(name, ":")?;
        let (labels, rest) = labels(rest.trim_start_matches(BLANK))?;
        let (value, rest) = token(rest);
        let (timestamp, rest) = token(rest);
        refuse(!rest.is_empty(), || format!("{rest:?} behind the sample"))?;
        let value = number(value)?;
        let timestamp = match timestamp {
            "" => None,
            text => Some(text.parse().map_err(|_| format!("{text:?} is no timestamp"))?),
        };
        let family = self.family(name, &labels)?;
        self.enter(&family)?;
        let is_count = self.page.kinds[&family] == "counter";
        // NaN is not either.
        refuse(is_count && !matches!(value, 0.0..), || format!("a counter of {value}"))?;
        let is_new = self.seen.insert((name.into(), labels.clone()));
        refuse(!is_new, || format!("{name}{labels:?} stands twice"))?;
        self.page.samples.push(Sample { name: name.into(), labels, value, timestamp });
        Ok(())
    }

    /// The metric that a sample belongs to.
    fn family(&self, name: &str, labels: &BTreeMap<String, String>) -> Result<String, String> {
        let kind_of = |name: &str| self.page.kinds.get(name).map(String::as_str);
        for (suffix, needs) in [("_bucket", Some("le")), ("_sum", None), ("_count", None)] {
            let Some(family) = name.strip_suffix(suffix) else { continue };
            let belongs = match kind_of(family) {
                Some("histogram") => true,
                Some("summary") => suffix != "_bucket",
                _ => false,
            };
            if belongs {
                refuse(needs.is_some_and(|label| !labels.contains_key(label)), || {
                    format!("{name} without le")
                })?;
                return Ok(family.into());
            }
        }
        match kind_of(name) {
            None => Err(format!("{name} has no TYPE")),
            Some("histogram") => Err(format!("{name} is a histogram, and no part of one")),
            Some("summary") if !labels.contains_key("quantile") => Err(format!("{name} without quantile")),
            Some(_) => Ok(name.into()),
        }
    }

    /// All lines of a metric are one group.
    fn enter(&mut self, family: &str) -> Result<(), String> {
        if self.current != family {
            let before = std::mem::replace(&mut self.current, family.into());
            self.over.insert(before);
        }
        refuse(self.over.contains(family), || format!("{family} stands in two groups"))
    }

    fn check_histograms(&self) -> Result<(), String> {
        let mut all: BTreeMap<(&str, BTreeMap<&str, &str>), Histogram> = BTreeMap::new();
        for Sample { name, labels, value, .. } in &self.page.samples {
            let Some((family, part)) = name.rsplit_once('_') else { continue };
            if self.page.kinds.get(family).is_none_or(|kind| kind != "histogram") {
                continue;
            }
            let others = labels.iter().filter(|(label, _)| *label != "le");
            let others = others.map(|(label, value)| (label.as_str(), value.as_str())).collect();
            let histogram = all.entry((family, others)).or_default();
            match part {
                "bucket" => histogram.buckets.push((number(&labels["le"])?, *value)),
                "sum" => histogram.sum = Some(*value),
                _ => histogram.count = Some(*value),
            }
        }
        all.iter().try_for_each(|(of, histogram)| histogram.check().map_err(|what| format!("{of:?} {what}")))
    }
}

// ===== impl Histogram =====

impl Histogram {
    fn check(&self) -> Result<(), String> {
        let (Some(_), Some(count)) = (self.sum, self.count) else {
            return Err("has no sum or no count".into());
        };
        let pairs = || self.buckets.windows(2).map(|pair| (pair[0], pair[1]));
        refuse(pairs().any(|(a, b)| a.0 >= b.0), || "has bounds that do not ascend".into())?;
        refuse(pairs().any(|(a, b)| a.1 > b.1), || "has buckets that are not cumulative".into())?;
        let last = self.buckets.last().filter(|(bound, _)| *bound == f64::INFINITY);
        let last = last.ok_or("has no bucket +Inf")?.1;
        refuse(last != count, || format!("counts {count}, and {last} in +Inf"))
    }
}
