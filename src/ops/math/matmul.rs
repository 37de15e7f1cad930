//! MatMul and BatchMatMulV2: matrix products.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::gemm::{GemmElement, Mat, gemm};
use crate::kernels::parallel::for_each_chunk;
use crate::op::{
    Arg, AttrReader, Flags, Grad, GradCtx, InferCtx, Inputs, IntoTensor, Kernel, KernelCtx, OpDef, Sig, broadcast,
    convert,
};
use crate::ops::array::{broadcast_gradient_args, reshape, shape};
use crate::ops::math::reduce_sum_args;
use crate::shape::{PartialShape, merge_dims};
use crate::value::Element;

/// The matrix product `a · b`. TF: `tf.matmul`.
///
/// float32, float64, int32 or int64 of shapes `[m,k]` and `[k,n]`; or of more dimensions, the outer ones broadcast. It is an
/// error if the inner sizes differ. Keyword arguments `transpose_a` and `transpose_b`. The gradients are
/// `dy · bᵀ` and `aᵀ · dy`.
///
/// ```
/// use flowstone as tf;
/// let y = tf::matmul([[1.0, 2.0]], [[3.0], [4.0]]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [11.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn matmul(a: impl IntoTensor, b: impl IntoTensor) -> Tensor {
    matmul_args(a, b).build()
}

/// [`matmul`] with keyword arguments.
pub fn matmul_args(a: impl IntoTensor, b: impl IntoTensor) -> MatMulArgs {
    MatMulArgs { a: a.into_arg(), b: b.into_arg(), transpose: [false; 2] }
}

/// A matrix product under construction: the keyword arguments of [`matmul`].
#[must_use = "nothing is built until `build` is called"]
pub struct MatMulArgs {
    a: Arg,
    b: Arg,
    transpose: [bool; 2],
}

impl MatMulArgs {
    /// Whether `a` is transposed first.
    pub fn transpose_a(mut self, transpose: bool) -> Self {
        self.transpose[0] = transpose;
        self
    }

    /// Whether `b` is transposed first.
    pub fn transpose_b(mut self, transpose: bool) -> Self {
        self.transpose[1] = transpose;
        self
    }

    /// Builds the product.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let dtype = [&self.a, &self.b].into_iter().find_map(|arg| arg.tensor().and_then(|t| t.dtype().ok()));
        let graph = Arg::graph_of(&[self.a.clone(), self.b.clone()]);
        let name = graph.map(|graph| graph.scope_name("MatMul")).unwrap_or_else(|_| "MatMul".into());
        let [a, b] = {
            let scope = crate::graph::get_default_graph();
            let _scope = scope.scope(&format!("{name}/"));
            [convert(self.a, "a", dtype), convert(self.b, "b", dtype)]
        };
        let batched = |t: Tensor| t.rank().is_none_or(|rank| rank > 2);
        let [ta, tb] = self.transpose;
        let args = [a.into_arg(), b.into_arg()];
        let name = format!("{name}/");
        // As in TensorFlow: batched unless both may be matrices.
        if a.rank().is_some_and(|rank| rank > 2) || b.rank().is_some_and(|rank| rank > 2) || (batched(a) && batched(b))
        {
            return BATCH_MAT_MUL_V2.call(args).attr("adj_x", ta).attr("adj_y", tb).name(name).single();
        }
        MAT_MUL.call(args).attr("transpose_a", ta).attr("transpose_b", tb).name(name).single()
    }
}

