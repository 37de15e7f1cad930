//! Two-dimensional convolution of NHWC images with HWIO filters, and its two gradients; also together with what often
//! follows: bias, ReLU and max-pooling.
//!
//! Everything works on one image at a time, or on some rows of it, in memory that the thread keeps.

mod direct;
mod frame;
pub mod nchw;
mod pooled;
mod sparse;
#[cfg(test)]
mod tests;
mod windows;
mod winograd;

use std::ops::Range;

use self::frame::Frame;
use self::windows::Windows;
use super::cpu::{Level, level};
use super::gemm::GemmElement;
use super::parallel::{for_each_pair_of_parts, for_each_part};
use super::pool::Pool2d;
use super::scratch;
use super::simd::vectorized;

/// The sizes of a convolution. Zero padding is before the first row and column; what is needed after the last follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Conv2d {
    pub batch: usize,
    pub in_h: usize,
    pub in_w: usize,
    pub in_c: usize,
    pub k_h: usize,
    pub k_w: usize,
    pub out_c: usize,
    pub out_h: usize,
    pub out_w: usize,
    pub stride_h: usize,
    pub stride_w: usize,
    pub dilation_h: usize,
    pub dilation_w: usize,
    pub pad_top: usize,
    pub pad_left: usize,
}

/// What becomes of each sum of a convolution before it is stored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Post<'a> {
    /// Added to it: a number for each output channel.
    pub bias: Option<&'a [f32]>,
    /// Then, whether it is 0 unless positive. NaN stays NaN.
    pub relu: bool,
}

/// Where the gradients of a convolution go. Those that are `None` are not computed.
#[derive(Debug, Default)]
pub struct Gradients<'a> {
    /// That of the images.
    pub x: Option<&'a mut [f32]>,
    /// That of the filter.
    pub w: Option<&'a mut [f32]>,
    /// That of the bias.
    pub bias: Option<&'a mut [f32]>,
}

/// In the place of a winner: nothing flows back.
pub const DEAD: u8 = u8::MAX;

/// Computes some rows of an image's convolution.
type Convolve<'a, T> = dyn Fn(&[T], Range<usize>, &mut [T]) + Sync + 'a;
/// Computes some rows of an image's pooled convolution, and the winners.
type ConvolveAndPool<'a> = dyn Fn(&[f32], Range<usize>, &mut [f32], &mut [u8]) + Sync + 'a;
/// Computes the gradient of an image from that of its convolution.
type Back<'a, T> = dyn Fn(&[T], &mut [T]) + Sync + 'a;

/// Below this many multiplications a convolution is not split.
const SMALL: usize = 1 << 19;
/// Numbers of the output that are computed at a time, so that they stay in the cache until used.
const BAND: usize = 1 << 16;
/// The most parts of a batch whose filter gradients are summed up each on its own: fixed, so that sums do not depend on
/// the number of threads.
const BLOCKS: usize = 16;
/// The most numbers that all of these sums have together, if there are more than four.
const BLOCKS_LEN: usize = 1 << 22;

impl Conv2d {
    fn input_len(&self) -> usize {
        self.in_h * self.in_w * self.in_c
    }

    fn output_len(&self) -> usize {
        self.out_h * self.out_w * self.out_c
    }

    fn filter_len(&self) -> usize {
        self.k_h * self.k_w * self.in_c * self.out_c
    }

    fn is_small(&self) -> bool {
        self.batch * self.out_h * self.out_w * self.filter_len() <= SMALL
    }

