//! A filter as a person types it: the last text, and the last that made sense.

use crate::fleet::Fleet;
use crate::fleet::query::{Query, ServiceRow};
use crate::model::{Service, Timestamp};

/// The filter of one screen.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: String,
    query: Query,
}

impl Filter {
    /// What filters look like, for the empty filter line.
    pub const HELP: &str = "letters, or env:prod  health:bad  ready<desired  image~1.8  queue>500  !tier:dev";

    /// What was typed; empty: everything is shown.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether anything is left out.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.query.is_empty()
    }

    /// Takes what was typed.
    ///
    /// # Errors
    /// What is wrong with it, in words; the last good filter stays in force.
    pub fn set(&mut self, text: &str) -> Result<(), String> {
        text.clone_into(&mut self.text);
        self.query = Query::parse(text).map_err(|error| error.to_string())?;
        Ok(())
    }

    /// Whether a Service is shown.
    #[must_use]
    pub fn keeps(&self, fleet: &Fleet, service: &Service, now: Timestamp) -> bool {
        self.query.is_empty() || self.query.matches(&ServiceRow { fleet, service, now })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_a_filter_is_being_typed_the_last_good_one_stays() {
        let mut filter = Filter::default();
        assert!(filter.set("health:bad").is_ok());
        assert!(filter.set("health:bad nosuchfield:1").is_err());
        assert!(filter.is_on());
        assert!(filter.set("").is_ok() && !filter.is_on());
    }
}
