//! The same rules, so many times as fast: what takes minutes in production takes seconds in a test.

#![allow(dead_code, reason = "no test binary needs all of it")]

/// Windows, holds, intervals and guards by events are scaled; thresholds are not.
pub(crate) fn faster(rules: &str, speed: u64) -> String {
    let mut faster = Vec::new();
    for line in rules.lines() {
        let mut line = line.to_owned();
        for key in ["interval: ", "for: "] {
            if let Some((before, duration)) =
                line.split_once(key).filter(|(before, _)| before.trim_start().is_empty())
            {
                line = format!("{before}{key}{}s", seconds(duration) / speed);
            }
        }
        line = scaled(&line, "[", "]", speed);
        line = scaled(&line, " offset ", "", speed);
        faster.push(in_events(&line, speed));
    }
    faster.join("\n") + "\n"
}

fn seconds(duration: &str) -> u64 {
    let (number, unit) = duration.split_at(duration.len() - 1);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        other => panic!("{other} is no unit of {duration}"),
    };
    number.parse::<u64>().unwrap() * unit
}

/// Scales each duration between these.
fn scaled(line: &str, before: &str, after: &str, speed: u64) -> String {
    let mut parts = line.split(before);
    let mut scaled = parts.next().unwrap().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(part.len());
        let (duration, rest) = part.split_at(end);
        let is_duration = duration.len() > 1
            && duration.ends_with(['s', 'm', 'h', 'd'])
            && duration[..duration.len() - 1].parse::<u64>().is_ok()
            && rest.starts_with(after);
        scaled.push_str(before);
        match is_duration {
            true => scaled.push_str(&format!("{}s", seconds(duration) / speed)),
            false => scaled.push_str(duration),
        }
        scaled.push_str(rest);
    }
    scaled
}

/// Events are a rate times seconds.
fn in_events(line: &str, speed: u64) -> String {
    let Some((before, after)) = line.rsplit_once(" * ") else { return line.into() };
    match after.split_once(" >= ").map(|(seconds, least)| (seconds.parse::<u64>(), least)) {
        Some((Ok(seconds), least)) => format!("{before} * {} >= {least}", seconds / speed),
        _ => line.into(),
    }
}
