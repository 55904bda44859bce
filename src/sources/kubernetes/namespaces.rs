//! The namespaces that there are, as far as the server tells, for tables that can be read only one namespace at a time.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::scope::{Scope, is_name};

/// What is known of the namespaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Known {
    /// Not told so far.
    #[default]
    NotYet,
    /// The server does not tell.
    Hidden,
    /// These, in scope.
    Listed(Arc<BTreeSet<String>>),
}

/// The roll of namespaces.
#[derive(Debug)]
pub(crate) struct Roll {
    scope: Scope,
    gathered: Mutex<BTreeSet<String>>,
    told: watch::Sender<Known>,
}

impl Roll {
    /// Of those in scope; a name that could not stand in a path is left out.
    #[must_use]
    pub(crate) fn new(scope: Scope) -> Self {
        Self { scope, gathered: Mutex::default(), told: watch::channel(Known::NotYet).0 }
    }

    /// A list begins: only what it names counts from its end on.
    pub(crate) fn restart(&self) {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// One of a list or a watch.
    pub(crate) fn gather(&self, name: &str) {
        if self.scope.holds(name) && is_name(name) {
            self.gathered.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        }
    }

    /// One is gone.
    pub(crate) fn remove(&self, name: &str) {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        self.settle();
    }

    /// What was gathered is whole now.
    pub(crate) fn settle(&self) {
        let all = self.gathered.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let now = Known::Listed(Arc::new(all));
        self.told.send_if_modified(|told| {
            let changed = *told != now;
            *told = now;
            changed
        });
    }

    /// The server does not tell.
    pub(crate) fn unknown(&self) {
        self.told.send_if_modified(|told| std::mem::replace(told, Known::Hidden) != Known::Hidden);
    }

    /// To be read, and awaited for changes.
    #[must_use]
    pub(crate) fn watch(&self) -> watch::Receiver<Known> {
        self.told.subscribe()
    }
}
