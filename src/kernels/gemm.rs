//! Matrix products. One micro-kernel computes a tile of the result in registers; it reads the left operand where it
//! lies, through row offsets and runs, so that a convolution's patches need no copy.

#![allow(unsafe_code)]

use rayon::prelude::*;

use super::cpu::{Level, level};

/// Rows of the result that one task computes.
const ROWS: usize = 48;
/// Below this many multiplications a product is not split.
const SMALL: usize = 1 << 19;

/// The numbers that matrices are made of. Integers wrap around.
pub trait GemmElement: Copy + Send + Sync + Default + 'static {
    #[doc(hidden)]
    fn kernel(level: Level) -> MicroKernel<Self>;
    #[doc(hidden)]
    fn mul_add(self, a: Self, b: Self) -> Self;
    #[doc(hidden)]
    fn plus(self, other: Self) -> Self;
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

    /// The transpose.
    #[must_use]
    pub fn t(self) -> Self {
        Mat { data: self.data, rows: self.cols, cols: self.rows, row_step: self.col_step, col_step: self.row_step }
    }
}

/// `c = a · b`, with `c` row-major.
pub fn gemm<T: GemmElement>(a: Mat<T>, b: Mat<T>, c: &mut [T]) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    assert!(b.rows == k && c.len() == m * n, "the sizes of a product do not fit");
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        c.fill(T::default());
        return;
    }
    let kernel = T::kernel(level());
    let panels = Panels::new(&kernel, b);
    let rows: Vec<usize> = (0..m).map(|i| i * a.row_step).collect();
    let left = Left { data: a.data, runs: &[(0, k)], step: a.col_step };
    let product = |i: usize, c: &mut [T]| {
        tiles(&kernel, &left, &rows[i * ROWS..(i * ROWS + c.len() / n)], &panels.as_right(), c, n, false);
    };
    if m * n * k <= SMALL {
        c.chunks_mut(ROWS * n).enumerate().for_each(|(i, c)| product(i, c));
    } else {
        c.par_chunks_mut(ROWS * n).enumerate().for_each(|(i, c)| product(i, c));
    }
}

/// The left operand: row `i` column `j` is `data[rows[i] + offset of j]`. The columns come in runs of `(start, length)`,
/// `step` apart within a run.
pub(super) struct Left<'a, T> {
    pub(super) data: &'a [T],
    pub(super) runs: &'a [(usize, usize)],
    pub(super) step: usize,
}

/// The right operand: panels of as many columns as the micro-kernel takes.
pub(super) struct Right<'a, T> {
    pub(super) data: &'a [T],
    /// From one panel to the next.
    pub(super) panel_step: usize,
    /// From one row to the next within a panel.
    pub(super) row_step: usize,
    pub(super) cols: usize,
}

/// The right operand copied into panels, the last one filled up with zeros.
pub(super) struct Panels<T> {
    data: Vec<T>,
    rows: usize,
    cols: usize,
    width: usize,
}

impl<T: GemmElement> Panels<T> {
    pub(super) fn new(kernel: &MicroKernel<T>, b: Mat<T>) -> Self {
        let width = kernel.cols;
        let mut data = vec![T::default(); b.cols.div_ceil(width) * b.rows * width];
        for (p, panel) in data.chunks_exact_mut(b.rows * width).enumerate() {
            let first = p * width;
            let here = width.min(b.cols - first);
            for (k, row) in panel.chunks_exact_mut(width).enumerate() {
                for (j, x) in row[..here].iter_mut().enumerate() {
                    *x = b.data[k * b.row_step + (first + j) * b.col_step];
                }
            }
        }
        Panels { data, rows: b.rows, cols: b.cols, width }
    }

    pub(super) fn as_right(&self) -> Right<'_, T> {
        Right { data: &self.data, panel_step: self.rows * self.width, row_step: self.width, cols: self.cols }
    }
}

/// `c = left · right` (or `c += …`) for the given rows; `c` has `right.cols` columns, `c_step` from row to row.
pub(super) fn tiles<T: GemmElement>(
    kernel: &MicroKernel<T>,
    left: &Left<T>,
    rows: &[usize],
    right: &Right<T>,
    c: &mut [T],
    c_step: usize,
    accumulate: bool,
) {
    let last = left.runs.iter().filter(|run| run.1 > 0).map(|&(start, len)| start + (len - 1) * left.step).max();
    let depth: usize = left.runs.iter().map(|run| run.1).sum();
    let Some(last) = last else {
        if !accumulate {
            c.chunks_mut(c_step).for_each(|row| row[..right.cols].fill(T::default()));
        }
        return;
    };
    assert!(rows.iter().all(|row| row + last < left.data.len()), "the left operand ends too early");
    let mut tile = [T::default(); MOST_TILE];
    let mut offsets = [0; MOST_ROWS];
    for (p, first) in (0..right.cols).step_by(kernel.cols).enumerate() {
        let b = &right.data[p * right.panel_step..];
        assert!((depth - 1) * right.row_step + kernel.cols <= b.len(), "the right operand ends too early");
        let width = kernel.cols.min(right.cols - first);
        for (block, rows) in rows.chunks(kernel.rows).enumerate() {
            offsets.fill(rows[0]);
            offsets[..rows.len()].copy_from_slice(rows);
            // SAFETY: the processor has the kernel's features (`GemmElement::kernel`), `last` and `depth` keep every read
            // inside the operands as asserted above, and the tile holds `kernel.rows * kernel.cols` elements.
            unsafe {
                (kernel.run)(
                    left.data.as_ptr(),
                    &offsets,
                    left.runs,
                    left.step,
                    b.as_ptr(),
                    right.row_step,
                    tile.as_mut_ptr(),
                );
            }
            for (i, tile) in tile.chunks_exact(kernel.cols).take(rows.len()).enumerate() {
                let at = (block * kernel.rows + i) * c_step + first;
                let c = &mut c[at..at + width];
                if accumulate {
                    c.iter_mut().zip(tile).for_each(|(c, x)| *c = c.plus(*x));
                } else {
                    c.copy_from_slice(&tile[..width]);
                }
            }
        }
    }
}

