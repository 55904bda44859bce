//! One-shot commands: a console that is pumped until every Source has answered once, or the time is over.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use super::args::{Format, Global};
use super::dispatch::report;
use super::output::{remark, words};
use super::{Exit, Failure, Wiring, demo, dispatch};
use crate::config::wording::nearest;
use crate::config::{Machine, Settings};
use crate::engine::Console;
use crate::engine::clock::{Clock, SystemClock, instant};
use crate::engine::tape::Recorder;
use crate::fleet::{Fleet, SourceView};
use crate::model::{Connection, Freshness, SourceKind, SourceSpec};

/// A console with what it was made from.
pub struct Session {
    pub console: Console,
    pub settings: Settings,
    verbose: bool,
    /// There is no Source at all.
    nothing: bool,
    /// What the first answers left of the time to wait.
    left: Duration,
}

impl Session {
    /// Reads the configuration (or takes the simulated world) and starts to connect.
    ///
    /// # Errors
    /// A bad configuration, a Source or context that is not there, nothing to connect at all.
    pub fn open(global: &Global, wiring: &Wiring) -> Result<Self, Failure> {
        let machine = Machine::here();
        let mut settings = dispatch::settings(global, &machine)?;
        let mut clock: Arc<dyn Clock> = Arc::new(SystemClock);
        if global.demo {
            clock = demo::enter(global, wiring, &mut settings)?;
        }
        choose(global, &mut settings)?;
        let mut console = Console::live(settings.rules.clone(), settings.sources.clone(), wiring.opener.clone(), clock);
        if let Some(path) = &global.record {
            let recorder = Recorder::create(path, &settings.rules, console.state.now).map_err(|error| {
                Failure::new(Exit::Failed, format!("{} cannot be recorded to", path.display())).cause(error)
            })?;
            console.record(recorder);
        }
        Ok(Self { console, settings, verbose: global.verbose, nothing: false, left: Duration::ZERO })
    }

    /// The same, and waits for the first answers.
    ///
    /// # Errors
    /// As [`Session::open`], and where there is no Source at all.
    pub async fn gathered(global: &Global, wiring: &Wiring) -> Result<Self, Failure> {
        let mut session = Self::open(global, wiring)?;
        for warning in &session.settings.warnings {
            remark(&format!("warning: {}", warning.line()));
        }
        if session.settings.sources.is_empty() {
            let nothing = nothing_found(&session.settings);
            if global.output != Format::Json {
                return Err(nothing);
            }
            // A script gets its object all the same, without items.
            report(&nothing);
            session.nothing = true;
            return Ok(session);
        }
        session.gather(global.wait.0).await;
        Ok(session)
    }

    /// Pumps until every Source that connects has answered, or `wait` is over.
    pub async fn gather(&mut self, wait: Duration) {
        let start = instant();
        let timely = self.pump_until(wait, |fleet| fleet.sources().all(answered)).await;
        self.left = wait.saturating_sub(start.elapsed());
        if self.verbose {
            let end = if timely { "all sources answered" } else { "the time to wait is over" };
            remark(&format!("{end} after {} ms", start.elapsed().as_millis()));
            for source in self.console.state.fleet.sources() {
                let facts = words::count(usize::try_from(source.objects).unwrap_or(usize::MAX), "object");
                remark(&format!("  {}: {}, {facts}, {} calls", source.name, source.state.word(), source.status.calls));
            }
        }
    }

    /// Pumps on for as much of the time to wait as the first answers left, until something holds.
    pub async fn go_on_until(&mut self, holds: impl Fn(&Fleet) -> bool) {
        if !holds(&self.console.state.fleet) {
            self.pump_until(self.left, holds).await;
        }
    }

    /// False: the time was over before it held.
    async fn pump_until(&mut self, wait: Duration, holds: impl Fn(&Fleet) -> bool) -> bool {
        let pumped = async {
            // The first messages say which Sources there are; before them nothing can have answered.
            while self.console.pump().await {
                if holds(&self.console.state.fleet) {
                    break;
                }
            }
        };
        tokio::time::timeout(wait, pumped).await.is_ok()
    }

    /// Sources that should be connected and are not fresh, with their states.
    #[must_use]
    pub fn not_fresh(&self) -> Vec<(String, &'static str)> {
        let late = |s: &&SourceView| !matches!(s.state, Freshness::Fresh | Freshness::Idle);
        let sources = self.console.state.fleet.sources().filter(late);
        sources.map(|source| (source.name.to_string(), source.state.word())).collect()
    }

    /// Whether any Source can be counted on.
    #[must_use]
    pub fn any_live(&self) -> bool {
        self.console.state.fleet.sources().any(|source| source.state.is_live())
    }

