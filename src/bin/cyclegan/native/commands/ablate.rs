//! `cyclegan ablate`: the paper's section 5.1.4 with your own photos.

use std::fmt::Write;

use clap::Args;
use cyclegan_web::{
    choice::Choice,
    device::{Opened, Work},
    error::Error,
    train::{Ablation, scores::Scores},
    translate::Smooth,
};
use serde_json::{Value, json};

use crate::native::{
    files,
    given::{options::Options, sets::Sets},
    interrupt,
    run::{
        beginning::{Beginning, has_checkpoint},
        figures,
        measure::{Judge, diversity},
        session::write_sheet,
    },
    stop::Result,
};

/// Trains five times with parts of the loss and shows what each part is for
///
/// The rows of the paper's tables 4 and 5, all with the same settings, seed and photos, and like
/// there without the identity loss. Takes five times as long as one run. Writes a folder for each,
/// a contact sheet for each, and ablate.json; --resume goes on with what is not done yet.
#[derive(Debug, Args)]
pub struct Ablate {
    #[command(flatten)]
    options: Options,
}

/// The outcome of one run.
struct Row {
    ablation: Ablation,
    scores: Scores,
    /// How much the translations to B differ from each other, relative to real photos of B; near 0
    /// means mode collapse.
    diversity_b: Option<f32>,
    /// The same for translations to A.
    diversity_a: Option<f32>,
}

impl Ablate {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let options = &self.options;
        // Wrong settings are reported before anything is computed.
        let config = options.config(&options.settings.start()?)?;
        for name in Ablation::names() {
            let out = options.out.join(name);
            if !options.resume && has_checkpoint(&out) {
                let out = out.display();
                let detail = format!("{out}: it holds a run already, which --resume goes on with");
                return Err(Error::FileNotWritten(detail).into());
            }
        }
        let sets = Sets::find(options, config.seed)?;
        let opened = options.compute.open(Work::Training)?;
        sets.note(options)?;
        eprintln!("{}", sets.describe());
        interrupt::listen("finishing the step and saving");
        let judge = Judge::train(&sets, &config.preprocess, config.seed, &opened)?;
        let mut rows = Vec::new();
        for ablation in Ablation::all() {
            eprintln!("{}", ablation.name());
            rows.extend(self.row(ablation, &sets, judge.as_ref(), &opened)?);
        }
        let json = json!({
            "config": config.to_json(),
            "rows": rows.iter().map(Row::to_json).collect::<Value>(),
        });
        files::write_json(&options.out.join("ablate.json"), &json)?;
        files::print(&table(&rows));
        Ok(())
    }

    /// One run and its scores, if there are photos for them.
    fn row(
        &self,
        ablation: Ablation,
        sets: &Sets,
        judge: Option<&Judge>,
        opened: &Opened,
    ) -> Result<Option<Row>> {
        let options = &self.options;
        let out = options.out.join(ablation.name());
        let resume = options.resume && has_checkpoint(&out);
        let mut session =
            Beginning::new(options, out, resume, Some(ablation))?.begin(sets, opened)?;
        session.run()?;
        let generators = session.generators();
        drop(session);
        let Some(judge) = judge else { return Ok(None) };
        let scores = judge.score(&generators, Smooth::One, opened)?;
        let previews = judge.held().previews(&generators, opened)?;
        write_sheet(&options.out.join(format!("{}.png", ablation.name())), &previews)?;
        let [from_a, from_b] = &previews;
        // Translations from A are compared with real photos of B, which are the inputs from B.
        let (diversity_b, diversity_a) = (diversity(from_a, from_b), diversity(from_b, from_a));
        Ok(Some(Row { ablation, scores, diversity_b, diversity_a }))
    }
}

impl Row {
    fn to_json(&self) -> Value {
        let mut json = figures::to_json(&self.scores);
        if let Some(json) = json.as_object_mut() {
            json.insert("losses".into(), self.ablation.name().into());
            json.insert("diversity_as_B".into(), json!(self.diversity_b));
            json.insert("diversity_as_A".into(), json!(self.diversity_a));
        }
        json
    }
}

/// All rows, for people.
fn table(rows: &[Row]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let mut table = String::from(
        "               round-trip error  taken for target      diversity\n\
         losses         from A   from B    as B     as A     as B     as A\n",
    );
    let percent = |share: f32| format!("{:.0} %", 100.0 * share);
    let ratio = |ratio: Option<f32>| ratio.map_or("-".into(), |ratio| format!("{ratio:.3}"));
    for Row { ablation, scores, diversity_b, diversity_a } in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "{:12}{:>9.4}{:>9.4}{:>8}{:>9}{:>9}{:>9}",
            ablation.name(),
            scores.round_trip_a,
            scores.round_trip_b,
            percent(scores.taken_for_b.share),
            percent(scores.taken_for_a.share),
            ratio(*diversity_b),
            ratio(*diversity_a),
        );
    }
    let real = percent(first.scores.ceiling.share);
    let _ = writeln!(
        table,
        "The classifier tells {real} of the real held-out photos right. Diversity is the mean\n\
         difference between two translations, relative to that between two real photos: near 0,\n\
         everything is made the same. It takes two held-out photos of each set."
    );
    table
}
