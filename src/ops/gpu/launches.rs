//! Tests how many workgroups each kernel launches, on the largest images that a device may hold.

use std::collections::BTreeSet;

use super::{
    adam, augment, catalogue,
    conv2d::{self, Way},
    copy, enlarge, finite,
    instance_norm::{self, Planes},
    kernel::spread,
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
    names: BTreeSet<&'static str>,
}

impl Launches {
    fn add(&mut self, name: &'static str, groups: [usize; 3]) {
        let allowed = groups.iter().all(|groups| (1..=MOST).contains(groups));
        assert!(allowed, "{name} in {groups:?} workgroups, {}", self.what);
        self.names.insert(name);
    }

    /// A convolution or a transposed one, forward and backward, with its optimiser.
    fn convolution(&mut self, x: [usize; 4], weight: [usize; 4], spec: &Conv2d) -> [usize; 4] {
        let geometry = Geometry::new(x, weight, spec);
        let ways = [Way::Forward, Way::Backward];
        for way in ways {
            let (tile, groups) = conv2d::gathering_groups(&geometry, way);
            let kernel = conv2d::gathering(&geometry, way, tile, true, spec.activation);
            self.add(kernel.name(), groups);
        }
        self.add(conv2d::weighing(&geometry).name(), conv2d::weighing_groups(&geometry));
        let elements: usize = weight.iter().product();
        self.add(conv2d::summing().name(), spread(elements + geometry.outputs));
        let in_place =
            [adam::stepping(2, elements), sum::adding(4, elements), sum::averaging(4, elements)];
        for kernel in in_place {
            let [x, y, _] = spread(elements.div_ceil(4));
            self.add(kernel.name(), [x, y, 4]);
        }
        self.add(copy::converting(elements, true).name(), spread(elements.div_ceil(4)));
        let y = match (spec.transposed, geometry) {
            (true, Geometry { batch, channels, height, width, .. }) => {
                [batch, channels, height, width]
            }
            (false, Geometry { batch, outputs, .. }) => {
                [batch, outputs, geometry.rows(), geometry.columns()]
            }
        };
        let fours = spread(y.iter().product::<usize>().div_ceil(4));
        self.add(instance_norm::activating(4, Activation::LeakyRelu).name(), fours);
        y
    }

    fn normalisation(&mut self, x: [usize; 4]) {
        let planes = Planes::new(x);
        let [sums, writes] = instance_norm::forward(x[1], false, Activation::Relu, false);
        let [sums_back, writes_back] = instance_norm::backward(x[1], false, Activation::Relu);
        for (kernel, (_, groups)) in [
            (sums, planes.summed()),
            (writes, planes.written()),
            (sums_back, planes.summed()),
            (writes_back, planes.written()),
        ] {
            self.add(kernel.name(), groups);
        }
        let scaling = instance_norm::scaling(x[1], Activation::Relu, false);
        let groups = instance_norm::scaling_groups(x[0] * x[2] * x[3], x[1]);
        self.add(scaling.name(), groups);
        self.add(instance_norm::undoing().name(), spread(x.iter().product::<usize>().div_ceil(4)));
    }

    /// Forward and backward.
    fn enlarging(&mut self, [batch, channels, height, width]: [usize; 4]) -> [usize; 4] {
        let y = [batch, channels, 2 * height, 2 * width];
        let kernels = enlarge::ways(channels, Interpolation::Bilinear);
        for (kernel, factor) in kernels.into_iter().zip([4, 1]) {
            self.add(kernel.name(), enlarge::groups(factor * batch * height * width, channels));
        }
        y
    }

    /// Forward and backward.
    fn shrinking(&mut self, [batch, channels, height, width]: [usize; 4]) -> [usize; 4] {
        for (kernel, factor) in shrink::ways(channels).into_iter().zip([4, 1]) {
            self.add(kernel.name(), shrink::groups(batch * height * width / factor, channels));
        }
        [batch, channels, height / 2, width / 2]
    }

