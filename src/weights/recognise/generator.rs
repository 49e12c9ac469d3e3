//! A ResNet generator, recognised by its convolutions.

use std::collections::BTreeMap;

use super::{Reason, Recipe, modules::Module, numbers_apart, source::Source};
use crate::weights::{
    architecture::{Architecture, Down, Layer, Norm, Up},
    write::Blueprint,
};

/// Names of [`Down::Mirrored`]'s project.
const MIRRORED: [&str; 2] = ["down_blocks", "up_blocks"];

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
        let norm = || self.norm.and_then(|norm| norm.bias.as_ref());
        let bias = self.conv.bias.as_ref().or_else(norm);
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
///
/// Files of PyTorch keep the order of the forward pass. Where `keeps_order` is false, or the order
/// is another, only the numbers in names tell it.
pub(super) fn generator(
    modules: &[&Module<'_>],
    keeps_order: bool,
) -> Option<Result<Recipe, Reason>> {
    let kept = if keeps_order { in_order(modules, true) } else { None };
    kept.or_else(|| {
        let mut by_name = modules.to_vec();
        by_name.sort_by_cached_key(|module| module.natural());
        in_order(&by_name, false)
    })
}

/// [`generator`] of modules in the order of the forward pass, which is `known` or taken from names.
fn in_order(modules: &[&Module<'_>], known: bool) -> Option<Result<Recipe, Reason>> {
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
        (0, 0 | 2) if is_mirrored(modules) => Down::Mirrored,
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
    let (dropout, padded) = match &roles.blocks[..] {
        [first, second, ..] => {
            let apart = numbers_apart(first.conv, second.conv);
            let starts = first.conv.path.ends_with("conv_block.0");
            (apart == Some(5), !(starts && matches!(apart, Some(3 | 4))))
        }
        _ => (false, true),
    };
    if !padded {
        return Some(Err(Reason::ZeroPadding));
    }
    if !known && !is_ordered_by_name(&units, &roles) {
        return Some(Err(Reason::Unordered));
    }
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

/// Whether the names are those of a project whose strided convolutions mirror.
fn is_mirrored(modules: &[&Module<'_>]) -> bool {
    let has =
        |name: &str| modules.iter().any(|module| module.path.split('.').any(|part| part == name));
    MIRRORED.into_iter().all(has)
}

/// Each convolution with its normalisation; `None` if there is anything else.
///
/// In a module with as many of both they belong together in their order, whatever their names;
/// elsewhere a normalisation follows its convolution.
fn units<'m, 'f>(modules: &[&'m Module<'f>]) -> Option<Vec<Unit<'m, 'f>>> {
    let mut counts = BTreeMap::<&str, [usize; 2]>::new();
    for module in modules {
        let [convs, norms] = counts.entry(module.parent()).or_default();
        *convs += usize::from(module.conv().is_some());
        *norms += usize::from(module.is_norm());
    }
    let mut units: Vec<Unit<'m, 'f>> = Vec::new();
    let mut paired = BTreeMap::<&str, Vec<&'m Module<'f>>>::new();
    for module in modules {
        let pairs = counts.get(module.parent()).is_some_and(|[convs, norms]| convs == norms);
        match (module.conv(), units.last_mut()) {
            _ if module.strange.is_some() => return None,
            (Some(shape), _) => units.push(Unit { conv: module, shape, norm: None }),
            (None, _) if module.is_norm() && pairs => {
                paired.entry(module.parent()).or_default().push(module);
            }
            (None, Some(last)) if module.is_norm() && last.norm.is_none() => {
                last.norm = Some(module);
            }
            // Running statistics or a blur alone.
            _ if module.weight.is_none() && module.bias.is_none() => {}
            _ => return None,
        }
    }
    for unit in units.iter_mut().rev() {
        if let Some(norms) = paired.get_mut(unit.conv.parent()) {
            unit.norm = norms.pop();
        }
    }
    Some(units)
}

/// Whether names alone order the convolutions that shapes do not tell apart: those of the blocks by
/// their numbers, the others where nothing shows their outputs.
fn is_ordered_by_name(units: &[Unit<'_, '_>], roles: &Roles<'_, '_>) -> bool {
    let numbered = |pair: &[Unit<'_, '_>]| match pair {
        [one, other] => {
            let (one, other) = (one.conv.natural(), other.conv.natural());
            let first = one.iter().zip(&other).find(|(one, other)| one != other);
            first.is_some_and(|(one, other)| {
                one.0 == other.0 && one.1.is_some() && other.1.is_some()
            })
        }
        _ => true,
    };
    let steps = || roles.down.iter().chain(roles.up.iter().flatten()).flatten();
    let shown = steps().all(|unit| unit.outputs().is_some());
    let path = |unit: &Unit<'_, '_>| unit.conv.path.to_string();
    let inner = units.iter().filter(|unit| unit.shape[2..] != [7, 7]).map(path);
    let in_order = steps().take(2).chain(&roles.blocks).chain(steps().skip(2)).map(path);
    roles.blocks.windows(2).all(numbered) && (shown || inner.eq(in_order))
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
