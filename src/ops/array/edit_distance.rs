//! EditDistance: how far sequences are from each other.

use super::codes::codes;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::copy::flat_position;
use crate::op::{Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::ops::array::SparseTensor;
use crate::shape::{Dim, PartialShape, Shape};
use crate::sort::sort_by;
use crate::value::Value;

/// How many elements are put in, left out or changed to make each sequence of `truth` of that of `hypothesis`, as float32.
/// TF: `tf.edit_distance`.
///
/// The sequences lie along the last dimension. Keyword argument `normalize`: whether distances are divided by the length of
/// the truth (true); of nothing, everything is infinitely far. No gradient.
///
/// ```
/// use flowstone as tf;
/// let words = |text: &'static str| tf::string_split!([text], delimiter = "");
/// let distance = tf::edit_distance!(words("kitten"), words("sitting"), normalize = false);
/// assert_eq!(tf::Session()?.run(distance, tf::feed_dict! {})?.as_slice::<f32>()?, [3.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn edit_distance(hypothesis: SparseTensor, truth: SparseTensor) -> Tensor {
    edit_distance_args(hypothesis, truth).build()
}

/// [`edit_distance`] with the keyword argument `normalize`.
pub fn edit_distance_args(hypothesis: SparseTensor, truth: SparseTensor) -> EditDistanceArgs {
    EditDistanceArgs { hypothesis, truth, normalize: true }
}

/// An [`edit_distance`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct EditDistanceArgs {
    hypothesis: SparseTensor,
    truth: SparseTensor,
    normalize: bool,
}

impl EditDistanceArgs {
    /// Whether distances are divided by the length of the truth; true if not said.
    pub fn normalize(mut self, normalize: bool) -> Self {
        self.normalize = normalize;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let [h, t] = [self.hypothesis, self.truth];
        let args = [h.indices, h.values, h.dense_shape, t.indices, t.values, t.dense_shape];
        EDIT_DISTANCE
            .call(args.map(IntoTensor::into_arg))
            .attr("normalize", self.normalize)
            .name("edit_distance")
            .single()
    }
}

pub(super) static EDIT_DISTANCE: OpDef = OpDef {
    sig: Sig::new(
        "EditDistance(hypothesis_indices: int64, hypothesis_values: T, hypothesis_shape: int64, truth_indices: int64, \
         truth_values: T, truth_shape: int64) -> (output: float32) where normalize: bool = true, T: type",
    ),
    infer,
    kernel: Kernel::Run(run),
    grad: Grad::Stop("a number of changes is not smooth"),
    flags: Flags::PURE,
};

fn infer(ctx: &mut InferCtx) -> Result<()> {
    for first in [0, 3] {
        ctx.shape_of_rank(first, 2)?;
        ctx.shape_of_rank(first + 1, 1)?;
        ctx.shape_of_rank(first + 2, 1)?;
    }
    let (Some(a), Some(b)) = (ctx.integers(2)?, ctx.integers(5)?) else { return ctx.set(0, PartialShape::unknown()) };
    if a.len() != b.len() || a.len() < 2 {
        return Err(Error::invalid_argument(format!(
            "sequences in arrays of {} and of {} dimensions",
            a.len(),
            b.len()
        )));
    }
    let larger = |(a, b): (&Option<i64>, &Option<i64>)| -> Dim { usize::try_from((*a)?.max((*b)?)).ok() };
    ctx.set(0, PartialShape::new(a.iter().zip(&b).take(a.len() - 1).map(larger)))
}

/// An element; `None` equals nothing.
type Code = Option<u64>;

