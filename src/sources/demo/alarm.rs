//! More of a simulated alarm: the curve that it is held against and what it went through, both followed through the story.

use super::moment::{CYCLE, LEAD, Moment};
use super::part::{Bell, Bells, Scene};
use super::play::shift;
use super::world::World;
use crate::model::{AlarmAsk, AlarmCurve, AlarmDetail, AlarmState, AlarmTurn, Kind, Quantity, Text, Timestamp};
use crate::sources::port::{Failure, FailureKind};

/// Seconds between two points of a curve.
const STEP: i64 = 60;
/// A backlog is followed back no further than this for its history, in seconds.
const FOLLOWED: i64 = 4 * 3600;

impl World {
    /// Everything about an alarm at a story time.
    ///
    /// # Errors
    /// Where the world has no such alarm.
    pub(super) fn alarm_detail(&self, ask: &AlarmAsk, story: i64) -> Result<AlarmDetail, Failure> {
        let now = Moment::new(story);
        let stage = self.stage(&now);
        let mut all = self.site.scenes.iter().flat_map(|scene| scene.bells.iter().map(move |bell| (scene, bell)));
        let found = all.find(|(scene, bell)| stage.signal(Kind::Alarm, scene, bell.name) == ask.key);
        let Some((scene, bell)) = found else {
            return Err(Failure::new(FailureKind::Absent, format!("there is no alarm {} any more", ask.name)));
        };
        let (rule, threshold) = match &bell.rings {
            Bells::Between(_, _, _, threshold) => (bell.summary.to_owned(), *threshold),
            Bells::Backlog(queue, above) => (format!("jobs that wait in {queue} > {above}"), *above as f64),
        };
        let points = times(self.story(ask.curves_since), story)
            .filter_map(|at| Some((stage.at(at), Quantity::new(self.measured(scene, bell, at)?)?)));
        let curve = AlarmCurve {
            name: Text::name(bell.name),
            points: points.collect(),
            period_seconds: u32::try_from(STEP).unwrap_or(0),
        };
        let since = self.story(ask.history_since);
        let mut history: Vec<AlarmTurn> = match &bell.rings {
            Bells::Between(from, until, ..) => self.turns_of_script(scene, (*from, *until), since, story),
            Bells::Backlog(..) => self.turns_of_backlog(scene, bell, since.max(story - FOLLOWED), story),
        };
        history.reverse();
        Ok(AlarmDetail {
            rule: Some(Text::line(&rule)),
            history,
            curves: vec![curve],
            threshold: Quantity::new(threshold),
            comparison: Some(Text::name(">")),
            ..AlarmDetail::default()
        })
    }

    /// The number that an alarm goes by at a story time.
    fn measured(&self, scene: &Scene, bell: &Bell, at: i64) -> Option<f64> {
        let now = Moment::new(at);
        let stage = self.stage(&now);
        match &bell.rings {
            Bells::Backlog(queue, _) => stage.backlog(scene, queue).map(|waiting| waiting as f64),
            Bells::Between(from, until, value, threshold) => {
                let zero = zero_of(self, scene, &now);
                let share = stage.dice.on(&scene.name).on(bell.name).nth(at.div_euclid(STEP)).share();
                let level = if now.within(zero + from, zero + until) { *value } else { threshold * 0.3 };
                Some((level * (0.9 + 0.2 * share) * 100.0).round() / 100.0)
            }
        }
    }

    /// An alarm that the script rings begins and ends in every cycle.
    fn turns_of_script(&self, scene: &Scene, (from, until): (i64, i64), since: i64, story: i64) -> Vec<AlarmTurn> {
        let now = Moment::new(story);
        let last = zero_of(self, scene, &now);
        let zeros = (0..=last.max(0) / CYCLE).rev().map(|back| last - back * CYCLE);
        let both = zeros
            .flat_map(|zero| [(zero + from, AlarmState::Firing, "fires"), (zero + until, AlarmState::Ok, "is over")]);
        let told = both.filter(|(at, ..)| (since..=story).contains(at) && *at >= -LEAD);
        told.map(|(at, state, words)| turn(self.stage(&now).at(at), state, words)).collect()
    }

    fn turns_of_backlog(&self, scene: &Scene, bell: &Bell, since: i64, story: i64) -> Vec<AlarmTurn> {
        let Bells::Backlog(_, above) = &bell.rings else { return Vec::new() };
        let (now, mut turns, mut before) = (Moment::new(story), Vec::new(), None);
        for at in times(since, story) {
            let over = self.measured(scene, bell, at).is_some_and(|waiting| waiting > *above as f64);
            if before.is_some_and(|before| before != over) {
                let (state, words) = if over { (AlarmState::Firing, "fires") } else { (AlarmState::Ok, "is over") };
                turns.push(turn(self.stage(&now).at(at), state, words));
            }
            before = Some(over);
        }
        turns
    }
}

fn turn(at: Timestamp, state: AlarmState, words: &str) -> AlarmTurn {
    AlarmTurn { at, state: Some(state), words: Text::line(words) }
}

/// Story times a step apart, the last one now; the story has no time before its start.
fn times(since: i64, story: i64) -> impl Iterator<Item = i64> {
    let steps = (story - since.max(0)).max(0) / STEP;
    (0..=steps).rev().map(move |back| story - back * STEP)
}

/// Story time of the zero of a scene's cycle.
fn zero_of(world: &World, scene: &Scene, now: &Moment) -> i64 {
    let shift = shift(world.dice(), scene);
    now.cycle(shift) * CYCLE + shift
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Alarm, Fact, SourceName};

    #[test]
    fn every_alarm_of_the_world_has_a_curve_that_agrees_with_it_and_a_history() {
        let (story, start) = (5000, Timestamp::from_second(1_000_000).unwrap());
        let (mut seen, mut fired) = (0, 0);
        for site in ["compose:biz-vm", "eks:biz", "ecs:competitoriq", "ecs:community", "eks:te-explico"] {
            let Some(world) = World::of(&SourceName::new(site), 7, site, start) else { continue };
            let at = |story: i64| Timestamp::from_second(1_000_000 + story).unwrap();
            let alarms = world.at(story).0.into_iter().filter_map(|fact| match fact {
                Fact::Alarm(alarm) => Some(*alarm),
                _ => None,
            });
            for alarm in alarms {
                let Alarm { key, scope, name, .. } = alarm.clone();
                let ask = AlarmAsk {
                    key,
                    scope,
                    name,
                    history_since: at(-80_000),
                    curves_since: at(-5800),
                    until: at(story),
                };
                let detail = world.alarm_detail(&ask, story).unwrap();
                let points = &detail.curves[0].points;
                assert!(points.len() > 60, "{alarm:?}");
                let last = points.last().unwrap().1.get();
                let over = last > detail.threshold.unwrap().get();
                assert_eq!(over, alarm.state == AlarmState::Firing, "{} {last}", alarm.name);
                assert!(detail.history.windows(2).all(|two| two[0].at >= two[1].at));
                (seen, fired) = (seen + 1, fired + detail.fired());
            }
        }
        assert!(seen > 2 && fired > 0, "{seen} {fired}");
    }
}
