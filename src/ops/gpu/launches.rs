//! Tests how many workgroups each kernel launches, on the largest images that a device may hold.

use std::collections::{BTreeSet, HashSet};

use super::{
    adam, augment, catalogue,
    conv2d::{self, Way},
    copy, enlarge, finite,
    instance_norm::{self, Planes},
    kernel::{Kernel, spread},
    loss, pixels, shrink, sum,
    winograd::{self, BlockTiles},
    winograd_backward,
};
use crate::{
    device::{Limits, MEMORY},
    ops::layer::{Activation, Border, Conv2d, Distance, Geometry, Interpolation},
    translate::{Manner, Room, plan},
    weights::{Architecture, Down, Layer, Up},
};

/// WebGPU's default, `maxComputeWorkgroupsPerDimension`.
const MOST: usize = 65_535;
/// Trainable widths of both networks, which exceed any published one.
const WIDTHS: std::ops::RangeInclusive<usize> = 1..=1024;

/// The kernels launched, all with workgroups within WebGPU's limits.
#[derive(Default)]
struct Launches {
    what: String,
    /// By translations.
    forward: HashSet<Kernel>,
    /// By training in addition.
    others: HashSet<Kernel>,
}

impl Launches {
    fn forward(&mut self, kernel: Kernel, groups: [usize; 3]) {
        self.check(&kernel, groups);
        self.forward.insert(kernel);
    }

    fn other(&mut self, kernel: Kernel, groups: [usize; 3]) {
        self.check(&kernel, groups);
        self.others.insert(kernel);
    }

    fn check(&self, kernel: &Kernel, groups: [usize; 3]) {
        let allowed = groups.iter().all(|groups| (1..=MOST).contains(groups));
        assert!(allowed, "{} in {groups:?} workgroups, {}", kernel.name(), self.what);
    }

    /// A convolution or a transposed one, forward and backward, with its optimiser.
    fn convolution(&mut self, x: [usize; 4], weight: [usize; 4], spec: &Conv2d) -> Layered {
        let geometry = Geometry::new(x, weight, spec);
        let [there, back] = match spec.transposed {
            true => [Way::Backward, Way::Forward],
            false => [Way::Forward, Way::Backward],
        };
        let (tile, groups) = conv2d::gathering_groups(&geometry, there);
        let forward = conv2d::gathering(&geometry, there, tile, true, spec.activation);
        self.check(&forward, groups);
        let (tile, groups) = conv2d::gathering_groups(&geometry, back);
        self.other(conv2d::gathering(&geometry, back, tile, false, Activation::None), groups);
        self.other(conv2d::weighing(&geometry), conv2d::weighing_groups(&geometry));
        let elements: usize = weight.iter().product();
        self.other(conv2d::summing(), spread(elements + geometry.outputs));
        let in_place =
            [adam::stepping(2, elements), sum::adding(4, elements), sum::averaging(4, elements)];
        for kernel in in_place {
            let [x, y, _] = spread(elements.div_ceil(4));
            self.other(kernel, [x, y, 4]);
        }
        self.check(&copy::converting(elements, true), spread(elements.div_ceil(4)));
        let y = match (spec.transposed, geometry) {
            (true, Geometry { batch, channels, height, width, .. }) => {
                [batch, channels, height, width]
            }
            (false, Geometry { batch, outputs, .. }) => {
                [batch, outputs, geometry.rows(), geometry.columns()]
            }
        };
        if spec.activation != Activation::None {
            let elements = y.iter().product::<usize>();
            let kernel = instance_norm::activating(elements, spec.activation);
            self.other(kernel, spread(elements.div_ceil(4)));
        }
        Layered { y, forward }
    }

    /// Returns the kernels forward.
    fn normalisation(
        &mut self,
        x: [usize; 4],
        affine: bool,
        activation: Activation,
        skip: bool,
    ) -> [Kernel; 2] {
        let planes = Planes::new(x);
        let forward = instance_norm::forward(x[1], affine, activation, skip);
        let [sums_back, writes_back] = instance_norm::backward(x[1], affine, activation);
        let ((_, summed), (_, written)) = (planes.summed(), planes.written());
        let [sums, writes] = &forward;
        self.check(sums, summed);
        self.check(writes, written);
        self.other(sums_back, summed);
        self.other(writes_back, written);
        self.other(instance_norm::undoing(), spread(x.iter().product::<usize>().div_ceil(4)));
        forward
    }

