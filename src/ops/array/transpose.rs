//! Transpose and InvertPermutation: dimensions in another order.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::kernels::copy::gather_steps;
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, OpDef, Sig, convert};
use crate::ops::array::range::range_named;
use crate::ops::array::shape::rank_op;
use crate::ops::array::{concat, packed, rank};
use crate::ops::math::sub;
use crate::ops::scope::{Scope, refuse};
use crate::shape::PartialShape;
use crate::value::Value;

/// `a` with its dimensions in the order `perm`. TF: `tf.transpose`.
///
/// `perm` is a list of int32 or int64 that holds each dimension once; `transpose!(a)` reverses them. The gradient is
/// transposed back.
///
/// ```
/// use flowstone as tf;
/// let y = tf::transpose(tf::constant([[1, 2, 3], [4, 5, 6]]), [1, 0]);
/// assert_eq!(y.shape().to_string(), "[3,2]");
/// assert_eq!(tf::transpose!(y).shape().to_string(), "[2,3]");
/// ```
#[track_caller]
pub fn transpose(a: impl IntoTensor, perm: impl IntoTensor) -> Tensor {
    transpose_args(a).perm(perm).build()
}

/// [`transpose`] with the keyword argument `perm`.
pub fn transpose_args(a: impl IntoTensor) -> TransposeArgs {
    TransposeArgs { a: a.into_arg(), perm: None }
}

/// A [`transpose`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct TransposeArgs {
    a: Arg,
    perm: Option<Arg>,
}

impl TransposeArgs {
    /// The order of the dimensions; reversed if not said.
    pub fn perm(mut self, perm: impl IntoTensor) -> Self {
        self.perm = Some(perm.into_arg());
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let Some(perm) = self.perm else { return reversed(convert(self.a, "a", None)) };
        TRANSPOSE.call([self.a, perm]).name("transpose").single()
    }
}

/// `a` with its dimensions in reverse.
#[track_caller]
fn reversed(a: Tensor) -> Tensor {
    let graph = a.graph().unwrap_or_else(|_| get_default_graph());
    let scope = graph.scope_name("transpose");
    let _scope = graph.scope(&format!("{scope}/"));
    let perm = match a.rank() {
        Some(rank) => Value::vector((0..rank as i32).rev().collect::<Vec<_>>()).into_arg(),
        None => {
            let rank = rank_op(a);
            range_named(sub(rank, 1).into_arg(), (-1).into_arg(), (-1).into_arg(), "Range").into_arg()
        }
    };
    TRANSPOSE.call([a.into_arg(), perm]).name(format!("{scope}/")).single()
}

/// The permutation that undoes `x`. TF: `tf.invert_permutation`. No gradient.
#[track_caller]
pub fn invert_permutation(x: impl IntoTensor) -> Tensor {
    INVERT_PERMUTATION.call([x.into_arg()]).single()
}

/// Where each number of the permutation `perm` stands.
fn inverse(perm: &[i64]) -> Result<Vec<i64>> {
    let mut inverse = vec![-1; perm.len()];
    for (place, &p) in (0..).zip(perm) {
        let slot = usize::try_from(p).ok().and_then(|p| inverse.get_mut(p)).filter(|slot| **slot == -1);
        *slot.ok_or_else(|| Error::invalid_argument(format!("{perm:?} is not a permutation")))? = place;
    }
    Ok(inverse)
}

