//! In which order containers are replaced: one pure step at a time, by what is there now. Whoever carries a step out
//! looks again and asks for the next one, so that it also goes on from wherever something else has left it.

/// How well a container is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Well {
    Ready,
    Starting,
    /// It runs and does not serve; why.
    Bad(String),
    /// It does not run; why.
    Ended(String),
}

/// One container of the Workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) id: String,
    pub(super) number: u32,
    /// It runs what is wanted.
    pub(super) fresh: bool,
    /// This operation started it.
    pub(super) ours: bool,
    pub(super) well: Well,
}

/// How one may take the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// New ones start beside the old ones, at most so many more than wanted.
    Beside { most: u32 },
    /// There is no room beside: an old one goes, then a new one comes.
    OneByOne,
    /// The only one is made anew where it stands, by Compose itself: it keeps its number and its nameless volumes.
    InPlace,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// So many more containers.
    Start {
        more: u32,
    },
    /// Stop it gently and remove it.
    Remove {
        id: String,
    },
    /// Let Compose make the only one anew.
    Remake,
    Wait,
    /// A new one does not get well.
    Fail {
        id: String,
        why: String,
    },
    Done,
}

/// The most new ones that start at once.
const WAVE: u32 = 5;

impl Manner {
    /// New ones beside the old ones, as many as are wanted, in waves.
    pub(super) fn beside(wanted: u32) -> Self {
        Self::Beside { most: wanted.clamp(1, WAVE) }
    }
}

/// The next step towards exactly `wanted` containers that run what is wanted.
///
/// It never takes a ready one away while fewer than `wanted` would stay ready, unless there is no room for new ones.
pub(super) fn next(pieces: &[Piece], wanted: u32, manner: Manner) -> Move {
    if let Some((piece, why)) = pieces.iter().filter(|p| p.fresh && p.ours).find_map(|p| Some((p, p.trouble()?))) {
        return Move::Fail { id: piece.id.clone(), why: why.to_owned() };
    }
    // What was there before with the right image, but does not serve, is replaced like the others.
    let (mut stays, mut goes): (Vec<&Piece>, Vec<&Piece>) =
        pieces.iter().partition(|p| p.fresh && p.trouble().is_none());
    goes.sort_by_key(|p| (p.rank(), p.number));
    let count = |of: &[&Piece]| u32::try_from(of.len()).unwrap_or(u32::MAX);
    let (total, fresh) = (count(&stays).saturating_add(count(&goes)), count(&stays));
    let serving = count(&stays.iter().copied().filter(|p| p.well == Well::Ready).collect::<Vec<_>>());
    let ready = count(&goes.iter().copied().filter(|p| p.well == Well::Ready).collect::<Vec<_>>()) + serving;
    let remove = |piece: &Piece| Move::Remove { id: piece.id.clone() };
    if manner == Manner::InPlace && fresh < wanted && total > 0 {
        return Move::Remake;
    }
    // Those that have ended take nothing away by going, and Compose would start them again.
    if let Some(ended) = goes.iter().find(|p| matches!(p.well, Well::Ended(_))) {
        return remove(ended);
    }
    if fresh >= wanted {
        return match (goes.first(), serving >= wanted) {
            (_, false) => Move::Wait,
            (Some(old), true) => remove(old),
            (None, true) if fresh > wanted => {
                stays.sort_by_key(|p| (p.well == Well::Ready, std::cmp::Reverse(p.number)));
                stays.first().map_or(Move::Done, |spare| remove(spare))
            }
            (None, true) => Move::Done,
        };
    }
    let most = if let Manner::Beside { most } = manner { most } else { 0 };
    let more = wanted.saturating_add(most).saturating_sub(total).min(wanted - fresh);
    if more > 0 {
        return Move::Start { more };
    }
    match goes.first() {
        Some(old) if old.well != Well::Ready => remove(old),
        Some(old) if ready > wanted => remove(old),
        // No room beside: one at a time, each new one well before the next old one goes.
        Some(old) if !matches!(manner, Manner::Beside { .. }) && serving == fresh => remove(old),
        _ => Move::Wait,
    }
}

impl Piece {
    fn trouble(&self) -> Option<&str> {
        match &self.well {
            Well::Ready | Well::Starting => None,
            Well::Bad(why) | Well::Ended(why) => Some(why),
        }
    }

