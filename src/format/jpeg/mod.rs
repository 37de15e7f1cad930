//! JPEG files as pixels and pixels as JPEG files, bit for bit as the library libjpeg-turbo does it, with TensorFlow's choices.
//!
//! The format is that of ITU-T Recommendation T.81 (<https://www.w3.org/Graphics/JPEG/itu-t81.pdf>), Huffman-coded,
//! sequential or progressive. How coefficients become pixels is not said there to the bit; that follows libjpeg.

mod colors;
mod encode;
mod header;
mod idct;
mod planes;
mod scan;
mod source;

pub use encode::{Settings, encode};
pub use idct::Dct;

use crate::error::{Error, Result};

/// How a file is decoded. TF: the attributes of `DecodeJpeg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// 1 (grey), 3 (red, green, blue), or 0 for what the file has.
    pub channels: u8,
    /// The picture becomes that many times smaller: 1, 2, 4 or 8.
    pub ratio: usize,
    /// Whether colors that are stored coarser than brightness are interpolated.
    pub fancy_upscaling: bool,
    /// Whether a file that ends early is shown as far as it goes.
    pub try_recover_truncated: bool,
    /// How frequencies become pixels.
    pub dct: Dct,
    /// The part that is wanted: y, x, height and width. TF: `DecodeAndCropJpeg`.
    pub crop: Option<[i32; 4]>,
}

impl Default for Options {
    /// TensorFlow's.
    fn default() -> Self {
        Options {
            channels: 0,
            ratio: 1,
            fancy_upscaling: true,
            try_recover_truncated: false,
            dct: Dct::Fast,
            crop: None,
        }
    }
}

/// Rows of pixels, the channels of each side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// The number of rows.
    pub height: usize,
    /// The number of columns.
    pub width: usize,
    /// The numbers of each pixel.
    pub channels: usize,
    /// The numbers, row after row.
    pub bytes: Vec<u8>,
}

/// The most samples that a picture may have.
const MOST: u64 = 1 << 29;

fn bad(what: impl Into<String>) -> Error {
    Error::invalid_argument(format!("no JPEG file that can be read: {}", what.into()))
}

/// Height, width and channels of the picture in a file.
pub fn shape(bytes: &[u8]) -> Result<[usize; 3]> {
    let frame = scan::first_frame(bytes)?;
    let channels = if frame.components.len() == 1 { 1 } else { frame.components.len().max(3) };
    Ok([frame.height, frame.width, channels])
}

/// The picture in a file.
///
/// The size that a file claims is checked before memory is taken: pictures of 2^29 samples or more are refused, as
/// TensorFlow does, and also such that the file is too short for, at one bit for each 64 samples.
pub fn decode(bytes: &[u8], options: &Options) -> Result<Pixels> {
    let stored = scan::read(bytes, options)?;
    let layout = planes::Layout::new(&stored.frame, options)?;
    let planes = planes::upsampled(&stored, &layout, options);
    colors::pixels(&stored.frame, &layout, planes, options.channels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    /// An 8 by 8 picture of one brightness: all tables are as small as can be.
    fn tiny(height: u16, width: u16) -> Vec<u8> {
        let mut file = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
        file.extend([1; 64]);
        file.extend([0xff, 0xc0, 0, 11, 8]);
        file.extend(height.to_be_bytes().into_iter().chain(width.to_be_bytes()));
        file.extend([1, 1, 0x11, 0]);
        // One code of one bit each: a difference of 7 bits, and the end of a block.
        for (table, symbol) in [(0x00, 7), (0x10, 0)] {
            file.extend([0xff, 0xc4, 0, 20, table, 1]);
            file.extend([0; 15]);
            file.push(symbol);
        }
        file.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0]);
        // 0, 1111111 (127), 0: brightness 127 / 8 above the middle.
        file.extend([0b0111_1111, 0b0111_1111, 0xff, 0xd9]);
        file
    }

    #[test]
    fn a_small_file_is_read() -> Result<()> {
        let file = tiny(8, 8);
        assert_eq!(shape(&file)?, [8, 8, 1]);
        let accurate = Options { dct: Dct::Accurate, ..Options::default() };
        assert_eq!(decode(&file, &accurate)?.bytes, [128 + 16; 64]);
        assert_eq!(decode(&file, &Options { ratio: 8, ..accurate })?.bytes, [144]);
        let color = decode(&file, &Options { channels: 3, crop: Some([7, 6, 1, 2]), ..accurate })?;
        assert_eq!((color.height, color.width, color.bytes.len()), (1, 2, 6));
        Ok(())
    }

    #[test]
    fn what_is_missing_at_the_end_can_be_put_in() -> Result<()> {
        let file = tiny(16, 24);
        assert!(decode(&file, &Options::default()).is_ok());
        let cut = &file[..file.len() - 2];
        assert!(decode(cut, &Options::default()).is_err());
        let recover = Options { try_recover_truncated: true, ..Options::default() };
        let shown = decode(cut, &recover)?;
        assert_eq!(shown, decode(&file, &Options::default())?);
        // What is not there is of middle brightness.
        assert_eq!((shown.bytes[0], shown.bytes.last()), (143, Some(&128)));
        Ok(())
    }

    #[test]
    fn claims_are_checked_before_memory_is_taken() {
        for (height, width) in [(60000, 60000), (20000, 20000), (0, 8), (8, 0)] {
            let error = decode(&tiny(height, width), &Options::default()).map_err(|e| e.kind());
            assert_eq!(error, Err(ErrorKind::InvalidArgument), "{height} by {width}");
        }
    }

    #[test]
    fn no_bytes_whatever_are_worse_than_an_error() {
        let file = tiny(16, 24);
        for end in 0..file.len() {
            assert!(decode(&file[..end], &Options::default()).is_err(), "{end}");
            let _ = decode(&file[..end], &Options { try_recover_truncated: true, ..Options::default() });
        }
        let mut state = 1u32;
        let mut next = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize % below
        };
        let picture: Vec<u8> = (0..19 * 21 * 3).map(|i| (i * i / 7) as u8).collect();
        let Ok(color) = encode(&picture, 19, 21, 3, &Settings::default()) else { return };
        for round in 0..2000 {
            let mut broken = if round % 2 == 0 { file.clone() } else { color.clone() };
            for _ in 0..3 {
                let at = next(broken.len());
                broken[at] = next(256) as u8;
            }
            let options = Options {
                channels: [0, 1, 3][next(3)],
                ratio: 1 << next(4),
                fancy_upscaling: next(2) == 0,
                try_recover_truncated: next(2) == 0,
                dct: [Dct::Fast, Dct::Accurate][next(2)],
                crop: (next(3) == 0).then(|| [0; 4].map(|_| next(20) as i32)),
            };
            let _ = (decode(&broken, &options), shape(&broken));
        }
    }
}
