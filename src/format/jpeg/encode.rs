//! Pixels as JPEG files, to the byte as the library libjpeg-turbo writes them, sequential and Huffman-coded.

use super::header::ZIGZAG;
use crate::error::{Error, Result};

/// How a file is written. TF: the attributes of `EncodeJpeg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// From 0 to 100.
    pub quality: u8,
    /// Whether the codes are made for the picture, which takes longer and makes the file smaller.
    pub optimize_size: bool,
    /// Whether color is stored with half of the rows and columns.
    pub chroma_downsampling: bool,
    /// Pixels for each inch (1) or centimeter (2), across and down.
    pub density_unit: u8,
    /// See `density_unit`.
    pub density: [u16; 2],
    /// What is said of the picture, as XMP.
    pub xmp_metadata: Vec<u8>,
}

impl Default for Settings {
    /// TensorFlow's.
    fn default() -> Self {
        Settings {
            quality: 95,
            optimize_size: false,
            chroma_downsampling: true,
            density_unit: 1,
            density: [300, 300],
            xmp_metadata: Vec::new(),
        }
    }
}

/// The longest side that libjpeg writes.
const LONGEST: usize = 65_500;

/// A JPEG file of `height` by `width` pixels: grey for 1 channel, red, green and blue for 3.
pub fn encode(pixels: &[u8], height: usize, width: usize, channels: usize, settings: &Settings) -> Result<Vec<u8>> {
    let fits = (1..=LONGEST).contains(&height) && (1..=LONGEST).contains(&width) && [1, 3].contains(&channels);
    if !fits || pixels.len() != height * width * channels || height * width >= 1 << 29 {
        return Err(Error::invalid_argument(format!(
            "a JPEG file of {height} by {width} pixels with {channels} channels"
        )));
    }
    let tables = [&STEPS_OF_BRIGHTNESS, &STEPS_OF_COLOR].map(|base| steps(base, settings.quality));
    let picture = Picture::new(pixels, height, width, channels, settings.chroma_downsampling, &tables);
    let mut file = vec![0xff, 0xd8];
    let [x, y] = settings.density.map(u16::to_be_bytes);
    segment(&mut file, 0xe0, &[b"JFIF\0\x01\x01", &[settings.density_unit], &x[..], &y, &[0, 0]])?;
    if !settings.xmp_metadata.is_empty() {
        segment(&mut file, 0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", &settings.xmp_metadata])?;
    }
    let used = if channels == 1 { 1 } else { 2 };
    for (i, table) in (0u8..).zip(&tables[..used]) {
        segment(&mut file, 0xdb, &[&[i], &ZIGZAG.map(|place| table[usize::from(place)])])?;
    }
    let size = |n: usize| (n as u16).to_be_bytes();
    let mut frame = [&[8][..], &size(height), &size(width), &[channels as u8]].concat();
    for (i, part) in (0u8..).zip(&picture.parts) {
        frame.extend([i + 1, (part.across << 4 | part.down) as u8, u8::from(i > 0)]);
    }
    segment(&mut file, 0xc0, &[&frame])?;
    let codes = match settings.optimize_size {
        true => {
            let mut counts = Counts([[[0; 257]; 2]; 2]);
            picture.code(&mut counts);
            counts.0.map(|of| of.map(|counts| Code::fitted(&counts)))
        }
        false => Code::standard(),
    };
    for (i, of) in (0u8..).zip(&codes[..used]) {
        for (class, code) in (0u8..).zip(of) {
            segment(&mut file, 0xc4, &[&[class << 4 | i], &code.counts, &code.symbols])?;
        }
    }
    let mut scan = vec![channels as u8];
    (0..channels as u8).for_each(|i| scan.extend([i + 1, if i > 0 { 0x11 } else { 0 }]));
    segment(&mut file, 0xda, &[&scan, &[0, 63, 0]])?;
    let words = codes.each_ref().map(|of| of.each_ref().map(Code::words));
    let mut writer = Writer { words: &words, file, buffer: 0, count: 0 };
    picture.code(&mut writer);
    // The last byte is filled up with ones.
    writer.bits(0x7f, 7);
    writer.file.extend([0xff, 0xd9]);
    Ok(writer.file)
}

fn segment(file: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) -> Result<()> {
    let length = 2 + parts.iter().map(|part| part.len()).sum::<usize>();
    let length = u16::try_from(length).map_err(|_| Error::invalid_argument("a segment of more than 64 KiB"))?;
    file.extend([0xff, marker]);
    file.extend(length.to_be_bytes());
    parts.iter().for_each(|part| file.extend_from_slice(part));
    Ok(())
}

/// The tables of T.81, annex K.1, in rows.
#[rustfmt::skip]
const STEPS_OF_BRIGHTNESS: [u16; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
    87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
];
#[rustfmt::skip]
const STEPS_OF_COLOR: [u16; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99,
];

/// The steps of a quality, as libjpeg scales them.
fn steps(base: &[u16; 64], quality: u8) -> [u8; 64] {
    let quality = u32::from(quality.clamp(1, 100));
    let scale = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
    base.map(|step| ((u32::from(step) * scale + 50) / 100).clamp(1, 255) as u8)
}

/// A component: its frequencies, divided by their steps.
struct Part {
    across: usize,
    down: usize,
    /// How many blocks the picture covers, down and across.
    size: [usize; 2],
    blocks: Vec<[i16; 64]>,
}

struct Picture {
    parts: Vec<Part>,
    /// How many units there are, down and across.
    units: [usize; 2],
}

/// What is done with the symbols of a picture and the bits behind them: they are counted, or written.
trait Coder {
    /// Symbol `symbol` of the means (class 0) or the other frequencies (1) of brightness (0) or color (1), and `n` bits.
    fn symbol(&mut self, color: usize, class: usize, symbol: u8, bits: u32, n: u32);
}

impl Picture {
    fn new(
        pixels: &[u8],
        height: usize,
        width: usize,
        channels: usize,
        downsampled: bool,
        tables: &[[u8; 64]; 2],
    ) -> Picture {
        let finest = if channels == 3 && downsampled { 2 } else { 1 };
        let color = |c: usize, y: usize, x: usize| -> u8 {
            let pixel = &pixels[(y * width + x) * channels..][..channels];
            match *pixel {
                [red, green, blue] => component_of(c, red, green, blue),
                _ => pixel[0],
            }
        };
        let part = |c: usize| {
            let (own, step) = if c == 0 { (finest, 1) } else { (1, finest) };
            let size = [height, width].map(|n| (n * own).div_ceil(8 * finest));
            // Rows beyond the picture are as the last one; columns as the last pixel.
            let rows = height.div_ceil(finest) * own;
            let sample = |y: usize, x: usize| -> i32 {
                let (y, row) = (y.min(rows - 1) * step, height - 1);
                let at = |dy: usize, dx: usize| -> u32 {
                    color(c, (y + dy).min(row), (x * step + dx).min(width - 1)).into()
                };
                let value = match step {
                    1 => at(0, 0),
                    _ => (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1) + 1 + (x as u32 & 1)) >> 2,
                };
                value as i32 - 128
            };
            let block = |i: usize| {
                let (top, left) = (i / size[1] * 8, i % size[1] * 8);
                let samples = std::array::from_fn(|k| sample(top + k / 8, left + k % 8));
                frequencies(samples, &tables[usize::from(c > 0)])
            };
            Part { across: own, down: own, size, blocks: (0..size[0] * size[1]).map(block).collect() }
        };
        Picture {
            parts: (0..channels).map(part).collect(),
            units: [height.div_ceil(8 * finest), width.div_ceil(8 * finest)],
        }
    }

    /// Codes the blocks of all units in turn.
    fn code(&self, coder: &mut impl Coder) {
        let mut means = vec![0; self.parts.len()];
        for (row, column) in (0..self.units[0]).flat_map(|row| (0..self.units[1]).map(move |column| (row, column))) {
            for (c, (part, mean)) in self.parts.iter().zip(&mut means).enumerate() {
                let mut last = [0; 64];
                for (y, x) in (0..part.down).flat_map(|y| (0..part.across).map(move |x| (y, x))) {
                    let (y, x) = (row * part.down + y, column * part.across + x);
                    // What fills up the last units is as bright as what is before it.
                    let block = match y < part.size[0] && x < part.size[1] {
                        true => part.blocks[y * part.size[1] + x],
                        false => std::array::from_fn(|k| if k == 0 { last[0] } else { 0 }),
                    };
                    code_block(&block, mean, usize::from(c > 0), coder);
                    last = block;
                }
            }
        }
    }
}

