//! Reasons for a command to end before its work is done.

use std::path::Path;

use cyclegan_web::error::Error;

/// What [`super::main`] should report, and with which code to exit.
#[derive(Debug)]
pub enum Stop {
    /// It cannot continue.
    Failed {
        /// What is wrong.
        error: Error,
        /// What is left and how to continue from there.
        hint: Option<String>,
    },
    /// Some photos failed, each of which was already reported.
    Told,
    /// Ctrl-C was pressed.
    Interrupted {
        /// How to continue.
        hint: String,
    },
}

/// The result of a command's work.
pub type Result<T, E = Stop> = std::result::Result<T, E>;

/// The message for a file that could not be used.
pub fn told(path: &Path, error: &Error) -> String {
    format!("{}: {error} [{}]", path.display(), error.code())
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed { error, hint: None }
    }
}

impl Stop {
    /// The same failure with a way to continue; an interruption already has one.
    pub fn with_hint(self, hint: String) -> Self {
        match self {
            Self::Failed { error, hint: None } => Self::Failed { error, hint: Some(hint) },
            other => other,
        }
    }
}
