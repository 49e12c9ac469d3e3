//! Convolutions, their gradients and transposed convolutions: chooses the kernels.
//!
//! All of them are matrix products over the taps of the kernel. A transposed convolution is the
//! gradient of a convolution with respect to its input, so two ways to read (`gather_forward`,
//! `gather_backward`) and one for weights cover everything.

use burn_wgpu::CubeTensor;

use super::{
    kernel::{Constant, Kernel, activation_code, folded, spread, wgsl},
    layout::{self, is_half},
};
use crate::ops::layer::{Activation, Border, Geometry};

/// The direction in which a convolution is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From the input to the output.
    Forward,
    /// From the output to the input.
    Backward,
}

/// The part of a product that a workgroup computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tile {
    /// 64 pixels x 64 results.
    Large,
    /// 32 pixels x 32 results.
    Small,
    /// 64 pixels x 4 results.
    Narrow,
}

/// Workgroups needed to keep a graphics card busy; with fewer, a smaller tile makes more.
pub(super) const BUSY: usize = 128;
/// Most parts into which the sum of a weight's gradient is cut.
const PARTS: usize = 64;

/// Buffers of [`gather()`] that have the precision of its input, and of its weights.
pub(super) const READ: &[&str] = &["source"];
pub(super) const WRITTEN: &[&str] = &["weight", "result"];

/// The constants of `convolution.wgsl`.
fn constants(geometry: &Geometry) -> [Constant; 4] {
    let (reflect, border) = match geometry.border {
        Border::Zero(border) => (0, border),
        Border::Reflect(border) => (1, border),
    };
    [
        ("kernel", geometry.kernel as u32),
        ("stride", geometry.stride as u32),
        ("border", border as u32),
        ("reflect", reflect),
    ]
}

/// The uniform of `convolution.wgsl`.
fn uniform(geometry: &Geometry, biased: bool) -> [u32; 8] {
    let Geometry { batch, channels, outputs, height, width, .. } = *geometry;
    let (rows, columns) = (geometry.rows(), geometry.columns());
    [batch, height, width, channels, rows, columns, outputs, usize::from(biased)]
        .map(|extent| extent as u32)
}

/// Rows and columns of taps are visited in steps of the stride, so that none misses. Reflections of
/// a strided convolution would need other steps; networks that have it are only run forward.
fn phases(geometry: &Geometry, way: Way) -> usize {
    match (way, geometry.border) {
        (Way::Backward, Border::Zero(_)) => geometry.stride,
        _ => 1,
    }
}

/// The kernel for one direction, tile and activation.
pub(super) fn gathering(
    geometry: &Geometry,
    way: Way,
    tile: Tile,
    biased: bool,
    activation: Activation,
) -> Kernel {
    let tiled: &'static [&'static str] = match (way, tile) {
        (Way::Forward, Tile::Narrow) => {
            wgsl!["convolution", "gather_forward", "numbers", "activation", "convolution_narrow"]
        }
        (Way::Forward, _) => {
            wgsl!["convolution", "gather_forward", "numbers", "activation", "convolution_tile"]
        }
        (Way::Backward, Tile::Narrow) => {
            wgsl!["convolution", "gather_backward", "numbers", "activation", "convolution_narrow"]
        }
        (Way::Backward, _) => {
            wgsl!["convolution", "gather_backward", "numbers", "activation", "convolution_tile"]
        }
    };
    let (name, workgroup) = match tile {
        Tile::Narrow => ("convolution_narrow", [64, 1, 1]),
        Tile::Large | Tile::Small => ("convolution_tile", [8, 8, 1]),
    };
    let (read, written) = match way {
        Way::Forward => (geometry.channels, geometry.outputs),
        Way::Backward => (geometry.outputs, geometry.channels),
    };
    Kernel::new(name, tiled, workgroup)
        .with(constants(geometry))
        .with([activation_code(activation), ("phases", phases(geometry, way) as u32)])
        .with(shape(tile))
        .wide(&["source"], read)
        .wide(&["weight"], geometry.outputs)
        .wide(&["result"], written)
        .wide(if biased { &["bias"] } else { &[] }, written)
}

/// A workgroup's registers and memory: side and depth of the tile, pixels in registers, and vec4s
/// and pixels of its right half.
fn shape(tile: Tile) -> impl Iterator<Item = Constant> {
    let values = match tile {
        Tile::Large => [64, 16, 8, 4, 8],
        Tile::Small => [32, 32, 4, 0, 0],
        Tile::Narrow => [0; 5],
    };
    std::iter::zip(["tile", "depth", "rows", "wide", "wide_rows"], values)
}

/// The kernel for the products of Winograd's filtering; backward, the weights are transposed.
pub(super) fn multiplying(channels: usize, tile: Tile, way: Way) -> Kernel {
    // See `gather_product.wgsl`.
    let constants = [("kernel", 64), ("stride", 1), ("border", 0), ("reflect", 0)];
    let files = wgsl!["convolution", "gather_product", "numbers", "activation", "convolution_tile"];
    Kernel::new("convolution_product", files, [8, 8, 1])
        .with(constants)
        .with([activation_code(Activation::None), ("transposed", u32::from(way == Way::Backward))])
        .with(shape(tile))
        .wide(&["source", "weight", "result"], channels)
}

