//! The pure heart: a message in, the state changed, effects out. No clock, no connection, no screen.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::effect::Effect;
use super::msg::{Ask, LogsWanted, Msg, PaneId, Stamped};
use super::state::{AlarmPane, LogPane, Probed, RawPane, State};
use crate::fleet::Fleet;
use crate::model::{AlarmAsk, Instance, Key, LogAsk, SourceName, Text, Update};
use crate::sources::port::CheckOrder;

/// Applies one message.
pub fn update(state: &mut State, stamped: Stamped) -> Vec<Effect> {
    let Stamped { at, msg } = stamped;
    state.now = state.now.max(at);
    state.applied += 1;
    let quiet = match &msg {
        Msg::Tick | Msg::Gauge { .. } => true,
        Msg::News { updates, .. } => updates.is_empty(),
        _ => false,
    };
    state.moved += u64::from(!quiet);
    match msg {
        Msg::Known { source, kind, found_by, connect } => state.fleet.know(&source, kind, found_by, connect, at),
        Msg::Forgotten { source } => state.fleet.forget(&source, at),
        Msg::News { source, updates } => {
            let synced = updates.iter().any(|update| matches!(update, Update::Synced));
            for update in updates {
                state.fleet.apply(&source, update, at);
            }
            settle(state);
            let mut effects = follow_newcomers(state);
            effects.extend(follow_again(state, synced.then_some(&source)));
            return effects;
        }
        Msg::Gauge { source, calls, latency_ms, answered_at } => {
            state.fleet.gauge(&source, calls, latency_ms, answered_at);
            state.gauged += 1;
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
        Msg::AlarmDetail { key, result } => {
            if let Some(pane) = state.alarm.as_mut().filter(|pane| pane.key == key) {
                pane.result = Some(*result);
            }
        }
        Msg::Rules(rules) => state.fleet.set_rules(*rules, at),
        Msg::Ask(ask) => return answer(state, ask),
        Msg::Tick => {
            settle(state);
            let quiet = state.probed.is_some_and(|last| {
                last.moved == state.moved || state.now.as_second() - last.at.as_second() < PROBE_SECONDS
            });
            return if quiet { Vec::new() } else { look_for_checks(state) };
        }
    }
    Vec::new()
}

fn settle(state: &mut State) {
    state.moved += u64::from(state.fleet.settle(state.now));
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
        Ask::AlarmDetail(key) => ask_alarm(state, key),
        Ask::Visible(keys) => vec![Effect::Visible(keys.into())],
        Ask::CheckNow(services) => {
            let mut effects = look_for_checks(state);
            effects.push(Effect::Check(CheckOrder::Now(services.into())));
            effects
        }
    }
}

/// Seconds of history and of curves that an alarm's page shows.
const HISTORY_SECONDS: i64 = 24 * 3600;
const CURVES_SECONDS: i64 = 3 * 3600;

/// What was told of the same alarm before stays until the new answer is there.
fn ask_alarm(state: &mut State, key: Key) -> Vec<Effect> {
    let before = state.alarm.take().filter(|pane| pane.key == key);
    let result = before.and_then(|pane| pane.result);
    let Some(alarm) = state.fleet.alarm(&key) else {
        let result = Some(Err(Text::line("no Source knows more of this alarm")));
        state.alarm = Some(AlarmPane { key, result, asked_at: state.now });
        return Vec::new();
    };
    let back = |seconds| state.now.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(state.now);
    let ask = AlarmAsk {
        key: key.clone(),
        scope: alarm.scope.clone(),
        name: alarm.name.clone(),
        history_since: back(HISTORY_SECONDS),
        curves_since: back(CURVES_SECONDS),
        until: state.now,
    };
    state.alarm = Some(AlarmPane { key, result, asked_at: state.now });
    vec![Effect::AlarmDetail(ask)]
}

/// How often front doors are looked for, at most.
const PROBE_SECONDS: i64 = 5;

/// What the known front doors give to check; told where it is another answer than the last one.
fn look_for_checks(state: &mut State) -> Vec<Effect> {
    state.probed = Some(Probed { at: state.now, moved: state.moved });
    let probes = state.fleet.probes();
    if *probes == *state.probes {
        return Vec::new();
    }
    state.probes = probes.into();
    vec![Effect::Check(CheckOrder::Found(state.probes.clone()))]
}

