//! The screens: what a person sees and presses. Reads the engine's state, never a Source.

pub mod keymap;
pub mod screen;
pub mod state;
pub mod theme;
pub mod widget;
