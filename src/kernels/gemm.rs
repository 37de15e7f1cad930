//! Matrix products. One micro-kernel computes a tile of the result in registers; it reads the left operand where it
//! lies, through row offsets and runs, so that a convolution's patches need no copy.

#![allow(unsafe_code)]

use std::ops::Range;

use super::cpu::{self, Level, level};
use super::link::{self, UnaryLoop};
use super::parallel::{for_each_chunk, for_each_part};
use super::scratch;
use super::vector::{Lanes, Vector};

/// Below this many multiplications a product is not split.
const SMALL: usize = 1 << 21;
/// Multiplications of one task at least, if the product has as many for some rows.
const TASK: usize = 1 << 19;
/// The most rows of one task.
const STRIP: usize = 84;
/// Numbers of each sum that are added up in registers; the sums are then joined in order.
const DEPTH: usize = 256;
/// The most numbers of the right operand that are copied at a time, give or take a block.
const MOST_PACKED: usize = 1 << 21;

/// Columns of one task, where the right operand is large and the rows are few.
const TASK_COLUMNS: usize = 128;
/// A right operand of so many numbers does not stay in a processor's own cache.
const LARGE_RIGHT: usize = 1 << 17;

/// The numbers that matrices are made of. Integers wrap around.
pub trait GemmElement: Copy + Send + Sync + Default + 'static {
    #[doc(hidden)]
    fn kernel(level: Level) -> MicroKernel<Self>;
    #[doc(hidden)]
    fn mul_add(self, a: Self, b: Self) -> Self;
    #[doc(hidden)]
    fn plus(self, other: Self) -> Self;
    /// The numbers as single-precision ones, if that is what they are.
    #[doc(hidden)]
    fn singles(_: &[Self]) -> Option<&[f32]> {
        None
    }
    #[doc(hidden)]
    fn singles_mut(_: &mut [Self]) -> Option<&mut [f32]> {
        None
    }
}

/// A matrix: a view of a slice with steps between rows and columns.
#[derive(Clone, Copy, Debug)]
pub struct Mat<'a, T> {
    data: &'a [T],
    rows: usize,
    cols: usize,
    row_step: usize,
    col_step: usize,
}

impl<'a, T> Mat<'a, T> {
    /// The row-major matrix in `data`. Panics if the sizes do not fit.
    pub fn new(data: &'a [T], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "a matrix of {rows} x {cols}");
        Mat { data, rows, cols, row_step: cols, col_step: 1 }
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns it has.
    pub fn columns(&self) -> usize {
        self.cols
    }

    /// Some of the rows.
    fn some_rows(self, rows: Range<usize>) -> Self {
        Mat { data: &self.data[rows.start * self.row_step..], rows: rows.len(), ..self }
    }

    /// The same matrix, its numbers in `copy`, each row or each column side by side.
    fn copied(self, copy: &mut [T]) -> Mat<'_, T>
    where
        T: Copy,
    {
        let (lines, step, n) = if self.col_step == 1 {
            (self.rows, self.row_step, self.cols)
        } else {
            (self.cols, self.col_step, self.rows)
        };
        for (line, copy) in (0..lines).zip(copy.chunks_exact_mut(n)) {
            copy.copy_from_slice(&self.data[line * step..line * step + n]);
        }
        let (row_step, col_step) = if self.col_step == 1 { (n, 1) } else { (1, n) };
        Mat { data: copy, row_step, col_step, ..self }
    }

    /// The transpose.
    #[must_use]
    pub fn t(self) -> Self {
        Mat { data: self.data, rows: self.cols, cols: self.rows, row_step: self.col_step, col_step: self.row_step }
    }
}

/// What is done to a product while it is still in the cache.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a, T> {
    /// Added to each row.
    pub bias: Option<&'a [T]>,
    /// Then done to every number.
    pub activation: Option<UnaryLoop<T>>,
}

