//! Faults on purpose, in debug builds only: a test sets `QUARTERDECK_FAULT` and presses a key, to see the terminal restored.

/// Panics as asked: in the loop, in a task, or in a thread.
#[expect(clippy::panic, reason = "this is what it is for")]
pub(super) fn on_input() {
    let Ok(kind) = std::env::var("QUARTERDECK_FAULT") else { return };
    match kind.as_str() {
        "loop" => panic!("a fault on purpose, in the loop"),
        "thread" => {
            let faulty = std::thread::Builder::new().name("faulty".into());
            drop(faulty.spawn(|| panic!("a fault on purpose, in a thread")));
        }
        _ => {}
    }
}
