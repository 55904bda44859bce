//! From a wish to a Plan: what the Fleet knows of the target decides what is read, the platforms are read afresh, the
//! verb drafts, the platform rehearses, the policy judges. Nothing is changed here.

use std::collections::HashMap;
use std::sync::Arc;

use super::books::Books;
use super::state::State;
use crate::action::policy::{Circumstances, Item, Upstream, judge};
use crate::action::verb::Cannot;
use crate::action::verb::promote::Wanted;
use crate::action::verb::rollback::earlier;
use crate::action::{self, Intent, Material, Plan, Rulebook, Wish, release};
use crate::fleet::rules::LimitRule;
use crate::fleet::{Fleet, QueueView};
use crate::journal::{Ledger, Runs};
use crate::model::{Address, AlarmState, Contained, Image, Outcome, Rehearsal, SourceName, Target, Text, Tier};
use crate::sources::port::{Failure, Look, Operate};

/// What can change things, by its Source's name.
pub type Operators = HashMap<SourceName, Arc<dyn Operate>>;

/// Why there is no Plan.
#[derive(Debug, thiserror::Error)]
pub enum NoPlan {
    #[error(transparent)]
    Cannot(#[from] Cannot),
    #[error("no Service has the address {0}")]
    NoService(Address),
    #[error("{source_name}: {failure}")]
    NotRead { source_name: SourceName, failure: Failure },
    #[error("{0} only reads: it cannot change anything")]
    ReadOnly(SourceName),
    #[error("{0}")]
    NoRelease(String),
    #[error(transparent)]
    Books(#[from] super::books::BooksError),
}

/// Who stands for what, as a person gave it with the wish.
#[derive(Clone, Debug, Default)]
pub struct Vouched {
    /// Stands for a Release that was not verified.
    pub by: Option<Text>,
    /// Items of the checklist that were ticked.
    pub ticks: Vec<String>,
}

/// Everything that is known before the platforms are asked.
pub struct Prepared {
    intent: Intent,
    tier: Tier,
    looks: Vec<Look>,
    /// Promote: where the Release runs.
    from: Option<(Address, Vec<Look>)>,
    by: Circumstances,
    around: Vec<Text>,
    ledger: Ledger,
}

/// Gathers what the Fleet and the books know. `now` is the moment of the wish.
///
/// # Errors
/// No such Service, or the journal is not to be trusted.
pub fn prepare(
    intent: Intent,
    state: &State,
    rulebook: &Rulebook,
    books: &Books,
    vouched: &Vouched,
) -> Result<Prepared, NoPlan> {
    let (fleet, now) = (&state.fleet, state.now);
    let service = fleet.service(&intent.target).ok_or_else(|| NoPlan::NoService(intent.target.clone()))?;
    let records = books.records()?;
    let (runs, ledger) = (Runs::of(&records), Ledger::of(&records));
    let from = match &intent.wish {
        Wish::Promote { from, .. } => {
            let address = Address { environment: from.clone(), service: intent.target.service.clone() };
            let looks = looks(fleet, &address).ok_or_else(|| NoPlan::NoService(address.clone()))?;
            Some((address, looks))
        }
        _ => None,
    };
    let environment = &intent.target.environment;
    let whole = Text::name(&environment.whole());
    let frozen = rulebook.freezes.iter().filter(|freeze| freeze.covers(environment));
    let by = Circumstances {
        now,
        policy: rulebook.policy(service.tier).clone(),
        unlocked_until: runs.unlocked_until(&books.actor().user, &whole),
        frozen: frozen.filter_map(|freeze| Some((freeze.reason.clone(), freeze.until(now)?))).max_by_key(|f| f.1),
        fact_age_seconds: None,
        limits: fleet.limit_rule(&intent.target).and_then(configured),
        unfinished: runs.unfinished(&intent.target).map(|run| run.id.clone()),
        rehearsals: Vec::new(),
        upstream: None,
        checklist: from.iter().flat_map(|_| checklist(fleet, rulebook, &intent.target, vouched)).collect(),
        returns_to_verified: None,
    };
    let upstream = from.as_ref().map(|(address, _)| Upstream {
        environment: Text::name(&address.environment.whole()),
        verified_seconds: None,
        vouched_by: vouched.by.clone(),
    });
    let around = around(fleet, &intent.target);
    let looks = looks(fleet, &intent.target).unwrap_or_default();
    Ok(Prepared { tier: service.tier, looks, from, by: Circumstances { upstream, ..by }, around, ledger, intent })
}

/// Asks the platforms and makes the Plan.
///
/// # Errors
/// A platform that does not answer, or a wish that leads nowhere.
pub async fn complete(prepared: Prepared, operators: &Operators) -> Result<Plan, NoPlan> {
    let Prepared { intent, tier, looks, from, mut by, around, ledger } = prepared;
    let mut material = Material { targets: look_all(&looks, operators).await?, ..Material::default() };
    // What the watch knows may be old or not there yet; the Targets were read from their platforms just now.
    by.fact_age_seconds = Some(0);
    if let Some((address, looks)) = from {
        let sources = look_all(&looks, operators).await?;
        let release = wanted_release(&intent, &sources, &ledger, &address)?;
        let id = release::release_id(&images(&release));
        let known = ledger.releases(&address).iter().find(|known| Some(&known.id) == id.as_ref());
        let verified = known.and_then(|known| known.verified_at).map(|at| by.now.as_second() - at.as_second());
        if let Some(upstream) = &mut by.upstream {
            upstream.verified_seconds = verified;
        }
        material.from = address.environment.whole();
        material.wanted = find_all(&material.targets, &release, operators).await?;
    }
    if let Wish::RollBack { to } = &intent.wish {
        let (wanted, verified) = return_to(to.as_ref(), &intent, &material.targets, &ledger, operators).await?;
        (material.wanted, by.returns_to_verified) = (wanted, Some(verified));
    }
    let draft = action::draft(&intent, &material)?;
    // What a rule of ours refuses is not put to the platform: a dry run of 100,000 Instances takes minutes.
    let refused = judge(&draft.steps, &by).0.iter().any(|guard| guard.outcome == action::Outcome::Refused);
    for step in draft.steps.iter().filter(|_| !refused) {
        let operator = operator(operators, &step.target.key.source)?;
        let rehearsed = operator.clone().rehearse(step.target.clone(), step.operation.clone()).await;
        by.rehearsals.push(rehearsed.unwrap_or_else(|failure| Rehearsal::NotPossible { why: failure.message }));
    }
    Ok(action::seal(intent, tier, draft, around, &by))
}

/// The operator of a Source.
///
/// # Errors
/// It only reads, or is not connected.
pub fn operator<'a>(operators: &'a Operators, source: &SourceName) -> Result<&'a Arc<dyn Operate>, NoPlan> {
    operators.get(source).ok_or_else(|| NoPlan::ReadOnly(source.clone()))
}

