//! What the script has done to a part so far: its releases and its wanted numbers, in absolute story time.

use super::changes::{Change, What};
use super::dice::Dice;
use super::moment::{CYCLE, Moment};
use super::part::{Bad, Outcome, Part};

/// Versions from here on are images of other stories; the first change that brought one stands at the difference.
const FOREIGN: i64 = 1 << 40;

/// A declaration of a part: which version, since when.
#[derive(Clone, Debug)]
pub(super) struct Generation<'a> {
    /// The platform's number of it.
    pub(super) number: u64,
    pub(super) version: i64,
    pub(super) at: i64,
    pub(super) by: &'a str,
    pub(super) bad: Option<&'a Bad>,
    /// It went back to a version from before.
    pub(super) back: bool,
    /// Somebody made it through this console.
    pub(super) ours: bool,
    /// The same version, every Instance anew.
    pub(super) restart: bool,
    /// So many seconds ahead of the story (see [`Change`]).
    pub(super) head: i64,
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
    /// The limits that somebody gave its autoscaler.
    pub(super) limits: Option<(u32, u32)>,
    /// What people changed, oldest first.
    done: Vec<&'a Change>,
}

impl<'a> History<'a> {
    /// What lies behind at `now`. `dice` stands at the part; `shift` is what its scene is shifted by; `done` is what people
    /// changed.
    pub(super) fn of(part: &'a Part, dice: Dice, shift: i64, done: Vec<&'a Change>, now: &Moment) -> Self {
        let cycle = now.cycle(shift);
        // Three cycles back are enough for every Instance that lives; an even one, so that blue and green stand right.
        let first = (cycle - 3).max(0) & !1;
        let done: Vec<&Change> = done.into_iter().filter(|change| now.past(change.at)).collect();
        let (counts, limits) = counts(part, shift, first..=cycle, &done, now);
        Self {
            cycle,
            zero: cycle * CYCLE + shift,
            generations: with_ours(part, cycle, generations(part, dice, shift, first..=cycle, now), &done),
            counts,
            limits,
            done,
        }
    }

    /// The tag of a version.
    pub(super) fn tag(&self, part: &Part, version: i64) -> String {
        let foreign = usize::try_from(version - FOREIGN).ok().and_then(|index| self.done.get(index));
        match foreign.map(|change| &change.what) {
            Some(What::Image { tag, .. }) => tag.clone(),
            _ => part.tag(version),
        }
    }

    /// Whether a rollout is held.
    pub(super) fn is_paused(&self) -> bool {
        self.pauses().last().is_some_and(|(_, until)| until.is_none())
    }

    /// From when to when rollouts were held.
    fn pauses(&self) -> Vec<(i64, Option<i64>)> {
        let mut pauses: Vec<(i64, Option<i64>)> = Vec::new();
        for change in &self.done {
            match (&change.what, pauses.last_mut()) {
                (What::Pause, None | Some((_, Some(_)))) => pauses.push((change.at, None)),
                (What::Resume, Some((_, until @ None))) => *until = Some(change.at),
                _ => {}
            }
        }
        pauses
    }

    /// When what a generation does at `at` comes about, with all pauses in between; `None`: not before it is resumed.
    pub(super) fn delayed(&self, generation: &Generation<'_>, at: i64) -> Option<i64> {
        let mut at = at;
        for (from, until) in self.pauses() {
            if from > at {
                break;
            }
            match until {
                None => return None,
                Some(until) if until > generation.at => at += until - from.max(generation.at),
                Some(_) => {}
            }
        }
        Some(at)
    }

    /// When the Instance of a slot was deleted, and how far ahead of the story.
    pub(super) fn deleted(&self, slot: u32) -> impl Iterator<Item = (i64, i64)> + '_ {
        let of = move |change: &&Change| (change.what == What::Delete { slot }).then_some((change.at, change.head));
        self.done.iter().filter_map(of)
    }

    /// A number that moves with the declaration and never comes again: its last change, in seconds after all that lies
    /// before the story.
    pub(super) fn mark(&self) -> u64 {
        let ours = self.done.iter().filter(|change| !matches!(change.what, What::Delete { .. } | What::Limits { .. }));
        let last = ours.map(|change| change.at).max().unwrap_or(i64::MIN).max(self.changed_at());
        let count = u64::try_from(self.done.len()).unwrap_or(0);
        (last.max(-30 * 86_400) + 30 * 86_400).unsigned_abs() * 100 + count
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
        let at = self.counts.windows(2).filter(|w| w[0].1 <= slot && slot < w[1].1).map(|w| w[1].0).next_back()?;
        let ours = self.done.iter().find(|change| change.at == at);
        Some(at - ours.map_or(0, |change| change.head))
    }

    /// When declaration or number last changed.
    pub(super) fn changed_at(&self) -> i64 {
        let scaled = self.counts.iter().skip(1).map(|(at, _)| *at).next_back();
        scaled.unwrap_or(i64::MIN).max(self.newest().at)
    }
}

