//! Takes networks and pools out of a checkpoint.

use burn::tensor::{Device, Tensor, TensorData};
use serde_json::Value;

use crate::{
    error::{Error, Result},
    model::{Discriminator, Generator},
    train::{
        checkpoint::{pieces::Tensors, unpack},
        config::Config,
        image_pool::ImagePool,
        learner::{Learner, averages},
    },
    weights::{HostTensor, StateDict, generator_from},
};

/// Takes a generator, its average and its optimiser out of a checkpoint.
pub(super) async fn generator(
    name: &str,
    time: u64,
    config: &Config,
    tensors: &mut impl Tensors,
    device: &Device,
) -> Result<Learner<Generator>> {
    let (architecture, state) =
        generator_from(weights(name, tensors).await?).map_err(contradicts)?;
    let network = Generator::from_state(architecture, state, device).map_err(contradicts)?;
    let mut learner = Learner::restore(name, network, time, tensors, device).await?;
    // The average starts with the first update. Runs of older versions continue without one.
    if config.ema > 0.0 && time > 0 {
        // Checked like the weights themselves.
        let (_, state) =
            generator_from(weights(&averages(name), tensors).await?).map_err(contradicts)?;
        let average = Generator::from_state(architecture, state, device).map_err(contradicts)?;
        learner.average = Some(average);
    }
    Ok(learner)
}

/// The same for a discriminator.
pub(super) async fn discriminator(
    name: &str,
    time: u64,
    config: &Config,
    tensors: &mut impl Tensors,
    device: &Device,
) -> Result<Learner<Discriminator>> {
    let state = weights(name, tensors).await?;
    let padding = config.discriminator_padding;
    let network =
        Discriminator::from_state(config.ndf, padding, state, device).map_err(contradicts)?;
    Learner::restore(name, network, time, tensors, device).await
}

/// The weights of a network, under their own names.
pub(super) async fn weights(network: &str, tensors: &mut impl Tensors) -> Result<StateDict> {
    let mut state = StateDict::new();
    for name in tensors.names(&format!("{network}.model.")) {
        if let Some(tensor) = tensors.take(&name).await? {
            let own = name.strip_prefix(&format!("{network}.")).unwrap_or(&name);
            state.insert(own.into(), tensor);
        }
    }
    Ok(state)
}

/// The pictures of a pool.
pub(super) async fn pool(
    name: &str,
    shapes: &Value,
    config: &Config,
    tensors: &mut impl Tensors,
    device: &Device,
) -> Result<ImagePool<Tensor<4>>> {
    let packed = tensors.take(name).await?;
    let packed = packed.ok_or_else(|| damaged(&format!("{name} is missing")))?;
    let upload = |picture: HostTensor| match picture.shape.as_slice() {
        [1, 3, height, width] if config.preprocess.gives(*width, *height) => {
            let data = TensorData::new(picture.data, picture.shape);
            Ok(Tensor::from_data(data, device))
        }
        shape => Err(damaged(&format!("{name} holds a picture of shape {shape:?}"))),
    };
    let pictures = unpack(&packed, shapes)?.into_iter().map(upload).collect::<Result<_>>()?;
    ImagePool::restore(config.pool_size, pictures)
}

/// Turns an error about a part into one about the checkpoint.
pub(super) fn contradicts(error: Error) -> Error {
    damaged(&error.to_string())
}

pub(super) fn damaged(detail: &str) -> Error {
    Error::CheckpointDamaged(detail.into())
}
