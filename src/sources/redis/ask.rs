//! The commands that are sent, made in one place: each of them reads, at once, a bounded piece.

use redis::Cmd;

/// A command with its words; its name is one of [`super::failure::COMMANDS`].
fn of(name: &str, words: &[&[u8]]) -> Cmd {
    let mut command = redis::cmd(name);
    for word in words {
        command.arg(word);
    }
    command
}

pub(super) fn info() -> Cmd {
    of("INFO", &[])
}

pub(super) fn clients() -> Cmd {
    of("CLIENT", &[b"LIST"])
}

pub(super) fn select(database: u32) -> Cmd {
    of("SELECT", &[database.to_string().as_bytes()])
}

pub(super) fn length_of_list(key: &[u8]) -> Cmd {
    of("LLEN", &[key])
}

pub(super) fn size_of_ranked(key: &[u8]) -> Cmd {
    of("ZCARD", &[key])
}

pub(super) fn size_of_hash(key: &[u8]) -> Cmd {
    of("HLEN", &[key])
}

pub(super) fn field(key: &[u8], name: &str) -> Cmd {
    of("HGET", &[key, name.as_bytes()])
}

pub(super) fn fields(key: &[u8], names: &[&str]) -> Cmd {
    let words: Vec<&[u8]> = std::iter::once(key).chain(names.iter().map(|name| name.as_bytes())).collect();
    of("HMGET", &words)
}

/// How many of these keys there are.
pub(super) fn how_many(keys: &[&[u8]]) -> Cmd {
    of("EXISTS", keys)
}

/// The beginning of a string, long enough for any number.
pub(super) fn short_string(key: &[u8]) -> Cmd {
    of("GETRANGE", &[key, b"0", b"31"])
}

/// Items of a list between two places (negative: from its tail).
pub(super) fn items(key: &[u8], from: i32, to: i32) -> Cmd {
    of("LRANGE", &[key, from.to_string().as_bytes(), to.to_string().as_bytes()])
}

/// The lowest of a ranked set.
pub(super) fn lowest(key: &[u8]) -> Cmd {
    of("ZRANGE", &[key, b"0", b"0"])
}

/// One round of a walk over the keys.
pub(super) fn scan(cursor: &[u8], pattern: &str, about: u32) -> Cmd {
    of("SCAN", &[cursor, b"MATCH", pattern.as_bytes(), b"COUNT", about.to_string().as_bytes()])
}

/// Some members of a set, each once, at most so many.
pub(super) fn some_members(key: &[u8], most: u32) -> Cmd {
    of("SRANDMEMBER", &[key, most.to_string().as_bytes()])
}

/// The command's name as an ACL rule has it.
pub(super) fn name(command: &Cmd) -> &'static str {
    let first = command.args_iter().next();
    let said = match first {
        Some(redis::Arg::Simple(word)) => String::from_utf8_lossy(word).to_lowercase(),
        _ => String::new(),
    };
    let said = if said == "client" { "client|list" } else { &said };
    super::failure::COMMANDS.iter().find(|known| **known == said).copied().unwrap_or("?")
}
