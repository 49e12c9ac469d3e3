//! `cyclegan train`.

use clap::Args;
use cyclegan_web::device::Work;

use crate::native::{
    files,
    given::{options::Options, sets::Sets},
    interrupt,
    run::{bar::Bar, beginning::Beginning, measure::Judge},
    stop::Result,
};

/// Teaches the photos of two folders to become each other
///
/// Writes to --out: G_A.safetensors (A -> B) and G_B.safetensors (B -> A), which PyTorch reads too;
/// checkpoint.safetensors, from which --resume goes on; config.json; losses.csv; contact sheets of
/// held-out photos, their translations and the way back; scores.csv with the scores of given
/// weights and those since; best_G_A.safetensors and best_G_B.safetensors, the best so far; and at
/// the end scores.json. Ctrl-C saves and ends; a second one ends at once.
#[derive(Debug, Args)]
pub struct Train {
    #[command(flatten)]
    options: Options,
}

impl Train {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let options = &self.options;
        let beginning = Beginning::new(options, options.out.clone(), options.resume, None)?;
        let sets = Sets::find(options, options.seed()?)?;
        let opened = options.compute.open(Work::Training)?;
        let mut session = beginning.begin(&sets, &opened)?;
        sets.note(options)?;
        eprintln!("{}", sets.describe());
        interrupt::listen("finishing the step and saving");
        let config = *session.config();
        if let Some(judge) = Judge::train(&sets, &config.preprocess, config.seed, &opened)? {
            let step = session.trainer.step();
            let mut bar = Bar::open(judge, &options.out, step);
            let given = options.settings.g_a.is_some() || options.settings.g_b.is_some();
            if step == 0 && given && bar.start().is_none() {
                eprintln!("scoring what it starts from");
                bar.score(step, &session.generators(), &opened)?;
            }
            session.bar = Some(bar);
        }
        session.run()?;
        let (generators, step) = (session.generators(), session.trainer.step());
        let (unpolished, polished) = (session.unpolished(), session.trainer.polished());
        let bar = session.bar.take();
        // Frees optimisers and pools.
        drop(session);
        if let Some(mut bar) = bar {
            let before = step - polished;
            if let Some(unpolished) = unpolished {
                bar.score(before, &unpolished, &opened)?;
            }
            bar.score(step, &generators, &opened)?;
            files::write_json(&options.out.join("scores.json"), &bar.to_json())?;
            if polished > 0 {
                files::print(&bar.polish(before));
            }
            files::print(&bar.verdict());
        }
        Ok(())
    }
}
