//! Distributes work over the processor's cores; on wasm, with one thread, these are plain loops.
//!
//! How work is split depends only on its shape, never on the number of cores: every sum has a fixed
//! order, so the number of cores changes no bit of a result.

#[cfg(not(target_family = "wasm"))]
use rayon::prelude::*;

/// The number of parts of a large piece of work: enough for the cores of a usual machine.
#[cfg(not(target_family = "wasm"))]
pub(super) const PARTS: usize = 8;
#[cfg(target_family = "wasm")]
pub(super) const PARTS: usize = 1;

/// Elements per piece of work that does little with each.
pub(super) const PIECE: usize = 1 << 14;

/// Calls `work(0)`, …, `work(count - 1)`.
#[cfg(not(target_family = "wasm"))]
pub(super) fn each(count: usize, work: impl Fn(usize) + Sync + Send) {
    if count == 1 {
        work(0);
    } else {
        (0..count).into_par_iter().for_each(&work);
    }
}

/// Calls `work` with the index and the elements of each piece of `size` elements.
#[cfg(not(target_family = "wasm"))]
pub(super) fn pieces<T: Send>(
    data: &mut [T],
    size: usize,
    work: impl Fn(usize, &mut [T]) + Sync + Send,
) {
    data.par_chunks_mut(size).enumerate().for_each(|(index, piece)| work(index, piece));
}

/// [`pieces()`], with one element of a second slice per piece.
#[cfg(not(target_family = "wasm"))]
pub(super) fn pieces_beside<S: Send>(
    data: &mut [f32],
    size: usize,
    beside: &mut [S],
    work: impl Fn(usize, &mut [f32], &mut S) + Sync + Send,
) {
    let pieces = data.par_chunks_mut(size).zip(beside).enumerate();
    pieces.for_each(|(index, (piece, beside))| work(index, piece, beside));
}

/// [`pieces()`], with per-core memory made by `scratch`.
#[cfg(not(target_family = "wasm"))]
pub(super) fn pieces_with<S>(
    data: &mut [f32],
    size: usize,
    scratch: impl Fn() -> S + Sync + Send,
    work: impl Fn(&mut S, usize, &mut [f32]) + Sync + Send,
) {
    let pieces = data.par_chunks_mut(size).enumerate();
    pieces.for_each_init(scratch, |scratch, (index, piece)| work(scratch, index, piece));
}

#[cfg(target_family = "wasm")]
pub(super) fn each(count: usize, work: impl Fn(usize)) {
    (0..count).for_each(work);
}

#[cfg(target_family = "wasm")]
pub(super) fn pieces<T>(data: &mut [T], size: usize, work: impl Fn(usize, &mut [T])) {
    data.chunks_mut(size).enumerate().for_each(|(index, piece)| work(index, piece));
}

#[cfg(target_family = "wasm")]
pub(super) fn pieces_beside<S>(
    data: &mut [f32],
    size: usize,
    beside: &mut [S],
    work: impl Fn(usize, &mut [f32], &mut S),
) {
    let pieces = data.chunks_mut(size).zip(beside).enumerate();
    pieces.for_each(|(index, (piece, beside))| work(index, piece, beside));
}

#[cfg(target_family = "wasm")]
pub(super) fn pieces_with<S>(
    data: &mut [f32],
    size: usize,
    scratch: impl Fn() -> S,
    work: impl Fn(&mut S, usize, &mut [f32]),
) {
    let mut scratch = scratch();
    data.chunks_mut(size).enumerate().for_each(|(index, piece)| work(&mut scratch, index, piece));
}
