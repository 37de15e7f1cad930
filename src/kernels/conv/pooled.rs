//! Max-pooling of a convolution's result while it is in the cache, and back.

#![allow(unsafe_code)]

use std::ops::Range;

use super::{BAND, Conv2d, Convolve, DEAD, Post};
use crate::kernels::cpu::Level;
use crate::kernels::pool::Pool2d;
use crate::kernels::scratch;
use crate::kernels::simd::vectorized;
use crate::kernels::vector::{Singles, Work, run};

/// The most numbers of a vector.
const MOST_LANES: usize = 16;

pub(super) fn check(s: &Conv2d, pool: &Pool2d) {
    assert!(
        (pool.batch, pool.in_h, pool.in_w, pool.channels) == (s.batch, s.out_h, s.out_w, s.out_c)
            && pool.k_h * pool.k_w < usize::from(DEAD),
        "the sizes of a pooling after a convolution"
    );
}

/// Rows of the pooled result that are computed at a time.
pub(super) fn rows_of_band(s: &Conv2d, pool: &Pool2d) -> usize {
    let rows = BAND / (s.out_w * s.out_c).max(1);
    (rows.saturating_sub(pool.k_h) / pool.stride_h + 1).min(pool.out_h)
}

/// The part of window `i` that is image, in one direction of `n` pixels.
fn span(i: usize, stride: usize, pad: usize, k: usize, n: usize) -> Range<usize> {
    let end = (i * stride + k).saturating_sub(pad).min(n);
    (i * stride).saturating_sub(pad).min(end)..end
}

fn rows_of(pool: &Pool2d, i: usize) -> Range<usize> {
    span(i, pool.stride_h, pool.pad_top, pool.k_h, pool.in_h)
}

fn columns_of(pool: &Pool2d, j: usize) -> Range<usize> {
    span(j, pool.stride_w, pool.pad_left, pool.k_w, pool.in_w)
}

/// Some rows of the pooled convolution of an image.
#[allow(clippy::too_many_arguments)]
pub(super) fn convolve_and_pool(
    level: Level,
    s: &Conv2d,
    pool: &Pool2d,
    convolve: &Convolve<f32>,
    post: Post,
    image: &[f32],
    rows: Range<usize>,
    y: &mut [f32],
    winners: &mut [u8],
) {
    let spans = || rows.clone().map(|i| rows_of(pool, i)).filter(|span| !span.is_empty());
    let first_row = spans().map(|span| span.start).min().unwrap_or(0);
    let needed = first_row..spans().map(|span| span.end).max().unwrap_or(first_row);
    let len = needed.len() * s.out_w * s.out_c;
    scratch::with(len + MOST_LANES, |features| {
        if !needed.is_empty() {
            convolve(image, needed.clone(), &mut features[..len]);
        }
        scratch::zeros(s.out_c + MOST_LANES, |bias| {
            if let Some(from) = post.bias {
                bias[..s.out_c].copy_from_slice(from);
            }
            let (first, relu) = (rows.start, post.relu);
            run(
                level,
                Pooling { features: Features { pool, numbers: features, bias, first_row, first, relu }, y, winners },
            );
        });
    });
}

/// The greatest element of a window so far, the first of equal ones, and its place there.
pub(super) struct Best<V> {
    value: V,
    place: V,
}

impl<V: Singles> Best<V> {
    /// # Safety
    /// The processor has the vector's features.
    #[inline(always)]
    pub(super) unsafe fn first(value: V, place: f32) -> Self {
        // SAFETY: as the caller promises.
        Best { value, place: unsafe { V::splat(place) } }
    }

    /// # Safety
    /// The processor has the vector's features.
    #[inline(always)]
    pub(super) unsafe fn meet(&mut self, value: V, place: f32) {
        // SAFETY: as the caller promises.
        (self.value, self.place) = unsafe { self.value.replaced_by_greater(value, self.place, V::splat(place)) };
    }

