//! Flags of the command line. One that is not known, or has a wrong value, is an error that says what is wanted.

use std::{collections::BTreeMap, time::Duration};

/// Flags that were given, with their values.
#[derive(Debug)]
pub(crate) struct Flags {
    given: BTreeMap<String, String>,
}

/// These stand alone; all others have a value after them.
const ALONE: [&str; 2] = ["--faults", "--under-parent"];

// ===== impl Flags =====

impl Flags {
    pub(crate) fn read(args: impl IntoIterator<Item = String>, known: &[String]) -> Result<Self, String> {
        let mut args = args.into_iter();
        let mut given = BTreeMap::new();
        while let Some(flag) = args.next() {
            if !known.contains(&flag) {
                return Err(format!("{flag:?} is no flag here, there are {}", known.join(", ")));
            }
            let value = if ALONE.contains(&&*flag) { Some(String::new()) } else { args.next() };
            let value = value.ok_or_else(|| format!("{flag} wants a value after it"))?;
            if given.insert(flag.clone(), value).is_some() {
                return Err(format!("{flag} is given twice: keep one"));
            }
        }
        Ok(Self { given })
    }

    pub(crate) fn has(&self, flag: &str) -> bool {
        self.given.contains_key(flag)
    }

    pub(crate) fn get(&self, flag: &str) -> Option<&str> {
        self.given.get(flag).map(String::as_str)
    }

    pub(crate) fn text(&self, flag: &str, default: &str) -> String {
        self.get(flag).unwrap_or(default).into()
    }

    /// Where another service is: `HOST:PORT`.
    pub(crate) fn peer(&self, flag: &str, default: &str) -> Result<String, String> {
        let is_host = |host: &str| !host.is_empty() && !host.contains(['/', '@', '?', '#']);
        self.parsed(flag, default, "HOST:PORT", |text| {
            let (host, port) = text.rsplit_once(':')?;
            (is_host(host) && port.parse::<u16>().is_ok()).then(|| text.to_owned())
        })
    }

    pub(crate) fn count(&self, flag: &str, default: &str) -> Result<u32, String> {
        let parse = |text: &str| text.parse().ok().filter(|count| (1..=1_000_000).contains(count));
        self.parsed(flag, default, "a number from 1 to 1000000", parse)
    }

    /// A time such as `90s`, `5m` or `1h`.
    pub(crate) fn time(&self, flag: &str, default: &str) -> Result<Duration, String> {
        self.parsed(flag, default, "a time such as 90s, 5m or 1h", |text| {
            let unit = match text.chars().last()? {
                's' => 1,
                'm' => 60,
                'h' => 3_600,
                _ => return None,
            };
            let number: u32 = text[..text.len() - 1].parse().ok().filter(|number| *number > 0)?;
            Some(Duration::from_secs(unit) * number)
        })
    }

    pub(crate) fn parsed<T>(
        &self,
        flag: &str,
        default: &str,
        wants: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, String> {
        let text = self.get(flag).unwrap_or(default);
        parse(text).ok_or_else(|| format!("{flag} is {text:?}, and has to be {wants}"))
    }
}
