//! BiasAdd and BiasAddGrad: a number for each channel.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::elementwise::Broadcast;
use crate::kernels::reduce::{Joining, Plus, Reduction};
use crate::op::{Arg, AttrReader, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::ops::array::{concat, ones_like, reshape, shape, tile};
use crate::ops::elementwise::binary_by;
use crate::shape::{PartialShape, Shape, merge_dims};
use crate::value::Number;

/// `value` plus `bias` along the channels. TF: `tf.nn.bias_add`.
///
/// `value` has numbers of shape `[..., channels]`, two dimensions at least, `bias` numbers of the same type and shape
/// `[channels]`. Keyword argument `data_format`: with `"NCHW"` the channels are dimension 1. The gradient to `bias` is the
/// sum over all other dimensions.
///
/// ```
/// use flowstone as tf;
/// let y = tf::nn::bias_add([[1.0, 2.0], [3.0, 4.0]], [10.0, 20.0]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [11.0, 22.0, 13.0, 24.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn bias_add(value: impl IntoTensor, bias: impl IntoTensor) -> Tensor {
    bias_add_args(value, bias).build()
}

/// [`bias_add`] with the keyword argument `data_format`.
pub fn bias_add_args(value: impl IntoTensor, bias: impl IntoTensor) -> BiasAddArgs {
    BiasAddArgs { args: [value.into_arg(), bias.into_arg()], data_format: "NHWC".into() }
}

/// A [`bias_add`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct BiasAddArgs {
    args: [Arg; 2],
    data_format: String,
}

impl BiasAddArgs {
    /// `"NHWC"`, the channels last, or `"NCHW"`, dimension 1.
    pub fn data_format(mut self, format: &str) -> Self {
        self.data_format = format.to_owned();
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        BIAS_ADD.call(self.args).attr("data_format", self.data_format.as_str()).name("BiasAdd").single()
    }
}

/// The dimension of the channels.
fn channel_axis(attrs: AttrReader, rank: usize) -> Result<usize> {
    if rank < 2 {
        return Err(Error::invalid_argument(format!("the value has {rank} dimensions, and needs two at least")));
    }
    Ok(if attrs.str("data_format")? == "NCHW" { 1 } else { rank - 1 })
}

/// How the bias lies under the output: it is broadcast along all dimensions but its own.
fn bias_plan(ctx: &KernelCtx) -> Result<Broadcast> {
    let out = ctx.outputs.shape(0)?;
    let axis = channel_axis(ctx.node.attrs(), out.rank())?;
    let bias: Shape = [out[axis]].into_iter().chain(out[axis + 1..].iter().map(|_| 1)).collect();
    Ok(Broadcast::new(out, &bias, out))
}

fn bias_add_kernel<T: Number>(ctx: &mut KernelCtx) -> Result<()> {
    let plan = bias_plan(ctx)?;
    binary_by::<T>(&plan, ctx, T::plus)
}

pub(super) static BIAS_ADD: OpDef = OpDef {
    sig: Sig::new("BiasAdd(value: T, bias: T) -> (output: T) where T: number, data_format: 'NHWC'|'NCHW' = 'NHWC'"),
    infer: |ctx| {
        let bias = ctx.shape_of_rank(1, 1)?;
        let value = ctx.shape(0)?.clone();
        let Some(dims) = value.dims() else { return ctx.set(0, PartialShape::unknown()) };
        let axis = channel_axis(ctx.attrs(), dims.len())?;
        let Some(channels) = merge_dims(dims[axis], bias.dim(0)) else {
            return Err(Error::invalid_argument(format!("bias {bias} does not fit the channels of {value}")));
        };
        let mut dims = dims.to_vec();
        dims[axis] = channels;
        ctx.set(0, PartialShape::new(dims))
    },
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.dtype()?, numbers, T => bias_add_kernel::<T>(ctx))),
    grad: Grad::Rule(|g| {
        let format = g.attrs().str("data_format")?;
        let sum = BIAS_ADD_GRAD.call([g.dy(0).into_arg()]).attr("data_format", format).single();
        Ok(vec![Some(g.dy(0)), Some(sum)])
    }),
    flags: Flags::IN_PLACE.row_by_row(),
};

