//! What segments say: the frame with its components, tables, and which of them a scan holds.

use std::sync::Arc;

use super::bad;
use crate::error::Result;

/// A component of a picture: brightness or a color.
#[derive(Clone, Debug)]
pub(super) struct Component {
    pub id: u8,
    /// Samples across in each unit, of 1 to 4, and down.
    pub across: usize,
    pub down: usize,
    /// Which table its frequencies are multiplied by.
    pub quantizer: usize,
    /// That table as it was when its first scan began.
    pub steps: Option<Arc<[u16; 64]>>,
}

/// What a picture is made of.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub progressive: bool,
    pub height: usize,
    pub width: usize,
    pub components: Vec<Component>,
    /// The largest of all components.
    pub across: usize,
    pub down: usize,
    /// The segments of programs that say how colors are meant.
    pub jfif: bool,
    /// Adobe's transformation, if its segment is there.
    pub adobe: Option<u8>,
}

/// How colors are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Grey,
    Rgb,
    /// Brightness, blue, red.
    Ycc,
    Cmyk,
    Ycck,
}

impl Frame {
    pub fn parse(segment: &[u8], progressive: bool) -> Result<Frame> {
        let [8, h0, h1, w0, w1, count, rest @ ..] = segment else {
            return Err(bad("its frame is not of 8 bits"));
        };
        let [height, width] = [[*h0, *h1], [*w0, *w1]].map(|size| usize::from(u16::from_be_bytes(size)));
        if height == 0 || width == 0 || *count == 0 || rest.len() != 3 * usize::from(*count) {
            return Err(bad(format!("a picture of {height} by {width} with {count} components")));
        }
        let component = |item: &[u8]| {
            let (across, down) = (usize::from(item[1] >> 4), usize::from(item[1] & 15));
            let fits = (1..=4).contains(&across) && (1..=4).contains(&down);
            let component = Component { id: item[0], across, down, quantizer: usize::from(item[2]), steps: None };
            fits.then_some(component).ok_or_else(|| bad(format!("{across} by {down} samples in a unit")))
        };
        let components = rest.chunks_exact(3).map(component).collect::<Result<Vec<_>>>()?;
        let across = components.iter().map(|c| c.across).max().unwrap_or(1);
        let down = components.iter().map(|c| c.down).max().unwrap_or(1);
        Ok(Frame { progressive, height, width, components, across, down, jfif: false, adobe: None })
    }

    /// How many blocks of component `c` the picture covers: down and across.
    pub fn blocks(&self, c: usize) -> [usize; 2] {
        let component = &self.components[c];
        [
            (self.height * component.down).div_ceil(self.down * 8),
            (self.width * component.across).div_ceil(self.across * 8),
        ]
    }

    /// How many units of all components there are: down and across.
    pub fn units(&self) -> [usize; 2] {
        [self.height.div_ceil(self.down * 8), self.width.div_ceil(self.across * 8)]
    }

    pub fn space(&self) -> Result<Space> {
        let ids: Vec<u8> = self.components.iter().map(|c| c.id).collect();
        Ok(match (ids.as_slice(), self.adobe) {
            ([_], _) => Space::Grey,
            ([_, _, _], _) if self.jfif => Space::Ycc,
            ([_, _, _], Some(0)) => Space::Rgb,
            ([_, _, _], Some(_)) => Space::Ycc,
            (b"RGB", None) => Space::Rgb,
            ([_, _, _], None) => Space::Ycc,
            ([_, _, _, _], Some(0) | None) => Space::Cmyk,
            ([_, _, _, _], Some(_)) => Space::Ycck,
            _ => return Err(bad(format!("{} components", ids.len()))),
        })
    }
}

/// Where the frequencies of a block stand, in the order in which they are coded.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// A Huffman code.
#[derive(Clone, Debug)]
pub(super) struct Code {
    /// For each start of 8 bits the length and the symbol of the code that it begins with, if that is no longer.
    short: Box<[(u8, u8); 256]>,
    /// For each length the first code behind those of that length, as 16 bits, and what to add to a code to find its symbol.
    long: [(u32, i32); 17],
    symbols: Vec<u8>,
}

impl Code {
    /// A table that gives how many codes there are of each length, and all symbols.
    fn new(counts: &[u8], symbols: &[u8]) -> Option<Code> {
        let mut code = Code { short: Box::new([(0, 0); 256]), long: [(0, 0); 17], symbols: symbols.to_vec() };
        let (mut next, mut seen) = (0u32, 0usize);
        for (length, &count) in (1u32..).zip(counts) {
            code.long[length as usize].1 = seen as i32 - next as i32;
            for &symbol in symbols.get(seen..seen + usize::from(count))? {
                if length <= 8 {
                    let first = (next << (8 - length)) as usize;
                    code.short.get_mut(first..first + (1 << (8 - length)))?.fill((length as u8, symbol));
                }
                next += 1;
            }
            seen += usize::from(count);
            if next > 1 << length {
                return None;
            }
            code.long[length as usize].0 = next << (16 - length);
            next <<= 1;
        }
        Some(code)
    }

