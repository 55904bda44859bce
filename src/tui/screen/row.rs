//! What one line says of a Service or an Environment, in words: made for the rows on screen only, shared by Watch and
//! Services.

use crate::fleet::Fleet;
use crate::model::{
    Environment, EnvironmentAddress, HealthState, Image, Platform, Service, SourceName, Tier, Workload,
};

use super::figure::{self, When};

/// Which Release runs, as far as a row has room for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// The newest declaration's tag, or nothing where it is known by digest alone.
    pub tag: String,
    /// Seven hex digits.
    pub digest: String,
    /// Images beside the first.
    pub more: usize,
}

impl Release {
    /// Of a Service's distinct images, newest declaration first.
    #[must_use]
    pub fn of(images: &[Image]) -> Self {
        let Some(first) = images.first() else { return Self::default() };
        Self {
            tag: first.tag().unwrap_or_default().to_owned(),
            digest: first.short_digest().unwrap_or_default().to_owned(),
            more: images.len() - 1,
        }
    }
}

/// A Service on one line.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceRow {
    pub name: String,
    pub tier: Tier,
    pub platform: String,
    pub health: HealthState,
    /// The worst reason in words.
    pub reason: String,
    pub ready: Option<String>,
    /// Fewer are ready than are wanted.
    pub short: bool,
    pub release: Release,
    pub restarts: u32,
    pub cpu: Option<String>,
    pub memory: Option<String>,
    pub changed: Option<String>,
    /// How old its facts are, where its Source is not live.
    pub stale: Option<String>,
}

impl ServiceRow {
    /// The row of a Service at a moment.
    #[must_use]
    pub fn of(fleet: &Fleet, service: &Service, when: When) -> Self {
        Self {
            name: service.address.service.shown().to_owned(),
            tier: service.tier,
            platform: platforms(fleet, service),
            health: service.health.state,
            reason: service.health.reasons.first().map(|r| r.text.shown().to_owned()).unwrap_or_default(),
            ready: figure::ready(service.ready, service.desired),
            short: is_short(service.ready, service.desired),
            release: Release::of(&service.images),
            restarts: service.restarts,
            cpu: service.cpu_cores.map(figure::cores),
            memory: service.memory_bytes.map(figure::memory),
            changed: service.last_change_at.map(|at| when.age(at)),
            stale: service.stale_since.map(|at| when.exact_age(at)),
        }
    }
}

/// Whether fewer are ready than wanted; never by an unknown number.
#[must_use]
pub fn is_short(ready: Option<u32>, desired: Option<u32>) -> bool {
    matches!((ready, desired), (Some(ready), Some(desired)) if ready < desired)
}

/// Where a Service runs: `kubernetes eks-prod`, `compose + kubernetes`.
fn platforms(fleet: &Fleet, service: &Service) -> String {
    let mut places: Vec<(Platform, &SourceName)> =
        service.workloads.iter().filter_map(|key| fleet.workload(key)).map(place).collect();
    places.sort_unstable();
    places.dedup();
    match places.as_slice() {
        [] => String::new(),
        [(platform, source)] => format!("{} {}", platform.word(), short_source(source)),
        [(first, _), rest @ ..] if rest.iter().all(|(other, _)| other == first) => {
            format!("{} ×{}", first.word(), places.len())
        }
        several => {
            let mut words: Vec<_> = several.iter().map(|(platform, _)| platform.word()).collect();
            words.dedup();
            words.join(" + ")
        }
    }
}

fn place(workload: &Workload) -> (Platform, &SourceName) {
    (workload.platform, &workload.key.source)
}

/// A Source's name without its kind: `eks-prod` of `kubernetes:eks-prod`.
#[must_use]
pub fn short_source(source: &SourceName) -> &str {
    let shown = source.0.shown();
    shown.split_once(':').map_or(shown, |(_, rest)| rest)
}

