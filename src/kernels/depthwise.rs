//! Convolution of each channel with filters of its own, and its two gradients. The sizes are those of a convolution whose
//! filter has `in_c * multiplier = out_c` channels; output channel `c * multiplier + m` is made of channel `c`.
//!
//! All three go row by row and add up products of a row of the image, one of the result and the weights between them. Where
//! the columns of both run in step, several pixels of few channels are taken together, so that vectors are full.

use std::ops::Range;

use super::conv::Conv2d;
use super::parallel::for_each_chunk;
use super::simd::vectorized;
use super::{Plain, scratch};
use crate::value::Number;

/// Fewer channels than this are taken several pixels at a time.
const NARROW: usize = 64;
/// Numbers of one part, in whole rows.
const PART: usize = 1 << 14;
/// Parts of a filter's gradient, which are added in order.
const PARTS: usize = 32;

vectorized! {
    /// `sum += x * w` for pixels of as many numbers as `w` has, which are `step` pixels apart in `x` and `gap` in `sum`.
    fn add_weighted<T: Number>(x: &[T], step: usize, w: &[T], sum: &mut [T], gap: usize) {
        let n = w.len();
        for (x, sum) in x.chunks(step.saturating_mul(n)).zip(sum.chunks_mut(gap.saturating_mul(n))) {
            let n = n.min(sum.len());
            for ((sum, x), w) in sum[..n].iter_mut().zip(x).zip(w) {
                *sum = sum.plus(x.times(*w));
            }
        }
    }

    /// `sums += x * dy` for pixels of as many numbers as there are `sums`, which are `step` pixels apart in `x`.
    fn add_products<T: Number>(x: &[T], step: usize, dy: &[T], sums: &mut [T]) {
        let n = sums.len();
        for (x, dy) in x.chunks(step.saturating_mul(n)).zip(dy.chunks(n)) {
            for ((sum, x), dy) in sums.iter_mut().zip(x).zip(dy) {
                *sum = sum.plus(x.times(*dy));
            }
        }
    }
}

/// The columns of a row of the result that a filter element joins with columns of the image, and the first of the latter.
fn columns(s: &Conv2d, kx: usize) -> (Range<usize>, usize) {
    let shift = kx * s.dilation_w;
    let first = s.pad_left.saturating_sub(shift).div_ceil(s.stride_w);
    let last = (s.in_w + s.pad_left).saturating_sub(shift).div_ceil(s.stride_w).min(s.out_w);
    (first..last.max(first), (first.saturating_mul(s.stride_w).saturating_add(shift)).saturating_sub(s.pad_left))
}

/// The row of the image that a filter element joins with row `i` of the result.
fn row(s: &Conv2d, i: usize, ky: usize) -> Option<usize> {
    (i * s.stride_h + ky * s.dilation_h).checked_sub(s.pad_top).filter(|&y| y < s.in_h)
}

/// How many pixels are taken at a time.
fn together(s: &Conv2d) -> usize {
    if s.stride_w == 1 { (NARROW / s.out_c.max(1)).max(1) } else { 1 }
}

/// Runs `f` with each channel's number of `x` once for each of its filters.
fn spread<T: Plain, R>(s: &Conv2d, x: &[T], f: impl FnOnce(&[T]) -> R) -> R {
    let multiplier = s.out_c / s.in_c;
    if multiplier == 1 {
        return f(x);
    }
    scratch::with(x.len() * multiplier, |wide: &mut [T]| {
        wide.chunks_exact_mut(multiplier).zip(x).for_each(|(wide, x)| wide.fill(*x));
        f(wide)
    })
}

/// Runs `f` with the filter's weights, those of each element as often as pixels are taken together.
fn with_weights<T: Plain, R>(s: &Conv2d, w: &[T], f: impl FnOnce(&[T]) -> R) -> R {
    let times = together(s);
    if times == 1 {
        return f(w);
    }
    scratch::with(w.len() * times, |wide: &mut [T]| {
        for (wide, w) in wide.chunks_exact_mut(s.out_c * times).zip(w.chunks_exact(s.out_c)) {
            wide.chunks_exact_mut(s.out_c).for_each(|wide| wide.copy_from_slice(w));
        }
        f(wide)
    })
}

/// Every number of `row` is the sum of `each` of what `f` adds up. Near at hand, since a row that is read and one that is
/// written may hinder each other where they lie a multiple of a page apart.
fn with_sums<T: Number + Plain>(row: &mut [T], each: usize, f: impl FnOnce(&mut [T])) {
    scratch::zeros(row.len() * each, |sums: &mut [T]| {
        f(sums);
        if each == 1 {
            return row.copy_from_slice(sums);
        }
        for (x, sums) in row.iter_mut().zip(sums.chunks_exact(each)) {
            *x = sums.iter().fold(T::ZERO, |sum, x| sum.plus(*x));
        }
    });
}

