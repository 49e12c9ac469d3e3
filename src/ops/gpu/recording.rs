//! Launches that are recorded once and then repeated: a repetition reads and writes exactly the
//! buffers of the first time.

use std::thread::{self, ThreadId};

use burn_wgpu::CubeTensor;
use cubecl::{
    MemoryAllocationMode,
    client::{Client, Graph},
    server::ServerError,
};

use crate::error::{Error, Result};

/// A stream that is about to record.
///
/// CubeCL allocates no memory while it records, so the work must have run once before, through
/// [`Recorder::rehearse`], to leave enough free memory. Both allocate [`apart`].
pub struct Recorder(Client);

impl Recorder {
    /// Prepares the device and stream of `tensor`, or says why it cannot record.
    pub fn prepare(tensor: &CubeTensor) -> std::result::Result<Self, String> {
        let client = tensor.client.clone();
        client.graph_prepare().map_err(|error| error.to_string())?;
        Ok(Self(client))
    }

    /// Runs the work to be recorded. Drop its result before [`Recorder::record`].
    pub fn rehearse<T>(&self, work: impl FnOnce() -> T) -> T {
        apart(&self.0, work)
    }

    /// Records what `work` launches, without computing anything: the results have memory, but no
    /// contents before the first [`Recording::repeat`]. Nothing may be read back or uploaded
    /// meanwhile. If it could not be recorded, says why; only the result of `work` is lost then.
    pub fn record<T>(
        self,
        work: impl FnOnce() -> T,
    ) -> std::result::Result<(Recording, T), String> {
        self.0.start_capture().map_err(|error| error.to_string())?;
        let result = apart(&self.0, work);
        let graph = self.0.stop_capture().map_err(|error| error.to_string())?;
        Ok((Recording { graph, thread: thread::current().id() }, result))
    }
}

/// Allocates the memory of `work` from a pool that reuses a buffer only for tensors of exactly the
/// same size. From the common pool a small tensor that stays may take the large buffer of a
/// short-lived one; how much memory a step needs, and whether a recording finds enough, would then
/// depend on everything before. The sizes must not keep changing.
pub fn apart<T>(client: &Client, work: impl FnOnce() -> T) -> T {
    // SAFETY: this is the mode of this thread's stream, and nobody else changes it.
    unsafe { client.allocation_mode(MemoryAllocationMode::Persistent) };
    let result = work();
    // SAFETY: as above; restores the previous mode.
    unsafe { client.allocation_mode(MemoryAllocationMode::Auto) };
    result
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // A recording that was prepared but never started would hold the stream forever; one that
        // has ended has nothing to stop.
        let _ = self.0.stop_capture();
    }
}

/// Recorded launches. Their buffers live as long as it does.
#[derive(Debug)]
pub struct Recording {
    graph: Graph,
    /// The thread of its stream: only there are uploads and results in order with it.
    thread: ThreadId,
}

impl Recording {
    /// Whether it may be repeated on this thread.
    pub fn is_here(&self) -> bool {
        self.thread == thread::current().id()
    }

    /// Queues all launches again. Fails with `gpu-lost` if the device is gone, otherwise
    /// `out-of-memory` and `gpu-refused`.
    ///
    /// # Safety
    /// Every tensor that the work has read and did not create itself must still exist.
    pub unsafe fn repeat(&self) -> Result<()> {
        // SAFETY: the caller keeps what is read. CubeCL keeps what the work created, page by page.
        unsafe { self.graph.replay() }.map_err(|error| refusal(&error))
    }
}

/// What a failed call of CubeCL means: `gpu-lost` if the device is gone, otherwise `out-of-memory` and
/// `gpu-refused`.
pub(super) fn refusal(error: &ServerError) -> Error {
    let reason = error.to_string();
    if error.is_device_poisoned() { Error::GpuLost(reason) } else { Error::refused(reason) }
}
