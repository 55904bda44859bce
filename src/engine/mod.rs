//! One ordered stream of messages, one owner of state, a pure update; the runtime does what the update asks for.
//!
//! [`Console`] is what a face holds: it pumps messages from a live [`runtime`] or from a [`tape`], and lets the face ask.

pub mod books;
pub mod clock;
pub mod console;
pub mod effect;
pub mod execute;
pub mod keeper;
pub mod msg;
pub mod planner;
pub mod runtime;
pub mod state;
pub mod tape;
pub mod update;

pub use crate::sources::port::{Opener, RawAsk};
pub use books::Books;
pub use console::Console;
pub use effect::Effect;
pub use msg::{Ask, LogsWanted, Msg, PaneId, Stamped};
pub use state::{AlarmPane, LogPane, RawPane, State};
pub use update::update;

#[cfg(test)]
mod tests;
