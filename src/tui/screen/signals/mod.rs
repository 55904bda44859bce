//! Signals as lists: Queues, Alarms and Checks are one kind of screen over three kinds of facts.

pub mod alarms;
pub mod board;
pub mod checks;
pub mod queues;

pub use board::{Board, Signal};

use crate::model::{Kind, SourceKind};
use crate::tui::keymap::Action;

use super::{Place, View};

/// Why a screen of signals is not there, in words; `None`: it is there. It is where there is a fact of its kind, or a
/// Source that could tell one: an empty screen helps nobody.
#[must_use]
pub fn missing(view: &View<'_>, place: &Place) -> Option<&'static str> {
    use SourceKind as S;
    let fleet = &view.state.fleet;
    let (kind, tellers, words): (Kind, &[SourceKind], &str) = match place {
        Place::Queues => (
            Kind::Queue,
            &[S::RabbitMq, S::Redis, S::Aws],
            "no queue is known: no Source here is a broker (`rabbitmq`, `redis` or `aws` in the config file)",
        ),
        Place::Alarms => (
            Kind::Alarm,
            &[S::Alertmanager, S::Prometheus, S::Aws],
            "no alarm is known: no Source here tells any (`alertmanager`, `prometheus` or `aws` in the config file)",
        ),
        Place::Checks => {
            (Kind::Check, &[], "no Check is known: none was found, and `[[check]]` in the config file names none")
        }
        _ => return None,
    };
    let there = fleet.has_signal(kind) || fleet.sources().any(|source| tellers.contains(&source.kind));
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
