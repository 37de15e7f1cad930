//! Max and average pooling of NHWC images, and their gradients. Of several largest elements of a window the first
//! in row-major order wins; padding never does.

use std::ops::Range;

use super::parallel::for_each_part;
use super::simd::vectorized;
use super::{Plain, scratch};
use crate::value::Number;

/// The sizes of a pooling. Padding is before the first row and column; what is needed after the last follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Pool2d {
    pub batch: usize,
    pub in_h: usize,
    pub in_w: usize,
    pub channels: usize,
    pub k_h: usize,
    pub k_w: usize,
    pub out_h: usize,
    pub out_w: usize,
    pub stride_h: usize,
    pub stride_w: usize,
    pub pad_top: usize,
    pub pad_left: usize,
}

impl Pool2d {
    fn input_len(&self) -> usize {
        self.in_h * self.in_w * self.channels
    }

    fn output_len(&self) -> usize {
        self.out_h * self.out_w * self.channels
    }

    /// The rows of the image under row `i` of the result.
    #[inline(always)]
    fn rows(&self, i: usize) -> Range<usize> {
        span(i * self.stride_h, self.pad_top, self.k_h, self.in_h)
    }

    /// The columns of the image under column `j` of the result.
    #[inline(always)]
    fn columns(&self, j: usize) -> Range<usize> {
        span(j * self.stride_w, self.pad_left, self.k_w, self.in_w)
    }

    /// Where the numbers of a pixel of an image stand.
    #[inline(always)]
    fn pixel(&self, row: usize, column: usize) -> Range<usize> {
        let start = (row * self.in_w + column) * self.channels;
        start..start + self.channels
    }

    /// Where those of a pixel of the result stand.
    #[inline(always)]
    fn result(&self, i: usize, j: usize) -> Range<usize> {
        let start = (i * self.out_w + j) * self.channels;
        start..start + self.channels
    }
}

#[inline(always)]
fn span(from: usize, pad: usize, k: usize, n: usize) -> Range<usize> {
    from.saturating_sub(pad)..(from + k).saturating_sub(pad).min(n)
}

/// `best` is the largest of a window, channel by channel; untouched if it holds padding only.
#[inline(always)]
fn window_max<T: Number>(s: &Pool2d, x: &[T], rows: Range<usize>, columns: Range<usize>, best: &mut [T]) {
    let mut first = true;
    for row in rows {
        for column in columns.clone() {
            let x = &x[s.pixel(row, column)];
            if first {
                best.copy_from_slice(x);
                first = false;
                continue;
            }
            for (best, x) in best.iter_mut().zip(x) {
                *best = if *x > *best { *x } else { *best };
            }
        }
    }
}

/// `winner` says which pixel of a window has the largest number, channel by channel; the first one of several, and no
/// NaN but one that comes first. `best` is that number.
#[inline(always)]
fn window_winner<T: Number>(
    s: &Pool2d,
    x: &[T],
    rows: Range<usize>,
    columns: Range<usize>,
    best: &mut [T],
    winner: &mut [u32],
) {
    winner.fill(0);
    let mut pixel = 0;
    for row in rows {
        for column in columns.clone() {
            let x = &x[s.pixel(row, column)];
            if pixel == 0 {
                best.copy_from_slice(x);
            }
            for ((best, winner), x) in best.iter_mut().zip(winner.iter_mut()).zip(x) {
                let larger = *x > *best;
                *best = if larger { *x } else { *best };
                *winner = if larger { pixel } else { *winner };
            }
            pixel += 1;
        }
    }
}