async fn look_all(looks: &[Look], operators: &Operators) -> Result<Vec<Target>, NoPlan> {
    let mut targets = Vec::with_capacity(looks.len());
    for look in looks {
        let source = look.key.source.clone();
        let answer = operator(operators, &source)?.clone().look(look.clone()).await;
        targets.push(answer.map_err(|failure| NoPlan::NotRead { source_name: source, failure })?);
    }
    Ok(targets)
}

/// The images to promote: those that run, or those of a Release that ran there.
fn wanted_release(
    intent: &Intent,
    sources: &[Target],
    ledger: &Ledger,
    from: &Address,
) -> Result<Vec<Contained>, NoPlan> {
    if let Wish::Promote { release: Some(id), .. } = &intent.wish {
        let known = ledger.releases(from).iter().find(|release| release.id.raw().starts_with(id.raw()));
        let none =
            || NoPlan::NoRelease(format!("no Release {id} is known in {from}: `quarterdeck releases` lists them"));
        return known.map(|release| release.containers.clone()).ok_or_else(none);
    }
    let mut all = Vec::new();
    for target in sources {
        all.extend(release::running(target).map_err(NoPlan::NoRelease)?);
    }
    Ok(all)
}

/// What each Workload shall run, as it is found at its registry or on its engine (SAFETY G9).
async fn find_all(targets: &[Target], release: &[Contained], operators: &Operators) -> Result<Vec<Wanted>, NoPlan> {
    let mut wanted = Vec::with_capacity(targets.len());
    for target in targets {
        let operator = operator(operators, &target.key.source)?;
        let mut containers = Vec::new();
        for contained in release::fitting(release, target) {
            let found = operator.clone().find_image(target.clone(), contained.clone()).await;
            let found = found.map_err(|failure| NoPlan::NotRead { source_name: target.key.source.clone(), failure })?;
            let missing = || {
                let image = release::words(std::slice::from_ref(&contained));
                NoPlan::NoRelease(format!("{image} is neither on the engine nor in the registry of {}", target.name))
            };
            containers.push(Contained { name: contained.name.clone(), image: found.ok_or_else(missing)? });
        }
        wanted.push(Wanted { target: target.clone(), containers });
    }
    Ok(wanted)
}

