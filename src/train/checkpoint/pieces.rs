//! Checkpoints read and written a few tensors at a time: by default they have 418 MB, and a browser
//! never gives memory back.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::format::{Digest, check_version, damaged, digest_position, metadata, state_of};
use crate::{
    error::{Error, Result},
    weights::{HostTensor, safetensors},
};

/// Bytes written at a time.
const PIECE: usize = 64 << 10;
/// Bytes read at a time for the digest: in a browser every read is awaited.
const READ: usize = 1 << 20;

/// Takes a file's bytes, all of them once and a few a second time.
pub trait Sink {
    /// Writes `bytes` at position `at`. After any failure the file is useless.
    fn write(&mut self, at: u64, bytes: &[u8]) -> impl Future<Output = Result<()>>;
}

impl Sink for Vec<u8> {
    async fn write(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        let at = at as usize;
        self.resize(self.len().max(at + bytes.len()), 0);
        if let Some(place) = self.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
        Ok(())
    }
}

/// A file with random access.
pub trait Store {
    /// Bytes in it.
    fn length(&self) -> u64;

    /// The `length` bytes from `at` on. After any failure the file counts as damaged.
    fn read(&self, at: u64, length: usize) -> impl Future<Output = Result<Vec<u8>>>;
}

impl Store for &[u8] {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    async fn read(&self, at: u64, length: usize) -> Result<Vec<u8>> {
        let found = self.get(at as usize..).and_then(|rest| rest.get(..length));
        found.map(<[u8]>::to_vec).ok_or_else(|| Error::CheckpointDamaged("it is cut off".into()))
    }
}

/// Writes a checkpoint: the numbers of all tensors, in the order of their names, then
/// [`Writer::finish`].
pub struct Writer<'a, S> {
    sink: &'a mut S,
    digest: Sha256,
    digest_at: usize,
    at: u64,
    piece: Vec<u8>,
}

impl<'a, S: Sink> Writer<'a, S> {
    /// Starts a file of tensors with these names and shapes, sorted by name, and the given
    /// [`super::Checkpoint::state`]. Fails as [`super::Checkpoint::to_bytes`] does, and with those
    /// of `sink`.
    pub async fn new<'b>(
        shapes: impl Iterator<Item = (&'b str, &'b [usize])>,
        state: &Value,
        sink: &'a mut S,
    ) -> Result<Self> {
        let header = safetensors::header(shapes, &metadata(state))?;
        let digest_at = digest_position(&header).ok_or_else(|| {
            let most = safetensors::LONGEST_HEADER;
            Error::Usage(format!("names and state of a checkpoint take more than {most} bytes"))
        })?;
        sink.write(0, &header).await?;
        let digest = Sha256::new_with_prefix(&header);
        Ok(Self { sink, digest, digest_at, at: header.len() as u64, piece: Vec::new() })
    }

    /// Writes the next numbers. Fails as the sink does.
    pub async fn numbers(&mut self, numbers: &[f32]) -> Result<()> {
        for some in numbers.chunks(PIECE / size_of::<f32>()) {
            self.piece.clear();
            self.piece.extend(some.iter().flat_map(|number| number.to_le_bytes()));
            self.digest.update(&self.piece);
            self.sink.write(self.at, &self.piece).await?;
            self.at += self.piece.len() as u64;
        }
        Ok(())
    }

    /// Completes the file and returns its length in bytes. Fails as the sink does.
    pub async fn finish(self) -> Result<u64> {
        let digest = format!("{:x}", self.digest.finalize());
        self.sink.write(self.digest_at as u64, digest.as_bytes()).await?;
        Ok(self.at)
    }
}

/// A checkpoint whose tensors are read one at a time, when they are needed.
pub struct Reader<S> {
    store: S,
    index: safetensors::Index,
    /// As [`super::Checkpoint::state`].
    pub state: Value,
}

impl<S: Store> Reader<S> {
    /// Reads the whole file once to verify that nothing was altered. Fails as
    /// [`super::Checkpoint::from_bytes`] does, and with those of `store`.
    pub async fn open(store: S) -> Result<Self> {
        let length = store.length();
        if length == 0 {
            return Err(Error::CheckpointDamaged("it is empty".into()));
        }
        let longest = (safetensors::LONGEST_HEADER as u64 + 9).min(length) as usize;
        let mut start = store.read(0, longest.min(9)).await?;
        if !safetensors::recognises(&start) {
            return Err(Error::CheckpointNotRecognised("it is no safetensors file".into()));
        }
        let header = safetensors::header_length(&start).map_err(damaged)?;
        start = store.read(0, header.min(longest)).await?;
        let index = safetensors::Index::new(&start, length).map_err(damaged)?;
        check_version(&index.metadata)?;
        let mut digest = Digest::new(&start);
        let mut at = start.len() as u64;
        while at < length {
            let piece = store.read(at, (length - at).min(READ as u64) as usize).await?;
            if piece.is_empty() {
                break;
            }
            digest.update(&piece);
            at += piece.len() as u64;
        }
        digest.check(&index.metadata)?;
        let state = state_of(&index.metadata)?;
        Ok(Self { store, index, state })
    }
}

/// The tensors of a checkpoint, each of which can be taken once.
pub trait Tensors {
    /// Takes a tensor; `None` if it does not exist or was taken already. Fails with
    /// `checkpoint-damaged`, or whatever reading it failed with.
    fn take(&mut self, name: &str) -> impl Future<Output = Result<Option<HostTensor>>>;

    /// The names beginning with `prefix` that have not been taken.
    fn names(&self, prefix: &str) -> Vec<String>;
}

impl<S: Store> Tensors for Reader<S> {
    async fn take(&mut self, name: &str) -> Result<Option<HostTensor>> {
        let Some((at, length)) = self.index.place(name) else { return Ok(None) };
        let bytes = self.store.read(at, length).await?;
        self.index.take(name, &bytes).map_err(damaged)
    }

    fn names(&self, prefix: &str) -> Vec<String> {
        self.index.names().filter(|name| name.starts_with(prefix)).cloned().collect()
    }
}

impl Tensors for crate::weights::StateDict {
    async fn take(&mut self, name: &str) -> Result<Option<HostTensor>> {
        Ok(self.remove(name))
    }

    fn names(&self, prefix: &str) -> Vec<String> {
        self.keys().filter(|name| name.starts_with(prefix)).cloned().collect()
    }
}

/// The result of a future that only waits for main memory. Fails as it does, and with
/// `engine-usage` if it has to wait after all.
pub fn at_once<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(Error::Usage("what lies in memory was not at hand".into())),
    }
}
