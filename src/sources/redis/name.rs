//! Names of queues as Redis has them: bytes, with the prefix that all keys of such a queue begin with.

use crate::model::Text;

/// The prefix of BullMQ where nobody chose another.
const USUAL: &[u8] = b"bull";

/// A BullMQ queue's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    prefix: Vec<u8>,
    name: Vec<u8>,
}

impl Name {
    /// With the usual prefix.
    pub(super) fn usual(name: &[u8]) -> Self {
        Self { prefix: USUAL.to_vec(), name: name.to_vec() }
    }

    /// `PREFIX:NAME`, as somebody may have configured it.
    pub(super) fn prefixed(whole: &[u8]) -> Option<Self> {
        let at = whole.iter().position(|b| *b == b':')?;
        let (prefix, name) = (&whole[..at], &whole[at + 1..]);
        (!prefix.is_empty() && !name.is_empty()).then(|| Self { prefix: prefix.to_vec(), name: name.to_vec() })
    }

    /// The queue that a key named `PREFIX:NAME:meta` or `bull:NAME:id` speaks of. Whether it is BullMQ's is another
    /// question: other programs have such keys too.
    pub(super) fn of_key(key: &[u8]) -> Option<Self> {
        if let Some(whole) = key.strip_suffix(b":meta") {
            return Self::prefixed(whole);
        }
        Self::prefixed(key.strip_suffix(b":id")?).filter(|name| name.prefix == USUAL)
    }

    /// A key of the queue: `meta`, `wait`, a job's id.
    pub(super) fn key(&self, part: &[u8]) -> Vec<u8> {
        [&self.prefix[..], b":", &self.name[..], b":", part].concat()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.name
    }

    /// What workers written in Node and in Python call their connections; names of workers come after `:w:`.
    pub(super) fn clients(&self) -> (Vec<u8>, Vec<u8>) {
        let of = |name: &[u8]| [&self.prefix[..], b":", name].concat();
        (of(base64(&self.name).as_bytes()), of(&self.name))
    }

    pub(super) fn shown(&self) -> Text {
        text(&self.name)
    }

    /// The prefix, where it is not the usual one.
    pub(super) fn scope(&self) -> Text {
        if self.prefix == USUAL { Text::empty() } else { text(&self.prefix) }
    }

    pub(super) fn uid(&self) -> String {
        let name = self.shown();
        let scope = self.scope();
        if scope.is_empty() {
            format!("bullmq/{}", name.raw())
        } else {
            format!("bullmq/{}:{}", scope.raw(), name.raw())
        }
    }
}

/// A name that may be no UTF-8.
pub(super) fn text(bytes: &[u8]) -> Text {
    Text::name(Text::bytes(bytes).raw())
}

/// Base64 with padding, as Node writes it.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let three = chunk.iter().fold(0_u32, |sum, b| (sum << 8) | u32::from(*b)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[(three >> (18 - 6 * place)) as usize & 63];
            out.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_node_writes_it() {
        let written: Vec<String> =
            ["", "n", "no", "node-q", "crawl-jobs"].iter().map(|s| base64(s.as_bytes())).collect();
        assert_eq!(written, ["", "bg==", "bm8=", "bm9kZS1x", "Y3Jhd2wtam9icw=="]);
    }

    #[test]
    fn keys_tell_the_queue_and_its_prefix() {
        let read = |key: &str| Name::of_key(key.as_bytes()).map(|name| name.uid());
        assert_eq!(read("bull:crawl-jobs:meta").as_deref(), Some("bullmq/crawl-jobs"));
        assert_eq!(read("{shop}:crawl:meta").as_deref(), Some("bullmq/{shop}:crawl"));
        assert_eq!(read("bull:old:id").as_deref(), Some("bullmq/old"));
        assert_eq!(read("user:7:id"), None);
        assert_eq!(read("bull::meta"), None);
        assert_eq!(read(":meta"), None);
    }

    #[test]
    fn a_name_with_escapes_or_without_utf8_is_shown_safely() {
        let name = Name::usual(b"a\x1b[2J\xff");
        assert!(!name.shown().shown().contains('\u{1b}'), "{}", name.shown());
        assert_eq!(name.key(b"wait"), b"bull:a\x1b[2J\xff:wait");
    }
}
