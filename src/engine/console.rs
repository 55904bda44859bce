//! What a face holds: the state, and the feed that moves it (live, or a tape).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::msg::{Ask, Msg, Stamped};
use super::planner::Operators;
use super::runtime::Runtime;
use super::state::State;
use super::tape::{Player, Recorder};
use super::update::update;
use crate::fleet::Rules;
use crate::model::{SourceName, SourceSpec, Timestamp};
use crate::sources::port::{Clock, Opener};

/// Messages applied in one go before a face may draw.
const BURST: usize = 512;

enum Feed {
    Live(Box<Runtime>),
    Tape(Box<Player>),
}

/// The state and its feed.
pub struct Console {
    pub state: State,
    feed: Feed,
    recorder: Option<Recorder>,
}

impl Console {
    /// A live console over these Sources. Must be called inside a tokio runtime.
    #[must_use]
    pub fn live(rules: Rules, specs: Vec<SourceSpec>, opener: Arc<dyn Opener>, clock: Arc<dyn Clock>) -> Self {
        let now = clock.now();
        let runtime = Runtime::start(specs, opener, clock);
        Self { state: State::new(rules, now), feed: Feed::Live(Box::new(runtime)), recorder: None }
    }

    /// A console that plays a tape.
    #[must_use]
    pub fn replay(player: Player) -> Self {
        let state = player.fresh_state();
        Self { state, feed: Feed::Tape(Box::new(player)), recorder: None }
    }

    /// Writes every message from now on to a tape.
    pub fn record(&mut self, recorder: Recorder) {
        self.recorder = Some(recorder);
    }

    /// Waits for a message, applies it and whatever else is there already. False: the feed has ended. Cancel-safe.
    pub async fn pump(&mut self) -> bool {
        let first = match &mut self.feed {
            Feed::Live(runtime) => runtime.next().await,
            Feed::Tape(player) => match player.next().await {
                Some(stamped) => stamped,
                None => return false,
            },
        };
        self.apply(first);
        for _ in 0..BURST {
            let ready = match &mut self.feed {
                Feed::Live(runtime) => runtime.ready(),
                Feed::Tape(player) => player.ready(),
            };
            match ready {
                Some(stamped) => self.apply(stamped),
                None => break,
            }
        }
        true
    }

    /// Lets a tick come at once, as one does each second by itself: for whoever turns the clock by hand.
    pub fn tick(&mut self) {
        if let Feed::Live(runtime) = &mut self.feed {
            runtime.tick_now();
        }
    }

    /// Asks for something; what follows is in the state at once, answers come by [`Console::pump`]. On a tape only what
    /// the state itself can answer happens.
    pub fn ask(&mut self, ask: Ask) {
        let msg = Msg::Ask(ask);
        let stamped = match &self.feed {
            Feed::Live(runtime) => runtime.stamp(msg),
            Feed::Tape(_) => Stamped { at: self.state.now, msg },
        };
        self.apply(stamped);
    }

    /// What can change things, of these Sources as far as they are connected.
    #[must_use]
    pub fn operators(&self, sources: &BTreeSet<SourceName>) -> Operators {
        match &self.feed {
            Feed::Live(runtime) => {
                sources.iter().filter_map(|name| Some((name.clone(), runtime.operator(name)?))).collect()
            }
            Feed::Tape(_) => Operators::new(),
        }
    }

    /// Takes a reloaded configuration.
    pub fn reconfigure(&mut self, rules: Rules, specs: Vec<SourceSpec>) {
        if let Feed::Live(runtime) = &mut self.feed {
            runtime.inject(Msg::Rules(Box::new(rules)));
            runtime.reconfigure(specs);
        }
    }

    /// The tape being played, if this is a replay.
    pub fn player(&mut self) -> Option<&mut Player> {
        match &mut self.feed {
            Feed::Tape(player) => Some(player),
            Feed::Live(_) => None,
        }
    }

    /// On a tape: goes to a moment, by applying everything up to it anew where it lies behind. Where nothing happened for
    /// a while the clock goes on all the same, so that the next leap gets further.
    pub fn jump(&mut self, to: Timestamp) {
        let Feed::Tape(player) = &mut self.feed else { return };
        let to = to.min(player.span().1);
        if to < self.state.now {
            self.state = player.fresh_state();
            player.rewind();
        }
        while let Some(stamped) = player.take_until(to) {
            drop(update(&mut self.state, stamped));
        }
        self.state.now = self.state.now.max(to);
    }

    fn apply(&mut self, stamped: Stamped) {
        if let Some(recorder) = &mut self.recorder {
            recorder.write(&stamped);
        }
        let effects = update(&mut self.state, stamped);
        if let Feed::Live(runtime) = &mut self.feed {
            for effect in effects {
                runtime.perform(effect);
            }
        }
    }
}
