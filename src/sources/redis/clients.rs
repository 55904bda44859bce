//! Who is connected, read from CLIENT LIST: workers of BullMQ by the names of their connections, readers of Celery's lists
//! by what they last asked.

use std::collections::HashMap;

use super::name::Name;

/// The clients of one database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Clients {
    /// Connections by their names.
    named: HashMap<Vec<u8>, u32>,
    /// Workers by the name of their queue: connections whose names end with `:w:NAME` stand for that queue.
    workers: HashMap<Vec<u8>, Vec<(Vec<u8>, u32)>>,
    /// Nameless ones that wait for a job as BullMQ does.
    nameless_waiting: u32,
    /// Those that last asked BRPOP: Celery's workers, busy or not.
    popping: u32,
}

/// What is known of a queue's workers by name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Workers {
    Named(u32),
    None,
    /// There are clients without a name that may be its workers.
    Perhaps,
}

impl Clients {
    /// Reads the list; only clients of `database` count.
    pub(super) fn read(list: &[u8], database: u32) -> Self {
        let mut clients = Self::default();
        let database = database.to_string();
        for line in list.split(|b| *b == b'\n') {
            let (mut name, mut here, mut asked) = (&b""[..], false, &b""[..]);
            for word in line.split(|b| *b == b' ') {
                let Some(at) = word.iter().position(|b| *b == b'=') else { continue };
                match &word[..at] {
                    b"name" => name = &word[at + 1..],
                    b"db" => here = &word[at + 1..] == database.as_bytes(),
                    b"cmd" => asked = &word[at + 1..],
                    _ => {}
                }
            }
            if here {
                clients.take(name, asked);
            }
        }
        for (name, count) in &clients.named {
            let queue = name.windows(3).position(|part| part == b":w:").map_or(&name[..], |at| &name[..at]);
            clients.workers.entry(queue.to_vec()).or_default().push((name.clone(), *count));
        }
        clients
    }

    fn take(&mut self, name: &[u8], asked: &[u8]) {
        if !name.is_empty() {
            *self.named.entry(name.to_vec()).or_default() += 1;
        } else if matches!(asked, b"bzpopmin" | b"brpoplpush" | b"blmove") {
            self.nameless_waiting += 1;
        }
        if asked == b"brpop" {
            self.popping += 1;
        }
    }

    /// The workers of a BullMQ queue. One in Node has one connection with its name, one in Python has two.
    pub(super) fn workers(&self, queue: &Name) -> Workers {
        let (node, python) = queue.clients();
        let of = |name: &[u8]| self.workers.get(name).map_or(&[][..], Vec::as_slice);
        let count = of(&node).iter().map(|(_, n)| *n).sum::<u32>()
            + of(&python).iter().map(|(_, n)| n.div_ceil(2)).sum::<u32>();
        // A connection's name holds printable ASCII alone: a worker in Python of a queue with another name has none.
        let can_be_named = queue.bytes().iter().all(u8::is_ascii_graphic);
        match count {
            0 if self.nameless_waiting > 0 || !can_be_named => Workers::Perhaps,
            0 => Workers::None,
            n => Workers::Named(n),
        }
    }

    /// Connections that take from lists as Celery's workers do.
    pub(super) fn popping(&self) -> u32 {
        self.popping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // As bullmq 6.7 (Node), 4.18 (Node), 3.4 (Python) and celery 5.7 were seen on Redis 7.0.
    const SEEN: &str = "\
id=3 addr=127.0.0.1:49794 laddr=127.0.0.1:22637 name=bull:bm9kZS1x flags=N db=0 sub=0 psub=0 cmd=bzpopmin user=default
id=4 addr=127.0.0.1:49852 laddr=127.0.0.1:22637 name=bull:bm9kZS1x:qe flags=b db=0 sub=0 psub=0 cmd=xread user=default
id=5 addr=127.0.0.1:49820 laddr=127.0.0.1:22637 name=bull:bm9kZS1uYW1lZA==:w:hans flags=b db=0 cmd=bzpopmin user=default
id=6 addr=127.0.0.1:49788 laddr=127.0.0.1:22637 name= flags=N db=0 sub=0 psub=0 cmd=evalsha user=default redir=-1
id=7 addr=127.0.0.1:49789 laddr=127.0.0.1:22637 name=bull:py-q flags=N db=0 sub=0 psub=0 cmd=evalsha user=default
id=8 addr=127.0.0.1:49790 laddr=127.0.0.1:22637 name=bull:py-q flags=b db=0 sub=0 psub=0 cmd=bzpopmin user=default
id=9 addr=127.0.0.1:49791 laddr=127.0.0.1:22637 name=bull:py-busy:w:w1 flags=N db=0 cmd=evalsha user=default
id=10 addr=127.0.0.1:49792 laddr=127.0.0.1:22637 name=bull:py-busy:w:w1 flags=N db=0 cmd=client|setname user=default
id=11 addr=127.0.0.1:49793 laddr=127.0.0.1:22637 name= flags=N db=1 sub=0 psub=0 cmd=brpop user=default redir=-1
id=12 addr=127.0.0.1:49794 laddr=127.0.0.1:22637 name= flags=P db=1 sub=0 psub=1 cmd=psubscribe user=default redir=-1
";

    #[test]
    fn workers_are_counted_by_the_names_of_their_connections() {
        let clients = Clients::read(SEEN.as_bytes(), 0);
        let workers = |name: &str| clients.workers(&Name::usual(name.as_bytes()));
        assert_eq!(workers("node-q"), Workers::Named(1));
        assert_eq!(workers("node-named"), Workers::Named(1));
        assert_eq!(workers("py-q"), Workers::Named(1));
        assert_eq!(workers("py-busy"), Workers::Named(1));
        assert_eq!(workers("other"), Workers::None);
        assert_eq!(workers("with blank"), Workers::Perhaps);
    }

    #[test]
    fn clients_of_other_databases_do_not_count() {
        let clients = Clients::read(SEEN.as_bytes(), 1);
        assert_eq!(clients.workers(&Name::usual(b"node-q")), Workers::None);
        assert_eq!(clients.popping(), 1);
        assert_eq!(Clients::read(SEEN.as_bytes(), 0).popping(), 0);
    }

    #[test]
    fn a_nameless_client_that_waits_as_a_worker_does_makes_it_uncertain() {
        let list = "id=1 name= flags=b db=0 cmd=bzpopmin\n";
        assert_eq!(Clients::read(list.as_bytes(), 0).workers(&Name::usual(b"x")), Workers::Perhaps);
        assert_eq!(Clients::read(b"nonsense = =\n\nname db cmd", 0), Clients::default());
    }
}