fn no_filter(s: &Conv2d) -> bool {
    s.out_c == 0 || s.in_c == 0 || s.k_h == 0 || s.k_w == 0
}

/// Rows of one part.
fn rows_of_part(width: usize) -> usize {
    (PART / width.max(1)).max(1)
}

/// `y` is `x` convolved with the filter `w`.
pub fn forward<T: Number + Plain>(s: &Conv2d, x: &[T], w: &[T], y: &mut [T]) {
    let (from, to) = (s.in_w * s.in_c, s.out_w * s.out_c);
    if no_filter(s) || from == 0 {
        return y.fill(T::ZERO);
    }
    with_weights(s, w, |w| {
        for_each_chunk(y, rows_of_part(to) * to, |start, y| {
            for (i, y) in y.chunks_exact_mut(to).enumerate() {
                let (n, i) = ((start / to + i) / s.out_h, (start / to + i) % s.out_h);
                with_sums(y, 1, |sums| {
                    for (ky, row) in (0..s.k_h).filter_map(|ky| Some((ky, row(s, i, ky)?))) {
                        spread(s, &x[(n * s.in_h + row) * from..][..from], |x| forward_row(s, x, w, ky, sums));
                    }
                });
            }
        });
    });
}

/// The weights of an element of the filter.
fn element<'a, T>(s: &Conv2d, w: &'a [T], ky: usize, kx: usize) -> &'a [T] {
    let n = w.len() / (s.k_h * s.k_w);
    &w[(ky * s.k_w + kx) * n..][..n]
}

fn forward_row<T: Number>(s: &Conv2d, x: &[T], w: &[T], ky: usize, y: &mut [T]) {
    let c = s.out_c;
    for kx in 0..s.k_w {
        let (columns, first) = columns(s, kx);
        if !columns.is_empty() {
            let y = &mut y[columns.start * c..columns.end * c];
            add_weighted(&x[first * c..], s.stride_w, element(s, w, ky, kx), y, 1);
        }
    }
}

/// The gradient `dx` of `x`, for the gradient `dy` of `y`.
pub fn backprop_input<T: Number + Plain>(s: &Conv2d, w: &[T], dy: &[T], dx: &mut [T]) {
    let (from, to) = (s.in_w * s.in_c, s.out_w * s.out_c);
    if no_filter(s) || from == 0 {
        return dx.fill(T::ZERO);
    }
    let multiplier = s.out_c / s.in_c;
    with_weights(s, w, |w| {
        for_each_chunk(dx, rows_of_part(from) * from, |start, dx| {
            for (i, dx) in dx.chunks_exact_mut(from).enumerate() {
                let (n, y) = ((start / from + i) / s.in_h, (start / from + i) % s.in_h);
                let image = &dy[n * s.out_h * to..][..s.out_h * to];
                with_sums(dx, multiplier, |sums| backprop_row(s, image, w, y, sums));
            }
        });
    });
}

/// Adds up what row `y` of an image gets of the gradient `dy` of its result.
fn backprop_row<T: Number>(s: &Conv2d, dy: &[T], w: &[T], y: usize, dx: &mut [T]) {
    let (c, to) = (s.out_c, s.out_w * s.out_c);
    for ky in 0..s.k_h {
        let Some(above) = (y + s.pad_top).checked_sub(ky * s.dilation_h) else { continue };
        let i = above / s.stride_h;
        if !above.is_multiple_of(s.stride_h) || i >= s.out_h {
            continue;
        }
        for kx in 0..s.k_w {
            let (columns, first) = columns(s, kx);
            if !columns.is_empty() {
                let dy = &dy[i * to..][columns.start * c..columns.end * c];
                let reach = ((columns.len() - 1) * s.stride_w + 1) * c;
                add_weighted(dy, 1, element(s, w, ky, kx), &mut dx[first * c..][..reach], s.stride_w);
            }
        }
    }
}

/// The gradient `dw` of the filter, for the gradient `dy` of `y`.
pub fn backprop_filter<T: Number + Plain>(s: &Conv2d, x: &[T], dy: &[T], dw: &mut [T]) {
    dw.fill(T::ZERO);
    let (from, to) = (s.in_w * s.in_c, s.out_w * s.out_c);
    let rows = s.batch * s.out_h;
    if no_filter(s) || rows == 0 || from == 0 || to == 0 {
        return;
    }
    let (times, c) = (together(s), s.out_c);
    let (part, width) = (rows.div_ceil(PARTS).max(rows_of_part(to)), dw.len() * times);
    scratch::zeros(rows.div_ceil(part) * width, |parts: &mut [T]| {
        for_each_chunk(parts, width, |start, sums| {
            let first = start / width * part;
            for at in first..(first + part).min(rows) {
                let (n, i) = (at / s.out_h, at % s.out_h);
                for (ky, row) in (0..s.k_h).filter_map(|ky| Some((ky, row(s, i, ky)?))) {
                    let x = &x[(n * s.in_h + row) * from..][..from];
                    spread(s, x, |x| filter_row(s, x, &dy[at * to..][..to], ky, sums));
                }
            }
        });
        for sums in parts.chunks_exact(width) {
            for (dw, sums) in dw.chunks_exact_mut(c).zip(sums.chunks_exact(c * times)) {
                for sums in sums.chunks_exact(c) {
                    dw.iter_mut().zip(sums).for_each(|(dw, sum)| *dw = dw.plus(*sum));
                }
            }
        }
    });
}

