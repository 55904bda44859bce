//! What the shell does: the actions that work on every screen, and the commands of screens and overlays.

use jiff::SignedDuration;

use super::errand::{Errand, Said};
use super::{App, Prompt, Wish, close, facts, subject, view};
use crate::engine::{Ask, Console, State};
use crate::model::Timestamp;
use crate::tui::keymap::Action;
use crate::tui::screen::{Command, Overlay, Place, Subject, Tab, View};
use crate::tui::state::Replaying;
use crate::tui::widget::field::Field;

/// How far one press goes on a tape.
const LEAP: SignedDuration = SignedDuration::from_secs(30);

impl App {
    /// What an action does where no screen takes it.
    pub(super) fn always(&mut self, action: Action, console: &mut Console, now: Timestamp) {
        match action {
            Action::Help => self.show(&Overlay::Help, console, now),
            Action::Palette => self.show(&Overlay::Palette, console, now),
            Action::Narrow => self.show(&Overlay::Narrow, console, now),
            Action::Debug => self.show(&Overlay::Debug, console, now),
            Action::Watch => self.run(vec![Command::Go(Place::Watch)], console, now),
            Action::Services => self.run(vec![Command::Go(Place::Services)], console, now),
            Action::Queues => self.run(vec![Command::Go(Place::Queues)], console, now),
            Action::Alarms => self.run(vec![Command::Go(Place::Alarms)], console, now),
            Action::Checks => self.run(vec![Command::Go(Place::Checks)], console, now),
            Action::Timeline => self.run(vec![Command::Go(Place::Timeline)], console, now),
            Action::Sources => self.run(vec![Command::Go(Place::Sources)], console, now),
            Action::Back => self.back(console, now),
            Action::Filter => self.open_filter(),
            Action::Freeze => self.freeze(console, now),
            Action::Mouse => self.toggle_mouse(now),
            Action::Refresh => {
                console.ask(Ask::Refresh(None));
                self.ui.say("asking every Source again", false, now);
            }
            Action::CheckNow => self.check_now(console, now),
            Action::Redraw => self.wishes.push(Wish::Redraw),
            Action::Suspend => self.wishes.push(Wish::Suspend),
            Action::Quit => self.wishes.push(Wish::Quit),
            Action::Pause | Action::Step | Action::Forward | Action::Rewind | Action::Faster | Action::Slower => {
                self.replay(action, console);
            }
            _ => self.on_subject(action, console, now),
        }
    }

    /// Runs the Checks of what is under the cursor now: of a Service, of an Environment, else all that can be seen.
    fn check_now(&mut self, console: &mut Console, now: Timestamp) {
        let view = view(&self.ui, &self.look, facts(self.frozen.as_deref(), &console.state), now);
        let subject = self.screens.top().subject(&view);
        // A view that stands still knows nothing of what ends from now on.
        let live = View { state: &console.state, ..view };
        match Errand::of(subject.as_ref(), &live) {
            Err(why) => self.ui.say(why, true, now),
            Ok((errand, services)) => {
                console.ask(Ask::CheckNow(services));
                self.errand = Some(errand);
                self.follow_checks(&console.state, now);
            }
        }
    }

    /// Says how far the Checks are that were asked for, and at last what came of them.
    pub(super) fn follow_checks(&mut self, state: &State, now: Timestamp) {
        let Some(errand) = &self.errand else { return };
        let said = errand.said(state, now);
        let (text, bad) = match said {
            Said::Under(text) => (text, false),
            Said::Over { text, bad } => {
                self.errand = None;
                (text, bad)
            }
        };
        self.ui.say(text, bad, now);
    }

    /// What an action does to the thing under the cursor.
    fn on_subject(&mut self, action: Action, console: &mut Console, now: Timestamp) {
        let view = view(&self.ui, &self.look, facts(self.frozen.as_deref(), &console.state), now);
        let Some(subject) = self.screens.top().subject(&view) else { return };
        let service = subject.service().cloned();
        let tab = |tab| service.clone().map(|address| Command::Go(Place::Service(address, tab)));
        let command = match action {
            Action::Actions => Some(Command::Show(Overlay::Actions(subject))),
            Action::Why => service.map(|address| Command::Show(Overlay::Why(address))),
            Action::Logs => tab(Tab::Logs),
            Action::LogsPrevious => tab(Tab::LogsPrevious),
            Action::Events => tab(Tab::Events),
            Action::Describe => tab(Tab::Describe),
            Action::Raw => tab(Tab::Raw),
            Action::Mark => service.map(Command::Mark),
            Action::Copy => Some(Command::Copy(subject::words(&subject))),
            Action::Url => Some(subject::url(&subject, view.state)),
            Action::Runbook => service.map(|address| subject::runbook(&address, view.state)),
            Action::Open => match subject {
                Subject::Source(name) => Some(Command::Go(Place::Source(name))),
                _ => tab(Tab::Instances),
            },
            _ => None,
        };
        use Action as A;
        let needs_service =
            matches!(action, A::Why | A::Logs | A::LogsPrevious | A::Events | A::Describe | A::Raw | A::Mark);
        let command = command
            .or_else(|| needs_service.then(|| Command::refuse("only a Service has that: put the cursor on one")));
        self.run(command.into_iter().collect(), console, now);
    }

