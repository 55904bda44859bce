//! Asking a Prometheus how Services fare: which of the usual metrics it has, then one query for each number, every half minute.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::queries;
use super::readings::Gathered;
use super::wire::{Answer, Envelope, Series};
use crate::model::{Queries, Reading};
use crate::sources::alerts::server::Line;
use crate::sources::port::{Failure, FailureKind};

/// Between two rounds of queries.
pub(super) const PERIOD: Duration = Duration::from_secs(30);
/// Which metrics there are is asked each so many rounds.
const ROUNDS_OF_WHICH: u32 = 10;
/// The server gives up on a query after so long.
pub(super) const PATIENCE: &str = "8s";

/// What one round gave.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    pub(super) readings: Vec<Reading>,
    /// Numbers that could not be read although they should.
    pub(super) missing: Vec<(&'static str, Failure)>,
    /// What should be known beside.
    pub(super) notes: Vec<String>,
}

/// What is asked, and what is known from the rounds before.
pub(super) struct Asker<'a> {
    queries: &'a Queries,
    known: Mutex<(BTreeSet<String>, u32)>,
}

impl<'a> Asker<'a> {
    pub(super) fn new(queries: &'a Queries) -> Self {
        Self { queries, known: Mutex::new((BTreeSet::new(), 0)) }
    }

    /// One round, after a pause. It never fails: what cannot be read is named.
    pub(super) async fn round(&self, line: &Line<'_>, pause: Duration) -> Measured {
        tokio::time::sleep(pause).await;
        let mut measured = Measured::default();
        let mut gathered = Gathered::default();
        let own: Vec<_> = queries::own(self.queries).collect();
        for (number, query) in own {
            match ask(line, &query).await {
                Ok(series) => gathered.take(number, series),
                Err(failure) => measured.missing.push((number.word(), failure)),
            }
        }
        let metrics = match self.which(line).await {
            Ok(metrics) => metrics,
            Err(failure) => {
                measured.excuse("error ratio, p95, CPU and memory of Services", failure);
                BTreeSet::new()
            }
        };
        for known in queries::built_in(self.queries).filter(|known| metrics.contains(known.metric)) {
            match ask(line, &known.expression()).await {
                Ok(series) => gathered.take(known.number, series),
                Err(failure) => measured.excuse(known.number.word(), failure),
            }
        }
        measured.notes.extend(gathered.surplus());
        measured.readings = gathered.readings(line.desk.source());
        measured
    }

    /// The metrics of the built-in queries that the server has.
    async fn which(&self, line: &Line<'_>) -> Result<BTreeSet<String>, Failure> {
        let (known, rounds) = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if rounds > 0 && rounds < ROUNDS_OF_WHICH {
            self.known.lock().unwrap_or_else(PoisonError::into_inner).1 += 1;
            return Ok(known);
        }
        let Some(query) = queries::which(self.queries) else { return Ok(BTreeSet::new()) };
        let series = ask(line, &query).await?;
        let names: BTreeSet<String> = series.into_iter().filter_map(|mut one| one.metric.remove("__name__")).collect();
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = (names.clone(), 1);
        Ok(names)
    }
}

impl Measured {
    /// A number that nobody asked for by name: where this server just cannot answer such a query, that is worth a word and no
    /// more; where it may not, or is too slow, the picture has a hole.
    fn excuse(&mut self, what: &'static str, failure: Failure) {
        if matches!(failure.kind, FailureKind::Garbled | FailureKind::Absent) {
            self.notes.push(format!("{what} cannot be read: {failure}"));
        } else if !self.missing.iter().any(|(known, _)| *known == what) {
            self.missing.push((what, failure));
        }
    }
}

/// A path with its parameters.
pub(super) fn target(path: &str, pairs: &[(&str, &str)]) -> Result<String, Failure> {
    let url = reqwest::Url::parse_with_params(&format!("http://localhost{path}"), pairs)
        .map_err(|error| Failure::new(FailureKind::Unsupported, error.to_string()))?;
    Ok(format!("{}?{}", url.path(), url.query().unwrap_or_default()))
}

async fn ask(line: &Line<'_>, query: &str) -> Result<Vec<Series>, Failure> {
    let target = target("/api/v1/query", &[("query", query), ("timeout", PATIENCE)])?;
    let (answer, _) = super::watch::opened(line.get::<Envelope<Answer>>(&target).await?)?;
    match answer {
        Answer::Vector(series) => Ok(series),
        _ => Err(Failure::new(FailureKind::Garbled, "the query gives no instant vector")
            .hint("its result must be one number for each set of labels, as of sum by (service) (…)")),
    }
}