impl<T: GemmElement> Post<'_, T> {
    /// Whole rows of `n` numbers of the product become what they are to be.
    fn finish(&self, c: &mut [T], n: usize) {
        if let Some(bias) = self.bias {
            for row in c.chunks_exact_mut(n) {
                row.iter_mut().zip(bias).for_each(|(c, bias)| *c = c.plus(*bias));
            }
        }
        if let Some(activation) = self.activation {
            link::unary_in_place(activation, c);
        }
    }
}

/// `c = a · b`, with `c` row-major.
pub fn gemm<T: GemmElement>(a: Mat<T>, b: Mat<T>, c: &mut [T]) {
    gemm_post(a, b, c, &Post { bias: None, activation: None });
}

/// `c = activation(a · b + bias)`, with `c` row-major.
pub fn gemm_post<T: GemmElement>(a: Mat<T>, b: Mat<T>, c: &mut [T], post: &Post<T>) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    assert!(b.rows == k && c.len() == m * n, "the sizes of a product do not fit");
    assert!(post.bias.is_none_or(|bias| bias.len() == n), "the bias does not fit a product");
    if c.is_empty() {
        return;
    }
    if k == 0 {
        c.fill(T::default());
        return post.finish(c, n);
    }
    let kernel = T::kernel(level());
    if m <= 2 * STRIP && m * n * k > SMALL && n >= 2 * TASK_COLUMNS && n * k >= LARGE_RIGHT {
        return by_columns(&kernel, a, b, c, post);
    }
    let rows = task_rows(m, k, n);
    // So many rows of `b` at a time that copies of them need little memory.
    let deep = (MOST_PACKED / n).next_multiple_of(DEPTH).min(k);
    for start in (0..k).step_by(deep) {
        let depths = start..(start + deep).min(k);
        with_right(&kernel, b.some_rows(depths.clone()), m, |right| {
            let task = |i: usize, c: &mut [T]| {
                let a = a.some_rows(i * rows..i * rows + c.len() / n);
                strip(&kernel, a, depths.clone(), right, c);
                if depths.end == k {
                    post.finish(c, n);
                }
            };
            for_each_part(m * n * k <= SMALL, c, rows * n, task);
        });
    }
}

/// A product of few rows with a large right operand: a task for some columns each. Each part of `b` is copied once, when it
/// is needed, and is used for all rows while it lies in the cache.
fn by_columns<T: GemmElement>(kernel: &MicroKernel<T>, a: Mat<T>, b: Mat<T>, c: &mut [T], post: &Post<T>) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    let task = |first: usize, part: &mut [T]| {
        let b = b.t().some_rows(first..(first + TASK_COLUMNS).min(n)).t();
        for start in (0..k).step_by(DEPTH) {
            let depths = start..(start + DEPTH).min(k);
            let b = b.some_rows(depths.clone());
            scratch::with(kernel.packed_len(b.rows, b.cols), |packed| {
                let right = kernel.pack(b, packed);
                for (i, part) in part[..m * b.cols].chunks_mut(STRIP * b.cols).enumerate() {
                    let rows = i * STRIP..i * STRIP + part.len() / b.cols;
                    let a = a.some_rows(rows).t().some_rows(depths.clone()).t();
                    scratch::with(a.rows * a.cols, |copy| block(kernel, a.copied(copy), &right, part, start > 0));
                }
            });
        }
    };
    let part_len = m * TASK_COLUMNS;
    scratch::with(n.div_ceil(TASK_COLUMNS) * part_len, |parts| {
        for_each_part(false, parts, part_len, |i, part| task(i * TASK_COLUMNS, part));
        let parts = &*parts;
        for_each_part(false, c, MOST_ROWS * n, |i, c| {
            for (r, row) in (i * MOST_ROWS..).zip(c.chunks_exact_mut(n)) {
                for (part, c) in parts.chunks_exact(part_len).zip(row.chunks_mut(TASK_COLUMNS)) {
                    c.copy_from_slice(&part[r * c.len()..][..c.len()]);
                }
            }
            post.finish(c, n);
        });
    });
}

/// A product of which some rows at a time are computed and used, so that it never lies anywhere as a whole.
pub struct Product<'a, T> {
    kernel: &'a MicroKernel<T>,
    a: Mat<'a, T>,
    right: &'a Right<'a, T>,
}

