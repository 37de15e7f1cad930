//! Sum, Mean, Prod, Max, Min: many elements to one.

use smallvec::SmallVec;

use crate::dispatch;
use crate::dtype::DType;
use crate::error::Result;
use crate::graph::{Tensor, built_at, here};
use crate::kernels::reduce::{Join, Joining, Plus, Reduction};
use crate::op::{
    Arg, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, constant_integers, convert,
    resolve_axis,
};
use crate::ops::array::{
    broadcast_to, concat, dynamic_stitch, gather, invert_permutation, ones_of, range, rank, reshape, reshape_to,
    reshape_to_known, setdiff1d, shape, size, size_as, tile, transpose,
};
use crate::ops::math::{cast, cumprod_args, equal, floordiv_named, maximum, truediv_named};
use crate::ops::scope::Scope;
use crate::shape::{Dim, PartialShape};
use crate::value::{Element, Literal, Number, Value};

/// A reduction under construction: the keyword arguments of [`reduce_sum`] and its kin.
#[must_use = "nothing is built until `build` is called"]
pub struct ReduceArgs {
    how: How,
    pub(super) input: Arg,
    pub(super) axis: Option<Arg>,
    pub(super) keepdims: bool,
    name: Option<String>,
}

/// What a reduction is built of.
enum How {
    /// One operation.
    Op(&'static OpDef),
    /// Several, by this function.
    Function(fn(ReduceArgs) -> Tensor),
}

impl ReduceArgs {
    /// A reduction that `function` builds of several operations.
    pub(super) fn composed(input: impl IntoTensor, function: fn(ReduceArgs) -> Tensor) -> Self {
        ReduceArgs { how: How::Function(function), input: input.into_arg(), axis: None, keepdims: false, name: None }
    }

    /// The same dimensions as another reduction, all of them if that says none.
    pub(super) fn along(mut self, axis: &Option<Arg>) -> Self {
        self.axis.clone_from(axis);
        self
    }

    /// The dimensions that go: one int32 or int64 or a list of them, negative ones counted from the end; all if not said.
    pub fn axis(mut self, axis: impl IntoTensor) -> Self {
        self.axis = Some(axis.into_arg());
        self
    }

    /// The same as [`axis`](ReduceArgs::axis), as TensorFlow called it first.
    pub fn reduction_indices(self, axis: impl IntoTensor) -> Self {
        self.axis(axis)
    }

    /// Whether reduced dimensions stay, with size 1; they go if not said.
    pub fn keepdims(mut self, keepdims: bool) -> Self {
        self.keepdims = keepdims;
        self
    }

    /// The same as [`keepdims`](ReduceArgs::keepdims), as TensorFlow called it first.
    pub fn keep_dims(self, keepdims: bool) -> Self {
        self.keepdims(keepdims)
    }

    /// The name of the node.
    pub(crate) fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Builds the reduction, one operation, under the full name `name`.
    #[track_caller]
    pub(crate) fn build_exact(self, name: &str) -> Tensor {
        ReduceArgs { name: Some(name.to_owned()), ..self }.build()
    }

    /// Builds the reduction.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let _line = built_at(here());
        let op = match self.how {
            How::Op(op) => op,
            How::Function(function) => return function(self),
        };
        let input = convert(self.input, "input_tensor", None);
        let everything = self.axis.is_none() && !self.keepdims;
        let axis = self.axis.unwrap_or_else(|| all_axes(input));
        let mut call = op.call([Arg::Tensor(input), axis]);
        if let Some(name) = self.name {
            call = call.name(name);
        }
        let reduced = call.attr("keep_dims", self.keepdims).single();
        if everything {
            reduced.set_shape(PartialShape::scalar());
        }
        reduced
    }
}

