//! The browser's console, on which panics and the log show.

use log::{Level, LevelFilter, Log, Metadata, Record};
use web_sys::console;

/// From now on panics show there, and of the log what is at least a warning: wgpu and CubeCL report
/// errors in shaders to it alone.
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
