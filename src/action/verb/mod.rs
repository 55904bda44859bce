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
    /// Why it cannot be used from the screen, and what does the same.
    pub elsewhere: &'static str,
}

const fn verb(name: &'static str, key: Option<char>, does: &'static str, elsewhere: &'static str) -> Verb {
    Verb { name, key, does, elsewhere }
}

/// Every verb, in the order of the action menu.
pub const VERBS: &[Verb] = &[
    verb("scale", Some('S'), "change the number of Instances", "by command: quarterdeck scale ADDRESS N"),
    verb("restart", Some('R'), "replace Instances one after the other", "by command: quarterdeck restart ADDRESS"),
    verb(
        "promote",
        Some('P'),
        "bring a Release to the next Environment, by digest",
        "by command: quarterdeck promote ADDRESS --to ENV",
    ),
    verb("roll back", Some('B'), "return to the last verified Release", "by command: quarterdeck rollback ADDRESS"),
    verb(
        "silence",
        Some('A'),
        "silence an Alarm for a time",
        "this version cannot silence: use Alertmanager's own page",
    ),
    verb(
        "unlock",
        Some('U'),
        "allow changes in a production Environment for a time",
        "by command: quarterdeck unlock ENV --for 30m",
    ),
    verb("shell", Some('X'), "open a shell in an Instance", "this version opens none: use docker exec or kubectl exec"),
    verb("pause", None, "pause a rollout", "by command: quarterdeck pause ADDRESS"),
    verb("resume", None, "resume a rollout", "by command: quarterdeck resume ADDRESS"),
    verb("undo", None, "undo a rollout that is under way", "by command: quarterdeck undo ADDRESS"),
    verb("delete", None, "delete one Instance and let it be replaced", "by command: quarterdeck delete INSTANCE"),
];

/// Whether a verb can be used, and the reason where it cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Availability {
    Offered,
    /// Not offered, with the reason as a sentence.
    Withheld(&'static str),
}

/// Whether `verb` can be used from the screen.
#[must_use]
pub fn availability(verb: &Verb) -> Availability {
    Availability::Withheld(verb.elsewhere)
}
