//! A measured number that can be compared and kept: finite, never NaN; what is not finite is not known.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A finite number: a rate per second, an alarm's value or threshold.
#[derive(Clone, Copy, PartialEq)]
pub struct Quantity(f64);

// Equality is total: there is no NaN among them.
impl Eq for Quantity {}

impl Quantity {
    /// The number, if it is one: NaN and the infinities are *not known*.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        // One zero only, so that equal numbers look equal.
        value.is_finite().then_some(Self(value + 0.0))
    }

    /// Its value.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Quantity {
    /// As people write it: at most three significant digits after the point, no trailing zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match self.0.abs() {
            n if n >= 100.0 => 0,
            n if n >= 10.0 => 1,
            n if n >= 1.0 || n == 0.0 => 2,
            _ => 4,
        };
        let text = format!("{:.digits$}", self.0);
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        f.pad(if text == "-0" { "0" } else { text })
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        Self::new(value).ok_or_else(|| serde::de::Error::custom("a number that is not finite"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_not_known() {
        assert_eq!(Quantity::new(f64::NAN), None);
        assert_eq!(Quantity::new(f64::INFINITY), None);
        assert_eq!(Quantity::new(-0.0), Quantity::new(0.0));
    }

    #[test]
    fn numbers_are_written_as_people_write_them() {
        let written = |n: f64| Quantity::new(n).unwrap().to_string();
        assert_eq!(
            [written(0.0), written(6.1), written(12.34), written(0.0521), written(2140.0)],
            ["0", "6.1", "12.3", "0.0521", "2140"]
        );
    }
}