pub(super) static MAT_MUL: OpDef = OpDef {
    sig: Sig::new(
        "MatMul(a: T, b: T) -> (product: T) where transpose_a: bool = false, transpose_b: bool = false, \
         T: signed, grad_a: bool = false, grad_b: bool = false",
    ),
    infer: infer_product,
    kernel: Kernel::Run(|ctx| {
        let transposed = transposed(ctx.node.attrs())?;
        dispatch!(ctx.node.dtype()?, signed, T => {
            let [a, b] = operands::<T>(&ctx.inputs, transposed)?;
            gemm(a, b, ctx.outputs.slice(0)?);
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let (a, b, dy) = (g.x(0), g.x(1), g.dy(0));
        let (ta, tb) = (g.attrs().bool("transpose_a")?, g.attrs().bool("transpose_b")?);
        let mul = |x: Tensor, y: Tensor, tx: bool, ty: bool, which: &'static str| {
            let call = MAT_MUL.call([x.into_arg(), y.into_arg()]);
            Some(call.attr("transpose_a", tx).attr("transpose_b", ty).attr(which, true).single())
        };
        Ok(match (ta, tb) {
            (false, false) => vec![mul(dy, b, false, true, "grad_a"), mul(a, dy, true, false, "grad_b")],
            (false, true) => vec![mul(dy, b, false, false, "grad_a"), mul(dy, a, true, false, "grad_b")],
            (true, false) => vec![mul(b, dy, false, true, "grad_a"), mul(a, dy, false, false, "grad_b")],
            (true, true) => vec![mul(b, dy, true, true, "grad_a"), mul(dy, a, true, true, "grad_b")],
        })
    }),
    flags: Flags::HEAVY.row_by_row(),
};

fn check_inner(
    k: Option<usize>,
    k2: Option<usize>,
    a: &PartialShape,
    b: &PartialShape,
    ta: bool,
    tb: bool,
) -> Result<()> {
    if merge_dims(k, k2).is_some() {
        return Ok(());
    }
    let mark = |transposed: bool| if transposed { "ᵀ" } else { "" };
    Err(Error::invalid_argument(format!("inner dimensions differ: {a}{} x {b}{}", mark(ta), mark(tb))))
}

/// Whether each operand is meant transposed.
pub(crate) fn transposed(attrs: AttrReader) -> Result<[bool; 2]> {
    Ok([attrs.bool("transpose_a")?, attrs.bool("transpose_b")?])
}

pub(super) fn infer_product(ctx: &mut InferCtx) -> Result<()> {
    ctx.set(0, product_shape(ctx, [0, 1])?)
}

/// The shape of the product of two inputs.
pub(crate) fn product_shape(ctx: &InferCtx, [a, b]: [usize; 2]) -> Result<PartialShape> {
    let (a, b) = (ctx.shape_of_rank(a, 2)?, ctx.shape_of_rank(b, 2)?);
    let [ta, tb] = transposed(ctx.attrs())?;
    let [m, k] = if ta { [a.dim(1), a.dim(0)] } else { [a.dim(0), a.dim(1)] };
    let [k2, n] = if tb { [b.dim(1), b.dim(0)] } else { [b.dim(0), b.dim(1)] };
    check_inner(k, k2, &a, &b, ta, tb)?;
    Ok(PartialShape::new([m, n]))
}

/// The first two inputs as matrices.
pub(super) fn operands<T: Element>(inputs: &Inputs, transposed: [bool; 2]) -> Result<[Mat<'_, T>; 2]> {
    operands_at(inputs, [0, 1], transposed)
}

/// Two inputs as matrices.
pub(crate) fn operands_at<'a, T: Element>(
    inputs: &'a Inputs,
    [a, b]: [usize; 2],
    [ta, tb]: [bool; 2],
) -> Result<[Mat<'a, T>; 2]> {
    let matrix = |i: usize, transposed: bool| {
        let &[rows, columns] = inputs.shape(i)?.dims() else { return Err(Error::internal("not a matrix")) };
        let matrix = Mat::new(inputs.slice::<T>(i)?, rows, columns);
        Ok(if transposed { matrix.t() } else { matrix })
    };
    Ok([matrix(a, ta)?, matrix(b, tb)?])
}

pub(super) static BATCH_MAT_MUL_V2: OpDef = OpDef {
    sig: Sig::new(
        "BatchMatMulV2(x: T, y: T) -> (output: T) where T: signed, adj_x: bool = false, adj_y: bool = false, \
         grad_x: bool = false, grad_y: bool = false",
    ),
    infer: infer_batched,
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.dtype()?, signed, T => batched::<T>(ctx))),
    grad: Grad::Rule(batched_grad),
    flags: Flags::HEAVY,
};