impl<T: GemmElement> Product<'_, T> {
    /// Calls `f` with `a · b`.
    pub fn with(a: Mat<T>, b: Mat<T>, f: impl FnOnce(&Product<T>)) {
        assert!(a.cols == b.rows, "the sizes of a product do not fit");
        let kernel = T::kernel(level());
        with_right(&kernel, b, a.rows, |right| f(&Product { kernel: &kernel, a, right }));
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.a.rows
    }

    /// How many columns it has.
    pub fn columns(&self) -> usize {
        self.right.cols
    }

    /// How many rows to ask for at a time, so that they stay in the cache, and how many are worth a task of their own.
    pub fn portions(&self) -> (usize, usize) {
        let few = (PORTION / self.columns().max(1)).clamp(MOST_ROWS, STRIP) / MOST_ROWS * MOST_ROWS;
        (few, (TASK / (few * self.a.cols * self.columns()).max(1)).max(1) * few)
    }

    /// Calls `f` with these rows.
    pub fn with_rows(&self, rows: Range<usize>, f: impl FnOnce(&[T])) {
        let depths = 0..self.a.cols;
        scratch::with(rows.len() * self.columns(), |c| {
            if depths.is_empty() {
                c.fill(T::default());
            } else {
                strip(self.kernel, self.a.some_rows(rows), depths, self.right, c);
            }
            f(c);
        });
    }
}

/// Numbers of a product that are computed before they are used.
const PORTION: usize = 1 << 15;

/// Rows of the result that one task computes.
fn task_rows(m: usize, k: usize, n: usize) -> usize {
    (TASK / (k * n)).max(m / 16).clamp(MOST_ROWS, STRIP).next_multiple_of(MOST_ROWS)
}

/// Calls `f` with `b` as the right operand of a product with `m` rows: where it lies if it can be read there as fast.
fn with_right<T: GemmElement>(kernel: &MicroKernel<T>, b: Mat<T>, m: usize, f: impl FnOnce(&Right<T>)) {
    let side_by_side = b.col_step == 1 && b.row_step == b.cols && kernel.fits(b.cols);
    if side_by_side && (b.cols <= kernel.cols() || m <= 2 * MOST_ROWS) {
        return f(&kernel.in_place(b.data, b.cols));
    }
    scratch::with(kernel.packed_len(b.rows, b.cols), |packed| f(&kernel.pack(b, packed)));
}

/// Some rows of a product, for some columns of `a`: `c = a · right`, or `c += …` after the first columns.
fn strip<T: GemmElement>(kernel: &MicroKernel<T>, a: Mat<T>, depths: Range<usize>, right: &Right<T>, c: &mut [T]) {
    for (i, start) in depths.clone().step_by(DEPTH).enumerate() {
        let depth = DEPTH.min(depths.end - start);
        let right = Right { data: &right.data[i * DEPTH * right.row_step..], ..*right };
        let a = a.t().some_rows(start..start + depth).t();
        // Copied, it is read from few pages, and from many more sets of the cache.
        if a.col_step != 1 || right.cols > 2 * kernel.cols() {
            scratch::with(a.rows * depth, |copy| block(kernel, a.copied(copy), &right, c, start > 0));
        } else {
            block(kernel, a, &right, c, start > 0);
        }
    }
}

fn block<T: GemmElement>(kernel: &MicroKernel<T>, a: Mat<T>, right: &Right<T>, c: &mut [T], accumulate: bool) {
    let mut rows = [(0, 0); STRIP];
    let rows = &mut rows[..a.rows];
    rows.iter_mut().enumerate().for_each(|(r, row)| *row = (r * a.row_step, r * right.cols));
    tiles(kernel, &Left { data: a.data, runs: &[(0, a.cols)], step: a.col_step }, rows, right, c, accumulate);
}

