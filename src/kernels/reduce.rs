//! Many elements to one, along any axes.

use smallvec::SmallVec;

use super::parallel::for_each_chunk;
use super::simd::vectorized;
use super::{Plain, scratch};
use crate::value::Number;

/// Elements of one fixed part of a long reduction; the parts' results are joined in order, so that the result does not
/// depend on the number of threads.
const PART: usize = 4096;
/// Elements of what one thread reduces at a time: some 10 µs of work.
const BLOCK: usize = 1 << 16;
/// Independent accumulators of the innermost loop.
const LANES: usize = 32;
/// Rows shorter than this are reduced several at a time.
const NARROW: usize = 256;
/// Rows longer than this are reduced piece by piece.
const WIDE: usize = 4096;

/// How an array is reduced: its dimensions, outermost first, and whether they go. Neighbours of one kind are joined.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduction {
    dims: SmallVec<[(usize, bool); 4]>,
}

impl Reduction {
    /// The plan for an array of shape `dims` of which the axes with `reduced` go.
    pub fn new(dims: &[usize], reduced: &[bool]) -> Self {
        let mut joined: SmallVec<[(usize, bool); 4]> = SmallVec::new();
        for (&n, &gone) in dims.iter().zip(reduced) {
            match joined.last_mut() {
                Some((size, kind)) if *kind == gone => *size *= n,
                _ => joined.push((n, gone)),
            }
        }
        Reduction { dims: joined }
    }

    /// The number of elements that become one.
    pub fn count(&self) -> usize {
        self.dims.iter().filter(|dim| dim.1).map(|dim| dim.0).product()
    }

    /// Reduces `x`.
    pub fn run<T: Plain>(&self, x: &[T], out: &mut [T], by: Joining<T>) {
        if x.is_empty() {
            out.fill(by.start);
        } else {
            reduce(&self.dims, x, out, by);
        }
    }
}

/// How two numbers become one: associative up to rounding.
pub trait Join<T> {
    /// Its neutral element.
    const START: T;
    /// The two as one. `#[inline(always)]`, or loops stay narrow.
    fn join(a: T, b: T) -> T;
}

/// The loops of a [`Join`]; all else is the same for each of them.
#[derive(Clone, Copy)]
pub struct Joining<T> {
    start: T,
    row: fn(&[T]) -> T,
    rows: fn(&[T], &mut [T]),
}

impl<T: Copy> Joining<T> {
    /// Those of `J`.
    pub fn by<J: Join<T>>() -> Self {
        Joining { start: J::START, row: row_part::<T, J>, rows: add_rows::<T, J> }
    }
}

/// Adds.
pub struct Plus;

impl<T: Number> Join<T> for Plus {
    const START: T = T::ZERO;
    #[inline(always)]
    fn join(a: T, b: T) -> T {
        a.plus(b)
    }
}

/// One group of reduced dimensions after another, the innermost first.
fn reduce<T: Plain>(dims: &[(usize, bool)], x: &[T], out: &mut [T], by: Joining<T>) {
    let Some(last) = dims.iter().rposition(|dim| dim.1) else { return out.copy_from_slice(x) };
    let (count, n) = (dims[last].0, dims[last + 1..].iter().map(|dim| dim.0).product());
    if !dims[..last].iter().any(|dim| dim.1) {
        return slabs(x, count, n, out, by);
    }
    scratch::with(x.len() / count, |between: &mut [T]| {
        slabs(x, count, n, between, by);
        let rest: SmallVec<[(usize, bool); 4]> = dims[..last].iter().chain(&dims[last + 1..]).copied().collect();
        reduce(&rest, between, out, by);
    });
}

/// Each `count` rows of `n` numbers become one row.
fn slabs<T: Plain>(x: &[T], count: usize, n: usize, out: &mut [T], by: Joining<T>) {
    let slab = count * n;
    for_each_chunk(out, (BLOCK / slab).max(1) * n, |first, out| {
        for (x, out) in x[first * count..].chunks_exact(slab).zip(out.chunks_exact_mut(n)) {
            if n == 1 {
                out[0] = row(x, by);
            } else {
                columns(x, n, out, by);
            }
        }
    });
}