/// An Environment on one line.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentRow {
    pub name: String,
    pub tier: Tier,
    pub sources: String,
    pub health: HealthState,
    /// What stands beside the health: `2 of 9 bad`, `3 not checked`.
    pub note: String,
    pub ready: Option<String>,
    pub short: bool,
    /// The tag that all its Services share.
    pub release: Option<String>,
    pub changed: Option<String>,
    /// How old the oldest facts in it are, where any of its Sources is not live.
    pub stale: Option<String>,
}

impl EnvironmentRow {
    /// The row of an Environment at a moment; its System is named where there are several.
    #[must_use]
    pub fn of(fleet: &Fleet, environment: &Environment, several_systems: bool, when: When) -> Self {
        let services = || environment.services.iter().filter_map(|address| fleet.service(address));
        let stale = services().filter_map(|service| service.stale_since).min();
        Self {
            name: environment_name(&environment.address, several_systems),
            tier: environment.tier,
            sources: sources(fleet, services()),
            health: environment.health.state,
            note: note(environment),
            ready: figure::ready(environment.ready, environment.desired),
            short: is_short(environment.ready, environment.desired),
            release: shared_tag(services()),
            changed: environment.last_change_at.map(|at| when.age(at)),
            stale: stale.map(|at| when.exact_age(at)),
        }
    }
}

/// `prod` with one System on the console, `biz/prod` with several.
#[must_use]
pub fn environment_name(address: &EnvironmentAddress, several_systems: bool) -> String {
    if several_systems { address.to_string() } else { address.environment.shown().to_owned() }
}

/// Whether more than one System is on the console.
#[must_use]
pub fn several_systems(environments: &[&Environment]) -> bool {
    environments.windows(2).any(|pair| pair[0].address.system != pair[1].address.system)
}

fn note(environment: &Environment) -> String {
    let total = environment.services.len();
    match (environment.bad, environment.unchecked) {
        (0, 0) => String::new(),
        (0, unchecked) => format!("{unchecked} of {total} not checked"),
        (bad, _) => format!("{bad} of {total}"),
    }
}

/// One Source by its name, several by their number.
fn sources<'a>(fleet: &Fleet, services: impl Iterator<Item = &'a Service>) -> String {
    let mut names: Vec<&SourceName> = Vec::new();
    for service in services {
        for key in &service.workloads {
            if !names.contains(&&key.source) {
                names.push(&key.source);
            }
        }
    }
    match names.as_slice() {
        [] => String::new(),
        [one] => {
            let kind = fleet.source(one).map(|view| view.kind.word());
            let short = short_source(one);
            if short == one.0.shown() { short.to_owned() } else { format!("{} {short}", kind.unwrap_or_default()) }
        }
        several => format!("{} sources", several.len()),
    }
}

/// The tag that every Service with a tag runs, if they are more than one and agree.
fn shared_tag<'a>(services: impl Iterator<Item = &'a Service>) -> Option<String> {
    let mut shared: Option<&str> = None;
    let mut seen = 0;
    for tag in services.filter_map(|service| service.images.first()).filter_map(Image::tag) {
        if shared.is_some_and(|earlier| earlier != tag) {
            return None;
        }
        shared = Some(tag);
        seen += 1;
    }
    shared.filter(|_| seen > 1).map(|tag| format!("all {tag}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_its_tag_a_short_digest_and_how_many_more_images_run() {
        let mut api = Image::of_reference("shop/api:1.8.2");
        api.digest = Some(crate::model::Text::name("sha256:4be91c0aabbcc"));
        let release = Release::of(&[api, Image::of_reference("istio/proxy:1.20")]);
        assert_eq!(release, Release { tag: "1.8.2".into(), digest: "4be91c0".into(), more: 1 });
        assert_eq!(Release::of(&[]), Release::default());
    }

    #[test]
    fn a_source_is_short_without_its_kind() {
        assert_eq!(short_source(&SourceName::new("kubernetes:eks-prod")), "eks-prod");
        assert_eq!(short_source(&SourceName::new("vm1")), "vm1");
    }

    #[test]
    fn fewer_than_wanted_is_said_only_of_known_numbers() {
        assert!(is_short(Some(3), Some(4)));
        assert!(!is_short(Some(4), Some(4)) && !is_short(None, Some(4)) && !is_short(Some(3), None));
    }
}
