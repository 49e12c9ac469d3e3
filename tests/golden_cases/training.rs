//! Gradients, losses and whole training runs, as PyTorch computed them.

use std::collections::{BTreeMap, BTreeSet};

use burn::tensor::{Device, Tensor, TensorData};
use cyclegan_web::{
    model::{Discriminator, Generator, Network, Readback},
    ops::takes_winograd,
    random::Random,
    train::{
        Config, CycleGan, Draw, Draws, GanLoss, ImagePool, Learner, Repeater, learner::Sum, losses,
    },
    weights::{self, HostTensor, Layer, StateDict},
};
use serde_json::Value;

use super::{difference, golden, recognised, take_prefixed};

/// Largest difference of a gradient, relative to the largest entry of its tensor.
pub const GRADIENT: f32 = 1e-3;
/// Starts that differ from the golden one in the last places, of which one may be PyTorch's.
const STARTS: u64 = 8;
/// Steps behind which a graphics card repeats recorded ones: two of the same kind, and some that may
/// be recorded.
const RECORDED: usize = 5;

/// How far a run may be from PyTorch's.
#[derive(Clone, Copy)]
struct Bounds {
    /// Relative difference of a loss at any step.
    loss: f32,
    /// A tensor's difference behind it, relative to how far PyTorch's weights, or their average,
    /// have travelled, both as root mean squares.
    travel: f64,
    /// Whether all that a network's normalisations have learnt is compared as one tensor. Adam moves
    /// every element by about its rate, however small the gradient: in a tensor of 32 a single one
    /// whose gradient is within rounding may be a third of the way.
    pools_norms: bool,
}

/// Runs that are PyTorch's keep far within these: 2e-5 and 0.006 on the CPU.
const SAME: Bounds = Bounds { loss: 1e-3, travel: 0.02, pools_norms: false };
/// Those with affine norms in wasm, which sums in another order: there none of the first starts keeps
/// within 0.02 in all tensors, each of the nine has one that is 0.03 to 0.07 off.
const AFFINE: Bounds = Bounds { travel: 0.1, pools_norms: true, ..SAME };
/// What may come of rounding when some values fall on the other side of a ReLU: on the CPU 0.005 and
/// 0.14 from starts that differ in the last places, with Winograd's filtering 0.006 and 0.14.
const NEAR: Bounds = Bounds { loss: 0.01, travel: 0.2, pools_norms: true };

fn upload<const D: usize>(tensor: &HostTensor, device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(tensor.data.clone(), tensor.shape.clone()), device)
}

async fn download<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data_async().await.unwrap().try_to_vec::<f32>().unwrap()
}

/// Largest difference relative to the largest wanted value.
fn relative(found: &[f32], wanted: &[f32]) -> f32 {
    let largest = wanted.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    difference(found, wanted) / largest.max(f32::MIN_POSITIVE)
}

/// A golden network with everything that belongs to it.
pub struct NetworkCase {
    pub name: String,
    state: StateDict,
}

/// The golden files that begin with one of `kinds`, the smallest first.
pub fn networks(kinds: &[&str]) -> Vec<NetworkCase> {
    let files = golden().into_iter();
    let mut files: Vec<_> = files
        .filter(|(name, _)| kinds.iter().any(|kind| name.starts_with(kind)))
        .filter(|(name, _)| name.ends_with(".safetensors"))
        .collect();
    files.sort_by_key(|(_, bytes)| bytes.len());
    assert!(!files.is_empty(), "no golden {kinds:?}");
    let case = |(name, bytes): (String, Vec<u8>)| {
        let state = weights::read(&bytes).expect(&name);
        NetworkCase { name, state }
    };
    files.into_iter().map(case).collect()
}

impl NetworkCase {
    /// Multiplications, roughly: to leave the slow ones out where everything is slow.
    pub fn work(&self) -> u64 {
        let weights = take_prefixed(&mut self.state.clone(), "weight.");
        let parameters: usize = weights.values().map(|tensor| tensor.data.len()).sum();
        parameters as u64
            * self.state["input"].shape.iter().map(|side| *side as u64).product::<u64>()
    }

