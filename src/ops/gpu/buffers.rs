//! WGSL for the directives of `kernel.rs`: a kernel's buffers, and the functions that read and
//! write them in any width and precision.

use std::fmt::Write as _;

/// A buffer and the functions to access four of its elements.
pub(super) fn declare(
    access: &str,
    binding: &str,
    name: &str,
    wide: bool,
    half: bool,
    out: &mut String,
) {
    let (scalar, four) = if half { ("f16", "vec4<f16>") } else { ("f32", "vec4<f32>") };
    declare_buffer(access, binding, name, if wide { four } else { scalar }, out);
    let mut line = |text: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{text}");
    };
    if access != "write" {
        line(format!("fn read_{name}(at: u32, left: u32) -> vec4<f32> {{"));
        if wide {
            line(format!("    return vec4<f32>({name}[at / 4u]);"));
        } else {
            line("    var four = vec4<f32>();".into());
            for (i, lane) in ["x", "y", "z", "w"].iter().enumerate() {
                line(format!("    if (left > {i}u) {{ four.{lane} = f32({name}[at + {i}u]); }}"));
            }
            line("    return four;".into());
        }
        line("}".into());
    }
    if access != "read" {
        line(format!("fn write_{name}(at: u32, left: u32, four: vec4<f32>) {{"));
        line(format!("    let kept = {four}({});", if half { "fitting(four)" } else { "four" }));
        if wide {
            line(format!("    {name}[at / 4u] = kept;"));
        } else {
            for (i, lane) in ["x", "y", "z", "w"].iter().enumerate() {
                line(format!("    if (left > {i}u) {{ {name}[at + {i}u] = kept.{lane}; }}"));
            }
        }
        line("}".into());
    }
}

/// A buffer and the functions to access one of its elements.
pub(super) fn declare_one(access: &str, binding: &str, name: &str, half: bool, out: &mut String) {
    let element = if half { "f16" } else { "f32" };
    declare_buffer(access, binding, name, element, out);
    if access != "write" {
        let _ = writeln!(out, "fn read_{name}(at: u32) -> f32 {{ return f32({name}[at]); }}");
    }
    if access != "read" {
        let kept = if half { "fitting(vec4<f32>(value)).x" } else { "value" };
        let _ = writeln!(out, "fn write_{name}(at: u32, value: f32) {{");
        let _ = writeln!(out, "    {name}[at] = {element}({kept});\n}}");
        // The value that will be read back.
        let _ = writeln!(out, "fn kept_{name}(value: f32) -> f32 {{");
        let _ = writeln!(out, "    return f32({element}({kept}));\n}}");
    }
}

fn declare_buffer(access: &str, binding: &str, name: &str, element: &str, out: &mut String) {
    let mode = if access == "read" { "read" } else { "read_write" };
    let binding: u32 = binding.split('+').filter_map(|term| term.parse::<u32>().ok()).sum();
    let _ = writeln!(
        out,
        "@group(0) @binding({binding}) var<storage, {mode}> {name}: array<{element}>;"
    );
}
