//! Carries out one approved Plan, Step by Step: what is about to happen is in the journal before it does, what came of it
//! after; whether it came to what was promised is seen by looking, and only by that. The only caller of `perform`.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::books::{Books, BooksError};
use super::clock::{Clock, instant};
use super::planner::Operators;
use crate::action::run::{Ended, Left};
use crate::action::verify::{Seen, verify};
use crate::action::{Approved, OnFailure, Order, Plan, Step, Verdict, release};
use crate::journal::runs::{OfStep, Started};
use crate::journal::{Entry, Event};
use crate::model::{Answer, Operation, Target, Text, Timestamp};
use crate::sources::port::{Announcement, Boundary, Failure, Look, Operate};

/// Between two looks at what a Step promised.
const GLANCE: Duration = Duration::from_millis(400);
/// How long a lost reply is read back before it stays unknown.
const READ_BACK: Duration = Duration::from_secs(30);

/// What the Fleet sees of the Service meanwhile, beside the Workload itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witness {
    /// Why it cannot be called well: Checks that fail, critical Alarms that were not there before.
    pub against: Vec<Text>,
    /// Whether a Check passes.
    pub checked: bool,
}

/// What is needed to carry a Plan out.
pub struct Executor {
    pub books: Arc<Books>,
    pub clock: Arc<dyn Clock>,
    pub operators: Operators,
    pub witness: watch::Receiver<Witness>,
    /// A person wants it to end at the next boundary.
    pub stop: CancellationToken,
}

/// How one Step went.
enum Went {
    /// Taken at that moment.
    Well(Timestamp),
    /// It ends here, with what must be said; `true`: something may have been changed.
    Badly(Verdict, Text, bool),
}

impl Executor {
    /// Begins the Run: burns the Plan's id, so that of two at once exactly one goes on (SAFETY G4, G7).
    ///
    /// # Errors
    /// It was begun before, another Run on the Service has no end, or the journal takes nothing.
    pub fn begin(&self, approved: &Approved<Plan>) -> Result<(), BooksError> {
        let plan = approved.get();
        let started = Entry::new(Event::Started)
            .run(&plan.id)
            .target(plan.intent.target.whole())
            .reason(plan.intent.reason.as_ref())
            .detail(&Started { plan: plan.clone() });
        self.books.write_unless(self.clock.now(), vec![started], |runs| {
            if runs.is_burned(&plan.id) {
                return Some(format!("the Plan {} was carried out before: a Plan is good for once", plan.id));
            }
            let other = runs.unfinished(&plan.intent.target)?;
            Some(format!("Run {} on this Service has no end yet", other.id))
        })
    }

    /// Carries the Plan out to its verdict, which is in the journal when this returns.
    ///
    /// # Errors
    /// The journal takes no more: what was begun stands in it without an end.
    pub async fn run(&self, approved: &Approved<Plan>) -> Result<Ended, BooksError> {
        let plan = approved.get();
        let mut done: Vec<usize> = Vec::new();
        let mut end = None;
        for (nth, step) in plan.steps.iter().enumerate() {
            match self.step(approved, nth, step).await? {
                Went::Well(began) => {
                    done.push(nth);
                    end = self.wait_for(plan, nth, step, (&step.operation, began)).await;
                }
                Went::Badly(verdict, words, changed) => {
                    if changed {
                        done.push(nth);
                    }
                    end = Some((verdict, words));
                }
            }
            if end.is_some() {
                break;
            }
        }
        if end.is_none() {
            end = self.bake(plan).await?;
        }
        let (mut verdict, mut message) = end.unwrap_or_else(|| (Verdict::Kept, self.kept(plan)));
        let undo = verdict == Verdict::Aborted && self.books.abort(&plan.id)?.is_some_and(|abort| abort.undo);
        let failed = verdict == Verdict::Failed && plan.on_failure == OnFailure::TakeBack;
        if (failed || undo) && !done.is_empty() {
            (verdict, message) = self.take_back(approved, &done, (verdict, message)).await?;
        }
        let ended = Ended { verdict, message, left: self.left(plan).await, checked: self.witness.borrow().checked };
        let entry = Entry::new(Event::Verdict).run(&plan.id).target(plan.intent.target.whole()).detail(&ended);
        self.books.write(self.clock.now(), vec![entry])?;
        Ok(ended)
    }

