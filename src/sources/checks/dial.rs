//! Names to addresses, addresses to connections, and what it means where that fails: at the target, or on our side.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;

use super::ask::Ask;
use super::seen::Seen;

/// Longest wait for one address where there are others to try.
const ONE_OF_SEVERAL: Duration = Duration::from_secs(2);

/// `host:port`; an IPv6 address stands in brackets.
pub(super) fn split(target: &str) -> Option<(&str, u16)> {
    let (host, port) = target.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    (!host.is_empty()).then_some((host, port.parse().ok()?))
}

/// The addresses of a host that this Check may ask.
///
/// # Errors
/// What is to be said of the Check where there is none.
pub(super) async fn addresses(ask: &Ask<'_>, host: &str, port: u16) -> Result<Vec<SocketAddr>, Seen> {
    ask.preparing(&format!("the name {host} was not resolved"));
    let found = tokio::net::lookup_host((host, port)).await;
    let found: Vec<SocketAddr> = match found {
        Ok(found) => found.collect(),
        Err(error) => return Err(unresolved(ask, host, &error)),
    };
    let may = |address: &SocketAddr| ask.spec.is_configured() || !is_special(address.ip());
    let mut may: Vec<SocketAddr> = found.iter().copied().filter(may).collect();
    may.dedup();
    match (may.is_empty(), found.first()) {
        (false, _) => Ok(may),
        (true, None) => Err(Seen::doubtful(ask.spec, &format!("{host} has no address"))),
        (true, Some(address)) => {
            let words = format!("found, not run: {host} leads to {}, where nothing is asked unasked", address.ip());
            Err(Seen::unknown(&words))
        }
    }
}

/// What a name that leads nowhere says of the Check.
pub(super) fn unresolved(ask: &Ask<'_>, host: &str, error: &io::Error) -> Seen {
    if is_ours(error) {
        return Seen::unknown(&format!("not asked: {host} cannot be resolved here: {}", name_words(error)));
    }
    Seen::doubtful(ask.spec, &format!("{host} leads nowhere: {}", name_words(error)))
}

/// Addresses that only mean something on this very machine's link, or to many at once (169.254.169.254 gives away
/// credentials of the cloud). A Check that somebody wrote down goes where it is sent; one that was found never goes there.
pub(super) fn is_special(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast(),
        IpAddr::V6(ip) => {
            let metadata = ip.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254];
            ip.is_unicast_link_local() || ip.is_unspecified() || ip.is_multicast() || metadata
        }
    }
}

/// Connects to a host, or to the one that stands in for it.
///
/// # Errors
/// What is to be said of the Check where nobody answers.
pub(super) async fn connect(ask: &Ask<'_>, host: &str, port: u16) -> Result<TcpStream, Seen> {
    let host = ask.spec.via.as_ref().map_or(host, |via| via.raw());
    let addresses = addresses(ask, host, port).await?;
    let place = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    ask.waiting(&format!("no connection with {place}"));
    let mut last = Seen::unknown("it has no address");
    for address in &addresses {
        let trying = TcpStream::connect(address);
        let tried = match addresses.len() {
            1 => trying.await,
            _ => tokio::time::timeout(ONE_OF_SEVERAL, trying).await.unwrap_or(Err(ErrorKind::TimedOut.into())),
        };
        match tried {
            Ok(stream) => return Ok(stream),
            Err(error) => last = refused(&place, &error),
        }
    }
    Err(last)
}

/// What a connection that does not come about, or breaks, says of its target.
pub(super) fn refused(place: &str, error: &io::Error) -> Seen {
    let words = match error.kind() {
        ErrorKind::ConnectionRefused => format!("connection refused: nothing listens at {place}"),
        ErrorKind::ConnectionReset => format!("{place} reset the connection"),
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe => format!("{place} closed the connection"),
        ErrorKind::TimedOut => format!("no connection with {place}: no answer in time"),
        ErrorKind::HostUnreachable => format!("{place} cannot be reached: no route to that host"),
        _ => format!("no connection with {place}: {error}"),
    };
    if is_ours(error) { Seen::unknown(&format!("not asked: {words}")) } else { Seen::failing(&words) }
}

/// Failures on our side of the line: no network, no rights, no file handles, no resolver.
pub(super) fn is_ours(error: &io::Error) -> bool {
    let kind = matches!(
        error.kind(),
        ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::AddrNotAvailable
            | ErrorKind::PermissionDenied
            | ErrorKind::OutOfMemory
            | ErrorKind::InvalidInput
    );
    let words = error.to_string();
    // EMFILE and ENFILE have no kind of their own; the resolver's failures have neither kind nor number.
    kind || matches!(error.raw_os_error(), Some(23 | 24)) || words.contains("Temporary failure in name resolution")
}

/// The resolver's answer without its preamble.
fn name_words(error: &io::Error) -> String {
    let words = error.to_string();
    words.rsplit_once("information: ").map_or(words.clone(), |(_, rest)| rest.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_host_and_a_port() {
        assert_eq!(split("db.internal:5432"), Some(("db.internal", 5432)));
        assert_eq!(split("[::1]:80"), Some(("::1", 80)));
        assert_eq!((split("db"), split(":80"), split("db:99999")), (None, None, None));
    }

    #[test]
    fn what_was_merely_found_is_never_asked_on_the_link_of_this_machine() {
        for ip in
            ["169.254.169.254", "0.0.0.0", "::", "fe80::1", "fd00:ec2::254", "::ffff:169.254.169.254", "224.0.0.1"]
        {
            assert!(is_special(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["127.0.0.1", "10.0.0.1", "::1", "192.0.2.1"] {
            assert!(!is_special(ip.parse().unwrap()), "{ip}");
        }
    }
}
