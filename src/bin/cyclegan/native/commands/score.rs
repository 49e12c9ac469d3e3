//! `cyclegan score`.

use std::path::{Path, PathBuf};

use clap::Args;
use cyclegan_web::{
    device::Work,
    error::Error,
    model::Generator,
    random::Random,
    train::Preprocess,
    translate::Smooth,
    weights::{self, Which},
};

use crate::native::{
    files::{self, folder},
    given::{
        compute::Compute,
        options::{Pictures, smooth},
        sets::{self, Set, Sets},
    },
    run::{
        figures,
        measure::{Generators, Judge},
    },
    stop::{Result, Stop},
};

/// Judges two generators by photos that they were not trained on
///
/// Prints how well photos survive the way there and back, how often a classifier that knows the two
/// looks takes a translation for the real thing, and how much stronger than in photos the grid is
/// that the network's strides leave.
#[derive(Debug, Args)]
pub struct Score {
    /// Folder of held-out photos of set A
    #[arg(value_name = "A")]
    a: PathBuf,
    /// Folder of held-out photos of set B
    #[arg(value_name = "B")]
    b: PathBuf,
    /// Weights of the generator A -> B
    #[arg(long, value_name = "FILE")]
    g_a: PathBuf,
    /// Weights of the generator B -> A
    #[arg(long, value_name = "FILE")]
    g_b: PathBuf,
    /// Photos of set A on which the classifier is trained [default: half of A, which is then not
    /// scored]
    #[arg(long, value_name = "DIR", requires = "train_b")]
    train_a: Option<PathBuf>,
    /// Photos of set B on which the classifier is trained
    #[arg(long, value_name = "DIR", requires = "train_a")]
    train_b: Option<PathBuf>,
    /// Where the classifier's chance starts
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Score translations that are the mean of so many passes, as of `translate --smooth`
    #[arg(long, value_name = "PASSES", default_value = "1", value_parser = smooth())]
    smooth: Smooth,
    #[command(flatten)]
    pictures: Pictures,
    #[command(flatten)]
    compute: Compute,
}

impl Score {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let (a, b) = (Which::Side(weights::Judge::A), Which::Side(weights::Judge::B));
        let (g_a, g_b) =
            (files::read_generator(&self.g_a, a)?, files::read_generator(&self.g_b, b)?);
        if let Some((grey, _)) = [&g_a, &g_b].into_iter().find(|(of, _)| of.pictures == 1) {
            // Photos and classifier are in colour.
            return Err(Error::WeightsOnlyTranslate(grey.to_string()).into());
        }
        let preprocess = self.pictures.settled()?;
        let mut random = Random::new(self.seed);
        let all = |folder: &Path| Ok::<_, Stop>(folder::photos(folder, None)?.told());
        let mut find = |held_out: &Path, train: &Option<PathBuf>| {
            let photos = all(held_out)?;
            match train {
                Some(train) => Ok(Set { train: all(train)?, held_out: photos }),
                None if photos.len() < 2 => {
                    let held_out = held_out.display();
                    let detail = format!("{held_out} holds one photo, two are the least to score");
                    Err(Stop::from(Error::DatasetEmpty(detail)))
                }
                None => {
                    let half = photos.len() / 2;
                    Ok(Set::split(photos, half, &mut random))
                }
            }
        };
        let sets = Sets { a: find(&self.a, &self.train_a)?, b: find(&self.b, &self.train_b)? };
        sets::apart(&sets.a.held_out, &sets.b.held_out)?;
        sets::apart(&sets.a.train, &sets.b.train)?;
        if self.train_a.is_none() {
            let [(a, b), (c, d)] =
                [&sets.a, &sets.b].map(|set| (set.train.len(), set.held_out.len()));
            eprintln!(
                "the classifier learns from {a} photos of A and {c} of B; {b} and {d} are scored"
            );
        }
        let opened = self.compute.open(Work::Training)?;
        let [g_a, g_b] = [g_a, g_b].map(|(architecture, state)| {
            Generator::from_state(architecture, state, &opened.device)
        });
        let generators = Generators { g_a: g_a?, g_b: g_b? };
        match Judge::train(&sets, &preprocess, self.seed, &opened)? {
            Some(judge) => {
                let scores = judge.score(&generators, self.smooth, &opened)?;
                files::print(&figures::table(&scores));
            }
            None => return Err(Stop::Told),
        }
        Ok(())
    }
}

impl Pictures {
    /// The defaults, overridden by the command line.
    fn settled(&self) -> Result<Preprocess> {
        let preprocess = self.applied_to(Preprocess::default());
        cyclegan_web::train::Config { preprocess, ..Default::default() }.validate()?;
        Ok(preprocess)
    }
}
