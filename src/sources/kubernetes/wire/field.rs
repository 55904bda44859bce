//! Protobuf fields, as far as splitting needs them: tags, lengths, and how far to skip.

use super::Garbled;

/// A field's head: its number and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) number: u64,
    /// Bytes of the value that follow the head.
    pub(crate) length: u64,
    /// Whether the value is a length-delimited one (text, bytes, a message).
    pub(crate) delimited: bool,
    /// Bytes of the head itself.
    pub(crate) size: usize,
}

/// Reads a varint; `None`: more bytes are needed.
///
/// # Errors
/// Where it is longer than ten bytes.
pub(crate) fn varint(bytes: &[u8]) -> Result<Option<(u64, usize)>, Garbled> {
    let mut value = 0_u64;
    for (i, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * i).min(63);
        if byte & 0x80 == 0 {
            return Ok(Some((value, i + 1)));
        }
    }
    if bytes.len() >= 10 { Err(Garbled::Field) } else { Ok(None) }
}

/// Reads the head of the next field; `None`: more bytes are needed. A varint value is taken into the head.
///
/// # Errors
/// Where no field can begin so.
pub(crate) fn head(bytes: &[u8]) -> Result<Option<Head>, Garbled> {
    let Some((key, size)) = varint(bytes)? else { return Ok(None) };
    let number = key >> 3;
    if number == 0 {
        return Err(Garbled::Field);
    }
    let rest = &bytes[size..];
    Ok(match key & 7 {
        0 => varint(rest)?.map(|(_, n)| Head { number, length: 0, delimited: false, size: size + n }),
        1 => Some(Head { number, length: 8, delimited: false, size }),
        2 => varint(rest)?.map(|(length, n)| Head { number, length, delimited: true, size: size + n }),
        5 => Some(Head { number, length: 4, delimited: false, size }),
        _ => return Err(Garbled::Field),
    })
}

/// The value of the first length-delimited field `number` of a whole message.
///
/// # Errors
/// Where the message is no valid protobuf.
pub(crate) fn find(mut bytes: &[u8], number: u64) -> Result<Option<&[u8]>, Garbled> {
    while !bytes.is_empty() {
        let head = head(bytes)?.ok_or(Garbled::Cut)?;
        let length = usize::try_from(head.length).map_err(|_| Garbled::Field)?;
        let value = bytes.get(head.size..).and_then(|b| b.get(..length)).ok_or(Garbled::Cut)?;
        if head.delimited && head.number == number {
            return Ok(Some(value));
        }
        bytes = &bytes[head.size + length..];
    }
    Ok(None)
}

/// The object inside `k8s\0` and an `Unknown` envelope.
///
/// # Errors
/// Where there is no such envelope.
pub(crate) fn unwrap(bytes: &[u8]) -> Result<&[u8], Garbled> {
    let envelope = bytes.strip_prefix(super::MAGIC).ok_or(Garbled::NoMagic)?;
    find(envelope, 2)?.ok_or(Garbled::Field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_wait_for_enough_bytes_and_refuse_nonsense() {
        assert_eq!(head(&[]), Ok(None));
        assert_eq!(head(&[0x12]), Ok(None));
        assert_eq!(head(&[0x12, 0x80]), Ok(None));
        assert_eq!(head(&[0x12, 0x05]), Ok(Some(Head { number: 2, length: 5, delimited: true, size: 2 })));
        assert_eq!(head(&[0x07]), Err(Garbled::Field));
        assert_eq!(head(&[0x00, 0x00]), Err(Garbled::Field));
        assert_eq!(varint(&[0xff; 10]), Err(Garbled::Field));
    }

    #[test]
    fn an_envelope_gives_its_object() {
        assert_eq!(unwrap(b"k8s\0\x0a\x02\x0a\x00\x12\x03abc\x1a\x00"), Ok(&b"abc"[..]));
        assert_eq!(unwrap(b"{\"kind\":1}"), Err(Garbled::NoMagic));
        assert_eq!(unwrap(b"k8s\0\x12\x09abc"), Err(Garbled::Cut));
    }
}