    /// The length of the code that 16 bits start with, and its symbol; 0 for what is no code.
    pub fn find(&self, bits: u32) -> (u32, u8) {
        let (length, symbol) = self.short[(bits >> 8) as usize];
        if length > 0 {
            return (length.into(), symbol);
        }
        for length in 9..=16 {
            let (end, offset) = self.long[length as usize];
            if bits < end {
                let index = (bits >> (16 - length)) as i32 + offset;
                return (length, usize::try_from(index).ok().and_then(|i| self.symbols.get(i)).copied().unwrap_or(0));
            }
        }
        (16, 0)
    }
}

/// The tables that segments have said so far.
#[derive(Default)]
pub(super) struct Tables {
    quantizers: [Option<Arc<[u16; 64]>>; 4],
    /// Of the means of blocks, and of all other frequencies.
    codes: [[Option<Arc<Code>>; 4]; 2],
    /// After how many units a scan starts anew; 0 for never.
    pub restart: usize,
}

impl Tables {
    pub fn read_quantizers(&mut self, mut rest: &[u8]) -> Result<()> {
        while let [kind, after @ ..] = rest {
            let wide = kind >> 4 != 0;
            let size = if wide { 128 } else { 64 };
            let (Some(place), Some(numbers)) = (self.quantizers.get_mut(usize::from(kind & 15)), after.get(..size))
            else {
                return Err(bad("a table of steps"));
            };
            let mut steps = [0; 64];
            for (i, &place) in ZIGZAG.iter().enumerate() {
                steps[usize::from(place)] = match wide {
                    true => u16::from_be_bytes([numbers[2 * i], numbers[2 * i + 1]]),
                    false => numbers[i].into(),
                };
            }
            *place = Some(Arc::new(steps));
            rest = &after[size..];
        }
        Ok(())
    }

    pub fn read_codes(&mut self, mut rest: &[u8]) -> Result<()> {
        let wrong = || bad("a table of codes");
        while let [kind, after @ ..] = rest {
            let counts = after.get(..16).ok_or_else(wrong)?;
            let count: usize = counts.iter().map(|&n| usize::from(n)).sum();
            let symbols = after.get(16..16 + count).filter(|_| count <= 256).ok_or_else(wrong)?;
            let class = self.codes.get_mut(usize::from(kind >> 4)).and_then(|c| c.get_mut(usize::from(kind & 15)));
            *class.ok_or_else(wrong)? = Some(Arc::new(Code::new(counts, symbols).ok_or_else(wrong)?));
            rest = &after[16 + count..];
        }
        Ok(())
    }

    pub fn quantizer(&self, i: usize) -> Result<Arc<[u16; 64]>> {
        self.quantizers.get(i).cloned().flatten().ok_or_else(|| bad("a table of steps is missing"))
    }

    /// The code number `i` of the means (0) or of the other frequencies (1).
    pub fn code(&self, class: usize, i: usize) -> Result<Arc<Code>> {
        let code = self.codes[class].get(i).cloned().flatten().ok_or_else(|| bad("a table of codes is missing"))?;
        // A mean has up to 15 bits.
        match class == 0 && code.symbols.iter().any(|&bits| bits > 15) {
            true => Err(bad("a table of codes")),
            false => Ok(code),
        }
    }
}

/// What a scan holds.
pub(super) struct ScanHeader {
    /// Which components, with the numbers of their codes for means and for other frequencies.
    pub parts: Vec<(usize, [usize; 2])>,
    /// The first and the last frequency.
    pub first: usize,
    pub last: usize,
    /// The lowest bit that earlier scans gave, if they did, and the one that this scan gives.
    pub high: u32,
    pub low: u32,
}

impl ScanHeader {
    pub fn parse(segment: &[u8], frame: &Frame) -> Result<ScanHeader> {
        let wrong = || bad("the start of a scan");
        let (&count, rest) = segment.split_first().ok_or_else(wrong)?;
        if !(1..=4).contains(&count) || rest.len() != 2 * usize::from(count) + 3 {
            return Err(wrong());
        }
        let (parts, rest) = rest.split_at(2 * usize::from(count));
        let mut found: Vec<(usize, [usize; 2])> = Vec::new();
        for part in parts.chunks_exact(2) {
            let c = frame.components.iter().position(|c| c.id == part[0]).ok_or_else(wrong)?;
            if found.iter().any(|(other, _)| *other == c) {
                return Err(wrong());
            }
            found.push((c, [usize::from(part[1] >> 4), usize::from(part[1] & 15)]));
        }
        let scan = ScanHeader {
            parts: found,
            first: rest[0].into(),
            last: rest[1].into(),
            high: (rest[2] >> 4).into(),
            low: (rest[2] & 15).into(),
        };
        if !frame.progressive {
            return Ok(ScanHeader { first: 0, last: 63, high: 0, low: 0, ..scan });
        }
        let range = match scan.first {
            0 => scan.last == 0,
            first => first <= scan.last && scan.last <= 63 && scan.parts.len() == 1,
        };
        let bits = scan.low <= 13 && (scan.high == 0 || scan.high == scan.low + 1);
        (range && bits).then_some(scan).ok_or_else(wrong)
    }
}
