//! How far each table is, and what follows from that for the Source as a whole.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::port::Gauge;
use crate::model::{Denial, Freshness, Lapse, SourceStatus, Table, Text, Timestamp};

/// How far a table is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Not read so far.
    Waiting,
    Fresh,
    /// The server says no to this verb.
    Denied(&'static str),
    /// It cannot be read now; whether it was read before, or has failed for so long that nobody should wait for it.
    Failing {
        why: Text,
        settled: bool,
    },
    /// The server has no such kind.
    Absent,
}

/// A table's place: its order among the kinds, the resource's full name, and the namespace where it covers one only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) resource: String,
    pub(crate) namespace: Option<String>,
}

/// All tables of one run.
#[derive(Debug, Default)]
pub(crate) struct Board {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    cells: BTreeMap<Place, Cell>,
    marks: Vec<&'static str>,
    version: Option<Text>,
    told: Option<SourceStatus>,
    synced: bool,
}

/// What to send.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tidings {
    pub(crate) status: Option<SourceStatus>,
    pub(crate) synced: bool,
}

/// Most names written into one line.
const NAMES: usize = 24;
/// Kinds that say something about Services: where none of them can be read, the Source is denied.
const MATTERS: [&str; 5] = ["deployments.apps", "pods", "statefulsets.apps", "daemonsets.apps", "jobs.batch"];

