//! The simulated world as a pure function: seed, site and story time in, facts out, and until when they hold.

use std::sync::Arc;

use super::cast;
use super::changes::Change;
use super::dice::Dice;
use super::moment::Moment;
use super::part::{Outage, Site};
use super::stage::Stage;
use crate::model::{Fact, Platform, SourceName, Timestamp};

/// One simulated Source of one seed's world.
#[derive(Clone, Debug)]
pub struct World {
    pub(super) source: SourceName,
    pub(super) seed: u64,
    pub(super) start: Timestamp,
    pub(super) site: Arc<Site>,
    /// What people changed so far.
    pub(super) changes: Arc<[Change]>,
}

impl World {
    /// The site called `site`, heard as `source`, in a story that began at `start`; `None`: there is no such site.
    #[must_use]
    pub fn of(source: &SourceName, seed: u64, site: &str, start: Timestamp) -> Option<Self> {
        let site = cast::site(site)?;
        Some(Self { source: source.clone(), seed, start, site: Arc::new(site), changes: Arc::from([]) })
    }

    /// Every fact at a story time in seconds, and the story time until which none of them changes.
    #[must_use]
    pub fn at(&self, story: i64) -> (Vec<Fact>, i64) {
        let mut facts = Vec::new();
        let until = (0..self.chapters()).map(|chapter| self.chapter(chapter, story, &mut facts)).min();
        (facts, until.unwrap_or(i64::MAX))
    }

    /// Into how many parts the facts fall that change each for itself: the scopes of the site, and the signals of each.
    #[must_use]
    pub fn chapters(&self) -> usize {
        self.site.scenes.len() * 2
    }

    /// Adds the facts of one chapter at a story time, and tells until when none of them changes.
    pub(super) fn chapter(&self, chapter: usize, story: i64, out: &mut Vec<Fact>) -> i64 {
        let now = Moment::new(story);
        let stage = self.stage(&now);
        if chapter == 0 && self.site.platform == Platform::Kubernetes {
            stage.nodes(out);
        }
        let scenes = self.site.scenes.len();
        if let Some(scene) = self.site.scenes.get(chapter) {
            stage.facts(scene, out);
        } else if let Some(scene) = chapter.checked_sub(scenes).and_then(|signals| self.site.scenes.get(signals)) {
            stage.signals(scene, out);
        }
        now.until()
    }

