//! Add, Sub, Mul, RealDiv, FloorDiv, FloorMod with broadcasting, and Rust's operators for tensors.

use std::ops;

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, built_at, get_default_graph, here};
use crate::op::{
    Arg, Flags, Grad, GradCtx, Gradient, InferCtx, IntoTensor, Kernel, KernelCtx, KernelFn, NodeInfo, OpDef, Sig,
    convert, rules,
};
use crate::ops::array::{broadcast_gradient_args, reshape, shape};
use crate::ops::elementwise::{binary, binary_kernel, kernel_fn, pairs};
use crate::ops::math::reduce::sum_along_none;
use crate::ops::math::{cast, reduce_sum_args};
use crate::ops::scope::refuse;
use crate::ops::state::Variable;
use crate::shape::{Dim, PartialShape};
use crate::value::{Number, Value};

macro_rules! binary_functions {
    ($($(#[$doc:meta])* $function:ident $op:ident $name:literal;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function(x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
            $op.call([x.into_arg(), y.into_arg()]).name($name).single()
        }
    )*};
}

binary_functions! {
    /// `x + y`, element by element, broadcast. TF: `tf.add`.
    ///
    /// Numbers of one type. The gradients are summed over broadcast dimensions. The operator `+` does the same.
    ///
    /// ```
    /// use flowstone as tf;
    /// let y = tf::add([[1.0], [2.0]], [10.0, 20.0]);
    /// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [11.0, 21.0, 12.0, 22.0]);
    /// # Ok::<(), tf::Error>(())
    /// ```
    add ADD_V2 "Add";
    /// `x - y`, element by element, broadcast. TF: `tf.subtract`. The operator `-` does the same.
    subtract SUB "Sub";
    /// `x * y`, element by element, broadcast. TF: `tf.multiply`. The operator `*` does the same.
    multiply MUL "Mul";
    /// `x / y`, and 0 where `y` is 0, element by element, broadcast. TF: `tf.div_no_nan`. float32 or float64.
    div_no_nan DIV_NO_NAN "div_no_nan";
    /// The largest whole number not above `x / y`, element by element, broadcast. TF: `tf.floordiv`.
    ///
    /// Division of whole numbers by zero is an error of the run. No gradient.
    floordiv FLOOR_DIV "floordiv";
    /// What is left of `x` after `floordiv(x, y)` times `y`; it has the sign of `y`. TF: `tf.floormod`, `tf.mod`.
    ///
    /// Division of whole numbers by zero is an error of the run.
    floormod FLOOR_MOD "FloorMod";
}

/// `x` times the single number `scalar`. TF: `tf.scalar_mul`. An error if `scalar` has dimensions.
#[track_caller]
pub fn scalar_mul(scalar: impl IntoTensor, x: impl IntoTensor) -> Tensor {
    let x = convert(x.into_arg(), "x", None);
    let scalar = convert(scalar.into_arg(), "scalar", x.dtype().ok());
    if scalar.rank() != Some(0) {
        let error = Error::invalid_argument(format!("scalar has shape {}, not []", scalar.shape()));
        return refuse("scalar_mul", error);
    }
    raw_mul(scalar, x)
}

/// The sum of `inputs`. TF: `tf.accumulate_n`; the same as [`add_n`](super::add_n).
#[track_caller]
pub fn accumulate_n<T: IntoTensor>(inputs: impl IntoIterator<Item = T>) -> Tensor {
    super::add_n(inputs)
}

/// `x - y` as Python's operator names it.
#[track_caller]
pub(crate) fn sub(x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
    SUB.call([x.into_arg(), y.into_arg()]).name("sub").single()
}

/// `x * y` as the bare operation is named.
#[track_caller]
pub(crate) fn raw_mul(x: Tensor, y: Tensor) -> Tensor {
    MUL.call([x.into_arg(), y.into_arg()]).single()
}

/// `x + y` with a name.
#[track_caller]
pub(crate) fn add_named(x: Arg, y: Arg, name: &str) -> Tensor {
    ADD_V2.call([x, y]).name(name).single()
}

/// `floordiv` with a name.
#[track_caller]
pub(crate) fn floordiv_named(x: Arg, y: Arg, name: &str) -> Tensor {
    FLOOR_DIV.call([x, y]).name(name).single()
}

