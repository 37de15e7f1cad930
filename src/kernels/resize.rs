//! Images of another size. What each row (and column) of the result is made of does not depend on the columns (rows), so a
//! resize is two lists of weighted places.

use super::Plain;
use super::parallel::for_each_chunk;
use super::scratch;
use super::simd::vectorized;
use crate::value::Number;

/// For each place along one dimension of the result, which places of the image it is made of, with what weights.
#[derive(Clone, Debug)]
pub struct Taps {
    /// Where each place's list ends.
    ends: Vec<usize>,
    places: Vec<(usize, f32)>,
}

/// How places of the result and of the image correspond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// The first pixels lie on one another.
    Start,
    /// The first and the last do.
    Corners,
    /// The edges do: pixels are where their middles are.
    Edges,
}

impl Align {
    /// Pixels of the image for one of the result.
    fn scale(self, from: usize, to: usize) -> f32 {
        match self {
            Align::Corners if to > 1 => (from - 1) as f32 / (to - 1) as f32,
            _ => from as f32 / to as f32,
        }
    }

    /// Where in the image the place `i` of the result lies.
    fn at(self, i: usize, scale: f32) -> f32 {
        match self {
            Align::Edges => (i as f32 + 0.5) * scale - 0.5,
            _ => i as f32 * scale,
        }
    }

    /// The place nearest to place `i` of the result.
    fn nearest(self, i: usize, scale: f32, from: usize) -> usize {
        let at = match self {
            Align::Start => (i as f32 * scale).floor(),
            Align::Corners => (i as f32 * scale).round(),
            Align::Edges => ((i as f32 + 0.5) * scale).floor(),
        };
        (at.max(0.0) as usize).min(from - 1)
    }
}

/// Steps between two places for which there are cubic weights.
const STEPS: usize = 1 << 10;

/// The weights at distance `x` < 1 and at `x + 1`.
fn cubic(step: usize, a: f32) -> (f32, f32) {
    let x = step as f32 / STEPS as f32;
    let near = ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
    let x = x + 1.0;
    (near, ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a)
}

impl Taps {
    /// `from` and `to` are above 0.
    fn new(to: usize, of: impl Fn(usize, &mut Vec<(usize, f32)>)) -> Self {
        let mut taps = Taps { ends: Vec::with_capacity(to), places: Vec::new() };
        for i in 0..to {
            of(i, &mut taps.places);
            taps.ends.push(taps.places.len());
        }
        taps
    }

    /// The two places around, by distance.
    pub fn linear(from: usize, to: usize, align: Align) -> Self {
        let scale = align.scale(from, to);
        Taps::new(to, |i, places| {
            let at = align.at(i, scale);
            let low = at.floor();
            let rest = at - low;
            places.push(((low.max(0.0) as usize).min(from - 1), 1.0 - rest));
            places.push(((at.ceil().max(0.0) as usize).min(from - 1), rest));
        })
    }

    /// The four places around, by a cubic spline.
    pub fn cubic(from: usize, to: usize, align: Align) -> Self {
        let scale = align.scale(from, to);
        let edges = align == Align::Edges;
        let a = if edges { -0.5 } else { -0.75 };
        Taps::new(to, |i, places| {
            let at = align.at(i, scale);
            let low = at.floor();
            let step = ((at - low) * STEPS as f32).round_ties_even() as usize;
            let (left, right) = (cubic(step, a), cubic(STEPS - step, a));
            let mut four = [left.1, left.0, right.0, right.1].map(|weight| (0, weight));
            for (place, distance) in four.iter_mut().zip([-1.0, 0.0, 1.0, 2.0]) {
                let wanted = low + distance;
                let bound = wanted.clamp(0.0, (from - 1) as f32);
                *place = (bound as usize, if edges && bound != wanted { 0.0 } else { place.1 });
            }
            let sum: f32 = four.iter().map(|(_, weight)| weight).sum();
            if edges && sum.abs() >= 1000.0 * f32::MIN_POSITIVE {
                four.iter_mut().for_each(|(_, weight)| *weight /= sum);
            }
            places.extend(four);
        })
    }

