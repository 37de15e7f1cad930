//! From the frequencies of a block to its samples: the integer transformations of libjpeg, in the arithmetic of its vector
//! code.

use super::scan::Block;

/// Which transformation. TF: the attribute `dct_method`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dct {
    /// Of 8 bits behind the point: Arai, Agui and Nakajima's. TF: `'INTEGER_FAST'`, which TensorFlow takes if nothing is
    /// said.
    #[default]
    Fast,
    /// Of 13 bits behind the point: Loeffler, Ligtenberg and Moschytz's. TF: `'INTEGER_ACCURATE'`.
    Accurate,
}

/// The samples of frequencies times their steps.
type Run = fn(&Block, &[i16; 64]) -> [u8; 64];

/// How the blocks of a component become samples.
pub(super) struct Transform {
    steps: [i16; 64],
    run: Run,
    /// Samples across and down that come of a block: 8, 4, 2 or 1.
    pub size: usize,
}

impl Transform {
    /// For frequencies that are multiplied by `steps`.
    pub fn new(steps: &[u16; 64], size: usize, dct: Dct) -> Transform {
        let plain = || steps.map(|step| step as i16);
        let (steps, run): (_, Run) = match (size, dct) {
            (1, _) => (plain(), one),
            (2, _) => (plain(), two),
            (4, _) => (plain(), four),
            (_, Dct::Accurate) => (plain(), accurate),
            (_, Dct::Fast) => (std::array::from_fn(|i| fast_step(steps[i], i)), fast),
        };
        Transform { steps, run, size }
    }

    /// The samples of a block, in rows of [`size`](Transform::size).
    pub fn samples(&self, block: &Block) -> [u8; 64] {
        (self.run)(block, &self.steps)
    }
}

/// A frequency times its step.
fn scaled(block: &Block, steps: &[i16; 64], i: usize) -> i16 {
    block[i].wrapping_mul(steps[i])
}

/// A number around zero as a sample.
fn sample(x: i64) -> u8 {
    (x.clamp(-128, 127) + 128) as u8
}

/// `x` without its last `bits` bits, rounded.
fn descale(x: i64, bits: u32) -> i64 {
    (x + (1 << (bits - 1))) >> bits
}

/// A step with the factors of the fast transformation, of 2 bits behind the point.
fn fast_step(step: u16, i: usize) -> i16 {
    // cos(k pi / 16) times the square root of 2; 1 for k = 0.
    const FACTORS: [f64; 8] = [
        1.0,
        1.387_039_845_322_148,
        1.306_562_964_876_377,
        1.175_875_602_419_359,
        1.0,
        0.785_694_958_387_102,
        0.541_196_100_146_197,
        0.275_899_379_282_943,
    ];
    let both = (FACTORS[i / 8] * FACTORS[i % 8] * f64::from(1 << 14)).round() as i64;
    ((i64::from(step) * both + (1 << 11)) >> 12) as i16
}

/// `x * factor`, where the factor has 8 bits behind the point.
fn times(x: i16, factor: i32) -> i16 {
    ((i32::from(x.wrapping_shl(2)) * (factor << 6)) >> 16) as i16
}

/// One line of the fast transformation.
fn fast_line(x: [i16; 8]) -> [i16; 8] {
    let (add, sub) = (i16::wrapping_add, i16::wrapping_sub);
    let (sum, difference) = (add(x[0], x[4]), sub(x[0], x[4]));
    let outer = add(x[2], x[6]);
    let inner = sub(times(sub(x[2], x[6]), 362), outer);
    let even = [add(sum, outer), add(difference, inner), sub(difference, inner), sub(sum, outer)];
    let (z13, z10, z11, z12) = (add(x[5], x[3]), sub(x[5], x[3]), add(x[1], x[7]), sub(x[1], x[7]));
    let z5 = times(add(z10, z12), 473);
    let odd7 = add(z11, z13);
    let odd6 = sub(add(sub(times(z10, 256 - 669), z10), z5), odd7);
    let odd5 = sub(times(sub(z11, z13), 362), odd6);
    let odd4 = add(sub(times(z12, 277), z5), odd5);
    [
        add(even[0], odd7),
        add(even[1], odd6),
        add(even[2], odd5),
        sub(even[3], odd4),
        add(even[3], odd4),
        sub(even[2], odd5),
        sub(even[1], odd6),
        sub(even[0], odd7),
    ]
}

