//! The one table of Sources: which kind of connection is opened by which folder.

use std::sync::Arc;

use super::port::{Failure, FailureKind, Opener, Watch};
use crate::model::{Connection, SourceSpec};

/// Opens real Sources (and the simulated ones of the demo).
#[derive(Debug, Default)]
pub struct Registry;

impl Opener for Registry {
    fn open(&self, spec: &SourceSpec) -> Result<Arc<dyn Watch>, Failure> {
        match &spec.connection {
            #[cfg(feature = "docker")]
            Connection::Docker { .. } => super::docker::open(spec),
            #[cfg(feature = "kubernetes")]
            Connection::Kubernetes { .. } => super::kubernetes::open(spec),
            #[cfg(feature = "aws")]
            Connection::Aws { .. } => super::aws::open(spec),
            Connection::Checks { .. } => super::checks::open(spec),
            #[cfg(feature = "queues")]
            Connection::RabbitMq { .. } => super::rabbitmq::open(spec),
            #[cfg(feature = "queues")]
            Connection::Redis { .. } => super::redis::open(spec),
            Connection::Prometheus { .. } => super::prometheus::open(spec),
            Connection::Alertmanager { .. } => super::alertmanager::open(spec),
            Connection::Demo { .. } => super::demo::open(spec),
            #[cfg(not(all(feature = "docker", feature = "kubernetes", feature = "aws", feature = "queues")))]
            _ => Err(Failure::new(FailureKind::Unsupported, "this build has no client for such a Source")),
        }
    }
}

/// A failure for a spec of another kind than its folder expects; it cannot happen through [`Registry`].
#[must_use]
pub fn mismatched(spec: &SourceSpec) -> Failure {
    Failure::new(FailureKind::Unsupported, format!("{} is not a connection of this kind", spec.name))
}
