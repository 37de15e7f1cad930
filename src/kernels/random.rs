//! TensorFlow's random numbers: Philox 4x32-10 and the distributions drawn from it, number for number.

use std::convert::Infallible;

use rand::TryRng;
use smallvec::SmallVec;

use super::parallel::for_each_chunk;

/// The counter-based generator Philox 4x32-10: <https://doi.org/10.1145/2063384.2063405>, section 3.3, with TensorFlow's
/// use of seeds: the key is the graph's, the upper half of the counter the operation's.
///
/// ```
/// use flowstone::kernels::random::PhiloxRandom;
/// let mut first = PhiloxRandom::new(1, 2);
/// let mut second = first.clone();
/// first.next_block();
/// second.skip(1);
/// assert_eq!(first.next_block(), second.next_block());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhiloxRandom {
    key: [u32; 2],
    counter: u128,
    /// Numbers of the last block that were not drawn yet, as a generator of single numbers.
    rest: SmallVec<[u32; 4]>,
}

/// Blocks that TensorFlow sets aside for each number it may draw.
const BLOCKS_PER_OUTPUT: u128 = 256;

impl PhiloxRandom {
    /// The generator of a graph's and an operation's seed.
    pub fn new(seed: u64, seed2: u64) -> Self {
        PhiloxRandom {
            key: [seed as u32, (seed >> 32) as u32],
            counter: u128::from(seed2) << 64,
            rest: SmallVec::new(),
        }
    }

    /// Leaves out `blocks` blocks.
    pub fn skip(&mut self, blocks: u128) {
        self.counter = self.counter.wrapping_add(blocks);
    }

    /// Sets the blocks for `outputs` numbers aside: gives the generator that draws them, and stands behind them after.
    pub fn reserve(&mut self, outputs: usize) -> PhiloxRandom {
        self.set_aside((outputs as u128).wrapping_mul(BLOCKS_PER_OUTPUT))
    }

    /// Sets `blocks` blocks aside: gives the generator that draws them, and stands behind them after.
    pub fn set_aside(&mut self, blocks: u128) -> PhiloxRandom {
        let here = self.clone();
        self.skip(blocks);
        here
    }

    /// The next block of four random numbers.
    pub fn next_block(&mut self) -> [u32; 4] {
        let mut counter = [0, 32, 64, 96].map(|shift| (self.counter >> shift) as u32);
        let mut key = self.key;
        for _ in 0..10 {
            let (a, b) = (wide(0xD251_1F53, counter[0]), wide(0xCD9E_8D57, counter[2]));
            counter = [b.1 ^ counter[1] ^ key[0], b.0, a.1 ^ counter[3] ^ key[1], a.0];
            key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
        }
        self.skip(1);
        counter
    }

    /// The next number in [0, 1), with 23 random bits.
    pub fn next_f32(&mut self) -> f32 {
        uniform_f32(self.next_single())
    }

    /// The next number in [0, 1), with 52 random bits.
    pub fn next_f64(&mut self) -> f64 {
        let high = self.next_single();
        uniform_f64(high, self.next_single())
    }

    /// A whole number below `n`, each as likely as the others; 0 if `n` is.
    pub fn below(&mut self, n: u64) -> u64 {
        self.unskewed(n, u64::MAX, |generator| {
            let low = generator.next_single();
            u64::from(low) | u64::from(generator.next_single()) << 32
        })
    }

    /// As [`below`](PhiloxRandom::below), drawn from single numbers.
    pub fn below_u32(&mut self, n: u32) -> u32 {
        self.unskewed(n.into(), u32::MAX.into(), |generator| generator.next_single().into()) as u32
    }

    /// A whole number below `n` made of what `draw` gives, numbers up to `most`. Those that would make small results more
    /// likely are drawn again.
    fn unskewed(&mut self, n: u64, most: u64, draw: impl Fn(&mut Self) -> u64) -> u64 {
        if n.is_power_of_two() || n == 0 {
            return draw(self) & n.saturating_sub(1);
        }
        loop {
            let number = draw(self);
            if number > most % n {
                return number % n;
            }
        }
    }

    /// The next single number.
    pub(crate) fn next_single(&mut self) -> u32 {
        if self.rest.is_empty() {
            self.rest = self.next_block().into_iter().rev().collect();
        }
        self.rest.pop().unwrap_or_default()
    }
}

/// The low and the high half of a product.
fn wide(a: u32, b: u32) -> (u32, u32) {
    let product = u64::from(a) * u64::from(b);
    (product as u32, (product >> 32) as u32)
}

impl TryRng for PhiloxRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.next_single())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let low = self.try_next_u32()?;
        Ok(u64::from(low) | u64::from(self.try_next_u32()?) << 32)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(4) {
            let number = self.try_next_u32()?.to_le_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
        Ok(())
    }
}