    fn image<'a, T>(&self, x: &'a [T], n: usize) -> &'a [T] {
        &x[n * self.input_len()..(n + 1) * self.input_len()]
    }

    /// What some rows of the output are computed from.
    fn frame(&self, rows: &Range<usize>) -> Frame {
        Frame {
            top: self.pad_top as isize - (rows.start * self.stride_h) as isize,
            left: self.pad_left as isize,
            height: (rows.len() - 1) * self.stride_h + (self.k_h - 1) * self.dilation_h + 1,
            width: (self.out_w - 1) * self.stride_w + (self.k_w - 1) * self.dilation_w + 1,
            pitch: self.in_c,
            image: [self.in_h, self.in_w, self.in_c],
        }
    }

    fn check<T>(&self, x: Option<&[T]>, w: Option<&[T]>, y: &[T]) {
        let fits = |data: Option<&[T]>, len| data.is_none_or(|data| data.len() == len);
        assert!(
            fits(x, self.batch * self.input_len())
                && fits(w, self.filter_len())
                && fits(Some(y), self.batch * self.output_len()),
            "the sizes of a convolution"
        );
    }
}

impl Post<'_> {
    fn check(&self, s: &Conv2d) {
        assert!(self.bias.is_none_or(|bias| bias.len() == s.out_c), "the size of a bias");
    }

    fn apply(&self, y: &mut [f32]) {
        if let Some(bias) = self.bias {
            y.chunks_exact_mut(bias.len().max(1)).for_each(|y| y.iter_mut().zip(bias).for_each(|(y, bias)| *y += bias));
        }
        if self.relu {
            y.iter_mut().for_each(|y| *y = if *y > 0.0 || y.is_nan() { *y } else { 0.0 });
        }
    }
}

/// `y[n, i, j, o] = Σ x[n, i * stride + a * dilation - pad, …, c] * w[a, b, c, o]`.
pub fn forward<T: GemmElement>(s: &Conv2d, x: &[T], w: &[T], y: &mut [T]) {
    if let (Some(x), Some(w), Some(y)) = (T::singles(x), T::singles(w), T::singles_mut(y)) {
        return forward_post(s, x, w, Post::default(), y);
    }
    s.check(Some(x), Some(w), y);
    if w.is_empty() || y.is_empty() {
        y.fill(T::default());
        return;
    }
    direct::with_forward(level(), s, w, |convolve| each_band(s, x, y, convolve, |_| {}));
}

/// [`forward`], then `post`.
pub fn forward_post(s: &Conv2d, x: &[f32], w: &[f32], post: Post, y: &mut [f32]) {
    forward_post_at(level(), s, x, w, post, y);
}

fn forward_post_at(level: Level, s: &Conv2d, x: &[f32], w: &[f32], post: Post, y: &mut [f32]) {
    s.check(Some(x), Some(w), y);
    post.check(s);
    if w.is_empty() || y.is_empty() {
        y.fill(0.0);
        return post.apply(y);
    }
    with_forward(level, s, x, w, |convolve| each_band(s, x, y, convolve, |y| post.apply(y)));
}

fn each_band<T: GemmElement>(
    s: &Conv2d,
    x: &[T],
    y: &mut [T],
    convolve: &Convolve<T>,
    post: impl Fn(&mut [T]) + Sync + Send,
) {
    let row = s.out_w * s.out_c;
    let rows = (BAND / row).clamp(1, s.out_h);
    for_each_part(s.is_small(), y, s.output_len(), |n, y| {
        for_each_part(s.is_small(), y, rows * row, |band, y| {
            convolve(s.image(x, n), band * rows..band * rows + y.len() / row, y);
            post(y);
        });
    });
}

fn with_forward<R>(level: Level, s: &Conv2d, x: &[f32], w: &[f32], f: impl FnOnce(&Convolve<f32>) -> R) -> R {
    if winograd::suits(s) && winograd::are_moderate(w) && winograd::are_moderate(x) {
        winograd::with_forward(level, s, w, f)
    } else {
        direct::with_forward(level, s, w, f)
    }
}

/// [`forward`], then `post`, then max-pooling of the result: `y` is what [`max_forward`](super::pool::max_forward) gives.
///
/// `winners` tells for each number of `y` which one of its window it is: its place in the window, row by row and with
/// the padding counted, or [`DEAD`] where nothing flows back: where `post.relu` and the winner is not positive, and where
/// a window holds padding only. A window has at most 254 elements.
pub fn forward_pooled(s: &Conv2d, pool: &Pool2d, x: &[f32], w: &[f32], post: Post, y: &mut [f32], winners: &mut [u8]) {
    forward_pooled_at(level(), s, pool, x, w, post, y, winners);
}

