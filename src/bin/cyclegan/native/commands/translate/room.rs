//! A limited good that is shared: processor cores, or memory.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// So many units, which several threads take and give back.
#[derive(Debug)]
pub struct Room {
    all: u64,
    free: Mutex<u64>,
    freed: Condvar,
    /// Held while waiting, so that who needs much is not overtaken for ever by those who need
    /// little.
    turn: Mutex<()>,
}

/// A part of a [`Room`], until it is dropped.
#[derive(Debug)]
pub struct Share<'a> {
    room: &'a Room,
    units: u64,
}

impl Room {
    pub fn new(all: u64) -> Self {
        Self { all, free: Mutex::new(all), freed: Condvar::new(), turn: Mutex::new(()) }
    }

    /// Waits until so many units are free. Who asks for more than there are gets them all.
    pub fn take(&self, units: u64) -> Share<'_> {
        let units = units.min(self.all);
        let _turn = locked(&self.turn);
        let too_few = |free: &mut u64| *free < units;
        let waited = self.freed.wait_while(locked(&self.free), too_few);
        *waited.unwrap_or_else(PoisonError::into_inner) -= units;
        Share { room: self, units }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        *locked(&self.room.free) += self.units;
        self.room.freed.notify_one();
    }
}

/// What the mutex holds, even if a thread has panicked with it.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn never_more_is_taken_than_there_is_and_who_needs_all_gets_it() {
        let (room, taken, most) = (Room::new(3), AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for wanted in [1, 2, 1, 9, 1, 2, 3, 1] {
                let (room, taken, most) = (&room, &taken, &most);
                scope.spawn(move || {
                    for _ in 0..200 {
                        let share = room.take(wanted);
                        let now = taken.fetch_add(share.units, Ordering::SeqCst) + share.units;
                        most.fetch_max(now, Ordering::SeqCst);
                        thread::yield_now();
                        taken.fetch_sub(share.units, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!((most.into_inner(), *locked(&room.free)), (3, 3));
    }
}
