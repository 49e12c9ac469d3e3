//! A 70x70 PatchGAN, recognised by its convolutions.

use super::{Recipe, modules::Module, numbers_apart, source::Source};
use crate::weights::{
    architecture::PICTURE_CHANNELS,
    discriminator::{KERNEL, LAST, LAYERS, tensors},
    write::Blueprint,
};

/// The discriminator that `modules` are. `None` if they are none.
///
/// Strides cannot be seen. With as many convolutions of the same shapes, PyTorch-GAN's
/// discriminator differs in one, which shows in the numbers of its modules only, so they count.
pub(super) fn discriminator(modules: &[&Module<'_>]) -> Option<Recipe> {
    let mut layers: Vec<_> =
        modules.iter().filter(|module| module.weight.is_some() || module.bias.is_some()).collect();
    if layers.len() != LAYERS.len() + 1 {
        return None;
    }
    layers.sort_by_cached_key(|module| module.natural());
    let [ndf, PICTURE_CHANNELS, KERNEL, KERNEL] = layers.first()?.conv()? else { return None };
    ndf.checked_mul(8).filter(|widest| *widest > 0)?;
    let expected = tensors(ndf);
    let shapes = expected.as_chunks::<2>().0.iter().map(|[weight, bias]| (&weight.1, &bias.1));
    let fits = layers.iter().zip(shapes).all(|(layer, (weight, bias))| {
        layer.weight.as_ref().is_some_and(|(_, shape)| shape == weight)
            && layer.bias.as_ref().is_none_or(|(_, shape)| shape == bias)
    });
    let indices = LAYERS.map(|(index, ..)| index).into_iter().chain([LAST]);
    let gaps = indices.clone().zip(indices.skip(1)).map(|(before, after)| after - before);
    let pairs = layers.iter().zip(layers.iter().skip(1));
    let numbered = pairs.map(|(before, after)| numbers_apart(before, after)).eq(gaps.map(Some));
    let biased = layers.iter().filter(|layer| layer.bias.is_some()).count();
    let strange = modules.iter().any(|module| module.strange.is_some());
    if !fits || !numbered || strange || biased % layers.len() != 0 {
        return None;
    }
    let sources = layers.iter().zip(expected.as_chunks::<2>().0).flat_map(|(layer, [_, bias])| {
        let zeros = Source::Zeros(bias.1.iter().product());
        let weight = layer.weight.as_ref().map(|(source, _)| source.clone());
        let bias = layer.bias.as_ref().map_or(zeros, |(source, _)| source.clone());
        weight.into_iter().chain([bias])
    });
    Some(Recipe { blueprint: Blueprint::Discriminator { ndf }, sources: sources.collect() })
}