#[allow(clippy::too_many_arguments)]
fn forward_pooled_at(
    level: Level,
    s: &Conv2d,
    pool: &Pool2d,
    x: &[f32],
    w: &[f32],
    post: Post,
    y: &mut [f32],
    winners: &mut [u8],
) {
    pooled::check(s, pool);
    post.check(s);
    let row = pool.out_w * pool.channels;
    let image = pool.out_h * row;
    assert!(
        (x.len(), w.len(), y.len(), winners.len())
            == (s.batch * s.input_len(), s.filter_len(), s.batch * image, s.batch * image),
        "the sizes of a convolution with pooling"
    );
    if y.is_empty() {
        return;
    }
    let rows = pooled::rows_of_band(s, pool);
    let mut each_band = |convolve_and_pool: &ConvolveAndPool| {
        let band = |n: usize, band: usize, y: &mut [f32], winners: &mut [u8]| {
            let rows = band * rows..band * rows + y.len() / row;
            convolve_and_pool(s.image(x, n), rows, y, winners);
        };
        for_each_pair_of_parts(s.is_small(), (&mut *y, &mut *winners), [image; 2], |n, y, winners| {
            for_each_pair_of_parts(s.is_small(), (y, winners), [rows * row; 2], |i, y, winners| band(n, i, y, winners));
        });
    };
    let mut in_two_steps = |convolve: &Convolve<f32>| {
        each_band(&|image, rows, y, winners| {
            pooled::convolve_and_pool(level, s, pool, convolve, post, image, rows, y, winners);
        });
    };
    if w.is_empty() || s.output_len() == 0 {
        in_two_steps(&|_, _, y| y.fill(0.0));
    } else if let Some(windows) = Windows::new(level, s, pool) {
        windows.with_forward(w, post, each_band);
    } else {
        with_forward(level, s, x, w, in_two_steps);
    }
}

/// The gradient of [`forward`] with respect to `x`.
pub fn backprop_input<T: GemmElement>(s: &Conv2d, w: &[T], dy: &[T], dx: &mut [T]) {
    if let (Some(w), Some(dy), Some(dx)) = (T::singles(w), T::singles(dy), T::singles_mut(dx)) {
        let gradients = Gradients { x: Some(dx), ..Gradients::default() };
        return backprop_dense_at(level(), s, None, w, None, dy, gradients);
    }
    s.check(Some(dx), Some(w), dy);
    if dx.is_empty() || dy.is_empty() || w.is_empty() {
        return dx.fill(T::default());
    }
    direct::with_backprop_input(level(), s, w, |back| {
        for_each_part(s.is_small(), dx, s.input_len(), |n, dx| back(part(dy, s.output_len(), n), dx));
    });
}

/// The gradient of [`forward`] with respect to `w`.
pub fn backprop_filter<T: GemmElement>(s: &Conv2d, x: &[T], dy: &[T], dw: &mut [T]) {
    if let (Some(x), Some(dy), Some(dw)) = (T::singles(x), T::singles(dy), T::singles_mut(dw)) {
        let gradients = Gradients { w: Some(dw), ..Gradients::default() };
        return backprop_dense_at(level(), s, Some(x), &[], None, dy, gradients);
    }
    s.check(Some(x), Some(dw), dy);
    dw.fill(T::default());
    if dw.is_empty() || dy.is_empty() {
        return;
    }
    let image = |n: usize, _: Option<&mut [T]>, dw: &mut [T]| {
        direct::add_filter_gradient(level(), s, s.image(x, n), part(dy, s.output_len(), n), dw);
    };
    in_blocks(s, dw.len(), None, image, |sum| dw.copy_from_slice(sum));
}

fn part<T>(data: &[T], len: usize, n: usize) -> &[T] {
    &data[n * len..(n + 1) * len]
}

