//! Lines that only moved: the terminal moves them itself, so that following a log over a slow link costs the new line and
//! not the whole page.

use std::hash::{DefaultHasher, Hash, Hasher};

use ratatui::buffer::{Buffer, Cell};

/// Lines that must be saved for the terminal to be asked at all.
const WORTH: usize = 4;

/// A run of lines that moves up (or down) inside itself; the lines that come free are blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shift {
    /// First and last line of the run.
    pub(super) top: u16,
    pub(super) bottom: u16,
    pub(super) by: u16,
    pub(super) up: bool,
}

/// The shift that brings most of the old lines to where the new picture wants them, if one is worth it.
pub(super) fn find(old: &Buffer, new: &Buffer) -> Option<Shift> {
    let changed: Vec<usize> =
        lines(old).zip(lines(new)).enumerate().filter(|(_, (old, new))| old != new).map(|(y, _)| y).collect();
    let (first, last) = (*changed.first()?, *changed.last()?);
    // Most frames change a line or two: they are not looked at any closer.
    if changed.len() < WORTH {
        return None;
    }
    let (old, new) = (hashes(old, first, last), hashes(new, first, last));
    let candidates = (1..=old.len() / 2).flat_map(|by| [(by, true), (by, false)]);
    let rated = candidates.filter_map(|(by, up)| rate(&old, &new, first, (by, up)));
    rated.max_by_key(|(saved, shift)| (*saved, std::cmp::Reverse(shift.by))).map(|(_, shift)| shift)
}

/// How many lines a shift saves, and the run that it moves; `first` is the screen's line of the first hash.
fn rate(old: &[u64], new: &[u64], first: usize, (by, up): (usize, bool)) -> Option<(usize, Shift)> {
    let all = 0..old.len();
    let from = |y: usize| if up { Some(y + by) } else { y.checked_sub(by) };
    let lands = |y: &usize| from(*y).and_then(|from| old.get(from)) == Some(&new[*y]);
    let moved = |y: &usize| lands(y) && new[*y] != old[*y];
    let (start, end) = (all.clone().find(moved)?, all.clone().rfind(moved)?);
    let (top, bottom) = if up { (start, end + by) } else { (start - by, end) };
    let saved = all.filter(moved).count();
    let spoiled = (top..=bottom).filter(|y| new[*y] == old[*y] && !lands(y)).count();
    let gain = saved.checked_sub(spoiled)?;
    let line = |y: usize| u16::try_from(first + y).ok();
    (gain >= WORTH).then_some((gain, Shift { top: line(top)?, bottom: line(bottom)?, by: u16::try_from(by).ok()?, up }))
}

fn lines(buf: &Buffer) -> impl Iterator<Item = &[Cell]> {
    buf.content.chunks(usize::from(buf.area.width).max(1))
}

fn hashes(buf: &Buffer, first: usize, last: usize) -> Vec<u64> {
    let hash = |line: &[Cell]| {
        let mut hasher = DefaultHasher::new();
        line.hash(&mut hasher);
        hasher.finish()
    };
    lines(buf).skip(first).take(last - first + 1).map(hash).collect()
}

impl Shift {
    /// What the terminal does: set the margins, delete or insert lines at their top, take the margins away. These, not
    /// `SU` and `SD`, since the Linux console knows only these.
    pub(super) fn bytes(self) -> Vec<u8> {
        let (top, bottom, by) = (self.top + 1, self.bottom + 1, self.by);
        let does = if self.up { 'M' } else { 'L' };
        format!("\x1b[0m\x1b[{top};{bottom}r\x1b[{top};1H\x1b[{by}{does}\x1b[r").into_bytes()
    }

    /// The picture after it.
    pub(super) fn applied(self, old: &Buffer) -> Buffer {
        let mut out = old.clone();
        let width = usize::from(old.area.width);
        let line = |y: usize| y * width..(y + 1) * width;
        let (top, bottom, by) = (usize::from(self.top), usize::from(self.bottom), usize::from(self.by));
        for y in top..=bottom {
            let from = if self.up { Some(y + by) } else { y.checked_sub(by) };
            match from.filter(|from| (top..=bottom).contains(from)) {
                Some(from) => out.content[line(y)].clone_from_slice(&old.content[line(from)]),
                None => out.content[line(y)].fill(Cell::default()),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(lines: impl IntoIterator<Item = String>) -> Buffer {
        Buffer::with_lines(lines)
    }

    fn log(from: usize) -> Buffer {
        let body = (from..from + 8).map(|n| format!("line {n:04}"));
        page(["head     ".to_owned()].into_iter().chain(body).chain([format!("foot {from:04}")]))
    }

    #[test]
    fn a_log_that_grew_moves_up_between_head_and_foot() {
        let up = Shift { top: 1, bottom: 8, by: 2, up: true };
        assert_eq!(find(&log(10), &log(12)), Some(up));
        assert_eq!(find(&log(12), &log(10)), Some(Shift { up: false, ..up }));
        let after = up.applied(&log(10));
        let wanted = log(12);
        assert_eq!(after.content[9..9 * 7], wanted.content[9..9 * 7], "what moved is where it should be");
    }

    #[test]
    fn a_picture_that_changed_in_place_is_not_moved() {
        assert_eq!(find(&log(10), &log(10)), None);
        let other = page((0..10).map(|n| format!("else {n:04}")));
        assert_eq!(find(&log(10), &other), None);
    }
}
