//! Special functions of two numbers: Polygamma, Zeta, Xlogy, Xlog1py, Xdivy, MulNoNan.

use crate::error::Result;
use crate::graph::Tensor;
use crate::kernels::special;
use crate::op::{Arg, Flags, Grad, GradCtx, IntoTensor, OpDef, Sig, rules};
use crate::ops::array::{broadcast_gradient_args, reshape, shape};
use crate::ops::elementwise::binary_kernel;
use crate::ops::math::arithmetic::{all_equal, reduce_gradients};
use crate::ops::math::pow::pow_named;
use crate::ops::math::{cast, negative, not_equal, reduce_sum_args};
use crate::ops::scope::scoped;
use crate::value::Number;

/// The derivative of order `a` of [`digamma`](super::digamma) at `x`, broadcast. TF: `tf.math.polygamma`.
///
/// float32 or float64; NaN unless `a` is a whole number from 0 on. The gradient goes to `x` alone.
///
/// ```
/// use flowstone as tf;
/// let y = tf::math::polygamma(1.0, 1.0);
/// let y = tf::Session()?.run(y, tf::feed_dict! {})?.item::<f32>()?;
/// assert!((y - std::f32::consts::PI.powi(2) / 6.0).abs() < 1e-6);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn polygamma(a: impl IntoTensor, x: impl IntoTensor) -> Tensor {
    POLYGAMMA.call([a.into_arg(), x.into_arg()]).single()
}

/// Hurwitz's zeta function, the sum of `(q + k)^-x` for k = 0, 1, …, broadcast. TF: `tf.zeta`.
///
/// float32 or float64; infinity where `x` is 1, NaN below. The gradient goes to `q` alone.
#[track_caller]
pub fn zeta(x: impl IntoTensor, q: impl IntoTensor) -> Tensor {
    ZETA.call([x.into_arg(), q.into_arg()]).single()
}

/// `x * log(y)`, and 0 where `x` is 0, broadcast. TF: `tf.math.xlogy`. float32 or float64.
#[track_caller]
pub fn xlogy(x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
    XLOGY.call([x.into_arg(), y.into_arg()]).single()
}

/// `x * log(1 + y)`, and 0 where `x` is 0, broadcast. TF: `tf.math.xlog1py`. float32 or float64.
#[track_caller]
pub fn xlog1py(x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
    scoped(&XLOG1PY, "xlog1py", [x.into_arg(), y.into_arg()])
}

/// `x / y`, and 0 where `x` is 0, broadcast. TF: `tf.math.xdivy`. float32 or float64.
#[track_caller]
pub fn xdivy(x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
    scoped(&XDIVY, "xdivy", [x.into_arg(), y.into_arg()])
}

/// `x * y`, and 0 where `y` is 0 even if `x` is infinite or NaN, broadcast. TF: `tf.math.multiply_no_nan`.
/// float32 or float64.
#[track_caller]
pub fn multiply_no_nan(x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
    MUL_NO_NAN.call([x.into_arg(), y.into_arg()]).name("multiply_no_nan").single()
}

/// A node of `op` as such.
#[track_caller]
fn raw(op: &'static OpDef, x: Tensor, y: Tensor) -> Tensor {
    op.call([Arg::Tensor(x), Arg::Tensor(y)]).single()
}

/// Reduces gradients to two broadcast inputs, always with nodes.
struct Reducer {
    shapes: [Tensor; 2],
    axes: [Tensor; 2],
}

impl Reducer {
    fn new(g: &GradCtx) -> Self {
        let shapes = [shape(g.x(0)), shape(g.x(1))];
        let (a, b) = broadcast_gradient_args(shapes[0], shapes[1]);
        Reducer { shapes, axes: [a, b] }
    }

    /// The share of input `i`, whose slope is `partial`.
    fn share(&self, g: &GradCtx, i: usize, partial: Tensor) -> Option<Tensor> {
        let summed = reduce_sum_args(partial * g.dy(0)).axis(self.axes[i]).build();
        Some(reshape(summed, self.shapes[i]))
    }
}

/// 1 where input 0 is not 0, else 0.
fn not_zero(g: &GradCtx) -> Result<Tensor> {
    let (x, dtype) = (g.x(0), g.x(0).dtype()?);
    Ok(cast(not_equal(x, cast(0.0, dtype)), dtype))
}

pub(super) static POLYGAMMA: OpDef = OpDef {
    sig: Sig::new("Polygamma(a: T, x: T) -> (z: T) where T: {float32, float64}"),
    infer: rules::broadcasting,
    kernel: binary_kernel!(floats, T, |a: T, x: T| T::from_f64(special::polygamma(a.to_f64(), x.to_f64()))),
    grad: Grad::Rule(|g| {
        let reducer = Reducer::new(g);
        let _after = g.graph().control_dependencies(&[g.dy(0).op()]);
        let slope = polygamma(g.x(0) + 1, g.x(1));
        Ok(vec![None, reducer.share(g, 1, slope)])
    }),
    flags: Flags::ELEMENTWISE,
};

