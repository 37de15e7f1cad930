//! SoftmaxCrossEntropyWithLogits: the loss of a classification.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::kernels::elementwise::Broadcast;
use crate::kernels::math::Real;
use crate::kernels::softmax::cross_entropy;
use crate::op::{Arg, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, broadcast, convert};
use crate::ops::array::{STOP_GRADIENT, concat, expand_dims, pack_named, rank, reshape, shape, squeeze_args};
use crate::ops::math::{cast, matmul, mul_named, neg, subtract};
use crate::ops::nn::{log_softmax, softmax};
use crate::shape::{Dim, PartialShape};

/// The cross entropy of `softmax(logits)` and `labels`, for each row. TF: `tf.nn.softmax_cross_entropy_with_logits_v2`.
///
/// `logits` is float32 or float64 of shape [..., classes]; `labels` has the same shape and is a probability for each
/// class. The result has the shape without the last dimension. Gradients flow into both.
///
/// ```
/// use flowstone as tf;
/// let loss = tf::nn::softmax_cross_entropy_with_logits_v2([[1.0, 0.0]], [[0.0, 0.0]]);
/// let loss = tf::Session()?.run(loss, tf::feed_dict! {})?;
/// assert!((loss.as_slice::<f32>()?[0] - 2f32.ln()).abs() < 1e-6);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn softmax_cross_entropy_with_logits_v2(labels: impl IntoTensor, logits: impl IntoTensor) -> Tensor {
    build(labels.into_arg(), logits.into_arg(), "softmax_cross_entropy_with_logits")
}

/// As [`softmax_cross_entropy_with_logits_v2`], without a gradient into `labels`.
/// TF: `tf.nn.softmax_cross_entropy_with_logits`.
#[track_caller]
pub fn softmax_cross_entropy_with_logits(labels: impl IntoTensor, logits: impl IntoTensor) -> Tensor {
    let args = [logits.into_arg(), labels.into_arg()];
    let graph = Arg::graph_of(&args).unwrap_or_else(|_| get_default_graph());
    let [logits, labels] = args;
    let scope = graph.scope_name("softmax_cross_entropy_with_logits_sg");
    let labels = {
        let _scope = graph.scope(&format!("{scope}/"));
        let dtype = logits.tensor().and_then(|t| t.dtype().ok());
        let labels = convert(labels, "labels", dtype);
        STOP_GRADIENT.call([labels.into_arg()]).name("labels_stop_gradient").single()
    };
    build(labels.into_arg(), logits, &format!("{scope}/"))
}

/// The function of several nodes in a scope `name`.
#[track_caller]
pub(crate) fn build(labels: Arg, logits: Arg, name: &str) -> Tensor {
    let args = [logits, labels];
    let graph = Arg::graph_of(&args).unwrap_or_else(|_| get_default_graph());
    let [logits, labels] = args;
    let name = graph.scope_name(name);
    let _scope = graph.scope(&format!("{name}/"));
    let logits = convert(logits, "logits", None);
    let Ok(dtype) = logits.dtype() else { return Tensor::poisoned(&graph) };
    let labels = cast(convert(labels, "labels", Some(dtype)), dtype);
    let outer = logits.shape().dims().and_then(|dims| dims.split_last().map(|(_, outer)| outer.to_vec()));
    let input_rank = rank(logits);
    let input_shape = shape(logits);
    let flat_logits = flatten_outer(logits);
    let flat_labels = flatten_outer(labels);
    let args = [flat_logits.into_arg(), flat_labels.into_arg()];
    let cost = SOFTMAX_CROSS_ENTROPY_WITH_LOGITS.call(args).name(format!("{name}/")).single();
    let rest = subtract(input_rank, 1);
    let output_shape = slice_packed(input_shape, [0].into_arg(), vec![rest], "size");
    let cost = reshape(cost, output_shape);
    if let Some(outer) = outer {
        cost.set_shape(PartialShape::new(outer));
    }
    cost
}

/// `logits` as a matrix that keeps the last dimension.
#[track_caller]
fn flatten_outer(logits: Tensor) -> Tensor {
    let rank = rank(logits);
    let sizes = shape(logits);
    let last = subtract(rank, 1);
    let last_size = slice_packed(sizes, [1].into_arg(), vec![last], "begin");
    let flat = reshape(logits, concat([[-1].into_arg(), last_size.into_arg()], 0));
    if let Some((last, outer)) = logits.shape().dims().and_then(<[Dim]>::split_last)
        && let Some(rows) = outer.iter().copied().try_fold(1usize, |n, d| n.checked_mul(d?))
    {
        flat.set_shape(PartialShape::new([Some(rows), *last]));
    }
    flat
}

