//! Ctrl-C: the first asks the work to stop where nothing is lost, the second ends it at once.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

/// What shells expect of a program that SIGINT ended: 128 and the signal's number.
pub const EXIT_CODE: u8 = 130;

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C only asks. `meanwhile` tells what is finished first.
pub fn listen(meanwhile: &'static str) {
    let handler = move || {
        if ASKED.swap(true, Ordering::Relaxed) {
            process::exit(i32::from(EXIT_CODE));
        }
        eprintln!("\n{meanwhile}; press Ctrl-C again to end at once");
    };
    // Without a handler Ctrl-C ends the program as it always does, which loses little.
    let _ = ctrlc::set_handler(handler);
}

/// Whether Ctrl-C was pressed.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
