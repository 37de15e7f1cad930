//! Functions of one number: Neg, Square, Sqrt, Rsqrt, Exp, Log, Abs, Sign, Reciprocal, Tanh, Sigmoid.

use crate::graph::Tensor;
use crate::kernels::math::Real;
use crate::op::{Arg, Flags, Grad, IntoTensor, OpDef, Sig, rules};
use crate::ops::array::constant_of;
use crate::ops::elementwise::{binary_kernel, unary_kernel};
use crate::ops::math::multiply;
use crate::value::Number;

macro_rules! unary_functions {
    ($($(#[$doc:meta])* $function:ident $op:ident;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function(x: impl IntoTensor) -> Tensor {
            $op.call([x.into_arg()]).single()
        }
    )*};
}

unary_functions! {
    /// `-x`. TF: `tf.negative`. The operator `-` does the same.
    negative NEG;
    /// `x * x`. TF: `tf.square`. Numbers of any kind; the gradient is `2 x`.
    ///
    /// ```
    /// use flowstone as tf;
    /// assert_eq!(tf::Session()?.run(tf::square(3.0), tf::feed_dict! {})?.item::<f32>()?, 9.0);
    /// # Ok::<(), tf::Error>(())
    /// ```
    square SQUARE;
    /// The square root. TF: `tf.sqrt`. float32 or float64; NaN below zero.
    sqrt SQRT;
    /// `1 / sqrt(x)`. TF: `tf.rsqrt`. float32 or float64; NaN below zero.
    rsqrt RSQRT;
    /// `e` to the power of `x`. TF: `tf.exp`. float32 or float64.
    exp EXP;
    /// The natural logarithm. TF: `tf.log`. float32 or float64; -infinity at zero, NaN below.
    log LOG;
    /// The absolute value. TF: `tf.abs`. The gradient is the sign.
    abs ABS;
    /// -1, 0 or 1. TF: `tf.sign`. The gradient is zero.
    sign SIGN;
    /// `1 / x`. TF: `tf.reciprocal`. float32 or float64.
    reciprocal RECIPROCAL;
    /// The hyperbolic tangent. TF: `tf.tanh`. float32 or float64.
    tanh TANH;
    /// `1 / (1 + e^-x)`. TF: `tf.sigmoid`. float32 or float64.
    sigmoid SIGMOID;
}

pub(super) static NEG: OpDef = OpDef {
    sig: Sig::new("Neg(x: T) -> (y: T) where T: signed"),
    infer: rules::same_shape,
    kernel: unary_kernel!(signed, T, |x: T| x.negative()),
    grad: Grad::Rule(|g| Ok(vec![Some(-g.dy(0))])),
    flags: Flags::ELEMENTWISE,
};

pub(super) static SQUARE: OpDef = OpDef {
    sig: Sig::new("Square(x: T) -> (y: T) where T: number"),
    infer: rules::same_shape,
    kernel: unary_kernel!(numbers, T, |x: T| x.times(x)),
    grad: Grad::Rule(|g| {
        let _after = g.graph().control_dependencies(&[g.dy(0).op()]);
        let two = constant_of(2, g.x(0).dtype()?);
        Ok(vec![Some(multiply(g.dy(0), multiply(g.x(0), two)))])
    }),
    flags: Flags::ELEMENTWISE,
};

pub(super) static SQRT: OpDef = OpDef {
    sig: Sig::new("Sqrt(x: T) -> (y: T) where T: floating"),
    infer: rules::same_shape,
    kernel: unary_kernel!(floats, T, |x: T| x.sqrt()),
    grad: Grad::Rule(|g| Ok(vec![Some(SQRT_GRAD.call([g.y(0).into_arg(), g.dy(0).into_arg()]).single())])),
    flags: Flags::ELEMENTWISE,
};

/// `dy * 0.5 / y` for `y = sqrt(x)`.
pub(super) static SQRT_GRAD: OpDef = OpDef {
    sig: Sig::new("SqrtGrad(y: T, dy: T) -> (z: T) where T: floating"),
    infer: rules::all_alike,
    kernel: binary_kernel!(floats, T, |y: T, dy: T| dy * 0.5 / y),
    grad: Grad::Rule(|g| {
        let (y, ddy) = (g.x(0), g.dy(0));
        let _after = g.graph().control_dependencies(&[ddy.op()]);
        let quotient = ddy / y;
        Ok(vec![Some(-quotient * g.y(0)), Some(0.5 * quotient)])
    }),
    flags: Flags::ELEMENTWISE,
};

pub(super) static RSQRT: OpDef = OpDef {
    sig: Sig::new("Rsqrt(x: T) -> (y: T) where T: floating"),
    infer: rules::same_shape,
    kernel: unary_kernel!(floats, T, |x: T| 1.0 / x.sqrt()),
    grad: Grad::Rule(|g| Ok(vec![Some(RSQRT_GRAD.call([g.y(0).into_arg(), g.dy(0).into_arg()]).single())])),
    flags: Flags::ELEMENTWISE,
};

