//! Counting numbers: Bincount, DenseBincount, and `confusion_matrix`.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert};
use crate::ops::array::{ones_like_of, reshape, scatter_nd, size, squeeze_args, stack, stack_args};
use crate::ops::math::{cast, greater, maximum, minimum, reduce_max};
use crate::ops::scope::Scope;
use crate::shape::{Dim, PartialShape};
use crate::value::{Number, Value};

/// How often each number from 0 on stands in `arr`, as int32. TF: `tf.bincount`.
///
/// `arr` is whole numbers from 0 on. Keyword arguments: `weights`, what each counts for, of the same shape; `minlength`
/// and `maxlength`, bounds for the length of the result, which is one more than the largest number; and `dtype`, the
/// type of the counts without weights (int32, int64, float32 or float64). No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::bincount([1, 1, 3]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [0, 2, 0, 1]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn bincount(arr: impl IntoTensor) -> Tensor {
    bincount_args(arr).build()
}

/// [`bincount`] with keyword arguments.
pub fn bincount_args(arr: impl IntoTensor) -> BincountArgs {
    BincountArgs { arr: arr.into_arg(), weights: None, minlength: None, maxlength: None, dtype: DType::Int32 }
}

/// A [`bincount`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct BincountArgs {
    arr: Arg,
    weights: Option<Arg>,
    minlength: Option<Arg>,
    maxlength: Option<Arg>,
    dtype: DType,
}

impl BincountArgs {
    /// What each number counts for; 1 if not said.
    pub fn weights(mut self, weights: impl IntoTensor) -> Self {
        self.weights = Some(weights.into_arg());
        self
    }

    /// How long the result is at least.
    pub fn minlength(mut self, minlength: impl IntoTensor) -> Self {
        self.minlength = Some(minlength.into_arg());
        self
    }

    /// How long the result is at most; larger numbers do not count.
    pub fn maxlength(mut self, maxlength: impl IntoTensor) -> Self {
        self.maxlength = Some(maxlength.into_arg());
        self
    }

    /// The type of the counts if there are no weights; int32 if not said.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// Builds the counts.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let _scope = Scope::open(&[&self.arr], "bincount");
        let mut arr = convert(self.arr, "arr", None);
        let weights = self.weights.map(|weights| convert(weights, "weights", None));
        if arr.dtype().is_ok_and(|dtype| !dtype.is_integer()) {
            arr = cast(arr, DType::Int32);
        }
        let dtype = arr.dtype().unwrap_or(DType::Int32);
        let some = cast(greater(size(arr), 0), dtype);
        let mut length = some * (reduce_max(arr) + 1);
        if let Some(least) = self.minlength {
            length = maximum(convert(least, "minlength", Some(dtype)), length);
        }
        if let Some(most) = self.maxlength {
            length = minimum(convert(most, "maxlength", Some(dtype)), length);
        }
        let weights = weights.map(|weights| reshape(weights, [-1]));
        let arr = reshape(arr, [-1]);
        let weights = weights.unwrap_or_else(|| {
            let none = Value::zeros(self.dtype, [0]).map(crate::value::Literal::firm);
            convert(Arg::Literal(none), "Const", None)
        });
        DENSE_BINCOUNT.call([arr, length, weights].map(IntoTensor::into_arg)).single()
    }
}

/// How often each of `num_classes` labels was taken for each: row `i`, column `j` counts labels `i` predicted as `j`.
/// TF: `tf.confusion_matrix`.
///
/// `labels` and `predictions` are lists of whole numbers from 0 on, below `num_classes`; others are errors of the run.
/// Keyword arguments `num_classes` (one more than the largest number if not said), `weights` and `dtype` (int32 if not
/// said). No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::confusion_matrix([0, 1, 1], [0, 0, 1]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [1, 0, 1, 1]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn confusion_matrix(labels: impl IntoTensor, predictions: impl IntoTensor) -> Tensor {
    confusion_matrix_args(labels, predictions).build()
}

