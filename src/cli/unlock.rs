//! `unlock` and `lock`: an Environment that is read-only by its tier may be changed by this user for a time. Both are
//! Records; the screen's key does the same.

use super::args::{Global, Lock, Unlock};
use super::session::Session;
use super::{Exit, Failure, Wiring, address, change, output};
use crate::engine::clock::{Clock, SystemClock};
use crate::journal::{Entry, Event};
use crate::model::{EnvironmentAddress, Text};

/// Allows changes for a time.
///
/// # Errors
/// No such Environment, or the journal cannot be written.
pub async fn unlock(global: &Global, args: &Unlock, wiring: &Wiring) -> Result<Exit, Failure> {
    let session = Session::gathered(global, wiring).await?;
    let environment = found(&session, &args.environment_address)?;
    let now = SystemClock.now();
    let until =
        now.checked_add(args.length.0).map_err(|error| Failure::new(Exit::Usage, "that is too long").cause(error))?;
    let reason = args.reason.as_deref().map(Text::line);
    let detail = serde_json::json!({ "until": until });
    let entry = Entry::new(Event::Unlocked).target(environment.whole()).reason(reason.as_ref()).detail(&detail);
    write(global, &session, entry)?;
    output::text(&format!("{} may be changed until {until:.0}\n", environment.whole()))?;
    Ok(Exit::Done)
}

/// Takes that back.
///
/// # Errors
/// As [`unlock`].
pub async fn lock(global: &Global, args: &Lock, wiring: &Wiring) -> Result<Exit, Failure> {
    let session = Session::gathered(global, wiring).await?;
    let environment = found(&session, &args.environment_address)?;
    write(global, &session, Entry::new(Event::Locked).target(environment.whole()))?;
    output::text(&format!("{} is locked\n", environment.whole()))?;
    Ok(Exit::Done)
}

fn found(session: &Session, typed: &str) -> Result<EnvironmentAddress, Failure> {
    let found = address::narrowed(session, Some(typed))?;
    found.ok_or_else(|| Failure::new(Exit::Usage, format!("no Environment is called {typed}")))
}

fn write(global: &Global, session: &Session, entry: Entry) -> Result<(), Failure> {
    let books = change::books(global, &session.settings)?;
    books.write(SystemClock.now(), vec![entry]).map_err(|error| Failure::new(Exit::Refused, error.to_string()))
}