    /// Stores the value and the winner, after a ReLU if so.
    ///
    /// # Safety
    /// The processor has the vector's features; `LANES` numbers can be written at each of the pointers.
    #[inline(always)]
    pub(super) unsafe fn store(self, relu: bool, y: *mut f32, winners: *mut u8) {
        let Best { mut value, mut place } = self;
        // SAFETY: as the caller promises.
        unsafe {
            if relu {
                let (zero, dead) = (V::splat(0.0), V::splat(f32::from(DEAD)));
                // In this order NaN stays; adding zero takes a zero's sign.
                let positive = value.replaced_by_greater(zero, place, place).0.plus(zero);
                (value, place) = (positive, zero.replaced_by_greater(value, dead, place).1);
            }
            value.store(y);
            place.store_bytes(winners);
        }
    }
}

/// The pooling of some rows.
struct Pooling<'a> {
    features: Features<'a>,
    y: &'a mut [f32],
    winners: &'a mut [u8],
}

/// Where an element's channels start, and its place in the window.
type Element = (usize, f32);

/// What is pooled. Behind the numbers and the bias there is space for a vector.
struct Features<'a> {
    pool: &'a Pool2d,
    numbers: &'a [f32],
    bias: &'a [f32],
    /// The row that the numbers begin with.
    first_row: usize,
    /// The first row of the result.
    first: usize,
    relu: bool,
}

impl Work for Pooling<'_> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<V: Singles>(self) {
        let Pooling { features, y, winners, .. } = self;
        let Features { pool, .. } = features;
        let results = y.chunks_exact_mut(pool.channels).zip(winners.chunks_exact_mut(pool.channels));
        assert!(features.bias.len() >= pool.channels + MOST_LANES);
        let mut elements = [(0, 0.0); DEAD as usize];
        for (p, (y, winners)) in results.enumerate() {
            let (i, j) = (features.first + p / pool.out_w, p % pool.out_w);
            let elements = features.elements(i, j, &mut elements);
            for c in (0..pool.channels).step_by(V::LANES) {
                // SAFETY: the caller has the vector's features; elements are pixels, with space for a vector behind the last;
                // there is space for `LANES` numbers at each of the pointers.
                unsafe {
                    let best = features.winner::<V>(elements, c);
                    if c + V::LANES <= pool.channels {
                        best.store(
                            features.relu,
                            y[c..c + V::LANES].as_mut_ptr(),
                            winners[c..c + V::LANES].as_mut_ptr(),
                        );
                    } else {
                        let (mut values, mut places) = ([0.0; MOST_LANES], [0; MOST_LANES]);
                        best.store(features.relu, values.as_mut_ptr(), places.as_mut_ptr());
                        y[c..].iter_mut().zip(values).for_each(|(y, value)| *y = value);
                        winners[c..].iter_mut().zip(places).for_each(|(winner, place)| *winner = place);
                    }
                }
            }
        }
    }
}

impl Features<'_> {
    /// The elements of a window that are image: where each one's channels start, and its place in the window.
    #[inline(always)]
    fn elements<'a>(&self, i: usize, j: usize, elements: &'a mut [Element]) -> &'a [Element] {
        let pool = self.pool;
        let mut count = 0;
        for y in rows_of(pool, i) {
            for x in columns_of(pool, j) {
                let at = ((y - self.first_row) * pool.in_w + x) * pool.channels;
                assert!(at + pool.channels + MOST_LANES <= self.numbers.len());
                let (a, b) = (y + pool.pad_top - i * pool.stride_h, x + pool.pad_left - j * pool.stride_w);
                elements[count] = (at, (a * pool.k_w + b) as f32);
                count += 1;
            }
        }
        &elements[..count]
    }

    /// The greatest of a window for the channels from `c`.
    ///
    /// # Safety
    /// The processor has the vector's features; `LANES` numbers follow each element's start and `c`.
    #[inline(always)]
    unsafe fn winner<V: Singles>(&self, elements: &[Element], c: usize) -> Best<V> {
        // SAFETY: as the caller promises.
        unsafe {
            let Some((first, others)) = elements.split_first() else {
                return Best::first(V::splat(f32::NEG_INFINITY), f32::from(DEAD));
            };
            let from = self.numbers.as_ptr().add(c);
            let bias = V::load(self.bias.as_ptr().add(c));
            let mut best = Best::first(V::load(from.add(first.0)).plus(bias), first.1);
            for other in others {
                best.meet(V::load(from.add(other.0)).plus(bias), other.1);
            }
            best
        }
    }
}

