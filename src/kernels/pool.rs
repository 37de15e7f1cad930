//! Max and average pooling of NHWC images, and their gradients. Of several largest elements of a window the first
//! in row-major order wins; padding never does.

use std::ops::AddAssign;

use rayon::prelude::*;

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

    /// Calls `f` for each window of an image: where its result starts, and where its pixels in the image do.
    fn windows(&self, mut f: impl FnMut(usize, &mut dyn Iterator<Item = usize>)) {
        let span = |i: usize, stride: usize, pad: usize, k: usize, n: usize| {
            let from = i * stride;
            from.saturating_sub(pad)..(from + k).saturating_sub(pad).min(n)
        };
        for i in 0..self.out_h {
            let rows = span(i, self.stride_h, self.pad_top, self.k_h, self.in_h);
            for j in 0..self.out_w {
                let columns = span(j, self.stride_w, self.pad_left, self.k_w, self.in_w);
                let mut pixels = rows
                    .clone()
                    .flat_map(|y| columns.clone().map(move |x| (y, x)))
                    .map(|(y, x)| (y * self.in_w + x) * self.channels);
                f((i * self.out_w + j) * self.channels, &mut pixels);
            }
        }
    }

    /// Calls `f` for each result with its place in the image's output and the place of its maximum in the image.
    fn winners<T: PartialOrd + Copy>(&self, x: &[T], mut f: impl FnMut(usize, usize)) {
        let mut best: Vec<(T, usize)> = Vec::with_capacity(self.channels);
        self.windows(|out, pixels| {
            best.clear();
            if let Some(first) = pixels.next() {
                best.extend(x[first..first + self.channels].iter().enumerate().map(|(c, x)| (*x, first + c)));
            }
            for pixel in pixels {
                for (c, (best, x)) in best.iter_mut().zip(&x[pixel..]).enumerate() {
                    if *x > best.0 {
                        *best = (*x, pixel + c);
                    }
                }
            }
            best.iter().enumerate().for_each(|(c, (_, place))| f(out + c, *place));
        });
    }
}

/// `y` is the largest of each window of `x`; `lowest` where a window holds padding only.
pub fn max_forward<T: PartialOrd + Copy + Send + Sync>(s: &Pool2d, x: &[T], y: &mut [T], lowest: T) {
    assert_eq!((x.len(), y.len()), (s.batch * s.input_len(), s.batch * s.output_len()), "the sizes of a pooling");
    each_image(y, s.output_len(), |n, y| {
        let x = &x[n * s.input_len()..(n + 1) * s.input_len()];
        s.windows(|out, pixels| {
            let y = &mut y[out..out + s.channels];
            match pixels.next() {
                Some(first) => y.copy_from_slice(&x[first..first + s.channels]),
                None => y.fill(lowest),
            }
            for pixel in pixels {
                for (y, x) in y.iter_mut().zip(&x[pixel..pixel + s.channels]) {
                    *y = if *x > *y { *x } else { *y };
                }
            }
        });
    });
}

/// `dx` is `dy` where each window's winner stands, added up where windows share one, and zero elsewhere.
pub fn max_backprop<T>(s: &Pool2d, x: &[T], dy: &[T], dx: &mut [T])
where
    T: PartialOrd + Copy + Send + Sync + AddAssign + Default,
{
    assert_eq!(
        (x.len(), dy.len(), dx.len()),
        (s.batch * s.input_len(), s.batch * s.output_len(), x.len()),
        "the sizes of a pooling"
    );
    each_image(dx, s.input_len(), |n, dx| {
        dx.fill(T::default());
        let dy = &dy[n * s.output_len()..(n + 1) * s.output_len()];
        s.winners(&x[n * s.input_len()..(n + 1) * s.input_len()], |out, place| dx[place] += dy[out]);
    });
}

/// `ddy` is `ddx` where each window's winner stands.
pub fn max_backprop_second<T>(s: &Pool2d, x: &[T], ddx: &[T], ddy: &mut [T])
where
    T: PartialOrd + Copy + Send + Sync + Default,
{
    assert_eq!(
        (x.len(), ddx.len(), ddy.len()),
        (s.batch * s.input_len(), x.len(), s.batch * s.output_len()),
        "the sizes of a pooling"
    );
    each_image(ddy, s.output_len(), |n, ddy| {
        ddy.fill(T::default());
        let image = n * s.input_len()..(n + 1) * s.input_len();
        let ddx = &ddx[image.clone()];
        s.winners(&x[image], |out, place| ddy[out] = ddx[place]);
    });
}

/// `y` is the mean of each window of `x`; padding is not counted.
pub fn avg_forward<T: Number>(s: &Pool2d, x: &[T], y: &mut [T]) {
    assert_eq!((x.len(), y.len()), (s.batch * s.input_len(), s.batch * s.output_len()), "the sizes of a pooling");
    each_image(y, s.output_len(), |n, y| {
        let x = &x[n * s.input_len()..(n + 1) * s.input_len()];
        s.windows(|out, pixels| {
            let y = &mut y[out..out + s.channels];
            y.fill(T::ZERO);
            let mut count = 0;
            for pixel in pixels {
                y.iter_mut().zip(&x[pixel..]).for_each(|(y, x)| *y = y.plus(*x));
                count += 1;
            }
            y.iter_mut().for_each(|y| *y = T::from_f64(y.to_f64() / f64::from(count)));
        });
    });
}

/// `dx` is each window's `dy` divided among its numbers.
pub fn avg_backprop<T: Number>(s: &Pool2d, dy: &[T], dx: &mut [T]) {
    assert_eq!((dy.len(), dx.len()), (s.batch * s.output_len(), s.batch * s.input_len()), "the sizes of a pooling");
    each_image(dx, s.input_len(), |n, dx| {
        dx.fill(T::ZERO);
        let dy = &dy[n * s.output_len()..(n + 1) * s.output_len()];
        let mut places = Vec::with_capacity(s.k_h * s.k_w);
        s.windows(|out, pixels| {
            places.clear();
            places.extend(pixels);
            for &place in &places {
                for (dx, dy) in dx[place..].iter_mut().zip(&dy[out..out + s.channels]) {
                    *dx = dx.plus(T::from_f64(dy.to_f64() / places.len() as f64));
                }
            }
        });
    });
}

fn each_image<T: Send>(data: &mut [T], len: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    const SMALL: usize = 1 << 14;
    if len == 0 {
        return;
    }
    if data.len() <= SMALL {
        data.chunks_mut(len).enumerate().for_each(|(n, image)| f(n, image));
    } else {
        data.par_chunks_mut(len).enumerate().for_each(|(n, image)| f(n, image));
    }
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