/// Runs `join` along lines of `n` elements that stand `inner` apart, each result written where its element stands:
/// without the element itself if `exclusive`, from the last element on if `reverse`.
#[allow(clippy::too_many_arguments)]
pub fn cumulate<T: Copy>(
    x: &[T],
    out: &mut [T],
    n: usize,
    inner: usize,
    exclusive: bool,
    reverse: bool,
    start: T,
    join: impl Fn(T, T) -> T,
) {
    let block = n * inner;
    if block == 0 {
        return;
    }
    for (x, out) in x.chunks_exact(block).zip(out.chunks_exact_mut(block)) {
        for line in 0..inner {
            let mut sum = start;
            for step in 0..n {
                let i = if reverse { n - 1 - step } else { step } * inner + line;
                let next = join(sum, x[i]);
                out[i] = if exclusive { sum } else { next };
                sum = next;
            }
        }
    }
}

fn row<T: Plain>(x: &[T], by: Joining<T>) -> T {
    if x.len() <= PART {
        return (by.row)(x);
    }
    scratch::with(x.len().div_ceil(PART), |parts: &mut [T]| {
        for_each_chunk(parts, BLOCK / PART, |first, parts| {
            for (part, x) in parts.iter_mut().zip(x[first * PART..].chunks(PART)) {
                *part = (by.row)(x);
            }
        });
        (by.row)(parts)
    })
}

/// All of `x` joined, in several lanes if there is much of it.
#[inline(always)]
pub(super) fn lanes<T: Copy>(x: &[T], start: T, join: &impl Fn(T, T) -> T) -> T {
    let mut sums = [start; LANES];
    let chunks = x.chunks_exact(LANES);
    let rest = chunks.remainder();
    if x.len() >= LANES {
        for chunk in chunks {
            for (sum, &x) in sums.iter_mut().zip(chunk) {
                *sum = join(*sum, x);
            }
        }
        let mut width = LANES;
        while width > 1 {
            width /= 2;
            for i in 0..width {
                sums[i] = join(sums[i], sums[i + width]);
            }
        }
    }
    let mut sum = sums[0];
    for &x in rest {
        sum = join(sum, x);
    }
    sum
}

vectorized! {
    fn row_part<T: Copy, J: Join<T>>(x: &[T]) -> T {
        lanes(x, J::START, &J::join)
    }

    /// Joins rows as long as `out` to it, four at a time.
    fn add_rows<T: Copy, J: Join<T>>(x: &[T], out: &mut [T]) {
        let n = out.len();
        let fours = x.chunks_exact(4 * n);
        for x in fours.remainder().chunks_exact(n) {
            for (out, x) in out.iter_mut().zip(x) {
                *out = J::join(*out, *x);
            }
        }
        for x in fours {
            let ((a, b), (c, d)) = (x[..2 * n].split_at(n), x[2 * n..].split_at(n));
            for ((((out, a), b), c), d) in out.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *out = J::join(*out, J::join(J::join(*a, *b), J::join(*c, *d)));
            }
        }
    }
}

