//! The real program in a pseudo-terminal: what it writes, and that it gives the terminal back on every end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may unwrap")]
#![allow(clippy::disallowed_methods, reason = "tests run the program and wait with a deadline")]

mod allowed;
mod ends;
mod input;
mod output;
mod pty;
mod sizes;
mod tape;
