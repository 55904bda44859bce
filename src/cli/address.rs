//! What somebody typed, found among the Services: exactly one, or the candidates.

use super::session::Session;
use super::{Exit, Failure};
use crate::model::{Address, AddressError, EnvironmentAddress};

/// The Service with that address: as people see it, or as JSON wrote it.
///
/// # Errors
/// None has it, or several could be meant; with nothing live to look in, that it is unknown says nothing about the world.
pub fn required(session: &Session, typed: &str) -> Result<Address, Failure> {
    let fleet = &session.console.state.fleet;
    let found = fleet.resolve(typed).or_else(|error| {
        let written = fleet.services().map(|service| &service.address).find(|address| raw(address) == typed);
        written.cloned().ok_or(error)
    });
    found.map_err(|error| refused(session, &error, "`quarterdeck services` lists all addresses"))
}

/// The Environment that `--environment` means, if it was given.
///
/// # Errors
/// As [`required`].
pub fn narrowed(session: &Session, typed: Option<&str>) -> Result<Option<EnvironmentAddress>, Failure> {
    let Some(typed) = typed else { return Ok(None) };
    let fleet = &session.console.state.fleet;
    let found = fleet.resolve_environment(typed).or_else(|error| {
        let mut known = fleet.environment_addresses().into_iter();
        known.find(|address| raw_environment(address) == typed).cloned().ok_or(error)
    });
    let hint = "`quarterdeck status` lists all Environments";
    found.map(Some).map_err(|error| match error {
        AddressError::Unknown { typed, near } => {
            let near = if near.is_empty() { hint.to_owned() } else { format!("did you mean {}?", near.join(" or ")) };
            let error = Failure::new(exit(session), format!("no Environment is called {typed}"));
            error.hint(near)
        }
        ambiguous @ AddressError::Ambiguous { .. } => refused(session, &ambiguous, hint),
    })
}

fn refused(session: &Session, error: &AddressError, hint: &str) -> Failure {
    let unknown = matches!(error, AddressError::Unknown { .. });
    let failure = Failure::new(if unknown { exit(session) } else { Exit::Usage }, error.to_string());
    match session.not_fresh().first() {
        Some((name, state)) if unknown => failure.hint(format!("{name} is {state}: what it holds is not known")),
        _ => failure.hint(hint),
    }
}

fn exit(session: &Session) -> Exit {
    if session.any_live() || session.not_fresh().is_empty() { Exit::Usage } else { Exit::NotFresh }
}

/// The address as its platform wrote it.
#[must_use]
pub fn raw(address: &Address) -> String {
    address.whole()
}

/// The Environment's part of it.
#[must_use]
pub fn raw_environment(address: &EnvironmentAddress) -> String {
    address.whole()
}
