//! The command line from outside: what it writes, what it says and how it ends, on tiny networks.

#![cfg(not(target_family = "wasm"))]

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cyclegan_web::{
    train::{Config, PreprocessMode},
    weights::{self, Judge},
};
use image::{DynamicImage, ImageFormat, RgbImage, RgbaImage};
use serde_json::{Value, json as value};

/// Options of a run that takes seconds.
const TINY: &str = "--ngf 4 --ndf 4 --blocks 1 --load-size 36 --crop-size 32 --pool-size 3 \
                    --device cpu --threads 2 --preview-every 4";

/// An empty folder that outlives the test, to look into when it fails.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// The same with the painted sets `summer` and `winter` in it.
fn folder_with_photos(name: &str) -> PathBuf {
    let path = folder(name);
    assert_done(&run(&path, "samples --out . --count 6 --size 48x32"));
    path
}

fn command(at: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cyclegan"));
    command.current_dir(at).args(line.split_whitespace());
    command
}

fn run(at: &Path, line: &str) -> Output {
    command(at, line).output().unwrap()
}

fn train(at: &Path, line: &str) -> Output {
    run(at, &format!("train summer winter {TINY} {line}"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn assert_done(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
}

/// Ended with one sentence that carries this code.
fn assert_refused(output: &Output, code: &str) {
    assert_eq!(output.status.code(), Some(1), "{}", said(output));
    assert!(said(output).contains(&format!("error[{code}]: ")), "{code}: {}", said(output));
    assert!(!said(output).contains("panicked"), "{}", said(output));
}

/// The rows of losses.csv without the seconds, which no two runs share.
fn rows(out: &Path) -> Vec<String> {
    let text = fs::read_to_string(out.join("losses.csv")).unwrap_or_default();
    let rows = text.lines().skip(1).filter_map(|row| row.rsplit_once(','));
    rows.map(|(row, _)| row.to_string()).collect()
}

fn json(path: PathBuf) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn size(path: PathBuf) -> (u32, u32) {
    image::image_dimensions(path).unwrap()
}

#[test]
fn samples_are_photos_of_different_places_and_the_same_each_time() {
    let [one, two] = ["samples-1", "samples-2"].map(folder_with_photos);
    let mut seen = BTreeSet::new();
    for season in ["summer", "winter"] {
        for scene in 1..=6 {
            let name = format!("{season}/{season}-{scene:04}.png");
            assert_eq!(size(one.join(&name)), (48, 32));
            let bytes = fs::read(one.join(&name)).unwrap();
            assert_eq!(bytes, fs::read(two.join(&name)).unwrap());
            assert!(seen.insert(bytes), "{name} is there twice");
        }
    }
}

#[test]
fn a_run_leaves_weights_settings_losses_sheets_and_scores() {
    let at = folder_with_photos("train");
    let options = "--out run --steps 4 --steps-decay 4 --hold-out 2 --seed 7 --lambda_identity 0.25 --ema 0.5";
    let output = train(&at, options);
    assert_done(&output);
    assert!(said(&output).contains("step 8/8"), "{}", said(&output));
    let out = at.join("run");
    for network in ["G_A", "G_B"] {
        let bytes = fs::read(out.join(format!("{network}.safetensors"))).unwrap();
        let (architecture, _) = weights::generator_from(weights::read(&bytes).unwrap()).unwrap();
        assert_eq!((architecture.ngf, architecture.blocks), (4, 1));
    }
    let config = Config::from_json(&json(out.join("config.json"))).unwrap();
    assert_eq!((config.seed, config.lambda_identity), (7, 0.25));
    assert_eq!((config.schedule.flat, config.schedule.decay), (4, 4));
    assert_eq!(rows(&out).len(), 8);
    // Two held-out photos of each set in a row of three, 32 pixels each and 4 between them.
    for step in [4, 8] {
        let sheet = out.join(format!("previews/step-{step:06}.png"));
        assert_eq!(size(sheet), (3 * 36 + 4, 4 * 36 + 4));
    }
    let held_out = json(out.join("held-out.json"));
    assert_eq!(held_out["A"].as_array().unwrap().len(), 2);
    let scores = json(out.join("scores.json"));
    for name in ["round_trip_A", "round_trip_B", "taken_for_B", "taken_for_A"] {
        let score = scores[name].as_f64().unwrap();
        assert!((0.0..=2.0).contains(&score), "{name} {score}");
    }
    assert!(scores["grid_A"].as_f64().unwrap() > 0.0);
    assert!((0.0..=1.0).contains(&scores["merit"].as_f64().unwrap()));
    assert!(String::from_utf8_lossy(&output.stdout).contains("round trip"));

    // Its weights alone start one that learns at the scale at which they are used.
    let line = "train summer winter --out scaled --g-a run/G_A.safetensors --ndf 4 --load-size 40 \
                --crop-size 32 --zoom 1.2 --steps 1 --steps-decay 0 --warm-up 0 --hold-out 1 \
                --device cpu";
    assert_done(&run(&at, line));
    let config = Config::from_json(&json(at.join("scaled/config.json"))).unwrap();
    assert_eq!(config.preprocess.mode, PreprocessMode::ScaleAndCrop);
    assert_eq!((config.preprocess.load_size, config.preprocess.zoom), (40, 1.2));

    // Its settings and its weights start another one, with the discriminators ahead.
    let again = "--out again --config run/config.json --steps 3 --steps-decay 0 --warm-up 2 \
                 --g-a run/G_A.safetensors --hold-out 1";
    let output = train(&at, again);
    assert_done(&output);
    // What it was given is the bar: scored first, and kept until something is better.
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("start") && text.contains("last"), "{text}");
    let scores = fs::read_to_string(at.join("again/scores.csv")).unwrap();
    let steps: Vec<_> =
        scores.lines().skip(1).map(|row| row.split(',').next().unwrap().to_string()).collect();
    assert_eq!(steps.first().map(String::as_str), Some("0"));
    assert_eq!(steps.last().map(String::as_str), Some("3"));
    let scores = json(at.join("again/scores.json"));
    let best = scores["best"]["step"].as_u64().unwrap();
    let kept = fs::read(at.join("again/best_G_A.safetensors")).unwrap();
    let origin = if best == 0 { "run/G_A.safetensors" } else { "again/G_A.safetensors" };
    if best == 0 || best == 3 {
        assert!(kept == fs::read(at.join(origin)).unwrap(), "the best are those of step {best}");
    }
    assert!(best == 0 || scores["best"]["merit"].as_f64() > scores["start"]["merit"].as_f64());
    let warm: Vec<_> = rows(&at.join("again"))
        .iter()
        .map(|row| row.split(',').nth(3).unwrap().to_string())
        .collect();
    assert_eq!(warm, ["1", "1", "0"]);
    let config = Config::from_json(&json(at.join("again/config.json"))).unwrap();
    assert_eq!((config.seed, config.lambda_identity, config.schedule.flat), (7, 0.25, 3));
    assert_eq!(config.ema, 0.5, "settings from a file say all");
}

#[test]
fn weights_that_were_given_are_averaged_and_the_average_is_written() {
    let at = folder_with_photos("average");
    assert_done(&train(&at, "--out run --steps 1 --steps-decay 0 --hold-out 1"));
    let ema = |out: &str| Config::from_json(&json(at.join(out).join("config.json"))).unwrap().ema;
    assert_eq!(ema("run"), 0.0);
    let tuned = "--steps 10 --polish 0 --warm-up 2 --g-a run/G_A.safetensors --hold-out 1 --out";
    assert_done(&train(&at, &format!("{tuned} tuned")));
    assert_eq!(ema("tuned"), 0.5, "over a tenth of 20 steps");
    let read = |name: &str| weights::read(&fs::read(at.join("tuned").join(name)).unwrap()).unwrap();
    let (written, checkpoint) = (read("G_A.safetensors"), read("checkpoint.safetensors"));
    for (name, tensor) in &written {
        assert_eq!(*tensor, checkpoint[&format!("ema.G_A.{name}")]);
    }
    let first = "model.1.weight";
    assert_ne!(written[first], checkpoint[&format!("G_A.{first}")]);
    assert_done(&train(&at, &format!("{tuned} plain --ema 0")));
    assert_eq!(ema("plain"), 0.0);
}

/// Starts a run, presses Ctrl-C after its first steps and waits for it.
#[cfg(unix)]
fn interrupted(at: &Path, line: &str, out: &str) -> Output {
    let line = format!("train summer winter {TINY} {line} --out {out}");
    let child = command(at, &line).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while rows(&at.join(out)).len() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(120), "no step in two minutes");
        thread::sleep(Duration::from_millis(2));
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    child.wait_with_output().unwrap()
}

#[test]
#[cfg(unix)]
fn a_run_that_was_interrupted_goes_on_to_the_same_bits() {
    let at = folder_with_photos("resume");
    let options = "--steps 60 --steps-decay 60 --save-every 0";
    assert_done(&train(&at, &format!("{options} --out whole")));
    let output = interrupted(&at, options, "parts");
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    assert!(said(&output).contains("--resume"), "{}", said(&output));
    let (whole, parts) = (at.join("whole"), at.join("parts"));
    let done = rows(&parts).len();
    assert!((2..120).contains(&done), "{done} steps");

    // Without --resume what is there is not overwritten.
    let before = fs::read(parts.join("checkpoint.safetensors")).unwrap();
    assert_refused(&train(&at, &format!("{options} --out parts")), "file-not-written");
    assert_eq!(fs::read(parts.join("checkpoint.safetensors")).unwrap(), before);
    // What cannot change on the way is refused as well.
    let other = train(&at, "--out parts --resume --batch-size 2");
    assert_refused(&other, "config-invalid");

    // Half of the last checkpoint is lost, as when the power fails: the one before is taken.
    fs::write(parts.join("checkpoint.safetensors"), &before[..before.len() / 2]).unwrap();
    let resumed = train(&at, &format!("{options} --out parts --resume"));
    assert_done(&resumed);
    assert!(said(&resumed).contains("[checkpoint-damaged]"), "{}", said(&resumed));
    assert_eq!(rows(&parts), rows(&whole));
    for name in ["G_A.safetensors", "G_B.safetensors", "checkpoint.safetensors", "held-out.json"] {
        assert!(
            fs::read(parts.join(name)).unwrap() == fs::read(whole.join(name)).unwrap(),
            "{name}"
        );
    }
    // A run that is over is only scored again.
    assert_done(&train(&at, "--out parts --resume --lr 0.1"));
    assert_eq!(rows(&parts), rows(&whole));
}

/// A run of many photos whose folder is gone before all of them were read.
#[test]
fn a_run_whose_folder_was_unplugged_is_saved_and_goes_on_when_it_is_back() {
    let at = folder("unplugged");
    assert_done(&run(&at, "samples --out . --count 60 --size 48x32"));
    let line = format!(
        "train summer winter {TINY} --out run --epochs 3 --epochs-decay 0 --hold-out 0 \
         --save-every 3600"
    );
    let child = command(&at, &line).stderr(Stdio::piped()).spawn().unwrap();
    let waited = Instant::now();
    while rows(&at.join("run")).len() < 2 {
        assert!(waited.elapsed() < Duration::from_secs(60), "no step was made");
        thread::sleep(Duration::from_millis(2));
    }
    fs::rename(at.join("winter"), at.join("away")).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_refused(&output, "dataset-empty");
    let text = said(&output);
    assert!(text.contains("Saved after step") && text.contains("--resume"), "{text}");
    let done = rows(&at.join("run"));
    assert!((2..180).contains(&done.len()), "{} steps", done.len());
    assert!(text.contains(&format!("step {} in", done.len())), "{text}");

    fs::rename(at.join("away"), at.join("winter")).unwrap();
    assert_done(&run(&at, &format!("{line} --resume")));
    let all = rows(&at.join("run"));
    assert_eq!(all.len(), 180);
    assert_eq!(all[..done.len()], done, "no step was made twice");
}

#[test]
fn a_run_that_does_not_fit_is_refused_before_it_starts() {
    let at = folder_with_photos("too-large");
    let line = "train summer winter --out run --device cpu --crop-size 4096 --load-size 4096 \
                --ngf 256 --ndf 256 --batch-size 64 --steps 4";
    let output = run(&at, line);
    assert_refused(&output, "training-too-large");
    assert!(said(&output).contains("crop_size of"), "{}", said(&output));
    assert!(!at.join("run").exists());
}

/// The first bytes of a PNG that claims to be enormous.
fn bomb() -> Vec<u8> {
    let mut png = Cursor::new(Vec::new());
    RgbImage::new(1, 1).write_to(&mut png, ImageFormat::Png).unwrap();
    let mut png = png.into_inner();
    png[16..24].copy_from_slice(&[0, 0, 60, 0, 0, 0, 60, 0]);
    let crc = png[12..29].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ ((crc & 1) * 0xedb8_8320))
    });
    png[29..33].copy_from_slice(&(!crc).to_be_bytes());
    png
}

