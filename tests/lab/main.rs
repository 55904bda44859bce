//! Quarterdeck on real servers: a Docker engine with Compose, a Kubernetes control plane, an SSH daemon, a RabbitMQ, a Redis, a Prometheus
//! with Alertmanagers, nginx and Postgres, an AWS endpoint, all from `tests/lab/up`.
//!
//! Each test starts what it needs itself, has projects or a namespace of its own, drives the built program with a private home, and
//! reads the JSON that `DESIGN` promises. `tests/run` runs them; by hand it is `cargo test --test lab [WORDS]` as root.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests may unwrap, and start what they test"
)]
#![expect(clippy::disallowed_methods, reason = "these tests run programs and poll real servers with a deadline")]
#![expect(clippy::expect_used, clippy::panic, reason = "a fixture that cannot be made ends its test with the reason")]

mod fixtures;

mod alerts;
mod aws;
mod aws_changes;
mod checks;
mod compose_breaks;
mod compose_changes;
mod compose_fleets;
mod engine_faults;
mod itself;
mod kube_breaks;
mod kube_changes;
mod kube_rights;
mod kube_workloads;
#[path = "../wire/ordered.rs"]
mod ordered;
mod policies;
mod rabbit;
mod redis;
#[path = "../wire/watched.rs"]
mod shared;
mod ssh_hosts;
mod survives;
#[path = "../wire/rabbitmq/watched.rs"]
mod watched;
