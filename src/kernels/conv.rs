//! Two-dimensional convolution of NHWC images with HWIO filters, and its two gradients: matrix products that read the
//! patches where they lie, in a padded copy of one image.

use std::cell::RefCell;

use rayon::prelude::*;

use super::cpu::level;
use super::gemm::{GemmElement, Left, Mat, MicroKernel, Panels, Right, tiles};

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

/// Images whose filter gradients are added up before they meet those of the next images: fixed, so that sums do not
/// depend on the number of threads.
const IMAGES: usize = 7;
/// Below this many multiplications a convolution is not split.
const SMALL: usize = 1 << 19;

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

    /// The height and width of an image with its padding.
    fn padded(&self) -> [usize; 2] {
        [
            (self.out_h - 1) * self.stride_h + (self.k_h - 1) * self.dilation_h + 1,
            (self.out_w - 1) * self.stride_w + (self.k_w - 1) * self.dilation_w + 1,
        ]
    }

    /// The pixels of a patch in an image `width` wide, as runs of `channels` numbers; whole filter rows where they touch.
    fn patch_runs(&self, width: usize, channels: usize) -> Vec<(usize, usize)> {
        let mut runs = Vec::new();
        for y in 0..self.k_h {
            let row = y * self.dilation_h * width * channels;
            if self.dilation_w == 1 {
                runs.push((row, self.k_w * channels));
            } else {
                runs.extend((0..self.k_w).map(|x| (row + x * self.dilation_w * channels, channels)));
            }
        }
        runs
    }

    /// Copies an image into `padded`, which is zero around it.
    fn pad<T: Copy>(&self, image: &[T], padded: &mut [T]) {
        let [height, width] = self.padded();
        let columns = self.in_w.min(width.saturating_sub(self.pad_left)) * self.in_c;
        for y in 0..self.in_h.min(height.saturating_sub(self.pad_top)) {
            let to = ((y + self.pad_top) * width + self.pad_left) * self.in_c;
            let from = y * self.in_w * self.in_c;
            padded[to..to + columns].copy_from_slice(&image[from..from + columns]);
        }
    }
}

/// Runs `f` with a buffer of `n` zeros that the thread keeps.
fn with_scratch<T: GemmElement, R>(n: usize, f: impl FnOnce(&mut Vec<T>) -> R) -> R {
    thread_local! {
        static SCRATCH: RefCell<Vec<Box<dyn std::any::Any>>> = const { RefCell::new(Vec::new()) };
    }
    // Taken out while in use: a kernel inside may be interrupted by another one on the same thread.
    let kept = SCRATCH.with_borrow_mut(|kept| {
        let place = kept.iter().position(|buffer| buffer.is::<Vec<T>>())?;
        kept.swap_remove(place).downcast::<Vec<T>>().ok()
    });
    let mut buffer = kept.unwrap_or_default();
    buffer.clear();
    buffer.resize(n, T::default());
    let result = f(&mut buffer);
    SCRATCH.with_borrow_mut(|kept| kept.push(buffer));
    result
}

fn for_each_image<T: Send>(small: bool, data: &mut [T], len: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    if len == 0 {
        return;
    }
    if small {
        data.chunks_mut(len).enumerate().for_each(|(i, image)| f(i, image));
    } else {
        data.par_chunks_mut(len).enumerate().for_each(|(i, image)| f(i, image));
    }
}

