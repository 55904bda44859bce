//! Zero configuration: what can be read from this machine as it is. Nothing is connected here, nothing is run.

mod aws;
mod docker;
mod kubernetes;

use std::path::PathBuf;

use super::settings::Attempt;
use super::{Machine, Problem};
use crate::model::{Connection, SourceSpec};

/// What discovery found, and where it looked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    pub sources: Vec<SourceSpec>,
    pub tried: Vec<Attempt>,
    pub warnings: Vec<Problem>,
}

/// The kubeconfig files that every tool reads on this machine; entries that are ignored are told in `tried`.
#[must_use]
pub fn kubeconfigs(machine: &Machine, tried: &mut Vec<Attempt>) -> Vec<PathBuf> {
    let mut found = Found::default();
    let files = kubernetes::files(machine, &mut found);
    tried.append(&mut found.tried);
    files
}

/// Looks for the local Docker engine, for the contexts of the kubeconfig and for AWS profiles with a region.
#[must_use]
pub fn discover(machine: &Machine, allow_exec: &[String]) -> Found {
    let mut found = Found::default();
    if cfg!(feature = "docker") {
        docker::discover(machine, &mut found);
    }
    if cfg!(feature = "kubernetes") {
        kubernetes::discover(machine, allow_exec, &mut found);
    }
    if cfg!(feature = "aws") {
        aws::discover(machine, &mut found);
    }
    found
}

/// Whether two specs speak of the same engine, context, or profile in a region: then the configured one stands.
#[must_use]
pub fn same(a: &SourceSpec, b: &SourceSpec) -> bool {
    match (&a.connection, &b.connection) {
        (Connection::Docker { url: a, .. }, Connection::Docker { url: b, .. }) => a == b,
        (Connection::Kubernetes { context: a, .. }, Connection::Kubernetes { context: b, .. }) => a == b,
        (Connection::Aws { profile: a, region: left, .. }, Connection::Aws { profile: b, region: right, .. }) => {
            a == b && (left == right || left.is_none() || right.is_none())
        }
        _ => a.name == b.name,
    }
}
