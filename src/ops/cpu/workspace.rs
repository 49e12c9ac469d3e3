//! Memory for intermediate results, reused by later operations.
//!
//! Fresh memory costs a page fault every 4 KB, which for the small images of training takes longer
//! than the arithmetic. The buffers stay until [`release()`], a few megabytes per core.

use std::{
    ops::{Deref, DerefMut},
    sync::Mutex,
};

static FREE: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

/// Frees the memory for intermediate results that no operation is using.
pub fn release() {
    *FREE.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Vec::new();
}

/// Values with arbitrary contents.
pub(super) struct Buffer(Vec<f32>);

impl Buffer {
    pub(super) fn new(size: usize) -> Self {
        let mut free = FREE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // The smallest that is large enough; otherwise the largest, which then grows.
        let fit = free.iter().enumerate().filter(|(_, buffer)| buffer.capacity() >= size);
        let fit = fit.min_by_key(|(_, buffer)| buffer.capacity()).map(|(index, _)| index);
        let largest = || {
            let all = free.iter().enumerate();
            all.max_by_key(|(_, buffer)| buffer.capacity()).map(|(index, _)| index)
        };
        let mut buffer =
            fit.or_else(largest).map(|index| free.swap_remove(index)).unwrap_or_default();
        drop(free);
        buffer.resize(size, 0.0);
        Self(buffer)
    }

    pub(super) fn zeros(size: usize) -> Self {
        let mut buffer = Self::new(size);
        buffer.fill(0.0);
        buffer
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut free = FREE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        free.push(std::mem::take(&mut self.0));
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}
