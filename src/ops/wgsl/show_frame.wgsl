// Draws a frame, in the target's size, with the change that a network made, as `image::add_change`:
// a triangle over the whole target.

@group(0) @binding(0) var frame: texture_2d<f32>;
@group(0) @binding(1) var linear: sampler;
// What the network saw and what it made of it: RGBA, red in the lowest byte.
@group(0) @binding(2) var<storage, read> seen: array<u32>;
@group(0) @binding(3) var<storage, read> made: array<u32>;
struct Sizes {
    network: vec2<u32>,
    drawn: vec2<u32>,
    // Of the network's pictures: 1 or 3.
    channels: u32,
}
@group(0) @binding(4) var<uniform> sizes: Sizes;

fn shade(colour: vec3<f32>) -> vec3<f32> {
    // As `Rgb::grey`, but for the rounding.
    let luma = dot(colour, vec3<f32>(19595.0, 38470.0, 7471.0) / 65536.0);
    return select(colour, vec3<f32>(luma), sizes.channels == 1u);
}

// The mean of what a pixel of the target covers of the frame, the middle of which is `part` of it.
fn reduced(part: vec2<f32>) -> vec3<f32> {
    let pixel = 1.0 / vec2<f32>(sizes.drawn);
    // One for each of the frame's pixels; the sampler mixes where they do not lie on those.
    let taps = max(vec2<f32>(1.0), ceil(vec2<f32>(textureDimensions(frame)) * pixel - 0.01));
    var sum = vec3<f32>();
    for (var y = 0.5; y < taps.y; y += 1.0) {
        for (var x = 0.5; x < taps.x; x += 1.0) {
            let at = part + (vec2<f32>(x, y) / taps - 0.5) * pixel;
            sum += textureSampleLevel(frame, linear, at, 0.0).rgb;
        }
    }
    return sum / (taps.x * taps.y);
}

fn change(at: vec2<u32>) -> vec3<f32> {
    let place = at.y * sizes.network.x + at.x;
    return unpack4x8unorm(made[place]).rgb - shade(unpack4x8unorm(seen[place]).rgb);
}

@vertex
fn corner(@builtin(vertex_index) i: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(f32(i & 1u) * 4.0 - 1.0, f32(i & 2u) * 2.0 - 1.0, 0.0, 1.0);
}

@fragment
fn shown(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    let part = at.xy / vec2<f32>(sizes.drawn);
    let place = max(part * vec2<f32>(sizes.network) - 0.5, vec2<f32>());
    let last = sizes.network - 1u;
    let first = min(vec2<u32>(place), last);
    let second = min(first + 1u, last);
    let share = place - vec2<f32>(first);
    let above = mix(change(first), change(vec2<u32>(second.x, first.y)), share.x);
    let below = mix(change(vec2<u32>(first.x, second.y)), change(second), share.x);
    let colour = shade(reduced(part));
    return vec4<f32>(colour + mix(above, below, share.y), 1.0);
}
