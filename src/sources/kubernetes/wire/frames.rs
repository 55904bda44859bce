//! Splits a watch into its events: frames with a four-byte length in protobuf, lines in JSON.

use bytes::{Buf, BytesMut};

use super::field::{find, unwrap};
use super::{Format, Garbled, OBJECT_LIMIT};

/// What a watch event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Added,
    Modified,
    Deleted,
    Bookmark,
    Error,
    Other,
}

impl Word {
    fn of(word: &[u8]) -> Self {
        match word {
            b"ADDED" => Self::Added,
            b"MODIFIED" => Self::Modified,
            b"DELETED" => Self::Deleted,
            b"BOOKMARK" => Self::Bookmark,
            b"ERROR" => Self::Error,
            _ => Self::Other,
        }
    }
}

/// The splitter of a watch.
#[derive(Debug)]
pub(crate) struct Frames {
    format: Format,
    held: BytesMut,
    used: usize,
    /// Bytes of an unfinished JSON line that are known to hold no line end.
    searched: usize,
}

impl Frames {
    /// For an answer of that encoding.
    #[must_use]
    pub(crate) fn new(format: Format) -> Self {
        Self { format, held: BytesMut::new(), used: 0, searched: 0 }
    }

    /// Takes bytes as they came.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.held.advance(std::mem::take(&mut self.used));
        self.held.extend_from_slice(bytes);
    }

    /// The next whole event: its word and its object; `None`: more bytes are needed.
    ///
    /// # Errors
    /// Where the bytes are no watch.
    pub(crate) fn next_event(&mut self) -> Result<Option<(Word, &[u8])>, Garbled> {
        self.held.advance(std::mem::take(&mut self.used));
        let Some((from, to)) = self.frame()? else { return Ok(None) };
        (self.used, self.searched) = (to, 0);
        let frame = &self.held[from..to];
        Ok(Some(match self.format {
            Format::Protobuf => {
                let word = Word::of(find(frame, 1)?.unwrap_or_default());
                let object = find(frame, 2)?.ok_or(Garbled::Field)?;
                (word, unwrap(find(object, 1)?.ok_or(Garbled::Field)?)?)
            }
            Format::Json => json_event(frame)?,
        }))
    }

    fn frame(&mut self) -> Result<Option<(usize, usize)>, Garbled> {
        match self.format {
            Format::Protobuf => {
                let Some((length, _)) = self.held.split_first_chunk::<4>() else { return Ok(None) };
                let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Garbled::TooLarge)?;
                if length > OBJECT_LIMIT {
                    return Err(Garbled::TooLarge);
                }
                Ok((self.held.len() >= 4 + length).then_some((4, 4 + length)))
            }
            Format::Json => {
                let end = self.held[self.searched..].iter().position(|b| *b == b'\n').map(|n| n + self.searched + 1);
                self.searched = self.held.len();
                match end {
                    Some(end) => Ok(Some((0, end))),
                    None if self.held.len() > OBJECT_LIMIT => Err(Garbled::TooLarge),
                    None => Ok(None),
                }
            }
        }
    }
}

/// A JSON event is `{"type":"ADDED","object":{…}}`; the object is handed on as it stands.
fn json_event(line: &[u8]) -> Result<(Word, &[u8]), Garbled> {
    #[derive(serde::Deserialize)]
    struct Event<'a> {
        #[serde(rename = "type", borrow)]
        word: std::borrow::Cow<'a, str>,
        #[serde(rename = "object")]
        _object: serde::de::IgnoredAny,
    }
    let event: Event<'_> = serde_json::from_slice(line).map_err(|_| Garbled::Object)?;
    let word = Word::of(event.word.as_bytes());
    // The server writes the type first; the object is what stands between the first colon after its name and the end.
    let name = b"\"object\":";
    let from = line.windows(name.len()).position(|w| w == name).ok_or(Garbled::Object)? + name.len();
    let end = line.iter().rposition(|b| *b == b'}').ok_or(Garbled::Object)?;
    Ok((word, line.get(from..end).ok_or(Garbled::Object)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, value: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2];
        prost::encoding::encode_varint(value.len() as u64, &mut out);
        out.extend(value);
        out
    }

    fn binary(word: &str, object: &[u8]) -> Vec<u8> {
        let envelope = [super::super::MAGIC.to_vec(), field(2, object)].concat();
        let event = [field(1, word.as_bytes()), field(2, &field(1, &envelope))].concat();
        [u32::try_from(event.len()).unwrap().to_be_bytes().to_vec(), event].concat()
    }

    fn read(format: Format, chunks: &[&[u8]]) -> Result<Vec<(Word, Vec<u8>)>, Garbled> {
        let (mut frames, mut got) = (Frames::new(format), Vec::new());
        for chunk in chunks {
            frames.push(chunk);
            while let Some((word, object)) = frames.next_event()? {
                got.push((word, object.to_vec()));
            }
        }
        Ok(got)
    }

    #[test]
    fn events_come_out_at_any_split_in_both_encodings() {
        let objects: [&[u8]; 2] = [br#"{"a":"}\n{"}"#, br#"{"b":2}"#];
        let lines = br#"{"type":"ADDED","object":{"a":"}\n{"}}
{"type":"DELETED","object":{"b":2}}
"#;
        let frames = [binary("ADDED", objects[0]), binary("DELETED", objects[1])].concat();
        let want = vec![(Word::Added, objects[0].to_vec()), (Word::Deleted, objects[1].to_vec())];
        for (format, bytes) in [(Format::Json, &lines[..]), (Format::Protobuf, &frames[..])] {
            for cut in 0..=bytes.len() {
                assert_eq!(read(format, &[&bytes[..cut], &bytes[cut..]]).as_ref(), Ok(&want), "{format:?} at {cut}");
            }
        }
    }

    #[test]
    fn garbage_is_refused() {
        assert!(read(Format::Json, &[b"no json\n"]).is_err());
        assert_eq!(read(Format::Protobuf, &[b"\xff\xff\xff\xffxxxx"]), Err(Garbled::TooLarge));
        assert!(read(Format::Protobuf, &[b"\0\0\0\x02ab"]).is_err());
    }
}
