//! Checks that somebody asked for by key: which they are, how far they are, what came of them.

use crate::engine::State;
use crate::fleet::CheckView;
use crate::model::{Address, Key, Outcome, SourceKind, Text, Timestamp};
use crate::tui::screen::{Subject, View, figure};

/// Longer than any Check takes that nobody gave more time, in seconds.
const PATIENCE_SECONDS: i64 = 60;
/// What ended so shortly before is an answer already: the runner does not ask again.
const JUST_SECONDS: i64 = 2;

/// The Checks that are waited for.
#[derive(Clone, Debug)]
pub(super) struct Errand {
    /// Whose they are, as it is said.
    whose: String,
    keys: Vec<Key>,
    asked: Timestamp,
}

/// What is to be said of them.
pub(super) enum Said {
    Under(String),
    Over { text: String, bad: bool },
}

impl Errand {
    /// The Checks of the thing under the cursor, and the whole addresses of the Services that are to be asked for; none
    /// means all.
    ///
    /// # Errors
    /// There is nothing to run, in words.
    pub(super) fn of(subject: Option<&Subject>, view: &View<'_>) -> Result<(Self, Vec<Text>), String> {
        let fleet = &view.state.fleet;
        let narrowed = view.ui.narrowed.as_ref();
        let environment = match subject {
            Some(Subject::Environment(environment)) => Some(environment),
            Some(Subject::Service(_) | Subject::Instance(..)) => None,
            Some(Subject::Source(_)) | None => narrowed,
        };
        let service = subject.and_then(Subject::service);
        let wanted = |told: &CheckView<'_>| match (service, environment) {
            (Some(service), _) => told.service.as_ref() == Some(service),
            (None, Some(environment)) => told.environment == *environment,
            (None, None) => true,
        };
        let whose = match (service, environment) {
            (Some(service), _) => view.address(service),
            (None, Some(environment)) => view.environment(environment),
            (None, None) => "all".to_owned(),
        };
        let all = fleet.checks();
        let known: Vec<&CheckView<'_>> = all.iter().filter(|told| wanted(told)).collect();
        let keys: Vec<Key> =
            known.iter().filter(|told| runs(view.state, told)).map(|told| told.check.key.clone()).collect();
        if keys.is_empty() {
            let why = match known.first() {
                Some(held) => format!("{whose}: no Check can be run now: {}", held.check.message),
                None if whose == "all" => "no Check is known: `[[check]]` in the config file names one".to_owned(),
                None => format!("no Check of {whose} is known: `[[check]]` in the config file names one"),
            };
            return Err(why);
        }
        let services = match (service, environment) {
            (None, None) => Vec::new(),
            _ => addresses(&known),
        };
        Ok((Self { whose, keys, asked: view.state.now }, services))
    }

    /// How far they are.
    pub(super) fn said(&self, state: &State, now: Timestamp) -> Said {
        let all = state.fleet.checks();
        let ours: Vec<&CheckView<'_>> = all.iter().filter(|told| self.keys.contains(&told.check.key)).collect();
        let since = self.asked.as_second() - JUST_SECONDS;
        let ended: Vec<&&CheckView<'_>> =
            ours.iter().filter(|told| told.check.checked_at.is_some_and(|at| at.as_second() >= since)).collect();
        let whose = &self.whose;
        let over = now.as_second() - self.asked.as_second() >= PATIENCE_SECONDS;
        if ended.len() < ours.len() && !over {
            return Said::Under(format!(
                "{whose}: {} of {} ended",
                ended.len(),
                figure::of(ours.len() as u64, "Check")
            ));
        }
        let with = |outcome| ended.iter().filter(|told| told.check.outcome == outcome).count();
        let (passing, failing) = (with(Outcome::Passing), with(Outcome::Failing));
        let unknown = ours.len() - passing - failing;
        let mut parts = Vec::new();
        let mut count = |n: usize, word: &str| {
            if n > 0 {
                parts.push(format!("{n} {word}"));
            }
        };
        count(failing, "failing");
        count(unknown, "unknown");
        count(passing, "passing");
        let worst = ended.iter().find(|told| told.check.outcome == Outcome::Failing);
        let worst = worst.or_else(|| ended.iter().find(|told| told.check.outcome != Outcome::Passing));
        let words = worst.map(|told| format!(": {} {}", told.check.target, told.check.message)).unwrap_or_default();
        Said::Over { text: format!("{whose}: {}{words}", parts.join(", ")), bad: failing + unknown > 0 }
    }
}

/// Whether a Check is one that can be run from here: not one that is only told, nor one that may not be run.
fn runs(state: &State, told: &CheckView<'_>) -> bool {
    let source = state.fleet.source(&told.check.key.source);
    let ours = source.is_some_and(|s| matches!(s.kind, SourceKind::Checks | SourceKind::Demo) && s.state.is_live());
    let held = state.probes.iter().filter(|spec| spec.held.is_some());
    ours && !held.into_iter().any(|spec| spec.key(&told.check.key.source) == told.check.key)
}

fn addresses(known: &[&CheckView<'_>]) -> Vec<Text> {
    let whole = |told: &&CheckView<'_>| {
        told.service
            .as_ref()
            .map_or_else(|| told.check.service.clone(), |address: &Address| Text::line(&address.whole()))
    };
    let mut services: Vec<Text> = known.iter().map(whole).collect();
    services.sort();
    services.dedup();
    services
}