/// All dimensions of `x`, as TensorFlow builds them: a constant if their number is known.
#[track_caller]
fn all_axes(x: Tensor) -> Arg {
    let axes = match x.rank() {
        Some(rank @ 1..) => convert(Value::vector((0..rank as i32).collect::<Vec<_>>()).into_arg(), "Const", None),
        _ => range(0, rank(x), 1),
    };
    Arg::Tensor(axes)
}

macro_rules! functions {
    ($($(#[$doc:meta])* $function:ident $args:ident $op:ident;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function(input: impl IntoTensor) -> Tensor {
            $args(input).build()
        }

        #[doc = concat!("[`", stringify!($function), "`] with keyword arguments.")]
        pub fn $args(input: impl IntoTensor) -> ReduceArgs {
            ReduceArgs { how: How::Op(&$op), input: input.into_arg(), axis: None, keepdims: false, name: None }
        }
    )*};
}

functions! {
    /// The sum of all elements. TF: `tf.reduce_sum`. Numbers; 0 for an empty array.
    ///
    /// The gradient is that of the sum, for every element. With keyword arguments `axis` and `keepdims`:
    ///
    /// ```
    /// use flowstone as tf;
    /// let x = tf::constant([[1.0, 2.0], [3.0, 4.0]]);
    /// let (all, rows) = (tf::reduce_sum(x), tf::reduce_sum!(x, axis = 1));
    /// let (all, rows) = tf::Session()?.run((all, rows), tf::feed_dict! {})?;
    /// assert_eq!((all.item::<f32>()?, rows.as_slice::<f32>()?), (10.0, &[3.0, 7.0][..]));
    /// # Ok::<(), tf::Error>(())
    /// ```
    reduce_sum reduce_sum_args SUM;
    /// The mean of all elements. TF: `tf.reduce_mean`. Numbers; NaN for an empty array, and whole numbers round
    /// towards zero. Keyword arguments `axis` and `keepdims`.
    reduce_mean reduce_mean_args MEAN;
    /// The product of all elements. TF: `tf.reduce_prod`. Numbers; 1 for an empty array.
    /// Keyword arguments `axis` and `keepdims`. The gradient is right where elements are 0, too.
    reduce_prod reduce_prod_args PROD;
    /// The largest element. TF: `tf.reduce_max`. Numbers; the lowest number of the type for an empty array.
    /// Keyword arguments `axis` and `keepdims`. The gradient is shared by the elements that are the largest.
    reduce_max reduce_max_args MAX;
    /// The smallest element. TF: `tf.reduce_min`. Numbers; the highest number of the type for an empty array.
    /// Keyword arguments `axis` and `keepdims`. The gradient is shared by the elements that are the smallest.
    reduce_min reduce_min_args MIN;
    /// Whether all elements are true. TF: `tf.reduce_all`. bool; true for an empty array. Keyword arguments `axis` and
    /// `keepdims`. No gradient.
    reduce_all reduce_all_args ALL;
    /// Whether any element is true. TF: `tf.reduce_any`. bool; false for an empty array. Keyword arguments `axis` and
    /// `keepdims`. No gradient.
    reduce_any reduce_any_args ANY;
    /// The square root of the sum of squares. TF: `tf.math.reduce_euclidean_norm`. Numbers; keyword arguments `axis` and
    /// `keepdims`.
    reduce_euclidean_norm reduce_euclidean_norm_args EUCLIDEAN_NORM;
}

/// `x` summed along none of its dimensions. TensorFlow takes an empty list for one of floating-point numbers first, which
/// leaves a constant that nobody uses.
#[track_caller]
pub(super) fn sum_along_none(x: Tensor) -> Tensor {
    let x = x.into_arg();
    let scope = Scope::open(&[&x], "Sum");
    convert(Value::vector(Vec::<f32>::new()).into_arg(), "reduction_indices", None);
    let none = convert(Value::vector(Vec::<i32>::new()).into_arg(), "reduction_indices", None);
    SUM.call([x, none.into_arg()]).attr("keep_dims", true).name(scope.itself()).single()
}