fn filter_row<T: Number>(s: &Conv2d, x: &[T], dy: &[T], ky: usize, sums: &mut [T]) {
    let (c, n) = (s.out_c, sums.len() / (s.k_h * s.k_w));
    for kx in 0..s.k_w {
        let (columns, first) = columns(s, kx);
        if !columns.is_empty() {
            let sums = &mut sums[(ky * s.k_w + kx) * n..][..n];
            add_products(&x[first * c..], s.stride_w, &dy[columns.start * c..columns.end * c], sums);
        }
    }
}

/// The same of NCHW images: every plane on its own.
pub mod nchw {
    use super::*;

    /// As [`super::forward`].
    pub fn forward<T: Number>(s: &Conv2d, x: &[T], w: &[T], y: &mut [T]) {
        let (from, to) = (s.in_h * s.in_w, s.out_h * s.out_w);
        if no_filter(s) || from == 0 {
            return y.fill(T::ZERO);
        }
        for_each_chunk(y, to, |start, y| {
            let (n, channel) = (start / to / s.out_c, start / to % s.out_c);
            let x = &x[(n * s.in_c + channel / (s.out_c / s.in_c)) * from..][..from];
            y.fill(T::ZERO);
            for (i, y) in y.chunks_exact_mut(s.out_w).enumerate() {
                for_each_element(s, i, |ky, kx, row, columns, first| {
                    let weight = [w[(ky * s.k_w + kx) * s.out_c + channel]];
                    add_weighted(&x[row * s.in_w + first..(row + 1) * s.in_w], s.stride_w, &weight, &mut y[columns], 1);
                });
            }
        });
    }

    /// As [`super::backprop_input`].
    pub fn backprop_input<T: Number>(s: &Conv2d, w: &[T], dy: &[T], dx: &mut [T]) {
        let (from, to) = (s.in_h * s.in_w, s.out_h * s.out_w);
        if no_filter(s) || from == 0 {
            return dx.fill(T::ZERO);
        }
        let multiplier = s.out_c / s.in_c;
        for_each_chunk(dx, from, |start, dx| {
            let plane = start / from;
            dx.fill(T::ZERO);
            for channel in (0..multiplier).map(|k| plane % s.in_c * multiplier + k) {
                let dy = &dy[(plane / s.in_c * s.out_c + channel) * to..][..to];
                for i in 0..s.out_h {
                    for_each_element(s, i, |ky, kx, row, columns, first| {
                        let weight = [w[(ky * s.k_w + kx) * s.out_c + channel]];
                        let reach = (columns.len() - 1) * s.stride_w + 1;
                        let dx = &mut dx[row * s.in_w + first..][..reach];
                        add_weighted(&dy[i * s.out_w..][columns], 1, &weight, dx, s.stride_w);
                    });
                }
            }
        });
    }

    /// As [`super::backprop_filter`], each channel's filter on one thread.
    pub fn backprop_filter<T: Number + Plain>(s: &Conv2d, x: &[T], dy: &[T], dw: &mut [T]) {
        dw.fill(T::ZERO);
        let (from, to) = (s.in_h * s.in_w, s.out_h * s.out_w);
        if no_filter(s) || from == 0 || to == 0 {
            return;
        }
        let (multiplier, elements) = (s.out_c / s.in_c, s.k_h * s.k_w);
        scratch::zeros(dw.len(), |by_channel: &mut [T]| {
            for_each_chunk(by_channel, elements, |start, sums| {
                let channel = start / elements;
                for n in 0..s.batch {
                    let x = &x[(n * s.in_c + channel / multiplier) * from..][..from];
                    let dy = &dy[(n * s.out_c + channel) * to..][..to];
                    for i in 0..s.out_h {
                        for_each_element(s, i, |ky, kx, row, columns, first| {
                            let x = &x[row * s.in_w + first..(row + 1) * s.in_w];
                            let sum = &mut sums[ky * s.k_w + kx..][..1];
                            add_products(x, s.stride_w, &dy[i * s.out_w..][columns], sum);
                        });
                    }
                }
            });
            for (channel, sums) in by_channel.chunks_exact(elements).enumerate() {
                sums.iter().enumerate().for_each(|(k, sum)| dw[k * s.out_c + channel] = *sum);
            }
        });
    }

