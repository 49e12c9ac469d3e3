// Moves an average part of the way to its weight. Unlike a sum of two products, this leaves an
// average that has arrived unchanged.

fn changed(average: vec4<f32>, weight: vec4<f32>) -> vec4<f32> {
    return average + sizes.share * (weight - average);
}
