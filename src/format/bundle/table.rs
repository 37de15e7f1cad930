//! The table of a bundle's index: sorted keys and values in blocks, as LevelDB lays them out.
//!
//! ```text
//! file   := block… metaindex-block index-block footer
//! block  := entries restarts:u32[n] n:u32, then type:u8 (0 plain, 1 snappy) crc:u32 of both
//! entry  := shared unshared value_len: varint32, key[shared..], value
//! footer := two handles (offset, size: varint64), zeros up to 40 bytes, magic
//! ```

use crate::error::{Error, Result};
use crate::format::crc::masked_crc;
use crate::format::cursor::{Cursor, put_varint};

const MAGIC: [u8; 8] = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
const FOOTER: usize = 48;
/// Type and checksum behind each block.
const TRAILER: usize = 5;
/// Blocks are closed when they are about this large.
const BLOCK: usize = 262_144;
/// Every so many keys one is written whole.
const RESTART_EVERY: usize = 16;
/// Nobody names a tensor at greater length.
const LONGEST_KEY: usize = 1 << 16;
/// A block that is compressed may not grow beyond this.
const LARGEST_BLOCK: usize = 1 << 28;
/// Keys share beginnings, so a small file could claim long ones without end: all of them together are at most so many
/// times the file.
const MOST_EXPANSION: usize = 64;

/// A key and its value.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

/// All pairs of the table `file`, whose keys must ascend.
pub(super) fn read(file: &[u8]) -> Result<Vec<Pair>> {
    let start = file.len().checked_sub(FOOTER).ok_or_else(|| damaged(0, "it is too short for a table"))?;
    let footer = &file[start..];
    if footer[40..] != MAGIC {
        return Err(damaged(start + 40, "it does not end as a table does"));
    }
    let mut cursor = Cursor::new(footer, start);
    let _metaindex = handle(&mut cursor)?;
    let index = block(file, handle(&mut cursor)?)?;
    let mut pairs = Vec::new();
    let mut room = file.len().saturating_mul(MOST_EXPANSION).saturating_add(1 << 20);
    for (_, value) in entries(&index, &mut room)? {
        let contents = block(file, handle(&mut Cursor::new(&value, 0))?)?;
        pairs.extend(entries(&contents, &mut room)?);
    }
    match pairs.windows(2).position(|pair| pair[0].0 >= pair[1].0) {
        Some(i) => Err(damaged(0, &format!("key {} is not above the one before it", i + 1))),
        None => Ok(pairs),
    }
}

fn damaged(offset: usize, what: &str) -> Error {
    Error::data_loss(format!("at byte {offset}: {what}"))
}

/// Where a block lies: its offset and its size without the trailer.
fn handle(cursor: &mut Cursor) -> Result<(usize, usize)> {
    let (at, offset, size) = (cursor.offset(), cursor.varint()?, cursor.varint()?);
    let handle = usize::try_from(offset).ok().zip(usize::try_from(size).ok());
    handle.ok_or_else(|| damaged(at, "a block lies beyond all memory"))
}

/// The contents of the block at `handle`, checked and unpacked.
fn block(file: &[u8], (offset, size): (usize, usize)) -> Result<Vec<u8>> {
    let whole = offset.checked_add(size).and_then(|end| end.checked_add(TRAILER)).and_then(|end| file.get(offset..end));
    let whole = whole.ok_or_else(|| damaged(offset, &format!("a block of {size} bytes does not lie in the file")))?;
    let (typed, crc) = whole.split_at(size + 1);
    if masked_crc(typed).to_le_bytes() != crc {
        return Err(damaged(offset, "the checksum of a block does not hold"));
    }
    let contents = &typed[..size];
    match typed[size] {
        0 => Ok(contents.to_vec()),
        1 => unpack(contents).map_err(|what| damaged(offset, &what)),
        other => Err(damaged(offset, &format!("a block is packed in way {other}, which is not known"))),
    }
}