/// `dy * -0.5 * y^3` for `y = 1 / sqrt(x)`.
pub(super) static RSQRT_GRAD: OpDef = OpDef {
    sig: Sig::new("RsqrtGrad(y: T, dy: T) -> (z: T) where T: floating"),
    infer: rules::all_alike,
    kernel: binary_kernel!(floats, T, |y: T, dy: T| -0.5 * (dy * y) * y * y),
    grad: Grad::Rule(|g| {
        let (y, dy, ddy) = (g.x(0), g.x(1), g.dy(0));
        let _after = g.graph().control_dependencies(&[ddy.op()]);
        let first = -1.5 * ddy * dy * square(y);
        Ok(vec![Some(first), Some(RSQRT_GRAD.call([y.into_arg(), ddy.into_arg()]).single())])
    }),
    flags: Flags::ELEMENTWISE,
};

pub(super) static EXP: OpDef = OpDef {
    sig: Sig::new("Exp(x: T) -> (y: T) where T: floating"),
    infer: rules::same_shape,
    kernel: unary_kernel!(floats, T, |x: T| Real::exp(x)),
    grad: Grad::Rule(|g| {
        let _after = g.graph().control_dependencies(&[g.dy(0).op()]);
        Ok(vec![Some(g.dy(0) * g.y(0))])
    }),
    flags: Flags::ELEMENTWISE,
};

pub(super) static LOG: OpDef = OpDef {
    sig: Sig::new("Log(x: T) -> (y: T) where T: floating"),
    infer: rules::same_shape,
    kernel: unary_kernel!(floats, T, |x: T| Real::ln(x)),
    grad: Grad::Rule(|g| {
        let _after = g.graph().control_dependencies(&[g.dy(0).op()]);
        Ok(vec![Some(g.dy(0) * reciprocal(g.x(0)))])
    }),
    flags: Flags::ELEMENTWISE,
};

pub(super) static ABS: OpDef = OpDef {
    sig: Sig::new("Abs(x: T) -> (y: T) where T: signed"),
    infer: rules::same_shape,
    kernel: unary_kernel!(signed, T, |x: T| if x <= T::ZERO { T::ZERO.minus(x) } else { x }),
    grad: Grad::Rule(|g| Ok(vec![Some(g.dy(0) * sign(g.x(0)))])),
    flags: Flags::ELEMENTWISE,
};

pub(super) static SIGN: OpDef = OpDef {
    sig: Sig::new("Sign(x: T) -> (y: T) where T: signed"),
    infer: rules::same_shape,
    kernel: unary_kernel!(signed, T, |x: T| {
        if x > T::ZERO {
            T::ONE
        } else if x < T::ZERO {
            T::ONE.negative()
        } else {
            x
        }
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(crate::ops::array::zeros_like(g.x(0)))])),
    flags: Flags::ELEMENTWISE,
};

/// `1 / x` under both its names.
macro_rules! reciprocals {
    ($($op:ident $sig:literal, $grad:ident $grad_sig:literal;)*) => {$(
        pub(crate) static $op: OpDef = OpDef {
            sig: Sig::new($sig),
            infer: rules::same_shape,
            kernel: unary_kernel!(floats, T, |x: T| 1.0 / x),
            grad: Grad::Rule(|g| Ok(vec![Some(reciprocal_grad(g.y(0), g.dy(0)))])),
            flags: Flags::ELEMENTWISE,
        };

        /// `-dy * y * y` for `y = 1 / x`.
        pub(super) static $grad: OpDef = OpDef {
            sig: Sig::new($grad_sig),
            infer: rules::all_alike,
            kernel: binary_kernel!(floats, T, |y: T, dy: T| -(y * dy) * y),
            grad: Grad::Rule(|g| {
                let (y, dy, ddy) = (g.x(0), g.x(1), g.dy(0));
                let _after = g.graph().control_dependencies(&[ddy.op()]);
                Ok(vec![Some(ddy * -2.0 * dy * y), Some(reciprocal_grad(y, ddy))])
            }),
            flags: Flags::ELEMENTWISE,
        };
    )*};
}

reciprocals! {
    RECIPROCAL "Reciprocal(x: T) -> (y: T) where T: floating",
    RECIPROCAL_GRAD "ReciprocalGrad(y: T, dy: T) -> (z: T) where T: floating";
    INV "Inv(x: T) -> (y: T) where T: floating", INV_GRAD "InvGrad(y: T, dy: T) -> (z: T) where T: floating";
}

#[track_caller]
fn reciprocal_grad(y: Tensor, dy: Tensor) -> Tensor {
    RECIPROCAL_GRAD.call([y.into_arg(), dy.into_arg()]).single()
}

