//! What changed while we watched: bounded, oldest first. A first list and a relist of the same facts change nothing.

use std::collections::VecDeque;

use crate::model::{Address, Change, ChangeKind, Freshness, HealthState, Image, Service, SourceName, Text, Timestamp};

use super::words::{instances, restarts, seconds_between};

/// Most lines kept.
const LINES: usize = 2_000;
/// Restarts of one Service within this are one line.
const TOGETHER_SECONDS: i64 = 60;

/// The lines, and how many have fallen out.
#[derive(Clone, Debug, Default)]
pub(super) struct Timeline {
    lines: VecDeque<Change>,
    fallen: u64,
}

/// A line that may still grow: restarts that come one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Growing {
    number: u64,
    at: Timestamp,
    restarted: u32,
    replaced: u32,
}

impl Timeline {
    pub(super) fn lines(&self) -> &VecDeque<Change> {
        &self.lines
    }

    pub(super) fn push(&mut self, change: Change) -> u64 {
        if self.lines.len() >= LINES {
            self.lines.pop_front();
            self.fallen += 1;
        }
        self.lines.push_back(change);
        self.fallen + self.lines.len() as u64 - 1
    }

    fn line(&mut self, number: u64) -> Option<&mut Change> {
        self.lines.get_mut(usize::try_from(number.checked_sub(self.fallen)?).ok()?)
    }

    /// A Source went from one state to another.
    pub(super) fn source(
        &mut self,
        name: &SourceName,
        from: Freshness,
        to: Freshness,
        detail: Option<&Text>,
        at: Timestamp,
    ) {
        let why = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
        self.push(Change {
            at,
            kind: ChangeKind::Source,
            source: Some(name.clone()),
            service: None,
            text: Text::line(&format!("Source {} → {}{why}", from.word(), to.word())),
            bad: !to.is_live(),
        });
    }

    /// Restarts and replacements of a Service's Instances; those that follow soon make the line grow.
    pub(super) fn restarts(
        &mut self,
        growing: &mut Option<Growing>,
        service: &Address,
        source: Option<&SourceName>,
        (restarted, replaced): (u32, u32),
        at: Timestamp,
    ) {
        let open = growing.filter(|line| seconds_between(line.at, at) < TOGETHER_SECONDS);
        let restarted = open.map_or(0, |line| line.restarted).saturating_add(restarted);
        let replaced = open.map_or(0, |line| line.replaced).saturating_add(replaced);
        let mut words = Vec::new();
        if restarted > 0 {
            words.push(restarts(restarted));
        }
        if replaced > 0 {
            words.push(format!("{} replaced", instances(replaced as usize)));
        }
        let text = Text::line(&words.join(", "));
        let known = open.and_then(|open| self.line(open.number).map(|line| (open.number, line)));
        let number = if let Some((number, line)) = known {
            (line.text, line.bad) = (text, restarted > 0);
            number
        } else {
            let (source, service) = (source.cloned(), Some(service.clone()));
            self.push(Change { at, kind: ChangeKind::Restart, source, service, text, bad: restarted > 0 })
        };
        *growing = Some(Growing { number, at: open.map_or(at, |line| line.at), restarted, replaced });
    }

    /// What differs between two sightings of a Service, beside its health and its restarts.
    pub(super) fn service(
        &mut self,
        old: &Service,
        new: &Service,
        releases: (&[Image], &[Image]),
        at: Timestamp,
    ) -> bool {
        let source = new.workloads.first().or(new.instances.first()).map(|key| key.source.clone());
        let before = self.fallen + self.lines.len() as u64;
        let line = |kind, text: String| Change {
            at,
            kind,
            source: source.clone(),
            service: Some(new.address.clone()),
            text: Text::line(&text),
            bad: false,
        };
        if let (Some(from), Some(to)) = (old.desired, new.desired)
            && from != to
        {
            self.push(line(ChangeKind::Scale, format!("replicas {from} → {to}")));
        }
        if let Some(words) = release_words(releases.0, releases.1) {
            self.push(line(ChangeKind::Release, words));
        }
        self.fallen + self.lines.len() as u64 > before
    }

    /// Health went from one state to another, as far as live facts told.
    pub(super) fn health(&mut self, from: HealthState, new: &Service, at: Timestamp) {
        let to = new.health.state;
        let why = new.health.reasons.first().map(|reason| format!(": {}", reason.text)).unwrap_or_default();
        let source = new.workloads.first().or(new.instances.first()).map(|key| key.source.clone());
        let bad = to.is_bad() && to > from;
        let text = Text::line(&format!("{} → {}{why}", from.shown(), to.shown()));
        self.push(Change { at, kind: ChangeKind::Health, source, service: Some(new.address.clone()), text, bad });
    }