/// Calls `image` for each image with its part of `dx`, and with `len` numbers to add to; then `finish` with these.
fn in_blocks<T: GemmElement>(
    s: &Conv2d,
    len: usize,
    dx: Option<&mut [T]>,
    image: impl Fn(usize, Option<&mut [T]>, &mut [T]) + Sync,
    finish: impl FnOnce(&[T]),
) {
    let most = (BLOCKS_LEN / len.max(1)).clamp(4, BLOCKS);
    let images = s.batch.div_ceil(most).max(1);
    let blocks = s.batch.div_ceil(images);
    let run = |block: usize, dx: Option<&mut [T]>, sum: &mut [T]| {
        let mut dx = dx.map(|dx| dx.chunks_exact_mut(s.input_len()));
        for n in block * images..((block + 1) * images).min(s.batch) {
            image(n, dx.as_mut().and_then(Iterator::next), sum);
        }
    };
    let mut dxs: Vec<Option<&mut [T]>> = match dx {
        Some(dx) => dx.chunks_mut(images * s.input_len()).map(Some).collect(),
        None => (0..blocks).map(|_| None).collect(),
    };
    // One number more keeps the parts apart if there is nothing to sum up.
    let pitch = len.max(1);
    scratch::zeros(blocks * pitch, |sums| {
        for_each_pair_of_parts(s.is_small(), (&mut *sums, &mut dxs), [pitch, 1], |block, sum, dx| {
            run(block, dx.iter_mut().find_map(Option::take), &mut sum[..len]);
        });
        let (sum, more) = sums.split_at_mut(pitch.min(sums.len()));
        for more in more.chunks_exact(pitch) {
            sum.iter_mut().zip(more).for_each(|(sum, x)| *sum = sum.plus(*x));
        }
        finish(&sum[..len]);
    });
}

/// The gradients of [`forward_post`] from the gradient `dy` of its result. Where `features` are given, the result of a
/// ReLU, `dy` counts only where they are positive.
pub fn backprop_dense(s: &Conv2d, x: &[f32], w: &[f32], features: Option<&[f32]>, dy: &[f32], gradients: Gradients) {
    backprop_dense_at(level(), s, Some(x), w, features, dy, gradients);
}

/// Without images there is no gradient of the filter; without a filter, none of the images.
fn backprop_dense_at(
    level: Level,
    s: &Conv2d,
    x: Option<&[f32]>,
    w: &[f32],
    features: Option<&[f32]>,
    dy: &[f32],
    mut gradients: Gradients,
) {
    s.check(x, gradients.x.is_some().then_some(w), dy);
    gradients.check(s);
    assert!(features.is_none_or(|features| features.len() == dy.len()), "the sizes of a convolution");
    if gradients.are_empty(s) || dy.is_empty() {
        return gradients.clear();
    }
    let moderate = winograd::suits_gradients(s) && winograd::are_moderate(dy);
    let filter_x = x.filter(|x| gradients.w.is_some() && !x.is_empty());
    let dense = DenseFilter::new(level, s, filter_x, moderate);
    let bias_len = gradients.bias.as_ref().map_or(0, |bias| bias.len());
    let dx = gradients.x.take();
    with_back(level, s, w, moderate, dx.is_some(), |back| {
        let image = |n: usize, dx: Option<&mut [f32]>, sum: &mut [f32]| {
            let dy = part(dy, s.output_len(), n);
            let (dw, bias) = sum.split_at_mut(dense.len());
            with_masked(features.map(|features| part(features, s.output_len(), n)), dy, |dy| {
                if let (Some(back), Some(dx)) = (back, dx) {
                    back(dy, dx);
                }
                if let Some(x) = x {
                    dense.add(s.image(x, n), dy, dw);
                }
                add_rows(dy, bias);
            });
        };
        in_blocks(s, dense.len() + bias_len, dx, image, |sum| {
            if let Some(dw) = gradients.w {
                dense.finish(&sum[..dense.len()], dw);
            }
            if let Some(bias) = gradients.bias {
                bias.copy_from_slice(&sum[dense.len()..]);
            }
        });
    });
}

