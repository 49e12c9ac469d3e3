//! The safetensors container: 8 bytes of header length, a JSON header, then the numbers.
//!
//! Format: <https://github.com/huggingface/safetensors>. The `safetensors` crate checks the header's
//! offsets. The bytes after it are cut out here, with every bound checked against
//! the file, because sums of hostile offsets can overflow in the crate's own slicing.

mod header;

use std::collections::BTreeMap;

use safetensors::Dtype;
use safetensors::tensor::TensorInfo;

use self::header::Header;
use super::floats::{ByteOrder, FloatType};
use super::state::{HostTensor, Listed, StateDict, check_name, damaged, quote};
pub use super::write::safetensors::{header, write};
use crate::error::{Error, Result};

/// The longest header that is parsed, in bytes. Some programs keep a whole log of the training in it.
pub const LONGEST_HEADER: usize = 8 << 20;

/// Bytes of the number that gives the header's length.
const LENGTH: usize = 8;

/// Whether this may be a safetensors file: its header, a JSON object, starts at byte 8.
pub fn recognises(bytes: &[u8]) -> bool {
    bytes.get(LENGTH) == Some(&b'{')
}

/// Reads all float tensors; numbers of other types are left out. Fails with `weights-too-large`,
/// `weights-truncated`, `weights-damaged` or `weights-no-tensors`.
pub fn read(bytes: &[u8]) -> Result<StateDict> {
    let mut file = open(bytes)?;
    let mut state = StateDict::new();
    for index in 0..file.listed.len() {
        if let Some(Listed { path, is_float: true, .. }) = file.listed.get(index) {
            let path = path.clone();
            state.insert(path, file.read(index)?);
        }
    }
    if state.is_empty() {
        let detail = "the file's header lists no tensor of floating-point numbers";
        return Err(Error::WeightsNoTensors(detail.into()));
    }
    Ok(state)
}

/// Lists what a file holds, without decoding any of it. Fails as [`read`] does, except with what
/// concerns single tensors.
pub(super) fn open(bytes: &[u8]) -> Result<Opened<'_>> {
    let (header, numbers) = parse(bytes)?;
    let (mut listed, mut infos) = (Vec::new(), Vec::new());
    for (path, info) in header.tensors {
        let is_float = float(info.dtype).is_some();
        listed.push(Listed { path, shape: info.shape.clone(), is_float });
        infos.push(info);
    }
    Ok(Opened { listed, infos, numbers, metadata: header.metadata })
}

/// An open file.
pub(super) struct Opened<'a> {
    listed: Vec<Listed>,
    infos: Vec<TensorInfo>,
    numbers: &'a [u8],
    /// What was written beside the tensors, by key.
    pub(super) metadata: BTreeMap<String, String>,
}

impl Opened<'_> {
    /// Every tensor in the order of its numbers.
    pub(super) fn listed(&self) -> &[Listed] {
        &self.listed
    }

    /// Decodes one tensor. Fails with `weights-unsupported-type`.
    pub(super) fn read(&mut self, index: usize) -> Result<HostTensor> {
        let (Some(listed), Some(info)) = (self.listed.get(index), self.infos.get(index)) else {
            return Err(Error::Usage(format!("there is no tensor {index}")));
        };
        check_name(&listed.path)?;
        tensor(&listed.path, info, self.numbers)?.ok_or_else(|| {
            let detail = format!("{} is {:?}", quote(&listed.path), info.dtype);
            Error::WeightsUnsupportedType(detail)
        })
    }
}

/// Reads the free text that was written beside the tensors, by key. Fails as [`read`] does
/// on the header.
pub fn read_metadata(bytes: &[u8]) -> Result<BTreeMap<String, String>> {
    let (header, _) = parse(bytes)?;
    Ok(header.metadata)
}

/// Where each tensor of a file is, and how to read it when needed.
#[derive(Debug)]
pub struct Index {
    places: BTreeMap<String, TensorInfo>,
    /// Where the numbers begin.
    numbers: u64,
    /// What was written beside the tensors, by key.
    pub metadata: BTreeMap<String, String>,
}

