//! `cyclegan export`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use cyclegan_web::{
    choice::Choice as _,
    error::{Error, Result},
    train::{
        Role,
        checkpoint::{
            disk::{self, OnDisk},
            pieces::Reader,
        },
        handed_out,
    },
    weights::{
        self, About, Judge, StateDict, Which,
        write::{self, Blueprint, Format, Sink, archive::Archive},
    },
};
use pollster::block_on;
use serde_json::Value;

use crate::native::{
    files::{self, CHECKPOINT, unfinished::Unfinished},
    given::options::choice,
    run::beginning::has_checkpoint,
    stop::{self, Stop},
};

/// The border with which networks that are trained here are used unless they ask for another.
const MARGIN: u32 = 32;

/// Writes weights, or all networks of a run, for PyTorch, for ONNX Runtime or as safetensors
///
/// Weights become one file. A run becomes the files latest_net_G_A, ..._G_B, ..._D_A and ..._D_B in
/// --out, or in one archive if --out ends in .zip: as .pth, PyTorch's --continue_train goes on from
/// them. Its generators are those that it hands out: averaged, polished. ONNX is for generators
/// only.
#[derive(Debug, Args)]
pub struct Export {
    /// A weights file, the folder of a run, or its checkpoint
    #[arg(value_name = "WEIGHTS|RUN")]
    from: PathBuf,
    /// What to write
    #[arg(long, value_name = "FORMAT", value_parser = choice::<Format>())]
    to: Format,
    /// The file; for a run a folder, or a .zip
    #[arg(long, value_name = "FILE|DIR")]
    out: PathBuf,
    /// Write float16, which takes half the size
    #[arg(long)]
    half: bool,
    /// The network to take, as `inspect` names it in a file of several; of a run G_A, G_B, D_A or D_B
    #[arg(long, value_name = "NAME")]
    network: Option<String>,
    #[command(flatten)]
    says: Says,
}

/// What the files of generators say of them.
#[derive(Debug, Args)]
#[command(next_help_heading = "What the file says of a generator (ONNX, safetensors)")]
struct Says {
    /// The looks that it translates between, such as `--looks summer winter`
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"])]
    looks: Option<Vec<String>>,
    /// The border that it wants around photos, in pixels
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(0..=256))]
    margin: Option<u32>,
    /// The longer side of the photos that it translates best, in pixels
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(8..=8192))]
    size: Option<u32>,
    /// What it was trained on
    #[arg(long, value_name = "TEXT")]
    trained_on: Option<String>,
}

/// A network, ready to be written.
struct Network {
    blueprint: Blueprint,
    state: StateDict,
    about: About,
}

impl Export {
    /// Runs the command.
    pub fn run(&self) -> stop::Result<()> {
        match self.run_at()? {
            Some((checkpoint, path)) => self.export_run(checkpoint, &path),
            None => self.export_weights(),
        }
    }