#[test]
fn a_folder_is_translated_except_for_what_cannot_be() {
    let at = folder_with_photos("translate");
    assert_done(&train(&at, "--out run --steps 1 --steps-decay 0 --hold-out 0"));
    let photos = at.join("photos");
    fs::create_dir_all(photos.join("deep/er")).unwrap();
    let glass = RgbaImage::from_pixel(21, 10, image::Rgba([10, 20, 30, 0]));
    let white = RgbImage::from_pixel(21, 10, image::Rgb([255; 3]));
    DynamicImage::from(glass).save(photos.join("glass.png")).unwrap();
    DynamicImage::from(white).save(photos.join("glass.webp")).unwrap();
    let grey = DynamicImage::new_luma16(40, 24);
    grey.save(photos.join("deep/er/Ünder 1.png")).unwrap();
    let turned = fs::read("tests/zoo/jpeg/exif_6.jpg").unwrap();
    fs::write(photos.join("turned.JPG"), &turned).unwrap();
    fs::write(photos.join("bomb.png"), bomb()).unwrap();
    fs::write(photos.join("text.jpg"), "no photo").unwrap();
    fs::write(photos.join("cut.jpg"), &turned[..60]).unwrap();
    fs::write(photos.join("notes.txt"), "not asked for").unwrap();
    let weights = "--weights run/G_A.safetensors --device cpu";
    let output =
        run(&at, &format!("translate photos {weights} --out winter-photos --size 20 --margin 4"));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let lines = said(&output);
    for (name, code) in [
        ("bomb.png", "image-too-large"),
        ("text.jpg", "image-unreadable"),
        ("cut.jpg", "image-damaged"),
    ] {
        let told = |line: &str| line.contains(name) && line.contains(&format!("[{code}]"));
        assert!(lines.lines().any(told), "{name}: {lines}");
    }
    assert!(lines.contains("3 of 7 photos"), "{lines}");
    let out = at.join("winter-photos");
    assert_eq!(size(out.join("turned.png")), (14, 20));
    assert_eq!(size(out.join("deep/er/Ünder 1.png")), (20, 12));
    // What is transparent is white; two photos of one name keep apart.
    let [glass, white] = ["glass.png", "glass-2.png"].map(|name| fs::read(out.join(name)).unwrap());
    assert!(glass == white);
    assert!(!out.join("notes.png").exists() && !out.join("bomb.png").exists());

    let all_well = run(&at, &format!("translate photos/turned.JPG summer {weights} --out more"));
    assert_done(&all_well);
    assert_eq!(fs::read_dir(at.join("more")).unwrap().count(), 7);
    assert!(said(&all_well).contains("float32"), "{}", said(&all_well));
    let half = run(&at, &format!("translate summer {weights} --out half --precision float16"));
    assert_refused(&half, "gpu-unsupported");
    let passes = |more: &str| {
        let line = format!("translate photos/turned.JPG {weights} --out {more} --smooth {more}");
        (run(&at, &line), fs::read(at.join(more).join("turned.png")).unwrap_or_default())
    };
    let [one, four, sixteen] = ["1", "4", "16"].map(|more| {
        let (output, picture) = passes(more);
        assert_done(&output);
        picture
    });
    assert!(one != four && four != sixteen && one != sixteen);
    let (output, _) = passes("5");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("[possible values: 1, 4, 16]"), "{}", said(&output));
    let onto_itself = run(&at, &format!("translate summer {weights} --out summer"));
    assert_refused(&onto_itself, "file-not-written");
}

