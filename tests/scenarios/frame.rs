//! A frame as a person reads it: lines of text, where a word stands, which line the cursor is on.

use quarterdeck::tui::theme::{Role, Theme};
use ratatui::buffer::{Buffer, Cell};

/// The characters, line by line.
pub(crate) fn lines(frame: &Buffer) -> Vec<String> {
    let cells = frame.content.chunks(usize::from(frame.area.width));
    cells.map(|line| line.iter().map(Cell::symbol).collect()).collect()
}

/// The characters, without the blanks at the ends of lines.
pub(crate) fn text(frame: &Buffer) -> String {
    lines(frame).iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

/// Column and line of the first place where a text stands.
pub(crate) fn place_of(frame: &Buffer, text: &str) -> Option<(u16, u16)> {
    let lines = lines(frame);
    let (y, line) = lines.iter().enumerate().find(|(_, line)| line.contains(text))?;
    let x = line.split(text).next().unwrap_or_default().chars().count();
    Some((u16::try_from(x).unwrap(), u16::try_from(y).unwrap()))
}

/// The line under the cursor: the first one with the ground of the selection on it.
pub(crate) fn cursor_line(frame: &Buffer, theme: &Theme) -> Option<(usize, String)> {
    let ground = theme.style(Role::Selection).bg?;
    let width = usize::from(frame.area.width);
    let y = frame.content.chunks(width).position(|line| line.iter().any(|cell| cell.bg == ground))?;
    Some((y, lines(frame)[y].clone()))
}

/// Whether a text stands somewhere in the colours of a role.
pub(crate) fn is_painted(frame: &Buffer, theme: &Theme, text: &str, role: Role) -> bool {
    let style = theme.style(role);
    let wide = text.chars().count();
    lines(frame).iter().zip(frame.content.chunks(usize::from(frame.area.width))).any(|(line, cells)| {
        let painted = |cell: &Cell| {
            style.fg.is_none_or(|fg| cell.fg == fg)
                && style.bg.is_none_or(|bg| cell.bg == bg)
                && cell.modifier.contains(style.add_modifier)
        };
        let starts = line.match_indices(text).map(|(at, _)| line[..at].chars().count());
        starts.into_iter().any(|at| cells[at..at + wide].iter().all(painted))
    })
}