/// The dialect of older graphs: the outer sizes must agree.
pub(super) static BATCH_MAT_MUL: OpDef = OpDef {
    sig: Sig::new(
        "BatchMatMul(x: T, y: T) -> (output: T) where T: signed, adj_x: bool = false, adj_y: bool = false, \
         grad_x: bool = false, grad_y: bool = false",
    ),
    infer: |ctx| {
        let (a, b) = (ctx.shape(0)?, ctx.shape(1)?);
        if let (Some([x @ .., _, _]), Some([y @ .., _, _])) = (a.dims(), b.dims()) {
            let alike = x.len() == y.len() && x.iter().zip(y).all(|(m, n)| merge_dims(*m, *n).is_some());
            if !alike {
                return Err(Error::invalid_argument(format!("outer dimensions differ: {a} x {b}")));
            }
        }
        infer_batched(ctx)
    },
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.dtype()?, signed, T => batched::<T>(ctx))),
    grad: Grad::Rule(|g| {
        let (x, y, dz) = (g.x(0), g.x(1), g.dy(0));
        let mul =
            |a: Tensor, b: Tensor, ta: bool, tb: bool| Some(matmul_args(a, b).transpose_a(ta).transpose_b(tb).build());
        Ok(match (g.attrs().bool("adj_x")?, g.attrs().bool("adj_y")?) {
            (false, false) => vec![mul(dz, y, false, true), mul(x, dz, true, false)],
            (false, true) => vec![mul(dz, y, false, false), mul(dz, x, true, false)],
            (true, false) => vec![mul(y, dz, false, true), mul(x, dz, false, false)],
            (true, true) => vec![mul(y, dz, true, true), mul(dz, x, true, true)],
        })
    }),
    flags: Flags::HEAVY,
};

fn infer_batched(ctx: &mut InferCtx) -> Result<()> {
    let (adj_x, adj_y) = (ctx.attrs().bool("adj_x")?, ctx.attrs().bool("adj_y")?);
    let (a, b) = (ctx.shape(0)?, ctx.shape(1)?);
    let (Some(x), Some(y)) = (a.dims(), b.dims()) else { return ctx.set(0, PartialShape::unknown()) };
    let ([outer_x @ .., x0, x1], [outer_y @ .., y0, y1]) = (x, y) else {
        return Err(Error::invalid_argument(format!("{a} x {b}: matrices have two dimensions at least")));
    };
    let (m, k) = if adj_x { (x1, x0) } else { (x0, x1) };
    let (k2, n) = if adj_y { (y1, y0) } else { (y0, y1) };
    check_inner(*k, *k2, a, b, adj_x, adj_y)?;
    let outer = broadcast(&PartialShape::new(outer_x.iter().copied()), &PartialShape::new(outer_y.iter().copied()))?;
    let outer = outer.dims().unwrap_or_default();
    ctx.set(0, PartialShape::new(outer.iter().copied().chain([*m, *n])))
}

fn batched<T: Element + GemmElement>(ctx: &mut KernelCtx) -> Result<()> {
    let (adj_x, adj_y) = (ctx.node.attrs().bool("adj_x")?, ctx.node.attrs().bool("adj_y")?);
    let (a, b, out) = (ctx.inputs.shape(0)?, ctx.inputs.shape(1)?, ctx.outputs.shape(0)?.clone());
    let ([outer_a @ .., a0, a1], [outer_b @ .., b0, b1]) = (a.dims(), b.dims()) else {
        return Err(Error::internal("not matrices"));
    };
    let [outer @ .., m, n] = out.dims() else { return Err(Error::internal("not a matrix")) };
    // Which matrix of either operand belongs to each product.
    let pairs = crate::ops::elementwise::pairs(outer_a, outer_b, outer);
    let (x, y) = (ctx.inputs.slice::<T>(0)?, ctx.inputs.slice::<T>(1)?);
    let (size_a, size_b) = (a0 * a1, b0 * b1);
    let result = ctx.outputs.slice::<T>(0)?;
    if m * n == 0 {
        return Ok(());
    }
    // Many small products go together, some 30 µs of them.
    let together = ((1 << 21) / (m * n).saturating_mul(if adj_x { *a0 } else { *a1 }).max(1)).max(1);
    for_each_chunk(result, together * m * n, |start, results| {
        for (out, (i, j)) in results.chunks_exact_mut(m * n).zip(&pairs[start / (m * n)..]) {
            let x = Mat::new(&x[i * size_a..][..size_a], *a0, *a1);
            let y = Mat::new(&y[j * size_b..][..size_b], *b0, *b1);
            gemm(if adj_x { x.t() } else { x }, if adj_y { y.t() } else { y }, out);
        }
    });
    Ok(())
}

