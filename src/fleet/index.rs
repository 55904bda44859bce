//! Which facts belong together: a Workload, its Instances, its Jobs, who scales it. Every update touches its own unit only.

use std::collections::HashMap;

use crate::model::{Autoscaler, Event, Fact, Instance, Key, Labels, Revision, SourceKind, SourceName, Text, Workload};
use crate::model::{Scope, Tier, WorkloadKind};

use super::events::Events;
use super::service::ServiceId;
use super::store::Slot;

pub(super) type UnitId = u32;
const NONE: UnitId = UnitId::MAX;

/// What a Workload is known by to its Instances: its place and name, not its uid.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct UnitKey {
    pub(super) source: SourceName,
    pub(super) scope: Text,
    pub(super) kind: WorkloadKind,
    pub(super) name: Text,
}

/// One Workload with everything that speaks of it; also where the Workload itself is not known (denied, or a bare pod).
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) key: UnitKey,
    pub(super) workload: Option<Slot>,
    pub(super) instances: Vec<Slot>,
    pub(super) autoscalers: Vec<Slot>,
    pub(super) revisions: Vec<Slot>,
    /// The unit that it is a part of: the CronJob of a Job, the Rollout whose pods call themselves a Deployment's.
    pub(super) parent: Option<UnitId>,
    pub(super) children: Vec<UnitId>,
    /// The parent that its Workload declares.
    declared: Option<UnitKey>,
    /// The chart's name that its labels give it.
    chart: Option<Text>,
    /// The Service that it is one of the Workloads of.
    pub(super) service: Option<ServiceId>,
    /// Its place must be decided (again).
    pub(super) unplaced: bool,
    /// The tier that its place gave it.
    pub(super) tier: Tier,
    touched: bool,
    /// Restarts of its Instances seen since the last settling.
    pub(super) restarted: u32,
}

impl Unit {
    fn new(key: UnitKey) -> Self {
        Self {
            key,
            workload: None,
            instances: Vec::new(),
            autoscalers: Vec::new(),
            revisions: Vec::new(),
            parent: None,
            children: Vec::new(),
            declared: None,
            chart: None,
            service: None,
            unplaced: true,
            tier: Tier::Unknown,
            touched: false,
            restarted: 0,
        }
    }

    /// Whether it makes a Service: a mere revision or autoscaler of something that is not there does not.
    pub(super) fn is_real(&self) -> bool {
        self.workload.is_some() || !self.instances.is_empty() || !self.children.is_empty()
    }

    fn is_empty(&self) -> bool {
        !self.is_real() && self.autoscalers.is_empty() && self.revisions.is_empty()
    }
}

/// The units, and the ways to find them.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    units: Vec<Option<Unit>>,
    free: Vec<UnitId>,
    by_key: HashMap<UnitKey, UnitId>,
    /// The unit of the fact in each slot.
    of_slot: Vec<UnitId>,
    /// Units by source, scope and the name that their chart gives all of them.
    charts: HashMap<(SourceName, Text, Text), Vec<UnitId>>,
    scopes: HashMap<(SourceName, Text), Slot>,
    pub(super) events: Events,
    touched: Vec<UnitId>,
}

impl Index {
    /// A fact is in `slot` from now on, instead of `old`. Returns an Event that is one too many now.
    pub(super) fn put(&mut self, slot: Slot, old: Option<&Fact>, fact: &Fact, bare: SourceKind) -> Option<Key> {
        match fact {
            Fact::Instance(f) => self.put_instance(slot, old, f, bare),
            Fact::Workload(f) => self.put_workload(slot, f),
            Fact::Autoscaler(f) => self.put_autoscaler(slot, f),
            Fact::Revision(f) => self.put_revision(slot, f),
            Fact::Scope(f) => self.put_scope(slot, old, f),
            Fact::Event(f) => {
                self.touch_told(f);
                return self.events.put(slot, old.is_none(), f);
            }
            Fact::Route(_)
            | Fact::Budget(_)
            | Fact::Node(_)
            | Fact::Queue(_)
            | Fact::Alarm(_)
            | Fact::Check(_)
            | Fact::Store(_)
            | Fact::Reading(_) => {}
        }
        None
    }

