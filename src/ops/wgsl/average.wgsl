// An average goes a part of the way to its weight. Written like this, and not as two products, one that
// has arrived stays where it is.

fn changed(average: vec4<f32>, weight: vec4<f32>) -> vec4<f32> {
    return average + sizes.share * (weight - average);
}
