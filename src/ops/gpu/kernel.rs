//! Kernels: WGSL text, and how it is assembled, launched and checked.
//!
//! A kernel is the concatenation of one or more files of `ops/wgsl/`, with `{{ name }}` replaced by
//! constants. Three directives, each on a line of its own, replace code that WGSL, without arrays
//! of variable width and without macros, would need many times:
//!
//! - `@read N name` and `@write N name` (or `@update N name` for both) declare buffer N of float32
//!   (N may be a sum such as 2+1) with a function `read_name(at, left)` for the four elements from
//!   `at`, or `write_name(at, left, value)`. If all rows are multiples of four it is an array of
//!   vec4; otherwise of f32, of which only `left` are accessed. With a fourth word, `one`, both
//!   functions access the single element `at`, without `left`. A buffer in half precision is of
//!   f16: the functions convert, so that no line of a kernel computes in it (see `watch.rs`).
//! - `@unroll i 4: line` repeats `line`, which may be such a line itself, with `$i` from 0 to 3:
//!   compilers keep an array in registers only if they unroll the loops over it, and not all do.

use burn_wgpu::{CubeTensor, KernelSource, SourceKernel, SourceTemplate};
use cubecl::{
    ir::attributes::BufferIOAttr,
    prelude::{CubeCount, CubeDim, KernelId},
    server::{KernelArguments, MetadataBindingInfo},
};

use super::{
    buffers::{declare, declare_one},
    watch,
};
use crate::ops::layer::Activation;

/// The texts of shaders by name.
macro_rules! wgsl {
    ($($name:literal),+) => {
        &[$(concat!("\n", include_str!(concat!("../wgsl/", $name, ".wgsl")))),+]
    };
}
pub(super) use wgsl;

/// A value in a kernel's text.
pub(super) type Constant = (&'static str, u32);

/// The number of an activation in `activation.wgsl`.
pub(super) fn activation_code(activation: Activation) -> Constant {
    let code = match activation {
        Activation::None => 0,
        Activation::Relu => 1,
        Activation::LeakyRelu => 2,
        Activation::Tanh => 3,
    };
    ("activation", code)
}

/// A kernel, as everything that determines its text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Kernel {
    name: &'static str,
    files: &'static [&'static str],
    /// The replacement of `affine.wgsl`, if any.
    learnt: &'static str,
    constants: Vec<Constant>,
    /// Buffers declared as arrays of vec4.
    wide: Vec<&'static str>,
    /// Buffers declared as float16.
    half: Vec<&'static str>,
    workgroup: [u32; 3],
}

