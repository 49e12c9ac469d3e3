//! Photos are read, translated and written at the same time, each step on threads of its own, so
//! that none waits for another. What waits between two steps is bounded.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread;

use cyclegan_web::{
    error::Result,
    image::{MAX_PIXELS, Rgb},
    translate::{Manner, Plan, Translated, Translator},
};
use pollster::block_on;

use super::{
    jobs::Job,
    pools::Pools,
    room::{Room, Share, locked},
};
use crate::native::{
    files::{self, decode, encode::Format},
    interrupt,
};

/// Pixels that decoded photos may have for each that is translated at a time, and at least as many
/// as one photo may have.
const PIXELS: usize = 16_000_000;

/// How photos are translated and written.
pub struct Pipeline {
    pub manner: Manner,
    pub format: Format,
    /// JPEG's.
    pub quality: u8,
    /// Threads that read, and as many that write.
    pub beside: usize,
    /// The processor's threads; `None` if a graphics card computes.
    pub pools: Option<Pools>,
    /// Bytes that the network takes for a pixel, and that it takes at most.
    pub bytes: u64,
    pub most: u64,
}

/// The sizes of a translation, or why there is none.
pub type Outcome = Result<Plan>;

/// Something of a photo on its way, with the photo's index.
type Sent<T> = (usize, T);

/// What all threads see of a run.
struct Run<'a> {
    how: &'a Pipeline,
    jobs: &'a [Job],
    /// The index of the next photo to read.
    next: AtomicUsize,
    /// How many photos are not yet translated.
    left: AtomicUsize,
    /// Pixels of decoded photos.
    pixels: Room,
}

impl Pipeline {
    /// Does all jobs, each of `translators` one photo at a time, and calls `tell` with the outcomes
    /// in the order of the jobs. After Ctrl-C photos that are being translated are finished, and
    /// those that were not begun have no outcome.
    pub fn run(
        &self,
        jobs: &[Job],
        translators: &mut [Translator],
        mut tell: impl FnMut(usize, Outcome),
    ) {
        let pixels = MAX_PIXELS.max(translators.len() * PIXELS);
        let (next, left) = (AtomicUsize::new(0), AtomicUsize::new(jobs.len()));
        let run = Run { how: self, jobs, next, left, pixels: Room::new(pixels as u64) };
        let run = &run;
        let (to_translate, photos) = mpsc::sync_channel(1);
        let (to_write, pictures) = mpsc::sync_channel(1);
        let (done, outcomes) = mpsc::channel();
        // Owned by those who receive, so that sending fails when none of them is left.
        let (photos, pictures) = (Arc::new(Mutex::new(photos)), Arc::new(Mutex::new(pictures)));
        thread::scope(|scope| {
            for _ in 0..self.beside {
                let (to, failed, done) = (to_translate.clone(), done.clone(), done.clone());
                scope.spawn(move || run.read(&to, &failed));
                let pictures = Arc::clone(&pictures);
                scope.spawn(move || run.write(&pictures, &done));
            }
            for translator in translators {
                let (to, failed, photos) = (to_write.clone(), done.clone(), Arc::clone(&photos));
                scope.spawn(move || run.translate(translator, &photos, &to, &failed));
            }
            // A channel ends with its last sender.
            drop((to_translate, to_write, done, photos, pictures));
            in_order(&outcomes, &mut tell);
        });
    }
}

/// Passes outcomes on in the order of their indices. Missing ones hold up others only as long as
/// they may still come.
fn in_order(outcomes: &Receiver<Sent<Outcome>>, tell: &mut impl FnMut(usize, Outcome)) {
    let (mut early, mut next) = (BTreeMap::new(), 0);
    for (index, outcome) in outcomes {
        early.insert(index, outcome);
        while let Some(outcome) = early.remove(&next) {
            tell(next, outcome);
            next += 1;
        }
    }
    early.into_iter().for_each(|(index, outcome)| tell(index, outcome));
}

// Sending fails only when the other side has panicked, which ends the run anyway.
impl Run<'_> {
    fn read<'a>(&'a self, to: &SyncSender<Sent<(Rgb, Share<'a>)>>, failed: &Sender<Sent<Outcome>>) {
        while !interrupt::asked() {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = self.jobs.get(index) else { return };
            match decode::read(&job.photo) {
                Ok(photo) => {
                    let share = self.pixels.take((photo.width * photo.height) as u64);
                    let _ = to.send((index, (photo, share)));
                }
                Err(error) => {
                    self.left.fetch_sub(1, Ordering::Relaxed);
                    let _ = failed.send((index, Err(error)));
                }
            }
        }
    }

    fn translate(
        &self,
        translator: &mut Translator,
        photos: &Mutex<Receiver<Sent<(Rgb, Share<'_>)>>>,
        to: &SyncSender<Sent<Translated>>,
        failed: &Sender<Sent<Outcome>>,
    ) {
        while let Some((index, (photo, _share))) = received(photos) {
            if interrupt::asked() {
                continue;
            }
            let translated = match &self.how.pools {
                Some(pools) => {
                    let bytes = self.how.bytes_for(translator, &photo);
                    let left = self.left.load(Ordering::Relaxed);
                    pools.run(bytes, left, || self.how.translated(translator, &photo))
                }
                None => self.how.translated(translator, &photo),
            };
            self.left.fetch_sub(1, Ordering::Relaxed);
            let _ = match translated {
                Ok(translated) => to.send((index, translated)).is_ok(),
                Err(error) => failed.send((index, Err(error))).is_ok(),
            };
        }
    }

    fn write(&self, pictures: &Mutex<Receiver<Sent<Translated>>>, done: &Sender<Sent<Outcome>>) {
        while let Some((index, Translated { after, plan, .. })) = received(pictures) {
            let Some(job) = self.jobs.get(index) else { continue };
            let written = self.how.format.encode(&after, self.how.quality);
            let written = written.and_then(|bytes| files::write(&job.result, &bytes));
            let _ = done.send((index, written.map(|()| plan)));
        }
    }
}

impl Pipeline {
    fn translated(&self, translator: &mut Translator, photo: &Rgb) -> Result<Translated> {
        block_on(translator.translate(photo, &self.manner, &|_| ()))
    }

    /// Bytes that a translation takes: the network, and the photo and its two pictures.
    fn bytes_for(&self, translator: &Translator, photo: &Rgb) -> u64 {
        let plan = translator.plan((photo.width, photo.height), &self.manner);
        let side = |side: usize| (side + 2 * self.manner.margin) as u64;
        let network = side(plan.seen_width) * side(plan.seen_height) * self.bytes;
        let pictures = photo.pixels.len() + 2 * 3 * plan.width * plan.height;
        network.min(self.most) + pictures as u64
    }
}

/// The next that arrives for any of several threads; `None` when there will be none.
fn received<T>(from: &Mutex<Receiver<T>>) -> Option<T> {
    locked(from).recv().ok()
}
