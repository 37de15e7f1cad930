//! Cast: elements of another type.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::elementwise;
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert, rules};
use crate::ops::scope::Scope;
use crate::value::Element;

/// `x` converted to `dtype`. TF: `tf.cast`.
///
/// Takes numbers and bools of any shape. Fractions are cut off, numbers out of range become the nearest end of it, NaN
/// becomes 0; every number but 0 is `true`. If `x` has the type already it is given back as it is. The gradient is
/// converted back, between floating-point types only.
///
/// ```
/// use flowstone as tf;
/// let y = tf::cast(tf::constant([1.9, -1.9]), tf::int32);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [1, -1]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn cast(x: impl IntoTensor, dtype: DType) -> Tensor {
    cast_named(x.into_arg(), dtype, "Cast")
}

#[track_caller]
pub(crate) fn cast_named(x: Arg, dtype: DType, name: &str) -> Tensor {
    if let Some(tensor) = x.tensor().filter(|x| x.dtype().is_ok_and(|own| own == dtype)) {
        return tensor;
    }
    let scope = Scope::open(&[&x], name);
    let x = convert(x, "x", None);
    if x.dtype().is_ok_and(|own| own == dtype) {
        return x;
    }
    CAST.call([Arg::Tensor(x)]).attr("DstT", dtype).name(scope.itself()).single()
}

macro_rules! casts_to {
    ($($function:ident $dtype:ident $name:literal;)*) => {$(
        #[doc = concat!("`x` converted: [`cast`] to [`", stringify!($dtype), "`](DType::", stringify!($dtype), ").")]
        #[doc = concat!("TF: `tf.", stringify!($function), "`.")]
        #[track_caller]
        pub fn $function(x: impl IntoTensor) -> Tensor {
            cast_named(x.into_arg(), DType::$dtype, $name)
        }
    )*};
}

casts_to! {
    to_float Float32 "ToFloat";
    to_double Float64 "ToDouble";
    to_int32 Int32 "ToInt32";
    to_int64 Int64 "ToInt64";
}

/// The operation Cast, whatever the type of `x`.
#[track_caller]
pub(crate) fn cast_op(x: Tensor, dtype: DType) -> Tensor {
    CAST.call([Arg::Tensor(x)]).attr("DstT", dtype).single()
}

/// [`cast`] of a variable that is held by a handle may leave it to be read where it is used.
#[track_caller]
pub(crate) fn cast_arg(x: Arg, dtype: DType) -> Arg {
    match x.dtype() {
        Ok(Some(own)) if own == dtype => x,
        _ => cast(x, dtype).into_arg(),
    }
}

/// The number (or truth value) `x` as a `U`.
trait CastTo<U> {
    fn cast(self) -> U;
}

macro_rules! casts {
    ($($from:ty => [$($to:ty)*];)*) => {$($(
        impl CastTo<$to> for $from {
            fn cast(self) -> $to {
                self as $to
            }
        }
    )*)*};
}
casts! {
    f32 => [f32 f64 i32 i64 u8];
    f64 => [f32 f64 i32 i64 u8];
    i32 => [f32 f64 i32 i64 u8];
    i64 => [f32 f64 i32 i64 u8];
    u8 => [f32 f64 i32 i64 u8];
}

macro_rules! bool_casts {
    ($($number:ty, $zero:expr, $one:expr;)*) => {$(
        impl CastTo<bool> for $number {
            fn cast(self) -> bool {
                self != $zero
            }
        }
        impl CastTo<$number> for bool {
            fn cast(self) -> $number {
                if self { $one } else { $zero }
            }
        }
    )*};
}
bool_casts! { f32, 0.0, 1.0; f64, 0.0, 1.0; i32, 0, 1; i64, 0, 1; u8, 0, 1; }

impl CastTo<bool> for bool {
    fn cast(self) -> bool {
        self
    }
}

fn run<T: Element + Copy + CastTo<U>, U: Element>(ctx: &mut KernelCtx) -> Result<()> {
    elementwise::unary(ctx.inputs.slice::<T>(0)?, ctx.outputs.slice::<U>(0)?, |&x| x.cast());
    Ok(())
}

pub(super) static CAST: OpDef = OpDef {
    sig: Sig::new("Cast(x: SrcT) -> (y: DstT) where SrcT: type, DstT: type, Truncate: bool = false"),
    infer: |ctx| {
        let attrs = ctx.attrs();
        let (from, to) = (attrs.dtype("SrcT")?, attrs.dtype("DstT")?);
        if from != to && (from == DType::String || to == DType::String) {
            return Err(Error::unimplemented(format!("{from} cannot become {to}")));
        }
        if from.is_integer() && to.is_integer() { rules::unchanged(ctx) } else { rules::same_shape(ctx) }
    },
    kernel: Kernel::Run(|ctx| {
        let attrs = ctx.node.attrs();
        let (from, to) = (attrs.dtype("SrcT")?, attrs.dtype("DstT")?);
        if from == to {
            return ctx.pass_on(0, 0);
        }
        dispatch!(from, plain, T => dispatch!(to, plain, U => run::<T, U>(ctx)))
    }),
    grad: Grad::Rule(|g| {
        let from = g.x(0).dtype()?;
        let smooth = from.is_floating() && g.dy(0).dtype()?.is_floating();
        Ok(vec![smooth.then(|| cast(g.dy(0), from))])
    }),
    flags: Flags::PASSING.all_row_by_row(),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::{bool, float32, float64, int32, uint8};
    use crate::testing::{OpTest, build_error};

    #[test]
    fn cast_is_whole() {
        OpTest::new(|x| vec![cast(x[0], int32), cast(x[0], bool), cast(x[0], float64)])
            .inputs([[1.75f32, -1.75, 0.0].into()])
            .expect([[1i32, -1, 0].into(), [true, true, false].into(), [1.75f64, -1.75, 0.0].into()])
            .run();
        OpTest::new(|x| vec![cast(x[0], float32), cast(x[0], uint8)])
            .inputs([[true, false].into()])
            .expect([[1.0f32, 0.0].into(), [1u8, 0].into()])
            .run();
        OpTest::new(|x| vec![cast(cast(x[0], float32), float64)]).inputs([[0.5f32].into()]).run();
        assert!(build_error(|| cast("a", int32)).contains("string cannot become int32"));
    }
}
