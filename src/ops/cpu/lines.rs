//! A few rows of one channel with their border, as convolutions see them.
//!
//! With a stride, columns are stored in separate phases, so that arithmetic always runs over
//! contiguous memory: with two phases, first the even columns, then the odd ones.

#![allow(clippy::indexing_slicing, reason = "inner loops over slices cut to one length")]

use super::lanes::{LANES, Lanes, vectorised};
use crate::ops::layer::{Border, width_of};

/// One channel of an image, and its border.
#[derive(Clone, Copy)]
pub(super) struct Plane {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) border: Border,
}

pub(super) struct Lines {
    phases: usize,
    /// Columns per phase.
    columns: usize,
    /// [row][phase][column].
    data: Vec<f32>,
    /// One bordered row, not yet split into phases.
    row: Vec<f32>,
}

impl Lines {
    /// Room for `rows` rows of `phases` times `columns` columns.
    pub(super) fn new(rows: usize, phases: usize, columns: usize) -> Self {
        let row = phases * columns;
        Self { phases, columns, data: vec![0.0; rows * row], row: vec![0.0; row] }
    }

    /// The columns of one phase in one row.
    #[inline(always)]
    pub(super) fn get(&self, row: usize, phase: usize) -> &[f32] {
        &self.data[(row * self.phases + phase) * self.columns..][..self.columns]
    }

    #[inline(always)]
    pub(super) fn get_mut(&mut self, row: usize, phase: usize) -> &mut [f32] {
        &mut self.data[(row * self.phases + phase) * self.columns..][..self.columns]
    }

    pub(super) fn clear(&mut self) {
        self.data.fill(0.0);
    }

    /// Reads rows `first..first + rows` of the bordered form of `from` `[H, W]`; zeros beyond that.
    pub(super) fn read(&mut self, from: &[f32], plane: Plane, first: usize, rows: usize) {
        let length = self.row.len();
        for (line, out) in self.data.chunks_exact_mut(length).take(rows).enumerate() {
            if self.phases == 1 {
                read_row(from, plane, first + line, out);
            } else {
                read_row(from, plane, first + line, &mut self.row);
                split(&self.row, out, self.phases, self.columns);
            }
        }
    }

    /// The adjoint of [`Self::read()`]: adds every value to its source in `to`.
    pub(super) fn add_to(&mut self, to: &mut [f32], plane: Plane, first: usize, rows: usize) {
        let length = self.row.len();
        for (line, from) in self.data.chunks_exact(length).take(rows).enumerate() {
            if self.phases == 1 {
                add_row(from, to, plane, first + line);
            } else {
                join(from, &mut self.row, self.phases, self.columns);
                add_row(&self.row, to, plane, first + line);
            }
        }
    }
}

/// Reads row `bordered` of the bordered form of `from` into `out`, filled up with zeros.
pub(super) fn read_row(from: &[f32], plane: Plane, bordered: usize, out: &mut [f32]) {
    let Plane { height, width, border } = plane;
    let Some(y) = source(bordered, height, border) else {
        out.fill(0.0);
        return;
    };
    let from = &from[y * width..][..width];
    let (left, right) = inside(plane, out.len());
    out[left..right].copy_from_slice(&from[..right - left]);
    for column in (0..left).chain(right..out.len()) {
        out[column] = source(column, width, border).map_or(0.0, |x| from[x]);
    }
}

/// The adjoint of [`read_row()`].
pub(super) fn add_row(row: &[f32], to: &mut [f32], plane: Plane, bordered: usize) {
    let Plane { height, width, border } = plane;
    let Some(y) = source(bordered, height, border) else { return };
    let to = &mut to[y * width..][..width];
    let (left, right) = inside(plane, row.len());
    add(&mut to[..right - left], &row[left..right]);
    for column in (0..left).chain(right..row.len()) {
        if let Some(x) = source(column, width, border) {
            to[x] += row[column];
        }
    }
}

/// The columns of a bordered row that belong to the image itself.
fn inside(plane: Plane, length: usize) -> (usize, usize) {
    let border = width_of(plane.border);
    (border.min(length), (border + plane.width).min(length))
}

/// The row or column of the image at index `bordered` of its bordered form; `None` for zeros.
fn source(bordered: usize, side: usize, border: Border) -> Option<usize> {
    let width = width_of(border);
    match border {
        _ if (width..width + side).contains(&bordered) => Some(bordered - width),
        Border::Reflect(_) if bordered < width => Some(width - bordered),
        Border::Reflect(_) if bordered < side + 2 * width => {
            Some(2 * (side - 1) + width - bordered)
        }
        // A zero border, or where the last tile reaches beyond the border.
        _ => None,
    }
}

vectorised! {
    fn split(row: &[f32], out: &mut [f32], phases: usize, columns: usize) {
        match phases {
            2 => split_by::<2>(row, out, columns),
            4 => split_by::<4>(row, out, columns),
            _ => for (phase, out) in out.chunks_exact_mut(columns).enumerate() {
                for (out, value) in out.iter_mut().zip(row[phase..].iter().step_by(phases)) {
                    *out = *value;
                }
            }
        }
    }
}

/// [`split()`] by a number that the compiler knows.
#[inline(always)]
fn split_by<const PHASES: usize>(row: &[f32], out: &mut [f32], columns: usize) {
    let (groups, _) = row.as_chunks::<PHASES>();
    for (phase, out) in out.chunks_exact_mut(columns).take(PHASES).enumerate() {
        for (out, group) in out.iter_mut().zip(groups) {
            *out = group[phase];
        }
    }
}

vectorised! {
    fn join(from: &[f32], row: &mut [f32], phases: usize, columns: usize) {
        if phases == 2 {
            let (even, odd) = from.split_at(columns);
            let (pairs, _) = row.as_chunks_mut::<2>();
            for (pair, (even, odd)) in pairs.iter_mut().zip(even.iter().zip(odd)) {
                *pair = [*even, *odd];
            }
            return;
        }
        for (phase, from) in from.chunks_exact(columns).enumerate() {
            for (value, from) in row[phase..].iter_mut().step_by(phases).zip(from) {
                *value = *from;
            }
        }
    }
}

/// Adds `from` to `to`, element by element.
#[inline(always)]
pub(super) fn add(to: &mut [f32], from: &[f32]) {
    let (eights, rest) = to.as_chunks_mut::<LANES>();
    let (from_eights, from_rest) = from.as_chunks::<LANES>();
    for (to, from) in eights.iter_mut().zip(from_eights) {
        *to = (Lanes(*to) + Lanes(*from)).0;
    }
    for (to, from) in rest.iter_mut().zip(from_rest) {
        *to += from;
    }
}
