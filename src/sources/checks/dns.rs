//! DNS: a name leads to an address.

use super::ask::Ask;
use super::dial;
use super::seen::Seen;

/// Most addresses that are named.
const NAMED: usize = 4;

pub(super) async fn check(ask: &Ask<'_>) -> Seen {
    let found = match dial::addresses(ask, ask.spec.target.raw(), 0).await {
        Ok(found) => found,
        Err(seen) => return seen,
    };
    let took = ask.took();
    let mut addresses: Vec<String> = found.iter().map(|address| address.ip().to_string()).collect();
    addresses.sort();
    addresses.dedup();
    let more = addresses.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    addresses.truncate(NAMED);
    Seen::passing(&format!("{}{more} in {took} ms", addresses.join(", "))).took(took)
}