fn unpack(contents: &[u8]) -> Result<Vec<u8>, String> {
    let length = snap::raw::decompress_len(contents).map_err(|e| e.to_string())?;
    // Snappy does not shrink anything more than this.
    if length > LARGEST_BLOCK || length > contents.len().saturating_mul(64) {
        return Err(format!("a block claims to unpack to {length} bytes"));
    }
    snap::raw::Decoder::new().decompress_vec(contents).map_err(|e| e.to_string())
}

/// The pairs of a block. `room` is how many bytes of keys there may still be.
fn entries(block: &[u8], room: &mut usize) -> Result<Vec<Pair>> {
    let restarts = block.len().checked_sub(4).map(|at| (at, Cursor::new(&block[at..], at).u32()));
    let (at, restarts) = restarts.ok_or_else(|| damaged(0, "a block is too short"))?;
    let end = (restarts? as usize).checked_mul(4).and_then(|bytes| at.checked_sub(bytes));
    let end = end.ok_or_else(|| damaged(at, "a block has more restarts than bytes"))?;
    let mut cursor = Cursor::new(&block[..end], 0);
    let mut pairs: Vec<Pair> = Vec::new();
    while !cursor.is_empty() {
        let at = cursor.offset();
        let (shared, unshared, length) = (cursor.length()?, cursor.length()?, cursor.length()?);
        let before = pairs.last().map_or(&[][..], |(key, _)| key);
        let beginning = before.get(..shared).ok_or_else(|| damaged(at, "a key shares more than there is"))?;
        let size = shared.saturating_add(unshared);
        if size > LONGEST_KEY || size > *room {
            return Err(damaged(at, "the keys are too long"));
        }
        *room -= size;
        let key = [beginning, cursor.take(unshared)?].concat();
        let value = cursor.take(length)?.to_vec();
        pairs.push((key, value));
    }
    Ok(pairs)
}

/// The table of `pairs`, whose keys ascend.
pub(super) fn write(pairs: &[Pair]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut index: Vec<Pair> = Vec::new();
    let mut rest = pairs;
    while !rest.is_empty() {
        let (contents, count) = full_block(rest);
        let (now, later) = rest.split_at(count);
        let handle = append(&mut file, &contents);
        let last = now.last().map_or(&[][..], |(key, _)| key);
        let key = match later.first() {
            Some((next, _)) => separator(last, next),
            None => successor(last),
        };
        index.push((key, handle));
        rest = later;
    }
    let metaindex = append(&mut file, &contents(&[], RESTART_EVERY));
    let index = append(&mut file, &contents(&index, 1));
    let mut footer = [metaindex, index].concat();
    footer.resize(40, 0);
    file.extend(footer);
    file.extend(MAGIC);
    file
}

/// The block of as many pairs as fit, and their number.
fn full_block(pairs: &[Pair]) -> (Vec<u8>, usize) {
    let mut builder = Builder::new(RESTART_EVERY);
    for (i, (key, value)) in pairs.iter().enumerate() {
        if i > 0 && (builder.size() >= BLOCK || key.len() + value.len() >= 2 * BLOCK) {
            return (builder.finish(), i);
        }
        builder.add(key, value);
    }
    (builder.finish(), pairs.len())
}

fn contents(pairs: &[Pair], restart_every: usize) -> Vec<u8> {
    let mut builder = Builder::new(restart_every);
    pairs.iter().for_each(|(key, value)| builder.add(key, value));
    builder.finish()
}

/// Appends a block; gives its handle.
fn append(file: &mut Vec<u8>, contents: &[u8]) -> Vec<u8> {
    let mut handle = Vec::new();
    put_varint(&mut handle, file.len() as u64);
    put_varint(&mut handle, contents.len() as u64);
    let start = file.len();
    file.extend(contents);
    file.push(0);
    let crc = masked_crc(&file[start..]);
    file.extend(crc.to_le_bytes());
    handle
}

