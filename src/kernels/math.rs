//! Smooth functions without branches or calls, so that a loop over them is compiled to vectors. Those of `f32` are
//! polynomials, right to 2 units in the last place and for NaN, infinities and denormal numbers; those of `f64` are the
//! standard library's.

use crate::value::Number;

/// The functions of floating-point numbers.
pub trait Real: Number {
    /// `e` to the power of `self`.
    fn exp(self) -> Self;
    /// `e` to the power of `self`, less 1.
    fn exp_m1(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// `1 / (1 + e^-x)`.
    fn sigmoid(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// `self / other`.
    fn over(self, other: Self) -> Self;
}

macro_rules! real {
    ($($float:ident $exp:path, $exp_m1:path, $ln:path, $tanh:path, $sigmoid:path;)*) => {$(
        impl Real for $float {
            #[inline(always)]
            fn exp(self) -> Self {
                $exp(self)
            }
            #[inline(always)]
            fn exp_m1(self) -> Self {
                $exp_m1(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                $ln(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                $tanh(self)
            }
            #[inline(always)]
            fn sigmoid(self) -> Self {
                $sigmoid(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $float::sqrt(self)
            }
            #[inline(always)]
            fn over(self, other: Self) -> Self {
                self / other
            }
        }
    )*};
}
real! {
    f32 exp, exp_m1, ln, tanh, sigmoid;
    f64 f64::exp, f64::exp_m1, f64::ln, f64::tanh, wide_sigmoid;
}

/// ln 2 in two parts; the first has so few bits that its product with an exponent is exact.
const LN2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

/// Adding and subtracting this rounds to a whole number, which then stands in the sum's lowest bits.
const ROUND: f32 = 12_582_912.0;

/// 2 to the power of `n`, for -126 ≤ n ≤ 127.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits(((n + 127) as u32) << 23)
}

/// `x = n ln 2 + r` with |r| ≤ ln 2 / 2, as n and e^r - 1; the latter as the sum of a large and a small part.
#[inline(always)]
fn exp_parts(x: f32) -> (i32, f32, f32) {
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let (high, low) = (x - n * LN2[0], n * LN2[1]);
    let r = high - low;
    let mut p = 1.987_569_1e-4;
    for c in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 5e-1] {
        p = p * r + c;
    }
    (shifted.to_bits() as i32 - ROUND.to_bits() as i32, high, p * (r * r) - low)
}

/// `x` between the bounds; NaN stays.
#[inline(always)]
fn clamp(x: f32, low: f32, high: f32) -> f32 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// `e` to the power of `x`.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let (n, high, low) = exp_parts(clamp(x, -104.0, 89.0));
    // In two steps, since the power may be denormal or too large where the result is not.
    let half = n >> 1;
    (high + low + 1.0) * power_of_two(half) * power_of_two(n - half)
}

/// `e` to the power of `x`, less 1.
#[inline(always)]
pub fn exp_m1(x: f32) -> f32 {
    let (n, high, low) = exp_parts(clamp(x, -18.0, 89.0));
    // 2^n e^r - 1. Half of it does not overflow where the whole does not.
    let half = power_of_two(n - 1);
    (2.0 * ((high * half + (half - 0.5)) + low * half)).copysign(x)
}

/// The natural logarithm.
#[inline(always)]
pub fn ln(x: f32) -> f32 {
    let tiny = x < f32::MIN_POSITIVE;
    let scaled = if tiny { x * 8_388_608.0 } else { x };
    // x = 2^e (1 + f) with √½ ≤ 1 + f < √2.
    const SQRT_HALF: u32 = 0x3f35_04f3;
    let bits = scaled.to_bits().wrapping_add(0x3f80_0000 - SQRT_HALF);
    let e = ((bits >> 23) as i32 - if tiny { 127 + 23 } else { 127 }) as f32;
    let f = f32::from_bits((bits & 0x007f_ffff) + SQRT_HALF) - 1.0;
    let mut p = 7.037_683_6e-2;
    for c in [
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ] {
        p = p * f + c;
    }
    let square = f * f;
    let small = p * f * square + e * LN2[1] - 0.5 * square;
    let result = f + small + e * LN2[0];
    let result = if x < f32::INFINITY { result } else { x };
    let result = if x == 0.0 { f32::NEG_INFINITY } else { result };
    if x < 0.0 { f32::NAN } else { result }
}

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let size = x.abs();
    let (n, high, low) = exp_parts(clamp(2.0 * size, 0.0, 20.0));
    let far = 1.0 - 2.0 / ((high + low + 1.0) * power_of_two(n) + 1.0);
    let square = x * x;
    let mut q = -5.704_988_7e-3;
    for c in [2.063_909e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328e-1] {
        q = q * square + c;
    }
    let near = q * square * size + size;
    (if size < 0.625 { near } else { far }).copysign(x)
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    // e^-|x| does not overflow, and e^-|x| / (1 + e^-|x|) loses nothing where the result is small.
    let small = exp(-x.abs());
    let sum = 1.0 + small;
    let lost = (1.0 - sum) + small;
    let result = (if x < 0.0 { small } else { 1.0 }) / sum;
    // What rounding took from the sum; 1 - small / 2 is near enough to 1 / sum.
    result - result * lost * (1.0 - 0.5 * small)
}

fn wide_sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::cpu::tests::at_every_level;
    use crate::kernels::simd::vectorized;

