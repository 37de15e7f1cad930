//! Range: numbers at even steps.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert};
use crate::ops::math::cast;
use crate::shape::PartialShape;
use crate::value::{Number, Value, room_for};

/// More numbers than this are not made.
const MOST: f64 = (1u64 << 40) as f64;

/// The numbers from `start` up to but without `limit`, in steps of `delta`. TF: `tf.range`.
///
/// All three are single numbers, int32, int64, float32 or float64; the widest type of the three is that of the result. A step of 0, or one away from `limit`, is an error. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::range(0, 6, 2);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [0, 2, 4]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn range(start: impl IntoTensor, limit: impl IntoTensor, delta: impl IntoTensor) -> Tensor {
    let args = [start.into_arg(), limit.into_arg(), delta.into_arg()];
    let graph = Arg::graph_of(&args).unwrap_or_else(|_| get_default_graph());
    let scope = graph.scope_name("range");
    let _scope = graph.scope(&format!("{scope}/"));
    let [start, limit, delta] = args;
    let all = [(start, "start"), (limit, "limit"), (delta, "delta")].map(|(arg, name)| convert(arg, name, None));
    // The widest of the three types.
    let width = |t: &Tensor| {
        [DType::Int32, DType::Int64, DType::Float32, DType::Float64]
            .into_iter()
            .position(|d| t.dtype().is_ok_and(|own| own == d))
    };
    let widest = all.iter().max_by_key(|t| width(t)).and_then(|t| t.dtype().ok());
    let [start, limit, delta] = all.map(|t| widest.map_or(t, |dtype| cast(t, dtype)).into_arg());
    range_named(start, limit, delta, &format!("{scope}/"))
}

/// The bare operation, under a name.
#[track_caller]
pub(super) fn range_named(start: Arg, limit: Arg, delta: Arg, name: &str) -> Tensor {
    RANGE.call([start, limit, delta]).name(name).single()
}

fn count(start: f64, limit: f64, delta: f64) -> Result<usize> {
    let n = ((limit - start) / delta).ceil();
    if delta == 0.0 || !n.is_finite() || (limit - start) * delta < 0.0 {
        return Err(Error::invalid_argument(format!("no steps of {delta} lead from {start} to {limit}")));
    }
    if n > MOST {
        return Err(Error::resource_exhausted(format!("{n} numbers from {start} to {limit}")));
    }
    Ok(n as usize)
}

fn run<T: Number>(ctx: &mut KernelCtx) -> Result<()> {
    let [start, limit, delta] = [0, 1, 2].map(|i| ctx.inputs.value(i).and_then(|v| v.item::<T>()));
    let (start, delta) = (start?, delta?);
    let n = count(start.to_f64(), limit?.to_f64(), delta.to_f64())?;
    room_for::<T>(n)?;
    let numbers = std::iter::successors(Some(start), |x| Some(x.plus(delta))).take(n).collect();
    ctx.outputs.set(0, Value::vector::<T>(numbers));
    Ok(())
}

pub(super) static RANGE: OpDef = OpDef {
    sig: Sig::new("Range(start: Tidx, limit: Tidx, delta: Tidx) -> (output: Tidx) where Tidx: signed = int32"),
    infer: |ctx| {
        let [start, limit, delta] = [0, 1, 2].map(|i| ctx.known_integer(i));
        let (Some(start), Some(limit), Some(delta)) = (start?, limit?, delta?) else {
            return ctx.set(0, PartialShape::unknown_of_rank(1));
        };
        let n = count(start as f64, limit as f64, delta as f64)?;
        ctx.set(0, crate::shape::Shape::from([n]))?;
        if n <= crate::graph::LONGEST_INTEGERS {
            ctx.set_integers(0, (0..n as i64).map(|i| Some(start + i * delta)));
        }
        Ok(())
    },
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.attrs().dtype("Tidx")?, signed, T => run::<T>(ctx))),
    grad: Grad::Stop("as in TensorFlow"),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn range_is_whole() {
        OpTest::new(|x| vec![range(x[0], x[1], x[2])])
            .inputs([Value::scalar(3i32), Value::scalar(-2i32), Value::scalar(-2i32)])
            .expect([[3i32, 1, -1].into()])
            .run();
        OpTest::new(|x| vec![range(x[0], x[1], x[2])])
            .inputs([Value::scalar(0.0f32), Value::scalar(1.0f32), Value::scalar(0.5f32)])
            .expect([[0.0f32, 0.5].into()])
            .run();
        assert!(build_error(|| range(0, 5, 0)).contains("no steps of 0 lead from 0 to 5"));
    }
}
