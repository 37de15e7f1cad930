//! Winograd's F(2x2, 3x3): 3x3 convolutions with 16 multiplications for 4 results in place of 36.
//!
//! Tiles of 4x4 inputs and the filter are each transformed into 16 numbers for a channel; products of matrices over the
//! channels follow, one for each of the 16; their results are transformed into tiles of 2x2 outputs. The filter's
//! gradient takes the adjoint way. The error is that of the plain sums. What is not finite would spread over its tile, and
//! what is very large might overflow in it, so operands must be [moderate](are_moderate).

#![allow(unsafe_code)]

use std::ops::Range;

use super::frame::Frame;
use super::{Conv2d, Convolve};
use crate::kernels::cpu::Level;
use crate::kernels::gemm::{GemmElement, Left, MicroKernel, Right, tiles};
use crate::kernels::parallel::join;
use crate::kernels::scratch;
use crate::kernels::simd::vectorized;
use crate::kernels::vector::{Singles, Work, run};

/// Elements of a transformed tile.
const ELEMENTS: usize = 16;
/// With fewer channels the transforms cost more than they save.
const FEWEST_CHANNELS: usize = 16;
/// With fewer rows or columns the tiles at the edges do.
const FEWEST_PIXELS: usize = 7;
/// The most transformed numbers at a time: what stays in the cache.
const BAND: usize = 1 << 17;
/// The most numbers of a transformed filter.
const MOST_FILTER: usize = 1 << 20;
/// Space behind matrices for reading whole vectors.
const MOST_LANES: usize = 16;

/// Whether this is the way to compute a convolution.
pub(super) fn suits(s: &Conv2d) -> bool {
    [s.k_h, s.k_w, s.stride_h, s.stride_w, s.dilation_h, s.dilation_w] == [3, 3, 1, 1, 1, 1]
        && s.in_c.min(s.out_c) >= FEWEST_CHANNELS
        && s.out_h.min(s.out_w) >= FEWEST_PIXELS
        && ELEMENTS * s.in_c * s.out_c <= MOST_FILTER
}

/// Whether this is the way to compute any of a convolution's gradients.
pub(super) fn suits_gradients(s: &Conv2d) -> bool {
    suits(s) || backward(s).as_ref().is_some_and(suits)
}

/// Moderate numbers are at most so large: then no product, transformed and summed up over a whole batch, overflows.
const MODERATE: f32 = (1u64 << 40) as f32;
/// Numbers that are looked at by one thread.
const PART: usize = 1 << 16;

/// Whether no number is very large, infinite or NaN.
pub(super) fn are_moderate(numbers: &[f32]) -> bool {
    if numbers.len() <= PART {
        return part_is_moderate(numbers);
    }
    let (left, right) = numbers.split_at(numbers.len().div_ceil(PART) / 2 * PART);
    let (mut first, mut second) = (false, false);
    join(&mut || first = are_moderate(left), &mut || second = are_moderate(right));
    first && second
}

vectorized! {
    fn part_is_moderate(numbers: &[f32]) -> bool {
        // Without their signs, numbers are in the order of their bits; infinity and NaN come last.
        let size = |x: &f32| x.to_bits() & !(1 << 31);
        numbers.iter().fold(0, |largest: u32, x| largest.max(size(x))) <= MODERATE.to_bits()
    }
}

/// The convolution that computes the gradient of images, with the filter [turned around](turned_filter); none if its
/// padding were negative.
pub(super) fn backward(s: &Conv2d) -> Option<Conv2d> {
    Some(Conv2d {
        in_h: s.out_h,
        in_w: s.out_w,
        in_c: s.out_c,
        out_h: s.in_h,
        out_w: s.in_w,
        out_c: s.in_c,
        pad_top: (s.k_h - 1).checked_sub(s.pad_top)?,
        pad_left: (s.k_w - 1).checked_sub(s.pad_left)?,
        ..*s
    })
}

