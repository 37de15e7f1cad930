//! Comparisons and logic.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::Result;
use crate::graph::Tensor;
use crate::kernels::elementwise;
use crate::op::{Flags, Grad, InferCtx, IntoTensor, Kernel, KernelFn, NodeInfo, OpDef, Sig, broadcast, rules};
use crate::ops::elementwise::{compare, kernel_fn, pairs, unary};
use crate::shape::PartialShape;

macro_rules! functions {
    ($($(#[$doc:meta])* $function:ident $op:ident;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function(x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
            $op.call([x.into_arg(), y.into_arg()]).single()
        }
    )*};
}

functions! {
    /// `x == y`, element by element, broadcast, as bool. TF: `tf.equal`. Any data type. No gradient.
    ///
    /// ```
    /// use flowstone as tf;
    /// let y = tf::equal([1, 2, 3], 2);
    /// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<bool>()?, [false, true, false]);
    /// # Ok::<(), tf::Error>(())
    /// ```
    equal EQUAL;
    /// `x != y`, element by element, broadcast, as bool. TF: `tf.not_equal`. Any data type. No gradient.
    not_equal NOT_EQUAL;
    /// `x < y`, element by element, broadcast, as bool. TF: `tf.less`. Numbers. No gradient.
    less LESS;
    /// `x <= y`, element by element, broadcast, as bool. TF: `tf.less_equal`. Numbers. No gradient.
    less_equal LESS_EQUAL;
    /// `x > y`, element by element, broadcast, as bool. TF: `tf.greater`. Numbers. No gradient.
    greater GREATER;
    /// `x >= y`, element by element, broadcast, as bool. TF: `tf.greater_equal`. Numbers. No gradient.
    greater_equal GREATER_EQUAL;
    /// Whether both are true, element by element, broadcast. TF: `tf.logical_and`. No gradient.
    logical_and LOGICAL_AND;
    /// Whether one is true, element by element, broadcast. TF: `tf.logical_or`. No gradient.
    logical_or LOGICAL_OR;
}

/// [`logical_and`] under another name.
#[track_caller]
pub(crate) fn logical_and_named(x: Tensor, y: Tensor, name: &str) -> Tensor {
    LOGICAL_AND.call([x.into_arg(), y.into_arg()]).name(name).single()
}

/// Whether one is true and not both, element by element, broadcast. TF: `tf.logical_xor`. No gradient.
///
/// Built of the other three, as in TensorFlow.
#[track_caller]
pub fn logical_xor(x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
    let [x, y] = [x.into_arg(), y.into_arg()];
    let either = logical_or(x.clone(), y.clone());
    let not_both = logical_not(logical_and(x, y));
    LOGICAL_AND.call([either.into_arg(), not_both.into_arg()]).name("LogicalXor").single()
}

/// The opposite truth value. TF: `tf.logical_not`. No gradient.
#[track_caller]
pub fn logical_not(x: impl IntoTensor) -> Tensor {
    LOGICAL_NOT.call([x.into_arg()]).single()
}

const NOT_SMOOTH: Grad = Grad::Stop("a truth value is not smooth");

fn infer_equal(ctx: &mut InferCtx) -> Result<()> {
    match broadcast(ctx.shape(0)?, ctx.shape(1)?) {
        Ok(shape) => ctx.set(0, shape),
        // As in TensorFlow: then the answer is one truth value.
        Err(_) if !ctx.attrs().bool("incompatible_shape_error")? => ctx.set(0, PartialShape::scalar()),
        Err(error) => Err(error),
    }
}

fn equality(node: &NodeInfo, wanted: bool) -> Result<KernelFn> {
    match node.dtype()? {
        DType::String => kernel_fn(move |ctx| {
            let pairs = pairs(ctx.inputs.shape(0)?, ctx.inputs.shape(1)?, ctx.outputs.shape(0)?);
            let (a, b) = (ctx.inputs.slice::<Vec<u8>>(0)?, ctx.inputs.slice::<Vec<u8>>(1)?);
            for (out, (i, j)) in ctx.outputs.slice::<bool>(0)?.iter_mut().zip(pairs) {
                *out = (a[i] == b[j]) == wanted;
            }
            Ok(())
        }),
        dtype => dispatch!(dtype, plain, T => kernel_fn(move |ctx| {
            if broadcast(&ctx.inputs.shape(0)?.into(), &ctx.inputs.shape(1)?.into()).is_err() {
                ctx.outputs.slice::<bool>(0)?.fill(!wanted);
                return Ok(());
            }
            compare::<T>(ctx, [0, 1], move |x, y| (x == y) == wanted)
        })),
    }
}

