// The activation at the end of an operation: 0 none, 1 max(0, x), 2 x or 0.2 x, 3 tanh.

const ACTIVATION: u32 = {{ activation }};

fn activate(x: vec4<f32>) -> vec4<f32> {
    switch ACTIVATION {
        case 1u: { return at_least_zero(x); }
        case 2u: { return select(0.2 * x, x, x > vec4<f32>()); }
        // Some drivers compute tanh from exponentials that overflow, others clamp; beyond 10 it is
        // 1 in float32.
        case 3u: { return select(tanh(within(x, 10.0)), x, is_nan(x)); }
        default: { return x; }
    }
}

// Derivative of the piecewise linear activations, from their input or output.
fn slope(x: vec4<f32>) -> vec4<f32> {
    let below = select(select(1.0, 0.0, ACTIVATION == 1u), 0.2, ACTIVATION == 2u);
    return select(vec4<f32>(below), vec4<f32>(1.0), x > vec4<f32>());
}
