// `affine` for kernels whose invocations handle one channel, `c`, of up to four pixels.

@read {{ learnt }} weight one
@read {{ learnt }}+1 bias one

struct Learnt {
    weight: f32,
    bias: f32,
}

fn learnt(c: u32, left: u32) -> Learnt {
    return Learnt(read_weight(c), read_bias(c));
}

fn affine(z: vec4<f32>, by: Learnt) -> vec4<f32> {
    return z * by.weight + by.bias;
}

fn affine_backward(dx: vec4<f32>, by: Learnt) -> vec4<f32> {
    return dx * by.weight;
}
