//! Environments from their Services: as the worst of them, with those that nothing checks counted beside.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Environment, EnvironmentAddress, Health, HealthState, Reason, Text, Tier};

use super::derive::care;
use super::rules::Rules;
use super::service::{Services, State};

/// Most reasons that an Environment repeats of its Services.
const REASONS: usize = 5;

/// All Environments, and the order in which they are shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Environments {
    map: BTreeMap<EnvironmentAddress, Environment>,
    order: Vec<EnvironmentAddress>,
}

impl Environments {
    /// Computes these again; one without Services is gone.
    pub(super) fn settle(&mut self, services: &Services, rules: &Rules, dirty: BTreeSet<EnvironmentAddress>) {
        let mut reorder = false;
        for address in dirty {
            match environment(&address, services.of(&address)) {
                Some(new) => {
                    let old = self.map.insert(address, new.clone());
                    reorder |= old.is_none_or(|old| old.tier != new.tier);
                }
                None => reorder |= self.map.remove(&address).is_some(),
            }
        }
        if reorder {
            self.reorder(rules);
        }
    }

    /// By System, in it by the promotion path, else by how much harm a mistake does there, then by name.
    pub(super) fn reorder(&mut self, rules: &Rules) {
        let mut all: Vec<&Environment> = self.map.values().collect();
        all.sort_by_cached_key(|environment| {
            let EnvironmentAddress { system, environment: name } = &environment.address;
            let step = rules.step(system.as_ref(), name);
            let tier = match environment.tier {
                Tier::Production => 0_u8,
                Tier::Staging => 1,
                Tier::Dev => 2,
                Tier::Unknown => 3,
            };
            // The end of the path is what one looks for first; what no path names stands after it.
            (system.clone(), step.is_none(), Reverse(step), tier, name.clone())
        });
        self.order = all.into_iter().map(|environment| environment.address.clone()).collect();
    }

    pub(super) fn in_order(&self) -> impl Iterator<Item = &Environment> {
        self.order.iter().filter_map(|address| self.map.get(address))
    }

    pub(super) fn get(&self, address: &EnvironmentAddress) -> Option<&Environment> {
        self.map.get(address)
    }
}

fn environment<'a>(address: &EnvironmentAddress, services: impl Iterator<Item = &'a State>) -> Option<Environment> {
    let states: Vec<&State> = services.collect();
    if states.is_empty() {
        return None;
    }
    let views = || states.iter().map(|state| &state.view);
    let sum = |number: fn(&crate::model::Service) -> Option<u32>| {
        // Jobs come and go: nothing of them has to be ready all the time.
        let counted = states.iter().filter(|state| state.serves).map(|state| &state.view);
        counted.map(number).try_fold(0_u32, |sum, n| Some(sum.saturating_add(n?)))
    };
    let count = |test: fn(HealthState) -> bool| {
        u32::try_from(views().filter(|view| test(view.health.state)).count()).unwrap_or(u32::MAX)
    };
    Some(Environment {
        address: address.clone(),
        tier: views().map(|view| view.tier).max_by_key(|tier| care(*tier)).unwrap_or(Tier::Unknown),
        health: health(&states),
        services: views().map(|view| view.address.clone()).collect(),
        desired: sum(|view| view.desired),
        ready: sum(|view| view.ready),
        unchecked: count(|state| state == HealthState::Unchecked),
        bad: count(HealthState::is_bad),
        last_change_at: views().map(|view| view.last_change_at).max().flatten(),
    })
}

/// Down before degraded before unknown; what is unchecked or idle does not make it unhealthy, but nothing is called
/// healthy of which nothing is.
fn health(states: &[&State]) -> Health {
    let of = |state: HealthState| states.iter().any(|one| one.view.health.state == state);
    let state =
        [HealthState::Down, HealthState::Degraded, HealthState::Unknown, HealthState::Healthy, HealthState::Unchecked]
            .into_iter()
            .find(|state| of(*state))
            .unwrap_or(HealthState::Idle);
    if state < HealthState::Unknown {
        return Health { state, reasons: Vec::new() };
    }
    let mut worst: Vec<&&State> = states.iter().filter(|one| one.view.health.state >= HealthState::Unknown).collect();
    worst.sort_by_key(|one| Reverse(one.view.health.state));
    let more = worst.len().saturating_sub(REASONS);
    let mut reasons: Vec<Reason> = worst
        .into_iter()
        .take(REASONS)
        .map(|one| {
            let Health { state, reasons } = &one.view.health;
            let first = reasons.first();
            let why = first.map_or(state.shown(), |reason| reason.text.shown());
            let rule = first.map_or_else(|| Text::name("roll-up"), |reason| reason.rule.clone());
            Reason { rule, text: Text::line(&format!("{}: {why}", one.view.address.service)) }
        })
        .collect();
    if more > 0 {
        reasons.push(Reason { rule: Text::name("roll-up"), text: Text::line(&format!("and {more} more")) });
    }
    Health { state, reasons }
}
