// Distance of an element x, and its slope. DISTANCE is 0 for |x - y|, 1 for (x - t)², 2 for -log
// σ(x) or -log(1 - σ(x)); the target t is 1 for the first `real` elements and 0 for the others.

const DISTANCE: u32 = {{ distance }};

struct Loss {
    elements: u32,
    real: u32,
    // The weight of the loss divided by the number of elements.
    scale: f32,
    unused: u32,
}

fn targets(at: u32) -> vec4<f32> {
    let index = vec4<u32>(at, at + 1u, at + 2u, at + 3u);
    return select(vec4<f32>(), vec4<f32>(1.0), index < vec4<u32>(loss.real));
}

fn distance_of(x: vec4<f32>, y: vec4<f32>, wanted: vec4<f32>) -> vec4<f32> {
    switch DISTANCE {
        case 0u: { return abs(x - y); }
        case 1u: { return (x - wanted) * (x - wanted); }
        // log(1 + exp(z)) without overflow, where z is -x or x.
        default: {
            let z = select(x, -x, wanted > vec4<f32>(0.5));
            return at_least_zero(z) + log(1.0 + exp(-abs(z)));
        }
    }
}

fn slope_of(x: vec4<f32>, y: vec4<f32>, wanted: vec4<f32>) -> vec4<f32> {
    switch DISTANCE {
        case 0u: { return select(sign(x - y), x - y, is_nan(x - y)); }
        case 1u: { return 2.0 * (x - wanted); }
        // Some drivers clamp before exp.
        default: { return select(1.0 / (1.0 + exp(-x)) - wanted, x, is_nan(x)); }
    }
}
