//! Writes one of the painted sample scenes as a PNG: `paint SEASON SEED WIDTH HEIGHT FILE`, where
//! the season is `summer` or `winter`.

#[cfg(target_family = "wasm")]
fn main() {
    // `cargo test` builds examples for every target; this one needs files.
}

#[cfg(not(target_family = "wasm"))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::{env, fs::File};

    use cyclegan_web::samples::{Season, paint};

    let args: Vec<String> = env::args().skip(1).collect();
    let [season, seed, width, height, file] = args.as_slice() else {
        return Err("usage: paint SEASON SEED WIDTH HEIGHT FILE".into());
    };
    let season = match season.as_str() {
        "summer" => Season::Summer,
        "winter" => Season::Winter,
        other => return Err(format!("no season is called {other}").into()),
    };
    let scene = paint(season, seed.parse()?, width.parse()?, height.parse()?);
    let (width, height) = (u32::try_from(scene.width)?, u32::try_from(scene.height)?);
    let mut encoder = png::Encoder::new(File::create(file)?, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(&scene.pixels)?;
    Ok(())
}
