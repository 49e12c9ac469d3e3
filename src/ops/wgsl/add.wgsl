// Adds a gradient to the sum of the previous ones.

fn changed(sum: vec4<f32>, gradient: vec4<f32>) -> vec4<f32> {
    return sum + gradient;
}
