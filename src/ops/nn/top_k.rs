//! TopK, TopKV2: the largest numbers of each row; InTopK, InTopKV2: whether a class is among them.

use std::ops::Range;

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::parallel::for_each_chunk;
use crate::op::{Arg, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::ops::array::{
    SCATTER_ND, expand_dims, gather, item, pack_named, range, reshape, shape, size, stack, zeros_of,
};
use crate::ops::math::{cast, reduce_prod};
use crate::ops::scope::Scope;
use crate::shape::{Dim, PartialShape, Shape, merge_dims};
use crate::value::Number;

/// The `k` largest numbers of each row, the last dimension, largest first; and their places. TF: `tf.nn.top_k(input, k)`.
///
/// `input` is numbers of at least one dimension, `k` a single int32 or int64, no more than the row has. Of equal numbers
/// the first comes first. Keyword argument `sorted`: false lets them come in any order. The gradient goes to the numbers
/// that were chosen.
///
/// ```
/// use flowstone as tf;
/// let (values, places) = tf::nn::top_k([1.0, 5.0, 3.0], 2);
/// let (values, places) = tf::Session()?.run((values, places), tf::feed_dict! {})?;
/// assert_eq!((values.as_slice::<f32>()?, places.as_slice::<i32>()?), (&[5.0, 3.0][..], &[1, 2][..]));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn top_k(input: impl IntoTensor, k: impl IntoTensor) -> (Tensor, Tensor) {
    top_k_args(input, k).build()
}

/// [`top_k`] with the keyword argument `sorted`.
pub fn top_k_args(input: impl IntoTensor, k: impl IntoTensor) -> TopKArgs {
    TopKArgs { args: [input.into_arg(), k.into_arg()], sorted: true }
}

/// A [`top_k`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct TopKArgs {
    args: [Arg; 2],
    sorted: bool,
}

impl TopKArgs {
    /// Whether the numbers come largest first; true if not said.
    pub fn sorted(mut self, sorted: bool) -> Self {
        self.sorted = sorted;
        self
    }

    /// Builds the values and their places.
    #[track_caller]
    pub fn build(self) -> (Tensor, Tensor) {
        let built = TOP_K_V2.call(self.args).attr("sorted", self.sorted).build();
        (built.output(0), built.output(1))
    }
}

/// Whether the class `targets` says is among the `k` with the highest `predictions`, for each row. TF: `tf.nn.in_top_k`.
///
/// `predictions` is float32 [batch, classes], `targets` int32 or int64 `[batch]`, `k` a single number of that type. All of
/// equal predictions are among them where one is. False for a class that is out of range, and where the prediction is not
/// finite. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::nn::in_top_k([[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]], [2, 0], 2);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<bool>()?, [true, false]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn in_top_k(predictions: impl IntoTensor, targets: impl IntoTensor, k: impl IntoTensor) -> Tensor {
    let args = [predictions.into_arg(), targets.into_arg(), k.into_arg()];
    let _scope = Scope::open(&args.each_ref(), "in_top_k");
    IN_TOP_K_V2.call(args).single()
}

pub(super) static IN_TOP_K: OpDef = OpDef {
    sig: Sig::new("InTopK(predictions: float32, targets: T) -> (precision: bool) where k: int, T: index = int32"),
    infer: infer_in_top_k,
    kernel: Kernel::Run(|ctx| {
        let k = ctx.node.attrs().int("k")?;
        run_in_top_k(ctx, k)
    }),
    grad: Grad::Missing("whether a class is among the first is no smooth function"),
    flags: Flags::PURE,
};

pub(super) static IN_TOP_K_V2: OpDef = OpDef {
    sig: Sig::new("InTopKV2(predictions: float32, targets: T, k: T) -> (precision: bool) where T: index = int32"),
    infer: |ctx| {
        ctx.shape_of_rank(2, 0)?;
        infer_in_top_k(ctx)
    },
    kernel: Kernel::Run(|ctx| {
        let k = ctx.inputs.value(2)?.integers()?.first().copied().unwrap_or_default();
        run_in_top_k(ctx, k)
    }),
    grad: Grad::Missing("whether a class is among the first is no smooth function"),
    flags: Flags::PURE,
};