    /// One Step: read afresh, compared with the Plan, recorded, done, recorded.
    async fn step(&self, approved: &Approved<Plan>, nth: usize, step: &Step) -> Result<Went, BooksError> {
        let Some(operator) = self.operators.get(&step.target.key.source) else {
            return Ok(Went::Badly(Verdict::Refused, Text::line("its Source is not connected"), false));
        };
        if self.stop.is_cancelled() {
            return Ok(Went::Badly(Verdict::Aborted, Text::line("stopped before this Step"), false));
        }
        let found = match operator.clone().look(look(&step.target)).await {
            Ok(found) => found,
            Err(failure) => {
                return Ok(Went::Badly(Verdict::Refused, Text::line(&format!("not begun: {failure}")), false));
            }
        };
        let order = match approved.order(step, found) {
            Ok(order) => order,
            Err(moved) => {
                let answer = Answer::Stale { moved };
                self.note(approved, Event::StepEnded, OfStep { answer: Some(answer.clone()), ..of(nth, false) })?;
                return Ok(self.went(answer, self.clock.now()));
            }
        };
        self.note(approved, Event::StepBegun, of(nth, false))?;
        let began = self.clock.now();
        let answer = self.perform(approved, operator, order, of(nth, false)).await;
        let answer = match answer {
            Answer::Unknown { message } => self.read_back(operator, step, (&step.operation, began), message).await,
            told => told,
        };
        self.note(approved, Event::StepEnded, OfStep { answer: Some(answer.clone()), ..of(nth, false) })?;
        Ok(self.went(answer, began))
    }

    fn went(&self, answer: Answer, began: Timestamp) -> Went {
        match answer {
            Answer::Taken { .. } => Went::Well(began),
            Answer::Stale { moved } => {
                let words = moved.iter().map(|m| format!("{} {} → {}", m.what, m.planned, m.found));
                let words = words.collect::<Vec<_>>().join(", ");
                Went::Badly(Verdict::Stale, Text::line(&format!("it has moved since the Plan: {words}")), false)
            }
            Answer::Refused { message } => Went::Badly(Verdict::Refused, message, false),
            Answer::Failed { message } => Went::Badly(Verdict::Failed, message, true),
            Answer::Stopped => Went::Badly(Verdict::Aborted, Text::line("stopped by a person"), true),
            Answer::Unknown { message } => Went::Badly(Verdict::Unknown, message, true),
        }
    }

    /// Lets the Source do it; each of its writes is in the journal before it is sent.
    async fn perform(
        &self,
        approved: &Approved<Plan>,
        operator: &Arc<dyn Operate>,
        order: Order,
        of: OfStep,
    ) -> Answer {
        let (out, mut announced) = mpsc::channel(1);
        let boundary = Boundary::new(out, self.stop.child_token());
        let work = operator.clone().perform(order, boundary);
        tokio::pin!(work);
        loop {
            tokio::select! {
                answer = &mut work => return answer,
                Some(Announcement { words, recorded }) = announced.recv() => {
                    let step = OfStep { writes: Some(words.clone()), step: of.step, back: of.back, answer: None };
                    self.books.show(&approved.get().id, &words);
                    // Not recorded, not done: dropping the reply tells the Source to stop.
                    if self.note(approved, Event::StepWrites, step).is_ok() {
                        recorded.send(()).ok();
                    }
                }
            }
        }
    }

