//! A graph of several lines: bars from zero to the greatest value, the limit drawn through the empty cells, and an axis of
//! time below.

use ratatui::text::{Line, Span};

use super::ages;
use crate::tui::screen::View;
use crate::tui::theme::Role;

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Graph<'a> {
    /// One for each cell, the newest at the right.
    pub values: &'a [Option<f64>],
    pub limit: Option<f64>,
    /// Whether values below the limit are the bad ones.
    pub below: bool,
    /// Lines of bars.
    pub height: usize,
    /// Seconds that one cell stands for.
    pub step: i64,
}

/// Cells of the numbers beside the bars.
pub const LABEL: usize = 9;

impl Graph<'_> {
    /// The lines, the axis as the last.
    #[must_use]
    pub fn lines(&self, view: &View<'_>) -> Vec<Line<'static>> {
        let known = self.values.iter().flatten().copied();
        let greatest = known.chain(self.limit).fold(0.0, f64::max);
        let top = if greatest > 0.0 { greatest * 1.1 } else { 1.0 };
        let height = self.height.max(1);
        let mut lines: Vec<Line<'static>> = (0..height).map(|row| self.row(view, height - 1 - row, top)).collect();
        lines.push(axis(view, LABEL, self.values.len(), self.step));
        lines
    }

    /// The line of bars that stands `row` lines above the lowest.
    fn row(&self, view: &View<'_>, row: usize, top: f64) -> Line<'static> {
        let part = top / self.height.max(1) as f64;
        let (from, to) = (part * row as f64, part * (row + 1) as f64);
        let limit = self.limit.filter(|limit| (from..to).contains(limit));
        let label = match limit {
            Some(limit) => figure(limit),
            None if row + 1 == self.height => figure(to),
            None if row == 0 => "0".to_owned(),
            None => String::new(),
        };
        let role = if limit.is_some() { Role::Warn } else { Role::Quiet };
        let mut spans = vec![Span::styled(format!("{label:>width$} ", width = LABEL - 1), view.style(role))];
        let mut run = (String::new(), Role::Quiet);
        for value in self.values {
            let (cell, role) = self.cell(view, *value, (from, to), limit.is_some());
            if role != run.1 && !run.0.is_empty() {
                let done = std::mem::take(&mut run.0);
                spans.push(Span::styled(done, view.style(run.1)));
            }
            run.0.push_str(cell);
            run.1 = role;
        }
        spans.push(Span::styled(run.0, view.style(run.1)));
        Line::from(spans)
    }

    fn cell<'v>(&self, view: &View<'v>, value: Option<f64>, (from, to): (f64, f64), limit: bool) -> (&'v str, Role) {
        let empty = if limit { (view.glyphs.rule, Role::Warn) } else { (" ", Role::Quiet) };
        let Some(value) = value.filter(|value| *value > from || from == 0.0) else { return empty };
        let bad = self.limit.is_some_and(|limit| if self.below { value < limit } else { value > limit });
        let role = if bad { Role::Bad } else { Role::Accent };
        (view.glyphs.bars[eighths((value - from) / (to - from))], role)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=7 before")]
fn eighths(share: f64) -> usize {
    (share * 7.0).round().clamp(0.0, 7.0) as usize
}

/// A number in few cells.
fn figure(n: f64) -> String {
    match n {
        n if n >= 1e9 => format!("{:.1}G", n / 1e9),
        n if n >= 1e6 => format!("{:.1}M", n / 1e6),
        n if n >= 1e4 => format!("{:.0}k", n / 1e3),
        n if n >= 100.0 => format!("{n:.0}"),
        n if n >= 1.0 => format!("{n:.1}").trim_end_matches(".0").to_owned(),
        n => format!("{n:.3}"),
    }
}

/// When the cells above it were: the begin, the middle, now.
#[must_use]
pub fn axis(view: &View<'_>, indent: usize, cells: usize, step: i64) -> Line<'static> {
    let back = |cells: usize| ages::short(i64::try_from(cells).unwrap_or(0) * step);
    let (first, half, last) = (format!("-{}", back(cells)), format!("-{}", back(cells - cells / 2)), "now");
    let mut line = " ".repeat(indent);
    line.push_str(&first);
    if cells >= 40 {
        let at = indent + cells / 2;
        line.push_str(&" ".repeat(at.saturating_sub(line.chars().count())));
        line.push_str(&half);
    }
    let end = indent + cells;
    if end > line.chars().count() + last.len() {
        line.push_str(&" ".repeat(end - last.len() - line.chars().count()));
        line.push_str(last);
    }
    Line::styled(line, view.style(Role::Quiet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_heights_stay_within_a_cell() {
        assert_eq!([2140.0, 61.5, 5.0, 0.06, 12_300.0, 3e6].map(figure), ["2140", "61.5", "5", "0.060", "12k", "3.0M"]);
        assert_eq!([-1.0, 0.0, 0.5, 1.0, 9.0].map(eighths), [0, 0, 4, 7, 7]);
    }
}