fn infer_in_top_k(ctx: &mut InferCtx) -> Result<()> {
    let (predictions, targets) = (ctx.shape_of_rank(0, 2)?, ctx.shape_of_rank(1, 1)?);
    let rows = merge_dims(predictions.dim(0), targets.dim(0)).ok_or_else(|| {
        Error::invalid_argument(format!("predictions {predictions} and targets {targets} must have as many rows"))
    })?;
    ctx.set(0, PartialShape::new([rows]))
}

fn run_in_top_k(ctx: &mut KernelCtx, k: i64) -> Result<()> {
    let classes = ctx.inputs.shape(0)?[1];
    let targets = ctx.inputs.value(1)?.integers()?;
    let predictions = ctx.inputs.slice::<f32>(0)?;
    for (row, out) in ctx.outputs.slice::<bool>(0)?.iter_mut().enumerate() {
        let predictions = &predictions[row * classes..][..classes];
        let target = usize::try_from(targets[row]).ok().and_then(|target| predictions.get(target));
        *out = target.is_some_and(|target| {
            let higher = predictions.iter().filter(|x| *x > target).count();
            predictions.iter().all(|x| x.is_finite()) && (higher as i64) < k
        });
    }
    Ok(())
}

/// The shape of the input with `k` in place of the last size.
fn infer_top_k(ctx: &mut InferCtx, k: Option<i64>) -> Result<()> {
    let k: Dim = match k.map(usize::try_from) {
        Some(Err(_)) => return Err(Error::invalid_argument("k must not be negative")),
        k => k.and_then(Result::ok),
    };
    let input = ctx.shape(0)?;
    let output = match input.dims() {
        None => PartialShape::unknown(),
        Some([]) => return Err(Error::invalid_argument("the input must have at least one dimension")),
        Some([.., Some(n)]) if k.is_some_and(|k| k > *n) => {
            return Err(Error::invalid_argument(format!(
                "the rows of {input} have fewer than {} numbers",
                k.unwrap_or(0)
            )));
        }
        Some([outer @ .., _]) => PartialShape::new(outer.iter().copied().chain([k])),
    };
    ctx.set(0, output.clone())?;
    ctx.set(1, output)
}

pub(super) static TOP_K: OpDef = OpDef {
    sig: Sig::new("TopK(input: T) -> (values: T, indices: int32) where k: int, sorted: bool = true, T: real"),
    infer: |ctx| {
        let k = ctx.attrs().int("k")?;
        infer_top_k(ctx, Some(k))
    },
    kernel: Kernel::Run(run_top_k),
    grad: Grad::Rule(|g| Ok(vec![Some(gradient(g))])),
    flags: Flags::PURE,
};

pub(super) static TOP_K_V2: OpDef = OpDef {
    sig: Sig::new(
        "TopKV2(input: T, k: Tk) -> (values: T, indices: index_type) \
         where sorted: bool = true, T: real, Tk: index = int32, index_type: index = int32",
    ),
    infer: |ctx| {
        ctx.shape_of_rank(1, 0)?;
        let k = ctx.known_integer(1)?;
        infer_top_k(ctx, k)
    },
    kernel: Kernel::Run(run_top_k),
    grad: Grad::Rule(|g| {
        let dx = gradient(g);
        Ok(vec![Some(dx), Some(zeros_of(Shape::scalar(), DType::Int32))])
    }),
    flags: Flags::PURE,
};

/// What sorts a number in front of those that come later: of larger ones it is smaller, and of what is no number the largest.
#[inline(always)]
fn rank(x: f64) -> u64 {
    // -0 is 0.
    let bits = (x + 0.0).to_bits();
    // Rises with the number, from negative ones on. Without a branch, which would be taken by chance.
    let key = bits ^ (((bits as i64 >> 63) as u64) >> 1);
    if x.is_nan() { u64::MAX } else { key ^ (u64::MAX >> 1) }
}