/// For each of `rank` dimensions whether it goes.
fn reduced_axes(axes: &[i64], rank: usize) -> Result<SmallVec<[bool; 4]>> {
    let mut reduced = SmallVec::from_elem(false, rank);
    for &axis in axes {
        reduced[resolve_axis(axis, rank)?] = true;
    }
    Ok(reduced)
}

fn infer(ctx: &mut InferCtx) -> Result<()> {
    let keep = ctx.attrs().bool("keep_dims")?;
    let Some(dims) = ctx.shape(0)?.dims() else { return ctx.set(0, PartialShape::unknown()) };
    let Some(axes) = ctx.known_integers(1)? else {
        return ctx.set(0, if keep { PartialShape::unknown_of_rank(dims.len()) } else { PartialShape::unknown() });
    };
    let reduced = reduced_axes(&axes, dims.len())?;
    let kept: Vec<Dim> = dims
        .iter()
        .zip(reduced)
        .filter_map(|(dim, gone)| if gone { keep.then_some(Some(1)) } else { Some(*dim) })
        .collect();
    ctx.set(0, PartialShape::new(kept))
}

fn plan(ctx: &KernelCtx) -> Result<Reduction> {
    let shape = ctx.inputs.shape(0)?;
    let reduced = reduced_axes(&ctx.inputs.value(1)?.integers()?, shape.rank())?;
    Ok(Reduction::new(shape, &reduced))
}

/// Reduces, and gives how many elements became one.
fn join_all<T: Element + Copy>(ctx: &mut KernelCtx, by: Joining<T>) -> Result<usize> {
    let plan = plan(ctx)?;
    plan.run(ctx.inputs.slice::<T>(0)?, ctx.outputs.slice::<T>(0)?, by);
    Ok(plan.count())
}

fn run<T: Number>(ctx: &mut KernelCtx, by: Joining<T>, finish: fn(&mut [T], usize)) -> Result<()> {
    let count = join_all(ctx, by)?;
    finish(ctx.outputs.slice(0)?, count);
    Ok(())
}

macro_rules! joins {
    ($($name:ident: $T:ty $(where $N:ident)?, $start:expr, |$a:ident, $b:ident| $join:expr;)*) => {$(
        struct $name;

        impl$(<$N: Number>)? Join<$T> for $name {
            const START: $T = $start;
            #[inline(always)]
            fn join($a: $T, $b: $T) -> $T {
                $join
            }
        }
    )*};
}

joins! {
    Times: T where T, T::ONE, |a, b| a.times(b);
    Larger: T where T, T::LOWEST, |a, b| if b > a || b.is_nan() { b } else { a };
    Smaller: T where T, T::HIGHEST, |a, b| if b < a || b.is_nan() { b } else { a };
    And: bool, true, |a, b| a && b;
    Or: bool, false, |a, b| a || b;
}

macro_rules! reductions {
    ($($op:ident $name:literal, $T:ident, $join:ty, $finish:expr, $grad:expr;)*) => {$(
        pub(super) static $op: OpDef = OpDef {
            sig: Sig::new(concat!(
                $name,
                "(input: T, reduction_indices: Tidx) -> (output: T) ",
                "where keep_dims: bool = false, T: number, Tidx: index = int32"
            )),
            infer,
            kernel: Kernel::Run(|ctx| {
                dispatch!(ctx.node.dtype()?, numbers, $T => run::<$T>(ctx, Joining::by::<$join>(), $finish))
            }),
            grad: $grad,
            flags: Flags::PURE,
        };
    )*};
}

reductions! {
    SUM "Sum", T, Plus, |_, _| (), Grad::Rule(|g| Ok(vec![Some(sum_grad(g)?), None]));
    MEAN "Mean", T, Plus, |sums, count| sums.iter_mut().for_each(|sum| *sum = mean_of(*sum, count)),
        Grad::Rule(mean_grad);
    PROD "Prod", T, Times, |_, _| (),
        Grad::Rule(|g| Ok(vec![Some(product_grad(g)?), None]));
    MAX "Max", T, Larger, |_, _| (), Grad::Rule(extreme_grad);
    MIN "Min", T, Smaller, |_, _| (), Grad::Rule(extreme_grad);
}