/// Rows of `n` numbers become one. Short rows are taken several at a time, as one row; blocks of rows are reduced on
/// their own, then joined in order.
fn columns<T: Plain>(x: &[T], n: usize, out: &mut [T], by: Joining<T>) {
    out.fill(by.start);
    if n > WIDE {
        return for_each_chunk(out, WIDE, |first, out| {
            for x in x.chunks_exact(n) {
                (by.rows)(&x[first..first + out.len()], out);
            }
        });
    }
    let width = (NARROW / n).max(1) * n;
    let (wide, rest) = x.split_at(x.len() / width * width);
    let block = (BLOCK / width).max(1) * width;
    scratch::with(wide.len().div_ceil(block) * width, |sums: &mut [T]| {
        for_each_chunk(sums, width, |first, sum| {
            let from = first / width * block;
            sum.fill(by.start);
            (by.rows)(&wide[from..wide.len().min(from + block)], sum);
        });
        (by.rows)(sums, out);
    });
    (by.rows)(rest, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_of_axes_adds_up() {
        let shapes: &[&[usize]] = &[
            &[],
            &[5],
            &[3, 4],
            &[2, 3, 4],
            &[2, 3, 2, 5],
            &[9000],
            &[70, 300],
            &[5000, 3],
            &[3, 5000],
            &[900, 7, 20],
            &[0, 3],
            &[3, 0],
        ];
        for dims in shapes {
            let n: usize = dims.iter().product();
            let x: Vec<i64> = (0..n as i64).map(|i| i * i % 101).collect();
            for mask in 0..1u32 << dims.len() {
                let reduced: Vec<bool> = (0..dims.len()).map(|axis| mask >> axis & 1 == 1).collect();
                let kept: Vec<usize> = (0..dims.len()).filter(|&a| !reduced[a]).map(|a| dims[a]).collect();
                let mut expected = vec![0; kept.iter().product()];
                for (i, &x) in x.iter().enumerate() {
                    let (mut flat, mut at, mut step) = (i, 0, 1);
                    for axis in (0..dims.len()).rev() {
                        if !reduced[axis] {
                            at += flat % dims[axis] * step;
                            step *= dims[axis];
                        }
                        flat /= dims[axis];
                    }
                    expected[at] += x;
                }
                let mut out = vec![-1; expected.len()];
                Reduction::new(dims, &reduced).run(&x, &mut out, Joining::by::<Plus>());
                assert_eq!(out, expected, "{dims:?} {reduced:?}");
            }
        }
    }

    fn sums(x: &[f32], dims: &[usize], reduced: &[bool]) -> Vec<f32> {
        let kept: usize = dims.iter().zip(reduced).filter(|d| !d.1).map(|d| *d.0).product();
        let mut out = vec![f32::NAN; kept];
        Reduction::new(dims, reduced).run(x, &mut out, Joining::by::<Plus>());
        out
    }

    /// Lanes and blocks keep every number out of all but some hundreds of additions, each half a unit off.
    #[test]
    fn long_sums_are_accurate() {
        for (dims, reduced) in
            [([1_000_000, 1], [true, false]), ([100_000, 10], [true, false]), ([10, 100_000], [false, true])]
        {
            let x: Vec<f32> = (0..1_000_000usize).map(|i| (i * 7919 % 1000) as f32 / 1000.0 + 0.1).collect();
            let out = sums(&x, &dims, &reduced);
            for (i, found) in out.iter().enumerate() {
                let own: Vec<f64> = (0..x.len())
                    .filter(|at| if reduced[0] { at % out.len() == i } else { at / dims[1] == i })
                    .map(|at| f64::from(x[at]))
                    .collect();
                let expected: f64 = own.iter().sum();
                let bound = 300.0 * f64::from(f32::EPSILON) / 2.0 * expected;
                assert!((f64::from(*found) - expected).abs() <= bound, "{dims:?} {i}: {found} {expected}");
            }
        }
    }

    #[test]
    fn bits_depend_on_neither_threads_nor_level() {
        let x: Vec<f32> = (0..600_000usize).map(|i| (i * 7919 % 1013) as f32 * 0.37 - 170.0).collect();
        let cases: [(&[usize], &[bool]); 4] = [
            (&[600_000], &[true]),
            (&[60_000, 10], &[true, false]),
            (&[60, 10_000], &[false, true]),
            (&[100, 60, 100], &[true, false, true]),
        ];
        for (dims, reduced) in cases {
            let run = || sums(&x, dims, reduced).into_iter().map(f32::to_bits).collect::<Vec<_>>();
            let mut results = crate::kernels::cpu::tests::at_every_level(run);
            for threads in [1, 2, 3] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                results.push(pool.install(run));
            }
            assert!(results.iter().all(|bits| *bits == results[0]), "{dims:?}");
        }
    }
}