/// [`confusion_matrix`] with keyword arguments.
pub fn confusion_matrix_args(labels: impl IntoTensor, predictions: impl IntoTensor) -> ConfusionArgs {
    let (labels, predictions) = (labels.into_arg(), predictions.into_arg());
    ConfusionArgs { labels, predictions, num_classes: None, weights: None, dtype: DType::Int32 }
}

/// A [`confusion_matrix`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct ConfusionArgs {
    labels: Arg,
    predictions: Arg,
    num_classes: Option<Arg>,
    weights: Option<Arg>,
    dtype: DType,
}

impl ConfusionArgs {
    /// How many classes there are.
    pub fn num_classes(mut self, num_classes: impl IntoTensor) -> Self {
        self.num_classes = Some(num_classes.into_arg());
        self
    }

    /// What each prediction counts for; 1 if not said.
    pub fn weights(mut self, weights: impl IntoTensor) -> Self {
        self.weights = Some(weights.into_arg());
        self
    }

    /// The type of the counts; int32 if not said.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// Builds the matrix.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let _scope = Scope::open(&[&self.labels, &self.predictions], "confusion_matrix");
        let labels = convert(self.labels, "labels", None);
        let predictions = convert(self.predictions, "predictions", None);
        let (labels, predictions) = alike(labels, predictions);
        let predictions = cast(predictions, DType::Int64);
        let labels = cast(labels, DType::Int64);
        let classes = match self.num_classes {
            Some(classes) => cast(convert(classes, "num_classes", None), DType::Int64),
            None => maximum(reduce_max(predictions), reduce_max(labels)) + 1,
        };
        let weights = match self.weights {
            Some(weights) => cast(convert(weights, "weights", None), self.dtype),
            None => ones_like_of(predictions.into_arg(), Some(self.dtype)),
        };
        let indices = stack_args([labels, predictions]).axis(1).build();
        scatter_nd(indices, weights, stack([classes, classes]))
    }
}

/// Both with as many dimensions: one that only the other lacks goes, if its size may be 1.
fn alike(labels: Tensor, predictions: Tensor) -> (Tensor, Tensor) {
    let may_go =
        |t: Tensor| t.shape().dims().and_then(|dims| dims.last().copied()).is_some_and(|n| n.is_none_or(|n| n == 1));
    match labels.rank().zip(predictions.rank()) {
        Some((l, p)) if p == l + 1 && may_go(predictions) => (labels, squeeze_args(predictions).axis([-1]).build()),
        Some((l, p)) if l == p + 1 && may_go(labels) => (squeeze_args(labels).axis([-1]).build(), predictions),
        _ => (labels, predictions),
    }
}

/// The length of the result; its rank is that of the input less the numbers that are counted.
fn infer(ctx: &mut InferCtx) -> Result<()> {
    let n: Dim = match ctx.known_integer(1)?.map(usize::try_from) {
        None => None,
        Some(Ok(n)) => Some(n),
        Some(Err(_)) => return Err(Error::invalid_argument("size is negative")),
    };
    let (arr, weights) = (ctx.shape(0)?, ctx.shape(2)?);
    let counts_one = weights.num_elements() == Some(0);
    if !counts_one && arr.is_known() && weights.is_known() && arr != weights {
        return Err(Error::invalid_argument(format!("weights {weights} for numbers of shape {arr}")));
    }
    let shape = match arr.rank() {
        None => PartialShape::unknown(),
        Some(2) if is_dense(ctx) => PartialShape::new([arr.dim(0), n]),
        Some(rank) if rank > 1 && is_dense(ctx) => {
            return Err(Error::invalid_argument(format!("numbers of shape {arr} have more than two dimensions")));
        }
        Some(_) => PartialShape::new([n]),
    };
    ctx.set(0, shape)
}

