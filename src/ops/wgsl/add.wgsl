// A gradient is added to the sum of those before it.

fn changed(sum: vec4<f32>, gradient: vec4<f32>) -> vec4<f32> {
    return sum + gradient;
}