const MOST_ROWS: usize = 12;
const MOST_TILE: usize = MOST_ROWS * 32;

type RunTile<T> = unsafe fn(*const T, &[usize; MOST_ROWS], &[(usize, usize)], usize, *const T, usize, *mut T);

/// A micro-kernel: the size of its tile, and the function that computes one.
#[doc(hidden)]
pub struct MicroKernel<T> {
    pub(super) rows: usize,
    pub(super) cols: usize,
    run: RunTile<T>,
}

/// A register's worth of numbers.
trait Vector<T>: Copy {
    const LANES: usize;
    /// # Safety
    /// The processor has the vector's features, and `LANES` elements can be read at `from`.
    unsafe fn load(from: *const T) -> Self;
    /// # Safety
    /// The processor has the vector's features, and `LANES` elements can be written at `to`.
    unsafe fn store(self, to: *mut T);
    /// # Safety
    /// The processor has the vector's features.
    unsafe fn splat(x: T) -> Self;
    /// `self + a * b`
    ///
    /// # Safety
    /// The processor has the vector's features.
    unsafe fn mul_add(self, a: Self, b: Self) -> Self;
}

/// One tile: `ROWS` rows of two vectors.
///
/// # Safety
/// The processor has the vector's features; every `x[rows[i] + start + j * step]` of the runs, and for each of their
/// columns in order `2 * LANES` elements of `b`, `b_step` apart, can be read; `ROWS * 2 * LANES` elements can be written
/// at `out`.
#[inline(always)]
#[allow(clippy::too_many_arguments, clippy::needless_range_loop)]
unsafe fn tile<T: Copy, V: Vector<T>, const ROWS: usize>(
    x: *const T,
    rows: &[usize; MOST_ROWS],
    runs: &[(usize, usize)],
    step: usize,
    mut b: *const T,
    b_step: usize,
    out: *mut T,
    zero: T,
) {
    // SAFETY: the caller keeps every read and write below in bounds.
    unsafe {
        let mut sums = [[V::splat(zero); 2]; ROWS];
        for &(start, len) in runs {
            let mut at: [*const T; ROWS] = [x; ROWS];
            for i in 0..ROWS {
                at[i] = x.add(rows[i] + start);
            }
            for j in 0..len {
                let b0 = V::load(b);
                let b1 = V::load(b.add(V::LANES));
                b = b.wrapping_add(b_step);
                for i in 0..ROWS {
                    let a = V::splat(*at[i].wrapping_add(j * step));
                    sums[i][0] = sums[i][0].mul_add(a, b0);
                    sums[i][1] = sums[i][1].mul_add(a, b1);
                }
            }
        }
        for i in 0..ROWS {
            sums[i][0].store(out.add(i * 2 * V::LANES));
            sums[i][1].store(out.add((i * 2 + 1) * V::LANES));
        }
    }
}

/// Numbers side by side, for any processor.
#[derive(Clone, Copy)]
struct Lanes<T, const N: usize>([T; N]);

