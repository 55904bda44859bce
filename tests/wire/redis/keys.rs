//! Keys in memory, and the few commands that read them as Redis does.

use std::collections::BTreeMap;

/// What lies under a key.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    List(Vec<Vec<u8>>),
    Ranked(Vec<Vec<u8>>),
    Set(Vec<Vec<u8>>),
    Hash(BTreeMap<String, Vec<u8>>),
    Word(Vec<u8>),
}

/// All keys of a server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(pub(crate) BTreeMap<Vec<u8>, Held>);

fn bytes(items: &[&str]) -> Vec<Vec<u8>> {
    items.iter().map(|item| item.as_bytes().to_vec()).collect()
}

impl Keys {
    pub(crate) fn list(&mut self, key: &str, items: &[&str]) -> &mut Self {
        self.put(key, Held::List(bytes(items)))
    }

    pub(crate) fn ranked(&mut self, key: &str, items: &[&str]) -> &mut Self {
        self.put(key, Held::Ranked(bytes(items)))
    }

    pub(crate) fn set(&mut self, key: &str, items: &[&str]) -> &mut Self {
        self.put(key, Held::Set(bytes(items)))
    }

    pub(crate) fn word(&mut self, key: &str, word: &str) -> &mut Self {
        self.put(key, Held::Word(word.as_bytes().to_vec()))
    }

    pub(crate) fn hash(&mut self, key: &str, fields: &[(&str, &str)]) -> &mut Self {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        self.put(key, Held::Hash(fields.collect()))
    }

    pub(crate) fn put(&mut self, key: &str, held: Held) -> &mut Self {
        self.0.insert(key.as_bytes().to_vec(), held);
        self
    }

    /// The answer to a command, in RESP.
    pub(crate) fn answer(&self, command: &[Vec<u8>]) -> Vec<u8> {
        let name = String::from_utf8_lossy(&command[0]).to_uppercase();
        let key = command.get(1).map_or(&b""[..], Vec::as_slice);
        let held = self.0.get(key);
        match (name.as_str(), held) {
            ("LLEN", Some(Held::List(items))) | ("ZCARD", Some(Held::Ranked(items))) => count(items.len()),
            ("HLEN", Some(Held::Hash(fields))) => count(fields.len()),
            ("LLEN" | "ZCARD" | "HLEN", None) => count(0),
            ("EXISTS", _) => count(command[1..].iter().filter(|key| self.0.contains_key(*key)).count()),
            ("HGET", Some(Held::Hash(fields))) => bulk(fields.get(&text(&command[2]))),
            ("HGET", None) => bulk(None),
            ("HMGET", Some(Held::Hash(fields))) => {
                array(command[2..].iter().map(|name| bulk(fields.get(&text(name)))).collect())
            }
            ("HMGET", None) => array(command[2..].iter().map(|_| bulk(None)).collect()),
            ("GETRANGE", Some(Held::Word(word))) => bulk(Some(&word[..word.len().min(32)].to_vec())),
            ("GETRANGE", None) => bulk(Some(&Vec::new())),
            ("LRANGE", Some(Held::List(items))) => {
                let back: usize = text(&command[2]).trim_start_matches('-').parse().unwrap();
                array(items[items.len().saturating_sub(back)..].iter().map(|item| bulk(Some(item))).collect())
            }
            ("ZRANGE", Some(Held::Ranked(items))) => array(items.iter().take(1).map(|item| bulk(Some(item))).collect()),
            ("SRANDMEMBER", Some(Held::Set(items))) => array(items.iter().map(|item| bulk(Some(item))).collect()),
            ("LRANGE" | "ZRANGE" | "SRANDMEMBER", None) => array(Vec::new()),
            ("SCAN", _) => {
                let keys = array(self.0.keys().map(|key| bulk(Some(key))).collect());
                array(vec![bulk(Some(&b"0".to_vec())), keys])
            }
            (_, Some(_)) => b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n".to_vec(),
            _ => format!("-ERR unknown command '{name}'\r\n").into_bytes(),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn count(n: usize) -> Vec<u8> {
    format!(":{n}\r\n").into_bytes()
}

pub(crate) fn bulk(item: Option<&Vec<u8>>) -> Vec<u8> {
    match item {
        Some(bytes) => [format!("${}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat(),
        None => b"$-1\r\n".to_vec(),
    }
}

pub(crate) fn array(items: Vec<Vec<u8>>) -> Vec<u8> {
    [format!("*{}\r\n", items.len()).into_bytes(), items.concat()].concat()
}
