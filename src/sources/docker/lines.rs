//! Cuts a stream of bytes into lines of bounded length: what is longer is counted, never kept.

use bytes::BytesMut;

/// A line, without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) bytes: Vec<u8>,
    /// Bytes that were left out behind the kept ones.
    pub(super) cut: u64,
}

/// Collects bytes until a line is whole.
#[derive(Debug)]
pub(super) struct Lines {
    limit: usize,
    kept: BytesMut,
    cut: u64,
}

impl Lines {
    /// Lines of at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, kept: BytesMut::new(), cut: 0 }
    }

    /// Takes bytes in and gives the lines that they end.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut line: impl FnMut(Line)) {
        while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
            self.keep(&bytes[..end]);
            line(self.take());
            bytes = &bytes[end + 1..];
        }
        self.keep(bytes);
    }

    /// The rest after the stream has ended, if there is any.
    pub(super) fn rest(&mut self) -> Option<Line> {
        (!self.kept.is_empty() || self.cut > 0).then(|| self.take())
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = (self.limit - self.kept.len()).min(bytes.len());
        self.kept.extend_from_slice(&bytes[..room]);
        self.cut += (bytes.len() - room) as u64;
    }

    fn take(&mut self) -> Line {
        let mut bytes = self.kept.split().to_vec();
        if self.cut == 0 && bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        Line { bytes, cut: std::mem::take(&mut self.cut) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lines: &mut Lines, bytes: &[u8]) -> Vec<(String, u64)> {
        let mut found = Vec::new();
        lines.feed(bytes, |l| found.push((String::from_utf8(l.bytes).unwrap(), l.cut)));
        found
    }

    #[test]
    fn lines_come_whole_however_they_are_cut_in_pieces() {
        let mut lines = Lines::new(64);
        assert_eq!(all(&mut lines, b"on"), []);
        assert_eq!(all(&mut lines, b"e\r\ntwo\n\nth"), [("one".into(), 0), ("two".into(), 0), (String::new(), 0)]);
        assert_eq!(lines.rest().unwrap().bytes, b"th");
        assert_eq!(lines.rest(), None);
    }

    #[test]
    fn c_a_line_without_end_keeps_its_beginning_only() {
        let mut lines = Lines::new(8);
        for _ in 0..1000 {
            assert_eq!(all(&mut lines, &[b'x'; 1024]), []);
        }
        assert_eq!(all(&mut lines, b"\nnext\n"), [("xxxxxxxx".into(), 1024 * 1000 - 8), ("next".into(), 0)]);
        assert!(lines.kept.capacity() <= 4096);
    }
}
