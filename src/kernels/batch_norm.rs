//! Batch normalization of NHWC images: every channel on its own. Sums are in f64, of blocks of rows that do not depend on
//! the number of threads, added in order.

use rayon::prelude::*;

use super::parallel::for_each_chunk;

/// Rows (pixels) of a block.
const ROWS: usize = 2048;

/// For each channel the sums of two numbers that `each` makes of an element's place and its channel.
fn sums(n: usize, channels: usize, each: impl Fn(usize, usize) -> [f64; 2] + Sync) -> Vec<[f64; 2]> {
    let rows = n.checked_div(channels).unwrap_or(0);
    let block = |start: usize| {
        let mut sums = vec![[0.0; 2]; channels];
        for row in start..(start + ROWS).min(rows) {
            for (c, sum) in sums.iter_mut().enumerate() {
                let [a, b] = each(row * channels + c, c);
                *sum = [sum[0] + a, sum[1] + b];
            }
        }
        sums
    };
    let blocks: Vec<Vec<[f64; 2]>> = (0..rows.div_ceil(ROWS)).into_par_iter().map(|i| block(i * ROWS)).collect();
    let mut total = vec![[0.0; 2]; channels];
    for block in blocks {
        total.iter_mut().zip(block).for_each(|(t, s)| *t = [t[0] + s[0], t[1] + s[1]]);
    }
    total
}

/// The mean of each channel, and its variance (divided by n).
pub fn moments(x: &[f32], channels: usize) -> (Vec<f64>, Vec<f64>) {
    let rows = x.len().checked_div(channels).unwrap_or(0) as f64;
    let mean: Vec<f64> = sums(x.len(), channels, |i, _| [f64::from(x[i]), 0.0]).iter().map(|s| s[0] / rows).collect();
    let squares = sums(x.len(), channels, |i, c| [(f64::from(x[i]) - mean[c]).powi(2), 0.0]);
    let variance = squares.iter().map(|s| s[0] / rows).collect();
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
    let terms: Vec<[f32; 3]> = (0..channels)
        .map(|c| {
            let factor = f64::from(scale[c]) / (s.variance[c] + s.epsilon).sqrt();
            [s.mean[c] as f32, factor as f32, offset[c]]
        })
        .collect();
    for_each_chunk(y, ROWS * channels, |start, y| {
        for (y, x) in y.chunks_mut(channels).zip(x[start..].chunks(channels)) {
            for ((y, x), [mean, factor, offset]) in y.iter_mut().zip(x).zip(&terms) {
                *y = (x - mean) * factor + offset;
            }
        }
    });
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
    let rows = x.len().checked_div(channels).unwrap_or(0) as f64;
    let inverse: Vec<f64> = s.variance.iter().map(|v| 1.0 / (v + s.epsilon).sqrt()).collect();
    let totals = sums(x.len(), channels, |i, c| {
        let dy = f64::from(dy[i]);
        [dy, dy * (f64::from(x[i]) - s.mean[c])]
    });
    // dx = factor * (dy - shift - (x - mean) * slope)
    let terms: Vec<[f32; 4]> = (0..channels)
        .map(|c| {
            let [sum, along] = totals[c];
            let (shift, slope) = if training { (sum / rows, along / rows * inverse[c].powi(2)) } else { (0.0, 0.0) };
            [f64::from(scale[c]) * inverse[c], shift, slope, s.mean[c]].map(|x| x as f32)
        })
        .collect();
    for_each_chunk(dx, ROWS * channels, |start, dx| {
        let rows = dy[start..].chunks(channels).zip(x[start..].chunks(channels));
        for (dx, (dy, x)) in dx.chunks_mut(channels).zip(rows) {
            for (c, [factor, shift, slope, mean]) in terms.iter().enumerate() {
                dx[c] = factor * (dy[c] - shift - (x[c] - mean) * slope);
            }
        }
    });
    let scale = totals.iter().zip(&inverse).map(|([_, along], inverse)| (along * inverse) as f32).collect();
    (scale, totals.iter().map(|[sum, _]| *sum as f32).collect())
}
