//! A valley: the position of its walls, domes, lake and distant range. It depends on the seed, not
//! on the season.
//!
//! Lengths are in kilometres: x to the right, y up from the lake's surface, z away from the camera,
//! which stands at x = z = 0 and looks up the valley.

use super::noise::{fractal, noise, ridges, smoothstep};
use super::random::Random;

/// One wall of the valley, a cliff over a slope of talus.
struct Wall {
    /// Distance of its foot from the valley's axis.
    foot: f32,
    /// Height of its rim.
    rim: f32,
}

/// A granite dome at the upper end of the valley, sheer on one flank.
struct Dome {
    x: f32,
    z: f32,
    radius: f32,
    rim: f32,
    /// Which flank is sheer: -1 left, 1 right.
    sheer: f32,
}

/// A valley.
pub struct Place {
    /// Seed of all noise here.
    pub seed: u32,
    /// Height of the camera.
    pub eye: f32,
    /// How far the valley turns to the right, in kilometres per kilometre.
    bend: f32,
    walls: [Wall; 2],
    domes: [Dome; 3],
    /// The lake's position along x and its size, both in kilometres; a small lake is a meadow.
    lake: (f32, f32),
}

impl Place {
    /// The valley of this seed.
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let tall = random.sign();
        let mut wall = |side: f32| Wall {
            foot: random.between(0.5, 0.78),
            rim: if side == tall { random.between(0.95, 1.2) } else { random.between(0.5, 0.8) },
        };
        let walls = [wall(-1.0), wall(1.0)];
        let sheer = random.sign();
        let mut dome = |x: f32, z: f32, rim: f32| Dome {
            x: x + random.between(-0.25, 0.25),
            z: z + random.between(-0.5, 0.5),
            radius: random.between(0.45, 0.8),
            rim: rim * random.between(0.85, 1.15),
            sheer,
        };
        let domes = [
            dome(-0.85 * tall, 3.0, 0.8),
            dome(0.15 * tall, 5.0, 1.45),
            dome(1.2 * tall, 4.4, 1.0),
        ];
        let lake = (random.between(-0.06, 0.06), random.between(0.16, 0.42));
        Self {
            seed: random.bits(),
            eye: random.between(0.009, 0.013),
            bend: random.between(-0.06, 0.06),
            walls,
            domes,
            lake,
        }
    }

    /// Height of the ground; below 0 is water. Detail shorter than `finest` is left out.
    pub fn height(&self, x: f32, z: f32, finest: f32) -> f32 {
        let floor = self.floor(x, z, finest);
        if z < 0.8 && x.abs() < 0.4 {
            return floor;
        }
        // Bending the coordinates gives buttresses, gullies and bays.
        let (seed, x0, z0) = (self.seed, x, z);
        let x = x + 0.26 * fractal(x, z, seed ^ 1, 1.3, finest.max(0.06));
        let z = z + 0.22 * fractal(x0, z, seed ^ 2, 0.9, finest.max(0.1));
        let mountain = self.walls_at(x, z).max(self.domes_at(x, z)).max(self.range_at(x, z));
        let rough = ridges(x0, z0, seed ^ 3, 0.65, finest) - 0.5;
        floor + mountain + rough * 0.27 * smoothstep(0.03, 0.5, mountain)
    }

    /// Meadow and lake bed.
    fn floor(&self, x: f32, z: f32, finest: f32) -> f32 {
        let (lake_x, lake_size) = self.lake;
        let bumps = fractal(x, z, self.seed ^ 4, 0.13, finest.max(0.012));
        // The far shore is a narrow strip, so that what stands on it is mirrored.
        let (across, along) =
            ((x - lake_x) / (0.9 * lake_size), (z - 0.03 - lake_size * 0.5) / lake_size);
        let basin = 0.35 - (across * across + 2.4 * along * along);
        let bank = 0.0045 - 0.018 * smoothstep(-0.3, 0.5, basin);
        bank + 0.0042 * bumps + 0.004 * smoothstep(0.3, 1.0, z) * (1.0 + bumps)
    }

    fn walls_at(&self, x: f32, z: f32) -> f32 {
        let across = x - self.bend * z;
        let [left, right] = &self.walls;
        let (wall, side) = if across < 0.0 { (left, 5) } else { (right, 6) };
        let foot = wall.foot + 0.25 * smoothstep(2.5, 5.0, z);
        let inside = across.abs() - foot;
        if inside < 0.0 {
            return 0.0;
        }
        // Headlands and gaps along the valley.
        let rim = wall.rim * (0.72 + 0.5 * noise(z * 0.75, 0.5, self.seed ^ side));
        let talus = 0.26 * smoothstep(0.0, 0.55, inside);
        let cliff = 0.62 * smoothstep(0.2, 0.42, inside);
        let shoulder = 0.22 * smoothstep(0.4, 1.5, inside);
        rim * (talus + cliff + shoulder)
    }

    fn domes_at(&self, x: f32, z: f32) -> f32 {
        let height = |dome: &Dome| {
            let (dx, dz) = ((x - dome.x) / dome.radius, (z - dome.z) / dome.radius);
            let out = dx * dx + dz * dz;
            let round = smoothstep(1.6, 0.75, out) * (1.0 - 0.22 * out);
            let face = smoothstep(0.42, 0.3, dx * dome.sheer - 0.35 * dz);
            let skirt = 0.3 * smoothstep(3.4, 0.8, out);
            dome.rim * (round * (0.2 + 0.8 * face)).max(skirt)
        };
        self.domes.iter().map(height).fold(0.0, f32::max)
    }

    fn range_at(&self, x: f32, z: f32) -> f32 {
        let far = smoothstep(6.0, 11.0, z);
        if far == 0.0 {
            return 0.0;
        }
        far * (0.25 + 1.15 * ridges(x, z, self.seed ^ 7, 3.1, 0.4))
    }
}
