//! The Releases of a Service as the watch has seen them: what runs now by digest, and what the platform still keeps.

use std::collections::BTreeMap;

use ratatui::text::{Line, Span};

use crate::model::{Address, Image, Revision};
use crate::tui::screen::{View, cells, figure};
use crate::tui::theme::Role;

/// The lines of the tab.
#[must_use]
pub fn lines(view: &View<'_>, address: &Address) -> Vec<Line<'static>> {
    let fleet = &view.state.fleet;
    let Some(service) = fleet.service(address) else { return Vec::new() };
    let mut running: BTreeMap<&Image, usize> = BTreeMap::new();
    let instances = service.instances.iter().filter_map(|key| fleet.instance(key));
    for image in instances.flat_map(|instance| &instance.images) {
        *running.entry(image).or_default() += 1;
    }
    let mut out = vec![head(view, "RUNNING NOW")];
    if running.is_empty() {
        out.push(Line::styled("nothing runs", view.style(Role::Quiet)));
    }
    // In the order of the Service's own list: the newest declaration first.
    let declared = service.images.iter().filter(|image| running.contains_key(image));
    let rest = running.keys().copied().filter(|image| !service.images.contains(image));
    let images: Vec<&Image> = declared.chain(rest).collect();
    for image in images {
        let count = running.get(image).copied().unwrap_or_default();
        out.extend(image_lines(view, image, &figure::of(count as u64, "Instance")));
    }
    out.push(Line::default());
    out.push(head(view, "REVISIONS THAT THE PLATFORM KEEPS"));
    let revisions = fleet.revisions(address);
    if revisions.is_empty() {
        out.push(Line::styled("none: this platform keeps no history of its own", view.style(Role::Quiet)));
    }
    for revision in revisions {
        out.extend(revision_lines(view, revision));
    }
    out
}

fn head(view: &View<'_>, words: &'static str) -> Line<'static> {
    Line::styled(words, view.style(Role::Strong))
}

fn image_lines(view: &View<'_>, image: &Image, beside: &str) -> Vec<Line<'static>> {
    let quiet = view.style(Role::Quiet);
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("  {}", image.reference), view.style(Role::Text)),
        Span::styled(format!("  {beside}"), quiet),
    ])];
    let digest = match (&image.digest, &image.id) {
        (Some(digest), _) => format!("    {digest}"),
        (None, Some(id)) => format!("    {id}  local: this image has no repository digest"),
        (None, None) => "    the platform tells no digest".to_owned(),
    };
    lines.push(Line::styled(digest, quiet));
    lines
}

fn revision_lines(view: &View<'_>, revision: &Revision) -> Vec<Line<'static>> {
    let quiet = view.style(Role::Quiet);
    let number = revision.number.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let age = revision.created_at.map(|at| cells::when(view).age(at)).unwrap_or_default();
    let ready = figure::ready(revision.ready, revision.desired).filter(|_| revision.desired != Some(0));
    let mut first = vec![
        Span::styled(format!("  {number:>4}"), view.style(Role::Strong)),
        Span::styled(format!("  {age:>4}  "), quiet),
    ];
    let images: Vec<&str> = revision.images.iter().map(|image| image.reference.shown()).collect();
    first.push(Span::styled(images.join(", "), view.style(Role::Text)));
    if let Some(ready) = ready {
        first.push(Span::styled(format!("  {ready} ready"), view.style(Role::Ok)));
    }
    let mut lines = vec![Line::from(first)];
    if let Some(cause) = &revision.cause {
        lines.push(Line::styled(format!("              {cause}"), quiet));
    }
    lines
}
