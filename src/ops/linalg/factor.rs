//! Cholesky, CholeskyGrad, SelfAdjointEigV2, Qr, Svd.

use super::eye::eye_of;
use super::shapes::{Stack, for_each, for_each_pair, product, safe_reciprocal};
use super::solve::{matrix_triangular_solve, matrix_triangular_solve_args};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::linalg::{self, Matrix};
use crate::op::{Arg, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, OpDef, Sig, rules};
use crate::ops::array::{
    adjoint, concat, ellipsis, expand_dims, matrix_band_part, matrix_diag, matrix_diag_part, matrix_set_diag,
    matrix_transpose, shape, zeros_like,
};
use crate::ops::math::square;
use crate::shape::{Dim, PartialShape, Shape};

/// The lower triangle `L` with `L Lᵀ` the matrix, for each matrix. TF: `tf.cholesky`.
///
/// float32 or float64 of shape `[…, n, n]`, of which the lower triangle is read. For a matrix that is not positive
/// definite it is full of NaN.
///
/// ```
/// use flowstone as tf;
/// let y = tf::cholesky([[4.0, 2.0], [2.0, 10.0]]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [2.0, 0.0, 1.0, 3.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn cholesky(input: impl IntoTensor) -> Tensor {
    CHOLESKY.call([input.into_arg()]).single()
}

/// The eigenvalues of each symmetric matrix, rising, and its eigenvectors as columns. TF: `tf.self_adjoint_eig`.
///
/// float32 or float64 of shape `[…, n, n]`, of which the lower triangle is read.
#[track_caller]
pub fn self_adjoint_eig(tensor: impl IntoTensor) -> (Tensor, Tensor) {
    let built = SELF_ADJOINT_EIG_V2.call([tensor.into_arg()]).build();
    (built.output(0), built.output(1))
}

/// The eigenvalues of each symmetric matrix, rising. TF: `tf.self_adjoint_eigvals`.
#[track_caller]
pub fn self_adjoint_eigvals(tensor: impl IntoTensor) -> Tensor {
    SELF_ADJOINT_EIG_V2.call([tensor.into_arg()]).attr("compute_v", false).single()
}

/// `q` with orthonormal columns and an upper triangle `r` whose product is the matrix, for each matrix. TF: `tf.qr`.
///
/// float32 or float64 of shape `[…, m, n]`. Keyword argument `full_matrices`: whether `q` is square.
#[track_caller]
pub fn qr(input: impl IntoTensor) -> (Tensor, Tensor) {
    qr_args(input).build()
}

/// [`qr`] with the keyword argument `full_matrices`.
pub fn qr_args(input: impl IntoTensor) -> QrArgs {
    QrArgs { input: input.into_arg(), full_matrices: false }
}

/// A [`qr`] under construction: its keyword argument.
#[must_use = "nothing is built until `build` is called"]
pub struct QrArgs {
    input: Arg,
    full_matrices: bool,
}