    /// What the server says of its version.
    #[must_use]
    pub fn version(&self) -> &'static str {
        self.site.version
    }

    pub(super) fn stage<'a>(&'a self, now: &'a Moment) -> Stage<'a> {
        let Self { source, start, site, changes, .. } = self;
        Stage { source, start: *start, site, dice: self.dice(), changes, now }
    }

    /// The point in the tree of chance where all of this seed begins.
    pub(super) fn dice(&self) -> Dice {
        Dice::of(self.seed)
    }

    /// The story time, in whole seconds, when the clock shows `clock`.
    #[must_use]
    pub fn story(&self, clock: Timestamp) -> i64 {
        clock.duration_since(self.start).as_secs().max(0)
    }

    /// Since when and how the site is out of reach, if it is.
    pub(super) fn outage(&self, now: &Moment) -> Option<(i64, Outage)> {
        let zero = now.cycle(0) * super::moment::CYCLE;
        let mut outages = self.site.outages.iter().map(|(from, until, how)| (zero + from, zero + until, *how));
        outages.find(|(from, until, _)| now.within(*from, *until)).map(|(from, _, how)| (from, how))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};
    use proptest::{prop_assert, prop_assert_eq};

    use super::*;
    use crate::model::Workload;

    const HOURS: i64 = 3600;

    fn world(site: &str, seed: u64) -> World {
        World::of(&SourceName::new(site), seed, site, Timestamp::UNIX_EPOCH).unwrap()
    }

    fn sites() -> Vec<String> {
        cast::sites().iter().map(|site| site.name.to_string()).collect()
    }

    fn workloads(story: i64) -> Vec<Workload> {
        let facts = sites().into_iter().flat_map(|site| world(&site, 7).at(story).0);
        facts.filter_map(|fact| if let Fact::Workload(w) = fact { Some(*w) } else { None }).collect()
    }

    /// The numbers of the users' systems at quiet times: scope, Workload, wanted.
    const NUMBERS: &[(&str, &str, u32)] = &[
        ("biz-dev", "traefik", 1),
        ("biz-dev", "frontend", 1),
        ("biz-dev", "ml-service", 2),
        ("biz-dev", "airflow-web", 1),
        ("biz-dev", "airflow-scheduler", 1),
        ("biz-dev", "airflow-worker", 1),
        ("biz-dev", "rabbitmq", 1),
        ("biz-dev", "postgres", 1),
        ("biz-staging", "ml-service", 2),
        ("biz-staging", "airflow-worker", 0),
        ("biz-prod", "airflow-worker", 2),
        ("community-dev", "app", 1),
        ("community-prod", "app", 3),
        ("community-prod", "worker", 1),
        ("te-explico-prod", "backend-green", 3),
        ("te-explico-prod", "backend-blue", 0),
        ("te-explico-prod", "ai-inference", 3),
        ("competitoriq-dev", "api", 1),
        ("competitoriq-dev", "worker", 1),
        ("competitoriq-staging", "api", 2),
        ("competitoriq-staging", "worker", 1),
        ("competitoriq-prod", "api", 4),
        ("competitoriq-prod", "worker", 2),
        ("infra-prod", "app", 2),
        ("infra-prod", "postgres", 1),
        ("infra-prod", "redis", 1),
        ("infra-staging", "app", 1),
        ("infra-staging", "postgres", 1),
        ("infra-staging", "redis", 1),
        ("infra-staging", "nginx", 1),
    ];

    #[test]
    fn the_fleets_have_the_numbers_of_the_users_systems() {
        let quiet = workloads(3600 + 120);
        for (scope, name, wanted) in NUMBERS {
            let found = quiet.iter().find(|w| w.scope.raw() == *scope && w.name.raw() == *name);
            let found = found.unwrap_or_else(|| panic!("{scope} has no {name}"));
            assert_eq!((found.desired, found.ready), (Some(*wanted), Some(*wanted)), "{scope}/{name}");
        }
        let scopes: std::collections::BTreeSet<_> = quiet.iter().map(|w| w.scope.raw().to_owned()).collect();
        assert_eq!(scopes.len(), 14, "{scopes:?}");
    }

    #[test]
    fn another_seed_is_another_world() {
        let ids = |seed| world("eks:biz", seed).at(0).0.iter().map(|f| f.key().uid.clone()).collect::<Vec<_>>();
        assert_eq!(ids(7), ids(7));
        assert!(ids(7).iter().all(|id| !ids(8).contains(id)));
    }

    #[test]
    fn no_two_facts_share_a_key() {
        for site in sites() {
            for story in [0, 150, 400, 1000, 1600, 2300, 2500, 4000] {
                let facts = world(&site, 7).at(story).0;
                let keys: std::collections::HashSet<_> = facts.iter().map(Fact::key).collect();
                assert_eq!(keys.len(), facts.len(), "{site} at {story}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn facts_are_a_function_of_seed_and_time_and_hold_as_long_as_they_say(
            seed in 0..50_u64, site in 0..10_usize, story in 0..20 * HOURS, share in 0.0..1.0_f64,
        ) {
            let world = world(&sites()[site], seed);
            let (facts, until) = world.at(story);
            prop_assert!(until > story);
            #[expect(clippy::cast_possible_truncation, reason = "a test")]
            let later = story + ((until - story - 1) as f64 * share) as i64;
            prop_assert_eq!(&facts, &world.at(story).0);
            prop_assert_eq!(&facts, &world.at(later).0);
        }
    }
}
