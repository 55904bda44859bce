//! Signals as lists: Queues, Alarms and Checks are one kind of screen over three kinds of facts.

pub mod alarms;
pub mod board;
pub mod checks;
pub mod depth;
pub mod empty;
pub mod queues;

pub use board::{Board, Signal};

use crate::model::{Kind, SourceKind};
use crate::tui::keymap::Action;

use super::{Place, View};

/// The kinds of Sources that tell what stands on a screen of signals.
#[must_use]
pub fn tellers(place: &Place) -> &'static [SourceKind] {
    use SourceKind as S;
    match place {
        Place::Queues => &[S::RabbitMq, S::Redis, S::Aws],
        Place::Alarms => &[S::Alertmanager, S::Prometheus, S::Aws],
        _ => &[],
    }
}

/// Why nothing can stand on a screen of signals, in words; `None`: there is a fact of its kind, or a Source that could tell
/// one.
#[must_use]
pub fn missing(view: &View<'_>, place: &Place) -> Option<&'static str> {
    let fleet = &view.state.fleet;
    let (kind, words): (Kind, &str) = match place {
        Place::Queues => (Kind::Queue, "no queue is known: no Source here is a broker (`rabbitmq`, `redis` or `aws`)"),
        Place::Alarms => {
            (Kind::Alarm, "no alarm is known: no Source here tells any (`alertmanager`, `prometheus` or `aws`)")
        }
        Place::Checks => {
            (Kind::Check, "no Check is known: none was found, and no `[[check]]` in the config file names one")
        }
        _ => return None,
    };
    let there = fleet.has_signal(kind) || fleet.sources().any(|source| tellers(place).contains(&source.kind));
    (!there).then_some(words)
}

/// The keys to the screens of signals that are there.
#[must_use]
pub fn doors(view: &View<'_>) -> Vec<Action> {
    let all = [(Action::Queues, Place::Queues), (Action::Alarms, Place::Alarms), (Action::Checks, Place::Checks)];
    let there = all.into_iter().filter(|(_, place)| missing(view, place).is_none());
    there.map(|(action, _)| action).collect()
}

/// The screen that an action leads to, if it is one of these.
#[must_use]
pub fn place_of(action: Action) -> Option<Place> {
    match action {
        Action::Queues => Some(Place::Queues),
        Action::Alarms => Some(Place::Alarms),
        Action::Checks => Some(Place::Checks),
        _ => None,
    }
}
