//! Sources `rabbitmq` at work.

use std::sync::Arc;

use quarterdeck::model::{Connection, Endpoint, SecretPlace, SourceName, SourceSpec};
use quarterdeck::sources::port::{Opener, Watch};
use quarterdeck::sources::registry::Registry;

#[allow(unused_imports, reason = "the lab looks into the mirror, the wire tests do not")]
pub(crate) use crate::shared::{Mirror, Watched, failure};

/// The Source of an address, with the virtual hosts and queues it is narrowed to, for a user who may read everything.
pub(crate) fn source(url: &str, vhosts: &[&str], queues: &[&str]) -> Arc<dyn Watch> {
    source_as(url, ("reader", "reader-secret"), vhosts, queues)
}

/// The same for another user with a password.
pub(crate) fn source_as(url: &str, (user, password): (&str, &str), vhosts: &[&str], queues: &[&str]) -> Arc<dyn Watch> {
    let place = SecretPlace::Command(["printf", password].map(str::to_owned).to_vec());
    source_at(url, (user, place), vhosts, queues)
}

/// The same with a password that lies somewhere.
pub(crate) fn source_at(
    url: &str,
    (user, place): (&str, SecretPlace),
    vhosts: &[&str],
    queues: &[&str],
) -> Arc<dyn Watch> {
    // Another test may have been first.
    drop(rustls::crypto::ring::default_provider().install_default());
    let endpoint = Endpoint { url: url.to_owned(), user: Some(user.to_owned()), password: Some(place), ca_file: None };
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let spec = SourceSpec {
        name: SourceName::new("rabbit"),
        connection: Connection::RabbitMq { endpoint, vhosts: owned(vhosts), queues: owned(queues) },
        connect: true,
        found_by: "test".to_owned(),
        timeout_seconds: Some(2),
    };
    Registry.open(&spec).unwrap()
}
