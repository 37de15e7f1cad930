//! Batch normalization of NHWC images: every channel on its own. Sums are in f64, of blocks of rows that do not depend on
//! the number of threads, added in order.

use std::ops::Range;

use super::parallel::for_each_chunk;
use super::scratch;
use super::simd::vectorized;

/// Rows (pixels) of a block.
const ROWS: usize = 2048;
/// Fewer channels than this are taken several pixels at a time, so that vectors are full.
const NARROW: usize = 64;

vectorized! {
    /// `sums += x`, `x` being rows as long as `sums`.
    fn add_rows(x: &[f32], sums: &mut [f64]) {
        for x in x.chunks(sums.len()) {
            for (sum, x) in sums.iter_mut().zip(x) {
                *sum += f64::from(*x);
            }
        }
    }

    /// `sums += (x - mean)²`
    fn add_squares(x: &[f32], mean: &[f64], sums: &mut [f64]) {
        for x in x.chunks(sums.len()) {
            for ((sum, x), mean) in sums.iter_mut().zip(x).zip(mean) {
                let distance = f64::from(*x) - mean;
                *sum += distance * distance;
            }
        }
    }

    /// `sums += dy * (x - mean)`
    fn add_products(dy: &[f32], x: &[f32], mean: &[f64], sums: &mut [f64]) {
        for (dy, x) in dy.chunks(sums.len()).zip(x.chunks(sums.len())) {
            for (((sum, dy), x), mean) in sums.iter_mut().zip(dy).zip(x).zip(mean) {
                *sum += f64::from(*dy) * (f64::from(*x) - mean);
            }
        }
    }

    fn normalize_rows(x: &[f32], y: &mut [f32], mean: &[f32], factor: &[f32], offset: &[f32]) {
        let n = mean.len();
        for (y, x) in y.chunks_mut(n).zip(x.chunks(n)) {
            for (((y, x), mean), (factor, offset)) in y.iter_mut().zip(x).zip(mean).zip(factor.iter().zip(offset)) {
                *y = (x - mean) * factor + offset;
            }
        }
    }

    /// `dx = factor * (dy - shift - (x - mean) * slope)`
    fn backprop_rows(dy: &[f32], x: &[f32], dx: &mut [f32], terms: &[Vec<f32>; 4]) {
        let [factor, shift, slope, mean] = terms;
        let n = mean.len();
        for (dx, (dy, x)) in dx.chunks_mut(n).zip(dy.chunks(n).zip(x.chunks(n))) {
            let terms = factor.iter().zip(shift).zip(slope.iter().zip(mean));
            for ((dx, (dy, x)), ((factor, shift), (slope, mean))) in dx.iter_mut().zip(dy.iter().zip(x)).zip(terms) {
                *dx = factor * (dy - shift - (x - mean) * slope);
            }
        }
    }
}

/// How many pixels are taken at a time.
fn together(channels: usize) -> usize {
    (NARROW / channels.max(1)).max(1)
}

/// The numbers of each channel, for as many pixels as are taken at a time.
fn repeated<T: Copy>(of_channel: impl Iterator<Item = T>, channels: usize) -> Vec<T> {
    of_channel.collect::<Vec<_>>().repeat(together(channels))
}

/// For each channel the sum of what `add` adds up for a block of `n` numbers.
fn sums(n: usize, channels: usize, add: impl Fn(Range<usize>, &mut [f64]) + Sync) -> Vec<f64> {
    let width = together(channels) * channels;
    let block = ROWS.next_multiple_of(together(channels)) * channels;
    let mut total = vec![0.0; channels];
    if n == 0 || channels == 0 {
        return total;
    }
    scratch::zeros(n.div_ceil(block) * width, |blocks: &mut [f64]| {
        for_each_chunk(blocks, width, |first, sums| {
            let start = first / width * block;
            add(start..(start + block).min(n), sums);
        });
        for sums in blocks.chunks_exact(channels) {
            total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        }
    });
    total
}

/// The mean of each channel, and its variance (divided by n).
pub fn moments(x: &[f32], channels: usize) -> (Vec<f64>, Vec<f64>) {
    let rows = x.len().checked_div(channels).unwrap_or(0) as f64;
    let average = |sums: Vec<f64>| -> Vec<f64> { sums.iter().map(|sum| sum / rows).collect() };
    let mean = average(sums(x.len(), channels, |at, sums| add_rows(&x[at], sums)));
    let wide = repeated(mean.iter().copied(), channels);
    let variance = average(sums(x.len(), channels, |at, sums| add_squares(&x[at], &wide, sums)));
    (mean, variance)
}

/// What a normalization is done with, for each channel.
#[derive(Debug)]
pub struct Statistics<'a> {
    /// The mean.
    pub mean: &'a [f64],
    /// The variance.
    pub variance: &'a [f64],
    /// What is added to the variance.
    pub epsilon: f64,
}

/// `y = (x - mean) / sqrt(variance + epsilon) * scale + offset`, by channel.
pub fn normalize(x: &[f32], s: &Statistics, scale: &[f32], offset: &[f32], y: &mut [f32]) {
    let channels = scale.len();
    let factor = (0..channels).map(|c| f64::from(scale[c]) / (s.variance[c] + s.epsilon).sqrt());
    let factor = repeated(factor.map(|x| x as f32), channels);
    let mean = repeated(s.mean.iter().map(|x| *x as f32), channels);
    let offset = repeated(offset.iter().copied(), channels);
    for_each_chunk(y, ROWS * mean.len(), |start, y| normalize_rows(&x[start..], y, &mean, &factor, &offset));
}

