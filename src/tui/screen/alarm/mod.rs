//! An alarm's page: what it says, since when and how often, whose it is and by which rule, what it measures over time
//! against its threshold, its runbook, and what changed in the half hour before.

mod detail;
mod lines;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::engine::Ask;
use crate::fleet::AlarmView;
use crate::model::{Key, Timestamp};
use crate::tui::keymap::{Action, Context};
use crate::tui::screen::reader::Reader;
use crate::tui::screen::{Answer, Command, Place, Screen, Subject, Tab, View};
use crate::tui::theme::Role;

/// The page of one alarm.
pub struct AlarmPage {
    key: Key,
    /// As it was told last: of one that is over the page still says what it was.
    told: Option<AlarmView>,
    /// It is not told any more.
    over: bool,
    /// When more was asked of its Source last.
    asked_at: Option<Timestamp>,
    reader: Reader,
}

/// How often more is asked while the page stands open, in seconds.
const AGAIN_SECONDS: i64 = 60;

impl AlarmPage {
    /// The page of the alarm that a fact is told by.
    #[must_use]
    pub fn new(key: Key) -> Self {
        Self { key, told: None, over: false, asked_at: None, reader: Reader::default() }
    }

    fn runbook(&self) -> Answer {
        let Some(told) = &self.told else { return Answer::DONE };
        match &told.alarm.runbook {
            Some(link) => Answer::one(Command::Copy(link.to_string())),
            None => Answer::one(Command::refuse(format!("{} names no runbook", told.alarm.name))),
        }
    }

    fn open(&self, view: &View<'_>) -> Answer {
        let Some(told) = &self.told else { return Answer::DONE };
        match told.service.as_ref().filter(|address| view.state.fleet.service(address).is_some()) {
            Some(address) => Answer::one(Command::Go(Place::Service(address.clone(), Tab::Signals))),
            None => Answer::one(Command::refuse(format!("no Service to open: {}", told.because))),
        }
    }
}

impl Screen for AlarmPage {
    fn place(&self) -> Place {
        Place::Alarm(self.key.clone())
    }

    fn contexts(&self) -> &'static [Context] {
        &[Context::List]
    }

    fn hints(&self, view: &View<'_>) -> Vec<Action> {
        use Action as A;
        let mut hints = vec![A::Back];
        if self.told.as_ref().is_some_and(|told| told.alarm.runbook.is_some()) {
            hints.push(A::Runbook);
        }
        if self.subject(view).is_some() {
            hints.extend([A::Open, A::Why, A::Logs, A::Events]);
        }
        hints.extend([A::Copy, A::Filter, A::Alarms, A::Help]);
        hints
    }

    fn prepare(&mut self, view: &View<'_>, area: Rect) {
        let told = view.state.fleet.alarm_told(&self.key);
        self.over = told.is_none();
        if let Some(told) = told {
            self.told = Some(told.clone());
        }
        let lines = match &self.told {
            Some(told) => lines::of(view, told, self.over, usize::from(area.width.saturating_sub(2))),
            None => vec![Line::styled("no Source tells this alarm", view.style(Role::Quiet))],
        };
        self.reader.take(lines, area.height);
    }

    fn draw(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        self.reader.draw(view, area, buf);
    }

    fn on(&mut self, action: Action, view: &View<'_>) -> Answer {
        if self.reader.moves(action) {
            return Answer::DONE;
        }
        match action {
            Action::Open => self.open(view),
            Action::Runbook | Action::Url => self.runbook(),
            Action::Copy => match &self.told {
                Some(told) => Answer::one(Command::Copy(told.alarm.name.to_string())),
                None => Answer::DONE,
            },
            _ => Answer::Pass,
        }
    }

    fn subject(&self, view: &View<'_>) -> Option<Subject> {
        let address = self.told.as_ref()?.service.as_ref()?;
        view.state.fleet.service(address).map(|service| Subject::Service(service.address.clone()))
    }

    /// More is asked of the Source when the page opens, and again as time goes by.
    fn wishes(&mut self, view: &View<'_>) -> Vec<Command> {
        let Some(told) = self.told.as_ref().filter(|told| !self.over && !told.is_ours() && !told.is_silence()) else {
            return Vec::new();
        };
        let key = detail::teller(view, told);
        let pane = view.state.alarm.as_ref().filter(|pane| pane.key == key);
        let due = pane.is_none_or(|pane| view.now.duration_since(pane.asked_at).as_secs() >= AGAIN_SECONDS);
        if due && self.asked_at != Some(view.now) {
            self.asked_at = Some(view.now);
            return vec![Command::Ask(Ask::AlarmDetail(key))];
        }
        Vec::new()
    }

    fn filter(&self) -> Option<&str> {
        Some(self.reader.search())
    }

    fn set_filter(&mut self, text: &str, _view: &View<'_>) -> Result<(), String> {
        self.reader.set_search(text);
        Ok(())
    }

    fn filter_help(&self) -> &'static str {
        "letters to find in the text"
    }
}