/// Brightness and two differences of 16 bits behind the point.
fn component_of(c: usize, red: u8, green: u8, blue: u8) -> u8 {
    let [red, green, blue] = [red, green, blue].map(i32::from);
    const MIDDLE: i32 = (128 << 16) + (1 << 15) - 1;
    let sum = match c {
        0 => 19595 * red + 38470 * green + 7471 * blue + (1 << 15),
        1 => -11059 * red - 21709 * green + 32768 * blue + MIDDLE,
        _ => 32768 * red - 27439 * green - 5329 * blue + MIDDLE,
    };
    (sum >> 16) as u8
}

/// One line of the accurate transformation, with as many bits behind the point as given before and after.
fn line(x: [i32; 8], even: impl Fn(i32) -> i32, bits: u32) -> [i32; 8] {
    let descale = |x: i32| (x + (1 << (bits - 1))) >> bits;
    let (sum, difference) = (|i: usize| x[i] + x[7 - i], |i: usize| x[i] - x[7 - i]);
    let (t10, t13, t11, t12) = (sum(0) + sum(3), sum(0) - sum(3), sum(1) + sum(2), sum(1) - sum(2));
    let z1 = (t12 + t13) * 4433;
    let [d0, d1, d2, d3] = [difference(0), difference(1), difference(2), difference(3)];
    let z5 = (d3 + d1 + d2 + d0) * 9633;
    let (z1o, z2) = ((d3 + d0) * -7373, (d2 + d1) * -20995);
    let (z3, z4) = ((d3 + d1) * -16069 + z5, (d2 + d0) * -3196 + z5);
    [
        even(t10 + t11),
        descale(d0 * 12299 + z1o + z4),
        descale(z1 + t13 * 6270),
        descale(d1 * 25172 + z2 + z3),
        even(t10 - t11),
        descale(d2 * 16819 + z2 + z4),
        descale(z1 - t12 * 15137),
        descale(d3 * 2446 + z1o + z3),
    ]
}

