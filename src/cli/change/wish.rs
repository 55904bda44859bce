//! What was typed behind a verb, as its parameters.

use crate::action::Wish;
use crate::cli::session::Session;
use crate::cli::{Exit, Failure, address, args};
use crate::model::{Address, EnvironmentAddress, Text};

/// A number, a change of it, or the limits of its autoscaler.
pub(super) fn scale(args: &args::Scale) -> Result<Wish, Failure> {
    let wrong = |words: String| Failure::new(Exit::Usage, words);
    if let Some(limits) = &args.limits {
        let both = limits.split_once(':').and_then(|(min, max)| Some((min.parse().ok()?, max.parse().ok()?)));
        let (min, max) = both.ok_or_else(|| wrong(format!("`{limits}` are no limits: 2:8 is 2 to 8")))?;
        return Ok(Wish::Limits { min, max });
    }
    let typed = args.count.as_deref().unwrap_or_default();
    Ok(Wish::Scale { to: typed.parse().map_err(|error: crate::action::intent::NoCount| wrong(error.to_string()))? })
}

/// The Environment that is promoted to: of the same System where it has one of that name.
pub(super) fn destination(
    session: &Session,
    from: &EnvironmentAddress,
    typed: &str,
) -> Result<EnvironmentAddress, Failure> {
    let beside = EnvironmentAddress { system: from.system.clone(), environment: Text::name(typed) };
    if session.console.state.fleet.environment(&beside).is_some() {
        return Ok(beside);
    }
    let found = address::narrowed(session, Some(typed))?;
    found.ok_or_else(|| Failure::new(Exit::Usage, format!("no Environment is called {typed}")))
}

/// An Instance by its name or id, alone or behind the address of its Service.
pub(super) fn instance(session: &Session, typed: &str) -> Result<(Address, Text), Failure> {
    let fleet = &session.console.state.fleet;
    let (place, name) = typed.rsplit_once('/').map_or((None, typed), |(place, name)| (Some(place), name));
    if let Some(place) = place {
        // Whether it is there is for the fresh read of its Workload to say.
        return Ok((address::required(session, place)?, Text::name(name)));
    }
    let mut found = Vec::new();
    for service in fleet.services() {
        for instance in service.instances.iter().filter_map(|key| fleet.instance(key)) {
            if instance.name.raw() == name || *instance.key.uid == *name {
                found.push((service.address.clone(), instance.name.clone()));
            }
        }
    }
    match found.len() {
        0 if !session.not_fresh().is_empty() => {
            Err(Failure::new(Exit::NotFresh, format!("no Instance is called {name}"))
                .hint("a Source is not read yet: put the Service's address in front, as in prod/api/NAME"))
        }
        0 => Err(Failure::new(Exit::Usage, format!("no Instance is called {name}"))
            .hint("the tab Instances of a Service lists their names")),
        1 => Ok(found.swap_remove(0)),
        _ => {
            let all = found.iter().map(|(service, name)| format!("{service}/{name}")).collect::<Vec<_>>().join(", ");
            Err(Failure::new(Exit::Usage, format!("{name} is ambiguous: it could be {all}")))
        }
    }
}
