//! The pure heart: a message in, the state changed, effects out. No clock, no connection, no screen.

use super::effect::Effect;
use super::msg::{Ask, LogsWanted, Msg, PaneId, Stamped};
use super::state::{LogPane, RawPane, State};
use crate::model::{LogAsk, Text};

/// Applies one message.
pub fn update(state: &mut State, stamped: Stamped) -> Vec<Effect> {
    let Stamped { at, msg } = stamped;
    state.now = state.now.max(at);
    state.applied += 1;
    match msg {
        Msg::Known { source, kind, found_by, connect } => state.fleet.know(&source, kind, found_by, connect, at),
        Msg::Forgotten { source } => state.fleet.forget(&source, at),
        Msg::News { source, updates } => {
            for update in updates {
                state.fleet.apply(&source, update, at);
            }
            state.fleet.settle(at);
        }
        Msg::Gauge { source, calls, latency_ms, answered_at } => {
            state.fleet.gauge(&source, calls, latency_ms, answered_at);
        }
        Msg::Logs { pane, batch } => {
            if let Some(pane) = state.panes.get_mut(&pane) {
                pane.take(batch);
            }
        }
        Msg::LogsEnded { pane, instance, failure } => {
            if let Some(pane) = state.panes.get_mut(&pane) {
                pane.open = pane.open.saturating_sub(1);
                pane.endings.push((instance, failure));
            }
        }
        Msg::Raw { key, result } => {
            // A late answer for a pane that was closed or turned to something else is ignored.
            if let Some(raw) = state.raw.as_mut().filter(|raw| raw.key == key) {
                raw.result = Some(result);
            }
        }
        Msg::Rules(rules) => state.fleet.set_rules(*rules, at),
        Msg::Ask(ask) => return answer(state, ask),
        Msg::Tick => state.fleet.settle(at),
    }
    Vec::new()
}

fn answer(state: &mut State, ask: Ask) -> Vec<Effect> {
    match ask {
        Ask::Connect(source) => vec![Effect::Connect(source)],
        Ask::Disconnect(source) => vec![Effect::Disconnect(source)],
        Ask::Refresh(source) => vec![Effect::Refresh(source)],
        Ask::OpenLogs { pane, wanted } => open_logs(state, pane, wanted),
        Ask::CloseLogs(pane) => {
            state.panes.remove(&pane);
            vec![Effect::CloseLogs(pane)]
        }
        Ask::Raw(ask) => {
            state.raw = Some(RawPane { key: ask.key.clone(), result: None });
            vec![Effect::Raw(ask)]
        }
        Ask::Visible(keys) => vec![Effect::Visible(keys.into())],
    }
}

/// Most streams that one pane opens: a Service of a thousand pods is read from the first of them.
const STREAMS: usize = 32;

fn open_logs(state: &mut State, pane: PaneId, wanted: LogsWanted) -> Vec<Effect> {
    let Some(service) = state.fleet.service(&wanted.service) else { return Vec::new() };
    let instances = service.instances.iter().filter(|key| wanted.instance.as_ref().is_none_or(|one| one == *key));
    let asks: Vec<LogAsk> = instances
        .filter_map(|key| state.fleet.instance(key))
        .take(STREAMS)
        .map(|instance| LogAsk {
            instance: instance.key.clone(),
            scope: instance.scope.clone(),
            name: instance.name.clone(),
            containers: instance.containers.clone(),
            follow: wanted.follow,
            previous: wanted.previous,
            since: wanted.since,
            tail: wanted.tail,
        })
        .collect();
    let mut opened = LogPane::new(wanted, asks.len());
    if service.instances.len() > asks.len() && opened.wanted.instance.is_none() {
        let rest = service.instances.len() - asks.len();
        let words = format!("{rest} more Instances are not followed: open one by itself");
        opened.endings.extend(service.instances.last().map(|key| (key.clone(), Some(Text::line(&words)))));
    }
    state.panes.insert(pane, opened);
    vec![Effect::OpenLogs { pane, asks }]
}