/// Most streams that one pane opens: a Service of a thousand pods is read from the first of them.
const STREAMS: usize = 32;

fn open_logs(state: &mut State, pane: PaneId, wanted: LogsWanted) -> Vec<Effect> {
    let mut opened = LogPane::new(wanted);
    let asks = asks(&state.fleet, &mut opened);
    if let Some(service) = state.fleet.service(&opened.wanted.service)
        && opened.wanted.instance.is_none()
        && service.instances.len() > asks.len()
    {
        let words = format!("{} more Instances are not read: open one by itself", service.instances.len() - asks.len());
        opened.endings.extend(service.instances.last().map(|key| (key.clone(), Some(Text::line(&words)))));
    }
    state.panes.insert(pane, opened);
    vec![Effect::OpenLogs { pane, asks }]
}

/// Instances that came after a pane was opened are followed as well: a restart or a rollout does not end the reading.
fn follow_newcomers(state: &mut State) -> Vec<Effect> {
    let State { fleet, panes, .. } = state;
    let following = panes.iter_mut().filter(|(_, p)| p.wanted.follow && p.wanted.instance.is_none());
    let more = following.map(|(pane, opened)| Effect::MoreLogs { pane: *pane, asks: asks(fleet, opened) });
    more.filter(|effect| !matches!(effect, Effect::MoreLogs { asks, .. } if asks.is_empty())).collect()
}

/// What has to be asked for a pane beside what was asked already; notes it in the pane.
fn asks(fleet: &Fleet, pane: &mut LogPane) -> Vec<LogAsk> {
    let Some(service) = fleet.service(&pane.wanted.service) else { return Vec::new() };
    let wanted = &pane.wanted;
    let asks: Vec<LogAsk> = service
        .instances
        .iter()
        .filter(|key| wanted.instance.as_ref().is_none_or(|one| one == *key) && !pane.asked.contains_key(*key))
        .filter_map(|key| fleet.instance(key))
        .take(STREAMS.saturating_sub(pane.open))
        .map(|instance| ask(wanted, instance))
        .collect();
    note(fleet, pane, &asks);
    asks
}

/// Streams that ended are followed again: of an Instance that has started anew since, and, where a connection was lost,
/// once its Source is back (`synced`).
fn follow_again(state: &mut State, synced: Option<&SourceName>) -> Vec<Effect> {
    let State { fleet, panes, .. } = state;
    let mut effects = Vec::new();
    for (id, pane) in panes.iter_mut().filter(|(_, pane)| pane.wanted.follow && !pane.wanted.previous) {
        let is_due = |key: &Key, failed: bool| {
            let run = fleet.instance(key).map(|instance| instance.started_at);
            let (Some(run), Some(read)) = (run, pane.asked.get(key)) else { return false };
            (run.is_some() && run != *read) || (failed && synced == Some(&key.source))
        };
        let due = pane.endings.iter().filter(|(key, failure)| is_due(key, failure.is_some())).map(|(key, _)| key);
        let due: BTreeSet<Key> = due.take(STREAMS.saturating_sub(pane.open)).cloned().collect();
        if due.is_empty() {
            continue;
        }
        pane.endings.retain(|(key, _)| !due.contains(key));
        let asks = due.iter().filter_map(|key| fleet.instance(key)).map(|instance| {
            let asked = ask(&pane.wanted, instance);
            match pane.heard_until(&instance.key) {
                None => asked,
                since => LogAsk { since, tail: None, ..asked },
            }
        });
        let asks: Vec<LogAsk> = asks.collect();
        note(fleet, pane, &asks);
        effects.push(Effect::MoreLogs { pane: *id, asks });
    }
    effects
}

fn ask(wanted: &LogsWanted, instance: &Instance) -> LogAsk {
    LogAsk {
        instance: instance.key.clone(),
        scope: instance.scope.clone(),
        name: instance.name.clone(),
        containers: instance.containers.clone(),
        follow: wanted.follow,
        previous: wanted.previous,
        since: wanted.since,
        tail: wanted.tail,
    }
}

/// Notes in a pane what is being asked for it.
fn note(fleet: &Fleet, pane: &mut LogPane, asks: &[LogAsk]) {
    pane.open += asks.len();
    let run = |key: &Key| fleet.instance(key).and_then(|instance| instance.started_at);
    pane.asked.extend(asks.iter().map(|ask| (ask.instance.clone(), run(&ask.instance))));
}
