//! MatrixInverse, MatrixSolve, MatrixTriangularSolve, MatrixDeterminant, LogMatrixDeterminant.

use super::shapes::{Stack, for_each, for_each_pair, product};
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::linalg::{Lu, Matrix, solve_triangular};
use crate::op::{Arg, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, OpDef, Sig, broadcast};
use crate::ops::array::{broadcast_gradient_args, concat, matrix_band_part, reshape, shape};
use crate::ops::math::reduce_sum_args;
use crate::ops::scope::Scope;
use crate::shape::{PartialShape, merge_dims};

/// An operation on matrices under construction: the keyword arguments of [`matrix_inverse`] and its kin.
#[must_use = "nothing is built until `build` is called"]
pub struct MatrixArgs {
    op: &'static OpDef,
    args: Vec<Arg>,
    adjoint: bool,
    lower: Option<bool>,
}

impl MatrixArgs {
    fn new(op: &'static OpDef, args: impl Into<Vec<Arg>>) -> Self {
        MatrixArgs { op, args: args.into(), adjoint: false, lower: None }
    }

    /// Whether the matrix is transposed first.
    pub fn adjoint(mut self, adjoint: bool) -> Self {
        self.adjoint = adjoint;
        self
    }

    /// Whether the lower triangle of the matrix is meant, as it is if not said. For triangles only.
    pub fn lower(mut self, lower: bool) -> Self {
        self.lower = self.lower.map(|_| lower);
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let _scope = self.lower.map(|_| Scope::open(&self.args.iter().collect::<Vec<_>>(), "triangular_solve"));
        let mut args = self.args.into_iter();
        let call = match (args.next(), args.next()) {
            (Some(matrix), Some(rhs)) => self.op.call([matrix, rhs]),
            (matrix, _) => self.op.call([matrix.unwrap_or(Arg::List(Vec::new()))]),
        };
        let call = call.attr("adjoint", self.adjoint);
        match self.lower {
            Some(lower) => call.attr("lower", lower).single(),
            None => call.single(),
        }
    }
}

/// The inverse of each matrix. TF: `tf.matrix_inverse`.
///
/// float32 or float64 of shape `[…, n, n]`; a singular matrix is an error of the run. Keyword argument `adjoint`: the
/// inverse of the transposed matrix.
///
/// ```
/// use flowstone as tf;
/// let y = tf::matrix_inverse([[2.0, 0.0], [0.0, 4.0]]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [0.5, 0.0, 0.0, 0.25]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn matrix_inverse(input: impl IntoTensor) -> Tensor {
    matrix_inverse_args(input).build()
}

/// [`matrix_inverse`] with the keyword argument `adjoint`.
pub fn matrix_inverse_args(input: impl IntoTensor) -> MatrixArgs {
    MatrixArgs::new(&MATRIX_INVERSE, [input.into_arg()])
}

/// The solution `x` of `matrix x = rhs`. TF: `tf.matrix_solve`.
///
/// float32 or float64 of shapes `[…, n, n]` and `[…, n, k]`; a singular matrix is an error of the run. Keyword argument
/// `adjoint`: with the transposed matrix.
#[track_caller]
pub fn matrix_solve(matrix: impl IntoTensor, rhs: impl IntoTensor) -> Tensor {
    matrix_solve_args(matrix, rhs).build()
}

/// [`matrix_solve`] with the keyword argument `adjoint`.
pub fn matrix_solve_args(matrix: impl IntoTensor, rhs: impl IntoTensor) -> MatrixArgs {
    MatrixArgs::new(&MATRIX_SOLVE, [matrix.into_arg(), rhs.into_arg()])
}

/// The solution `x` of `matrix x = rhs` for a triangle. TF: `tf.matrix_triangular_solve`.
///
/// As [`matrix_solve`], with only the lower triangle of the matrix read; the outer dimensions are broadcast. The
/// solution for a singular one is not finite. Keyword
/// arguments `lower` (whether the lower triangle is meant, or the upper one) and `adjoint`.
#[track_caller]
pub fn matrix_triangular_solve(matrix: impl IntoTensor, rhs: impl IntoTensor) -> Tensor {
    matrix_triangular_solve_args(matrix, rhs).build()
}

/// [`matrix_triangular_solve`] with keyword arguments.
pub fn matrix_triangular_solve_args(matrix: impl IntoTensor, rhs: impl IntoTensor) -> MatrixArgs {
    let args = MatrixArgs::new(&MATRIX_TRIANGULAR_SOLVE, [matrix.into_arg(), rhs.into_arg()]);
    MatrixArgs { lower: Some(true), ..args }
}

/// The determinant of each matrix. TF: `tf.matrix_determinant`. float32 or float64 of shape `[…, n, n]`.
#[track_caller]
pub fn matrix_determinant(input: impl IntoTensor) -> Tensor {
    MATRIX_DETERMINANT.call([input.into_arg()]).single()
}

