//! Identity, IdentityN, StopGradient and PreventGradient: the same value under another name.

use crate::dtype::DType;
use crate::error::Error;
use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, OpDef, Sig, rules};

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

/// The same values, none of which is available before all of them are. TF: `tf.identity_n`.
///
/// The tensors may have different data types. The gradients pass through.
///
/// ```
/// use flowstone as tf;
/// let both = tf::identity_n([tf::constant(1.0), tf::constant(2)]);
/// assert_eq!((both[0].name(), both[1].name()), ("IdentityN:0".into(), "IdentityN:1".into()));
/// ```
#[track_caller]
pub fn identity_n<T: IntoTensor>(input: impl IntoIterator<Item = T>) -> Vec<Tensor> {
    IDENTITY_N.call([Arg::list(input)]).build().outputs()
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

pub(super) static IDENTITY_N: OpDef = OpDef {
    sig: Sig::new("IdentityN(input: T) -> (output: T) where T: list(type)"),
    infer: |ctx| {
        if ctx.is_empty() {
            return Err(Error::invalid_argument("no inputs"));
        }
        for i in 0..ctx.len() {
            let fact = ctx.input(i)?;
            ctx.set(i, fact.shape.clone())?;
            if let Some(integers) = &fact.integers {
                ctx.set_integers(i, integers.iter().copied());
            }
        }
        Ok(())
    },
    kernel: Kernel::Run(|ctx| (0..ctx.inputs.len()).try_for_each(|i| ctx.pass_on(i, i))),
    grad: Grad::Rule(|g| {
        let gradient = |(i, x): (usize, &Tensor)| Some(g.dy(i)).filter(|_| x.dtype().is_ok_and(DType::is_floating));
        Ok(g.xs().iter().enumerate().map(gradient).collect())
    }),
    flags: Flags::PURE,
};

pub(super) static PREVENT_GRADIENT: OpDef = OpDef {
    sig: Sig::new("PreventGradient(input: T) -> (output: T) where T: type, message: string = ''"),
    infer: rules::unchanged,
    kernel: Kernel::Run(|ctx| ctx.pass_on(0, 0)),
    grad: Grad::Rule(|g| {
        let reason = g.attrs().str("message")?;
        Err(Error::unimplemented(format!("a gradient is forbidden here: {reason}")))
    }),
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
        OpTest::new(|x| identity_n([x[0], x[1]]))
            .inputs([[1.5f32, 2.0].into(), [1i64].into()])
            .expect([[1.5f32, 2.0].into(), [1i64].into()])
            .differentiable(&[0])
            .run();
    }

    #[test]
    fn a_gradient_can_be_forbidden() {
        let x = crate::ops::array::constant(1.0);
        let y = PREVENT_GRADIENT.call([x.into_arg()]).attr("message", "not here").single();
        let graph = x.graph().unwrap_or_default();
        crate::autodiff::gradients(y, x);
        let error = graph.check().err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("a gradient is forbidden here: not here"), "{error}");
    }
}
