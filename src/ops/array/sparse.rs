//! SparseToDense, and the three tensors that a sparse one is.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, built_at, get_default_graph, here};
use crate::op::{Arg, Call, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert};
use crate::ops::array::{PLACEHOLDER, PLACEHOLDER_WITH_DEFAULT, constant_named, gather_nd, zeros_like, zeros_of};
use crate::ops::math::{reduce_sum, sub};
use crate::ops::scope::Scope;
use crate::shape::{IntoShape, PartialShape, Shape};
use crate::value::{Element, Value};

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

/// An array of shape `dense_shape` of which only the elements `values` at the coordinates `indices` are said.
/// TF: `tf.SparseTensor`.
///
/// `indices` is int64 of shape `[n, rank]`, `values` of any type has `n` elements, `dense_shape` is an int64 list of `rank`
/// sizes.
///
/// ```
/// use flowstone as tf;
/// let x = tf::SparseTensor([[0, 1], [1, 0]], [7.0, 8.0], [2, 2]);
/// let y = tf::sparse_tensor_to_dense(x);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [0.0, 7.0, 8.0, 0.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn SparseTensor(indices: impl IntoTensor, values: impl IntoTensor, dense_shape: impl IntoTensor) -> SparseTensor {
    let args = [indices.into_arg(), values.into_arg(), dense_shape.into_arg()];
    let scope = Scope::open(&args.each_ref(), "SparseTensor");
    let [indices, values, dense_shape] = args;
    let indices = convert(indices, "indices", Some(DType::Int64));
    let values = convert(values, "values", None);
    let dense_shape = convert(dense_shape, "dense_shape", Some(DType::Int64));
    let built = SparseTensor { indices, values, dense_shape };
    match built.check() {
        Ok(()) => built,
        Err(error) => {
            let failed = scope.fail(error);
            SparseTensor { indices: failed, values: failed, dense_shape: failed }
        }
    }
}

impl SparseTensor {
    /// An error if the three tensors cannot belong together.
    fn check(&self) -> Result<()> {
        if self.indices.is_poisoned() || self.values.is_poisoned() || self.dense_shape.is_poisoned() {
            return Ok(());
        }
        let (indices, values, sizes) = (self.indices.shape(), self.values.shape(), self.dense_shape.shape());
        if self.indices.dtype()? != DType::Int64 || self.dense_shape.dtype()? != DType::Int64 {
            return Err(Error::invalid_argument("indices and dense_shape are int64"));
        }
        let fits = |shape: &PartialShape, wanted: [Option<usize>; 2], rank: usize| {
            shape.merge(&PartialShape::new(wanted.into_iter().take(rank))).is_some()
        };
        let (count, rank) = (values.dim(0), sizes.dim(0));
        if !fits(&values, [None, None], 1) || !fits(&sizes, [None, None], 1) || !fits(&indices, [count, rank], 2) {
            return Err(Error::invalid_argument(format!(
                "indices of shape {indices} and values of shape {values} for sizes of shape {sizes}"
            )));
        }
        Ok(())
    }
}

/// A sparse tensor whose three parts each run is given. TF: `tf.sparse_placeholder`.
///
/// `shape` may leave sizes open, as for [`placeholder`](fn@crate::ops::array::placeholder). With a shape, the sizes need not be given: what is open is -1 then.
/// Keyword argument `name`, under which the parts are `name/values`, `name/indices` and `name/shape`.
///
/// ```
/// use flowstone as tf;
/// let x = tf::sparse_placeholder(tf::float32, [2, 2]);
/// let y = tf::sparse_tensor_to_dense(x);
/// let value = tf::SparseTensorValue([[1i64, 1]], [5.0f32], [2i64, 2]);
/// let y = tf::Session()?.run(y, tf::feed_dict! { x: value })?;
/// assert_eq!(y.as_slice::<f32>()?, [0.0, 0.0, 0.0, 5.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn sparse_placeholder(dtype: DType, shape: impl IntoShape) -> SparseTensor {
    sparse_placeholder_args(dtype, shape).build()
}

/// [`sparse_placeholder`] with the keyword argument `name`.
pub fn sparse_placeholder_args(dtype: DType, shape: impl IntoShape) -> SparsePlaceholderArgs {
    SparsePlaceholderArgs { dtype, shape: shape.into_shape(), name: None }
}

/// A [`sparse_placeholder`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct SparsePlaceholderArgs {
    dtype: DType,
    shape: Result<PartialShape>,
    name: Option<String>,
}