/// The frequencies of a block of samples, divided by their steps.
fn frequencies(samples: [i32; 64], steps: &[u8; 64]) -> [i16; 64] {
    let mut middle = samples;
    for row in 0..8 {
        let from = std::array::from_fn(|k| samples[row * 8 + k]);
        middle[row * 8..][..8].copy_from_slice(&line(from, |x| x << 2, 11));
    }
    let mut out = [0; 64];
    for column in 0..8 {
        let from = std::array::from_fn(|k| middle[k * 8 + column]);
        for (k, x) in line(from, |x| (x + 2) >> 2, 15).into_iter().enumerate() {
            let step = i32::from(steps[k * 8 + column]) << 3;
            let size = (x.abs() + (step >> 1)) / step;
            out[k * 8 + column] = if x < 0 { -size } else { size } as i16;
        }
    }
    out
}

/// The number of bits of `x` without its sign, and these bits: those of `x - 1` if it is below zero.
fn signed(x: i32) -> (u32, u32) {
    let n = 32 - x.unsigned_abs().leading_zeros();
    let bits = if x < 0 { x - 1 } else { x };
    (bits as u32 & ((1 << n) - 1), n)
}

fn code_block(block: &[i16; 64], mean: &mut i32, color: usize, coder: &mut impl Coder) {
    let (bits, n) = signed(i32::from(block[0]) - *mean);
    *mean = block[0].into();
    coder.symbol(color, 0, n as u8, bits, n);
    let mut zeros = 0;
    for &place in &ZIGZAG[1..] {
        let x = i32::from(block[usize::from(place)]);
        if x == 0 {
            zeros += 1;
            continue;
        }
        while zeros > 15 {
            coder.symbol(color, 1, 0xf0, 0, 0);
            zeros -= 16;
        }
        let (bits, n) = signed(x);
        coder.symbol(color, 1, (zeros << 4 | n) as u8, bits, n);
        zeros = 0;
    }
    if zeros > 0 {
        coder.symbol(color, 1, 0, 0, 0);
    }
}

/// How often each symbol occurs.
struct Counts([[[u64; 257]; 2]; 2]);

impl Coder for Counts {
    fn symbol(&mut self, color: usize, class: usize, symbol: u8, _: u32, _: u32) {
        self.0[color][class][usize::from(symbol)] += 1;
    }
}

/// Writes codes into a file. For each symbol there is a code and its length.
struct Writer<'a> {
    words: &'a [[[(u16, u8); 256]; 2]; 2],
    file: Vec<u8>,
    buffer: u64,
    count: u32,
}

impl Writer<'_> {
    fn bits(&mut self, bits: u32, n: u32) {
        self.buffer = self.buffer << n | u64::from(bits);
        self.count += n;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.buffer >> self.count) as u8;
            self.file.push(byte);
            if byte == 0xff {
                self.file.push(0);
            }
        }
    }
}

impl Coder for Writer<'_> {
    fn symbol(&mut self, color: usize, class: usize, symbol: u8, bits: u32, n: u32) {
        let (word, length) = self.words[color][class][usize::from(symbol)];
        self.bits(word.into(), length.into());
        self.bits(bits, n);
    }
}

/// A Huffman code: how many symbols have each length, and all symbols, those with short codes first.
struct Code {
    counts: [u8; 16],
    symbols: Vec<u8>,
}