/// The sequences of a sparse tensor of these elements, sorted by the place of each in an array of shape `places`.
fn sequences(ctx: &KernelCtx, first: usize, values: Vec<Code>, places: &[usize]) -> Result<Vec<(usize, Code)>> {
    let indices = ctx.inputs.slice::<i64>(first)?;
    let rank = places.len() + 1;
    if ctx.inputs.shape(first)?.dims() != [values.len(), rank] {
        let shape = ctx.inputs.shape(first)?;
        return Err(Error::invalid_argument(format!("indices of shape {shape} for {} values", values.len())));
    }
    let mut placed = Vec::with_capacity(values.len());
    for (row, value) in indices.chunks_exact(rank).zip(values) {
        let inside = |(&i, &n): (&i64, &usize)| usize::try_from(i).ok().filter(|&i| i < n);
        let place = row.iter().zip(places).map(inside).collect::<Option<Vec<usize>>>();
        let place = place.ok_or_else(|| Error::invalid_argument(format!("indices {row:?} are not in {places:?}")))?;
        placed.push((flat_position(&place, places), value));
    }
    sort_by(&mut placed, |(a, _), (b, _)| a.cmp(b));
    Ok(placed)
}

/// The sequence at `place` of those that are sorted by their places.
fn sequence(sorted: &[(usize, Code)], place: usize) -> &[(usize, Code)] {
    let start = sorted.partition_point(|(other, _)| *other < place);
    let end = sorted.partition_point(|(other, _)| *other <= place);
    &sorted[start..end]
}

/// How many changes make `b` of `a`.
fn distance(a: &[(usize, Code)], b: &[(usize, Code)]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, (_, x)) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, (_, y)) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x.is_none() || x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

fn run(ctx: &mut KernelCtx) -> Result<()> {
    let (a, b) = (ctx.inputs.slice::<i64>(2)?, ctx.inputs.slice::<i64>(5)?);
    let sizes = a.iter().zip(b).map(|(a, b)| usize::try_from(*a.max(b))).collect::<std::result::Result<Vec<_>, _>>();
    let mut sizes = sizes.map_err(|_| Error::invalid_argument("a negative size"))?;
    if sizes.pop().is_none() || sizes.is_empty() || a.len() != b.len() {
        return Err(Error::invalid_argument(format!("sequences in arrays of shapes {a:?} and {b:?}")));
    }
    let shape = Shape::from(sizes.as_slice());
    let mut distances = Value::zeros(crate::dtype::DType::Float32, shape.clone())?;
    let [hypothesis, truth] = codes([ctx.inputs.value(1)?, ctx.inputs.value(4)?])?;
    let (hypothesis, truth) = (sequences(ctx, 0, hypothesis, &shape)?, sequences(ctx, 3, truth, &shape)?);
    let normalize = ctx.node.attrs().bool("normalize")?;
    let out = distances.make_mut::<f32>()?;
    let together = |(a, _): &(usize, Code), (b, _): &(usize, Code)| a == b;
    for found in hypothesis.chunk_by(together).chain(truth.chunk_by(together)) {
        let place = found[0].0;
        let [hypothesis, truth] = [&hypothesis, &truth].map(|all| sequence(all, place));
        let changes = distance(hypothesis, truth) as f32;
        out[place] = if normalize { changes / truth.len() as f32 } else { changes };
    }
    ctx.outputs.set(0, distances);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn edit_distance_is_whole() {
        let words = |x: &[Tensor]| SparseTensor { indices: x[0], values: x[1], dense_shape: x[2] };
        OpTest::new(|x| {
            let (hypothesis, truth) = (words(&x[..3]), words(&x[3..]));
            let whole = edit_distance_args(hypothesis, truth).normalize(false).build();
            vec![edit_distance(hypothesis, truth), whole]
        })
        .inputs([
            [[0i64, 0], [0, 1], [1, 0]].into(),
            [1i32, 2, 3].into(),
            [2i64, 2].into(),
            [[0i64, 0], [0, 1], [2, 0]].into(),
            [1i32, 5, 3].into(),
            [3i64, 2].into(),
        ])
        .expect([[0.5f32, f32::INFINITY, 1.0].into(), [1.0f32, 1.0, 1.0].into()])
        .run();
        let sparse = |rank: usize| SparseTensor {
            indices: crate::ops::array::constant(
                Value::zeros(crate::dtype::int64, [0, rank]).unwrap_or(Value::scalar(0)),
            ),
            values: crate::ops::array::constant(Vec::<i32>::new()),
            dense_shape: crate::ops::array::constant(vec![1i64; rank]),
        };
        assert!(build_error(|| edit_distance(sparse(2), sparse(3))).contains("arrays of 2 and of 3 dimensions"));
    }
}
