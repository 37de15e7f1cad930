//! Local response normalization: each number divided by a power of the squares around it, along the channels.

use super::parallel::for_each_chunk;
use super::scratch;

/// `y = x / (bias + alpha * Σ x²)^beta`, the sum being over the channels at most `radius` away.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Lrn {
    pub channels: usize,
    pub radius: usize,
    pub bias: f32,
    pub alpha: f32,
    pub beta: f32,
}

/// Pixels of one part.
const PIXELS: usize = 256;

impl Lrn {
    fn around(&self, channel: usize) -> std::ops::Range<usize> {
        channel.saturating_sub(self.radius)..channel.saturating_add(self.radius).saturating_add(1).min(self.channels)
    }

    /// `bias + alpha * Σ x²` of each channel of a pixel.
    fn norms(&self, x: &[f32], norms: &mut [f32]) {
        for (channel, norm) in norms.iter_mut().enumerate() {
            *norm = self.bias + self.alpha * x[self.around(channel)].iter().map(|x| x * x).sum::<f32>();
        }
    }

    /// Normalizes every pixel of `x`.
    pub fn forward(&self, x: &[f32], y: &mut [f32]) {
        let n = self.channels;
        for_each_chunk(y, PIXELS * n, |start, y| {
            for (x, y) in x[start..].chunks_exact(n).zip(y.chunks_exact_mut(n)) {
                self.norms(x, y);
                y.iter_mut().zip(x).for_each(|(y, x)| *y = x * y.powf(-self.beta));
            }
        });
    }

    /// The gradient `dx` of `x`, for the gradient `dy` of `y`.
    pub fn backprop(&self, dy: &[f32], x: &[f32], y: &[f32], dx: &mut [f32]) {
        let n = self.channels;
        for_each_chunk(dx, PIXELS * n, |start, dx| {
            scratch::with(n, |norms: &mut [f32]| {
                let pixels =
                    dy[start..].chunks_exact(n).zip(x[start..].chunks_exact(n).zip(y[start..].chunks_exact(n)));
                for ((dy, (x, y)), dx) in pixels.zip(dx.chunks_exact_mut(n)) {
                    self.norms(x, norms);
                    dx.iter_mut().zip(&*norms).zip(dy).for_each(|((dx, norm), dy)| *dx = norm.powf(-self.beta) * dy);
                    // What each channel's number does to those around it.
                    for channel in 0..n {
                        let slope = -2.0 * self.alpha * self.beta * y[channel] / norms[channel] * dy[channel];
                        let around = self.around(channel);
                        dx[around.clone()].iter_mut().zip(&x[around]).for_each(|(dx, x)| *dx += slope * x);
                    }
                }
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the definition in f64; a difference of powers of some ten numbers each is right to 1e-5.
    #[test]
    fn values_and_slopes_match_the_definition() {
        let lrn = Lrn { channels: 7, radius: 2, bias: 1.5, alpha: 0.3, beta: 0.75 };
        let numbers = |k: usize| -> Vec<f32> { (0..7 * 600).map(|i| (i * k % 101) as f32 / 20.0 - 2.0).collect() };
        let (x, dy) = (numbers(37), numbers(11));
        let (mut y, mut dx) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
        lrn.forward(&x, &mut y);
        lrn.backprop(&dy, &x, &y, &mut dx);
        for pixel in 0..600 {
            let at = |v: &[f32], c: usize| f64::from(v[pixel * 7 + c]);
            let norm = |c: usize| {
                1.5 + 0.3f32 as f64 * (c.saturating_sub(2)..(c + 3).min(7)).map(|i| at(&x, i).powi(2)).sum::<f64>()
            };
            for c in 0..7 {
                let expected = at(&x, c) * norm(c).powf(-0.75);
                assert!((at(&y, c) - expected).abs() < 1e-5, "{pixel} {c}");
                let near = (c.saturating_sub(2)..(c + 3).min(7)).map(|i| {
                    -2.0 * f64::from(0.3f32) * 0.75 * at(&x, c) * at(&x, i) * norm(i).powf(-1.75) * at(&dy, i)
                });
                let expected = norm(c).powf(-0.75) * at(&dy, c) + near.sum::<f64>();
                assert!((at(&dx, c) - expected).abs() < 1e-5, "{pixel} {c}");
            }
        }
    }
}
