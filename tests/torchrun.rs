//! A run that moves to PyTorch under torchrun and back, as docs/pytorch.md describes:
//! `examples/torchrun/train.py` with two processes.
//!
//! Ignored, with the reason, where Python has no PyTorch, numpy or Pillow.

#[cfg(not(target_family = "wasm"))]
mod python;

#[cfg(target_family = "wasm")]
fn main() {}

#[cfg(not(target_family = "wasm"))]
fn main() -> std::process::ExitCode {
    python::test("losses_go_on_under_torchrun_and_back_here", "torch, numpy, PIL", native::check)
}

#[cfg(not(target_family = "wasm"))]
mod native {
    use std::{
        collections::BTreeMap,
        fs,
        path::{Path, PathBuf},
        process::Command,
    };

    use crate::python::interpreter;

    /// One photo a set, whole and never mirrored, and no pool: no chance is left in a step.
    const PLAIN: &str = "--load-size 32 --crop-size 32 --no-flip --pool-size 0";
    /// Relative difference of a loss that float32 allows.
    const SAME: f64 = 1e-3;

    fn run(mut command: Command, line: &str, at: &Path) {
        let command = command.current_dir(at).args(line.split_whitespace());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {said}");
    }

    fn cyclegan(at: &Path, line: &str) {
        run(Command::new(env!("CARGO_BIN_EXE_cyclegan")), line, at);
    }

    fn train(at: &Path, line: &str) {
        let fixed = "--hold-out 0 --preview-every 0 --steps-decay 0 --device cpu --threads 2";
        cyclegan(at, &format!("train summer winter {PLAIN} {fixed} {line}"));
    }

    fn torchrun(at: &Path, line: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/torchrun/train.py");
        let mut command = Command::new(interpreter());
        command.args("-B -m torch.distributed.run --standalone --nproc-per-node 2".split(' '));
        // Each process would take all cores.
        command.arg(script).env("OMP_NUM_THREADS", "1");
        let line = format!("summer winter {PLAIN} --workers 0 --epochs-decay 0 {line}");
        run(command, &line, at);
    }

    /// A row of a table of losses, counted from 1, by its heads.
    fn row(table: PathBuf, row: usize) -> BTreeMap<String, f64> {
        let table = fs::read_to_string(table).unwrap();
        let heads = table.lines().next().unwrap().split(',').map(String::from);
        let values = table.lines().nth(row).unwrap().split(',');
        let numbers = values.map(|value| value.parse().unwrap_or(f64::NAN));
        heads.zip(numbers).filter(|(head, _)| head.contains("_A") || head.contains("_B")).collect()
    }

    fn compare(what: &str, ours: &BTreeMap<String, f64>, pytorchs: &BTreeMap<String, f64>) {
        assert_eq!(pytorchs.len(), 8);
        for (name, wanted) in pytorchs {
            let found = ours[name];
            println!("{what}, {name}: {found:.5} here, {wanted:.5} in PyTorch");
            assert!((found / wanted - 1.0).abs() < SAME, "{what}, {name}: {found}, {wanted}");
        }
    }

    pub fn check() {
        let at = Path::new(env!("CARGO_TARGET_TMPDIR")).join("torchrun");
        let _ = fs::remove_dir_all(&at);
        fs::create_dir_all(&at).unwrap();
        cyclegan(&at, "samples --out . --count 1 --size 32x32");
        train(&at, "--out run --ngf 4 --ndf 4 --blocks 1 --steps 3");
        cyclegan(&at, "export run --to pth --out here");
        train(&at, "--out run --resume --steps 4");
        torchrun(&at, "--weights here --out there --epochs 2");
        compare("there", &row(at.join("run/losses.csv"), 4), &row(at.join("there/losses.csv"), 1));

        let from = |name: &str, option: &str| format!("--{option} there/latest_net_{name}.pth");
        let given = [("G_A", "g-a"), ("G_B", "g-b"), ("D_A", "d-a"), ("D_B", "d-b")]
            .map(|(n, o)| from(n, o));
        let given = given.join(" ");
        train(&at, &format!("--config run/config.json {given} --lr-ramp 0 --out back --steps 1"));
        torchrun(&at, "--weights there --out on --epochs 1");
        compare("back", &row(at.join("back/losses.csv"), 1), &row(at.join("on/losses.csv"), 1));
        let [before, after] = ["there", "on"].map(|of| row(at.join(of).join("losses.csv"), 1));
        assert_ne!(before, after, "it learns");
    }
}
