//! Reading bytes from the front, with errors that say where.

use crate::error::{Error, Result};

/// What is left of some bytes.
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Cursor<'a> {
    /// `bytes`, which lie at `offset` in their file.
    pub(super) fn new(bytes: &'a [u8], offset: usize) -> Self {
        Cursor { rest: bytes, offset }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Where the next byte lies in the file.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// The next `n` bytes.
    pub(super) fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let (at, have) = (self.offset, self.rest.len());
        let (taken, rest) = self
            .rest
            .split_at_checked(n)
            .ok_or_else(|| Error::data_loss(format!("at byte {at}: {n} bytes are to follow, and there are {have}")))?;
        (self.rest, self.offset) = (rest, self.offset + n);
        Ok(taken)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        let bytes = self.take(4)?;
        Ok(bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | u32::from(byte)))
    }

    /// A number of up to 64 bits, 7 in a byte.
    pub(super) fn varint(&mut self) -> Result<u64> {
        let at = self.offset;
        let mut number = 0u64;
        for shift in (0..70).step_by(7) {
            let byte = self.take(1)?.first().copied().unwrap_or(0);
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Error::data_loss(format!("at byte {at}: a number has more than 64 bits")))
    }

    /// A number of bytes.
    pub(super) fn length(&mut self) -> Result<usize> {
        let at = self.offset;
        let length = self.varint()?;
        usize::try_from(length).map_err(|_| Error::data_loss(format!("at byte {at}: a length of {length} bytes")))
    }
}

/// Appends a number, 7 bits in a byte.
pub(super) fn put_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
