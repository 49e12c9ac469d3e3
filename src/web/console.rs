//! Shows panics and the log in the browser's console.

use log::{Level, LevelFilter, Log, Metadata, Record};
use web_sys::console;

/// From now on the console shows panics, and the log from warnings up: wgpu and CubeCL report
/// shader errors only there.
pub fn listen() {
    std::panic::set_hook(Box::new(|info| console::error_1(&info.to_string().into())));
    if log::set_logger(&Console).is_ok() {
        log::set_max_level(LevelFilter::Warn);
    }
}

struct Console;

impl Log for Console {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Warn
    }

    fn log(&self, record: &Record<'_>) {
        let line = format!("{}: {}", record.target(), record.args()).into();
        match record.level() {
            Level::Error => console::error_1(&line),
            Level::Warn => console::warn_1(&line),
            _ => {}
        }
    }

    fn flush(&self) {}
}
