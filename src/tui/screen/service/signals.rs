//! The signals of a Service on its page: its backlog and its ready Instances on one axis of time, its alarms, its
//! Checks, what metrics servers read of it.

use ratatui::text::{Line, Span};

use crate::fleet::{AlarmView, CheckView, QueueView, ReadingView};
use crate::model::{Address, Quantity, Service, Text};
use crate::tui::screen::signals::depth::Depth;
use crate::tui::screen::signals::{alarms, checks, queues};
use crate::tui::screen::{View, cells, figure};
use crate::tui::theme::Role;
use crate::tui::widget::words;

/// How many signals a Service has.
#[must_use]
pub fn count(view: &View<'_>, address: &Address) -> usize {
    let fleet = &view.state.fleet;
    let readings = usize::from(!fleet.readings_of(address).is_empty());
    fleet.queues_of(address).len() + fleet.alarms_of(address).len() + fleet.checks_of(address).len() + readings
}

/// The lines of the tab.
#[must_use]
pub fn lines(view: &View<'_>, address: &Address, width: u16) -> Vec<Line<'static>> {
    let fleet = &view.state.fleet;
    let Some(service) = fleet.service(address) else { return Vec::new() };
    let (queues, alarms, checks) = (fleet.queues_of(address), fleet.alarms_of(address), fleet.checks_of(address));
    let room = usize::from(width.saturating_sub(2));
    let mut out = Vec::new();
    let mut part = |title: &'static str, lines: Vec<Line<'static>>| {
        if lines.is_empty() {
            return;
        }
        if !out.is_empty() {
            out.push(Line::default());
        }
        out.push(Line::styled(title, view.style(Role::Strong)));
        out.extend(lines);
    };
    part("SCALING", scaling_lines(view, address));
    part("QUEUES", queues.iter().flat_map(|queue| queue_lines(view, service, queue, room)).collect());
    part("ALARMS", alarms.iter().flat_map(|alarm| alarm_lines(view, alarm, room)).collect());
    part("CHECKS", checks.iter().map(|check| check_line(view, check)).collect());
    part("READINGS", fleet.readings_of(address).iter().flat_map(|read| reading_lines(view, read, room)).collect());
    if out.is_empty() {
        out.push(Line::styled(
            "no queue, no alarm, no Check and no reading speaks of this Service",
            view.style(Role::Quiet),
        ));
    }
    out
}

fn queue_lines(view: &View<'_>, service: &Service, told: &QueueView<'_>, room: usize) -> Vec<Line<'static>> {
    let queue = told.queue;
    let quiet = view.style(Role::Quiet);
    let stale = told.stale_since.map(|since| format!("stale {}", cells::when(view).exact_age(since)));
    let (mark, role) = queues::mark(view, told.state, told.is_bad());
    let (mark, role) = if stale.is_some() { (view.glyphs.hollow, Role::Quiet) } else { (mark, role) };
    let state = stale.clone().unwrap_or_else(|| told.state.to_string());
    let mut facts = vec![format!("{} ready", known(queue.ready))];
    let more = [
        ("in work", queue.unacked),
        ("delayed", queue.delayed),
        ("failed", queue.failed),
        ("dead", queue.dead_letters),
    ];
    facts.extend(more.into_iter().filter_map(|(word, n)| n.map(|n| format!("{} {word}", figure::count(n)))));
    facts.extend(queue.oldest_at.map(|at| format!("oldest {}", cells::when(view).age(at))));
    facts.extend(queue.in_per_second.map(|n| format!("in {n}/s")));
    facts.extend(queue.out_per_second.map(|n| format!("out {n}/s")));
    facts.extend(queues::limit(queue.ready.filter(|_| stale.is_none()), told.limit, told.limit_rule));
    facts.extend(Some(queues::empty(told)).filter(|eta| !eta.is_empty()).map(|eta| format!("empty {eta}")));
    facts.extend(told.note.as_ref().map(Text::to_string));
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("{mark} {state:<9} "), view.style(role)),
        Span::styled(queue.name.to_string(), view.style(Role::Strong)),
        Span::styled(format!("  {} {}", queue.broker, queue.key.source), quiet),
    ])];
    let told_facts = facts.join(&format!(" {} ", view.glyphs.dot));
    lines.extend(words::wrap(&told_facts, room).into_iter().map(|line| Line::styled(format!("  {line}"), quiet)));
    lines.push(Line::styled(format!("  tied by {}", told.because), quiet));
    let depth = Depth {
        queue: &queue.key,
        ready: queue.ready.filter(|_| stale.is_none()),
        limit: told.limit,
        consumer: Some(&service.address),
        bounds: told.bounds.as_ref(),
    };
    lines.extend(depth.lines(view, room));
    lines
}

