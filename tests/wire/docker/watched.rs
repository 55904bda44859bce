//! Sources `docker` at work.

use std::path::PathBuf;
use std::sync::Arc;

use quarterdeck::model::{Connection, SourceName, SourceSpec};
use quarterdeck::sources::port::{Failure, Opener, Watch};
use quarterdeck::sources::registry::Registry;

pub(crate) use crate::shared::{Mirror, Watched, failure as failure_of};

/// Makes the Source of an address.
pub(crate) fn source(url: &str, seconds: u32) -> Result<Arc<dyn Watch>, Failure> {
    source_with(url, seconds, None, None)
}

/// The same with keys for TLS, or with an authority to trust.
pub(crate) fn source_with(
    url: &str,
    seconds: u32,
    tls: Option<PathBuf>,
    ca_file: Option<PathBuf>,
) -> Result<Arc<dyn Watch>, Failure> {
    Registry.open(&SourceSpec {
        name: SourceName::new("docker:local"),
        connection: Connection::Docker { url: url.to_owned(), tls, ca_file },
        connect: true,
        found_by: "test".to_owned(),
        timeout_seconds: Some(seconds),
    })
}

/// Why one try of the Source of an address ends.
pub(crate) async fn failure(url: &str, seconds: u32) -> Failure {
    failure_of(source(url, seconds)).await
}
