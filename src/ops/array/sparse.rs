//! SparseToDense, and the three tensors that a sparse one is.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::ops::array::{gather_nd, zeros_like};
use crate::ops::math::{reduce_sum, sub};
use crate::shape::PartialShape;
use crate::value::Element;

/// An array of which only some elements are said. TF: `tf.SparseTensor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SparseTensor {
    /// The coordinates of the elements, one row for each, as int64.
    pub indices: Tensor,
    /// The elements.
    pub values: Tensor,
    /// The sizes of the whole array, as int64.
    pub dense_shape: Tensor,
}

/// An array of shape `output_shape` with `sparse_values` at the coordinates `sparse_indices`. TF: `tf.sparse_to_dense`.
///
/// `sparse_indices` is int32 or int64 of shape `[n, rank]`, `[n]` for a list, or a single number; `output_shape` is a list of
/// the same type; `sparse_values` is a list of `n` elements or a single one. Keyword arguments `default_value`, what stands
/// elsewhere (0 if not said), and `validate_indices`: whether coordinates must be in order and none there twice (true).
/// The gradient is gathered.
///
/// ```
/// use flowstone as tf;
/// let y = tf::sparse_to_dense([1, 3], [4], [10, 30]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [0, 10, 0, 30]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn sparse_to_dense(
    sparse_indices: impl IntoTensor,
    output_shape: impl IntoTensor,
    sparse_values: impl IntoTensor,
) -> Tensor {
    sparse_to_dense_args(sparse_indices, output_shape, sparse_values).build()
}

/// [`sparse_to_dense`] with keyword arguments.
pub fn sparse_to_dense_args(
    sparse_indices: impl IntoTensor,
    output_shape: impl IntoTensor,
    sparse_values: impl IntoTensor,
) -> SparseToDenseArgs {
    let args = [sparse_indices.into_arg(), output_shape.into_arg(), sparse_values.into_arg()];
    SparseToDenseArgs { args, default_value: 0.into_arg(), validate_indices: true }
}

/// A [`sparse_to_dense`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct SparseToDenseArgs {
    args: [Arg; 3],
    default_value: Arg,
    validate_indices: bool,
}

impl SparseToDenseArgs {
    /// The element where no coordinates point; 0 if not said.
    pub fn default_value(mut self, default_value: impl IntoTensor) -> Self {
        self.default_value = default_value.into_arg();
        self
    }

    /// Whether coordinates out of order, or there twice, are an error of the run; true if not said.
    pub fn validate_indices(mut self, validate_indices: bool) -> Self {
        self.validate_indices = validate_indices;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let [indices, shape, values] = self.args;
        let call = SPARSE_TO_DENSE.call([indices, shape, values, self.default_value]);
        call.attr("validate_indices", self.validate_indices).single()
    }
}

pub(super) static SPARSE_TO_DENSE: OpDef = OpDef {
    sig: Sig::new(
        "SparseToDense(sparse_indices: Tindices, output_shape: Tindices, sparse_values: T, default_value: T) \
         -> (dense: T) where validate_indices: bool = true, T: type, Tindices: index",
    ),
    infer,
    kernel: Kernel::Run(|ctx| {
        let places = places(ctx)?;
        dispatch!(ctx.node.dtype()?, all, T => write::<T>(ctx, &places))
    }),
    grad: Grad::Rule(|g| {
        let values = gather_nd(g.dy(0), g.x(0));
        let default = sub(reduce_sum(g.dy(0)), reduce_sum(values));
        let (indices, shape) = (zeros_like(g.x(0)), zeros_like(g.x(1)));
        Ok(vec![Some(indices), Some(shape), Some(values), Some(default)])
    }),
    flags: Flags::PURE,
};

fn infer(ctx: &mut InferCtx) -> Result<()> {
    let (indices, values) = (ctx.shape(0)?, ctx.shape(2)?);
    ctx.shape_of_rank(3, 0)?;
    let whole = ctx.shape_from(1)?;
    if indices.rank().is_some_and(|rank| rank > 2) || values.rank().is_some_and(|rank| rank > 1) {
        return Err(Error::invalid_argument(format!("indices of shape {indices} and values of shape {values}")));
    }
    let (count, depth) = match indices.dims() {
        Some([]) => (Some(1), Some(1)),
        Some([n]) => (*n, Some(1)),
        Some([n, depth]) => (*n, *depth),
        _ => (None, None),
    };
    let wrong_count = values.rank() == Some(1) && count.zip(values.dim(0)).is_some_and(|(n, values)| n != values);
    if wrong_count || depth.zip(whole.rank()).is_some_and(|(depth, rank)| depth != rank) {
        return Err(Error::invalid_argument(format!(
            "indices of shape {indices} for values of shape {values} in shape {whole}"
        )));
    }
    if ctx.known_integers(1)?.is_some_and(|sizes| sizes.iter().any(|&n| n < 0)) {
        return Err(Error::invalid_argument(format!("an array of shape {whole}")));
    }
    ctx.set(0, PartialShape::clone(&whole))
}

/// The places in the whole array that the coordinates say.
fn places(ctx: &KernelCtx) -> Result<Vec<usize>> {
    let whole = ctx.outputs.shape(0)?;
    let indices = ctx.inputs.value(0)?.integers()?;
    let validate = ctx.node.attrs().bool("validate_indices")?;
    let depth = if ctx.inputs.shape(0)?.rank() == 2 { ctx.inputs.shape(0)?[1] } else { 1 };
    if depth != whole.rank() {
        return Err(Error::invalid_argument(format!("coordinates of {depth} dimensions in shape {whole}")));
    }
    let mut places = Vec::with_capacity(indices.len() / depth.max(1));
    for row in indices.chunks_exact(depth.max(1)) {
        let place = row
            .iter()
            .zip(whole.iter())
            .try_fold(0, |place, (&i, &n)| usize::try_from(i).ok().filter(|&i| i < n).map(|i| place * n + i));
        let place = place.ok_or_else(|| Error::invalid_argument(format!("coordinates {row:?} are not in {whole}")))?;
        if validate && places.last().is_some_and(|&last| last >= place) {
            return Err(Error::invalid_argument(format!("coordinates {row:?} are out of order or there twice")));
        }
        places.push(place);
    }
    Ok(places)
}

fn write<T: Element>(ctx: &mut KernelCtx, places: &[usize]) -> Result<()> {
    let values = ctx.inputs.slice::<T>(2)?;
    let default = ctx.inputs.value(3)?.item::<T>()?;
    let single = ctx.inputs.shape(2)?.rank() == 0;
    let dense = ctx.outputs.slice::<T>(0)?;
    dense.fill(default);
    for (i, &place) in places.iter().enumerate() {
        if let Some(value) = values.get(if single { 0 } else { i }) {
            dense[place].clone_from(value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn sparse_to_dense_is_whole() {
        OpTest::new(|x| vec![sparse_to_dense_args(x[0], [2, 2], x[1]).default_value(x[2]).build()])
            .inputs([[[0i32, 1], [1, 0]].into(), [1.0f32, 2.0].into(), Value::scalar(9.0f32)])
            .constants(&[0])
            .expect([[[9.0f32, 1.0], [2.0, 9.0]].into()])
            .differentiable(&[1, 2])
            .run();
        OpTest::new(|x| vec![sparse_to_dense(x[0], [3], 5)])
            .inputs([[0i64, 2].into()])
            .expect([[5i32, 0, 5].into()])
            .run();
        let error = build_error(|| sparse_to_dense([[0, 1]], [2], [1]));
        assert!(error.contains("indices of shape [1,2] for values of shape [1] in shape [2]"), "{error}");
    }
}