fn batched_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let (x, y, dy) = (g.x(0), g.x(1), g.dy(0));
    let (adj_x, adj_y) = (g.attrs().bool("adj_x")?, g.attrs().bool("adj_y")?);
    let mul = |a: Tensor, b: Tensor, ta: bool, tb: bool, which: &'static str| {
        let call = BATCH_MAT_MUL_V2.call([a.into_arg(), b.into_arg()]).name("MatMul");
        call.attr("adj_x", ta).attr("adj_y", tb).attr(which, true).single()
    };
    let (gx, gy) = match (adj_x, adj_y) {
        (false, false) => (mul(dy, y, false, true, "grad_x"), mul(x, dy, true, false, "grad_y")),
        (false, true) => (mul(dy, y, false, false, "grad_x"), mul(dy, x, true, false, "grad_y")),
        (true, false) => (mul(y, dy, false, true, "grad_x"), mul(x, dy, false, false, "grad_y")),
        (true, true) => (mul(y, dy, true, true, "grad_x"), mul(dy, x, true, true, "grad_y")),
    };
    let outer = |t: Tensor| t.shape().dims().map(|dims| dims[..dims.len().saturating_sub(2)].to_vec());
    let (ox, oy) = (outer(x), outer(y));
    let known = ox.as_ref().is_some_and(|dims| dims.iter().all(Option::is_some));
    if known && ox == oy {
        return Ok(vec![Some(gx), Some(gy)]);
    }
    let (sx, sy) = (shape(x), shape(y));
    let (ax, ay) = broadcast_gradient_args(sx.at(..-2), sy.at(..-2));
    let reduce = |gradient, axes, shape| Some(reshape(reduce_sum_args(gradient).axis(axes).build(), shape));
    Ok(vec![reduce(gx, ax, sx), reduce(gy, ay, sy)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::array::placeholder;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn matmul_is_whole() {
        let (a, b): (Value, Value) = ([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]].into(), [[1.0f32], [0.5], [2.0]].into());
        OpTest::new(|x| vec![MAT_MUL.call([x[0].into_arg(), x[1].into_arg()]).single()])
            .inputs([a.clone(), b])
            .expect([[[8.0f32], [18.5]].into()])
            .differentiable(&[0, 1])
            .run();
        for (ta, tb) in [(true, false), (false, true), (true, true)] {
            let square: Value = [[1.0f32, 2.0], [3.0, 5.0]].into();
            OpTest::new(|x| {
                let call = MAT_MUL.call([x[0].into_arg(), x[1].into_arg()]);
                vec![call.attr("transpose_a", ta).attr("transpose_b", tb).single()]
            })
            .inputs([square.clone(), square])
            .differentiable(&[0, 1])
            .run();
        }
        OpTest::new(|x| vec![matmul(x[0], [[1], [2]])]).inputs([[[3i32, 4]].into()]).expect([[[11i32]].into()]).run();
    }

    #[test]
    fn batches_of_matrices_are_whole() {
        let a = Value::new([2, 1, 2], vec![1.0f32, 2.0, 3.0, 4.0]).unwrap_or(Value::scalar(0));
        let b: Value = [[1.0f32, 2.0], [3.0, 4.0]].into();
        OpTest::new(|x| vec![BATCH_MAT_MUL_V2.call([x[0].into_arg(), x[1].into_arg()]).single()])
            .inputs([a, b])
            .expect([Value::new([2, 1, 2], vec![7.0f32, 10.0, 15.0, 22.0]).unwrap_or(Value::scalar(0))])
            .differentiable(&[0, 1])
            .run();
    }

    #[test]
    fn older_batches_of_matrices_are_whole() {
        for (adj_x, adj_y) in [(false, false), (false, true), (true, false), (true, true)] {
            let matrices = |k: f32| Value::new([2, 2, 2], (0..8).map(|i| i as f32 * k - 1.0).collect::<Vec<f32>>());
            OpTest::new(|x| {
                let call = BATCH_MAT_MUL.call([x[0].into_arg(), x[1].into_arg()]);
                vec![call.attr("adj_x", adj_x).attr("adj_y", adj_y).single()]
            })
            .inputs([matrices(0.5), matrices(0.25)].map(|m| m.unwrap_or(Value::scalar(0))))
            .differentiable(&[0, 1])
            .run();
        }
        let error = build_error(|| {
            let x = placeholder(crate::dtype::float32, [2, 2, 2]);
            BATCH_MAT_MUL.call([x.into_arg(), placeholder(crate::dtype::float32, [1, 2, 2]).into_arg()]).single()
        });
        assert!(error.contains("outer dimensions differ: [2,2,2] x [1,2,2]"), "{error}");
    }

    #[test]
    fn inner_sizes_must_agree() {
        let error = build_error(|| {
            let a = placeholder(crate::dtype::float32, (None, 3136));
            matmul(a, placeholder(crate::dtype::float32, [1024, 10]));
        });
        assert!(
            error.starts_with(
                "InvalidArgument: MatMul: inner dimensions differ: [?,3136] x [1024,10]\n  node MatMul built at "
            ),
            "{error}"
        );
    }
}