impl QrArgs {
    /// Whether `q` is square; if not said it has no more columns than the matrix.
    pub fn full_matrices(mut self, full_matrices: bool) -> Self {
        self.full_matrices = full_matrices;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> (Tensor, Tensor) {
        let built = QR.call([self.input]).attr("full_matrices", self.full_matrices).build();
        (built.output(0), built.output(1))
    }
}

/// The singular values `s` of each matrix, falling, and the vectors `u` and `v` as columns, so that the matrix is
/// `u s vᵀ`. TF: `tf.svd`.
///
/// float32 or float64 of shape `[…, m, n]`. Keyword argument `full_matrices`: whether `u` and `v` are square. Each pair of
/// vectors may have the other sign than TensorFlow's.
#[track_caller]
pub fn svd(tensor: impl IntoTensor) -> (Tensor, Tensor, Tensor) {
    svd_args(tensor).build()
}

/// [`svd`] with keyword arguments.
pub fn svd_args(tensor: impl IntoTensor) -> SvdArgs {
    SvdArgs { tensor: tensor.into_arg(), full_matrices: false }
}

/// A [`svd`] under construction: its keyword argument.
#[must_use = "nothing is built until `build` is called"]
pub struct SvdArgs {
    tensor: Arg,
    full_matrices: bool,
}

impl SvdArgs {
    /// Whether `u` and `v` are square; if not said they have as many columns as there are singular values.
    pub fn full_matrices(mut self, full_matrices: bool) -> Self {
        self.full_matrices = full_matrices;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> (Tensor, Tensor, Tensor) {
        let built = SVD.call([self.tensor]).attr("full_matrices", self.full_matrices).build();
        (built.output(0), built.output(1), built.output(2))
    }

    /// Builds the operation for the singular values alone. TF: `compute_uv=False`.
    #[track_caller]
    pub fn values(self) -> Tensor {
        let call = SVD.call([self.tensor]).attr("full_matrices", self.full_matrices);
        call.attr("compute_uv", false).single()
    }
}

fn infer_square(ctx: &mut InferCtx) -> Result<()> {
    match Stack::square(ctx, 0)? {
        Some(stack) => ctx.set(0, stack.with(&[stack.rows, stack.cols])),
        None => ctx.set(0, PartialShape::unknown()),
    }
}

pub(super) static CHOLESKY: OpDef = OpDef {
    sig: Sig::new("Cholesky(input: T) -> (output: T) where T: floating"),
    infer: infer_square,
    kernel: Kernel::Run(|ctx| {
        for_each(ctx, &|a| {
            let none = || Matrix::from_fn(a.rows, a.cols, |i, j| if i < j { 0.0 } else { f64::NAN });
            Ok(vec![linalg::cholesky(a).unwrap_or_else(none).data])
        })
    }),
    grad: Grad::Rule(|g| {
        let (l, dl) = (g.y(0), g.dy(0));
        let rows = shape(l).at(-1);
        let outer = shape(l).at(..-2);
        let inverse = matrix_triangular_solve(l, eye_of(rows, outer, l.dtype()?));
        let middle = product(l, true, dl, false);
        let middle = matrix_set_diag(middle, 0.5 * matrix_diag_part(middle));
        let middle = matrix_band_part(middle, -1, 0);
        let half = product(product(inverse, true, middle, false), false, inverse, false);
        Ok(vec![Some((half + adjoint(half)) * 0.5)])
    }),
    flags: Flags::PURE,
};

pub(super) static CHOLESKY_GRAD: OpDef = OpDef {
    sig: Sig::new("CholeskyGrad(l: T, grad: T) -> (output: T) where T: floating"),
    infer: |ctx| {
        rules::all_alike(ctx)?;
        infer_square(ctx)
    },
    kernel: Kernel::Run(|ctx| for_each_pair(ctx, &|l, grad| Ok(linalg::cholesky_grad(l, grad)))),
    grad: Grad::Missing("TensorFlow has none"),
    flags: Flags::PURE,
};

fn no_end() -> Error {
    Error::invalid_argument("the factors of a matrix are not found: are all its elements finite?")
}

pub(super) static SELF_ADJOINT_EIG_V2: OpDef = OpDef {
    sig: Sig::new("SelfAdjointEigV2(input: T) -> (e: T, v: T) where compute_v: bool = true, T: floating"),
    infer: |ctx| {
        let with_v = ctx.attrs().bool("compute_v")?;
        let stack = Stack::square(ctx, 0)?;
        let shapes = |inner: fn(Dim) -> Vec<Dim>| match &stack {
            Some(stack) => stack.with(&inner(stack.rows)),
            None => PartialShape::unknown(),
        };
        ctx.set(0, shapes(|n| vec![n]))?;
        if with_v { ctx.set(1, shapes(|n| vec![n, n])) } else { ctx.set(1, Shape::from([0])) }
    },
    kernel: Kernel::Run(|ctx| {
        let with_v = ctx.node.attrs().bool("compute_v")?;
        // As exact as the type, which decides the signs of the vectors too.
        let exact = if ctx.node.dtype()? == DType::Float64 { f64::EPSILON } else { f32::EPSILON.into() };
        for_each(ctx, &|a| {
            let (e, v) = linalg::eigen(a, exact).ok_or_else(no_end)?;
            Ok(if with_v { vec![e, v.data] } else { vec![e] })
        })
    }),
    grad: Grad::Rule(eigen_grad),
    flags: Flags::PURE,
};

fn eigen_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let (e, de, dv) = (g.y(0), g.dy(0), g.dy(1));
    let _after = g.graph().control_dependencies(&[de.op(), dv.op()]);
    let da = if g.attrs().bool("compute_v")? {
        let v = g.y(1);
        let f = differences(e);
        let diagonal = matrix_diag(de);
        let inner = diagonal + f * product(v, true, dv, false);
        product(v, false, product(inner, false, v, true), false)
    } else {
        let (_, v) = self_adjoint_eig(g.x(0));
        product(v, false, product(matrix_diag(de), false, v, true), false)
    };
    let da = matrix_band_part(da + adjoint(da), -1, 0);
    Ok(vec![Some(matrix_set_diag(da, 0.5 * matrix_diag_part(da)))])
}

/// `1 / (e[j] - e[i])` for each pair, 0 for equal ones.
fn differences(e: Tensor) -> Tensor {
    let columns = expand_dims(e, -2);
    let inverse = safe_reciprocal(columns - expand_dims(e, -1));
    matrix_set_diag(inverse, zeros_like(e))
}

/// The smaller of two sizes, as far as known.
fn smaller(a: Dim, b: Dim) -> Dim {
    match (a, b) {
        (Some(0), _) | (_, Some(0)) => Some(0),
        (a, b) => a.zip(b).map(|(a, b)| a.min(b)),
    }
}

pub(super) static QR: OpDef = OpDef {
    sig: Sig::new("Qr(input: T) -> (q: T, r: T) where full_matrices: bool = false, T: floating"),
    infer: |ctx| {
        let full = ctx.attrs().bool("full_matrices")?;
        let Some(stack) = Stack::of(ctx, 0)? else {
            ctx.set(0, PartialShape::unknown())?;
            return ctx.set(1, PartialShape::unknown());
        };
        let p = if full { stack.rows } else { smaller(stack.rows, stack.cols) };
        ctx.set(0, stack.with(&[stack.rows, p]))?;
        ctx.set(1, stack.with(&[p, stack.cols]))
    },
    kernel: Kernel::Run(|ctx| {
        let full = ctx.node.attrs().bool("full_matrices")?;
        for_each(ctx, &|a| {
            let (q, r) = linalg::qr(a);
            let p = if full { a.rows } else { a.rows.min(a.cols) };
            Ok(vec![q.corner(a.rows, p).data, r.corner(p, a.cols).data])
        })
    }),
    grad: Grad::Rule(qr_grad),
    flags: Flags::PURE,
};

fn qr_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let (q, r, dq, dr) = (g.y(0), g.y(1), g.dy(0), g.dy(1));
    let inner = |t: Tensor| match t.shape().dims() {
        Some([.., rows, cols]) => (*rows, *cols),
        _ => (None, None),
    };
    let ((Some(rows), Some(q_cols)), (Some(r_rows), Some(cols))) = (inner(q), inner(r)) else {
        return Err(Error::unimplemented("the gradient of Qr for matrices of unknown size"));
    };
    if r_rows > cols && rows == q_cols {
        return Err(Error::unimplemented("the gradient of Qr with full_matrices for more rows than columns"));
    }
    if rows >= cols {
        return Ok(vec![Some(deep_qr_grad(q, r, dq, dr))]);
    }
    let n = rows as i32;
    let right = |t: Tensor| t.at((ellipsis, .., n..));
    let left = |t: Tensor| t.at((ellipsis, .., ..n));
    let y = right(g.x(0));
    let u = left(r);
    let dv = right(dr);
    let du = left(dr);
    let dy = product(q, false, dv, false);
    let dx = deep_qr_grad(q, u, dq + product(y, false, dv, true), du);
    Ok(vec![Some(concat([dx, dy], -1))])
}

