//! A network as the list of its parameters: what training, checkpoints and exports do with it.

use burn::tensor::{Tensor, TensorData, Transaction};

use crate::{
    error::{Error, Result},
    weights::{HostTensor, StateDict},
};

/// What is done with every parameter.
pub trait Mapper {
    /// Takes the parameter that PyTorch calls `name` and gives back what takes its place.
    fn map<const D: usize>(&mut self, name: &str, tensor: Tensor<D>) -> Tensor<D>;
}

/// Something that learns.
pub trait Network: Clone {
    /// Passes all parameters through `mapper`, always in the same order.
    fn map(self, mapper: &mut impl Mapper) -> Self;

    /// The network with its parameters as leaves of a graph: gradients of them can be asked for.
    fn learning(&self) -> Self {
        struct Learning;
        impl Mapper for Learning {
            fn map<const D: usize>(&mut self, _: &str, tensor: Tensor<D>) -> Tensor<D> {
                tensor.autodiff().require_grad()
            }
        }
        self.clone().map(&mut Learning)
    }

    /// The network as a constant of a graph: gradients pass through it, and none are kept for it.
    fn fixed(&self) -> Self {
        struct Fixed;
        impl Mapper for Fixed {
            fn map<const D: usize>(&mut self, _: &str, tensor: Tensor<D>) -> Tensor<D> {
                tensor.autodiff()
            }
        }
        self.clone().map(&mut Fixed)
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
        let _ = network.clone().map(&mut Add(self, prefix));
    }

    /// Waits for all of them.
    ///
    /// # Errors
    /// `gpu-lost` when the device is gone.
    pub async fn read(self) -> Result<StateDict> {
        let lost = |error: &dyn std::fmt::Display| Error::GpuLost(error.to_string());
        let all = self.transaction.execute_async().await.map_err(|error| lost(&error))?;
        let floats = |data: TensorData| data.try_to_vec::<f32>().map_err(|error| lost(&error));
        let pairs = self.names.into_iter().zip(all);
        pairs
            .map(|((name, shape), data)| Ok((name, HostTensor { shape, data: floats(data)? })))
            .collect()
    }
}
