//! Gradients, losses and whole training runs, as PyTorch computed them.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use cyclegan_web::{
    model::{Discriminator, Generator, Network, Readback},
    random::Random,
    train::{
        Choice, Config, CycleGan, Draw, Draws, GanLoss, ImagePool, Learner, Terms, learner::Sum,
        losses,
    },
    weights::{self, HostTensor, StateDict},
};
use serde_json::Value;

use super::{difference, golden, take_prefixed};

/// Largest difference of a gradient, relative to the largest entry of its tensor.
pub const GRADIENT: f32 = 1e-3;
/// Weights that differ in the last place, of which one may have PyTorch's gradients.
const NUDGES: u64 = 20;
/// Largest relative difference of a loss at the last step of a run.
pub const LOSS: f32 = 1e-3;
/// Largest absolute difference of a weight behind a run.
pub const WEIGHT: f32 = 1e-4;

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

/// The golden files that begin with `kind`, the smallest first.
pub fn networks(kind: &str) -> Vec<NetworkCase> {
    let files = golden().into_iter();
    let mut files: Vec<_> = files
        .filter(|(name, _)| name.starts_with(kind) && name.ends_with(".safetensors"))
        .collect();
    files.sort_by_key(|(_, bytes)| bytes.len());
    assert!(!files.is_empty(), "no golden {kind}");
    let case = |(name, bytes): (String, Vec<u8>)| {
        let state = weights::read(&bytes).expect(&name);
        NetworkCase { name, state }
    };
    files.into_iter().map(case).collect()
}

impl NetworkCase {
    /// Multiplications, roughly: to leave the slow ones out where everything is slow.
    pub fn work(&self) -> usize {
        let weights = take_prefixed(&mut self.state.clone(), "weight.");
        let parameters: usize = weights.values().map(|tensor| tensor.data.len()).sum();
        parameters * self.state["input"].shape.iter().product::<usize>()
    }

