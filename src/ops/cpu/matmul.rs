//! Matrix products of parts of slices, with the `gemm` crate.

use std::ops::Range;

use super::threads;

/// A matrix inside a slice.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    /// Strides between rows and between columns.
    strides: [usize; 2],
}

impl<'a> Matrix<'a> {
    /// A matrix `[rows, columns]` whose rows are `stride` apart in `data`.
    pub(super) fn new(data: &'a [f32], [rows, columns]: [usize; 2], stride: usize) -> Self {
        assert!(rows > 0 && columns > 0 && (rows - 1) * stride + columns <= data.len());
        Self { data, rows, columns, strides: [stride, 1] }
    }

    pub(super) fn transposed(self) -> Self {
        let [row, column] = self.strides;
        Self { rows: self.columns, columns: self.rows, strides: [column, row], ..self }
    }
}

/// Writes the products `a · b` to `out`, whose rows are `stride` apart, each product to the right
/// of the previous one. With `add` they are added to the old contents.
///
/// All products have the same extents `[m, k] · [k, n]`.
pub(super) fn multiply(
    products: &[(Matrix<'_>, Matrix<'_>)],
    out: &mut [f32],
    stride: usize,
    add: bool,
) {
    let Some(&(a, b)) = products.first() else { return };
    let (m, n) = (a.rows, b.columns);
    assert!(
        products
            .iter()
            .all(|(x, y)| { [x.rows, x.columns, y.rows, y.columns] == [m, b.rows, a.columns, n] })
    );
    assert!(products.len() * n <= stride && (m - 1) * stride + products.len() * n <= out.len());

    let [rows, columns] = block(products.len(), m, n);
    let (down, across) = (m.div_ceil(rows), n.div_ceil(columns));
    let target = Target(out.as_mut_ptr());
    threads::each(products.len() * down * across, |task| {
        let Some((a, b)) = products.get(task / (down * across)) else { return };
        let (row, column) = (task / across % down * rows, task % across * columns);
        let i = row..m.min(row + rows);
        let j = column..n.min(column + columns);
        let at = task / (down * across) * n;
        // SAFETY: the target is inside `out`, as asserted above for all products, and no other task
        // has this combination of product, rows and columns.
        unsafe { part(a, b, i, j, target.at(at), stride, add) };
    });
}

/// The size of the blocks in which a product `[m, n]` is computed.
fn block(count: usize, m: usize, n: usize) -> [usize; 2] {
    let mut block = [m, n];
    while count * m.div_ceil(block[0]) * n.div_ceil(block[1]) < threads::PARTS {
        let [rows, columns] = &mut block;
        let larger = if rows >= columns { rows } else { columns };
        if *larger < 64 {
            break;
        }
        *larger = larger.div_ceil(2).next_multiple_of(16);
    }
    block
}

/// Memory that the tasks of one product write to at the same time, each to its own part.
struct Target(*mut f32);

// SAFETY: the pointer comes from an exclusive borrow that outlives the tasks, and they write
// disjoint parts.
unsafe impl Sync for Target {}

impl Target {
    /// # Safety
    /// `at` must be inside the memory.
    unsafe fn at(&self, at: usize) -> *mut f32 {
        // SAFETY: guaranteed by the caller.
        unsafe { self.0.add(at) }
    }
}

/// Computes rows `i` and columns `j` of `a · b`.
///
/// # Safety
/// `out` must point to the product's first element in memory whose rows, `stride` apart, have room
/// for it, and nothing else may touch the elements of this part.
unsafe fn part(
    a: &Matrix<'_>,
    b: &Matrix<'_>,
    i: Range<usize>,
    j: Range<usize>,
    out: *mut f32,
    stride: usize,
    add: bool,
) {
    // SAFETY: `Matrix::new` has checked that the operands are inside their slices; the caller
    // guarantees the target.
    unsafe {
        gemm::gemm(
            i.len(),
            j.len(),
            a.columns,
            out.add(i.start * stride + j.start),
            1,
            stride as isize,
            add,
            a.data.as_ptr().add(i.start * a.strides[0]),
            a.strides[1] as isize,
            a.strides[0] as isize,
            b.data.as_ptr().add(j.start * b.strides[1]),
            b.strides[1] as isize,
            b.strides[0] as isize,
            if add { 1.0 } else { 0.0 },
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