/// `x * y` with a name.
#[track_caller]
pub(crate) fn mul_named(x: Arg, y: Arg, name: &str) -> Tensor {
    MUL.call([x, y]).name(name).single()
}

/// `-x`.
#[track_caller]
pub(crate) fn neg(x: impl IntoTensor) -> Tensor {
    super::unary::NEG.call([x.into_arg()]).single()
}

/// `x / y`, element by element, broadcast. TF: `tf.divide`, and `/` of Python 3.
///
/// Whole numbers are converted first: int32 and int64 to float64, uint8 to float32. The operator `/` does the same.
#[track_caller]
pub fn divide(x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
    truediv_named(x.into_arg(), y.into_arg(), "truediv")
}

#[track_caller]
pub(crate) fn truediv_named(x: Arg, y: Arg, name: &str) -> Tensor {
    let dtype = [&x, &y].into_iter().find_map(|arg| arg.tensor().and_then(|t| t.dtype().ok()));
    let wide = match dtype {
        Some(DType::Int32 | DType::Int64) => Some(DType::Float64),
        Some(DType::UInt8) => Some(DType::Float32),
        _ => None,
    };
    let Some(wide) = wide else { return REAL_DIV.call([x, y]).name(name).single() };
    let args = [x, y];
    let graph = Arg::graph_of(&args).unwrap_or_else(|_| get_default_graph());
    let scope = graph.scope_name(name);
    let _scope = graph.scope(&format!("{scope}/"));
    let [x, y] = args;
    let [x, y] = [(x, "x"), (y, "y")].map(|(arg, name)| cast(convert(arg, name, dtype), wide));
    REAL_DIV.call([x.into_arg(), y.into_arg()]).name(format!("{scope}/")).single()
}

/// As TensorFlow's operators do: a variable on the left is read before the scope of the operation opens.
#[track_caller]
fn read_first(left: Arg) -> Arg {
    if let Arg::Handle(_) = left { convert(left, "x", None).into_arg() } else { left }
}

/// Tensors and variables on the left take anything on the right; numbers on the left take tensors and variables.
macro_rules! operators {
    ($($trait:ident $method:ident $build:expr;)*) => {$(
        const _: () = {
            const BUILD: fn(Arg, Arg) -> Tensor = $build;
            operators!(@ $trait $method BUILD, [R: IntoTensor] R, [Tensor Variable Gradient]);
            operators!(@ $trait $method BUILD, [] Tensor, [f32 f64 i32 i64]);
            operators!(@ $trait $method BUILD, [] Variable, [f32 f64 i32 i64]);
            operators!(@ $trait $method BUILD, [] Gradient, [f32 f64 i32 i64]);
        };
    )*};
    (@ $trait:ident $method:ident $build:expr, [$($generics:tt)*] $right:ty, [$left:ty]) => {
        impl<$($generics)*> ops::$trait<$right> for $left {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: $right) -> Tensor {
                let _line = built_at(here());
                $build(read_first(self.into_arg()), other.into_arg())
            }
        }
    };
    (@ $trait:ident $method:ident $build:expr, $generics:tt $right:ty, [$($left:ty)*]) => {
        $(operators!(@ $trait $method $build, $generics $right, [$left]);)*
    };
}

operators! {
    Add add |x, y| ADD_V2.call([x, y]).name("add").single();
    Sub sub |x, y| SUB.call([x, y]).name("sub").single();
    Mul mul |x, y| MUL.call([x, y]).name("mul").single();
    Rem rem |x, y| FLOOR_MOD.call([x, y]).name("mod").single();
    Div div |x, y| truediv_named(x, y, "truediv");
}

impl ops::Neg for Tensor {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        neg(self)
    }
}

impl ops::Neg for Gradient {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        neg(self)
    }
}

impl ops::Neg for Variable {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        neg(read_first(self.into_arg()))
    }
}