impl Kernel {
    /// The kernel `name` from these files, in workgroups of `workgroup` invocations.
    pub fn new(name: &'static str, files: &'static [&'static str], workgroup: [u32; 3]) -> Self {
        let constants = vec![("invocations", workgroup.iter().product())];
        Self { name, files, learnt: "", constants, wide: vec![], half: vec![], workgroup }
    }

    /// Adds the buffers of an `affine` normalisation of `channels` channels after the kernel's
    /// `buffers` own; if it is not affine, adds functions that do without.
    pub fn learnt(self, affine: bool, buffers: u32, channels: usize) -> Self {
        let &[text] = if affine { wgsl!["affine"] } else { wgsl!["plain"] };
        self.with_learnt(affine, text, buffers).wide(&["weight", "bias"], channels)
    }

    /// [`Kernel::learnt()`] for kernels whose invocations have one channel each.
    pub fn learnt_by_one(self, affine: bool, buffers: u32) -> Self {
        let &[text] = if affine { wgsl!["affine_one"] } else { wgsl!["plain"] };
        self.with_learnt(affine, text, buffers)
    }

    fn with_learnt(mut self, affine: bool, text: &'static str, buffers: u32) -> Self {
        self.learnt = text;
        self.with([("learnt", buffers), ("info", buffers + if affine { 2 } else { 0 })])
    }

    pub fn with(mut self, constants: impl IntoIterator<Item = Constant>) -> Self {
        self.constants.extend(constants);
        self
    }

    /// Declares `buffers` as arrays of vec4, if their rows of `row` elements allow it.
    pub fn wide(mut self, buffers: &[&'static str], row: usize) -> Self {
        if row.is_multiple_of(4) {
            self.wide.extend(buffers);
        }
        self
    }

    /// Declares `buffers` as float16, if `half`.
    pub fn half(mut self, buffers: &[&'static str], half: bool) -> Self {
        if half {
            self.half.extend(buffers);
        }
        self
    }

    /// Whether it writes float16, which cannot hold every number.
    fn narrows(&self) -> bool {
        let is_write = |line: &str| {
            let mut words = line.split_whitespace();
            matches!(words.next(), Some("@write" | "@update"))
                && words.nth(1).is_some_and(|name| self.half.contains(&name))
        };
        !self.half.is_empty() && self.files.iter().flat_map(|file| file.lines()).any(is_write)
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its WGSL.
    pub fn text(&self) -> String {
        let mut text = self.files.concat() + self.learnt;
        for (name, value) in &self.constants {
            text = text.replace(&format!("{{{{ {name} }}}}"), &value.to_string());
        }
        let mut out = String::with_capacity(2 * text.len());
        if !self.half.is_empty() {
            out.push_str("enable f16;\n");
        }
        let narrows = self.narrows();
        for line in text.lines() {
            match line.split_once("@binding(").and_then(|(_, rest)| rest.split_once(')')) {
                Some((binding, uniform)) if narrows && uniform.starts_with(" var<uniform>") => {
                    watch::declare(binding, uniform, &mut out);
                }
                _ => self.line(line, &mut out),
            }
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
                let half = self.half.contains(&name);
                match words.next() {
                    Some("one") => declare_one(access, binding, name, half, out),
                    _ => declare(access, binding, name, wide, half, out),
                }
            }
            // One of WGSL's own attributes.
            _ => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }

    /// Queues the kernel. Its buffers are `read`, then `written`, in the order of their bindings,
    /// then the uniform `info`. All tensors must have the layout that the kernel expects.
    pub fn launch(
        self,
        read: &[&CubeTensor],
        written: &[&CubeTensor],
        info: &[u32],
        groups: [usize; 3],
    ) {
        self.launch_affine(read, written, None, info, groups);
    }

    /// [`Kernel::launch()`] of a kernel with the parameters of a normalisation.
    pub fn launch_affine(
        self,
        read: &[&CubeTensor],
        written: &[&CubeTensor],
        affine: Option<[&CubeTensor; 2]>,
        info: &[u32],
        [x, y, z]: [usize; 3],
    ) {
        let Some(&tensor) = written.first() else { return };
        let watch = self.narrows().then(|| watch::beside(tensor));
        let learnt = affine.iter().flatten().copied();
        let reading = |tensor| (tensor, BufferIOAttr::ReadOnly);
        let writing = |tensor| (tensor, BufferIOAttr::ReadWrite);
        let buffers = (read.iter().copied().map(reading))
            .chain(written.iter().copied().map(writing))
            .chain(learnt.map(reading))
            .chain(watch.as_ref().map(writing));
        let mut arguments = KernelArguments::new();
        for (tensor, access) in buffers {
            arguments = arguments.with_buffer_io(tensor.handle.clone().binding(), access);
        }
        let words = info.chunks(2).map(|pair| {
            let high = pair.get(1).copied().unwrap_or_default();
            u64::from(pair.first().copied().unwrap_or_default()) | u64::from(high) << 32
        });
        let arguments = arguments.with_info(MetadataBindingInfo::custom(words.collect()));
        let [wx, wy, wz] = self.workgroup;
        let count = CubeCount::Static(x as u32, y as u32, z as u32);
        let kernel = SourceKernel::new(self, CubeDim::new_3d(wx, wy, wz));
        tensor.client.launch(Box::new(kernel), count, arguments);
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

/// Most workgroups of a launch along one axis; WebGPU allows 65,535.
pub(super) const MOST_GROUPS: usize = 1 << 15;

/// At least `groups` workgroups, spread over two axes.
pub(super) fn folded(groups: usize) -> [usize; 2] {
    let across = groups.clamp(1, MOST_GROUPS);
    [across, groups.div_ceil(across).max(1)]
}

/// Workgroups of 64 invocations for `count` invocations.
pub(super) fn spread(count: usize) -> [usize; 3] {
    let [x, y] = folded(count.div_ceil(64));
    [x, y, 1]
}