/// The left operand: column `j` of a row is `data[start of the row + offset of j]`. The columns come in runs of
/// `(start, length)`, `step` apart within a run.
#[derive(Clone, Copy)]
pub(super) struct Left<'a, T> {
    pub(super) data: &'a [T],
    pub(super) runs: &'a [(usize, usize)],
    pub(super) step: usize,
}

/// The right operand: panels of as many columns as the micro-kernel takes.
#[derive(Clone, Copy)]
pub(super) struct Right<'a, T> {
    pub(super) data: &'a [T],
    /// From one panel to the next.
    pub(super) panel_step: usize,
    /// From one row to the next within a panel.
    pub(super) row_step: usize,
    pub(super) cols: usize,
}

/// `c = left · right` (or `c += …`) for the given rows: where each starts in the left operand, and in `c`.
pub(super) fn tiles<T: GemmElement>(
    kernel: &MicroKernel<T>,
    left: &Left<T>,
    rows: &[(usize, usize)],
    right: &Right<T>,
    c: &mut [T],
    accumulate: bool,
) {
    let last = left.runs.iter().filter(|run| run.1 > 0).map(|&(start, len)| start + (len - 1) * left.step).max();
    let depth: usize = left.runs.iter().map(|run| run.1).sum();
    let last_row = rows.iter().fold((0, 0), |last, row| (last.0.max(row.0), last.1.max(row.1)));
    if rows.is_empty() || right.cols == 0 {
        return;
    }
    assert!(last_row.1 + right.cols <= c.len(), "the result ends too early");
    let Some(last) = last else {
        if !accumulate {
            rows.iter().for_each(|row| c[row.1..row.1 + right.cols].fill(T::default()));
        }
        return;
    };
    assert!(last_row.0 + last < left.data.len(), "the left operand ends too early");
    let mut first = 0;
    while first < right.cols {
        let within = first % kernel.cols();
        let left_over = (kernel.cols() - within).min(right.cols - first);
        let (vectors, most_rows) = kernel.shape_for(left_over);
        let width = left_over.min(vectors * kernel.lanes);
        let b = &right.data[first / kernel.cols() * right.panel_step + within..];
        assert!((depth - 1) * right.row_step + vectors * kernel.lanes <= b.len(), "the right operand ends too early");
        for rows in rows.chunks(most_rows) {
            let (x, b, c) = (left.data.as_ptr(), b.as_ptr(), &mut c[first..]);
            let tile = |rows: &[(usize, usize)], c: &mut [T], accumulate| {
                let (step, b_step, c) = (left.step, right.row_step, c.as_mut_ptr());
                // SAFETY: the processor has the kernel's features (`GemmElement::kernel`); `last` and `depth` keep every
                // read inside the operands as asserted above, and `c` holds `vectors` vectors for each row.
                unsafe { (kernel.run)(&Tile { x, rows, runs: left.runs, step, b, b_step, vectors, c, accumulate }) }
            };
            if width == vectors * kernel.lanes {
                tile(rows, c, accumulate);
            } else {
                narrow_tile(rows, width, c, accumulate, |rows, c| tile(rows, c, false));
            }
        }
        first += width;
    }
}

/// A tile of which only `width` columns are wanted: computed beside, then copied.
fn narrow_tile<T: GemmElement>(
    rows: &[(usize, usize)],
    width: usize,
    c: &mut [T],
    accumulate: bool,
    tile: impl Fn(&[(usize, usize)], &mut [T]),
) {
    let mut beside = [T::default(); MOST_ROWS * MOST_COLS];
    let mut rows_beside = [(0, 0); MOST_ROWS];
    for (i, (beside, row)) in rows_beside.iter_mut().zip(rows).enumerate() {
        *beside = (row.0, i * MOST_COLS);
    }
    tile(&rows_beside[..rows.len()], &mut beside);
    for (row, beside) in rows.iter().zip(beside.chunks_exact(MOST_COLS)) {
        let c = &mut c[row.1..row.1 + width];
        if accumulate {
            c.iter_mut().zip(beside).for_each(|(c, x)| *c = c.plus(*x));
        } else {
            c.copy_from_slice(&beside[..width]);
        }
    }
}