/// Products `[count][rows][channels] · [count][channels][channels]` to `[count][rows][channels]`;
/// backward, the weights' matrices are transposed.
pub(super) fn multiply(
    source: &CubeTensor,
    weight: &CubeTensor,
    [count, rows, channels]: [usize; 3],
    way: Way,
) -> CubeTensor {
    // Uses as much memory as the other factor: both are needed only briefly.
    let elements = source.handle.size() as usize / size_of::<f32>();
    let result = layout::empty_within(source, [count, rows, channels], elements);
    let (tile, groups) = tiled(channels, rows, count);
    let info = [1, 1, rows, channels, 1, rows, channels, 0].map(|extent| extent as u32);
    // There is no bias, but some buffer must be bound.
    let read = [source, weight, weight];
    multiplying(channels, tile, way).launch(&read, &[&result], &info, groups);
    result
}

/// The tile that keeps a card busy, and the workgroups, for `count` products with `rows` rows and
/// `results` columns. Columns are along x, rows along y and, if there are too many, also along z,
/// after the products.
pub(super) fn tiled(results: usize, rows: usize, count: usize) -> (Tile, [usize; 3]) {
    let groups = |side: usize| [results.div_ceil(side), rows.div_ceil(side), count];
    let (tile, [x, y, z]) = if groups(64).iter().product::<usize>() >= BUSY {
        (Tile::Large, groups(64))
    } else {
        (Tile::Small, groups(32))
    };
    let [y, times] = folded(y);
    (tile, [x, y, z * times])
}

/// The shape of [`gather()`]'s result.
fn gathered(geometry: &Geometry, way: Way) -> [usize; 4] {
    let Geometry { batch, channels, outputs, height, width, .. } = *geometry;
    match way {
        Way::Forward => [batch, outputs, geometry.rows(), geometry.columns()],
        Way::Backward => [batch, channels, height, width],
    }
}

/// The tile and the workgroups of [`gather()`].
pub(super) fn gathering_groups(geometry: &Geometry, way: Way) -> (Tile, [usize; 3]) {
    let side = phases(geometry, way);
    let [batch, results, rows, columns] = gathered(geometry, way);
    // The largest phase's.
    let pixels = batch * rows.div_ceil(side) * columns.div_ceil(side);
    if results <= 4 {
        let [x, y, _] = spread(pixels);
        (Tile::Narrow, [x, y, side * side])
    } else {
        tiled(results, pixels, side * side)
    }
}

/// Reads `source` in one direction: the result of a convolution, or the gradient of its input.
pub(super) fn gather(
    source: &CubeTensor,
    weight: &CubeTensor,
    bias: Option<&CubeTensor>,
    geometry: &Geometry,
    way: Way,
    activation: Activation,
) -> CubeTensor {
    // The result has the precision of the weights.
    let result = layout::empty_image_as(weight, gathered(geometry, way));
    let (tile, groups) = gathering_groups(geometry, way);
    let kernel = gathering(geometry, way, tile, bias.is_some(), activation)
        .half(READ, is_half(source))
        .half(WRITTEN, is_half(weight));
    // Without a bias, some buffer must still be bound.
    let read = [source, weight, bias.unwrap_or(weight)];
    kernel.launch(&read, &[&result], &uniform(geometry, bias.is_some()), groups);
    result
}

/// The kernel for the gradient of weights.
pub(super) fn weighing(geometry: &Geometry) -> Kernel {
    let kernel = if geometry.outputs <= 4 {
        let files = wgsl!["convolution", "gather_forward", "weight_narrow"];
        Kernel::new("weight_narrow", files, [64, 1, 1])
    } else {
        let files = wgsl!["convolution", "gather_forward", "weight_tile"];
        Kernel::new("weight_tile", files, [8, 8, 1])
    };
    kernel
        .with(constants(geometry))
        .wide(&["source"], geometry.channels)
        .wide(&["gradient", "part"], geometry.outputs)
}

/// The workgroups of [`weighing()`]; the parts of the sum are along z.
pub(super) fn weighing_groups(geometry: &Geometry) -> [usize; 3] {
    let Geometry { batch, channels, outputs, kernel, .. } = *geometry;
    let depth = kernel * kernel * channels.next_multiple_of(4);
    let [x, y] = if outputs <= 4 {
        [depth.div_ceil(256), 1]
    } else {
        [outputs.div_ceil(64), depth.div_ceil(64)]
    };
    let lines = batch * geometry.rows();
    // Twice what keeps a card busy, because the parts differ in length.
    let parts = (2 * BUSY).div_ceil(x * y).clamp(1, PARTS.min(lines));
    [x, y, parts]
}

/// The kernel that adds up the parts of a weight's gradient.
pub(super) fn summing() -> Kernel {
    Kernel::new("sum_parts", wgsl!["sum_parts"], [64, 1, 1])
}

/// Gradients of a convolution's weight `[out, in, k, k]` and bias `[out]`, from its input `x` and
/// its output's `gradient`.
pub(super) fn weight_gradient(
    x: &CubeTensor,
    gradient: &CubeTensor,
    geometry: &Geometry,
) -> [CubeTensor; 2] {
    let Geometry { channels, outputs, kernel, .. } = *geometry;
    let weights = kernel * kernel * channels * outputs;
    let groups = weighing_groups(geometry);
    let [.., parts] = groups;
    // Needed only briefly: most images have a power of two elements, whose memory it can reuse.
    let elements = (parts * (weights + outputs)).next_power_of_two();
    let part = layout::empty_within(x, [parts, weights + outputs], elements);
    weighing(geometry).launch(&[x, gradient], &[&part], &uniform(geometry, false), groups);
    let weight = layout::empty_weight(x, [outputs, channels, kernel, kernel]);
    let bias = layout::empty(x, [outputs]);
    let sizes = [parts, weights, outputs, 0].map(|size| size as u32);
    summing().launch(&[&part], &[&weight, &bias], &sizes, spread(weights + outputs));
    [weight, bias]
}
