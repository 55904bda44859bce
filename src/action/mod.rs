//! What can be done to a Service, and the way of every change: Intent → Plan → Policy → Approval. Pure: the world is read
//! by the engine and given in as values; what comes out is carried out elsewhere or not at all.
//!
//! | File | Duty |
//! |---|---|
//! | `intent` | what somebody wants |
//! | `verb/` | one file per verb: what it would do to the Targets read for it |
//! | `plan` | that as one value with an id and an end |
//! | `policy` | every rule's word on it, and what a person must give |
//! | `approval` | a person's yes, and the only key to what changes anything |

pub mod approval;
pub mod intent;
pub mod make;
pub mod plan;
pub mod policy;
pub mod verb;

pub use approval::{Approved, Given, NotApproved, approve};
pub use intent::{Count, Intent, Wish};
pub use make::make;
pub use plan::{Asked, Confirm, Guard, Outcome, Plan, Step};
pub use policy::{Circumstances, Policy};

#[cfg(test)]
mod tests;
