//! Convolutions of short patches with max-pooling behind: each pooling window's sums, and in the other direction its
//! share of the filter's gradient, stay in registers.

#![allow(unsafe_code)]

use std::ops::Range;

use super::frame::Frame;
use super::pooled::Best;
use super::{Conv2d, ConvolveAndPool, Post};
use crate::kernels::cpu::Level;
use crate::kernels::pool::Pool2d;
use crate::kernels::scratch;
use crate::kernels::vector::{Singles, Work, lanes, run};

/// The most numbers of a patch: so much of a filter stays in the nearest cache.
const LONGEST: usize = 128;
/// The elements of a window.
const ELEMENTS: usize = 4;
/// The most sums at a time of one vector of channels.
const MOST_TAPS: usize = 9;

/// Where windows, their elements and their patches lie in a framed image.
pub(super) struct Windows<'a> {
    level: Level,
    s: &'a Conv2d,
    pool: &'a Pool2d,
    /// Numbers from row to row of the framed image.
    row: usize,
    /// From the corner of a window to the patch of each element.
    elements: [usize; ELEMENTS],
    /// From the start of a patch to each of its numbers.
    taps: Vec<usize>,
}

impl<'a> Windows<'a> {
    /// None if windows are not 2x2, or reach into padding, or channels are no whole vectors, or patches are long.
    pub(super) fn new(level: Level, s: &'a Conv2d, pool: &'a Pool2d) -> Option<Self> {
        let inside = |out: usize, stride: usize, n: usize| (out - 1) * stride + 2 <= n;
        let suits = [pool.k_h, pool.k_w, pool.pad_top, pool.pad_left] == [2, 2, 0, 0]
            && inside(pool.out_h, pool.stride_h, pool.in_h)
            && inside(pool.out_w, pool.stride_w, pool.in_w)
            && s.out_c.is_multiple_of(lanes(level))
            && (1..=LONGEST).contains(&(s.k_h * s.k_w * s.in_c));
        suits.then(|| {
            let row = s.frame(&(0..s.out_h)).width * s.in_c;
            let at = |i: usize, j: usize| i * row + j * s.in_c;
            let taps = (0..s.k_h).flat_map(|a| (0..s.k_w).map(move |b| at(a * s.dilation_h, b * s.dilation_w)));
            let taps = taps.flat_map(|start| start..start + s.in_c).collect();
            let elements = std::array::from_fn(|e| at(e / 2 * s.stride_h, e % 2 * s.stride_w));
            Windows { level, s, pool, row, elements, taps }
        })
    }

    /// The part of an image that some rows of windows are computed from.
    fn frame(&self, rows: &Range<usize>) -> Frame {
        self.s.frame(&(rows.start * self.pool.stride_h..(rows.end - 1) * self.pool.stride_h + 2))
    }

    /// Where each of some rows' windows starts in their frame.
    fn corners(&self, rows: usize) -> impl Iterator<Item = usize> + Clone {
        let down = self.pool.stride_h * self.s.stride_h * self.row;
        let right = self.pool.stride_w * self.s.stride_w * self.s.in_c;
        let columns = self.pool.out_w;
        (0..rows).flat_map(move |i| (0..columns).map(move |j| i * down + j * right))
    }

    /// Whether all that is read for some rows lies in their frame.
    fn fit(&self, rows: usize, framed: &[f32]) -> bool {
        let last = |offsets: &[usize]| offsets.iter().copied().max().unwrap_or(0);
        let corner = self.corners(rows).last().unwrap_or(0);
        corner + last(&self.elements) + last(&self.taps) < framed.len()
    }

    /// Gives `f` what computes some rows of an image's pooled convolution.
    pub(super) fn with_forward<R>(&self, w: &[f32], post: Post, f: impl FnOnce(&ConvolveAndPool) -> R) -> R {
        scratch::zeros(self.s.out_c, |bias| {
            if let Some(from) = post.bias {
                bias.copy_from_slice(from);
            }
            let (bias, relu) = (&*bias, post.relu);
            f(&|image, rows, y, winners| {
                self.frame(&rows).with_copy(image, |x| {
                    run(self.level, Forward { windows: self, rows: rows.len(), x, w, bias, relu, y, winners });
                });
            })
        })
    }

    /// Adds an image's share to the filter's gradient.
    pub(super) fn add_filter_gradient(&self, image: &[f32], winners: &[u8], dy: &[f32], dw: &mut [f32]) {
        self.frame(&(0..self.pool.out_h)).with_copy(image, |x| {
            run(self.level, Backward { windows: self, x, winners, dy, dw });
        });
    }
}

struct Forward<'a> {
    windows: &'a Windows<'a>,
    rows: usize,
    x: &'a [f32],
    w: &'a [f32],
    bias: &'a [f32],
    relu: bool,
    y: &'a mut [f32],
    winners: &'a mut [u8],
}

