//! From the blocks of each component to as many samples as there are pixels.

use super::header::Frame;
use super::idct::Transform;
use super::scan::Stored;
use super::{Options, bad};
use crate::error::Result;

/// Which pixels are wanted, and how components become as large.
pub(super) struct Layout {
    /// The first row and column, of the picture in its new size.
    pub top: usize,
    pub left: usize,
    pub height: usize,
    pub width: usize,
    /// The columns that are made, which start with a unit.
    columns: std::ops::Range<usize>,
    /// The rows of the picture.
    rows: usize,
    /// Samples that come of a block of the finest component.
    size: usize,
}

impl Layout {
    pub fn new(frame: &Frame, options: &Options) -> Result<Layout> {
        let (rows, columns) = (frame.height.div_ceil(options.ratio), frame.width.div_ceil(options.ratio));
        let size = 8 / options.ratio;
        let whole = Layout { top: 0, left: 0, height: rows, width: columns, columns: 0..columns, rows, size };
        let Some(crop) = options.crop else { return Ok(whole) };
        let inside = |start: i32, length: i32, size: usize| {
            let (start, length) = (usize::try_from(start).ok()?, usize::try_from(length).ok()?);
            (length > 0 && start.checked_add(length)? <= size).then_some((start, length))
        };
        let (y, x) = (inside(crop[0], crop[2], rows), inside(crop[1], crop[3], columns));
        let (Some((top, height)), Some((left, width))) = (y, x) else {
            return Err(bad(format!("the part {crop:?} (y, x, height, width) of a picture of {rows} by {columns}")));
        };
        let start = left - left % (frame.across * size);
        Ok(Layout { top, left, height, width, columns: start..left + width, ..whole })
    }

    /// How many columns are made in front of the first one that is wanted.
    pub fn before(&self) -> usize {
        self.left - self.columns.start
    }

    /// How many columns are made.
    pub fn made(&self) -> usize {
        self.columns.len()
    }
}

/// The samples of a component, as they are stored.
struct Plane {
    width: usize,
    height: usize,
    samples: Vec<u8>,
}

impl Plane {
    /// Row `y`; the first and last go on above and below.
    fn row(&self, y: isize) -> &[u8] {
        let y = y.clamp(0, self.height as isize - 1) as usize;
        &self.samples[y * self.width..][..self.width]
    }
}

/// The wanted rows of each component, of the columns that are made.
pub(super) fn upsampled(stored: &Stored, layout: &Layout, options: &Options) -> Result<Vec<Vec<u8>>> {
    (0..stored.frame.components.len()).map(|c| component(stored, c, layout, options)).collect()
}

fn component(stored: &Stored, c: usize, layout: &Layout, options: &Options) -> Result<Vec<u8>> {
    let (frame, part) = (&stored.frame, &stored.frame.components[c]);
    // Coarser components are made larger by larger blocks, as far as that goes.
    let mut size = layout.size;
    let doubles = |all: usize, own: usize, size: usize| (all * layout.size).is_multiple_of(own * size * 2);
    while size < 8 && doubles(frame.across, part.across, size) && doubles(frame.down, part.down, size) {
        size *= 2;
    }
    let (across, down) = (part.across * size / layout.size, part.down * size / layout.size);
    if !frame.across.is_multiple_of(across) || !frame.down.is_multiple_of(down) {
        return Err(bad("components whose sizes are no multiples of one another"));
    }
    let zero = [0; 64];
    let transform = Transform::new(part.steps.as_deref().unwrap_or(&zero), size, options.dct);
    // The picture's own samples: the others of the last blocks do not count.
    let height = (frame.height * part.down * size).div_ceil(frame.down * 8);
    let start = layout.columns.start * across / frame.across;
    let width = (layout.made() * across).div_ceil(frame.across);
    let plane = plane(stored, c, &transform, start, width, height);
    let grow = Grow {
        across: frame.across / across,
        down: frame.down / down,
        fancy: options.fancy_upscaling && layout.size > 1,
    };
    let mut out = vec![0; layout.height * layout.made()];
    for (row, out) in (layout.top..).zip(out.chunks_exact_mut(layout.made().max(1))) {
        grow.row(&plane, row, out);
    }
    debug_assert!(layout.top + layout.height <= layout.rows);
    Ok(out)
}

/// The samples of component `c`: all rows, and the columns from `start`, which is at a block.
fn plane(stored: &Stored, c: usize, transform: &Transform, start: usize, width: usize, height: usize) -> Plane {
    let (blocks, size) = (&stored.components[c], transform.size);
    let mut samples = vec![0; width * height];
    for (i, rows) in samples.chunks_mut((width * size).max(1)).enumerate() {
        let line = &blocks.blocks[i * blocks.across..][..blocks.across];
        for (j, block) in line.iter().skip(start / size).take(width.div_ceil(size)).enumerate() {
            let made = transform.samples(block);
            let left = j * size;
            let columns = size.min(width - left);
            for (row, made) in rows.chunks_exact_mut(width).zip(made.chunks_exact(size)) {
                row[left..left + columns].copy_from_slice(&made[..columns]);
            }
        }
    }
    Plane { width, height, samples }
}

/// How many times larger a component becomes, and whether what is between samples is interpolated.
struct Grow {
    across: usize,
    down: usize,
    fancy: bool,
}

impl Grow {
    /// Row `y` of the picture.
    fn row(&self, plane: &Plane, y: usize, out: &mut [u8]) {
        let nearest = (y / self.down) as isize;
        let own = plane.row(nearest);
        let wide_enough = plane.width > 2;
        // The row on the other side: above for the first of two, below for the second.
        let second = y % 2 == 1;
        let other = || plane.row(if second { nearest + 1 } else { nearest - 1 });
        match (self.across, self.down, self.fancy) {
            (1, 1, _) => out.copy_from_slice(&own[..out.len()]),
            (2, 1, true) if wide_enough => {
                let sum = |i: usize| u32::from(own[i]);
                spread(own.len(), sum, |near, far| [(3 * near + far + 1) >> 2, (3 * near + far + 2) >> 2], out);
            }
            (2, 2, true) if wide_enough => {
                let other = other();
                let sum = |i: usize| 3 * u32::from(own[i]) + u32::from(other[i]);
                spread(own.len(), sum, |near, far| [(3 * near + far + 8) >> 4, (3 * near + far + 7) >> 4], out);
            }
            (1, 2, true) => {
                let bias = if second { 2 } else { 1 };
                for ((out, near), far) in out.iter_mut().zip(own).zip(other()) {
                    *out = ((3 * u32::from(*near) + u32::from(*far) + bias) >> 2) as u8;
                }
            }
            (across, ..) => out.chunks_mut(across).zip(own).for_each(|(out, sample)| out.fill(*sample)),
        }
    }
}

/// Two samples for each of `n`: three parts of it and one of its neighbor to the left, or to the right. `mix` gives both
/// roundings. At the ends a sample is its own neighbor.
fn spread(n: usize, sum: impl Fn(usize) -> u32, mix: impl Fn(u32, u32) -> [u32; 2], out: &mut [u8]) {
    for (i, out) in out.chunks_mut(2).enumerate() {
        let near = sum(i);
        out[0] = mix(near, if i == 0 { near } else { sum(i - 1) })[0] as u8;
        if let Some(out) = out.get_mut(1) {
            *out = mix(near, if i + 1 == n { near } else { sum(i + 1) })[1] as u8;
        }
    }
}
