//! The options of a training run, named as in PyTorch where it has them (with hyphens; underscores
//! are understood too).
//!
//! None has a default of its own: what is not given is taken from `--config`, from the checkpoint
//! or from [`cyclegan_web::train::Config`], which [`super::settings`] decides.

use std::path::PathBuf;

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use cyclegan_web::{
    choice::Choice,
    train::{GanLoss, MissingGenerator, Policy, PreprocessMode, Rule},
    translate::Smooth,
    weights::{Norm, Up},
};

use super::compute::Compute;

/// How photos become pictures for the networks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pictures")]
pub struct Pictures {
    /// How photos are brought to size [default: resize_and_crop, PyTorch's; a training from given
    /// weights: scale_and_crop, at the scale at which they are used]
    #[arg(long, value_name = "MODE", value_parser = choice::<PreprocessMode>())]
    pub preprocess: Option<PreprocessMode>,
    /// Side to which photos are resized, in pixels; with scale_and_crop their shorter side, which
    /// is about what they are later translated at [default: 286]
    #[arg(long, value_name = "PX", alias = "load_size")]
    pub load_size: Option<usize>,
    /// Side of the square that is cut out of them, a multiple of 4 [default: 256]
    #[arg(long, value_name = "PX", alias = "crop_size")]
    pub crop_size: Option<usize>,
    /// How many times larger or smaller than --load-size scale_and_crop may show a photo, 1 to 4
    /// [default: 1.5]
    #[arg(long, value_name = "FACTOR")]
    pub zoom: Option<f64>,
}

/// What decides a run: see [`cyclegan_web::train::Config`] for each.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
pub struct Settings {
    /// Settings as JSON, as a run writes them to config.json; options win over it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Epochs at the full learning rate; with --resume, epochs of the whole run [default: 100]
    #[arg(long, value_name = "N", alias = "n_epochs")]
    pub epochs: Option<u64>,
    /// Epochs in which it then falls to zero [default: as many as --epochs]
    #[arg(long, value_name = "N", alias = "n_epochs_decay", requires = "epochs")]
    pub epochs_decay: Option<u64>,
    /// Steps at the full learning rate, instead of epochs; with --resume, steps of the whole run,
    /// also of one that is over
    #[arg(long, value_name = "N", conflicts_with = "epochs")]
    pub steps: Option<u64>,
    /// Steps in which it then falls to zero [default: as many as --steps]
    #[arg(long, value_name = "N", requires = "steps")]
    pub steps_decay: Option<u64>,
    /// Steps of polish behind them, which weaken the generators' grid; 0 for none [default: 0,
    /// and with --g-a or --g-b a tenth of all steps, at least 60 or a third, at most 400]
    #[arg(long, value_name = "N")]
    pub polish: Option<u64>,
    /// Learning rate [default: 0.0002, with --g-a or --g-b 0.00002; of a run that goes on for longer:
    /// as if it had been planned so]
    #[arg(long, value_name = "RATE")]
    pub lr: Option<f64>,
    /// Whose arithmetic it falls by [default: paper]
    #[arg(long, value_name = "RULE", value_parser = choice::<Rule>())]
    pub lr_rule: Option<Rule>,
    /// Pairs of photos in a step [default: 1]
    #[arg(long, value_name = "N", alias = "batch_size")]
    pub batch_size: Option<usize>,
    /// Weight of the cycle A -> B -> A [default: 10]
    #[arg(long, value_name = "WEIGHT", alias = "lambda_A")]
    pub lambda_a: Option<f64>,
    /// Weight of the cycle B -> A -> B [default: 10]
    #[arg(long, value_name = "WEIGHT", alias = "lambda_B")]
    pub lambda_b: Option<f64>,
    /// Weight of the identity loss, relative to the cycle's; 0 turns it off [default: 0.5]
    #[arg(long, value_name = "WEIGHT", alias = "lambda_identity")]
    pub lambda_identity: Option<f64>,
    /// The adversarial loss: least squares or cross-entropy [default: lsgan]
    #[arg(long, value_name = "MODE", alias = "gan_mode", value_parser = choice::<GanLoss>())]
    pub gan_mode: Option<GanLoss>,
    /// Older translations that each discriminator is shown again [default: 50]
    #[arg(long, value_name = "N", alias = "pool_size")]
    pub pool_size: Option<usize>,
    /// Decay of the moving averages of the generators' weights, which are what a run hands out; 0 for
    /// the weights themselves [default: 0, or with --g-a or --g-b one that averages over a tenth of
    /// the run, at most 0.999]
    #[arg(long, value_name = "DECAY")]
    pub ema: Option<f64>,
    /// How pictures are changed at random before a discriminator sees them, a list such as
    /// color,translation,cutout; helps where photos are few [default: not at all]
    #[arg(long, value_name = "POLICY", alias = "diff_augment", value_parser = policy)]
    pub diff_augment: Option<Policy>,
    /// Never mirror a picture
    #[arg(long, alias = "no_flip")]
    pub no_flip: bool,
    /// Where all chance starts; the same seed gives the same run [default: 0]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Channels of the generators' first layer [default: 64, or those of --g-a and --g-b]
    #[arg(long, value_name = "N", help_heading = "Networks")]
    pub ngf: Option<usize>,
    /// Channels of the discriminators' first layer [default: 64, or those of --d-a and --d-b]
    #[arg(long, value_name = "N", help_heading = "Networks")]
    pub ndf: Option<usize>,
    /// Residual blocks of a generator; the paper takes 6 for crops of 128 pixels [default: 9, or
    /// those of --g-a and --g-b]
    #[arg(long, value_name = "N", help_heading = "Networks")]
    pub blocks: Option<usize>,
    /// How a generator doubles the size of its images; bilinear leaves less of a grid [default:
    /// transpose, or that of --g-a and --g-b]
    #[arg(long, value_name = "HOW", help_heading = "Networks", value_parser = ways_up())]
    pub up: Option<Up>,
    /// Whether a generator's instance norms have weights and biases [default: instance, or that of
    /// --g-a and --g-b]
    #[arg(long, value_name = "NORM", help_heading = "Networks", value_parser = choice::<Norm>())]
    pub norm: Option<Norm>,
    /// Weights (.pth or .safetensors) from which the generator A -> B starts
    #[arg(long, value_name = "FILE", help_heading = "Networks")]
    pub g_a: Option<PathBuf>,
    /// Weights from which the generator B -> A starts
    #[arg(long, value_name = "FILE", help_heading = "Networks")]
    pub g_b: Option<PathBuf>,
    /// Weights from which the discriminator of B starts, which judges what A -> B makes. The file may
    /// hold all networks of a run, such as a checkpoint
    #[arg(long, value_name = "FILE", help_heading = "Networks")]
    pub d_a: Option<PathBuf>,
    /// Weights from which the discriminator of A starts
    #[arg(long, value_name = "FILE", help_heading = "Networks")]
    pub d_b: Option<PathBuf>,
    /// What the other generator starts from when one is given [default: copy]
    #[arg(long, value_name = "HOW", alias = "missing_generator", help_heading = "Networks",
          value_parser = choice::<MissingGenerator>())]
    pub missing_generator: Option<MissingGenerator>,
    /// Steps in which fresh discriminators learn alone when generators are given; none when both
    /// discriminators are given too [default: 100]
    #[arg(long, value_name = "STEPS", alias = "warm_up", help_heading = "Networks")]
    pub warm_up: Option<u64>,
    /// Steps behind these in which the generators' learning rate rises from nothing [default: 1000]
    #[arg(long, value_name = "STEPS", alias = "lr_ramp", help_heading = "Networks")]
    pub lr_ramp: Option<u64>,
}

