//! The nouns of the console, one per file, and nothing else: values without a clock, a file or a connection.
//!
//! Every other module speaks in these words. A word that a Source reports about its platform is a *fact*
//! ([`Fact`]); what the Fleet concludes from facts ([`Service`], [`Environment`], [`Health`]) stands here too, so that
//! screen, command line and JSON share one vocabulary.

pub mod address;
pub mod alarm;
pub mod alarm_detail;
pub mod autoscaler;
pub mod change;
pub mod check;
pub mod environment;
pub mod event;
pub mod fact;
pub mod finding;
pub mod freshness;
pub mod health;
pub mod image;
pub mod instance;
pub mod key;
pub mod labels;
pub mod logs;
pub mod moment;
pub mod operation;
pub mod policy;
pub mod quantity;
pub mod queries;
pub mod queue;
pub mod reading;
pub mod redact;
pub mod release;
pub mod route;
pub mod sample;
pub mod secret;
pub mod service;
pub mod source;
pub mod store;
pub mod target;
pub mod text;
pub mod tier;
pub mod update;
pub mod workload;

pub use address::{Address, AddressError, EnvironmentAddress};
pub use alarm::{Alarm, AlarmState, Severity};
pub use alarm_detail::{AlarmAsk, AlarmCurve, AlarmDetail, AlarmPart, AlarmTurn};
pub use autoscaler::Autoscaler;
pub use change::{Change, ChangeKind};
pub use check::{Check, CheckKind, CheckSpec, Expectation, Outcome, PodDoor, Redirects};
pub use environment::Environment;
pub use event::Event;
pub use fact::{Budget, Fact, Node, Scope};
pub use finding::Finding;
pub use freshness::{Denial, Freshness, Lapse, SourceStatus};
pub use health::{Health, HealthState, Reason};
pub use image::Image;
pub use instance::{CheckState, Exit, Instance, Phase, Waiting};
pub use key::{Key, Kind, SourceName};
pub use labels::Labels;
pub use logs::{LogAsk, LogLine, Stream};
pub use moment::seconds_between;
pub use operation::{Answer, Operation, Rehearsal};
pub use policy::{Policy, Purpose};
pub use quantity::Quantity;
pub use queries::Queries;
pub use queue::{Broker, Queue, QueueState};
pub use reading::Reading;
pub use release::Revision;
pub use route::Route;
pub use sample::Sample;
pub use secret::SecretPlace;
pub use service::Service;
pub use source::{Connection, Endpoint, SourceKind, SourceSpec};
pub use store::{Store, StoreKind};
pub use target::{Contained, Moved, Running, Scaler, Target, TargetRevision, TargetState};
pub use text::Text;
pub use tier::Tier;
pub use update::{Table, Update};
pub use workload::{Drift, JobState, Owner, Platform, Rollout, Workload, WorkloadKind};

/// A moment in time, as the clock door gives it and as Sources report it.
pub type Timestamp = jiff::Timestamp;
