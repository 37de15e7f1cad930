//! Softmax, its logarithm, and cross entropy, row by row. Short rows go through the exponential together, so that its
//! vectors are full.

use super::Plain;
use super::math::Real;
use super::parallel::{for_each_chunk, for_each_pair_of_parts};
use super::reduce::lanes;
use super::scratch;
use super::simd::vectorized;

/// Numbers of one part, some 10 µs of work, and of the rows that go through the exponential together.
const PART: usize = 1 << 14;
const TOGETHER: usize = 512;

#[inline(always)]
fn largest<T: Real>(x: &[T]) -> T {
    lanes(x, T::LOWEST, &|a, b| if b > a || b.is_nan() { b } else { a })
}

#[inline(always)]
fn sum<T: Real>(x: &[T]) -> T {
    lanes(x, T::ZERO, &T::plus)
}

/// `y = x` less the largest of each row.
#[inline(always)]
fn shift<T: Real>(x: &[T], n: usize, y: &mut [T]) {
    for (x, y) in x.chunks_exact(n).zip(y.chunks_exact_mut(n)) {
        let max = largest(x);
        y.iter_mut().zip(x).for_each(|(y, x)| *y = x.minus(max));
    }
}

vectorized! {
    fn softmax_rows<T: Real>(x: &[T], n: usize, y: &mut [T]) {
        shift(x, n, y);
        for y in y.iter_mut() {
            *y = y.exp();
        }
        for y in y.chunks_exact_mut(n) {
            let sum = sum(y);
            y.iter_mut().for_each(|y| *y = y.over(sum));
        }
    }

    fn log_softmax_rows<T: Real>(x: &[T], n: usize, y: &mut [T], exponentials: &mut [T]) {
        shift(x, n, y);
        for (e, y) in exponentials.iter_mut().zip(&*y) {
            *e = y.exp();
        }
        for (y, exponentials) in y.chunks_exact_mut(n).zip(exponentials.chunks_exact(n)) {
            let log = sum(exponentials).ln();
            y.iter_mut().for_each(|y| *y = y.minus(log));
        }
    }

    fn cross_entropy_rows<T: Real>(x: &[T], labels: &[T], n: usize, loss: &mut [T], dx: &mut [T], costs: &mut [T]) {
        shift(x, n, costs);
        for (dx, x) in dx.iter_mut().zip(&*costs) {
            *dx = x.exp();
        }
        let rows = dx.chunks_exact_mut(n).zip(costs.chunks_exact_mut(n)).zip(labels.chunks_exact(n));
        for (((dx, costs), labels), loss) in rows.zip(loss) {
            let total = sum(dx);
            let log = total.ln();
            for ((dx, cost), label) in dx.iter_mut().zip(costs.iter_mut()).zip(labels) {
                *dx = dx.over(total).minus(*label);
                *cost = label.times(log.minus(*cost));
            }
            *loss = sum(costs);
        }
    }

    fn sparse_cross_entropy_rows<T: Real>(x: &[T], labels: &[usize], n: usize, loss: &mut [T], dx: &mut [T]) {
        shift(x, n, dx);
        for ((loss, label), dx) in loss.iter_mut().zip(labels).zip(dx.chunks_exact(n)) {
            *loss = dx[*label].negative();
        }
        for dx in dx.iter_mut() {
            *dx = dx.exp();
        }
        for ((loss, label), dx) in loss.iter_mut().zip(labels).zip(dx.chunks_exact_mut(n)) {
            let total = sum(dx);
            *loss = loss.plus(total.ln());
            dx.iter_mut().for_each(|dx| *dx = dx.over(total));
            dx[*label] = dx[*label].minus(T::ONE);
        }
    }
}

/// Whole rows of `n` that go together.
fn rows_within(numbers: usize, n: usize) -> usize {
    (numbers / n).max(1)
}

/// `y = e^x / Σ e^x` for each row of `n` numbers.
pub fn softmax<T: Real + Plain>(x: &[T], n: usize, y: &mut [T]) {
    let together = rows_within(TOGETHER, n) * n;
    for_each_chunk(y, rows_within(PART, n) * n, |start, y| {
        for (x, y) in x[start..].chunks(together).zip(y.chunks_mut(together)) {
            softmax_rows(&x[..y.len()], n, y);
        }
    });
}

/// `y = x - log Σ e^x` for each row of `n` numbers.
pub fn log_softmax<T: Real + Plain>(x: &[T], n: usize, y: &mut [T]) {
    let together = rows_within(TOGETHER, n) * n;
    for_each_chunk(y, rows_within(PART, n) * n, |start, y| {
        scratch::with(together, |beside: &mut [T]| {
            for (x, y) in x[start..].chunks(together).zip(y.chunks_mut(together)) {
                log_softmax_rows(&x[..y.len()], n, y, &mut beside[..y.len()]);
            }
        });
    });
}

/// For each row of `n` numbers: `loss = Σ labels * (log Σ e^x - x)`, `dx = softmax(x) - labels`.
pub fn cross_entropy<T: Real + Plain>(x: &[T], labels: &[T], n: usize, loss: &mut [T], dx: &mut [T]) {
    let together = rows_within(TOGETHER, n);
    for_rows(n, loss, dx, |first, loss, dx| {
        let from = first * n;
        let (x, labels) = (&x[from..from + dx.len()], &labels[from..from + dx.len()]);
        scratch::with(together * n, |costs: &mut [T]| {
            let inputs = x.chunks(together * n).zip(labels.chunks(together * n));
            let outputs = loss.chunks_mut(together).zip(dx.chunks_mut(together * n));
            for ((x, labels), (loss, dx)) in inputs.zip(outputs) {
                cross_entropy_rows(x, labels, n, loss, dx, &mut costs[..x.len()]);
            }
        });
    });
}

