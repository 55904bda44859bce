//! What can be said of the thing under the cursor without its screen: its address, its URL.

use crate::engine::State;
use crate::model::{Address, EnvironmentAddress, Route};
use crate::tui::screen::{Command, Subject};

/// What `c` copies: an address as it can be typed at the command line.
pub(super) fn words(subject: &Subject) -> String {
    match subject {
        Subject::Service(address) | Subject::Instance(address, _) => address.to_string(),
        Subject::Environment(address) => address.to_string(),
        Subject::Source(name) => name.to_string(),
    }
}

/// Copies and says the URL of a Service or an Environment, or says that none is known.
pub(super) fn url(subject: &Subject, state: &State) -> Command {
    let found = match subject {
        Subject::Service(address) | Subject::Instance(address, _) => {
            of_service(address, state).or_else(|| of_environment(&address.environment, state))
        }
        Subject::Environment(address) => of_environment(address, state),
        Subject::Source(_) => None,
    };
    match found {
        Some(url) => Command::Copy(url),
        None => Command::refuse("no URL is known: no route leads here, and the configuration gives none"),
    }
}

/// Copies and says where the runbook of a Service's worst alarm lies that names one.
pub(super) fn runbook(address: &Address, state: &State) -> Command {
    let alarms = state.fleet.alarms_of(address);
    match alarms.iter().find_map(|told| told.alarm.runbook.as_ref()) {
        Some(link) => Command::Copy(link.to_string()),
        None => Command::refuse("no alarm of it names a runbook"),
    }
}

fn of_service(address: &Address, state: &State) -> Option<String> {
    let service = state.fleet.service(address)?;
    let workloads: Vec<_> = service.workloads.iter().filter_map(|key| state.fleet.workload(key)).collect();
    let leads_here = |route: &Route| {
        let there = |kind, name: &crate::model::Text| {
            workloads.iter().any(|w| {
                w.key.source == route.key.source && w.scope == route.scope && w.kind == kind && w.name == *name
            })
        };
        // The address of one Instance is no URL of its Service.
        if route.kind.raw() == "instance" {
            return false;
        }
        let by_name = route.backends.contains(&address.service);
        route.workload.as_ref().is_some_and(|(kind, name)| there(*kind, name)) || by_name
    };
    let route = state.fleet.routes().filter(|route| leads_here(route)).find(|route| !route.hosts.is_empty())?;
    let scheme = if route.tls { "https" } else { "http" };
    Some(format!("{scheme}://{}", route.hosts.first()?.shown()))
}

fn of_environment(address: &EnvironmentAddress, state: &State) -> Option<String> {
    let rules = state.fleet.rules().environments.iter();
    let system = |rule: &Option<String>| rule.as_deref() == address.system.as_ref().map(crate::model::Text::raw);
    let mut fitting =
        rules.filter(|rule| rule.name == address.environment.raw() && (rule.system.is_none() || system(&rule.system)));
    fitting.find_map(|rule| rule.url.clone())
}
