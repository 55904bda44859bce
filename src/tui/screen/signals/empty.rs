//! A list of signals with nothing in it: why, and what would fill it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::model::Freshness;
use crate::tui::screen::{Place, View, cells};
use crate::tui::theme::Role;
use crate::tui::widget::words;

use super::{missing, tellers};

/// What a config file says to get queues, alarms, Checks.
const QUEUES: &str = r#"[[source]]
name = "mq-prod"
rabbitmq = "https://mq.example.com:15671"
user = "quarterdeck"
password = { env = "MQ_PASSWORD" }

[[source]]
name = "cache-prod"                 # BullMQ, Celery
redis = "rediss://cache.example.com:6379/0"

[[queue]]
source = "cache-prod"
bullmq = ["crawl-jobs"]
consumer = "prod/worker""#;

const ALARMS: &str = r#"[[source]]
name = "alerts-prod"
alertmanager = "https://alerts.example.com"

[[source]]
name = "metrics-prod"
prometheus = "https://metrics.example.com"

[[source]]
name = "aws-prod"                   # CloudWatch
aws = "prod"                        # a profile
region = "eu-central-1""#;

const CHECKS: &str = r#"[[check]]
service = "prod/api"
http = "https://api.example.com/health"
expect = { status = 200, within_ms = 500 }

[[check]]
service = "prod/db"
tcp = "db.example.com:5432""#;

/// Draws it below a heading; `nothing` is said where there is a Source that would tell.
pub fn draw(view: &View<'_>, place: &Place, nothing: &str, area: Rect, buf: &mut Buffer) {
    let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area };
    let lines = lines(view, place, nothing, usize::from(inner.width));
    for (line, y) in lines.iter().zip(inner.top()..inner.bottom()) {
        words::draw(line, Rect { y, height: 1, ..inner }, buf, view.glyphs);
    }
}

fn lines(view: &View<'_>, place: &Place, nothing: &str, width: usize) -> Vec<Line<'static>> {
    let quiet = view.style(Role::Quiet);
    let mut out = Vec::new();
    let mut say = |text: &str, role: Role| {
        let style = view.style(role);
        out.extend(words::wrap(text, width).into_iter().map(|piece| Line::styled(piece, style)));
    };
    let Some(why) = missing(view, place) else {
        let kinds = tellers(place);
        let silent = view.state.fleet.sources().filter(|source| kinds.contains(&source.kind));
        let silent: Vec<_> = silent.filter(|source| !source.state.is_live()).collect();
        for source in &silent {
            let state = source.state.word();
            let since = match source.state {
                Freshness::Connecting | Freshness::Idle => String::new(),
                _ => format!(" for {}", cells::when(view).exact_age(source.since)),
            };
            let detail = source.status.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
            say(&format!("{} {} is {state}{since}{detail}", view.glyphs.hollow, source.name), Role::Warn);
        }
        if silent.is_empty() {
            say(nothing, Role::Quiet);
        } else {
            say("what it would tell is not known; 9 shows what would help", Role::Quiet);
        }
        return out;
    };
    say(why, Role::Text);
    say("The config file can name one (`quarterdeck init` writes it; it is read again when it changes):", Role::Quiet);
    out.push(Line::default());
    out.extend(sample(place).lines().map(|line| Line::styled(format!("  {line}"), quiet)));
    out
}

/// What to write; empty where there is nothing to write.
fn sample(place: &Place) -> &'static str {
    match place {
        Place::Queues => QUEUES,
        Place::Alarms => ALARMS,
        Place::Checks => CHECKS,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_to_be_written_is_good_configuration() {
        for place in [Place::Queues, Place::Alarms, Place::Checks] {
            let read = crate::config::resolve::parse("config.toml", sample(&place), None);
            let (_, resolved) = read.unwrap_or_else(|problems| panic!("{problems}"));
            assert!(resolved.warnings.is_empty(), "{place:?}: {:?}", resolved.warnings);
        }
    }
}
