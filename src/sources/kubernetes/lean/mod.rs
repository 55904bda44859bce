//! Lean forms of the API's objects: the fields that facts need, each with the field number of `generated.proto` and the
//! name it has in JSON, so that one type reads both encodings. Whatever else an object holds is skipped, never stored.

pub(crate) mod cluster;
pub(crate) mod custom;
pub(crate) mod event;
pub(crate) mod meta;
pub(crate) mod network;
pub(crate) mod pod;
pub(crate) mod scaling;
pub(crate) mod template;
pub(crate) mod workload;

pub(crate) use meta::{ListMeta, Meta, OwnerReference, Time};
