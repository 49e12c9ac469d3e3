//! A test that runs where a Python interpreter has what it needs. Elsewhere it counts as ignored,
//! with the reason, which the built-in harness cannot do.

use std::{env, process::Command, process::ExitCode};

use libtest_mimic::{Arguments, Completion, Trial, run};

/// `python3`, or the interpreter that `CYCLEGAN_PYTHON` names.
pub fn interpreter() -> String {
    env::var("CYCLEGAN_PYTHON").unwrap_or("python3".into())
}

/// Runs `check` as the only test of a program, if the interpreter has these modules.
pub fn test(name: &str, modules: &'static str, check: fn()) -> ExitCode {
    let test = Trial::ignorable_test(name, move || {
        let python = interpreter();
        let found = Command::new(&python).args(["-c", &format!("import {modules}")]).output();
        if !found.is_ok_and(|output| output.status.success()) {
            let reason = "skipped: no interpreter with its modules (CYCLEGAN_PYTHON names another)";
            return Ok(Completion::ignored_with(format!("{reason}: {python}, {modules}")));
        }
        check();
        Ok(Completion::Completed)
    });
    run(&Arguments::from_args(), vec![test]).exit_code()
}
