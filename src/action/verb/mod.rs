//! The table of verbs: menu, key hints, palette and command line follow from it. Each verb has a file that turns an
//! Intent and the Targets read for it into a [`Draft`].

pub mod promote;
pub mod restart;
pub mod rollback;
pub mod rollout;
pub mod scale;

pub use draft::{Cannot, Draft};

mod draft;

/// A verb of DESIGN section 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verb {
    pub name: &'static str,
    /// The key on screens, as UX has it; `None`: in the action menu only.
    pub key: Option<char>,
    pub does: &'static str,
}

/// Every verb, in the order of the action menu.
pub const VERBS: &[Verb] = &[
    Verb { name: "scale", key: Some('S'), does: "change the number of Instances" },
    Verb { name: "restart", key: Some('R'), does: "replace Instances one after the other" },
    Verb { name: "promote", key: Some('P'), does: "bring a Release to the next Environment, by digest" },
    Verb { name: "roll back", key: Some('B'), does: "return to the last verified Release" },
    Verb { name: "silence", key: Some('A'), does: "silence an Alarm for a time" },
    Verb { name: "unlock", key: Some('U'), does: "allow changes in a production Environment for a time" },
    Verb { name: "shell", key: Some('X'), does: "open a shell in an Instance" },
    Verb { name: "pause", key: None, does: "pause a rollout" },
    Verb { name: "resume", key: None, does: "resume a rollout" },
    Verb { name: "undo", key: None, does: "undo a rollout that is under way" },
    Verb { name: "delete", key: None, does: "delete one Instance and let it be replaced" },
];

/// Whether a verb can be used, and the reason where it cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Availability {
    Offered,
    /// Not offered, with the reason as a sentence.
    Withheld(&'static str),
}

/// Whether `verb` can be used in this build. This version of Quarterdeck only reads: it holds no code that can change
/// infrastructure, so that nothing can go wrong by a key.
#[must_use]
pub fn availability(_verb: &Verb) -> Availability {
    Availability::Withheld("this version only watches: it holds no code that changes anything")
}
