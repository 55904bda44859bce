//! What one service of AWS tells another's facts: which target groups a service stands behind, how its targets fare, how
//! many tasks run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::Text;

/// An ECS service by its cluster and name.
pub(super) type Place = (String, String);

/// How a target of a load balancer fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Healthy; `None`: being registered, drained, or not known.
    pub(super) healthy: Option<bool>,
    /// Which target group says it and why.
    pub(super) words: Text,
}

/// Known of all services of the account.
#[derive(Default)]
pub(super) struct Known {
    /// Target groups by ARN, with the service behind each.
    pub(super) groups: BTreeMap<String, Place>,
    /// Targets by their address, as tasks with an interface of their own have it.
    pub(super) targets: BTreeMap<String, Target>,
    /// Services behind each balancer, by its name in alarms (`app/shop/50dc6c495c0c9188`).
    pub(super) balancers: BTreeMap<String, BTreeSet<Place>>,
    /// Desired and running counts.
    pub(super) counts: BTreeMap<Place, (u32, u32)>,
    /// ECS has been read once.
    pub(super) ecs_read: bool,
}

/// The same behind a lock that is held for moments.
#[derive(Default)]
pub(super) struct Shared(Mutex<Known>);

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