    /// Runs a generator forward and back.
    pub async fn check_generator(&self, device: &Device) {
        self.check(async |case| {
            let state = take_prefixed(&mut case.state.clone(), "weight.");
            let (architecture, state) = recognised(&case.name, &state);
            let network = Generator::from_state(architecture, state, device).unwrap();
            case.compare(network, Generator::forward, device).await
        })
        .await;
    }

    /// Runs a discriminator forward and back.
    pub async fn check_discriminator(&self, device: &Device) {
        let [.., height, width] = self.state["input"].shape[..] else { panic!("no picture") };
        let [.., rows, columns] = self.state["output"].shape[..] else { panic!("no answers") };
        assert_eq!(Discriminator::answers(height, 1).unwrap(), rows);
        assert_eq!(Discriminator::answers(width, 1).unwrap(), columns);
        self.check(async |case| {
            let state = take_prefixed(&mut case.state.clone(), "weight.");
            let ndf = state["model.0.bias"].data.len();
            let network = Discriminator::from_state(ndf, 1, state, device).unwrap();
            case.compare(network, Discriminator::forward, device).await
        })
        .await;
    }

    /// As in [`check_run`], a value within float32's noise of zero in front of a ReLU decides over
    /// gradients: they may be PyTorch's from weights that differ in the last place.
    async fn check(&self, compare: impl AsyncFn(&Self) -> Result<(), String>) {
        first_of_starts(&self.name, async |start| {
            let mut state = self.state.clone();
            nudge(&mut state, "weight.", start);
            compare(&Self { name: self.name.clone(), state }).await
        })
        .await;
    }

    async fn compare<N: Network>(
        &self,
        network: N,
        forward: impl Fn(&N, Tensor<4>) -> Tensor<4>,
        device: &Device,
    ) -> Result<(), String> {
        let name = &self.name;
        let learning = network.learning();
        let input = upload::<4>(&self.state["input"], device).autodiff().require_grad();
        let output = forward(&learning, input.clone());
        let found = download(output.clone().inner()).await;
        let off = difference(&found, &self.state["output"].data);
        assert!(off <= super::FORWARD, "{name}: output {off}");

        let coefficients = upload::<4>(&self.state["coef"], device).autodiff();
        let mut gradients = (output * coefficients).sum().backward();
        let off = relative(
            &download(input.grad_remove(&mut gradients).unwrap()).await,
            &self.state["grad.input"].data,
        );
        let within = |off: f32, what: &str| {
            let fits = off <= GRADIENT;
            fits.then_some(()).ok_or_else(|| format!("{name}: gradient of {what} {off}"))
        };
        within(off, "the input")?;
        let mut sum = Sum::default();
        sum.add(&learning, &mut gradients);
        let (mut readback, mut idle) = (Readback::default(), Vec::new());
        for parameter in self.state.keys().filter_map(|key| key.strip_prefix("grad.model")) {
            let parameter = format!("model{parameter}");
            match sum.get(&parameter) {
                Some(gradient) => readback.tensor(parameter, gradient.clone()),
                None => idle.push(parameter),
            }
        }
        let found = readback.read().await.unwrap();
        let wanted = |parameter: &str| &self.state[&format!("grad.{parameter}")].data;
        let most =
            |values: &[f32]| values.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        let largest = found.keys().map(|parameter| most(wanted(parameter))).fold(0.0, f32::max);
        for parameter in idle {
            // A bias in front of a normalisation changes nothing: its gradient is rounding noise.
            let own = most(wanted(&parameter));
            assert!(parameter.ends_with(".bias") && own < 1e-4 * largest, "{name}: {parameter}");
        }
        for (parameter, gradient) in found {
            let wanted = wanted(&parameter);
            within(difference(&gradient.data, wanted) / most(wanted), &parameter)?;
        }
        Ok(())
    }
}