vectorized! {
    fn max_image<T: Number>(s: &Pool2d, x: &[T], y: &mut [T], lowest: T) {
        for i in 0..s.out_h {
            for j in 0..s.out_w {
                let y = &mut y[s.result(i, j)];
                y.fill(lowest);
                window_max(s, x, s.rows(i), s.columns(j), y);
            }
        }
    }

    fn max_backprop_image<T: Number>(
        s: &Pool2d,
        x: &[T],
        dy: &[T],
        dx: &mut [T],
        best: &mut [T],
        winner: &mut [u32],
    ) {
        dx.fill(T::ZERO);
        for i in 0..s.out_h {
            for j in 0..s.out_w {
                window_winner(s, x, s.rows(i), s.columns(j), best, winner);
                let dy = &dy[s.result(i, j)];
                let mut pixel = 0;
                for row in s.rows(i) {
                    for column in s.columns(j) {
                        let dx = &mut dx[s.pixel(row, column)];
                        for ((dx, dy), winner) in dx.iter_mut().zip(dy).zip(&*winner) {
                            *dx = dx.plus(if *winner == pixel { *dy } else { T::ZERO });
                        }
                        pixel += 1;
                    }
                }
            }
        }
    }

    fn max_second_image<T: Number>(
        s: &Pool2d,
        x: &[T],
        ddx: &[T],
        ddy: &mut [T],
        best: &mut [T],
        winner: &mut [u32],
    ) {
        ddy.fill(T::ZERO);
        for i in 0..s.out_h {
            for j in 0..s.out_w {
                window_winner(s, x, s.rows(i), s.columns(j), best, winner);
                let ddy = &mut ddy[s.result(i, j)];
                let mut pixel = 0;
                for row in s.rows(i) {
                    for column in s.columns(j) {
                        let ddx = &ddx[s.pixel(row, column)];
                        for ((ddy, ddx), winner) in ddy.iter_mut().zip(ddx).zip(&*winner) {
                            *ddy = if *winner == pixel { *ddx } else { *ddy };
                        }
                        pixel += 1;
                    }
                }
            }
        }
    }

    fn avg_image<T: Number>(s: &Pool2d, x: &[T], y: &mut [T]) {
        for i in 0..s.out_h {
            for j in 0..s.out_w {
                let y = &mut y[s.result(i, j)];
                y.fill(T::ZERO);
                for row in s.rows(i) {
                    for column in s.columns(j) {
                        for (y, x) in y.iter_mut().zip(&x[s.pixel(row, column)]) {
                            *y = y.plus(*x);
                        }
                    }
                }
                let count = (s.rows(i).len() * s.columns(j).len()) as f64;
                for y in y {
                    *y = T::from_f64(y.to_f64() / count);
                }
            }
        }
    }

    /// `share` holds a number for each channel.
    fn avg_backprop_image<T: Number>(s: &Pool2d, dy: &[T], dx: &mut [T], share: &mut [T]) {
        dx.fill(T::ZERO);
        for i in 0..s.out_h {
            for j in 0..s.out_w {
                let count = (s.rows(i).len() * s.columns(j).len()) as f64;
                for (share, dy) in share.iter_mut().zip(&dy[s.result(i, j)]) {
                    *share = T::from_f64(dy.to_f64() / count);
                }
                for row in s.rows(i) {
                    for column in s.columns(j) {
                        for (dx, share) in dx[s.pixel(row, column)].iter_mut().zip(&*share) {
                            *dx = dx.plus(*share);
                        }
                    }
                }
            }
        }
    }
}

/// As [`max_forward`]; `places` says where in its image each window's winner stands, in `y` the first of several.
pub fn max_with_places<T: Number + Plain>(s: &Pool2d, x: &[T], y: &mut [T], places: &mut [usize]) {
    let (input, output) = (s.input_len(), s.output_len());
    assert_eq!(
        (x.len(), y.len(), places.len()),
        (s.batch * input, s.batch * output, y.len()),
        "the sizes of a pooling"
    );
    each_image(places, output, |n, places| {
        with_winners(s, |best, winner| {
            for (i, j) in (0..s.out_h).flat_map(|i| (0..s.out_w).map(move |j| (i, j))) {
                let (rows, columns) = (s.rows(i), s.columns(j));
                let width = columns.len().max(1);
                window_winner(s, image(x, n, input), rows.clone(), columns.clone(), best, winner);
                for ((channel, place), winner) in places[s.result(i, j)].iter_mut().enumerate().zip(&*winner) {
                    let pixel = *winner as usize;
                    *place = s.pixel(rows.start + pixel / width, columns.start + pixel % width).start + channel;
                }
            }
        });
    });
    for ((y, places), n) in y.chunks_mut(output.max(1)).zip(places.chunks(output.max(1))).zip(0..) {
        let x = image(x, n, input);
        y.iter_mut().zip(places).for_each(|(y, place)| *y = x.get(*place).copied().unwrap_or(T::LOWEST));
    }
}

/// Memory for the winners of a window.
fn with_winners<T: Plain>(s: &Pool2d, f: impl FnOnce(&mut [T], &mut [u32])) {
    scratch::with(s.channels, |best: &mut [T]| scratch::with(s.channels, |winner: &mut [u32]| f(best, winner)));
}

/// Image `n` of a batch.
fn image<T>(batch: &[T], n: usize, len: usize) -> &[T] {
    &batch[n * len..(n + 1) * len]
}

/// `y` is the largest of each window of `x`; `lowest` where a window holds padding only.
pub fn max_forward<T: Number>(s: &Pool2d, x: &[T], y: &mut [T], lowest: T) {
    assert_eq!((x.len(), y.len()), (s.batch * s.input_len(), s.batch * s.output_len()), "the sizes of a pooling");
    each_image(y, s.output_len(), |n, y| max_image(s, image(x, n, s.input_len()), y, lowest));
}

