//! The picture in the README: Watch as the program draws it, cell by cell, as SVG. `INSTA_UPDATE=always` draws it anew.

use std::fmt::Write as _;
use std::path::Path;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::play::{Begin, Play};

/// Width and height of a cell in pixels, and how far below its upper edge letters stand.
const CELL: (usize, usize) = (9, 19);
const BASE: usize = 14;
/// Empty pixels around the cells.
const EDGE: usize = 14;
const FONTS: &str = "ui-monospace, 'DejaVu Sans Mono', 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace";

#[test]
fn the_picture_in_the_readme_is_what_the_program_draws() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    assert!(readme.contains("(tests/scenarios/watch.svg)"), "the README shows no picture");
    let mut play = Play::begin(Begin { story: 60, size: (120, 40), theme: "dark", recorded: false });
    play.go_on_to(590);
    play.see("health check failing");
    let drawn = svg(play.frame());
    let path = root.join("tests/scenarios/watch.svg");
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        return std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == drawn, "Watch looks different now: look at it, then INSTA_UPDATE=always takes the new picture");
}

/// Cells of one style that stand side by side.
struct Run<'a> {
    cells: &'a [Cell],
    x: usize,
    y: usize,
}

fn svg(frame: &Buffer) -> String {
    let (columns, lines) = (usize::from(frame.area.width), usize::from(frame.area.height));
    let (width, height) = (columns * CELL.0 + 2 * EDGE, lines * CELL.1 + 2 * EDGE);
    let ground = colour(frame[(0, 0)].bg);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"{FONTS}\" font-size=\"15\">\n\
         <rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"9\" fill=\"{ground}\" stroke=\"#30363d\"/>\n",
        width - 1,
        height - 1
    );
    for (y, line) in frame.content.chunks(columns).enumerate() {
        let mut x = 0;
        for cells in line.chunk_by(|a, b| look(a) == look(b)) {
            grounds(&mut out, &Run { cells, x, y }, &ground);
            x += cells.len();
        }
        for (x, cells) in bars(line) {
            bar(&mut out, &Run { cells, x, y });
        }
        x = 0;
        for cells in line.chunk_by(|a, b| look(a) == look(b)) {
            words(&mut out, &Run { cells, x, y });
            x += cells.len();
        }
    }
    out + "</svg>\n"
}

fn look(cell: &Cell) -> (Color, Color, Modifier) {
    (cell.fg, cell.bg, cell.modifier)
}

/// What lies behind the letters, where it is not the ground of all.
fn grounds(out: &mut String, run: &Run<'_>, ground: &str) {
    let own = colour(run.cells[0].bg);
    if own != ground {
        let (x, y, width) = (EDGE + run.x * CELL.0, EDGE + run.y * CELL.1, run.cells.len() * CELL.0);
        writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{own}\"/>", CELL.1).unwrap();
    }
}

/// The letters: each piece has its place and its length, so that columns stand whatever font the reader has.
fn words(out: &mut String, run: &Run<'_>) {
    let first = &run.cells[0];
    let weight = if first.modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let fill = colour(first.fg);
    let mut rest = run.cells;
    while let Some(begin) = rest.iter().position(|cell| !blank(cell)) {
        rest = &rest[begin..];
        // Two blanks end a piece; one stands between its words.
        let end = rest.windows(2).position(|two| blank(&two[0]) && blank(&two[1])).unwrap_or(rest.len());
        let piece = &rest[..end];
        let piece = &piece[..=piece.iter().rposition(|cell| !blank(cell)).unwrap_or(0)];
        let x = EDGE + (run.x + run.cells.len() - rest.len()) * CELL.0;
        let (base, long) = (EDGE + run.y * CELL.1 + BASE, piece.len() * CELL.0);
        let text: String = piece.iter().map(Cell::symbol).collect();
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let size = format!("textLength=\"{long}\" lengthAdjust=\"spacingAndGlyphs\"");
        writeln!(out, "<text x=\"{x}\" y=\"{base}\" fill=\"{fill}\"{weight} {size}>{text}</text>").unwrap();
        rest = &rest[end..];
    }
}

/// Curves and rules: the same sign over several cells, with its place.
fn bars(line: &[Cell]) -> Vec<(usize, &[Cell])> {
    let mut x = 0;
    let mut found = Vec::new();
    for cells in line.chunk_by(|a, b| a.symbol() == b.symbol() && a.fg == b.fg) {
        if drawn(&cells[0]).is_some() {
            found.push((x, cells));
        }
        x += cells.len();
    }
    found
}

/// Upper edge and height in the cell of a sign that is drawn as a bar: no font has to have it.
fn drawn(cell: &Cell) -> Option<(usize, usize)> {
    let sign = cell.symbol();
    if sign == "─" {
        return Some((CELL.1 / 2, 1));
    }
    let eighths = "▁▂▃▄▅▆▇█".chars().position(|block| sign.starts_with(block))? + 1;
    // A little less than the cell, so that curves that stand on each other do not touch.
    let height = (CELL.1 - 3) * eighths / 8;
    Some((CELL.1 - 1 - height, height))
}

fn bar(out: &mut String, run: &Run<'_>) {
    let Some((top, height)) = drawn(&run.cells[0]) else { return };
    let (x, y, width) = (EDGE + run.x * CELL.0, EDGE + run.y * CELL.1 + top, run.cells.len() * CELL.0);
    let fill = colour(run.cells[0].fg);
    writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>").unwrap();
}

/// Nothing that letters are needed for.
fn blank(cell: &Cell) -> bool {
    cell.symbol().trim().is_empty() || drawn(cell).is_some()
}

fn colour(colour: Color) -> String {
    match colour {
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        other => panic!("no colour of the theme: {other}"),
    }
}
