//! AddN: the sum of several tensors of one shape.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::elementwise::{Broadcast, binary_in_place};
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, KernelCtx, OpDef, Sig, rules};
use crate::value::Number;

/// The sum of `inputs`, all of one shape and number type. TF: `tf.add_n`. They are added in their order; one
/// tensor alone is given back.
///
/// ```
/// use flowstone as tf;
/// let y = tf::add_n([tf::constant(1), tf::constant(2), tf::constant(3)]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.item::<i32>()?, 6);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn add_n<T: IntoTensor>(inputs: impl IntoIterator<Item = T>) -> Tensor {
    let inputs: Vec<Arg> = inputs.into_iter().map(IntoTensor::into_arg).collect();
    if let [Arg::Tensor(one)] = inputs.as_slice() {
        return *one;
    }
    ADD_N.call([Arg::List(inputs)]).single()
}

fn run<T: Number>(ctx: &mut KernelCtx) -> Result<()> {
    if !ctx.take_over(0, 0) {
        ctx.outputs.slice::<T>(0)?.copy_from_slice(ctx.inputs.slice::<T>(0)?);
    }
    let shape = ctx.outputs.shape(0)?.clone();
    let plan = Broadcast::new(&shape, &shape, &shape);
    for i in 1..ctx.inputs.len() {
        binary_in_place(&plan, ctx.outputs.slice::<T>(0)?, ctx.inputs.slice::<T>(i)?, T::plus);
    }
    Ok(())
}

pub(crate) static ADD_N: OpDef = OpDef {
    sig: Sig::new("AddN(inputs: N * T) -> (sum: T) where N: int, T: number"),
    infer: |ctx| if ctx.is_empty() { Err(Error::invalid_argument("no inputs")) } else { rules::all_alike(ctx) },
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.dtype()?, numbers, T => run::<T>(ctx))),
    grad: Grad::Rule(|g| Ok(vec![Some(g.dy(0)); g.xs().len()])),
    flags: Flags::IN_PLACE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn add_n_is_whole() {
        OpTest::new(|x| vec![add_n([x[0], x[1], x[0]])])
            .inputs([[1.0f32, 2.0].into(), [10.0f32, 20.0].into()])
            .expect([[12.0f32, 24.0].into()])
            .differentiable(&[0, 1])
            .run();
        let error = build_error(|| add_n([crate::ops::array::zeros([2]), crate::ops::array::zeros([3])]));
        assert!(error.contains("the shapes of the inputs differ: [2] and [3]"), "{error}");
    }
}