/// The broadcast shape, and the integers where both operands' are known.
fn infer(ctx: &mut InferCtx, join: fn(i64, i64) -> Option<i64>) -> Result<()> {
    rules::broadcasting(ctx)?;
    let (a, b) = (ctx.input(0)?, ctx.input(1)?);
    if let (Some(x), Some(y)) = (&a.integers, &b.integers) {
        let small = [a, b].iter().all(|fact| fact.shape.rank().is_some_and(|rank| rank <= 1));
        let n = x.len().max(y.len());
        if small && (x.len() == n || x.len() == 1) && (y.len() == n || y.len() == 1) && !x.is_empty() && !y.is_empty() {
            let at = |list: &[Option<i64>], i: usize| if list.len() == 1 { list[0] } else { list[i] };
            let joined: Vec<Option<i64>> = (0..n).map(|i| join(at(x, i)?, at(y, i)?)).collect();
            ctx.set_integers(0, joined);
        }
    }
    Ok(())
}

/// What a gradient to an operand is summed over.
enum Axes {
    Known(Vec<i32>),
    Computed(Tensor),
}

/// Gradients `gx` and `gy` of the broadcast shape, summed to the shapes of `x` and `y`; TF: `_ReduceGradientArgs`.
pub(crate) fn reduce_gradients(x: Tensor, y: Tensor, gx: Tensor, gy: Tensor) -> Vec<Option<Tensor>> {
    reduce_some_gradients(x, y, [Some(gx), Some(gy)])
}

/// As [`reduce_gradients`], where there may be no gradient.
pub(super) fn reduce_some_gradients(x: Tensor, y: Tensor, [gx, gy]: [Option<Tensor>; 2]) -> Vec<Option<Tensor>> {
    let (sx, sy) = (shape(x), shape(y));
    let (ax, ay) = match reduction_axes(&x.shape(), &y.shape()) {
        Some((ax, ay)) => (Axes::Known(ax), Axes::Known(ay)),
        None => {
            let (ax, ay) = broadcast_gradient_args(sx, sy);
            (Axes::Computed(ax), Axes::Computed(ay))
        }
    };
    let reduce = |gradient: Tensor, shape: Tensor, axes: Axes, own: Tensor, other: Tensor| {
        let axes = match axes {
            Axes::Known(axes) if axes.is_empty() && own.rank() >= other.rank() => return gradient,
            Axes::Known(axes) if axes.is_empty() => return reshape(sum_along_none(gradient), shape),
            Axes::Known(axes) => axes.into_arg(),
            Axes::Computed(axes) => axes.into_arg(),
        };
        reshape(reduce_sum_args(gradient).axis(axes).keepdims(true).build(), shape)
    };
    vec![gx.map(|gx| reduce(gx, sx, ax, x, y)), gy.map(|gy| reduce(gy, sy, ay, y, x))]
}

/// The axes along which each operand is repeated, if that is known.
fn reduction_axes(x: &PartialShape, y: &PartialShape) -> Option<(Vec<i32>, Vec<i32>)> {
    let (x, y) = (x.dims()?, y.dims()?);
    let rank = x.len().max(y.len());
    let dim = |dims: &[Dim], axis: usize| (axis + dims.len()).checked_sub(rank).map_or(Some(1), |i| dims[i]);
    let (mut ax, mut ay) = (Vec::new(), Vec::new());
    for axis in 0..rank {
        match (dim(x, axis), dim(y, axis)) {
            (Some(1), Some(1)) => {}
            (Some(1), _) => ax.push(axis as i32),
            (_, Some(1)) => ay.push(axis as i32),
            (None, _) | (_, None) => return None,
            _ => {}
        }
    }
    Some((ax, ay))
}

/// Whether both operands and the gradient have one shape, all of it known.
pub(super) fn all_equal(g: &GradCtx) -> bool {
    let (x, y, dy) = (g.x(0).shape(), g.x(1).shape(), g.dy(0).shape());
    x.is_known() && x == y && x == dy
}

pub(crate) static ADD_V2: OpDef = OpDef {
    sig: Sig::new("AddV2(x: T, y: T) -> (z: T) where T: number"),
    infer: |ctx| infer(ctx, i64::checked_add),
    kernel: binary_kernel!(numbers, T, |x: T, y: T| x.plus(y)),
    grad: Grad::Rule(add_grad),
    flags: Flags::ELEMENTWISE,
};

fn add_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let dy = g.dy(0);
    Ok(if all_equal(g) { vec![Some(dy), Some(dy)] } else { reduce_gradients(g.x(0), g.x(1), dy, dy) })
}