/// `y[n, i, j, o] = Σ x[n, i * stride + a * dilation - pad, …, c] * w[a, b, c, o]`.
pub fn forward<T: GemmElement>(s: &Conv2d, x: &[T], w: &[T], y: &mut [T]) {
    assert_eq!(
        (x.len(), w.len(), y.len()),
        (s.batch * s.input_len(), s.filter_len(), s.batch * s.output_len()),
        "the sizes of a convolution"
    );
    if y.is_empty() {
        return;
    }
    if w.is_empty() {
        y.fill(T::default());
        return;
    }
    let kernel = T::kernel(level());
    let filter = Panels::new(&kernel, Mat::new(w, s.k_h * s.k_w * s.in_c, s.out_c));
    let [height, width] = s.padded();
    let rows = positions(s.out_h, s.out_w, width * s.stride_h * s.in_c, s.stride_w * s.in_c);
    let runs = s.patch_runs(width, s.in_c);
    let fits = s.pad_top == 0 && s.pad_left == 0 && height <= s.in_h && width == s.in_w;
    for_each_image(s.is_small(), y, s.output_len(), |n, y| {
        let image = &x[n * s.input_len()..(n + 1) * s.input_len()];
        let mut product = |data: &[T]| {
            tiles(&kernel, &Left { data, runs: &runs, step: 1 }, &rows, &filter.as_right(), y, s.out_c, false);
        };
        if fits {
            product(image);
        } else {
            with_scratch(height * width * s.in_c, |padded| {
                s.pad(image, padded);
                product(padded);
            });
        }
    });
}

/// Where each pixel of an `h` by `w` image starts.
fn positions(h: usize, w: usize, row: usize, column: usize) -> Vec<usize> {
    (0..h).flat_map(|y| (0..w).map(move |x| y * row + x * column)).collect()
}

/// The gradient of [`forward`] with respect to `x`: a convolution of `dy`, spread out by the stride, with the filter
/// turned around.
pub fn backprop_input<T: GemmElement>(s: &Conv2d, w: &[T], dy: &[T], dx: &mut [T]) {
    assert_eq!(
        (dx.len(), w.len(), dy.len()),
        (s.batch * s.input_len(), s.filter_len(), s.batch * s.output_len()),
        "the sizes of a convolution"
    );
    if dx.is_empty() {
        return;
    }
    if dy.is_empty() || w.is_empty() {
        dx.fill(T::default());
        return;
    }
    let kernel = T::kernel(level());
    let turned = turned_filter(s, w);
    let filter = Panels::new(&kernel, Mat::new(&turned, s.k_h * s.k_w * s.out_c, s.in_c));
    let (reach_h, reach_w) = ((s.k_h - 1) * s.dilation_h, (s.k_w - 1) * s.dilation_w);
    let (height, width) = (s.in_h + reach_h, s.in_w + reach_w);
    let rows = positions(s.in_h, s.in_w, width * s.out_c, s.out_c);
    let runs = s.patch_runs(width, s.out_c);
    for_each_image(s.is_small(), dx, s.input_len(), |n, dx| {
        let dy = &dy[n * s.output_len()..(n + 1) * s.output_len()];
        with_scratch(height * width * s.out_c, |spread| {
            for (p, dy) in dy.chunks_exact(s.out_c).enumerate() {
                let y = (p / s.out_w * s.stride_h + reach_h).checked_sub(s.pad_top).filter(|y| *y < height);
                let x = (p % s.out_w * s.stride_w + reach_w).checked_sub(s.pad_left).filter(|x| *x < width);
                if let (Some(y), Some(x)) = (y, x) {
                    spread[(y * width + x) * s.out_c..][..s.out_c].copy_from_slice(dy);
                }
            }
            let left = Left { data: spread, runs: &runs, step: 1 };
            tiles(&kernel, &left, &rows, &filter.as_right(), dx, s.in_c, false);
        });
    });
}

/// The filter with its rows and columns turned around and its channels swapped.
fn turned_filter<T: GemmElement>(s: &Conv2d, w: &[T]) -> Vec<T> {
    let mut turned = vec![T::default(); w.len()];
    let taps = s.k_h * s.k_w;
    for (tap, block) in w.chunks_exact(s.in_c * s.out_c).enumerate() {
        let to = &mut turned[(taps - 1 - tap) * s.in_c * s.out_c..][..s.in_c * s.out_c];
        for (c, row) in block.chunks_exact(s.out_c).enumerate() {
            for (o, x) in row.iter().enumerate() {
                to[o * s.in_c + c] = *x;
            }
        }
    }
    turned
}

