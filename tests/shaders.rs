//! Every shader that can be launched, checked by naga as WebGPU's defaults allow it.

#![cfg(not(target_family = "wasm"))]

use std::collections::BTreeSet;

use cyclegan_web::ops::{half_shaders, shaders};
use naga::{
    AddressSpace, Module,
    front::wgsl,
    valid::{Capabilities, ValidationFlags, Validator},
};

fn parsed(text: &str) -> Module {
    wgsl::parse_str(text).unwrap_or_else(|error| panic!("{}", error.emit_to_string(text)))
}

#[test]
fn every_shader_is_valid() {
    let shaders = shaders();
    assert!(shaders.len() > 50);
    for shader in shaders {
        let module = parsed(&shader.text);
        // No capability beyond WebGPU's own: no f16, no subgroups, no 64-bit numbers.
        let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
        if let Err(error) = validator.validate(&module) {
            panic!("{}: {}\n{}", shader.name, error.emit_to_string(&shader.text), shader.text);
        }
    }
}

/// The programs of `ops/gpu/screen.rs`, which are no kernels.
#[test]
fn the_programs_of_frames_are_valid() {
    for text in [
        include_str!("../src/ops/wgsl/take_frame.wgsl"),
        include_str!("../src/ops/wgsl/show_frame.wgsl"),
    ] {
        let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
        if let Err(error) = validator.validate(&parsed(text)) {
            panic!("{}", error.emit_to_string(text));
        }
    }
}

/// Those in half precision need float16, and nothing else.
#[test]
fn every_shader_in_half_precision_is_valid() {
    let shaders = half_shaders();
    assert!(shaders.len() > 50);
    for shader in shaders {
        let module = parsed(&shader.text);
        assert!(shader.text.starts_with("enable f16;\n"), "{}", shader.name);
        let mut validator = Validator::new(ValidationFlags::all(), Capabilities::SHADER_FLOAT16);
        if let Err(error) = validator.validate(&module) {
            panic!("{}: {}\n{}", shader.name, error.emit_to_string(&shader.text), shader.text);
        }
        let mut without = Validator::new(ValidationFlags::all(), Capabilities::empty());
        assert!(without.validate(&module).is_err(), "{} needs no float16", shader.name);
    }
}

/// WebGPU's defaults: 8 storage buffers, 16 KB of workgroup memory, 256 invocations in a workgroup.
#[test]
fn every_shader_keeps_within_the_defaults() {
    for shader in shaders().into_iter().chain(half_shaders()) {
        let module = parsed(&shader.text);
        let space = |space: fn(&AddressSpace) -> bool| {
            module.global_variables.iter().filter(move |(_, variable)| space(&variable.space))
        };
        let buffers = space(|space| matches!(space, AddressSpace::Storage { .. })).count();
        assert!(buffers <= 8, "{}: {buffers} storage buffers", shader.name);
        let memory: u32 = space(|space| *space == AddressSpace::WorkGroup)
            .map(|(_, variable)| module.types[variable.ty].inner.size(module.to_ctx()))
            .sum();
        assert!(memory <= 16 << 10, "{}: {memory} bytes of workgroup memory", shader.name);
        let [entry] = module.entry_points.as_slice() else { panic!("{}", shader.name) };
        let invocations: u32 = entry.workgroup_size.iter().product();
        assert!(invocations <= 256, "{}: {invocations} invocations", shader.name);
        assert_eq!(entry.name, "main");
    }
}

/// Nothing is left of what is not WGSL.
#[test]
fn every_directive_is_replaced() {
    let mut names = BTreeSet::new();
    for shader in shaders().into_iter().chain(half_shaders()) {
        names.insert(shader.name);
        for mark in ["{{", "@read", "@write", "@update", "@unroll", "$"] {
            assert!(!shader.text.contains(mark), "{}: {mark}", shader.name);
        }
    }
    assert_eq!(names.len(), 37, "{names:?}");
}

/// What is not a number gets through every shader: none takes the larger or the smaller of two
/// floats, of which that may be dropped, and none compares a float with itself, which compilers may
/// leave out.
#[test]
fn no_shader_makes_a_number_of_what_is_none() {
    use naga::{Expression, Function, MathFunction, valid::FunctionInfo};
    let mut seen = 0;
    for shader in shaders().into_iter().chain(half_shaders()) {
        let module = parsed(&shader.text);
        let mut validator = Validator::new(ValidationFlags::all(), Capabilities::SHADER_FLOAT16);
        let info = validator.validate(&module).unwrap();
        let mut check = |function: &Function, info: &FunctionInfo| {
            for (_, expression) in function.expressions.iter() {
                let is_float = |operand: naga::Handle<Expression>| {
                    let inner = info[operand].ty.inner_with(&module.types);
                    inner.scalar_kind() == Some(naga::ScalarKind::Float)
                };
                seen += 1;
                match *expression {
                    Expression::Math {
                        fun:
                            MathFunction::Max
                            | MathFunction::Min
                            | MathFunction::Clamp
                            | MathFunction::Saturate
                            | MathFunction::Step
                            | MathFunction::SmoothStep,
                        arg,
                        ..
                    } => assert!(!is_float(arg), "{}: {expression:?}", shader.name),
                    Expression::Binary { left, right, .. } => {
                        let is_itself = left == right && expression_compares(expression);
                        assert!(!(is_itself && is_float(left)), "{}: {expression:?}", shader.name);
                    }
                    _ => {}
                }
            }
        };
        for (handle, function) in module.functions.iter() {
            check(function, &info[handle]);
        }
        for (index, entry) in module.entry_points.iter().enumerate() {
            check(&entry.function, info.get_entry_point(index));
        }
    }
    assert!(seen > 10_000, "{seen} expressions");
}

fn expression_compares(expression: &naga::Expression) -> bool {
    use naga::{BinaryOperator::*, Expression};
    let Expression::Binary { op, .. } = expression else { return false };
    matches!(op, Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual)
}
