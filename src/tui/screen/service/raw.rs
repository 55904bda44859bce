//! The platform's own description of a Workload or an Instance, secrets masked.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::engine::{Ask, RawAsk};
use crate::model::{Address, Key};
use crate::tui::screen::reader::Reader;
use crate::tui::screen::{Command, View};
use crate::tui::theme::Role;

/// The tab: whose description is wanted, and the text.
pub struct Raw {
    address: Address,
    /// An Instance; `None`: the Service's first Workload.
    wanted: Option<Key>,
    /// What was asked for last.
    asked: Option<Key>,
    reader: Reader,
}

impl Raw {
    /// Of a Service.
    #[must_use]
    pub fn new(address: Address) -> Self {
        Self { address, wanted: None, asked: None, reader: Reader::default() }
    }

    /// Turns to an Instance, or back to the Workload.
    pub fn want(&mut self, instance: Option<Key>) {
        self.wanted = instance;
        self.asked = None;
    }

    /// The text, to scroll and search.
    pub fn reader(&mut self) -> &mut Reader {
        &mut self.reader
    }

    /// What is searched for.
    #[must_use]
    pub fn search(&self) -> &str {
        self.reader.search()
    }

    fn ask(&self, view: &View<'_>) -> Option<RawAsk> {
        let fleet = &view.state.fleet;
        if let Some(instance) = self.wanted.as_ref().and_then(|key| fleet.instance(key)) {
            let (key, scope, name) = (instance.key.clone(), instance.scope.clone(), instance.name.clone());
            return Some(RawAsk { key, kind: None, scope, name });
        }
        let service = fleet.service(&self.address)?;
        let workload = service.workloads.iter().find_map(|key| fleet.workload(key))?;
        let (key, scope, name) = (workload.key.clone(), workload.scope.clone(), workload.name.clone());
        Some(RawAsk { key, kind: Some(workload.kind), scope, name })
    }

    /// Asks once for what is wanted.
    pub fn wishes(&mut self, view: &View<'_>) -> Vec<Command> {
        let Some(ask) = self.ask(view).filter(|ask| self.asked.as_ref() != Some(&ask.key)) else { return Vec::new() };
        self.asked = Some(ask.key.clone());
        vec![Command::Ask(Ask::Raw(ask))]
    }

    /// Brings the text up to date.
    pub fn prepare(&mut self, view: &View<'_>, area: Rect) {
        self.reader.take(self.lines(view), area.height);
    }

    fn lines(&self, view: &View<'_>) -> Vec<Line<'static>> {
        let quiet = |words: &str| vec![Line::styled(words.to_owned(), view.style(Role::Quiet))];
        let raw = view.state.raw.as_ref().filter(|raw| self.asked.as_ref() == Some(&raw.key));
        match raw.map(|raw| &raw.result) {
            None if self.ask(view).is_none() => quiet("there is nothing to describe"),
            None | Some(None) => quiet("asking its Source…"),
            Some(Some(Err(why))) => vec![Line::from(vec![
                Span::styled(format!("{} ", view.glyphs.bad), view.style(Role::Bad)),
                Span::styled(format!("cannot be read: {why}"), view.style(Role::Text)),
            ])],
            Some(Some(Ok(document))) => document
                .lines
                .iter()
                .map(|line| Line::styled(line.shown().to_owned(), view.style(Role::Text)))
                .collect(),
        }
    }

    /// Draws it.
    pub fn draw(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        self.reader.draw(view, area, buf);
    }
}