/// The sign of each determinant, and the logarithm of its size. TF: `tf.linalg.slogdet`.
///
/// float32 or float64 of shape `[…, n, n]`. The sign has no gradient.
#[track_caller]
pub fn log_matrix_determinant(input: impl IntoTensor) -> (Tensor, Tensor) {
    let built = LOG_MATRIX_DETERMINANT.call([input.into_arg()]).build();
    (built.output(0), built.output(1))
}

fn singular() -> Error {
    Error::invalid_argument("the matrix has no inverse")
}

pub(super) static MATRIX_INVERSE: OpDef = OpDef {
    sig: Sig::new("MatrixInverse(input: T) -> (output: T) where adjoint: bool = false, T: floating"),
    infer: |ctx| match Stack::square(ctx, 0)? {
        Some(stack) => ctx.set(0, stack.with(&[stack.rows, stack.cols])),
        None => ctx.set(0, PartialShape::unknown()),
    },
    kernel: Kernel::Run(|ctx| {
        let adjoint = ctx.node.attrs().bool("adjoint")?;
        for_each(ctx, &|a| {
            let a = if adjoint { a.transposed() } else { a.clone() };
            let inverse = Lu::new(&a).solve(&Matrix::identity(a.rows)).ok_or_else(singular)?;
            Ok(vec![inverse.data])
        })
    }),
    grad: Grad::Rule(|g| {
        let (inverse, adjoint) = (g.y(0), g.attrs().bool("adjoint")?);
        let inner = product(g.dy(0), adjoint, inverse, !adjoint);
        Ok(vec![Some(-product(inverse, !adjoint, inner, false))])
    }),
    flags: Flags::PURE,
};

/// The shape of the solutions; the outer dimensions are broadcast, or must be the same.
fn infer_solution(ctx: &mut InferCtx, broadcasts: bool) -> Result<()> {
    let (Some(a), Some(b)) = (Stack::square(ctx, 0)?, Stack::of(ctx, 1)?) else {
        return ctx.set(0, PartialShape::unknown());
    };
    let differ = |what: &str| Error::invalid_argument(format!("{what} of the matrices and right sides differ"));
    let n = merge_dims(a.rows, b.rows).ok_or_else(|| differ("the rows"))?;
    let [left, right] = [&a.outer, &b.outer].map(|outer| PartialShape::new(outer.iter().copied()));
    let outer =
        if broadcasts { broadcast(&left, &right)? } else { left.merge(&right).ok_or_else(|| differ("the sizes"))? };
    let outer = outer.dims().unwrap_or_default().iter().copied();
    ctx.set(0, PartialShape::new(outer.chain([n, b.cols])))
}

/// The gradient to the matrix from that to the right side, and the solution.
fn matrix_grad(d_rhs: Tensor, solution: Tensor, adjoint: bool) -> Tensor {
    -if adjoint { product(solution, false, d_rhs, true) } else { product(d_rhs, false, solution, true) }
}

pub(super) static MATRIX_SOLVE: OpDef = OpDef {
    sig: Sig::new("MatrixSolve(matrix: T, rhs: T) -> (output: T) where adjoint: bool = false, T: floating"),
    infer: |ctx| infer_solution(ctx, false),
    kernel: Kernel::Run(|ctx| {
        let adjoint = ctx.node.attrs().bool("adjoint")?;
        for_each_pair(ctx, &|a, b| {
            let a = if adjoint { a.transposed() } else { a.clone() };
            Lu::new(&a).solve(b).ok_or_else(singular)
        })
    }),
    grad: Grad::Rule(|g| {
        let adjoint = g.attrs().bool("adjoint")?;
        let d_rhs = matrix_solve_args(g.x(0), g.dy(0)).adjoint(!adjoint).build();
        Ok(vec![Some(matrix_grad(d_rhs, g.y(0), adjoint)), Some(d_rhs)])
    }),
    flags: Flags::PURE,
};

pub(super) static MATRIX_TRIANGULAR_SOLVE: OpDef = OpDef {
    sig: Sig::new(
        "MatrixTriangularSolve(matrix: T, rhs: T) -> (output: T) \
         where lower: bool = true, adjoint: bool = false, T: floating",
    ),
    infer: |ctx| infer_solution(ctx, true),
    kernel: Kernel::Run(|ctx| {
        let (lower, adjoint) = (ctx.node.attrs().bool("lower")?, ctx.node.attrs().bool("adjoint")?);
        for_each_pair(ctx, &|a, b| Ok(solve_triangular(a, b, lower, adjoint)))
    }),
    grad: Grad::Rule(triangular_grad),
    flags: Flags::PURE,
};

