//! The picture in the README: the demo's first screen as the program draws it, cell by cell, as SVG.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::program::Program;

const COLUMNS: u16 = 100;
const ROWS: u16 = 28;
/// Width and height of a cell, in pixels.
const CELL: (u32, u32) = (9, 19);
/// How long nothing must come until a screen counts as drawn.
const QUIET: Duration = Duration::from_secs(3);

#[test]
fn the_picture_in_the_readme_is_what_the_program_draws() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    assert!(readme.contains("(tests/cli/watch.svg)"));
    let path = root.join("tests/cli/watch.svg");
    let drawn = svg(drawn().screen());
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == drawn, "the screen has changed: look at it, then INSTA_UPDATE=always writes {}", path.display());
}

/// The screen after everything has come; `q` ends the program well.
fn drawn() -> vt100::Parser {
    let program = Program::new();
    let pair =
        native_pty_system().openpty(PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 }).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.args(["demo", "--seed", "7", "--at", "10m"]);
    command.env_clear();
    for (name, value) in
        [("LANG", "C.UTF-8"), ("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("PATH", "/usr/bin:/bin")]
    {
        command.env(name, value);
    }
    command.env("HOME", program.home());
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let (mut reader, mut writer) = (pair.master.try_clone_reader().unwrap(), pair.master.take_writer().unwrap());
    let (to, pieces) = sync_channel::<Vec<u8>>(64);
    #[expect(clippy::disallowed_methods, reason = "a pseudo-terminal is read by a thread of the test")]
    let reading = std::thread::spawn(move || {
        let mut buffer = vec![0; 65536];
        while let Ok(n @ 1..) = reader.read(&mut buffer) {
            if to.send(buffer[..n].to_vec()).is_err() {
                break;
            }
        }
    });
    let mut parser = vt100::Parser::new(NonZeroU16::new(ROWS).unwrap(), NonZeroU16::new(COLUMNS).unwrap(), 0);
    settle(&pieces, &mut parser);
    writer.write_all(b"q").unwrap();
    let mut picture = vt100::Parser::new(NonZeroU16::new(ROWS).unwrap(), NonZeroU16::new(COLUMNS).unwrap(), 0);
    picture.process(&parser.screen().contents_formatted());
    while pieces.recv().is_ok() {}
    assert!(child.wait().unwrap().success());
    reading.join().unwrap();
    picture
}

/// Reads until all Sources have answered, the numbers of the selection have come, and nothing more comes.
fn settle(pieces: &Receiver<Vec<u8>>, parser: &mut vt100::Parser) {
    for _ in 0..10_000 {
        match pieces.recv_timeout(QUIET) {
            Ok(piece) => parser.process(&piece),
            Err(RecvTimeoutError::Disconnected) => panic!("it ended: {}", parser.screen().contents()),
            Err(RecvTimeoutError::Timeout) => {
                let text = parser.screen().contents();
                if text.contains("10 sources") && text.contains(" cores") {
                    return;
                }
            }
        }
    }
    panic!("it never came to rest: {}", parser.screen().contents());
}

fn svg(screen: &vt100::Screen) -> String {
    let (width, height) = (u32::from(COLUMNS) * CELL.0, u32::from(ROWS) * CELL.1);
    let ground = screen.cell(0, 0).map_or(String::new(), |cell| colour(cell.bgcolor(), "#000000"));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"15\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{ground}\"/>\n"
    );
    for row in 0..ROWS {
        let mut column = 0;
        while column < COLUMNS {
            let style = style(screen, row, column);
            let start = column;
            let mut text = String::new();
            while column < COLUMNS && self::style(screen, row, column) == style {
                let cell = screen.cell(row, column).unwrap();
                if !cell.is_wide_continuation() {
                    text.push_str(if cell.has_contents() { cell.contents() } else { " " });
                }
                column += 1;
            }
            run(&mut out, (row, start, column - start), &text, &style, &ground);
        }
    }
    out + "</svg>\n"
}

/// Foreground, background, bold.
fn style(screen: &vt100::Screen, row: u16, column: u16) -> (String, String, bool) {
    let cell = screen.cell(row, column).unwrap();
    let (front, back) = (colour(cell.fgcolor(), "#c8d0d8"), colour(cell.bgcolor(), "#000000"));
    if cell.inverse() { (back, front, cell.bold()) } else { (front, back, cell.bold()) }
}

fn run(out: &mut String, at: (u16, u16, u16), text: &str, style: &(String, String, bool), ground: &str) {
    let (x, y) = (u32::from(at.1) * CELL.0, u32::from(at.0) * CELL.1);
    let width = u32::from(at.2) * CELL.0;
    let (front, back, bold) = style;
    if back != ground {
        writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{back}\"/>", CELL.1).unwrap();
    }
    if text.trim().is_empty() {
        return;
    }
    let weight = if *bold { " font-weight=\"bold\"" } else { "" };
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let base = y + CELL.1 - 5;
    writeln!(
        out,
        "<text x=\"{x}\" y=\"{base}\" fill=\"{front}\"{weight} xml:space=\"preserve\" textLength=\"{width}\">{text}</text>"
    )
    .unwrap();
}

fn colour(colour: vt100::Color, default: &str) -> String {
    match colour {
        vt100::Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        vt100::Color::Default | vt100::Color::Idx(_) => default.to_owned(),
    }
}