/// The dialect of older graphs; strings too.
pub(super) static ADD: OpDef = OpDef {
    sig: Sig::new("Add(x: T, y: T) -> (z: T) where T: {float32, float64, int32, int64, uint8, string}"),
    infer: |ctx| infer(ctx, i64::checked_add),
    kernel: Kernel::Make(|node| match node.dtype()? {
        DType::String => kernel_fn(|ctx| {
            let pairs = pairs(ctx.inputs.shape(0)?, ctx.inputs.shape(1)?, ctx.outputs.shape(0)?);
            let (a, b) = (ctx.inputs.slice::<Vec<u8>>(0)?, ctx.inputs.slice::<Vec<u8>>(1)?);
            for (out, (i, j)) in ctx.outputs.slice::<Vec<u8>>(0)?.iter_mut().zip(pairs) {
                *out = [a[i].as_slice(), b[j].as_slice()].concat();
            }
            Ok(())
        }),
        _ => node.kernel_of(&ADD_V2),
    }),
    grad: Grad::Rule(add_grad),
    flags: Flags::ELEMENTWISE,
};

pub(crate) static SUB: OpDef = OpDef {
    sig: Sig::new("Sub(x: T, y: T) -> (z: T) where T: number"),
    infer: |ctx| infer(ctx, i64::checked_sub),
    kernel: binary_kernel!(numbers, T, |x: T, y: T| x.minus(y)),
    grad: Grad::Rule(|g| {
        let dy = g.dy(0);
        let minus = neg(dy);
        Ok(if all_equal(g) { vec![Some(dy), Some(minus)] } else { reduce_gradients(g.x(0), g.x(1), dy, minus) })
    }),
    flags: Flags::ELEMENTWISE,
};

pub(crate) static MUL: OpDef = OpDef {
    sig: Sig::new("Mul(x: T, y: T) -> (z: T) where T: number"),
    infer: |ctx| infer(ctx, i64::checked_mul),
    kernel: binary_kernel!(numbers, T, |x: T, y: T| x.times(y)),
    grad: Grad::Rule(|g| {
        let (x, y, dy) = (g.x(0), g.x(1), g.dy(0));
        if all_equal(g) && matches!(dy.dtype()?, DType::Int32 | DType::Float32) {
            return Ok(vec![Some(raw_mul(dy, y)), Some(raw_mul(dy, x))]);
        }
        let (gx, gy) = (raw_mul(dy, y), raw_mul(x, dy));
        Ok(reduce_gradients(x, y, gx, gy))
    }),
    flags: Flags::ELEMENTWISE,
};

pub(super) static REAL_DIV: OpDef = OpDef {
    sig: Sig::new("RealDiv(x: T, y: T) -> (z: T) where T: floating"),
    infer: rules::broadcasting,
    kernel: binary_kernel!(floats, T, |x: T, y: T| x / y),
    grad: Grad::Rule(|g| {
        let (x, y, dy) = (g.x(0), g.x(1), g.dy(0));
        let div = |x: Tensor, y: Tensor| REAL_DIV.call([x.into_arg(), y.into_arg()]).single();
        let gx = div(dy, y);
        let gy = dy * div(div(-x, y), y);
        Ok(reduce_gradients(x, y, gx, gy))
    }),
    flags: Flags::ELEMENTWISE,
};

/// `(x - y) * (x - y)`, element by element, broadcast. TF: `tf.squared_difference`. Numbers of one type.
#[track_caller]
pub fn squared_difference(x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
    SQUARED_DIFFERENCE.call([x.into_arg(), y.into_arg()]).single()
}

pub(super) static SQUARED_DIFFERENCE: OpDef = OpDef {
    sig: Sig::new("SquaredDifference(x: T, y: T) -> (z: T) where T: number"),
    infer: rules::broadcasting,
    kernel: binary_kernel!(numbers, T, |x: T, y: T| x.minus(y).times(x.minus(y))),
    grad: Grad::Rule(|g| {
        let (x, y, dy) = (g.x(0), g.x(1), g.dy(0));
        let gx = {
            let _after = g.graph().control_dependencies(&[dy.op()]);
            let two = g.constant(Value::scalar(2).convert(dy.dtype()?)?, "scalar");
            multiply(two, dy) * (x - y)
        };
        let gy = -gx;
        Ok(if all_equal(g) { vec![Some(gx), Some(gy)] } else { reduce_gradients(x, y, gx, gy) })
    }),
    flags: Flags::ELEMENTWISE,
};

