//! What can be done to a Service, and the way of every change: Intent → Plan → Policy → Approval. Pure: the world is read
//! by the engine and given in as values; what comes out is carried out elsewhere or not at all.
//!
//! | File | Duty |
//! |---|---|
//! | `intent` | what somebody wants |
//! | `verb/` | one file per verb: what it would do to the Targets read for it |
//! | `plan` | that as one value with an id and an end |
//! | `release` | which images are the same Release |
//! | `freeze` | when nothing may be changed |
//! | `policy` | every rule's word on it, and what a person must give |
//! | `approval` | a person's yes, and the only key to what changes anything |
//! | `verify` | whether a Step has come to what it promised |
//! | `run` | how a Plan is being carried out, and what became of it |

pub mod approval;
pub mod freeze;
pub mod intent;
pub mod make;
pub mod plan;
pub mod policy;
pub mod release;
pub mod run;
pub mod verb;
pub mod verify;

pub use approval::{Approved, Given, NotApproved, Order, approve};
pub use freeze::Freeze;
pub use intent::{Count, Intent, Wish};
pub use make::{Material, draft, make, seal};
pub use plan::{Asked, Confirm, Guard, OnFailure, Outcome, Plan, Step};
pub use policy::{Circumstances, Policy, Rulebook};
pub use run::{Run, RunState, RunStep, StepState, Verdict};

#[cfg(test)]
mod tests;
