//! Batch normalization of NCHW images: every plane belongs to one channel. Sums are in f64, plane by plane in order.

use super::batch_norm::{Slopes, Statistics};
use super::parallel::for_each_chunk;
use super::reduce::lanes;
use super::simd::vectorized;

/// Numbers of one part, in whole planes.
const PART: usize = 1 << 15;

vectorized! {
    fn sum(x: &[f32]) -> f64 {
        let mut parts = [0.0; 16];
        for x in x.chunks(16) {
            parts.iter_mut().zip(x).for_each(|(sum, x)| *sum += f64::from(*x));
        }
        lanes(&parts, 0.0, &|a, b| a + b)
    }

    fn sum_of_squares(x: &[f32], mean: f64) -> f64 {
        let mut parts = [0.0; 16];
        for x in x.chunks(16) {
            parts.iter_mut().zip(x).for_each(|(sum, x)| {
                let distance = f64::from(*x) - mean;
                *sum += distance * distance;
            });
        }
        lanes(&parts, 0.0, &|a, b| a + b)
    }

    fn sum_of_products(dy: &[f32], x: &[f32], mean: f64) -> f64 {
        let mut parts = [0.0; 16];
        for (dy, x) in dy.chunks(16).zip(x.chunks(16)) {
            for ((sum, dy), x) in parts.iter_mut().zip(dy).zip(x) {
                *sum += f64::from(*dy) * (f64::from(*x) - mean);
            }
        }
        lanes(&parts, 0.0, &|a, b| a + b)
    }

    fn normalize_plane(x: &[f32], y: &mut [f32], mean: f32, factor: f32, offset: f32) {
        y.iter_mut().zip(x).for_each(|(y, x)| *y = (x - mean) * factor + offset);
    }

    fn backprop_plane(dy: &[f32], x: &[f32], dx: &mut [f32], factor: f32, shift: f32, slope: f32, mean: f32) {
        for (dx, (dy, x)) in dx.iter_mut().zip(dy.iter().zip(x)) {
            *dx = factor * (dy - shift - (x - mean) * slope);
        }
    }
}

/// Where the numbers of plane `i` stand.
fn plane(i: usize, len: usize) -> std::ops::Range<usize> {
    i * len..(i + 1) * len
}

/// For each channel the sum of what `add` makes of its planes.
fn sums(planes: usize, channels: usize, len: usize, add: impl Fn(usize) -> f64 + Sync) -> Vec<f64> {
    let mut each = vec![0.0; planes];
    for_each_chunk(&mut each, (PART / len.max(1)).max(1), |start, each| {
        each.iter_mut().enumerate().for_each(|(i, sum)| *sum = add(start + i));
    });
    let mut total = vec![0.0; channels];
    for image in each.chunks_exact(channels.max(1)) {
        total.iter_mut().zip(image).for_each(|(total, sum)| *total += sum);
    }
    total
}

/// The mean of each channel, and its variance (divided by n); planes have `len` numbers.
pub fn moments(x: &[f32], channels: usize, len: usize) -> (Vec<f64>, Vec<f64>) {
    let planes = x.len().checked_div(len).unwrap_or(0);
    let n = (x.len().checked_div(channels).unwrap_or(0)) as f64;
    let average = |sums: Vec<f64>| -> Vec<f64> { sums.iter().map(|sum| sum / n).collect() };
    let mean = average(sums(planes, channels, len, |i| sum(&x[plane(i, len)])));
    let variance = average(sums(planes, channels, len, |i| sum_of_squares(&x[plane(i, len)], mean[i % channels])));
    (mean, variance)
}

/// As [`super::batch_norm::normalize`], of planes of `len` numbers.
pub fn normalize(x: &[f32], s: &Statistics, scale: &[f32], offset: &[f32], len: usize, y: &mut [f32]) {
    let channels = scale.len();
    for_each_chunk(y, (PART / len.max(1)).max(1) * len, |start, y| {
        for (i, y) in y.chunks_exact_mut(len).enumerate() {
            let i = start / len + i;
            let channel = i % channels;
            let factor = f64::from(scale[channel]) / (s.variance[channel] + s.epsilon).sqrt();
            normalize_plane(&x[plane(i, len)], y, s.mean[channel] as f32, factor as f32, offset[channel]);
        }
    });
}

