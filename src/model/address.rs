//! Addresses that people type: `SYSTEM/ENV/SERVICE`, or any suffix of it that is unique.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Text;

/// An Environment's place: its System (if it has one) and its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EnvironmentAddress {
    pub system: Option<Text>,
    pub environment: Text,
}

/// A Service's full address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address {
    pub environment: EnvironmentAddress,
    pub service: Text,
}

/// Why a typed address names nothing that one could act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("no Service has the address {typed}{}", did_you_mean(.near))]
    Unknown { typed: Text, near: Vec<String> },
    #[error("{typed} is ambiguous: it could be {}", .candidates.join(", "))]
    Ambiguous { typed: Text, candidates: Vec<String> },
}

fn did_you_mean(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) }
}

impl EnvironmentAddress {
    /// Whether `typed` is this address or a suffix of it, part by part: `prod` and `shop/prod` match `shop/prod`.
    #[must_use]
    pub fn matches(&self, typed: &str) -> bool {
        is_suffix(typed, [self.system.as_ref(), Some(&self.environment), None])
    }

    /// The whole address as its platform wrote it.
    #[must_use]
    pub fn whole(&self) -> String {
        match &self.system {
            Some(system) => format!("{}/{}", system.raw(), self.environment.raw()),
            None => self.environment.raw().to_owned(),
        }
    }
}

impl Address {
    /// Whether `typed` is this address or a suffix of it, part by part.
    #[must_use]
    pub fn matches(&self, typed: &str) -> bool {
        is_suffix(typed, [self.environment.system.as_ref(), Some(&self.environment.environment), Some(&self.service)])
    }

    /// The whole address as its platform wrote it: the form that the engine compares and JSON carries.
    #[must_use]
    pub fn whole(&self) -> String {
        format!("{}/{}", self.environment.whole(), self.service.raw())
    }

    /// `ENV/SERVICE`: the short form for screens with one System.
    #[must_use]
    pub fn short(&self) -> String {
        format!("{}/{}", self.environment.environment, self.service)
    }
}

/// Compares from the end. Parts may themselves hold slashes (a Compose service cannot, but a label can), so the whole
/// address is compared as text that ends at a part's beginning.
fn is_suffix(typed: &str, parts: [Option<&Text>; 3]) -> bool {
    let parts: Vec<&str> = parts.into_iter().flatten().map(Text::shown).collect();
    (0..parts.len()).any(|from| parts[from..].join("/") == typed)
}

impl fmt::Display for EnvironmentAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.system {
            Some(system) => f.pad(&format!("{system}/{}", self.environment)),
            None => f.pad(self.environment.shown()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.environment, self.service))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api() -> Address {
        let environment = EnvironmentAddress { system: Some(Text::name("biz")), environment: Text::name("prod") };
        Address { environment, service: Text::name("api") }
    }

    #[test]
    fn an_address_is_matched_by_its_suffixes_part_by_part() {
        for typed in ["biz/prod/api", "prod/api", "api"] {
            assert!(api().matches(typed), "{typed}");
        }
        for typed in ["", "pi", "rod/api", "biz/prod", "/api"] {
            assert!(!api().matches(typed), "{typed}");
        }
    }

    #[test]
    fn it_prints_whole_and_short() {
        assert_eq!((api().to_string(), api().short()), ("biz/prod/api".into(), "prod/api".into()));
    }
}