#[test]
fn inspect_tells_weights_from_checkpoints_and_score_judges_them() {
    let at = folder_with_photos("inspect");
    let kind = "--up bilinear --norm instance_affine";
    assert_done(&train(&at, &format!("--out run --steps 2 --steps-decay 0 --hold-out 0 {kind}")));
    let shown = |file: &str| {
        let output = run(&at, &format!("inspect run/{file}"));
        assert_done(&output);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let generator = shown("G_A.safetensors");
    let kind = "ngf 4, 1 block, bilinear upsampling, affine instance norms";
    let line = format!("safetensors\nResNet generator: {kind}");
    assert!(generator.contains(&line), "{generator}");
    assert!(
        generator
            .lines()
            .any(|line| line.starts_with("model.1.weight") && line.contains("4x3x7x7"))
    );
    let checkpoint = shown("checkpoint.safetensors");
    assert!(checkpoint.contains("step 2, epoch 1"), "{checkpoint}");
    assert!(checkpoint.contains("  crop_size: 32\n"), "{checkpoint}");
    assert!(checkpoint.contains("  up: \"bilinear\"\n"), "{checkpoint}");
    let other = "--g-a run/G_A.safetensors --up transpose --out other --steps 1";
    let refused = train(&at, other);
    assert_refused(&refused, "config-invalid");
    assert!(said(&refused).contains("--up is transpose"), "{}", said(&refused));
    let pickled = "polish run/G_A.safetensors --photos summer --out polished.pth";
    assert_refused(&run(&at, pickled), "file-not-written");
    assert_refused(&run(&at, "inspect summer/summer-0001.png"), "weights-not-recognised");

    let both = "--g-a run/G_A.safetensors --g-b run/G_B.safetensors --device cpu \
                --load-size 36 --crop-size 32";
    let output = run(&at, &format!("score summer winter {both}"));
    assert_done(&output);
    assert!(said(&output).contains("3 photos of A"), "{}", said(&output));
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        table.contains("taken for the target") && table.contains("grid of 4 pixels"),
        "{table}"
    );
    let sets = "--train-a summer --train-b winter";
    let scored = |more: &str| {
        let output = run(&at, &format!("score summer winter {both} {sets} {more}"));
        assert_done(&output);
        output.stdout
    };
    assert!(scored("") == scored("--smooth 1") && scored("") != scored("--smooth 4"));
}

