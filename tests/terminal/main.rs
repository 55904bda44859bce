//! The real program in a pseudo-terminal: what it writes, and that it gives the terminal back on every end.

mod allowed;
mod ends;
mod input;
mod output;
mod pty;
mod sizes;