/// The gradient where the matrix has at least as many rows as columns.
fn deep_qr_grad(q: Tensor, r: Tensor, dq: Tensor, dr: Tensor) -> Tensor {
    let solve = |x: Tensor| adjoint(matrix_triangular_solve_args(r, adjoint(x)).lower(false).build());
    let qdq = product(q, true, dq, false);
    let skew_q = qdq - adjoint(qdq);
    let rdr = product(r, false, dr, true);
    let skew_r = rdr - adjoint(rdr);
    let lower = matrix_band_part(skew_q + skew_r, -1, 0);
    let first = product(q, false, dr + solve(lower), false);
    let second = solve(dq - product(q, false, qdq, false));
    first + second
}

pub(super) static SVD: OpDef = OpDef {
    sig: Sig::new(
        "Svd(input: T) -> (s: T, u: T, v: T) \
         where compute_uv: bool = true, full_matrices: bool = false, T: floating",
    ),
    infer: |ctx| {
        let (with_uv, full) = (ctx.attrs().bool("compute_uv")?, ctx.attrs().bool("full_matrices")?);
        let shapes = Stack::of(ctx, 0)?.map(|stack| {
            let (m, n) = (stack.rows, stack.cols);
            let p = smaller(m, n);
            let (left, right) = if full { (m, n) } else { (p, p) };
            [stack.with(&[p]), stack.with(&[m, left]), stack.with(&[n, right])]
        });
        let [s, u, v] = shapes.unwrap_or_else(|| [(); 3].map(|()| PartialShape::unknown()));
        ctx.set(0, s)?;
        if with_uv {
            ctx.set(1, u)?;
            return ctx.set(2, v);
        }
        ctx.set(1, Shape::from([0]))?;
        ctx.set(2, Shape::from([0]))
    },
    kernel: Kernel::Run(|ctx| {
        let (with_uv, full) = (ctx.node.attrs().bool("compute_uv")?, ctx.node.attrs().bool("full_matrices")?);
        for_each(ctx, &|a| {
            let (s, u, v) = linalg::svd(a).ok_or_else(no_end)?;
            let columns = |m: &Matrix| m.corner(m.rows, if full { m.cols } else { s.len() }).data;
            Ok(if with_uv { vec![s.clone(), columns(&u), columns(&v)] } else { vec![s] })
        })
    }),
    grad: Grad::Rule(svd_grad),
    flags: Flags::PURE,
};

