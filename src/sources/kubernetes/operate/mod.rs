//! Changes of Kubernetes Workloads, by compare-and-swap on the wire.
//!
//! | File | Duty |
//! |---|---|
//! | `look`, `read` | one Workload afresh from the API server; its answers as a Target |
//! | `prepare` | the one request that carries an operation out, or why there is none |
//! | `write` | the only place where such a request is made: none without its pin |
//! | `send` | sends it once, and tells what is known of its fate |
//! | `place` | where things lie in the API, and the grants they need |

mod look;
mod place;
mod prepare;
mod read;
mod send;
mod write;

use std::sync::{Arc, PoisonError};

use futures::future::BoxFuture;

use self::prepare::{Hand, Prepared, moved};
use self::send::Sent;
use self::write::Write;
use super::Kubernetes;
use super::link::Link;
use crate::action::Order;
use crate::model::{Answer, Contained, Image, Moved, Operation, Rehearsal, Target, Text, Timestamp};
use crate::sources::images;
use crate::sources::port::{Boundary, Failure, FailureKind, Look, Operate};

/// How often a write is tried whose object moved in nothing that counts: a controller writes to its status every few
/// seconds while it is in trouble.
const TRIES: u32 = 6;

impl Operate for Kubernetes {
    fn look(self: Arc<Self>, look: Look) -> BoxFuture<'static, Result<Target, Failure>> {
        Box::pin(async move { self.look_at(&look).await })
    }

    fn rehearse(
        self: Arc<Self>,
        target: Target,
        operation: Operation,
    ) -> BoxFuture<'static, Result<Rehearsal, Failure>> {
        Box::pin(async move { self.try_out(target, &operation).await })
    }

    fn find_image(
        self: Arc<Self>,
        target: Target,
        image: Contained,
    ) -> BoxFuture<'static, Result<Option<Image>, Failure>> {
        Box::pin(async move {
            // It is pulled from where the target pulls now, where that has it too.
            let own = target.containers.iter().find(|c| c.name == image.name);
            let places: Vec<&str> = own.map(|c| c.image.reference.raw()).into_iter().collect();
            match images::find(&image.image, &places).await {
                // A private registry lets nobody look; what the Workload runs, or ran, from there is proof enough.
                Err(failure) => images::seen(&target, &image.image).map(Some).ok_or(failure),
                found => found,
            }
        })
    }

    fn perform(self: Arc<Self>, order: Order, boundary: Boundary) -> BoxFuture<'static, Answer> {
        Box::pin(async move { self.carry_out(&order, &boundary).await })
    }
}

/// What a write that did not come through means.
enum Next {
    /// The target as it is now: nothing that counts moved, so it may be tried again.
    Again(Box<Target>),
    Stale(Vec<Moved>),
    Refused(String),
}

impl Kubernetes {
    async fn look_at(&self, look: &Look) -> Result<Target, Failure> {
        let link = self.link(Timestamp::UNIX_EPOCH).await?;
        match look::look(&link, &self.name, look).await {
            // The login may have ended since it was made.
            Err(failure) if failure.kind == FailureKind::Denied && failure.message.raw().contains("401") => {
                self.forget_link();
                look::look(&*self.link(Timestamp::UNIX_EPOCH).await?, &self.name, look).await
            }
            other => other,
        }
    }

    /// The next login is made anew, by its plugin where it has one.
    fn forget_link(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.link = None;
        state.credentials = None;
    }

    async fn try_out(&self, target: Target, operation: &Operation) -> Result<Rehearsal, Failure> {
        let refused = |words: String| Ok(Rehearsal::Refused { message: Text::line(&words) });
        let mut target = target;
        for _ in 0..TRIES {
            let link = self.link(Timestamp::UNIX_EPOCH).await?;
            let hand = Hand { run: "rehearsal", at: link.server_time() };
            let write = match prepare::prepare(&link, &target, operation, hand).await? {
                Prepared::Write(write) => write,
                Prepared::Already(_) => return Ok(Rehearsal::Accepted),
                Prepared::Refused(words) => return refused(words),
                Prepared::Stale(moved) => return refused(words_of(&moved)),
                Prepared::Overtaken => match self.next(&target, None).await {
                    Next::Again(found) => {
                        target = *found;
                        continue;
                    }
                    Next::Stale(moved) => return refused(words_of(&moved)),
                    Next::Refused(words) => return refused(words),
                },
            };
            match send::send(&link, &write, true).await {
                Sent::Taken(_) => return Ok(Rehearsal::Accepted),
                // KEP-576: a webhook that does not say that it has no side effects cannot be tried dry.
                Sent::Refused(words) if words.contains("does not support dry run") => {
                    return Ok(Rehearsal::NotPossible { why: Text::line(&words) });
                }
                Sent::Refused(words) | Sent::LoggedOut(words) => return refused(words),
                Sent::Unknown(words) => return Err(Failure::new(FailureKind::Unreachable, words)),
                Sent::Overtaken(said) => match self.next(&target, Some(&said)).await {
                    Next::Again(found) => target = *found,
                    Next::Stale(moved) => return refused(words_of(&moved)),
                    Next::Refused(words) => return refused(words),
                },
            }
        }
        Ok(Rehearsal::NotPossible { why: Text::line("it is written to faster than it can be tried out") })
    }