/// Everything that `train` and `ablate` take.
#[derive(Debug, Args)]
pub struct Options {
    /// Folder of the photos of set A, searched with the folders below it
    #[arg(value_name = "A")]
    pub a: PathBuf,
    /// Folder of the photos of set B
    #[arg(value_name = "B")]
    pub b: PathBuf,
    /// Folder for all results
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Go on where the checkpoint in --out ends. With --steps N (or --epochs N) a run that is over
    /// learns on until step N: at its rate if that was constant; else at what it would have had by
    /// now, had it been planned that long, or at --lr, falling to zero. The options with which it
    /// began change nothing
    #[arg(long)]
    pub resume: bool,
    /// Photos of each set that are kept out of training, for previews and scores [default: every
    /// tenth, at most 20; with --resume those of before]
    #[arg(long, value_name = "N")]
    pub hold_out: Option<usize>,
    /// Steps from one contact sheet of held-out photos to the next; 0 for none
    #[arg(long, value_name = "STEPS", default_value_t = 500)]
    pub preview_every: u64,
    /// Seconds from one checkpoint to the next
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub save_every: u64,
    #[command(flatten)]
    pub settings: Settings,
    #[command(flatten)]
    pub pictures: Pictures,
    #[command(flatten)]
    pub compute: Compute,
}

/// Reads one of the words of a [`Choice`], and lets the help list them.
pub fn choice<T: Choice + Send + Sync>() -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(T::names()).try_map(|name| T::from_name(&name).ok_or("unknown"))
}

/// [`choice`] of the ways that can be trained.
fn ways_up() -> impl TypedValueParser<Value = Up> {
    let blurred = Up::Blurred.name();
    let names = Up::names().iter().filter(move |name| **name != blurred);
    PossibleValuesParser::new(names).try_map(|name| Up::from_name(&name).ok_or("unknown"))
}

/// Reads one of the numbers of passes, and lets the help list them.
pub fn smooth() -> impl TypedValueParser<Value = Smooth> {
    PossibleValuesParser::new(["1", "4", "16"]).try_map(|passes| {
        let passes = passes.parse().unwrap_or_default();
        Smooth::of(passes)
    })
}

fn policy(kinds: &str) -> Result<Policy, &'static str> {
    Policy::try_from(kinds.to_string())
}
