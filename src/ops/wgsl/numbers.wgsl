// Functions that keep NaN. max, min, clamp and sign may turn it into an ordinary number, and
// compilers may assume that there is no NaN at all. So these work on the bits, sign and magnitude
// separately; magnitudes compare like integers.

const SIGN: u32 = 0x80000000u;
// All exponent bits: infinity; anything above is NaN.
const INFINITE: u32 = 0x7f800000u;

fn magnitudes(x: vec4<f32>) -> vec4<u32> {
    return bitcast<vec4<u32>>(x) & vec4<u32>(~SIGN);
}

fn is_nan(x: vec4<f32>) -> vec4<bool> {
    return magnitudes(x) > vec4<u32>(INFINITE);
}

// Zero for negative numbers, but not for NaN with a sign.
fn at_least_zero(x: vec4<f32>) -> vec4<f32> {
    return select(x, vec4<f32>(), (bitcast<vec4<u32>>(x) ^ vec4<u32>(SIGN)) <= vec4<u32>(INFINITE));
}

// Clamped to [-most, most]; NaN is kept.
fn within(x: vec4<f32>, most: f32) -> vec4<f32> {
    let signs = bitcast<vec4<u32>>(x) & vec4<u32>(SIGN);
    let clamped = signs | min(magnitudes(x), vec4<u32>(bitcast<u32>(most)));
    return select(bitcast<vec4<f32>>(clamped), x, is_nan(x));
}
