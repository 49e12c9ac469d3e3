//! The command line.

use std::fmt::{self, Display};
use std::path::PathBuf;

use cyclegan_web::translate::Precision;

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// One picture through one generator.
    Translate,
    /// One whole step, with or without the identity losses.
    Train { identity: bool },
}

impl Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Translate => "translate",
            Self::Train { identity: false } => "train",
            Self::Train { identity: true } => "train+identity",
        })
    }
}

/// The size of a measurement.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Side of the square pictures.
    pub size: usize,
    /// Channels after the generators' first layer.
    pub ngf: usize,
}

pub struct Options {
    pub gpu: bool,
    /// Precision of translations; training is float32.
    pub precision: Precision,
    pub tasks: Vec<Task>,
    pub cases: Vec<Case>,
    /// The script that measures PyTorch, if that is wanted.
    pub pytorch: Option<PathBuf>,
    pub joint: bool,
    pub json: Option<String>,
}

impl Options {
    /// Reads the program's arguments; exits if they are invalid.
    pub fn read() -> Self {
        let mut words: Vec<String> = std::env::args().skip(1).collect();
        let gpu = choice(&mut words, "--device", ["cpu", "gpu"], "cpu") == "gpu";
        let half =
            choice(&mut words, "--precision", ["float32", "float16"], "float32") == "float16";
        let precision = if half { Precision::Float16 } else { Precision::Float32 };
        let task = choice(&mut words, "--task", ["translate", "train", "both"], "both");
        let identity = choice(&mut words, "--identity", ["with", "without", "both"], "both");
        let joint = flag(&mut words, "--joint");
        let json = value(&mut words, "--json");
        let pytorch = pytorch(&mut words);
        let mut tasks = Vec::new();
        if task != "train" {
            tasks.push(Task::Translate);
        }
        for (name, identity_too) in [("without", false), ("with", true)] {
            if task != "translate" && (identity == name || identity == "both") {
                tasks.push(Task::Train { identity: identity_too });
            }
        }
        if words.is_empty() {
            words = ["128:64", "256:64"].map(String::from).to_vec();
        }
        let cases = words.iter().map(|word| case(word)).collect();
        Self { gpu, precision, tasks, cases, pytorch, joint, json }
    }
}

/// Looked for now, because measuring takes minutes.
fn pytorch(words: &mut Vec<String>) -> Option<PathBuf> {
    let named = value(words, "--script");
    if !flag(words, "--pytorch") && named.is_none() {
        return None;
    }
    let script = PathBuf::from(named.as_deref().unwrap_or("bench/pytorch.py"));
    if !script.is_file() {
        end(&format!(
            "there is no {} here: start in the repository, or name the file with --script FILE",
            script.display()
        ));
    }
    Some(script)
}

fn case(word: &str) -> Case {
    let number = |text: &str| text.parse().ok().filter(|&number: &usize| number > 0);
    let numbers = word.split_once(':').and_then(|(a, b)| Some((number(a)?, number(b)?)));
    let Some((size, ngf)) = numbers.filter(|(size, _)| size.is_multiple_of(4) && *size >= 24)
    else {
        end(&format!("{word} is not SIZE:NGF, with a size from 24 on that is a multiple of 4"));
    };
    Case { size, ngf }
}

fn flag(words: &mut Vec<String>, name: &str) -> bool {
    let at = words.iter().position(|word| word == name);
    at.map(|at| words.remove(at)).is_some()
}

fn value(words: &mut Vec<String>, name: &str) -> Option<String> {
    let at = words.iter().position(|word| word == name)?;
    words.remove(at);
    if at == words.len() {
        end(&format!("{name} needs a value"));
    }
    Some(words.remove(at))
}

fn choice<const N: usize>(
    words: &mut Vec<String>,
    name: &str,
    choices: [&'static str; N],
    plain: &'static str,
) -> &'static str {
    let Some(wanted) = value(words, name) else { return plain };
    let found = choices.into_iter().find(|choice| *choice == wanted);
    found.unwrap_or_else(|| end(&format!("{name} is one of {}", choices.join(", "))))
}

fn end(problem: &str) -> ! {
    eprintln!("{problem}");
    std::process::exit(2);
}
