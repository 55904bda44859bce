//! A Source of one profile at work, and a mirror of what it has told.
#![allow(dead_code, reason = "each crate of tests uses its part")]

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;

use quarterdeck::model::{AlarmAsk, Connection, Fact, Instance, SourceName, SourceSpec, Store, Timestamp, Workload};
use quarterdeck::sources::port::{Failure, Opener, Watch};
use quarterdeck::sources::registry::Registry;
use tempfile::TempDir;

use crate::shared::{self, Mirror};

/// A file with one profile, `shop`, that leads to an endpoint.
pub(crate) struct Profile {
    folder: TempDir,
    endpoint: String,
}

impl Profile {
    /// The endpoint is asked with this access key.
    pub(crate) fn new(endpoint: &str, key: &str) -> Self {
        let profile = Self { folder: tempfile::tempdir().unwrap(), endpoint: endpoint.to_owned() };
        profile.keys(key);
        profile
    }

    /// Somebody logs in again, with another key.
    pub(crate) fn keys(&self, key: &str) {
        self.lines(&format!("aws_access_key_id = {key}\naws_secret_access_key = secret"));
    }

    /// The profile says this beside its region and endpoint.
    pub(crate) fn lines(&self, lines: &str) {
        let text = format!("[profile shop]\nregion = eu-central-1\nendpoint_url = {}\n{lines}\n", self.endpoint);
        std::fs::write(self.path(), text).unwrap();
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// The Source, with two seconds for a request.
    pub(crate) fn open(&self) -> Arc<dyn Watch> {
        // Another test may have been first.
        drop(rustls::crypto::ring::default_provider().install_default());
        let connection = Connection::Aws {
            profile: "shop".to_owned(),
            region: None,
            clusters: Vec::new(),
            queues: Vec::new(),
            config_file: Some(self.path()),
            ca_file: None,
        };
        let spec = SourceSpec {
            name: SourceName::new("account"),
            connection,
            connect: true,
            found_by: "test".to_owned(),
            timeout_seconds: Some(2),
        };
        Registry.open(&spec).unwrap()
    }
}

/// Facts by their own names: an account has many of each.
pub(crate) trait Named {
    fn services(&self) -> Vec<&Workload>;
    fn service(&self, name: &str) -> &Workload;
    fn tasks(&self) -> Vec<&Instance>;
    fn database(&self, name: &str) -> &Store;
}

impl Named for Mirror {
    fn services(&self) -> Vec<&Workload> {
        self.all(|fact| if let Fact::Workload(one) = fact { Some(one.as_ref()) } else { None })
    }

    #[track_caller]
    fn service(&self, name: &str) -> &Workload {
        let found = self.services().into_iter().find(|one| one.name.raw() == name);
        found.unwrap_or_else(|| panic!("no service {name}: {:?}", self.status))
    }

    fn tasks(&self) -> Vec<&Instance> {
        self.all(|fact| if let Fact::Instance(one) = fact { Some(one.as_ref()) } else { None })
    }

    #[track_caller]
    fn database(&self, name: &str) -> &Store {
        let all = self.all(|fact| if let Fact::Store(one) = fact { Some(one.as_ref()) } else { None });
        all.into_iter().find(|one| one.name.raw() == name).unwrap_or_else(|| panic!("no database {name}"))
    }
}

/// The Source of a profile that runs under its supervisor, and can be asked beside that.
pub(crate) struct Watched {
    inner: shared::Watched,
    pub(crate) source: Arc<dyn Watch>,
}

impl Watched {
    pub(crate) fn supervised(profile: &Profile) -> Self {
        let source = profile.open();
        Self { inner: shared::Watched::supervised(source.clone()), source }
    }

    /// Runs it until its first picture is whole.
    pub(crate) async fn synced(profile: &Profile) -> Self {
        let mut watched = Self::supervised(profile);
        watched.until("the first picture", |mirror| mirror.synced > 0).await;
        watched
    }

    /// What is asked when somebody opens the page of an alarm.
    pub(crate) fn ask(&self, alarm: &str) -> AlarmAsk {
        let alarm = self.mirror.alarm(alarm);
        let now = Timestamp::now();
        AlarmAsk {
            key: alarm.key.clone(),
            scope: alarm.scope.clone(),
            name: alarm.name.clone(),
            history_since: Timestamp::from_second(now.as_second() - 24 * 3600).unwrap(),
            curves_since: Timestamp::from_second(now.as_second() - 3 * 3600).unwrap(),
            until: now,
        }
    }
}

impl Deref for Watched {
    type Target = shared::Watched;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl DerefMut for Watched {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.inner
    }
}

/// Why one try of this Source ends.
pub(crate) async fn failure(profile: &Profile) -> Failure {
    shared::failure(profile.open()).await
}
