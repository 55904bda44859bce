//! Asking a query of a row: a Service with all that is known of it, or one of its Instances.

use crate::fleet::Fleet;
use crate::fleet::rules::is_like;
use crate::fleet::words::seconds_between;
use crate::model::{HealthState, Instance, Service, Timestamp, Workload};

use super::fields::{Number, Word};
use super::{How, Operand, Operator, Test};

/// What can be asked.
pub(super) trait Row {
    /// Calls `test` with every value that a word field has here, until one passes.
    fn any(&self, field: Word, test: &dyn Fn(&str) -> bool) -> bool;
    /// A number; `None` where it is not known.
    fn number(&self, field: Number) -> Option<f64>;
    /// The words that bare letters are looked for in.
    fn title(&self) -> String;
}

/// A Service to ask of.
#[derive(Clone, Copy, Debug)]
pub struct ServiceRow<'a> {
    pub fleet: &'a Fleet,
    pub service: &'a Service,
    pub now: Timestamp,
}

/// An Instance to ask of; what it does not know itself its Service answers.
#[derive(Clone, Copy, Debug)]
pub struct InstanceRow<'a> {
    pub service: ServiceRow<'a>,
    pub instance: &'a Instance,
}

/// Whether a test holds of a row.
pub(super) fn holds(test: &Test, row: &dyn Row) -> bool {
    match test {
        Test::Bare(letters) => finds(&row.title(), letters),
        Test::Word { field, how, value } => row.any(*field, &|word| compare(*field, *how, word, value)),
        Test::Number { field, operator, value } => {
            let Some((a, b)) = row.number(*field).zip(operand(*value, row)) else { return false };
            operator.holds(a, b)
        }
    }
}

/// The number on the other side.
pub(super) fn operand(value: Operand, row: &dyn Row) -> Option<f64> {
    match value {
        Operand::Value(value) => Some(value),
        Operand::Field(field) => row.number(field),
    }
}

impl Operator {
    pub(super) fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Self::Equal => (a - b).abs() < f64::EPSILON,
            Self::NotEqual => (a - b).abs() >= f64::EPSILON,
            Self::Less => a < b,
            Self::LessOrEqual => a <= b,
            Self::More => a > b,
            Self::MoreOrEqual => a >= b,
        }
    }
}

pub(super) fn compare(field: Word, how: How, word: &str, value: &str) -> bool {
    let (word, value) = (word.to_lowercase(), value.to_lowercase());
    match how {
        How::Equals => word == value,
        How::Holds => word.contains(&value),
        How::Is if value.contains('*') => {
            is_like(&value, &word) || word.split([':', '/']).any(|part| is_like(&value, part))
        }
        // `health:bad` is what people look for at night; a tier may be told by its beginning (`tier:prod`).
        How::Is if field == Word::Health && value == "bad" => matches!(word.as_str(), "degraded" | "down"),
        How::Is if matches!(field, Word::Tier | Word::Health | Word::Platform) => word.starts_with(&value),
        How::Is => word == value || word.split([':', '/', '@', ' ']).any(|part| part == value),
    }
}

/// Fewer letters than this are looked for as they stand only.
const FUZZY: usize = 3;

/// Whether the letters stand in the title as they are, or, from the beginning of one of its names on, one after the other:
/// `wrk` finds `prod/worker`. What is typed with a slash is an address and is looked for as it stands.
fn finds(title: &str, letters: &str) -> bool {
    let (title, letters) = (title.to_lowercase(), letters.to_lowercase());
    if title.contains(&letters) {
        return true;
    }
    if letters.chars().count() < FUZZY || letters.contains('/') {
        return false;
    }
    title.split(['/', ' ']).any(|name| {
        let mut rest = name.chars();
        name.chars().next() == letters.chars().next() && letters.chars().all(|wanted| rest.any(|c| c == wanted))
    })
}

