//! Every shader as browsers' own compilers see it, where their command lines are installed; else a
//! test is counted as ignored, with the reason: what the built-in harness cannot do, and why this one
//! lists its tests.

#[cfg(target_family = "wasm")]
fn main() {}

#[cfg(not(target_family = "wasm"))]
fn main() -> std::process::ExitCode {
    use libtest_mimic::{Arguments, Trial, run};

    let tests = vec![
        Trial::ignorable_test("tint_compiles_every_shader", native::tint),
        Trial::ignorable_test("naga_writes_every_shader_for_macos_and_windows", native::naga),
    ];
    run(&Arguments::from_args(), tests).exit_code()
}

#[cfg(not(target_family = "wasm"))]
mod native {
    use std::{path::Path, process::Command};

    use cyclegan_web::ops::{half_shaders, shaders};
    use libtest_mimic::{Completion, Failed};

    /// What Chromium's compiler says, and what it makes of the shaders for macOS and Windows, where
    /// it was built to.
    pub fn tint() -> Result<Completion, Failed> {
        let Ok(help) = Command::new("tint").arg("--help").output() else {
            return Ok(Completion::ignored_with("tint is not installed"));
        };
        let help = [help.stdout, help.stderr].concat();
        let help = String::from_utf8_lossy(&help);
        let (_, formats) = help.split_once("--format <").expect("an option for formats");
        let (formats, _) = formats.split_once('>').expect("a list of formats");
        let wanted = ["wgsl", "msl", "hlsl"];
        let formats: Vec<_> = formats.split('|').filter(|format| wanted.contains(format)).collect();
        assert!(!formats.is_empty(), "{help}");
        println!("tint writes {formats:?}");
        each_as_a_file("tint", |file, name| {
            for format in &formats {
                runs(Command::new("tint").args(["--format", format]).arg(file), name);
            }
        });
        Ok(Completion::Completed)
    }

    /// What Firefox's compiler makes of them for macOS and Windows.
    pub fn naga() -> Result<Completion, Failed> {
        if Command::new("naga").arg("--version").output().is_err() {
            return Ok(Completion::ignored_with("naga's command line is not installed"));
        }
        each_as_a_file("naga", |file, name| {
            let outputs = ["metal", "hlsl"].map(|ending| file.with_extension(ending));
            runs(Command::new("naga").arg(file).args(&outputs), name);
            for output in outputs {
                let text = std::fs::read_to_string(&output).unwrap();
                assert!(text.contains("main"), "{name}: {output:?}");
            }
        });
        Ok(Completion::Completed)
    }

    /// Calls `check` with the file and the name of every shader.
    fn each_as_a_file(tool: &str, check: impl Fn(&Path, &str)) {
        let name = format!("cyclegan-shaders-{tool}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (index, shader) in shaders().into_iter().chain(half_shaders()).enumerate() {
            let file = folder.join(format!("{index}-{}.wgsl", shader.name));
            std::fs::write(&file, &shader.text).unwrap();
            check(&file, shader.name);
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    fn runs(command: &mut Command, name: &str) {
        let made = command.output().unwrap();
        let message = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{name}: {command:?}: {message}");
    }
}