const MOST_ROWS: usize = 14;
const MOST_COLS: usize = 64;

/// What a micro-kernel computes: `vectors` vectors of each row.
#[doc(hidden)]
pub struct Tile<'a, T> {
    x: *const T,
    rows: &'a [(usize, usize)],
    runs: &'a [(usize, usize)],
    step: usize,
    b: *const T,
    b_step: usize,
    vectors: usize,
    c: *mut T,
    accumulate: bool,
}

/// A micro-kernel: the sizes of its tiles, and the function that computes one.
#[doc(hidden)]
pub struct MicroKernel<T> {
    lanes: usize,
    /// The tiles it knows: how many vectors wide, and how many rows at most; the widest first.
    shapes: &'static [(usize, usize)],
    run: unsafe fn(&Tile<T>),
}

impl<T: GemmElement> MicroKernel<T> {
    /// The most columns of a tile.
    pub(super) fn cols(&self) -> usize {
        self.shapes[0].0 * self.lanes
    }

    /// The widest tile that `width` columns fill, else the narrowest.
    fn shape_for(&self, width: usize) -> (usize, usize) {
        let filled = self.shapes.iter().find(|shape| shape.0 * self.lanes <= width);
        *filled.unwrap_or(&self.shapes[self.shapes.len() - 1])
    }

    /// Whether rows of `cols` numbers can be the right operand where they lie.
    pub(super) fn fits(&self, cols: usize) -> bool {
        cols.is_multiple_of(self.lanes)
    }

    /// `cols`, filled up to whole vectors.
    pub(super) fn whole(&self, cols: usize) -> usize {
        cols.next_multiple_of(self.lanes)
    }

    /// Rows of `cols` numbers as the right operand, where they lie. They must [fit](Self::fits).
    pub(super) fn in_place<'a>(&self, data: &'a [T], cols: usize) -> Right<'a, T> {
        Right { data, panel_step: self.cols(), row_step: cols, cols }
    }

    /// How many numbers a right operand has in panels.
    pub(super) fn packed_len(&self, rows: usize, cols: usize) -> usize {
        cols.next_multiple_of(self.panel_width(cols).max(1)) * rows
    }

    /// The columns of a panel of a right operand with `cols` columns.
    pub(super) fn panel_width(&self, cols: usize) -> usize {
        cols.next_multiple_of(self.lanes).min(self.cols())
    }

    /// Copies the right operand into panels, the last one filled up with zeros.
    pub(super) fn pack<'a>(&self, b: Mat<T>, packed: &'a mut [T]) -> Right<'a, T> {
        let width = self.panel_width(b.cols);
        let panel_step = (b.rows * width).max(1);
        let part = PACKED_PART.div_ceil(panel_step) * panel_step;
        for_each_chunk(packed, part, |start, part| {
            for (p, panel) in (start / panel_step..).zip(part.chunks_exact_mut(panel_step)) {
                let first = p * width;
                if first < b.cols {
                    pack_panel(b, first..(first + width).min(b.cols), panel, width.max(1));
                }
            }
        });
        Right { data: packed, panel_step, row_step: width, cols: b.cols }
    }
}

/// Numbers that are copied before it is worth another thread's while.
const PACKED_PART: usize = 1 << 15;
/// Rows that are copied at a time where neighbours lie below each other: what a cache line holds.
const ROWS_AT_A_TIME: usize = 16;

/// Copies some columns of `b` into a panel, whose rows are `width` long and are filled up with zeros.
fn pack_panel<T: GemmElement>(b: Mat<T>, columns: Range<usize>, panel: &mut [T], width: usize) {
    let here = columns.len();
    for (group, rows) in panel.chunks_mut(ROWS_AT_A_TIME * width).enumerate() {
        let top = group * ROWS_AT_A_TIME;
        rows.chunks_exact_mut(width).for_each(|row| row[here..].fill(T::default()));
        if b.col_step == 1 {
            for (k, row) in (top..).zip(rows.chunks_exact_mut(width)) {
                row[..here].copy_from_slice(&b.data[k * b.row_step + columns.start..][..here]);
            }
        } else {
            for (j, column) in columns.clone().enumerate() {
                let from = b.data[top * b.row_step + column * b.col_step..].iter().step_by(b.row_step.max(1));
                rows[j..].iter_mut().step_by(width).zip(from).for_each(|(x, from)| *x = *from);
            }
        }
    }
}

