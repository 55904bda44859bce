//! What the Fleet keeps of each Service beside its view: its units, its findings, its history, and when to look again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use crate::model::{Address, EnvironmentAddress, Finding, HealthState, Image, Key, Service, Text, Tier, Timestamp};

use super::history::History;
use super::index::UnitId;
use super::signals::Kept;
use super::timeline::Growing;
use super::words::seconds_between;

pub(super) type ServiceId = u32;

/// Restarts are counted over this time.
pub(super) const BURST_SECONDS: i64 = 600;
/// An Instance that comes and one that goes within this time are a replacement.
const TURNOVER_SECONDS: i64 = 60;

/// One Service.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) view: Service,
    pub(super) findings: Vec<Finding>,
    pub(super) units: Vec<UnitId>,
    pub(super) history: History,
    /// What runs as declared, to tell another Release by.
    pub(super) release: Vec<Image>,
    /// The last health that live facts told.
    pub(super) told: Option<HealthState>,
    /// Restarts seen, with their times.
    pub(super) restarts: VecDeque<(Timestamp, u32)>,
    pub(super) growing: Option<Growing>,
    /// When live facts last told that it was not in trouble.
    pub(super) well_at: Option<Timestamp>,
    /// What our own rules say of it.
    pub(super) own: Kept,
    turnover: Turnover,
    pub(super) wake: Option<Timestamp>,
    /// Some of it serves all the time; what is made of jobs only does not count among what must be ready.
    pub(super) serves: bool,
    /// It has been derived at least once.
    pub(super) seen: bool,
}

#[derive(Clone, Debug, Default)]
struct Turnover {
    came: u32,
    went: u32,
    at: Option<Timestamp>,
}

impl State {
    fn new(address: Address) -> Self {
        let view = Service {
            address,
            tier: Tier::Unknown,
            health: crate::model::Health::default(),
            health_since: None,
            desired: None,
            ready: None,
            images: Vec::new(),
            workloads: Vec::new(),
            instances: Vec::new(),
            restarts: 0,
            cpu_cores: None,
            memory_bytes: None,
            error_ratio: None,
            p95_seconds: None,
            last_change_at: None,
            stale_since: None,
        };
        Self {
            view,
            findings: Vec::new(),
            units: Vec::new(),
            history: History::default(),
            release: Vec::new(),
            told: None,
            restarts: VecDeque::new(),
            growing: None,
            well_at: None,
            own: Kept::default(),
            turnover: Turnover::default(),
            wake: None,
            serves: false,
            seen: false,
        }
    }

    /// Adds restarts seen now, forgets those of long ago, and returns how many are left.
    pub(super) fn count_restarts(&mut self, seen: u32, now: Timestamp) -> u32 {
        if seen > 0 {
            self.restarts.push_back((now, seen));
        }
        while self.restarts.front().is_some_and(|(at, _)| seconds_between(*at, now) >= BURST_SECONDS) {
            self.restarts.pop_front();
        }
        self.restarts.iter().map(|(_, n)| *n).fold(0, u32::saturating_add)
    }

    /// How many Instances were replaced, by those that came and went since the last look. Where the wanted number has
    /// changed, comings and goings are scaling.
    pub(super) fn replaced(&mut self, new: &Service, now: Timestamp) -> u32 {
        if self.view.instances == new.instances {
            return 0;
        }
        let old: HashSet<&Key> = self.view.instances.iter().collect();
        let came = new.instances.iter().filter(|key| !old.contains(key)).count();
        let went = (old.len() + came).saturating_sub(new.instances.len());
        let turnover = &mut self.turnover;
        let expired = turnover.at.is_none_or(|at| seconds_between(at, now) >= TURNOVER_SECONDS);
        if expired || self.view.desired != new.desired {
            *turnover = Turnover::default();
        }
        turnover.at = Some(now);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        turnover.came = turnover.came.saturating_add(count(came));
        turnover.went = turnover.went.saturating_add(count(went));
        let replaced = turnover.came.min(turnover.went);
        turnover.came -= replaced;
        turnover.went -= replaced;
        replaced
    }
}

