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
    weights::{Architecture, Down, Layer, Norm, Up},
};

/// WebGPU's default, `maxComputeWorkgroupsPerDimension`.
const MOST: usize = 65_535;
/// Trainable widths of both networks, which exceed any published one.
const WIDTHS: std::ops::RangeInclusive<usize> = 1..=1024;

/// The kernels launched, all with workgroups within WebGPU's limits.
#[derive(Default)]
struct Launches {
    what: String,
    /// Whether only training has the network that is looked at.
    trained: bool,
    /// By translations.
    translating: HashSet<Kernel>,
    /// By training in addition.
    training: HashSet<Kernel>,
}

impl Launches {
    /// A kernel that a network launches forward.
    fn forward(&mut self, kernel: Kernel, groups: [usize; 3]) {
        self.check(&kernel, groups);
        let launched = if self.trained { &mut self.training } else { &mut self.translating };
        launched.insert(kernel);
    }

    /// A kernel that only training launches.
    fn other(&mut self, kernel: Kernel, groups: [usize; 3]) {
        self.check(&kernel, groups);
        self.training.insert(kernel);
    }

    fn check(&self, kernel: &Kernel, groups: [usize; 3]) {
        let allowed = groups.iter().all(|groups| (1..=MOST).contains(groups));
        assert!(allowed, "{} in {groups:?} workgroups, {}", kernel.name(), self.what);
    }

    /// A convolution or a transposed one, forward and backward, with its optimiser.
    fn convolution(&mut self, x: [usize; 4], weight: [usize; 4], spec: &Conv2d) -> [usize; 4] {
        let geometry = Geometry::new(x, weight, spec);
        let [there, back] = match spec.transposed {
            true => [Way::Backward, Way::Forward],
            false => [Way::Forward, Way::Backward],
        };
        let (tile, groups) = conv2d::gathering_groups(&geometry, there);
        self.forward(conv2d::gathering(&geometry, there, tile, true, spec.activation), groups);
        // Only such strides are trained.
        if spec.stride == 1 || matches!(spec.border, Border::Zero(_)) {
            let (tile, groups) = conv2d::gathering_groups(&geometry, back);
            self.other(conv2d::gathering(&geometry, back, tile, false, Activation::None), groups);
            self.other(conv2d::weighing(&geometry), conv2d::weighing_groups(&geometry));
        }
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
        y
    }

    fn normalisation(&mut self, x: [usize; 4], affine: bool, activation: Activation, skip: bool) {
        let planes = Planes::new(x);
        let [sums, writes] = instance_norm::forward(x[1], affine, activation, skip);
        let [sums_back, writes_back] = instance_norm::backward(x[1], affine, activation);
        let ((_, summed), (_, written)) = (planes.summed(), planes.written());
        self.forward(sums, summed);
        self.forward(writes, written);
        self.other(sums_back, summed);
        self.other(writes_back, written);
        self.other(instance_norm::undoing(), spread(x.iter().product::<usize>().div_ceil(4)));
    }