/// What a rollback returns to: a Release of the ledger, and whether it was verified; nothing where only the platform
/// knows.
async fn return_to(
    to: Option<&Text>,
    intent: &Intent,
    targets: &[Target],
    ledger: &Ledger,
    operators: &Operators,
) -> Result<(Vec<Wanted>, bool), NoPlan> {
    let running: Vec<Contained> = targets.iter().filter_map(|t| release::running(t).ok()).flatten().collect();
    let current = release::release_id(&images(&running));
    let service = &intent.target;
    let chosen = match to {
        Some(id) => ledger.releases(service).iter().find(|release| release.id.raw().starts_with(id.raw())),
        None => ledger.before(service, current.as_ref()),
    };
    let keeps = to.is_some() || targets.iter().any(|target| earlier(target).is_some());
    match chosen {
        Some(release) => {
            let wanted = find_all(targets, &release.containers, operators).await?;
            Ok((wanted, release.verified_at.is_some()))
        }
        // The platform's own memory, where it has one.
        None if keeps => Ok((Vec::new(), false)),
        None if to.is_none()
            && current.is_some()
            && ledger.releases(service).iter().any(|r| Some(&r.id) == current.as_ref()) =>
        {
            let runs = Text::line(&release::words(&running));
            Err(Cannot::RunsAlready { name: service.service.clone(), runs }.into())
        }
        None => Ok((Vec::new(), false)),
    }
}

fn images(contained: &[Contained]) -> Vec<Image> {
    contained.iter().map(|contained| contained.image.clone()).collect()
}

fn looks(fleet: &Fleet, service: &Address) -> Option<Vec<Look>> {
    let workloads = fleet.service(service)?.workloads.iter().filter_map(|key| fleet.workload(key));
    let changing = workloads.filter(|workload| !workload.kind.is_job());
    let look = |w: &crate::model::Workload| Look {
        key: w.key.clone(),
        kind: w.kind,
        scope: w.scope.clone(),
        name: w.name.clone(),
    };
    Some(changing.map(look).collect())
}

/// An autoscaler's limits are its own affair; those of the configuration are ours to keep.
fn configured(rule: &LimitRule) -> Option<(u32, u32)> {
    (rule.min.is_some() || rule.max.is_some()).then_some((rule.min.unwrap_or(0), rule.max.unwrap_or(u32::MAX)))
}

fn checklist(fleet: &Fleet, rulebook: &Rulebook, target: &Address, vouched: &Vouched) -> Vec<Item> {
    let covers = |patterns: &[String]| {
        let (whole, name) = (target.environment.whole(), target.environment.environment.raw());
        patterns.iter().any(|p| crate::fleet::rules::is_like(p, if p.contains('/') { &whole } else { name }))
    };
    let rules = rulebook.checklist.iter().filter(|rule| covers(&rule.environments));
    let done = |rule: &action::policy::ChecklistRule| match &rule.check {
        Some(service) => proved(fleet, service),
        None if vouched.ticks.iter().any(|tick| rule.item.raw().eq_ignore_ascii_case(tick)) => Ok(Text::line("ticked")),
        None => Err(Text::line(&format!("not ticked: --tick \"{}\"", rule.item))),
    };
    rules.map(|rule| Item { item: rule.item.clone(), done: done(rule) }).collect()
}

fn proved(fleet: &Fleet, service: &str) -> Result<Text, Text> {
    let address = fleet.resolve(service).map_err(|error| Text::line(&error.to_string()))?;
    let checks = fleet.checks_of(&address);
    let failing = checks.iter().find(|view| view.check.outcome != Outcome::Passing);
    match (checks.len(), failing) {
        (0, _) => Err(Text::line(&format!("{address} has no Check that could prove it"))),
        (_, Some(view)) => Err(Text::line(&format!("a Check of {address} is {}", view.check.outcome.word()))),
        (n, None) => Ok(Text::line(&format!("{n} Checks of {address} pass"))),
    }
}

/// What happens there now that a person should know before a change.
fn around(fleet: &Fleet, service: &Address) -> Vec<Text> {
    let mut words = Vec::new();
    for view in fleet.alarms_of(service).into_iter().filter(|view| view.alarm.state == AlarmState::Firing) {
        let since = view.alarm.since.map(|at| format!(" since {at:.0}")).unwrap_or_default();
        words.push(Text::line(&format!("alarm {} fires{since}", view.alarm.name)));
    }
    for view in fleet.queues_of(service).into_iter().filter(QueueView::is_bad) {
        words.push(Text::line(&format!("queue {} is {}", view.queue.name, view.state.word())));
    }
    words.truncate(6);
    words
}