fn infer_sum(ctx: &mut InferCtx) -> Result<()> {
    let channels = match ctx.shape(0)?.dims() {
        Some(dims) => dims[channel_axis(ctx.attrs(), dims.len())?],
        None => None,
    };
    ctx.set(0, PartialShape::new([channels]))
}

/// The sum over all dimensions but the channels.
pub(super) static BIAS_ADD_GRAD: OpDef = OpDef {
    sig: Sig::new("BiasAddGrad(out_backprop: T) -> (output: T) where T: number, data_format: 'NHWC'|'NCHW' = 'NHWC'"),
    infer: infer_sum,
    kernel: Kernel::Run(|ctx| {
        let shape = ctx.inputs.shape(0)?;
        let axis = channel_axis(ctx.node.attrs(), shape.rank())?;
        let reduced: Vec<bool> = (0..shape.rank()).map(|a| a != axis).collect();
        let plan = Reduction::new(shape, &reduced);
        dispatch!(ctx.node.dtype()?, numbers, T => {
            plan.run(ctx.inputs.slice::<T>(0)?, ctx.outputs.slice::<T>(0)?, Joining::by::<Plus>());
            Ok(())
        })
    }),
    grad: Grad::Rule(sum_grad),
    flags: Flags::PURE,
};

/// Every element gets the gradient of its channel.
fn sum_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let (dy, ddy) = (g.x(0), g.dy(0));
    let (sizes, channels) = (shape(dy), shape(ddy));
    let (expanded, times) = if g.attrs().str("data_format")? == "NCHW" {
        let part = |from: i32, to: &[i32]| crate::ops::array::slice(sizes, [from], to.to_vec());
        let expanded = concat([ones_like(part(0, &[1])), channels, ones_like(part(2, &[-1]))], 0);
        (expanded, concat([part(0, &[1]).into_arg(), [1].into_arg(), part(2, &[-1]).into_arg()], 0))
    } else {
        let outer = crate::ops::array::slice(sizes, [0], crate::ops::array::stack([crate::ops::array::rank(dy) - 1]));
        (concat([ones_like(outer), channels], 0), concat([outer.into_arg(), [1].into_arg()], 0))
    };
    Ok(vec![Some(tile(reshape(ddy, expanded), times))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn bias_add_is_whole() {
        OpTest::new(|x| vec![bias_add(x[0], x[1])])
            .inputs([[[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]].into(), [10.0f32, 20.0].into()])
            .expect([[[11.0f32, 22.0], [13.0, 24.0], [15.0, 26.0]].into()])
            .differentiable(&[0, 1])
            .run();
        OpTest::new(|x| vec![bias_add_args(x[0], x[1]).data_format("NCHW").build()])
            .inputs([Value::new([1, 2, 2], vec![1i64, 2, 3, 4]).unwrap_or(Value::scalar(0)), [10i64, 20].into()])
            .expect([Value::new([1, 2, 2], vec![11i64, 12, 23, 24]).unwrap_or(Value::scalar(0))])
            .run();
        for format in ["NHWC", "NCHW"] {
            OpTest::new(|x| vec![BIAS_ADD_GRAD.call([x[0].into_arg()]).attr("data_format", format).single()])
                .inputs([Value::new([1, 3, 2], vec![1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap_or(Value::scalar(0))])
                .differentiable(&[0])
                .run();
        }
        let error = build_error(|| bias_add([[1.0, 2.0]], [1.0, 2.0, 3.0]));
        assert!(error.contains("BiasAdd: bias [3] does not fit the channels of [1,2]"), "{error}");
    }
}