pub(crate) static DIV_NO_NAN: OpDef = OpDef {
    sig: Sig::new("DivNoNan(x: T, y: T) -> (z: T) where T: floating"),
    infer: rules::broadcasting,
    kernel: binary_kernel!(floats, T, |x: T, y: T| if y == 0.0 { 0.0 } else { x / y }),
    grad: Grad::Rule(|g| {
        let (x, y, dy) = (g.x(0), g.x(1), g.dy(0));
        let gx = div_no_nan(dy, y);
        let gy = dy * div_no_nan(div_no_nan(-x, y), y);
        Ok(reduce_gradients(x, y, gx, gy))
    }),
    flags: Flags::ELEMENTWISE,
};

/// Division that rounds down, of one kind of number.
trait FloorDivision: Number {
    /// `None`: division by zero of whole numbers.
    fn floor_div(self, y: Self) -> Option<Self>;
    fn floor_mod(self, y: Self) -> Option<Self>;
}

macro_rules! floor_division {
    (floats $($float:ty)*) => {$(
        impl FloorDivision for $float {
            fn floor_div(self, y: Self) -> Option<Self> {
                Some((self / y).floor())
            }
            fn floor_mod(self, y: Self) -> Option<Self> {
                let rest = self % y;
                Some(if rest != 0.0 && (rest < 0.0) != (y < 0.0) { rest + y } else { rest })
            }
        }
    )*};
    (integers $($int:ty)*) => {$(
        impl FloorDivision for $int {
            fn floor_div(self, y: Self) -> Option<Self> {
                let rest = self.checked_rem(y).or((y != 0).then_some(0))?;
                let quotient = self.wrapping_div(y);
                Some(if rest != 0 && (rest ^ y) >> (<$int>::BITS - 1) != 0 { quotient - 1 } else { quotient })
            }
            fn floor_mod(self, y: Self) -> Option<Self> {
                let rest = self.checked_rem(y).or((y != 0).then_some(0))?;
                Some(if rest != 0 && (rest ^ y) >> (<$int>::BITS - 1) != 0 { rest + y } else { rest })
            }
        }
    )*};
}
floor_division!(floats f32 f64);
floor_division!(integers i32 i64);

impl FloorDivision for u8 {
    fn floor_div(self, y: Self) -> Option<Self> {
        self.checked_div(y)
    }
    fn floor_mod(self, y: Self) -> Option<Self> {
        self.checked_rem(y)
    }
}

/// Division as `f` says; an error where whole numbers are divided by zero.
pub(super) fn checked_division<T: Number>(ctx: &mut KernelCtx, f: fn(T, T) -> Option<T>) -> Result<()> {
    let divides = ctx.outputs.shape(0)?.num_elements()? > 0;
    if divides && T::DTYPE.is_integer() && ctx.inputs.slice::<T>(1)?.contains(&T::ZERO) {
        return Err(Error::invalid_argument("division of whole numbers by zero"));
    }
    binary::<T>(ctx, |x, y| f(x, y).unwrap_or(T::ZERO))
}

fn division_kernel(node: &NodeInfo, remainder: bool) -> Result<KernelFn> {
    dispatch!(node.dtype()?, numbers, T => kernel_fn(move |ctx| {
        checked_division::<T>(ctx, if remainder { T::floor_mod } else { T::floor_div })
    }))
}

pub(super) static FLOOR_DIV: OpDef = OpDef {
    sig: Sig::new("FloorDiv(x: T, y: T) -> (z: T) where T: number"),
    infer: |ctx| infer(ctx, FloorDivision::floor_div),
    kernel: Kernel::Make(|node| division_kernel(node, false)),
    grad: Grad::Stop("it is flat wherever it is smooth"),
    flags: Flags::ELEMENTWISE,
};

