//! Where messages end in a stream of bytes, however it is cut.

/// How far a body is in its length-prefixed messages: a flag, four bytes of length, and as many bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frames {
    prefix: [u8; PREFIX],
    /// How much of the prefix was seen.
    seen: usize,
    /// How many bytes of the message are to come.
    left: u64,
}

const PREFIX: usize = 5;

// ===== impl Frames =====

impl Frames {
    /// Takes in the next bytes, and tells how many messages end in them.
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> u64 {
        let mut ended = 0;
        while !bytes.is_empty() {
            if self.seen < PREFIX {
                let part = bytes.len().min(PREFIX - self.seen);
                self.prefix[self.seen..self.seen + part].copy_from_slice(&bytes[..part]);
                self.seen += part;
                bytes = &bytes[part..];
                if self.seen < PREFIX {
                    break;
                }
                let [_, length @ ..] = self.prefix;
                self.left = u64::from(u32::from_be_bytes(length));
            }
            let part = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.left -= part as u64;
            bytes = &bytes[part..];
            if self.left == 0 {
                self.seen = 0;
                ended += 1;
            }
        }
        ended
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(length: usize) -> Vec<u8> {
        let mut message = vec![1];
        message.extend(u32::try_from(length).expect("it is short").to_be_bytes());
        message.resize(PREFIX + length, 0xFF);
        message
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn messages_are_counted_however_they_are_cut(
            lengths in proptest::collection::vec(0_usize..40, 0..20),
            cuts in proptest::collection::vec(1_usize..30, 1..200),
        ) {
            let bytes: Vec<u8> = lengths.iter().flat_map(|length| message(*length)).collect();
            let mut frames = Frames::default();
            let mut rest = &bytes[..];
            let mut ended = 0;
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (part, after) = rest.split_at(rest.len().min(*cut));
                ended += frames.take(part);
                rest = after;
            }
            prop_assert_eq!(ended, lengths.len() as u64);
        }
    }

    #[test]
    fn a_message_counts_when_its_last_byte_was_seen() {
        let mut frames = Frames::default();
        assert_eq!(frames.take(&[0, 0, 0]), 0);
        assert_eq!(frames.take(&[0, 2, 7]), 0);
        assert_eq!(frames.take(&[7, 0, 0, 0, 0, 0]), 2, "an empty message ends with its prefix");
        assert_eq!(frames.take(&[0, 0xFF, 0xFF, 0xFF, 0xFF, 1]), 0);
    }
}