    async fn carry_out(&self, order: &Order, boundary: &Boundary) -> Answer {
        let refused = |words: String| Answer::Refused { message: Text::line(&words) };
        let mut target = order.target().clone();
        let mut logged_in_anew = false;
        for _ in 0..TRIES {
            let (link, write) = match self.prepared(&target, order).await {
                Ok(prepared) => prepared,
                Err(Step::Ends(answer)) => return answer,
                Err(Step::Look) => match self.next(&target, None).await {
                    Next::Again(found) => {
                        target = *found;
                        continue;
                    }
                    Next::Stale(moved) => return Answer::Stale { moved },
                    Next::Refused(words) => return refused(words),
                },
            };
            if boundary.about_to(write.words()).await.is_err() {
                return Answer::Stopped;
            }
            match send::send(&link, &write, false).await {
                Sent::Taken(version) => return Answer::Taken { version },
                Sent::Refused(words) => return refused(words),
                Sent::Unknown(words) => return Answer::Unknown { message: Text::line(&words) },
                Sent::LoggedOut(words) if logged_in_anew => return refused(words),
                Sent::LoggedOut(_) => {
                    logged_in_anew = true;
                    self.forget_link();
                }
                Sent::Overtaken(said) => match self.next(&target, Some(&said)).await {
                    Next::Again(found) => target = *found,
                    Next::Stale(moved) => return Answer::Stale { moved },
                    Next::Refused(words) => return refused(words),
                },
            }
        }
        let planned = order.target().version.as_ref().map_or("unknown", Text::raw);
        let found = target.version.as_ref().map_or("unknown", Text::raw);
        Answer::Stale { moved: vec![moved("version", planned, found)] }
    }

    /// The request of an order on the target as it is now.
    async fn prepared(&self, target: &Target, order: &Order) -> Result<(Arc<Link>, Box<Write>), Step> {
        let refused = |words: &str| Step::Ends(Answer::Refused { message: Text::line(words) });
        let unread = |failure: Failure| refused(&format!("not sent: {failure}"));
        let link = self.link(Timestamp::UNIX_EPOCH).await.map_err(unread)?;
        let hand = Hand { run: order.run().raw(), at: link.server_time() };
        match prepare::prepare(&link, target, order.operation(), hand).await {
            Ok(Prepared::Write(write)) => Ok((link, write)),
            Ok(Prepared::Already(version)) => Err(Step::Ends(Answer::Taken { version })),
            Ok(Prepared::Refused(words)) => Err(refused(&words)),
            Ok(Prepared::Stale(moved)) => Err(Step::Ends(Answer::Stale { moved })),
            Ok(Prepared::Overtaken) => Err(Step::Look),
            Err(failure) if failure.kind == FailureKind::Absent => Err(Step::Look),
            Err(failure) => Err(unread(failure)),
        }
    }

    /// Looks again after a write that was overtaken (`said` by the server), and tells whether it may be tried once more.
    async fn next(&self, target: &Target, said: Option<&str>) -> Next {
        let look =
            Look { key: target.key.clone(), kind: target.kind, scope: target.scope.clone(), name: target.name.clone() };
        match self.look_at(&look).await {
            Err(failure) if failure.kind == FailureKind::Absent => {
                let planned = target.uid.as_ref().map_or("unknown", Text::raw);
                Next::Stale(vec![moved("uid", planned, "not there any more")])
            }
            Err(failure) => Next::Refused(format!("it moved, and cannot be read again: {failure}")),
            Ok(found) => {
                let moved = target.moved(&found);
                match said {
                    _ if !moved.is_empty() => Next::Stale(moved),
                    // Nothing at all moved: then it was not for that.
                    Some(said) if found.version == target.version && said.contains("404") => {
                        Next::Refused(said.to_owned())
                    }
                    _ => Next::Again(Box::new(found)),
                }
            }
        }
    }
}

/// Why there is nothing to send.
enum Step {
    Ends(Answer),
    Look,
}

fn words_of(moved: &[Moved]) -> String {
    let all: Vec<String> = moved.iter().map(|m| format!("{} was {} and is {}", m.what, m.planned, m.found)).collect();
    format!("it moved: {}", all.join("; "))
}
