//! Assert: the run fails unless a condition holds.

use super::{graph_of, summarized};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Operation, Tensor};
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert, rules};
use crate::ops::flow::{cond_args, no_op};

/// The run fails unless `condition` holds, and says `data`. TF: `tf.Assert`.
///
/// `condition` is a single truth value; `data` are tensors of any types, text among them. The operation must be run, or
/// others after it: see [`control_dependencies`](crate::control_dependencies). Keyword argument `summarize`: how many
/// elements of each tensor are said, 3 if not said.
///
/// ```
/// use flowstone as tf;
/// use tf::IntoTensor;
/// let x = tf::placeholder(tf::int32, ());
/// let check = tf::Assert(tf::less(x, 3), ["x is too large".into_arg(), x.into_arg()]);
/// let y = {
///     let _after = tf::control_dependencies(&[check]);
///     tf::identity(x)
/// };
/// let sess = tf::Session()?;
/// assert_eq!(sess.run(y, tf::feed_dict! { x: 2 })?.item::<i32>()?, 2);
/// let error = sess.run(y, tf::feed_dict! { x: 7 }).unwrap_err().to_string();
/// assert!(error.contains("assertion failed: [x is too large] [7]"));
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn Assert<T: IntoTensor>(condition: impl IntoTensor, data: impl IntoIterator<Item = T>) -> Operation {
    assert_args(condition, data).build()
}

/// [`Assert`] with the keyword argument `summarize`.
pub fn assert_args<T: IntoTensor>(condition: impl IntoTensor, data: impl IntoIterator<Item = T>) -> AssertArgs {
    let data = data.into_iter().map(IntoTensor::into_arg).collect();
    AssertArgs { condition: condition.into_arg(), data, summarize: 3 }
}

/// An [`Assert`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct AssertArgs {
    condition: Arg,
    data: Vec<Arg>,
    summarize: i64,
}

impl AssertArgs {
    /// How many elements of each tensor are said; 3 if not said, all if negative.
    pub fn summarize(mut self, summarize: i64) -> Self {
        self.summarize = summarize;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Operation {
        let args = [self.condition, Arg::List(self.data)];
        let graph = graph_of(&args);
        let _scope = graph.scope("Assert");
        let [condition, Arg::List(data)] = args else { return Tensor::poisoned(&graph).op() };
        // TensorFlow makes constants to look at their types, and leaves them.
        let light = |arg: &Arg| {
            let dtype = convert(arg.clone(), "Const", None).dtype();
            dtype.is_ok_and(|dtype| matches!(dtype, DType::String | DType::Int32))
        };
        let looked: Vec<bool> = data.iter().map(light).collect();
        let summarize = self.summarize;
        let assert =
            |condition: Arg| ASSERT.call([condition, Arg::List(data)]).attr("summarize", summarize).operation();
        if looked.into_iter().all(|light| light) {
            return assert(condition);
        }
        // What may lie on another device is only looked at if the condition does not hold.
        let condition = convert(condition, "Condition", None);
        cond_args(condition, no_op, || assert(condition.into_arg())).name("AssertGuard").build().op()
    }
}

pub(super) static ASSERT: OpDef = OpDef {
    sig: Sig::new("Assert(condition: bool, data: T) -> () where T: list(type), summarize: int = 3"),
    infer: |ctx| {
        if ctx.len() < 2 {
            return Err(Error::invalid_argument("there is nothing to say"));
        }
        ctx.shape_of_rank(0, 0)?;
        rules::nothing(ctx)
    },
    kernel: Kernel::Run(run),
    grad: Grad::Stop("it has no outputs"),
    flags: Flags::EFFECT,
};

fn run(ctx: &mut KernelCtx) -> Result<()> {
    if ctx.inputs.value(0)?.item::<bool>()? {
        return Ok(());
    }
    let most = ctx.node.attrs().int("summarize")?;
    let said = |i| Ok(format!("[{}]", summarized(ctx.inputs.value(i)?, most)?));
    let said = (1..ctx.inputs.len()).map(said).collect::<Result<Vec<String>>>()?;
    Err(Error::invalid_argument(format!("assertion failed: {}", said.join(" "))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::graph::Graph;
    use crate::ops::array::constant;
    use crate::session::{Feeds, SessionArgs};

    #[test]
    fn a_condition_that_fails_stops_the_run() {
        let graph = Graph::new();
        let _default = graph.as_default();
        let session = SessionArgs::new().graph(&graph).build().unwrap();
        let numbers = constant([1.5f32, 2.0, 3.0]);
        let data = || ["only".into_arg(), numbers.into_arg(), constant(true).into_arg()];
        session.run(Assert(true, data()), Feeds::new()).unwrap();
        let error = session.run(assert_args(false, data()).summarize(2).build(), Feeds::new()).unwrap_err();
        assert_eq!(error.kind(), crate::error::ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("assertion failed: [only] [1.5 2...] [1]"), "{error}");
    }
}
