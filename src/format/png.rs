//! PNG files, written; and read, with the feature `images`.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

use crate::error::{Error, Result};

/// A PNG file of `height` by `width` pixels with 8 bits for each of `channels` channels: 1 grey, 2 grey and transparency,
/// 3 red, green and blue, 4 and transparency.
pub fn encode(pixels: &[u8], height: usize, width: usize, channels: usize) -> Result<Vec<u8>> {
    encode_with(pixels, height, width, channels, None)
}

/// As [`encode`], with `level`, from 0 to 9: how much time is spent on a small file.
pub fn encode_with(pixels: &[u8], height: usize, width: usize, channels: usize, level: Option<u32>) -> Result<Vec<u8>> {
    let wrong = || Error::invalid_argument(format!("a picture of {height} by {width} pixels with {channels} channels"));
    let color = match channels {
        1 => 0,
        2 => 4,
        3 => 2,
        4 => 6,
        _ => return Err(wrong()),
    };
    let row = width.checked_mul(channels).filter(|&row| row > 0 && height > 0).ok_or_else(wrong)?;
    let size = |n: usize| i32::try_from(n).map(i32::to_be_bytes).map_err(|_| wrong());
    if row.checked_mul(height) != Some(pixels.len()) {
        return Err(wrong());
    }
    let mut header = [size(width)?, size(height)?].concat();
    header.extend([8, color, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut file, b"IHDR", &header)?;
    chunk(
        &mut file,
        b"IDAT",
        &compressed(pixels.chunks_exact(row), level.map_or(Compression::default(), Compression::new))?,
    )?;
    chunk(&mut file, b"IEND", &[])?;
    Ok(file)
}

/// Each row after a byte that says that it stands as it is.
fn compressed<'a>(rows: impl Iterator<Item = &'a [u8]>, level: Compression) -> Result<Vec<u8>> {
    let failed = |e: std::io::Error| Error::internal(format!("compressing a picture: {e}"));
    let mut encoder = ZlibEncoder::new(Vec::new(), level);
    for row in rows {
        encoder.write_all(&[0]).and_then(|()| encoder.write_all(row)).map_err(failed)?;
    }
    encoder.finish().map_err(failed)
}

fn chunk(file: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) -> Result<()> {
    let length = u32::try_from(data.len()).map_err(|_| Error::resource_exhausted("a picture of more than 4 GiB"))?;
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(data);
    file.extend(length.to_be_bytes());
    file.extend(kind);
    file.extend(data);
    file.extend(crc.sum().to_be_bytes());
    Ok(())
}

/// A picture with up to 16 bits for each number.
#[cfg(feature = "images")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The number of rows.
    pub height: usize,
    /// The number of columns.
    pub width: usize,
    /// The numbers of each pixel: 1 grey, 2 grey and transparency, 3 red, green and blue, 4 and transparency.
    pub channels: usize,
    /// The numbers, row after row: of 8 bits, or of 16 if that was asked for.
    pub numbers: Vec<u16>,
}

/// The picture in a PNG file, with `channels` channels, or what the file has if that is 0; with numbers of 16 bits if `wide`,
/// and else of 8.
///
/// As TensorFlow: what is missing is opaque, color becomes grey by the weights 0.299, 0.587 and 0.114, and a number of 16 bits
/// loses its lower half. The size that a file claims is checked before memory is taken.
#[cfg(feature = "images")]
pub fn decode(bytes: &[u8], channels: usize, wide: bool) -> Result<Picture> {
    use png::{BitDepth, ColorType, Decoder, Limits, Transformations};

    let bad = |what: String| Error::invalid_argument(format!("no PNG file that can be read: {what}"));
    let wrong = |e: png::DecodingError| bad(e.to_string());
    let mut decoder = Decoder::new_with_limits(std::io::Cursor::new(bytes), Limits { bytes: 1 << 30 });
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(wrong)?;
    let info = reader.info();
    let (stored, transparent, depth) = (info.color_type, info.trns.is_some(), info.bit_depth);
    let (height, width) = (info.height as usize, info.width as usize);
    let size = reader.output_buffer_size().filter(|_| height.saturating_mul(width) < 1 << 29);
    // What is compressed becomes at most about a thousand times as large.
    let size = size.filter(|&size| size / 1100 <= bytes.len() * 8);
    let size = size.ok_or_else(|| bad(format!("a picture of {height} by {width} in {} bytes", bytes.len())))?;
    let mut raw = vec![0; size];
    let read = reader.next_frame(&mut raw).map_err(wrong)?;
    reader.finish().map_err(wrong)?;
    let sixteen = read.bit_depth == BitDepth::Sixteen;
    let found = read.color_type.samples();
    let channels = match (channels, stored) {
        (0, ColorType::Indexed) => 3 + usize::from(transparent),
        (0, _) => stored.samples(),
        (n, _) => n,
    };
    // The lower half of a number of 16 bits is not looked at where 8 are wanted.
    let number = |at: usize| match sixteen {
        true => u16::from_be_bytes([raw[2 * at], raw[2 * at + 1]]),
        false => raw[at].into(),
    };
    let opaque = ((1u32 << (depth as u32)) - 1) as u16;
    let last = |x: u16| match (wide, sixteen) {
        (true, true) | (false, false) => x,
        (true, false) => x * 257,
        (false, true) => x >> 8,
    };
    let mut numbers = Vec::with_capacity(height * width * channels);
    for at in (0..height * width).map(|pixel| pixel * found) {
        let color = match found {
            1 | 2 => [number(at); 3],
            _ => [number(at), number(at + 1), number(at + 2)],
        };
        let alpha = if found % 2 == 0 { number(at + found - 1) } else { opaque };
        match channels {
            1 | 2 => numbers.push(last(grey(color, sixteen))),
            _ => numbers.extend(color.map(last)),
        }
        if channels % 2 == 0 {
            numbers.push(last(alpha));
        }
    }
    Ok(Picture { height, width, channels, numbers })
}

/// Of 15 bits behind the point, as the library libpng, which rounds numbers of 16 bits and cuts those of 8.
#[cfg(feature = "images")]
fn grey([red, green, blue]: [u16; 3], rounded: bool) -> u16 {
    if red == green && red == blue {
        return red;
    }
    let sum = 9798 * u32::from(red) + 19235 * u32::from(green) + 3735 * u32::from(blue);
    ((sum + if rounded { 1 << 14 } else { 0 }) >> 15) as u16
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Read;

    use super::*;

    /// The pixels of a file that [`encode`] wrote.
    pub(crate) fn pixels(file: &[u8]) -> Vec<u8> {
        let number = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        let (width, channels) = (number(16), [1, 0, 3, 0, 2, 0, 4][usize::from(file[25])]);
        let mut rows = Vec::new();
        flate2::read::ZlibDecoder::new(&file[41..41 + number(33)]).read_to_end(&mut rows).unwrap();
        rows.chunks_exact(width * channels + 1).flat_map(|row| row[1..].to_vec()).collect()
    }

    #[test]
    fn pictures_are_written_whole() {
        let picture: Vec<u8> = (0..24).collect();
        let file = encode(&picture, 2, 3, 4).unwrap();
        assert_eq!(pixels(&file), picture);
        // A picture of one black pixel, as libpng writes its header.
        let file = encode(&[0], 1, 1, 1).unwrap();
        assert_eq!(&file[..33], b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55");
        assert!(encode(&[0], 1, 1, 5).is_err() && encode(&[0], 2, 1, 1).is_err());
    }
}
