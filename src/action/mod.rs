//! What can be done to a Service. Changes themselves come with plans, approval and a journal; until then every verb says
//! why it is not there.

pub mod verb;