    /// A lost reply is resolved by reading back and by nothing else (SAFETY G6).
    async fn read_back(
        &self,
        operator: &Arc<dyn Operate>,
        step: &Step,
        (operation, began): (&Operation, Timestamp),
        message: Text,
    ) -> Answer {
        let deadline = instant() + READ_BACK;
        loop {
            if let Ok(found) = operator.clone().look(look(&step.target)).await {
                if step.target.moved(&found).is_empty() {
                    let words = format!("the reply was lost ({message}), and nothing has changed");
                    return Answer::Refused { message: Text::line(&words) };
                }
                return match verify(step, operation, began, &found) {
                    Seen::Overridden(_) => Answer::Unknown { message },
                    _ => Answer::Taken { version: found.version },
                };
            }
            if instant() > deadline {
                return Answer::Unknown { message };
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Waits until a Step that was taken has come to what it promised; `None`: it has.
    async fn wait_for(
        &self,
        plan: &Plan,
        nth: usize,
        step: &Step,
        (operation, began): (&Operation, Timestamp),
    ) -> Option<(Verdict, Text)> {
        let operator = self.operators.get(&step.target.key.source)?;
        let deadline = instant() + Duration::from_secs(u64::from(plan.within_seconds));
        loop {
            let last = match operator.clone().look(look(&step.target)).await {
                Ok(found) => match verify(step, operation, began, &found) {
                    Seen::Holds(evidence) => {
                        self.books.show(&plan.id, &evidence);
                        return None;
                    }
                    Seen::NotYet(evidence) => evidence,
                    Seen::Broken(why) => return Some((Verdict::Failed, why)),
                    Seen::Overridden(by) => return Some((Verdict::Overridden, by)),
                },
                // Unreachable is not failed: it is looked again until the time is over.
                Err(failure) => Text::line(&format!("not readable now: {failure}")),
            };
            self.books.show(&plan.id, &Text::line(&format!("step {}: {last}", nth + 1)));
            if instant() > deadline {
                let words = format!("not within {}s: {last}", plan.within_seconds);
                return Some((Verdict::Failed, Text::line(&words)));
            }
            tokio::select! {
                () = tokio::time::sleep(GLANCE) => {}
                () = self.stop.cancelled() => {
                    return Some((Verdict::Aborted, Text::line(&format!("a person stopped waiting: {last}"))));
                }
            }
        }
    }

    /// Everything must hold for the bake time without a break, Checks and Alarms included (SAFETY G11, G18).
    async fn bake(&self, plan: &Plan) -> Result<Option<(Verdict, Text)>, BooksError> {
        let target = plan.intent.target.whole();
        let entry = Entry::new(Event::Verifying).run(&plan.id).target(target);
        self.books.write(self.clock.now(), vec![entry])?;
        let bake = Duration::from_secs(u64::from(plan.bake_seconds));
        let deadline = instant() + bake + Duration::from_secs(u64::from(plan.within_seconds));
        let mut holds_since = instant();
        loop {
            let (seen, evidence) = self.look_at_all(plan).await;
            let against = self.witness.borrow().against.first().cloned();
            match (seen, against) {
                (Some(Seen::Overridden(by)), _) => return Ok(Some((Verdict::Overridden, by))),
                (Some(Seen::Broken(why)), _) => return Ok(Some((Verdict::Failed, why))),
                (Some(Seen::Holds(_)), None) => {}
                (Some(Seen::Holds(_)), Some(why)) if holds_since.elapsed() >= bake => {
                    return Ok(Some((Verdict::Failed, why)));
                }
                (Some(Seen::Holds(_)), Some(_)) => {}
                _ => holds_since = instant(),
            }
            let held = holds_since.elapsed();
            if held >= bake && self.witness.borrow().against.is_empty() {
                return Ok(None);
            }
            if instant() > deadline {
                return Ok(Some((
                    Verdict::Failed,
                    Text::line(&format!("did not hold for {}s: {evidence}", bake.as_secs())),
                )));
            }
            self.books.show(
                &plan.id,
                &Text::line(&format!("{evidence}; holds for {}s of {}s", held.as_secs(), bake.as_secs())),
            );
            tokio::select! {
                () = tokio::time::sleep(GLANCE) => {}
                () = self.stop.cancelled() => {
                    return Ok(Some((Verdict::Aborted, Text::line("a person stopped waiting; the change stands"))));
                }
            }
        }
    }

    /// The worst that is seen of all Steps; `None`: one of them cannot be read now.
    async fn look_at_all(&self, plan: &Plan) -> (Option<Seen>, Text) {
        let mut evidence = Text::line("holds");
        for step in &plan.steps {
            let Some(operator) = self.operators.get(&step.target.key.source) else { return (None, evidence) };
            let found = match operator.clone().look(look(&step.target)).await {
                Ok(found) => found,
                Err(failure) => return (None, Text::line(&format!("not readable now: {failure}"))),
            };
            // What a restart replaced was judged when it was done; here it must only stay well.
            match verify(step, &step.operation, plan.made_at, &found) {
                Seen::Holds(words) => evidence = words,
                other => {
                    let words = match &other {
                        Seen::NotYet(words) | Seen::Broken(words) | Seen::Overridden(words) | Seen::Holds(words) => {
                            words
                        }
                    };
                    let words = words.clone();
                    return (Some(other), words);
                }
            }
        }
        (Some(Seen::Holds(evidence.clone())), evidence)
    }

    fn kept(&self, plan: &Plan) -> Text {
        let checked = if self.witness.borrow().checked { "" } else { "; no Check looks at it: not checked" };
        Text::line(&format!("held for {}s{checked}", plan.bake_seconds))
    }

    /// Takes back what was done, in reverse order, once (SAFETY G12, G20).
    async fn take_back(
        &self,
        approved: &Approved<Plan>,
        done: &[usize],
        (verdict, why): (Verdict, Text),
    ) -> Result<(Verdict, Text), BooksError> {
        let plan = approved.get();
        for nth in done.iter().rev() {
            let Some(step) = plan.steps.get(*nth) else { continue };
            if let Err(trouble) = self.take_step_back(approved, *nth, step).await? {
                let words = format!("{why}; and it could not be taken back: {trouble}");
                return Ok((Verdict::Failed, Text::line(&words)));
            }
        }
        let verdict = if verdict == Verdict::Aborted { Verdict::Aborted } else { Verdict::RolledBack };
        Ok((verdict, Text::line(&format!("{why}; taken back: what ran before runs again"))))
    }

    async fn take_step_back(
        &self,
        approved: &Approved<Plan>,
        nth: usize,
        step: &Step,
    ) -> Result<Result<(), Text>, BooksError> {
        let Some(operator) = self.operators.get(&step.target.key.source) else {
            return Ok(Err(Text::line("its Source is not connected")));
        };
        // The way back is not stopped by what stopped the way there.
        let free = Self {
            books: self.books.clone(),
            clock: self.clock.clone(),
            operators: self.operators.clone(),
            witness: self.witness.clone(),
            stop: CancellationToken::new(),
        };
        let order = match operator.clone().look(look(&step.target)).await {
            Ok(found) => approved.way_back(step, found),
            Err(failure) => return Ok(Err(Text::line(&failure.to_string()))),
        };
        let Some(order) = order else { return Ok(Err(Text::line("nothing is known to return to"))) };
        let operation = order.operation().clone();
        free.note(approved, Event::StepBegun, of(nth, true))?;
        let began = free.clock.now();
        let answer = free.perform(approved, operator, order, of(nth, true)).await;
        let answer = match answer {
            Answer::Unknown { message } => free.read_back(operator, step, (&operation, began), message).await,
            told => told,
        };
        free.note(approved, Event::StepEnded, OfStep { answer: Some(answer.clone()), ..of(nth, true) })?;
        match free.went(answer, began) {
            Went::Well(_) => {}
            Went::Badly(_, words, _) => return Ok(Err(words)),
        }
        let waited = free.wait_for(approved.get(), nth, step, (&operation, began)).await;
        Ok(waited.map_or(Ok(()), |(_, words)| Err(words)))
    }

    /// What runs at the end, where that can be read.
    async fn left(&self, plan: &Plan) -> Vec<Left> {
        let mut left = Vec::new();
        for step in &plan.steps {
            let Some(operator) = self.operators.get(&step.target.key.source) else { continue };
            let answer: Result<Target, Failure> = operator.clone().look(look(&step.target)).await;
            let running = answer.ok().and_then(|found| release::running(&found).ok());
            left.extend(running.map(|containers| Left { workload: step.target.key.clone(), containers }));
        }
        left
    }

    fn note(&self, approved: &Approved<Plan>, kind: Event, of: OfStep) -> Result<(), BooksError> {
        let plan = approved.get();
        let entry = Entry::new(kind).run(&plan.id).target(plan.intent.target.whole()).detail(&of);
        self.books.write(self.clock.now(), vec![entry])
    }
}

fn of(step: usize, back: bool) -> OfStep {
    OfStep { step, back, writes: None, answer: None }
}

fn look(target: &Target) -> Look {
    Look { key: target.key.clone(), kind: target.kind, scope: target.scope.clone(), name: target.name.clone() }
}