impl Index {
    /// Reads the header at the `start` of a file of `length` bytes. Fails as [`read`] does
    /// on the header.
    pub fn new(start: &[u8], length: u64) -> Result<Self> {
        let (header, numbers) = cut(start, length)?;
        let places = header.tensors.into_iter().collect();
        Ok(Self { places, numbers: numbers as u64, metadata: header.metadata })
    }

    /// The names of all tensors not yet taken.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.places.keys()
    }

    /// Where a tensor's bytes are: the first, and how many.
    pub fn place(&self, name: &str) -> Option<(u64, usize)> {
        let (start, end) = self.places.get(name)?.data_offsets;
        Some((self.numbers + start as u64, end.checked_sub(start)?))
    }

    /// Decodes a tensor from its bytes `numbers` and removes it from the index. `None` if it holds
    /// no floats. Fails with `weights-damaged` when there is no such tensor.
    pub fn take(&mut self, name: &str, numbers: &[u8]) -> Result<Option<HostTensor>> {
        let Some(mut info) = self.places.remove(name) else {
            return Err(damaged(format!("{} is not there", quote(name))));
        };
        info.data_offsets = (0, numbers.len());
        tensor(name, &info, numbers)
    }
}

/// Splits a file into its header, checked against the file's length, and the numbers.
fn parse(bytes: &[u8]) -> Result<(Header, &[u8])> {
    let (header, numbers) = cut(bytes, bytes.len() as u64)?;
    Ok((header, bytes.get(numbers..).unwrap_or_default()))
}

/// The header in `start`, the beginning of a file of `length` bytes, and where the numbers begin.
fn cut(start: &[u8], length: u64) -> Result<(Header, usize)> {
    let numbers = header_length(start)?;
    let header = start.get(LENGTH..numbers);
    let (Some(header), Some(found)) = (header, length.checked_sub(numbers as u64)) else {
        let claimed = numbers - LENGTH;
        let detail = format!("its header claims {claimed} bytes, the file ends before");
        return Err(Error::WeightsTruncated(detail));
    };
    let header =
        Header::parse(header).map_err(|reason| damaged(format!("header: {}", quote(&reason))))?;
    let claimed = header.length;
    let detail = format!("its tensors claim {claimed} bytes, the file has {found}");
    match claimed.cmp(&found) {
        std::cmp::Ordering::Greater => Err(Error::WeightsTruncated(detail)),
        std::cmp::Ordering::Less => Err(damaged(detail)),
        std::cmp::Ordering::Equal => Ok((header, numbers)),
    }
}

/// Where the numbers begin in a file that begins with `start`; 8 bytes of it are enough. Fails with
/// `weights-truncated`, `weights-too-large`.
pub fn header_length(start: &[u8]) -> Result<usize> {
    let Some((length, _)) = start.split_first_chunk::<LENGTH>() else {
        return Err(Error::WeightsTruncated("the header's length is missing".into()));
    };
    let length = u64::from_le_bytes(*length);
    if length > LONGEST_HEADER as u64 {
        let detail = format!("its header claims {length} bytes, at most {LONGEST_HEADER} are read");
        return Err(Error::WeightsTooLarge(detail));
    }
    Ok(LENGTH + length as usize)
}

/// How to read numbers of a type; `None` if they are no floats, or of a kind that is not supported.
fn float(dtype: Dtype) -> Option<FloatType> {
    match dtype {
        Dtype::F32 => Some(FloatType::F32),
        Dtype::F16 => Some(FloatType::F16),
        Dtype::BF16 => Some(FloatType::BF16),
        Dtype::F64 => Some(FloatType::F64),
        _ => None,
    }
}

/// Decodes one tensor; `None` if it holds no floats.
fn tensor(name: &str, info: &TensorInfo, numbers: &[u8]) -> Result<Option<HostTensor>> {
    let Some(float) = float(info.dtype) else {
        return Ok(None);
    };
    let (start, end) = info.data_offsets;
    let Some(bytes) = numbers.get(start..end) else {
        return Err(damaged(format!("{} lies outside the file", quote(name))));
    };
    let mut data = Vec::with_capacity(bytes.len() / float.size());
    float.decode(bytes, ByteOrder::Little, &mut data);
    Ok(Some(HostTensor { shape: info.shape.clone(), data }))
}
