//! Convolutions of any kind as matrix products that read the patches where they lie, in a framed copy of one image.

use std::ops::Range;

use smallvec::SmallVec;

use super::frame::Frame;
use super::{Conv2d, Convolve};
use crate::kernels::cpu::Level;
use crate::kernels::gemm::{GemmElement, Left, Mat, MicroKernel, Right, tiles};
use crate::kernels::scratch;

type Runs = SmallVec<[(usize, usize); 16]>;

/// Appends a run, or lengthens the last one if they touch.
fn append(runs: &mut Runs, start: usize, len: usize) {
    match runs.last_mut() {
        Some(last) if last.0 + last.1 == start => last.1 += len,
        _ => runs.push((start, len)),
    }
}

/// Gives `f` what computes some rows of an image's convolution.
pub(super) fn with_forward<T: GemmElement, R>(
    level: Level,
    s: &Conv2d,
    w: &[T],
    f: impl FnOnce(&Convolve<T>) -> R,
) -> R {
    let kernel = T::kernel(level);
    let depth = s.k_h * s.k_w * s.in_c;
    scratch::with(kernel.packed_len(depth, s.out_c), |packed| {
        let filter = kernel.pack(Mat::new(w, depth, s.out_c), packed);
        f(&|image, rows, y| convolve(s, &kernel, &filter, image, rows, y))
    })
}

fn convolve<T: GemmElement>(
    s: &Conv2d,
    kernel: &MicroKernel<T>,
    filter: &Right<T>,
    image: &[T],
    rows: Range<usize>,
    y: &mut [T],
) {
    let frame = s.frame(&rows);
    let mut product = |data: &[T], width: usize| {
        let runs = patch_runs(s, width);
        scratch::with(rows.len() * s.out_w, |starts| {
            for (p, start) in starts.iter_mut().enumerate() {
                let (i, j) = (p / s.out_w, p % s.out_w);
                *start = ((i * s.stride_h * width + j * s.stride_w) * s.in_c, p * s.out_c);
            }
            tiles(kernel, &Left { data, runs: &runs, step: 1 }, starts, filter, y, false);
        });
    };
    if frame.lies_inside() {
        product(&image[rows.start * s.stride_h * s.in_w * s.in_c..], s.in_w);
    } else {
        frame.with_copy(image, |framed| product(framed, frame.width));
    }
}

/// The numbers of a patch in an image `width` wide; whole filter rows where they touch.
fn patch_runs(s: &Conv2d, width: usize) -> Runs {
    let mut runs = Runs::new();
    for (a, b) in (0..s.k_h).flat_map(|a| (0..s.k_w).map(move |b| (a, b))) {
        append(&mut runs, (a * s.dilation_h * width + b * s.dilation_w) * s.in_c, s.in_c);
    }
    runs
}

/// Of one of the two directions: which filter taps meet the pixels whose place, counted with the padding, leaves `rest`
/// when divided by the stride, and how many pixels of `dy` earlier.
struct Phase {
    rest: usize,
    taps: SmallVec<[(usize, usize); 8]>,
}

fn phases(k: usize, dilation: usize, stride: usize) -> Vec<Phase> {
    let mut phases: Vec<Phase> = Vec::new();
    // Backwards, so that taps that touch in `dy` follow each other.
    for tap in (0..k).rev() {
        let (earlier, rest) = (tap * dilation / stride, tap * dilation % stride);
        match phases.iter_mut().find(|phase| phase.rest == rest) {
            Some(phase) => phase.taps.push((tap, earlier)),
            None => phases.push(Phase { rest, taps: [(tap, earlier)].into_iter().collect() }),
        }
    }
    phases
}

/// Places along one direction of an image that belong to a phase, with the place of `dy` that tap 0 meets there.
fn places(n: usize, pad: usize, stride: usize, rest: usize) -> impl Iterator<Item = (usize, usize)> + Clone {
    let first = (rest + stride - pad % stride) % stride;
    (first..n).step_by(stride).map(move |place| (place, (place + pad) / stride))
}

/// The pixels of one phase in both directions: a product of their own.
struct Product<'a, T> {
    rest: (usize, usize),
    runs: Runs,
    filter: Right<'a, T>,
}

/// Gives `f` what computes the gradient of an image from that of its convolution.
pub(super) fn with_backprop_input<T: GemmElement, R>(
    level: Level,
    s: &Conv2d,
    w: &[T],
    f: impl FnOnce(&(dyn Fn(&[T], &mut [T]) + Sync)) -> R,
) -> R {
    let kernel = T::kernel(level);
    let frame = Frame {
        top: ((s.k_h - 1) * s.dilation_h / s.stride_h) as isize,
        left: ((s.k_w - 1) * s.dilation_w / s.stride_w) as isize,
        height: (s.in_h - 1 + s.pad_top) / s.stride_h + 1 + (s.k_h - 1) * s.dilation_h / s.stride_h,
        width: (s.in_w - 1 + s.pad_left) / s.stride_w + 1 + (s.k_w - 1) * s.dilation_w / s.stride_w,
        pitch: s.out_c,
        image: [s.out_h, s.out_w, s.out_c],
    };
    let packed_len = kernel.packed_len(s.k_h * s.k_w * s.out_c, s.in_c);
    scratch::with(w.len(), |turned| {
        scratch::with(packed_len, |packed| {
            let products = products(s, &kernel, &frame, w, turned, packed);
            f(&|dy, dx| {
                frame.with_copy(dy, |dy| spread_back(s, &kernel, &frame, &products, dy, dx));
            })
        })
    })
}

