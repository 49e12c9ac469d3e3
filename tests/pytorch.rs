//! What is written for PyTorch and ONNX Runtime, opened by them: `tests/pytorch/check.py`.
//!
//! Ignored, with the reason, where Python has no PyTorch.

#[cfg(not(target_family = "wasm"))]
mod python;
#[cfg(not(target_family = "wasm"))]
mod written;

#[cfg(target_family = "wasm")]
fn main() {}

#[cfg(not(target_family = "wasm"))]
fn main() -> std::process::ExitCode {
    python::test("networks_are_the_same_in_pytorch_and_onnx", "torch", native::check)
}

#[cfg(not(target_family = "wasm"))]
mod native {
    use std::{
        fs,
        path::{Path, PathBuf},
        process::Command,
    };

    use burn::tensor::{Device, Tensor, TensorData};
    use cyclegan_web::{
        choice::Choice as _,
        model::{Discriminator, Generator},
        random::Random,
        weights::{
            Down, HostTensor, Norm, StateDict,
            write::{Blueprint, Format},
        },
    };
    use serde_json::{Value, json};

    use crate::python::interpreter;
    use crate::written::{about, generators, random_state, written};

    pub fn check() {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pytorch");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let mut cases = Vec::new();
        for (name, architecture) in generators() {
            let network = json!({
                "ngf": architecture.ngf,
                "blocks": architecture.blocks,
                "pictures": architecture.pictures,
                "affine": architecture.norm == Norm::InstanceAffine,
                "down": if architecture.down == Down::Blurred { "blurred" } else { "strided" },
                "up": architecture.up.name(),
            });
            cases.push(case(&folder, name, Blueprint::Generator(architecture), network));
        }
        let blueprint = Blueprint::Discriminator { ndf: 4 };
        cases.push(case(&folder, "discriminator", blueprint, json!({"ndf": 4})));
        fs::write(folder.join("cases.json"), Value::from(cases).to_string()).unwrap();

        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pytorch/check.py");
        let mut command = Command::new(interpreter());
        let output = command.arg("-B").arg(script).arg(&folder).output().unwrap();
        println!("{}", String::from_utf8_lossy(&output.stdout));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Writes a network's files, and says what it makes of two pictures.
    fn case(folder: &Path, name: &str, blueprint: Blueprint, network: Value) -> Value {
        let state = random_state(&blueprint, 11);
        let is_generator = matches!(blueprint, Blueprint::Generator(_));
        for (half, number) in [(false, "float32"), (true, "float16")] {
            let write = |format: Format, ending: &str| {
                let file = written(blueprint, &state, &about(), half, format).unwrap();
                fs::write(stem(folder, name, number).with_extension(ending), file).unwrap();
            };
            write(Format::Pth, "pth");
            if is_generator {
                write(Format::Onnx, "onnx");
            }
        }
        let channels = match blueprint {
            Blueprint::Generator(architecture) => architecture.pictures,
            Blueprint::Discriminator { .. } => 3,
        };
        // Height and width are free, and so is the number of pictures.
        let shapes = [[1, channels, 32, 24], [2, channels, 40, 64]];
        let views = shapes.map(|shape| {
            let input = picture(shape);
            let output = output(&blueprint, &state, &input);
            json!({"shape": shape, "input": input.data, "output": output})
        });
        let kind = if is_generator { "generator" } else { "discriminator" };
        json!({"name": name, "kind": kind, "network": network, "views": views})
    }

    fn stem(folder: &Path, name: &str, number: &str) -> PathBuf {
        folder.join(format!("{name}-{number}"))
    }

    /// Smooth, with some noise, as photos are.
    fn picture(shape: [usize; 4]) -> HostTensor {
        let mut random = Random::new(5);
        let mut number =
            |at: usize| 0.7 * (at as f64 * 0.13).sin() + 0.3 * (2.0 * random.uniform() - 1.0);
        let data = (0..shape.iter().product()).map(|at| number(at) as f32).collect();
        HostTensor { shape: shape.to_vec(), data }
    }

    /// What our own network makes of a picture.
    fn output(blueprint: &Blueprint, state: &StateDict, input: &HostTensor) -> Vec<f32> {
        let device = Device::flex();
        let data = TensorData::new(input.data.clone(), input.shape.clone());
        let input = Tensor::<4>::from_data(data, &device);
        let output = match blueprint {
            Blueprint::Generator(architecture) => {
                Generator::from_state(*architecture, state.clone(), &device).unwrap().forward(input)
            }
            Blueprint::Discriminator { ndf } => {
                Discriminator::from_state(*ndf, 1, state.clone(), &device).unwrap().forward(input)
            }
        };
        pollster::block_on(output.into_data_async()).unwrap().try_to_vec().unwrap()
    }
}
