//! Kernels: WGSL text, and how it is put together, launched and checked.
//!
//! A kernel is the text of one or more files of `ops/wgsl/`, one behind the other, with
//! `{{ name }}` replaced by constants. What a language without arrays of any width and without
//! macros would otherwise say many times is said by three directives, each a line of its own:
//!
//! - `@read N name` and `@write N name` (or `@update N name` for both) declare buffer N of float32
//!   (a sum such as 2+1 is a number too) with a function `read_name(at, left)` for the four elements from `at`, or
//!   `write_name(at, left, value)`. Where all rows are multiples of four it is an array of vec4;
//!   else of f32, of which only `left` are touched.
//! - `@unroll i 4: line` repeats `line`, itself such a line or not, with `$i` from 0 to 3: compilers keep an array in
//!   registers only if they unroll the loops over it, and not all do.

use std::fmt::Write as _;

use burn::backend::wgpu::{CubeTensor, KernelSource, SourceKernel, SourceTemplate};
use cubecl::{
    ir::attributes::BufferIOAttr,
    prelude::{CubeCount, CubeDim, KernelId},
    server::{KernelArguments, MetadataBindingInfo},
};

use crate::ops::Activation;

/// The texts of shaders by their names.
macro_rules! wgsl {
    ($($name:literal),+) => {
        &[$(concat!("\n", include_str!(concat!("../wgsl/", $name, ".wgsl")))),+]
    };
}
pub(super) use wgsl;

/// A value in a kernel's text.
pub(super) type Constant = (&'static str, u32);

/// The number that stands for an activation in `activation.wgsl`.
pub(super) fn activation_code(activation: Activation) -> Constant {
    let code = match activation {
        Activation::None => 0,
        Activation::Relu => 1,
        Activation::LeakyRelu => 2,
        Activation::Tanh => 3,
    };
    ("activation", code)
}

/// A kernel, by what decides its text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Kernel {
    name: &'static str,
    files: &'static [&'static str],
    constants: Vec<Constant>,
    /// Buffers that are arrays of vec4.
    wide: Vec<&'static str>,
    workgroup: [u32; 3],
}

impl Kernel {
    /// The kernel `name` of these files, in workgroups of `workgroup` invocations.
    pub fn new(name: &'static str, files: &'static [&'static str], workgroup: [u32; 3]) -> Self {
        Self { name, files, constants: Vec::new(), wide: Vec::new(), workgroup }
    }

    pub fn with(mut self, constants: impl IntoIterator<Item = Constant>) -> Self {
        self.constants.extend(constants);
        self
    }

    /// Makes `buffers` arrays of vec4, if their rows of `row` elements allow it.
    pub fn wide(mut self, buffers: &[&'static str], row: usize) -> Self {
        if row.is_multiple_of(4) {
            self.wide.extend(buffers);
        }
        self
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its WGSL.
    pub fn text(&self) -> String {
        let mut text = self.files.concat();
        for (name, value) in &self.constants {
            text = text.replace(&format!("{{{{ {name} }}}}"), &value.to_string());
        }
        let mut out = String::with_capacity(2 * text.len());
        for line in text.lines() {
            self.line(line, &mut out);
        }
        out
    }

    fn line(&self, line: &str, out: &mut String) {
        let Some(directive) = line.trim_start().strip_prefix('@') else {
            out.push_str(line);
            out.push('\n');
            return;
        };
        let mut words = directive.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("unroll"), Some(variable), Some(count)) => {
                let repeated = directive.split_once(':').map_or("", |(_, repeated)| repeated);
                for i in 0..count.trim_end_matches(':').parse().unwrap_or(0) {
                    let line = repeated.replace(&format!("${variable}"), &format!("{i}"));
                    self.line(&line, out);
                }
            }
            (Some(access @ ("read" | "write" | "update")), Some(binding), Some(name)) => {
                let wide = self.wide.contains(&name);
                declare(access, binding, name, wide, out);
            }
            // An attribute of WGSL's own.
            _ => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }

    /// Queues the kernel: `read` and then `written` are its buffers in the order of their bindings,
    /// `info` the uniform behind them. All tensors lie in memory as the kernel expects.
    pub fn launch(
        self,
        read: &[&CubeTensor],
        written: &[&CubeTensor],
        info: &[u32],
        [x, y, z]: [usize; 3],
    ) {
        let mut arguments = KernelArguments::new();
        for (tensors, access) in
            [(read, BufferIOAttr::ReadOnly), (written, BufferIOAttr::ReadWrite)]
        {
            for tensor in tensors {
                arguments = arguments.with_buffer_io(tensor.handle.clone().binding(), access);
            }
        }
        let words = info.chunks(2).map(|pair| {
            let high = pair.get(1).copied().unwrap_or_default();
            u64::from(pair.first().copied().unwrap_or_default()) | u64::from(high) << 32
        });
        let arguments = arguments.with_info(MetadataBindingInfo::custom(words.collect()));
        let [wx, wy, wz] = self.workgroup;
        let count = CubeCount::Static(x as u32, y as u32, z as u32);
        let Some(tensor) = written.first() else { return };
        let kernel = SourceKernel::new(self, CubeDim::new_3d(wx, wy, wz));
        tensor.client.launch(Box::new(kernel), count, arguments);
    }
}

/// A buffer and the functions on it.
fn declare(access: &str, binding: &str, name: &str, wide: bool, out: &mut String) {
    let mode = if access == "read" { "read" } else { "read_write" };
    let element = if wide { "vec4<f32>" } else { "f32" };
    let mut line = |text: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{text}");
    };
    let binding: u32 = binding.split('+').filter_map(|term| term.parse::<u32>().ok()).sum();
    line(format!("@group(0) @binding({binding}) var<storage, {mode}> {name}: array<{element}>;"));
    if access != "write" {
        line(format!("fn read_{name}(at: u32, left: u32) -> vec4<f32> {{"));
        if wide {
            line(format!("    return {name}[at / 4u];"));
        } else {
            line("    var four = vec4<f32>();".into());
            for (i, lane) in ["x", "y", "z", "w"].iter().enumerate() {
                line(format!("    if (left > {i}u) {{ four.{lane} = {name}[at + {i}u]; }}"));
            }
            line("    return four;".into());
        }
        line("}".into());
    }
    if access != "read" {
        line(format!("fn write_{name}(at: u32, left: u32, four: vec4<f32>) {{"));
        if wide {
            line(format!("    {name}[at / 4u] = four;"));
        } else {
            for (i, lane) in ["x", "y", "z", "w"].iter().enumerate() {
                line(format!("    if (left > {i}u) {{ {name}[at + {i}u] = four.{lane}; }}"));
            }
        }
        line("}".into());
    }
}

impl KernelSource for Kernel {
    fn source(&self) -> SourceTemplate {
        SourceTemplate::new(self.text())
    }

    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(self.clone())
    }

    fn lang(&self) -> &'static str {
        "wgsl"
    }
}

/// Workgroups of 64 invocations for `count` of them, along two axes, since one has at most 65,535.
pub(super) fn spread(count: usize) -> [usize; 3] {
    let groups = count.div_ceil(64);
    let across = groups.clamp(1, 1 << 15);
    [across, groups.div_ceil(across).max(1), 1]
}
