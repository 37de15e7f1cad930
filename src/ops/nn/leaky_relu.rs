//! LeakyRelu: `x` where it is positive, `alpha * x` elsewhere; and LeakyReluGrad.

use crate::dispatch;
use crate::error::Result;
use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, GradCtx, IntoTensor, Kernel, OpDef, Sig, rules};
use crate::ops::array::zeros_like;
use crate::ops::elementwise::kernel_fn;
use crate::value::Number;

/// `features` where they are positive, `alpha * features` elsewhere. TF: `tf.nn.leaky_relu`.
///
/// float32 or float64 of any shape. Keyword argument `alpha`, 0.2 if not said. The gradient is that of the output,
/// multiplied by `alpha` where `features` are not positive.
///
/// ```
/// use flowstone as tf;
/// let y = tf::nn::leaky_relu([-1.0, 2.0]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [-0.2, 2.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn leaky_relu(features: impl IntoTensor) -> Tensor {
    leaky_relu_args(features).build()
}

/// [`leaky_relu`] with keyword arguments.
pub fn leaky_relu_args(features: impl IntoTensor) -> LeakyReluArgs {
    LeakyReluArgs { features: features.into_arg(), alpha: 0.2 }
}

/// A [`leaky_relu`] under construction: its keyword argument.
#[must_use = "nothing is built until `build` is called"]
pub struct LeakyReluArgs {
    features: Arg,
    alpha: f32,
}

impl LeakyReluArgs {
    /// What features that are not positive are multiplied with; 0.2 if not said.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha as f32;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        LEAKY_RELU.call([self.features]).attr("alpha", self.alpha).single()
    }
}

fn gradient(g: &GradCtx, dy: Tensor, features: Tensor) -> Result<Tensor> {
    let alpha = g.attrs().float("alpha")?;
    Ok(LEAKY_RELU_GRAD.call([dy.into_arg(), features.into_arg()]).attr("alpha", alpha).single())
}

pub(super) static LEAKY_RELU: OpDef = OpDef {
    sig: Sig::new("LeakyRelu(features: T) -> (activations: T) where alpha: float = 0.2, T: floating = float32"),
    infer: rules::same_shape,
    kernel: Kernel::Make(|node| {
        let alpha = f64::from(node.attrs().float("alpha")?);
        dispatch!(node.dtype()?, floats, T => kernel_fn(move |ctx| {
            let alpha = T::from_f64(alpha);
            for (out, x) in ctx.outputs.slice::<T>(0)?.iter_mut().zip(ctx.inputs.slice::<T>(0)?) {
                *out = if *x > T::ZERO { *x } else { x.times(alpha) };
            }
            Ok(())
        }))
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(gradient(g, g.dy(0), g.x(0))?)])),
    flags: Flags::PURE,
};

pub(super) static LEAKY_RELU_GRAD: OpDef = OpDef {
    sig: Sig::new(
        "LeakyReluGrad(gradients: T, features: T) -> (backprops: T) where alpha: float = 0.2, T: floating = float32",
    ),
    infer: rules::all_alike,
    kernel: Kernel::Make(|node| {
        let alpha = f64::from(node.attrs().float("alpha")?);
        dispatch!(node.dtype()?, floats, T => kernel_fn(move |ctx| {
            let alpha = T::from_f64(alpha);
            let pairs = ctx.inputs.slice::<T>(0)?.iter().zip(ctx.inputs.slice::<T>(1)?);
            for (out, (dy, x)) in ctx.outputs.slice::<T>(0)?.iter_mut().zip(pairs) {
                *out = if *x > T::ZERO { *dy } else { dy.times(alpha) };
            }
            Ok(())
        }))
    }),
    grad: Grad::Rule(|g| {
        let back = gradient(g, g.dy(0), g.x(1))?;
        Ok(vec![Some(back), Some(zeros_like(g.x(1)))])
    }),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn leaky_relu_is_whole() {
        OpTest::new(|x| vec![leaky_relu_args(x[0]).alpha(0.5).build()])
            .inputs([[-1.0f32, 0.5, 2.0].into()])
            .expect([[-0.5f32, 0.5, 2.0].into()])
            .differentiable(&[0])
            .run();
    }
}