#[test]
fn discriminators_are_taken_from_a_checkpoint_or_a_file() {
    let at = folder_with_photos("judges");
    assert_done(&train(&at, "--out run --steps 1 --steps-decay 0 --hold-out 0"));
    let checkpoint = weights::read(&fs::read(at.join("run/checkpoint.safetensors")).unwrap());
    let (_, alone) = weights::discriminator_from(checkpoint.unwrap(), Judge::A).unwrap();
    let bytes = weights::safetensors::write(&alone, &Default::default()).unwrap();
    fs::write(at.join("judge.safetensors"), bytes).unwrap();
    let output = run(&at, "inspect judge.safetensors");
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("discriminator of 70x70 pixels: ndf 4")
    );

    let sizes = "--load-size 36 --crop-size 32 --device cpu --threads 2 --steps 1 --hold-out 0";
    let given = "--g-a run/G_A.safetensors --g-b run/G_B.safetensors --d-a judge.safetensors \
                 --d-b run/checkpoint.safetensors";
    let line = format!("train summer winter {sizes} {given}");
    assert_done(&run(&at, &format!("{line} --out next")));
    assert_eq!(json(at.join("next/config.json"))["ndf"], 4);
    assert!(rows(&at.join("next")).iter().all(|row| row.split(',').nth(3) == Some("0")));
    assert_refused(&run(&at, &format!("{line} --out no --ndf 8")), "config-invalid");
    let wrong = line.replace("judge.safetensors", "run/G_A.safetensors");
    assert_refused(&run(&at, &format!("{wrong} --out no")), "weights-not-discriminator");
}

