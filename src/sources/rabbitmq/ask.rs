//! The requests that are sent, as paths.

use super::wire::BindingRow;

/// What is wanted of a queue; everything else the broker does not even look up.
const COLUMNS: &str = "name,vhost,type,state,messages_ready,messages_unacknowledged,consumers,head_message_timestamp,arguments,\
    effective_policy_definition,members,online,messages_ready_details.samples,message_stats.publish_details.rate,message_stats.ack_details.rate,\
    message_stats.deliver_no_ack_details.rate,message_stats.get_no_ack_details.rate";
/// Rates over samples five seconds apart. Without this a broker whose statistics come more often than its samples says 0.0 in
/// every other answer while messages flow; with it the rate of a burst is told for five seconds after it, while the lengths of
/// the same moments are right (both seen at 3.10.8).
const RATES: &str = "msg_rates_age=30&msg_rates_incr=5&lengths_age=15&lengths_incr=5";
/// Most that the broker gives in one page.
const PAGE_SIZE: u32 = 500;

pub(super) const OVERVIEW: &str = "/api/overview";
pub(super) const NODES: &str =
    "/api/nodes?columns=name,running,mem_alarm,mem_used,mem_limit,disk_free_alarm,disk_free,disk_free_limit,partitions";

/// One page of queues with all that is wanted of them; of one virtual host, or of all that may be read.
pub(super) fn page(vhost: Option<&str>, page: u32) -> String {
    format!("/api/queues{}?page={page}&page_size={PAGE_SIZE}&{RATES}&columns={COLUMNS}", below(vhost))
}

/// All queues with nothing but their counts: cheap for the broker, whatever their number.
pub(super) fn totals(vhost: Option<&str>) -> String {
    format!("/api/queues{}?disable_stats=true&enable_queue_totals=true&columns={COLUMNS}", below(vhost))
}

/// Where an exchange leads to; see [`BindingRow`].
pub(super) fn bindings((vhost, exchange): &(String, String)) -> String {
    format!("/api/exchanges/{}/{}/bindings/source", percent(vhost), percent(exchange))
}

/// The answer of [`bindings`].
pub(super) type BindingRows = Vec<BindingRow>;

fn below(vhost: Option<&str>) -> String {
    vhost.map(|vhost| format!("/{}", percent(vhost))).unwrap_or_default()
}

/// A name as one step of a path.
pub(super) fn percent(name: &str) -> String {
    name.bytes().fold(String::new(), |out, byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out + &char::from(byte).to_string(),
        _ => out + &format!("%{byte:02X}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_kind_are_one_step_of_a_path() {
        assert_eq!(page(Some("a/b ?"), 2).split('?').next(), Some("/api/queues/a%2Fb%20%3F"));
        assert_eq!(bindings(&("/".to_owned(), "é#".to_owned())), "/api/exchanges/%2F/%C3%A9%23/bindings/source");
    }
}
