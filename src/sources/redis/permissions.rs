//! What a Redis user has to be allowed: for reading, exactly the commands that are sent.

use super::failure::COMMANDS;

/// The ACL rule for reading.
#[must_use]
pub fn reading() -> String {
    let commands: Vec<String> = COMMANDS.iter().map(|name| format!("+{name}")).collect();
    format!("ACL SETUSER quarterdeck reset on >PASSWORD ~* {}", commands.join(" "))
}

/// For changing: BullMQ pauses, resumes and retries by scripts that read and write its keys, `bull:*` unless its prefix is
/// another.
pub const CHANGING: &str = "ACL SETUSER quarterdeck ~bull:* +@read +@write +eval +evalsha +script|load -@dangerous";