/// As [`cross_entropy`] with labels that are 1 at one place of each row, which is below `n`, and 0 elsewhere.
pub fn sparse_cross_entropy<T: Real + Plain>(x: &[T], labels: &[usize], n: usize, loss: &mut [T], dx: &mut [T]) {
    let together = rows_within(TOGETHER, n);
    for_rows(n, loss, dx, |first, loss, dx| {
        let (x, labels) = (&x[first * n..][..dx.len()], &labels[first..][..loss.len()]);
        let inputs = x.chunks(together * n).zip(labels.chunks(together));
        let outputs = loss.chunks_mut(together).zip(dx.chunks_mut(together * n));
        for ((x, labels), (loss, dx)) in inputs.zip(outputs) {
            sparse_cross_entropy_rows(x, labels, n, loss, dx);
        }
    });
}

/// Calls `f` for parts of the rows with the first row's number, and their part of `loss` and `dx`.
fn for_rows<T: Plain>(n: usize, loss: &mut [T], dx: &mut [T], f: impl Fn(usize, &mut [T], &mut [T]) + Sync) {
    let part = rows_within(PART, n);
    for_each_pair_of_parts(false, (loss, dx), [part, part * n], |i, loss, dx| f(i * part, loss, dx));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::cpu::tests::at_every_level;

    fn numbers(n: usize, k: usize) -> Vec<f32> {
        (0..n).map(|i| (i * k % 1009) as f32 / 100.0 - 5.0).collect()
    }

    /// The relative error of a sum of `n` exponentials is below `(n / 32 + 8)` roundings.
    fn bound(n: usize) -> f64 {
        (n as f64 / 32.0 + 8.0) * f64::from(f32::EPSILON)
    }

    #[test]
    fn rows_match_the_definition() {
        for (rows, n) in [(1, 1), (3, 2), (100, 10), (7, 65), (2000, 10), (3, 700), (40, 1000)] {
            let (x, labels) = (numbers(rows * n, 7919), numbers(rows * n, 31));
            let (mut y, mut log, mut dx) = (vec![0.0; rows * n], vec![0.0; rows * n], vec![0.0; rows * n]);
            let mut loss = vec![0.0; rows];
            softmax(&x, n, &mut y);
            log_softmax(&x, n, &mut log);
            cross_entropy(&x, &labels, n, &mut loss, &mut dx);
            for row in 0..rows {
                let of = |v: &[f32], j: usize| f64::from(v[row * n + j]);
                let max = (0..n).map(|j| of(&x, j)).fold(f64::MIN, f64::max);
                let total = max + (0..n).map(|j| (of(&x, j) - max).exp()).sum::<f64>().ln();
                for j in 0..n {
                    let expected = (of(&x, j) - total).exp();
                    assert!((of(&y, j) - expected).abs() <= bound(n) * expected, "softmax {rows} {n}");
                    assert!((of(&log, j) - (of(&x, j) - total)).abs() <= 16.0 * bound(n), "log {rows} {n}");
                    assert!((of(&dx, j) - (expected - of(&labels, j))).abs() <= 8.0 * bound(n), "dx {rows} {n}");
                }
                let expected: f64 = (0..n).map(|j| of(&labels, j) * (total - of(&x, j))).sum();
                let size: f64 = (0..n).map(|j| (of(&labels, j) * (total - of(&x, j))).abs()).sum();
                assert!((f64::from(loss[row]) - expected).abs() <= bound(n) * size.max(1.0), "loss {rows} {n}");
            }
        }
    }

    #[test]
    fn sparse_labels_are_as_dense_ones() {
        for (rows, n) in [(1, 1), (100, 10), (2000, 10), (3, 700)] {
            let x = numbers(rows * n, 7919);
            let places: Vec<usize> = (0..rows).map(|row| row * 5 % n).collect();
            let mut labels = vec![0.0; rows * n];
            places.iter().enumerate().for_each(|(row, place)| labels[row * n + place] = 1.0);
            let (mut dense, mut sparse) =
                ((vec![0.0; rows], vec![0.0; rows * n]), (vec![9.0; rows], vec![9.0; rows * n]));
            cross_entropy(&x, &labels, n, &mut dense.0, &mut dense.1);
            sparse_cross_entropy(&x, &places, n, &mut sparse.0, &mut sparse.1);
            assert_eq!(sparse.1, dense.1, "{rows} {n}");
            for (sparse, dense) in sparse.0.iter().zip(&dense.0) {
                assert!((sparse - dense).abs() <= 2.0 * f32::EPSILON * dense.abs().max(10.0), "{rows} {n}");
            }
        }
    }

    #[test]
    fn every_level_gives_the_same_bits() {
        let (x, labels) = (numbers(3000, 7919), numbers(3000, 31));
        let results = at_every_level(|| {
            let (mut loss, mut dx, mut log) = (vec![0.0; 30], vec![0.0; 3000], vec![0.0; 3000]);
            cross_entropy(&x, &labels, 100, &mut loss, &mut dx);
            log_softmax(&x, 100, &mut log);
            loss.into_iter().chain(dx).chain(log).map(f32::to_bits).collect::<Vec<_>>()
        });
        assert!(results.iter().all(|bits| *bits == results[0]));
    }
}