pub(super) static TANH: OpDef = OpDef {
    sig: Sig::new("Tanh(x: T) -> (y: T) where T: floating"),
    infer: rules::same_shape,
    kernel: unary_kernel!(floats, T, |x: T| Real::tanh(x)),
    grad: Grad::Rule(|g| {
        let _after = g.graph().control_dependencies(&[g.dy(0).op()]);
        Ok(vec![Some(TANH_GRAD.call([g.y(0).into_arg(), g.dy(0).into_arg()]).single())])
    }),
    flags: Flags::ELEMENTWISE,
};

/// `dy * (1 - y * y)` for `y = tanh(x)`.
pub(super) static TANH_GRAD: OpDef = OpDef {
    sig: Sig::new("TanhGrad(y: T, dy: T) -> (z: T) where T: floating"),
    infer: rules::all_alike,
    kernel: binary_kernel!(floats, T, |y: T, dy: T| dy * (1.0 - y * y)),
    grad: Grad::Rule(|g| {
        let (y, ddy) = (g.x(0), g.dy(0));
        let _after = g.graph().control_dependencies(&[ddy.op()]);
        let dy = ddy * -2.0 * g.x(1) * y;
        Ok(vec![Some(dy), Some(TANH_GRAD.call([y.into_arg(), ddy.into_arg()]).single())])
    }),
    flags: Flags::ELEMENTWISE,
};

pub(crate) static SIGMOID: OpDef = OpDef {
    sig: Sig::new("Sigmoid(x: T) -> (y: T) where T: floating"),
    infer: rules::same_shape,
    kernel: unary_kernel!(floats, T, |x: T| Real::sigmoid(x)),
    grad: Grad::Rule(|g| {
        let _after = g.graph().control_dependencies(&[g.dy(0).op()]);
        Ok(vec![Some(sigmoid_grad(g.y(0).into_arg(), g.dy(0).into_arg()))])
    }),
    flags: Flags::ELEMENTWISE,
};

#[track_caller]
fn sigmoid_grad(y: Arg, dy: Arg) -> Tensor {
    SIGMOID_GRAD.call([y, dy]).single()
}

/// `dy * y * (1 - y)` for `y = sigmoid(x)`.
pub(super) static SIGMOID_GRAD: OpDef = OpDef {
    sig: Sig::new("SigmoidGrad(y: T, dy: T) -> (z: T) where T: floating"),
    infer: rules::all_alike,
    kernel: binary_kernel!(floats, T, |y: T, dy: T| dy * y * (1.0 - y)),
    grad: Grad::Rule(|g| {
        let (y, dy, ddy) = (g.x(0), g.x(1), g.dy(0));
        let _after = g.graph().control_dependencies(&[ddy.op()]);
        let gb = ddy * dy;
        Ok(vec![Some(gb - 2.0 * gb * y), Some(sigmoid_grad(y.into_arg(), ddy.into_arg()))])
    }),
    flags: Flags::ELEMENTWISE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;
    use crate::value::Value;

    /// A function with its values at 0.5, 1 and 2.5.
    type Case = (fn(Tensor) -> Tensor, [f32; 3]);

    #[test]
    fn smooth_functions_are_whole() {
        let functions: &[Case] = &[
            (negative, [-0.5, -1.0, -2.5]),
            (square, [0.25, 1.0, 6.25]),
            (sqrt, [0.707_106_77, 1.0, 1.581_138_8]),
            (exp, [1.648_721_3, std::f32::consts::E, 12.182_494]),
            (log, [-std::f32::consts::LN_2, 0.0, 0.916_290_76]),
            (abs, [0.5, 1.0, 2.5]),
            (sign, [1.0, 1.0, 1.0]),
            (reciprocal, [2.0, 1.0, 0.4]),
            (tanh, [0.462_117_17, 0.761_594_2, 0.986_614_3]),
            (sigmoid, [0.622_459_35, 0.731_058_6, 0.924_141_8]),
        ];
        for (function, expected) in functions {
            OpTest::new(|x| vec![function(x[0])])
                .inputs([[0.5f32, 1.0, 2.5].into()])
                .expect([(*expected).into()])
                .differentiable(&[0])
                .run();
        }
    }

    #[test]
    fn whole_numbers_wrap() {
        OpTest::new(|x| vec![negative(x[0]), abs(x[0]), sign(x[0]), square(x[0])])
            .inputs([[i32::MIN, -3, 0].into()])
            .expect([[i32::MIN, 3, 0].into(), [i32::MIN, 3, 0].into(), [-1i32, -1, 0].into(), [0i32, 9, 0].into()])
            .run();
        OpTest::new(|x| vec![log(x[0])])
            .inputs([Value::vector(vec![0.0f32, -1.0])])
            .expect([[f32::NEG_INFINITY, f32::NAN].into()])
            .run();
    }
}