/// Tries the golden start, and then a few that differ from it in the last places, until one is
/// PyTorch's; says which, and why not those before.
async fn first_of_starts(name: &str, compare: impl AsyncFn(u64) -> Result<(), String>) {
    let mut wrong = Vec::new();
    for start in 0..=STARTS {
        match compare(start).await {
            Ok(()) => return say(&format!("{name}: PyTorch's from start {start} {wrong:?}")),
            Err(reason) => wrong.push(format!("start {start}: {reason}")),
        }
    }
    panic!("{name} is PyTorch's from none of the first starts:\n{}", wrong.join("\n"));
}

/// Prints a line, in the browser too.
fn say(line: &str) {
    #[cfg(target_family = "wasm")]
    wasm_bindgen_test::console_log!("{line}");
    #[cfg(not(target_family = "wasm"))]
    println!("{line}");
}

/// Moves the tensors whose names begin with `prefix` by up to eight units in the last place; start 0
/// is the golden one.
fn nudge(state: &mut StateDict, prefix: &str, start: u64) {
    let Some(seed) = start.checked_sub(1) else { return };
    let mut random = Random::new(seed);
    let tensors = state.iter_mut().filter(|(name, _)| name.starts_with(prefix));
    for value in tensors.flat_map(|(_, tensor)| &mut tensor.data) {
        *value *= 1.0 + (2.0 * random.uniform() as f32 - 1.0) * 8.0 * f32::EPSILON;
    }
}

/// Every loss and its gradient.
pub async fn check_losses(device: &Device) {
    let files = golden();
    let (_, bytes) = files.iter().find(|(name, _)| name == "losses.safetensors").unwrap();
    let state = weights::read(bytes).unwrap();
    let kinds = [("lsgan", GanLoss::LeastSquares), ("vanilla", GanLoss::NegativeLogLikelihood)];
    let mut cases = vec![("l1".to_string(), "a", None)];
    for (name, kind) in kinds {
        cases.push((format!("{name}_real"), "prediction", Some((kind, true))));
        cases.push((format!("{name}_fake"), "prediction", Some((kind, false))));
    }
    for (name, input, kind) in cases {
        let x = upload::<4>(&state[input], device).autodiff().require_grad();
        let loss = match kind {
            Some((kind, real)) => losses::gan(x.clone(), real, kind, 1.0),
            None => losses::l1(x.clone(), upload::<4>(&state["b"], device).autodiff(), 1.0),
        };
        let off =
            relative(&download(loss.clone().inner()).await, &state[&format!("{name}.value")].data);
        assert!(off <= 1e-5, "{name}: {off}");
        let gradient = x.grad(&loss.backward()).unwrap();
        let off = relative(&download(gradient).await, &state[&format!("{name}.grad")].data);
        assert!(off <= 1e-5, "{name}: gradient {off}");
    }
}

/// The names of the golden runs.
pub fn runs() -> Vec<String> {
    let names = golden().into_iter().map(|(name, _)| name);
    let names: Vec<_> = names
        .filter_map(|name| Some(name.strip_suffix(".json")?.to_string()))
        .filter(|name| name.starts_with("train_") || name.starts_with("more_"))
        .collect();
    assert!(names.iter().any(|name| name.starts_with("train_")), "no golden runs");
    names
}

