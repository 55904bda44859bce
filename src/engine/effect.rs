//! What the update wants done outside: data, so that it can be compared in tests and left out in a replay.

use std::sync::Arc;

use super::msg::PaneId;
use crate::model::{AlarmAsk, Key, LogAsk, SourceName};
use crate::sources::port::{CheckOrder, RawAsk};

/// One thing for the runtime to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Connect(SourceName),
    Disconnect(SourceName),
    Refresh(Option<SourceName>),
    /// Open one stream per Instance; an earlier stream of the pane is ended first.
    OpenLogs {
        pane: PaneId,
        asks: Vec<LogAsk>,
    },
    /// Streams of Instances that came later, beside those that are open.
    MoreLogs {
        pane: PaneId,
        asks: Vec<LogAsk>,
    },
    CloseLogs(PaneId),
    Raw(RawAsk),
    AlarmDetail(AlarmAsk),
    Visible(Arc<[Key]>),
    /// What the Source of the Checks is to run beside what is configured, or to run now.
    Check(CheckOrder),
}