impl Code {
    /// The codes of T.81, annex K.3.
    fn standard() -> [[Code; 2]; 2] {
        let code = |counts: [u8; 16], symbols: &[u8]| Code { counts, symbols: symbols.to_vec() };
        let means: Vec<u8> = (0..12).collect();
        [
            [
                code([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], &means),
                code([0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125], BRIGHTNESS),
            ],
            [
                code([0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], &means),
                code([0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119], COLOR),
            ],
        ]
    }

    /// The code for symbols that occur so often, of 16 bits at most: T.81, annex K.2, with libjpeg's order of equals.
    fn fitted(counts: &[u64; 257]) -> Code {
        let mut counts = *counts;
        // One code is left out, so that none is all ones.
        counts[256] = 1;
        let mut lengths = [0usize; 257];
        let mut groups: Vec<Vec<usize>> = (0..257).map(|symbol| vec![symbol]).collect();
        loop {
            let rarest = |but: Option<usize>| {
                let left = (0..257).rev().filter(|&i| counts[i] > 0 && Some(i) != but);
                left.min_by_key(|&i| counts[i])
            };
            let Some(first) = rarest(None) else { break };
            let Some(second) = rarest(Some(first)) else { break };
            counts[first] += counts[second];
            counts[second] = 0;
            let more = std::mem::take(&mut groups[second]);
            groups[first].extend(more);
            groups[first].iter().for_each(|&symbol| lengths[symbol] += 1);
        }
        let longest = lengths.iter().copied().max().unwrap_or(0).max(16);
        let mut of_length = vec![0u32; longest + 1];
        lengths.iter().filter(|&&length| length > 0).for_each(|&length| of_length[length] += 1);
        for length in (17..=longest).rev() {
            while of_length[length] > 0 {
                let Some(shorter) = (1..=length - 2).rev().find(|&l| of_length[l] > 0) else { break };
                of_length[length] -= 2;
                of_length[length - 1] += 1;
                of_length[shorter + 1] += 2;
                of_length[shorter] -= 1;
            }
        }
        if let Some(last) = (1..=16).rev().find(|&length| of_length[length] > 0) {
            of_length[last] -= 1;
        }
        let lengths = &lengths;
        let symbols_of = |length| (0..=255).filter(move |&symbol: &u8| lengths[usize::from(symbol)] == length);
        let symbols: Vec<u8> = (1..=longest).flat_map(symbols_of).collect();
        Code { counts: std::array::from_fn(|i| of_length[i + 1] as u8), symbols }
    }

    /// For each symbol its code and the length of that.
    fn words(&self) -> [(u16, u8); 256] {
        let mut words = [(0, 0); 256];
        let (mut next, mut symbols) = (0u32, self.symbols.iter());
        for (length, &count) in (1u8..).zip(&self.counts) {
            for &symbol in symbols.by_ref().take(count.into()) {
                words[usize::from(symbol)] = (next as u16, length);
                next += 1;
            }
            next <<= 1;
        }
        words
    }
}

#[rustfmt::skip]
const BRIGHTNESS: &[u8] = b"\x01\x02\x03\x00\x04\x11\x05\x12\x21\x31\x41\x06\x13\x51\x61\x07\x22\x71\x14\x32\x81\x91\xa1\
\x08\x23\x42\xb1\xc1\x15\x52\xd1\xf0\x24\x33\x62\x72\x82\x09\x0a\x16\x17\x18\x19\x1a\x25\x26\x27\x28\x29\x2a\x34\x35\x36\
\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49\x4a\x53\x54\x55\x56\x57\x58\x59\x5a\x63\x64\x65\x66\x67\x68\x69\x6a\x73\x74\
\x75\x76\x77\x78\x79\x7a\x83\x84\x85\x86\x87\x88\x89\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7\xa8\
\xa9\xaa\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xe1\
\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa";
#[rustfmt::skip]
const COLOR: &[u8] = b"\x00\x01\x02\x03\x11\x04\x05\x21\x31\x06\x12\x41\x51\x07\x61\x71\x13\x22\x32\x81\x08\x14\x42\x91\
\xa1\xb1\xc1\x09\x23\x33\x52\xf0\x15\x62\x72\xd1\x0a\x16\x24\x34\xe1\x25\xf1\x17\x18\x19\x1a\x26\x27\x28\x29\x2a\x35\x36\
\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49\x4a\x53\x54\x55\x56\x57\x58\x59\x5a\x63\x64\x65\x66\x67\x68\x69\x6a\x73\x74\
\x75\x76\x77\x78\x79\x7a\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7\
\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\
\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa";
