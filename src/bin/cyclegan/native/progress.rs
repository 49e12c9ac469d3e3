//! How far a run is: a bar on a terminal, a line every few seconds anywhere else.

use std::time::{Duration, Instant};

use cyclegan_web::{
    error::{Error, Result},
    train::StepReport,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// From one line to the next where there is no terminal.
const PAUSE: Duration = Duration::from_secs(10);

/// How much of the mean seconds a step each new step replaces: it forgets within some 50 steps.
const SHARE: f64 = 0.02;

/// What is shown of a run.
pub struct Progress {
    total: u64,
    /// Mean seconds a step, of late.
    seconds: Option<f64>,
    bar: ProgressBar,
    told: Option<Instant>,
    last: Option<String>,
}

impl Progress {
    /// A run that will have made `total` steps and has made `done`.
    pub fn new(total: u64, done: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(5));
        let style = ProgressStyle::with_template("{bar:24} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_position(done);
        Self { total, seconds: None, bar, told: None, last: None }
    }

    /// Shows what these steps brought.
    pub fn show(&mut self, steps: &[StepReport]) {
        for step in steps {
            let mean = self.seconds.unwrap_or(step.seconds);
            self.seconds = Some(mean + SHARE * (step.seconds - mean));
        }
        let Some(step) = steps.last() else { return };
        let text = self.describe(step);
        if self.bar.is_hidden() {
            if self.told.is_none_or(|told| told.elapsed() >= PAUSE) {
                eprintln!("{text}");
                self.told = Some(Instant::now());
                self.last = None;
            } else {
                self.last = Some(text);
            }
        } else {
            self.bar.set_position(step.step);
            self.bar.set_message(text);
        }
    }

    /// Says something without disturbing the bar.
    pub fn say(&self, text: &str) {
        self.bar.suspend(|| eprintln!("{text}"));
    }

    /// Says what could not be written, and lets everything else that failed pass.
    ///
    /// # Errors
    /// All but `file-not-written`.
    pub fn attempt(&self, done: Result<()>) -> Result<()> {
        match done {
            Err(error @ Error::FileNotWritten(_)) => {
                self.say(&format!("{error} [{}]; training goes on", error.code()));
                Ok(())
            }
            other => other,
        }
    }

    /// Leaves the last state on the screen.
    pub fn end(&mut self) {
        if let Some(text) = self.last.take() {
            eprintln!("{text}");
        }
        self.bar.abandon();
    }

    fn describe(&self, report: &StepReport) -> String {
        let seconds = self.seconds.unwrap_or(report.seconds);
        let rate = if seconds < 1.0 {
            format!("{:.1} steps/s", 1.0 / seconds.max(1e-9))
        } else {
            format!("{seconds:.1} s/step")
        };
        let left = span(self.total.saturating_sub(report.step) as f64 * seconds);
        let warm_up = match report.generator_rate / report.learning_rate {
            _ if report.warming_up => ", warming up".into(),
            part if part < 1.0 => format!(", generators at {:.0} % of the rate", 100.0 * part),
            _ => String::new(),
        };
        let losses =
            report.losses.named().map(|(name, loss)| format!("{name} {loss:.3}")).join(" ");
        let StepReport { step, epoch, .. } = report;
        let total = self.total;
        format!("step {step}/{total}, epoch {epoch}, {rate}, {left} left{warm_up}\n  {losses}")
    }
}

/// A time in the two units that matter.
pub fn span(seconds: f64) -> String {
    let minutes = (seconds / 60.0) as u64;
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{seconds:.0} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours @ 1..48, minutes) => format!("{hours} h {minutes} min"),
        (hours, _) => format!("{} days {} h", hours / 24, hours % 24),
    }
}
