//! `cyclegan export` from outside, on tiny networks. `tests/pytorch.rs` has PyTorch open what is
//! written, `tests/weights_write.rs` looks at it.

#![cfg(not(target_family = "wasm"))]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cyclegan_web::weights::{self, About, Judge, StateDict, discriminator_from, safetensors};

fn run(at: &Path, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cyclegan"));
    command.current_dir(at).args(line.split_whitespace()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn export(at: &Path, line: &str) -> Output {
    let output = run(at, &format!("export {line}"));
    assert_eq!(output.status.code(), Some(0), "{line}: {}", said(&output));
    output
}

fn refused(at: &Path, line: &str, code: &str) -> String {
    let output = run(at, &format!("export {line}"));
    assert_eq!(output.status.code(), Some(1), "{line}: {}", said(&output));
    assert!(said(&output).contains(&format!("error[{code}]: ")), "{line}: {}", said(&output));
    said(&output)
}

/// An empty folder that outlives the test, to look into when it fails.
fn folder(name: &str) -> PathBuf {
    let at = Path::new(env!("CARGO_TARGET_TMPDIR")).join("export").join(name);
    let _ = fs::remove_dir_all(&at);
    fs::create_dir_all(&at).unwrap();
    at
}

/// A folder with a run in it.
fn folder_with_run(name: &str, options: &str) -> PathBuf {
    let at = folder(name);
    let tiny = "--ngf 4 --ndf 4 --blocks 1 --load-size 36 --crop-size 32 --pool-size 3 \
                --device cpu --threads 2 --preview-every 0 --hold-out 0 --steps-decay 0";
    for line in [
        "samples --out . --count 4 --size 48x32".into(),
        format!("train summer winter {tiny} --out run {options}"),
    ] {
        let output = run(&at, &line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", said(&output));
    }
    at
}

fn read(at: &Path, file: &str) -> StateDict {
    weights::read(&fs::read(at.join(file)).unwrap()).unwrap()
}

fn about(at: &Path, file: &str) -> About {
    let metadata = safetensors::read_metadata(&fs::read(at.join(file)).unwrap()).unwrap();
    About::from_metadata(&metadata)
}

fn names(at: &Path, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(at.join(folder)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const NETWORKS: [&str; 4] = ["D_A", "D_B", "G_A", "G_B"];

#[test]
fn a_run_becomes_the_four_files_of_pytorch_with_the_generators_that_it_hands_out() {
    for (name, options) in [
        ("plain", "--steps 2"),
        ("averaged", "--steps 4 --ema 0.5"),
        ("polished", "--steps 4 --ema 0.5 --polish 3"),
    ] {
        let at = folder_with_run(name, options);
        export(&at, "run --to pth --out pytorch");
        let files = NETWORKS.map(|network| format!("latest_net_{network}.pth"));
        assert_eq!(names(&at, "pytorch"), files, "{name}");
        for generator in ["G_A", "G_B"] {
            let exported = read(&at, &format!("pytorch/latest_net_{generator}.pth"));
            assert!(exported == read(&at, &format!("run/{generator}.safetensors")), "{name}");
        }
        for judge in [Judge::A, Judge::B] {
            let exported = read(&at, &format!("pytorch/latest_net_{}.pth", judge.name()));
            let checkpoint = read(&at, "run/checkpoint.safetensors");
            let (_, own) = discriminator_from(checkpoint, judge).unwrap();
            assert!(exported == own, "{name}");
        }
        // From its checkpoint, and one by one.
        export(&at, "run/checkpoint.safetensors --to pth --out again");
        for file in names(&at, "pytorch") {
            let [one, two] = ["pytorch", "again"].map(|to| fs::read(at.join(to).join(&file)));
            assert!(one.unwrap() == two.unwrap(), "{file}");
        }
        export(&at, "run --to pth --network D_B --out alone.pth");
        let alone = fs::read(at.join("alone.pth")).unwrap();
        assert!(alone == fs::read(at.join("pytorch/latest_net_D_B.pth")).unwrap());
    }
}

#[test]
fn a_run_becomes_one_archive() {
    let at = folder_with_run("archive", "--steps 1");
    export(&at, "run --to pth --out all.zip");
    export(&at, "run --to pth --out half.zip --half");
    export(&at, "run --to pth --out files");
    let [all, half] = ["all.zip", "half.zip"].map(|file| fs::read(at.join(file)).unwrap());
    assert!(10 * half.len() < 8 * all.len(), "{} and {}", half.len(), all.len());
    for file in names(&at, "files") {
        // Stored as it is, under its name.
        let alone = fs::read(at.join("files").join(&file)).unwrap();
        let stored = [file.as_bytes(), &alone].concat();
        assert!(all.windows(stored.len()).any(|part| part == stored), "{file}");
    }
    let output = export(&at, "run --to onnx --out onnx");
    assert_eq!(names(&at, "onnx"), ["latest_net_G_A.onnx", "latest_net_G_B.onnx"]);
    assert!(said(&output).contains("discriminators are left out"), "{}", said(&output));
}

#[test]
fn weights_become_one_file_that_says_what_it_is() {
    let at = folder_with_run("weights", "--steps 1");
    let says = "--looks summer winter --margin 16 --size 512 --trained-on Yosemite";
    export(&at, &format!("run --to safetensors --half --out given {says}"));
    let there = about(&at, "given/latest_net_G_A.safetensors");
    assert_eq!((there.from.as_deref(), there.to.as_deref()), (Some("summer"), Some("winter")));
    assert_eq!((there.margin, there.size), (Some(16), Some(512)));
    assert_eq!(there.trained_on.as_deref(), Some("Yosemite"));
    let back = about(&at, "given/latest_net_G_B.safetensors");
    assert_eq!((back.from.as_deref(), back.to.as_deref()), (Some("winter"), Some("summer")));
    export(&at, "run --to safetensors --out unsaid");
    let unsaid = about(&at, "unsaid/latest_net_G_B.safetensors");
    assert_eq!((unsaid.from, unsaid.margin), (None, Some(32)));
    assert_eq!(unsaid.trained_on.as_deref(), Some("1 steps on crops of 32 pixels"));
    // What a file said stays, unless something else is said.
    export(
        &at,
        "given/latest_net_G_A.safetensors --to safetensors --size 256 --out next.safetensors",
    );
    assert_eq!(about(&at, "next.safetensors"), About { size: Some(256), ..there });

    // Into a folder, under its own name; the other container holds the same.
    fs::create_dir(at.join("folder")).unwrap();
    export(&at, "run/G_A.safetensors --to pth --out folder");
    export(&at, "folder/G_A.pth --to safetensors --out made/G_A.safetensors");
    let [own, made] = ["run/G_A.safetensors", "made/G_A.safetensors"]
        .map(|file| fs::read(at.join(file)).unwrap());
    assert!(own == made, "there and back");
    // A discriminator.
    export(&at, "run --to safetensors --network D_A --out judge.safetensors");
    export(&at, "judge.safetensors --to pth --out judge.pth");
    assert!(read(&at, "judge.pth") == read(&at, "judge.safetensors"));
    let told =
        refused(&at, "judge.safetensors --to onnx --out judge.onnx", "weights-not-generator");
    assert!(told.contains("ONNX is for generators"), "{told}");
    assert!(!at.join("judge.onnx").exists());
}

#[test]
fn weights_of_others_are_exported_one_network_at_a_time() {
    let at = folder("others");
    let field = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field/weights");
    for file in ["both_dicts.pth", "grey.pth", "base.pth", "orig_mod_prefix.pth"] {
        fs::copy(field.join(file), at.join(file)).unwrap();
    }
    refused(&at, "both_dicts.pth --to pth --out x.pth", "weights-several");
    for name in ["netG_A", "netG_B"] {
        export(
            &at,
            &format!("both_dicts.pth --network {name} --to safetensors --out {name}.safetensors"),
        );
    }
    assert!(read(&at, "netG_A.safetensors") != read(&at, "netG_B.safetensors"));
    refused(&at, "both_dicts.pth --network G_C --to pth --out x.pth", "weights-no-such-network");
    // Under PyTorch's own names, whatever they were called.
    export(&at, "base.pth --to safetensors --out base.safetensors");
    export(&at, "orig_mod_prefix.pth --to safetensors --out plain.safetensors");
    assert!(read(&at, "base.safetensors") == read(&at, "plain.safetensors"));
    export(&at, "grey.pth --to onnx --out grey.onnx");
    export(&at, "grey.pth --to pth --half --out grey.half.pth");
    assert_eq!(read(&at, "grey.half.pth")["model.1.weight"].shape[1], 1);
}

#[test]
fn what_cannot_be_exported_is_refused_and_leaves_everything_as_it_was() {
    let at = folder_with_run("refused", "--steps 1");
    fs::write(at.join("text.pth"), "no weights").unwrap();
    let mut cut = fs::read(at.join("run/checkpoint.safetensors")).unwrap();
    let half = cut.len() / 2;
    cut.truncate(half);
    fs::write(at.join("cut.safetensors"), &cut).unwrap();
    let mut altered = fs::read(at.join("run/checkpoint.safetensors")).unwrap();
    *altered.last_mut().unwrap() ^= 1;
    fs::write(at.join("altered.safetensors"), altered).unwrap();
    let mut large = read(&at, "run/G_A.safetensors");
    large.get_mut("model.1.bias").unwrap().data[0] = 1e5;
    let large = safetensors::write(&large, &Default::default()).unwrap();
    fs::write(at.join("large.safetensors"), large).unwrap();
    let before = (names(&at, "."), names(&at, "run"));
    let own = fs::read(at.join("run/G_A.safetensors")).unwrap();
    for (line, code) in [
        ("nothing.pth --to onnx --out x.onnx", "file-not-read"),
        ("summer --to pth --out x", "file-not-read"),
        ("text.pth --to onnx --out x.onnx", "weights-not-recognised"),
        ("cut.safetensors --to pth --out x.pth", "weights-truncated"),
        ("altered.safetensors --to pth --out x", "checkpoint-damaged"),
        ("large.safetensors --to onnx --half --out x.onnx", "weights-exceed-half"),
        ("run --to pth --network G_C --out x.pth", "weights-no-such-network"),
        ("run --to onnx --network D_A --out x.onnx", "weights-not-generator"),
        ("run/G_A.safetensors --to safetensors --out run/G_A.safetensors", "file-not-written"),
        (
            "run/G_A.safetensors --to safetensors --out run/../run/G_A.safetensors",
            "file-not-written",
        ),
        ("run --to safetensors --out text.pth", "file-not-written"),
        ("run/G_A.safetensors --to onnx --out x.pth", "file-not-written"),
        ("run/G_A.safetensors --to onnx --out text.pth/x.onnx", "file-not-written"),
    ] {
        refused(&at, line, code);
        assert_eq!((names(&at, "."), names(&at, "run")), before, "{line}");
    }
    assert!(fs::read(at.join("run/G_A.safetensors")).unwrap() == own);
    let wrong = run(&at, "export run --to zip --out x");
    assert_eq!(wrong.status.code(), Some(2));
}
