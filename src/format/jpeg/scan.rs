//! From the bytes of a file to the frequencies of its blocks.

use std::sync::Arc;

use super::header::{Code, Frame, ScanHeader, Tables, ZIGZAG};
use super::source::{Bits, EOI, Source};
use super::{MOST, Options, bad};
use crate::error::Result;

/// The frequencies of a block, in rows.
pub(super) type Block = [i16; 64];

/// The blocks of a component, in rows, with those that fill up the last units.
pub(super) struct Blocks {
    pub across: usize,
    pub blocks: Vec<Block>,
}

/// What a file holds.
pub(super) struct Stored {
    pub frame: Frame,
    pub components: Vec<Blocks>,
}

/// Reads a file from marker to marker.
struct Reader<'a> {
    source: Source<'a>,
    tables: Tables,
    frame: Option<Frame>,
    jfif: bool,
    adobe: Option<u8>,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], recover: bool) -> Result<Self> {
        let mut source = Source::new(bytes, recover);
        if [source.byte()?, source.byte()?] != [0xff, 0xd8] {
            return Err(bad("it does not start as one"));
        }
        Ok(Reader { source, tables: Tables::default(), frame: None, jfif: false, adobe: None })
    }

    /// Reads on to the next scan; `None` at the end of the file.
    fn next_scan(&mut self) -> Result<Option<ScanHeader>> {
        loop {
            match self.source.marker()? {
                EOI => return Ok(None),
                marker @ 0xc0..=0xc2 => {
                    let segment = self.source.segment()?;
                    if self.frame.is_some() {
                        return Err(bad("two frames"));
                    }
                    let frame = Frame::parse(segment, marker == 0xc2)?;
                    self.frame = Some(Frame { jfif: self.jfif, adobe: self.adobe, ..frame });
                }
                0xc4 => {
                    let segment = self.source.segment()?;
                    self.tables.read_codes(segment)?;
                }
                marker @ (0xc3 | 0xc5..=0xcf) => return Err(bad(format!("coded in a way that is rare ({marker:x})"))),
                0xda => {
                    let segment = self.source.segment()?;
                    let frame = self.frame.as_ref().ok_or_else(|| bad("a scan before the frame"))?;
                    return ScanHeader::parse(segment, frame).map(Some);
                }
                0xdb => {
                    let segment = self.source.segment()?;
                    self.tables.read_quantizers(segment)?;
                }
                0xdd => match self.source.segment()? {
                    &[high, low] => self.tables.restart = u16::from_be_bytes([high, low]).into(),
                    _ => return Err(bad("the length between restarts")),
                },
                0xd8 => return Err(bad("it starts twice")),
                // Restarts and others without content.
                0x01 | 0xd0..=0xd7 => {}
                0xe0 => self.jfif |= self.source.segment()?.starts_with(b"JFIF\0"),
                0xee => {
                    let segment = self.source.segment()?;
                    if let (true, Some(&transform)) = (segment.starts_with(b"Adobe"), segment.get(11)) {
                        self.adobe = Some(transform);
                    }
                }
                _ => drop(self.source.segment()?),
            }
        }
    }
}

/// What a file says before its first scan.
pub(super) fn first_frame(bytes: &[u8]) -> Result<Frame> {
    let mut reader = Reader::new(bytes, false)?;
    match reader.next_scan()? {
        Some(_) => reader.frame.ok_or_else(|| bad("no frame")),
        None => Err(bad("no picture")),
    }
}

