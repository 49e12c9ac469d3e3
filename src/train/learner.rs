//! A network in training: its weights, its optimiser's moments, and its gradients.

use std::collections::BTreeMap;

use burn::tensor::{Device, Gradients, Shape, Tensor, TensorData};

use super::{checkpoint::pieces::Tensors, config::Adam};
use crate::{
    error::{Error, Result},
    model::{Mapper, Network},
    ops,
    ops::{AdamStep, Learning},
};

/// The two moments of a parameter, as a checkpoint names them.
const MOMENTS: [&str; 2] = ["mean", "square"];

/// A checkpoint's name for the average of a network.
pub(super) fn averages(network: &str) -> String {
    format!("ema.{network}")
}

/// A parameter of any rank with four axes: a convolution's weight unchanged, a bias as
/// `[C, 1, 1, 1]`. Weights must not be flattened, which would copy those stored in another order.
fn four<const D: usize>(tensor: Tensor<D>) -> Tensor<4> {
    if D == 4 {
        return Tensor::from_dispatch(tensor.into_dispatch());
    }
    let count = tensor.shape().num_elements();
    tensor.reshape([count, 1, 1, 1])
}

/// The inverse of [`four()`].
fn restored<const D: usize>(tensor: Tensor<4>, shape: Shape) -> Tensor<D> {
    if D == 4 { Tensor::from_dispatch(tensor.into_dispatch()) } else { tensor.reshape(shape) }
}

/// A network's gradients by parameter name, summed over several passes. Do not clone it: on WebGPU
/// sums accumulate in place.
#[derive(Debug, Default)]
pub struct Sum(BTreeMap<String, Tensor<4>>);

impl Sum {
    /// Adds the gradients of a backward pass for `network`, as [`Network::learning`] made it.
    /// Parameters without a part in the pass have none.
    pub fn add(&mut self, network: &impl Network, gradients: &mut Gradients) {
        struct Found<'a>(Vec<(String, Tensor<4>)>, &'a mut Gradients);
        impl Mapper for Found<'_> {
            fn map<const D: usize>(&mut self, name: &str, tensor: Tensor<D>) -> Tensor<D> {
                if let Some(gradient) = tensor.grad_remove(self.1) {
                    self.0.push((name.into(), four(gradient)));
                }
                tensor
            }
        }
        let mut found = Found(Vec::new(), gradients);
        let _ = network.map(&mut found);
        let (mut names, mut pairs) = (Vec::new(), Vec::new());
        for (name, gradient) in found.0 {
            match self.0.remove(&name) {
                Some(sum) => {
                    names.push(name);
                    pairs.push([sum, gradient]);
                }
                None => {
                    self.0.insert(name, gradient);
                }
            }
        }
        self.0.extend(names.into_iter().zip(ops::add(pairs)));
    }

    /// The gradient of one parameter; for a bias as `[C, 1, 1, 1]`.
    pub fn get(&self, name: &str) -> Option<&Tensor<4>> {
        self.0.get(name)
    }
}

/// Collects the parameters that have a gradient, with everything their update needs.
struct Take<'a> {
    gradients: &'a Sum,
    moments: &'a mut BTreeMap<String, [Tensor<4>; 2]>,
    all: Vec<(String, Learning)>,
}

impl Mapper for Take<'_> {
    fn map<const D: usize>(&mut self, name: &str, tensor: Tensor<D>) -> Tensor<D> {
        if let Some(gradient) = self.gradients.get(name).cloned() {
            let moments = self.moments.remove(name).unwrap_or_else(|| {
                // Two separate ones, because they may be updated in place.
                [0, 1].map(|_| Tensor::zeros(gradient.shape(), &gradient.device()))
            });
            let parameter = four(tensor.clone());
            self.all.push((name.into(), Learning { parameter, gradient, moments }));
        }
        tensor
    }
}

/// Puts updated parameters back into a network.
struct Put(BTreeMap<String, Tensor<4>>);

impl Mapper for Put {
    fn map<const D: usize>(&mut self, name: &str, tensor: Tensor<D>) -> Tensor<D> {
        match self.0.remove(name) {
            Some(parameter) => restored(parameter, tensor.shape()),
            None => tensor,
        }
    }
}

/// All parameters of a network: name, shape, and the numbers on four axes.
pub(super) fn parameters(network: &impl Network) -> Vec<(String, Vec<usize>, Tensor<4>)> {
    struct All(Vec<(String, Vec<usize>, Tensor<4>)>);
    impl Mapper for All {
        fn map<const D: usize>(&mut self, name: &str, tensor: Tensor<D>) -> Tensor<D> {
            self.0.push((name.into(), tensor.dims().to_vec(), four(tensor.clone())));
            tensor
        }
    }
    let mut all = All(Vec::new());
    let _ = network.map(&mut all);
    all.0
}

/// Collects the parameters that are trained.
struct Learned(Vec<(String, Tensor<4>)>);

impl Mapper for Learned {
    fn map<const D: usize>(&mut self, name: &str, tensor: Tensor<D>) -> Tensor<D> {
        self.0.push((name.into(), four(tensor.clone())));
        tensor
    }

    fn map_idle_bias(&mut self, _: &str, bias: Tensor<1>) -> Tensor<1> {
        bias
    }
}

impl Learned {
    fn of(network: &impl Network) -> Vec<(String, Tensor<4>)> {
        let mut learned = Self(Vec::new());
        let _ = network.map(&mut learned);
        learned.0
    }
}

/// An entry of a checkpoint, still on the device.
#[derive(Clone)]
pub(super) struct Entry {
    /// The name of its tensor in the file.
    pub name: String,
    /// Its shape there.
    pub shape: Vec<usize>,
    /// Its numbers, as consecutive tensors.
    pub tensors: Vec<Tensor<4>>,
}

