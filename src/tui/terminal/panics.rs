//! A panic in any thread or task gives the terminal back once, says what happened, and ends the program.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{modes, writer};

/// The exit code of a panic, as Rust's own.
const CODE: i32 = 101;

static INSTALLED: Once = Once::new();
static FALLING: AtomicBool = AtomicBool::new(false);

/// Installs the hook for the whole process. Where the terminal is not held it does what the hook before did.
pub(super) fn install() {
    INSTALLED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if FALLING.swap(true, Ordering::AcqRel) {
                // A second panic while the first is being told: it must not draw over it.
                return;
            }
            let held = modes::is_held();
            if held {
                writer::last_words(&modes::leave());
                modes::cooked();
            }
            before(info);
            if held {
                // A task's panic would be caught, and the program would go on drawing over its own end.
                std::process::exit(CODE);
            }
            FALLING.store(false, Ordering::Release);
        }));
    });
}