/// The gradient of [`forward`] with respect to `w`: patches, transposed, times `dy`.
pub fn backprop_filter<T: GemmElement>(s: &Conv2d, x: &[T], dy: &[T], dw: &mut [T]) {
    assert_eq!(
        (x.len(), dw.len(), dy.len()),
        (s.batch * s.input_len(), s.filter_len(), s.batch * s.output_len()),
        "the sizes of a convolution"
    );
    dw.fill(T::default());
    if dw.is_empty() || dy.is_empty() {
        return;
    }
    let kernel = T::kernel(level());
    let blocks = s.batch.div_ceil(IMAGES);
    let part = |block: usize, dw: &mut [T]| {
        for n in block * IMAGES..((block + 1) * IMAGES).min(s.batch) {
            let image = &x[n * s.input_len()..(n + 1) * s.input_len()];
            add_filter_gradient(s, &kernel, image, &dy[n * s.output_len()..(n + 1) * s.output_len()], dw);
        }
    };
    if s.is_small() || blocks == 1 {
        // The same sums in the same order as with several threads.
        let mut sum = vec![T::default(); dw.len()];
        for block in 0..blocks {
            sum.fill(T::default());
            part(block, &mut sum);
            add(dw, &sum);
        }
        return;
    }
    let mut parts = vec![T::default(); blocks * dw.len()];
    parts.par_chunks_mut(dw.len()).enumerate().for_each(|(block, dw)| part(block, dw));
    parts.chunks_exact(dw.len()).for_each(|part| add(dw, part));
}

fn add<T: GemmElement>(sum: &mut [T], more: &[T]) {
    sum.iter_mut().zip(more).for_each(|(sum, x)| *sum = sum.plus(*x));
}