/// The gradients of [`normalize`]: into `dx`, and of the scale and the offset of each channel. If `training`, mean and
/// variance are those of `x`.
pub fn backprop(
    dy: &[f32],
    x: &[f32],
    s: &Statistics,
    scale: &[f32],
    training: bool,
    dx: &mut [f32],
) -> (Vec<f32>, Vec<f32>) {
    let channels = scale.len();
    let mean = repeated(s.mean.iter().copied(), channels);
    let sum = sums(x.len(), channels, |at, sums| add_rows(&dy[at], sums));
    let along = sums(x.len(), channels, |at, sums| add_products(&dy[at.clone()], &x[at], &mean, sums));
    let slopes = Slopes::new(s, scale, &sum, &along, training.then(|| x.len().checked_div(channels).unwrap_or(0)));
    let terms = slopes.terms.map(|of_channel| repeated(of_channel.into_iter(), channels));
    for_each_chunk(dx, ROWS * terms[0].len(), |start, dx| backprop_rows(&dy[start..], &x[start..], dx, &terms));
    (slopes.scale, slopes.offset)
}

/// What a gradient needs of each channel.
pub(super) struct Slopes {
    /// Factor, shift, slope and mean: `dx = factor * (dy - shift - (x - mean) * slope)`.
    pub(super) terms: [Vec<f32>; 4],
    /// The gradient of the scale.
    pub(super) scale: Vec<f32>,
    /// The gradient of the offset.
    pub(super) offset: Vec<f32>,
}

impl Slopes {
    /// `sum` is that of `dy`, `along` that of `dy * (x - mean)`; `rows` is how many numbers a channel has, if mean and
    /// variance follow from them.
    pub(super) fn new(s: &Statistics, scale: &[f32], sum: &[f64], along: &[f64], rows: Option<usize>) -> Self {
        let inverse: Vec<f64> = s.variance.iter().map(|v| 1.0 / (v + s.epsilon).sqrt()).collect();
        let of_channel = |c: usize| {
            let (shift, slope) = match rows {
                Some(rows) => (sum[c] / rows as f64, along[c] / rows as f64 * inverse[c].powi(2)),
                None => (0.0, 0.0),
            };
            [f64::from(scale[c]) * inverse[c], shift, slope, s.mean[c]].map(|x| x as f32)
        };
        Slopes {
            terms: [0, 1, 2, 3].map(|i| (0..scale.len()).map(|c| of_channel(c)[i]).collect()),
            scale: along.iter().zip(&inverse).map(|(along, inverse)| (along * inverse) as f32).collect(),
            offset: sum.iter().map(|sum| *sum as f32).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::cpu::tests::at_every_level;

    fn numbers(n: usize, k: usize) -> Vec<f32> {
        (0..n).map(|i| (i * k % 1009) as f32 / 300.0 - 1.5).collect()
    }

    /// Within a few roundings of single precision of the definition in double precision.
    #[test]
    fn all_of_it_matches_the_definition() {
        for (rows, channels) in [(1, 1), (5, 3), (5000, 1), (4500, 3), (2100, 70), (7, 64)] {
            let (x, dy) = (numbers(rows * channels, 7919), numbers(rows * channels, 31));
            let (scale, offset) = (numbers(channels, 13), numbers(channels, 17));
            let (mean, variance) = moments(&x, channels);
            let statistics = Statistics { mean: &mean, variance: &variance, epsilon: 0.01 };
            let (mut y, mut dx) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
            normalize(&x, &statistics, &scale, &offset, &mut y);
            let (dscale, doffset) = backprop(&dy, &x, &statistics, &scale, true, &mut dx);
            let near = |found: f64, expected: f64, size: f64| (found - expected).abs() <= 4e-6 * size.max(1.0);
            for c in 0..channels {
                let of = |v: &[f32]| -> Vec<f64> { (0..rows).map(|r| f64::from(v[r * channels + c])).collect() };
                let (x, y, dy, dx) = (of(&x), of(&y), of(&dy), of(&dx));
                let n = rows as f64;
                let m = x.iter().sum::<f64>() / n;
                let v = x.iter().map(|x| (x - m).powi(2)).sum::<f64>() / n;
                assert!(near(mean[c], m, 0.0) && near(variance[c], v, 0.0), "{rows} {channels}");
                let inverse = 1.0 / (v + 0.01).sqrt();
                let (scale, offset) = (f64::from(scale[c]), f64::from(offset[c]));
                let sum: f64 = dy.iter().sum();
                let along: f64 = dy.iter().zip(&x).map(|(dy, x)| dy * (x - m)).sum();
                assert!(near(f64::from(doffset[c]), sum, n), "{rows} {channels}");
                assert!(near(f64::from(dscale[c]), along * inverse, n), "{rows} {channels}");
                for r in 0..rows {
                    assert!(near(y[r], (x[r] - m) * inverse * scale + offset, 10.0), "{rows} {channels}");
                    let slope = along / n * inverse * inverse;
                    let expected = scale * inverse * (dy[r] - sum / n - (x[r] - m) * slope);
                    assert!(near(dx[r], expected, 100.0), "{rows} {channels}");
                }
            }
        }
    }

    #[test]
    fn every_level_gives_the_same_bits() {
        let x = numbers(5000 * 3, 7919);
        let results = at_every_level(|| moments(&x, 3));
        assert!(results.iter().all(|moments| *moments == results[0]));
    }
}