    /// Forward and backward.
    fn enlarging(&mut self, [batch, channels, height, width]: [usize; 4]) -> [usize; 4] {
        let y = [batch, channels, 2 * height, 2 * width];
        let [there, back] = enlarge::ways(channels, Interpolation::Bilinear);
        self.forward(there, enlarge::groups(4 * batch * height * width, channels));
        self.other(back, enlarge::groups(batch * height * width, channels));
        y
    }

    /// Forward and backward.
    fn shrinking(&mut self, [batch, channels, height, width]: [usize; 4]) -> [usize; 4] {
        let [there, back] = shrink::ways(channels);
        self.forward(there, shrink::groups(batch * height * width / 4, channels));
        self.other(back, shrink::groups(batch * height * width, channels));
        [batch, channels, height / 2, width / 2]
    }

    fn residual_block(&mut self, x: [usize; 4], affine: bool) {
        if !winograd::pays(x) {
            return;
        }
        let tiles = BlockTiles::new(x);
        let [_, channels, ..] = x;
        self.forward(winograd::weighing(), winograd::weighing_groups(channels));
        self.forward(winograd::entering(false, false, Activation::None), tiles.groups());
        self.forward(winograd::entering(true, affine, Activation::Relu), tiles.groups());
        self.forward(winograd::leaving(), tiles.groups());
        for activation in [Activation::None, Activation::Relu] {
            self.other(winograd_backward::entering(affine, activation), tiles.groups());
        }
        for both in [false, true] {
            self.other(winograd_backward::leaving(both), tiles.groups());
        }
        let (tile, groups) = conv2d::tiled(channels, tiles.count(), winograd::POSITIONS);
        self.forward(conv2d::multiplying(channels, tile, Way::Forward), groups);
        self.other(conv2d::multiplying(channels, tile, Way::Backward), groups);
        self.other(winograd_backward::multiplying(channels), tiles.weight_groups());
        let pairs = channels * (channels + 1);
        self.other(winograd_backward::summing(), spread(pairs));
    }

    /// Operations on whole pictures, and on answers, which are fewer.
    fn pictures(&mut self, x: [usize; 4]) {
        let elements: usize = x.iter().product();
        let fours = elements.div_ceil(4);
        self.forward(copy::copying(elements), spread(fours));
        self.forward(copy::joining(elements), spread(2 * fours));
        let [_, channels, height, width] = x;
        self.forward(pixels::entering(channels), spread(height * width));
        self.forward(pixels::leaving(channels), spread(height * width));
        let distance = Distance::Absolute;
        let groups = [loss::summing_groups(elements), 1, 1];
        self.other(loss::summing(elements, distance), groups);
        self.other(loss::sloping(elements, distance), spread(fours));
        self.other(loss::totalling(), [1; 3]);
        for backward in [false, true] {
            self.other(augment::averaging(backward), augment::averaging_groups(x));
            self.other(augment::moving(backward), augment::moving_groups(x));
        }
        self.other(finite::counting(7), [7, 1, 1]);
    }

    fn generator(&mut self, ngf: usize, [height, width]: [usize; 2]) {
        self.pictures([1, 3, height, width]);
        for (down, up, affine) in
            [(Down::Strided, Up::Transpose, false), (Down::Blurred, Up::Bilinear, true)]
        {
            let architecture = Architecture { down, up, ..Architecture::new(ngf, 1) };
            self.layers(architecture, affine, [height, width]);
        }
    }

    fn layers(&mut self, architecture: Architecture, affine: bool, [height, width]: [usize; 2]) {
        let mut x = [1, 3, height, width];
        let blurs = architecture.down == Down::Blurred;
        for layer in architecture.layers() {
            let (stride, border, transposed) = match layer {
                Layer::Stem | Layer::Head => (1, Border::Reflect(3), false),
                Layer::Down(_) if blurs => (1, Border::Zero(1), false),
                Layer::Down(_) => (2, Border::Zero(1), false),
                Layer::Block(..) => (1, Border::Reflect(1), false),
                Layer::Up(_) if architecture.is_transposed(layer) => (2, Border::Zero(1), true),
                Layer::Up(_) => {
                    x = self.enlarging(x);
                    (1, Border::Reflect(1), false)
                }
            };
            if matches!(layer, Layer::Block(..)) {
                self.residual_block(x, affine);
            }
            let weight = architecture.weight_shape(layer);
            let [.., kernel] = weight;
            let activation = if layer == Layer::Head { Activation::Tanh } else { Activation::None };
            let spec = Conv2d { kernel, stride, border, transposed, activation };
            let Layered { y, forward } = self.convolution(x, weight, &spec);
            self.forward.insert(forward);
            x = y;
            if layer == Layer::Head {
                break;
            }
            let ends = matches!(layer, Layer::Block(_, 1));
            let activation = if ends { Activation::None } else { Activation::Relu };
            let forward = self.normalisation(x, affine, activation, ends);
            self.forward.extend(forward);
            let groups = instance_norm::scaling_groups(x[0] * x[2] * x[3], x[1]);
            self.forward(instance_norm::scaling(x[1], activation, ends), groups);
            if blurs && matches!(layer, Layer::Down(_)) {
                x = self.shrinking(x);
            }
        }
        assert_eq!(x, [1, 3, height, width]);
    }

