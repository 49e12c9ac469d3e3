//! How a run proceeds, step by step: photos read, numbers drawn, networks updated, losses read.

use burn::tensor::Tensor;
use web_time::Instant;

use super::{
    finite::{Weights, check},
    polishing::Polishing,
    report::{DISTANCE_NAMES, Distances, Losses, StepReport},
    trainer::Trainer,
};
use crate::{
    device::is_cpu,
    error::{Error, Result},
    model::{Discriminator, Readback},
    random::Random,
    train::{
        data::{Batch, Domain, Skipped, Source},
        image_pool::Draw,
        networks::{Draws, Rates, upload},
        polish::{self, Polish},
    },
};

/// A step, and its losses by name, still on the device.
pub(super) type Step = (StepReport, Vec<(&'static str, Tensor<1>)>);

impl<S: Source> Trainer<S> {
    /// Does `n` steps, or as many as are left. All losses are read back in one transaction; on the
    /// CPU, where reading is free, after each step. If a step fails, the reports of those before it
    /// are returned, and the next call returns the error. Fails with `training-not-finite` at the
    /// first step with a loss or a weight that is not finite, and `gpu-lost`, `gpu-refused` and
    /// `out-of-memory`, after which a step may be incomplete: the trainer is then useless, and the
    /// run continues from its last checkpoint. After any other error the trainer is unchanged, can
    /// be saved, and can continue: `dataset-empty` while no photo of a set can be read,
    /// `engine-usage` for pictures that do not fit the networks.
    pub async fn train_steps(&mut self, n: usize) -> Result<Vec<StepReport>> {
        if let Some(ended) = &self.ended {
            return Err(ended.clone());
        }
        let at_once = if is_cpu(&self.device) { 1 } else { n };
        let mut reports = Vec::new();
        while reports.len() < n && !self.is_over() {
            match self.together(at_once.min(n - reports.len())).await {
                Ok(some) => reports.extend(some),
                Err(error) if ends_a_run(&error) => {
                    self.ended = Some(error.clone());
                    return Err(error);
                }
                Err(error) if reports.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(reports)
    }

    /// Steps that are read back together.
    async fn together(&mut self, n: usize) -> Result<Vec<StepReport>> {
        let started = Instant::now();
        let (mut reports, mut readback) = (Vec::new(), Readback::default());
        for index in 0..n {
            if self.is_over() {
                break;
            }
            let (report, losses) = match self.one() {
                Ok(done) => done,
                // The steps before it are still valid.
                Err(error) if index > 0 && !ends_a_run(&error) => break,
                Err(error) => return Err(error),
            };
            reports.push(report);
            for (name, loss) in losses {
                readback.tensor(format!("{index}.{name}"), loss);
            }
        }
        let weights = Weights::check(&self.gan, self.polishing.as_ref(), &mut readback);
        let state = readback.read().await?;
        let seconds = started.elapsed().as_secs_f64() / reports.len().max(1) as f64;
        for (index, report) in reports.iter_mut().enumerate() {
            report.seconds = seconds;
            let prefix = format!("{index}.");
            report.losses = Losses::from_state(&prefix, &state);
            report.distances = report.polishing.then(|| Distances::from_state(&prefix, &state));
        }
        check(&reports, weights.wrong(&state))?;
        for distances in reports.iter().filter_map(|report| report.distances.as_ref()) {
            self.polishing.iter_mut().for_each(|polishing| polishing.note(distances));
        }
        Ok(reports)
    }

    /// One step, its losses still on the device. A step that fails has not happened.
    fn one(&mut self) -> Result<Step> {
        let (step, images, chance) = (self.step, self.images, self.chance.state());
        let place = self.dataset.state();
        let done = if self.is_trained() { self.polish() } else { self.learn() };
        if done.is_err() {
            (self.step, self.images, self.chance) = (step, images, Random::from_state(chance));
            self.dataset.restore(&place)?;
        }
        done
    }

    /// A step of CycleGAN, on one batch.
    fn learn(&mut self) -> Result<Step> {
        let batch = self.dataset.next_batch(self.config.batch_size)?;
        let count = batch.pairs.len();
        for side in [&batch.a, &batch.b].iter().flat_map(|tensor| tensor.shape.iter().skip(2)) {
            Discriminator::answers(*side, self.config.discriminator_padding)?;
        }
        // A run that continues after polishing is polished again.
        self.polishing = None;
        self.step += 1;
        self.images += count as u64;
        let Batch { a, b, epoch, skipped, .. } = batch;
        let size = self.config.pool_size;
        let mut draw = || (0..count).map(|_| Draw::new(size, &mut self.chance)).collect();
        // Draws in the order of the fields, which is PyTorch's.
        let mut draws = Draws { b: draw(), a: draw(), ..Draws::default() };
        let policy = self.config.augment;
        if !policy.is_none() {
            draws.augmentations = Some([0; 2].map(|_| policy.draw(count, &mut self.chance)));
        }
        let multiplier = self.config.schedule.multiplier(epoch, self.step);
        let learning_rate = self.config.adam.learning_rate * multiplier;
        let warming_up = self.step <= self.warm_up;
        let generator_rate = learning_rate * self.risen();
        let (gan, config, device) = (&mut self.gan, &self.config, &self.device);
        let [a, b] = [a, b].map(|real| upload(real, device));
        let losses = if warming_up {
            gan.warm_up(&a, &b, &draws, learning_rate, config, &mut self.repeater)?
        } else {
            let rates = Rates { generators: generator_rate, discriminators: learning_rate };
            gan.step(&a, &b, &draws, rates, config, &mut self.repeater)?
        };
        let report = self.report(epoch, skipped, [learning_rate, generator_rate]);
        Ok((StepReport { warming_up, ..report }, losses.named().collect()))
    }

    /// The generators' share of the learning rate in this step: 0 in the warm-up, then rising to 1.
    fn risen(&self) -> f64 {
        let behind = self.step.saturating_sub(self.warm_up);
        (behind as f64 / self.ramp.max(1) as f64).min(1.0)
    }

    /// A step of polishing, on one photo of each set.
    fn polish(&mut self) -> Result<Step> {
        let total = self.config.polish;
        let Batch { a, b, epoch, skipped, .. } = self.dataset.next_pair(polish::picture)?;
        self.step += 1;
        self.images += 1;
        let mut polishing = self.polishing.take().unwrap_or_else(|| {
            // Training's recordings would hold on to their memory.
            self.repeater.forget();
            let teachers = [Domain::A, Domain::B].map(|domain| self.unpolished(domain));
            let mut polishing = Polishing::new(teachers, &self.device);
            if self.plainly {
                polishing.both.iter_mut().for_each(Polish::never_repeat);
            }
            polishing
        });
        let done = polishing.step([a, b].map(|real| upload(real, &self.device)), total);
        let rate = polish::rate(polishing.steps, total);
        self.polishing = Some(polishing);
        let distances = DISTANCE_NAMES.into_iter().zip(done?).collect();
        let report = self.report(epoch, skipped, [rate; 2]);
        Ok((StepReport { polishing: true, ..report }, distances))
    }

    /// The report of a step before its losses are read. `rates` are the schedule's and the
    /// generators'.
    fn report(&self, epoch: u64, skipped: Vec<Skipped>, rates: [f64; 2]) -> StepReport {
        let [learning_rate, generator_rate] = rates;
        StepReport {
            step: self.step,
            epoch,
            learning_rate,
            generator_rate,
            warming_up: false,
            polishing: false,
            losses: Losses::default(),
            distances: None,
            seconds: 0.0,
            images: self.images,
            skipped,
        }
    }
}

/// Whether this error leaves nothing usable: NaN weights, a lost device, or an incomplete step.
fn ends_a_run(error: &Error) -> bool {
    use Error::{GpuLost, GpuRefused, OutOfMemory, TrainingNotFinite};
    matches!(error, TrainingNotFinite(_) | GpuLost(_) | GpuRefused(_) | OutOfMemory(_))
}