impl ServiceRow<'_> {
    fn workloads(&self) -> impl Iterator<Item = &Workload> {
        self.service.workloads.iter().filter_map(|key| self.fleet.workload(key))
    }

    fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.service.instances.iter().filter_map(|key| self.fleet.instance(key))
    }

    /// What an Instance uses and what it may use, in cores, where both are known.
    fn of_cpu(&self, one: &Instance) -> Option<(f64, f64)> {
        let used = self.fleet.measured(&one.key)?.fresh(self.now)?.cpu_cores?;
        Some((used, f64::from(one.cpu_limit_millicores?) / 1000.0))
    }

    /// The same in bytes.
    fn of_memory(&self, one: &Instance) -> Option<(f64, f64)> {
        let used = self.fleet.measured(&one.key)?.fresh(self.now)?.memory_bytes?;
        Some((used as f64, one.memory_limit_bytes? as f64))
    }

    /// What a metrics server measures of all Instances together, of what all of them may use.
    fn of_all(&self, used: f64, limit: impl Fn(&Instance) -> Option<f64>) -> Option<f64> {
        let allowed = self.instances().map(limit).sum::<Option<f64>>()?;
        share(std::iter::once((used, allowed)))
    }

    pub(super) fn since(&self, at: Option<Timestamp>) -> Option<f64> {
        at.map(|at| seconds_between(at, self.now) as f64)
    }

    /// Percent of the CPU that its Instances may use; `None` where nothing is measured or limited.
    #[must_use]
    pub fn cpu_share(&self) -> Option<f64> {
        // Most Services are not measured, and need no look at each Instance.
        let all = self.service.cpu_cores?;
        let limit = |one: &Instance| one.cpu_limit_millicores.map(|limit| f64::from(limit) / 1000.0);
        share(self.instances().filter_map(|one| self.of_cpu(one))).or_else(|| self.of_all(all, limit))
    }

    /// Percent of the memory that its Instances may use.
    #[must_use]
    pub fn memory_share(&self) -> Option<f64> {
        let all = self.service.memory_bytes? as f64;
        let limit = |one: &Instance| one.memory_limit_bytes.map(|limit| limit as f64);
        share(self.instances().filter_map(|one| self.of_memory(one))).or_else(|| self.of_all(all, limit))
    }
}

impl Row for ServiceRow<'_> {
    fn any(&self, field: Word, test: &dyn Fn(&str) -> bool) -> bool {
        let Service { address, tier, health, images, .. } = self.service;
        let place = &address.environment;
        match field {
            Word::Name => test(address.service.shown()),
            Word::Environment => test(place.environment.shown()) || test(&place.to_string()),
            Word::System => place.system.as_ref().is_some_and(|system| test(system.shown())),
            Word::Tier => test(tier.word()),
            Word::Health => test(health.state.word()) || health.state == HealthState::Unchecked && test("not checked"),
            Word::Reason => health.reasons.iter().any(|reason| test(reason.text.shown()) || test(reason.rule.shown())),
            Word::Source => {
                let keys = self.service.workloads.iter().chain(self.service.instances.first());
                keys.map(|key| key.source.0.shown()).any(test)
            }
            Word::Platform => self.workloads().any(|workload| test(workload.platform.word())),
            Word::Kind => self.workloads().any(|workload| test(workload.kind.word())),
            Word::Scope => {
                let scopes = self.workloads().map(|workload| &workload.scope);
                scopes.chain(self.instances().take(1).map(|one| &one.scope)).any(|scope| test(scope.shown()))
            }
            Word::Image => images.iter().any(|image| {
                let digests = [&image.digest, &image.id].into_iter().flatten();
                test(image.reference.shown()) || digests.into_iter().any(|digest| test(digest.shown()))
            }),
            Word::Owner => {
                let mut owners = self.workloads().flat_map(|workload| &workload.owners);
                owners.any(|owner| test(owner.kind.shown()) || test(owner.name.shown()))
            }
            Word::Node => self.instances().filter_map(|one| one.node.as_ref()).any(|node| test(node.shown())),
            Word::Phase => self.instances().any(|one| test(one.phase.word())),
            Word::QueueState | Word::Check | Word::Alarm => self.any_signal(field, test),
        }
    }

    fn number(&self, field: Number) -> Option<f64> {
        let service = self.service;
        match field {
            Number::Desired => service.desired.map(f64::from),
            Number::Ready => service.ready.map(f64::from),
            Number::Restarts => Some(f64::from(service.restarts)),
            Number::Cpu => service.cpu_cores,
            Number::Memory => service.memory_bytes.map(|bytes| bytes as f64),
            Number::CpuShare => self.cpu_share(),
            Number::MemoryShare => self.memory_share(),
            Number::Age => self.since(self.instances().map(started).max().flatten()),
            Number::Changed => self.since(service.last_change_at),
            Number::Exit => {
                let exits = self.instances().filter_map(|one| one.last_exit.as_ref());
                exits.max_by_key(|exit| exit.at).and_then(|exit| exit.code).map(f64::from)
            }
            Number::RestartsLately => Some(f64::from(self.restarts_lately().map(|(_, n)| n).sum::<u32>())),
            Number::ErrorRatio => service.error_ratio.map(|ratio| ratio * 100.0),
            Number::P95 => service.p95_seconds.map(|seconds| seconds * 1000.0),
            field => self.signal_number(field),
        }
    }

    fn title(&self) -> String {
        self.service.address.to_string()
    }
}

