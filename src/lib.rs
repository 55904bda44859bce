//! Quarterdeck: the console of the officer of the watch. This page is the map.
//!
//! | Module | Duty | May use |
//! |---|---|---|
//! | [`model`] | nouns: the words everything else speaks in | nothing |
//! | [`fleet`] | all facts now known; which Environment and Service owns them, their health, and why | `model` |
//! | [`action`] | what can be done to a Service, and why it can or cannot be done now | `fleet`, `model` |
//! | [`journal`] | what was wanted, refused, done and found, line by line, chained | `model`, `action` |
//! | [`sources`] | one folder per kind of connection: list, watch, logs, operate; bytes in, facts out | `model`; of `action` the Order |
//! | [`config`] | files, environment and discovery, resolved to settings | `model`, `fleet`, `action` |
//! | [`engine`] | one ordered stream of messages, a pure update, effects as data, the tape | all above |
//! | [`tui`] | the screens | `engine`, `config` and the pure modules |
//! | [`cli`] | the same abilities without a screen | `engine`, `config`, `tui` and the pure modules |
//!
//! Data flows one way: a Source sends [`model::Update`]s through a bounded channel, the engine stamps them into
//! [`engine::Msg`]s, [`engine::update()`] applies each to the [`engine::State`] and returns [`engine::Effect`]s, the
//! runtime performs those, and the faces read the state. `tests/structure.rs` keeps the dependency rule.

pub mod action;
pub mod cli;
pub mod config;
pub mod engine;
pub mod fleet;
pub mod journal;
pub mod model;
pub mod sources;
pub mod tui;
