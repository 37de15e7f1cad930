//! Div, TruncateDiv, TruncateMod, Mod: divisions of the older dialect and towards zero.

use crate::dispatch;
use crate::error::Result;
use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, KernelFn, NodeInfo, OpDef, Sig, convert, rules};
use crate::ops::elementwise::kernel_fn;
use crate::ops::math::arithmetic::{FLOOR_DIV, FLOOR_MOD, REAL_DIV, checked_division, reduce_gradients};
use crate::ops::math::truediv_named;
use crate::ops::scope::Scope;
use crate::value::Number;

macro_rules! division_functions {
    ($($(#[$doc:meta])* $function:ident $op:ident;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function(x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
            $op.call([x.into_arg(), y.into_arg()]).single()
        }
    )*};
}

division_functions! {
    /// `x / y` of floating-point numbers, element by element, broadcast. TF: `tf.realdiv`.
    realdiv REAL_DIV;
    /// As [`floordiv`](super::floordiv), named as TensorFlow names the operation. TF: `tf.floor_div`.
    floor_div FLOOR_DIV;
    /// The whole number next to `x / y` towards zero, element by element, broadcast. TF: `tf.truncatediv`.
    ///
    /// Numbers; division of whole numbers by zero is an error of the run. No gradient.
    ///
    /// ```
    /// use flowstone as tf;
    /// let y = tf::truncatediv([7, -7], 2);
    /// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [3, -3]);
    /// # Ok::<(), tf::Error>(())
    /// ```
    truncatediv TRUNCATE_DIV;
    /// What is left of `x` after `truncatediv(x, y)` times `y`; it has the sign of `x`. TF: `tf.truncatemod`.
    ///
    /// float32, float64, int32 or int64; division of whole numbers by zero is an error of the run. No gradient.
    truncatemod TRUNCATE_MOD;
    /// What is left of `x` after `floordiv(x, y)` times `y`; it has the sign of `y`. TF: `tf.mod`.
    ///
    /// The same as [`floormod`](super::floormod).
    r#mod FLOOR_MOD;
}

/// `x / y` of floating-point numbers, [`floordiv`](super::floordiv) of whole ones, as `/` of Python 2. TF: `tf.div`.
#[track_caller]
pub fn div(x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
    let [x, y] = [x.into_arg(), y.into_arg()];
    let dtype = y.tensor().and_then(|y| y.dtype().ok());
    let scope = Scope::open(&[&x, &y], "div");
    let x = convert(x, "x", dtype);
    let y = convert(y, "y", x.dtype().ok());
    let op = if x.dtype().is_ok_and(|dtype| dtype.is_integer()) { &FLOOR_DIV } else { &REAL_DIV };
    op.call([Arg::Tensor(x), Arg::Tensor(y)]).name(scope.itself()).single()
}

/// `x / y`, element by element, broadcast; whole numbers are converted first. TF: `tf.truediv`.
///
/// The same as [`divide`](super::divide).
#[track_caller]
pub fn truediv(x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
    truediv_named(x.into_arg(), y.into_arg(), "truediv")
}

/// Division of one kind of number. `None`: of whole numbers, by zero.
trait Division: Number {
    /// Real division of floating-point numbers, else the same as `quotient`.
    fn over(self, y: Self) -> Option<Self>;
    /// Division towards zero.
    fn quotient(self, y: Self) -> Option<Self>;
    /// What the quotient leaves.
    fn rest(self, y: Self) -> Option<Self>;
}

