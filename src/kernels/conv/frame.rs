//! Copies of an image with zeros around it.

use crate::kernels::scratch;

/// A window onto an image and what lies around it: zeros.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Rows before the image's first; negative where the frame begins inside.
    pub(super) top: isize,
    /// Columns before the image's first.
    pub(super) left: isize,
    pub(super) height: usize,
    pub(super) width: usize,
    /// Numbers from pixel to pixel; zeros follow the image's channels.
    pub(super) pitch: usize,
    /// The image: height, width and channels.
    pub(super) image: [usize; 3],
}

impl Frame {
    /// Whether all of the frame is image, and begins at its first column.
    pub(super) fn lies_inside(&self) -> bool {
        let [height, width, channels] = self.image;
        self.top <= 0
            && self.height as isize - self.top <= height as isize
            && self.left == 0
            && self.width <= width
            && self.pitch == channels
    }

    pub(super) fn len(&self) -> usize {
        self.height * self.width * self.pitch
    }

    /// Runs `f` with the framed image.
    pub(super) fn with_copy<T: Copy + Default + 'static, R>(&self, image: &[T], f: impl FnOnce(&[T]) -> R) -> R {
        scratch::with(self.len(), |framed| {
            self.copy(image, framed);
            f(framed)
        })
    }

    pub(super) fn copy<T: Copy + Default>(&self, image: &[T], framed: &mut [T]) {
        let [height, width, channels] = self.image;
        let inside = self.columns();
        let skipped = self.left.min(0).unsigned_abs();
        for (y, row) in framed.chunks_exact_mut((self.width * self.pitch).max(1)).enumerate() {
            let y = y as isize - self.top;
            if y < 0 || y >= height as isize {
                row.fill(T::default());
                continue;
            }
            let from = &image[(y as usize * width + skipped.min(width)) * channels..][..inside.len() * channels];
            row[..inside.start * self.pitch].fill(T::default());
            row[inside.end * self.pitch..].fill(T::default());
            let row = &mut row[inside.start * self.pitch..inside.end * self.pitch];
            if self.pitch == channels {
                row.copy_from_slice(from);
            } else {
                row.fill(T::default());
                let pixels = row.chunks_exact_mut(self.pitch).zip(from.chunks_exact(channels));
                pixels.for_each(|(to, from)| to[..channels].copy_from_slice(from));
            }
        }
    }

    /// The image out of the framed one; zeros where the frame does not reach. Only where channels touch.
    pub(super) fn copy_back<T: Copy + Default>(&self, framed: &[T], image: &mut [T]) {
        let [_, width, channels] = self.image;
        let inside = self.columns();
        let skipped = self.left.min(0).unsigned_abs().min(width) * channels;
        for (y, row) in image.chunks_exact_mut((width * channels).max(1)).enumerate() {
            let y = y as isize + self.top;
            if y < 0 || y >= self.height as isize {
                row.fill(T::default());
                continue;
            }
            let from = &framed[(y as usize * self.width + inside.start) * channels..][..inside.len() * channels];
            row[..skipped].fill(T::default());
            row[skipped..skipped + from.len()].copy_from_slice(from);
            row[skipped + from.len()..].fill(T::default());
        }
    }

    /// The columns of the frame that are image.
    fn columns(&self) -> std::ops::Range<usize> {
        let clamp = |x: isize| x.clamp(0, self.width as isize) as usize;
        let start = clamp(self.left);
        start..clamp(self.left + self.image[1] as isize).max(start)
    }
}
