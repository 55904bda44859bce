//! The screens: what a person sees and presses. Reads the engine's state, never a Source.
//!
//! `input` turns bytes into what a person did, `app` decides what that means (with `keymap`), `screen`, `overlay` and
//! `widget` draw with the roles of `theme`, `paint` turns pictures into bytes, `terminal` holds the terminal, and `run` is
//! the loop around them.

pub mod app;
mod canvas;
#[cfg(debug_assertions)]
mod fault;
mod files;
pub mod input;
pub mod keymap;
pub mod log;
pub mod overlay;
mod paint;
mod run;
pub mod screen;
pub mod state;
pub mod terminal;
pub mod theme;
pub mod widget;

pub use run::{Error, Options, Reload, run};
