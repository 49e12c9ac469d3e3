//! Which networks a file holds, told by their structure: by shapes, not by names.
//!
//! Projects name and wrap the same network differently. So the tree that the tensors' names span is
//! searched from the root for nodes whose modules, all of them, are one network; everything beside
//! such a node is left alone.

mod discriminator;
mod generator;
mod modules;
mod source;

use std::collections::BTreeMap;

use super::{
    state::{Listed, elements, quote},
    write::Blueprint,
};
use crate::error::Error;
use modules::{Module, modules};
pub(super) use source::Source;

/// Names under which optimisers keep as many numbers as the weights themselves: PyTorch's, and
/// those of a checkpoint of this project.
const MOMENTS: [&str; 6] =
    ["mean", "square", "exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer"];

/// More modules than any of these networks has.
const MOST_MODULES: usize = 2048;

/// What a network is, and the sources of its tensors in the order of [`Blueprint::tensors`].
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Recipe {
    pub blueprint: Blueprint,
    pub sources: Vec<Source>,
}

/// A network in a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    /// What stands before the names of its modules, without a point at the end.
    pub prefix: String,
    pub recipe: Result<Recipe, Reason>,
}

/// Why a network cannot be used.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reason {
    Discriminator,
    UNet,
    BatchNorm,
    /// Convolutions that halve and that double an image's sides.
    OtherDepth(usize, usize),
    /// Channels of the pictures that go in and come out.
    OtherPictures(usize, usize),
    /// Residual blocks of convolutions that pad with zeros.
    ZeroPadding,
    /// Nothing says in which order its convolutions are.
    Unordered,
    /// More numbers than the file can hold.
    TooLarge,
    /// None of these; its first tensor.
    Other(String),
}

impl Reason {
    pub fn error(&self) -> Error {
        let halves_and_doubles =
            |down, up| format!("it halves the sides {down} times and doubles them {up} times");
        match self {
            Self::Discriminator => {
                Error::WeightsDiscriminator("it judges pictures and cannot make them".into())
            }
            Self::UNet => Error::WeightsUNet("its convolutions of 4x4 halve and double".into()),
            Self::BatchNorm => {
                Error::WeightsBatchNorm("its normalisations use running statistics".into())
            }
            Self::OtherDepth(down, up) => Error::WeightsOtherDepth(halves_and_doubles(down, up)),
            Self::OtherPictures(input, output) => Error::WeightsNotGenerator(format!(
                "its pictures have {input} channels before and {output} after"
            )),
            Self::ZeroPadding => Error::WeightsNotGenerator(
                "its residual blocks pad with zeros, not by reflection".into(),
            ),
            Self::Unordered => Error::WeightsNotGenerator(
                "neither the file nor their names say in which order its layers are".into(),
            ),
            Self::TooLarge => Error::WeightsTooLarge("its tensors are larger than the file".into()),
            Self::Other(first) => Error::WeightsNotGenerator(format!(
                "its convolutions are not those of a ResNet generator; its first tensor is {}",
                quote(first)
            )),
        }
    }
}

/// The networks among tensors of a file of `length` bytes, in its order, which is that of the
/// forward pass if it `keeps_order`.
pub(super) fn networks(listed: &[Listed], length: usize, keeps_order: bool) -> Vec<Found> {
    let modules = modules(listed);
    let is_moment =
        |module: &&Module<'_>| module.path.split('.').any(|part| MOMENTS.contains(&part));
    let modules = modules.iter().filter(|module| !is_moment(module)).collect();
    let mut found = Vec::new();
    search(modules, 0, keeps_order, &mut found);
    for network in &mut found {
        if let Ok(Recipe { sources, .. }) = &network.recipe {
            let numbers = sources.iter().try_fold(0_usize, |sum, source| {
                let own = source.tensors().try_fold(0_usize, |sum, index| {
                    sum.checked_add(elements(&listed.get(index)?.shape)?)
                });
                sum.checked_add(own?)
            });
            if numbers.is_none_or(|numbers| numbers > length) {
                network.recipe = Err(Reason::TooLarge);
            }
        }
    }
    found
}

