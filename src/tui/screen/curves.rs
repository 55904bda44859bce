//! The last while of a Service as curves: ready Instances, CPU, memory, on one axis of time.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::fleet::Curve;
use crate::fleet::history::STEP_SECONDS;
use crate::model::{Service, Timestamp};
use crate::tui::theme::Role;
use crate::tui::widget::{rule, spark, words};

use super::{View, figure};

/// Lines that it takes: a rule, a heading, three curves.
pub const HEIGHT: u16 = 5;

/// Cells of a curve's name, and of the number behind it.
const NAME: u16 = 8;
const NUMBER: u16 = 20;
/// The longest curve: half an hour.
const STEPS: usize = 180;

/// Draws the rule, the heading, and as many curves as there is room for; a curve of which nothing is known is left out.
pub fn draw(view: &View<'_>, service: &Service, area: Rect, buf: &mut Buffer) {
    if area.height < 3 {
        return;
    }
    rule::draw(view, Rect { height: 1, ..area }, buf);
    let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area };
    let line = |n: u16| Rect { y: area.y + n, height: 1, ..inner };
    let steps = usize::from(inner.width.saturating_sub(NAME + NUMBER)).min(STEPS);
    heading(view, service, steps, line(1), buf);
    let known = [Curve::Ready, Curve::Cpu, Curve::Memory];
    let mut at = 2;
    for curve in known {
        let values = view.state.fleet.curve(&service.address, curve, end_of_minute(view.minute), steps);
        if values.iter().all(Option::is_none) || at >= area.height {
            continue;
        }
        let values: Vec<Option<f64>> = values.into_iter().map(|value| value.map(f64::from)).collect();
        row(view, service, curve, &values, line(at), buf);
        at += 1;
    }
}

fn heading(view: &View<'_>, service: &Service, steps: usize, area: Rect, buf: &mut Buffer) {
    let dot = view.glyphs.dot;
    let minutes = (i64::try_from(steps).unwrap_or(0) * STEP_SECONDS / 60).max(1);
    let right = format!(
        "{} {dot} {} {dot} last {minutes} min",
        figure::of(service.instances.len() as u64, "Instance"),
        figure::of(u64::from(service.restarts), "restart"),
    );
    let left = words::draw_right(&Line::styled(right, view.style(Role::Quiet)), area, buf, view.glyphs);
    let reason = service.health.reasons.first().map(|reason| reason.text.shown()).unwrap_or_default();
    let line = Line::from(vec![
        Span::styled(view.address(&service.address), view.style(Role::Strong)),
        Span::styled(format!("  {reason}"), view.style(Role::Quiet)),
    ]);
    words::draw(&line, left, buf, view.glyphs);
}

fn row(view: &View<'_>, service: &Service, curve: Curve, values: &[Option<f64>], area: Rect, buf: &mut Buffer) {
    let (name, top, number) = match curve {
        Curve::Ready => {
            let of = service.desired.map(|desired| format!(" of {desired}")).unwrap_or_default();
            let number = service.ready.map(|ready| format!("{ready}{of}"));
            ("ready", service.desired.map(f64::from), number)
        }
        Curve::Cpu => ("cpu", None, service.cpu_cores.map(|cores| format!("{} cores", figure::cores(cores)))),
        Curve::Memory => ("memory", None, service.memory_bytes.map(figure::memory)),
        Curve::Restarts => ("restarts", None, Some(figure::count(u64::from(service.restarts)))),
    };
    let role = if curve == Curve::Ready { Role::Ok } else { Role::Accent };
    let mut drawn = spark::curve(view, values, values.len(), top);
    if role == Role::Ok && service.ready >= service.desired {
        drawn.style = view.style(Role::Ok);
    }
    let spans = vec![
        Span::styled(format!("{name:<width$}", width = usize::from(NAME)), view.style(Role::Quiet)),
        drawn,
        Span::styled(format!("  {}", number.unwrap_or_default()), view.style(Role::Text)),
    ];
    words::draw(&Line::from(spans), area, buf, view.glyphs);
}

/// Curves end with the minute that has begun, so that a quiet one moves once a minute and not at each of its steps.
pub fn end_of_minute(minute: Timestamp) -> Timestamp {
    minute.checked_add(jiff::SignedDuration::from_secs(59)).unwrap_or(minute)
}
