//! The bytes of a log stream made lines: both framings, times parsed, lines of bounded length, secrets masked.

use super::lines::{Line, Lines};
use crate::model::{Key, LogLine, Stream, Text, Timestamp, redact};

/// Longest line kept, with room for its mark below the limit of a [`Text`].
const LONGEST: usize = 16 * 1024 - 64;
/// A time as the engine writes it before each message, and the blank behind it.
const TIME: usize = 40;
/// Before each piece of a stream that is no TTY: the stream's number, three zeros, the length.
const HEADER: usize = 8;

/// Reads one stream.
pub(super) struct Reader {
    instance: Key,
    /// `None`: a TTY, whose bytes come as they are.
    framing: Option<Framing>,
    out: Half,
    err: Half,
    /// Lines that are whole.
    pub(super) lines: Vec<LogLine>,
}

#[derive(Default)]
struct Framing {
    header: Vec<u8>,
    /// Bytes of the message under way that are still to come, and where they belong.
    left: usize,
    is_err: bool,
}

/// One of the two streams: its line under way, and the beginning of a message until its time is read.
struct Half {
    stream: Stream,
    lines: Lines,
    head: Option<Vec<u8>>,
    in_line: bool,
}

impl Half {
    fn new(stream: Stream) -> Self {
        Self { stream, lines: Lines::new(LONGEST + TIME), head: None, in_line: false }
    }

    fn line(&mut self, bytes: &[u8], out: &mut Vec<Line>) {
        if let Some(last) = bytes.last() {
            self.in_line = *last != b'\n';
            self.lines.feed(bytes, |line| out.push(line));
        }
    }

    /// A message begins: the engine cuts long lines into messages of 16 KB and gives each its own time.
    fn message(&mut self) {
        self.head = Some(Vec::new());
    }

    fn feed(&mut self, bytes: &[u8], ends: bool, out: &mut Vec<Line>) {
        let Some(mut head) = self.head.take() else { return self.line(bytes, out) };
        head.extend_from_slice(bytes);
        if head.len() < TIME && !ends {
            self.head = Some(head);
            return;
        }
        let skip = if self.in_line { split_time(&head).map_or(0, |(_, at)| at) } else { 0 };
        self.line(&head[skip..], out);
    }
}

impl Reader {
    /// A reader for a container with or without a TTY.
    pub(super) fn new(instance: Key, tty: bool) -> Self {
        let framing = (!tty).then(Framing::default);
        let out = if tty { Stream::Both } else { Stream::Out };
        Self { instance, framing, out: Half::new(out), err: Half::new(Stream::Err), lines: Vec::new() }
    }

    /// Takes bytes in; whole lines stand in `lines` after it.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        while !bytes.is_empty() {
            let Some(framing) = &mut self.framing else {
                self.pass(bytes, false, false);
                return;
            };
            if framing.left == 0 {
                let wanted = (HEADER - framing.header.len()).min(bytes.len());
                framing.header.extend_from_slice(&bytes[..wanted]);
                bytes = &bytes[wanted..];
                if framing.header.len() < HEADER {
                    return;
                }
                let header = std::mem::take(&mut framing.header);
                if header[0] > 2 || header[1..4] != [0, 0, 0] {
                    // It has no frames after all (an engine that calls its TTY otherwise): from here as it comes.
                    self.framing = None;
                    self.out.stream = Stream::Both;
                    self.pass(&header, false, false);
                    continue;
                }
                framing.left = u32::from_be_bytes([header[4], header[5], header[6], header[7]]) as usize;
                framing.is_err = header[0] == 2;
                if framing.is_err {
                    self.err.message();
                } else {
                    self.out.message();
                }
                continue;
            }
            let part = framing.left.min(bytes.len());
            framing.left -= part;
            let (is_err, ends) = (framing.is_err, framing.left == 0);
            self.pass(&bytes[..part], is_err, ends);
            bytes = &bytes[part..];
        }
    }

    /// The stream has ended: what is left is a line, too.
    pub(super) fn end(&mut self) {
        for is_err in [false, true] {
            self.pass(&[], is_err, true);
            let half = if is_err { &mut self.err } else { &mut self.out };
            if let Some(rest) = half.lines.rest() {
                let stream = half.stream;
                self.put(stream, &rest);
            }
        }
    }

    fn pass(&mut self, bytes: &[u8], is_err: bool, ends: bool) {
        let half = if is_err { &mut self.err } else { &mut self.out };
        let mut whole = Vec::new();
        half.feed(bytes, ends, &mut whole);
        let stream = half.stream;
        for line in whole {
            self.put(stream, &line);
        }
    }

    fn put(&mut self, stream: Stream, line: &Line) {
        let (at, rest) = split_time(&line.bytes).map_or((None, 0), |(time, at)| (Some(time), at));
        let said = &line.bytes[rest..];
        let kept = &said[..said.len().min(LONGEST)];
        let cut = line.cut + (said.len() - kept.len()) as u64;
        let text = clean(kept, cut);
        self.lines.push(LogLine { instance: self.instance.clone(), at, stream, container: None, text });
    }
}

