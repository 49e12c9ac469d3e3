//! What a run must not fall below: the scores of its start, and the best since.
//!
//! The best generators so far are kept as `best_G_A.safetensors` and `best_G_B.safetensors` next to
//! the last ones, and every scoring is a row of `scores.csv`, from which a resumed run knows what
//! to beat.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cyclegan_web::{
    device::Opened, error::Result, model::Readback, train::scores::is_better, translate::Smooth,
};
use pollster::block_on;
use serde_json::{Value, json};

use super::{
    figures::{COLUMNS, Scored, compared, to_json},
    measure::{Generators, Judge},
};
use crate::native::files;

/// While a run is training, scoring takes at most one part in this many of its time.
const PART: u32 = 10;

/// All scores of a run.
pub struct Bar {
    judge: Judge,
    out: PathBuf,
    scored: Vec<Scored>,
    /// When the last scoring ended, and how long it took.
    last: Option<(Instant, Duration)>,
}

impl Bar {
    /// The scores in the folder of a run that is resumed after step `done`: later ones will be
    /// computed again, but the best generators are still there.
    pub fn open(judge: Judge, out: &Path, done: u64) -> Self {
        let before = fs::read_to_string(out.join("scores.csv")).unwrap_or_default();
        let mut scored: Vec<_> = before.lines().filter_map(Scored::parse).collect();
        let best = scored.iter().rev().find(|one| one.best).map(|one| one.step);
        scored.retain(|one| one.step <= done || Some(one.step) == best);
        Self { judge, out: out.into(), scored, last: None }
    }

    /// Whether there is time for scoring.
    pub fn is_due(&self) -> bool {
        self.last.is_none_or(|(at, cost)| at.elapsed() >= cost * PART)
    }

    /// Scores the generators after `step`, and saves them if they are the best. Fails with
    /// `file-not-written`, `output-not-finite`, `gpu-lost`, `gpu-refused`, `out-of-memory`.
    pub fn score(&mut self, step: u64, generators: &Generators, opened: &Opened) -> Result<()> {
        let started = Instant::now();
        let scores = self.judge.score(generators, Smooth::One, opened)?;
        let best = self.best().is_none_or(|one| {
            one.step == step || is_better(scores.merit(), one.scores.merit(), one.step == 0)
        });
        self.scored.retain(|one| one.step != step);
        if best {
            for (name, generator) in [("G_A", &generators.g_a), ("G_B", &generators.g_b)] {
                let path = self.out.join(format!("best_{name}.safetensors"));
                files::write_weights(&path, &block_on(Readback::weights(generator))?)?;
            }
        }
        self.scored.push(Scored { step, scores, best });
        self.last = Some((Instant::now(), started.elapsed()));
        let rows: String = self.scored.iter().map(Scored::row).collect();
        files::write(&self.out.join("scores.csv"), format!("{COLUMNS}\n{rows}").as_bytes())
    }

    /// The scores of the start; `None` from scratch, where there is nothing to lose.
    pub fn start(&self) -> Option<&Scored> {
        self.scored.first().filter(|one| one.step == 0)
    }

    fn best(&self) -> Option<&Scored> {
        self.scored.iter().rev().find(|one| one.best)
    }

    /// All three for `scores.json`: the last scores, with start and best nested inside.
    pub fn to_json(&self) -> Value {
        let of = |one: &Scored| {
            let mut json = to_json(&one.scores);
            if let Some(json) = json.as_object_mut() {
                json.insert("step".into(), one.step.into());
            }
            json
        };
        let mut json = self.scored.last().map(of).unwrap_or_else(|| json!({}));
        if let Some(json) = json.as_object_mut() {
            json.insert("start".into(), self.start().map(of).into());
            json.insert("best".into(), self.best().map(of).into());
        }
        json
    }

    /// Compares the last scores with those after step `before`, where polishing began.
    pub fn polish(&self, before: u64) -> String {
        let before = self.scored.iter().find(|one| one.step == before);
        let both = [before, self.scored.last()];
        let [Some(before), Some(last)] = both else { return String::new() };
        compared(&[("unpolished", before), ("polished", last)])
    }

    /// The outcome of the run, for people.
    pub fn verdict(&self) -> String {
        let (Some(last), Some(best)) = (self.scored.last(), self.best()) else {
            return String::new();
        };
        let mut columns: Vec<(&str, &Scored)> = Vec::new();
        columns.extend(self.start().map(|start| ("start", start)));
        if best.step != 0 && best.step != last.step {
            columns.push(("best", best));
        }
        columns.push(("last", last));
        let mut text = compared(&columns);
        let merit = |one: &Scored| one.scores.merit();
        let beside = "best_G_A.safetensors and best_G_B.safetensors";
        // Writing to a string cannot fail.
        let _ = match self.start() {
            Some(start) if best.step == 0 && merit(last) < merit(start) => writeln!(
                text,
                "Nothing came out better than what it started from, and the last is worse. {beside} \
                 are the start."
            ),
            Some(_) if best.step == 0 => writeln!(
                text,
                "Nothing came out clearly better than what it started from. {beside} are the start."
            ),
            Some(start) if merit(last) < merit(start) => writeln!(
                text,
                "The last is worse than the start. {beside} are those of step {}.",
                best.step
            ),
            _ if best.step == last.step => {
                writeln!(text, "The last are the best, in {beside} too.")
            }
            _ => writeln!(text, "The best were those of step {}, in {beside}.", best.step),
        };
        text
    }
}