/// The filter with its rows and columns turned around and its channels swapped.
pub(super) fn turned_filter(s: &Conv2d, w: &[f32], turned: &mut [f32]) {
    let block = s.in_c * s.out_c;
    for (from, to) in w.chunks_exact(block).zip(turned.chunks_exact_mut(block).rev()) {
        super::direct::transpose(from, s.out_c, to);
    }
}

/// The sizes of the transformed matrices for some rows of tiles.
struct Sizes<'a> {
    s: &'a Conv2d,
    level: Level,
    kernel: MicroKernel<f32>,
    /// The channels, filled up to whole vectors.
    in_c: usize,
    out_c: usize,
    /// Tiles from left to right, and from top to bottom.
    across: usize,
    down: usize,
}

impl<'a> Sizes<'a> {
    fn new(level: Level, s: &'a Conv2d) -> Self {
        let kernel = f32::kernel(level);
        // At least what `run` takes as a vector.
        let whole = |channels: usize| kernel.whole(channels).next_multiple_of(8);
        let (in_c, out_c) = (whole(s.in_c), whole(s.out_c));
        Sizes { s, level, in_c, out_c, across: s.out_w.div_ceil(2), down: s.out_h.div_ceil(2), kernel }
    }

    /// Rows of tiles at a time.
    fn rows(&self) -> usize {
        (BAND / (ELEMENTS * self.across * (self.in_c + self.out_c))).clamp(1, self.down)
    }

    /// The inputs of the tiles that the rows of outputs consist of.
    fn frame(&self, rows: &Range<usize>) -> Frame {
        let frame = self.s.frame(rows);
        Frame { height: 2 * rows.len().div_ceil(2) + 2, width: 2 * self.across + 2, pitch: self.in_c, ..frame }
    }
}

/// Gives `f` what computes some rows of an image's convolution.
pub(super) fn with_forward<R>(level: Level, s: &Conv2d, w: &[f32], f: impl FnOnce(&Convolve<f32>) -> R) -> R {
    let sizes = Sizes::new(level, s);
    let panels = sizes.kernel.packed_len(s.in_c, sizes.out_c);
    scratch::zeros(ELEMENTS * panels, |filter| {
        transform_filter(&sizes, w, panels, filter);
        f(&|image, rows, y| convolve(&sizes, &*filter, panels, image, rows, y))
    })
}

/// `G w Gᵀ` of each pair of channels, into the panels of 16 matrices.
fn transform_filter(sizes: &Sizes, w: &[f32], panels: usize, filter: &mut [f32]) {
    let (s, width) = (sizes.s, sizes.kernel.panel_width(sizes.out_c));
    let combine = |x: [f32; 3]| [x[0], 0.5 * (x[0] + x[1] + x[2]), 0.5 * (x[0] - x[1] + x[2]), x[2]];
    for c in 0..s.in_c {
        for o in 0..s.out_c {
            let at = o / width * s.in_c * width + c * width + o % width;
            let tap = |a: usize, b: usize| w[((a * 3 + b) * s.in_c + c) * s.out_c + o];
            let rows: [[f32; 4]; 3] = std::array::from_fn(|a| combine([tap(a, 0), tap(a, 1), tap(a, 2)]));
            for j in 0..4 {
                let column = combine([rows[0][j], rows[1][j], rows[2][j]]);
                column.iter().enumerate().for_each(|(i, x)| filter[(i * 4 + j) * panels + at] = *x);
            }
        }
    }
}

