//! Events to Events.

use crate::model::{Event, Fact, Kind, Text};

use super::super::lean::event;
use super::workload::row;
use super::{Converter, Row, count, moment};

impl Converter {
    /// An event of the cluster. Its time is the newest that any of its fields tells.
    pub(crate) fn event(&mut self, object: &event::Event) -> Row {
        let meta = object.metadata.clone().unwrap_or_default();
        let about = object.involved_object.clone().unwrap_or_default();
        let series = object.series.clone().unwrap_or_default();
        let scope = if about.namespace.is_empty() { &meta.namespace } else { &about.namespace };
        let first = moment(object.first_timestamp).or_else(|| moment(object.event_time)).or_else(|| meta.created());
        let last = [object.last_timestamp, series.last_observed_time, object.event_time].map(moment);
        let event = Event {
            key: self.key_of(Kind::Event, &meta),
            at: last.into_iter().flatten().max().or(first),
            first_at: first,
            count: count(object.count).max(count(series.count)).max(1),
            warning: object.kind == "Warning",
            reason: self.words.name(&object.reason),
            message: Text::bytes(&object.message),
            about_kind: self.words.name(&about.kind),
            scope: self.words.name(scope),
            about_name: Text::name(&about.name),
        };
        row(meta, Fact::Event(Box::new(event)))
    }
}