    /// The checkpoint to take networks from, unless these are weights.
    fn run_at(&self) -> stop::Result<Option<(Reader<OnDisk>, PathBuf)>> {
        let path = if self.from.is_dir() {
            let path = self.from.join(CHECKPOINT);
            if !has_checkpoint(&self.from) {
                let detail = format!("{}: there is none; name a weights file", path.display());
                return Err(Error::FileNotRead(detail).into());
            }
            path
        } else {
            self.from.clone()
        };
        match disk::open_latest(&path) {
            Ok((checkpoint, reason)) => {
                if let Some(reason) = reason {
                    let previous = disk::previous(&path);
                    eprintln!(
                        "taking {} instead: {reason} [{}]",
                        previous.display(),
                        reason.code()
                    );
                }
                Ok(Some((checkpoint, path)))
            }
            // Weights; what is wrong with them is found out when they are read.
            Err(Error::CheckpointNotRecognised(_)) => Ok(None),
            Err(Error::CheckpointDamaged(_)) if !are_tensors(&self.from) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn export_weights(&self) -> stop::Result<()> {
        let network = self.read_weights()?;
        let out = if self.out.is_dir() {
            let stem = self.from.file_stem().unwrap_or_default();
            self.out.join(stem).with_added_extension(self.to.name())
        } else {
            self.out.clone()
        };
        self.check_out(&out, &self.from)?;
        self.write_one(&network, &out)
    }

    /// The generator or discriminator in a weights file.
    fn read_weights(&self) -> stop::Result<Network> {
        let which = self.network.as_deref().map_or(Which::Only, Which::Named);
        let (blueprint, state, metadata) = files::read_network(&self.from, |file| {
            let (blueprint, state) = file.network(which)?;
            Ok((blueprint, state, file.metadata()))
        })?;
        let about = match blueprint {
            Blueprint::Generator(_) => self.says.applied_to(About::from_metadata(&metadata)),
            Blueprint::Discriminator { .. } => About::default(),
        };
        Ok(Network { blueprint, state, about })
    }

    fn export_run(&self, mut run: Reader<OnDisk>, path: &Path) -> stop::Result<()> {
        if let Some(name) = &self.network {
            let Some(role) = Role::ALL.into_iter().find(|role| role.name() == name) else {
                let detail = format!("{name} was asked for, a run holds G_A, G_B, D_A and D_B");
                return Err(Error::WeightsNoSuchNetwork(detail).into());
            };
            self.check_out(&self.out, path)?;
            return self.write_one(&self.network(role, &mut run)?, &self.out);
        }
        let mut roles = Role::ALL.to_vec();
        if self.to == Format::Onnx {
            roles.retain(|role| matches!(role, Role::GeneratorA | Role::GeneratorB));
            eprintln!("ONNX is for generators: both discriminators are left out");
        }
        let name = |role: Role| format!("latest_net_{}.{}", role.name(), self.to.name());
        if has_ending(&self.out, "zip") {
            self.check_out(&self.out, path)?;
            let mut file = Unfinished::create(&self.out)?;
            let mut sink = |piece: &[u8]| file.write(piece);
            let mut archive = Archive::new(&mut sink);
            for role in roles {
                let network = self.network(role, &mut run)?;
                archive.add(&name(role), 1, |to| self.write(&network, to))?;
            }
            archive.finish()?;
            return tell(&file.complete()?);
        }
        if self.out.is_file() {
            return Err(refused(&self.out, "it is a file; a run needs a folder or a .zip"));
        }
        // All of them take their names once all are complete.
        let mut written = Vec::new();
        for role in roles {
            let network = self.network(role, &mut run)?;
            let out = self.out.join(name(role));
            self.check_out(&out, path)?;
            let mut file = Unfinished::create(&out)?;
            self.write(&network, &mut |piece| file.write(piece))?;
            file.close()?;
            written.push(file);
        }
        written.into_iter().try_for_each(|file| tell(&file.complete()?))
    }

    /// Takes a network of the run.
    fn network(&self, role: Role, run: &mut Reader<OnDisk>) -> stop::Result<Network> {
        let state = run.state.clone();
        let found = block_on(handed_out(role, &state, run))?;
        let (blueprint, state) = match role {
            Role::GeneratorA | Role::GeneratorB => {
                let (architecture, state) = weights::generator_from(found)?;
                (Blueprint::Generator(architecture), state)
            }
            Role::DiscriminatorA | Role::DiscriminatorB => {
                // It is alone, without a name that would choose it.
                let (ndf, state) = weights::discriminator_from(found, Judge::A)?;
                (Blueprint::Discriminator { ndf }, state)
            }
        };
        let trained_on = learned(&run.state);
        let own = About { margin: Some(MARGIN), trained_on, ..About::default() };
        let about = match role {
            Role::GeneratorA => self.says.applied_to(own),
            Role::GeneratorB => turned(self.says.applied_to(own)),
            Role::DiscriminatorA | Role::DiscriminatorB => About::default(),
        };
        Ok(Network { blueprint, state, about })
    }

    fn write(&self, network: &Network, to: &mut Sink<'_>) -> Result<()> {
        let Network { blueprint, state, about } = network;
        let export = write::Export { blueprint: *blueprint, state, about, half: self.half };
        export.write(self.to, to)
    }

    fn write_one(&self, network: &Network, out: &Path) -> stop::Result<()> {
        let mut file = Unfinished::create(out)?;
        self.write(network, &mut |piece| file.write(piece))?;
        tell(&file.complete()?)
    }

    /// Finds out before the work that the result cannot be written.
    fn check_out(&self, out: &Path, source: &Path) -> stop::Result<()> {
        let own = |path: &Path| path.canonicalize().ok();
        if own(out).is_some_and(|out| own(source) == Some(out)) {
            return Err(refused(out, "this is what to export, choose another file"));
        }
        if out.is_dir() {
            return Err(refused(out, "it is a folder, and --out is a file"));
        }
        let others = Format::all().filter(|format| *format != self.to);
        if let Some(other) = others.map(|other| other.name()).find(|name| has_ending(out, name)) {
            let why = format!("it ends in .{other}, and --to is {}", self.to.name());
            return Err(refused(out, &why));
        }
        Ok(())
    }
}

fn refused(path: &Path, why: &str) -> Stop {
    Error::FileNotWritten(format!("{}: {why}", path.display())).into()
}

impl Says {
    /// What a file said already, overridden by the command line.
    fn applied_to(&self, base: About) -> About {
        let look = |at: usize| self.looks.as_ref().and_then(|looks| looks.get(at).cloned());
        About {
            from: look(0).or(base.from),
            to: look(1).or(base.to),
            margin: self.margin.or(base.margin),
            size: self.size.or(base.size),
            trained_on: self.trained_on.clone().or(base.trained_on),
            thumbnails: base.thumbnails,
        }
    }
}

/// What the generator of the other direction says.
fn turned(about: About) -> About {
    let About { from, to, .. } = about;
    About { from: to, to: from, ..about }
}

/// What a run says of its training.
fn learned(state: &Value) -> Option<String> {
    let number = |path| state.pointer(path)?.as_u64();
    let (steps, crop) = (number("/step")?, number("/config/crop_size")?);
    Some(format!("{steps} steps on crops of {crop} pixels"))
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending))
}

/// Whether a file that is no whole checkpoint can be read as tensors: then it was meant as one.
fn are_tensors(path: &Path) -> bool {
    path.is_dir() || files::read(path).is_ok_and(|bytes| weights::read(&bytes).is_ok())
}

/// Says which file is there now.
fn tell(path: &Path) -> stop::Result<()> {
    let kilobytes = fs::metadata(path).map_or(0, |metadata| metadata.len().div_ceil(1000));
    files::print(&format!("{} ({kilobytes} kB)\n", path.display()));
    Ok(())
}
