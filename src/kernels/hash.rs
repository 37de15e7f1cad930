//! Numbers that stand for strings: the same everywhere and for ever.

const K0: u64 = 0xc3a5_c85c_97cb_3127;
const K1: u64 = 0xb492_b66f_be98_f273;
const K2: u64 = 0x9ae1_6a3b_2f90_404f;

/// FarmHash's Fingerprint64.
pub fn fingerprint64(s: &[u8]) -> u64 {
    match s.len() {
        0..=16 => up_to_16(s),
        17..=32 => up_to_32(s),
        33..=64 => up_to_64(s),
        _ => longer(s),
    }
}

fn word(s: &[u8], at: usize) -> u64 {
    s[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn half_word(s: &[u8], at: usize) -> u64 {
    s[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes).into())
}

fn shift_mix(x: u64) -> u64 {
    x ^ (x >> 47)
}

fn mix(u: u64, v: u64, factor: u64) -> u64 {
    let a = shift_mix((u ^ v).wrapping_mul(factor));
    shift_mix((v ^ a).wrapping_mul(factor)).wrapping_mul(factor)
}

/// The factor that depends on the length.
fn factor(s: &[u8]) -> u64 {
    K2.wrapping_add(2 * s.len() as u64)
}

fn up_to_16(s: &[u8]) -> u64 {
    let (n, factor) = (s.len(), factor(s));
    if n >= 8 {
        let (a, b) = (word(s, 0).wrapping_add(K2), word(s, n - 8));
        let c = b.rotate_right(37).wrapping_mul(factor).wrapping_add(a);
        let d = a.rotate_right(25).wrapping_add(b).wrapping_mul(factor);
        return mix(c, d, factor);
    }
    if n >= 4 {
        return mix((n as u64).wrapping_add(half_word(s, 0) << 3), half_word(s, n - 4), factor);
    }
    if n == 0 {
        return K2;
    }
    let y = u64::from(s[0]) + (u64::from(s[n >> 1]) << 8);
    let z = n as u64 + (u64::from(s[n - 1]) << 2);
    shift_mix(y.wrapping_mul(K2) ^ z.wrapping_mul(K0)).wrapping_mul(K2)
}

/// What the middle lengths have in common: two sums of the ends of `s`, and its first word.
fn ends(s: &[u8], first: u64) -> [u64; 3] {
    let (n, factor) = (s.len(), factor(s));
    let (a, b) = (word(s, 0).wrapping_mul(first), word(s, 8));
    let (c, d) = (word(s, n - 8).wrapping_mul(factor), word(s, n - 16).wrapping_mul(K2));
    let y = a.wrapping_add(b).rotate_right(43).wrapping_add(c.rotate_right(30)).wrapping_add(d);
    let z = a.wrapping_add(b.wrapping_add(K2).rotate_right(18)).wrapping_add(c);
    [y, z, a]
}

fn up_to_32(s: &[u8]) -> u64 {
    let [y, z, _] = ends(s, K1);
    mix(y, z, factor(s))
}

fn up_to_64(s: &[u8]) -> u64 {
    let (n, factor) = (s.len(), factor(s));
    let [y, z, a] = ends(s, K2);
    let z = mix(y, z, factor);
    let (e, f) = (word(s, 16).wrapping_mul(factor), word(s, 24));
    let g = y.wrapping_add(word(s, n - 32)).wrapping_mul(factor);
    let h = z.wrapping_add(word(s, n - 24)).wrapping_mul(factor);
    let u = e.wrapping_add(f).rotate_right(43).wrapping_add(g.rotate_right(30)).wrapping_add(h);
    mix(u, e.wrapping_add(f.wrapping_add(a).rotate_right(18)).wrapping_add(g), factor)
}

fn weak(s: &[u8], at: usize, a: u64, b: u64) -> (u64, u64) {
    let [w, x, y, z] = [0, 8, 16, 24].map(|i| word(s, at + i));
    let a = a.wrapping_add(w);
    let b = b.wrapping_add(a).wrapping_add(z).rotate_right(21);
    let sum = a.wrapping_add(x).wrapping_add(y);
    (sum.wrapping_add(z), b.wrapping_add(sum.rotate_right(44)).wrapping_add(a))
}

/// What is kept of the blocks of 64 bytes so far.
struct State {
    x: u64,
    y: u64,
    z: u64,
    v: (u64, u64),
    w: (u64, u64),
}

impl State {
    /// Takes in the 64 bytes from `at`. The last ones count a part of this again (`times`).
    fn block(&mut self, s: &[u8], at: usize, factor: u64, times: u64) {
        let State { x, y, z, v, w } = self;
        let sum = x.wrapping_add(*y).wrapping_add(v.0).wrapping_add(word(s, at + 8));
        *x = sum.rotate_right(37).wrapping_mul(factor);
        let sum = y.wrapping_add(v.1).wrapping_add(word(s, at + 48));
        *y = sum.rotate_right(42).wrapping_mul(factor);
        *x ^= w.1.wrapping_mul(times);
        *y = y.wrapping_add(v.0.wrapping_mul(times)).wrapping_add(word(s, at + 40));
        *z = z.wrapping_add(w.0).rotate_right(33).wrapping_mul(factor);
        *v = weak(s, at, v.1.wrapping_mul(factor), x.wrapping_add(w.0));
        *w = weak(s, at + 32, z.wrapping_add(w.1), y.wrapping_add(word(s, at + 16)));
        std::mem::swap(z, x);
    }
}

fn longer(s: &[u8]) -> u64 {
    const SEED: u64 = 81;
    let y = SEED.wrapping_mul(K1).wrapping_add(113);
    let z = shift_mix(y.wrapping_mul(K2).wrapping_add(113)).wrapping_mul(K2);
    let x = SEED.wrapping_mul(K2).wrapping_add(word(s, 0));
    let mut state = State { x, y, z, v: (0, 0), w: (0, 0) };
    let rest = (s.len() - 1) % 64;
    for at in (0..s.len() - 1 - rest).step_by(64) {
        state.block(s, at, K1, 1);
    }
    let factor = K1.wrapping_add((state.z & 0xff) << 1);
    state.w.0 = state.w.0.wrapping_add(rest as u64);
    state.v.0 = state.v.0.wrapping_add(state.w.0);
    state.w.0 = state.w.0.wrapping_add(state.v.0);
    state.block(s, s.len() - 64, factor, 9);
    let State { x, y, z, v, w } = state;
    let first = mix(v.0, w.0, factor).wrapping_add(shift_mix(y).wrapping_mul(K0)).wrapping_add(z);
    mix(first, mix(v.1, w.1, factor).wrapping_add(x), factor)
}

/// MurmurHash64A with TensorFlow's seed.
pub fn murmur64(s: &[u8]) -> u64 {
    const M: u64 = 0xc6a4_a793_5bd1_e995;
    const SEED: u64 = 0x00de_cafc_affe;
    let mut h = SEED ^ (s.len() as u64).wrapping_mul(M);
    let (words, rest) = s.as_chunks();
    for bytes in words {
        let k = u64::from_le_bytes(*bytes).wrapping_mul(M);
        h = (h ^ (k ^ (k >> 47)).wrapping_mul(M)).wrapping_mul(M);
    }
    if !rest.is_empty() {
        let tail = rest.iter().rev().fold(0, |tail, &byte| tail << 8 | u64::from(byte));
        h = (h ^ tail).wrapping_mul(M);
    }
    h = (h ^ (h >> 47)).wrapping_mul(M);
    h ^ (h >> 47)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_originals() {
        // What TensorFlow's StringToHashBucketFast and StringToHashBucket say of these, modulo 10^15 and 1000.
        let long = [b'x'; 70];
        let texts: [&[u8]; 4] = [b"a", b"hello world, this is a long string over 32 chars", b"", &long];
        let numbers = texts.map(|text| fingerprint64(text) % 1_000_000_000_000_000);
        assert_eq!(numbers, [804110809363939, 368836734388972, 318154034397263, 250325824655745]);
        assert_eq!([b"a".as_slice(), b"bc"].map(|text| murmur64(text) % 1000), [868, 262]);
    }
}