fn add_filter_gradient<T: GemmElement>(s: &Conv2d, kernel: &MicroKernel<T>, image: &[T], dy: &[T], dw: &mut [T]) {
    let [height, width] = s.padded();
    // One row of the left operand for each number of a patch, one column for each output pixel.
    let rows: Vec<usize> =
        s.patch_runs(width, s.in_c).into_iter().flat_map(|(start, len)| start..start + len).collect();
    let runs: Vec<(usize, usize)> = (0..s.out_h).map(|y| (y * s.stride_h * width * s.in_c, s.out_w)).collect();
    let step = s.stride_w * s.in_c;
    with_scratch(height * width * s.in_c, |padded| {
        s.pad(image, padded);
        let left = Left { data: padded, runs: &runs, step };
        if s.out_c.is_multiple_of(kernel.cols) {
            // The gradient already lies in rows that the kernel can read.
            let right = Right { data: dy, panel_step: kernel.cols, row_step: s.out_c, cols: s.out_c };
            tiles(kernel, &left, &rows, &right, dw, s.out_c, true);
        } else {
            let panels = Panels::new(kernel, Mat::new(dy, s.out_h * s.out_w, s.out_c));
            tiles(kernel, &left, &rows, &panels.as_right(), dw, s.out_c, true);
        }
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Calls `f(y, x, w)` for every product of the definition, as places in the three arrays.
    fn each_product(s: &Conv2d, mut f: impl FnMut(usize, usize, usize)) {
        for n in 0..s.batch {
            for (i, j) in (0..s.out_h).flat_map(|i| (0..s.out_w).map(move |j| (i, j))) {
                for (a, b) in (0..s.k_h).flat_map(|a| (0..s.k_w).map(move |b| (a, b))) {
                    let y = (i * s.stride_h + a * s.dilation_h).wrapping_sub(s.pad_top);
                    let x = (j * s.stride_w + b * s.dilation_w).wrapping_sub(s.pad_left);
                    if y >= s.in_h || x >= s.in_w {
                        continue;
                    }
                    for (c, o) in (0..s.in_c).flat_map(|c| (0..s.out_c).map(move |o| (c, o))) {
                        f(
                            ((n * s.out_h + i) * s.out_w + j) * s.out_c + o,
                            ((n * s.in_h + y) * s.in_w + x) * s.in_c + c,
                            ((a * s.k_w + b) * s.in_c + c) * s.out_c + o,
                        );
                    }
                }
            }
        }
    }

    fn whole(n: usize, seed: usize) -> Vec<i64> {
        (0..n).map(|i| ((i * 37 + seed * 11) % 19) as i64 - 9).collect()
    }

    fn cases() -> Vec<Conv2d> {
        let mut cases = Vec::new();
        for &(k_h, k_w, stride, dilation, pad_top, pad_left) in &[
            (3, 3, 1, 1, 1, 1),
            (1, 1, 1, 1, 0, 0),
            (5, 2, 2, 1, 2, 0),
            (3, 3, 1, 2, 2, 2),
            (2, 3, 3, 2, 0, 4),
            (7, 7, 2, 1, 3, 5),
        ] {
            for &(in_h, in_w, in_c, out_c, batch) in
                &[(7, 9, 3, 5, 2), (14, 14, 2, 64, 9), (4, 5, 1, 32, 0), (6, 6, 4, 33, 15)]
            {
                let size = |n: usize, k: usize, pad: usize| {
                    (n + 2 * pad).checked_sub((k - 1) * dilation + 1).map(|r| r / stride + 1)
                };
                let (Some(out_h), Some(out_w)) = (size(in_h, k_h, pad_top), size(in_w, k_w, pad_left)) else {
                    continue;
                };
                cases.push(Conv2d {
                    batch,
                    in_h,
                    in_w,
                    in_c,
                    k_h,
                    k_w,
                    out_c,
                    out_h,
                    out_w,
                    stride_h: stride,
                    stride_w: stride,
                    dilation_h: dilation,
                    dilation_w: dilation,
                    pad_top,
                    pad_left,
                });
            }
        }
        cases
    }

    #[test]
    fn all_three_directions_match_the_definition_exactly() {
        for s in cases() {
            let (x, w, dy) =
                (whole(s.batch * s.input_len(), 1), whole(s.filter_len(), 2), whole(s.batch * s.output_len(), 3));
            let (mut y, mut dx, mut dw) = (vec![0; dy.len()], vec![0; x.len()], vec![0; w.len()]);
            each_product(&s, |a, b, c| {
                y[a] += x[b] * w[c];
                dx[b] += dy[a] * w[c];
                dw[c] += dy[a] * x[b];
            });
            let (mut y2, mut dx2, mut dw2) = (vec![-1; y.len()], vec![-1; x.len()], vec![-1; w.len()]);
            forward(&s, &x, &w, &mut y2);
            backprop_input(&s, &w, &dy, &mut dx2);
            backprop_filter(&s, &x, &dy, &mut dw2);
            assert!(y == y2, "forward {s:?}");
            assert!(dx == dx2, "input {s:?}");
            assert!(dw == dw2, "filter {s:?}");
            // Small whole numbers are exact in f32 too: the vector kernels against the same definition.
            let narrow = |v: &[i64]| v.iter().map(|x| *x as f32).collect::<Vec<f32>>();
            let (xf, wf, dyf) = (narrow(&x), narrow(&w), narrow(&dy));
            let (mut yf, mut dxf, mut dwf) = (narrow(&y2), narrow(&dx2), narrow(&dw2));
            forward(&s, &xf, &wf, &mut yf);
            backprop_input(&s, &wf, &dyf, &mut dxf);
            backprop_filter(&s, &xf, &dyf, &mut dwf);
            assert!(yf == narrow(&y) && dxf == narrow(&dx) && dwf == narrow(&dw), "f32 {s:?}");
        }
    }

    #[test]
    fn results_are_the_same_bits_for_any_number_of_threads() {
        let s = Conv2d {
            batch: 30,
            in_h: 14,
            in_w: 14,
            in_c: 16,
            k_h: 3,
            k_w: 3,
            out_c: 40,
            out_h: 14,
            out_w: 14,
            stride_h: 1,
            stride_w: 1,
            dilation_h: 1,
            dilation_w: 1,
            pad_top: 1,
            pad_left: 1,
        };
        let fractions = |n: usize| (0..n).map(|i| ((i * 7919) % 1000) as f32 / 999.0 - 0.5).collect::<Vec<f32>>();
        let (x, dy) = (fractions(s.batch * s.input_len()), fractions(s.batch * s.output_len()));
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut dw = vec![0.0f32; s.filter_len()];
            pool.install(|| backprop_filter(&s, &x, &dy, &mut dw));
            dw.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(2));
        assert_eq!(run(1), run(3));
    }
}