macro_rules! truth_reductions {
    ($($op:ident $sig:literal $join:ty;)*) => {$(
        pub(super) static $op: OpDef = OpDef {
            sig: Sig::new($sig),
            infer,
            kernel: Kernel::Run(|ctx| join_all::<bool>(ctx, Joining::by::<$join>()).map(drop)),
            grad: Grad::Missing("a truth value is not smooth"),
            flags: Flags::PURE,
        };
    )*};
}

truth_reductions! {
    ALL "All(input: bool, reduction_indices: Tidx) -> (output: bool) where keep_dims: bool = false, Tidx: index = int32"
        And;
    ANY "Any(input: bool, reduction_indices: Tidx) -> (output: bool) where keep_dims: bool = false, Tidx: index = int32"
        Or;
}

pub(super) static EUCLIDEAN_NORM: OpDef = OpDef {
    sig: Sig::new(
        "EuclideanNorm(input: T, reduction_indices: Tidx) -> (output: T) \
         where keep_dims: bool = false, T: number, Tidx: index = int32",
    ),
    infer,
    kernel: Kernel::Run(|ctx| {
        let plan = plan(ctx)?;
        dispatch!(ctx.node.dtype()?, numbers, T => {
            let squares: Vec<T> = ctx.inputs.slice::<T>(0)?.iter().map(|x| x.times(*x)).collect();
            let out = ctx.outputs.slice::<T>(0)?;
            plan.run(&squares, out, Joining::by::<Plus>());
            out.iter_mut().for_each(|x| *x = T::from_f64(x.to_f64().sqrt()));
            Ok(())
        })
    }),
    grad: Grad::Rule(norm_grad),
    flags: Flags::PURE,
};

fn norm_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let (mut y, mut dy) = (g.y(0), g.dy(0));
    if !g.attrs().bool("keep_dims")? {
        let kept = kept_shape(shape(g.x(0)), g.x(1));
        (y, dy) = (reshape(y, kept.clone()), reshape(dy, kept));
    }
    Ok(vec![Some(truediv_named(g.x(0).into_arg(), (y / dy).into_arg(), "truediv")), None])
}

pub(super) fn mean_of<T: Number>(sum: T, count: usize) -> T {
    if T::DTYPE.is_floating() {
        T::from_f64(sum.to_f64() / count as f64)
    } else if count == 0 {
        T::ZERO
    } else {
        T::from_f64((sum.to_f64() / count as f64).trunc())
    }
}

fn sum_grad(g: &GradCtx) -> Result<Tensor> {
    let (x, dy) = (g.x(0), g.dy(0));
    let x_shape = x.shape();
    if let (Some(dims), Some(axes)) = (x_shape.dims(), g.integers(1)) {
        let rank = dims.len();
        if axes.iter().copied().eq(0..rank as i64) {
            let dy = reshape_to_known(dy, vec![1; rank]);
            let multiples = match sizes(&x_shape) {
                Some(sizes) => g.constant(Value::vector(sizes), "Const"),
                None => shape(x),
            };
            return Ok(tile(dy, multiples));
        }
        if let Some(sizes) = sizes(&x_shape) {
            let reduced = reduced_axes(&axes, rank)?;
            let kept: Vec<i32> = sizes.iter().zip(&reduced).map(|(n, gone)| if *gone { 1 } else { *n }).collect();
            let times: Vec<i32> = sizes.iter().zip(&reduced).map(|(n, gone)| if *gone { *n } else { 1 }).collect();
            leave_division(g, &sizes, &axes, &kept);
            return Ok(tile(reshape(dy, kept), times));
        }
    }
    let input_shape = shape(x);
    let dy = if g.attrs().bool("keep_dims")? {
        dy
    } else {
        let kept = {
            let _near = g.graph().colocate_with(input_shape.op());
            kept_shape(input_shape, g.x(1))
        };
        reshape(dy, kept)
    };
    Ok(broadcast_to(dy, input_shape))
}

