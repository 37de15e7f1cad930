//! The bytes of a message, field by field.

use super::schema::Message;
use crate::error::{Error, Result};

/// Messages inside of each other beyond this are refused, as TensorFlow refuses them.
pub(super) const DEEPEST: usize = 100;
/// A message in memory takes some hundred bytes, on the disk perhaps two.
const MOST_MESSAGES: usize = 1 << 26;

/// What a field holds, as it lies there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Payload<'a> {
    /// A number: 7 bits in a byte, or four bytes, or eight.
    Number(u64),
    /// A run of bytes.
    Bytes(&'a [u8]),
}

/// The fields of a message: number and payload.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    /// Where `rest` starts in the file.
    offset: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8], offset: usize) -> Self {
        Fields { rest: bytes, offset }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        match self.rest.split_at_checked(n) {
            Some((taken, rest)) => {
                (self.rest, self.offset) = (rest, self.offset + n);
                Ok(taken)
            }
            None => Err(self.wrong(&format!("{n} bytes are to follow, and there are {}", self.rest.len()))),
        }
    }

    fn wrong(&self, what: &str) -> Error {
        Error::data_loss(format!("at byte {}: {what}", self.offset))
    }

    pub(super) fn varint(&mut self) -> Result<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = u64::from(self.take(1)?.first().copied().unwrap_or(0));
            number |= (byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.wrong("a number has more than 64 bits"))
    }

    /// The next field and, of a run of bytes, where it starts.
    pub(super) fn field(&mut self) -> Result<Option<(u32, Payload<'a>, usize)>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok().filter(|&number| number > 0);
        let number = number.ok_or_else(|| self.wrong("a field has a number that no field has"))?;
        let payload = match tag & 7 {
            0 => Payload::Number(self.varint()?),
            1 => Payload::Number(fixed(self.take(8)?)),
            2 => {
                let length = self.varint()?;
                let length = usize::try_from(length).map_err(|_| self.wrong("a length is beyond all memory"))?;
                let start = self.offset;
                return Ok(Some((number, Payload::Bytes(self.take(length)?), start)));
            }
            5 => Payload::Number(fixed(self.take(4)?)),
            other => return Err(self.wrong(&format!("a field of kind {other}"))),
        };
        Ok(Some((number, payload, self.offset)))
    }
}

fn fixed(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte))
}

/// An error unless `bytes` are a message of this kind that fits in memory: nothing is allocated for looking.
pub(super) fn check(bytes: &[u8], message: &'static Message) -> Result<()> {
    let mut open = [(0usize, message); DEEPEST];
    let (mut depth, mut count) = (0, 0);
    open[0].0 = bytes.len();
    let mut at = 0;
    loop {
        let (end, message) = open[depth];
        let mut fields = Fields::new(&bytes[at..end], at);
        let Some((number, payload, start)) = fields.field()? else {
            if depth == 0 {
                return Ok(());
            }
            depth -= 1;
            continue;
        };
        at = fields.offset;
        let inner = message.by_number(number).and_then(|field| field.kind.message());
        if let (Payload::Bytes(part), Some(inner)) = (payload, inner) {
            count += 1;
            depth += 1;
            if count > MOST_MESSAGES || depth >= DEEPEST {
                return Err(Error::resource_exhausted(format!(
                    "at byte {start}: more than {MOST_MESSAGES} messages, or more than {DEEPEST} inside of each other"
                )));
            }
            open[depth] = (start + part.len(), inner);
            at = start;
        }
    }
}
