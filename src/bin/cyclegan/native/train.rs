//! `cyclegan train`.

use clap::Args;

use super::{
    files, interrupt,
    measure::{self, Judge},
    options::Options,
    plan::Plan,
    sets::Sets,
    stop::Result,
};

/// Teaches the photos of two folders to become each other
///
/// Writes to --out: G_A.safetensors (A -> B) and G_B.safetensors (B -> A), which PyTorch reads too;
/// checkpoint.safetensors, from which --resume goes on; config.json; losses.csv; contact sheets of
/// held-out photos, their translations and the way back; and at the end scores.json. Ctrl-C saves
/// and ends; a second one ends at once.
#[derive(Debug, Args)]
pub struct Train {
    #[command(flatten)]
    options: Options,
}

impl Train {
    /// Does it.
    pub fn run(&self) -> Result<()> {
        let options = &self.options;
        let plan = Plan::new(options, options.out.clone(), options.resume, None)?;
        let sets = Sets::find(options, options.seed()?)?;
        let opened = options.compute.open()?;
        let mut session = plan.begin(&sets, &opened)?;
        sets.note(options)?;
        eprintln!("{}", sets.describe());
        interrupt::listen("finishing the step and saving");
        session.run()?;
        let (generators, config) = (session.generators(), *session.config());
        // Frees the optimisers and the pools.
        drop(session);
        if let Some(judge) = Judge::train(&sets, &config.preprocess, config.seed, &opened)? {
            let scores = judge.score(&generators, &opened)?;
            files::write_json(&options.out.join("scores.json"), &measure::to_json(&scores))?;
            files::print(&measure::table(&scores));
        }
        Ok(())
    }
}
