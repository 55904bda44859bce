//! What is changed at the terminal and how it is undone; kept for the whole process, since a panic may come from any thread.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::dup;
use rustix::process::{Signal, getpid, kill_current_process_group, kill_process};
use rustix::stdio::{dup2_stderr, stderr, stdin};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

/// Largest text that is put on a clipboard: terminals drop longer ones without a word.
pub(super) const COPY_LIMIT: usize = 64 * 1024;

struct Kept {
    before: Termios,
    /// Standard error as it was, where it was led away.
    stderr: Option<OwnedFd>,
    log: Option<File>,
    raw: bool,
}

static KEPT: Mutex<Option<Kept>> = Mutex::new(None);

/// A panic while it is held must not keep the terminal from being restored.
fn kept() -> MutexGuard<'static, Option<Kept>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes how the terminal is now.
pub(super) fn keep(log: Option<File>) -> io::Result<()> {
    let before = tcgetattr(stdin())?;
    *kept() = Some(Kept { before, stderr: None, log, raw: false });
    Ok(())
}

/// Nothing is borrowed any more.
pub(super) fn forget() {
    *kept() = None;
}

/// Raw mode, and standard error to the log.
pub(super) fn raw() -> io::Result<()> {
    let mut kept = kept();
    let Some(kept) = kept.as_mut() else { return Ok(()) };
    let mut raw = kept.before.clone();
    raw.make_raw();
    tcsetattr(stdin(), OptionalActions::Now, &raw)?;
    kept.raw = true;
    if let (None, Some(log)) = (&kept.stderr, &kept.log) {
        kept.stderr = dup(stderr()).ok();
        dup2_stderr(log)?;
    }
    Ok(())
}

/// The modes that were before; never waits for a terminal that does not read. True if there was something to undo.
pub(super) fn cooked() -> bool {
    let mut kept = kept();
    let Some(kept) = kept.as_mut() else { return false };
    if let Some(stderr) = kept.stderr.take() {
        dup2_stderr(&stderr).unwrap_or_default();
    }
    if std::mem::take(&mut kept.raw) {
        tcsetattr(stdin(), OptionalActions::Now, &kept.before).unwrap_or_default();
        return true;
    }
    false
}

/// Whether the terminal is in our modes now.
pub(super) fn is_held() -> bool {
    kept().as_ref().is_some_and(|kept| kept.raw)
}

/// Stops the process group as the terminal's own Ctrl-Z would, and this process in any case.
pub(super) fn stop() {
    // Our own handler takes SIGTSTP, so it stops whoever waits for us (cargo run, a script), and SIGSTOP stops us.
    kill_current_process_group(Signal::TSTP).unwrap_or_default();
    stop_alone();
}

/// Stops this process.
pub(super) fn stop_alone() {
    kill_process(getpid(), Signal::STOP).unwrap_or_default();
}

const TITLE: &[u8] = b"\x1b[22;2t\x1b]2;Quarterdeck\x07";
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[2J\x1b[H";
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[0m\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?25h\x1b[?1049l\x1b[23;2t";
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// Title kept and set, other screen, no cursor, pastes marked.
pub(super) fn enter(with_mouse: bool) -> Vec<u8> {
    [TITLE, &again(with_mouse)].concat()
}

/// The same for a terminal that still has our title, whose other modes are not known.
pub(super) fn again(with_mouse: bool) -> Vec<u8> {
    [ENTER, if with_mouse { mouse(true) } else { &[] }].concat()
}

/// All of it undone, each only once asked for or not: undoing what is not there does nothing.
pub(super) fn leave() -> Vec<u8> {
    LEAVE.to_vec()
}

/// Clicks and wheel, as numbers.
pub(super) fn mouse(on: bool) -> &'static [u8] {
    if on { MOUSE_ON } else { MOUSE_OFF }
}

/// OSC 52 to the clipboard.
pub(super) fn clipboard(text: &str) -> Vec<u8> {
    format!("\x1b]52;c;{}\x07", base64(text.as_bytes())).into_bytes()
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let all = chunk.iter().enumerate().fold(0u32, |all, (i, byte)| all | u32::from(*byte) << (16 - 8 * i));
        for letter in 0..4 {
            let at = (all >> (18 - 6 * letter)) & 63;
            out.push(if letter <= chunk.len() { char::from(LETTERS[at as usize]) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let told: Vec<String> = ["", "f", "fo", "foo", "foobar"].map(|s| base64(s.as_bytes())).into();
        assert_eq!(told, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYmFy"]);
    }

    #[test]
    fn every_mode_that_is_set_is_undone() {
        let set = String::from_utf8(enter(true)).unwrap();
        let undone = String::from_utf8(leave()).unwrap();
        for part in set.split("\x1b[?").skip(1).filter(|part| part.contains('h')) {
            let number = part.split('h').next().unwrap();
            assert!(undone.contains(&format!("\x1b[?{number}l")), "{number}");
        }
        assert!(undone.contains("\x1b[?25h") && undone.contains("\x1b[23;2t"));
    }
}
