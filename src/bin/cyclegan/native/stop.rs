//! Why a command ends before its work is done.

use std::path::Path;

use cyclegan_web::error::Error;

/// What [`super::main`] has to say and which code it exits with.
#[derive(Debug)]
pub enum Stop {
    /// It cannot go on.
    Failed {
        /// What is wrong.
        error: Error,
        /// What is left and how to go on from there.
        hint: Option<String>,
    },
    /// Some of the photos failed, each of which was told already.
    Told,
    /// Ctrl-C was pressed.
    Interrupted {
        /// How to go on.
        hint: String,
    },
}

/// Result of everything that a command does.
pub type Result<T, E = Stop> = std::result::Result<T, E>;

/// What to say of a file that could not be used.
pub fn told(path: &Path, error: &Error) -> String {
    format!("{}: {error} [{}]", path.display(), error.code())
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed { error, hint: None }
    }
}

impl Stop {
    /// The same failure with a way on; an interruption has one already.
    pub fn with_hint(self, hint: String) -> Self {
        match self {
            Self::Failed { error, hint: None } => Self::Failed { error, hint: Some(hint) },
            other => other,
        }
    }
}
