//! Threads for translations: few for each while many run at once.
//!
//! A translation by several threads waits at the end of every layer, so two of them on one thread
//! each are faster than one after the other on two. But each takes memory. So a photo gets as large
//! a part of the cores as it takes of the memory: small ones one core each, and one that fills the
//! memory all of them. The last photos, or the only one, share the cores that would have nothing to do.

use std::sync::Mutex;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::room::{Room, locked};

/// The threads of a machine.
#[derive(Debug)]
pub struct Pools {
    cores: u64,
    free: Room,
    /// Pools that no translation uses now.
    idle: Mutex<Vec<ThreadPool>>,
    /// Bytes for all translations at once.
    memory: u64,
}

impl Pools {
    /// For `cores` threads at a time and translations that take `memory` bytes together.
    pub fn new(cores: usize, memory: u64) -> Self {
        let (cores, idle) = (cores.max(1) as u64, Mutex::default());
        Self { cores, free: Room::new(cores), idle, memory }
    }

    /// Does work that takes so many bytes on its part of the threads, as soon as they are free, as
    /// one of `left` pieces of work that are not done.
    pub fn run<T: Send>(&self, bytes: u64, left: usize, work: impl FnOnce() -> T + Send) -> T {
        let threads = self.threads(bytes, left);
        let _share = self.free.take(threads);
        let wanted = threads as usize;
        let idle = {
            let mut idle = locked(&self.idle);
            let fits = idle.iter().position(|pool| pool.current_num_threads() == wanted);
            fits.map(|at| idle.swap_remove(at))
        };
        let built = || ThreadPoolBuilder::new().num_threads(wanted).build().ok();
        // Without threads of its own it takes those of all others.
        let Some(pool) = idle.or_else(built) else { return work() };
        let done = pool.install(work);
        locked(&self.idle).push(pool);
        done
    }

    /// So many that, with all threads in use, no more than all memory is.
    fn threads(&self, bytes: u64, left: usize) -> u64 {
        let at_once = (self.memory / bytes.max(1)).min(left as u64);
        self.cores.div_ceil(at_once.clamp(1, self.cores))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photos_get_the_threads_that_others_have_no_memory_or_no_use_for() {
        for (cores, bytes, left, threads) in [
            (2, 0, 9, 1),
            (2, 50, 9, 1),
            (2, 51, 9, 2),
            (8, 12, 9, 1),
            (8, 13, 9, 2),
            (8, 30, 9, 3),
            (8, 100, 9, 8),
            (8, 1000, 9, 8),
            (1, 1000, 9, 1),
            (8, 12, 8, 1),
            (8, 12, 3, 3),
            (8, 12, 1, 8),
            (8, 30, 2, 4),
        ] {
            let pools = Pools::new(cores, 100);
            let what = format!("{cores} cores, {bytes} bytes, {left} left");
            assert_eq!(pools.threads(bytes, left), threads, "{what}");
            let used = pools.run(bytes, left, rayon::current_num_threads);
            assert_eq!(used as u64, threads, "{what}");
        }
    }
}
