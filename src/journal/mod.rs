//! The journal: what was wanted, refused, done and found, one line of JSON each, chained by SHA-256 and anchored in a
//! second place. Nothing is changed anywhere before it is written here (SAFETY G7, G24).
//!
//! | File | Duty |
//! |---|---|
//! | `record` | what one line holds |
//! | `chain` | how a line is written and read, and what binds it to the one before |
//! | `store` | the file: append under a lock, fsync, anchor; refused when the journal is torn |
//! | `read` | the Records of a file, and what is wrong with it |
//! | `runs` | the Runs that the Records tell of |
//! | `ledger` | which Release ran where, since when, by whom, verified or not |

pub mod chain;
pub mod ledger;
pub mod read;
pub mod record;
pub mod runs;
pub mod store;

pub use chain::Line;
pub use ledger::{Ledger, Release};
pub use read::{Fault, Reading, read};
pub use record::{Actor, Entry, Event, Record};
pub use runs::Runs;
pub use store::{Journal, JournalError};