/// From when on how many are wanted, and the limits that hold now. The script plays the autoscaler of a part that has one,
/// and goes on with what it does; of any other part the number is people's once they have set it.
fn counts(
    part: &Part,
    shift: i64,
    cycles: std::ops::RangeInclusive<i64>,
    done: &[&Change],
    now: &Moment,
) -> (Vec<(i64, u32)>, Option<(u32, u32)>) {
    let mut steps: Vec<(i64, What)> = Vec::new();
    for cycle in cycles {
        for step in part.steps.iter().filter(|step| step.turn.has(cycle)) {
            let at = cycle * CYCLE + shift + step.at;
            if now.past(at) {
                steps.push((at, What::Scale { to: step.count }));
            }
        }
    }
    let script = steps.len();
    steps.extend(done.iter().map(|change| (change.at, change.what.clone())));
    let mut order: Vec<usize> = (0..steps.len()).collect();
    order.sort_by_key(|index| steps[*index].0);
    let (mut counts, mut limits, mut set) = (vec![(i64::MIN, part.count)], None, false);
    let within = |count: u32, limits: Option<(u32, u32)>| limits.map_or(count, |(min, max)| count.max(min).min(max));
    for index in order {
        let (at, what) = &steps[index];
        let before = counts.last().map_or(0, |(_, count): &(i64, u32)| *count);
        let after = match what {
            What::Scale { .. } if index < script && set && part.scaler.is_none() => continue,
            What::Scale { to } if index < script => within(*to, limits),
            What::Scale { to } => {
                set = true;
                *to
            }
            What::Limits { min, max } => {
                limits = Some((*min, *max));
                within(before, limits)
            }
            _ => continue,
        };
        if index < script || after != before {
            counts.push((*at, after));
        }
    }
    (counts, limits)
}

/// What people declared among what the script does.
fn with_ours<'a>(part: &'a Part, cycle: i64, script: Vec<Generation<'a>>, done: &[&'a Change]) -> Vec<Generation<'a>> {
    let ours = |change: &&&Change| matches!(change.what, What::Image { .. } | What::Restart);
    let mut waiting = done.iter().enumerate().filter(|(_, change)| ours(change)).peekable();
    if waiting.peek().is_none() {
        return script;
    }
    let (mut out, mut more): (Vec<Generation<'a>>, u64) = (Vec::new(), 0);
    for generation in script {
        while let Some((index, change)) = waiting.next_if(|(_, change)| change.at < generation.at) {
            more += 1;
            out.extend(ours_after(part, cycle, out.last(), (index, change), done));
        }
        // Somebody went back already.
        if generation.back && out.last().is_some_and(|last| last.ours && last.bad.is_none()) {
            continue;
        }
        out.push(Generation { number: generation.number + more, ..generation });
    }
    for one in waiting {
        out.extend(ours_after(part, cycle, out.last(), one, done));
    }
    out
}

/// The declaration that a change makes; none before the first that is known.
fn ours_after<'a>(
    part: &'a Part,
    cycle: i64,
    last: Option<&Generation<'a>>,
    (index, change): (usize, &&'a Change),
    done: &[&'a Change],
) -> Option<Generation<'a>> {
    let last = last?;
    let version = match &change.what {
        What::Image { version: Some(version), .. } => *version,
        What::Image { tag, .. } => {
            let same = |other: &&&Change| matches!(&other.what, What::Image { tag: t, version: None } if t == tag);
            let first = done.iter().position(|other| same(&other)).unwrap_or(index);
            FOREIGN.saturating_add(i64::try_from(first).unwrap_or(0))
        }
        _ => last.version,
    };
    Some(Generation {
        number: last.number + 1,
        version,
        at: change.at,
        by: &change.by,
        bad: bad(part, cycle, version),
        back: version < last.version,
        ours: true,
        restart: change.what == What::Restart,
        head: change.head,
    })
}

/// What is wrong with a version, by the script.
fn bad(part: &Part, cycle: i64, version: i64) -> Option<&Bad> {
    for cycle in 0..=cycle {
        let mut bumps = 0;
        for release in part.releases.iter().filter(|release| release.turn.has(cycle)) {
            bumps += i64::from(!matches!(release.outcome, Outcome::Back));
            if let Outcome::Bad(bad) = &release.outcome
                && cycle * part.stride.max(1) + bumps == version
            {
                return Some(bad);
            }
        }
    }
    None
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
        ours: false,
        restart: false,
        head: 0,
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
            let number = number(cycle, index);
            let by = release.by;
            out.push(Generation { number, version, at, by, bad, back, ours: false, restart: false, head: 0 });
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