/// `slice`, one of whose arguments, called `packed`, is made of single numbers in its scope.
#[track_caller]
fn slice_packed(input: Tensor, other: Arg, numbers: Vec<Tensor>, packed: &str) -> Tensor {
    let Ok(graph) = input.graph() else { return input };
    let name = graph.scope_name("Slice");
    let numbers = numbers.into_iter().map(IntoTensor::into_arg).collect();
    let _scope = graph.scope(&format!("{name}/"));
    let (begin, size) = if packed == "begin" {
        let begin = pack_named(numbers, packed);
        (begin, convert(other, "size", None))
    } else {
        let begin = convert(other, "begin", None);
        (begin, pack_named(numbers, packed))
    };
    crate::ops::array::slice_exact(input, begin, size, &format!("{name}/"))
}

pub(super) static SOFTMAX_CROSS_ENTROPY_WITH_LOGITS: OpDef = OpDef {
    sig: Sig::new("SoftmaxCrossEntropyWithLogits(features: T, labels: T) -> (loss: T, backprop: T) where T: floating"),
    infer: |ctx: &mut InferCtx| {
        let (x, labels) = (ctx.shape(0)?, ctx.shape(1)?);
        let both = broadcast(x, labels)?
            .merge(&PartialShape::unknown_of_rank(2))
            .ok_or_else(|| Error::invalid_argument(format!("logits {x} and labels {labels} must be matrices")))?;
        ctx.set(0, PartialShape::new([both.dim(0)]))?;
        ctx.set(1, both)
    },
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.dtype()?, floats, T => run::<T>(ctx))),
    grad: Grad::Rule(|g| {
        let (logits, dy) = (g.x(0), g.dy(0));
        let dx = logits_grad(g);
        let minus = neg(log_softmax(logits));
        let mut d_labels = by_row(dy, minus);
        if !g.dy_is_zero(1) {
            // `backprop` falls with the labels; TensorFlow leaves this term of the second derivative out.
            d_labels = d_labels - g.dy(1);
        }
        Ok(vec![Some(dx), Some(d_labels)])
    }),
    flags: Flags::PURE,
};

/// Every row of `rows` times its number in `of_row`.
fn by_row(of_row: Tensor, rows: Tensor) -> Tensor {
    mul_named(expand_dims(of_row, -1).into_arg(), rows.into_arg(), "mul")
}

/// The gradient to the logits, input 0, of a cross entropy whose output 1 is its own gradient.
pub(super) fn logits_grad(g: &GradCtx) -> Tensor {
    let (logits, backprop) = (g.x(0), g.y(1));
    let dx = by_row(g.dy(0), backprop);
    if g.dy_is_zero(1) {
        return dx;
    }
    let ddx = g.dy(1);
    let softmax = softmax(logits);
    let inner = squeeze_args(matmul(expand_dims(ddx, 1), expand_dims(softmax, 2))).axis([1]).build();
    dx + (ddx - inner) * softmax
}

fn run<T: Real>(ctx: &mut KernelCtx) -> Result<()> {
    let both = ctx.outputs.shape(1)?.clone();
    let (x_shape, labels_shape) = (ctx.inputs.shape(0)?, ctx.inputs.shape(1)?);
    let &[_, n] = both.dims() else { return Err(Error::internal("not a matrix")) };
    let same = x_shape == &both && labels_shape == &both;
    let (x, labels) = (ctx.inputs.slice::<T>(0)?, ctx.inputs.slice::<T>(1)?);
    let (loss, dx) = ctx.outputs.pair::<T, T>()?;
    if n == 0 {
        loss.fill(T::ZERO);
        return Ok(());
    }
    if same {
        cross_entropy(x, labels, n, loss, dx);
        return Ok(());
    }
    let plan = Broadcast::new(x_shape, labels_shape, &both);
    let mut spread = [vec![T::ZERO; dx.len()], vec![T::ZERO; dx.len()]];
    crate::kernels::elementwise::binary(&plan, x, labels, &mut spread[0], |x, _| x);
    crate::kernels::elementwise::binary(&plan, x, labels, &mut spread[1], |_, label| label);
    let [x, labels] = &spread;
    cross_entropy(x, labels, n, loss, dx);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;
    use crate::value::Value;

    #[test]
    fn cross_entropy_is_whole() {
        let logits: Value = [[1.0f32, 2.0, 3.0], [0.5, 0.0, -0.5]].into();
        let labels: Value = [[0.0f32, 0.0, 1.0], [0.5, 0.25, 0.25]].into();
        OpTest::new(|x| vec![softmax_cross_entropy_with_logits_v2(x[1], x[0])])
            .inputs([logits.clone(), labels.clone()])
            .expect([[0.407_605_96f32, 1.055_269_7].into()])
            .differentiable(&[0, 1])
            .run();
        OpTest::new(|x| vec![softmax_cross_entropy_with_logits(x[1], x[0])])
            .inputs([logits, labels])
            .expect([[0.407_605_96f32, 1.055_269_7].into()])
            .differentiable(&[0])
            .run();
    }
}