/// A block under construction.
struct Builder<'a> {
    bytes: Vec<u8>,
    restarts: Vec<u32>,
    restart_every: usize,
    since_restart: usize,
    last: &'a [u8],
}

impl<'a> Builder<'a> {
    fn new(restart_every: usize) -> Self {
        Builder { bytes: Vec::new(), restarts: vec![0], restart_every, since_restart: 0, last: &[] }
    }

    fn size(&self) -> usize {
        self.bytes.len() + 4 * self.restarts.len() + 4
    }

    fn add(&mut self, key: &'a [u8], value: &[u8]) {
        let shared = if self.since_restart < self.restart_every {
            self.last.iter().zip(key).take_while(|(a, b)| a == b).count()
        } else {
            self.restarts.push(self.bytes.len() as u32);
            self.since_restart = 0;
            0
        };
        for length in [shared, key.len() - shared, value.len()] {
            put_varint(&mut self.bytes, length as u64);
        }
        self.bytes.extend(&key[shared..]);
        self.bytes.extend(value);
        self.last = key;
        self.since_restart += 1;
    }

    fn finish(mut self) -> Vec<u8> {
        self.restarts.iter().for_each(|restart| self.bytes.extend(restart.to_le_bytes()));
        self.bytes.extend((self.restarts.len() as u32).to_le_bytes());
        self.bytes
    }
}

/// A short key from `low` on, below `high`.
fn separator(low: &[u8], high: &[u8]) -> Vec<u8> {
    let same = low.iter().zip(high).take_while(|(a, b)| a == b).count();
    match (low.get(same), high.get(same)) {
        (Some(&a), Some(&b)) if a < 0xff && a + 1 < b => [&low[..same], &[a + 1]].concat(),
        _ => low.to_vec(),
    }
}

/// A short key from `key` on.
fn successor(key: &[u8]) -> Vec<u8> {
    match key.iter().position(|&byte| byte != 0xff) {
        Some(at) => [&key[..at], &[key[at] + 1]].concat(),
        None => key.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn pairs(n: usize) -> Vec<Pair> {
        (0..n).map(|i| (format!("layer{:05}/weights", i).into_bytes(), vec![i as u8; i % 50])).collect()
    }

    #[test]
    fn tables_of_many_blocks_come_back() {
        for n in [0, 1, 17, 12_000] {
            let pairs = pairs(n);
            assert_eq!(read(&write(&pairs)).unwrap(), pairs);
        }
    }

    #[test]
    fn packed_blocks_are_unpacked() {
        let packed = snap::raw::Encoder::new().compress_vec(&contents(&pairs(40), RESTART_EVERY)).unwrap();
        let mut file = packed.clone();
        file.push(1);
        file.extend(masked_crc(&file).to_le_bytes());
        let mut handle = vec![0];
        put_varint(&mut handle, packed.len() as u64);
        let metaindex = append(&mut file, &contents(&[], RESTART_EVERY));
        let index = append(&mut file, &contents(&[(b"m".to_vec(), handle)], 1));
        let mut footer = [metaindex, index].concat();
        footer.resize(40, 0);
        file.extend(footer);
        file.extend(MAGIC);
        assert_eq!(read(&file).unwrap(), pairs(40));
    }

    #[test]
    fn damage_of_any_byte_is_found_or_harmless() {
        let pairs = pairs(40);
        let good = write(&pairs);
        for at in 0..good.len() {
            for bit in [1, 0x80] {
                let mut bad = good.clone();
                bad[at] ^= bit;
                // The footer's padding carries nothing.
                if let Ok(found) = read(&bad) {
                    assert_eq!(found, pairs, "byte {at}");
                }
            }
            assert!(read(&good[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn keys_between_keys_are_short() {
        assert_eq!(separator(b"abcx", b"abfa"), b"abd");
        assert_eq!(separator(b"abc", b"abd"), b"abc");
        assert_eq!((successor(b"\xffab"), successor(b"\xff")), (b"\xffb".to_vec(), b"\xff".to_vec()));
    }
}
