//! Convolutions of images whose channels come first. Some images at a time are turned around, and the results back: the
//! whole batch is never copied.

use super::direct::transpose;
use super::{Conv2d, GemmElement};
use crate::kernels::scratch;

/// Images that are turned around at a time.
const IMAGES: usize = 16;

/// Turns images of `rows` by `cols` numbers into images of `cols` by `rows`.
fn turn<T: Copy>(from: &[T], [rows, cols]: [usize; 2], to: &mut [T]) {
    let len = rows * cols;
    from.chunks_exact(len).zip(to.chunks_exact_mut(len)).for_each(|(from, to)| transpose(from, cols, to));
}

impl Conv2d {
    /// Channels and pixels of an image, and of its convolution.
    fn planes(&self) -> [[usize; 2]; 2] {
        [[self.in_c, self.in_h * self.in_w], [self.out_c, self.out_h * self.out_w]]
    }

    /// Calls `f` for some images at a time, with the place of the first one.
    fn each_group(&self, mut f: impl FnMut(usize, &Conv2d)) {
        for first in (0..self.batch).step_by(IMAGES) {
            f(first, &Conv2d { batch: IMAGES.min(self.batch - first), ..*self });
        }
    }
}

/// [`forward`](super::forward) for NCHW images.
pub fn forward<T: GemmElement>(s: &Conv2d, x: &[T], w: &[T], y: &mut [T]) {
    s.check(Some(x), Some(w), y);
    if x.is_empty() || y.is_empty() {
        y.fill(T::default());
        return;
    }
    let [image, [out_c, pixels]] = s.planes();
    s.each_group(|first, group| {
        let x = &x[first * s.input_len()..][..group.batch * s.input_len()];
        let y = &mut y[first * s.output_len()..][..group.batch * s.output_len()];
        scratch::with(x.len(), |turned: &mut [T]| {
            turn(x, image, turned);
            scratch::with(y.len(), |result: &mut [T]| {
                super::forward(group, turned, w, result);
                turn(result, [pixels, out_c], y);
            });
        });
    });
}

/// [`backprop_input`](super::backprop_input) for NCHW images.
pub fn backprop_input<T: GemmElement>(s: &Conv2d, w: &[T], dy: &[T], dx: &mut [T]) {
    s.check(Some(&*dx), Some(w), dy);
    if dx.is_empty() || dy.is_empty() {
        dx.fill(T::default());
        return;
    }
    let [[in_c, pixels], output] = s.planes();
    s.each_group(|first, group| {
        let dy = &dy[first * s.output_len()..][..group.batch * s.output_len()];
        let dx = &mut dx[first * s.input_len()..][..group.batch * s.input_len()];
        scratch::with(dy.len(), |turned: &mut [T]| {
            turn(dy, output, turned);
            scratch::with(dx.len(), |result: &mut [T]| {
                super::backprop_input(group, w, turned, result);
                turn(result, [pixels, in_c], dx);
            });
        });
    });
}

/// [`backprop_filter`](super::backprop_filter) for NCHW images; the groups' sums are added in order.
pub fn backprop_filter<T: GemmElement>(s: &Conv2d, x: &[T], dy: &[T], dw: &mut [T]) {
    s.check(Some(x), Some(&*dw), dy);
    dw.fill(T::default());
    if x.is_empty() || dy.is_empty() {
        return;
    }
    let [image, output] = s.planes();
    s.each_group(|first, group| {
        let x = &x[first * s.input_len()..][..group.batch * s.input_len()];
        let dy = &dy[first * s.output_len()..][..group.batch * s.output_len()];
        scratch::with(x.len(), |turned_x: &mut [T]| {
            turn(x, image, turned_x);
            scratch::with(dy.len(), |turned_dy: &mut [T]| {
                turn(dy, output, turned_dy);
                scratch::with(dw.len(), |sum: &mut [T]| {
                    super::backprop_filter(group, turned_x, turned_dy, sum);
                    dw.iter_mut().zip(&*sum).for_each(|(dw, sum)| *dw = dw.plus(*sum));
                });
            });
        });
    });
}
