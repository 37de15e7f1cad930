//! Functions of one number that are smooth nearly everywhere, beyond those in `unary`: logarithms and exponentials near
//! 0, of angles, hyperbolic, error and gamma functions. And Atan2.

use crate::error::Result;
use crate::graph::Tensor;
use crate::kernels::special;
use crate::op::{Flags, Grad, GradCtx, IntoTensor, OpDef, Sig, rules};
use crate::ops::array::constant_of;
use crate::ops::elementwise::{binary_kernel, unary_kernel};
use crate::ops::math::arithmetic::reduce_gradients;
use crate::ops::math::{add, exp, polygamma, reciprocal, sqrt, square, subtract};
use crate::ops::scope::scoped;
use crate::value::Number;

/// Each: the function, its record, TensorFlow's name, the value at `x`, and the gradient, which is built after that of
/// the output.
macro_rules! smooth_functions {
    ($($(#[$doc:meta])* $function:ident $op:ident $name:literal $T:ident |$x:ident| $y:expr, |$g:ident| $dx:expr;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function(x: impl IntoTensor) -> Tensor {
            $op.call([x.into_arg()]).single()
        }

        pub(super) static $op: OpDef = OpDef {
            sig: Sig::new(concat!($name, "(x: T) -> (y: T) where T: floating")),
            infer: rules::same_shape,
            kernel: unary_kernel!(floats, $T, |$x: $T| $y),
            grad: Grad::Rule(|$g| {
                let _after = $g.graph().control_dependencies(&[$g.dy(0).op()]);
                Ok(vec![Some($dx)])
            }),
            flags: Flags::ELEMENTWISE,
        };
    )*};
}

smooth_functions! {
    /// The natural logarithm of `1 + x`, exact near 0. TF: `tf.log1p`. float32 or float64; NaN below -1.
    ///
    /// ```
    /// use flowstone as tf;
    /// assert_eq!(tf::Session()?.run(tf::log1p(1e-8), tf::feed_dict! {})?.item::<f32>()?, 1e-8);
    /// # Ok::<(), tf::Error>(())
    /// ```
    log1p LOG1P "Log1p" T |x| x.ln_1p(), |g| g.dy(0) * reciprocal(1.0 + g.x(0));
    /// `e` to the power of `x`, less 1, exact near 0. TF: `tf.expm1`. float32 or float64.
    expm1 EXPM1 "Expm1" T |x| x.exp_m1(), |g| {
        let y = exp(g.x(0));
        g.dy(0) * y
    };
    /// The sine of an angle in radians. TF: `tf.sin`. float32 or float64.
    sin SIN "Sin" T |x| x.sin(), |g| g.dy(0) * cos(g.x(0));
    /// The cosine of an angle in radians. TF: `tf.cos`. float32 or float64.
    cos COS "Cos" T |x| x.cos(), |g| -g.dy(0) * sin(g.x(0));
    /// The tangent of an angle in radians. TF: `tf.tan`. float32 or float64.
    tan TAN "Tan" T |x| x.tan(), |g| square(reciprocal(cos(g.x(0)))) * g.dy(0);
    /// The angle in [-π/2, π/2] whose sine is `x`. TF: `tf.asin`. float32 or float64; NaN outside of [-1, 1].
    asin ASIN "Asin" T |x| x.asin(), |g| {
        let slope = slope_of_asin(g)?;
        g.dy(0) * slope
    };
    /// The angle in [0, π] whose cosine is `x`. TF: `tf.acos`. float32 or float64; NaN outside of [-1, 1].
    acos ACOS "Acos" T |x| x.acos(), |g| {
        let slope = slope_of_asin(g)?;
        -g.dy(0) * slope
    };
    /// The angle in [-π/2, π/2] whose tangent is `x`. TF: `tf.atan`. float32 or float64.
    atan ATAN "Atan" T |x| x.atan(), |g| {
        let x2 = square(g.x(0));
        let slope = reciprocal(add(constant_of(1, g.dy(0).dtype()?), x2));
        g.dy(0) * slope
    };
    /// The hyperbolic sine. TF: `tf.sinh`. float32 or float64.
    sinh SINH "Sinh" T |x| x.sinh(), |g| g.dy(0) * cosh(g.x(0));
    /// The hyperbolic cosine. TF: `tf.cosh`. float32 or float64.
    cosh COSH "Cosh" T |x| x.cosh(), |g| g.dy(0) * sinh(g.x(0));
    /// The number whose hyperbolic sine is `x`. TF: `tf.asinh`. float32 or float64.
    asinh ASINH "Asinh" T |x| T::from_f64(special::asinh(x.to_f64())), |g| g.dy(0) / cosh(g.y(0));
    /// The number from 0 on whose hyperbolic cosine is `x`. TF: `tf.acosh`. float32 or float64; NaN below 1.
    acosh ACOSH "Acosh" T |x| T::from_f64(special::acosh(x.to_f64())), |g| g.dy(0) / sinh(g.y(0));
    /// The number whose hyperbolic tangent is `x`. TF: `tf.atanh`. float32 or float64; NaN outside of [-1, 1].
    atanh ATANH "Atanh" T |x| x.atanh(), |g| {
        let x2 = square(g.x(0));
        let slope = reciprocal(subtract(constant_of(1, g.dy(0).dtype()?), x2));
        g.dy(0) * slope
    };
    /// The natural logarithm of the absolute value of the gamma function. TF: `tf.lgamma`. float32 or float64; infinity
    /// at 0 and at negative whole numbers.
    lgamma LGAMMA "Lgamma" T |x| T::from_f64(special::ln_gamma(x.to_f64())), |g| g.dy(0) * digamma(g.x(0));
    /// The derivative of [`lgamma`]. TF: `tf.digamma`. float32 or float64; NaN at 0 and at negative whole numbers.
    digamma DIGAMMA "Digamma" T |x| T::from_f64(special::digamma(x.to_f64())), |g| {
        let slope = polygamma(constant_of(1, g.x(0).dtype()?), g.x(0));
        g.dy(0) * slope
    };
}

