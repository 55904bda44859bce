//! What one run of a Check saw, before it becomes a fact.

use crate::model::{CheckSpec, Outcome, Text, Timestamp, redact};

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) outcome: Outcome,
    /// Of the answer; `None`: there was none.
    pub(super) latency_ms: Option<u32>,
    pub(super) message: Text,
    pub(super) certificate_expires_at: Option<Timestamp>,
    pub(super) connections: Option<(u32, u32)>,
}

impl Seen {
    fn new(outcome: Outcome, words: &str) -> Self {
        // Words from outside may stand in it: secrets are masked, the rest is made safe.
        let message = Text::line(&redact::mask(words));
        Self { outcome, latency_ms: None, message, certificate_expires_at: None, connections: None }
    }

    /// There is evidence that it is well.
    pub(super) fn passing(words: &str) -> Self {
        Self::new(Outcome::Passing, words)
    }

    /// There is evidence that it is not.
    pub(super) fn failing(words: &str) -> Self {
        Self::new(Outcome::Failing, words)
    }

    /// It could not be asked from here.
    pub(super) fn unknown(words: &str) -> Self {
        Self::new(Outcome::Unknown, words)
    }

    /// Somebody who wrote the Check down wants to know that it fails; of what was merely found it proves nothing.
    pub(super) fn doubtful(spec: &CheckSpec, words: &str) -> Self {
        if spec.is_configured() { Self::failing(words) } else { Self::unknown(words) }
    }

    /// The same with the time of the answer.
    pub(super) fn took(mut self, ms: u32) -> Self {
        self.latency_ms = Some(ms);
        self
    }

    /// The same with the end of the certificate that was shown.
    pub(super) fn expires(mut self, at: Option<Timestamp>) -> Self {
        self.certificate_expires_at = at.or(self.certificate_expires_at);
        self
    }

    /// Too late is a failure, however good the answer.
    pub(super) fn within(self, spec: &CheckSpec) -> Self {
        match (self.latency_ms, spec.expect.within_ms) {
            (Some(took), Some(most)) if took > most && self.outcome == Outcome::Passing => {
                let words = format!("{}, more than {most} ms", self.message.raw());
                Self { outcome: Outcome::Failing, message: Text::line(&words), ..self }
            }
            _ => self,
        }
    }
}
