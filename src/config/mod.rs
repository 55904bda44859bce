//! Configuration: embedded defaults, the file, the environment and the flags, in this order, and what discovery finds;
//! resolved to [`Settings`]. A bad file gives [`Problem`]s and nothing else: half a console is never started.

pub mod alarm_rules;
pub mod changes;
pub mod checks;
pub mod diagnostics;
pub mod discover;
pub mod file;
pub mod layers;
pub mod machine;
pub mod paths;
pub mod reload;
pub mod resolve;

pub mod schema;
pub mod settings;
pub mod shapes;
pub mod sources;
pub mod template;
pub mod values;
pub mod wording;

pub use diagnostics::{Problem, Problems};
pub use layers::{Flags, load};
pub use machine::Machine;
pub use paths::{Paths, StateFolder};
pub use reload::Reloads;
pub use settings::{Attempt, Settings, Ui};
