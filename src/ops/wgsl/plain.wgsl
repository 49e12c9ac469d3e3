// A normalisation without learnt parameters; `affine` is the alternative.

struct Learnt {
    nothing: u32,
}

fn learnt(c: u32, left: u32) -> Learnt {
    return Learnt(0u);
}

fn affine(z: vec4<f32>, by: Learnt) -> vec4<f32> {
    return z;
}

fn affine_backward(dx: vec4<f32>, by: Learnt) -> vec4<f32> {
    return dx;
}
