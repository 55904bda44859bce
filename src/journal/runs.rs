//! The Runs that the Records tell of: a fold over them, so that every face and every process sees the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::record::{Event, Record};
use crate::action::run::Ended;
use crate::action::{Plan, Run, RunState, RunStep, StepState};
use crate::model::{Address, Answer, Text, Timestamp};

/// Particulars of [`Event::Started`].
#[derive(Debug, Serialize, Deserialize)]
pub struct Started {
    pub plan: Plan,
}

/// Particulars of the Records about one Step.
#[derive(Debug, Serialize, Deserialize)]
pub struct OfStep {
    /// Counts from 0.
    pub step: usize,
    /// It is being taken back.
    #[serde(default)]
    pub back: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}

/// Particulars of [`Event::AbortAsked`].
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Abort {
    /// What was done is to be taken back in reverse order.
    #[serde(default)]
    pub undo: bool,
}

/// All Runs, and what is known beside them for a decision.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    /// In the order of their start.
    order: Vec<Text>,
    runs: BTreeMap<Text, Run>,
    aborts: BTreeMap<Text, Abort>,
    /// `(user, whole address of the Environment)` → until when it may be changed.
    unlocked: BTreeMap<(Text, Text), Timestamp>,
}

impl Runs {
    /// The Runs of these Records.
    #[must_use]
    pub fn of(records: &[Record]) -> Self {
        let mut runs = Self::default();
        for record in records {
            runs.take(record);
        }
        runs
    }

    /// Takes one more Record.
    pub fn take(&mut self, record: &Record) {
        match record.entry.kind {
            Event::Started => self.start(record),
            Event::Unlocked | Event::Locked => self.lock(record),
            _ => {
                let Some(id) = &record.entry.run else { return };
                if record.entry.kind == Event::AbortAsked {
                    self.aborts.insert(id.clone(), detail(record).unwrap_or_default());
                } else if let Some(run) = self.runs.get_mut(id) {
                    follow(run, record);
                }
            }
        }
    }

    /// All Runs, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Run> {
        self.order.iter().filter_map(|id| self.runs.get(id))
    }

    /// The Run with this id, or the only one whose id begins so.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Run> {
        let mut like = self.runs.range(Text::name(id)..).take_while(|(known, _)| known.raw().starts_with(id));
        let (_, first) = like.next()?;
        (first.id.raw() == id || like.next().is_none()).then_some(first)
    }

    /// Whether a Plan with this id was begun before (SAFETY G4).
    #[must_use]
    pub fn is_burned(&self, plan: &Text) -> bool {
        self.runs.contains_key(plan)
    }

    /// Whether and how a person wants the Run to end.
    #[must_use]
    pub fn abort(&self, run: &Text) -> Option<Abort> {
        self.aborts.get(run).copied()
    }

    /// A Run on this Service that has no end (SAFETY G7).
    #[must_use]
    pub fn unfinished(&self, service: &Address) -> Option<&Run> {
        self.iter().rev().find(|run| run.state != RunState::Done && run.plan.intent.target == *service)
    }

    /// Until when `user` may change an Environment that is locked by default.
    #[must_use]
    pub fn unlocked_until(&self, user: &Text, environment: &Text) -> Option<Timestamp> {
        self.unlocked.get(&(user.clone(), environment.clone())).copied()
    }

    fn start(&mut self, record: &Record) {
        let (Some(id), Some(Started { plan })) = (record.entry.run.clone(), detail(record)) else { return };
        let step = |step: &crate::action::Step| RunStep {
            title: step.title.clone(),
            state: StepState::Waiting,
            writes: Vec::new(),
            message: None,
            began_at: None,
            ended_at: None,
        };
        let run = Run {
            id: id.clone(),
            state: RunState::Running,
            verdict: None,
            message: None,
            steps: plan.steps.iter().map(step).collect(),
            actor: Text::name(&record.actor.to_string()),
            started_at: record.at,
            ended_at: None,
            plan,
        };
        self.order.push(id.clone());
        self.runs.insert(id, run);
    }

    fn lock(&mut self, record: &Record) {
        let Some(environment) = record.entry.target.clone() else { return };
        let key = (record.actor.user.clone(), environment);
        match record.entry.detail.get("until").and_then(|until| until.as_str()?.parse().ok()) {
            Some(until) if record.entry.kind == Event::Unlocked => drop(self.unlocked.insert(key, until)),
            _ => drop(self.unlocked.remove(&key)),
        }
    }
}

fn detail<T: for<'de> Deserialize<'de>>(record: &Record) -> Option<T> {
    T::deserialize(&record.entry.detail).ok()
}

fn follow(run: &mut Run, record: &Record) {
    match record.entry.kind {
        Event::StepBegun | Event::StepWrites | Event::StepEnded => {
            let Some(of): Option<OfStep> = detail(record) else { return };
            let Some(step) = run.steps.get_mut(of.step) else { return };
            follow_step(step, of, record);
            run.state = RunState::Running;
        }
        Event::Verifying => run.state = RunState::Verifying,
        Event::Verdict => {
            let Some(ended): Option<Ended> = detail(record) else { return };
            run.state = RunState::Done;
            run.verdict = Some(ended.verdict);
            run.message = Some(ended.message);
            run.ended_at = Some(record.at);
        }
        Event::Marked => {
            run.state = RunState::Done;
            run.message = Some(Text::line(&format!("{} called it over: {}", record.actor, reason(record))));
            run.verdict = run.verdict.or(Some(crate::action::Verdict::Unknown));
            run.ended_at = Some(record.at);
        }
        _ => {}
    }
}

fn follow_step(step: &mut RunStep, of: OfStep, record: &Record) {
    match record.entry.kind {
        Event::StepBegun => {
            step.began_at = step.began_at.or(Some(record.at));
            step.state = StepState::Begun;
        }
        Event::StepWrites => step.writes.extend(of.writes),
        _ => {
            step.ended_at = Some(record.at);
            (step.state, step.message) = match of.answer {
                Some(Answer::Taken { .. }) if of.back => (StepState::TakenBack, None),
                Some(Answer::Taken { .. }) => (StepState::Taken, None),
                Some(Answer::Stale { moved }) => {
                    let words = moved.iter().map(|m| format!("{} {} → {}", m.what, m.planned, m.found));
                    (StepState::Refused, Some(Text::line(&words.collect::<Vec<_>>().join(", "))))
                }
                Some(Answer::Refused { message }) => (StepState::Refused, Some(message)),
                Some(Answer::Failed { message }) => (StepState::Failed, Some(message)),
                Some(Answer::Stopped) => (StepState::Stopped, None),
                Some(Answer::Unknown { message }) => (StepState::Unknown, Some(message)),
                None => (StepState::Unknown, None),
            };
        }
    }
}

fn reason(record: &Record) -> String {
    record.entry.reason.as_ref().map_or_else(|| "no reason given".to_owned(), ToString::to_string)
}