macro_rules! divisions {
    ($($number:ty, |$x:ident, $y:ident| $over:expr, $quotient:expr, $rest:expr;)*) => {$(
        impl Division for $number {
            fn over(self, $y: Self) -> Option<Self> {
                let $x = self;
                $over
            }
            fn quotient(self, $y: Self) -> Option<Self> {
                let $x = self;
                $quotient
            }
            fn rest(self, $y: Self) -> Option<Self> {
                let $x = self;
                $rest
            }
        }
    )*};
    (floats $($float:ty)*) => {
        divisions! { $($float, |x, y| Some(x / y), Some((x / y).trunc()), Some(x % y);)* }
    };
    (integers $($int:ty)*) => {
        divisions! { $(
            $int, |x, y| x.quotient(y), (y != 0).then(|| x.wrapping_div(y)), (y != 0).then(|| x.wrapping_rem(y));
        )* }
    };
}
divisions!(floats f32 f64);
divisions!(integers i32 i64 u8);

fn rest_kernel(node: &NodeInfo) -> Result<KernelFn> {
    dispatch!(node.dtype()?, signed, T => kernel_fn(|ctx| checked_division::<T>(ctx, T::rest)))
}

/// Real division of floating-point numbers, division towards zero of whole ones.
pub(super) static DIV: OpDef = OpDef {
    sig: Sig::new("Div(x: T, y: T) -> (z: T) where T: number"),
    infer: rules::broadcasting,
    kernel: Kernel::Make(
        |node| dispatch!(node.dtype()?, numbers, T => kernel_fn(|ctx| checked_division::<T>(ctx, T::over))),
    ),
    grad: Grad::Rule(|g| {
        let (x, y, dz) = (g.x(0), g.x(1), g.dy(0));
        let gx = dz / y;
        let gy = dz * (-x / y / y);
        Ok(reduce_gradients(x, y, gx, gy))
    }),
    flags: Flags::ELEMENTWISE,
};

pub(super) static TRUNCATE_DIV: OpDef = OpDef {
    sig: Sig::new("TruncateDiv(x: T, y: T) -> (z: T) where T: number"),
    infer: rules::broadcasting,
    kernel: Kernel::Make(
        |node| dispatch!(node.dtype()?, numbers, T => kernel_fn(|ctx| checked_division::<T>(ctx, T::quotient))),
    ),
    grad: Grad::Stop("it is flat wherever it is smooth"),
    flags: Flags::ELEMENTWISE,
};

pub(super) static TRUNCATE_MOD: OpDef = OpDef {
    sig: Sig::new("TruncateMod(x: T, y: T) -> (z: T) where T: signed"),
    infer: rules::broadcasting,
    kernel: Kernel::Make(rest_kernel),
    grad: Grad::Missing("TensorFlow has none"),
    flags: Flags::ELEMENTWISE,
};

pub(super) static MOD: OpDef = OpDef {
    sig: Sig::new("Mod(x: T, y: T) -> (z: T) where T: signed"),
    infer: rules::broadcasting,
    kernel: Kernel::Make(rest_kernel),
    grad: Grad::Missing("TensorFlow has none"),
    flags: Flags::ELEMENTWISE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn divisions_are_whole() {
        OpTest::new(|x| vec![truncatediv(x[0], x[1]), truncatemod(x[0], x[1]), div(x[0], x[1]), r#mod(x[0], x[1])])
            .inputs([[7i32, -7, i32::MIN].into(), [-2i32, 2, -1].into()])
            .expect([
                [-3i32, -3, i32::MIN].into(),
                [1i32, -1, 0].into(),
                [-4i32, -4, i32::MIN].into(),
                [-1i32, 1, 0].into(),
            ])
            .run();
        OpTest::new(|x| vec![DIV.call([x[0].into_arg(), x[1].into_arg()]).single(), realdiv(x[0], x[1])])
            .inputs([[1.5f32, -2.0].into(), [[2.0f32], [-4.0]].into()])
            .expect([[[0.75f32, -1.0], [-0.375, 0.5]].into(), [[0.75f32, -1.0], [-0.375, 0.5]].into()])
            .differentiable(&[0, 1])
            .run();
        assert!(build_error(|| truncatemod(bytes(), bytes())).contains("uint8"));
    }

    fn bytes() -> Tensor {
        crate::ops::array::constant([1u8, 2])
    }
}
