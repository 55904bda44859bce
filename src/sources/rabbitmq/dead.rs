//! Where messages go that nobody took: the dead-letter exchange and key of a queue, and the queue that they lead to.

use std::collections::HashMap;

use super::wire::{BindingRow, QueueRow};

/// Bindings by virtual host and exchange that they come from.
pub(super) type Bindings = HashMap<(String, String), Vec<BindingRow>>;

/// The dead-letter exchange of a queue and the key that messages are sent on with; its own arguments go before a policy.
fn letters(row: &QueueRow) -> Option<(&str, Option<&str>)> {
    let (arguments, policy) = (row.arguments.as_ref(), row.effective_policy_definition.as_ref());
    let exchange = arguments.and_then(|a| a.exchange.as_deref()).or_else(|| policy?.exchange.as_deref())?;
    let key = arguments.and_then(|a| a.routing_key.as_deref()).or_else(|| policy?.routing_key.as_deref());
    Some((exchange, key))
}

/// The exchange whose bindings must be known to tell where this queue's dead letters lie, with its virtual host.
pub(super) fn wanted(row: &QueueRow) -> Option<(String, String)> {
    let (exchange, _) = letters(row).filter(|(exchange, _)| !exchange.is_empty())?;
    Some((row.vhost.clone().unwrap_or_else(|| "/".to_owned()), exchange.to_owned()))
}

/// The queue that takes the dead letters, where it can be told: the default exchange leads to the queue of the key's name, any
/// other to the one queue that its bindings lead to.
pub(super) fn target<'a>(row: &'a QueueRow, bindings: &'a Bindings) -> Option<&'a str> {
    let (exchange, key) = letters(row)?;
    if exchange.is_empty() {
        return key.filter(|key| !key.is_empty());
    }
    let all = bindings.get(&wanted(row)?)?.iter().filter(|b| b.destination_type.as_deref() == Some("queue"));
    let fits = |binding: &&BindingRow| match (key, binding.routing_key.as_deref().unwrap_or_default()) {
        // Without a key of the queue's own each message keeps its own, which is not known here.
        (None, _) | (_, "" | "#") => true,
        (Some(key), bound) => key == bound,
    };
    let mut queues: Vec<&str> = all.filter(fits).filter_map(|b| b.destination.as_deref()).collect();
    queues.sort_unstable();
    queues.dedup();
    match queues[..] {
        [one] => Some(one),
        _ => None,
    }
}