    /// Forward and backward.
    fn enlarging(
        &mut self,
        [batch, channels, height, width]: [usize; 4],
        by: Interpolation,
    ) -> [usize; 4] {
        let y = [batch, channels, 2 * height, 2 * width];
        let [there, back] = enlarge::ways(channels, by);
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

    fn generator(&mut self, architecture: Architecture, [height, width]: [usize; 2]) {
        self.trained = false;
        let picture = [1, architecture.pictures, height, width];
        let affine = architecture.norm == Norm::InstanceAffine;
        self.pictures(picture);
        let mut x = picture;
        for layer in architecture.layers() {
            let (stride, border, transposed) = match layer {
                Layer::Stem | Layer::Head => (1, Border::Reflect(3), false),
                Layer::Down(_) => match architecture.down {
                    Down::Strided => (2, Border::Zero(1), false),
                    Down::Mirrored => (2, Border::Reflect(1), false),
                    Down::Blurred => (1, Border::Zero(1), false),
                },
                Layer::Block(..) => (1, Border::Reflect(1), false),
                Layer::Up(_) => match architecture.up {
                    Up::Transpose => (2, Border::Zero(1), true),
                    Up::Bilinear => (1, Border::Reflect(1), false),
                    Up::Nearest | Up::Blurred => (1, Border::Zero(1), false),
                },
            };
            if matches!(layer, Layer::Up(_)) {
                x = match architecture.up {
                    Up::Transpose => x,
                    Up::Bilinear | Up::Blurred => self.enlarging(x, Interpolation::Bilinear),
                    Up::Nearest => self.enlarging(x, Interpolation::Nearest),
                };
            }
            if matches!(layer, Layer::Block(..)) {
                self.residual_block(x, affine);
            }
            let weight = architecture.weight_shape(layer);
            let [.., kernel] = weight;
            let activation = if layer == Layer::Head { Activation::Tanh } else { Activation::None };
            let spec = Conv2d { kernel, stride, border, transposed, activation };
            x = self.convolution(x, weight, &spec);
            if layer == Layer::Head {
                break;
            }
            let ends = matches!(layer, Layer::Block(_, 1));
            let activation = if ends { Activation::None } else { Activation::Relu };
            self.normalisation(x, affine, activation, ends);
            let groups = instance_norm::scaling_groups(x[0] * x[2] * x[3], x[1]);
            self.forward(instance_norm::scaling(x[1], activation, ends), groups);
            if architecture.down == Down::Blurred && matches!(layer, Layer::Down(_)) {
                x = self.shrinking(x);
            }
        }
        assert_eq!(x, picture);
    }

    fn discriminator(&mut self, ndf: usize, padding: usize, [height, width]: [usize; 2]) {
        self.trained = true;
        let mut x = [2, 3, height, width];
        let layers = [(ndf, 2), (2 * ndf, 2), (4 * ndf, 2), (8 * ndf, 1), (1, 1)];
        for (index, (outputs, stride)) in layers.into_iter().enumerate() {
            let (kernel, border, transposed) = (4, Border::Zero(padding), false);
            let activation = if index == 0 { Activation::LeakyRelu } else { Activation::None };
            let spec = Conv2d { kernel, stride, border, transposed, activation };
            x = self.convolution(x, [outputs, x[1], kernel, kernel], &spec);
            if (1..4).contains(&index) {
                self.normalisation(x, false, Activation::LeakyRelu, false);
            }
        }
    }
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
                let plain = Architecture::new(ngf, 1);
                launches.generator(plain, [height, width]);
                let (down, up) = (Down::Blurred, Up::Bilinear);
                launches.generator(Architecture { down, up, ..plain }, [height, width]);
                launches.discriminator(ngf, 2, [height, width]);
            }
        }
    }
    let all = read(&catalogue::ALL);
    let launched: HashSet<_> = launches.translating.union(&launches.training).cloned().collect();
    let missing: Vec<_> = launched.difference(&all).collect();
    assert!(missing.is_empty(), "not in the catalogue: {missing:?}");
    let names =
        |kernels: &HashSet<Kernel>| -> BTreeSet<_> { kernels.iter().map(Kernel::name).collect() };
    assert_eq!(names(&launched), names(&all), "not every kernel was looked at");
}

/// What is read when a device is opened is all that generators launch, and with what is read for
/// training, all that training does.
#[test]
fn nothing_is_launched_that_was_not_read() {
    let mut launches = Launches::default();
    for ngf in [8, 16, 32, 64, 96] {
        for sides in [[32, 32], [128, 96], [512, 512]] {
            for architecture in architectures(ngf) {
                launches.generator(architecture, sides);
            }
            for padding in [1, 2] {
                launches.discriminator(ngf, padding, sides);
            }
        }
    }
    let opened: HashSet<_> = catalogue::generator(&catalogue::USUAL, false).into_iter().collect();
    let unread: Vec<_> = launches.translating.difference(&opened).collect();
    assert!(unread.is_empty(), "not read when a device is opened: {unread:?}");
    let trains = read(&catalogue::USUAL);
    let unread: Vec<_> = launches.training.difference(&trains).collect();
    assert!(unread.is_empty(), "not read before training: {unread:?}");
}

/// All kinds of generators.
fn architectures(ngf: usize) -> Vec<Architecture> {
    let plain = Architecture::new(ngf, 1);
    let mut all = Vec::new();
    for down in [Down::Strided, Down::Mirrored, Down::Blurred] {
        for up in [Up::Transpose, Up::Bilinear, Up::Nearest, Up::Blurred] {
            for norm in [Norm::Instance, Norm::InstanceAffine] {
                all.extend([1, 3].map(|pictures| Architecture {
                    down,
                    up,
                    norm,
                    pictures,
                    ..plain
                }));
            }
        }
    }
    all
}

/// What is read for networks of these `widths`.
fn read(widths: &[usize]) -> HashSet<Kernel> {
    let training = catalogue::training(widths);
    catalogue::generator(widths, false).into_iter().chain(training).collect()
}
