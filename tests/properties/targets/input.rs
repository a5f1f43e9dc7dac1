//! Bytes, read as what a target needs; there is always more to read, and at the end it is 0.

#[derive(Clone, Debug)]
pub(crate) struct Input<'a> {
    rest: &'a [u8],
}

/// Pieces of label values that formats, parsers and readers are known to stumble over.
pub(crate) const HOSTILE: [&str; 40] = [
    "\"",
    "\\",
    "\\\\",
    "\\n",
    "\\\"",
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\t",
    "\u{1}",
    "\u{b}",
    "\u{1b}[2J",
    "\u{7f}",
    "\u{80}",
    "\u{85}",
    "\u{9f}",
    "\u{a0}",
    "\u{2028}",
    "\u{2029}",
    "\u{200f}",
    "\u{202e}",
    "\u{feff}",
    "e\u{301}",
    "\u{fffd}",
    "\u{d7ff}",
    "\u{e000}",
    "\u{10ffff}",
    "👩\u{200d}🚀",
    "{",
    "}",
    ",",
    "=",
    "#",
    "# TYPE a counter",
    "le",
    "+Inf",
    "_OVERFLOW",
    "unmatched",
    "x",
];

/// As long as any value that a request can bring.
const LONGEST: usize = 65_536;

// ===== impl Input =====

impl<'a> Input<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { rest: data }
    }

    pub(super) fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }

    pub(super) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    pub(super) fn short(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    pub(super) fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// As many bytes as the first one says, or as are left.
    pub(super) fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte()).min(self.rest.len());
        let (bytes, rest) = self.rest.split_at(length);
        self.rest = rest;
        bytes
    }

    /// Text that is raw, or of hostile pieces, or one of the two very often.
    pub(super) fn text(&mut self) -> String {
        let how = self.byte();
        let bytes = self.bytes();
        let text = match how % 2 {
            0 => String::from_utf8_lossy(bytes).into_owned(),
            _ => bytes.iter().map(|byte| HOSTILE[usize::from(*byte) % HOSTILE.len()]).collect(),
        };
        match how {
            0..250 => text,
            _ => text.repeat(LONGEST / text.len().max(1)),
        }
    }
}

/// What the crate promises to make of a label value, said in other words than its own.
pub(crate) fn clean(value: &str) -> String {
    let mut taken = 0;
    let fits = value.chars().take_while(|c| {
        taken += c.len_utf8();
        taken <= 128
    });
    let is_bad = |c: char| matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '"' | '\\');
    fits.map(|c| if is_bad(c) { '_' } else { c }).collect()
}