    /// The mean of all that a place covers.
    pub fn area(from: usize, to: usize, align: Align) -> Self {
        let scale = align.scale(from, to);
        Taps::new(to, |i, places| {
            let (start, end) = (i as f32 * scale, (i + 1) as f32 * scale);
            for place in start.floor() as usize..end.ceil() as usize {
                let (here, next) = (place as f32, (place + 1) as f32);
                let covered = match (here < start, next > end) {
                    (true, true) => scale,
                    (true, false) => next - start,
                    (false, true) => end - here,
                    (false, false) => 1.0,
                };
                places.push((place.min(from - 1), covered / scale));
            }
        })
    }

    /// The nearest place.
    pub fn nearest(from: usize, to: usize, align: Align) -> Self {
        let scale = align.scale(from, to);
        Taps::new(to, |i, places| places.push((align.nearest(i, scale, from), 1.0)))
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn of(&self, i: usize) -> &[(usize, f32)] {
        &self.places[i.checked_sub(1).map_or(0, |before| self.ends[before])..self.ends[i]]
    }
}

/// A resize of NHWC images.
#[derive(Clone, Debug)]
pub struct Resize {
    /// The height of the images.
    pub height: usize,
    /// Their width.
    pub width: usize,
    /// Their channels.
    pub channels: usize,
    /// What each row of the result is made of.
    pub rows: Taps,
    /// What each column of the result is made of.
    pub columns: Taps,
}

vectorized! {
    fn add_row<T: Number>(x: &[T], weight: f32, sum: &mut [f32]) {
        for (sum, x) in sum.iter_mut().zip(x) {
            *sum += weight * x.to_f64() as f32;
        }
    }

    fn add_back<T: Number>(row: &[f32], weight: f32, dx: &mut [T]) {
        for (dx, row) in dx.iter_mut().zip(row) {
            *dx = dx.plus(T::from_f64(f64::from(weight * row)));
        }
    }
}

impl Resize {
    fn sizes(&self) -> (usize, usize) {
        (self.width * self.channels, self.columns.len() * self.channels)
    }

    /// `y` is `x` resized.
    pub fn forward<T: Number>(&self, x: &[T], y: &mut [f32]) {
        let (from, to) = self.sizes();
        for_each_chunk(y, to, |start, y| {
            let row = start / to.max(1);
            let image = &x[row / self.rows.len() * self.height * from..][..self.height * from];
            scratch::zeros(from, |sum: &mut [f32]| {
                for (place, weight) in self.rows.of(row % self.rows.len()) {
                    add_row(&image[place * from..][..from], *weight, sum);
                }
                for (j, y) in y.chunks_exact_mut(self.channels).enumerate() {
                    y.fill(0.0);
                    for (place, weight) in self.columns.of(j) {
                        let pixel = &sum[place * self.channels..];
                        y.iter_mut().zip(pixel).for_each(|(y, x)| *y += weight * x);
                    }
                }
            });
        });
    }

    /// The gradient `dx` of `x`, for the gradient `dy` of `y`.
    pub fn backprop<T: Number + Plain>(&self, dy: &[f32], dx: &mut [T]) {
        let (from, to) = self.sizes();
        for_each_chunk(dx, self.height * from, |start, dx| {
            let image = start / (self.height * from).max(1) * self.rows.len();
            dx.fill(T::ZERO);
            for i in 0..self.rows.len() {
                let dy = &dy[(image + i) * to..][..to];
                scratch::zeros(from, |sum: &mut [f32]| {
                    for (j, dy) in dy.chunks_exact(self.channels.max(1)).enumerate() {
                        for (place, weight) in self.columns.of(j) {
                            let pixel = &mut sum[place * self.channels..][..self.channels];
                            pixel.iter_mut().zip(dy).for_each(|(sum, dy)| *sum += weight * dy);
                        }
                    }
                    for (place, weight) in self.rows.of(i) {
                        add_back(sum, *weight, &mut dx[place * from..][..from]);
                    }
                });
            }
        });
    }