/// The losses of each step by name, and the final weights.
type Outcome = (Vec<BTreeMap<&'static str, f32>>, StateDict);

/// A golden run, read.
struct Run {
    name: String,
    description: Value,
    state: StateDict,
    config: Config,
}

impl Run {
    fn read(name: &str) -> Self {
        let files = golden();
        let file = |ending: &str| {
            &files.iter().find(|(file, _)| *file == format!("{name}.{ending}")).unwrap().1
        };
        let description: Value = serde_json::from_slice(file("json")).unwrap();
        let state = weights::read(file("safetensors")).unwrap();
        let mut config = description["config"].clone();
        config.as_object_mut().unwrap().remove("steps");
        let config = Config::from_json(&config).unwrap();
        Self { name: name.into(), description, state, config }
    }

    fn steps(&self) -> usize {
        self.description["config"]["steps"].as_u64().unwrap() as usize
    }

    /// The weights of a network at the start.
    fn part(&self, name: &str) -> StateDict {
        take_prefixed(&mut self.state.clone(), &format!("initial.{name}."))
    }

    /// The four networks at the start.
    fn networks(&self, device: &Device) -> CycleGan {
        let generator = |name: &str| {
            let (architecture, own) = weights::generator_from(self.part(name)).expect(name);
            Learner::new(Generator::from_state(architecture, own, device).unwrap())
        };
        let discriminator = |name: &str| {
            let Config { ndf, discriminator_padding, .. } = self.config;
            let state = self.part(name);
            let network = Discriminator::from_state(ndf, discriminator_padding, state, device);
            Learner::new(network.unwrap())
        };
        let pool = || ImagePool::new(self.config.pool_size);
        CycleGan {
            g_a: generator("G_A"),
            g_b: generator("G_B"),
            d_a: discriminator("D_A"),
            d_b: discriminator("D_B"),
            pool_a: pool(),
            pool_b: pool(),
        }
    }

    /// The pictures of a step.
    fn pictures(&self, domain: &str, step: usize, device: &Device) -> Tensor<4> {
        let all = upload::<4>(&self.state[&format!("real_{domain}")], device);
        all.narrow(0, step * self.config.batch_size, self.config.batch_size)
    }

    /// What chance decided in a step.
    fn draws(&self, step: usize) -> Draws {
        let size = self.config.batch_size;
        let of = |domain: &str| {
            let draw = |row: usize| {
                let of = |key: &str| &self.description["draws"][row][format!("{key}_{domain}")];
                let uniform = of("u").as_f64().unwrap();
                Draw { uniform, slot: of("slot").as_u64().unwrap() as usize }
            };
            (step * size..(step + 1) * size).map(draw).collect()
        };
        Draws { b: of("B"), a: of("A"), ..Draws::default() }
    }

    /// Repeats it; the losses of each step by name, the final weights as `final.G_A.model.1.weight`,
    /// and the generators' averages as `ema.G_A.model.1.weight` where the run keeps any.
    async fn repeat(&self, device: &Device, played: Played) -> Outcome {
        let mut gan = self.networks(device);
        let mut repeater = match played {
            Played::Plainly => Repeater::plain(),
            Played::Recorded => Repeater::new(device),
        };
        let mut losses = Vec::new();
        for step in 0..self.steps() {
            if step >= RECORDED {
                assert_eq!(repeater.repeats(), played == Played::Recorded, "{}", self.name);
            }
            let [a, b] = ["A", "B"].map(|domain| self.pictures(domain, step, device));
            let (draws, rate) = (self.draws(step), self.config.adam.learning_rate);
            let found = gan.step(&a, &b, &draws, rate, &self.config, &mut repeater).unwrap();
            let mut read = BTreeMap::new();
            for (name, loss) in found.named() {
                read.insert(name, download(loss).await[0]);
            }
            losses.push(read);
        }
        let mut readback = Readback::default();
        readback.network("final.G_A.", &gan.g_a.network);
        readback.network("final.G_B.", &gan.g_b.network);
        readback.network("final.D_A.", &gan.d_a.network);
        readback.network("final.D_B.", &gan.d_b.network);
        if self.config.ema > 0.0 {
            readback.network("ema.G_A.", gan.g_a.result());
            readback.network("ema.G_B.", gan.g_b.result());
        }
        (losses, readback.read().await.unwrap())
    }

    /// Says what is too far from PyTorch's of what [`Run::repeat`] gave.
    fn compare(&self, (losses, weights): &Outcome, within: Bounds) -> Result<(), String> {
        for (step, losses) in losses.iter().enumerate() {
            for (loss, wanted) in self.description["losses"][step].as_object().unwrap() {
                let wanted = wanted.as_f64().unwrap() as f32;
                let found = losses.get(loss.as_str()).copied().unwrap_or_default();
                let off = (found - wanted).abs();
                if off.is_nan() || off > within.loss * wanted.abs() {
                    return Err(format!("step {}: {loss} is {found}, not {wanted}", step + 1));
                }
            }
        }
        let (idle, norms) = (self.idle_biases(), self.norms());
        // Off and way of all that the normalisations of a network have learnt, squared.
        let mut together = BTreeMap::<&str, [f64; 2]>::new();
        for (tensor, found) in weights {
            let (_, own) = tensor.split_once('.').unwrap();
            let [start, end] =
                [&format!("initial.{own}"), tensor].map(|name| &self.state[name].data);
            if idle.iter().any(|name| tensor.ends_with(name)) {
                // It has no effect. PyTorch's wanders, ours stays (see `Network::learning`).
                assert_eq!(found.data, *start, "{}: {tensor} has moved", self.name);
                continue;
            }
            let (off, way) = (distance(&found.data, end), distance(start, end));
            if norms.contains(own) && within.pools_norms {
                let (network, _) = tensor.split_once(".model.").unwrap();
                let sums = together.entry(network).or_default();
                *sums = [sums[0] + off.powi(2), sums[1] + way.powi(2)];
                continue;
            }
            if off.is_nan() || off > within.travel * way {
                return Err(format!("{tensor} is off by {off} on a way of {way}"));
            }
        }
        for (network, [off, way]) in together {
            let part = (off / way).sqrt();
            say(&format!("{}: {network}'s norms are off by {part} of their way", self.name));
            if part.is_nan() || part > within.travel {
                return Err(format!("{network}'s norms are off by {part} of their way"));
            }
        }
        Ok(())
    }

    /// The parameters of the generators' normalisations.
    fn norms(&self) -> BTreeSet<String> {
        let mut norms = BTreeSet::new();
        for name in ["G_A", "G_B"] {
            let (architecture, _) = weights::generator_from(self.part(name)).expect(name);
            let layers = architecture.layers().into_iter();
            for key in layers.filter_map(|layer| architecture.norm_key(layer)) {
                norms.extend(["weight", "bias"].map(|part| format!("{name}.{key}.{part}")));
            }
        }
        norms
    }

    /// Biases of convolutions behind which a normalisation follows: all but the outermost layers'.
    fn idle_biases(&self) -> Vec<String> {
        let mut idle = Vec::new();
        for name in ["G_A", "G_B"] {
            let (architecture, _) = weights::generator_from(self.part(name)).expect(name);
            let layers = architecture.layers().into_iter().filter(|layer| *layer != Layer::Head);
            idle.extend(layers.map(|layer| format!("{name}.{}.bias", architecture.key(layer))));
        }
        for name in ["D_A", "D_B"] {
            idle.extend([2, 5, 8].map(|index| format!("{name}.model.{index}.bias")));
        }
        idle
    }

    /// One of its starts: see [`nudge`].
    fn beginning_at(&self, start: u64) -> Self {
        let mut state = self.state.clone();
        nudge(&mut state, "initial.", start);
        let (name, config) = (self.name.clone(), self.config);
        Self { name, description: self.description.clone(), state, config }
    }
}

/// How the steps of a run are played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Played {
    /// Each anew.
    Plainly,
    /// By repeating a recorded one: only on a graphics card, and from the fourth step on, so that of
    /// the golden runs only the long ones are repeated. `tests/repeating/` compares the others.
    Recorded,
}