    /// Which one goes first: what does not run, what does not serve, what is not yet well.
    fn rank(&self) -> u8 {
        match self.well {
            Well::Ended(_) => 0,
            Well::Bad(_) => 1,
            Well::Starting => 2,
            Well::Ready => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn old(number: u32, well: Well) -> Piece {
        Piece { id: format!("old-{number}"), number, fresh: false, ours: false, well }
    }

    fn olds(count: u32) -> Vec<Piece> {
        (1..=count).map(|number| old(number, Well::Ready)).collect()
    }

    /// Plays a world in which new ones get well, or bad, at the next look; gives every step until the end.
    fn play(pieces: &mut Vec<Piece>, wanted: u32, manner: Manner, good: bool) -> Vec<Move> {
        let mut steps = Vec::new();
        for _ in 0..200 {
            let step = next(pieces, wanted, manner);
            steps.push(step.clone());
            match step {
                Move::Start { more } => {
                    for _ in 0..more {
                        let number = pieces.iter().map(|p| p.number).max().unwrap_or(0) + 1;
                        let id = format!("new-{number}");
                        pieces.push(Piece { id, number, fresh: true, ours: true, well: Well::Starting });
                    }
                }
                Move::Remove { id } => pieces.retain(|p| p.id != id),
                Move::Remake => {
                    *pieces =
                        vec![Piece { id: "new".into(), number: 1, fresh: true, ours: true, well: Well::Starting }];
                }
                Move::Wait => {
                    for piece in pieces.iter_mut().filter(|p| p.well == Well::Starting) {
                        piece.well = if good { Well::Ready } else { Well::Bad("unhealthy".into()) };
                    }
                }
                Move::Fail { .. } | Move::Done => break,
            }
        }
        steps
    }

    #[test]
    fn new_ones_start_first_and_old_ones_go_when_they_are_well() {
        let mut pieces = olds(2);
        let steps = play(&mut pieces, 2, Manner::beside(2), true);
        let remove = |id: &str| Move::Remove { id: id.to_owned() };
        assert_eq!(steps, [Move::Start { more: 2 }, Move::Wait, remove("old-1"), remove("old-2"), Move::Done]);
    }

    #[test]
    fn g12_a_bad_one_ends_it_with_the_old_ones_in_place_and_the_way_back_clears_it() {
        let mut pieces = olds(2);
        let steps = play(&mut pieces, 2, Manner::beside(2), false);
        assert!(matches!(steps.last(), Some(Move::Fail { why, .. }) if why == "unhealthy"));
        assert_eq!(pieces.iter().filter(|p| !p.fresh).count(), 2, "the old ones serve");
        // The way back: what was old is wanted now, and nothing there was started by that operation.
        for piece in &mut pieces {
            (piece.fresh, piece.ours) = (!piece.fresh, false);
        }
        let steps = play(&mut pieces, 2, Manner::beside(2), true);
        let remove = |id: &str| Move::Remove { id: id.to_owned() };
        assert_eq!(steps, [remove("new-3"), remove("new-4"), Move::Done]);
    }

    #[test]
    fn without_room_beside_one_goes_before_one_comes_and_each_is_waited_for() {
        let mut pieces = olds(2);
        let steps = play(&mut pieces, 2, Manner::OneByOne, true);
        let words: Vec<&str> = steps
            .iter()
            .map(|step| match step {
                Move::Remove { .. } => "remove",
                Move::Start { .. } => "start",
                Move::Wait => "wait",
                Move::Done => "done",
                _ => "?",
            })
            .collect();
        assert_eq!(words, ["remove", "start", "wait", "remove", "start", "wait", "done"]);
    }

    #[test]
    fn the_only_one_is_made_anew_in_place() {
        let mut pieces = olds(1);
        let steps = play(&mut pieces, 1, Manner::InPlace, true);
        assert_eq!(steps, [Move::Remake, Move::Wait, Move::Done]);
    }

    #[test]
    fn one_that_has_ended_goes_first_since_compose_would_start_it_again() {
        let mut pieces = vec![old(1, Well::Ready), old(2, Well::Ended("exited with 1".into()))];
        let steps = play(&mut pieces, 2, Manner::beside(2), true);
        assert_eq!(steps.first(), Some(&Move::Remove { id: "old-2".to_owned() }));
        assert_eq!((pieces.len(), pieces.iter().all(|p| p.fresh)), (2, true));
    }

    proptest! {
        #[test]
        fn g15_from_any_state_it_ends_with_exactly_what_is_wanted_and_never_below_what_served(
            before in proptest::collection::vec((0u8..4, any::<bool>()), 0..8),
            wanted in 0u32..9,
        ) {
            let mut pieces: Vec<Piece> = before.iter().zip(1u32..).map(|((well, fresh), number)| {
                let well = match well {
                    0 => Well::Ready,
                    1 => Well::Starting,
                    2 => Well::Bad("unhealthy".into()),
                    _ => Well::Ended("exited".into()),
                };
                Piece { id: format!("old-{number}"), number, fresh: *fresh, ours: false, well }
            }).collect();
            let ready = |pieces: &[Piece]| pieces.iter().filter(|p| p.well == Well::Ready).count();
            let floor = ready(&pieces).min(wanted as usize);
            for _ in 0..200 {
                let step = next(&pieces, wanted, Manner::beside(wanted));
                match step {
                    Move::Done => break,
                    Move::Start { .. } | Move::Remove { .. } | Move::Wait => {}
                    ref other => prop_assert!(false, "{other:?}"),
                }
                play_one(&mut pieces, &step);
                prop_assert!(ready(&pieces) >= floor, "{pieces:?}");
            }
            prop_assert_eq!(pieces.len(), wanted as usize);
            prop_assert!(pieces.iter().all(|p| p.fresh && p.well == Well::Ready));
        }
    }

    fn play_one(pieces: &mut Vec<Piece>, step: &Move) {
        match step {
            Move::Start { more } => {
                for _ in 0..*more {
                    let number = pieces.iter().map(|p| p.number).max().unwrap_or(0) + 1;
                    let id = format!("new-{number}-{}", pieces.len());
                    pieces.push(Piece { id, number, fresh: true, ours: true, well: Well::Starting });
                }
            }
            Move::Remove { id } => pieces.retain(|p| p.id != *id),
            _ => pieces.iter_mut().filter(|p| p.well == Well::Starting).for_each(|p| p.well = Well::Ready),
        }
    }
}
