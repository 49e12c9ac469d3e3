//! Which network of a weights file.

use clap::Args;
use cyclegan_web::weights::Which;

/// The option of all commands that take one generator.
#[derive(Debug, Args)]
pub struct Chosen {
    /// Which generator, where the file holds several: its name, as `inspect` lists them
    #[arg(long, value_name = "NAME")]
    network: Option<String>,
}

impl Chosen {
    /// The one that was named, or the only one.
    pub fn which(&self) -> Which<'_> {
        self.network.as_deref().map_or(Which::Only, Which::Named)
    }
}
