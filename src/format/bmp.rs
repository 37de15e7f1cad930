//! BMP files as pixels: those that are not compressed, with 8, 24 or 32 bits for each pixel, as TensorFlow reads them.

use super::jpeg::Pixels;
use crate::error::{Error, Result};

fn bad(what: impl std::fmt::Display) -> Error {
    Error::invalid_argument(format!("no BMP file that can be read: {what}"))
}

/// The picture in a file. `channels` is 3, 4, or 0 for what the file has; a pixel of 8 bits is one channel.
pub fn decode(bytes: &[u8], channels: usize) -> Result<Pixels> {
    let number = |at: usize| -> Option<i32> { Some(i32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)) };
    let (Some(start), Some(width), Some(height), Some(bits)) = (number(10), number(18), number(22), number(28)) else {
        return Err(bad("it ends early"));
    };
    let stored = match bits & 0xffff {
        8..=15 => 1,
        24..=31 => 3,
        32..=39 => 4,
        bits => return Err(bad(format!("{bits} bits for each pixel"))),
    };
    let channels = if channels == 0 { stored } else { channels };
    let size = usize::try_from(width).ok().zip(usize::try_from(height.unsigned_abs()).ok());
    let size = size.filter(|&(width, height)| width > 0 && height > 0 && (width * height) < (1 << 28) - 1);
    let (Some((width, rows)), Ok(start)) = (size, usize::try_from(start)) else {
        return Err(bad(format!("a picture of {height} by {width} pixels")));
    };
    let row = (stored * width).next_multiple_of(4);
    if start.checked_add(row * rows) != Some(bytes.len()) {
        return Err(bad(format!("{} bytes for a picture of {rows} by {width} pixels", bytes.len())));
    }
    let mut out = Vec::with_capacity(rows * width * channels);
    for y in 0..rows {
        // The lowest row comes first, unless the height is below 0.
        let y = if height < 0 { y } else { rows - 1 - y };
        for pixel in bytes[start + y * row..][..stored * width].chunks_exact(stored) {
            match (pixel, channels) {
                (&[grey], 1) => out.push(grey),
                (&[grey], 3) => out.extend([grey; 3]),
                (&[grey], _) => out.extend([grey, grey, grey, 255]),
                (&[blue, green, red, ..], 3) => out.extend([red, green, blue]),
                (&[blue, green, red], _) => out.extend([red, green, blue, 255]),
                (&[blue, green, red, alpha], _) => out.extend([red, green, blue, alpha]),
                _ => return Err(bad("a pixel")),
            }
        }
    }
    Ok(Pixels { height: rows, width, channels, bytes: out })
}