fn svd_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let a = g.x(0);
    let ds = matrix_diag(g.dy(0));
    if !g.attrs().bool("compute_uv")? {
        let (_, u, v) = svd(a);
        return Ok(vec![Some(product(u, false, product(ds, false, v, true), false))]);
    }
    let full = g.attrs().bool("full_matrices")?;
    let Some((m, n)) = inner_sizes(a) else {
        return Err(Error::unimplemented("the gradient of Svd for matrices of unknown size"));
    };
    let (s, mut u, mut v, mut du, mut dv) = (g.y(0), g.y(1), g.y(2), g.dy(1), g.dy(2));
    let (rows, cols) = (m.min(n), m.max(n));
    if m > n {
        (u, v, du, dv) = (v, u, dv, du);
    }
    let _after = g.graph().control_dependencies(&[g.dy(0).op(), du.op(), dv.op()]);
    if full && cols - rows > 1 {
        return Err(Error::unimplemented(
            "the gradient of Svd with full_matrices for sizes that differ by more than 1",
        ));
    }
    let s_mat = matrix_diag(s);
    let s2 = square(s);
    shape(s);
    let f = differences(s2);
    let s_inverse = matrix_diag(safe_reciprocal(s));
    let first = |t: Tensor| t.at((ellipsis, .., ..rows as i32));
    let (v1, dv1) = (first(v), first(dv));
    let u_du = product(u, true, du, false);
    let v_dv = product(v1, true, dv1, false);
    let f_u = f * u_du;
    let f_v = f * v_dv;
    let of_u = ds + product(f_u + adjoint(f_u), false, s_mat, false);
    let middle = of_u + product(s_mat, false, f_v + adjoint(f_v), false);
    let mut da = product(u, false, product(middle, false, v1, true), false);
    if rows != cols {
        let turned = matrix_transpose(dv1);
        let turned_v1 = product(turned, false, v1, false);
        let mut rest = turned - product(turned_v1, false, v1, true);
        if full {
            let last = |t: Tensor| t.at((ellipsis, .., rows as i32..cols as i32));
            let (v2, dv2) = (last(v), last(dv));
            rest = rest - product(product(v1, true, dv2, false), false, v2, true);
        }
        da = da + product(product(u, false, s_inverse, false), false, rest, false);
    }
    Ok(vec![Some(if m > n { matrix_transpose(da) } else { da })])
}

