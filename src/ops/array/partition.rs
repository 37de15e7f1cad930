//! DynamicPartition: rows sorted into several arrays by number.

use crate::dispatch;
use crate::error::Error;
use crate::graph::Tensor;
use crate::op::{Flags, Grad, IntoTensor, Kernel, OpDef, Sig};
use crate::ops::array::stitch::parallel_stitch;
use crate::ops::array::{range, reshape, shape};
use crate::ops::math::reduce_prod;
use crate::shape::{PartialShape, Shape};
use crate::value::Value;

/// The rows of `data` sorted into `num_partitions` arrays, row by row as `partitions` says. TF: `tf.dynamic_partition`.
///
/// `partitions` is an int32 of any shape that the shape of `data` begins with; each element is the number of the array that
/// the row at its place goes to. A number out of range is an error of the run. The gradient is put together again.
///
/// ```
/// use flowstone as tf;
/// let parts = tf::dynamic_partition(tf::constant([10, 20, 30]), [1, 0, 1], 2);
/// let parts = tf::Session()?.run(parts, tf::feed_dict! {})?;
/// assert_eq!((parts[0].as_slice::<i32>()?, parts[1].as_slice::<i32>()?), (&[20][..], &[10, 30][..]));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn dynamic_partition(data: impl IntoTensor, partitions: impl IntoTensor, num_partitions: i64) -> Vec<Tensor> {
    let call = DYNAMIC_PARTITION.call([data.into_arg(), partitions.into_arg()]);
    call.attr("num_partitions", num_partitions).build().outputs()
}

pub(super) static DYNAMIC_PARTITION: OpDef = OpDef {
    sig: Sig::new(
        "DynamicPartition(data: T, partitions: int32) -> (outputs: num_partitions * T) \
         where num_partitions: int, T: type",
    ),
    infer: |ctx| {
        let (data, rows) = (ctx.shape(0)?, ctx.shape(1)?);
        if ctx.attrs().int("num_partitions")? < 1 {
            return Err(Error::invalid_argument("num_partitions must be at least 1"));
        }
        let (Some(dims), Some(own)) = (data.dims(), rows.dims()) else { return Ok(()) };
        let front = PartialShape::new(dims.iter().copied().take(own.len()));
        if dims.len() < own.len() || front.merge(rows).is_none() {
            return Err(Error::invalid_argument(format!("data of shape {data} does not begin with {rows}")));
        }
        let part = PartialShape::new([None].into_iter().chain(dims[own.len()..].iter().copied()));
        (0..ctx.outputs_len()).try_for_each(|o| ctx.set(o, part.clone()))
    },
    kernel: Kernel::Run(|ctx| {
        let (data, rows) = (ctx.inputs.shape(0)?.clone(), ctx.inputs.shape(1)?.clone());
        let parts = ctx.node.output_types.len();
        let partitions = ctx.inputs.slice::<i32>(1)?;
        if let Some(bad) = partitions.iter().find(|&&p| usize::try_from(p).is_ok_and(|p| p >= parts) || p < 0) {
            return Err(Error::invalid_argument(format!("partition {bad} of {parts}")));
        }
        let tail = data
            .strip_prefix(rows.dims())
            .ok_or_else(|| Error::invalid_argument(format!("data of shape {data} does not begin with {rows}")))?;
        let block: usize = tail.iter().product();
        dispatch!(ctx.node.dtype()?, all, T => {
            let data = ctx.inputs.slice::<T>(0)?;
            let mut sorted = vec![(0, Vec::<T>::new()); parts];
            for (i, &p) in partitions.iter().enumerate() {
                let (count, part) = &mut sorted[p as usize];
                *count += 1;
                part.extend_from_slice(&data[i * block..(i + 1) * block]);
            }
            for (o, (count, part)) in sorted.into_iter().enumerate() {
                let shape: Shape = [count].iter().chain(tail).copied().collect();
                ctx.outputs.set(o, Value::new(shape, part)?);
            }
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let (data, partitions) = (g.x(0), g.x(1));
        let sizes = shape(partitions);
        let places = reshape(range(0, reduce_prod(sizes), 1), sizes);
        let parts = g.op().outputs().len();
        let places = dynamic_partition(places, partitions, parts as i64);
        let whole = parallel_stitch(&places, &(0..parts).map(|i| g.dy(i)).collect::<Vec<_>>());
        Ok(vec![Some(reshape(whole, shape(data))), None])
    }),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn dynamic_partition_is_whole() {
        OpTest::new(|x| dynamic_partition(x[0], x[1], 3))
            .inputs([[[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]].into(), [1i32, 0, 1].into()])
            .constants(&[1])
            .expect([
                [[3.0f32, 4.0]].into(),
                [[1.0f32, 2.0], [5.0, 6.0]].into(),
                Value::new([0, 2], Vec::<f32>::new()).unwrap_or(Value::scalar(0)),
            ])
            .run();
        let error = build_error(|| dynamic_partition([1, 2], [0, 0, 0], 1));
        assert!(error.contains("data of shape [2] does not begin with [3]"), "{error}");
    }
}
