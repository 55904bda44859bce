//! Connections we read, one folder per kind. Each turns bytes into facts and sends them through its [`port::Desk`].

pub mod alertmanager;
mod alerts;
#[cfg(feature = "aws")]
pub mod aws;
pub mod budget;
pub mod changing;
pub mod checks;
pub mod demo;
#[cfg(feature = "docker")]
pub mod docker;
pub mod images;
#[cfg(feature = "kubernetes")]
pub mod kubernetes;
#[cfg(any(feature = "aws", feature = "queues"))]
mod last_read;
pub mod policies;
pub mod port;
pub mod process;
pub mod prometheus;
#[cfg(feature = "queues")]
pub mod rabbitmq;
#[cfg(feature = "queues")]
pub mod redis;
pub mod registry;
pub mod secret;
pub mod supervisor;
pub mod web;
