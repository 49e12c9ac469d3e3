//! A ResNet generator, recognised by its convolutions.

use super::{Reason, Recipe, modules::Module, numbers_apart, source::Source};
use crate::weights::{
    architecture::{Architecture, Down, Layer, Norm, Up},
    write::Blueprint,
};

/// A convolution and what belongs to it.
#[derive(Debug, Clone, Copy)]
struct Unit<'m, 'f> {
    conv: &'m Module<'f>,
    shape: [usize; 4],
    norm: Option<&'m Module<'f>>,
}

impl Unit<'_, '_> {
    /// Its number of outputs, if its bias or normalisation shows it.
    fn outputs(&self) -> Option<usize> {
        let bias = self.conv.bias.as_ref().or(self.norm?.bias.as_ref());
        bias.and_then(|(_, shape)| shape.first().copied())
    }
}

/// The convolutions of a generator by their places in it, each in the order of the forward pass.
#[derive(Default)]
struct Roles<'m, 'f> {
    stem: Vec<Unit<'m, 'f>>,
    down: [Vec<Unit<'m, 'f>>; 2],
    blocks: Vec<Unit<'m, 'f>>,
    /// Transposed, and after upsampling.
    up: [[Vec<Unit<'m, 'f>>; 2]; 2],
    head: Vec<Unit<'m, 'f>>,
}