/// Finds the networks among `modules`, whose first `depth` names are the same.
fn search(modules: Vec<&Module<'_>>, depth: usize, keeps_order: bool, found: &mut Vec<Found>) {
    if !modules.iter().any(|module| module.conv().is_some()) {
        return;
    }
    let path = modules.first().map_or("", |module| module.path);
    let prefix = || path.split('.').take(depth).collect::<Vec<_>>().join(".");
    if let Some(recipe) = recognise(&modules, keeps_order) {
        found.push(Found { prefix: prefix(), recipe });
        return;
    }
    let reason = reason(&modules);
    let children = children(modules, depth);
    let of_convs = |child: &&Vec<&Module<'_>>| child.iter().any(|module| module.conv().is_some());
    let networks = children.iter().filter(|child| begins(child)).count();
    let are_apart = networks > 1 || children.iter().filter(of_convs).count() == 1;
    let before = found.len();
    children.into_iter().for_each(|child| search(child, depth + 1, keeps_order, found));
    if are_apart {
        return;
    }
    // A reason given to a part of a network says nothing about the whole.
    let mut parts = found.split_off(before);
    parts.retain(|network| {
        matches!(
            network.recipe,
            Ok(_) | Err(Reason::BatchNorm | Reason::ZeroPadding | Reason::Unordered)
        )
    });
    if parts.is_empty() {
        parts.push(Found { prefix: prefix(), recipe: Err(reason) });
    }
    found.append(&mut parts);
}

/// The modules by the name at `depth`, in the order of the file, without those whose names end
/// before.
fn children<'m, 'f>(modules: Vec<&'m Module<'f>>, depth: usize) -> Vec<Vec<&'m Module<'f>>> {
    let mut places = BTreeMap::new();
    let mut children: Vec<Vec<&Module<'_>>> = Vec::new();
    for module in modules {
        let Some(name) = module.path.split('.').nth(depth) else { continue };
        let at = *places.entry(name).or_insert(children.len());
        match children.get_mut(at) {
            Some(child) => child.push(module),
            None => children.push(vec![module]),
        }
    }
    children
}

/// Whether these are the modules of a network, rather than a part of one: they begin with pictures.
fn begins(modules: &[&Module<'_>]) -> bool {
    let mut convs = modules.iter().filter_map(|module| module.conv());
    let first = convs.any(|[output, input, ..]| matches!(input, 1 | 3 | 6) && output > input);
    first && modules.iter().filter(|module| module.conv().is_some()).count() > 2
}

fn recognise(modules: &[&Module<'_>], keeps_order: bool) -> Option<Result<Recipe, Reason>> {
    if modules.len() > MOST_MODULES {
        return None;
    }
    generator::generator(modules, keeps_order)
        .or_else(|| Some(Ok(discriminator::discriminator(modules)?)))
}

/// What a network is that is neither.
fn reason(modules: &[&Module<'_>]) -> Reason {
    let shapes: Vec<_> = modules.iter().filter_map(|module| module.conv()).collect();
    let count =
        |test: &dyn Fn(&[usize; 4]) -> bool| shapes.iter().filter(|shape| test(shape)).count();
    let judges = count(&|[output, ..]| *output == 1) == 1;
    let from_pictures = |[_, input, ..]: &[usize; 4]| matches!(input, 1 | 3 | 6);
    let small = |[_, _, height, width]: &[usize; 4]| (*height, *width) == (4, 4);
    let is_wide = |module: &&&Module<'_>| module.conv().is_some_and(|shape| shape[2..] == [7, 7]);
    let mut wide: Vec<_> = modules.iter().filter(is_wide).take(3).collect();
    wide.sort_by_cached_key(|module| module.natural());
    let wide: Vec<_> = wide.iter().filter_map(|module| module.conv()).collect();
    if wide.len() != 2
        && (count(&small) > 2 || count(&|shape| shape[2..] == [1, 1]) == shapes.len())
    {
        // The last convolution of a U-Net is transposed, and so its inputs come first.
        let pictures = count(&|shape| from_pictures(shape));
        return if judges && pictures <= 1 { Reason::Discriminator } else { Reason::UNet };
    }
    if let [[ngf, input, ..], [output, last, ..]] = wide[..]
        && ngf == last
    {
        if input != output || !matches!(input, 1 | 3) {
            return Reason::OtherPictures(input, output);
        }
        // Either way there is one layer between two widths.
        let changes = count(&|[output, input, ..]| {
            output.checked_mul(2) == Some(*input) || input.checked_mul(2) == Some(*output)
        });
        if changes != 4 && changes.is_multiple_of(2) {
            return Reason::OtherDepth(changes / 2, changes / 2);
        }
    }
    Reason::Other(modules.first().map(|module| module.path).unwrap_or_default().into())
}

/// The difference between the last numbers in the names of two modules that are otherwise equal.
fn numbers_apart(before: &Module<'_>, after: &Module<'_>) -> Option<usize> {
    let parts = |path| str::rsplit_once(path, '.').unwrap_or(("", path));
    let ((first, before), (second, after)) = (parts(before.path), parts(after.path));
    let [before, after] = [before, after].map(|number| number.parse::<usize>().ok());
    if first == second { after?.checked_sub(before?) } else { None }
}