/// One tile: `ROWS` rows of `VECTORS` vectors.
///
/// # Safety
/// The processor has the vector's features; the tile has `ROWS` rows; every `x[row.0 + start + j * step]` of the runs,
/// and for each of their columns in order `VECTORS * LANES` elements of `b`, `b_step` apart, can be read; as many can be
/// written at `c[row.1]`.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
unsafe fn tile<T: GemmElement, V: Vector<T>, const ROWS: usize, const VECTORS: usize>(tile: &Tile<T>) {
    // SAFETY: the caller keeps every read and write below in bounds.
    unsafe {
        let mut sums = [[V::splat(T::default()); VECTORS]; ROWS];
        let mut b = tile.b;
        for &(start, len) in tile.runs {
            let mut at = [tile.x; ROWS];
            for i in 0..ROWS {
                at[i] = tile.x.add(tile.rows.get_unchecked(i).0 + start);
            }
            for j in 0..len {
                let mut right = [V::splat(T::default()); VECTORS];
                for v in 0..VECTORS {
                    right[v] = V::load(b.add(v * V::LANES));
                }
                b = b.wrapping_add(tile.b_step);
                for i in 0..ROWS {
                    let a = V::splat(*at[i].wrapping_add(j * tile.step));
                    for v in 0..VECTORS {
                        sums[i][v] = sums[i][v].mul_add(a, right[v]);
                    }
                }
            }
        }
        for i in 0..ROWS {
            let c = tile.c.add(tile.rows.get_unchecked(i).1);
            for v in 0..VECTORS {
                let c = c.add(v * V::LANES);
                let sum = if tile.accumulate { V::load(c).plus(sums[i][v]) } else { sums[i][v] };
                sum.store(c);
            }
        }
    }
}

/// The tile that has as many rows and vectors as asked for.
macro_rules! of_shape {
    ($tile:ident, $element:ty, $vector:ty, $($vectors:literal: $($rows:literal)*;)*) => {
        match ($tile.vectors, $tile.rows.len()) {
            $($(($vectors, $rows) => tile::<$element, $vector, $rows, $vectors>($tile),)*)*
            _ => {}
        }
    };
}

unsafe fn portable<T: GemmElement>(tile: &Tile<T>) {
    // SAFETY: as the caller promises; no features are needed.
    unsafe { of_shape!(tile, T, Lanes<T, 4>, 2: 1 2 3 4; 1: 1 2 3 4;) }
}

fn portable_kernel<T: GemmElement>() -> MicroKernel<T> {
    MicroKernel { lanes: 4, shapes: &[(2, 4), (1, 4)], run: portable::<T> }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Tile, tile};

    macro_rules! kernels {
        ($($name:ident $features:literal $vector:ty, $float:ty, $($vectors:literal: $($rows:literal)*;)*)*) => {$(
            /// # Safety
            /// As for [`tile`].
            #[target_feature(enable = $features)]
            pub(super) unsafe fn $name(tile: &Tile<$float>) {
                // SAFETY: as the caller promises; the features are enabled here.
                unsafe { of_shape!(tile, $float, $vector, $($vectors: $($rows)*;)*) }
            }
        )*};
    }
    kernels! {
        avx512_f32 "avx512f" __m512, f32,
            4: 1 2 3 4 5 6; 2: 1 2 3 4 5 6 7 8 9 10 11 12; 1: 1 2 3 4 5 6 7 8 9 10 11 12;
    }
    kernels! {
        avx512_f64 "avx512f" __m512d, f64,
            4: 1 2 3 4 5 6; 2: 1 2 3 4 5 6 7 8 9 10 11 12; 1: 1 2 3 4 5 6 7 8 9 10 11 12;
    }
    kernels! { avx2_f32 "avx2,fma" __m256, f32, 2: 1 2 3 4 5 6; 1: 1 2 3 4 5 6 7 8 9 10 11 12; }
    kernels! { avx2_f64 "avx2,fma" __m256d, f64, 2: 1 2 3 4 5 6; 1: 1 2 3 4 5 6 7 8 9 10 11 12; }

    pub(super) const AVX512_SHAPES: &[(usize, usize)] = &[(4, 6), (2, 12), (1, 12)];
    pub(super) const AVX2_SHAPES: &[(usize, usize)] = &[(2, 6), (1, 12)];
}