#[test]
fn a_run_that_is_over_learns_on() {
    let at = folder_with_photos("learn_on");
    let constant = "--steps-decay 0 --hold-out 0";
    assert_done(&train(&at, &format!("--out whole --steps 6 {constant}")));
    let first = format!("--out run --steps 3 {constant}");
    assert_done(&train(&at, &first));
    // The command with which it began asks for no more.
    let again = train(&at, &format!("{first} --resume"));
    assert_done(&again);
    assert!(said(&again).contains("all 3 steps are done"), "{}", said(&again));
    let on = "--out run --steps 6 --hold-out 0 --resume";
    for _ in 0..2 {
        assert_done(&train(&at, on));
        for file in ["checkpoint", "G_A", "G_B"] {
            let read = |run: &str| fs::read(at.join(format!("{run}/{file}.safetensors"))).unwrap();
            assert_eq!(read("run"), read("whole"), "{file}");
        }
        assert_eq!(rows(&at.join("run")), rows(&at.join("whole")));
    }
    assert_refused(&train(&at, &on.replace("--steps 6", "--steps 5")), "config-invalid");
    // Another schedule as a whole, and another rate.
    let other = "--out run --steps 7 --steps-decay 2 --lr 1e-4 --resume";
    assert_done(&train(&at, &format!("{other} --hold-out 0")));
    let rates: Vec<_> = rows(&at.join("run"))[6..]
        .iter()
        .map(|row| row.split(',').nth(2).unwrap().to_owned())
        .collect();
    assert_eq!(rates, ["0.0001", "0.0001", "0.00005"]);
}

