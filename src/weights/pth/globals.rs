//! What the Python names in a pickle mean here.
//!
//! In Python a pickle can name any function and have it called; that is how such files run code.
//! Here a name is looked up in a list, which yields a constant. Names that describe tensors have a
//! meaning of their own. Any other is that of a class or function that is not needed, and what it
//! is given is kept as data; but a name that only an attack would use is refused
//! (`weights-unsafe`).

use super::danger;
use super::value::{ElementType, Global};
use crate::error::{Error, Result};
use crate::weights::floats::FloatType;
use crate::weights::state::quote;

/// The longest name of a module or in one that is looked up, in bytes.
const LONGEST: usize = 128;

/// Looks a name up.
pub(super) fn find(module: &str, name: &str) -> Result<Global> {
    if module.len() > LONGEST || name.len() > LONGEST {
        return Ok(Global::Other);
    }
    if danger::runs_code(module, name) {
        return Err(Error::WeightsUnsafe(format!("it names {}.{}", quote(module), quote(name))));
    }
    Ok(match (module, name) {
        ("collections", "OrderedDict") => Global::OrderedDict,
        ("collections", "defaultdict" | "Counter" | "deque")
        | (
            "builtins" | "__builtin__",
            "dict" | "list" | "tuple" | "set" | "frozenset" | "bytearray" | "bytes",
        ) => Global::Container,
        ("builtins" | "__builtin__", "getattr") => Global::Attribute,
        ("_codecs", "encode") => Global::Encode,
        ("torch._utils", name) => of_utils(name),
        ("torch._tensor" | "torch.tensor", "_rebuild_from_type" | "_rebuild_from_type_v2") => {
            Global::FromType
        }
        // Before PyTorch 0.4 these were called with the tensor that they held.
        ("torch.nn.parameter" | "torch.nn", "Parameter" | "Buffer")
        | ("torch.autograd.variable" | "torch.autograd", "Variable") => Global::Parameter,
        ("torch.storage", "_load_from_bytes") => Global::LoadFromBytes,
        ("torch", "Size") => Global::Size,
        ("torch", name) if number_type(name).is_some() => {
            Global::NumberType(number_type(name).unwrap_or(ElementType::Other))
        }
        (module, name) if module == "torch" || module.starts_with("torch.") => {
            storage_type(name).map_or(Global::Other, Global::StorageType)
        }
        ("numpy", "dtype") => Global::Dtype,
        (
            "numpy.core.multiarray"
            | "numpy._core.multiarray"
            | "numpy.core.numeric"
            | "numpy._core.numeric",
            name,
        ) => match name {
            "_reconstruct" => Global::NewArray,
            "_frombuffer" => Global::FromBuffer,
            "scalar" => Global::Scalar,
            _ => Global::Other,
        },
        _ => Global::Other,
    })
}

fn of_utils(name: &str) -> Global {
    match name {
        "_rebuild_tensor" | "_rebuild_tensor_v2" => Global::RebuildTensor,
        "_rebuild_tensor_v3" => Global::TypedTensor,
        "_rebuild_qtensor" => Global::QuantisedTensor,
        "_rebuild_parameter" | "_rebuild_parameter_with_state" => Global::Parameter,
        "_rebuild_device_tensor_from_numpy" | "_rebuild_xla_tensor" | "_rebuild_mlc_tensor" => {
            Global::DeviceTensor
        }
        _ => Global::Other,
    }
}

fn storage_type(name: &str) -> Option<ElementType> {
    Some(match name.strip_suffix("Storage")? {
        "Float" => ElementType::Float(FloatType::F32),
        "Half" => ElementType::Float(FloatType::F16),
        "BFloat16" => ElementType::Float(FloatType::BF16),
        "Double" => ElementType::Float(FloatType::F64),
        "Byte" | "Char" | "Bool" | "Untyped" | "_Untyped" => ElementType::Integer(1),
        "Short" => ElementType::Integer(2),
        "Int" => ElementType::Integer(4),
        "Long" => ElementType::Integer(8),
        "ComplexFloat" => ElementType::Complex(8),
        "ComplexDouble" => ElementType::Complex(16),
        "QInt8" | "QUInt8" | "QUInt4x2" | "QUInt2x4" => ElementType::Quantised(1),
        "QInt32" => ElementType::Quantised(4),
        _ => return None,
    })
}

/// The types of PyTorch, `torch.float32` and so on.
fn number_type(name: &str) -> Option<ElementType> {
    Some(match name {
        "float32" => ElementType::Float(FloatType::F32),
        "float16" => ElementType::Float(FloatType::F16),
        "bfloat16" => ElementType::Float(FloatType::BF16),
        "float64" => ElementType::Float(FloatType::F64),
        "uint8" | "int8" | "bool" => ElementType::Integer(1),
        "uint16" | "int16" => ElementType::Integer(2),
        "uint32" | "int32" => ElementType::Integer(4),
        "uint64" | "int64" => ElementType::Integer(8),
        "complex32" => ElementType::Complex(4),
        "complex64" => ElementType::Complex(8),
        "complex128" => ElementType::Complex(16),
        "qint8" | "quint8" | "quint4x2" | "quint2x4" => ElementType::Quantised(1),
        "qint32" => ElementType::Quantised(4),
        _ if name.starts_with("float8_") => ElementType::Float8,
        _ => return None,
    })
}
