//! Events by the name of what they are about; bounded, the oldest go first.

use std::collections::{HashMap, VecDeque};

use crate::model::{Event, Key, SourceName, Text};

use super::store::Slot;

/// Most Events kept of one Source.
const LIMIT: usize = 4_000;

/// Where the Events about a thing lie.
#[derive(Clone, Debug, Default)]
pub(super) struct Events {
    about: HashMap<(SourceName, Text), HashMap<Text, Vec<Slot>>>,
    order: HashMap<SourceName, VecDeque<(Slot, Key)>>,
}

impl Events {
    /// An Event is in `slot`. Returns the one that is too many now.
    pub(super) fn put(&mut self, slot: Slot, is_new: bool, event: &Event) -> Option<Key> {
        let place = self.about.entry((event.key.source.clone(), event.scope.clone())).or_default();
        let about = place.entry(event.about_name.clone()).or_default();
        if !about.contains(&slot) {
            about.push(slot);
        }
        if !is_new {
            return None;
        }
        let order = self.order.entry(event.key.source.clone()).or_default();
        order.push_back((slot, event.key.clone()));
        if order.len() > LIMIT { order.pop_front().map(|(_, key)| key) } else { None }
    }

    /// The Event in `slot` is gone.
    pub(super) fn remove(&mut self, slot: Slot, event: &Event) {
        let place = (event.key.source.clone(), event.scope.clone());
        if let Some(about) = self.about.get_mut(&place) {
            if let Some(slots) = about.get_mut(&event.about_name) {
                slots.retain(|s| *s != slot);
                if slots.is_empty() {
                    about.remove(&event.about_name);
                }
            }
            if about.is_empty() {
                self.about.remove(&place);
            }
        }
        if let Some(order) = self.order.get_mut(&event.key.source) {
            // The oldest goes most often, and stands first.
            if let Some(at) = order.iter().position(|(s, _)| *s == slot) {
                order.remove(at);
            }
        }
    }

    /// The Events about a thing of this name.
    pub(super) fn about(&self, source: &SourceName, scope: &Text, name: &Text) -> &[Slot] {
        if self.about.is_empty() {
            return &[];
        }
        let about = self.about.get(&(source.clone(), scope.clone())).and_then(|about| about.get(name));
        about.map_or(&[], Vec::as_slice)
    }
}
