//! What `torch.save` writes for a state dict: an archive with a pickle that describes the tensors,
//! and a storage of raw numbers for each. `torch.load(weights_only=True)` opens it.
//!
//! Names and order are those of PyTorch's `ResnetGenerator` without dropout, the default of its
//! CycleGAN, and of `NLayerDiscriminator`, so `load_state_dict(strict=True)` takes it.

use super::{Entry, Export, Sink, archive::Archive, write_numbers};
use crate::error::Result;

/// The folder of everything in the archive; PyTorch's own name where it knows no file's.
const ROOT: &str = "archive";
/// PyTorch maps storages into memory, so it aligns them (`kStorageAlignment`).
const ALIGNMENT: u64 = 64;
/// Version of the container, with the line's end (`kMinProducedFileFormatVersion`).
const VERSION: &[u8] = b"3\n";

pub(super) fn write(export: &Export<'_>, to: &mut Sink<'_>) -> Result<()> {
    let entries = export.entries();
    let half = export.half;
    let pickle = pickle(&entries, half);
    let mut archive = Archive::new(to);
    let mut add = |name: &str, write: &dyn Fn(&mut Sink<'_>) -> Result<()>| {
        archive.add(&format!("{ROOT}/{name}"), ALIGNMENT, write)
    };
    add("data.pkl", &|to| to(&pickle))?;
    add("byteorder", &|to| to(b"little"))?;
    for (key, entry) in entries.iter().enumerate() {
        add(&format!("data/{key}"), &|to| write_numbers(&entry.numbers, half, to))?;
    }
    add("version", &|to| to(VERSION))?;
    archive.finish()
}

/// The state dict as a pickle of protocol 2: an `OrderedDict` of `_rebuild_tensor_v2` with the key,
/// shape and strides of a storage.
fn pickle(entries: &[Entry<'_>], half: bool) -> Vec<u8> {
    let storage = if half { "HalfStorage" } else { "FloatStorage" };
    let mut pickle = Pickle(vec![0x80, 2]);
    pickle.ordered_dict();
    pickle.op(b'('); // MARK of all items
    for (key, Entry { name, shape, numbers }) in entries.iter().enumerate() {
        pickle.text(name);
        pickle.global("torch._utils", "_rebuild_tensor_v2");
        pickle.op(b'('); // MARK of its arguments
        pickle.op(b'('); // MARK of the storage
        pickle.text("storage");
        pickle.global("torch", storage);
        pickle.text(&key.to_string());
        pickle.text("cpu");
        pickle.number(numbers.len());
        pickle.op(b't'); // TUPLE
        pickle.op(b'Q'); // BINPERSID
        pickle.number(0); // where in the storage
        pickle.numbers(shape);
        pickle.numbers(&strides(shape));
        pickle.op(0x89); // NEWFALSE: no gradient
        pickle.ordered_dict(); // of hooks
        pickle.op(b't'); // TUPLE
        pickle.op(b'R'); // REDUCE
    }
    pickle.op(b'u'); // SETITEMS
    pickle.op(b'.'); // STOP
    pickle.0
}

/// Strides of a contiguous tensor, in elements.
fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides: Vec<usize> = shape
        .iter()
        .rev()
        .scan(1, |stride, side| Some(std::mem::replace(stride, *stride * side)))
        .collect();
    strides.reverse();
    strides
}

struct Pickle(Vec<u8>);

impl Pickle {
    fn op(&mut self, opcode: u8) {
        self.0.push(opcode);
    }

    /// GLOBAL: something by its module and name.
    fn global(&mut self, module: &str, name: &str) {
        self.0.extend(format!("c{module}\n{name}\n").bytes());
    }

    /// BINUNICODE.
    fn text(&mut self, text: &str) {
        self.op(b'X');
        self.0.extend((text.len() as u32).to_le_bytes());
        self.0.extend(text.bytes());
    }

    /// BININT, or LONG1 for what exceeds it.
    fn number(&mut self, number: usize) {
        match i32::try_from(number) {
            Ok(number) => {
                self.op(b'J');
                self.0.extend(number.to_le_bytes());
            }
            Err(_) => {
                // With a ninth byte, so that the highest bit is no sign.
                self.0.extend([0x8a, 9]);
                self.0.extend((number as u64).to_le_bytes());
                self.op(0);
            }
        }
    }

    fn numbers(&mut self, numbers: &[usize]) {
        self.op(b'('); // MARK
        numbers.iter().for_each(|number| self.number(*number));
        self.op(b't'); // TUPLE
    }

    /// An empty `OrderedDict`.
    fn ordered_dict(&mut self) {
        self.global("collections", "OrderedDict");
        self.op(b')'); // EMPTY_TUPLE
        self.op(b'R'); // REDUCE
    }
}
