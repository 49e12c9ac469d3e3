// Learnt weight and bias per channel of an instance normalisation. The normalised value's gradient
// is multiplied by the weight; the parameters' own gradients come from `gradient_sums`.

@read {{ learnt }} weight
@read {{ learnt }}+1 bias

struct Learnt {
    weight: vec4<f32>,
    bias: vec4<f32>,
}

// The parameters of four channels from `c`.
fn learnt(c: u32, left: u32) -> Learnt {
    return Learnt(read_weight(c, left), read_bias(c, left));
}

fn affine(z: vec4<f32>, by: Learnt) -> vec4<f32> {
    return z * by.weight + by.bias;
}

fn affine_backward(dx: vec4<f32>, by: Learnt) -> vec4<f32> {
    return dx * by.weight;
}