/// TensorFlow computes by how much to tile with nodes that it then leaves unused, once in a graph for each shape and
/// list of axes. They are built here too, since they take part in naming.
fn leave_division(g: &GradCtx, sizes: &[i32], axes: &[i64], kept: &[i32]) {
    if g.graph().first_time(format!("division of {sizes:?} reduced along {axes:?}")) {
        floordiv_named(sizes.into_arg(), maximum(kept, 1).into_arg(), "floordiv");
    }
}

fn sizes(shape: &PartialShape) -> Option<Vec<i32>> {
    shape.known()?.iter().map(|&n| i32::try_from(n).ok()).collect()
}

/// The shape of a reduction that keeps its dimensions: `input_shape` with 1 at `axes`. TF: `reduced_shape`.
pub(super) fn kept_shape(input_shape: Tensor, axes: Tensor) -> Arg {
    if let (Some(mut sizes), Some(axes)) = (constant_integers(input_shape), constant_integers(axes)) {
        for axis in axes {
            if let Some(size) = resolve_axis(axis, sizes.len()).ok().and_then(|axis| sizes.get_mut(axis)) {
                *size = 1;
            }
        }
        return Arg::Literal(Value::vector(sizes).convert(DType::Int32).map(Literal::firm));
    }
    let dtype = axes.dtype().unwrap_or(DType::Int32);
    let count = size_as(input_shape, dtype);
    let axes = (axes + count) % count;
    let ones = ones_of(shape(axes), DType::Int32, "ones");
    // Numbers are int32 here, whatever type the axes have.
    let places = [range(0, count, 1), axes].map(|list| cast(list, DType::Int32));
    dynamic_stitch(places, [input_shape, ones]).into_arg()
}

fn mean_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let sum = sum_grad(g)?;
    let dtype = sum.dtype()?;
    let (x, y) = (g.x(0).shape(), g.y(0).shape());
    let factor = match (x.num_elements(), y.num_elements()) {
        (Some(x), Some(y)) => {
            let factor = Value::scalar((x / y.max(1)) as f64).convert(dtype)?;
            g.constant(factor, "Const")
        }
        _ => {
            let input_shape = shape(g.x(0));
            let count = size(input_shape);
            let axes = (cast(g.x(1), DType::Int32) + count) % count;
            cast(reduce_prod(gather(input_shape, axes)), dtype)
        }
    };
    Ok(vec![Some(truediv_named(sum.into_arg(), factor.into_arg(), "truediv")), None])
}

/// Each element's share is the product of all others: two running products, so that zeros do no harm.
fn product_grad(g: &GradCtx) -> Result<Tensor> {
    let (x, mut dy) = (g.x(0), g.dy(0));
    let input_shape = shape(x);
    let axes = reshape(g.x(1), [-1]);
    if !g.attrs().bool("keep_dims")? {
        dy = reshape(dy, kept_shape(input_shape, g.x(1)));
    }
    dy = broadcast_to(dy, input_shape);
    let (perm, counts) = {
        let _device = g.graph().device("/cpu:0");
        let rank = rank(x);
        let reduced = (cast(axes, DType::Int32) + rank) % rank;
        let (kept, _) = setdiff1d(range(0, rank, 1), reduced);
        let perm = concat([reduced, kept], 0);
        (perm, [reduced, kept].map(|axes| reduce_prod(gather(input_shape, axes))))
    };
    // All that is multiplied along one dimension.
    let permuted = transpose(x, perm);
    let permuted_shape = shape(permuted);
    let lines = reshape_to(permuted, counts.map(IntoTensor::into_arg).to_vec());
    let left = cumprod_args(lines).axis(0).exclusive(true).build();
    let right = cumprod_args(lines).axis(0).exclusive(true).reverse(true).build();
    let others = reshape(left * right, permuted_shape);
    let dx = dy * transpose(others, invert_permutation(perm));
    Ok(reshape(dx, input_shape))
}

