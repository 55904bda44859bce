//! The ledger: which Release ran in which Service, since when, by whom, and whether it was verified. It is what the
//! journal tells; what runs now is for the Fleet to say.

use std::collections::BTreeMap;

use super::record::{Event, Record};
use super::runs::Started;
use crate::action::run::Ended;
use crate::action::{Verdict, release};
use crate::model::{Address, Contained, Image, Target, Text, Timestamp};
use serde::Deserialize;

/// A Release in one Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    pub id: Text,
    /// Of each Workload's containers.
    pub containers: Vec<Contained>,
    pub first_seen_at: Timestamp,
    /// Who brought it there; `None`: it was there before our first change.
    pub by: Option<Text>,
    /// When it was last seen to work: a Run with the verdict kept brought it, or every Instance of it was ready and
    /// something proved that when a Run began.
    pub verified_at: Option<Timestamp>,
}

/// All of them, Service by Service, in the order in which they were first seen.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    services: BTreeMap<Address, Vec<Release>>,
}

impl Ledger {
    /// The ledger of these Records.
    #[must_use]
    pub fn of(records: &[Record]) -> Self {
        let mut ledger = Self::default();
        let mut plans = BTreeMap::new();
        for record in records {
            match (record.entry.kind, &record.entry.run) {
                (Event::Started, Some(run)) => {
                    let Ok(Started { plan }) = Started::deserialize(&record.entry.detail) else { continue };
                    ledger.found(&plan.intent.target, plan.steps.iter().map(|step| &step.target), record.at);
                    plans.insert(run.clone(), plan);
                }
                (Event::Verdict, Some(run)) => {
                    let Some(plan) = plans.remove(run) else { continue };
                    let Ok(ended) = Ended::deserialize(&record.entry.detail) else { continue };
                    let containers: Vec<Contained> = ended.left.into_iter().flat_map(|left| left.containers).collect();
                    let verified = ended.verdict == Verdict::Kept;
                    let by = Some(Text::name(&record.actor.to_string()));
                    ledger.note(&plan.intent.target, containers, (by, verified.then_some(record.at)), record.at);
                }
                _ => {}
            }
        }
        ledger
    }

    /// What ran in a Service, in the order in which it was first seen.
    #[must_use]
    pub fn releases(&self, service: &Address) -> &[Release] {
        self.services.get(service).map_or(&[], Vec::as_slice)
    }

    /// Every Service of which something is known.
    pub fn services(&self) -> impl Iterator<Item = (&Address, &[Release])> {
        self.services.iter().map(|(service, releases)| (service, releases.as_slice()))
    }

    /// The Release to return to from `current`: the last verified one that was there *before* it, so that asking twice
    /// does not lead back (SAFETY G13); where none was verified, the one before. `None`: nothing was there before it.
    #[must_use]
    pub fn before(&self, service: &Address, current: Option<&Text>) -> Option<&Release> {
        let releases = self.releases(service);
        let place = current.and_then(|id| releases.iter().position(|release| release.id == *id));
        let earlier = &releases[..place.unwrap_or(releases.len())];
        let is_other = |release: &&Release| Some(&release.id) != current;
        let verified = earlier.iter().rev().filter(is_other).find(|release| release.verified_at.is_some());
        verified.or_else(|| earlier.iter().rev().find(is_other))
    }

    /// What a Plan found running.
    fn found<'a>(&mut self, service: &Address, targets: impl Iterator<Item = &'a Target>, at: Timestamp) {
        let targets: Vec<&Target> = targets.collect();
        let running: Vec<_> = targets.iter().filter_map(|target| release::running(target).ok()).collect();
        if running.len() != targets.len() {
            return;
        }
        let well = |t: &&Target| t.desired.is_some() && t.ready == t.desired && t.state.probed == Some(true);
        let verified = targets.iter().all(well).then_some(at);
        self.note(service, running.into_iter().flatten().collect(), (None, verified), at);
    }

    fn note(
        &mut self,
        service: &Address,
        containers: Vec<Contained>,
        (by, verified_at): (Option<Text>, Option<Timestamp>),
        at: Timestamp,
    ) {
        let images: Vec<Image> = containers.iter().map(|contained| contained.image.clone()).collect();
        let Some(id) = release::release_id(&images) else { return };
        let releases = self.services.entry(service.clone()).or_default();
        match releases.iter_mut().find(|release| release.id == id) {
            Some(known) => known.verified_at = verified_at.or(known.verified_at),
            None => releases.push(Release { id, containers, first_seen_at: at, by, verified_at }),
        }
    }
}