    /// Does what screens and overlays want.
    pub(super) fn run(&mut self, commands: Vec<Command>, console: &mut Console, now: Timestamp) {
        for command in commands {
            match command {
                Command::Ask(ask) => console.ask(ask),
                Command::Go(place) => {
                    self.prompt = None;
                    let view = view(&self.ui, &self.look, facts(self.frozen.as_deref(), &console.state), now);
                    let told = self.screens.go(&place, &view);
                    self.run(told, console, now);
                }
                Command::Back => self.back(console, now),
                Command::Act(action) => self.act(action, console, now),
                Command::Show(overlay) => self.show(&overlay, console, now),
                Command::Close => drop(self.layers.pop()),
                Command::Narrow(to) => self.ui.narrowed = to,
                Command::Mark(address) => self.ui.mark(&address),
                Command::Copy(text) => self.wishes.push(Wish::Copy(text)),
                Command::Say { text, bad } => self.ui.say(text, bad, now),
                Command::Save { name, text } => self.wishes.push(Wish::Save { name, text }),
                Command::Theme { name, keep } => self.wishes.push(Wish::Theme { name, keep }),
                Command::Quit => self.wishes.push(Wish::Quit),
            }
        }
    }

    /// Back: an overlay, then a page, then a filter, then the narrowing.
    fn back(&mut self, console: &mut Console, now: Timestamp) {
        let view = view(&self.ui, &self.look, facts(self.frozen.as_deref(), &console.state), now);
        if !self.layers.is_empty() {
            let commands = close(&mut self.layers, &view);
            return self.run(commands, console, now);
        }
        let top = self.screens.top();
        if top.filter().is_some_and(|filter| !filter.is_empty()) {
            drop(top.set_filter("", &view));
            return;
        }
        match self.screens.back(&view) {
            Some(commands) => self.run(commands, console, now),
            None => self.ui.narrowed = None,
        }
    }

    fn open_filter(&mut self) {
        if let Some(filter) = self.screens.top().filter() {
            self.prompt = Some(Prompt { field: Field::holding(filter), problem: None });
        }
    }

    fn freeze(&mut self, console: &Console, now: Timestamp) {
        if self.frozen.take().is_some() {
            self.ui.frozen = None;
            self.ui.say("the view goes on", false, now);
        } else {
            self.frozen = Some(Box::new(console.state.clone()));
            self.ui.frozen = Some(now);
        }
    }

    fn toggle_mouse(&mut self, now: Timestamp) {
        self.ui.mouse = !self.ui.mouse;
        self.wishes.push(Wish::Mouse(self.ui.mouse));
        let words = if self.ui.mouse { "the mouse points and scrolls here" } else { "the mouse selects text" };
        self.ui.say(words, false, now);
    }

    fn replay(&mut self, action: Action, console: &mut Console) {
        let now = console.state.now;
        let Some(player) = console.player() else { return };
        match action {
            Action::Pause => player.speed = if player.speed > 0.0 { 0.0 } else { 1.0 },
            Action::Step => player.step(),
            Action::Faster => player.speed = (player.speed.max(0.5) * 2.0).min(64.0),
            Action::Slower => player.speed = (player.speed / 2.0).max(0.25),
            Action::Forward => console.jump(now.checked_add(LEAP).unwrap_or(now)),
            Action::Rewind => console.jump(now.checked_sub(LEAP).unwrap_or(now)),
            _ => {}
        }
        self.look_at_tape(console);
    }

    /// Notes where the tape stands, if one is played.
    pub fn look_at_tape(&mut self, console: &mut Console) {
        self.ui.replaying =
            console.player().map(|player| Replaying { speed: player.speed, progress: player.progress() });
    }
}
