//! A table that asks only for the rows on screen, and drops whole columns where it is narrow instead of cutting facts.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::words;
use crate::tui::screen::View;
use crate::tui::theme::Role;

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub title: &'static str,
    /// Cells that it takes at least.
    pub width: u16,
    /// Takes what is left over; several share it.
    pub grows: bool,
    pub right: bool,
    /// Columns of the highest rank go first where it is narrow; 0 stays always.
    pub rank: u8,
}

impl Column {
    /// Words, from the left.
    #[must_use]
    pub const fn text(title: &'static str, width: u16) -> Self {
        Self { title, width, grows: false, right: false, rank: 0 }
    }

    /// Numbers, from the right.
    #[must_use]
    pub const fn number(title: &'static str, width: u16) -> Self {
        Self { right: true, ..Self::text(title, width) }
    }

    /// The same, taking what is left over.
    #[must_use]
    pub const fn grows(self) -> Self {
        Self { grows: true, ..self }
    }

    /// The same with a rank.
    #[must_use]
    pub const fn rank(self, rank: u8) -> Self {
        Self { rank, ..self }
    }
}

/// One row: a line per column, and the background it lies on.
#[derive(Clone, Debug, Default)]
pub struct Row<'a> {
    pub cells: Vec<Line<'a>>,
    pub ground: Option<Role>,
    /// A row over the whole width instead of cells (a heading, a reason).
    pub whole: Option<Line<'a>>,
}

impl<'a> Row<'a> {
    /// Cells on the plain ground.
    #[must_use]
    pub fn of(cells: Vec<Line<'a>>) -> Self {
        Self { cells, ground: None, whole: None }
    }

    /// One line over all columns.
    #[must_use]
    pub fn whole(line: Line<'a>) -> Self {
        Self { cells: Vec::new(), ground: None, whole: Some(line) }
    }

    /// The same on another ground.
    #[must_use]
    pub fn on(self, ground: Role) -> Self {
        Self { ground: Some(ground), ..self }
    }
}

/// Empty cells between columns, and at both edges of the screen one.
pub const GAP: u16 = 2;

/// What stands where.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    pub columns: &'a [Column],
    /// Rows that there are.
    pub count: usize,
    /// The first row on screen.
    pub top: usize,
    /// The row under the cursor.
    pub at: Option<usize>,
}

impl Table<'_> {
    /// Rows that an area has room for, below the heading.
    #[must_use]
    pub fn room(area: Rect) -> usize {
        usize::from(area.height.saturating_sub(1))
    }

    /// The row that lies at a line of the screen, if one does.
    #[must_use]
    pub fn row_at(&self, area: Rect, y: u16) -> Option<usize> {
        let line = y.checked_sub(area.y.saturating_add(1)).filter(|line| usize::from(*line) < Self::room(area))?;
        let row = self.top + usize::from(line);
        (row < self.count).then_some(row)
    }

    /// Draws heading and rows; `row` is asked once for each row on screen.
    pub fn draw<'a>(&self, view: &View<'_>, area: Rect, buf: &mut Buffer, mut row: impl FnMut(usize) -> Row<'a>) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let places = places(self.columns, area.width);
        let heading: Vec<Line<'_>> =
            self.columns.iter().map(|column| Line::styled(column.title, view.style(Role::Quiet))).collect();
        self.line(view, Rect { height: 1, ..area }, buf, (&places, &heading));
        for line in 0..Self::room(area) {
            let n = self.top + line;
            if n >= self.count {
                break;
            }
            let Some(y) = u16::try_from(line).ok().and_then(|line| area.y.checked_add(line + 1)) else { break };
            let place = Rect { y, height: 1, ..area };
            let content = row(n);
            let ground = if self.at == Some(n) { Some(Role::Selection) } else { content.ground };
            match &content.whole {
                Some(whole) => words::draw(
                    whole,
                    Rect { x: place.x + 1, width: place.width.saturating_sub(2), ..place },
                    buf,
                    view.glyphs,
                ),
                None => self.line(view, place, buf, (&places, &content.cells)),
            }
            if let Some(ground) = ground {
                buf.set_style(place, view.style(ground));
            }
        }
    }

    fn line(&self, view: &View<'_>, area: Rect, buf: &mut Buffer, (places, cells): (&[Option<Place>], &[Line<'_>])) {
        for ((column, place), cell) in self.columns.iter().zip(places).zip(cells) {
            let Some((x, width)) = *place else { continue };
            let taken = u16::try_from(cell.width()).unwrap_or(u16::MAX);
            let shift = if column.right { width.saturating_sub(taken) } else { 0 };
            let place = Rect { x: area.x + x + shift, width: width - shift, ..area };
            words::draw(cell, place, buf, view.glyphs);
        }
    }
}

/// The first cell of a column and its width.
pub type Place = (u16, u16);

/// Where each column stands in `width` cells, or `None` where it is dropped.
#[must_use]
pub fn places(columns: &[Column], width: u16) -> Vec<Option<Place>> {
    let room = width.saturating_sub(2);
    let need = |limit: u8| {
        let kept = columns.iter().filter(|column| column.rank <= limit);
        kept.map(|column| column.width.saturating_add(GAP)).fold(0u16, u16::saturating_add).saturating_sub(GAP)
    };
    let highest = columns.iter().map(|column| column.rank).max().unwrap_or(0);
    let limit = (0..=highest).rev().find(|limit| need(*limit) <= room).unwrap_or(0);
    let growing = columns.iter().filter(|column| column.rank <= limit && column.grows).count();
    let mut spare = room.saturating_sub(need(limit));
    let share = spare.checked_div(u16::try_from(growing).unwrap_or(u16::MAX)).unwrap_or(0);
    let (mut x, mut left) = (1u16, growing);
    let mut out = Vec::with_capacity(columns.len());
    for column in columns {
        if column.rank > limit {
            out.push(None);
            continue;
        }
        let mut taken = column.width;
        if column.grows {
            let more = if left == 1 { spare } else { share };
            spare -= more;
            left -= 1;
            taken += more;
        }
        let end = width.saturating_sub(1).max(x);
        out.push((x < end).then(|| (x, taken.min(end - x))));
        x = x.saturating_add(taken).saturating_add(GAP);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column::text("NAME", 10).grows(),
        Column::text("PLATFORM", 10).rank(2),
        Column::number("READY", 5),
        Column::number("AGE", 4).rank(1),
    ];

    #[test]
    fn whole_columns_go_by_rank_where_it_is_narrow() {
        let shown = |width| places(COLUMNS, width).iter().map(Option::is_some).collect::<Vec<_>>();
        assert_eq!(shown(40), [true, true, true, true]);
        assert_eq!(shown(30), [true, false, true, true]);
        assert_eq!(shown(20), [true, false, true, false]);
        assert_eq!(places(COLUMNS, 20)[0], Some((1, 11)), "what is left over goes to the column that grows");
    }

    #[test]
    fn no_width_is_too_small() {
        for width in 0..60 {
            for (x, taken) in places(COLUMNS, width).into_iter().flatten() {
                assert!(x + taken <= width, "{width}");
            }
        }
    }
}
