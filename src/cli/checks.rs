//! `checks` and `check`: how every Check ended last, and running them now.

use std::time::Duration;

use super::args::{self, Format, Global};
use super::output::items::CheckItem;
use super::output::table::{Side, Table};
use super::output::{self, words};
use super::session::Session;
use super::{Exit, Failure, Wiring, address};
use crate::engine::clock::{Clock, SystemClock};
use crate::engine::{Ask, State};
use crate::fleet::CheckView;
use crate::model::{
    Check, CheckSpec, EnvironmentAddress, Key, Outcome, SourceKind, SourceName, SourceSpec, Text, Timestamp,
};

/// Longer than any Check may take, with those that wait before it.
const PATIENCE: Duration = Duration::from_secs(130);

/// Prints every Check as it ended last.
///
/// # Errors
/// No Sources, an unknown Environment, or an answer that cannot be written.
pub async fn list(global: &Global, wiring: &Wiring) -> Result<Exit, Failure> {
    let session = Session::gathered(global, wiring).await?;
    let environment = address::narrowed(&session, global.environment.as_deref())?;
    let wanted = Wanted { environment, services: Vec::new() };
    print(&session, &wanted, global.output)?;
    Ok(session.exit())
}

/// Runs them now, waits for their ends, and prints them.
///
/// # Errors
/// No Sources, an unknown address, or an answer that cannot be written.
pub async fn run(global: &Global, args: &args::Check, wiring: &Wiring) -> Result<Exit, Failure> {
    let began = SystemClock.now();
    let mut session = Session::gathered(global, wiring).await?;
    let wanted = Wanted::of(&session, args.address.as_deref(), global.environment.as_deref())?;
    session.console.ask(Ask::CheckNow(wanted.services.clone()));
    let ended = async {
        while !wanted.ended(&session.console.state, began) {
            if !session.console.pump().await {
                break;
            }
        }
    };
    // What does not end by then is shown as it is: not checked.
    drop(tokio::time::timeout(PATIENCE, ended).await);
    print(&session, &wanted, global.output)?;
    if args.exit_code {
        return Ok(verdict(&session.console.state, &wanted));
    }
    Ok(session.exit())
}

/// One that fails decides; without evidence nothing passes.
fn verdict(state: &State, wanted: &Wanted) -> Exit {
    let held = held(state);
    let views = wanted.views(state).into_iter().filter(|view| !held.contains(&view.check.key));
    let outcomes: Vec<Outcome> = views.map(|view| view.check.outcome).collect();
    if outcomes.contains(&Outcome::Failing) {
        Exit::Unhealthy
    } else if outcomes.is_empty() || outcomes.iter().any(|outcome| *outcome != Outcome::Passing) {
        Exit::Unknown
    } else {
        Exit::Done
    }
}

/// Which Checks are meant.
struct Wanted {
    environment: Option<EnvironmentAddress>,
    /// Whole addresses of Services; none: all of them.
    services: Vec<Text>,
}

impl Wanted {
    /// A Service, else an Environment, else what a Check calls its Service although no Source knows it.
    fn of(session: &Session, typed: Option<&str>, narrowed: Option<&str>) -> Result<Self, Failure> {
        let environment = address::narrowed(session, narrowed)?;
        let all = Self { environment, services: Vec::new() };
        let Some(typed) = typed else { return Ok(all) };
        let fleet = &session.console.state.fleet;
        let unknown = match address::required(session, typed) {
            Ok(service) => return Ok(Self { services: vec![Text::line(&address::raw(&service))], ..all }),
            Err(unknown) => unknown,
        };
        if let Ok(environment) = fleet.resolve_environment(typed) {
            return Ok(Self { environment: Some(environment), ..all });
        }
        let mut named: Vec<Text> = fleet.checks().iter().map(|view| view.check.service.clone()).collect();
        named.retain(|service| service.raw() == typed || service.raw().ends_with(&format!("/{typed}")));
        named.dedup();
        if named.is_empty() { Err(unknown) } else { Ok(Self { services: named, ..all }) }
    }