pub(super) static FLOOR_MOD: OpDef = OpDef {
    sig: Sig::new("FloorMod(x: T, y: T) -> (z: T) where T: number"),
    infer: |ctx| infer(ctx, FloorDivision::floor_mod),
    kernel: Kernel::Make(|node| division_kernel(node, true)),
    grad: Grad::Rule(|g| {
        let (x, y, dy) = (g.x(0), g.x(1), g.dy(0));
        let quotient = FLOOR_DIV.call([x.into_arg(), y.into_arg()]).single();
        let minus = neg(quotient);
        let gy = dy * minus;
        Ok(reduce_gradients(x, y, dy, gy))
    }),
    flags: Flags::ELEMENTWISE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::array::placeholder;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn sums_differences_products_and_quotients_are_whole() {
        let a: Value = [[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]].into();
        OpTest::new(|x| vec![x[0] + x[1], x[0] - x[1], x[0] * x[1], x[0] / x[1]])
            .inputs([a.clone(), [[2.0f32], [4.0]].into()])
            .expect([
                [[3.0f32, 4.0, 5.0], [8.0, 9.0, 10.0]].into(),
                [[-1.0f32, 0.0, 1.0], [0.0, 1.0, 2.0]].into(),
                [[2.0f32, 4.0, 6.0], [16.0, 20.0, 24.0]].into(),
                [[0.5f32, 1.0, 1.5], [1.0, 1.25, 1.5]].into(),
            ])
            .differentiable(&[0, 1])
            .run();
        OpTest::new(|x| vec![x[0] * x[1]]).inputs([a.clone(), a]).differentiable(&[0, 1]).run();
        OpTest::new(|x| vec![2.0 * x[0] - 1.0, -x[0]])
            .inputs([Value::scalar(1.5f64)])
            .expect([Value::scalar(2.0f64), Value::scalar(-1.5f64)])
            .differentiable(&[0])
            .run();
    }

    #[test]
    fn whole_numbers_wrap_and_divide_downwards() {
        OpTest::new(|x| vec![x[0] + x[1], floordiv(x[0], x[1]), x[0] % x[1]])
            .inputs([[i32::MAX, -7, 7].into(), [1i32, 2, -2].into()])
            .expect([[i32::MIN, -5, 5].into(), [i32::MAX, -4, -4].into(), [0i32, 1, -1].into()])
            .run();
        OpTest::new(|x| vec![floordiv(x[0], x[1])])
            .inputs([[i64::MIN].into(), [-1i64].into()])
            .expect([[i64::MIN].into()])
            .run();
        OpTest::new(|x| vec![x[0] % x[1], x[0] / x[1]])
            .inputs([[-7.5f32, 7.5].into(), [2.0f32, -2.0].into()])
            .expect([[0.5f32, -0.5].into(), [-3.75f32, -3.75].into()])
            .run();
        OpTest::new(|x| vec![x[0] / x[1]]).inputs([[1i32].into(), [2i32].into()]).expect([[0.5f64].into()]).run();
    }

    #[test]
    fn division_by_zero_is_an_error_where_something_is_divided() {
        OpTest::new(|x| vec![x[0] % x[1], floordiv(x[0], x[1])])
            .inputs([Value::vector(Vec::<i32>::new()), Value::scalar(0i32)])
            .expect([Value::vector(Vec::<i32>::new()), Value::vector(Vec::<i32>::new())])
            .run();
        let graph = crate::graph::Graph::new();
        let _default = graph.as_default();
        let session = crate::session::Session::new(&graph).map_err(drop);
        let error = session.map(|s| s.run(floordiv([4, 2], [2, 0]), crate::session::Feeds::new()).map(drop));
        assert!(matches!(error, Ok(Err(e)) if e.message() == "FloorDiv: division of whole numbers by zero"));
    }

    #[test]
    fn strings_are_joined_by_the_older_add() {
        OpTest::new(|x| vec![ADD.call([x[0].into_arg(), x[1].into_arg()]).single()])
            .inputs([[b"a".to_vec(), b"b".to_vec()].into(), Value::scalar(b"!".to_vec())])
            .expect([[b"a!".to_vec(), b"b!".to_vec()].into()])
            .run();
    }

    #[test]
    fn shapes_and_types_that_do_not_fit_are_errors() {
        let x = |shape: [i32; 2]| placeholder(crate::dtype::float32, shape);
        let error = build_error(|| x([2, 3]) + x([2, 4]));
        assert!(
            error.contains("AddV2: shapes [2,3] and [2,4] cannot be broadcast together\n  node add built at "),
            "{error}"
        );
        let error = build_error(|| x([2, 3]) * placeholder(crate::dtype::float64, ()));
        assert!(error.contains("argument y is float64, but float32 is needed here"), "{error}");
    }
}