/// A network and its optimiser. Like a [`Network`] it cannot be cloned.
#[derive(Debug)]
pub struct Learner<N> {
    /// The network, its parameters outside any graph.
    pub network: N,
    /// Its moving average, if there is one yet.
    pub(super) average: Option<N>,
    /// Mean and mean square of each parameter's gradients; empty before the first.
    moments: BTreeMap<String, [Tensor<4>; 2]>,
    /// Updates so far.
    time: u64,
}

impl<N: Network> Learner<N> {
    /// A network with a new optimiser.
    pub fn new(network: N) -> Self {
        Self { network, average: None, moments: BTreeMap::new(), time: 0 }
    }

    /// A copy of network and optimiser that does not change when this one learns.
    pub fn snapshot(&self) -> Self {
        let copy = |moments: &[Tensor<4>; 2]| moments.clone().map(ops::snapshot);
        let moments = self.moments.iter().map(|(name, moments)| (name.clone(), copy(moments)));
        Self {
            network: self.network.snapshot(),
            average: self.average.as_ref().map(Network::snapshot),
            moments: moments.collect(),
            time: self.time,
        }
    }

    /// The result of training: the moving average if there is one, otherwise the network.
    pub fn result(&self) -> &N {
        self.average.as_ref().unwrap_or(&self.network)
    }

    /// One step of Adam.
    pub fn update(&mut self, gradients: &Sum, rate: f64, adam: &Adam) {
        self.time += 1;
        let Adam { beta1, beta2, epsilon, .. } = *adam;
        let step = AdamStep { rate, beta1, beta2, epsilon, time: self.time };
        let mut take = Take { gradients, moments: &mut self.moments, all: Vec::new() };
        let _ = self.network.map(&mut take);
        let (names, all): (Vec<_>, Vec<_>) = take.all.into_iter().unzip();
        let mut put = Put(BTreeMap::new());
        for (name, (parameter, moments)) in names.into_iter().zip(ops::adam(all, &step)) {
            self.moments.insert(name.clone(), moments);
            put.0.insert(name, parameter);
        }
        self.network = self.network.map(&mut put);
    }

    /// One step of Adam, after which the moving average follows with a decay of `ema`: see
    /// [`super::Config::ema`]. The first such step starts the average with the previous parameters.
    /// With 0 there is none.
    pub fn update_averaged(&mut self, gradients: &Sum, rate: f64, adam: &Adam, ema: f64) {
        if ema == 0.0 {
            return self.update(gradients, rate, adam);
        }
        let average = self.average.take().unwrap_or_else(|| self.network.snapshot());
        self.update(gradients, rate, adam);
        let (names, averages): (Vec<_>, Vec<_>) = Learned::of(&average).into_iter().unzip();
        // The CPU only updates in place what nobody else holds.
        drop(average);
        let weights = Learned::of(&self.network).into_iter().map(|(_, weight)| weight);
        let pairs = averages.into_iter().zip(weights).map(Into::into).collect();
        let mut put = Put(names.into_iter().zip(ops::average(pairs, ema)).collect());
        // Parameters that are not trained are the network's own.
        self.average = Some(self.network.map(&mut put));
    }

    /// Updates so far.
    pub fn time(&self) -> u64 {
        self.time
    }

    /// Weights, their average and moments as in a checkpoint, under names such as
    /// `G_A.model.1.weight`, `ema.G_A.model.1.weight`, `G_A.mean.model.1.weight` and
    /// `G_A.square.model.1.weight`.
    pub(super) fn parts(&self, name: &str) -> Vec<Entry> {
        let of = |network, name: String| {
            let part = move |(parameter, shape, tensor)| {
                let name = format!("{name}.{parameter}");
                Entry { name, shape, tensors: vec![tensor] }
            };
            parameters(network).into_iter().map(part)
        };
        let mut parts: Vec<_> = of(&self.network, name.into()).collect();
        parts.extend(self.average.iter().flat_map(|average| of(average, averages(name))));
        for (parameter, moments) in &self.moments {
            for (moment, tensor) in MOMENTS.into_iter().zip(moments) {
                parts.push(Entry {
                    name: format!("{name}.{moment}.{parameter}"),
                    shape: vec![tensor.shape().num_elements()],
                    tensors: vec![tensor.clone()],
                });
            }
        }
        parts
    }

    /// A network with the moments of a checkpoint, taken one after the other from `tensors`. Fails
    /// with `checkpoint-damaged` when they do not fit the network, and those of `tensors`.
    pub(super) async fn restore(
        name: &str,
        network: N,
        time: u64,
        tensors: &mut impl Tensors,
        device: &Device,
    ) -> Result<Self> {
        let mut moments = BTreeMap::new();
        for (parameter, _, tensor) in parameters(&network) {
            let shape = tensor.dims();
            let mut both = Vec::new();
            for moment in MOMENTS {
                let key = format!("{name}.{moment}.{parameter}");
                let Some(found) = tensors.take(&key).await? else { continue };
                if found.data.len() != shape.iter().product::<usize>() {
                    return Err(Error::CheckpointDamaged(format!("{key} has the wrong length")));
                }
                both.push(Tensor::from_data(TensorData::new(found.data, shape), device));
            }
            if both.len() == 1 {
                let detail = format!("{name}.{parameter} has one moment of two");
                return Err(Error::CheckpointDamaged(detail));
            }
            if let Ok(both) = <[_; 2]>::try_from(both) {
                moments.insert(parameter, both);
            }
        }
        Ok(Self { network, average: None, moments, time })
    }
}