pub(super) static EQUAL: OpDef = OpDef {
    sig: Sig::new("Equal(x: T, y: T) -> (z: bool) where T: type, incompatible_shape_error: bool = true"),
    infer: infer_equal,
    kernel: Kernel::Make(|node| equality(node, true)),
    grad: NOT_SMOOTH,
    flags: Flags::PURE.all_row_by_row(),
};

pub(super) static NOT_EQUAL: OpDef = OpDef {
    sig: Sig::new("NotEqual(x: T, y: T) -> (z: bool) where T: type, incompatible_shape_error: bool = true"),
    infer: infer_equal,
    kernel: Kernel::Make(|node| equality(node, false)),
    grad: NOT_SMOOTH,
    flags: Flags::PURE.all_row_by_row(),
};

/// Whether input `a` is less than input `b`.
fn is_less(node: &NodeInfo, [a, b]: [usize; 2]) -> Result<KernelFn> {
    dispatch!(node.dtype()?, numbers, T => kernel_fn(move |ctx| compare::<T>(ctx, [a, b], |x, y| x < y)))
}

/// Whether input `a` is at most input `b`.
fn is_at_most(node: &NodeInfo, [a, b]: [usize; 2]) -> Result<KernelFn> {
    dispatch!(node.dtype()?, numbers, T => kernel_fn(move |ctx| compare::<T>(ctx, [a, b], |x, y| x <= y)))
}

macro_rules! orders {
    ($($op:ident $sig:literal $compare:ident $inputs:expr;)*) => {$(
        pub(super) static $op: OpDef = OpDef {
            sig: Sig::new($sig),
            infer: rules::broadcasting,
            kernel: Kernel::Make(|node| $compare(node, $inputs)),
            grad: NOT_SMOOTH,
            flags: Flags::PURE.all_row_by_row(),
        };
    )*};
}
orders! {
    LESS "Less(x: T, y: T) -> (z: bool) where T: real" is_less [0, 1];
    LESS_EQUAL "LessEqual(x: T, y: T) -> (z: bool) where T: real" is_at_most [0, 1];
    GREATER "Greater(x: T, y: T) -> (z: bool) where T: real" is_less [1, 0];
    GREATER_EQUAL "GreaterEqual(x: T, y: T) -> (z: bool) where T: real" is_at_most [1, 0];
}

pub(super) static LOGICAL_AND: OpDef = OpDef {
    sig: Sig::new("LogicalAnd(x: bool, y: bool) -> (z: bool)"),
    infer: rules::broadcasting,
    kernel: Kernel::Run(|ctx| compare::<bool>(ctx, [0, 1], |x, y| x && y)),
    grad: NOT_SMOOTH,
    flags: Flags::PURE.all_row_by_row(),
};

pub(super) static LOGICAL_OR: OpDef = OpDef {
    sig: Sig::new("LogicalOr(x: bool, y: bool) -> (z: bool)"),
    infer: rules::broadcasting,
    kernel: Kernel::Run(|ctx| compare::<bool>(ctx, [0, 1], |x, y| x || y)),
    grad: NOT_SMOOTH,
    flags: Flags::PURE.all_row_by_row(),
};

pub(super) static LOGICAL_NOT: OpDef = OpDef {
    sig: Sig::new("LogicalNot(x: bool) -> (y: bool)"),
    infer: rules::same_shape,
    kernel: Kernel::Run(|ctx| unary::<bool>(ctx, |x| !x)),
    grad: NOT_SMOOTH,
    flags: Flags::PURE.all_row_by_row(),
};

macro_rules! kinds_of_numbers {
    ($($(#[$doc:meta])* $function:ident $op:ident $sig:literal $is:ident;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function(x: impl IntoTensor) -> Tensor {
            $op.call([x.into_arg()]).single()
        }

        pub(super) static $op: OpDef = OpDef {
            sig: Sig::new($sig),
            infer: rules::same_shape,
            kernel: Kernel::Make(|node| dispatch!(node.dtype()?, floats, T => kernel_fn(|ctx| {
                elementwise::unary(ctx.inputs.slice::<T>(0)?, ctx.outputs.slice::<bool>(0)?, |x| x.$is());
                Ok(())
            }))),
            grad: Grad::Missing("a truth value is not smooth"),
            flags: Flags::PURE.all_row_by_row(),
        };
    )*};
}

