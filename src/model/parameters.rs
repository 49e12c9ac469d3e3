//! A network as the list of its parameters: what training, checkpoints and exports do with it.

use burn::tensor::{Tensor, TensorData, Transaction};

use crate::{
    device::read_all,
    error::{Error, Result},
    ops,
    weights::{HostTensor, StateDict},
};

/// What is done with every parameter.
pub trait Mapper {
    /// Takes the parameter that PyTorch calls `name` and gives back what takes its place.
    fn map<const D: usize>(&mut self, name: &str, tensor: Tensor<D>) -> Tensor<D>;

    /// The same for a bias `[C]` that has no effect: the instance normalisation behind it subtracts
    /// the mean of its channel, and the bias with it.
    fn map_idle_bias(&mut self, name: &str, bias: Tensor<1>) -> Tensor<1> {
        self.map(name, bias)
    }
}

/// Something that learns. It cannot be cloned, since that would mean two things: on the CPU a clone
/// keeps the parameters of its time, on WebGPU, where they learn in place, it learns along. So one
/// says which: [`Network::snapshot`] or [`Network::shared`].
pub trait Network: Sized {
    /// A network of what `mapper` gives in place of each parameter, always in the same order.
    fn map(&self, mapper: &mut impl Mapper) -> Self;

    /// A network with the parameters of this moment, however this one goes on to learn.
    fn snapshot(&self) -> Self {
        struct Snapshot;
        impl Mapper for Snapshot {
            fn map<const D: usize>(&mut self, _: &str, tensor: Tensor<D>) -> Tensor<D> {
                ops::snapshot(tensor)
            }
        }
        self.map(&mut Snapshot)
    }

    /// A network whose parameters are those of this one, without a copy. On WebGPU it follows what
    /// this one learns; on the CPU it does not.
    fn shared(&self) -> Self {
        struct Shared;
        impl Mapper for Shared {
            fn map<const D: usize>(&mut self, _: &str, tensor: Tensor<D>) -> Tensor<D> {
                tensor
            }
        }
        self.map(&mut Shared)
    }

    /// The network with its parameters as leaves of a graph: gradients of them can be asked for,
    /// except of biases without effect. Their gradient is zero, and what rounding makes of it is
    /// noise; as Adam divides by the size of what it sees, PyTorch takes steps of the full learning
    /// rate along it. In PyTorch's runs of `tests/golden` such a bias has moved by 0.1 to 0.4 times
    /// the rate a step in the median, and at most 1.05 times, to and fro. Nothing else in the
    /// network can tell, so here it stays where it is, and costs neither sums, launches nor moments.
    fn learning(&self) -> Self {
        struct Learning;
        impl Mapper for Learning {
            fn map<const D: usize>(&mut self, _: &str, tensor: Tensor<D>) -> Tensor<D> {
                tensor.autodiff().require_grad()
            }

            fn map_idle_bias(&mut self, _: &str, bias: Tensor<1>) -> Tensor<1> {
                bias.autodiff()
            }
        }
        self.map(&mut Learning)
    }

    /// The network as a constant of a graph: gradients pass through it, and none are kept for it.
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

/// Tensors of one device that are brought to main memory together, in one transaction.
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

    /// Adds all parameters of a network, their names behind `prefix`.
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

    /// All parameters of one network.
    ///
    /// # Errors
    /// Those of [`Readback::read`].
    pub async fn weights(network: &impl Network) -> Result<StateDict> {
        let mut readback = Self::default();
        readback.network("", network);
        readback.read().await
    }

    /// Waits for all of them.
    ///
    /// # Errors
    /// Those of [`read_all`].
    pub async fn read(mut self) -> Result<StateDict> {
        let names = std::mem::take(&mut self.names);
        let pairs = names.into_iter().zip(self.values().await?);
        let floats = |data: TensorData| {
            data.try_into_vec::<f32>().map_err(|error| Error::Usage(error.to_string()))
        };
        pairs
            .map(|((name, shape), data)| Ok((name, HostTensor { shape, data: floats(data)? })))
            .collect()
    }

    /// Waits for all of them, and gives them as they are, in the order in which they were added.
    ///
    /// # Errors
    /// As [`Readback::read`].
    pub async fn values(self) -> Result<Vec<TensorData>> {
        read_all(self.transaction).await
    }
}