/// Repeats a whole run and compares all losses, the final weights and their averages.
///
/// A value of 1e-6 in front of a ReLU is beyond float32's precision there; on which side of zero it
/// falls decides, through Adam, over the whole run. Where PyTorch's own float32 fell on the other
/// side than ours, its run is that of weights that differ from the given ones in the last places. So
/// a run is also right when it is PyTorch's from one of a few such starts.
pub async fn check_run(name: &str, device: &Device, played: Played) {
    let run = Run::read(name);
    let what = format!("{name}, {played:?}");
    let compare = async |start| {
        let run = run.beginning_at(start);
        let is_affine = !run.norms().is_empty();
        let within = if is_affine && cfg!(target_family = "wasm") { AFFINE } else { SAME };
        run.compare(&run.repeat(device, played).await, within)
    };
    first_of_starts(&what, compare).await;
}

/// Whether residual blocks of this run are large enough for Winograd's filtering, which rounds more
/// than PyTorch does, so that it is not the same run; where `device` takes it.
pub fn is_by_winograd(name: &str, device: &Device) -> bool {
    let run = Run::read(name);
    let [.., height, width] = run.state["real_A"].shape[..] else { panic!("no pictures") };
    takes_winograd([1, 4 * run.config.ngf, height / 4, width / 4], device)
}

