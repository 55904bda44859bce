//! The text of an alarm's page.

use ratatui::text::{Line, Span};

use super::detail;
use crate::fleet::history::STEP_SECONDS;
use crate::fleet::{AlarmView, FlapCount};
use crate::model::{AlarmState, Change, Text, Timestamp};
use crate::tui::screen::signals::alarms::{mark, word};
use crate::tui::screen::{View, cells, curves, figure};
use crate::tui::theme::Role;
use crate::tui::widget::graph::{self, Graph};
use crate::tui::widget::{ages, words};

/// Cells of a field's name.
const FIELD: usize = 11;
/// Cells of a graph at most: half an hour; its lines.
pub(super) const STEPS: usize = 180;
pub(super) const HEIGHT: usize = 5;
/// How far before an alarm changes are looked for, in seconds.
const BEFORE: i64 = 1800;
/// Most of them that are told: the newest.
const CHANGES: usize = 12;

/// All of it; `over`: no Source tells it any more.
pub(super) fn of(view: &View<'_>, told: &AlarmView, over: bool, width: usize) -> Vec<Line<'static>> {
    let mut page = Page { view, width, lines: Vec::new() };
    page.head(told, over);
    page.fields(told);
    if !detail::graph(&mut page, told) {
        page.graph(told);
    }
    page.cause(told);
    detail::lines(&mut page, told);
    page.changes(told);
    page.labels(told);
    page.lines
}

/// The page while it is written.
pub(super) struct Page<'a, 'v> {
    pub(super) view: &'a View<'v>,
    pub(super) width: usize,
    pub(super) lines: Vec<Line<'static>>,
}

impl Page<'_, '_> {
    pub(super) fn title(&mut self, title: &str, beside: &str) {
        self.lines.push(Line::default());
        self.lines.push(Line::from(vec![
            Span::styled(title.to_owned(), self.view.style(Role::Strong)),
            Span::styled(format!("  {beside}"), self.view.style(Role::Quiet)),
        ]));
    }

    pub(super) fn text(&mut self, text: &str, indent: usize, role: Role) {
        for piece in words::wrap(text, self.width.saturating_sub(indent).max(16)) {
            self.lines.push(Line::styled(format!("{:indent$}{piece}", ""), self.view.style(role)));
        }
    }

    fn field(&mut self, name: &str, value: &str, role: Role) {
        if value.is_empty() {
            return;
        }
        for (n, piece) in words::wrap(value, self.width.saturating_sub(FIELD).max(16)).into_iter().enumerate() {
            let name = if n == 0 { name } else { "" };
            self.lines.push(Line::from(vec![
                Span::styled(format!("{name:<FIELD$}"), self.view.style(Role::Quiet)),
                Span::styled(piece, self.view.style(role)),
            ]));
        }
    }

    fn head(&mut self, told: &AlarmView, over: bool) {
        let (view, alarm) = (self.view, &told.alarm);
        let (shape, role) = mark(view, alarm.severity, alarm.state);
        let (shape, role) =
            if over || told.stale_since.is_some() { (view.glyphs.hollow, Role::Quiet) } else { (shape, role) };
        let since = alarm.since.map(|at| format!(" {}", cells::when(view).lasting(at))).unwrap_or_default();
        let state = match (over, told.stale_since) {
            (true, _) => format!("over: it was {}", word(alarm.state)),
            (_, Some(at)) => {
                format!("{} when its Source was heard last, {} ago", word(alarm.state), cells::when(view).exact_age(at))
            }
            _ => format!("{}{since}", word(alarm.state)),
        };
        self.lines.push(Line::from(vec![
            Span::styled(format!("{shape} "), view.style(role)),
            Span::styled(alarm.name.to_string(), view.style(Role::Strong)),
            Span::styled(format!("   {} {state}", alarm.severity), view.style(role)),
        ]));
        self.text(alarm.summary.shown(), 2, Role::Text);
        self.lines.push(Line::default());
    }

    fn fields(&mut self, told: &AlarmView) {
        let (view, alarm) = (self.view, &told.alarm);
        let fleet = &view.state.fleet;
        self.field("value", &alarm.measure(), Role::Text);
        self.field("since", &alarm.since.map(ages::exact).unwrap_or_default(), Role::Text);
        let flaps = fleet.flaps(told, view.now);
        self.field("changes", &changes(flaps), if flaps.last_hour > 3 { Role::Warn } else { Role::Text });
        if let Some(service) = &told.service {
            let known = fleet.service(service);
            let health = known.map(|known| format!("  {}", known.health.state.shown())).unwrap_or_default();
            let ready = known.and_then(|known| figure::ready(known.ready, known.desired)).unwrap_or_default();
            self.field("service", format!("{service}{health} {ready}").trim_end(), Role::Accent);
            self.field("", &format!("by {}", told.because), Role::Quiet);
        } else {
            let place = told.environment.as_ref().map(|place| format!("in {place}: ")).unwrap_or_default();
            self.field("service", &format!("{place}{}", told.because), Role::Quiet);
        }
        let sources: Vec<String> = told.sources.iter().map(ToString::to_string).collect();
        let by = if told.is_ours() { "one of Quarterdeck's own rules".to_owned() } else { sources.join(", ") };
        self.field("told by", &by, Role::Text);
        self.field("runbook", alarm.runbook.as_ref().map(Text::shown).unwrap_or_default(), Role::Accent);
        if alarm.state == AlarmState::Suppressed {
            self.field("held back", alarm.suppressed_by.as_ref().map_or("silenced", Text::shown), Role::Text);
        }
        self.field(
            "silenced",
            &alarm.silenced_until.map(|at| format!("until {}", ages::exact(at))).unwrap_or_default(),
            Role::Text,
        );
        if alarm.notifies == Some(false) {
            self.field("notifies", "nobody: its actions are off", Role::Warn);
        }
    }

    /// What it measures over time against its threshold, where it carries a number.
    fn graph(&mut self, told: &AlarmView) {
        let view = self.view;
        let steps = self.width.saturating_sub(graph::LABEL + 1).min(STEPS);
        let values = view.state.fleet.alarm_curve(told, curves::end_of_minute(view.minute), steps);
        if values.iter().flatten().next().is_none() {
            return;
        }
        let below = told.alarm.comparison.as_ref().is_some_and(|sign| sign.raw().starts_with('<'));
        let limit = told.alarm.threshold.map(crate::model::Quantity::get);
        self.title("WHAT IT MEASURES", "as far as this console has seen");
        let graph = Graph { values: &values, limit, below, height: HEIGHT, step: STEP_SECONDS };
        self.lines.extend(graph.lines(view));
    }

    /// The others of its cause.
    fn cause(&mut self, told: &AlarmView) {
        let view = self.view;
        let fleet = &view.state.fleet;
        let Some(cause) = fleet.cause_of(told) else { return };
        self.title("OF THE SAME CAUSE", cause.because.shown());
        for other in cause.alarms.iter().filter_map(|place| fleet.alarms().get(*place)) {
            let alarm = &other.alarm;
            let (shape, role) = mark(view, alarm.severity, alarm.state);
            let since = alarm.since.map(|at| cells::when(view).age(at)).unwrap_or_default();
            let this = if alarm.key == told.alarm.key { "  (this one)" } else { "" };
            let service = other.service.as_ref().map(|service| format!("  {}", view.address(service)));
            self.lines.push(Line::from(vec![
                Span::styled(
                    format!("  {shape} {:<8} {:<8} {since:>4}  ", alarm.severity, word(alarm.state)),
                    view.style(role),
                ),
                Span::styled(alarm.name.to_string(), view.style(Role::Text)),
                Span::styled(
                    format!("{}  {}{this}", service.unwrap_or_default(), alarm.measure()),
                    view.style(Role::Quiet),
                ),
            ]));
        }
    }

    fn changes(&mut self, told: &AlarmView) {
        let view = self.view;
        let began = told.alarm.since.unwrap_or(view.now);
        let found = before(view, told, began);
        self.title("WHAT CHANGED IN THE 30 MINUTES BEFORE", "");
        if found.is_empty() {
            self.text("nothing that this console has seen", 2, Role::Quiet);
        }
        let left = found.len().saturating_sub(CHANGES);
        if left > 0 {
            self.text(&format!("{left} earlier ones are on the Timeline"), 2, Role::Quiet);
        }
        for (at, what, text, bad) in found.into_iter().skip(left) {
            let role = if bad { Role::Warn } else { Role::Text };
            let minutes = began.duration_since(at).as_secs();
            let ahead = if minutes < 60 { "at once".to_owned() } else { format!("{} before", ages::short(minutes)) };
            let line = format!("{}  {ahead:<11}", figure::time_of_day(at));
            self.lines.push(Line::from(vec![
                Span::styled(format!("  {line} "), view.style(Role::Quiet)),
                Span::styled(format!("{what}  "), view.style(Role::Quiet)),
                Span::styled(text, view.style(role)),
            ]));
        }
    }

    fn labels(&mut self, told: &AlarmView) {
        if told.alarm.labels.is_empty() {
            return;
        }
        self.title("LABELS", "");
        let labels: Vec<String> = told.alarm.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.text(&labels.join("  "), 2, Role::Quiet);
    }
}

/// How often it began or ended to fire.
fn changes(count: FlapCount) -> String {
    match count.last_day {
        0 => "none seen in 24h".to_owned(),
        day => format!("{} in the last hour, {day} in 24h", count.last_hour),
    }
}

/// What was seen to change in the half hour before, of its Service, else of its Environment: when, what, in words, whether
/// it made things worse. What the platform dates itself counts although nobody watched.
fn before(view: &View<'_>, told: &AlarmView, began: Timestamp) -> Vec<(Timestamp, String, String, bool)> {
    let fleet = &view.state.fleet;
    let within = |at: Timestamp| (0..=BEFORE).contains(&(began.as_second() - at.as_second()));
    let concerns = |change: &&Change| match (&told.service, &told.environment, &change.service) {
        (Some(service), _, Some(of)) => of == service,
        (None, Some(environment), Some(of)) => of.environment == *environment,
        (_, _, None) => change.source.as_ref().is_some_and(|source| told.sources.contains(source)),
        (None, None, Some(_)) => false,
    };
    let seen = fleet.timeline().iter().filter(|change| within(change.at)).filter(concerns);
    let mut found: Vec<(Timestamp, String, String, bool)> = seen
        .map(|change| {
            let who = change.service.as_ref().filter(|_| told.service.is_none());
            let who = who.map(|address| format!("{}: ", address.service)).unwrap_or_default();
            (change.at, change.kind.word().to_owned(), format!("{who}{}", change.text), change.bad)
        })
        .collect();
    if let Some(service) = told.service.as_ref().and_then(|address| fleet.service(address)) {
        for workload in service.workloads.iter().filter_map(|key| fleet.workload(key)) {
            let words = format!("{} {} was changed, says its platform", workload.kind, workload.name);
            found.extend(
                workload.changed_at.filter(|at| within(*at)).map(|at| (at, "release".to_owned(), words, false)),
            );
        }
        for scaler in fleet.autoscalers(&service.address) {
            let words = format!("{} {} scaled it", scaler.kind, scaler.name);
            found.extend(
                scaler.last_scaled_at.filter(|at| within(*at)).map(|at| (at, "scale".to_owned(), words, false)),
            );
        }
    }
    found.sort();
    found
}
