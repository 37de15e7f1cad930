//! LRN, local response normalization, and LRNGrad.

use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::lrn::Lrn;
use crate::op::{Arg, Call, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::shape::PartialShape;

/// Each number divided by `(bias + alpha * Σ x²)^beta`, the sum being over the channels at most `depth_radius` away.
/// TF: `tf.nn.lrn`, `tf.nn.local_response_normalization`.
///
/// `input` is float32 [batch, height, width, channels]. Keyword arguments `depth_radius` (5 if not said), `bias` (1), `alpha`
/// (1), `beta` (0.5). There is no second derivative, as in TensorFlow.
///
/// ```
/// use flowstone as tf;
/// let x = tf::reshape([3.0, 4.0], [1, 1, 1, 2]);
/// let y = tf::lrn!(x, bias = 0.0, beta = 0.5);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [0.6, 0.8]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn lrn(input: impl IntoTensor) -> Tensor {
    lrn_args(input).build()
}

/// The same as [`lrn`], by its long name.
#[track_caller]
pub fn local_response_normalization(input: impl IntoTensor) -> Tensor {
    lrn(input)
}

/// [`lrn`] with keyword arguments.
pub fn lrn_args(input: impl IntoTensor) -> LrnArgs {
    LrnArgs { input: input.into_arg(), depth_radius: 5, bias: 1.0, alpha: 1.0, beta: 0.5 }
}

/// An [`lrn`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct LrnArgs {
    input: Arg,
    depth_radius: i64,
    bias: f32,
    alpha: f32,
    beta: f32,
}

impl LrnArgs {
    /// How many channels to either side count; 5 if not said.
    pub fn depth_radius(mut self, radius: i64) -> Self {
        self.depth_radius = radius;
        self
    }

    /// What is added to the sum of squares; 1 if not said.
    pub fn bias(mut self, bias: f64) -> Self {
        self.bias = bias as f32;
        self
    }

    /// What the squares are multiplied by; 1 if not said.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha as f32;
        self
    }

    /// The power; 0.5 if not said.
    pub fn beta(mut self, beta: f64) -> Self {
        self.beta = beta as f32;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let call = LRN.call([self.input]).attr("depth_radius", self.depth_radius);
        call.attr("bias", self.bias).attr("alpha", self.alpha).attr("beta", self.beta).single()
    }
}

fn sizes(ctx: &KernelCtx) -> Result<Lrn> {
    let attrs = ctx.node.attrs();
    let radius = usize::try_from(attrs.int("depth_radius")?);
    Ok(Lrn {
        channels: ctx.outputs.shape(0)?.last().copied().unwrap_or(1).max(1),
        radius: radius.map_err(|_| Error::invalid_argument("depth_radius must not be negative"))?,
        bias: attrs.float("bias")?,
        alpha: attrs.float("alpha")?,
        beta: attrs.float("beta")?,
    })
}

/// The shape that all inputs share, of images.
fn infer(ctx: &mut InferCtx) -> Result<()> {
    let mut shape = PartialShape::unknown_of_rank(4);
    for i in 0..ctx.len() {
        let next = ctx.shape_of_rank(i, 4)?;
        shape = shape
            .merge(&next)
            .ok_or_else(|| Error::invalid_argument(format!("the shapes of the inputs differ: {shape} and {next}")))?;
    }
    ctx.set(0, shape)
}

pub(super) static LRN: OpDef = OpDef {
    sig: Sig::new(
        "LRN(input: T) -> (output: T) where depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0, \
         beta: float = 0.5, T: {float32} = float32",
    ),
    infer,
    kernel: Kernel::Run(|ctx| {
        let sizes = sizes(ctx)?;
        sizes.forward(ctx.inputs.slice(0)?, ctx.outputs.slice(0)?);
        Ok(())
    }),
    grad: Grad::Rule(|g| {
        let attrs = g.attrs();
        let call: Call = LRN_GRAD.call([g.dy(0), g.x(0), g.y(0)].map(IntoTensor::into_arg));
        let call = call.attr("depth_radius", attrs.int("depth_radius")?).attr("bias", attrs.float("bias")?);
        Ok(vec![Some(call.attr("alpha", attrs.float("alpha")?).attr("beta", attrs.float("beta")?).single())])
    }),
    flags: Flags::HEAVY.row_by_row(),
};

pub(super) static LRN_GRAD: OpDef = OpDef {
    sig: Sig::new(
        "LRNGrad(input_grads: T, input_image: T, output_image: T) -> (output: T) where depth_radius: int = 5, \
         bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5, T: {float32} = float32",
    ),
    infer,
    kernel: Kernel::Run(|ctx| {
        let sizes = sizes(ctx)?;
        let (dy, x, y) = (ctx.inputs.slice(0)?, ctx.inputs.slice(1)?, ctx.inputs.slice(2)?);
        sizes.backprop(dy, x, y, ctx.outputs.slice(0)?);
        Ok(())
    }),
    grad: Grad::Missing("TensorFlow has no second derivative of local response normalization"),
    flags: Flags::HEAVY,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn lrn_is_whole() {
        OpTest::new(|x| {
            let y = lrn_args(x[0]).depth_radius(1).alpha(2.0).beta(1.0).build();
            vec![y, crate::autodiff::gradients(y, x[0])[0].unwrap().values()]
        })
        .inputs([Value::new([1, 1, 1, 3], vec![1.0f32, 2.0, 0.0]).unwrap()])
        .expect([
            Value::new([1, 1, 1, 3], vec![1.0f32 / 11.0, 2.0 / 11.0, 0.0]).unwrap(),
            Value::new([1, 1, 1, 3], vec![-1.0f32 / 121.0, -13.0 / 121.0, 1.0 / 9.0]).unwrap(),
        ])
        .run();
        let error = build_error(|| lrn([1.0]));
        assert!(error.contains("must have 4 dimensions"), "{error}");
    }
}