/// A floating-point type with TensorFlow's distributions.
pub trait Sample: Copy + Send + Default {
    /// As many numbers as one block makes.
    type Group: AsRef<[Self]>;
    /// Numbers in [0, 1).
    fn uniform(block: [u32; 4]) -> Self::Group;
    /// Numbers of mean 0 and standard deviation 1, by the method of Box and Muller.
    fn normal(block: [u32; 4]) -> Self::Group;
    /// As [`normal`](Sample::normal), drawn again where a number is 2 or more away from 0.
    fn truncated_normal(generator: &mut PhiloxRandom) -> Self::Group;
}

/// The first `N` of what `draw` gives that lie between -2 and 2.
fn truncated<T: Copy + Default + Into<f64>, const N: usize>(mut draw: impl FnMut() -> [T; 2]) -> [T; N] {
    let mut numbers = [T::default(); N];
    let mut found = 0;
    while found < N {
        for number in draw() {
            if found < N && number.into().abs() < 2.0 {
                numbers[found] = number;
                found += 1;
            }
        }
    }
    numbers
}

/// Numbers below this would have no finite logarithm.
const LEAST: f64 = 1.0e-7;

fn uniform_f32(x: u32) -> f32 {
    f32::from_bits(127 << 23 | x & 0x7f_ffff) - 1.0
}

fn uniform_f64(x: u32, y: u32) -> f64 {
    f64::from_bits(1023 << 52 | u64::from(x & 0xf_ffff) << 32 | u64::from(y)) - 1.0
}

fn box_muller_f32(x: u32, y: u32) -> [f32; 2] {
    let u = uniform_f32(x).max(LEAST as f32);
    let angle = (2.0 * std::f64::consts::PI * f64::from(uniform_f32(y))) as f32;
    let radius = (-2.0 * u.ln()).sqrt();
    [angle.sin() * radius, angle.cos() * radius]
}

impl Sample for f32 {
    type Group = [f32; 4];

    fn truncated_normal(generator: &mut PhiloxRandom) -> [f32; 4] {
        truncated(|| {
            let x = generator.next_single();
            box_muller_f32(x, generator.next_single())
        })
    }

    fn uniform(block: [u32; 4]) -> [f32; 4] {
        block.map(uniform_f32)
    }

    fn normal([a, b, c, d]: [u32; 4]) -> [f32; 4] {
        let ([x, y], [z, w]) = (box_muller_f32(a, b), box_muller_f32(c, d));
        [x, y, z, w]
    }
}

impl Sample for f64 {
    type Group = [f64; 2];

    fn truncated_normal(generator: &mut PhiloxRandom) -> [f64; 2] {
        truncated(|| {
            let [a, b, c, d] = std::array::from_fn(|_| generator.next_single());
            Self::normal([a, b, c, d])
        })
    }

    fn uniform([a, b, c, d]: [u32; 4]) -> [f64; 2] {
        [uniform_f64(a, b), uniform_f64(c, d)]
    }

    fn normal([a, b, c, d]: [u32; 4]) -> [f64; 2] {
        let u = uniform_f64(a, b).max(LEAST);
        let angle = 2.0 * std::f64::consts::PI * uniform_f64(c, d);
        let radius = (-2.0 * u.ln()).sqrt();
        [angle.sin() * radius, angle.cos() * radius]
    }
}

/// How a group of numbers is drawn.
pub type Draw<T> = fn(&mut PhiloxRandom) -> <T as Sample>::Group;

/// Fills `out` with numbers that `draw` makes of `generator`'s blocks, `blocks` of them for each group; the same for any
/// number of threads, since every place knows its block.
pub fn fill<T: Copy + Send, G: AsRef<[T]>>(
    generator: &PhiloxRandom,
    out: &mut [T],
    blocks: u128,
    draw: impl Fn(&mut PhiloxRandom) -> G + Sync,
) {
    let group = draw(&mut generator.clone()).as_ref().len();
    const GROUPS: usize = 2048;
    for_each_chunk(out, GROUPS * group, |start, out| {
        for (i, out) in out.chunks_mut(group).enumerate() {
            let mut generator = generator.clone();
            generator.skip((start / group + i) as u128 * blocks);
            let numbers = draw(&mut generator);
            out.copy_from_slice(&numbers.as_ref()[..out.len()]);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_those_of_the_paper() {
        // The known answers of the authors' Random123 library for Philox 4x32-10.
        let zero = PhiloxRandom::new(0, 0).next_block();
        assert_eq!(zero, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        let mut ones = PhiloxRandom { key: [u32::MAX; 2], counter: u128::MAX, rest: SmallVec::new() };
        assert_eq!(ones.next_block(), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    }

    #[test]
    fn places_do_not_depend_on_the_split() {
        let generator = PhiloxRandom::new(7, 9);
        let mut all = vec![0.0f32; 20_001];
        fill(&generator, &mut all, 1, |generator| f32::normal(generator.next_block()));
        let mut one = generator.clone();
        one.skip(5000);
        assert_eq!(all[20_000], f32::normal(one.next_block())[0]);
    }

    #[test]
    fn reserving_leaves_256_blocks_for_each_number() {
        let mut a = PhiloxRandom::new(3, 4);
        let mut b = a.reserve(2);
        b.skip(512);
        assert_eq!(a, b);
    }
}
