//! Folders as people have them, through the command line: what is found, what is named, and what
//! is refused.

#![cfg(not(target_family = "wasm"))]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Options of a run that takes seconds.
const TINY: &str = "--ngf 4 --ndf 4 --blocks 1 --load-size 28 --crop-size 24 --pool-size 3 \
                    --steps 4 --steps-decay 0 --preview-every 0 --device cpu --threads 2";

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// An empty folder that outlives the test, to look into when it fails.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("folders").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// Copies files of `tests` into a folder, under other names.
fn fill(folder: &Path, files: &[(&str, &str)]) {
    fs::create_dir_all(folder).unwrap();
    for (from, to) in files {
        fs::copy(tests().join(from), folder.join(to)).unwrap();
    }
}

fn run(at: &Path, line: &str) -> Output {
    let words = line.split_whitespace();
    Command::new(env!("CARGO_BIN_EXE_cyclegan")).current_dir(at).args(words).output().unwrap()
}

fn translate(at: &Path, line: &str) -> Output {
    let weights = tests().join("golden/pth/zip.pth");
    let line = format!("translate {line} --weights {} --size 16 --margin 0", weights.display());
    run(at, &format!("{line} --device cpu --threads 2"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// A line that says all of this.
fn assert_says(output: &Output, words: &[&str]) {
    let said = said(output);
    assert!(said.lines().any(|line| words.iter().all(|w| line.contains(w))), "{words:?}\n{said}");
}

/// Photos without a usual name, and what their translations are called.
const UNNAMED: [(&str, &str, &str); 10] = [
    ("field/pictures/photo", "photo", "photo.png"),
    ("zoo/jpeg/grey.jpg", "tweet.jpg_large", "tweet.png"),
    ("zoo/jpeg/exif_6.jpg", "Bild 2024.05.01", "Bild 2024.05.01.png"),
    ("zoo/jpeg/optimised.jpg", "a.jfif", "a.png"),
    ("zoo/jpeg/rgb.jpg", "b.JPE", "b.png"),
    ("zoo/other/plain.bmp", "c.bmp", "c.png"),
    ("zoo/other/animated.gif", "d.gif", "d.png"),
    ("zoo/webp/lossy.webp", "e.jpg", "e.png"),
    ("zoo/png/rgb_8.png", "f.txt", "f.txt.png"),
    ("field/pictures/scan.tif", "g.tiff", "g.png"),
];

#[test]
fn photos_are_told_by_their_contents_whatever_they_are_called() {
    let at = folder("contents");
    for set in ["a", "b"] {
        fill(&at.join(set), &UNNAMED.map(|(from, name, _)| (from, name)));
    }
    let output = translate(&at, "a --out out");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let expected: BTreeSet<String> = UNNAMED.map(|(.., result)| result.into()).into();
    assert_eq!(names(&at.join("out")), expected);

    let output = run(&at, &format!("train a b {TINY} --out run --hold-out 2"));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_says(&output, &["training on 8 photos of A and 8 of B; held out: 2 of A and 2 of B"]);
    let weights = "--g-a run/G_A.safetensors --g-b run/G_B.safetensors --device cpu";
    let output = run(&at, &format!("score a b {weights} --load-size 28 --crop-size 24"));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_says(&output, &["from 5 photos of A and 5 of B; 5 and 5 are scored"]);
}

/// Files that are no photos that can be opened, and what is said of them.
const LEFT_OUT: [(&str, &str, &str, &str); 8] = [
    ("zoo/tiff/raw_dng.tif", "raw.dng", "a raw photo", "image-unsupported"),
    ("zoo/tiff/raw_dng.tif", "called.jpg", "a raw photo", "image-unsupported"),
    ("zoo/tiff/raw_preview.tif", "not called", "a raw photo", "image-unsupported"),
    ("zoo/other/boxed.jxl", "new.jxl", "JPEG XL", "image-unsupported"),
    ("zoo/other/photo.psd", "layers.psd", "Photoshop", "image-unsupported"),
    ("zoo/other/drawing.svg", "drawing.svg", "SVG", "image-unsupported"),
    ("zoo/other/text.jpg", "text.jpg", "not those", "image-unreadable"),
    ("zoo/other/empty.jpg", "empty.jpg", "empty", "image-empty"),
];

#[test]
fn what_is_left_out_is_named_with_its_kind_and_the_way_on() {
    let at = folder("left-out");
    for set in ["a", "b"] {
        fill(&at.join(set), &[("field/pictures/photo", "one"), ("zoo/jpeg/grey.jpg", "two")]);
    }
    fs::write(at.join("b/IMG_1.HEIC"), b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").unwrap();
    fs::write(at.join("b/IMG_2.avif"), b"\0\0\0\x18ftypavif\0\0\0\0mif1avif").unwrap();
    fs::write(at.join("b/notes.txt"), "no photo").unwrap();
    fs::write(at.join("b/clip.mp4"), b"\0\0\0\x18ftypisom\0\0\0\0mp42").unwrap();
    fs::write(at.join("b/.hidden.jpg"), "no photo").unwrap();
    fill(&at.join("b"), &LEFT_OUT.map(|(from, name, ..)| (from, name)));

    let output = translate(&at, "b --out out");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(names(&at.join("out")), ["one.png", "two.png"].map(String::from).into());
    assert_says(&output, &["10 of 12 photos could not be translated"]);
    for (_, name, kind, code) in LEFT_OUT {
        assert_says(&output, &[name, kind, code]);
    }
    for (name, kind) in [("IMG_1.HEIC", "HEIC"), ("raw.dng", "raw"), ("IMG_2.avif", "AVIF")] {
        assert_says(&output, &[name, kind, "export it as JPEG or PNG", "image-unsupported"]);
    }
    assert_says(&output, &["notes.txt", "clip.mp4", "no pictures"]);
    assert!(!said(&output).contains("hidden"));

    // Beside a set that is filled, too, before anything is trained.
    let output = run(&at, &format!("train a b {TINY} --out run --hold-out 0"));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let told = said(&output);
    for name in ["IMG_1.HEIC", "raw.dng", "new.jxl", "text.jpg", "empty.jpg", "notes.txt"] {
        let at = told.find(name).unwrap_or_else(|| panic!("{name}: {told}"));
        assert!(at < told.find("training on").unwrap(), "{told}");
    }

    // Nothing that can be opened is an error that says what is there instead.
    fill(&at.join("raws"), &[("zoo/tiff/raw_dng.tif", "raw.dng")]);
    for output in
        [translate(&at, "raws --out none"), run(&at, &format!("train raws b {TINY} --out none"))]
    {
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert_says(
            &output,
            &["dataset-empty", "raw.dng", "a raw photo", "export it as JPEG or PNG"],
        );
    }
    let output = translate(&at, "raws/raw.dng --out none");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_says(&output, &["raw.dng", "a raw photo", "image-unsupported"]);
    assert!(!at.join("none").exists());
}

#[test]
fn a_phone_photo_of_64_megapixels_and_files_cut_short_get_what_they_should() {
    let at = folder("field");
    let field = |name| format!("field/pictures/{name}");
    let files = ["64mp_9248x6936.jpg", "no_eoi.jpg", "baseline_60.jpg", "fill_ff_70000.jpg"];
    let files = files.map(|name| (field(name), name));
    fill(&at.join("a"), &files.each_ref().map(|(from, name)| (from.as_str(), *name)));
    fill(&at.join("b"), &[("zoo/jpeg/grey.jpg", "one.jpg")]);
    let output = translate(&at, "a --out out");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_says(&output, &["1 of 4 photos"]);
    assert_says(&output, &["baseline_60.jpg", "cut short", "image-damaged"]);
    assert_eq!(image::image_dimensions(at.join("out/64mp_9248x6936.png")).unwrap(), (16, 12));
    assert!(at.join("out/no_eoi.png").exists() && at.join("out/fill_ff_70000.png").exists());

    let output = run(&at, &format!("train a b {TINY} --out run --hold-out 0"));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_says(&output, &["skipped", "baseline_60.jpg", "image-damaged"]);
    assert!(!said(&output).contains("64mp"), "{}", said(&output));
}

#[test]
#[cfg(unix)]
fn linked_folders_are_followed_once_and_broken_links_are_named() {
    use std::os::unix::fs::symlink;
    let at = folder("links");
    fill(&at.join("a/deep"), &[("zoo/jpeg/grey.jpg", "one.jpg")]);
    fill(&at.join("elsewhere/in"), &[("zoo/jpeg/rgb.jpg", "two.jpg")]);
    symlink("../elsewhere", at.join("a/linked")).unwrap();
    symlink("../elsewhere", at.join("a/linked again")).unwrap();
    symlink("..", at.join("a/deep/up")).unwrap();
    symlink("deep", at.join("a/beside")).unwrap();
    symlink("../../a", at.join("elsewhere/in/back")).unwrap();
    let output = translate(&at, "a --out out");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(names(&at.join("out")), ["deep", "linked"].map(String::from).into());
    assert_says(&output, &["2/2 ", "two.jpg"]);
    // A folder that is a link itself, and leads back to the other.
    assert_eq!(translate(&at, "a/linked --out third").status.code(), Some(0));
    assert_eq!(names(&at.join("third")), ["in"].map(String::from).into());

    symlink("nowhere", at.join("a/broken.jpg")).unwrap();
    symlink("itself", at.join("a/itself")).unwrap();
    let output = translate(&at, "a --out again");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    for name in ["a/broken.jpg", "a/itself"] {
        assert_says(&output, &[name, "file-not-read"]);
    }
    assert_eq!(names(&at.join("again")).len(), 2);
}

#[test]
fn two_sets_are_never_the_same_photos() {
    let at = folder("apart");
    fill(&at.join("root"), &[("zoo/jpeg/grey.jpg", "0.jpg"), ("zoo/jpeg/rgb.jpg", "1.jpg")]);
    fill(&at.join("root/winter"), &[("zoo/jpeg/cmyk.jpg", "2.jpg"), ("zoo/jpeg/ycck.jpg", "3")]);
    let mut pairs = vec![
        ("root", "root"),
        ("root", "./root/../root"),
        ("root", "root/winter"),
        ("root/winter", "root"),
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("root", at.join("same")).unwrap();
        fs::create_dir(at.join("other")).unwrap();
        std::os::unix::fs::symlink("../root/1.jpg", at.join("other/x.jpg")).unwrap();
        pairs.extend([("root", "same"), ("root", "other"), ("other", "same")]);
    }
    for (a, b) in pairs {
        let weights = tests().join("golden/pth/zip.pth");
        let weights = weights.display();
        for line in [
            format!("train {a} {b} {TINY} --out run"),
            format!("ablate {a} {b} {TINY} --out run"),
            format!("score {a} {b} --g-a {weights} --g-b {weights} --train-a root --train-b root"),
        ] {
            let output = run(&at, &line);
            assert_eq!(output.status.code(), Some(1), "{line}: {}", said(&output));
            assert_says(&output, &["error[config-invalid]", "in common"]);
        }
    }
    assert!(!at.join("run").exists(), "a refused run leaves nothing behind");
}

#[test]
fn what_stands_beside_a_photo_is_never_replaced() {
    let at = folder("beside");
    fill(&at, &[("zoo/jpeg/grey.jpg", "a.jpg"), ("zoo/jpeg/rgb.jpg", "b.jpg")]);
    fs::write(at.join("a.png"), "mine").unwrap();
    let output = translate(&at, "a.jpg b.jpg --out .");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(fs::read(at.join("a.png")).unwrap(), b"mine");
    assert!(names(&at).is_superset(&["a-2.png", "b.png"].map(String::from).into()));
}

#[test]
fn a_held_out_photo_that_is_missing_for_a_while_is_not_trained_on_later() {
    let at = folder("held_out");
    fill(&at.join("a"), &[("zoo/jpeg/grey.jpg", "0.jpg"), ("zoo/jpeg/rgb.jpg", "1.jpg")]);
    fill(&at.join("b"), &[("zoo/jpeg/cmyk.jpg", "2.jpg"), ("zoo/jpeg/ycck.jpg", "3.jpg")]);
    let line = format!("train a b {TINY} --out run --hold-out 1");
    let output = run(&at, &line);
    assert!(output.status.success(), "{}", said(&output));
    let note = fs::read(at.join("run/held-out.json")).unwrap();
    let held_out: serde_json::Value = serde_json::from_slice(&note).unwrap();
    let held_out = held_out["A"][0].as_str().unwrap();

    fs::rename(at.join("a").join(held_out), at.join("away")).unwrap();
    let line = format!("train a b {TINY} --out run --resume");
    run(&at, &line);
    fs::rename(at.join("away"), at.join("a").join(held_out)).unwrap();
    assert_eq!(fs::read(at.join("run/held-out.json")).unwrap(), note);
    assert_says(&run(&at, &line), &["training on 1 photos of A", "held out: 1 of A"]);
    let swapped = run(&at, &format!("train b a {TINY} --out run --resume"));
    assert_says(&swapped, &["set A", "is it the right folder?"]);
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_named_and_not_waited_for() {
    let at = folder("endless");
    std::os::unix::fs::symlink("/dev/zero", at.join("zero.jpg")).unwrap();
    assert_says(&translate(&at, "zero.jpg --out out"), &["zero.jpg", "file-not-read"]);
}