/// The time at the beginning of a message, and where the rest begins.
fn split_time(bytes: &[u8]) -> Option<(Timestamp, usize)> {
    let blank = bytes.iter().take(TIME).position(|b| *b == b' ')?;
    let time = std::str::from_utf8(&bytes[..blank]).ok().filter(|t| t.contains('T'))?;
    Some((time.parse().ok()?, blank + 1))
}

/// Secrets masked first, then everything that a terminal could obey made visible.
fn clean(bytes: &[u8], cut: u64) -> Text {
    let read;
    let line = if let Ok(line) = std::str::from_utf8(bytes) {
        line
    } else {
        read = Text::bytes(bytes);
        read.raw()
    };
    let masked = redact::mask(line);
    if cut == 0 { Text::line(&masked) } else { Text::line(&format!("{masked}…⟦{cut} bytes more⟧")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, SourceName};

    fn reader(tty: bool) -> Reader {
        Reader::new(Key::new(&SourceName::new("docker:local"), Kind::Instance, "a"), tty)
    }

    fn framed(number: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![number, 0, 0, 0];
        frame.extend_from_slice(&u32::try_from(payload.len()).unwrap().to_be_bytes());
        frame.extend_from_slice(payload);
        frame
    }

    fn said(reader: &Reader) -> Vec<(Stream, String)> {
        reader.lines.iter().map(|l| (l.stream, l.text.shown().to_owned())).collect()
    }

    #[test]
    fn frames_are_told_apart_wherever_the_pieces_are_cut() {
        let mut bytes = framed(1, b"2026-11-21T07:09:47.890284218Z hello\n");
        bytes.extend(framed(2, b"2026-11-21T07:09:48.000000000Z oh \x1b[2J\n"));
        for size in [1, 3, 7, 1000] {
            let mut reader = reader(false);
            bytes.chunks(size).for_each(|piece| reader.feed(piece));
            assert_eq!(said(&reader), [(Stream::Out, "hello".into()), (Stream::Err, "oh ␛[2J".into())], "{size}");
            assert_eq!(reader.lines[0].at.unwrap().to_string(), "2026-11-21T07:09:47.890284218Z");
        }
    }

    #[test]
    fn a_tty_comes_as_it_is() {
        let mut reader = reader(true);
        reader.feed(b"2026-11-21T07:09:47.890284218Z hello\r\nno time");
        reader.end();
        assert_eq!(said(&reader), [(Stream::Both, "hello".into()), (Stream::Both, "no time".into())]);
    }

    #[test]
    fn a_stream_without_frames_is_read_all_the_same() {
        let mut reader = reader(false);
        reader.feed(b"plain words\n");
        assert_eq!(said(&reader), [(Stream::Both, "plain words".into())]);
    }

    #[test]
    fn a_long_line_that_comes_in_several_messages_is_one_line_without_times_in_it() {
        let mut reader = reader(false);
        reader.feed(&framed(1, b"2026-11-21T07:09:47.890284218Z aaaa"));
        reader.feed(&framed(1, b"2026-11-21T07:09:47.890284218Z bbbb\n"));
        assert_eq!(said(&reader), [(Stream::Out, "aaaabbbb".into())]);
    }

    #[test]
    fn c_a_line_of_100_mb_is_cut_and_marked() {
        let mut reader = reader(false);
        reader.feed(&framed(1, b"2026-11-21T07:09:47.890284218Z "));
        let piece = framed(1, &[b'x'; 16 * 1024]);
        (0..6400).for_each(|_| reader.feed(&piece));
        reader.feed(&framed(1, b"\n"));
        let text = reader.lines[0].text.shown();
        assert!(text.len() < 17_000 && text.ends_with("bytes more⟧"), "{}", &text[text.len() - 60..]);
    }

    #[test]
    fn m_secrets_in_log_lines_are_masked() {
        let mut reader = reader(true);
        reader.feed(b"DB_PASSWORD=hunter2\n\xffTOKEN=abc\n");
        assert!(said(&reader).iter().all(|(_, l)| !l.contains("hunter2") && !l.contains("abc")), "{:?}", said(&reader));
    }
}
