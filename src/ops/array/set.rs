//! ListDiff: lists as sets.

use std::collections::HashSet;

use super::codes::codes;
use super::unique::picked;
use crate::error::Result;
use crate::graph::Tensor;
use crate::op::{Flags, Grad, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::shape::PartialShape;
use crate::value::Value;

/// The elements of the list `x` that are not in the list `y`, and their places in `x` as int32. TF: `tf.setdiff1d`.
///
/// Any data type; NaN is in no list. No gradient.
///
/// ```
/// use flowstone as tf;
/// let (out, _) = tf::setdiff1d([1, 2, 3, 4], [2, 4]);
/// assert_eq!(tf::Session()?.run(out, tf::feed_dict! {})?.as_slice::<i32>()?, [1, 3]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn setdiff1d(x: impl IntoTensor, y: impl IntoTensor) -> (Tensor, Tensor) {
    let built = LIST_DIFF.call([x.into_arg(), y.into_arg()]).build();
    (built.output(0), built.output(1))
}

fn run(ctx: &mut KernelCtx) -> Result<()> {
    let [x, y] = codes([ctx.inputs.value(0)?, ctx.inputs.value(1)?])?;
    let excluded: HashSet<u64> = y.into_iter().flatten().collect();
    let kept = |i: &usize| x[*i].is_none_or(|code| !excluded.contains(&code));
    let places: Vec<usize> = (0..x.len()).filter(kept).collect();
    let elements = picked(ctx.inputs.value(0)?, 1, [places.len()], &|i| places.get(i).copied())?;
    ctx.outputs.set(0, elements);
    let places: Vec<i64> = places.into_iter().map(|i| i as i64).collect();
    let places = Value::vector(places).convert(ctx.node.attrs().dtype("out_idx")?)?;
    ctx.outputs.set(1, places);
    Ok(())
}

pub(super) static LIST_DIFF: OpDef = OpDef {
    sig: Sig::new("ListDiff(x: T, y: T) -> (out: T, idx: out_idx) where T: type, out_idx: index = int32"),
    infer: |ctx| {
        ctx.shape_of_rank(0, 1)?;
        ctx.shape_of_rank(1, 1)?;
        if let (Some(x), Some(y)) = (ctx.known_integers(0)?, ctx.known_integers(1)?) {
            let kept: Vec<usize> = (0..x.len()).filter(|&i| !y.contains(&x[i])).collect();
            ctx.set(0, PartialShape::new([Some(kept.len())]))?;
            ctx.set_integers(0, kept.iter().map(|&i| Some(x[i])));
            ctx.set(1, PartialShape::new([Some(kept.len())]))?;
            ctx.set_integers(1, kept.iter().map(|&i| Some(i as i64)));
            return Ok(());
        }
        ctx.set(0, PartialShape::unknown_of_rank(1))?;
        ctx.set(1, PartialShape::unknown_of_rank(1))
    },
    kernel: Kernel::Run(run),
    grad: Grad::Stop("which elements are there is not smooth"),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn list_diff_is_whole() {
        let both = |x: &[Tensor]| {
            let (out, places) = setdiff1d(x[0], x[1]);
            vec![out, places]
        };
        OpTest::new(both)
            .inputs([[5i32, 2, 9, 4, 2].into(), [4i32, 5].into()])
            .expect([[2i32, 9, 2].into(), [1i32, 2, 4].into()])
            .run();
        OpTest::new(both)
            .inputs([[-0.0f32, 1.0, f32::NAN].into(), [0.0f32, f32::NAN].into()])
            .expect([[1.0f32, f32::NAN].into(), [1i32, 2].into()])
            .run();
        OpTest::new(both)
            .inputs([[b"a".to_vec(), b"b".to_vec()].into(), [b"a".to_vec()].into()])
            .expect([[b"b".to_vec()].into(), [1i32].into()])
            .run();
        assert!(build_error(|| setdiff1d([[1]], [1])).contains("must have 1 dimension"));
    }
}