#[test]
fn a_run_is_polished_at_its_end() {
    let at = folder_with_photos("polish");
    let done = train(&at, "--out run --steps 2 --steps-decay 1 --polish 3");
    assert_done(&done);
    assert!(said(&done).contains("polishing, step 6/6"), "{}", said(&done));
    let scores = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(scores.contains("unpolished") && scores.contains("polished"), "{scores}");
    let rows = rows(&at.join("run"));
    assert_eq!(rows.len(), 6);
    for (step, row) in rows.iter().enumerate() {
        let numbers: Vec<&str> = row.split(',').skip(4).collect();
        assert_eq!(numbers.len(), 10, "{row}");
        let there = |number: &&str| !number.is_empty();
        let (losses, polish) = numbers.split_at(8);
        assert_eq!(losses.iter().all(there), step < 3, "{row}");
        assert_eq!(polish.iter().all(there), step >= 3, "{row}");
    }
    // Behind weights that are given some steps polish, from scratch none.
    let given = "--out again --hold-out 0 --g-a run/G_A.safetensors --warm-up 2 --steps 10 \
                 --steps-decay 0";
    assert_done(&train(&at, given));
    let config = json(at.join("again/config.json"));
    assert_eq!((&config["polish"], &config["lr"]), (&value!(3), &value!(2e-5)));
    // A run that is over can be polished later.
    assert_done(&train(&at, "--out plain --hold-out 0 --steps 2 --steps-decay 0"));
    assert_eq!(json(at.join("plain/config.json"))["polish"], 0);
    assert_done(&train(&at, "--out plain --resume --polish 2"));
    assert_eq!(json(at.join("plain/config.json"))["polish"], 2);

    let polish = |line: &str| run(&at, &format!("polish {line} --device cpu --threads 2"));
    let weights = "run/G_A.safetensors --photos summer";
    let done = polish(&format!("{weights} --out new/A.safetensors --steps 20 --size 64"));
    assert_done(&done);
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    let grid = |line: &str| -> f32 {
        let row = told.lines().find_map(|row| row.strip_prefix(line));
        row.unwrap_or_else(|| panic!("{line}: {told}")).trim().parse().unwrap()
    };
    assert!(grid("grid after") < grid("grid before"), "{told}");
    let read = |file: &str| weights::read(&fs::read(at.join(file)).unwrap()).unwrap();
    let (before, after) = (read("run/G_A.safetensors"), read("new/A.safetensors"));
    assert!(before != after && before.keys().eq(after.keys()));
    assert_refused(&polish(&format!("{weights} --out run/G_A.safetensors")), "file-not-written");
    assert_refused(&polish(&format!("{weights} --out summer")), "file-not-written");
    fs::create_dir_all(at.join("none")).unwrap();
    let none = polish("run/G_A.safetensors --photos none --out B.safetensors");
    assert_refused(&none, "dataset-empty");
    let checkpoint = polish("run/checkpoint.safetensors --photos summer --out B.safetensors");
    assert_eq!(checkpoint.status.code(), Some(1), "{}", said(&checkpoint));
}