fn convolve(sizes: &Sizes, filter: &[f32], panels: usize, image: &[f32], rows: Range<usize>, y: &mut [f32]) {
    let s = sizes.s;
    let row = s.out_w * s.out_c;
    for (part, y) in y.chunks_mut(2 * sizes.rows() * row).enumerate() {
        let start = rows.start + part * 2 * sizes.rows();
        let rows = start..start + y.len() / row;
        let count = rows.len().div_ceil(2) * sizes.across;
        scratch::with(ELEMENTS * count * sizes.in_c, |inputs| {
            transform_inputs(sizes, image, &rows, inputs);
            scratch::with(ELEMENTS * count * sizes.out_c, |outputs| {
                let product = |element: usize, outputs: &mut [f32], starts: &[(usize, usize)]| {
                    let data = &inputs[element * count * sizes.in_c..];
                    let left = Left { data, runs: &[(0, s.in_c)], step: 1 };
                    let data = &filter[element * panels..(element + 1) * panels];
                    let width = sizes.kernel.panel_width(sizes.out_c);
                    let right = Right { data, panel_step: s.in_c * width, row_step: width, cols: sizes.out_c };
                    tiles(&sizes.kernel, &left, starts, &right, outputs, false);
                };
                with_starts(count, sizes.in_c, sizes.out_c, |starts| {
                    let matrices = outputs.chunks_exact_mut(count * sizes.out_c).enumerate();
                    matrices.for_each(|(element, outputs)| product(element, outputs, starts));
                });
                run(sizes.level, Outputs { sizes, outputs, y });
            });
        });
    }
}

/// Runs `f` with the starts of `n` rows in two matrices with rows so long.
fn with_starts(n: usize, from: usize, to: usize, f: impl FnOnce(&[(usize, usize)])) {
    scratch::with(n, |starts| {
        starts.iter_mut().enumerate().for_each(|(i, start)| *start = (i * from, i * to));
        f(starts);
    });
}

/// `Bᵀ x B` of each tile.
fn transform_inputs(sizes: &Sizes, image: &[f32], rows: &Range<usize>, inputs: &mut [f32]) {
    let frame = sizes.frame(rows);
    frame.with_copy(image, |image| run(sizes.level, Inputs { frame: &frame, across: sizes.across, image, inputs }));
}

struct Inputs<'a> {
    frame: &'a Frame,
    across: usize,
    image: &'a [f32],
    inputs: &'a mut [f32],
}

impl Work for Inputs<'_> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<V: Singles>(self) {
        let (pitch, row) = (self.frame.pitch, self.frame.width * self.frame.pitch);
        let count = (self.frame.height - 2) / 2 * self.across;
        let matrix = count * pitch;
        assert!(self.image.len() >= self.frame.len() && self.inputs.len() >= ELEMENTS * matrix);
        for tile in 0..count {
            let corner = 2 * (tile / self.across) * row + 2 * (tile % self.across) * pitch;
            for c in (0..pitch).step_by(V::LANES) {
                // SAFETY: a tile is 4 rows of 4 pixels in the frame, and `LANES` divides the pitch; as asserted there is
                // place for 16 matrices.
                unsafe {
                    let from = self.image.as_ptr().add(corner + c);
                    let mut tile_rows = [[V::splat(0.0); 4]; 4];
                    for (a, tile_row) in tile_rows.iter_mut().enumerate() {
                        let from = from.add(a * row);
                        *tile_row = input_row([
                            V::load(from),
                            V::load(from.add(pitch)),
                            V::load(from.add(2 * pitch)),
                            V::load(from.add(3 * pitch)),
                        ]);
                    }
                    let to = self.inputs.as_mut_ptr().add(tile * pitch + c);
                    for j in 0..4 {
                        let [r0, r1, r2, r3] = tile_rows;
                        let column = input_row([r0[j], r1[j], r2[j], r3[j]]);
                        for (i, x) in column.into_iter().enumerate() {
                            x.store(to.add((i * 4 + j) * matrix));
                        }
                    }
                }
            }
        }
    }
}

/// # Safety
/// The processor has the vector's features.
#[inline(always)]
unsafe fn input_row<V: Singles>(x: [V; 4]) -> [V; 4] {
    // SAFETY: as the caller promises.
    unsafe { [x[0].minus(x[2]), x[1].plus(x[2]), x[2].minus(x[1]), x[1].minus(x[3])] }
}

