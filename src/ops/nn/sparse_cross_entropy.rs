//! SparseSoftmaxCrossEntropyWithLogits: the loss of a classification whose labels are numbers of classes.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::math::Real;
use crate::kernels::softmax::sparse_cross_entropy;
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert};
use crate::ops::array::{rank, reshape, shape};
use crate::ops::nn::cross_entropy::logits_grad;
use crate::ops::scope::Scope;
use crate::shape::{PartialShape, merge_dims};

/// The cross entropy of `softmax(logits)` and the classes that `labels` names, for each row.
/// TF: `tf.nn.sparse_softmax_cross_entropy_with_logits`.
///
/// `labels` is int32 or int64 of any shape, each from 0 up to the number of classes, which the run checks; `logits` is
/// float32 or float64 of that shape and one more dimension, the classes. The result has the shape of the labels. The
/// gradient to the logits is that of the loss times `softmax(logits)`, less 1 at the label.
///
/// ```
/// use flowstone as tf;
/// let loss = tf::nn::sparse_softmax_cross_entropy_with_logits([1], [[0.0, 0.0]]);
/// let loss = tf::Session()?.run(loss, tf::feed_dict! {})?;
/// assert!((loss.as_slice::<f32>()?[0] - 2f32.ln()).abs() < 1e-6);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn sparse_softmax_cross_entropy_with_logits(labels: impl IntoTensor, logits: impl IntoTensor) -> Tensor {
    const NAME: &str = "SparseSoftmaxCrossEntropyWithLogits";
    build(labels.into_arg(), logits.into_arg(), NAME)
}

/// The operation in a scope of its own; both are called `name`.
#[track_caller]
pub(crate) fn build(labels: Arg, logits: Arg, name: &str) -> Tensor {
    let args = [labels, logits];
    let scope = Scope::open(&args.each_ref(), name);
    let [labels, logits] = args;
    let (labels, logits) = (convert(labels, "Const", None), convert(logits, "Const", None));
    let labels_shape = shape(labels);
    let one_more = |labels: usize| logits.rank().is_none_or(|rank| rank == labels + 1);
    if logits.rank() == Some(0) || !labels.rank().is_none_or(one_more) {
        let shapes = format!("labels {} and logits {}", labels.shape(), logits.shape());
        return scope
            .fail(Error::invalid_argument(format!("{shapes}: the logits have one more dimension, the classes")));
    }
    let cost = |logits: Tensor, labels: Tensor| {
        SPARSE_SOFTMAX_CROSS_ENTROPY_WITH_LOGITS.call([logits.into_arg(), labels.into_arg()]).name(name).single()
    };
    if logits.rank() == Some(2) {
        return cost(logits, labels);
    }
    let classes = shape(logits).at(rank(logits) - 1);
    let rows = crate::ops::array::reshape_to(logits, vec![(-1).into_arg(), classes.into_arg()]);
    let cost = reshape(cost(rows, reshape(labels, [-1])), labels_shape);
    cost.set_shape(labels.shape());
    cost
}

pub(super) static SPARSE_SOFTMAX_CROSS_ENTROPY_WITH_LOGITS: OpDef = OpDef {
    sig: Sig::new(
        "SparseSoftmaxCrossEntropyWithLogits(features: T, labels: Tlabels) -> (loss: T, backprop: T) \
         where T: floating, Tlabels: index = int64",
    ),
    infer: |ctx| {
        let (logits, labels) = (ctx.shape_of_rank(0, 2)?, ctx.shape_of_rank(1, 1)?);
        let rows = merge_dims(logits.dim(0), labels.dim(0)).ok_or_else(|| {
            Error::invalid_argument(format!("logits {logits} and labels {labels} must have as many rows"))
        })?;
        ctx.set(0, PartialShape::new([rows]))?;
        ctx.set(1, PartialShape::new([rows, logits.dim(1)]))
    },
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.dtype()?, floats, T => run::<T>(ctx))),
    grad: Grad::Rule(|g| Ok(vec![Some(logits_grad(g)), None])),
    flags: Flags::PURE,
};

fn run<T: Real>(ctx: &mut KernelCtx) -> Result<()> {
    let &[_, n] = ctx.inputs.shape(0)?.dims() else { return Err(Error::internal("not a matrix")) };
    if n == 0 {
        return Err(Error::invalid_argument("the logits have no class"));
    }
    let place = |&label: &i64| {
        usize::try_from(label).ok().filter(|&label| label < n).ok_or_else(|| {
            Error::invalid_argument(format!("a label is {label}, which is not in [0, {n}), the classes of the logits"))
        })
    };
    let labels = ctx.inputs.value(1)?.integers()?.iter().map(place).collect::<Result<Vec<usize>>>()?;
    let logits = ctx.inputs.slice::<T>(0)?;
    let (loss, dx) = ctx.outputs.pair::<T, T>()?;
    sparse_cross_entropy(logits, &labels, n, loss, dx);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn sparse_cross_entropy_is_whole() {
        let logits: Value = [[1.0f32, 2.0, 3.0], [0.5, 0.0, -0.5]].into();
        OpTest::new(|x| vec![sparse_softmax_cross_entropy_with_logits(x[1], x[0])])
            .inputs([logits.clone(), [2i32, 0].into()])
            .expect([[0.407_605_96f32, 0.680_269_66].into()])
            .differentiable(&[0])
            .run();
        OpTest::new(|x| vec![sparse_softmax_cross_entropy_with_logits(x[1], x[0])])
            .inputs([Value::new([1, 1, 2], vec![0.5f32, 1.5]).unwrap(), [[1i64]].into()])
            .differentiable(&[0])
            .run();
        let error = build_error(|| sparse_softmax_cross_entropy_with_logits([[1]], [[1.0, 2.0]]));
        assert!(error.contains("the logits have one more dimension"), "{error}");
    }
}