    fn views<'a>(&self, state: &'a State) -> Vec<CheckView<'a>> {
        let mut views = state.fleet.checks();
        views.retain(|view| {
            let whole = view.service.as_ref().map(address::raw);
            let speaks = |service: &Text| view.check.concerns(service.raw()) || whole.as_deref() == Some(service.raw());
            self.environment.as_ref().is_none_or(|e| view.environment == *e)
                && (self.services.is_empty() || self.services.iter().any(speaks))
        });
        views
    }

    /// Whether all of them have ended since `began`; those of another Source (the demo's) are not ours to run.
    fn ended(&self, state: &State, began: Timestamp) -> bool {
        let ours = |check: &Check| {
            state.fleet.source(&check.key.source).is_some_and(|source| source.kind == SourceKind::Checks)
        };
        let held = held(state);
        let ended = |check: &Check| check.checked_at.is_some_and(|at| at >= began);
        let told = self
            .views(state)
            .iter()
            .all(|view| !ours(view.check) || held.contains(&view.check.key) || ended(view.check));
        // What was found a moment ago may not be a fact so far.
        let runs = |spec: &&CheckSpec| spec.held.is_none() && self.services.iter().any(|s| spec.concerns(s.raw()));
        let name = SourceName::new(SourceSpec::CHECKS);
        let known: Vec<Key> = state.fleet.checks().iter().map(|view| view.check.key.clone()).collect();
        let wanted = |spec: &&CheckSpec| spec.held.is_none() && (self.services.is_empty() || runs(spec));
        let twice = |spec: &CheckSpec| {
            let mut views = state.fleet.checks().into_iter();
            views.any(|v| {
                v.check.kind == spec.kind && v.check.target == spec.target && v.check.concerns(spec.service.raw())
            })
        };
        told && state.probes.iter().filter(wanted).all(|spec| known.contains(&spec.key(&name)) || twice(spec))
    }
}

/// Checks that are known and not run.
fn held(state: &State) -> Vec<Key> {
    let name = SourceName::new(SourceSpec::CHECKS);
    state.probes.iter().filter(|spec| spec.held.is_some()).map(|spec| spec.key(&name)).collect()
}

fn print(session: &Session, wanted: &Wanted, format: Format) -> Result<(), Failure> {
    let state = &session.console.state;
    let views = wanted.views(state);
    if format == Format::Json {
        let items: Vec<_> = views.iter().map(CheckItem::of).collect();
        return output::json("Check", state, items);
    }
    output::text(&table(&views, state.now, format == Format::Wide))?;
    session.remark_silent();
    Ok(())
}

fn table(views: &[CheckView<'_>], now: Timestamp, wide: bool) -> String {
    let mut head = vec![
        ("SERVICE", Side::Left),
        ("KIND", Side::Left),
        ("TARGET", Side::Left),
        ("STATE", Side::Left),
        ("FOR", Side::Right),
        ("LATENCY ms", Side::Right),
        ("CERTIFICATE", Side::Right),
    ];
    if wide {
        head.extend([("CHECKED", Side::Right), ("FOUND BY", Side::Left)]);
    }
    head.push(("MESSAGE", Side::Left));
    let mut table = Table::new(&head);
    for CheckView { check, service, .. } in views {
        let certificate = check.certificate_expires_at.map(|at| match at.as_second() - now.as_second() {
            left @ 0.. => words::length(left),
            _ => "ended".to_owned(),
        });
        let mut cells = vec![
            service.as_ref().map_or_else(|| check.service.to_string(), ToString::to_string),
            check.kind.to_string(),
            check.target.to_string(),
            check.outcome.word().replace('_', " "),
            words::maybe_ago(now, check.since),
            check.latency_ms.map(|ms| ms.to_string()).unwrap_or_default(),
            certificate.unwrap_or_default(),
        ];
        if wide {
            cells.extend([words::maybe_ago(now, check.checked_at), check.found_by.to_string()]);
        }
        cells.push(check.message.to_string());
        table.row(cells);
    }
    if table.is_empty() { "no checks\n".to_owned() } else { table.text() }
}