/// `Aᵀ m A` of each tile, into rows of the result.
struct Outputs<'a> {
    sizes: &'a Sizes<'a>,
    outputs: &'a [f32],
    y: &'a mut [f32],
}

impl Work for Outputs<'_> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<V: Singles>(self) {
        let Sizes { s, out_c: pitch, across, .. } = *self.sizes;
        let row = s.out_w * s.out_c;
        let rows = self.y.len() / row;
        let matrix = rows.div_ceil(2) * across * pitch;
        assert!(self.outputs.len() >= ELEMENTS * matrix && self.y.len() == rows * row);
        for tile in 0..rows.div_ceil(2) * across {
            let (i, j) = (2 * (tile / across), 2 * (tile % across));
            for c in (0..s.out_c).step_by(V::LANES) {
                // SAFETY: there are 16 matrices as asserted, and `LANES` divides their pitch; a pixel that is in the result
                // has `LANES` channels from `c`, or else its end is copied.
                unsafe {
                    let from = self.outputs.as_ptr().add(tile * pitch + c);
                    let mut tile_rows = [[V::splat(0.0); 2]; 4];
                    for (a, tile_row) in tile_rows.iter_mut().enumerate() {
                        let from = from.add(4 * a * matrix);
                        *tile_row = output_row([
                            V::load(from),
                            V::load(from.add(matrix)),
                            V::load(from.add(2 * matrix)),
                            V::load(from.add(3 * matrix)),
                        ]);
                    }
                    for b in 0..2 {
                        let [r0, r1, r2, r3] = tile_rows;
                        let column = output_row([r0[b], r1[b], r2[b], r3[b]]);
                        for (a, x) in column.into_iter().enumerate() {
                            if i + a >= rows || j + b >= s.out_w {
                                continue;
                            }
                            let pixel = &mut self.y[(i + a) * row + (j + b) * s.out_c..][..s.out_c];
                            if c + V::LANES <= s.out_c {
                                x.store(pixel[c..].as_mut_ptr());
                            } else {
                                let mut end = [0.0; MOST_LANES];
                                x.store(end.as_mut_ptr());
                                pixel[c..].iter_mut().zip(end).for_each(|(y, x)| *y = x);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// # Safety
/// The processor has the vector's features.
#[inline(always)]
unsafe fn output_row<V: Singles>(x: [V; 4]) -> [V; 2] {
    // SAFETY: as the caller promises.
    unsafe { [x[0].plus(x[1]).plus(x[2]), x[1].minus(x[2]).minus(x[3])] }
}

/// The numbers of the filter's transformed gradient.
pub(super) fn gradient_len(level: Level, s: &Conv2d) -> usize {
    ELEMENTS * s.in_c * Sizes::new(level, s).out_c
}

/// Adds an image's share to the filter's transformed gradient.
pub(super) fn add_filter_gradient(level: Level, s: &Conv2d, image: &[f32], dy: &[f32], sum: &mut [f32]) {
    let sizes = Sizes::new(level, s);
    for first in (0..sizes.down).step_by(sizes.rows()) {
        let rows = 2 * first..s.out_h.min(2 * (first + sizes.rows()));
        let count = rows.len().div_ceil(2) * sizes.across;
        scratch::with(ELEMENTS * count * sizes.in_c, |inputs| {
            transform_inputs(&sizes, image, &rows, inputs);
            scratch::with(ELEMENTS * count * sizes.out_c, |outputs| {
                transform_gradients(&sizes, dy, &rows, outputs);
                with_starts(s.in_c, 1, sizes.out_c, |starts| {
                    let matrices = sum.chunks_exact_mut(s.in_c * sizes.out_c).enumerate();
                    for (element, sum) in matrices {
                        let data = &inputs[element * count * sizes.in_c..];
                        let left = Left { data, runs: &[(0, count)], step: sizes.in_c };
                        let outputs = &outputs[element * count * sizes.out_c..];
                        let right = sizes.kernel.in_place(outputs, sizes.out_c);
                        tiles(&sizes.kernel, &left, starts, &right, sum, true);
                    }
                });
            });
        });
    }
}

/// `A dy Aᵀ` of each tile.
fn transform_gradients(sizes: &Sizes, dy: &[f32], rows: &Range<usize>, outputs: &mut [f32]) {
    let s = sizes.s;
    let frame = Frame {
        top: -(rows.start as isize),
        left: 0,
        height: 2 * rows.len().div_ceil(2),
        width: 2 * sizes.across,
        pitch: sizes.out_c,
        image: [s.out_h, s.out_w, s.out_c],
    };
    frame.with_copy(dy, |dy| run(sizes.level, OutputGradients { frame: &frame, dy, outputs }));
}

struct OutputGradients<'a> {
    frame: &'a Frame,
    dy: &'a [f32],
    outputs: &'a mut [f32],
}

impl Work for OutputGradients<'_> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<V: Singles>(self) {
        let (pitch, row, across) = (self.frame.pitch, self.frame.width * self.frame.pitch, self.frame.width / 2);
        let count = self.frame.height / 2 * across;
        let matrix = count * pitch;
        assert!(self.dy.len() >= self.frame.len() && self.outputs.len() >= ELEMENTS * matrix);
        for tile in 0..count {
            let corner = 2 * (tile / across) * row + 2 * (tile % across) * pitch;
            for c in (0..pitch).step_by(V::LANES) {
                // SAFETY: a tile is 2 rows of 2 pixels in the frame, and `LANES` divides the pitch; as asserted there is
                // place for 16 matrices.
                unsafe {
                    let from = self.dy.as_ptr().add(corner + c);
                    let first = output_column([V::load(from), V::load(from.add(pitch))]);
                    let from = from.add(row);
                    let second = output_column([V::load(from), V::load(from.add(pitch))]);
                    let to = self.outputs.as_mut_ptr().add(tile * pitch + c);
                    for j in 0..4 {
                        let column = output_column([first[j], second[j]]);
                        for (i, x) in column.into_iter().enumerate() {
                            x.store(to.add((i * 4 + j) * matrix));
                        }
                    }
                }
            }
        }
    }
}

/// # Safety
/// The processor has the vector's features.
#[inline(always)]
unsafe fn output_column<V: Singles>(x: [V; 2]) -> [V; 4] {
    // SAFETY: as the caller promises.
    unsafe { [x[0], x[0].plus(x[1]), x[0].minus(x[1]), V::splat(0.0).minus(x[1])] }
}

/// `Gᵀ u G` of each pair of channels: from the transformed gradient to the filter's.
pub(super) fn finish(level: Level, s: &Conv2d, sum: &[f32], dw: &mut [f32]) {
    let out_c = Sizes::new(level, s).out_c;
    let combine = |x: [f32; 4]| [x[0] + 0.5 * (x[1] + x[2]), 0.5 * (x[1] - x[2]), 0.5 * (x[1] + x[2]) + x[3]];
    for c in 0..s.in_c {
        for o in 0..s.out_c {
            let element = |i: usize, j: usize| sum[((i * 4 + j) * s.in_c + c) * out_c + o];
            let rows: [[f32; 3]; 4] =
                std::array::from_fn(|i| combine([element(i, 0), element(i, 1), element(i, 2), element(i, 3)]));
            for b in 0..3 {
                let column = combine([rows[0][b], rows[1][b], rows[2][b], rows[3][b]]);
                column.iter().enumerate().for_each(|(a, x)| dw[((a * 3 + b) * s.in_c + c) * s.out_c + o] = *x);
            }
        }
    }
}
