// NaN must stay NaN: max, min, clamp and sign may make an ordinary number of it, and compilers may
// assume that there is no NaN at all. So these look at the bits, sign and magnitude apart; magnitudes
// are ordered as integers are.

const SIGN: u32 = 0x80000000u;
// All bits of the exponent: infinity; what is beyond it is NaN.
const INFINITE: u32 = 0x7f800000u;

fn magnitudes(x: vec4<f32>) -> vec4<u32> {
    return bitcast<vec4<u32>>(x) & vec4<u32>(~SIGN);
}

fn is_nan(x: vec4<f32>) -> vec4<bool> {
    return magnitudes(x) > vec4<u32>(INFINITE);
}

// Zero for what is below zero: a number, not NaN, behind a sign.
fn at_least_zero(x: vec4<f32>) -> vec4<f32> {
    return select(x, vec4<f32>(), (bitcast<vec4<u32>>(x) ^ vec4<u32>(SIGN)) <= vec4<u32>(INFINITE));
}

// Clamped to [-most, most]; NaN stays.
fn within(x: vec4<f32>, most: f32) -> vec4<f32> {
    let signs = bitcast<vec4<u32>>(x) & vec4<u32>(SIGN);
    let clamped = signs | min(magnitudes(x), vec4<u32>(bitcast<u32>(most)));
    return select(bitcast<vec4<f32>>(clamped), x, is_nan(x));
}