/// DenseBincount counts each row of a matrix on its own.
fn is_dense(ctx: &InferCtx) -> bool {
    ctx.attrs().bool("binary_output").is_ok()
}

fn run<T: Number>(ctx: &mut KernelCtx, binary: bool) -> Result<()> {
    let out_shape = ctx.outputs.shape(0)?.clone();
    let arr = ctx.inputs.value(0)?.integers()?;
    let weights = ctx.inputs.slice::<T>(2)?;
    if !weights.is_empty() && weights.len() != arr.len() {
        return Err(Error::invalid_argument(format!("{} weights for {} numbers", weights.len(), arr.len())));
    }
    if let Some(negative) = arr.iter().find(|n| **n < 0) {
        return Err(Error::invalid_argument(format!("a number to count is {negative}")));
    }
    let rows = if out_shape.rank() == 2 { out_shape[0] } else { 1 };
    let (bins, width) = (out_shape[out_shape.rank() - 1], arr.len().checked_div(rows).unwrap_or(0));
    let out = ctx.outputs.slice::<T>(0)?;
    out.fill(T::ZERO);
    for (i, &n) in arr.iter().enumerate().filter(|(_, n)| (**n as usize) < bins) {
        let sum = &mut out[i.checked_div(width).unwrap_or(0) * bins + n as usize];
        *sum = if binary { T::ONE } else { sum.plus(weights.get(i).copied().unwrap_or(T::ONE)) };
    }
    Ok(())
}

pub(super) static BINCOUNT: OpDef = OpDef {
    sig: Sig::new("Bincount(arr: int32, size: int32, weights: T) -> (bins: T) where T: signed"),
    infer,
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.dtype()?, signed, T => run::<T>(ctx, false))),
    grad: Grad::Missing("counts are not smooth"),
    flags: Flags::PURE,
};

pub(super) static DENSE_BINCOUNT: OpDef = OpDef {
    sig: Sig::new(
        "DenseBincount(input: Tidx, size: Tidx, weights: T) -> (output: T) \
         where Tidx: index, T: signed, binary_output: bool = false",
    ),
    infer,
    kernel: Kernel::Run(|ctx| {
        let binary = ctx.node.attrs().bool("binary_output")?;
        dispatch!(ctx.node.dtype()?, signed, T => run::<T>(ctx, binary))
    }),
    grad: Grad::Missing("counts are not smooth"),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn counts_are_whole() {
        OpTest::new(|x| {
            vec![
                bincount(x[0]),
                bincount_args(x[0]).minlength(5).build(),
                bincount_args(x[0]).maxlength(2).dtype(DType::Float32).build(),
                bincount_args(x[0]).weights(x[1]).build(),
            ]
        })
        .inputs([[1i32, 1, 3].into(), [0.5f32, 2.0, 1.0].into()])
        .expect([
            [0i32, 2, 0, 1].into(),
            [0i32, 2, 0, 1, 0].into(),
            [0.0f32, 2.0].into(),
            [0.0f32, 2.5, 0.0, 1.0].into(),
        ])
        .run();
        OpTest::new(|x| vec![DENSE_BINCOUNT.call([x[0], x[1], x[2]].map(IntoTensor::into_arg)).single()])
            .inputs([[[1i32, 1], [0, 2]].into(), Value::scalar(3i32), Value::vector(Vec::<i64>::new())])
            .expect([[[0i64, 2, 0], [1, 0, 1]].into()])
            .run();
    }

    #[test]
    fn confusion_is_whole() {
        OpTest::new(|x| {
            vec![
                confusion_matrix(x[0], x[1]),
                confusion_matrix_args(x[0], x[1]).num_classes(3).weights([1.0, 2.0, 4.0]).dtype(DType::Float32).build(),
            ]
        })
        .inputs([[0i32, 1, 1].into(), [0i32, 0, 1].into()])
        .expect([[[1i32, 0], [1, 1]].into(), [[1.0f32, 0.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 0.0]].into()])
        .run();
    }
}
