//! Ctrl-C: the first asks the work to stop where nothing is lost, the second exits at once.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

/// The conventional exit code after SIGINT: 128 plus the signal's number.
pub const EXIT_CODE: u8 = 130;

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C only requests a stop. `meanwhile` says what is finished first.
pub fn listen(meanwhile: &'static str) {
    let handler = move || {
        if ASKED.swap(true, Ordering::Relaxed) {
            process::exit(i32::from(EXIT_CODE));
        }
        eprintln!("\n{meanwhile}; press Ctrl-C again to end at once");
    };
    // Without a handler Ctrl-C exits the program as usual, which loses little.
    let _ = ctrlc::set_handler(handler);
}

/// Whether Ctrl-C was pressed.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