kinds_of_numbers! {
    /// Whether `x` is neither infinite nor NaN, as bool. TF: `tf.is_finite`. float32 or float64. No gradient.
    ///
    /// ```
    /// use flowstone as tf;
    /// let y = tf::is_finite([1.0, f32::NAN, f32::INFINITY]);
    /// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<bool>()?, [true, false, false]);
    /// # Ok::<(), tf::Error>(())
    /// ```
    is_finite IS_FINITE "IsFinite(x: T) -> (y: bool) where T: floating" is_finite;
    /// Whether `x` is infinite, as bool. TF: `tf.is_inf`. float32 or float64. No gradient.
    is_inf IS_INF "IsInf(x: T) -> (y: bool) where T: floating" is_infinite;
    /// Whether `x` is NaN, as bool. TF: `tf.is_nan`. float32 or float64. No gradient.
    is_nan IS_NAN "IsNan(x: T) -> (y: bool) where T: floating" is_nan;
}

/// Whether `x` and `y` are less than `tolerance` apart.
pub(super) static APPROXIMATE_EQUAL: OpDef = OpDef {
    sig: Sig::new("ApproximateEqual(x: T, y: T) -> (z: bool) where T: number, tolerance: float = 0.00001"),
    infer: rules::all_alike,
    kernel: Kernel::Make(|node| {
        let tolerance = node.attrs().float("tolerance")?;
        dispatch!(node.dtype()?, floats, T => kernel_fn(move |ctx| {
            compare::<T>(ctx, [0, 1], move |x, y| (x - y).abs() < T::from(tolerance))
        }))
    }),
    grad: NOT_SMOOTH,
    flags: Flags::PURE.all_row_by_row(),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn comparisons_are_whole() {
        OpTest::new(|x| vec![equal(x[0], x[1]), not_equal(x[0], x[1])])
            .inputs([[[1i64, 2], [3, 4]].into(), [1i64, 4].into()])
            .expect([[[true, false], [false, true]].into(), [[false, true], [true, false]].into()])
            .run();
        OpTest::new(|x| vec![equal(x[0], "b")])
            .inputs([[b"a".to_vec(), b"b".to_vec()].into()])
            .expect([[false, true].into()])
            .run();
        OpTest::new(|x| vec![less(x[0], x[1]), less_equal(x[0], x[1]), greater(x[0], x[1]), greater_equal(x[0], x[1])])
            .inputs([[1.0f32, 2.0, f32::NAN].into(), [2.0f32, 2.0, 2.0].into()])
            .expect([
                [true, false, false].into(),
                [true, true, false].into(),
                [false, false, false].into(),
                [false, true, false].into(),
            ])
            .run();
    }

    #[test]
    fn logic_is_whole() {
        OpTest::new(|x| vec![logical_and(x[0], x[1]), logical_or(x[0], x[1]), logical_not(x[0])])
            .inputs([[true, true, false].into(), [true, false, false].into()])
            .expect([[true, false, false].into(), [true, true, false].into(), [false, false, true].into()])
            .run();
    }

    #[test]
    fn kinds_of_numbers_are_told_apart() {
        OpTest::new(|x| vec![is_finite(x[0]), is_inf(x[0]), is_nan(x[0])])
            .inputs([[1.0f64, f64::NEG_INFINITY, f64::NAN].into()])
            .expect([[true, false, false].into(), [false, true, false].into(), [false, false, true].into()])
            .run();
        OpTest::new(|x| {
            vec![APPROXIMATE_EQUAL.call([x[0].into_arg(), x[1].into_arg()]).attr("tolerance", 0.5).single()]
        })
        .inputs([[1.0f32, 2.0, f32::NAN].into(), [1.25f32, 0.0, f32::NAN].into()])
        .expect([[true, false, false].into()])
        .run();
        OpTest::new(|x| vec![logical_xor(x[0], x[1])])
            .inputs([[true, true, false].into(), [true, false, false].into()])
            .expect([[false, true, false].into()])
            .run();
    }
}
