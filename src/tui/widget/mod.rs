//! Pieces that screens are made of. Each is small, draws into a buffer and never fails at any size.

pub mod ages;
pub mod chrome;
pub mod cursor;
pub mod field;
pub mod graph;
pub mod health;
pub mod rule;
pub mod spark;
pub mod table;
pub mod words;