fn products<'a, T: GemmElement>(
    s: &Conv2d,
    kernel: &MicroKernel<T>,
    frame: &Frame,
    w: &[T],
    mut turned: &mut [T],
    mut packed: &'a mut [T],
) -> Vec<Product<'a, T>> {
    let mut products = Vec::new();
    let columns = phases(s.k_w, s.dilation_w, s.stride_w);
    for (down, across) in
        phases(s.k_h, s.dilation_h, s.stride_h).iter().flat_map(|down| columns.iter().map(move |across| (down, across)))
    {
        let depth = down.taps.len() * across.taps.len() * s.out_c;
        let (matrix, rest) = turned.split_at_mut(depth * s.in_c);
        turned = rest;
        let (panels, rest) = packed.split_at_mut(kernel.packed_len(depth, s.in_c));
        packed = rest;
        let mut runs = Runs::new();
        let taps = down.taps.iter().flat_map(|a| across.taps.iter().map(move |b| (a, b)));
        for ((a, b), block) in taps.zip(matrix.chunks_exact_mut((s.in_c * s.out_c).max(1))) {
            let (row, column) = (frame.top as usize - a.1, frame.left as usize - b.1);
            append(&mut runs, (row * frame.width + column) * s.out_c, s.out_c);
            transpose(&w[(a.0 * s.k_w + b.0) * s.in_c * s.out_c..][..block.len()], s.out_c, block);
        }
        let filter = kernel.pack(Mat::new(matrix, depth, s.in_c), panels);
        products.push(Product { rest: (down.rest, across.rest), runs, filter });
    }
    products
}

/// The transpose of a row-major matrix with `cols` columns.
pub(super) fn transpose<T: Copy>(from: &[T], cols: usize, to: &mut [T]) {
    let rows = from.len() / cols;
    for (r, row) in from.chunks_exact(cols).enumerate() {
        row.iter().enumerate().for_each(|(c, x)| to[c * rows + r] = *x);
    }
}

fn spread_back<T: GemmElement>(
    s: &Conv2d,
    kernel: &MicroKernel<T>,
    frame: &Frame,
    products: &[Product<T>],
    dy: &[T],
    dx: &mut [T],
) {
    // Pixels between the filter's reach have no phase.
    if products.len() < s.stride_h.saturating_mul(s.stride_w) {
        dx.fill(T::default());
    }
    scratch::with(s.in_h * s.in_w, |starts| {
        for product in products {
            let columns = places(s.in_w, s.pad_left, s.stride_w, product.rest.1);
            let mut len = 0;
            for (y, i) in places(s.in_h, s.pad_top, s.stride_h, product.rest.0) {
                for (x, j) in columns.clone() {
                    starts[len] = ((i * frame.width + j) * s.out_c, (y * s.in_w + x) * s.in_c);
                    len += 1;
                }
            }
            tiles(kernel, &Left { data: dy, runs: &product.runs, step: 1 }, &starts[..len], &product.filter, dx, false);
        }
    });
}

/// Adds an image's share to the filter's gradient: patches, transposed, times `dy`.
pub(super) fn add_filter_gradient<T: GemmElement>(level: Level, s: &Conv2d, image: &[T], dy: &[T], dw: &mut [T]) {
    let kernel = T::kernel(level);
    let mut product = |dy: &Right<T>| {
        let frame = s.frame(&(0..s.out_h));
        frame.with_copy(image, |data| {
            let runs: Runs = (0..s.out_h).map(|i| (i * s.stride_h * frame.width * s.in_c, s.out_w)).collect();
            let left = Left { data, runs: &runs, step: s.stride_w * s.in_c };
            // One row of the left operand for each number of a patch, one column for each output pixel.
            scratch::with(s.k_h * s.k_w * s.in_c, |starts| {
                let numbers = patch_runs(s, frame.width).into_iter().flat_map(|(start, len)| start..start + len);
                starts.iter_mut().zip(numbers).enumerate().for_each(|(i, (row, start))| *row = (start, i * s.out_c));
                tiles(&kernel, &left, starts, dy, dw, true);
            });
        });
    };
    if kernel.fits(s.out_c) {
        product(&kernel.in_place(dy, s.out_c));
    } else {
        let pixels = s.out_h * s.out_w;
        scratch::with(kernel.packed_len(pixels, s.out_c), |packed| {
            product(&kernel.pack(Mat::new(dy, pixels, s.out_c), packed));
        });
    }
}