    fn residual_block(&mut self, x: [usize; 4]) {
        if !winograd::pays(x) {
            return;
        }
        let tiles = BlockTiles::new(x);
        let [_, channels, ..] = x;
        self.add(winograd::weighing().name(), winograd::weighing_groups(channels));
        for kernel in [
            winograd::entering(true, false, Activation::Relu),
            winograd::leaving(),
            winograd_backward::entering(false, Activation::Relu),
            winograd_backward::leaving(true),
        ] {
            self.add(kernel.name(), tiles.groups());
        }
        let (tile, groups) = conv2d::tiled(channels, tiles.count(), winograd::POSITIONS);
        for way in [Way::Forward, Way::Backward] {
            self.add(conv2d::multiplying(channels, tile, way).name(), groups);
        }
        self.add(winograd_backward::multiplying(channels).name(), tiles.weight_groups());
        let pairs = channels * (channels + 1);
        self.add(winograd_backward::summing().name(), spread(pairs));
    }

    /// Operations on whole pictures, and on answers, which are fewer.
    fn pictures(&mut self, x: [usize; 4]) {
        let elements: usize = x.iter().product();
        let fours = elements.div_ceil(4);
        self.add(copy::copying(elements).name(), spread(fours));
        self.add(copy::joining(elements).name(), spread(2 * fours));
        let [_, channels, height, width] = x;
        self.add(pixels::entering(channels).name(), spread(height * width));
        self.add(pixels::leaving(channels).name(), spread(height * width));
        let distance = Distance::Absolute;
        let groups = [loss::summing_groups(elements), 1, 1];
        self.add(loss::summing(elements, distance).name(), groups);
        self.add(loss::sloping(elements, distance).name(), spread(fours));
        self.add(loss::totalling().name(), [1; 3]);
        self.add(augment::averaging(false).name(), augment::averaging_groups(x));
        self.add(augment::moving(false).name(), augment::moving_groups(x));
        self.add(finite::counting(7).name(), [7, 1, 1]);
    }

    fn generator(&mut self, ngf: usize, [height, width]: [usize; 2]) {
        self.pictures([1, 3, height, width]);
        for (down, up) in [(Down::Strided, Up::Transpose), (Down::Blurred, Up::Bilinear)] {
            self.layers(Architecture { down, up, ..Architecture::new(ngf, 1) }, [height, width]);
        }
    }

    fn layers(&mut self, architecture: Architecture, [height, width]: [usize; 2]) {
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
                self.residual_block(x);
            }
            let weight = architecture.weight_shape(layer);
            let [.., kernel] = weight;
            let activation = Activation::None;
            let spec = Conv2d { kernel, stride, border, transposed, activation };
            x = self.convolution(x, weight, &spec);
            self.normalisation(x);
            if blurs && matches!(layer, Layer::Down(_)) {
                x = self.shrinking(x);
            }
        }
        assert_eq!(x, [1, 3, height, width]);
    }

    fn discriminator(&mut self, ndf: usize, [height, width]: [usize; 2]) {
        let mut x = [2, 3, height, width];
        for (outputs, stride) in [(ndf, 2), (2 * ndf, 2), (4 * ndf, 2), (8 * ndf, 1), (1, 1)] {
            let (kernel, border, transposed) = (4, Border::Zero(2), false);
            let activation = Activation::LeakyRelu;
            let spec = Conv2d { kernel, stride, border, transposed, activation };
            x = self.convolution(x, [outputs, x[1], kernel, kernel], &spec);
            self.normalisation(x);
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
                launches.generator(ngf, [height, width]);
                launches.discriminator(ngf, [height, width]);
            }
        }
    }
    let all: BTreeSet<_> = catalogue::shaders().into_iter().map(|shader| shader.name).collect();
    assert_eq!(launches.names, all, "not every kernel was looked at");
}