/// `1 / sqrt(1 - x * x)`
fn slope_of_asin(g: &GradCtx) -> Result<Tensor> {
    let x2 = square(g.x(0));
    Ok(reciprocal(sqrt(subtract(constant_of(1, g.dy(0).dtype()?), x2))))
}

/// As `smooth_functions`, of functions whose slope is a constant times `e` to some power. The constant is built first.
macro_rules! error_functions {
    ($($(#[$doc:meta])* $function:ident $op:ident $name:literal |$x:ident| $node:expr,
       $value:path, $factor:expr, |$g:ident| $power:expr;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function($x: impl IntoTensor) -> Tensor {
            $node
        }

        pub(super) static $op: OpDef = OpDef {
            sig: Sig::new(concat!($name, "(x: T) -> (y: T) where T: floating")),
            infer: rules::same_shape,
            kernel: unary_kernel!(floats, T, |x: T| T::from_f64($value(x.to_f64()))),
            grad: Grad::Rule(|$g| {
                let factor = constant_of($factor, $g.dy(0).dtype()?);
                let _after = $g.graph().control_dependencies(&[$g.dy(0).op()]);
                Ok(vec![Some($g.dy(0) * factor * exp($power))])
            }),
            flags: Flags::ELEMENTWISE,
        };
    )*};
}

/// The square root of π.
const ROOT_PI: f64 = 1.772_453_850_905_515_9;

/// The square root of 2π.
const ROOT_TWO_PI: f64 = 2.506_628_274_631_000_2;

error_functions! {
    /// The error function: the chance that a normal number of variance 1/2 lies within `x` of 0. TF: `tf.erf`.
    /// float32 or float64.
    erf ERF "Erf" |x| ERF.call([x.into_arg()]).single(), special::erf, 2.0 / ROOT_PI, |g| -square(g.x(0));
    /// 1 less the error function, exact where that is near 1. TF: `tf.erfc`. float32 or float64.
    erfc ERFC "Erfc" |x| ERFC.call([x.into_arg()]).single(), special::erfc, -2.0 / ROOT_PI, |g| -square(g.x(0));
    /// The number whose error function is `x`. TF: `tf.math.erfinv`. float32 or float64; NaN outside of [-1, 1].
    erfinv ERFINV "Erfinv" |x| scoped(&ERFINV, "erfinv", [x.into_arg()]), special::erf_inv, ROOT_PI / 2.0, |g| square(g.y(0));
    /// The number below which a standard normal number lies with the chance `x`. TF: `tf.math.ndtri`. float32 or
    /// float64; NaN outside of [0, 1].
    ndtri NDTRI "Ndtri" |x| scoped(&NDTRI, "ndtri", [x.into_arg()]), special::ndtri, ROOT_TWO_PI, |g| square(g.y(0)) / 2.0;
}

/// The angle of the point (`x`, `y`) seen from (1, 0), in radians between -π and π, broadcast. TF: `tf.atan2`.
///
/// float32 or float64, `y` first.
///
/// ```
/// use flowstone as tf;
/// let y = tf::atan2(1.0, [1.0, -1.0]);
/// let quarter = std::f32::consts::FRAC_PI_4;
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [quarter, 3.0 * quarter]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn atan2(y: impl IntoTensor, x: impl IntoTensor) -> Tensor {
    ATAN2.call([y.into_arg(), x.into_arg()]).single()
}

pub(super) static ATAN2: OpDef = OpDef {
    sig: Sig::new("Atan2(y: T, x: T) -> (z: T) where T: floating"),
    infer: rules::broadcasting,
    kernel: binary_kernel!(floats, T, |y: T, x: T| y.atan2(x)),
    grad: Grad::Rule(|g| {
        let (y, x, dz) = (g.x(0), g.x(1), g.dy(0));
        let _after = g.graph().control_dependencies(&[dz.op()]);
        let y2 = square(y);
        let share = dz / (y2 + square(x));
        let dy = x * share;
        let dx = -y * share;
        Ok(reduce_gradients(y, x, dy, dx))
    }),
    flags: Flags::ELEMENTWISE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn smooth_functions_are_whole() {
        type Case = (fn(Tensor) -> Tensor, fn(f64) -> f64);
        let anywhere: &[Case] = &[
            (log1p, f64::ln_1p),
            (expm1, f64::exp_m1),
            (sin, f64::sin),
            (cos, f64::cos),
            (tan, f64::tan),
            (asin, f64::asin),
            (acos, f64::acos),
            (atan, f64::atan),
            (sinh, f64::sinh),
            (cosh, f64::cosh),
            (asinh, f64::asinh),
            (|x| acosh(x + 1.0), |x| (x + 1.0).acosh()),
            (atanh, f64::atanh),
            (lgamma, special::ln_gamma),
            (digamma, special::digamma),
            (erf, special::erf),
            (erfc, special::erfc),
            (erfinv, special::erf_inv),
            (ndtri, special::ndtri),
        ];
        for (function, truth) in anywhere {
            OpTest::new(|x| vec![function(x[0])])
                .inputs([[0.125f32, 0.5, 0.875].into()])
                .expect([[0.125, 0.5, 0.875].map(|x| truth(x) as f32).into()])
                .differentiable(&[0])
                .run();
        }
    }

    #[test]
    fn atan2_is_whole() {
        OpTest::new(|x| vec![atan2(x[0], x[1])])
            .inputs([[[1.0f32], [-2.0]].into(), [2.0f32, -0.5].into()])
            .differentiable(&[0, 1])
            .run();
    }
}