impl<T: GemmElement, const N: usize> Vector<T> for Lanes<T, N> {
    const LANES: usize = N;
    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: the caller lets `N` elements be read.
        Lanes(unsafe { from.cast::<[T; N]>().read() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: the caller lets `N` elements be written.
        unsafe { to.cast::<[T; N]>().write(self.0) }
    }
    #[inline(always)]
    unsafe fn splat(x: T) -> Self {
        Lanes([x; N])
    }
    #[inline(always)]
    unsafe fn mul_add(mut self, a: Self, b: Self) -> Self {
        for i in 0..N {
            self.0[i] = self.0[i].mul_add(a.0[i], b.0[i]);
        }
        self
    }
}

unsafe fn portable<T: GemmElement>(
    x: *const T,
    rows: &[usize; MOST_ROWS],
    runs: &[(usize, usize)],
    step: usize,
    b: *const T,
    b_step: usize,
    out: *mut T,
) {
    // SAFETY: as the caller promises; no features are needed.
    unsafe { tile::<T, Lanes<T, 4>, 4>(x, rows, runs, step, b, b_step, out, T::default()) }
}

fn portable_kernel<T: GemmElement>() -> MicroKernel<T> {
    MicroKernel { rows: 4, cols: 8, run: portable::<T> }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{MOST_ROWS, Vector, tile};

    macro_rules! vectors {
        ($($vector:ty, $float:ty, $lanes:literal, $load:ident $store:ident $splat:ident $fma:ident;)*) => {$(
            impl Vector<$float> for $vector {
                const LANES: usize = $lanes;
                #[inline(always)]
                unsafe fn load(from: *const $float) -> Self {
                    // SAFETY: as the caller promises.
                    unsafe { $load(from) }
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut $float) {
                    // SAFETY: as the caller promises.
                    unsafe { $store(to, self) }
                }
                #[inline(always)]
                unsafe fn splat(x: $float) -> Self {
                    // SAFETY: as the caller promises.
                    unsafe { $splat(x) }
                }
                #[inline(always)]
                unsafe fn mul_add(self, a: Self, b: Self) -> Self {
                    // SAFETY: as the caller promises.
                    unsafe { $fma(a, b, self) }
                }
            }
        )*};
    }
    vectors! {
        __m512, f32, 16, _mm512_loadu_ps _mm512_storeu_ps _mm512_set1_ps _mm512_fmadd_ps;
        __m512d, f64, 8, _mm512_loadu_pd _mm512_storeu_pd _mm512_set1_pd _mm512_fmadd_pd;
        __m256, f32, 8, _mm256_loadu_ps _mm256_storeu_ps _mm256_set1_ps _mm256_fmadd_ps;
        __m256d, f64, 4, _mm256_loadu_pd _mm256_storeu_pd _mm256_set1_pd _mm256_fmadd_pd;
    }

    macro_rules! kernels {
        ($($name:ident $features:literal $vector:ty, $float:ty, $rows:literal;)*) => {$(
            #[target_feature(enable = $features)]
            pub(super) unsafe fn $name(
                x: *const $float,
                rows: &[usize; MOST_ROWS],
                runs: &[(usize, usize)],
                step: usize,
                b: *const $float,
                b_step: usize,
                out: *mut $float,
            ) {
                // SAFETY: as the caller promises; the features are enabled here.
                unsafe { tile::<$float, $vector, $rows>(x, rows, runs, step, b, b_step, out, 0.0) }
            }
        )*};
    }
    kernels! {
        avx512_f32 "avx512f" __m512, f32, 12;
        avx512_f64 "avx512f" __m512d, f64, 12;
        avx2_f32 "avx2,fma" __m256, f32, 6;
        avx2_f64 "avx2,fma" __m256d, f64, 6;
    }
}

macro_rules! floats {
    ($($float:ident $avx512:ident $avx2:ident $lanes:literal;)*) => {$(
        impl GemmElement for $float {
            fn kernel(level: Level) -> MicroKernel<Self> {
                #[cfg(target_arch = "x86_64")]
                match level {
                    Level::Avx512 => return MicroKernel { rows: 12, cols: 4 * $lanes, run: x86::$avx512 },
                    Level::Avx2 => return MicroKernel { rows: 6, cols: 2 * $lanes, run: x86::$avx2 },
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
        }
    )*};
}
floats! { f32 avx512_f32 avx2_f32 8; f64 avx512_f64 avx2_f64 4; }

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
        (1, 1, 1),
        (3, 5, 2),
        (13, 7, 33),
        (100, 31, 10),
        (10, 100, 64),
        (97, 3, 65),
        (200, 64, 100),
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
            let mut c = vec![-1; m * n];
            gemm(Mat::new(&whole(&a), m, k), Mat::new(&whole(&b), k, n), &mut c);
            let exact = |i: usize, j: usize| (0..k).map(|p| whole(&a)[i * k + p] * whole(&b)[p * n + j]).sum::<i32>();
            assert!((0..m).all(|i| (0..n).all(|j| c[i * n + j] == exact(i, j))), "{m} {k} {n} i32");
        }
    }

    #[test]
    fn every_level_gives_the_same_tile() {
        let (m, k, n) = (12, 17, 32);
        let (a, b): (Vec<f32>, Vec<f32>) = (
            numbers(m * k, 3).iter().map(|x| *x as f32).collect(),
            numbers(k * n, 4).iter().map(|x| *x as f32).collect(),
        );
        let rows: Vec<usize> = (0..m).map(|i| i * k).collect();
        let run = |level: Level| {
            let kernel = f32::kernel(level);
            let panels = Panels::new(&kernel, Mat::new(&b, k, n));
            let mut c = vec![0.0f32; m * n];
            let left = Left { data: &a, runs: &[(0, k)], step: 1 };
            tiles(&kernel, &left, &rows, &panels.as_right(), &mut c, n, true);
            c
        };
        let portable = run(Level::Portable);
        for other in [Level::Avx2, Level::Avx512].into_iter().filter(|l| *l <= level()) {
            assert!(run(other).iter().zip(&portable).all(|(a, b)| (a - b).abs() < 1e-5), "{other:?}");
        }
    }
}