    /// Calls `f` for each filter element that joins row `i` of the result with a row of the image: the element, that row,
    /// the columns of the result, and the first of the image's.
    fn for_each_element(s: &Conv2d, i: usize, mut f: impl FnMut(usize, usize, usize, Range<usize>, usize)) {
        for (ky, row) in (0..s.k_h).filter_map(|ky| Some((ky, row(s, i, ky)?))) {
            for kx in 0..s.k_w {
                let (columns, first) = columns(s, kx);
                if !columns.is_empty() {
                    f(ky, kx, row, columns, first);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The three directions by the definition, in whole numbers.
    fn definition(s: &Conv2d, x: &[i64], w: &[i64], dy: &[i64]) -> [Vec<i64>; 3] {
        let (mut y, mut dx, mut dw) = (vec![0; dy.len()], vec![0; x.len()], vec![0; w.len()]);
        for (out, y) in y.iter_mut().enumerate() {
            let (channel, j) = (out % s.out_c, out / s.out_c % s.out_w);
            let (i, n) = (out / s.out_c / s.out_w % s.out_h, out / s.out_c / s.out_w / s.out_h);
            for (ky, kx) in (0..s.k_h).flat_map(|ky| (0..s.k_w).map(move |kx| (ky, kx))) {
                let row = (i * s.stride_h + ky * s.dilation_h).wrapping_sub(s.pad_top);
                let column = (j * s.stride_w + kx * s.dilation_w).wrapping_sub(s.pad_left);
                if row < s.in_h && column < s.in_w {
                    let from = ((n * s.in_h + row) * s.in_w + column) * s.in_c + channel / (s.out_c / s.in_c);
                    let weight = (ky * s.k_w + kx) * s.out_c + channel;
                    *y += x[from] * w[weight];
                    dx[from] += dy[out] * w[weight];
                    dw[weight] += dy[out] * x[from];
                }
            }
        }
        [y, dx, dw]
    }

    fn to_planes(x: &[i64], pixels: usize, channels: usize) -> Vec<i64> {
        let at = |i: usize| (i / channels / pixels * pixels + i % pixels) * channels + i / pixels % channels;
        (0..x.len()).map(|i| x[at(i)]).collect()
    }

    #[test]
    fn all_directions_match_the_definition() {
        for (in_c, multiplier, k, stride, dilation, pad, batch) in [
            (1, 1, 3, 1, 1, 1, 2),
            (3, 1, 3, 1, 1, 0, 1),
            (3, 2, 2, 2, 1, 1, 2),
            (70, 1, 3, 2, 1, 1, 1),
            (5, 3, 2, 1, 3, 2, 3),
            (2, 1, 5, 3, 2, 8, 40),
        ] {
            let (in_h, in_w) = (9, 11);
            let size = |n: usize| (n + 2 * pad - (k - 1) * dilation - 1) / stride + 1;
            let (out_h, out_w, out_c) = (size(in_h), size(in_w), in_c * multiplier);
            let s = Conv2d {
                batch,
                in_h,
                in_w,
                in_c,
                k_h: k,
                k_w: k,
                out_c,
                out_h,
                out_w,
                stride_h: stride,
                stride_w: stride,
                dilation_h: dilation,
                dilation_w: dilation,
                pad_top: pad,
                pad_left: pad,
            };
            let numbers = |n: usize, step: usize| -> Vec<i64> { (0..n).map(|i| (i * step % 23) as i64 - 11).collect() };
            let (x, w) = (numbers(batch * in_h * in_w * in_c, 7), numbers(k * k * out_c, 5));
            let dy = numbers(batch * out_h * out_w * out_c, 3);
            let expected = definition(&s, &x, &w, &dy);
            let mut found = [vec![99; dy.len()], vec![99; x.len()], vec![99; w.len()]];
            forward(&s, &x, &w, &mut found[0]);
            backprop_input(&s, &w, &dy, &mut found[1]);
            backprop_filter(&s, &x, &dy, &mut found[2]);
            assert_eq!(found, expected, "{s:?}");
            let (x, dy) = (to_planes(&x, in_h * in_w, in_c), to_planes(&dy, out_h * out_w, out_c));
            nchw::forward(&s, &x, &w, &mut found[0]);
            nchw::backprop_input(&s, &w, &dy, &mut found[1]);
            nchw::backprop_filter(&s, &x, &dy, &mut found[2]);
            let [y, dx, dw] = expected;
            assert_eq!(found, [to_planes(&y, out_h * out_w, out_c), to_planes(&dx, in_h * in_w, in_c), dw], "{s:?}");
        }
    }
}