/// Appends the ranks of the numbers `row`, each with its place in the row behind it, but for those that cannot be among the
/// first `k`.
fn add_ranks<T: Copy>(all: &mut Vec<u128>, k: usize, row: &[T], rank: impl Fn(T) -> u64) {
    let most = 2 * k + 64;
    let mut limit = u128::MAX;
    for (x, place) in row.iter().zip(0u64..) {
        let rank = u128::from(rank(*x)) << 64 | u128::from(place);
        if rank < limit {
            all.push(rank);
            if all.len() == most {
                limit = keep_first(all, k);
            }
        }
    }
}

/// Leaves the first `k` of at least as many ranks, in any order; gives the last of these.
fn keep_first(all: &mut Vec<u128>, k: usize) -> u128 {
    let (_, last, _) = all.select_nth_unstable(k - 1);
    let last = *last;
    all.truncate(k);
    last
}

/// Appends the ranks of numbers at a range, as [`add_ranks`] does.
type Ranks<'a> = &'a (dyn Fn(Range<usize>, &mut Vec<u128>) + Sync);

/// The places of the `k` largest numbers of each row of `n`.
fn largest(n: usize, k: usize, ranks: Ranks, places: &mut [usize]) {
    // Whole rows of some ten thousand numbers.
    let part = ((1 << 14) / n).max(1) * k;
    for_each_chunk(places, part, |start, places| {
        let mut all: Vec<u128> = Vec::new();
        for (row, places) in places.chunks_exact_mut(k).enumerate() {
            let row = (start / k + row) * n;
            all.clear();
            ranks(row..row + n, &mut all);
            keep_first(&mut all, k);
            all.sort_unstable();
            places.iter_mut().zip(&all).for_each(|(place, rank)| *place = *rank as u64 as usize);
        }
    });
}

fn run_top_k(ctx: &mut KernelCtx) -> Result<()> {
    let n = ctx.inputs.shape(0)?.last().copied().unwrap_or(1);
    let k = ctx.outputs.shape(0)?.last().copied().unwrap_or(1);
    if k > n {
        return Err(Error::invalid_argument(format!("the {k} largest of rows of {n}")));
    }
    let mut places = vec![0; ctx.outputs.shape(0)?.num_elements()?];
    if k > 0 {
        match ctx.node.dtype()? {
            DType::Int64 => {
                let x = ctx.inputs.slice::<i64>(0)?;
                largest(n, k, &|at, all| add_ranks(all, k, &x[at], |x| !(x as u64 ^ 1 << 63)), &mut places);
            }
            dtype => dispatch!(dtype, numbers, T => {
                let x = ctx.inputs.slice::<T>(0)?;
                largest(n, k, &|at, all| add_ranks(all, k, &x[at], |x| rank(x.to_f64())), &mut places);
                Ok(())
            })?,
        }
    }
    dispatch!(ctx.node.dtype()?, numbers, T => {
        let x = ctx.inputs.slice::<T>(0)?;
        let values = ctx.outputs.slice::<T>(0)?.iter_mut().zip(&places).enumerate();
        values.for_each(|(i, (value, place))| *value = x[i / k * n + place]);
        Ok(())
    })?;
    dispatch!(ctx.node.output_types[1], indices, I => {
        let outputs = ctx.outputs.slice::<I>(1)?.iter_mut().zip(&places);
        outputs.for_each(|(output, place)| *output = I::from_usize(*place));
        Ok(())
    })
}

