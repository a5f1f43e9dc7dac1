//! The words of one line.

use std::collections::BTreeMap;

pub(super) const BLANK: [char; 2] = [' ', '\t'];

/// The next word, and what comes after it.
pub(super) fn token(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(BLANK);
    let end = text.find(BLANK).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start_matches(BLANK))
}

/// What stands between braces, where there are any, and what comes after them.
pub(super) fn labels(text: &str) -> Result<(BTreeMap<String, String>, &str), String> {
    let mut labels = BTreeMap::new();
    let Some(mut rest) = text.strip_prefix('{') else { return Ok((labels, text)) };
    loop {
        rest = rest.trim_start_matches(BLANK);
        if let Some(after) = rest.strip_prefix('}') {
            return Ok((labels, after));
        }
        let (name, after) = rest.split_once('=').ok_or("labels without an end")?;
        let name = name.trim_end_matches(BLANK);
        check_name(name, "")?;
        refuse(name == "__name__", || "a label __name__".into())?;
        let value = after.trim_start_matches(BLANK).strip_prefix('"').ok_or("a value without quotes")?;
        let end = closing_quote(value).ok_or("a value without an end")?;
        let before = labels.insert(name.into(), unescaped(&value[..end], true)?);
        refuse(before.is_some(), || format!("the label {name} twice"))?;
        rest = value[end + 1..].trim_start_matches(BLANK);
        rest = match (rest.strip_prefix(','), rest.starts_with('}')) {
            (Some(after), _) => after,
            (None, true) => rest,
            (None, false) => return Err(format!("neither a comma nor an end at {rest:?}")),
        };
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    })
}

/// `\\` and `\n`, and `\"` in the value of a label; nothing else is escaped.
pub(super) fn unescaped(text: &str, is_label: bool) -> Result<String, String> {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(match c {
            '\\' => match chars.next() {
                Some('\\') => '\\',
                Some('n') => '\n',
                Some('"') if is_label => '"',
                other => return Err(format!("an escape of {other:?}")),
            },
            c => c,
        });
    }
    Ok(plain)
}

pub(super) fn number(text: &str) -> Result<f64, String> {
    let is_plain = text.contains(|c: char| c.is_ascii_digit()) && !text.contains(|c: char| "iIN".contains(c));
    match text {
        "NaN" => Ok(f64::NAN),
        "+Inf" => Ok(f64::INFINITY),
        "-Inf" => Ok(f64::NEG_INFINITY),
        _ => text.parse().ok().filter(|_| is_plain).ok_or_else(|| format!("{text:?} is no number")),
    }
}

pub(super) fn is_name_char(c: char, more: &str) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || more.contains(c)
}

pub(super) fn check_name(name: &str, more: &str) -> Result<(), String> {
    let is_name = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| is_name_char(c, more));
    refuse(!is_name, || format!("{name:?} is no name"))
}

pub(super) fn refuse(is_wrong: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if is_wrong { Err(what()) } else { Ok(()) }
}