/// Runs `f` with an image's gradient before pooling.
pub(super) fn with_unpooled(
    level: Level,
    s: &Conv2d,
    pool: &Pool2d,
    winners: &[u8],
    dy: &[f32],
    f: impl FnOnce(&[f32]),
) {
    scratch::zeros(s.output_len(), |dense| {
        if pool.stride_h >= pool.k_h && pool.stride_w >= pool.k_w {
            run(level, Unpooling { pool, winners, dy, dense });
        } else {
            scatter(pool, winners, dy, dense);
        }
        f(dense);
    });
}

/// What [`scatter`] does, for windows that share nothing.
struct Unpooling<'a> {
    pool: &'a Pool2d,
    winners: &'a [u8],
    dy: &'a [f32],
    dense: &'a mut [f32],
}

impl Work for Unpooling<'_> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<V: Singles>(self) {
        let Unpooling { pool, winners, dy, dense } = self;
        let pixels = winners.chunks_exact(pool.channels).zip(dy.chunks_exact(pool.channels));
        for (p, (winners, dy)) in pixels.enumerate() {
            let (i, j) = (p / pool.out_w, p % pool.out_w);
            for y in rows_of(pool, i) {
                for x in columns_of(pool, j) {
                    let (a, b) = (y + pool.pad_top - i * pool.stride_h, x + pool.pad_left - j * pool.stride_w);
                    let here = (a * pool.k_w + b) as u8;
                    let dense = &mut dense[(y * pool.in_w + x) * pool.channels..][..pool.channels];
                    for ((to, winner), dy) in dense.iter_mut().zip(winners).zip(dy) {
                        *to = if *winner == here { *dy } else { 0.0 };
                    }
                }
            }
        }
    }
}

/// Adds each gradient where its winner stands.
fn scatter(pool: &Pool2d, winners: &[u8], dy: &[f32], dense: &mut [f32]) {
    let pixels = winners.chunks_exact(pool.channels).zip(dy.chunks_exact(pool.channels));
    for (p, (winners, dy)) in pixels.enumerate() {
        let corner = (p / pool.out_w * pool.stride_h, p % pool.out_w * pool.stride_w);
        for (c, (winner, dy)) in winners.iter().zip(dy).enumerate() {
            let place = usize::from(*winner);
            let y = (corner.0 + place / pool.k_w).wrapping_sub(pool.pad_top);
            let x = (corner.1 + place % pool.k_w).wrapping_sub(pool.pad_left);
            if *winner != DEAD && y < pool.in_h && x < pool.in_w {
                dense[(y * pool.in_w + x) * pool.channels + c] += dy;
            }
        }
    }
}

vectorized! {
    /// Adds up the pixels of `dy` that flow back.
    pub(super) fn add_alive(winners: &[u8], dy: &[f32], sum: &mut [f32]) {
        if sum.is_empty() {
            return;
        }
        for (winners, dy) in winners.chunks_exact(sum.len()).zip(dy.chunks_exact(sum.len())) {
            for ((sum, winner), dy) in sum.iter_mut().zip(winners).zip(dy) {
                *sum += if *winner == DEAD { 0.0 } else { *dy };
            }
        }
    }
}
