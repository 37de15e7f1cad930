//! Identity and StopGradient: the same value under another name.

use crate::graph::Tensor;
use crate::op::{Flags, Grad, IntoTensor, Kernel, OpDef, Sig, rules};

/// The same value. TF: `tf.identity`. The gradient passes through. Nothing is copied.
#[track_caller]
pub fn identity(input: impl IntoTensor) -> Tensor {
    IDENTITY.call([input.into_arg()]).single()
}

/// The same value, through which no gradient flows. TF: `tf.stop_gradient`.
///
/// ```
/// use flowstone as tf;
/// let x = tf::constant(3.0);
/// let y = x * tf::stop_gradient(x);
/// let dx = tf::gradients(y, x)[0].unwrap();
/// assert_eq!(tf::Session()?.run(dx, tf::feed_dict! {})?.item::<f32>()?, 3.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn stop_gradient(input: impl IntoTensor) -> Tensor {
    STOP_GRADIENT.call([input.into_arg()]).single()
}

pub(crate) static IDENTITY: OpDef = OpDef {
    sig: Sig::new("Identity(input: T) -> (output: T) where T: type"),
    infer: rules::unchanged,
    kernel: Kernel::Run(|ctx| ctx.pass_on(0, 0)),
    grad: Grad::Rows(|g| Ok(vec![Some(g.gradient(0))])),
    flags: Flags::PASSING,
};

pub(crate) static STOP_GRADIENT: OpDef = OpDef {
    sig: Sig::new("StopGradient(input: T) -> (output: T) where T: type"),
    infer: rules::unchanged,
    kernel: Kernel::Run(|ctx| ctx.pass_on(0, 0)),
    grad: Grad::Stop("that is what it is for"),
    flags: Flags::PASSING,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn identity_is_whole() {
        OpTest::new(|x| vec![identity(x[0]), stop_gradient(x[0])])
            .inputs([[true, false].into()])
            .expect([[true, false].into(), [true, false].into()])
            .run();
        OpTest::new(|x| vec![identity(x[0])]).inputs([[1.5f32, 2.0].into()]).differentiable(&[0]).run();
    }
}