    /// The fact in `slot` is gone.
    pub(super) fn remove(&mut self, slot: Slot, fact: &Fact) {
        match fact {
            Fact::Scope(f) => {
                let key = (f.key.source.clone(), f.name.clone());
                if self.scopes.get(&key) == Some(&slot) {
                    self.scopes.remove(&key);
                    self.replace_scope(&f.key.source, &f.name);
                }
            }
            Fact::Event(f) => self.events.remove(slot, f),
            _ => self.leave(slot),
        }
    }

    fn put_instance(&mut self, slot: Slot, old: Option<&Fact>, f: &Instance, bare: SourceKind) {
        let (kind, name) = match &f.workload {
            Some((kind, name)) => (*kind, name),
            None if bare == SourceKind::Kubernetes => (WorkloadKind::Pod, &f.name),
            None => (WorkloadKind::Container, &f.name),
        };
        let id = self.unit(&f.key.source, &f.scope, kind, name);
        if self.join(slot, id)
            && let Some(unit) = self.get_mut(id)
        {
            unit.instances.push(slot);
        }
        if let (Some(Fact::Instance(old)), Some(unit)) = (old, self.get_mut(id)) {
            unit.restarted = unit.restarted.saturating_add(restarts_between(old, f));
        }
        self.touch(id);
    }

    fn put_workload(&mut self, slot: Slot, f: &Workload) {
        let id = self.unit(&f.key.source, &f.scope, f.kind, &f.name);
        self.join(slot, id);
        let declared = f.parent.as_ref().map(|(kind, name)| UnitKey {
            source: f.key.source.clone(),
            scope: f.scope.clone(),
            kind: *kind,
            name: name.clone(),
        });
        let chart = chart_name(f).cloned();
        let Some(unit) = self.get_mut(id) else { return };
        unit.workload = Some(slot);
        unit.declared = declared;
        let before = std::mem::replace(&mut unit.chart, chart.clone());
        if before != chart {
            self.leave_chart(id, before);
            self.join_chart(id, chart);
        }
        self.relink(id);
        self.relink_namesake(id);
        self.touch(id);
    }

    fn put_autoscaler(&mut self, slot: Slot, f: &Autoscaler) {
        let id = self.unit(&f.key.source, &f.scope, f.target.0, &f.target.1);
        if self.join(slot, id)
            && let Some(unit) = self.get_mut(id)
        {
            unit.autoscalers.push(slot);
        }
        self.touch(id);
    }

    fn put_revision(&mut self, slot: Slot, f: &Revision) {
        let id = self.unit(&f.key.source, &f.scope, f.workload.0, &f.workload.1);
        if self.join(slot, id)
            && let Some(unit) = self.get_mut(id)
        {
            unit.revisions.push(slot);
        }
        self.touch(id);
    }

    fn put_scope(&mut self, slot: Slot, old: Option<&Fact>, f: &Scope) {
        self.scopes.insert((f.key.source.clone(), f.name.clone()), slot);
        let before = match old {
            Some(Fact::Scope(old)) => old.labels.clone(),
            _ => Labels::default(),
        };
        if before != f.labels {
            self.replace_scope(&f.key.source, &f.name);
        }
    }

    /// The fact of a scope.
    pub(super) fn scope(&self, source: &SourceName, name: &Text) -> Option<Slot> {
        self.scopes.get(&(source.clone(), name.clone())).copied()
    }

    /// The unit with this identity, made where there is none.
    fn unit(&mut self, source: &SourceName, scope: &Text, kind: WorkloadKind, name: &Text) -> UnitId {
        self.unit_of_key(UnitKey { source: source.clone(), scope: scope.clone(), kind, name: name.clone() })
    }