    /// How far `found` is from `expected`, in units of the last place of an f32 at `expected`.
    fn ulps(found: f32, expected: f64) -> f64 {
        let nearest = expected as f32;
        if found.to_bits() == nearest.to_bits() || (found.is_nan() && nearest.is_nan()) {
            return 0.0;
        }
        let exponent = expected.abs().log2().floor().clamp(-126.0, 127.0);
        let distance = (f64::from(found) - expected).abs() / (exponent - 23.0).exp2();
        if distance.is_nan() { f64::INFINITY } else { distance }
    }

    fn worst(ours: impl Fn(f32) -> f32, truth: impl Fn(f64) -> f64) -> (f64, f32) {
        let special = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1.0, -1.0, f32::MAX, f32::MIN];
        let all = (0..=u32::MAX).step_by(997).map(f32::from_bits).chain(special);
        all.map(|x| (ulps(ours(x), truth(f64::from(x))), x)).fold((0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a })
    }

    #[test]
    fn functions_are_right_to_the_last_places() {
        type Case = (&'static str, fn(f32) -> f32, fn(f64) -> f64, f64);
        let cases: [Case; 5] = [
            ("exp", exp, f64::exp, 2.0),
            ("exp_m1", exp_m1, f64::exp_m1, 2.0),
            ("ln", ln, f64::ln, 2.0),
            ("tanh", tanh, f64::tanh, 2.0),
            ("sigmoid", sigmoid, wide_sigmoid, 2.0),
        ];
        for (name, ours, truth, bound) in cases {
            let (error, x) = worst(ours, truth);
            println!("{name}: {error} ulp at {x:e}");
            assert!(error <= bound, "{name}({x:e}) = {:e} is {error} ulp from {:e}", ours(x), truth(f64::from(x)));
        }
    }

    vectorized! {
        fn all_of(x: &[f32], y: &mut [f32]) {
            for (y, x) in y.iter_mut().zip(x) {
                *y = exp(*x) + ln(*x) + tanh(*x) + sigmoid(*x) + exp_m1(*x);
            }
        }
    }

    #[test]
    fn every_level_gives_the_same_bits() {
        let x: Vec<f32> = (-3000..3000).map(|i| i as f32 * 0.0173).collect();
        let results = at_every_level(|| {
            let mut y = vec![0.0; x.len()];
            all_of(&x, &mut y);
            y.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        });
        assert!(results.iter().all(|bits| *bits == results[0]));
    }
}