    /// A Service appeared or went.
    pub(super) fn presence(&mut self, service: &Service, appeared: bool, at: Timestamp) {
        let source = service.workloads.first().or(service.instances.first()).map(|key| key.source.clone());
        let text = Text::line(if appeared { "appeared" } else { "gone" });
        let service = Some(service.address.clone());
        self.push(Change { at, kind: ChangeKind::Presence, source, service, text, bad: false });
    }
}

/// `image api 1.8.1 → 1.8.2`, where what is declared differs; a digest that becomes known is no change.
fn release_words(old: &[Image], new: &[Image]) -> Option<String> {
    let identity = |image: &Image| image.digest.clone().or_else(|| image.id.clone());
    let twin = |image: &&Image| old.iter().find(|other| other.reference == image.reference);
    let moved = new.iter().find_map(|image| {
        let before = twin(&image)?;
        let comparable = before.digest.is_some() == image.digest.is_some();
        (comparable && identity(before).is_some() && identity(image).is_some() && identity(before) != identity(image))
            .then_some((before, image))
    });
    let added = new.iter().find(|image| twin(image).is_none());
    let removed = old.iter().find(|image| !new.iter().any(|other| other.reference == image.reference));
    let ((Some(to), Some(from), _) | (None, None, Some((from, to)))) = (added, removed, moved) else { return None };
    let (repository, _) = split(to);
    let same = split(from).0 == repository;
    let show = |image: &Image| {
        let version = if same { split(image).1 } else { image.reference.to_string() };
        match image.short_digest() {
            Some(short) if !version.contains(short) => format!("{version} {short}"),
            _ => version,
        }
    };
    let name = repository.rsplit('/').next().unwrap_or(&repository).to_owned();
    let name = if same { format!("{name} ") } else { String::new() };
    Some(format!("image {name}{} → {}", show(from), show(to)))
}

/// Repository, and tag or short digest.
fn split(image: &Image) -> (String, String) {
    let shown = image.reference.shown();
    let name = shown.split('@').next().unwrap_or(shown);
    let repository = match name.rsplit_once(':') {
        Some((head, tail)) if !tail.contains('/') => head,
        _ => name,
    };
    let version = image.tag().or(image.short_digest()).unwrap_or("").to_owned();
    (repository.to_owned(), version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(reference: &str, digest: Option<&str>) -> Image {
        Image { digest: digest.map(Text::name), ..Image::of_reference(reference) }
    }

    #[test]
    fn another_release_is_told_by_tag_and_digest_and_a_digest_that_becomes_known_is_none() {
        for (old, new, words) in [
            (image("r/api:1.8.1", None), image("r/api:1.8.2", None), Some("image api 1.8.1 → 1.8.2")),
            (
                image("r/api:1", Some("sha256:aaaaaaaaa")),
                image("r/api:1", Some("sha256:bbbbbbbbb")),
                Some("image api 1 aaaaaaa → 1 bbbbbbb"),
            ),
            (image("r/api:1", None), image("r/api:1", Some("sha256:bbbbbbbbb")), None),
            (image("r/api:1", None), image("q/web:1", None), Some("image r/api:1 → q/web:1")),
            (image("r/api:1", None), image("r/api:1", None), None),
        ] {
            assert_eq!(release_words(&[old], &[new]).as_deref(), words);
        }
        assert_eq!(release_words(&[], &[image("r/api:1", None)]), None);
    }

    #[test]
    fn it_is_bounded_and_a_line_that_fell_out_grows_no_more() {
        let mut timeline = Timeline::default();
        let address = Address {
            environment: crate::model::EnvironmentAddress { system: None, environment: Text::name("prod") },
            service: Text::name("api"),
        };
        let at = super::super::diagnose::fixture::at(0);
        let mut growing = None;
        timeline.restarts(&mut growing, &address, None, (1, 0), at);
        timeline.restarts(&mut growing, &address, None, (2, 1), at);
        assert_eq!(timeline.lines().len(), 1);
        assert_eq!(timeline.lines()[0].text.shown(), "3 restarts, 1 Instance replaced");
        for _ in 0..LINES {
            timeline.source(&SourceName::new("s"), Freshness::Fresh, Freshness::Stale, None, at);
        }
        timeline.restarts(&mut growing, &address, None, (1, 0), at);
        assert_eq!(timeline.lines().len(), LINES);
        assert_eq!(timeline.lines()[LINES - 1].text.shown(), "4 restarts, 1 Instance replaced");
    }
}