    fn unit_of_key(&mut self, key: UnitKey) -> UnitId {
        if let Some(&id) = self.by_key.get(&key) {
            return id;
        }
        let id = self.free.pop().unwrap_or_else(|| {
            self.units.push(None);
            u32::try_from(self.units.len() - 1).unwrap_or(NONE)
        });
        self.by_key.insert(key.clone(), id);
        self.unplace_chart(&key.source, &key.scope, &key.name);
        self.units[id as usize] = Some(Unit::new(key));
        self.relink(id);
        id
    }

    /// Puts a slot under a unit; true where it was not there before.
    fn join(&mut self, slot: Slot, id: UnitId) -> bool {
        let at = slot as usize;
        if self.of_slot.len() <= at {
            self.of_slot.resize(at + 1, NONE);
        }
        if self.of_slot[at] == id {
            return false;
        }
        self.leave(slot);
        self.of_slot[at] = id;
        true
    }

    fn leave(&mut self, slot: Slot) {
        let Some(of) = self.of_slot.get_mut(slot as usize) else { return };
        let id = std::mem::replace(of, NONE);
        let Some(unit) = self.get_mut(id) else { return };
        for list in [&mut unit.instances, &mut unit.autoscalers, &mut unit.revisions] {
            if let Some(at) = list.iter().position(|s| *s == slot) {
                list.swap_remove(at);
            }
        }
        if unit.workload == Some(slot) {
            unit.workload = None;
            unit.declared = None;
            let chart = unit.chart.take();
            self.leave_chart(id, chart);
            self.relink(id);
            self.relink_namesake(id);
        }
        self.touch(id);
    }

    fn join_chart(&mut self, id: UnitId, chart: Option<Text>) {
        let (Some(chart), Some(unit)) = (chart, self.get(id)) else { return };
        let key = (unit.key.source.clone(), unit.key.scope.clone(), chart);
        self.charts.entry(key.clone()).or_default().push(id);
        self.unplace_chart(&key.0, &key.1, &key.2);
    }

    fn leave_chart(&mut self, id: UnitId, chart: Option<Text>) {
        let (Some(chart), Some(unit)) = (chart, self.get(id)) else { return };
        let key = (unit.key.source.clone(), unit.key.scope.clone(), chart);
        if let Some(members) = self.charts.get_mut(&key) {
            members.retain(|member| *member != id);
            if members.is_empty() {
                self.charts.remove(&key);
            }
        }
        self.unplace(id);
        self.unplace_chart(&key.0, &key.1, &key.2);
    }

    /// Units that a chart names like this must be placed again: whether the name is theirs alone may have changed.
    fn unplace_chart(&mut self, source: &SourceName, scope: &Text, name: &Text) {
        if self.charts.is_empty() {
            return;
        }
        let members = self.charts.get(&(source.clone(), scope.clone(), name.clone())).cloned();
        for id in members.unwrap_or_default() {
            self.unplace(id);
        }
    }