impl Work for Forward<'_> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<V: Singles>(mut self) {
        let (windows, channels) = (self.windows, self.bias.len());
        let results = self.rows * windows.pool.out_w * channels;
        assert!(windows.fit(self.rows, self.x) && self.w.len() == windows.taps.len() * channels);
        assert!(self.y.len() == results && self.winners.len() == results && channels.is_multiple_of(V::LANES));
        for (p, corner) in windows.corners(self.rows).enumerate() {
            let mut c = 0;
            // SAFETY: the caller has the vector's features; all windows lie in the frame, and vectors in the channels.
            unsafe {
                while c + 2 * V::LANES <= channels {
                    self.window::<V, 2>(corner, p * channels, c);
                    c += 2 * V::LANES;
                }
                if c < channels {
                    self.window::<V, 1>(corner, p * channels, c);
                }
            }
        }
    }
}

impl Forward<'_> {
    /// The results of the window at `corner` for some vectors of channels from `c`, into those from `to`.
    ///
    /// # Safety
    /// The processor has the vector's features; the window lies in the frame; there are so many channels.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    unsafe fn window<V: Singles, const VECTORS: usize>(&mut self, corner: usize, to: usize, c: usize) {
        // SAFETY: as the caller promises.
        unsafe {
            let patches = self.windows.elements.map(|element| self.x.as_ptr().add(corner + element));
            let mut sums = [[V::splat(0.0); VECTORS]; ELEMENTS];
            let mut w = self.w.as_ptr().add(c);
            for tap in &self.windows.taps {
                let mut filter = [V::splat(0.0); VECTORS];
                for v in 0..VECTORS {
                    filter[v] = V::load(w.add(v * V::LANES));
                }
                w = w.wrapping_add(self.bias.len());
                for e in 0..ELEMENTS {
                    let x = V::splat(*patches[e].add(*tap));
                    for v in 0..VECTORS {
                        sums[e][v] = sums[e][v].mul_add(x, filter[v]);
                    }
                }
            }
            for v in 0..VECTORS {
                let c = c + v * V::LANES;
                let bias = V::load(self.bias.as_ptr().add(c));
                let mut best = Best::first(sums[0][v].plus(bias), 0.0);
                for e in 1..ELEMENTS {
                    best.meet(sums[e][v].plus(bias), e as f32);
                }
                best.store(self.relu, self.y.as_mut_ptr().add(to + c), self.winners.as_mut_ptr().add(to + c));
            }
        }
    }
}

struct Backward<'a> {
    windows: &'a Windows<'a>,
    x: &'a [f32],
    winners: &'a [u8],
    dy: &'a [f32],
    dw: &'a mut [f32],
}

/// Calls what is compiled for as many taps as there are.
macro_rules! correlate {
    ($gradients:ident, $vector:ty, $taps:ident, $c:ident, $to:ident, of $($length:literal)*) => {
        match $taps.len() {
            $($length => $gradients.correlate::<$vector, $length>($taps, $c, $to),)*
            _ => {}
        }
    };
}

impl Work for Backward<'_> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<V: Singles>(mut self) {
        let (windows, channels) = (self.windows, self.windows.s.out_c);
        let results = windows.pool.out_h * windows.pool.out_w * channels;
        assert!(windows.fit(windows.pool.out_h, self.x) && self.dw.len() == windows.taps.len() * channels);
        assert!(self.dy.len() == results && self.winners.len() == results && channels.is_multiple_of(V::LANES));
        for c in (0..channels).step_by(V::LANES) {
            let mut to = c;
            let parts = windows.taps.len().div_ceil(MOST_TAPS);
            for taps in windows.taps.chunks(windows.taps.len().div_ceil(parts)) {
                // SAFETY: the caller has the vector's features; all windows lie in the frame, and vectors in the channels.
                unsafe { correlate!(self, V, taps, c, to, of 1 2 3 4 5 6 7 8 9) }
                to += taps.len() * channels;
            }
        }
    }
}

impl Backward<'_> {
    /// Adds the gradients of some taps, for a vector of channels from `c`, to `dw` from `to` on.
    ///
    /// # Safety
    /// The processor has the vector's features; the windows lie in the frame; there are so many taps and channels.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    unsafe fn correlate<V: Singles, const TAPS: usize>(&mut self, taps: &[usize], c: usize, to: usize) {
        let (windows, channels) = (self.windows, self.windows.s.out_c);
        // SAFETY: as the caller promises.
        unsafe {
            let mut sums = [V::splat(0.0); TAPS];
            let (mut winners, mut dy) = (self.winners.as_ptr().add(c), self.dy.as_ptr().add(c));
            for corner in windows.corners(windows.pool.out_h) {
                let (winner, gradient) = (V::load_bytes(winners), V::load(dy));
                (winners, dy) = (winners.wrapping_add(channels), dy.wrapping_add(channels));
                for e in 0..ELEMENTS {
                    let here = gradient.where_equal(winner, V::splat(e as f32));
                    let patch = self.x.as_ptr().add(corner + windows.elements[e]);
                    for t in 0..TAPS {
                        sums[t] = sums[t].mul_add(here, V::splat(*patch.add(*taps.get_unchecked(t))));
                    }
                }
            }
            for t in 0..TAPS {
                let dw = self.dw.as_mut_ptr().add(to + t * channels);
                V::load(dw).plus(sums[t]).store(dw);
            }
        }
    }
}