/// All Services, found by id and by address.
#[derive(Clone, Debug, Default)]
pub(super) struct Services {
    states: Vec<Option<State>>,
    free: Vec<ServiceId>,
    ids: BTreeMap<Address, ServiceId>,
    wakes: BTreeSet<(Timestamp, ServiceId)>,
    /// Services by the name of their Environment: what an Environment is computed from.
    members: HashMap<EnvironmentAddress, BTreeSet<(Text, ServiceId)>>,
    /// Counts Services that came or went.
    epoch: u64,
}

impl Services {
    /// The Service at an address, made where there is none.
    pub(super) fn at(&mut self, address: &Address) -> ServiceId {
        if let Some(id) = self.ids.get(address) {
            return *id;
        }
        let id = self.free.pop().unwrap_or_else(|| {
            self.states.push(None);
            ServiceId::try_from(self.states.len() - 1).unwrap_or(ServiceId::MAX)
        });
        self.states[id as usize] = Some(State::new(address.clone()));
        self.ids.insert(address.clone(), id);
        self.epoch += 1;
        self.members.entry(address.environment.clone()).or_default().insert((address.service.clone(), id));
        id
    }

    /// A Service goes.
    pub(super) fn remove(&mut self, id: ServiceId) -> Option<State> {
        let state = self.states.get_mut(id as usize)?.take()?;
        self.free.push(id);
        self.epoch += 1;
        self.ids.remove(&state.view.address);
        if let Some(wake) = state.wake {
            self.wakes.remove(&(wake, id));
        }
        let address = &state.view.address;
        if let Some(members) = self.members.get_mut(&address.environment) {
            members.remove(&(address.service.clone(), id));
            if members.is_empty() {
                self.members.remove(&address.environment);
            }
        }
        Some(state)
    }

    /// Other rules: what the old ones said is worth nothing.
    pub(super) fn forget_rules(&mut self) {
        self.states.iter_mut().flatten().for_each(|state| state.own = Kept::default());
    }

    pub(super) fn get(&self, id: ServiceId) -> Option<&State> {
        self.states.get(id as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, id: ServiceId) -> Option<&mut State> {
        self.states.get_mut(id as usize)?.as_mut()
    }

    pub(super) fn find(&self, address: &Address) -> Option<&State> {
        self.get(*self.ids.get(address)?)
    }

    /// The id of the Service at an address.
    pub(super) fn id_of(&self, address: &Address) -> Option<ServiceId> {
        self.ids.get(address).copied()
    }

    /// How many Services have come or gone so far.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// All by address.
    pub(super) fn iter(&self) -> impl Iterator<Item = &State> {
        self.ids.values().filter_map(|id| self.get(*id))
    }

    /// Those of an Environment, by name.
    pub(super) fn of(&self, environment: &EnvironmentAddress) -> impl Iterator<Item = &State> {
        self.members.get(environment).into_iter().flatten().filter_map(|(_, id)| self.get(*id))
    }

    /// When time alone may change a Service.
    pub(super) fn wake_at(&mut self, id: ServiceId, wake: Option<Timestamp>) {
        let Some(state) = self.states.get_mut(id as usize).and_then(Option::as_mut) else { return };
        if state.wake == wake {
            return;
        }
        if let Some(old) = std::mem::replace(&mut state.wake, wake) {
            self.wakes.remove(&(old, id));
        }
        if let Some(wake) = wake {
            self.wakes.insert((wake, id));
        }
    }

    /// The Services whose time has come.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<ServiceId> {
        let mut due = Vec::new();
        while let Some(&(at, id)) = self.wakes.first() {
            if at > now {
                break;
            }
            self.wakes.pop_first();
            if let Some(state) = self.get_mut(id) {
                state.wake = None;
            }
            due.push(id);
        }
        due
    }
}