#[test]
fn an_ablation_has_the_five_rows_of_the_paper() {
    let at = folder_with_photos("ablate");
    let line =
        format!("ablate summer winter {TINY} --steps 2 --steps-decay 0 --hold-out 2 --out all");
    let output = run(&at, &line);
    assert_done(&output);
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    let results = json(at.join("all/ablate.json"));
    let names = ["cycle_alone", "gan_alone", "gan_forward", "gan_backward", "full"];
    for (name, row) in names.into_iter().zip(results["rows"].as_array().unwrap()) {
        assert_eq!(row["losses"], name);
        assert!(row["diversity_as_B"].as_f64().unwrap() >= 0.0);
        assert!(table.lines().any(|line| line.starts_with(name)), "{table}");
        assert!(at.join(format!("all/{name}.png")).exists());
        let config = Config::from_json(&json(at.join(format!("all/{name}/config.json")))).unwrap();
        assert_eq!(config.terms.adversarial, name != "cycle_alone");
        assert_eq!(config.lambda_identity, 0.0);
    }
    // All is done, so there is nothing to train again.
    let again = run(&at, &format!("{line} --resume"));
    assert_done(&again);
    assert_eq!(String::from_utf8_lossy(&again.stdout), table);
    assert_eq!(rows(&at.join("all/full")).len(), 2);
}

#[test]
fn what_is_wrong_is_said_with_a_code() {
    let at = folder_with_photos("refused");
    fs::create_dir(at.join("empty")).unwrap();
    fs::write(at.join("none.pth"), "").unwrap();
    fs::write(at.join("typo.json"), r#"{"lamda_A": 10}"#).unwrap();
    let cases = [
        ("train nowhere winter --out run", "file-not-read"),
        ("train summer empty --out run", "dataset-empty"),
        ("train summer winter --out summer", "config-invalid"),
        ("train summer winter --out run --hold-out 6", "config-invalid"),
        ("train summer winter --out run --crop-size 30", "config-invalid"),
        ("train summer winter --out run --config typo.json", "config-invalid"),
        ("train summer winter --out run --g-a none.pth", "weights-empty"),
        ("train summer winter --out run --resume", "file-not-read"),
        ("translate summer --weights none.pth --out run", "weights-empty"),
        ("score summer winter --g-a none.pth --g-b none.pth", "weights-empty"),
        ("inspect nothing.pth", "file-not-read"),
        ("samples --out none.pth", "file-not-written"),
    ];
    for (line, code) in cases {
        assert_refused(&run(&at, line), code);
    }
    assert!(!at.join("run").exists(), "a refused run leaves nothing behind");
    for line in [
        "",
        "trian",
        "train summer",
        "train summer winter --out run --epochs 1 --steps 1",
        "samples --out x --size 8x8",
        "train summer winter --out run --gan-mode best",
    ] {
        let output = run(&at, line);
        assert_eq!(output.status.code(), Some(2), "{line}: {}", said(&output));
    }
}
