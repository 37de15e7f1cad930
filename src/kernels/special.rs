//! Special functions of `f64`, right to about 1e-13 of their size. What computes in `f32` rounds.

pub use libm::{acosh, asinh, erf, erfc};

/// The natural logarithm of the absolute value of the gamma function.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The value at `x` of the polynomial with these coefficients, the highest first.
fn polynomial(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().fold(0.0, |sum, c| sum * x + c)
}

/// The derivative of [`ln_gamma`].
pub fn digamma(x: f64) -> f64 {
    if x <= 0.0 {
        if x == x.floor() {
            return f64::NAN;
        }
        // The reflection formula.
        return digamma(1.0 - x) - std::f64::consts::PI / (std::f64::consts::PI * x).tan();
    }
    // Up to where the asymptotic series is exact: ψ(x) = ψ(x + 1) - 1/x.
    let (mut x, mut sum) = (x, 0.0);
    while x < 10.0 {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let z = 1.0 / (x * x);
    let series = polynomial(
        z,
        &[1.0 / 12.0, -691.0 / 32760.0, 1.0 / 132.0, -1.0 / 240.0, 1.0 / 252.0, -1.0 / 120.0, 1.0 / 12.0],
    );
    sum + x.ln() - 0.5 / x - z * series
}

/// The sum of `(q + k)^-x` for k = 0, 1, …: Hurwitz's zeta function, by Euler and Maclaurin.
pub fn zeta(x: f64, q: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    if x < 1.0 || x.is_nan() || q.is_nan() {
        return f64::NAN;
    }
    if q <= 0.0 {
        if q == q.floor() {
            return if x == x.floor() && x % 2.0 == 0.0 { f64::INFINITY } else { f64::NAN };
        }
        // Far below 0 the sum has more terms than anyone can wait for.
        if x != x.floor() || q < -1e6 {
            return f64::NAN;
        }
    }
    let (mut sum, mut at, mut terms) = (q.powf(-x), q, 0);
    while terms < 9 || at <= 9.0 {
        at += 1.0;
        let term = at.powf(-x);
        sum += term;
        terms += 1;
        if (term / sum).abs() < f64::EPSILON {
            return sum;
        }
    }
    let mut term = at.powf(-x);
    sum += term * at / (x - 1.0) - 0.5 * term;
    // (2k)! over the Bernoulli numbers.
    const FACTORS: [f64; 12] = [
        12.0,
        -720.0,
        30_240.0,
        -1_209_600.0,
        47_900_160.0,
        -1.892_437_580_318_379_3e9,
        7.472_424_96e10,
        -2.950_130_727_918_164e12,
        1.164_678_281_435_006_7e14,
        -4.597_978_722_407_473e15,
        1.815_210_540_194_354_6e17,
        -7.166_165_256_175_667e18,
    ];
    let mut factor = 1.0;
    let mut k = 0.0;
    for divisor in FACTORS {
        factor *= x + k;
        term /= at;
        let next = factor * term / divisor;
        sum += next;
        if (next / sum).abs() < f64::EPSILON {
            break;
        }
        k += 1.0;
        factor *= x + k;
        term /= at;
        k += 1.0;
    }
    sum
}

/// The derivative of order `n` of [`digamma`]; NaN unless `n` is a whole number from 0 on.
pub fn polygamma(n: f64, x: f64) -> f64 {
    if n < 0.0 || n != n.floor() {
        return f64::NAN;
    }
    if n == 0.0 {
        return digamma(x);
    }
    let sign = if n % 2.0 == 0.0 { -1.0 } else { 1.0 };
    sign * ln_gamma(n + 1.0).exp() * zeta(n + 1.0, x)
}

/// The number whose error function is `x`.
pub fn erf_inv(x: f64) -> f64 {
    if x.abs() >= 1.0 || x.is_nan() {
        return if x.abs() == 1.0 { x * f64::INFINITY } else { f64::NAN };
    }
    // From a first guess, Newton's method with the curvature counted in (Halley's) triples the digits of each step.
    let tail = 1.0 - x.abs();
    let mut y = if tail > 0.5 { x.abs() * 0.9 } else { (-(tail * (2.0 - tail)).ln()).sqrt() };
    for _ in 0..8 {
        let off = if tail > 0.5 { erf(y) - x.abs() } else { tail - erfc(y) };
        let step = off / (std::f64::consts::FRAC_2_SQRT_PI * (-y * y).exp());
        let moved = step / (1.0 + y * step);
        y -= moved;
        if moved.abs() <= 1e-16 * y.abs() {
            break;
        }
    }
    y.copysign(x)
}

/// The number below which a standard normal number lies with the chance `p`.
pub fn ndtri(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p < 0.25 {
        return -std::f64::consts::SQRT_2 * erfc_inv(2.0 * p);
    }
    std::f64::consts::SQRT_2 * erf_inv(2.0 * p - 1.0)
}

/// The number from 0 on whose complementary error function is `tail`, which is small.
fn erfc_inv(tail: f64) -> f64 {
    if tail == 0.0 {
        return f64::INFINITY;
    }
    let mut y = (-(tail * (2.0 - tail)).ln()).sqrt();
    for _ in 0..12 {
        // In logarithms, where the tail is nearly a parabola.
        let value = erfc(y);
        let step = (value / tail).ln() * value / (std::f64::consts::FRAC_2_SQRT_PI * (-y * y).exp());
        y += step;
        if step.abs() <= 1e-16 * y {
            break;
        }
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Digits from tables: each function, where, and its value there.
    #[test]
    fn functions_have_the_values_of_the_tables() {
        let cases: &[(&str, f64, f64)] = &[
            ("digamma(1)", digamma(1.0), -0.577_215_664_901_532_9),
            ("digamma(0.25)", digamma(0.25), -4.227_453_533_376_265),
            ("digamma(-1.5)", digamma(-1.5), 0.703_156_640_645_243_2),
            ("digamma(40)", digamma(40.0), 3.676_327_374_034_842_8),
            ("zeta(2, 1)", zeta(2.0, 1.0), std::f64::consts::PI.powi(2) / 6.0),
            ("zeta(4, 1)", zeta(4.0, 1.0), std::f64::consts::PI.powi(4) / 90.0),
            ("zeta(3, 2.5)", zeta(3.0, 2.5), 0.118_102_025_820_863_68),
            ("polygamma(1, 0.5)", polygamma(1.0, 0.5), std::f64::consts::PI.powi(2) / 2.0),
            ("polygamma(2, 1)", polygamma(2.0, 1.0), -2.404_113_806_319_188_6),
            ("lgamma(0.5)", ln_gamma(0.5), 0.572_364_942_924_700_1),
        ];
        for (name, found, expected) in cases {
            approx::assert_relative_eq!(*found, *expected, max_relative = 1e-13, epsilon = 1e-13);
            assert!(found.is_finite(), "{name}");
        }
        assert!(digamma(0.0).is_nan() && digamma(-3.0).is_nan() && polygamma(-1.0, 2.0).is_nan());
        assert_eq!((zeta(1.0, 2.0), zeta(2.0, 0.0)), (f64::INFINITY, f64::INFINITY));
    }

    #[test]
    fn inverses_lead_back() {
        for i in -999..1000 {
            let x = f64::from(i) / 1000.0;
            approx::assert_relative_eq!(erf(erf_inv(x)), x, max_relative = 1e-13);
        }
        for exponent in 1..300 {
            let p = 10f64.powi(-exponent);
            approx::assert_relative_eq!(0.5 * erfc(-ndtri(p) / std::f64::consts::SQRT_2), p, max_relative = 1e-11);
        }
        for p in [0.3, 0.5, 0.9, 0.999_999] {
            approx::assert_relative_eq!(0.5 * erfc(-ndtri(p) / std::f64::consts::SQRT_2), p, max_relative = 1e-13);
        }
        assert_eq!((erf_inv(1.0), ndtri(0.0), ndtri(1.0)), (f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY));
        assert!(erf_inv(1.5).is_nan() && ndtri(-0.1).is_nan() && ndtri(f64::NAN).is_nan());
    }
}
