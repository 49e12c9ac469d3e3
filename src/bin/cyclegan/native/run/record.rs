//! `losses.csv`: one row per step, for spreadsheets and plots.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use cyclegan_web::{
    error::Result,
    train::{
        StepReport,
        report::{Distances, LOSS_NAMES},
    },
};

use crate::native::files;

/// Columns before and after the losses.
const BEFORE: &str = "step,epoch,learning_rate,warming_up";
const AFTER: &str = "polish_A,polish_B,seconds";

/// The open file.
pub struct Record {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Record {
    /// Creates the file, or continues it after the row of step `done`: a run that was killed has
    /// written rows after its last checkpoint, and will write them again. Fails with
    /// `file-not-written`.
    pub fn open(path: &Path, done: u64) -> Result<Self> {
        let before = fs::read_to_string(path).unwrap_or_default();
        let is_done = |row: &&str| {
            let step = row.split(',').next().and_then(|step| step.parse::<u64>().ok());
            step.is_some_and(|step| step <= done)
        };
        let header = format!("{BEFORE},{},{AFTER}", LOSS_NAMES.join(","));
        // Rows from before there was polishing lack its columns.
        let gap = if before.lines().next() == Some(&header) { "," } else { ",,," };
        let mut text = header.clone() + "\n";
        for (numbers, seconds) in
            before.lines().filter(is_done).filter_map(|row| row.rsplit_once(','))
        {
            text.push_str(&format!("{numbers}{gap}{seconds}\n"));
        }
        files::write(path, text.as_bytes())?;
        let file = File::options().append(true).open(path);
        let file = file.map_err(|error| files::not_written(path, &error))?;
        Ok(Self { path: path.into(), file: BufWriter::new(file) })
    }

    /// Appends the rows of these steps and flushes them. Fails with `file-not-written`.
    pub fn add(&mut self, steps: &[StepReport]) -> Result<()> {
        let Self { path, file } = self;
        let written = steps.iter().try_for_each(|step| writeln!(file, "{}", row(step)));
        written.and_then(|()| file.flush()).map_err(|error| files::not_written(path, &error))
    }
}

fn row(report: &StepReport) -> String {
    let StepReport { step, epoch, learning_rate, warming_up, seconds, .. } = report;
    // Losses that are not computed stay empty.
    let number = |there: bool, value: f32| if there { value.to_string() } else { String::new() };
    let losses = report.losses.named().map(|(_, loss)| number(!report.polishing, loss)).join(",");
    let Distances { polish_a, polish_b, .. } = report.distances.unwrap_or_default();
    let polish = [polish_a, polish_b].map(|value| number(report.polishing, value)).join(",");
    format!(
        "{step},{epoch},{learning_rate},{},{losses},{polish},{seconds:.4}",
        u8::from(*warming_up)
    )
}