/// Percent that is used of what may be used, all together; `None` where nothing is known or nothing is limited.
fn share(parts: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let (used, allowed) = parts.fold((0.0, 0.0), |(used, allowed), (u, a)| (used + u, allowed + a));
    (allowed > 0.0).then(|| used / allowed * 100.0)
}

fn started(instance: &Instance) -> Option<Timestamp> {
    instance.started_at.or(instance.created_at)
}

impl Row for InstanceRow<'_> {
    fn any(&self, field: Word, test: &dyn Fn(&str) -> bool) -> bool {
        let one = self.instance;
        match field {
            Word::Name => test(one.name.shown()) || self.service.any(field, test),
            Word::Source => test(one.key.source.0.shown()),
            Word::Scope => test(one.scope.shown()),
            Word::Image => one.images.iter().any(|image| {
                let digests = [&image.digest, &image.id].into_iter().flatten();
                test(image.reference.shown()) || digests.into_iter().any(|digest| test(digest.shown()))
            }),
            Word::Node => one.node.as_ref().is_some_and(|node| test(node.shown())),
            Word::Phase => test(one.phase.word()),
            Word::Reason => {
                let waiting = one.waiting.as_ref();
                waiting.is_some_and(|waiting| test(waiting.reason.shown()) || test(waiting.message.shown()))
                    || one.unschedulable.as_ref().is_some_and(|words| test(words.shown()))
                    || one.check_output.as_ref().is_some_and(|words| test(words.shown()))
            }
            _ => self.service.any(field, test),
        }
    }

    fn number(&self, field: Number) -> Option<f64> {
        let one = self.instance;
        let measure = self.service.fleet.measured(&one.key).map(|measured| measured.newest);
        match field {
            Number::Desired => Some(1.0),
            Number::Ready => one.ready.map(|ready| f64::from(u8::from(ready))),
            Number::Restarts => Some(f64::from(one.restarts)),
            Number::Cpu => measure.and_then(|measure| measure.cpu_cores),
            Number::Memory => measure.and_then(|measure| measure.memory_bytes).map(|bytes| bytes as f64),
            Number::CpuShare => share(self.service.of_cpu(one).into_iter()),
            Number::MemoryShare => share(self.service.of_memory(one).into_iter()),
            Number::Age => self.service.since(started(one)),
            Number::Exit => one.last_exit.as_ref().and_then(|exit| exit.code).map(f64::from),
            field => self.service.number(field),
        }
    }

    fn title(&self) -> String {
        format!("{} {}", self.service.title(), self.instance.name)
    }
}