impl Gradients<'_> {
    fn check(&self, s: &Conv2d) {
        let fits = |data: &Option<&mut [f32]>, len| data.as_ref().is_none_or(|data| data.len() == len);
        assert!(
            fits(&self.x, s.batch * s.input_len()) && fits(&self.w, s.filter_len()) && fits(&self.bias, s.out_c),
            "the sizes of a convolution's gradients"
        );
    }

    /// Whether there is nothing to compute but zeros.
    fn are_empty(&self, s: &Conv2d) -> bool {
        s.batch == 0 || (s.filter_len() == 0 && self.bias.is_none())
    }

    fn clear(self) {
        [self.x, self.w, self.bias].into_iter().flatten().for_each(|gradient| gradient.fill(0.0));
    }
}

vectorized! {
    /// Adds up rows.
    fn add_rows(rows: &[f32], sum: &mut [f32]) {
        if !sum.is_empty() {
            rows.chunks_exact(sum.len()).for_each(|row| sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += x));
        }
    }

    /// `masked` becomes `dy` where the features are positive, and 0 elsewhere.
    fn mask(features: &[f32], dy: &[f32], masked: &mut [f32]) {
        for ((masked, dy), feature) in masked.iter_mut().zip(dy).zip(features) {
            *masked = if *feature > 0.0 { *dy } else { 0.0 };
        }
    }
}

/// Runs `f` with `dy` where the features are positive, and 0 elsewhere.
fn with_masked(features: Option<&[f32]>, dy: &[f32], f: impl FnOnce(&[f32])) {
    let Some(features) = features else { return f(dy) };
    scratch::with(dy.len(), |masked| {
        mask(features, dy, masked);
        f(masked);
    });
}

/// Runs `f` with what computes the gradient of an image, if that is wanted. `moderate` tells of the gradients that it gets.
fn with_back<R>(
    level: Level,
    s: &Conv2d,
    w: &[f32],
    moderate: bool,
    wanted: bool,
    f: impl FnOnce(Option<&Back<f32>>) -> R,
) -> R {
    if !wanted || s.input_len() == 0 {
        return f(None);
    }
    if w.is_empty() {
        return f(Some(&|_, dx| dx.fill(0.0)));
    }
    match winograd::backward(s).filter(|s| winograd::suits(s) && moderate && winograd::are_moderate(w)) {
        Some(backward) => scratch::with(w.len(), |turned| {
            winograd::turned_filter(s, w, turned);
            winograd::with_forward(level, &backward, turned, |convolve| f(Some(&|dy, dx| convolve(dy, 0..s.in_h, dx))))
        }),
        None => direct::with_backprop_input(level, s, w, |back| f(Some(back))),
    }
}

/// How the filter's gradient comes about from dense gradients.
struct DenseFilter<'a> {
    level: Level,
    s: &'a Conv2d,
    wanted: bool,
    winograd: bool,
}

impl<'a> DenseFilter<'a> {
    /// From images, if it is wanted. `moderate` tells of the gradients that there will be.
    fn new(level: Level, s: &'a Conv2d, x: Option<&[f32]>, moderate: bool) -> Self {
        let winograd = winograd::suits(s) && moderate && x.is_some_and(winograd::are_moderate);
        DenseFilter { level, s, wanted: x.is_some(), winograd }
    }

    /// The numbers of its sum.
    fn len(&self) -> usize {
        match (self.wanted, self.winograd) {
            (false, _) => 0,
            (true, false) => self.s.filter_len(),
            (true, true) => winograd::gradient_len(self.level, self.s),
        }
    }

    /// Adds an image's share to the sum.
    fn add(&self, image: &[f32], dy: &[f32], sum: &mut [f32]) {
        match (self.wanted, self.winograd) {
            (false, _) => {}
            (true, false) => direct::add_filter_gradient(self.level, self.s, image, dy, sum),
            (true, true) => winograd::add_filter_gradient(self.level, self.s, image, dy, sum),
        }
    }

