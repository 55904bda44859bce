//! What stands beside Environments and Services on Watch: how much waits for them and how many alarms fire, gathered once
//! for each move of the facts.

use std::collections::{HashMap, HashSet};

use ratatui::text::{Line, Span};

use crate::fleet::{Fleet, QueueView};
use crate::model::{Address, AlarmState, EnvironmentAddress, Key, Kind, QueueState, Severity};
use crate::tui::screen::signals::queues;
use crate::tui::screen::{View, figure};
use crate::tui::theme::Role;

/// Cells of the curve in front of a backlog.
const CURVE: usize = 5;

/// What waits for one Service, or in one Environment, and what fires there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Beside {
    /// Jobs that wait, of the queues that are known now; `None`: no queue, or nobody knows.
    waiting: Option<u64>,
    grows: bool,
    bad: bool,
    /// The queue in which most wait: its curve is drawn.
    most: Option<(u64, Key)>,
    firing: u32,
    critical: bool,
}

impl Beside {
    fn add(&mut self, told: &QueueView<'_>) {
        // A number is drawn only from what is known now.
        let Some(ready) = told.queue.ready.filter(|_| told.stale_since.is_none()) else { return };
        self.waiting = Some(self.waiting.unwrap_or(0).saturating_add(ready));
        self.grows |= told.state == QueueState::Growing;
        self.bad |= told.is_bad();
        if self.most.as_ref().is_none_or(|(most, _)| ready > *most) {
            self.most = Some((ready, told.queue.key.clone()));
        }
    }

    /// The backlog; a curve only where something moves or waits too long.
    #[must_use]
    pub fn backlog<'a>(&self, view: &View<'_>) -> Line<'a> {
        let Some(waiting) = self.waiting else { return Line::default() };
        let role = match (self.grows, self.bad, waiting) {
            (true, true, _) => Role::Growth,
            (_, true, _) => Role::Warn,
            (_, _, 0) => Role::Dim,
            _ => Role::Text,
        };
        let number = Span::styled(figure::count(waiting), view.style(role));
        match self.most.as_ref().filter(|_| self.grows || self.bad) {
            Some((_, key)) => Line::from(vec![queues::curve(view, key, CURVE), Span::raw(" "), number]),
            None => Line::from(number),
        }
    }

    /// How many alarms fire; nothing where none does.
    #[must_use]
    pub fn alarms<'a>(&self, view: &View<'_>) -> Line<'a> {
        let role = if self.critical { Role::Bad } else { Role::Warn };
        let number = if self.firing > 0 { self.firing.to_string() } else { String::new() };
        Line::styled(number, view.style(role))
    }
}

/// All of it, by what it stands beside.
#[derive(Default)]
pub struct Besides {
    services: HashMap<Address, Beside>,
    environments: HashMap<EnvironmentAddress, Beside>,
    /// Whether there is anything to have a column for.
    pub(super) queues: bool,
    pub(super) alarms: bool,
}

impl Besides {
    /// Gathers it.
    #[must_use]
    pub fn of(fleet: &Fleet) -> Self {
        let mut all =
            Self { queues: fleet.has_signal(Kind::Queue), alarms: fleet.has_signal(Kind::Alarm), ..Self::default() };
        for told in fleet.each_queue() {
            all.environments.entry(told.environment.clone()).or_default().add(&told);
            if let Some(service) = &told.consumer {
                all.services.entry(service.clone()).or_default().add(&told);
            }
        }
        // Alarms of one cause count once for each of what they speak of.
        let mut counted = HashSet::new();
        let fires = |state, stale: bool| state == AlarmState::Firing && !stale;
        for told in fleet.alarms().iter().filter(|told| fires(told.alarm.state, told.stale_since.is_some())) {
            let critical = told.alarm.severity == Severity::Critical;
            let mut count = |beside: &mut Beside, of: (Option<&EnvironmentAddress>, Option<&Address>)| {
                let again = told.cause.is_some_and(|cause| !counted.insert((cause, of.0.cloned(), of.1.cloned())));
                beside.firing += u32::from(!again);
                beside.critical |= critical;
            };
            if let Some(place) = &told.environment {
                count(all.environments.entry(place.clone()).or_default(), (Some(place), None));
            }
            if let Some(service) = &told.service {
                count(all.services.entry(service.clone()).or_default(), (None, Some(service)));
            }
        }
        all
    }

    /// What stands beside a Service.
    #[must_use]
    pub fn service(&self, address: &Address) -> Beside {
        self.services.get(address).cloned().unwrap_or_default()
    }

    /// What stands beside an Environment.
    #[must_use]
    pub fn environment(&self, address: &EnvironmentAddress) -> Beside {
        self.environments.get(address).cloned().unwrap_or_default()
    }
}
