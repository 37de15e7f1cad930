//! Many elements to one, along any axes.

use smallvec::SmallVec;

use super::parallel::for_each_chunk;

/// Elements of one fixed part of a long reduction; the parts' results are joined in order, so that the result does not
/// depend on the number of threads.
const PART: usize = 4096;
/// Independent accumulators of the innermost loop.
const LANES: usize = 16;

/// How an array is reduced: its dimensions, alternately kept and reduced, outermost first. Neighbours of one kind are
/// joined.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduction {
    /// (size, step in the input, whether it is reduced)
    dims: SmallVec<[(usize, usize, bool); 4]>,
}

impl Reduction {
    /// The plan for an array of shape `dims` of which the axes with `reduced` go.
    pub fn new(dims: &[usize], reduced: &[bool]) -> Self {
        let mut joined: SmallVec<[(usize, usize, bool); 4]> = SmallVec::new();
        let mut step = 1;
        for (&n, &gone) in dims.iter().zip(reduced).rev() {
            match joined.last_mut() {
                Some((size, _, kind)) if *kind == gone => *size *= n,
                _ => joined.push((n, step, gone)),
            }
            step *= n;
        }
        joined.reverse();
        Reduction { dims: joined }
    }

    /// The number of elements that become one.
    pub fn count(&self) -> usize {
        self.dims.iter().filter(|d| d.2).map(|d| d.0).product()
    }

    /// Reduces `x` with `join`, which must be associative up to rounding; `start` is its neutral element.
    pub fn run<T: Copy + Send + Sync>(&self, x: &[T], out: &mut [T], start: T, join: impl Fn(T, T) -> T + Sync) {
        if x.is_empty() {
            out.fill(start);
            return;
        }
        match *self.dims.as_slice() {
            [] | [(_, _, false)] => out.copy_from_slice(x),
            // Rows: each becomes one number.
            [(n, _, true)] => out[0] = row(&x[..n], start, &join),
            [(_, _, false), (n, _, true)] => {
                for_each_chunk(out, PART.div_ceil(n), |first, out| {
                    for (out, x) in out.iter_mut().zip(x[first * n..].chunks_exact(n)) {
                        *out = row(x, start, &join);
                    }
                });
            }
            // Columns, of one matrix or of several: whole rows are added up.
            [(_, _, true), (n, _, false)] => columns(x, n, out, start, &join),
            [(_, _, false), (count, _, true), (n, _, false)] => {
                for_each_chunk(out, n, |first, out| columns(&x[first * count..][..n * count], n, out, start, &join));
            }
            _ => self.walk(x, out, start, &join),
        }
    }

    /// Any order of axes, one output at a time.
    fn walk<T: Copy + Send + Sync>(&self, x: &[T], out: &mut [T], start: T, join: &(impl Fn(T, T) -> T + Sync)) {
        let kept: SmallVec<[_; 4]> = self.dims.iter().filter(|d| !d.2).copied().collect();
        let gone: SmallVec<[_; 4]> = self.dims.iter().filter(|d| d.2).copied().collect();
        let count = self.count();
        for_each_chunk(out, PART.div_ceil(count), |first, out| {
            for (i, out) in out.iter_mut().enumerate() {
                let base = offset(&kept, first + i);
                *out = (0..count).fold(start, |sum, j| join(sum, x[base + offset(&gone, j)]));
            }
        });
    }
}

fn offset(dims: &[(usize, usize, bool)], mut flat: usize) -> usize {
    let mut offset = 0;
    for (n, step, _) in dims.iter().rev() {
        offset += flat % n * step;
        flat /= n;
    }
    offset
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

fn row<T: Copy + Send + Sync>(x: &[T], start: T, join: &(impl Fn(T, T) -> T + Sync)) -> T {
    if x.len() <= PART {
        return lanes(x, start, join);
    }
    let mut parts = vec![start; x.len().div_ceil(PART)];
    for_each_chunk(&mut parts, 4, |first, parts| {
        for (part, x) in parts.iter_mut().zip(x[first * PART..].chunks(PART)) {
            *part = lanes(x, start, join);
        }
    });
    lanes(&parts, start, join)
}

fn lanes<T: Copy>(x: &[T], start: T, join: &impl Fn(T, T) -> T) -> T {
    let mut sums = [start; LANES];
    let chunks = x.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (sum, &x) in sums.iter_mut().zip(chunk) {
            *sum = join(*sum, x);
        }
    }
    for (sum, &x) in sums.iter_mut().zip(rest) {
        *sum = join(*sum, x);
    }
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for i in 0..width {
            sums[i] = join(sums[i], sums[i + width]);
        }
    }
    sums[0]
}

fn columns<T: Copy + Send + Sync>(x: &[T], n: usize, out: &mut [T], start: T, join: &(impl Fn(T, T) -> T + Sync)) {
    const WIDTH: usize = 256;
    for_each_chunk(out, WIDTH, |first, out| {
        out.fill(start);
        for x in x.chunks_exact(n) {
            for (out, &x) in out.iter_mut().zip(&x[first..]) {
                *out = join(*out, x);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_of_axes_adds_up() {
        let shapes: &[&[usize]] =
            &[&[], &[5], &[3, 4], &[2, 3, 4], &[2, 3, 2, 5], &[9000], &[70, 300], &[0, 3], &[3, 0]];
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
                Reduction::new(dims, &reduced).run(&x, &mut out, 0, |a, b| a + b);
                assert_eq!(out, expected, "{dims:?} {reduced:?}");
            }
        }
    }
}
