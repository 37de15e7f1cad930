//! The bytes of a file: markers, segments, and bits between them.

use super::bad;
use crate::error::Result;

/// The marker that ends a file.
pub(super) const EOI: u8 = 0xd9;
const RST0: u8 = 0xd0;

/// A place in a file.
pub(super) struct Source<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether a file that ends early is taken to end there properly.
    recover: bool,
    /// A marker that was found among coded data and is still to be looked at.
    marker: Option<u8>,
}

impl<'a> Source<'a> {
    pub fn new(bytes: &'a [u8], recover: bool) -> Self {
        Source { bytes, at: 0, recover, marker: None }
    }

    /// The bytes of the file, with the end that is put in where it is missing.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn byte(&mut self) -> Result<u8> {
        let beyond = self.at.checked_sub(self.bytes.len());
        let byte = match beyond {
            None => self.bytes[self.at],
            Some(i @ (0 | 1)) if self.recover => [0xff, EOI][i],
            Some(_) => return Err(bad("it ends early")),
        };
        self.at += 1;
        Ok(byte)
    }

    fn word(&mut self) -> Result<usize> {
        Ok(usize::from(self.byte()?) << 8 | usize::from(self.byte()?))
    }

    /// The content of the segment that starts here with its length.
    pub fn segment(&mut self) -> Result<&'a [u8]> {
        let length = self.word()?;
        let length = length.checked_sub(2).ok_or_else(|| bad("a segment is shorter than its own length"))?;
        let segment = self.bytes.get(self.at..).and_then(|rest| rest.get(..length));
        let segment = segment.ok_or_else(|| bad("it ends early"))?;
        self.at += length;
        Ok(segment)
    }

    /// The next marker; what lies before it is left out.
    pub fn marker(&mut self) -> Result<u8> {
        if let Some(marker) = self.marker.take() {
            return Ok(marker);
        }
        loop {
            while self.byte()? != 0xff {}
            let mut byte = self.byte()?;
            while byte == 0xff {
                byte = self.byte()?;
            }
            if byte != 0 {
                return Ok(byte);
            }
        }
    }

    /// Goes to behind the restart marker number `wanted`. Where another marker stands, as libjpeg: one of those just before
    /// is passed over, one of those just after is left, so that what is between counts as lost.
    fn restart(&mut self, wanted: u8) -> Result<()> {
        loop {
            let marker = self.marker()?;
            let ahead = marker.wrapping_sub(RST0 + wanted) & 7;
            let is_restart = (RST0..=RST0 + 7).contains(&marker);
            match (is_restart, ahead) {
                (true, 0 | 3..=5) => return Ok(()),
                (true, 6 | 7) => {}
                (false, _) if marker < 0xc0 => {}
                _ => {
                    self.marker = Some(marker);
                    return Ok(());
                }
            }
        }
    }
}

/// The bits of coded data. Behind their end, which is a marker, there are zeros.
pub(super) struct Bits<'s, 'a> {
    source: &'s mut Source<'a>,
    buffer: u64,
    count: u32,
    /// How many of these are only zeros behind the end.
    padding: u32,
    /// Bits were wanted that are not there: what is coded from here to the next restart is lost.
    pub lost: bool,
    restarts: u8,
}

impl<'s, 'a> Bits<'s, 'a> {
    pub fn new(source: &'s mut Source<'a>) -> Self {
        Bits { source, buffer: 0, count: 0, padding: 0, lost: false, restarts: 0 }
    }

    /// Makes sure that there are `n` bits, at most 16.
    fn need(&mut self, n: u32) -> Result<()> {
        while self.count < n {
            if self.source.marker.is_some() {
                self.buffer <<= 16;
                self.count += 16;
                self.padding += 16;
                return Ok(());
            }
            let mut byte = self.source.byte()?;
            if byte == 0xff {
                let mut next = self.source.byte()?;
                while next == 0xff {
                    next = self.source.byte()?;
                }
                if next != 0 {
                    self.source.marker = Some(next);
                    continue;
                }
                byte = 0xff;
            }
            self.buffer = self.buffer << 8 | u64::from(byte);
            self.count += 8;
        }
        Ok(())
    }

    /// The next `n` bits, at most 16, which stay.
    pub fn peek(&mut self, n: u32) -> Result<u32> {
        self.need(n)?;
        Ok((self.buffer >> (self.count - n)) as u32 & ((1 << n) - 1))
    }

    /// Leaves out `n` bits that were looked at.
    pub fn skip(&mut self, n: u32) {
        self.count -= n;
        if self.count < self.padding {
            self.padding = self.count;
            self.lost = true;
        }
    }

    /// The next `n` bits, at most 16.
    pub fn take(&mut self, n: u32) -> Result<u32> {
        let bits = self.peek(n)?;
        self.skip(n);
        Ok(bits)
    }

    /// A number of `n` bits, whose first says the sign.
    pub fn signed(&mut self, n: u32) -> Result<i32> {
        if n == 0 {
            return Ok(0);
        }
        let bits = self.take(n)? as i32;
        Ok(if bits < 1 << (n - 1) { bits - (1 << n) + 1 } else { bits })
    }

    /// Goes on behind the next restart marker.
    pub fn restart(&mut self) -> Result<()> {
        (self.count, self.padding) = (0, 0);
        self.source.restart(self.restarts)?;
        self.restarts = (self.restarts + 1) & 7;
        if self.source.marker.is_none() {
            self.lost = false;
        }
        Ok(())
    }
}