impl SparsePlaceholderArgs {
    /// What the names of the parts start with.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Builds the parts.
    #[track_caller]
    pub fn build(self) -> SparseTensor {
        let graph = get_default_graph();
        let built = |call: Call, shape: PartialShape, part: &str| {
            let call = call.graph(&graph).attr("shape", shape);
            match &self.name {
                Some(name) => call.name(format!("{name}/{part}")).single(),
                None => call.single(),
            }
        };
        let fed = |dtype: DType, shape: PartialShape, part: &str| {
            built(PLACEHOLDER.call([]).attr("dtype", dtype), shape, part)
        };
        let known = match &self.shape {
            Ok(shape) => shape.dims().map(<[_]>::to_vec),
            Err(error) => {
                let scope = Scope::open(&[], "sparse_placeholder");
                let failed = scope.fail(error.clone());
                return SparseTensor { indices: failed, values: failed, dense_shape: failed };
            }
        };
        let dense_shape = match &known {
            None => fed(DType::Int64, PartialShape::new([None]), "shape"),
            Some(dims) => {
                let sizes: Vec<i64> = dims.iter().map(|dim| dim.map_or(-1, |n| n as i64)).collect();
                let name = self.name.as_ref().map_or("Const".to_owned(), |name| format!("{name}/shape_default"));
                let default = constant_named(Value::vector(sizes), &name);
                let call = PLACEHOLDER_WITH_DEFAULT.call([default.into_arg()]);
                built(call, PartialShape::new([Some(dims.len())]), "shape")
            }
        };
        let values = fed(self.dtype, PartialShape::new([None]), "values");
        let rank = known.map(|dims| dims.len());
        let indices = fed(DType::Int64, PartialShape::new([None, rank]), "indices");
        SparseTensor { indices, values, dense_shape }
    }
}

/// The whole array that `sp_input` stands for. TF: `tf.sparse_tensor_to_dense`.
///
/// Keyword arguments as for [`sparse_to_dense`], and its gradient.
#[track_caller]
pub fn sparse_tensor_to_dense(sp_input: SparseTensor) -> Tensor {
    sparse_tensor_to_dense_args(sp_input).build()
}

/// [`sparse_tensor_to_dense`] with keyword arguments.
pub fn sparse_tensor_to_dense_args(sp_input: SparseTensor) -> TensorToDenseArgs {
    TensorToDenseArgs { sp_input, default_value: None, validate_indices: true }
}

/// A [`sparse_tensor_to_dense`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct TensorToDenseArgs {
    sp_input: SparseTensor,
    default_value: Option<Arg>,
    validate_indices: bool,
}

impl TensorToDenseArgs {
    /// The element where no coordinates point; zero, false or empty if not said.
    pub fn default_value(mut self, default_value: impl IntoTensor) -> Self {
        self.default_value = Some(default_value.into_arg());
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
        let _line = built_at(here());
        let SparseTensor { indices, values, dense_shape } = self.sp_input;
        let default = self.default_value.unwrap_or_else(|| match values.dtype() {
            Ok(dtype) => zeros_of(Shape::scalar(), dtype).into_arg(),
            Err(_) => values.into_arg(),
        });
        let args = sparse_to_dense_args(indices, dense_shape, values).default_value(default);
        args.validate_indices(self.validate_indices).build()
    }
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
    use crate::dtype::float32;
    use crate::error::ErrorKind;
    use crate::graph::Graph;
    use crate::session::{Feeds, SessionArgs, SparseTensorValue};
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn sparse_placeholders_are_fed_and_fetched() -> Result<()> {
        let graph = Graph::new();
        let _default = graph.as_default();
        let named = sparse_placeholder_args(float32, (None, 3)).name("x").build();
        let open = sparse_placeholder(float32, None);
        let names = |x: SparseTensor| [x.indices.name(), x.values.name(), x.dense_shape.name()];
        assert_eq!(names(named), ["x/indices:0", "x/values:0", "x/shape:0"]);
        assert_eq!(names(open), ["Placeholder_2:0", "Placeholder_1:0", "Placeholder:0"]);
        let default = graph.get_tensor_by_name("x/shape_default:0")?;
        let (sess, none) = (SessionArgs::new().build()?, Feeds::new());
        assert_eq!(sess.run(default, &none)?.as_slice::<i64>()?, [-1, 3]);
        let value = SparseTensorValue([[0, 1], [1, 2]], [1.0, 2.0], [2, 3]);
        let feeds = Feeds::new().feed(named, value.clone()).feed(open, value.clone());
        let (whole, same) = sess.run((sparse_tensor_to_dense(named), open), feeds)?;
        assert_eq!(whole, [[0.0f32, 1.0, 0.0], [0.0, 0.0, 2.0]].into());
        assert_eq!(same, value);
        for wrong in [Feeds::new().feed(open, 1.0), Feeds::new().feed(open.values, value)] {
            let error = sess.run(open.values, wrong).map(|_| ()).map_err(|e| e.kind());
            assert_eq!(error, Err(ErrorKind::InvalidArgument));
        }
        Ok(())
    }

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
        let error = build_error(|| SparseTensor([[0, 1]], [1.0, 2.0], [2, 2]).values);
        assert!(error.contains("indices of shape [1,2] and values of shape [2] for sizes of shape [2]"), "{error}");
        let error = build_error(|| sparse_to_dense([[0, 1]], [2], [1]));
        assert!(error.contains("indices of shape [1,2] for values of shape [1] in shape [2]"), "{error}");
    }
}