impl Board {
    /// With what must always be said, and the server's version.
    #[must_use]
    pub(crate) fn new(marks: Vec<&'static str>, version: Option<Text>) -> Self {
        Self { inner: Mutex::new(Inner { marks, version, ..Inner::default() }) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes where a table is; `Failing` keeps in mind that it was read before.
    pub(crate) fn set(&self, place: Place, cell: Cell) {
        let mut inner = self.lock();
        let cell = match (inner.cells.get(&place), cell) {
            (Some(Cell::Fresh | Cell::Failing { settled: true, .. }), Cell::Failing { why, .. }) => {
                Cell::Failing { why, settled: true }
            }
            (_, cell) => cell,
        };
        inner.cells.insert(place, cell);
    }

    /// Puts other tables in the place of one: a namespace each instead of the whole cluster.
    pub(crate) fn split(&self, place: &Place, namespaces: &[String]) {
        let mut inner = self.lock();
        inner.cells.remove(place);
        for namespace in namespaces {
            let part = Place { resource: place.resource.clone(), namespace: Some(namespace.clone()) };
            inner.cells.entry(part).or_insert(Cell::Waiting);
        }
    }

    /// Puts one table in the place of others: the whole cluster instead of a namespace each.
    pub(crate) fn merge(&self, resource: &str, namespaces: impl Iterator<Item = Option<String>>) {
        let mut inner = self.lock();
        for namespace in namespaces {
            inner.cells.remove(&Place { resource: resource.to_owned(), namespace });
        }
        inner.cells.insert(Place { resource: resource.to_owned(), namespace: None }, Cell::Waiting);
    }

    /// A table is not watched any more.
    pub(crate) fn remove(&self, place: &Place) {
        self.lock().cells.remove(place);
    }

    /// What has changed since the last call; `old`: the tables that hold what cannot be read now.
    pub(crate) fn tidings(&self, gauge: &Gauge, old: &[(Table, Timestamp)]) -> Tidings {
        let mut inner = self.lock();
        let mut status = inner.status();
        let ready = !inner.cells.is_empty()
            && inner.cells.values().all(|c| !matches!(c, Cell::Waiting | Cell::Failing { settled: false, .. }));
        let synced = ready && !inner.synced;
        inner.synced |= ready;
        // Before all was read once, everything is old: then the Source itself is.
        if inner.synced {
            status.lapses = old.iter().map(|(table, since)| inner.lapse(table, *since)).collect();
            if status.state == Freshness::Fresh && !status.lapses.is_empty() {
                status.state = Freshness::Partial;
            }
        }
        // What is denied is told once, when all is known, not name by name.
        let early =
            status.state == Freshness::Connecting && inner.told.as_ref().is_some_and(|t| t.state == status.state);
        let changed = inner.told.as_ref() != Some(&status) && !early;
        if !changed && !synced {
            return Tidings::default();
        }
        inner.told = Some(status.clone());
        status.calls = gauge.calls();
        status.latency_ms = gauge.latency_ms();
        status.answered_at = gauge.answered_at();
        Tidings { status: Some(status), synced }
    }
}

impl Inner {
    fn status(&self) -> SourceStatus {
        let denials = self.denials();
        let failing: Vec<_> = self.cells.iter().filter_map(|(p, c)| failing(p, c)).collect();
        let any = |wanted: fn(&Cell) -> bool| self.cells.values().any(wanted);
        let matter = || self.cells.iter().filter(|(p, _)| MATTERS.contains(&p.resource.as_str())).map(|(_, c)| c);
        let state = if matter().count() > 0 && matter().all(|c| matches!(c, Cell::Denied(_))) {
            Freshness::Denied
        } else if !failing.is_empty() && !any(|c| matches!(c, Cell::Fresh | Cell::Waiting)) {
            Freshness::Unreachable
        } else if any(|c| *c == Cell::Waiting) && !self.synced {
            Freshness::Connecting
        } else if !denials.is_empty() || !failing.is_empty() {
            Freshness::Partial
        } else {
            Freshness::Fresh
        };
        let mut words: Vec<String> = self.marks.iter().map(|m| (*m).to_owned()).collect();
        words.extend(denied_words(&denials));
        words.extend(failing);
        let detail = (!words.is_empty()).then(|| Text::line(&words.join("; ")));
        SourceStatus { state, detail, version: self.version.clone(), denials, ..SourceStatus::default() }
    }

    fn lapse(&self, table: &Table, since: Timestamp) -> Lapse {
        let scope = table.scope.as_ref().map(Text::raw);
        let of = |place: &Place| place.resource.split('.').next() == Some(table.name.raw());
        let mut places = self.cells.iter().filter(|(place, _)| of(place));
        let what = places.clone().next().map_or(table.name.raw(), |(place, _)| place.resource.as_str());
        let why = match places.find(|(place, _)| place.namespace.as_deref() == scope).map(|(_, cell)| cell) {
            Some(Cell::Failing { why, .. }) => why.clone(),
            Some(Cell::Absent) => Text::line("the server has no such kind any more"),
            Some(Cell::Denied(verb)) => Text::line(&format!("denied: cannot {verb} {what}")),
            // The whole cluster was read before, and only single namespaces are asked for now.
            _ => Text::line(&format!("denied: cannot list {what} in the cluster")),
        };
        Lapse { table: table.clone(), what: Text::name(what), since, why }
    }

    fn denials(&self) -> Vec<Denial> {
        let denied = self.cells.iter().filter_map(|(place, cell)| match cell {
            Cell::Denied(verb) => Some(Denial {
                verb: Text::name(verb),
                resource: Text::name(&place.resource),
                scope: place.namespace.as_deref().map(Text::name),
            }),
            _ => None,
        });
        denied.collect()
    }
}

fn failing(place: &Place, cell: &Cell) -> Option<String> {
    let Cell::Failing { why, .. } = cell else { return None };
    let of = place.namespace.as_ref().map(|n| format!(" of {n}")).unwrap_or_default();
    Some(format!("{}{of}: {}", place.resource, why.raw()))
}

/// `denied: cannot list pods in shop-dev, shop-prod: needs get, list, watch on pods`.
fn denied_words(denials: &[Denial]) -> Option<String> {
    let mut by_resource: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for denial in denials {
        let scopes = by_resource.entry((denial.resource.raw(), denial.verb.raw())).or_default();
        scopes.extend(denial.scope.as_ref().map(Text::raw));
    }
    // What matters most is said first.
    let rank = |resource: &str| MATTERS.iter().position(|m| *m == resource).unwrap_or(MATTERS.len());
    let mut sorted: Vec<_> = by_resource.into_iter().collect();
    sorted.sort_by_key(|((resource, _), _)| (rank(resource), (*resource).to_owned()));
    let words = sorted.iter().map(|((resource, verb), scopes)| {
        let place = match scopes.len() {
            0 => "in the cluster".to_owned(),
            n if n > NAMES => format!("in {} and {} more", scopes[..NAMES].join(", "), n - NAMES),
            _ => format!("in {}", scopes.join(", ")),
        };
        format!("cannot {verb} {resource} {place}: needs get, list, watch on {resource}")
    });
    let words = words.collect::<Vec<_>>().join("; ");
    (!words.is_empty()).then(|| format!("denied: {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(resource: &str, namespace: Option<&str>) -> Place {
        Place { resource: resource.into(), namespace: namespace.map(str::to_owned) }
    }

    #[test]
    fn synced_comes_once_when_every_table_was_read_or_refused() {
        let (board, gauge) = (Board::default(), Gauge::default());
        board.set(place("pods", None), Cell::Waiting);
        board.set(place("deployments.apps", None), Cell::Fresh);
        assert_eq!(board.tidings(&gauge, &[]).status.unwrap().state, Freshness::Connecting);
        assert_eq!(board.tidings(&gauge, &[]), Tidings::default());
        board.set(place("pods", None), Cell::Failing { why: "500".into(), settled: false });
        let failing = board.tidings(&gauge, &[]);
        assert_eq!((failing.synced, failing.status.unwrap().state), (false, Freshness::Partial));
        board.set(place("pods", None), Cell::Fresh);
        let whole = board.tidings(&gauge, &[]);
        assert_eq!((whole.synced, whole.status.unwrap().state), (true, Freshness::Fresh));
        board.set(place("pods", None), Cell::Failing { why: "500".into(), settled: false });
        assert!(!board.tidings(&gauge, &[]).synced);
    }

    #[test]
    fn what_was_read_before_and_cannot_be_now_is_old_and_says_why() {
        let (board, gauge) = (Board::default(), Gauge::default());
        let at = Timestamp::from_second(7).unwrap();
        board.set(place("deployments.apps", None), Cell::Fresh);
        board.set(place("pods", Some("shop")), Cell::Waiting);
        let old =
            [(Table { name: Text::name("pods"), scope: Some(Text::name("shop")) }, at), (Table::whole("pods"), at)];
        assert!(board.tidings(&gauge, &old).status.unwrap().lapses.is_empty(), "not all was read yet");
        board.set(place("pods", Some("shop")), Cell::Failing { why: "500".into(), settled: true });
        let lapses = board.tidings(&gauge, &old).status.unwrap().lapses;
        let told: Vec<String> = lapses.iter().map(|lapse| format!("{}: {}", lapse.subject(), lapse.why)).collect();
        assert_eq!(told, ["pods in shop: 500", "pods: denied: cannot list pods in the cluster"]);
        board.set(place("pods", Some("shop")), Cell::Fresh);
        assert!(board.tidings(&gauge, &[]).status.unwrap().lapses.is_empty());
    }

    #[test]
    fn denials_name_the_grant_and_the_namespaces() {
        let (board, gauge) = (Board::default(), Gauge::default());
        board.set(place("deployments.apps", None), Cell::Fresh);
        board.set(place("pods", None), Cell::Waiting);
        board.split(&place("pods", None), &["shop-prod".into(), "shop-staging".into()]);
        board.set(place("pods", Some("shop-prod")), Cell::Denied("list"));
        board.set(place("pods", Some("shop-staging")), Cell::Fresh);
        let status = board.tidings(&gauge, &[]).status.unwrap();
        assert_eq!(status.state, Freshness::Partial);
        assert_eq!(
            status.detail.unwrap().shown(),
            "denied: cannot list pods in shop-prod: needs get, list, watch on pods"
        );
        assert_eq!(status.denials.len(), 1);
    }

    #[test]
    fn a_source_of_which_nothing_can_be_read_is_denied_or_unreachable() {
        let (board, gauge) = (Board::new(vec!["mark"], None), Gauge::default());
        board.set(place("pods", None), Cell::Denied("list"));
        board.set(place("nodes", None), Cell::Fresh);
        let status = board.tidings(&gauge, &[]).status.unwrap();
        assert_eq!(status.state, Freshness::Denied);
        assert!(status.detail.unwrap().shown().starts_with("mark; denied: cannot list pods in the cluster"));
        let board = Board::default();
        board.set(place("pods", None), Cell::Failing { why: "500".into(), settled: false });
        assert_eq!(board.tidings(&gauge, &[]).status.unwrap().state, Freshness::Unreachable);
    }
}
