//! Floor, Ceil, Round, Rint: the whole numbers near a number.

use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, IntoTensor, OpDef, Sig, convert, rules};
use crate::ops::elementwise::unary_kernel;

macro_rules! rounding_functions {
    ($($(#[$doc:meta])* $function:ident $op:ident;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function(x: impl IntoTensor) -> Tensor {
            $op.call([x.into_arg()]).single()
        }
    )*};
}

rounding_functions! {
    /// The largest whole number not above `x`. TF: `tf.floor`. float32 or float64. No gradient.
    ///
    /// ```
    /// use flowstone as tf;
    /// let y = tf::floor([1.5, -1.5]);
    /// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [1.0, -2.0]);
    /// # Ok::<(), tf::Error>(())
    /// ```
    floor FLOOR;
    /// The smallest whole number not below `x`. TF: `tf.ceil`. float32 or float64. No gradient.
    ceil CEIL;
    /// The whole number next to `x`, the even one of two. TF: `tf.rint`. float32 or float64. No gradient.
    rint RINT;
}

/// The whole number next to `x`, the even one of two. TF: `tf.round`.
///
/// float32 or float64; whole numbers are given back as they are. No gradient.
#[track_caller]
pub fn round(x: impl IntoTensor) -> Tensor {
    let x = convert(x.into_arg(), "x", None);
    if x.dtype().is_ok_and(|dtype| dtype.is_integer()) {
        return x;
    }
    ROUND.call([Arg::Tensor(x)]).single()
}

const FLAT: Grad = Grad::Stop("it is flat wherever it is smooth");

macro_rules! roundings {
    ($($op:ident $sig:literal $T:ident |$x:ident| $y:expr;)*) => {$(
        pub(super) static $op: OpDef = OpDef {
            sig: Sig::new($sig),
            infer: rules::same_shape,
            kernel: unary_kernel!(floats, $T, |$x: $T| $y),
            grad: FLAT,
            flags: Flags::ELEMENTWISE,
        };
    )*};
}

roundings! {
    FLOOR "Floor(x: T) -> (y: T) where T: floating" T |x| x.floor();
    CEIL "Ceil(x: T) -> (y: T) where T: floating" T |x| x.ceil();
    RINT "Rint(x: T) -> (y: T) where T: floating" T |x| x.round_ties_even();
}

pub(super) static ROUND: OpDef = OpDef {
    sig: Sig::new("Round(x: T) -> (y: T) where T: signed"),
    infer: rules::same_shape,
    kernel: unary_kernel!(signed, T, |x: T| x.nearest_whole()),
    grad: FLAT,
    flags: Flags::ELEMENTWISE,
};

/// The nearest whole number, which whole numbers are themselves.
trait NearestWhole {
    fn nearest_whole(self) -> Self;
}

macro_rules! nearest_whole {
    ($($number:ty, |$x:ident| $y:expr;)*) => {$(
        impl NearestWhole for $number {
            #[inline(always)]
            fn nearest_whole(self) -> Self {
                let $x = self;
                $y
            }
        }
    )*};
}
nearest_whole! {
    f32, |x| x.round_ties_even();
    f64, |x| x.round_ties_even();
    i32, |x| x;
    i64, |x| x;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn rounding_is_whole() {
        OpTest::new(|x| vec![floor(x[0]), ceil(x[0]), rint(x[0]), round(x[0])])
            .inputs([[0.5f32, 1.5, -0.5, -1.75].into()])
            .expect([
                [0.0f32, 1.0, -1.0, -2.0].into(),
                [1.0f32, 2.0, -0.0, -1.0].into(),
                [0.0f32, 2.0, -0.0, -2.0].into(),
                [0.0f32, 2.0, -0.0, -2.0].into(),
            ])
            .run();
        OpTest::new(|x| vec![round(x[0]), ROUND.call([x[0].into_arg()]).single()])
            .inputs([[3i32, -4].into()])
            .expect([[3i32, -4].into(), [3i32, -4].into()])
            .run();
    }
}
