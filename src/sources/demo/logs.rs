//! Log streams of simulated Instances: each second of the story has its lines, always the same ones, so that a stream
//! can be opened anywhere.

use std::time::Duration;

use jiff::SignedDuration;

use super::band::Player;
use super::source::DemoSource;
use super::stage::moment_on_clock;
use super::world::World;
use crate::model::{LogAsk, LogLine, Platform, Stream, Text};
use crate::sources::port::{Failure, FailureKind, LogOut};

/// Seconds that a stream looks back at most.
const LOOK_BACK: i64 = 3600;
/// Lines that are looked back for where nobody says how many.
const TAIL: u32 = 1000;
/// Lines in one batch.
const BATCH: usize = 256;

/// Follows one Instance through story time.
struct Listener<'a> {
    world: World,
    ask: &'a LogAsk,
    /// The Instance at the moment heard last, and until when it stays so.
    heard: Option<(Option<Player>, i64, i64)>,
}

impl Listener<'_> {
    fn player(&mut self, story: i64) -> Option<Player> {
        if let Some((player, from, until)) = &self.heard
            && (*from..*until).contains(&story)
        {
            return player.clone();
        }
        let (players, until) = self.world.players(story);
        let player = players.into_iter().find(|player| player.key == self.ask.instance);
        self.heard = Some((player.clone(), story, until));
        player
    }

    /// Goes on in the world as people changed it by now.
    fn adopt(&mut self, world: World) {
        if self.world.changes != world.changes {
            self.world = world;
            self.heard = None;
        }
    }

    /// The lines of one second.
    fn second(&mut self, story: i64) -> Vec<LogLine> {
        let Some(player) = self.player(story) else { return Vec::new() };
        let mut out = Vec::new();
        let dies = player.actor.ended.is_some_and(|ended| ended.at == story && !ended.out_of_memory);
        if let Some(says) = player.says.filter(|_| dies || player.over == Some(story)) {
            let words = player.voice.last_words(says);
            out.extend(words.iter().zip(100..).map(|(line, ms)| self.line(story, ms, Stream::Err, line)));
        }
        let Some(mood) = player.mood() else { return out };
        let dice = player.dice.on("line").nth(story);
        let rate = player.voice.rate();
        let whole = (0..4_u32).filter(|n| f64::from(*n) + dice.share() < rate).count();
        for n in 0..i64::try_from(whole).unwrap_or(0) {
            let here = dice.nth(n);
            let (stream, line) = player.voice.line(mood, here);
            out.push(self.line(story, here.on("ms").seconds(1000), stream, &line));
        }
        out.sort_by_key(|line| line.at);
        out
    }

    fn line(&self, story: i64, ms: i64, stream: Stream, text: &str) -> LogLine {
        let at = moment_on_clock(self.world.start, story);
        let at = at.checked_add(SignedDuration::from_millis(ms)).unwrap_or(at);
        let stream = if self.world.site.platform == Platform::Kubernetes { Stream::Both } else { stream };
        LogLine { instance: self.ask.instance.clone(), at: Some(at), stream, container: None, text: Text::line(text) }
    }

    /// The last `count` lines of the seconds `from..until`.
    fn tail(&mut self, from: i64, until: i64, count: usize) -> Vec<LogLine> {
        let mut lines: Vec<LogLine> = (from..until).flat_map(|second| self.second(second)).collect();
        let spare = lines.len().saturating_sub(count);
        lines.drain(..spare);
        lines
    }
}

impl DemoSource {
    /// Streams what the Instance said, then what it says.
    pub(super) async fn stream(&self, ask: LogAsk, mut out: LogOut) -> Result<(), Failure> {
        let mut listener = Listener { world: self.world(), ask: &ask, heard: None };
        let mut told = self.story();
        let absent = || Failure::new(FailureKind::Absent, format!("{} is not there any more", ask.name));
        let player = listener.player(told).ok_or_else(absent)?;
        let (from, until) = span(&player, &ask, &listener.world, told)?;
        let count = ask.tail.unwrap_or(TAIL) as usize;
        // Behind the past there is nothing to find out: a second is complete when it is over.
        for batch in listener.tail(from, until, count).chunks(BATCH) {
            out.push_all(batch.to_vec()).await?;
        }
        if !ask.follow || ask.previous {
            return Ok(());
        }
        loop {
            tokio::select! {
                () = out.closed() => return Ok(()),
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
            let now = self.story();
            listener.adopt(self.world());
            // After a long sleep of the machine only the last minutes are of interest.
            for second in told.max(now - 300)..now {
                let lines = listener.second(second);
                if !lines.is_empty() {
                    out.push(lines)?;
                }
            }
            told = now;
            if listener.player(now).is_none() {
                return Ok(());
            }
        }
    }
}

/// Which seconds of the past a stream begins with.
fn span(player: &Player, ask: &LogAsk, world: &World, now: i64) -> Result<(i64, i64), Failure> {
    let actor = &player.actor;
    let born = actor.born.max(now - LOOK_BACK);
    if ask.previous {
        let ended = actor.ended.filter(|_| actor.restarts > 0 || actor.ended.is_some());
        let words = "there is no container before this one: it never restarted";
        let ended = ended.ok_or_else(|| Failure::new(FailureKind::Absent, words))?;
        return Ok((actor.born.max(ended.at - LOOK_BACK), ended.at + 1));
    }
    let ended = player.over.map_or(now, |over| over + 1);
    let begin = if world.site.platform == Platform::Kubernetes { actor.started.max(born) } else { born };
    let since = ask.since.map_or(i64::MIN, |since| since.duration_since(world.start).as_secs());
    // A process that ended long ago has said its words then.
    let begin = if player.over.is_some() { actor.born } else { begin };
    let rate = player.voice.rate().max(0.02);
    #[expect(clippy::cast_possible_truncation, reason = "at most an hour")]
    let needed = (f64::from(ask.tail.unwrap_or(TAIL)) / rate * 1.3).min(LOOK_BACK as f64) as i64;
    Ok((begin.max(since).max(ended - needed - 60), ended))
}
