//! What Celery (kombu) keeps in Redis: a list for each priority of a queue, and one hash for all that was taken and not
//! acknowledged. Who takes from which queue is written nowhere.

use redis::Cmd;

use super::ask;
use super::clients::Clients;
use super::name;
use super::reply::Reply;
use crate::model::Text;

/// What stands between a queue's name and its priority.
const BETWEEN: &str = "\u{6}\u{16}";
/// Priorities of a queue: 0 has the plain name.
const PRIORITIES: usize = 10;
/// Commands about one queue.
pub(super) const EACH: usize = PRIORITIES + 1;
/// Commands about the whole database.
pub(super) const COMMON: usize = 2;
/// Where exchanges keep the queues that are bound to them.
pub(super) const BINDINGS: &str = "_kombu.binding.";
/// Most queues read of one exchange.
pub(super) const BOUND: u32 = 200;

/// One queue's commands.
pub(super) fn queue(queue: &[u8]) -> [Cmd; EACH] {
    std::array::from_fn(|n| match n {
        0 => ask::length_of_list(queue),
        PRIORITIES => ask::how_many(&[&[BINDINGS.as_bytes(), queue].concat()]),
        priority => ask::length_of_list(&[queue, format!("{BETWEEN}{priority}").as_bytes()].concat()),
    })
}

/// The database's commands.
pub(super) fn common() -> [Cmd; COMMON] {
    [
        ask::size_of_hash(b"unacked"),
        ask::how_many(&[
            b"unacked",
            b"unacked_index",
            b"_kombu.binding.celery",
            b"_kombu.binding.celeryev",
            b"_kombu.binding.celery.pidbox",
        ]),
    ]
}

/// What one queue's answers say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) ready: Option<u64>,
    pub(super) by_priority: Vec<Option<u64>>,
    /// Whether it is bound to the exchange of its name.
    pub(super) bound: Option<bool>,
    pub(super) refused: Option<Text>,
}

impl Counts {
    /// Reads a queue's answers.
    pub(super) fn read(answers: &[Reply]) -> Self {
        let (lists, rest) = answers.split_at(PRIORITIES.min(answers.len()));
        let by_priority: Vec<Option<u64>> = lists.iter().map(Reply::count).collect();
        Self {
            ready: by_priority.iter().copied().sum::<Option<u64>>().filter(|_| !lists.is_empty()),
            by_priority,
            bound: rest.first().and_then(Reply::yes),
            refused: answers.iter().find_map(Reply::refusal).map(|refusal| Text::line(&refusal.said())),
        }
    }
}

/// What is known of the whole database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Common {
    /// Taken and not acknowledged, of all queues together.
    pub(super) unacked: Option<u64>,
    /// Whether Celery was ever here.
    pub(super) at_home: Option<bool>,
}

impl Common {
    /// Reads the database's answers.
    pub(super) fn read(answers: &[Reply]) -> Self {
        let at = |n: usize| answers.get(n).unwrap_or(&Reply::Nil);
        Self { unacked: at(0).count(), at_home: at(1).yes() }
    }

    /// What of it can be said of one of `queues` queues: nothing where several share what is not nothing.
    pub(super) fn unacked_of_one(self, queues: usize) -> Option<u64> {
        self.unacked.filter(|n| *n == 0 || queues == 1)
    }
}

/// Who takes from one of `queues` queues. A worker, busy or not, has a connection that last asked BRPOP: without any there
/// is none; with some they can be counted for the only queue there is, and for no other.
pub(super) fn consumers(clients: Option<&Clients>, queues: usize) -> Option<u32> {
    let popping = clients?.popping();
    (popping == 0 || queues == 1).then_some(popping)
}

/// The queue in a binding (`routing key`, `pattern`, `queue`), unless it is one that Celery talks to itself by.
pub(super) fn bound_queue(member: &[u8]) -> Option<Vec<u8>> {
    let between = BETWEEN.as_bytes();
    let at = member.windows(between.len()).rposition(|part| part == between)?;
    let queue = &member[at + between.len()..];
    let own = queue.is_empty()
        || queue.ends_with(b".pidbox")
        || queue.starts_with(b"celeryev.")
        || queue.starts_with(b"amq.gen");
    (!own).then(|| queue.to_vec())
}

/// A queue's identity.
pub(super) fn uid(queue: &[u8]) -> String {
    format!("celery/{}", name::text(queue).raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_priorities_are_one_queue() {
        let mut answers: Vec<Reply> =
            (0..10).map(|n| Reply::Count(i64::from(n == 0) * 7 + i64::from(n == 9))).collect();
        answers.push(Reply::Count(1));
        let counts = Counts::read(&answers);
        assert_eq!((counts.ready, counts.bound), (Some(8), Some(true)));
        answers[3] = Reply::Nil;
        assert_eq!(Counts::read(&answers).ready, None);
        assert_eq!(Counts::read(&[]).ready, None);
    }

    #[test]
    fn what_several_queues_share_is_said_of_none() {
        let common = Common { unacked: Some(4), at_home: Some(true) };
        assert_eq!((common.unacked_of_one(1), common.unacked_of_one(2)), (Some(4), None));
        assert_eq!(Common { unacked: Some(0), ..common }.unacked_of_one(2), Some(0));
    }

    #[test]
    fn no_worker_is_known_and_which_of_several_queues_they_read_is_not() {
        let busy = Clients::read(b"id=1 name= db=0 cmd=brpop\n", 0);
        assert_eq!((consumers(Some(&busy), 1), consumers(Some(&busy), 2)), (Some(1), None));
        assert_eq!(consumers(Some(&Clients::default()), 2), Some(0));
        assert_eq!(consumers(None, 1), None);
    }

    #[test]
    fn bindings_name_queues_and_those_of_celery_itself_are_left_out() {
        let read = |member: &str| bound_queue(member.as_bytes()).map(|q| String::from_utf8(q).unwrap());
        assert_eq!(read("celery\u{6}\u{16}\u{6}\u{16}celery").as_deref(), Some("celery"));
        assert_eq!(read("video.#\u{6}\u{16}^video\u{6}\u{16}media").as_deref(), Some("media"));
        assert_eq!(read("\u{6}\u{16}\u{6}\u{16}celery@vm.celery.pidbox"), None);
        assert_eq!(read("nonsense"), None);
    }
}
