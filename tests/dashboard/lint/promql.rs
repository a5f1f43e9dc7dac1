//! Grafana's variables in a query, and the query as Prometheus would parse it.

use std::{ops::Range, time::Duration};

use promql_parser::parser::{self, Expr, VectorSelector};

/// What stands for `$__rate_interval` in a parsed query: a range that nobody writes.
pub(super) const RATE_INTERVAL: Duration = Duration::from_millis(4_294_967_291);

/// A mention of a variable: `$name`, `${name}`, `${name:format}` or `[[name]]`.
struct Mention<'a> {
    at: Range<usize>,
    name: &'a str,
    place: Place,
}

#[derive(Clone, Copy)]
enum Place {
    /// Inside quotes.
    Quoted,
    /// Inside `[…]`.
    Range,
    Elsewhere,
}

/// A selector, and the range and the function that are right around it.
pub(super) struct Selected<'a> {
    pub(super) selector: &'a VectorSelector,
    pub(super) range: Option<Duration>,
    pub(super) function: Option<&'a str>,
}

pub(super) fn parse(query: &str) -> Result<Expr, String> {
    parser::parse(&substituted(query))
}

/// The names of all variables that a text mentions.
pub(super) fn variables(text: &str) -> Vec<&str> {
    mentions(text).into_iter().map(|mention| mention.name).collect()
}

/// Whether the name is one that Grafana fills in by itself.
pub(super) fn is_builtin(name: &str) -> bool {
    name.starts_with("__") || name == "timeFilter"
}

/// The labels that a legend names: `{{label}}`.
pub(super) fn legend_labels(legend: &str) -> impl Iterator<Item = &str> {
    legend.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(label, _)| label.trim())
}

fn substituted(query: &str) -> String {
    let mut text = String::with_capacity(query.len());
    let mut end = 0;
    for Mention { at, name, place } in mentions(query) {
        text.push_str(&query[end..at.start]);
        end = at.end;
        match (name, place) {
            // The rules ask for `job=~"$job"` as it is written.
            (_, Place::Quoted) => text.push_str(&query[at]),
            ("__rate_interval", _) => text.push_str(&format!("{}ms", RATE_INTERVAL.as_millis())),
            ("__interval_ms" | "__range_ms" | "__range_s" | "__from" | "__to", _) => text.push_str("61001"),
            ("__interval" | "__range", _) | (_, Place::Range) => text.push_str("61001ms"),
            (_, Place::Elsewhere) => {
                text.push_str("variable_");
                text.extend(name.chars().map(|char| if char.is_alphanumeric() { char } else { '_' }));
            }
        }
    }
    text.push_str(&query[end..]);
    text
}

fn mentions(text: &str) -> Vec<Mention<'_>> {
    let mut found = Vec::new();
    let mut quote = None;
    let mut is_range = false;
    let mut at = 0;
    while let Some(char) = text[at..].chars().next() {
        let rest = &text[at..];
        let place = match (quote, is_range) {
            (Some(_), _) => Place::Quoted,
            (None, true) => Place::Range,
            (None, false) => Place::Elsewhere,
        };
        if let Some((name, length)) = mention(rest) {
            found.push(Mention { at: at..at + length, name, place });
            at += length;
            continue;
        }
        match (char, quote) {
            // What follows a backslash ends no string.
            ('\\', Some(_)) => at += rest.chars().nth(1).map_or(0, char::len_utf8),
            (char, Some(open)) if char == open => quote = None,
            ('"' | '\'' | '`', None) => quote = Some(char),
            ('[' | ']', None) => is_range = char == '[',
            _ => {}
        }
        at += char.len_utf8();
    }
    found
}

/// The variable that a text begins with, and how much of the text that is.
fn mention(text: &str) -> Option<(&str, usize)> {
    let is_word = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let between = |open: &str, close: &str| {
        let (inner, _) = text.strip_prefix(open)?.split_once(close)?;
        Some((inner.split(':').next()?, open.len() + inner.len() + close.len()))
    };
    let bare = || {
        let word = text.strip_prefix('$')?;
        let length = word.find(|char| !is_word(char)).unwrap_or(word.len());
        Some((&word[..length], 1 + length))
    };
    let (name, length) = between("${", "}").or_else(|| between("[[", "]]")).or_else(bare)?;
    let first = name.chars().next()?;
    // `$1` is a group of a regular expression, and `[[:digit:]]` a class.
    let is_name = (first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|char| is_word(char) || char == '.');
    is_name.then_some((name, length))
}

/// The expressions right under one.
pub(super) fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Aggregate(aggregate) => {
            aggregate.param.as_deref().into_iter().chain([&*aggregate.expr]).collect()
        }
        Expr::Unary(unary) => vec![&unary.expr],
        Expr::Binary(binary) => vec![&binary.lhs, &binary.rhs],
        Expr::Paren(paren) => vec![&paren.expr],
        Expr::Subquery(subquery) => vec![&subquery.expr],
        Expr::Call(call) => call.args.args.iter().map(|arg| &**arg).collect(),
        Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::VectorSelector(_)
        | Expr::MatrixSelector(_)
        | Expr::Extension(_) => Vec::new(),
    }
}

/// An expression and all that it is made of.
pub(super) fn walk(expr: &Expr) -> Vec<&Expr> {
    let mut all = vec![expr];
    all.extend(children(expr).into_iter().flat_map(walk));
    all
}

/// All selectors of a query.
pub(super) fn selectors(expr: &Expr) -> Vec<Selected<'_>> {
    fn visit<'a>(expr: &'a Expr, function: Option<&'a str>, found: &mut Vec<Selected<'a>>) {
        match expr {
            Expr::VectorSelector(selector) => {
                found.push(Selected { selector, range: None, function });
            }
            Expr::MatrixSelector(matrix) => {
                found.push(Selected { selector: &matrix.vs, range: Some(matrix.range), function });
            }
            _ => {
                let function = match expr {
                    Expr::Call(call) => Some(call.func.name),
                    _ => None,
                };
                for child in children(expr) {
                    visit(child, function, found);
                }
            }
        }
    }
    let mut found = Vec::new();
    visit(expr, None, &mut found);
    found
}
