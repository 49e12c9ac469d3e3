//! A run's progress: a bar on a terminal, a line every few seconds anywhere else.

use std::time::{Duration, Instant};

use cyclegan_web::{
    error::{Error, Result},
    train::{StepReport, report::Distances},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Time between lines without a terminal.
const PAUSE: Duration = Duration::from_secs(10);

/// Share of the mean step time that each new step replaces: its memory is about 50 steps.
const SHARE: f64 = 0.02;

/// The progress display of a run.
pub struct Progress {
    total: u64,
    /// Mean seconds per step, recently.
    seconds: Option<f64>,
    /// Whether the last step was a polishing step.
    polishing: bool,
    bar: ProgressBar,
    told: Option<Instant>,
    last: Option<String>,
}

impl Progress {
    /// A run of `total` steps, of which `done` are completed.
    pub fn new(total: u64, done: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(5));
        let style = ProgressStyle::with_template("{bar:24} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_position(done);
        Self { total, seconds: None, polishing: false, bar, told: None, last: None }
    }

    /// Shows the results of these steps.
    pub fn show(&mut self, steps: &[StepReport]) {
        for step in steps {
            if std::mem::replace(&mut self.polishing, step.polishing) != step.polishing {
                // Polishing steps take a different time.
                self.seconds = None;
            }
            self.took(step.seconds);
        }
        let Some(step) = steps.last() else { return };
        if let Some(Distances { polish_a, polish_b, unpolished_a, unpolished_b }) = step.distances {
            let both = [("A ", [polish_a, unpolished_a]), ("B ", [polish_b, unpolished_b])];
            return self.put(step.step, self.describe_polish(step.step, &both));
        }
        self.put(step.step, self.describe(step));
    }

    /// Shows a polishing step: each generator's distance from its mean, now and before polishing.
    pub fn show_polish(&mut self, step: u64, seconds: f64, distances: &[(&str, [f32; 2])]) {
        self.took(seconds);
        self.put(step, self.describe_polish(step, distances));
    }

    fn took(&mut self, seconds: f64) {
        let mean = self.seconds.unwrap_or(seconds);
        self.seconds = Some(mean + SHARE * (seconds - mean));
    }

    fn put(&mut self, step: u64, text: String) {
        if self.bar.is_hidden() {
            if self.told.is_none_or(|told| told.elapsed() >= PAUSE) {
                eprintln!("{text}");
                self.told = Some(Instant::now());
                self.last = None;
            } else {
                self.last = Some(text);
            }
        } else {
            self.bar.set_position(step);
            self.bar.set_message(text);
        }
    }

    /// Prints a message without disturbing the bar.
    pub fn say(&self, text: &str) {
        self.bar.suspend(|| eprintln!("{text}"));
    }

    /// Reports a failed write, and passes on every other failure.
    pub fn attempt(&self, done: Result<()>) -> Result<()> {
        match done {
            Err(error @ Error::FileNotWritten(_)) => {
                self.say(&format!("{error} [{}]; training goes on", error.code()));
                Ok(())
            }
            other => other,
        }
    }

    /// Leaves the final state on the screen.
    pub fn end(&mut self) {
        if let Some(text) = self.last.take() {
            eprintln!("{text}");
        }
        self.bar.abandon();
    }

    fn describe(&self, report: &StepReport) -> String {
        let (rate, left) = self.pace(report.step);
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

    fn describe_polish(&self, step: u64, distances: &[(&str, [f32; 2])]) -> String {
        let ((rate, left), total) = (self.pace(step), self.total);
        let distance =
            |(name, [now, before]): &(&str, [f32; 2])| format!("{name}{now:.4} (was {before:.4})");
        let distances: Vec<_> = distances.iter().map(distance).collect();
        let distances = distances.join(", ");
        format!(
            "polishing, step {step}/{total}, {rate}, {left} left\n  distance to the mean of four \
             shifts: {distances}"
        )
    }

    /// The current speed, and the remaining time.
    fn pace(&self, step: u64) -> (String, String) {
        let seconds = self.seconds.unwrap_or_default();
        let rate = if seconds < 1.0 {
            format!("{:.1} steps/s", 1.0 / seconds.max(1e-9))
        } else {
            format!("{seconds:.1} s/step")
        };
        (rate, span(self.total.saturating_sub(step) as f64 * seconds))
    }
}

/// A duration in its two most significant units.
pub fn span(seconds: f64) -> String {
    let minutes = (seconds / 60.0) as u64;
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{seconds:.0} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours @ 1..48, minutes) => format!("{hours} h {minutes} min"),
        (hours, _) => format!("{} days {} h", hours / 24, hours % 24),
    }
}
