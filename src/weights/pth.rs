//! PyTorch's own containers, read as data: a pickle that describes tensors, and their bytes.
//!
//! - `zip`: the archive that `torch.save` writes since PyTorch 1.6.
//! - `legacy`: the older stream of pickles; the published CycleGAN weights use it.
//! - `pickle`: a stack machine over plain values. It can build dictionaries and describe tensors;
//!   nothing in it could call, import or open anything.
//! - `globals`, `danger`: what the Python names in it mean, and those that are refused.
//! - `calls`, `numpy`: what a call describes: a tensor, an array, or an object that is kept as data.
//! - `listing`: every tensor that can be reached from the object that was saved, with the way to it.
//! - `tensor`: cuts tensors out of storages, which they may share or stride over.

mod calls;
mod cursor;
mod danger;
mod globals;
mod heap;
mod legacy;
mod listing;
mod memo;
mod numpy;
mod opcode;
mod pickle;
mod stack;
mod tensor;
mod text;
mod value;
mod zip;

use cursor::Cursor;
use heap::Heap;
use tensor::Reader;
use value::{Id, Value};

use super::floats::ByteOrder;
use super::state::{HostTensor, Listed, check_name};
use crate::error::{Error, Result};

/// Whether this is a zip archive, a legacy stream or any other binary pickle.
pub fn recognises(bytes: &[u8]) -> bool {
    zip::recognises(bytes) || legacy::recognises(bytes) || is_pickle(bytes)
}

/// Lists what a file that [`recognises`] accepts holds, without decoding any of it. Fails with `weights-no-tensors` or
/// `weights-whole-module` when that is nothing, `weights-unsafe` when the pickle names what only an
/// attack would use (`danger.rs`), `weights-torchscript`, `weights-truncated`, `weights-damaged`,
/// `weights-too-large`, `weights-unsupported-container`.
pub(super) fn open(bytes: &[u8]) -> Result<Opened<'_>> {
    let (file, root) = File::parse(bytes)?;
    let (found, left) = listing::list(&file.heap, root)?;
    if !found.iter().any(|(listed, _)| listed.is_float) {
        return Err(nothing(&file.heap));
    }
    let (listed, places) = found.into_iter().unzip();
    let most = tensor::most_numbers(bytes.len(), left);
    Ok(Opened { file: file.into(), listed, places, left: most, most })
}

/// The error for a file without tensors.
fn nothing(heap: &Heap<'_>) -> Error {
    if heap.has_module {
        Error::WeightsWholeModule("its parts are not kept as data".into())
    } else {
        Error::WeightsNoTensors("its pickle describes no floating-point tensors".into())
    }
}

/// An open file.
pub(super) struct Opened<'a> {
    file: Box<File<'a>>,
    listed: Vec<Listed>,
    /// Each tensor's place on the heap.
    places: Vec<Id>,
    /// Numbers that may still be read, and at first.
    left: usize,
    most: usize,
}

impl Opened<'_> {
    /// Every tensor that can be reached from the object that was saved, in the file's order.
    pub(super) fn listed(&self) -> &[Listed] {
        &self.listed
    }

    /// Decodes one tensor. Fails with `weights-unsupported-type`, `weights-damaged`,
    /// `weights-truncated`; `weights-too-large` when what was read since [`Self::forget`] outgrows
    /// the file.
    pub(super) fn read(&mut self, index: usize) -> Result<HostTensor> {
        let (Some(listed), Some(place)) = (self.listed.get(index), self.places.get(index)) else {
            return Err(Error::Usage(format!("there is no tensor {index}")));
        };
        check_name(&listed.path)?;
        let bytes_of = |key: &str| self.file.storage(key);
        let mut reader = Reader { bytes_of: &bytes_of, order: self.file.order, left: self.left };
        let tensor = reader.read(&self.file.heap, &listed.path, *place)?;
        self.left = reader.left;
        Ok(tensor)
    }

    /// Lets [`Self::read`] begin to count anew, after what it gave was dropped: together, tensors
    /// that share numbers may not outgrow the file.
    pub(super) fn forget(&mut self) {
        self.left = self.most;
    }
}

/// A file's objects, and where the numbers of its tensors are.
struct File<'a> {
    heap: Heap<'a>,
    storages: Storages<'a>,
    order: ByteOrder,
}

enum Storages<'a> {
    Zip(zip::Archive<'a>),
    Legacy(legacy::Storages<'a>),
    /// All numbers are in the pickle.
    None,
}

impl<'a> File<'a> {
    /// Reads a file's pickles; returns the object that was saved too.
    fn parse(bytes: &'a [u8]) -> Result<(Self, Value<'a>)> {
        let mut heap = Heap::new(bytes.len());
        let mut cursor = Cursor::new(bytes, "the file");
        let (root, storages, order) = if zip::recognises(bytes) {
            let (root, archive, order) = zip::open(bytes, &mut heap)?;
            (root, Storages::Zip(archive), order)
        } else if legacy::recognises(bytes) {
            let (root, storages) = legacy::load(&mut cursor, &mut heap)?;
            (root, Storages::Legacy(storages), ByteOrder::Little)
        } else {
            let root = pickle::load(&mut cursor, &mut heap).map_err(|error| match error {
                Error::WeightsUnsafe(detail) => Error::WeightsNoTensors(format!(
                    "it is a plain Python pickle that asks to run code: {detail}"
                )),
                error => error,
            })?;
            (root, Storages::None, ByteOrder::Little)
        };
        Ok((Self { heap, storages, order }, root))
    }

    /// The bytes of a whole storage, if the file has it.
    fn storage(&self, key: &str) -> Result<Option<&'a [u8]>> {
        match &self.storages {
            Storages::Zip(archive) => archive.storage(key),
            Storages::Legacy(storages) => Ok(storages.by_key.get(key).copied()),
            Storages::None => Ok(None),
        }
    }
}

/// A binary pickle starts with its protocol: 2 in Python 2, up to 5 today.
fn is_pickle(bytes: &[u8]) -> bool {
    matches!(bytes, [opcode::PROTO, 2..=5, ..])
}
