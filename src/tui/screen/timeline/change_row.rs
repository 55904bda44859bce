//! One change on one line of the Timeline.

use crate::model::Change;
use crate::tui::screen::figure::{self, When};

/// A change on one line.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeRow {
    /// Time of day in UTC, to the second.
    pub time: String,
    pub age: String,
    /// The day, where it is another than that of the line before.
    pub day: Option<String>,
    pub kind: &'static str,
    /// Whom it concerns: a Service's or a Source's name.
    pub subject: String,
    pub text: String,
    pub bad: bool,
}

impl ChangeRow {
    /// The row of a change at a moment; `above`: the change on the line above it.
    #[must_use]
    pub fn of(change: &Change, above: Option<&Change>, several_systems: bool, when: When) -> Self {
        let day = figure::day(change.at);
        let reference = above.map_or_else(|| figure::day(when.now), |above| figure::day(above.at));
        Self {
            time: figure::time_of_day(change.at),
            age: when.age(change.at),
            day: (day != reference).then_some(day),
            kind: change.kind.word(),
            subject: subject(change, several_systems),
            text: change.text.shown().to_owned(),
            bad: change.bad,
        }
    }
}

/// Whom a change concerns, in words.
#[must_use]
pub fn subject(change: &Change, several_systems: bool) -> String {
    match (&change.service, &change.source) {
        (Some(service), _) if several_systems => service.to_string(),
        (Some(service), _) => service.short(),
        (None, Some(source)) => source.to_string(),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, ChangeKind, EnvironmentAddress, SourceName, Text, Timestamp};

    fn change(seconds: i64) -> Change {
        Change {
            at: Timestamp::from_second(seconds).unwrap(),
            kind: ChangeKind::Scale,
            source: Some(SourceName::new("docker:local")),
            service: None,
            text: Text::line("replicas 1 → 3"),
            bad: false,
        }
    }

    fn when(seconds: i64) -> When {
        let now = Timestamp::from_second(seconds).unwrap();
        When { now, minute: now }
    }

    #[test]
    fn a_line_names_its_day_only_where_it_differs_from_the_line_above() {
        let (today, yesterday) = (change(86_400), change(86_399));
        let now = when(86_460);
        assert_eq!(ChangeRow::of(&today, None, false, now).day, None);
        assert_eq!(ChangeRow::of(&yesterday, Some(&today), false, now).day.as_deref(), Some("1970-01-01"));
    }

    #[test]
    fn the_subject_is_the_service_where_there_is_one() {
        let environment = EnvironmentAddress { system: Some(Text::name("biz")), environment: Text::name("prod") };
        let api = Address { environment, service: Text::name("api") };
        let of = |several| ChangeRow::of(&Change { service: Some(api.clone()), ..change(0) }, None, several, when(60));
        assert_eq!((of(false).subject.as_str(), of(true).subject.as_str()), ("prod/api", "biz/prod/api"));
        assert_eq!(ChangeRow::of(&change(0), None, false, when(60)).subject, "docker:local");
    }
}
