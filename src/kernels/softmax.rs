//! Softmax, its logarithm, and cross entropy, row by row.

use super::math::Real;
use super::parallel::for_each_chunk;

/// Rows of one part.
const ROWS: usize = 512;

fn largest<T: Real>(x: &[T]) -> T {
    x.iter().copied().fold(T::LOWEST, |a, b| if b > a || b.is_nan() { b } else { a })
}

/// The numbers of `y` become `e^(x - max)`; gives their sum.
fn exponentials<T: Real>(x: &[T], y: &mut [T]) -> T {
    let max = largest(x);
    let mut sum = T::ZERO;
    for (y, x) in y.iter_mut().zip(x) {
        *y = x.minus(max).exp();
        sum = sum.plus(*y);
    }
    sum
}

/// `y = e^x / Σ e^x` for each row of `n` numbers.
pub fn softmax<T: Real>(x: &[T], n: usize, y: &mut [T]) {
    for_each_chunk(y, ROWS * n, |start, y| {
        for (x, y) in x[start..].chunks_exact(n).zip(y.chunks_exact_mut(n)) {
            let sum = exponentials(x, y);
            y.iter_mut().for_each(|y| *y = y.over(sum));
        }
    });
}

/// `y = x - log Σ e^x` for each row of `n` numbers.
pub fn log_softmax<T: Real>(x: &[T], n: usize, y: &mut [T]) {
    for_each_chunk(y, ROWS * n, |start, y| {
        for (x, y) in x[start..].chunks_exact(n).zip(y.chunks_exact_mut(n)) {
            let max = largest(x);
            let log = x.iter().fold(T::ZERO, |sum, x| sum.plus(x.minus(max).exp())).ln();
            for (y, x) in y.iter_mut().zip(x) {
                *y = x.minus(max).minus(log);
            }
        }
    });
}

/// For each row: `loss = Σ labels * (log Σ e^x - x)`, `dx = softmax(x) - labels`. `x` and `labels` give their rows by
/// place, so that either may be broadcast.
pub fn cross_entropy<'a, T: Real>(
    x: impl Fn(usize, usize) -> T,
    labels: impl Fn(usize, usize) -> T,
    n: usize,
    loss: &'a mut [T],
    dx: &'a mut [T],
) {
    let mut logits = vec![T::ZERO; n];
    for (row, (loss, dx)) in loss.iter_mut().zip(dx.chunks_exact_mut(n.max(1))).enumerate() {
        logits.iter_mut().enumerate().for_each(|(j, logit)| *logit = x(row, j));
        let max = largest(&logits);
        let sum = exponentials(&logits, dx);
        let log = sum.ln();
        *loss = T::ZERO;
        for (j, dx) in dx.iter_mut().enumerate() {
            let label = labels(row, j);
            let cost = log.minus(logits[j].minus(max));
            *loss = loss.plus(label.times(cost));
            *dx = dx.over(sum).minus(label);
        }
    }
}
