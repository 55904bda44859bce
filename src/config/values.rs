//! Small values of the config file that have a written form of their own: lengths of time, secrets, shares, moments.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::{self, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize};

/// A length of time as written: a whole number and `s`, `m`, `h` or `d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^[0-9]+(ms|s|m|h|d)$"))]
pub struct Length(pub Duration);

impl FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no length of time: write a whole number and s, m, h or d, as in `30s` or `5m`");
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
        let unit_ms: u64 = match &text[digits..] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        number.checked_mul(unit_ms).map(|ms| Self(Duration::from_millis(ms))).ok_or_else(wrong)
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Where a secret lies. In clear it works too, with a warning.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// Written into the file itself.
    Clear,
    From(SecretFrom),
}

/// The three places that a secret is read from; exactly one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretFrom {
    /// An environment variable.
    pub env: Option<String>,
    /// A file; its last line break is left out.
    pub file: Option<PathBuf>,
    /// A program and its arguments; no shell stands between.
    pub command: Option<Vec<String>>,
}

impl SecretFrom {
    /// How many places are named; one is right.
    #[must_use]
    pub fn places(&self) -> usize {
        usize::from(self.env.is_some()) + usize::from(self.file.is_some()) + usize::from(self.command.is_some())
    }
}

/// The value in clear is never kept, so that nothing can print it.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clear => f.write_str("Clear(••••••)"),
            Self::From(from) => from.fmt(f),
        }
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let from = generator.subschema_for::<SecretFrom>();
        schemars::json_schema!({
            "description": "Where a secret lies: { env = … }, { file = … } or { command = [ … ] }; in clear with a warning.",
            "anyOf": [from, { "type": "string" }]
        })
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Secret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("{ env = \"…\" }, { file = \"…\" } or { command = [\"…\"] }")
            }

            fn visit_str<E: de::Error>(self, _clear: &str) -> Result<Secret, E> {
                Ok(Secret::Clear)
            }

            // What stands here may be the secret itself: no complaint repeats it.
            fn visit_i64<E: de::Error>(self, _clear: i64) -> Result<Secret, E> {
                Err(E::custom("a secret in clear stands in quotes"))
            }

            fn visit_f64<E: de::Error>(self, _clear: f64) -> Result<Secret, E> {
                Err(E::custom("a secret in clear stands in quotes"))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Secret, A::Error> {
                SecretFrom::deserialize(MapAccessDeserializer::new(map)).map(Secret::From)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// At most so many Instances at once: a count, or a share as in `"50%"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    Count(u32),
    Percent(u32),
}

impl JsonSchema for Share {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Share".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A count, or a share of all Instances such as \"50%\".",
            "anyOf": [{ "type": "integer", "minimum": 1 }, { "type": "string", "pattern": "^[0-9]+ ?%$" }]
        })
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Share;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a count of at least 1, or a share from \"1%\" to \"100%\"")
            }

            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Share, E> {
                let count = u32::try_from(n).ok().filter(|n| *n > 0);
                count.map(Share::Count).ok_or_else(|| E::invalid_value(de::Unexpected::Signed(n), &self))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Share, E> {
                let percent = text.strip_suffix('%').and_then(|n| n.trim_end().parse().ok());
                let percent = percent.filter(|n| (1..=100).contains(n));
                percent.map(Share::Percent).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// An end of a freeze window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Every week: the minute of the week, from Monday 00:00.
    Weekly(u16),
    /// Once.
    At(crate::model::Timestamp),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no moment: write `Fri 16:00` for every week, or an RFC 3339 time with its zone");
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        let (day, time) = text.split_once(' ').ok_or_else(wrong)?;
        let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let day = days.iter().position(|known| known.eq_ignore_ascii_case(day)).ok_or_else(wrong)?;
        let (hour, minute) = time.trim().split_once(':').ok_or_else(wrong)?;
        let hour: u16 = hour.parse().ok().filter(|h| *h < 24).ok_or_else(wrong)?;
        let minute: u16 = minute.parse().ok().filter(|m| *m < 60).ok_or_else(wrong)?;
        Ok(Self::Weekly(u16::try_from(day).unwrap_or(0) * 1440 + hour * 60 + minute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_and_bad_ones_say_what_is_right() {
        for (text, seconds) in [("5s", 5), ("10m", 600), ("2h", 7200), ("1d", 86400), ("0s", 0)] {
            assert_eq!(text.parse::<Length>().unwrap().0, Duration::from_secs(seconds));
        }
        for text in ["", "5", "s", "-5s", "5 s", "1.5h", "99999999999999999999s", "18446744073709551615d", "5y", "٣s"]
        {
            assert!(text.parse::<Length>().unwrap_err().contains("`30s`"), "{text}");
        }
    }

    #[test]
    fn moments_are_weekly_or_absolute() {
        assert_eq!("Fri 16:00".parse(), Ok(Moment::Weekly(4 * 1440 + 960)));
        assert!(matches!("2026-12-24T12:00:00+01:00".parse(), Ok(Moment::At(_))));
        for text in ["Friday 16:00", "Fri 24:00", "Fri", "2026-12-24", ""] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }
}