    fn discriminator(&mut self, ndf: usize, padding: usize, [height, width]: [usize; 2]) {
        let mut x = [2, 3, height, width];
        let layers = [(ndf, 2), (2 * ndf, 2), (4 * ndf, 2), (8 * ndf, 1), (1, 1)];
        for (index, (outputs, stride)) in layers.into_iter().enumerate() {
            let (kernel, border, transposed) = (4, Border::Zero(padding), false);
            let activation = if index == 0 { Activation::LeakyRelu } else { Activation::None };
            let spec = Conv2d { kernel, stride, border, transposed, activation };
            let Layered { y, forward } =
                self.convolution(x, [outputs, x[1], kernel, kernel], &spec);
            self.others.insert(forward);
            x = y;
            if (1..4).contains(&index) {
                let forward = self.normalisation(x, false, Activation::LeakyRelu, false);
                self.others.extend(forward);
            }
        }
    }
}

/// The shape of a convolution's result, and the kernel that computes it.
struct Layered {
    y: [usize; 4],
    forward: Kernel,
}

/// An enormous photo at the size that the device with the largest buffers can hold: square, and as
/// a strip. In half precision less than twice as many pixels fit.
#[test]
fn the_largest_plan_of_every_width_is_launched_within_webgpus_limits() {
    let mut launches = Launches::default();
    for ngf in WIDTHS {
        for memory in [MEMORY, 2 * MEMORY] {
            for photo in [(1 << 20, 1 << 20), (1 << 32, 1 << 12)] {
                let limits = Limits { tensor: u64::MAX, memory };
                let room = Room { whole: limits.pixels(ngf), strips: 0 };
                let plan = plan(photo, &Manner::default(), room);
                let sides = [plan.seen_height, plan.seen_width];
                let [height, width] = sides.map(|side| side.max(16) & !3);
                launches.what = format!("ngf {ngf}, {width} x {height}");
                launches.generator(ngf, [height, width]);
                launches.discriminator(ngf, 2, [height, width]);
            }
        }
    }
    let all = read(&catalogue::ALL);
    let launched: HashSet<_> = launches.forward.union(&launches.others).cloned().collect();
    let missing: Vec<_> = launched.difference(&all).collect();
    assert!(missing.is_empty(), "not in the catalogue: {missing:?}");
    let names =
        |kernels: &HashSet<Kernel>| -> BTreeSet<_> { kernels.iter().map(Kernel::name).collect() };
    assert_eq!(names(&launched), names(&all), "not every kernel was looked at");
}

/// What a device is opened with is all that its translations launch.
#[test]
fn a_generator_launches_only_what_was_read_before() {
    let mut launches = Launches::default();
    for ngf in [8, 16, 32, 64, 96] {
        for side in [32, 128, 512] {
            launches.generator(ngf, [side, side]);
            launches.discriminator(ngf, 1, [side, side]);
        }
    }
    let opened: HashSet<_> = catalogue::generator(&catalogue::USUAL, false).into_iter().collect();
    let unread: Vec<_> = launches.forward.difference(&opened).collect();
    assert!(unread.is_empty(), "not read when a device is opened: {unread:?}");
    let trains = read(&catalogue::USUAL);
    let unread: Vec<_> = launches.others.difference(&trains).collect();
    assert!(unread.is_empty(), "not read before training: {unread:?}");
}

/// What is read for networks of these `widths`.
fn read(widths: &[usize]) -> HashSet<Kernel> {
    let training = catalogue::training(widths);
    catalogue::generator(widths, false).into_iter().chain(training).collect()
}