fn extreme_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let (x, mut y, mut dy) = (g.x(0), g.y(0), g.dy(0));
    let input_shape = shape(x);
    let kept = if g.attrs().bool("keep_dims")? {
        shape(y).into_arg()
    } else {
        let kept = kept_shape(input_shape, g.x(1));
        (y, dy) = (reshape(y, kept.clone()), reshape(dy, kept.clone()));
        kept
    };
    let indicators = cast(equal(y, x), dy.dtype()?);
    let selected = reshape(reduce_sum_args(indicators).axis(g.x(1)).build(), kept);
    Ok(vec![Some(truediv_named(indicators.into_arg(), selected.into_arg(), "truediv") * dy), None])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn reductions_over_everything_are_whole() {
        OpTest::new(|x| vec![reduce_sum(x[0]), reduce_mean(x[0]), reduce_max(x[0]), reduce_min(x[0])])
            .inputs([[[1.0f32, 2.0, 3.0], [4.0, 5.0, 9.0]].into()])
            .expect([24.0f32, 4.0, 9.0, 1.0].map(Value::scalar))
            .differentiable(&[0])
            .run();
        OpTest::new(|x| vec![reduce_prod(x[0])]).inputs([[2i32, 3, 4].into()]).expect([Value::scalar(24i32)]).run();
    }

    #[test]
    fn reductions_along_axes_are_whole() {
        let x: Value = [[1.0f32, 2.0, 3.0], [4.0, 5.0, 9.0]].into();
        OpTest::new(|x| {
            vec![
                reduce_sum_args(x[0]).axis(0).build(),
                reduce_mean_args(x[0]).axis([-1]).keepdims(true).build(),
                reduce_max_args(x[0]).axis(1).build(),
            ]
        })
        .inputs([x.clone()])
        .expect([[5.0f32, 7.0, 12.0].into(), [[2.0f32], [6.0]].into(), [3.0f32, 9.0].into()])
        .differentiable(&[0])
        .run();
        OpTest::new(|x| vec![reduce_sum_args(x[0]).axis(x[1]).build()])
            .inputs([x, Value::vector(Vec::<i32>::new())])
            .expect([[[1.0f32, 2.0, 3.0], [4.0, 5.0, 9.0]].into()])
            .run();
    }

    #[test]
    fn truth_and_norms_are_whole() {
        OpTest::new(|x| vec![reduce_all(x[0]), reduce_any_args(x[0]).axis(1).build()])
            .inputs([[[true, false], [false, false]].into()])
            .expect([Value::scalar(false), [true, false].into()])
            .run();
        OpTest::new(|x| vec![reduce_euclidean_norm(x[0]), reduce_euclidean_norm_args(x[0]).axis(1).build()])
            .inputs([[[3.0f32, 4.0], [0.0, 12.0]].into()])
            .expect([Value::scalar(13.0f32), [5.0f32, 12.0].into()])
            .differentiable(&[0])
            .run();
    }

    #[test]
    fn empty_arrays_have_the_neutral_element() {
        let empty = Value::vector(Vec::<f32>::new());
        OpTest::new(|x| vec![reduce_sum(x[0]), reduce_mean(x[0]), reduce_prod(x[0]), reduce_max(x[0])])
            .inputs([empty])
            .expect([0.0f32, f32::NAN, 1.0, f32::NEG_INFINITY].map(Value::scalar))
            .run();
        let error = build_error(|| reduce_sum_args(crate::ops::array::zeros([2])).axis(1).build());
        assert!(error.contains("Sum: axis 1 is not in [-1, 1)"), "{error}");
    }
}
