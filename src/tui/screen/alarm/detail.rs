//! What its Source told of an alarm on demand: the curve that it is held against, what it went through, what it is made of.

use ratatui::text::{Line, Span};

use crate::fleet::AlarmView;
use crate::model::{AlarmDetail, AlarmState, Key, Quantity, SourceKind, Timestamp};
use crate::tui::screen::signals::alarms::{mark, word};
use crate::tui::screen::{View, cells};
use crate::tui::theme::Role;
use crate::tui::widget::ages;
use crate::tui::widget::graph::{self, Graph};

use super::lines::{HEIGHT, Page, STEPS};

/// How far back the curve is drawn, in seconds.
const SPAN: i64 = 3 * 3600;
/// Most turns of its history that are told: the newest.
const TURNS: usize = 10;

/// The fact of whose Source more is asked: of one that keeps measurements, else the one that speaks.
pub(super) fn teller(view: &View<'_>, told: &AlarmView) -> Key {
    let keeps = |key: &&Key| {
        let kind = view.state.fleet.source(&key.source).map(|source| source.kind);
        matches!(kind, Some(SourceKind::Aws | SourceKind::Prometheus))
    };
    told.keys.iter().find(keeps).unwrap_or(&told.alarm.key).clone()
}

/// What was told so far of this alarm.
fn known<'a>(view: &View<'a>, told: &AlarmView) -> Option<&'a AlarmDetail> {
    let pane = view.state.alarm.as_ref().filter(|pane| told.keys.contains(&pane.key))?;
    pane.result.as_ref()?.as_ref().ok()
}

/// The judged curve against its threshold; false where none was told.
pub(super) fn graph(page: &mut Page<'_, '_>, told: &AlarmView) -> bool {
    let view = page.view;
    let Some(detail) = known(view, told) else { return false };
    let Some(curve) = detail.curves.first().filter(|curve| !curve.points.is_empty()) else { return false };
    let cells = page.width.saturating_sub(graph::LABEL + 1).min(STEPS);
    let least = SPAN / i64::try_from(cells.max(1)).unwrap_or(1);
    let step = i64::from(curve.period_seconds).max(least).max(1);
    let values = spread(&curve.points, view.now, step, cells);
    let sign = detail.comparison.as_ref().or(told.alarm.comparison.as_ref());
    let limit = detail.threshold.or(told.alarm.threshold).map(Quantity::get);
    let fires = detail.points_to_fire.map(|(n, of)| format!(", fires at {n} of {of} points")).unwrap_or_default();
    page.title("WHAT IT MEASURES", &format!("{}, one point each {}{fires}", curve.name, ages::short(step)));
    let below = sign.is_some_and(|sign| sign.raw().starts_with('<'));
    page.lines.extend(Graph { values: &values, limit, below, height: HEIGHT, step }.lines(view));
    true
}

/// The newest point of each step up to now, oldest first.
fn spread(points: &[(Timestamp, Quantity)], now: Timestamp, step: i64, cells: usize) -> Vec<Option<f64>> {
    let mut values = vec![None; cells];
    for (at, value) in points {
        let back = (now.as_second() - at.as_second()).div_euclid(step);
        if let Some(place) = usize::try_from(back).ok().and_then(|back| cells.checked_sub(back + 1)) {
            values[place] = Some(value.get());
        }
    }
    values
}

/// Its history, what it is made of, who is told, and what could not be had.
pub(super) fn lines(page: &mut Page<'_, '_>, told: &AlarmView) {
    let view = page.view;
    if let Some(Err(why)) =
        view.state.alarm.as_ref().filter(|pane| told.keys.contains(&pane.key)).and_then(|pane| pane.result.as_ref())
    {
        page.title("MORE OF IT", "");
        page.text(&format!("its Source tells no more: {why}"), 2, Role::Quiet);
        return;
    }
    let Some(detail) = known(view, told) else { return };
    if !detail.history.is_empty() {
        page.title("HISTORY", &format!("it began to fire {} times", detail.fired()));
    }
    for turn in detail.history.iter().take(TURNS) {
        let (shape, role) = turn.state.map_or((view.glyphs.dot, Role::Quiet), |state| shape(view, told, state));
        let state = turn.state.map(word).unwrap_or_default();
        page.lines.push(Line::from(vec![
            Span::styled(format!("  {}  {shape} {state:<8} ", turn.at.strftime("%m-%d %H:%M:%S")), view.style(role)),
            Span::styled(turn.words.to_string(), view.style(Role::Quiet)),
        ]));
    }
    if !detail.parts.is_empty() {
        page.title("MADE OF", "");
    }
    for part in &detail.parts {
        let (shape, role) = part.state.map_or((view.glyphs.hollow, Role::Quiet), |state| shape(view, told, state));
        let since = part.since.map(|at| cells::when(view).age(at)).unwrap_or_default();
        let state = part.state.map_or("unknown", word);
        page.lines.push(Line::from(vec![
            Span::styled(format!("  {shape} {state:<8} {since:>4}  "), view.style(role)),
            Span::styled(part.name.to_string(), view.style(Role::Text)),
        ]));
    }
    if let Some(rule) = &detail.rule {
        page.title("RULE", "");
        page.text(rule.shown(), 2, Role::Text);
    }
    if !detail.receivers.is_empty() {
        page.title("WHO IS TOLD", "");
        detail.receivers.iter().for_each(|who| page.text(who.shown(), 2, Role::Text));
    }
    detail.notes.iter().for_each(|note| page.text(note.shown(), 2, Role::Quiet));
}

fn shape(view: &View<'_>, told: &AlarmView, state: AlarmState) -> (&'static str, Role) {
    let (shape, role) = mark(view, told.alarm.severity, state);
    (shape, role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stand_in_the_cell_of_their_time_and_gaps_stay_gaps() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let one = |second, value| (at(second), Quantity::new(value).unwrap());
        let points = [one(10, 9.0), one(210, 1.0), one(490, 2.0), one(590, 3.0), one(700, 4.0)];
        assert_eq!(spread(&points, at(600), 100, 4), [Some(1.0), None, Some(2.0), Some(3.0)]);
    }
}
