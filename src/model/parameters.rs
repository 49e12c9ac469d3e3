//! A network as the list of its parameters, as training, checkpoints and exports need it.

use burn::tensor::{Tensor, TensorData, Transaction};

use crate::{
    device::{floats, read_all},
    error::Result,
    ops,
    weights::{HostTensor, StateDict},
};

/// What to do with every parameter.
pub trait Mapper {
    /// Takes the parameter that PyTorch calls `name` and returns its replacement.
    fn map<const D: usize>(&mut self, name: &str, tensor: Tensor<D>) -> Tensor<D>;

    /// The same for a bias `[C]` without effect: the instance normalisation after it subtracts its
    /// channel's mean, and the bias with it.
    fn map_idle_bias(&mut self, name: &str, bias: Tensor<1>) -> Tensor<1> {
        self.map(name, bias)
    }
}

/// A trainable network. It cannot be cloned, because a clone would mean two things: on the CPU it
/// keeps its parameters, on WebGPU, where they are updated in place, it learns along. Say which you
/// mean: [`Network::snapshot`] or [`Network::shared`].
pub trait Network: Sized {
    /// The network with each parameter replaced by `mapper`, always in the same order.
    fn map(&self, mapper: &mut impl Mapper) -> Self;

    /// A copy of the network that does not change when this one learns.
    fn snapshot(&self) -> Self {
        struct Snapshot;
        impl Mapper for Snapshot {
            fn map<const D: usize>(&mut self, _: &str, tensor: Tensor<D>) -> Tensor<D> {
                ops::snapshot(tensor)
            }
        }
        self.map(&mut Snapshot)
    }

    /// A network that shares this one's parameters without a copy. On WebGPU it changes when this
    /// one learns; on the CPU it does not.
    fn shared(&self) -> Self {
        struct Shared;
        impl Mapper for Shared {
            fn map<const D: usize>(&mut self, _: &str, tensor: Tensor<D>) -> Tensor<D> {
                tensor
            }
        }
        self.map(&mut Shared)
    }

    /// The network with its parameters as leaves of a graph, so that their gradients can be asked
    /// for, except for biases without effect. Those have a gradient of zero plus rounding noise,
    /// and because Adam divides by the gradient's size, PyTorch moves them by the full learning
    /// rate. In PyTorch's runs of `tests/golden` such a bias moved back and forth by 0.1 to 0.4
    /// times the rate per step in the median, at most 1.05 times. Nothing else in the network
    /// notices, so here they stay unchanged and cost no sums, launches or moments.
    fn learning(&self) -> Self {
        struct AsLeaves;
        impl Mapper for AsLeaves {
            fn map<const D: usize>(&mut self, _: &str, tensor: Tensor<D>) -> Tensor<D> {
                tensor.autodiff().require_grad()
            }

            fn map_idle_bias(&mut self, _: &str, bias: Tensor<1>) -> Tensor<1> {
                bias.autodiff()
            }
        }
        self.map(&mut AsLeaves)
    }

    /// The network as a constant of a graph: gradients pass through it, none are kept for it.
    fn fixed(&self) -> Self {
        struct Fixed;
        impl Mapper for Fixed {
            fn map<const D: usize>(&mut self, _: &str, tensor: Tensor<D>) -> Tensor<D> {
                tensor.autodiff()
            }
        }
        self.map(&mut Fixed)
    }
}

/// Tensors of one device that are read back together, in one transaction.
#[derive(Default)]
pub struct Readback {
    transaction: Transaction,
    names: Vec<(String, Vec<usize>)>,
}

impl Readback {
    /// Adds a tensor under a name.
    pub fn tensor<const D: usize>(&mut self, name: String, tensor: Tensor<D>) {
        self.names.push((name, tensor.dims().to_vec()));
        self.transaction = std::mem::take(&mut self.transaction).register(tensor);
    }

    /// Adds all parameters of a network, their names prefixed with `prefix`.
    pub fn network(&mut self, prefix: &str, network: &impl Network) {
        struct Add<'a>(&'a mut Readback, &'a str);
        impl Mapper for Add<'_> {
            fn map<const D: usize>(&mut self, name: &str, tensor: Tensor<D>) -> Tensor<D> {
                self.0.tensor(format!("{}{name}", self.1), tensor.clone());
                tensor
            }
        }
        let _ = network.map(&mut Add(self, prefix));
    }

    /// All parameters of one network. Fails as [`Readback::read`] does.
    pub async fn weights(network: &impl Network) -> Result<StateDict> {
        let mut readback = Self::default();
        readback.network("", network);
        readback.read().await
    }

    /// Waits for all tensors. Fails as [`read_all`] does.
    pub async fn read(mut self) -> Result<StateDict> {
        let names = std::mem::take(&mut self.names);
        let pairs = names.into_iter().zip(self.values().await?);
        pairs
            .map(|((name, shape), data)| Ok((name, HostTensor { shape, data: floats(data)? })))
            .collect()
    }

    /// Waits for all tensors and returns their raw data in the order they were added. Fails as
    /// [`Readback::read`].
    pub async fn values(self) -> Result<Vec<TensorData>> {
        read_all(self.transaction).await
    }
}
