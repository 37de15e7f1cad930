//! The Mersenne Twister MT19937, and numpy's legacy shuffle with it: `numpy.random.seed` gives the same order here.

use std::convert::Infallible;

use rand::{Rng, TryRng};

const N: usize = 624;
const M: usize = 397;

/// Matsumoto and Nishimura's generator: <https://doi.org/10.1145/272991.272995>.
#[derive(Clone, Debug)]
pub(super) struct Mt19937 {
    state: Vec<u32>,
    next: usize,
}

impl Mt19937 {
    /// The generator after `numpy.random.seed(seed)`.
    pub(super) fn new(seed: u32) -> Self {
        let mut state = vec![seed];
        for i in 1..N as u32 {
            let last = state.last().copied().unwrap_or_default();
            state.push(1_812_433_253u32.wrapping_mul(last ^ last >> 30).wrapping_add(i));
        }
        Mt19937 { state, next: N }
    }

    fn refill(&mut self) {
        for i in 0..N {
            let y = self.state[i] & 0x8000_0000 | self.state[(i + 1) % N] & 0x7fff_ffff;
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + M) % N] ^ y >> 1 ^ odd;
        }
        self.next = 0;
    }

    /// A number from 0 to `max`, by numpy's masked rejection.
    fn up_to(&mut self, max: u32) -> u32 {
        let mask = u32::MAX.checked_shr(max.leading_zeros()).unwrap_or(0);
        loop {
            let value = self.next_u32() & mask;
            if value <= max {
                return value;
            }
        }
    }

    /// `numpy.random.shuffle`.
    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            let j = self.up_to(u32::try_from(i).unwrap_or(u32::MAX));
            list.swap(i, j as usize);
        }
    }
}

impl TryRng for Mt19937 {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        if self.next >= N {
            self.refill();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        Ok(y ^ y >> 18)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_reference_implementation() {
        let mut rng = Mt19937::new(5489);
        assert_eq!(rng.next_u32(), 3_499_211_612);
        assert_eq!((1..10_000).map(|_| rng.next_u32()).last(), Some(4_123_659_995));
    }

    #[test]
    fn the_order_is_numpys() {
        let mut small: Vec<u32> = (0..10).collect();
        Mt19937::new(0).shuffle(&mut small);
        assert_eq!(small, NUMPY_10);
        let mut order: Vec<u64> = (0..55_000).collect();
        Mt19937::new(1).shuffle(&mut order);
        assert_eq!(order[..5], NUMPY_55000);
        let checksum = order.iter().zip(0u64..).fold(0, |sum, (x, i)| (sum + x * (i + 1)) % 1_000_000_007);
        assert_eq!(checksum, NUMPY_CHECKSUM);
    }

    // numpy.random.seed(0); p = numpy.arange(10); numpy.random.shuffle(p), and the same with seed 1 and 55000.
    const NUMPY_10: [u32; 10] = [2, 8, 4, 9, 1, 6, 7, 3, 0, 5];
    const NUMPY_55000: [u64; 5] = [47910, 47943, 30637, 39912, 34608];
    const NUMPY_CHECKSUM: u64 = 914245319;
}
