//! `cyclegan samples`.

use std::path::PathBuf;

use clap::Args;
use cyclegan_web::{
    error::Result,
    samples::{Season, paint},
};
use rayon::prelude::*;

use crate::native::{files, stop};

/// Paints landscapes in summer and in winter, to try everything else on
///
/// The folders summer/ and winter/ show different places, as unpaired sets do.
#[derive(Debug, Args)]
pub struct Samples {
    /// Folder for the folders summer/ and winter/
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Scenes of each season
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    count: u64,
    /// Size of each, 16 to 2048 pixels a side
    #[arg(long, value_name = "WxH", default_value = "384x256", value_parser = size)]
    size: (usize, usize),
    /// The first place; with another one all scenes are others
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=1_000_000_000))]
    seed: u64,
}

impl Samples {
    /// Runs the command.
    pub fn run(&self) -> stop::Result<()> {
        let seasons = [("summer", Season::Summer, 0), ("winter", Season::Winter, self.count)];
        for (name, season, behind) in seasons {
            (0..self.count).into_par_iter().try_for_each(|scene| -> Result<()> {
                let (width, height) = self.size;
                let picture = paint(season, self.seed + behind + scene, width, height);
                let path = self.out.join(name).join(format!("{name}-{:04}.png", scene + 1));
                files::write_png(&path, &picture)
            })?;
        }
        Ok(())
    }
}

/// Reads `384x256`.
fn size(text: &str) -> Result<(usize, usize), String> {
    let side = |side: &str| side.parse().ok().filter(|side| (16..=2048).contains(side));
    text.split_once('x')
        .and_then(|(width, height)| Some((side(width)?, side(height)?)))
        .ok_or_else(|| "two sides of 16 to 2048 pixels, such as 384x256, are expected".into())
}
