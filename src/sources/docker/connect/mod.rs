//! The way to an engine: its address, a byte stream to it, kept HTTP connections, and a client that speaks the API.

mod address;
mod client;
mod dial;
mod failure;
mod meter;
mod pool;
mod ssh;
mod tls;

pub(super) use address::Address;
pub(super) use client::{Ask, Client, NoAnswer};
pub(super) use ssh::{Lost, Ssh};
