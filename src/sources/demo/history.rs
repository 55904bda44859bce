//! What the script has done to a part so far: its releases and its wanted numbers, in absolute story time.

use super::dice::Dice;
use super::moment::{CYCLE, Moment};
use super::part::{Bad, Outcome, Part};

/// A declaration of a part: which version, since when.
#[derive(Clone, Debug)]
pub(super) struct Generation<'a> {
    /// The platform's number of it.
    pub(super) number: u64,
    pub(super) version: i64,
    pub(super) at: i64,
    pub(super) by: &'static str,
    pub(super) bad: Option<&'a Bad>,
    /// It went back to a version from before.
    pub(super) back: bool,
}

/// Releases and wanted numbers, oldest first, as far as they still matter.
#[derive(Clone, Debug)]
pub(super) struct History<'a> {
    pub(super) cycle: i64,
    /// Story time of the cycle's zero for this part.
    pub(super) zero: i64,
    /// Never empty: the first lies before the story or a few cycles back.
    pub(super) generations: Vec<Generation<'a>>,
    /// From when on how many are wanted.
    pub(super) counts: Vec<(i64, u32)>,
}

impl<'a> History<'a> {
    /// What lies behind at `now`. `dice` stands at the part; `shift` is what its scene is shifted by.
    pub(super) fn of(part: &'a Part, dice: Dice, shift: i64, now: &Moment) -> Self {
        let cycle = now.cycle(shift);
        // Three cycles back are enough for every Instance that lives; an even one, so that blue and green stand right.
        let first = (cycle - 3).max(0) & !1;
        Self {
            cycle,
            zero: cycle * CYCLE + shift,
            generations: generations(part, dice, shift, first..=cycle, now),
            counts: counts(part, shift, first..=cycle, now),
        }
    }

    /// The declaration in force.
    pub(super) fn newest(&self) -> &Generation<'a> {
        &self.generations[self.generations.len() - 1]
    }

    /// How many are wanted.
    pub(super) fn count(&self) -> u32 {
        self.counts.last().map_or(0, |(_, count)| *count)
    }

    /// When a slot was last filled by scaling out; `None`: it was there all the time.
    pub(super) fn filled(&self, slot: u32) -> Option<i64> {
        self.counts.windows(2).filter(|w| w[0].1 <= slot && slot < w[1].1).map(|w| w[1].0).next_back()
    }

    /// When declaration or number last changed.
    pub(super) fn changed_at(&self) -> i64 {
        let scaled = self.counts.iter().skip(1).map(|(at, _)| *at).next_back();
        scaled.unwrap_or(i64::MIN).max(self.newest().at)
    }
}

fn counts(part: &Part, shift: i64, cycles: std::ops::RangeInclusive<i64>, now: &Moment) -> Vec<(i64, u32)> {
    let mut counts = vec![(i64::MIN, part.count)];
    for cycle in cycles {
        for step in part.steps.iter().filter(|step| step.turn.has(cycle)) {
            let at = cycle * CYCLE + shift + step.at;
            if now.past(at) {
                counts.push((at, step.count));
            }
        }
    }
    counts
}

fn generations<'a>(
    part: &'a Part,
    dice: Dice,
    shift: i64,
    cycles: std::ops::RangeInclusive<i64>,
    now: &Moment,
) -> Vec<Generation<'a>> {
    let base = 11 + dice.on("revision").below(30);
    let number = |cycle: i64, index: usize| base + cycle.unsigned_abs() * part.releases.len() as u64 + index as u64 + 1;
    let earlier = earlier(part, dice, shift, *cycles.start());
    let mut good = earlier.1;
    let mut out = vec![Generation {
        number: number(*cycles.start(), 0) - 1,
        version: good,
        at: earlier.0,
        by: "ci",
        bad: None,
        back: false,
    }];
    for cycle in cycles {
        let mut bumps = 0;
        for (index, release) in part.releases.iter().enumerate().filter(|(_, r)| r.turn.has(cycle)) {
            bumps += i64::from(!matches!(release.outcome, Outcome::Back));
            let at = cycle * CYCLE + shift + release.at;
            if !now.past(at) {
                continue;
            }
            let bumped = cycle * part.stride.max(1) + bumps;
            let (version, bad) = match &release.outcome {
                Outcome::Good => (bumped, None),
                Outcome::Bad(bad) => (bumped, Some(bad)),
                Outcome::Back => (good, None),
            };
            if bad.is_none() {
                good = version;
            }
            let back = matches!(release.outcome, Outcome::Back);
            out.push(Generation { number: number(cycle, index), version, at, by: release.by, bad, back });
        }
    }
    out
}

/// When what ran before cycle `first` was released, and which version it was: the last good one of earlier cycles, or
/// one of the days before the story.
fn earlier(part: &Part, dice: Dice, shift: i64, first: i64) -> (i64, i64) {
    let mut found = None;
    for cycle in (first - 2).max(0)..first {
        let mut bumps = 0;
        for release in part.releases.iter().filter(|r| r.turn.has(cycle)) {
            bumps += i64::from(!matches!(release.outcome, Outcome::Back));
            if matches!(release.outcome, Outcome::Good) {
                found = Some((cycle * CYCLE + shift + release.at, cycle * part.stride.max(1) + bumps));
            }
        }
    }
    found.unwrap_or_else(|| {
        let spare = part.count == 0 && part.stride == 0 && part.is_released();
        (long_ago(dice), if spare { -1 } else { 0 })
    })
}

/// Two to nine days before the story.
pub(super) fn long_ago(dice: Dice) -> i64 {
    -(2 * 86_400 + dice.on("age").seconds(7 * 86_400))
}