    fn finish(&self, sum: &[f32], dw: &mut [f32]) {
        match (self.wanted, self.winograd) {
            (false, _) => dw.fill(0.0),
            (true, false) => dw.copy_from_slice(sum),
            (true, true) => winograd::finish(self.level, self.s, sum, dw),
        }
    }
}

/// The gradients of [`forward_pooled`], from its winners and the gradient `dy` of its result.
pub fn backprop_pooled(
    s: &Conv2d,
    pool: &Pool2d,
    x: &[f32],
    w: &[f32],
    winners: &[u8],
    dy: &[f32],
    gradients: Gradients,
) {
    backprop_pooled_at(level(), s, pool, x, w, winners, dy, gradients);
}

#[allow(clippy::too_many_arguments)]
fn backprop_pooled_at(
    level: Level,
    s: &Conv2d,
    pool: &Pool2d,
    x: &[f32],
    w: &[f32],
    winners: &[u8],
    dy: &[f32],
    mut gradients: Gradients,
) {
    pooled::check(s, pool);
    gradients.check(s);
    let image_len = pool.out_h * pool.out_w * pool.channels;
    assert!(
        (x.len(), w.len(), dy.len(), winners.len())
            == (s.batch * s.input_len(), s.filter_len(), s.batch * image_len, s.batch * image_len),
        "the sizes of a convolution with pooling"
    );
    if gradients.are_empty(s) || dy.is_empty() || s.output_len() == 0 {
        return gradients.clear();
    }
    let places = sparse::Places::new(level, s, pool);
    let filter_wanted = gradients.w.is_some() && !x.is_empty();
    let sparse_filter = filter_wanted && places.pay();
    let dx = gradients.x.take();
    let sparse_back = dx.is_some() && !x.is_empty() && places.spread();
    let windows = Windows::new(level, s, pool).filter(|_| filter_wanted && !sparse_filter);
    let dense_filter = filter_wanted && !sparse_filter && windows.is_none();
    let dense_back = dx.is_some() && !sparse_back;
    let moderate = (dense_filter || dense_back) && winograd::suits_gradients(s) && winograd::are_moderate(dy);
    let dense = DenseFilter::new(level, s, dense_filter.then_some(x), moderate);
    let dw_len = match &windows {
        Some(_) => s.filter_len(),
        None if sparse_filter => places.gradient_len(),
        None => dense.len(),
    };
    let bias_len = gradients.bias.as_ref().map_or(0, |bias| bias.len());
    places.with_filter(if sparse_back { w } else { &[] }, |filter| {
        with_back(level, s, w, moderate, dense_back, |back| {
            let image = |n: usize, mut dx: Option<&mut [f32]>, sum: &mut [f32]| {
                let (x, dy, winners) = (s.image(x, n), part(dy, image_len, n), part(winners, image_len, n));
                let (dw, bias) = sum.split_at_mut(dw_len);
                pooled::add_alive(winners, dy, bias);
                if back.is_some() || dense.wanted {
                    pooled::with_unpooled(level, s, pool, winners, dy, |dy| {
                        if let (Some(back), Some(dx)) = (back, dx.take_if(|_| !sparse_back)) {
                            back(dy, dx);
                        }
                        dense.add(x, dy, dw);
                    });
                }
                if let Some(windows) = &windows {
                    windows.add_filter_gradient(x, winners, dy, dw);
                }
                if sparse_filter || sparse_back {
                    places.backprop(x, filter, winners, dy, dx, if sparse_filter { dw } else { &mut [] });
                }
            };
            in_blocks(s, dw_len + bias_len, dx, image, |sum| {
                match gradients.w {
                    Some(dw) if windows.is_some() => dw.copy_from_slice(&sum[..dw_len]),
                    Some(dw) if sparse_filter => places.finish(&sum[..dw_len], dw),
                    Some(dw) => dense.finish(&sum[..dw_len], dw),
                    None => {}
                }
                if let Some(bias) = gradients.bias {
                    bias.copy_from_slice(&sum[dw_len..]);
                }
            });
        });
    });
}
