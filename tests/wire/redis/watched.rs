//! Sources `redis` at work.

use std::path::PathBuf;
use std::sync::Arc;

use quarterdeck::model::{Connection, Endpoint, SecretPlace, SourceName, SourceSpec};
use quarterdeck::sources::port::{Failure, Opener, Watch};
use quarterdeck::sources::registry::Registry;

#[allow(unused_imports, reason = "the lab and the wire tests use each their part")]
pub(crate) use crate::shared::{Mirror, Opened, Watched, failure};

/// What somebody configured.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) url: String,
    pub(crate) bullmq: Vec<&'static str>,
    pub(crate) celery: Vec<&'static str>,
    pub(crate) user: Option<&'static str>,
    /// The password itself; it is laid where the Source finds it.
    pub(crate) password: Option<&'static str>,
    pub(crate) ca_file: Option<PathBuf>,
}

impl Settings {
    pub(crate) fn of(url: &str) -> Self {
        Self { url: url.to_owned(), ..Self::default() }
    }

    pub(crate) fn bullmq(url: &str, names: &[&'static str]) -> Self {
        Self { bullmq: names.to_vec(), ..Self::of(url) }
    }
}

impl Opened for &Settings {
    fn opened(self) -> Result<Arc<dyn Watch>, Failure> {
        let print = |word: &str| SecretPlace::Command(vec!["printf".into(), "%s".into(), word.to_owned()]);
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Registry.open(&SourceSpec {
            name: SourceName::new("redis"),
            connection: Connection::Redis {
                endpoint: Endpoint {
                    url: self.url.clone(),
                    user: self.user.map(str::to_owned),
                    password: self.password.map(print),
                    ca_file: self.ca_file.clone(),
                },
                bullmq: owned(&self.bullmq),
                celery: owned(&self.celery),
            },
            connect: true,
            found_by: "test".to_owned(),
            timeout_seconds: None,
        })
    }
}