/// The gradient of the values, put where they came from.
fn gradient(g: &GradCtx) -> Tensor {
    let (x, places) = (g.x(0), g.y(1));
    let (x_shape, places_shape) = (shape(x), shape(places));
    let last_size = |sizes: Tensor| gather(cast(sizes, DType::Int64), size(sizes) - 1);
    let chosen = last_size(places_shape);
    let rows_of_places = reshape(places, stack([(-1i64).into_arg(), chosen.into_arg()]));
    let row = last_size(x_shape);
    let rows = item(shape(rows_of_places), 0);
    let starts = range(0, cast(rows, DType::Int64) * row, row);
    let starts = cast(expand_dims(starts, -1), DType::Int32);
    let flat = reshape(rows_of_places + starts, [-1]);
    let (flat, dy) = (expand_dims(flat, -1), reshape(g.dy(0), [-1]));
    let count = reduce_prod(x_shape);
    let sums = {
        let scope = Scope::open(&[&x.into_arg()], "ScatterNd");
        let whole = pack_named(vec![count.into_arg()], "shape");
        SCATTER_ND.call([flat, dy, whole].map(IntoTensor::into_arg)).name(scope.itself()).single()
    };
    reshape(sums, x_shape)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    fn places(k: i32) -> impl Fn(&[Tensor]) -> Vec<Tensor> {
        move |x| {
            let (values, places) = top_k(x[0], k);
            vec![values, places]
        }
    }

    #[test]
    fn top_k_is_whole() {
        let x: Value = [[1.0f32, 5.0, 3.0, 5.0], [-1.0, f32::NAN, f32::INFINITY, 0.0]].into();
        OpTest::new(places(3))
            .inputs([x.clone()])
            .expect([[[5.0f32, 5.0, 3.0], [f32::INFINITY, 0.0, -1.0]].into(), [[1i32, 3, 2], [2, 3, 0]].into()])
            .run();
        OpTest::new(|x| TOP_K.call([x[0].into_arg()]).attr("k", 2).build().outputs())
            .inputs([x.clone()])
            .expect([[[5.0f32, 5.0], [f32::INFINITY, 0.0]].into(), [[1i32, 3], [2, 3]].into()])
            .run();
        OpTest::new(places(0)).inputs([x]).run();
        // Many numbers of which few count, and with many that are equal.
        let numbers: Vec<i64> = (0..5000).map(|i| i * 7919 % 1009 - 500).collect();
        let mut wanted: Vec<(i64, i32)> = numbers.iter().map(|x| -x).zip(0..).collect();
        wanted.sort_unstable();
        let wanted = &wanted[..7];
        let ordered: Vec<i64> = wanted.iter().map(|(x, _)| -x).collect();
        let at: Vec<i32> = wanted.iter().map(|(_, place)| *place).collect();
        let (floats, ordered_floats): (Vec<f32>, Vec<f32>) =
            (numbers.iter().map(|x| *x as f32).collect(), ordered.iter().map(|x| *x as f32).collect());
        OpTest::new(places(7))
            .inputs([Value::vector(numbers)])
            .expect([Value::vector(ordered), Value::vector(at.clone())])
            .run();
        OpTest::new(places(7))
            .inputs([Value::vector(floats)])
            .expect([Value::vector(ordered_floats), Value::vector(at)])
            .run();
        OpTest::new(places(2)).inputs([[[7u8, 9, 8]].into()]).expect([[[9u8, 8]].into(), [[1i32, 2]].into()]).run();
        OpTest::new(|x| vec![top_k(x[0], 2).0])
            .inputs([[[1.0f32, 5.0, 3.0], [0.5, -2.0, 0.25]].into()])
            .differentiable(&[0])
            .run();
        let error = build_error(|| top_k([1.0, 2.0], 3).0);
        assert!(error.contains("the rows of [2] have fewer than 3 numbers"), "{error}");
    }

    #[test]
    fn in_top_k_is_whole() {
        OpTest::new(|x| {
            let old = IN_TOP_K.call([x[0].into_arg(), x[1].into_arg()]).attr("k", 2).single();
            vec![in_top_k(x[0], x[1], 2), old]
        })
        .inputs([
            [[0.1f32, 0.7, 0.2], [0.5, 0.5, 0.5], [0.1, f32::NAN, 0.2], [0.1, 0.7, 0.2]].into(),
            [2i32, 2, 2, 3].into(),
        ])
        .expect([[true, true, false, false].into(), [true, true, false, false].into()])
        .run();
    }
}
