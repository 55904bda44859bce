//! Freeze windows: times in which nothing is changed, weekly in a time zone or once.

use jiff::ToSpan;
use jiff::tz::TimeZone;

use crate::model::{EnvironmentAddress, Text, Timestamp};

/// Minutes of a week.
const WEEK: i64 = 7 * 1440;

/// A time in which nothing is changed in some Environments.
#[derive(Clone, Debug, PartialEq)]
pub struct Freeze {
    /// `SYSTEM/ENV` or `ENV`, `*` stands for any run of characters.
    pub environments: Vec<String>,
    pub window: Window,
    pub reason: Text,
}

/// When it holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// Minutes of the week from Monday 00:00 in the zone; it may go over the end of the week.
    Weekly {
        from: u16,
        until: u16,
        zone: TimeZone,
    },
    Once {
        from: Timestamp,
        until: Timestamp,
    },
}

impl Freeze {
    /// Whether it is about that Environment.
    #[must_use]
    pub fn covers(&self, environment: &EnvironmentAddress) -> bool {
        let (whole, name) = (environment.whole(), environment.environment.raw());
        let fits = |pattern: &String| {
            let one = if pattern.contains('/') { whole.as_str() } else { name };
            crate::fleet::rules::is_like(pattern, one)
        };
        self.environments.iter().any(fits)
    }

    /// Until when it holds; `None`: it does not hold now.
    #[must_use]
    pub fn until(&self, now: Timestamp) -> Option<Timestamp> {
        match &self.window {
            Window::Once { from, until } => (*from <= now && now < *until).then_some(*until),
            Window::Weekly { from, until, zone } => {
                let local = now.to_zoned(zone.clone());
                let day = i64::from(local.weekday().to_monday_zero_offset());
                let minute = day * 1440 + i64::from(local.hour()) * 60 + i64::from(local.minute());
                let since = (minute - i64::from(*from)).rem_euclid(WEEK);
                let length = (i64::from(*until) - i64::from(*from)).rem_euclid(WEEK);
                // By the local clock, so that a change to summer time moves nothing.
                let start = local.start_of_day().ok()?.datetime();
                let end = start.checked_add((minute % 1440 + length - since).minutes()).ok()?;
                (since < length).then(|| end.to_zoned(zone.clone()).map(|end| end.timestamp()).ok()).flatten()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weekend() -> Freeze {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let window = Window::Weekly { from: 4 * 1440 + 960, until: 480, zone };
        Freeze { environments: vec!["*/prod".to_owned()], window, reason: Text::line("weekend") }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_weekly_window_goes_over_the_end_of_the_week_and_ends_by_the_clock_of_its_zone() {
        let freeze = weekend();
        assert_eq!(freeze.until(at("2026-03-06T14:59:00Z")), None, "Friday 15:59 in Berlin");
        let end = Some(at("2026-03-09T07:00:00Z"));
        for inside in ["2026-03-06T15:00:00Z", "2026-03-07T12:00:00Z", "2026-03-09T06:59:00Z"] {
            assert_eq!(freeze.until(at(inside)), end, "{inside}");
        }
        assert_eq!(freeze.until(at("2026-03-09T07:00:00Z")), None);
        assert_eq!(
            freeze.until(at("2026-03-28T12:00:00Z")),
            Some(at("2026-03-30T06:00:00Z")),
            "the clocks go forward on that Sunday"
        );
    }

    #[test]
    fn a_window_is_for_the_environments_that_it_names() {
        let prod = |system: Option<&str>| EnvironmentAddress {
            system: system.map(Text::name),
            environment: Text::name("prod"),
        };
        assert!(weekend().covers(&prod(Some("biz"))));
        assert!(!weekend().covers(&prod(None)), "`*/prod` asks for a System");
        let all = Freeze { environments: vec!["prod".to_owned()], ..weekend() };
        assert!(all.covers(&prod(None)) && all.covers(&prod(Some("biz"))));
    }

    #[test]
    fn a_window_of_once_holds_from_its_start_to_before_its_end() {
        let (from, until) = (at("2026-12-24T00:00:00Z"), at("2026-12-27T00:00:00Z"));
        let freeze = Freeze { window: Window::Once { from, until }, ..weekend() };
        assert_eq!((freeze.until(from), freeze.until(until)), (Some(until), None));
    }
}