/// How far it may be scaled and what asks for it: `3 of 4, headroom 1`, `CPU 45 % of 70 %`.
fn scaling_lines(view: &View<'_>, address: &Address) -> Vec<Line<'static>> {
    let fleet = &view.state.fleet;
    let quiet = view.style(Role::Quiet);
    let bounds = fleet.bounds(address).map(|bounds| {
        let least = bounds.min.filter(|_| bounds.max.is_some()).map(|min| format!(", at least {min}"));
        Line::from(vec![
            Span::styled(format!("  {}{}", bounds.words(), least.unwrap_or_default()), view.style(Role::Text)),
            Span::styled(format!("  {}", bounds.by), quiet),
        ])
    });
    let rules = fleet.scale_rules(address, view.now).into_iter().map(|rule| {
        let role = if rule.asks() == Some(true) { Role::Warn } else { Role::Text };
        Line::from(vec![
            Span::styled(format!("  {}", rule.words()), view.style(role)),
            Span::styled(format!("  {}", rule.by), quiet),
        ])
    });
    bounds.into_iter().chain(rules).collect()
}

fn known(n: Option<u64>) -> String {
    n.map_or_else(|| "?".to_owned(), figure::count)
}

fn alarm_lines(view: &View<'_>, told: &AlarmView, room: usize) -> Vec<Line<'static>> {
    let alarm = &told.alarm;
    let quiet = view.style(Role::Quiet);
    let (mark, role) = alarms::mark(view, alarm.severity, alarm.state);
    let role = if told.stale_since.is_some() { Role::Quiet } else { role };
    let since = alarm.since.map(|at| format!(" {}", cells::when(view).age(at))).unwrap_or_default();
    let stale = told.stale_since.map(|at| format!(" (stale {})", cells::when(view).exact_age(at)));
    let mut lines = vec![Line::from(vec![
        Span::styled(
            format!("{mark} {} {}{since}{} ", alarm.severity, alarms::word(alarm.state), stale.unwrap_or_default()),
            view.style(role),
        ),
        Span::styled(alarm.name.to_string(), view.style(Role::Strong)),
        Span::styled(format!("  {}", alarm.measure()), view.style(Role::Text)),
    ])];
    let flaps = alarms::flaps(view.state.fleet.flaps(told, view.now));
    lines.extend(flaps.map(|flaps| Line::styled(format!("  {flaps}"), quiet)));
    let summary = words::wrap(alarm.summary.shown(), room);
    lines.extend(summary.into_iter().map(|line| Line::styled(format!("  {line}"), quiet)));
    lines
        .extend(alarm.runbook.as_ref().map(|link| Line::styled(format!("  runbook {link}"), view.style(Role::Accent))));
    lines.push(Line::styled(format!("  tied by {}", told.because), quiet));
    lines
}

/// What one metrics server reads, in the units that people say it in.
fn reading_lines(view: &View<'_>, told: &ReadingView<'_>, room: usize) -> Vec<Line<'static>> {
    let reading = told.reading;
    let percent = |ratio: Quantity| Quantity::new(ratio.get() * 100.0).map(|percent| format!("{percent} % errors"));
    let millis = |seconds: Quantity| Quantity::new(seconds.get() * 1000.0).map(|ms| format!("p95 {ms} ms"));
    let facts = [
        reading.error_ratio.and_then(percent),
        reading.p95_seconds.and_then(millis),
        reading.cpu_cores.map(|cores| format!("{} cores", figure::cores(cores.get()))),
        reading.memory_bytes.map(|bytes| format!("{} memory", figure::memory(bytes))),
    ];
    let said = facts.into_iter().flatten().collect::<Vec<_>>().join(&format!(" {} ", view.glyphs.dot));
    let stale = told.stale_since.map(|at| format!("  stale {}", cells::when(view).exact_age(at)));
    let quiet = view.style(Role::Quiet);
    let role = if stale.is_some() { Role::Quiet } else { Role::Text };
    let head = format!("{said}  {}{}", reading.key.source, stale.unwrap_or_default());
    let mut lines: Vec<Line<'static>> =
        words::wrap(&head, room).into_iter().map(|line| Line::styled(line, view.style(role))).collect();
    lines.push(Line::styled(format!("  tied by {}", told.because), quiet));
    lines
}

fn check_line(view: &View<'_>, told: &CheckView<'_>) -> Line<'static> {
    let check = told.check;
    let (mark, role) = checks::mark(view, check.outcome);
    let latency = check.latency_ms.map(|ms| format!("  {ms} ms")).unwrap_or_default();
    Line::from(vec![
        Span::styled(format!("{mark} {:<11} ", checks::word(check.outcome)), view.style(role)),
        Span::styled(format!("{} {}", check.kind, check.target), view.style(Role::Text)),
        Span::styled(format!("{latency}  {}", check.message), view.style(Role::Quiet)),
    ])
}
