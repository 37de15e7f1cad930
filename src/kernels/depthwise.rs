//! Convolution of each channel with filters of its own, and its two gradients. The sizes are those of a convolution whose
//! filter has `in_c * multiplier = out_c` channels; output channel `c * multiplier + m` is made of channel `c`.

use rayon::prelude::*;

use super::conv::Conv2d;
use crate::value::Number;

/// Calls `f` for each pair of pixels that a filter element joins in an image: the output's and the input's pixel.
fn pixels(s: &Conv2d, ky: usize, kx: usize, mut f: impl FnMut(usize, usize)) {
    let place = |out: usize, stride: usize, k: usize, dilation: usize, pad: usize, n: usize| {
        (out * stride + k * dilation).checked_sub(pad).filter(|&i| i < n)
    };
    for i in 0..s.out_h {
        let Some(y) = place(i, s.stride_h, ky, s.dilation_h, s.pad_top, s.in_h) else { continue };
        for j in 0..s.out_w {
            if let Some(x) = place(j, s.stride_w, kx, s.dilation_w, s.pad_left, s.in_w) {
                f(i * s.out_w + j, y * s.in_w + x);
            }
        }
    }
}

/// The places of the filter's elements.
fn elements(s: &Conv2d) -> impl Iterator<Item = (usize, usize)> + Clone + use<> {
    let (k_h, k_w) = (s.k_h, s.k_w);
    (0..k_h).flat_map(move |ky| (0..k_w).map(move |kx| (ky, kx)))
}

fn lens(s: &Conv2d) -> (usize, usize) {
    (s.in_h * s.in_w * s.in_c, s.out_h * s.out_w * s.out_c)
}

/// `y` is `x` convolved with the filter `w`.
pub fn forward<T: Number>(s: &Conv2d, x: &[T], w: &[T], y: &mut [T]) {
    let (x_len, y_len) = lens(s);
    let multiplier = s.out_c.checked_div(s.in_c).unwrap_or(0);
    if y_len == 0 {
        return;
    }
    y.par_chunks_mut(y_len).enumerate().for_each(|(n, y)| {
        let x = &x[n * x_len..(n + 1) * x_len];
        y.fill(T::ZERO);
        for (ky, kx) in elements(s) {
            let w = &w[(ky * s.k_w + kx) * s.out_c..][..s.out_c];
            pixels(s, ky, kx, |out, input| {
                let y = &mut y[out * s.out_c..][..s.out_c];
                let x = &x[input * s.in_c..][..s.in_c];
                for ((y, w), x) in y.chunks_mut(multiplier).zip(w.chunks(multiplier)).zip(x) {
                    y.iter_mut().zip(w).for_each(|(y, w)| *y = y.plus(x.times(*w)));
                }
            });
        }
    });
}

/// The gradient `dx` of `x`, for the gradient `dy` of `y`.
pub fn backprop_input<T: Number>(s: &Conv2d, w: &[T], dy: &[T], dx: &mut [T]) {
    let (x_len, y_len) = lens(s);
    let multiplier = s.out_c.checked_div(s.in_c).unwrap_or(0);
    if x_len == 0 {
        return;
    }
    dx.par_chunks_mut(x_len).enumerate().for_each(|(n, dx)| {
        let dy = &dy[n * y_len..(n + 1) * y_len];
        dx.fill(T::ZERO);
        if multiplier == 0 {
            return;
        }
        for (ky, kx) in elements(s) {
            let w = &w[(ky * s.k_w + kx) * s.out_c..][..s.out_c];
            pixels(s, ky, kx, |out, input| {
                let dy = &dy[out * s.out_c..][..s.out_c];
                let dx = &mut dx[input * s.in_c..][..s.in_c];
                for ((dx, dy), w) in dx.iter_mut().zip(dy.chunks(multiplier)).zip(w.chunks(multiplier)) {
                    dy.iter().zip(w).for_each(|(dy, w)| *dx = dx.plus(dy.times(*w)));
                }
            });
        }
    });
}

/// The gradient `dw` of the filter, for the gradient `dy` of `y`: each filter element's on one thread.
pub fn backprop_filter<T: Number>(s: &Conv2d, x: &[T], dy: &[T], dw: &mut [T]) {
    let (x_len, y_len) = lens(s);
    let multiplier = s.out_c.checked_div(s.in_c).unwrap_or(0);
    if s.out_c == 0 {
        return;
    }
    dw.par_chunks_mut(s.out_c).zip(elements(s).collect::<Vec<_>>()).for_each(|(dw, (ky, kx))| {
        dw.fill(T::ZERO);
        for n in 0..s.batch {
            let (x, dy) = (&x[n * x_len..(n + 1) * x_len], &dy[n * y_len..(n + 1) * y_len]);
            pixels(s, ky, kx, |out, input| {
                let dy = &dy[out * s.out_c..][..s.out_c];
                let x = &x[input * s.in_c..][..s.in_c];
                for ((dw, dy), x) in dw.chunks_mut(multiplier).zip(dy.chunks(multiplier)).zip(x) {
                    dw.iter_mut().zip(dy).for_each(|(dw, dy)| *dw = dw.plus(x.times(*dy)));
                }
            });
        }
    });
}