    /// The exit of a command that read every Source.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.not_fresh().is_empty() && !self.nothing { Exit::Done } else { Exit::NotFresh }
    }

    /// The exit of a command that needs Sources of these kinds only.
    #[must_use]
    pub fn exit_needing(&self, kinds: &[SourceKind]) -> Exit {
        let silent = |s: &SourceView| !matches!(s.state, Freshness::Fresh | Freshness::Idle);
        let needed = |s: &SourceView| s.kind == SourceKind::Demo || kinds.contains(&s.kind);
        let late = self.console.state.fleet.sources().any(|source| needed(source) && silent(source));
        if late || self.nothing { Exit::NotFresh } else { Exit::Done }
    }

    /// Says on standard error which Sources the answer lacks, and why.
    pub fn remark_silent(&self) {
        for source in self.console.state.fleet.sources() {
            if !matches!(source.state, Freshness::Fresh | Freshness::Idle) {
                let detail = source.status.detail.as_ref().map(|d| format!(": {d}")).unwrap_or_default();
                remark(&format!("{} is {}{detail}", source.name, source.state.word()));
            }
        }
    }
}

/// Whether nothing more is to be waited for: read once, or failed, or not to be connected.
fn answered(source: &SourceView) -> bool {
    source.synced
        || matches!(source.state, Freshness::Denied | Freshness::Unreachable | Freshness::Stale | Freshness::Idle)
}

/// `--source` and `--context`: only those, connected.
///
/// # Errors
/// One that is not there.
pub fn choose(global: &Global, settings: &mut Settings) -> Result<(), Failure> {
    if global.source.is_empty() && global.context.is_none() {
        return Ok(());
    }
    let is_context = |spec: &SourceSpec, wanted: &str| matches!(&spec.connection, Connection::Kubernetes { context, .. } if context == wanted);
    let is_source = |spec: &SourceSpec, wanted: &str| {
        let name = spec.name.0.raw();
        name == wanted || name.split_once(':').is_some_and(|(_, short)| short == wanted)
    };
    let missing = |what: &str, wanted: &str, known: Vec<&str>| {
        let failure = Failure::new(Exit::Usage, format!("no {what} is called {wanted}"));
        match nearest(wanted, known.iter().copied()) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None if known.is_empty() => failure.hint("`quarterdeck doctor` says what was looked for"),
            None => failure.hint(format!("known: {}", known.join(", "))),
        }
    };
    for wanted in &global.source {
        if !settings.sources.iter().any(|spec| is_source(spec, wanted)) {
            return Err(missing("Source", wanted, settings.sources.iter().map(|s| s.name.0.raw()).collect()));
        }
    }
    if let Some(wanted) = &global.context
        && !settings.sources.iter().any(|spec| is_context(spec, wanted))
    {
        let contexts = settings.sources.iter().filter_map(|spec| match &spec.connection {
            Connection::Kubernetes { context, .. } => Some(context.as_str()),
            _ => None,
        });
        return Err(missing("context", wanted, contexts.collect()));
    }
    settings.sources.retain(|spec| {
        global.source.iter().any(|wanted| is_source(spec, wanted))
            || global.context.as_ref().is_some_and(|wanted| is_context(spec, wanted))
    });
    settings.sources.iter_mut().for_each(|spec| spec.connect = true);
    Ok(())
}

/// With no Source at all: what was tried, and the way on.
fn nothing_found(settings: &Settings) -> Failure {
    let mut message = String::from("nothing to watch was found");
    for attempt in &settings.tried {
        message.push_str(&format!("\n{}: {}", attempt.place, attempt.outcome));
    }
    if settings.tried.is_empty() {
        message.push_str("\nthe config file names no Source, and says `discover = false`");
    }
    Failure::new(Exit::NotFresh, message)
        .hint("start a Docker engine or set KUBECONFIG; `quarterdeck demo` shows a simulated world meanwhile")
}

/// Whether standard output is a terminal.
#[must_use]
pub fn on_terminal() -> bool {
    use std::io::IsTerminal;
    std::io::stdout().is_terminal()
}

/// Makes sure that what was written so far is seen.
///
/// # Errors
/// Where standard output is gone.
pub fn flush() -> Result<(), Failure> {
    Ok(std::io::stdout().lock().flush()?)
}

impl Session {
    /// The exit of a command about one Service: only the Sources of its Workloads count.
    #[must_use]
    pub fn exit_for(&self, address: &crate::model::Address) -> Exit {
        let fleet = &self.console.state.fleet;
        let workloads = fleet.service(address).map_or(&[][..], |service| &service.workloads);
        let fresh = |key: &crate::model::Key| fleet.source(&key.source).is_some_and(|s| s.state == Freshness::Fresh);
        if workloads.iter().all(fresh) { Exit::Done } else { Exit::NotFresh }
    }
}