    /// Runs a generator forward and back.
    pub async fn check_generator(&self, device: &Device) {
        self.check(async |case| {
            let state = take_prefixed(&mut case.state.clone(), "weight.");
            let (architecture, state) = weights::generator_from(state).expect(&case.name);
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
        let Err(first) = compare(self).await else { return };
        for seed in 0..NUDGES {
            let mut state = self.state.clone();
            nudge(&mut state, "weight.", seed);
            if compare(&Self { name: self.name.clone(), state }).await.is_ok() {
                eprintln!("{}: PyTorch's from weights that differ in the last place", self.name);
                return;
            }
        }
        panic!("{first}, nor from {NUDGES} weights that differ in the last place");
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
        let mut readback = Readback::default();
        for parameter in self.state.keys().filter_map(|key| key.strip_prefix("grad.model")) {
            let parameter = format!("model{parameter}");
            let gradient = sum.get(&parameter).unwrap_or_else(|| panic!("{name}: {parameter}"));
            readback.tensor(parameter, gradient.clone());
        }
        let found = readback.read().await.unwrap();
        let wanted = |parameter: &str| &self.state[&format!("grad.{parameter}")].data;
        let most =
            |values: &[f32]| values.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        let largest = found.keys().map(|parameter| most(wanted(parameter))).fold(0.0, f32::max);
        for (parameter, gradient) in found {
            // A bias in front of a normalisation changes nothing: its gradient is rounding noise.
            let own = most(wanted(&parameter));
            let idle = parameter.ends_with(".bias") && own < 1e-4 * largest;
            let off =
                difference(&gradient.data, wanted(&parameter)) / if idle { largest } else { own };
            within(off, &parameter)?;
        }
        Ok(())
    }
}

/// Moves the tensors whose names begin with `prefix` by up to two units in the last place.
fn nudge(state: &mut StateDict, prefix: &str, seed: u64) {
    let mut random = Random::new(seed);
    let tensors = state.iter_mut().filter(|(name, _)| name.starts_with(prefix));
    for value in tensors.flat_map(|(_, tensor)| &mut tensor.data) {
        *value *= 1.0 + (2.0 * random.uniform() as f32 - 1.0) * 2.0 * f32::EPSILON;
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
        .filter(|name| name.starts_with("train_"))
        .collect();
    assert!(!names.is_empty(), "no golden runs");
    names
}

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
        let config = config(&description["config"]);
        Self { name: name.into(), description, state, config }
    }

    fn steps(&self) -> usize {
        self.description["config"]["steps"].as_u64().unwrap() as usize
    }

    /// The four networks at the start.
    fn networks(&self, device: &Device) -> CycleGan {
        let part = |name: &str| take_prefixed(&mut self.state.clone(), &format!("initial.{name}."));
        let generator = |name: &str| {
            let (architecture, own) = weights::generator_from(part(name)).expect(name);
            Learner::new(Generator::from_state(architecture, own, device).unwrap())
        };
        let discriminator = |name: &str| {
            let ndf = self.config.ndf;
            Learner::new(Discriminator::from_state(ndf, 1, part(name), device).unwrap())
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

    fn picture(&self, domain: &str, step: usize, device: &Device) -> Tensor<4> {
        upload::<4>(&self.state[&format!("real_{domain}")], device).narrow(0, step, 1)
    }

    /// Repeats it; the losses of the last step by name, and the final weights as
    /// `final.G_A.model.1.weight`.
    async fn repeat(&self, device: &Device) -> (BTreeMap<&'static str, f32>, StateDict) {
        let mut gan = self.networks(device);
        let mut last = Vec::new();
        for step in 0..self.steps() {
            let draw = |domain: &str| {
                let of = |key: &str| &self.description["draws"][step][format!("{key}_{domain}")];
                let uniform = of("u").as_f64().unwrap();
                vec![Draw { uniform, slot: of("slot").as_u64().unwrap() as usize }]
            };
            let draws = Draws { b: draw("B"), a: draw("A") };
            let [a, b] = ["A", "B"].map(|domain| self.picture(domain, step, device));
            let rate = self.config.adam.learning_rate;
            last = gan.step(&a, &b, &draws, rate, &self.config).named().collect();
        }
        let mut losses = BTreeMap::new();
        for (name, loss) in last {
            losses.insert(name, download(loss).await[0]);
        }
        let mut readback = Readback::default();
        readback.network("final.G_A.", &gan.g_a.network);
        readback.network("final.G_B.", &gan.g_b.network);
        readback.network("final.D_A.", &gan.d_a.network);
        readback.network("final.D_B.", &gan.d_b.network);
        (losses, readback.read().await.unwrap())
    }

    /// Repeats it and says what is too far from PyTorch's.
    async fn compare(&self, device: &Device) -> Result<(), String> {
        let (losses, weights) = self.repeat(device).await;
        for (loss, wanted) in self.description["losses"][self.steps() - 1].as_object().unwrap() {
            let wanted = wanted.as_f64().unwrap() as f32;
            let found = losses.get(loss.as_str()).copied().unwrap_or_default();
            let off = (found - wanted).abs();
            if off.is_nan() || off > LOSS * wanted.abs() {
                return Err(format!("{}: {loss} is {found}, not {wanted}", self.name));
            }
        }
        for (tensor, found) in weights {
            let off = difference(&found.data, &self.state[&tensor].data);
            // A bias in front of a normalisation has no effect, but Adam follows the rounding
            // noise of its gradient as far as it would follow a gradient.
            let idle = tensor.ends_with(".bias") && has_norm(&tensor, self.config.blocks);
            let travel = 2.0 * self.steps() as f32 * self.config.adam.learning_rate as f32;
            let bound = if idle { travel } else { WEIGHT };
            if off > bound {
                return Err(format!("{}: {tensor} is off by {off}", self.name));
            }
        }
        Ok(())
    }

    /// The same start, its weights moved by up to two units in the last place.
    fn nudged(&self, seed: u64) -> Self {
        let mut state = self.state.clone();
        nudge(&mut state, "initial.", seed);
        let (name, config) = (self.name.clone(), self.config);
        Self { name, description: self.description.clone(), state, config }
    }
}

/// Repeats a whole run and compares its last losses and its final weights.
///
/// A value of 1e-6 in front of a ReLU is beyond float32's precision there; on which side of zero it
/// falls decides, through Adam, over the whole run. Where PyTorch's own float32 fell on the other
/// side than double precision, its run is that of weights that differ from the given ones in the
/// last place. So a run is also right when it is PyTorch's from one of `nudges` such starts.
pub async fn check_run(name: &str, device: &Device, nudges: u64) {
    let run = Run::read(name);
    let Err(first) = run.compare(device).await else { return };
    for seed in 0..nudges {
        if run.nudged(seed).compare(device).await.is_ok() {
            eprintln!("{name}: PyTorch's from weights that differ in the last place ({seed})");
            return;
        }
    }
    panic!("{first}, nor from {nudges} starts that differ in the last place");
}

/// Whether a convolution's output is normalised: all but the outermost layers'.
fn has_norm(tensor: &str, blocks: usize) -> bool {
    let head = format!("G_A.model.{}.", 10 + blocks + 7).replace("G_A", "");
    let bare = if tensor.contains(".G_") {
        vec![head]
    } else {
        vec![".model.0.".into(), ".model.11.".into()]
    };
    !bare.iter().any(|layer| tensor.contains(layer.as_str()))
}

fn config(json: &Value) -> Config {
    let number = |key: &str| json[key].as_f64().unwrap();
    let count = |key: &str| json[key].as_u64().unwrap() as usize;
    let mut config = Config {
        ngf: count("ngf"),
        ndf: count("ndf"),
        blocks: count("blocks"),
        lambda_a: number("lambda_A"),
        lambda_b: number("lambda_B"),
        lambda_identity: number("lambda_identity"),
        gan_loss: GanLoss::from_name(json["gan_mode"].as_str().unwrap()).unwrap(),
        pool_size: count("pool_size"),
        terms: Terms {
            adversarial: json["adversarial"].as_bool().unwrap(),
            cycle_forward: json["cycle_forward"].as_bool().unwrap(),
            cycle_backward: json["cycle_backward"].as_bool().unwrap(),
            ..Terms::default()
        },
        ..Config::default()
    };
    config.adam.learning_rate = number("lr");
    (config.adam.beta1, config.adam.beta2) = (number("beta1"), number("beta2"));
    config.adam.epsilon = number("eps");
    config
}

/// The gradients of the generators' whole loss in one backward pass, and those that are summed term
/// by term: names with the largest difference relative to the largest entry.
pub async fn split_against_joint(name: &str, device: &Device) -> Vec<(String, f32)> {
    let run = Run::read(name);
    let (config, gan) = (run.config, run.networks(device));
    let [a, b] = ["A", "B"].map(|domain| run.picture(domain, 0, device));
    let pass = gan.generator_pass(&a, &b, &config);

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
            let wanted = download(joint.get(&parameter).unwrap().clone()).await;
            let split = download(split.get(&parameter).unwrap().clone()).await;
            largest = wanted.iter().fold(largest, |most, value| most.max(value.abs()));
            all.push((format!("{prefix}.{parameter}"), difference(&split, &wanted)));
        }
        found.extend(all.into_iter().map(|(name, off)| (name, off / largest)));
    }
    found
}
