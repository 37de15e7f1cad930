//! Pow: powers, element by element.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, GradCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, rules};
use crate::ops::array::{ones_like, zeros_like};
use crate::ops::elementwise::{binary, kernel_fn};
use crate::ops::math::arithmetic::reduce_gradients;
use crate::ops::math::{greater, log, select};
use crate::value::Number;

/// `x` to the power of `y`, element by element, broadcast. TF: `tf.pow`.
///
/// float32, float64, int32 or int64. Powers of whole numbers wrap; a negative exponent among them is an error of the
/// run. The gradients are `dy * y * x^(y - 1)` and `dy * z * log(x)`, the latter 0 where `x` is not above 0.
///
/// ```
/// use flowstone as tf;
/// let y = tf::pow([2.0, 3.0], 2.0);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [4.0, 9.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn pow(x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
    pow_named(x.into_arg(), y.into_arg(), "Pow")
}

#[track_caller]
pub(crate) fn pow_named(x: Arg, y: Arg, name: &str) -> Tensor {
    POW.call([x, y]).name(name).single()
}

/// `x` to the power of `y` of whole numbers, by squaring; they wrap.
fn whole_power<T: Number>(x: T, y: i64) -> T {
    let (mut power, mut square, mut rest) = (T::ONE, x, y);
    while rest > 0 {
        if rest & 1 == 1 {
            power = power.times(square);
        }
        square = square.times(square);
        rest >>= 1;
    }
    power
}

fn whole_powers<T: Number + Into<i64>>(ctx: &mut KernelCtx) -> Result<()> {
    let computes = ctx.outputs.shape(0)?.num_elements()? > 0;
    if computes && ctx.inputs.slice::<T>(1)?.iter().any(|y| *y < T::ZERO) {
        return Err(Error::invalid_argument("a whole number to a negative power"));
    }
    binary::<T>(ctx, |x, y| whole_power(x, y.into()))
}

pub(super) static POW: OpDef = OpDef {
    sig: Sig::new("Pow(x: T, y: T) -> (z: T) where T: signed"),
    infer: rules::broadcasting,
    kernel: Kernel::Make(|node| match node.dtype()? {
        DType::Float32 => kernel_fn(|ctx| binary::<f32>(ctx, f32::powf)),
        DType::Float64 => kernel_fn(|ctx| binary::<f64>(ctx, f64::powf)),
        DType::Int32 => kernel_fn(whole_powers::<i32>),
        DType::Int64 => kernel_fn(whole_powers::<i64>),
        other => crate::value::unsupported(other),
    }),
    grad: Grad::Rule(power_grad),
    flags: Flags::ELEMENTWISE,
};

fn power_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let (x, y, z, dz) = (g.x(0), g.x(1), g.y(0), g.dy(0));
    let scaled = dz * y;
    let gx = scaled * pow(x, y - 1);
    // There is no sensible slope in `y` where `x` is not above 0.
    let above = greater(x, 0);
    let safe = select(above, x, ones_like(x));
    let logarithm = log(safe);
    let log_x = select(above, logarithm, zeros_like(x));
    let gy = dz * z * log_x;
    Ok(reduce_gradients(x, y, gx, gy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn powers_are_whole() {
        OpTest::new(|x| vec![pow(x[0], x[1])])
            .inputs([[[0.5f32, 1.0, 3.0], [2.0, 0.25, 1.5]].into(), [2.0f32, 0.5, -1.0].into()])
            .differentiable(&[0, 1])
            .run();
        OpTest::new(|x| vec![pow(x[0], x[1])])
            .inputs([[-2i32, 3, 10, 0].into(), [3i32, 0, 10, 0].into()])
            .expect([[-8i32, 1, 1_410_065_408, 1].into()])
            .run();
    }
}
