//! Every shader that can be launched, checked by naga as WebGPU's defaults allow it.

#![cfg(not(target_family = "wasm"))]

use std::{collections::BTreeSet, path::Path, process::Command};

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
    assert_eq!(names.len(), 29, "{names:?}");
}

/// What Chromium's own compiler says, where that is installed, and what it makes of the shaders for
/// macOS and Windows, where it was built to.
#[test]
fn every_shader_compiles_with_tint() {
    let Ok(help) = Command::new("tint").arg("--help").output() else {
        println!("tint is not installed: the shaders were checked by naga alone");
        return;
    };
    let help = [help.stdout, help.stderr].concat();
    let help = String::from_utf8_lossy(&help);
    let (_, formats) = help.split_once("--format <").expect("an option for formats");
    let (formats, _) = formats.split_once('>').expect("a list of formats");
    let wanted = ["wgsl", "msl", "hlsl"];
    let formats: Vec<_> = formats.split('|').filter(|format| wanted.contains(format)).collect();
    assert!(!formats.is_empty(), "{help}");
    println!("tint writes {formats:?}");
    each_as_a_file("tint", |file, name| {
        for format in &formats {
            runs(Command::new("tint").args(["--format", format]).arg(file), name);
        }
    });
}

/// What Firefox's compiler makes of them for macOS and Windows, where its command line is
/// installed.
#[test]
fn every_shader_is_written_for_macos_and_windows() {
    if Command::new("naga").arg("--version").output().is_err() {
        println!(
            "naga's command line is not installed: the shaders were not written as MSL and HLSL"
        );
        return;
    }
    each_as_a_file("naga", |file, name| {
        let outputs = ["metal", "hlsl"].map(|ending| file.with_extension(ending));
        runs(Command::new("naga").arg(file).args(&outputs), name);
        for output in outputs {
            let text = std::fs::read_to_string(&output).unwrap();
            assert!(text.contains("main"), "{name}: {output:?}");
        }
    });
}

/// Calls `check` with the file and the name of every shader.
fn each_as_a_file(tool: &str, check: impl Fn(&Path, &str)) {
    let name = format!("cyclegan-shaders-{tool}-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for (index, shader) in shaders().into_iter().chain(half_shaders()).enumerate() {
        let file = folder.join(format!("{index}-{}.wgsl", shader.name));
        std::fs::write(&file, &shader.text).unwrap();
        check(&file, shader.name);
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

fn runs(command: &mut Command, name: &str) {
    let made = command.output().unwrap();
    let message = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{name}: {command:?}: {message}");
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