/// All that a file holds.
pub(super) fn read(bytes: &[u8], options: &Options) -> Result<Stored> {
    let mut reader = Reader::new(bytes, options.try_recover_truncated)?;
    let Some(mut scan) = reader.next_scan()? else { return Err(bad("no picture")) };
    let mut frame = reader.frame.clone().ok_or_else(|| bad("no frame"))?;
    let samples = [frame.height.div_ceil(options.ratio), frame.width.div_ceil(options.ratio), frame.components.len()];
    let all: usize = (0..frame.components.len()).map(|c| frame.blocks(c).iter().product::<usize>()).sum();
    let too_short = !options.try_recover_truncated && all > 8 * reader.source.len() + 1024;
    // What is missing at the end is shown, but not for a picture of any size.
    let most = if options.try_recover_truncated { MOST } else { 4 * MOST };
    if samples.iter().map(|&n| n as u64).product::<u64>() >= MOST || all as u64 * 64 >= most || too_short {
        return Err(bad(format!("a picture of {} by {} in {} bytes", frame.height, frame.width, reader.source.len())));
    }
    let units = frame.units();
    let blocks = |c: &super::header::Component| Blocks {
        across: units[1] * c.across,
        blocks: vec![[0; 64]; units[0] * c.down * units[1] * c.across],
    };
    let mut components: Vec<Blocks> = frame.components.iter().map(blocks).collect();
    let several = frame.progressive || scan.parts.len() < frame.components.len();
    loop {
        for (c, _) in &scan.parts {
            let component = &mut frame.components[*c];
            if component.steps.is_none() {
                component.steps = Some(reader.tables.quantizer(component.quantizer)?);
            }
        }
        read_scan(&mut reader, &frame, &scan, &mut components)?;
        match reader.next_scan()? {
            None => return Ok(Stored { frame, components }),
            Some(_) if !several => return Err(bad("more than all is in it")),
            Some(next) => scan = next,
        }
    }
}

/// A component in a scan.
struct Part {
    component: usize,
    codes: [Option<Arc<Code>>; 2],
    /// The mean of the last block.
    mean: i32,
}

/// How many blocks of a component are in a unit: down and across.
type InUnit = fn(&Frame, usize) -> [usize; 2];

/// Where the scan is that is being read.
struct Scan<'h> {
    header: &'h ScanHeader,
    progressive: bool,
    /// How many blocks follow that hold nothing more of these frequencies.
    empty: u32,
}

/// Reads what is coded behind the start of a scan.
fn read_scan(reader: &mut Reader, frame: &Frame, header: &ScanHeader, components: &mut [Blocks]) -> Result<()> {
    let mut parts = Vec::new();
    for &(component, numbers) in &header.parts {
        let needed = [header.first == 0 && header.high == 0, header.last > 0];
        let code = |class: usize| needed[class].then(|| reader.tables.code(class, numbers[class])).transpose();
        parts.push(Part { component, codes: [code(0)?, code(1)?], mean: 0 });
    }
    // One component alone is coded without what fills up the last units.
    let (units, shape): (_, InUnit) = match parts.as_slice() {
        [part] => (frame.blocks(part.component), |_, _| [1, 1]),
        _ => (frame.units(), |frame, c| [frame.components[c].down, frame.components[c].across]),
    };
    let in_unit = parts.iter().map(|part| shape(frame, part.component).iter().product::<usize>()).sum::<usize>();
    if in_unit > 10 {
        return Err(bad(format!("{in_unit} blocks in a unit")));
    }
    let restart = reader.tables.restart;
    let mut bits = Bits::new(&mut reader.source);
    let mut scan = Scan { header, progressive: frame.progressive, empty: 0 };
    let mut left = restart;
    for row in 0..units[0] {
        for column in 0..units[1] {
            if restart > 0 {
                if left == 0 {
                    bits.restart()?;
                    parts.iter_mut().for_each(|part| part.mean = 0);
                    scan.empty = 0;
                    left = restart;
                }
                left -= 1;
            }
            if bits.lost {
                continue;
            }
            for part in &mut parts {
                let [down, across] = shape(frame, part.component);
                for (y, x) in (0..down).flat_map(|y| (0..across).map(move |x| (y, x))) {
                    let blocks = &mut components[part.component];
                    let place = (row * down + y) * blocks.across + column * across + x;
                    scan.block(&mut bits, part, &mut blocks.blocks[place])?;
                }
            }
        }
    }
    Ok(())
}

/// The next symbol of `code`.
fn symbol(bits: &mut Bits, code: Option<&Arc<Code>>) -> Result<u8> {
    let Some(code) = code else { return Ok(0) };
    let (length, symbol) = code.find(bits.peek(16)?);
    bits.skip(length);
    Ok(symbol)
}

