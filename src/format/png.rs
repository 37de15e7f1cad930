//! PNG files, written.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

use crate::error::{Error, Result};

/// A PNG file of `height` by `width` pixels with 8 bits for each of `channels` channels: 1 grey, 2 grey and transparency,
/// 3 red, green and blue, 4 and transparency.
pub fn encode(pixels: &[u8], height: usize, width: usize, channels: usize) -> Result<Vec<u8>> {
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
    chunk(&mut file, b"IDAT", &compressed(pixels.chunks_exact(row))?)?;
    chunk(&mut file, b"IEND", &[])?;
    Ok(file)
}

/// Each row after a byte that says that it stands as it is.
fn compressed<'a>(rows: impl Iterator<Item = &'a [u8]>) -> Result<Vec<u8>> {
    let failed = |e: std::io::Error| Error::internal(format!("compressing a picture: {e}"));
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
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