pub(super) static TRANSPOSE: OpDef = OpDef {
    sig: Sig::new("Transpose(x: T, perm: Tperm) -> (y: T) where T: type, Tperm: index = int32"),
    infer: |ctx| {
        let rank = ctx.shape(0)?.rank().or(ctx.shape_of_rank(1, 1)?.dim(0));
        let Some(rank) = rank else { return ctx.set(0, PartialShape::unknown()) };
        let input = ctx.shape_of_rank(0, rank)?;
        let Some(perm) = ctx.known_integers(1)? else { return ctx.set(0, PartialShape::unknown_of_rank(rank)) };
        inverse(&perm)?;
        if perm.len() != rank {
            return Err(Error::invalid_argument(format!("perm {perm:?} for shape {input}")));
        }
        ctx.set(0, PartialShape::new(perm.iter().map(|&p| input.dim(p as usize))))
    },
    kernel: Kernel::Run(|ctx| {
        let perm = ctx.inputs.value(1)?.integers()?;
        inverse(&perm)?;
        let strides = ctx.inputs.shape(0)?.strides();
        if perm.len() != strides.len() {
            return Err(Error::invalid_argument(format!("perm {perm:?} for shape {}", ctx.inputs.shape(0)?)));
        }
        let steps: Vec<usize> = perm.iter().map(|&p| strides[p as usize]).collect();
        let dims = ctx.outputs.shape(0)?.clone();
        dispatch!(ctx.node.dtype()?, all, T => {
            let out = ctx.outputs.slice::<T>(0)?;
            if !out.is_empty() {
                gather_steps(ctx.inputs.slice::<T>(0)?, 0, &steps, &dims, out);
            }
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(transpose(g.dy(0), invert_permutation(g.x(1)))), None])),
    flags: Flags::PURE,
};

pub(super) static INVERT_PERMUTATION: OpDef = OpDef {
    sig: Sig::new("InvertPermutation(x: T) -> (y: T) where T: index = int32"),
    infer: |ctx| {
        let shape = ctx.shape_of_rank(0, 1)?;
        ctx.set(0, shape)?;
        if let Some(perm) = ctx.known_integers(0)? {
            ctx.set_integers(0, inverse(&perm)?.into_iter().map(Some));
        }
        Ok(())
    },
    kernel: Kernel::Run(|ctx| {
        let inverse = inverse(&ctx.inputs.value(0)?.integers()?)?;
        let value = Value::vector(inverse).convert(ctx.node.dtype()?)?;
        ctx.outputs.set(0, value);
        Ok(())
    }),
    grad: Grad::Stop("a permutation is not smooth"),
    flags: Flags::PURE,
};

/// The last two dimensions exchanged. TF: `tf.matrix_transpose`.
///
/// Any data type, two dimensions at least.
///
/// ```
/// use flowstone as tf;
/// let y = tf::matrix_transpose([[[1, 2], [3, 4]]]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [1, 3, 2, 4]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn matrix_transpose(a: impl IntoTensor) -> Tensor {
    let a = a.into_arg();
    let scope = Scope::open(&[&a], "matrix_transpose");
    let a = convert(a, "a", None);
    match a.rank() {
        Some(0 | 1) => {
            let error = format!("a matrix has two dimensions at least, not {}", a.shape());
            refuse(scope.itself(), Error::invalid_argument(error))
        }
        Some(rank) => {
            let rank = rank as i32;
            transpose(a, (0..rank - 2).chain([rank - 1, rank - 2]).collect::<Vec<i32>>())
        }
        None => {
            let rank = rank(a);
            let outer = range_named(0.into_arg(), (rank - 2).into_arg(), 1.into_arg(), "Range");
            let last = [rank - 1, rank - 2].map(IntoTensor::into_arg);
            let last = packed(last.to_vec(), "concat/values_1");
            transpose(a, concat([outer, last], 0))
        }
    }
}

/// [`matrix_transpose`] as TensorFlow's gradients name it.
#[track_caller]
pub(crate) fn adjoint(matrix: Tensor) -> Tensor {
    let _scope = Scope::open(&[&matrix.into_arg()], "adjoint");
    matrix_transpose(matrix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn transpose_is_whole() {
        OpTest::new(|x| vec![transpose(x[0], x[1])])
            .inputs([[[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]].into(), [1i32, 0].into()])
            .constants(&[1])
            .expect([[[1.0f32, 4.0], [2.0, 5.0], [3.0, 6.0]].into()])
            .differentiable(&[0])
            .run();
        OpTest::new(|x| vec![invert_permutation(x[0])])
            .inputs([[2i32, 0, 1].into()])
            .expect([[1i32, 2, 0].into()])
            .run();
        assert!(build_error(|| transpose([[1, 2]], [0, 0])).contains("[0, 0] is not a permutation"));
    }
}