/// As [`super::batch_norm::backprop`], of planes of `len` numbers.
pub fn backprop(
    dy: &[f32],
    x: &[f32],
    s: &Statistics,
    scale: &[f32],
    training: bool,
    len: usize,
    dx: &mut [f32],
) -> (Vec<f32>, Vec<f32>) {
    let channels = scale.len();
    let planes = x.len().checked_div(len).unwrap_or(0);
    let sum_dy = sums(planes, channels, len, |i| sum(&dy[plane(i, len)]));
    let products =
        sums(planes, channels, len, |i| sum_of_products(&dy[plane(i, len)], &x[plane(i, len)], s.mean[i % channels]));
    let rows = x.len().checked_div(channels).unwrap_or(0);
    let slopes = Slopes::new(s, scale, &sum_dy, &products, training.then_some(rows));
    for_each_chunk(dx, (PART / len.max(1)).max(1) * len, |start, dx| {
        for (i, dx) in dx.chunks_exact_mut(len).enumerate() {
            let i = start / len + i;
            let c = i % channels;
            let [factor, shift, slope, mean] = slopes.terms.each_ref().map(|term| term[c]);
            backprop_plane(&dy[plane(i, len)], &x[plane(i, len)], dx, factor, shift, slope, mean);
        }
    });
    (slopes.scale, slopes.offset)
}

#[cfg(test)]
mod tests {
    use super::super::batch_norm;
    use super::*;

    fn numbers(n: usize, k: usize) -> Vec<f32> {
        (0..n).map(|i| (i * k % 1009) as f32 / 300.0 - 1.5).collect()
    }

    /// Planes and rows hold the same numbers; sums in f64 differ by their order only.
    #[test]
    fn planes_are_as_rows() {
        for (batch, channels, len) in [(1, 1, 1), (2, 3, 5), (3, 4, 700), (1, 2, 40_000)] {
            let n = batch * channels * len;
            let as_rows = |planes: &[f32]| -> Vec<f32> {
                let at = |i: usize| (i / channels / len * channels + i % channels) * len + i / channels % len;
                (0..n).map(|i| planes[at(i)]).collect()
            };
            let (x, dy) = (numbers(n, 7919), numbers(n, 31));
            let (scale, offset) = (numbers(channels, 13), numbers(channels, 17));
            let (mean, variance) = moments(&x, channels, len);
            let expected = batch_norm::moments(&as_rows(&x), channels);
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs().max(1.0);
            assert!(mean.iter().zip(&expected.0).all(|(a, b)| near(*a, *b)), "{batch} {channels} {len}");
            assert!(variance.iter().zip(&expected.1).all(|(a, b)| near(*a, *b)), "{batch} {channels} {len}");
            let s = Statistics { mean: &mean, variance: &variance, epsilon: 0.01 };
            let mut ours = [vec![f32::NAN; n], vec![f32::NAN; n]];
            let mut theirs = ours.clone();
            normalize(&x, &s, &scale, &offset, len, &mut ours[0]);
            let slopes = backprop(&dy, &x, &s, &scale, true, len, &mut ours[1]);
            batch_norm::normalize(&as_rows(&x), &s, &scale, &offset, &mut theirs[0]);
            let expected = batch_norm::backprop(&as_rows(&dy), &as_rows(&x), &s, &scale, true, &mut theirs[1]);
            for (ours, theirs) in ours.iter().zip(&theirs) {
                let close = as_rows(ours).iter().zip(theirs).all(|(a, b)| (a - b).abs() <= 1e-5 * b.abs().max(1.0));
                assert!(close, "{batch} {channels} {len}");
            }
            let pairs = slopes.0.iter().zip(&expected.0).chain(slopes.1.iter().zip(&expected.1));
            assert!(pairs.into_iter().all(|(a, b)| near(f64::from(*a), f64::from(*b))), "{batch} {channels} {len}");
        }
    }
}
