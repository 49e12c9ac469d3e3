//! `cyclegan translate` on many photos: what is done at the same time changes nothing but the time.

#![cfg(not(target_family = "wasm"))]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use image::{DynamicImage, ImageFormat, RgbImage};

/// An empty folder that outlives the test, to look into when it fails.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("batch").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// A folder with as many painted photos, of different sizes, in `photos`.
fn folder_with_photos(name: &str, count: u32) -> PathBuf {
    let at = folder(name);
    fs::create_dir(at.join("photos")).unwrap();
    for index in 0..count {
        let size = (24 + 7 * (index % 5), 20 + 9 * (index % 3));
        let photo = RgbImage::from_fn(size.0, size.1, |x, y| {
            let [x, y] = [x, y].map(|at| (at * (5 + index)) as u8);
            image::Rgb([x, y, x.wrapping_add(y)])
        });
        photo.save(at.join(format!("photos/{index:03}.png"))).unwrap();
    }
    at
}

fn command(at: &Path, line: &str) -> Command {
    let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/pth/zip.pth");
    let line = format!("translate {line} --device cpu --margin 4 --weights {}", weights.display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_cyclegan"));
    command.current_dir(at).args(line.split_whitespace());
    command
}

fn translate(at: &Path, line: &str) -> Output {
    command(at, line).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn assert_ends(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", said(output));
}

/// All files of a folder and those below it, with their contents.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    all
}

/// The photos that were told of, in this order: `4/9 photos/003.png -> …`.
fn told(output: &Output) -> Vec<(usize, String)> {
    let text = said(output);
    let place = |line: &str| {
        let (place, rest) = line.split_once('/')?;
        let (_, rest) = rest.split_once(' ')?;
        let (photo, _) = rest.split_once(" -> ")?;
        Some((place.parse().ok()?, photo.to_string()))
    };
    text.lines().filter_map(place).collect()
}

#[test]
fn results_and_their_order_do_not_depend_on_the_number_of_threads() {
    let at = folder_with_photos("order", 23);
    fs::write(at.join("photos/004a.jpg"), [0xFF, 0xD8, 0xFF, 0xE0]).unwrap();
    fs::write(at.join("photos/011a.png"), "no photo").unwrap();
    let mut expected: Option<(BTreeMap<_, _>, Vec<_>)> = None;
    for threads in [1, 2, 7] {
        let out = format!("out-{threads}");
        let output = translate(&at, &format!("photos --out {out} --threads {threads}"));
        assert_ends(&output, 1);
        assert!(said(&output).contains("2 of 25 photos could not"), "{}", said(&output));
        let told = told(&output);
        assert_eq!(told.len(), 23, "{}", said(&output));
        assert!(told.is_sorted(), "{told:?}");
        let files = files(&at.join(&out));
        let named = |(path, bytes): (PathBuf, _)| (path.file_name().unwrap().to_owned(), bytes);
        let done = (files.into_iter().map(named).collect(), told);
        let expected = expected.get_or_insert_with(|| done.clone());
        assert!(*expected == done, "{threads} threads");
    }
}

#[test]
fn above_1024_pixels_detail_comes_from_the_photo_or_from_the_network() {
    let at = folder("detail");
    let photo = RgbImage::from_fn(1500, 24, |x, y| image::Rgb([x, y, x * y].map(|at| at as u8)));
    photo.save(at.join("wide.png")).unwrap();
    let done = |out: &str, more: &str| {
        assert_ends(&translate(&at, &format!("wide.png --out {out} {more}")), 0);
        image::open(at.join(out).join("wide.png")).unwrap().into_rgb8()
    };
    let [usual, photos, networks] =
        [done("a", ""), done("b", "--detail photo"), done("c", "--detail network")];
    assert!(usual == photos && photos != networks);
    assert_eq!((photos.dimensions(), networks.dimensions()), ((1500, 24), (1500, 24)));
    let [photos, networks] =
        ["photo", "network"].map(|from| done(from, &format!("--size 1024 --detail {from}")));
    assert!(photos == networks, "up to there they are the same");
    assert_eq!(photos.dimensions(), (1024, 16));
}

#[test]
fn photos_whose_translation_is_there_are_passed_over() {
    let at = folder_with_photos("skip", 9);
    let all = |more: &str| translate(&at, &format!("photos --out out {more}"));
    assert_ends(&all(""), 0);
    let whole = files(&at.join("out"));
    let of = |name: &str| at.join("out").join(name);

    fs::remove_file(of("002.png")).unwrap();
    // What a program that was killed has left is no result.
    fs::rename(of("005.png"), of("005.png.tmp")).unwrap();
    // Nor is a name without contents, which a power failure may leave.
    fs::write(of("006.png"), "").unwrap();
    // What is there is not looked into.
    fs::write(of("007.png"), "by hand").unwrap();
    let output = all("--skip-existing");
    assert_ends(&output, 0);
    assert!(said(&output).contains("6 of 9 photos are passed over"), "{}", said(&output));
    let photos: Vec<_> = told(&output).into_iter().map(|(_, photo)| photo).collect();
    assert_eq!(photos, ["photos/002.png", "photos/005.png", "photos/006.png"]);
    assert_eq!(fs::read(of("007.png")).unwrap(), b"by hand");
    fs::write(of("007.png"), &whole[&of("007.png")]).unwrap();
    assert!(files(&at.join("out")) == whole);

    // Once more there is nothing to do, and without the option all is done again.
    let output = all("--skip-existing");
    assert_ends(&output, 0);
    assert!(told(&output).is_empty());
    assert!(said(&output).contains("9 of 9 photos are passed over"), "{}", said(&output));
    assert_eq!(told(&all("")).len(), 9);

    // Another kind of file is another result.
    let output = all("--skip-existing --format webp");
    assert!(said(&output).contains("0 of 9 photos are passed over"), "{}", said(&output));
    assert_eq!(told(&output).len(), 9);

    // One that cannot be translated is tried, and named, each time.
    fs::write(at.join("photos/008a.jpg"), [0xFF, 0xD8, 0xFF, 0xE0]).unwrap();
    for _ in 0..2 {
        let output = all("--skip-existing");
        assert_ends(&output, 1);
        assert!(said(&output).contains("9 of 10 photos are passed over"), "{}", said(&output));
        assert!(said(&output).contains("[image-damaged]"), "{}", said(&output));
    }

    // Beside the photos, too, nothing is done twice.
    let beside = |more: &str| translate(&at.join("photos"), &format!("000.png --out . {more}"));
    assert_ends(&beside("--format jpeg --skip-existing"), 0);
    assert!(told(&beside("--format jpeg --skip-existing")).is_empty());
    assert!(at.join("photos/000.jpg").exists() && !at.join("photos/000-2.jpg").exists());
}

#[test]
fn translations_are_written_in_the_format_that_is_asked_for() {
    let at = folder_with_photos("formats", 2);
    let made = |more: &str, out: &str| {
        assert_ends(&translate(&at, &format!("photos --out {out} {more}")), 0);
        files(&at.join(out))
    };
    let pixels = |bytes: &[u8], format| {
        image::load_from_memory_with_format(bytes, format).map(DynamicImage::into_rgb8).unwrap()
    };
    let png = made("", "png");
    assert!(png.keys().all(|path| path.extension().unwrap() == "png"));
    let webp = made("--format webp", "webp");
    for ((_, png), (path, webp)) in png.iter().zip(&webp) {
        assert_eq!(path.extension().unwrap(), "webp");
        assert!(pixels(png, ImageFormat::Png) == pixels(webp, ImageFormat::WebP));
        assert_eq!(&webp[12..16], b"VP8L", "nothing but pixels");
    }
    let [fine, coarse] =
        [95, 20].map(|n| made(&format!("--format jpeg --quality {n}"), &n.to_string()));
    for ((_, png), (path, jpeg)) in png.iter().zip(&fine) {
        assert_eq!(path.extension().unwrap(), "jpg");
        let markers: Vec<_> =
            jpeg.windows(2).filter(|pair| pair[0] == 0xFF).map(|pair| pair[1]).collect();
        assert!(!markers.contains(&0xE1) && !markers.contains(&0xE2), "no EXIF and no profile");
        let (png, jpeg) = (pixels(png, ImageFormat::Png), pixels(jpeg, ImageFormat::Jpeg));
        let off = png.iter().zip(jpeg.iter()).map(|(a, b)| f64::from(a.abs_diff(*b)));
        let mean = off.sum::<f64>() / png.len() as f64;
        assert!(mean < 6.0, "{mean} levels off");
    }
    let bytes = |files: &BTreeMap<PathBuf, Vec<u8>>| files.values().map(Vec::len).sum::<usize>();
    assert!(bytes(&coarse) < bytes(&fine));
    assert!(made("--format jpeg", "default").values().eq(fine.values()));
    for wrong in ["--format gif", "--quality 0", "--quality 101"] {
        assert_ends(&translate(&at, &format!("photos --out none {wrong}")), 2);
    }

    // A photo of each format keeps its own translation.
    let one = RgbImage::from_pixel(8, 8, image::Rgb([200, 10, 10]));
    for ending in ["png", "webp", "bmp"] {
        one.save(at.join(format!("photos/000.{ending}"))).unwrap();
    }
    let names: Vec<_> = made("--format jpeg", "same-names").into_keys().collect();
    let names: Vec<_> = names.iter().map(|path| path.file_name().unwrap()).collect();
    assert_eq!(names, ["000-2.jpg", "000-3.jpg", "000.jpg", "001.jpg"]);
}

#[test]
#[cfg(unix)]
fn a_run_that_was_interrupted_has_whole_results_and_goes_on_with_what_is_left() {
    let at = folder_with_photos("interrupted", 400);
    assert_ends(&translate(&at, "photos --out whole"), 0);
    let whole = files(&at.join("whole"));
    let mut child = command(&at, "photos --out out --threads 2");
    let child = child.stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while files(&at.join("out")).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing was written");
        thread::sleep(Duration::from_millis(2));
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_ends(&output, 130);
    let there = files(&at.join("out"));
    let counted = format!("Stopped after {} of 400 photos.", there.len());
    assert!(said(&output).contains(&counted), "{}", said(&output));
    assert!(there.len() < 400, "{counted}");
    let told = told(&output);
    assert!(told.is_sorted() && told.len() == there.len(), "{}", said(&output));
    let in_whole = |path: &PathBuf| at.join("whole").join(path.file_name().unwrap());
    assert!(there.iter().all(|(path, bytes)| whole.get(&in_whole(path)) == Some(bytes)));

    let output = translate(&at, "photos --out out --skip-existing");
    assert_ends(&output, 0);
    let rest = files(&at.join("out"));
    assert_eq!(rest.len(), 400);
    assert!(rest.iter().all(|(path, bytes)| whole.get(&in_whole(path)) == Some(bytes)));
}