/// The numbers of rows and columns, if known.
fn inner_sizes(t: Tensor) -> Option<(usize, usize)> {
    match t.shape().dims()? {
        [.., rows, cols] => (*rows).zip(*cols),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::math::{abs, matmul, matmul_args};
    use crate::testing::OpTest;
    use crate::value::Value;

    fn deep() -> Value {
        [[1.0f32, 0.5], [-0.25, 2.0], [0.75, -1.5]].into()
    }

    #[test]
    fn cholesky_is_whole() {
        // Numeric gradients need a symmetric matrix whatever moves.
        OpTest::new(|x| vec![cholesky(matmul_args(x[0], x[0]).transpose_a(true).build())])
            .inputs([deep()])
            .differentiable(&[0])
            .run();
        OpTest::new(|x| vec![CHOLESKY_GRAD.call([x[0].into_arg(), x[1].into_arg()]).single()])
            .inputs([[[2.0f32, 0.0], [1.0, 3.0]].into(), [[1.0f32, 0.0], [0.0, 0.0]].into()])
            .expect([[[0.25f32, 0.0], [0.0, 0.0]].into()])
            .run();
    }

    #[test]
    fn eigenvalues_are_whole() {
        OpTest::new(|x| {
            let (e, v) = self_adjoint_eig(matmul_args(x[0], x[0]).transpose_a(true).build());
            vec![e, abs(v)]
        })
        .inputs([deep()])
        .differentiable(&[0])
        .run();
        OpTest::new(|x| vec![self_adjoint_eigvals(x[0])])
            .inputs([[[2.0f32, 1.0], [1.0, 2.0]].into()])
            .expect([[1.0f32, 3.0].into()])
            .run();
    }

    #[test]
    fn qr_is_whole() {
        for turned in [false, true] {
            OpTest::new(|x| {
                let (q, r) = qr(if turned { matrix_transpose(x[0]) } else { x[0] });
                vec![q, r]
            })
            .inputs([deep()])
            .run();
        }
        OpTest::new(|x| {
            let (q, r) = qr_args(x[0]).full_matrices(true).build();
            vec![matmul(q, r)]
        })
        .inputs([deep()])
        .expect([deep()])
        .run();
    }

    #[test]
    fn svd_is_whole() {
        OpTest::new(|x| {
            let (s, u, v) = svd(x[0]);
            vec![s, product(product(u, false, matrix_diag(s), false), false, v, true)]
        })
        .inputs([deep()])
        .expect([[2.597_516_3f32, 1.173_843_5].into(), deep()])
        .run();
    }
}