/// The generator that `modules` are. `None` if they are none, or a faulty one.
pub(super) fn generator(modules: &[&Module<'_>]) -> Option<Result<Recipe, Reason>> {
    // The order of names, in which a container may list its tensors, is that of the forward pass
    // wherever modules are numbered. Others are in order in files that keep PyTorch's.
    let mut ordered = modules.to_vec();
    ordered.sort_by_cached_key(|module| module.natural());
    in_order(&ordered).or_else(|| in_order(modules))
}

fn in_order(modules: &[&Module<'_>]) -> Option<Result<Recipe, Reason>> {
    let units = units(modules)?;
    let (ngf, pictures, roles) = roles(&units)?;
    let ([stem], [head]) = (&roles.stem[..], &roles.head[..]) else { return None };
    let ([first], [second]) = (&roles.down[0][..], &roles.down[1][..]) else { return None };
    let (transposed, up) = match roles.up.each_ref().map(|up| up.each_ref().map(Vec::as_slice)) {
        [[[first], [second]], [[], []]] => (true, [first, second]),
        [[[], []], [[first], [second]]] => (false, [first, second]),
        _ => return None,
    };
    if !roles.blocks.len().is_multiple_of(2) {
        return None;
    }
    let sides = |side| modules.iter().filter(|module| module.blur == Some(side)).count();
    let down = match (sides(3), modules.iter().filter(|module| module.blur.is_some()).count()) {
        (2, 2 | 4) => Down::Blurred,
        (0, 0 | 2) => Down::Strided,
        _ => return None,
    };
    let up = match (transposed, sides(4), numbers_apart(up[0].conv, up[1].conv)) {
        (true, 0, _) => (Up::Transpose, up),
        (false, 2, _) => (Up::Blurred, up),
        (false, 0, Some(5)) => (Up::Bilinear, up),
        (false, 0, _) => (Up::Nearest, up),
        _ => return None,
    };
    let (up, [first_up, second_up]) = up;
    let dropout = match &roles.blocks[..] {
        [first, second, ..] => numbers_apart(first.conv, second.conv) == Some(5),
        _ => false,
    };
    let norm = if stem.norm.is_some() { Norm::InstanceAffine } else { Norm::Instance };
    let architecture =
        Architecture { pictures, ngf, blocks: roles.blocks.len() / 2, dropout, down, up, norm };

    let inner = [stem, first, second].into_iter().chain(&roles.blocks);
    let inner: Vec<_> = inner.chain([first_up, second_up]).collect();
    let biased = inner.iter().all(|unit| unit.conv.bias.is_some());
    let fits = |unit: &&Unit<'_, '_>, layer: &Layer| {
        let outputs = [architecture.channels(*layer).1];
        let learnt = [unit.conv.bias.as_ref(), unit.norm.and_then(|norm| norm.bias.as_ref())];
        unit.conv.bias.is_some() == (biased || (*layer == Layer::Head && head.conv.bias.is_some()))
            && unit.norm.is_some() == architecture.norm_key(*layer).is_some()
            && learnt.iter().flatten().all(|(_, shape)| *shape == outputs)
    };
    let units: Vec<_> = inner.iter().copied().chain([head]).collect();
    if !units.iter().zip(architecture.layers()).all(|(unit, layer)| fits(unit, &layer))
        || biased && head.conv.bias.is_none()
    {
        return None;
    }
    // PyTorch's scripts leave the bias to the norm only where it is a BatchNorm, which keeps
    // statistics. Those of an InstanceNorm were never used.
    let is_batch = |unit: &&Unit<'_, '_>| unit.norm.is_some_and(|norm| norm.tracked);
    if !biased && units.iter().any(is_batch) {
        return Some(Err(Reason::BatchNorm));
    }
    let sources = units.iter().zip(architecture.layers()).flat_map(|(unit, layer)| {
        let zeros = Source::Zeros(architecture.channels(layer).1);
        let bias = unit.conv.bias.as_ref().map_or(zeros, |(bias, _)| bias.clone());
        let weight = |module: &Module<'_>| Some(module.weight.as_ref()?.0.clone());
        let norm =
            unit.norm.map(|norm| [weight(norm), norm.bias.as_ref().map(|bias| bias.0.clone())]);
        [weight(unit.conv), Some(bias)].into_iter().chain(norm.into_iter().flatten()).flatten()
    });
    let sources = sources.collect();
    Some(Ok(Recipe { blueprint: Blueprint::Generator(architecture), sources }))
}

/// Each convolution with the normalisation that follows it; `None` if there is anything else.
fn units<'m, 'f>(modules: &[&'m Module<'f>]) -> Option<Vec<Unit<'m, 'f>>> {
    let mut units: Vec<Unit<'m, 'f>> = Vec::new();
    for module in modules {
        match (module.conv(), units.last_mut()) {
            _ if module.strange.is_some() => return None,
            (Some(shape), _) => units.push(Unit { conv: module, shape, norm: None }),
            (None, Some(last)) if module.is_norm() && last.norm.is_none() => {
                last.norm = Some(module);
            }
            // Running statistics or a blur alone.
            _ if module.weight.is_none() && module.bias.is_none() => {}
            _ => return None,
        }
    }
    Some(units)
}

/// Width, channels of pictures, and what each convolution does, by its shape alone. Only
/// convolutions of one shape need to be in order.
fn roles<'m, 'f>(units: &[Unit<'m, 'f>]) -> Option<(usize, usize, Roles<'m, 'f>)> {
    let mut wide = units.iter().filter(|unit| unit.shape[2..] == [7, 7]);
    let (Some(a), Some(b), None) = (wide.next(), wide.next(), wide.next()) else { return None };
    let is_stem = |unit: &Unit<'_, '_>| matches!(unit.shape[1], 1 | 3);
    let (stem, head) = if is_stem(a) { (a, b) } else { (b, a) };
    let [ngf, pictures, ..] = stem.shape;
    if !is_stem(stem) || head.shape != [pictures, ngf, 7, 7] || ngf == 0 {
        return None;
    }
    let mut roles = Roles { stem: vec![*stem], head: vec![*head], ..Roles::default() };
    let (twice, most) = (ngf.checked_mul(2)?, ngf.checked_mul(4)?);
    for unit in units.iter().filter(|unit| unit.shape[2..] != [7, 7]) {
        // The weight of a transposed convolution has the shape of one that goes down.
        let goes_down = |down: &[Unit<'_, '_>]| match unit.outputs() {
            Some(outputs) => outputs == unit.shape[0],
            None => down.is_empty(),
        };
        let role = match unit.shape {
            [out, input, 3, 3] if (out, input) == (twice, ngf) && goes_down(&roles.down[0]) => {
                &mut roles.down[0]
            }
            [out, input, 3, 3] if (out, input) == (most, twice) && goes_down(&roles.down[1]) => {
                &mut roles.down[1]
            }
            [out, input, 3, 3] if (out, input) == (most, most) => &mut roles.blocks,
            [input, out, 3, 3] if (input, out) == (most, twice) => &mut roles.up[0][0],
            [input, out, 3, 3] if (input, out) == (twice, ngf) => &mut roles.up[0][1],
            [out, input, 3, 3] if (out, input) == (twice, most) => &mut roles.up[1][0],
            [out, input, 3, 3] if (out, input) == (ngf, twice) => &mut roles.up[1][1],
            _ => return None,
        };
        role.push(*unit);
    }
    Some((ngf, pictures, roles))
}
