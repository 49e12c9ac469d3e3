//! The commands, and how each of them ends.
//!
//! | exit code | means |
//! |---|---|
//! | 0 | done |
//! | 1 | one sentence on standard error says what is wrong, with its code |
//! | 2 | the command line itself was wrong |
//! | 130 | ended by Ctrl-C; `train` and `ablate` have saved a checkpoint, `polish` its weights |

mod commands;
mod files;
mod given;
mod interrupt;
mod memory;
mod run;
mod stop;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use commands::{ablate, export, inspect, polish, samples, score, train, translate};
use stop::Stop;

/// CycleGAN: teaches two sets of photos to become each other, and translates photos.
#[derive(Parser)]
#[command(name = "cyclegan", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Train(train::Train),
    Translate(translate::Translate),
    Polish(polish::Polish),
    Score(score::Score),
    Ablate(ablate::Ablate),
    Samples(samples::Samples),
    Inspect(inspect::Inspect),
    Export(export::Export),
}

/// Reads the command line, runs the command and reports how it went.
pub fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Train(train) => train.run(),
        Command::Translate(translate) => translate.run(),
        Command::Polish(polish) => polish.run(),
        Command::Score(score) => score.run(),
        Command::Ablate(ablate) => ablate.run(),
        Command::Samples(samples) => samples.run(),
        Command::Inspect(inspect) => inspect.run(),
        Command::Export(export) => export.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Failed { error, hint }) => {
            eprintln!("error[{}]: {error}", error.code());
            if let Some(hint) = hint {
                eprintln!("{hint}");
            }
            ExitCode::FAILURE
        }
        Err(Stop::Told) => ExitCode::FAILURE,
        Err(Stop::Interrupted { hint }) => {
            eprintln!("{hint}");
            ExitCode::from(interrupt::EXIT_CODE)
        }
    }
}