    /// `y` is made of the places of `x` alone, whatever their weights.
    pub fn pick<T: Copy + Send + Sync>(&self, x: &[T], y: &mut [T]) {
        let (from, to) = self.sizes();
        for_each_chunk(y, to, |start, y| {
            let row = start / to.max(1);
            let image = &x[row / self.rows.len() * self.height * from..][..self.height * from];
            let row = &image[self.rows.of(row % self.rows.len())[0].0 * from..][..from];
            for (j, y) in y.chunks_exact_mut(self.channels).enumerate() {
                y.copy_from_slice(&row[self.columns.of(j)[0].0 * self.channels..][..self.channels]);
            }
        });
    }

    /// The gradient of [`pick`](Resize::pick).
    pub fn pick_back<T: Number>(&self, dy: &[T], dx: &mut [T]) {
        let (from, to) = self.sizes();
        for_each_chunk(dx, self.height * from, |start, dx| {
            let image = start / (self.height * from).max(1) * self.rows.len();
            dx.fill(T::ZERO);
            for i in 0..self.rows.len() {
                let row = &mut dx[self.rows.of(i)[0].0 * from..][..from];
                for (j, dy) in dy[(image + i) * to..][..to].chunks_exact(self.channels.max(1)).enumerate() {
                    let pixel = &mut row[self.columns.of(j)[0].0 * self.channels..][..self.channels];
                    pixel.iter_mut().zip(dy).for_each(|(dx, dy)| *dx = dx.plus(*dy));
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, k: usize) -> Vec<f32> {
        (0..n).map(|i| (i * k % 101) as f32 / 10.0).collect()
    }

    /// Sums of some ten products of numbers below 10 are right to 1e-4, forward and back.
    #[test]
    fn a_resize_and_its_gradient_are_one_matrix() {
        for align in [Align::Start, Align::Corners, Align::Edges] {
            for make in [Taps::linear, Taps::cubic, Taps::area, Taps::nearest] {
                let (height, width, channels, h, w) = (4, 5, 2, 7, 3);
                let resize =
                    Resize { height, width, channels, rows: make(height, h, align), columns: make(width, w, align) };
                let (x, dy) = (numbers(2 * height * width * channels, 37), numbers(2 * h * w * channels, 11));
                let (mut y, mut dx) = (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()]);
                resize.forward(&x, &mut y);
                resize.backprop(&dy, &mut dx);
                let dot =
                    |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
                assert!((dot(&y, &dy) - dot(&x, &dx)).abs() < 1e-4 * dot(&x, &dx).abs(), "{align:?}");
                let at = |n: usize, i: usize, j: usize, c: usize| x[((n * height + i) * width + j) * channels + c];
                for (place, y) in y.iter().enumerate() {
                    let (c, j) = (place % channels, place / channels % w);
                    let (i, n) = (place / channels / w % h, place / channels / w / h);
                    let sum = resize
                        .rows
                        .of(i)
                        .iter()
                        .flat_map(|(a, p)| resize.columns.of(j).iter().map(move |(b, q)| p * q * at(n, *a, *b, c)));
                    assert!((y - sum.sum::<f32>()).abs() < 1e-4, "{align:?} {place}");
                }
            }
        }
    }

    #[test]
    fn picking_copies() {
        let resize = Resize {
            height: 2,
            width: 2,
            channels: 1,
            rows: Taps::nearest(2, 4, Align::Start),
            columns: Taps::nearest(2, 1, Align::Start),
        };
        let (mut y, mut dx) = ([0; 4], [9; 4]);
        resize.pick(&[1, 2, 3, 4], &mut y);
        resize.pick_back(&[1, 10, 100, 1000], &mut dx);
        assert_eq!((y, dx), ([1, 1, 3, 3], [11, 0, 1100, 0]));
    }
}
