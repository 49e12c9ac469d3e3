//! PyTorch's own containers, read as data: a pickle that describes tensors, and their bytes.
//!
//! - `zip`: the archive that `torch.save` writes since PyTorch 1.6.
//! - `legacy`: the older stream of pickles; the published CycleGAN weights use it.
//! - `pickle`: a stack machine over plain values. It can build dictionaries and describe tensors;
//!   nothing in it could call, import or open anything.
//! - `globals`: the few Python names that describing tensors needs. Any other is refused.
//! - `listing`: every tensor that can be reached from the object that was saved, with the way to it.
//! - `tensor`: cuts tensors out of storages, which they may share or stride over.

mod cursor;
mod globals;
mod heap;
mod legacy;
mod listing;
mod opcode;
mod pickle;
mod stack;
mod tensor;
mod value;
mod zip;

use heap::Heap;
use tensor::Reader;
use value::{Id, Storage, Value};

use super::floats::ByteOrder;
use super::state::{HostTensor, Listed};
use crate::error::{Error, Result};

/// Whether this is a zip archive, a legacy stream or any other binary pickle.
pub fn recognises(bytes: &[u8]) -> bool {
    zip::recognises(bytes) || legacy::recognises(bytes) || is_pickle(bytes)
}

/// Lists what a `.pth` file holds, without decoding any of it. Fails as [`read`] does, except with
/// what concerns single tensors.
pub(super) fn open(bytes: &[u8]) -> Result<Opened<'_>> {
    let (file, root) = File::parse(bytes)?;
    let (listed, places) = listing::list(&file.heap, root)?.into_iter().unzip();
    Ok(Opened { file, listed, places, left: bytes.len(), length: bytes.len() })
}

/// An open file.
pub(super) struct Opened<'a> {
    file: File<'a>,
    listed: Vec<Listed>,
    /// Each tensor's place on the heap.
    places: Vec<Id>,
    /// Numbers that may still be read.
    left: usize,
    length: usize,
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
        let file = &self.file;
        let bytes_of = |storage: &Storage<'_>| file.storage(storage);
        let mut reader = Reader::new(&bytes_of, file.order, self.left);
        let tensor = reader.read(&file.heap, &listed.path, *place)?;
        self.left = reader.left();
        tensor.ok_or_else(|| {
            Error::WeightsUnsupportedType(format!("{} is whole numbers", listed.path))
        })
    }

    /// Lets [`Self::read`] begin to count anew, after what it gave was dropped: together, tensors
    /// that share numbers may not outgrow the file.
    pub(super) fn forget(&mut self) {
        self.left = self.length;
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
}

impl<'a> File<'a> {
    /// Reads a file's pickles; returns the object that was saved too.
    fn parse(bytes: &'a [u8]) -> Result<(Self, Value<'a>)> {
        let mut heap = Heap::default();
        if zip::recognises(bytes) {
            let (root, archive, order) = zip::open(bytes, &mut heap)?;
            Ok((Self { heap, storages: Storages::Zip(archive), order }, root))
        } else if legacy::recognises(bytes) {
            let (root, storages) = legacy::open(bytes, &mut heap)?;
            let storages = Storages::Legacy(storages);
            Ok((Self { heap, storages, order: ByteOrder::Little }, root))
        } else if is_pickle(bytes) {
            let detail =
                "it is a plain Python pickle, not written by torch.save; it was not opened";
            Err(Error::WeightsNoTensors(detail.into()))
        } else {
            Err(Error::WeightsNotRecognised("neither a zip archive nor a pickle".into()))
        }
    }

    /// The bytes of a whole storage, if the file has it.
    fn storage(&self, storage: &Storage<'_>) -> Result<Option<&'a [u8]>> {
        match &self.storages {
            Storages::Zip(archive) => archive.storage(storage.key),
            Storages::Legacy(storages) => Ok(storages.get(storage.key).copied()),
        }
    }
}

/// A binary pickle starts with its protocol: 2 in Python 2, up to 5 today.
fn is_pickle(bytes: &[u8]) -> bool {
    matches!(bytes, [opcode::PROTO, 2..=5, ..])
}
