//! Aligned columns for people and for `awk`: a header with the units, two spaces between columns, numbers to the right.

use unicode_width::UnicodeWidthStr;

/// Where a column's cells stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// A table that is being filled.
pub struct Table {
    head: Vec<(&'static str, Side)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With these columns.
    #[must_use]
    pub fn new(head: &[(&'static str, Side)]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; an empty cell is drawn as `-`, so that columns can be counted.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let dash = |cell: String| if cell.is_empty() { "-".to_owned() } else { cell };
        self.rows.push(cells.into_iter().map(dash).collect());
    }

    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines; the last column is not filled up, so that no line ends in blanks.
    #[must_use]
    pub fn text(&self) -> String {
        let columns = self.head.len();
        let widest = |at: usize| self.rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.width()).max();
        let widths: Vec<usize> = (0..columns).map(|at| self.head[at].0.width().max(widest(at).unwrap_or(0))).collect();
        let mut out = String::new();
        let head = self.head.iter().map(|(name, _)| (*name).to_owned()).collect();
        for row in std::iter::once(&head).chain(&self.rows) {
            let mut line = String::new();
            for (at, cell) in row.iter().enumerate() {
                let fill = " ".repeat(widths[at].saturating_sub(cell.width()));
                match self.head[at].1 {
                    Side::Left => line.extend([cell.as_str(), &fill]),
                    Side::Right => line.extend([&fill, cell.as_str()]),
                }
                line.push_str("  ");
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_what_the_eye_sees() {
        let mut table = Table::new(&[("NAME", Side::Left), ("READY", Side::Right)]);
        table.row(["日本".to_owned(), "3".to_owned()]);
        table.row(["worker".to_owned(), String::new()]);
        assert_eq!(table.text(), "NAME    READY\n日本        3\nworker      -\n");
    }
}