fn fast(block: &Block, steps: &[i16; 64]) -> [u8; 64] {
    let mut middle = [[0; 8]; 8];
    for column in 0..8 {
        let line = fast_line(std::array::from_fn(|row| scaled(block, steps, row * 8 + column)));
        line.into_iter().zip(&mut middle).for_each(|(x, row)| row[column] = x);
    }
    let mut samples = [0; 64];
    for (row, out) in middle.into_iter().zip(samples.chunks_exact_mut(8)) {
        fast_line(row).into_iter().zip(out).for_each(|(x, out)| *out = sample(i64::from(x >> 5)));
    }
    samples
}

/// Sums of products with 13 bits behind the point.
fn accurate_line(x: [i64; 8]) -> [i64; 8] {
    let z1 = (x[2] + x[6]) * 4433;
    let (even2, even3) = (z1 - x[6] * 15137, z1 + x[2] * 6270);
    let (sum, difference) = ((x[0] + x[4]) << 13, (x[0] - x[4]) << 13);
    let even = [sum + even3, difference + even2, difference - even2, sum - even3];
    let z5 = (x[7] + x[3] + x[5] + x[1]) * 9633;
    let (z1, z2) = ((x[7] + x[1]) * -7373, (x[5] + x[3]) * -20995);
    let (z3, z4) = ((x[7] + x[3]) * -16069 + z5, (x[5] + x[1]) * -3196 + z5);
    let odd = [x[1] * 12299 + z1 + z4, x[3] * 25172 + z2 + z3, x[5] * 16819 + z2 + z4, x[7] * 2446 + z1 + z3];
    std::array::from_fn(|i| if i < 4 { even[i] + odd[i] } else { even[7 - i] - odd[7 - i] })
}

fn accurate(block: &Block, steps: &[i16; 64]) -> [u8; 64] {
    let mut middle = [[0; 8]; 8];
    for column in 0..8 {
        let line = accurate_line(std::array::from_fn(|row| scaled(block, steps, row * 8 + column).into()));
        line.into_iter().zip(&mut middle).for_each(|(x, row)| row[column] = narrow(descale(x, 11)));
    }
    let mut samples = [0; 64];
    for (row, out) in middle.into_iter().zip(samples.chunks_exact_mut(8)) {
        accurate_line(row).into_iter().zip(out).for_each(|(x, out)| *out = sample(descale(x, 18)));
    }
    samples
}

/// As it is kept between the two passes.
fn narrow(x: i64) -> i64 {
    x.clamp(i16::MIN.into(), i16::MAX.into())
}

fn four_line(x: [i64; 8]) -> [i64; 4] {
    let even = x[2] * 15137 - x[6] * 6270;
    let (first, second) = ((x[0] << 14) + even, (x[0] << 14) - even);
    let near = x[7] * -1730 + x[5] * 11893 + x[3] * -17799 + x[1] * 8697;
    let far = x[7] * -4176 + x[5] * -4926 + x[3] * 7373 + x[1] * 20995;
    [first + far, second + near, second - near, first - far]
}

fn four(block: &Block, steps: &[i16; 64]) -> [u8; 64] {
    let mut middle = [[0; 8]; 4];
    for column in [0, 1, 2, 3, 5, 6, 7] {
        let line = four_line(std::array::from_fn(|row| scaled(block, steps, row * 8 + column).into()));
        line.into_iter().zip(&mut middle).for_each(|(x, row)| row[column] = narrow(descale(x, 12)));
    }
    let mut samples = [0; 64];
    for (row, out) in middle.into_iter().zip(samples.chunks_exact_mut(4)) {
        four_line(row).into_iter().zip(out).for_each(|(x, out)| *out = sample(descale(x, 19)));
    }
    samples
}

fn two_line(x: [i64; 8]) -> [i64; 2] {
    let odd = x[7] * -5906 + x[5] * 6967 + x[3] * -10426 + x[1] * 29692;
    [(x[0] << 15) + odd, (x[0] << 15) - odd]
}

fn two(block: &Block, steps: &[i16; 64]) -> [u8; 64] {
    let mut middle = [[0; 8]; 2];
    for column in [0, 1, 3, 5, 7] {
        let line = two_line(std::array::from_fn(|row| scaled(block, steps, row * 8 + column).into()));
        line.into_iter().zip(&mut middle).for_each(|(x, row)| row[column] = narrow(descale(x, 13)));
    }
    let mut samples = [0; 64];
    for (row, out) in middle.into_iter().zip(samples.chunks_exact_mut(2)) {
        two_line(row).into_iter().zip(out).for_each(|(x, out)| *out = sample(descale(x, 20)));
    }
    samples
}

fn one(block: &Block, steps: &[i16; 64]) -> [u8; 64] {
    let mut samples = [0; 64];
    samples[0] = sample(descale(scaled(block, steps, 0).into(), 3));
    samples
}