impl Scan<'_> {
    fn block(&mut self, bits: &mut Bits, part: &mut Part, block: &mut Block) -> Result<()> {
        match (self.progressive, self.header.first, self.header.high) {
            (false, ..) => self.whole(bits, part, block),
            (true, 0, 0) => self.mean(bits, part, block),
            (true, 0, _) => {
                if bits.take(1)? != 0 {
                    block[0] |= 1 << self.header.low;
                }
                Ok(())
            }
            (true, _, 0) => self.frequencies(bits, part, block),
            (true, ..) => self.refine(bits, part, block),
        }
    }

    fn mean(&mut self, bits: &mut Bits, part: &mut Part, block: &mut Block) -> Result<()> {
        let length = symbol(bits, part.codes[0].as_ref())?;
        part.mean = part.mean.wrapping_add(bits.signed(length.into())?);
        block[0] = (part.mean << self.header.low) as i16;
        Ok(())
    }

    /// All of a block.
    fn whole(&mut self, bits: &mut Bits, part: &mut Part, block: &mut Block) -> Result<()> {
        self.mean(bits, part, block)?;
        let mut k = 1;
        while k < 64 {
            let symbol = symbol(bits, part.codes[1].as_ref())?;
            let (zeros, length) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            match (zeros, length) {
                (15, 0) => k += 16,
                (_, 0) => break,
                _ => {
                    k += zeros;
                    block[place(k)] = bits.signed(length)? as i16;
                    k += 1;
                }
            }
        }
        Ok(())
    }

    /// The high bits of some frequencies.
    fn frequencies(&mut self, bits: &mut Bits, part: &Part, block: &mut Block) -> Result<()> {
        if self.empty > 0 {
            self.empty -= 1;
            return Ok(());
        }
        let mut k = self.header.first;
        while k <= self.header.last {
            let symbol = symbol(bits, part.codes[1].as_ref())?;
            let (zeros, length) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            match (zeros, length) {
                (15, 0) => k += 16,
                (zeros, 0) => {
                    self.empty = (1 << zeros) - 1 + bits.take(zeros)?;
                    break;
                }
                _ => {
                    k += zeros as usize;
                    block[place(k)] = (bits.signed(length)? << self.header.low) as i16;
                    k += 1;
                }
            }
        }
        Ok(())
    }

    /// One more bit of some frequencies.
    fn refine(&mut self, bits: &mut Bits, part: &Part, block: &mut Block) -> Result<()> {
        let step = 1i16 << self.header.low;
        let mut k = self.header.first;
        if self.empty == 0 {
            while k <= self.header.last {
                let symbol = symbol(bits, part.codes[1].as_ref())?;
                let (mut zeros, length) = (u32::from(symbol >> 4), u32::from(symbol & 15));
                let mut new = 0;
                if length > 0 {
                    new = if bits.take(1)? != 0 { step } else { -step };
                } else if zeros < 15 {
                    self.empty = (1 << zeros) + bits.take(zeros)?;
                    break;
                }
                // Over those that are known already, and so many that stay zero.
                while k <= self.header.last {
                    let number = &mut block[place(k)];
                    if *number != 0 {
                        correct(bits, number, step)?;
                    } else if zeros == 0 {
                        break;
                    } else {
                        zeros -= 1;
                    }
                    k += 1;
                }
                if new != 0 {
                    block[place(k)] = new;
                }
                k += 1;
            }
        }
        if self.empty > 0 {
            for k in k..=self.header.last {
                let number = &mut block[place(k)];
                if *number != 0 {
                    correct(bits, number, step)?;
                }
            }
            self.empty -= 1;
        }
        Ok(())
    }
}

/// Where frequency `k` of the coded order stands; those that are not there count as the last.
fn place(k: usize) -> usize {
    ZIGZAG.get(k).map_or(63, |&place| place.into())
}

/// Moves a number that is not zero away from zero by `step`, if the next bit says so and it has not got that already.
fn correct(bits: &mut Bits, number: &mut i16, step: i16) -> Result<()> {
    if bits.take(1)? != 0 && *number & step == 0 {
        *number = number.wrapping_add(if *number >= 0 { step } else { -step });
    }
    Ok(())
}
