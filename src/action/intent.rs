//! What somebody wants: a verb, a target and its parameters, as typed or pressed.

use serde::{Deserialize, Serialize};

use crate::model::{Address, EnvironmentAddress, Text};

/// A wanted change. It says nothing of how, and nothing has been looked at for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    pub wish: Wish,
    pub target: Address,
    /// Why, in the words of the person.
    pub reason: Option<Text>,
}

/// The verb with its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Wish {
    Scale {
        to: Count,
    },
    /// Other limits of the autoscaler that owns the number.
    Limits {
        min: u32,
        max: u32,
    },
    Restart,
    /// Bring a Release of the same Service in another Environment to the target.
    Promote {
        from: EnvironmentAddress,
        /// By its id; `None`: the one that runs there.
        release: Option<Text>,
    },
    /// To a Release by its id; `None`: the last verified one before what runs.
    RollBack {
        to: Option<Text>,
    },
    Pause,
    Resume,
    /// Back to what ran before the rollout that is under way.
    Undo,
    /// One Instance, by its name or id.
    Delete {
        instance: Text,
    },
}

impl Wish {
    /// The verb's name, as in the table of verbs and on the command line.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Scale { .. } => "scale",
            Self::Limits { .. } => "limits",
            Self::Restart => "restart",
            Self::Promote { .. } => "promote",
            Self::RollBack { .. } => "rollback",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Undo => "undo",
            Self::Delete { .. } => "delete",
        }
    }
}

/// `3`, `+1`, `-2`: a number of Instances, or a change of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    To(u32),
    More(u32),
    Less(u32),
}

/// Why what was typed is no count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{typed}` is no number of Instances: 3 sets it, +1 and -1 change it")]
pub struct NoCount {
    pub typed: Text,
}

impl std::str::FromStr for Count {
    type Err = NoCount;

    fn from_str(typed: &str) -> Result<Self, NoCount> {
        let wrong = || NoCount { typed: Text::line(typed) };
        let (kind, digits): (fn(u32) -> Self, _) = match typed.as_bytes().first() {
            Some(b'+') => (Self::More, &typed[1..]),
            Some(b'-') => (Self::Less, &typed[1..]),
            _ => (Self::To, typed),
        };
        // `u32::from_str` takes a sign of its own: `++1` is a slip of the finger, not one more.
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(wrong());
        }
        digits.parse().map(kind).map_err(|_| wrong())
    }
}

/// Why a count leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoNumber {
    #[error("{less} fewer than {from} is less than zero")]
    BelowZero { from: u32, less: u32 },
    #[error("{less} fewer than {from} is zero: say 0 where nothing of it shall run")]
    Zero { from: u32, less: u32 },
    #[error("{more} more than {from} is more than a platform counts")]
    TooMany { from: u32, more: u32 },
}

impl Count {
    /// The number that it means where `from` are wanted now.
    ///
    /// # Errors
    /// Where there is no such number.
    pub fn of(self, from: u32) -> Result<u32, NoNumber> {
        match self {
            Self::To(to) => Ok(to),
            Self::More(more) => from.checked_add(more).ok_or(NoNumber::TooMany { from, more }),
            // Taking away the last one is another wish than having one fewer.
            Self::Less(less) if less == from => Err(NoNumber::Zero { from, less }),
            Self::Less(less) => from.checked_sub(less).ok_or(NoNumber::BelowZero { from, less }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_typed() {
        let read = |typed: &str| typed.parse::<Count>();
        assert_eq!(read("3"), Ok(Count::To(3)));
        assert_eq!(read("+1"), Ok(Count::More(1)));
        assert_eq!(read("-2"), Ok(Count::Less(2)));
        for wrong in ["", "+", "-", "many", "3.5", "++1", "1e3", "-+1", "99999999999", "٣", " 3"] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_change_below_zero_or_above_what_is_counted_is_no_number() {
        assert_eq!(Count::Less(2).of(1), Err(NoNumber::BelowZero { from: 1, less: 2 }));
        assert_eq!(Count::More(1).of(u32::MAX), Err(NoNumber::TooMany { from: u32::MAX, more: 1 }));
        assert_eq!((Count::More(2).of(1), Count::Less(1).of(2)), (Ok(3), Ok(1)));
        assert_eq!(Count::Less(1).of(1), Err(NoNumber::Zero { from: 1, less: 1 }));
        assert_eq!(Count::To(0).of(1), Ok(0));
    }
}
