//! From the terminal's bytes to what a person did. An own parser: replies of the terminal and broken sequences must never
//! become keys, and crossterm's reader spins for ever where the terminal goes away (crossterm#793).

pub mod parser;
pub mod reader;

use super::keymap::Chord;

/// What came from the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Key(Chord),
    /// The left button went down at this cell.
    Click {
        x: u16,
        y: u16,
    },
    Wheel {
        down: bool,
    },
    /// Text that was pasted, at most [`parser::PASTE_LIMIT`] bytes of it.
    Paste(String),
    /// The terminal is gone: closed, hung up, or at its end.
    Gone,
}