fn triangular_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let (a, b) = (g.x(0), g.x(1));
    let (lower, adjoint) = (g.attrs().bool("lower")?, g.attrs().bool("adjoint")?);
    let db = matrix_triangular_solve_args(a, g.dy(0)).lower(lower).adjoint(!adjoint).build();
    let da = matrix_grad(db, g.y(0), adjoint);
    let da = if lower { matrix_band_part(da, -1, 0) } else { matrix_band_part(da, 0, -1) };
    let outer = |x: Tensor| x.shape().known().map(|shape| shape[..shape.rank().saturating_sub(2)].to_vec());
    if outer(a).is_some() && outer(a) == outer(b) {
        return Ok(vec![Some(da), Some(db)]);
    }
    let (sizes_a, sizes_b) = (shape(a), shape(b));
    let (axes_a, axes_b) = broadcast_gradient_args(sizes_a.at(..-2), sizes_b.at(..-2));
    let reduce = |gradient, axes, sizes| Some(reshape(reduce_sum_args(gradient).axis(axes).build(), sizes));
    Ok(vec![reduce(da, axes_a, sizes_a), reduce(db, axes_b, sizes_b)])
}

fn infer_outer(ctx: &mut InferCtx, outputs: usize) -> Result<()> {
    let outer = Stack::square(ctx, 0)?.map_or_else(PartialShape::unknown, |stack| stack.with(&[]));
    (0..outputs).try_for_each(|o| ctx.set(o, outer.clone()))
}

/// For each matrix of `x` its inverse, transposed, times the number that `factors` has for it, which is as `like`.
fn scaled_inverse(x: Tensor, factors: impl FnOnce() -> Tensor, like: Tensor) -> Tensor {
    let inverse = matrix_inverse_args(x).adjoint(true).build();
    let factors = factors();
    let sizes = concat([shape(like).into_arg(), [1, 1].into_arg()], 0);
    reshape(factors, sizes) * inverse
}

pub(super) static MATRIX_DETERMINANT: OpDef = OpDef {
    sig: Sig::new("MatrixDeterminant(input: T) -> (output: T) where T: floating"),
    infer: |ctx| infer_outer(ctx, 1),
    kernel: Kernel::Run(|ctx| for_each(ctx, &|a| Ok(vec![vec![Lu::new(a).determinant()]]))),
    grad: Grad::Rule(|g| Ok(vec![Some(scaled_inverse(g.x(0), || g.dy(0) * g.y(0), g.y(0)))])),
    flags: Flags::PURE,
};

pub(super) static LOG_MATRIX_DETERMINANT: OpDef = OpDef {
    sig: Sig::new("LogMatrixDeterminant(input: T) -> (sign: T, log_abs_determinant: T) where T: floating"),
    infer: |ctx| infer_outer(ctx, 2),
    kernel: Kernel::Run(|ctx| {
        for_each(ctx, &|a| {
            let (sign, size) = Lu::new(a).log_determinant();
            Ok(vec![vec![sign], vec![size]])
        })
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(scaled_inverse(g.x(0), || g.dy(1), g.y(1)))])),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    fn stack() -> Value {
        Value::new([2, 2, 2], vec![2.0f32, 1.0, 0.5, 3.0, -1.0, 0.25, 4.0, 1.5]).unwrap_or(Value::scalar(0))
    }

    #[test]
    fn inverses_and_determinants_are_whole() {
        for adjoint in [false, true] {
            OpTest::new(|x| vec![matrix_inverse_args(x[0]).adjoint(adjoint).build()])
                .inputs([stack()])
                .differentiable(&[0])
                .run();
        }
        OpTest::new(|x| vec![matrix_determinant(x[0]), log_matrix_determinant(x[0]).1])
            .inputs([stack()])
            .expect([[5.5f32, -2.5].into(), [1.704_748_1f32, 0.916_290_76].into()])
            .differentiable(&[0])
            .run();
        OpTest::new(|x| vec![log_matrix_determinant(x[0]).0]).inputs([stack()]).expect([[1.0f32, -1.0].into()]).run();
    }

    #[test]
    fn solutions_are_whole() {
        let rhs = || Value::new([2, 2, 1], vec![1.0f32, 2.0, -1.0, 0.5]).unwrap_or(Value::scalar(0));
        for adjoint in [false, true] {
            OpTest::new(|x| vec![matrix_solve_args(x[0], x[1]).adjoint(adjoint).build()])
                .inputs([stack(), rhs()])
                .differentiable(&[0, 1])
                .run();
            for lower in [false, true] {
                OpTest::new(|x| vec![matrix_triangular_solve_args(x[0], x[1]).lower(lower).adjoint(adjoint).build()])
                    .inputs([stack(), [[1.0f32, 0.5], [2.0, -1.0]].into()])
                    .differentiable(&[0, 1])
                    .run();
            }
        }
        let error = build_error(|| matrix_solve([[1.0, 0.0], [0.0, 1.0]], [[1.0], [2.0], [3.0]]));
        assert!(error.contains("the rows of the matrices and right sides differ"), "{error}");
        assert!(build_error(|| matrix_inverse([[1.0, 2.0]])).contains("matrices must be square, not [1,2]"));
    }
}
