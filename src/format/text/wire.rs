//! The bytes of a message, field by field.

use super::schema::Message;
use crate::error::{Error, Result};
use crate::format::cursor::Cursor;

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
pub(super) struct Fields<'a>(Cursor<'a>);

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8], offset: usize) -> Self {
        Fields(Cursor::new(bytes, offset))
    }

    fn wrong(&self, what: &str) -> Error {
        Error::data_loss(format!("at byte {}: {what}", self.0.offset()))
    }

    /// The next field and, of a run of bytes, where it starts.
    pub(super) fn field(&mut self) -> Result<Option<(u32, Payload<'a>, usize)>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.0.varint()?;
        let number = u32::try_from(tag >> 3).ok().filter(|&number| number > 0);
        let number = number.ok_or_else(|| self.wrong("a field has a number that no field has"))?;
        let payload = match tag & 7 {
            0 => Payload::Number(self.0.varint()?),
            1 => Payload::Number(fixed(self.0.take(8)?)),
            2 => {
                let length = self.0.length()?;
                let start = self.0.offset();
                return Ok(Some((number, Payload::Bytes(self.0.take(length)?), start)));
            }
            5 => Payload::Number(fixed(self.0.take(4)?)),
            other => return Err(self.wrong(&format!("a field of kind {other}"))),
        };
        Ok(Some((number, payload, self.0.offset())))
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
        at = fields.0.offset();
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
