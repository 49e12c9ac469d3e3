//! Launches that are recorded once and then repeated: a repetition reads and writes the very buffers
//! of the first time.

use std::thread::{self, ThreadId};

use burn_wgpu::CubeTensor;
use cubecl::{
    MemoryAllocationMode,
    client::{Client, Graph},
};

use crate::error::{Error, Result};

/// A stream that is about to record.
///
/// CubeCL gives out no new memory while it records: the work must have run once before, by
/// [`Recorder::rehearse`], so that enough lies ready. Both take their memory [`apart`].
pub struct Recorder(Client);

impl Recorder {
    /// Begins on the device and stream of `tensor`.
    ///
    /// # Errors
    /// What the device says against it.
    pub fn prepare(tensor: &CubeTensor) -> std::result::Result<Self, String> {
        let client = tensor.client.clone();
        client.graph_prepare().map_err(|error| error.to_string())?;
        Ok(Self(client))
    }

    /// Does the work that shall be recorded. What it returns must be dropped before
    /// [`Recorder::record`].
    pub fn rehearse<T>(&self, work: impl FnOnce() -> T) -> T {
        apart(&self.0, work)
    }

    /// Records what `work` launches, without computing anything: its results have their memory, and
    /// no content before the first [`Recording::repeat`]. Nothing may be read back or uploaded on
    /// the way.
    ///
    /// # Errors
    /// Why it could not be recorded. What `work` returned is lost then, nothing else.
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

/// Takes the memory for what `work` makes from a pool that reuses a buffer only for tensors of the
/// very same size. From the common pool a small tensor that stays may take the large buffer of one
/// that was needed for a moment: how much memory a step needs, and whether a recording finds
/// enough, then depends on all that was before. The sizes must not change all the time.
pub fn apart<T>(client: &Client, work: impl FnOnce() -> T) -> T {
    // SAFETY: the mode is that of this thread's stream, and nobody else changes it.
    unsafe { client.allocation_mode(MemoryAllocationMode::Persistent) };
    let result = work();
    // SAFETY: as above; it goes back to what it was.
    unsafe { client.allocation_mode(MemoryAllocationMode::Auto) };
    result
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // A recording that was prepared and never begun would hold the stream forever; one that has
        // ended has nothing to stop.
        let _ = self.0.stop_capture();
    }
}

/// Recorded launches. Their buffers are kept for as long as it lives.
#[derive(Debug)]
pub struct Recording {
    graph: Graph,
    /// Where its stream is: only there are uploads and results in order with it.
    thread: ThreadId,
}

impl Recording {
    /// Whether it may be repeated here.
    pub fn is_here(&self) -> bool {
        self.thread == thread::current().id()
    }

    /// Queues all launches again.
    ///
    /// # Safety
    /// Every tensor that the work has read, and that it did not make itself, still exists.
    ///
    /// # Errors
    /// `gpu-lost` for a device that is gone, else `out-of-memory` and `gpu-refused`.
    pub unsafe fn repeat(&self) -> Result<()> {
        // SAFETY: the caller keeps what is read. What the work made is kept by CubeCL, page by
        // page.
        unsafe { self.graph.replay() }.map_err(|error| {
            let reason = error.to_string();
            if error.is_device_poisoned() { Error::GpuLost(reason) } else { Error::refused(reason) }
        })
    }
}
