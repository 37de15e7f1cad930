//! GIF files as pixels, frame after frame, as TensorFlow puts them together.

use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, DecodingError, Frame, MemoryLimit};

use crate::error::{Error, Result};

/// Frames of red, green and blue, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frames {
    /// The number of frames.
    pub count: usize,
    /// The number of rows.
    pub height: usize,
    /// The number of columns.
    pub width: usize,
    /// The numbers, frame after frame and row after row.
    pub bytes: Vec<u8>,
}

/// The most samples that all frames may have together.
const MOST: usize = 1 << 29;

fn bad(what: impl std::fmt::Display) -> Error {
    Error::invalid_argument(format!("no GIF file that can be read: {what}"))
}

/// The frames in a file, or the first one alone.
///
/// What a frame leaves open is as in the one before, and black in the first. They all are as large as the largest.
pub fn decode(bytes: &[u8], all: bool) -> Result<Frames> {
    let wrong = |e: DecodingError| bad(e);
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    let most = NonZeroU64::new(MOST as u64).map_or(MemoryLimit::Unlimited, MemoryLimit::Bytes);
    options.set_memory_limit(most);
    let mut decoder = options.read_info(bytes).map_err(wrong)?;
    let shared = decoder.global_palette().map(<[u8]>::to_vec);
    let mut frames: Vec<Frame<'static>> = Vec::new();
    let (mut height, mut width, mut size) = (0, 0, 0);
    while let Some(frame) = decoder.next_frame_info().map_err(wrong)? {
        height = height.max(usize::from(frame.height));
        width = width.max(usize::from(frame.width));
        let count = frames.len() + 1;
        size = height * width * 3 * count;
        if size >= MOST {
            return Err(bad(format!("{count} frames of {height} by {width}")));
        }
        let mut frame = frame.clone();
        let mut indices = vec![0; decoder.buffer_size()];
        decoder.read_into_buffer(&mut indices).map_err(wrong)?;
        frame.buffer = indices.into();
        frames.push(frame);
        if !all {
            break;
        }
    }
    if size == 0 {
        return Err(bad("there is no picture in it"));
    }
    let frame_size = height * width * 3;
    let mut out = vec![0; size];
    for (i, frame) in frames.iter().enumerate() {
        let (before, rest) = out.split_at_mut(i * frame_size);
        let canvas = &mut rest[..frame_size];
        if i > 0 {
            canvas.copy_from_slice(&before[(i - 1) * frame_size..]);
        }
        let palette = frame.palette.as_ref().or(shared.as_ref()).ok_or_else(|| bad("a frame without colors"))?;
        let (left, top) = (usize::from(frame.left), usize::from(frame.top));
        for (y, row) in frame.buffer.chunks_exact(usize::from(frame.width).max(1)).enumerate() {
            for (x, &index) in row.iter().enumerate() {
                if top + y >= height || left + x >= width || frame.transparent == Some(index) {
                    continue;
                }
                let color = palette.get(usize::from(index) * 3..).and_then(|rest| rest.get(..3));
                let color = color.ok_or_else(|| bad(format!("a color {index} of {}", palette.len() / 3)))?;
                canvas[((top + y) * width + left + x) * 3..][..3].copy_from_slice(color);
            }
        }
    }
    Ok(Frames { count: frames.len(), height, width, bytes: out })
}