/// `dx` is `dy` where each window's winner stands, added up where windows share one, and zero elsewhere.
pub fn max_backprop<T: Number + Plain>(s: &Pool2d, x: &[T], dy: &[T], dx: &mut [T]) {
    let (input, output) = (s.input_len(), s.output_len());
    assert_eq!((x.len(), dy.len(), dx.len()), (s.batch * input, s.batch * output, x.len()), "the sizes of a pooling");
    each_image(dx, input, |n, dx| {
        with_winners(s, |best, winner| {
            max_backprop_image(s, image(x, n, input), image(dy, n, output), dx, best, winner);
        });
    });
}

/// `ddy` is `ddx` where each window's winner stands.
pub fn max_backprop_second<T: Number + Plain>(s: &Pool2d, x: &[T], ddx: &[T], ddy: &mut [T]) {
    let (input, output) = (s.input_len(), s.output_len());
    assert_eq!((x.len(), ddx.len(), ddy.len()), (s.batch * input, x.len(), s.batch * output), "the sizes of a pooling");
    each_image(ddy, output, |n, ddy| {
        with_winners(s, |best, winner| {
            max_second_image(s, image(x, n, input), image(ddx, n, input), ddy, best, winner);
        });
    });
}

/// `y` is the mean of each window of `x`; padding is not counted.
pub fn avg_forward<T: Number>(s: &Pool2d, x: &[T], y: &mut [T]) {
    assert_eq!((x.len(), y.len()), (s.batch * s.input_len(), s.batch * s.output_len()), "the sizes of a pooling");
    each_image(y, s.output_len(), |n, y| avg_image(s, image(x, n, s.input_len()), y));
}

/// `dx` is each window's `dy` divided among its numbers.
pub fn avg_backprop<T: Number + Plain>(s: &Pool2d, dy: &[T], dx: &mut [T]) {
    assert_eq!((dy.len(), dx.len()), (s.batch * s.output_len(), s.batch * s.input_len()), "the sizes of a pooling");
    each_image(dx, s.input_len(), |n, dx| {
        scratch::with(s.channels, |share: &mut [T]| {
            avg_backprop_image(s, image(dy, n, s.output_len()), dx, share);
        });
    });
}

fn each_image<T: Send>(data: &mut [T], len: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    const SMALL: usize = 1 << 14;
    for_each_part(data.len() <= SMALL, data, len, f);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_match_the_definition() {
        for &(k, stride, pad) in &[(2, 2, 0), (3, 2, 1), (3, 1, 1), (2, 3, 0), (4, 4, 3)] {
            let (in_h, in_w, channels, batch) = (7, 6, 3, 2);
            let size = |n: usize| (n + 2 * pad - k) / stride + 1;
            let s = Pool2d {
                batch,
                in_h,
                in_w,
                channels,
                k_h: k,
                k_w: k,
                out_h: size(in_h),
                out_w: size(in_w),
                stride_h: stride,
                stride_w: stride,
                pad_top: pad,
                pad_left: pad,
            };
            // Many equal numbers: the first of a window wins.
            let x: Vec<i32> = (0..batch * s.input_len()).map(|i| (i * 31 % 5) as i32).collect();
            let dy: Vec<i32> = (0..batch * s.output_len()).map(|i| i as i32 + 1).collect();
            let ddx: Vec<i32> = (0..x.len()).map(|i| i as i32 * 3).collect();
            let (mut y, mut dx, mut ddy) = (vec![i32::MIN; dy.len()], vec![0; x.len()], vec![0; dy.len()]);
            for out in 0..dy.len() {
                let (c, j) = (out % channels, out / channels % s.out_w);
                let (i, n) = (out / channels / s.out_w % s.out_h, out / s.output_len());
                let mut winner = None;
                for (a, b) in (0..k).flat_map(|a| (0..k).map(move |b| (a, b))) {
                    let (yy, xx) = ((i * stride + a).wrapping_sub(pad), (j * stride + b).wrapping_sub(pad));
                    if yy < in_h && xx < in_w {
                        let place = ((n * in_h + yy) * in_w + xx) * channels + c;
                        if winner.is_none_or(|w: usize| x[place] > x[w]) {
                            winner = Some(place);
                        }
                    }
                }
                if let Some(place) = winner {
                    y[out] = x[place];
                    dx[place] += dy[out];
                    ddy[out] = ddx[place];
                }
            }
            let (mut y2, mut dx2, mut ddy2) = (vec![9; y.len()], vec![9; x.len()], vec![9; y.len()]);
            max_forward(&s, &x, &mut y2, i32::MIN);
            max_backprop(&s, &x, &dy, &mut dx2);
            max_backprop_second(&s, &x, &ddx, &mut ddy2);
            assert_eq!((y, dx, ddy), (y2, dx2, ddy2), "{s:?}");
        }
    }
}