    /// The chart's name for a unit, where no other unit of the scope has a claim to it.
    pub(super) fn chart_name<'a>(&self, unit: &'a Unit) -> Option<&'a Text> {
        let chart = unit.chart.as_ref()?;
        let key = (unit.key.source.clone(), unit.key.scope.clone(), chart.clone());
        let alone = self.charts.get(&key).is_some_and(|members| members.len() == 1);
        let namesake = SERVING.iter().any(|&kind| {
            let namesake = UnitKey { kind, name: chart.clone(), ..unit.key.clone() };
            namesake != unit.key && self.by_key.get(&namesake).and_then(|id| self.get(*id)).is_some_and(Unit::is_real)
        });
        (alone && !namesake).then_some(chart)
    }

    /// Sets a unit's parent as the facts now have it: what its Workload declares, or the Rollout of the same name, where
    /// pods of a Rollout could only guess a Deployment from their template hash.
    fn relink(&mut self, id: UnitId) {
        let Some(unit) = self.get(id) else { return };
        let before = unit.parent;
        let wanted = match (&unit.declared, unit.workload, unit.key.kind) {
            (Some(declared), _, _) if *declared != unit.key => Some(self.unit_of_key(declared.clone())),
            (None, None, WorkloadKind::Deployment) => {
                let rollout = UnitKey { kind: WorkloadKind::Rollout, ..unit.key.clone() };
                let id = self.by_key.get(&rollout).copied();
                id.filter(|id| self.get(*id).is_some_and(|unit| unit.workload.is_some()))
            }
            _ => None,
        };
        if wanted == before {
            return;
        }
        if let Some(parent) = before.and_then(|id| self.get_mut(id)) {
            parent.children.retain(|child| *child != id);
        }
        if let Some(parent) = wanted.and_then(|id| self.get_mut(id)) {
            parent.children.push(id);
        }
        if let Some(unit) = self.get_mut(id) {
            unit.parent = wanted;
        }
        self.unplace(id);
        for end in [before, wanted].into_iter().flatten() {
            self.touch(end);
        }
    }

    fn relink_namesake(&mut self, id: UnitId) {
        let Some(unit) = self.get(id).filter(|unit| unit.key.kind == WorkloadKind::Rollout) else { return };
        let deployment = UnitKey { kind: WorkloadKind::Deployment, ..unit.key.clone() };
        if let Some(&id) = self.by_key.get(&deployment) {
            self.relink(id);
        }
    }

    /// The unit at the end of the chain of parents. A circle (only a hostile Source makes one) ends where it began.
    pub(super) fn root(&self, id: UnitId) -> UnitId {
        let mut at = id;
        for _ in 0..4 {
            match self.get(at).and_then(|unit| unit.parent) {
                Some(parent) if parent != id => at = parent,
                _ => break,
            }
        }
        at
    }

    /// A unit and its descendants (Jobs of a CronJob), itself first.
    pub(super) fn family(&self, id: UnitId) -> Vec<UnitId> {
        let mut all = vec![id];
        let mut at = 0;
        while let Some(unit) = all.get(at).and_then(|id| self.get(*id)) {
            let news: Vec<UnitId> = unit.children.iter().copied().filter(|child| !all.contains(child)).collect();
            all.extend(news);
            at += 1;
        }
        all
    }

    pub(super) fn get(&self, id: UnitId) -> Option<&Unit> {
        self.units.get(id as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, id: UnitId) -> Option<&mut Unit> {
        self.units.get_mut(id as usize)?.as_mut()
    }

    /// The unit of the fact in a slot.
    pub(super) fn of(&self, slot: Slot) -> Option<UnitId> {
        self.of_slot.get(slot as usize).copied().filter(|id| *id != NONE)
    }

    /// The unit of a Workload, if it is there already.
    pub(super) fn of_workload(&self, f: &Workload) -> Option<UnitId> {
        let (source, scope) = (f.key.source.clone(), f.scope.clone());
        self.by_key.get(&UnitKey { source, scope, kind: f.kind, name: f.name.clone() }).copied()
    }

    /// All units with their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (UnitId, &Unit)> {
        (0..).zip(&self.units).filter_map(|(id, unit)| Some((id, unit.as_ref()?)))
    }

    /// What follows from a unit must be computed again.
    pub(super) fn touch(&mut self, id: UnitId) {
        if let Some(unit) = self.get_mut(id).filter(|unit| !unit.touched) {
            unit.touched = true;
            self.touched.push(id);
        }
    }

    /// What follows from the fact in a slot must be computed again.
    pub(super) fn touch_slot(&mut self, slot: Slot) {
        if let Some(id) = self.of(slot) {
            self.touch(id);
        }
    }

    /// Where a unit belongs must be decided again.
    pub(super) fn unplace(&mut self, id: UnitId) {
        if let Some(unit) = self.get_mut(id) {
            unit.unplaced = true;
        }
        self.touch(id);
    }

    /// An Event alone can be news of a Service. What it is about is a unit by its name, or an Instance whose name begins with
    /// its unit's (`api-7d9f-x2k4c` of `api`, `db-0` of `db`).
    fn touch_told(&mut self, event: &Event) {
        const KINDS: [WorkloadKind; 9] = [
            WorkloadKind::Deployment,
            WorkloadKind::StatefulSet,
            WorkloadKind::DaemonSet,
            WorkloadKind::ReplicaSet,
            WorkloadKind::Rollout,
            WorkloadKind::Job,
            WorkloadKind::CronJob,
            WorkloadKind::Pod,
            WorkloadKind::EcsService,
        ];
        let mut name = event.about_name.raw();
        for _ in 0..3 {
            let (source, scope) = (&event.key.source, &event.scope);
            let key = |kind| UnitKey { source: source.clone(), scope: scope.clone(), kind, name: Text::name(name) };
            let told: Vec<UnitId> = KINDS.iter().filter_map(|kind| self.by_key.get(&key(*kind)).copied()).collect();
            if !told.is_empty() {
                return told.into_iter().for_each(|id| self.touch(id));
            }
            let Some((shorter, _)) = name.rsplit_once('-') else { return };
            name = shorter;
        }
    }

    /// Every unit of a Source is touched, or placed again.
    pub(super) fn touch_source(&mut self, source: &SourceName) {
        let ids: Vec<UnitId> = self.iter().filter(|(_, unit)| unit.key.source == *source).map(|(id, _)| id).collect();
        for id in ids {
            self.touch(id);
        }
    }

    /// Every unit is placed again: other rules.
    pub(super) fn unplace_all(&mut self) {
        let ids: Vec<UnitId> = self.iter().map(|(id, _)| id).collect();
        for id in ids {
            self.unplace(id);
        }
    }

    fn replace_scope(&mut self, source: &SourceName, scope: &Text) {
        let in_it = |unit: &Unit| unit.key.source == *source && unit.key.scope == *scope;
        let ids: Vec<UnitId> = self.iter().filter(|(_, unit)| in_it(unit)).map(|(id, _)| id).collect();
        for id in ids {
            self.unplace(id);
        }
    }

    /// The units touched since the last call; empty ones among them are still there.
    pub(super) fn take_touched(&mut self) -> Vec<UnitId> {
        let touched = std::mem::take(&mut self.touched);
        for id in &touched {
            if let Some(unit) = self.get_mut(*id) {
                unit.touched = false;
            }
        }
        touched
    }

    /// Lets a unit go that nothing speaks of any more.
    pub(super) fn sweep(&mut self, id: UnitId) {
        let Some(unit) = self.get(id).filter(|unit| unit.is_empty() && unit.service.is_none()) else { return };
        let (key, parent) = (unit.key.clone(), unit.parent);
        if let Some(parent) = parent
            && let Some(unit) = self.get_mut(parent)
        {
            unit.children.retain(|child| *child != id);
            self.touch(parent);
        }
        self.by_key.remove(&key);
        self.units[id as usize] = None;
        self.free.push(id);
        self.unplace_chart(&key.source, &key.scope, &key.name);
    }
}

/// Kinds whose name speaks of something that serves; Jobs of a chart never contend for its name.
const SERVING: &[WorkloadKind] = &[
    WorkloadKind::ComposeService,
    WorkloadKind::Container,
    WorkloadKind::Deployment,
    WorkloadKind::StatefulSet,
    WorkloadKind::DaemonSet,
    WorkloadKind::ReplicaSet,
    WorkloadKind::Rollout,
    WorkloadKind::Pod,
    WorkloadKind::EcsService,
];

fn chart_name(f: &Workload) -> Option<&Text> {
    let name = f.labels.get("app.kubernetes.io/name").filter(|name| !name.is_empty())?;
    (!f.kind.is_job() && f.parent.is_none()).then_some(name)
}

/// Restarts between two facts of one Instance: by the platform's count, or by another start of a container that ran.
fn restarts_between(old: &Instance, new: &Instance) -> u32 {
    let counted = new.restarts.saturating_sub(old.restarts);
    let started_again = old.started_at.is_some() && new.started_at.is_some() && old.started_at < new.started_at;
    if counted == 0 && started_again { 1 } else { counted }
}
