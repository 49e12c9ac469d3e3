//! A film. On a graphics card each frame goes from the video through the network to a canvas, and
//! none of its pixels through main memory.

use burn::tensor::Transaction;
use wasm_bindgen::prelude::*;
use web_sys::{ImageBitmap, OffscreenCanvas};

use super::{engine::Engine, photos::photo_of};
use crate::{
    device::read_all,
    error::{Error, Result},
    image,
    model::{MULTIPLE, SMALLEST},
    ops::{self, Canvas, ExternalImageSource, Screen, SurfaceTarget, Texture},
    translate::{Film, Precision},
};

/// Translates frames one after the other.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Live {
    screen: Screen,
    canvas: OffscreenCanvas,
    /// The same, for drawing.
    drawn: Canvas,
    /// The last frame's texture, for frames of the same size.
    frame: Option<Texture>,
    /// Width and height of the canvas.
    shown: (usize, usize),
    /// With the number of its model.
    film: Option<(u64, Film)>,
}

#[wasm_bindgen]
impl Engine {
    /// Prepares for frames. On a graphics card only.
    #[wasm_bindgen(js_name = openLive)]
    pub async fn open_live(&self) -> Result<Live> {
        let none = || Error::Usage("the CPU translates frames as photos".into());
        let card = self.opened.card.clone().ok_or_else(none)?;
        let canvas = OffscreenCanvas::new(1, 1)
            .map_err(|error| Error::GpuUnsupported(format!("{error:?}")))?;
        let screen = Screen::open(card).await?;
        let drawn = Canvas::new(&screen, SurfaceTarget::OffscreenCanvas(canvas.clone()))?;
        Ok(Live { screen, canvas, drawn, frame: None, shown: (0, 0), film: None })
    }
}

#[wasm_bindgen]
impl Engine {
    /// Translates a frame given as `width` x `height` straight-alpha RGBA bytes, which the model sees
    /// at `seen_width` x `seen_height` pixels, multiples of 4. Returns RGBA bytes of the frame's size,
    /// with its detail ([`image::add_change`]).
    #[wasm_bindgen(js_name = translateFrame)]
    pub async fn translate_frame(
        &self,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
        seen_width: usize,
        seen_height: usize,
    ) -> Result<Vec<u8>> {
        let (frame, seen) = (photo_of(rgba, width, height)?, checked(seen_width, seen_height)?);
        Ok(self.translator()?.translate_frame(&frame, seen).await?.to_rgba())
    }
}

#[wasm_bindgen]
impl Live {
    /// Translates a frame with the engine's model, which sees it at `seen_width` x `seen_height`
    /// pixels, multiples of 4. The picture is of `width` x `height` pixels, with the frame's detail
    /// ([`image::add_change`]).
    pub async fn translate(
        &mut self,
        engine: &Engine,
        frame: &ImageBitmap,
        width: usize,
        height: usize,
        seen_width: usize,
        seen_height: usize,
    ) -> Result<ImageBitmap> {
        let seen = checked(seen_width, seen_height)?;
        self.copy(frame);
        if self.shown != (width, height) {
            self.drawn.resize(&self.screen, width as u32, height as u32);
            self.shown = (width, height);
        }
        loop {
            let alike = |(model, film): &(u64, Film)| (*model, film.size()) == (engine.loads, seen);
            let (mut film, is_new) = match self.film.take().filter(alike) {
                Some((_, film)) => (film, false),
                None => (begin(engine, seen)?, true),
            };
            let picture = self.show(&mut film)?;
            let judged = judged(&film, is_new).await;
            if !matches!(judged, Ok(true)) {
                picture.close();
            }
            if !judged? {
                let translator = engine.translator()?;
                if translator.precision() == Precision::Float32 {
                    return Err(Error::OutputNotFinite);
                }
                translator.widen()?;
                continue;
            }
            self.film = Some((engine.loads, film));
            return Ok(picture);
        }
    }
}

/// What a network can see of a frame.
fn checked(width: usize, height: usize) -> Result<(usize, usize)> {
    let fits = |side: usize| side >= SMALLEST && side.is_multiple_of(MULTIPLE);
    if fits(width) && fits(height) {
        Ok((width, height))
    } else {
        Err(Error::Usage(format!("frames of {width} x {height} pixels")))
    }
}

/// Makes room for frames of another size.
fn begin(engine: &Engine, seen: (usize, usize)) -> Result<Film> {
    ops::release(&engine.opened.device);
    engine.translator()?.film(seen)
}

/// Waits for the card, so that frames do not queue up. Returns whether everything fits the precision
/// of the weights. Fails with `output-not-finite` if a model's first frame is no picture: no other will
/// be one.
async fn judged(film: &Film, is_first: bool) -> Result<bool> {
    let mut reading = Transaction::default().register(film.fits().clone());
    if is_first {
        reading = reading.register(film.translated().clone());
    }
    let read = read_all(reading).await?;
    let notes = read.first().map(|notes| notes.try_to_vec::<f32>());
    let fits = notes.is_some_and(|notes| notes.is_ok_and(|notes| notes == [0.0]));
    if let (true, Some(pixels)) = (fits, read.get(1)) {
        let (width, height) = film.size();
        image::from_opaque(pixels.as_bytes(), width, height)?;
    }
    Ok(fits)
}

impl Live {
    /// Copies a frame to a texture of its size.
    fn copy(&mut self, frame: &ImageBitmap) {
        let (width, height) = (frame.width(), frame.height());
        let alike = |texture: &Texture| (texture.width(), texture.height()) == (width, height);
        let texture = self.frame.take().filter(alike);
        let texture = texture.unwrap_or_else(|| self.screen.frame(width, height));
        self.screen.copy(ExternalImageSource::ImageBitmap(frame.clone()), &texture);
        self.frame = Some(texture);
    }

    /// Queues all work on the copied frame; the picture is there when that is done.
    fn show(&self, film: &mut Film) -> Result<ImageBitmap> {
        let Some(frame) = &self.frame else { return Err(Error::Usage("no frame".into())) };
        ops::take(&self.screen, frame, film.seen())?;
        film.translate()?;
        ops::show_on(&self.screen, frame, &film.change(), &self.drawn)?;
        self.canvas.transfer_to_image_bitmap().map_err(|error| Error::refused(format!("{error:?}")))
    }
}
