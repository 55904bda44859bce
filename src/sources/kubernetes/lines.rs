//! Bytes split into lines of bounded length: what is over it is dropped as it comes, never held.

use crate::model::text::LINE_LIMIT;

/// The splitter.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    held: Vec<u8>,
    /// Bytes of the present line that were dropped.
    over: usize,
}

impl Lines {
    /// Takes bytes; gives each line that is whole now, and how many bytes of it were dropped.
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8], usize)) {
        while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
            self.take(&bytes[..end]);
            let line = self.held.strip_suffix(b"\r").unwrap_or(&self.held);
            each(line, self.over);
            self.held.clear();
            self.over = 0;
            bytes = &bytes[end + 1..];
        }
        self.take(bytes);
    }

    /// The end: the last line may lack its line end.
    pub(crate) fn finish(mut self, each: impl FnMut(&[u8], usize)) {
        if !self.held.is_empty() {
            self.push(b"\n", each);
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        // A timestamp stands in front of the line.
        let room = (LINE_LIMIT + 64).saturating_sub(self.held.len()).min(bytes.len());
        self.held.extend_from_slice(&bytes[..room]);
        self.over += bytes.len() - room;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_at_any_split_and_never_longer_than_allowed() {
        let text = b"a\nbb\r\n\nlast";
        for cut in 0..text.len() {
            let (mut lines, mut got) = (Lines::default(), Vec::new());
            let mut each = |line: &[u8], _| got.push(line.to_vec());
            lines.push(&text[..cut], &mut each);
            lines.push(&text[cut..], &mut each);
            lines.finish(&mut each);
            assert_eq!(got, [&b"a"[..], b"bb", b"", b"last"]);
        }
        let (mut lines, mut got) = (Lines::default(), Vec::new());
        for _ in 0..1000 {
            lines.push(&[b'x'; 1024], |_, _| {});
        }
        lines.push(b"\n", |line, over| got.push((line.len(), over)));
        assert_eq!(got, [(LINE_LIMIT + 64, 1_024_000 - LINE_LIMIT - 64)]);
    }
}
