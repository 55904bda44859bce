//! A certificate in words: when it ends, who vouches for it, what names it is for; also where it is broken.

use x509_parser::error::X509Error;
use x509_parser::extensions::GeneralName;
use x509_parser::nom;

use crate::model::Timestamp;

/// What stands in a certificate, as far as it can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Certificate {
    pub(super) begins: Option<Timestamp>,
    pub(super) ends: Option<Timestamp>,
    pub(super) issuer: String,
    /// It names itself as its issuer.
    pub(super) own: bool,
    pub(super) names: Vec<String>,
    /// What cannot be read of it.
    pub(super) trouble: Option<String>,
}

/// Most names that are told.
const NAMED: usize = 3;

impl Certificate {
    /// Reads DER.
    pub(super) fn read(der: &[u8]) -> Self {
        let parsed = match x509_parser::parse_x509_certificate(der) {
            Ok((_, parsed)) => parsed,
            Err(error) => return Self { trouble: Some(trouble(&error)), ..Self::default() },
        };
        let time = |time: x509_parser::time::ASN1Time| Timestamp::from_second(time.timestamp()).ok();
        let (begins, ends) = (time(parsed.validity().not_before), time(parsed.validity().not_after));
        let trouble = match (begins, ends) {
            (Some(begins), Some(ends)) if ends < begins => Some("it ends before it begins".to_owned()),
            (Some(_), Some(_)) => None,
            _ => Some("its dates are out of every calendar".to_owned()),
        };
        let names = parsed.subject_alternative_name().ok().flatten().map(|names| {
            let name = |name: &GeneralName<'_>| match name {
                GeneralName::DNSName(name) => Some((*name).to_owned()),
                GeneralName::IPAddress(bytes) => address(bytes),
                _ => None,
            };
            names.value.general_names.iter().filter_map(name).collect()
        });
        Self {
            begins,
            ends,
            issuer: common_name(parsed.issuer()),
            own: parsed.issuer() == parsed.subject(),
            names: names.unwrap_or_default(),
            trouble,
        }
    }

    /// `it ends in 20 days`, `it ended 3 days ago`.
    pub(super) fn end(&self, now: Timestamp) -> String {
        match self.ends {
            Some(ends) if ends < now => format!("certificate ended {} ago", length(ends, now)),
            Some(ends) => format!("certificate ends in {}", length(now, ends)),
            None => "when its certificate ends cannot be read".to_owned(),
        }
    }

    /// The names that it is for.
    pub(super) fn for_names(&self) -> String {
        let shown: Vec<&str> = self.names.iter().take(NAMED).map(String::as_str).collect();
        match self.names.len() {
            0 => "no name at all".to_owned(),
            n if n > NAMED => format!("{} and {} more", shown.join(", "), n - NAMED),
            _ => shown.join(", "),
        }
    }
}

fn common_name(name: &x509_parser::x509::X509Name<'_>) -> String {
    let common = name.iter_common_name().next().and_then(|cn| cn.as_str().ok()).map(str::to_owned);
    common.unwrap_or_else(|| name.to_string())
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|b| std::net::Ipv4Addr::from(b).to_string());
    let v6 = || <[u8; 16]>::try_from(bytes).map(|b| std::net::Ipv6Addr::from(b).to_string());
    v4.or_else(|_| v6()).ok()
}

fn trouble(error: &nom::Err<X509Error>) -> String {
    match error {
        nom::Err::Error(X509Error::InvalidDate) | nom::Err::Failure(X509Error::InvalidDate) => {
            "its dates cannot be read".to_owned()
        }
        nom::Err::Incomplete(_) => "it is cut".to_owned(),
        nom::Err::Error(error) | nom::Err::Failure(error) => format!("it cannot be read ({error})"),
    }
}

/// A length of time in the unit that people count certificates in.
pub(super) fn length(from: Timestamp, to: Timestamp) -> String {
    let seconds = (to.as_second() - from.as_second()).max(0);
    let (n, unit) = match seconds {
        ..3600 => (seconds / 60, "minute"),
        3600..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{n} {unit}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_says_so() {
        for bytes in [&b""[..], b"\x30\x82\x01", b"hello, this is no certificate at all"] {
            let read = Certificate::read(bytes);
            assert!(read.trouble.is_some() && read.ends.is_none(), "{read:?}");
            assert!(read.end(Timestamp::UNIX_EPOCH).contains("cannot be read"));
        }
    }

    #[test]
    fn ends_are_told_in_days_as_people_count_them() {
        let at = |seconds: i64| Timestamp::from_second(1_790_000_000 + seconds).unwrap();
        let ends = |seconds| Certificate { ends: Some(at(seconds)), ..Certificate::default() }.end(at(0));
        assert_eq!(ends(20 * 86_400 + 5), "certificate ends in 20 days");
        assert_eq!(ends(-3 * 86_400), "certificate ended 3 days ago");
        assert_eq!(ends(86_400), "certificate ends in 24 hours");
        assert_eq!(ends(60), "certificate ends in 1 minute");
    }
}