macro_rules! floats {
    ($($float:ident $avx512:ident $avx2:ident $lanes:literal { $($more:tt)* })*) => {$(
        impl GemmElement for $float {
            fn kernel(level: Level) -> MicroKernel<Self> {
                #[cfg(target_arch = "x86_64")]
                match level.min(cpu::level()) {
                    Level::Avx512 => {
                        return MicroKernel { lanes: 2 * $lanes, shapes: x86::AVX512_SHAPES, run: x86::$avx512 };
                    }
                    Level::Avx2 => return MicroKernel { lanes: $lanes, shapes: x86::AVX2_SHAPES, run: x86::$avx2 },
                    Level::Portable => {}
                }
                let _ = level;
                portable_kernel()
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                self + a * b
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self + other
            }
            $($more)*
        }
    )*};
}
floats! {
    f32 avx512_f32 avx2_f32 8 {
        fn singles(numbers: &[f32]) -> Option<&[f32]> {
            Some(numbers)
        }
        fn singles_mut(numbers: &mut [f32]) -> Option<&mut [f32]> {
            Some(numbers)
        }
    }
    f64 avx512_f64 avx2_f64 4 {}
}

macro_rules! integers {
    ($($int:ident)*) => {$(
        impl GemmElement for $int {
            fn kernel(_: Level) -> MicroKernel<Self> {
                portable_kernel()
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                self.wrapping_add(a.wrapping_mul(b))
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
        }
    )*};
}
integers!(i32 i64);

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, seed: u64) -> Vec<f64> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 40) as f64 / (1u64 << 24) as f64 - 0.5
        };
        (0..n).map(|_| next()).collect()
    }

    fn reference(a: &[f64], b: &[f64], m: usize, k: usize, n: usize) -> Vec<f64> {
        let mut c = vec![0.0; m * n];
        for i in 0..m {
            for j in 0..n {
                c[i * n + j] = (0..k).map(|p| a[i * k + p] * b[p * n + j]).sum();
            }
        }
        c
    }

    const SIZES: &[(usize, usize, usize)] = &[
        (99, 500, 301),
        (1, 1, 1),
        (3, 5, 2),
        (13, 7, 33),
        (100, 31, 10),
        (10, 100, 64),
        (97, 3, 65),
        (200, 64, 100),
        (1, 300, 200),
        (30, 1100, 16),
        (90, 700, 200),
        (300, 600, 20),
        (5, 0, 4),
        (0, 3, 2),
    ];

    #[test]
    fn products_match_the_definition() {
        for &(m, k, n) in SIZES {
            let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            let expected = reference(&a, &b, m, k, n);
            let close = |found: f64, expected: f64| (found - expected).abs() <= 1e-5 * (k as f64 + 1.0);
            let transposed = |x: &[f64], rows: usize, cols: usize| -> Vec<f64> {
                (0..cols).flat_map(|j| (0..rows).map(move |i| (i, j))).map(|(i, j)| x[i * cols + j]).collect()
            };
            let (at, bt) = (transposed(&a, m, k), transposed(&b, k, n));
            let mut c = vec![f64::NAN; m * n];
            gemm(Mat::new(&a, m, k), Mat::new(&b, k, n), &mut c);
            assert!(c.iter().zip(&expected).all(|(c, e)| close(*c, *e)), "{m} {k} {n}");
            gemm(Mat::new(&at, k, m).t(), Mat::new(&bt, n, k).t(), &mut c);
            assert!(c.iter().zip(&expected).all(|(c, e)| close(*c, *e)), "{m} {k} {n} transposed");
            let narrow = |x: &[f64]| x.iter().map(|x| *x as f32).collect::<Vec<f32>>();
            let mut c = vec![f32::NAN; m * n];
            gemm(Mat::new(&narrow(&a), m, k), Mat::new(&narrow(&b), k, n), &mut c);
            assert!(c.iter().zip(&expected).all(|(c, e)| close(f64::from(*c), *e)), "{m} {k} {n} f32");
            let whole = |x: &[f64]| x.iter().map(|x| (*x * 100.0) as i32).collect::<Vec<i32>>();
            let (a, b) = (whole(&a), whole(&b));
            let mut c = vec![-1; m * n];
            gemm(Mat::new(&a, m, k), Mat::new(&b, k, n), &mut c);
            let exact = |i: usize, j: usize| (0..k).map(|p| a[i * k + p] * b[p * n + j]).sum::<i32>();
            assert!((0..m).all(|i| (0..n).all(|j| c[i * n + j] == exact(i, j))), "{m} {k} {n} i32");
        }
    }

    fn singles(n: usize, seed: u64) -> Vec<f32> {
        numbers(n, seed).iter().map(|x| *x as f32).collect()
    }

    #[test]
    fn what_follows_a_product_is_done_to_all_of_it() {
        fn halve(x: &[f32], y: &mut [f32]) {
            y.iter_mut().zip(x).for_each(|(y, x)| *y = x / 2.0);
        }
        for (m, k, n) in [(1, 3, 2), (200, 300, 70), (5, 0, 4), (700, 5, 33), (99, 500, 301)] {
            let (a, b, bias) = (singles(m * k, 1), singles(k * n, 2), singles(n, 3));
            let (a, b) = (Mat::new(&a, m, k), Mat::new(&b, k, n));
            let (mut plain, mut c) = (vec![f32::NAN; m * n], vec![f32::NAN; m * n]);
            gemm(a, b, &mut plain);
            gemm_post(a, b, &mut c, &Post { bias: Some(&bias), activation: Some(halve) });
            for (i, c) in c.iter().enumerate() {
                assert_eq!(*c, (plain[i] + bias[i % n]) / 2.0, "{m} {k} {n}");
            }
        }
    }

    #[test]
    fn bits_do_not_depend_on_threads() {
        for (m, k, n) in [(100, 3136, 10), (300, 700, 300), (100, 500, 300)] {
            let (a, b) = (singles(m * k, 1), singles(k * n, 2));
            let run = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let mut c = vec![f32::NAN; m * n];
                pool.install(|| gemm(Mat::new(&a, m, k), Mat::new(&b, k, n), &mut c));
                c.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            };
            let one = run(1);
            assert!([2, 3].into_iter().all(|threads| run(threads) == one), "{m} {k} {n}");
        }
    }

    #[test]
    fn every_level_gives_the_same_tile() {
        let (m, k, n) = (29, 17, 141);
        let (a, b): (Vec<f32>, Vec<f32>) = (
            numbers(m * k, 3).iter().map(|x| *x as f32).collect(),
            numbers(k * n, 4).iter().map(|x| *x as f32).collect(),
        );
        let run = |level: Level| {
            let kernel = f32::kernel(level);
            let mut packed = vec![f32::NAN; kernel.packed_len(k, n)];
            let right = kernel.pack(Mat::new(&b, k, n), &mut packed);
            let rows: Vec<(usize, usize)> = (0..m).map(|i| (i * k, i * n)).collect();
            let mut c = vec![0.0f32; m * n];
            tiles(&kernel, &Left { data: &a, runs: &[(0, k)], step: 1 }, &rows, &right, &mut c, true);
            c
        };
        let portable = run(Level::Portable);
        for other in [Level::Avx2, Level::Avx512].into_iter().filter(|l| *l <= level()) {
            assert!(run(other).iter().zip(&portable).all(|(a, b)| (a - b).abs() < 1e-5), "{other:?}");
        }
    }
}
