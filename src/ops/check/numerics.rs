//! CheckNumerics: the run fails where a number is not finite.

use super::{graph_of, record};
use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Operation, Tensor, get_default_graph};
use crate::op::{Arg, Flags, Grad, GradCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert, rules};
use crate::ops::array::IDENTITY;
use crate::ops::flow::group;

/// `tensor`, and the run fails if it holds NaN or an infinity. TF: `tf.check_numerics`.
///
/// float32 or float64. The error says `message`, the node and the line that built it. The gradient is checked as well.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, ());
/// let y = tf::check_numerics(tf::log(x), "the logarithm");
/// let error = tf::Session()?.run(y, tf::feed_dict! { x: 0.0 }).unwrap_err().to_string();
/// assert!(error.contains("the logarithm : there is an infinity"));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn check_numerics(tensor: impl IntoTensor, message: &str) -> Tensor {
    CHECK_NUMERICS.call([tensor.into_arg()]).attr("message", message).single()
}

/// `t`, after a check that fails the run if it holds NaN or an infinity. TF: `tf.verify_tensor_all_finite`.
#[track_caller]
pub fn verify_tensor_all_finite(t: impl IntoTensor, msg: &str) -> Tensor {
    let args = [t.into_arg()];
    let graph = graph_of(&args);
    let _scope = graph.scope("VerifyFinite");
    let [x] = args;
    let x = convert(x, "x", None);
    let _near = graph.colocate_with(x.op());
    let check = check_numerics(x, msg);
    let _after = graph.control_dependencies(&[check.op()]);
    IDENTITY.call([Arg::Tensor(x)]).name("control_dependency").single()
}

/// Checks every floating-point tensor of the default graph, inputs before outputs. TF: `tf.add_check_numerics_ops`.
///
/// Gives the operation to run beside others: the first check that fails names its tensor. An error if there are conditions
/// in the graph.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, ()).named("x");
/// let y = tf::sqrt(x) * 2.0;
/// let checks = tf::add_check_numerics_ops();
/// let error = tf::Session()?.run((y, checks), tf::feed_dict! { x: -1.0 }).unwrap_err().to_string();
/// assert!(error.contains("Sqrt:0 : there is NaN"));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn add_check_numerics_ops() -> Operation {
    let graph = get_default_graph();
    let mut last: Vec<Operation> = Vec::new();
    for output in graph.get_operations().into_iter().flat_map(Operation::outputs) {
        if output.dtype().is_ok_and(DType::is_floating) {
            if output.op().context().is_some() {
                let error = "add_check_numerics_ops: there are branches or loops in the graph";
                record(&graph, Error::invalid_argument(error));
                return Tensor::poisoned(&graph).op();
            }
            let _after = graph.control_dependencies(&last);
            last = vec![check_numerics(output, &output.name()).op()];
        }
    }
    group(&last)
}

pub(super) static CHECK_NUMERICS: OpDef = OpDef {
    sig: Sig::new("CheckNumerics(tensor: T) -> (output: T) where T: floating, message: string"),
    infer: rules::unchanged,
    kernel: Kernel::Run(run),
    grad: Grad::Rule(|g| checked(g, &CHECK_NUMERICS)),
    flags: Flags::EFFECT,
};

/// The same; TensorFlow's messages differ.
pub(super) static CHECK_NUMERICS_V2: OpDef = OpDef {
    sig: Sig::new("CheckNumericsV2(tensor: T) -> (output: T) where T: floating, message: string"),
    infer: rules::unchanged,
    kernel: Kernel::Run(run),
    grad: Grad::Rule(|g| checked(g, &CHECK_NUMERICS_V2)),
    flags: Flags::EFFECT,
};

fn run(ctx: &mut KernelCtx) -> Result<()> {
    let (nan, infinite) = dispatch!(ctx.node.dtype()?, floats, T => {
        let found = ctx.inputs.slice::<T>(0)?.iter().filter(|x| !x.is_finite());
        Ok(found.fold((false, false), |(nan, infinite), x| (nan || x.is_nan(), infinite || !x.is_nan())))
    })?;
    let what = match (nan, infinite) {
        (false, false) => return ctx.pass_on(0, 0),
        (true, false) => "NaN",
        (false, true) => "an infinity",
        (true, true) => "NaN and an infinity",
    };
    let message = ctx.node.attrs().str("message")?;
    Err(Error::invalid_argument(format!("{message} : there is {what}")))
}

fn checked(g: &GradCtx, op: &'static OpDef) -> Result<Vec<Option<Tensor>>> {
    // The message as Python shows the bytes of it.
    let message = g.attrs().str("message")?.as_bytes().escape_ascii();
    let message = format!("Not a number (NaN) or infinity (Inf) values detected in gradient. b'{message}'");
    Ok(vec![Some(op.call([g.dy(0).into_arg()]).attr("message", message.as_str()).single())])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::session::{Feeds, SessionArgs};
    use crate::testing::OpTest;

    #[test]
    fn finite_numbers_pass_and_others_do_not() {
        OpTest::new(|x| vec![check_numerics(x[0], "x"), verify_tensor_all_finite(x[0], "x")])
            .inputs([[1.0f32, -2.0].into()])
            .expect([[1.0f32, -2.0].into(), [1.0f32, -2.0].into()])
            .differentiable(&[0])
            .run();
        let session = SessionArgs::new().build().unwrap();
        for (x, what) in [(f64::NAN, "NaN"), (f64::INFINITY, "an infinity")] {
            let x = crate::ops::array::constant(crate::value::Value::scalar(x));
            for y in [check_numerics(x, "bad"), verify_tensor_all_finite(x, "bad")] {
                let error = session.run(y, Feeds::new()).unwrap_err().to_string();
                assert!(error.contains(&format!("bad : there is {what}")), "{error}");
            }
        }
    }
}
