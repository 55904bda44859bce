//! How much waits in a queue and how many of its consumer are ready, on one axis of time: what came first can be read off.

use ratatui::text::{Line, Span};

use crate::fleet::history::STEP_SECONDS;
use crate::fleet::{Bounds, Curve};
use crate::model::{Address, Key};
use crate::tui::screen::{View, curves, figure};
use crate::tui::theme::Role;
use crate::tui::widget::{graph, spark};

/// Cells of a curve's name, and of the number behind it.
const NAME: usize = 12;
const NUMBER: usize = 22;
/// The longest curve: half an hour.
const STEPS: usize = 180;
/// Lines that it takes at most.
pub const HEIGHT: u16 = 3;

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Depth<'a> {
    pub queue: &'a Key,
    pub ready: Option<u64>,
    pub limit: Option<u64>,
    pub consumer: Option<&'a Address>,
    pub bounds: Option<&'a Bounds>,
}

impl Depth<'_> {
    /// The two curves and their axis; a curve of which nothing is known is left out.
    #[must_use]
    pub fn lines(&self, view: &View<'_>, width: usize) -> Vec<Line<'static>> {
        let fleet = &view.state.fleet;
        let steps = width.saturating_sub(NAME + NUMBER + 2).min(STEPS);
        let end = curves::end_of_minute(view.minute);
        let depth = fleet.queue_curve(self.queue, end, steps);
        let service = self.consumer.and_then(|address| fleet.service(address));
        let ready = service.map(|service| fleet.curve(&service.address, Curve::Ready, end, steps)).unwrap_or_default();
        let waiting = self.ready.map_or_else(|| "?".to_owned(), figure::count);
        let over = self.limit.zip(self.ready).is_some_and(|(limit, ready)| ready > limit);
        let waiting = match self.limit {
            Some(limit) if over => format!("{waiting} > {}", figure::count(limit)),
            Some(limit) => format!("{waiting} of {}", figure::count(limit)),
            None => waiting,
        };
        let instances = service.map(|service| {
            let of = service.desired.map(|desired| format!(" of {desired}")).unwrap_or_default();
            let most = self.bounds.and_then(|bounds| bounds.max).map(|max| format!(", max {max}")).unwrap_or_default();
            service.ready.map(|ready| format!("{ready}{of}{most}")).unwrap_or_default()
        });
        // The scale of what is ready goes up to what is allowed: then the room above it is the room that there is.
        let top = self.bounds.and_then(|bounds| bounds.max).or(service.and_then(|service| service.desired));
        let mut lines = Vec::new();
        lines.extend(row(view, "waiting", depth, None, (waiting, if over { Role::Growth } else { Role::Text })));
        lines.extend(row(view, "ready", ready, top.map(f64::from), (instances.unwrap_or_default(), Role::Text)));
        if !lines.is_empty() {
            lines.push(graph::axis(view, NAME, steps, STEP_SECONDS));
        }
        lines
    }
}

/// A curve with its name and its newest number; nothing where nothing was measured.
fn row(
    view: &View<'_>,
    name: &str,
    values: Vec<Option<u32>>,
    top: Option<f64>,
    (number, role): (String, Role),
) -> Option<Line<'static>> {
    if values.iter().all(Option::is_none) {
        return None;
    }
    let values: Vec<Option<f64>> = values.into_iter().map(|value| value.map(f64::from)).collect();
    Some(Line::from(vec![
        Span::styled(format!("  {name:<width$}", width = NAME - 2), view.style(Role::Quiet)),
        spark::curve(view, &values, values.len(), top),
        Span::styled(format!("  {number}"), view.style(role)),
    ]))
}