pub(super) static ZETA: OpDef = OpDef {
    sig: Sig::new("Zeta(x: T, q: T) -> (z: T) where T: {float32, float64}"),
    infer: rules::broadcasting,
    kernel: binary_kernel!(floats, T, |x: T, q: T| T::from_f64(special::zeta(x.to_f64(), q.to_f64()))),
    grad: Grad::Rule(|g| {
        let reducer = Reducer::new(g);
        let _after = g.graph().control_dependencies(&[g.dy(0).op()]);
        let minus = -g.x(0);
        let slope = minus * zeta(g.x(0) + 1, g.x(1));
        Ok(vec![None, reducer.share(g, 1, slope)])
    }),
    flags: Flags::ELEMENTWISE,
};

/// Each: the record of a function that is 0 where `x` is 0, and its slope in `y`; that in `x` is the function of 1.
macro_rules! zero_at_zero {
    ($($op:ident $name:literal |$x:ident, $y:ident| $z:expr, |$g:ident| $dy:expr;)*) => {$(
        pub(super) static $op: OpDef = OpDef {
            sig: Sig::new(concat!($name, "(x: T, y: T) -> (z: T) where T: floating")),
            infer: rules::broadcasting,
            kernel: binary_kernel!(floats, T, |$x: T, $y: T| if $x == 0.0 { 0.0 } else { $z }),
            grad: Grad::Rule(|$g| {
                let reducer = Reducer::new($g);
                let _after = $g.graph().control_dependencies(&[$g.dy(0).op()]);
                let dx = raw(&$op, not_zero($g)?, $g.x(1));
                let dy = $dy;
                Ok(vec![reducer.share($g, 0, dx), reducer.share($g, 1, dy)])
            }),
            flags: Flags::ELEMENTWISE,
        };
    )*};
}

zero_at_zero! {
    XLOGY "Xlogy" |x, y| x * y.ln(), |g| raw(&XDIVY, g.x(0), g.x(1));
    XLOG1PY "Xlog1py" |x, y| x * y.ln_1p(), |g| raw(&XDIVY, g.x(0), g.x(1) + 1.0);
    XDIVY "Xdivy" |x, y| x / y, |g| {
        let minus = negative(g.x(0));
        raw(&XDIVY, minus, pow_named(g.x(1).into_arg(), 2.into_arg(), "pow"))
    };
}

pub(super) static MUL_NO_NAN: OpDef = OpDef {
    sig: Sig::new("MulNoNan(x: T, y: T) -> (z: T) where T: floating"),
    infer: rules::broadcasting,
    kernel: binary_kernel!(floats, T, |x: T, y: T| if y == 0.0 { 0.0 } else { x * y }),
    grad: Grad::Rule(|g| {
        let (x, y, dy) = (g.x(0), g.x(1), g.dy(0));
        let (gx, gy) = (raw(&MUL_NO_NAN, dy, y), raw(&MUL_NO_NAN, x, dy));
        Ok(if all_equal(g) { vec![Some(gx), Some(gy)] } else { reduce_gradients(x, y, gx, gy) })
    }),
    flags: Flags::ELEMENTWISE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;
    use crate::value::Value;

    #[test]
    fn gamma_and_zeta_functions_are_whole() {
        OpTest::new(|x| vec![polygamma(x[0], x[1])])
            .inputs([[[1.0f32], [2.0]].into(), [0.5f32, 1.5].into()])
            .constants(&[0])
            .differentiable(&[1])
            .run();
        OpTest::new(|x| vec![zeta(x[0], x[1])])
            .inputs([[[2.0f32], [3.5]].into(), [0.5f32, 1.5].into()])
            .constants(&[0])
            .differentiable(&[1])
            .run();
    }

    #[test]
    fn functions_that_are_zero_at_zero_are_whole() {
        OpTest::new(|x| vec![xlogy(x[0], x[1]), xlog1py(x[0], x[1]), xdivy(x[0], x[1]), multiply_no_nan(x[1], x[0])])
            .inputs([[0.5f32, 2.0].into(), [[1.5f32], [0.5]].into()])
            .differentiable(&[0, 1])
            .run();
        OpTest::new(|x| vec![xlogy(x[0], x[1]), xlog1py(x[0], x[1]), xdivy(x[0], x[1]), multiply_no_nan(x[1], x[0])])
            .inputs([[0.0f32, 1.0].into(), [f32::NAN, 0.0].into()])
            .expect([
                [0.0f32, f32::NEG_INFINITY].into(),
                [0.0f32, 0.0].into(),
                [0.0f32, f32::INFINITY].into(),
                Value::from([0.0f32, 0.0]),
            ])
            .run();
    }
}