/// Runs by Winograd's filtering, plainly and by repeating recorded steps: to the bit the same, and as
/// near to PyTorch's as rounding allows.
pub async fn check_runs_by_winograd(device: &Device) {
    let names = runs().into_iter().filter(|name| is_by_winograd(name, device));
    let names: Vec<_> = names.collect();
    assert!(!names.is_empty(), "no golden run is large enough");
    for name in names {
        let run = Run::read(&name);
        let recorded = run.repeat(device, Played::Recorded).await;
        assert!(run.repeat(device, Played::Plainly).await == recorded, "{name}");
        run.compare(&recorded, NEAR).unwrap_or_else(|far| panic!("{name}: {far}"));
    }
}

/// Euclidean distance.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
}

/// The gradients of the generators' whole loss in one backward pass, and those that are summed term
/// by term: names with the largest difference relative to the largest entry.
pub async fn split_against_joint(name: &str, device: &Device) -> Vec<(String, f32)> {
    let run = Run::read(name);
    let (config, gan) = (run.config, run.networks(device));
    let [a, b] = ["A", "B"].map(|domain| run.pictures(domain, 0, device));
    let pass = gan.generator_pass(&a, &b, None, &config);

    let (g_a, g_b) = (gan.g_a.network.learning(), gan.g_b.network.learning());
    let (d_a, d_b) = (gan.d_a.network.fixed(), gan.d_b.network.fixed());
    let (a, b) = (a.autodiff(), b.autodiff());
    let (fake_b, fake_a) = (g_a.forward(a.clone()), g_b.forward(b.clone()));
    let Config { lambda_a, lambda_b, lambda_identity, gan_loss, .. } = config;
    let mut total = losses::l1(g_b.forward(fake_b.clone()), a.clone(), lambda_a)
        + losses::l1(g_a.forward(fake_a.clone()), b.clone(), lambda_b)
        + losses::gan(d_a.forward(fake_b), true, gan_loss, 1.0)
        + losses::gan(d_b.forward(fake_a), true, gan_loss, 1.0);
    if lambda_identity > 0.0 {
        total = total
            + losses::l1(g_a.forward(b.clone()), b, lambda_b * lambda_identity)
            + losses::l1(g_b.forward(a.clone()), a, lambda_a * lambda_identity);
    }
    let mut gradients = total.backward();
    let mut found = Vec::new();
    for (network, prefix, split) in [(&g_a, "G_A", &pass.sums[0]), (&g_b, "G_B", &pass.sums[1])] {
        let mut joint = Sum::default();
        joint.add(network, &mut gradients);
        let mut largest = 0.0_f32;
        let mut all = Vec::new();
        for (parameter, _) in network.architecture().tensors() {
            let (Some(wanted), Some(split)) = (joint.get(&parameter), split.get(&parameter)) else {
                // In front of a normalisation.
                assert!(parameter.ends_with(".bias"), "{parameter}");
                continue;
            };
            let [wanted, split] = [download(wanted.clone()).await, download(split.clone()).await];
            largest = wanted.iter().fold(largest, |most, value| most.max(value.abs()));
            all.push((format!("{prefix}.{parameter}"), difference(&split, &wanted)));
        }
        found.extend(all.into_iter().map(|(name, off)| (name, off / largest)));
    }
    found
}
