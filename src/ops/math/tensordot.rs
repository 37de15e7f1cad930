//! `tensordot`: products of arrays summed over some dimensions of both.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Arg, IntoTensor, convert, resolve_axis};
use crate::ops::array::{concat, gather, range, rank, reshape, reshape_exact, setdiff1d, shape, stack, transpose};
use crate::ops::math::{greater_equal, matmul, reduce_prod, select};
use crate::ops::scope::{Scope, refuse};
use crate::shape::{Dim, PartialShape};

/// Over which dimensions [`tensordot`] sums: the last of `a` and the first of `b`, so many of them, or those listed for
/// each.
#[derive(Clone, Debug)]
pub enum DotAxes {
    /// The last `n` of `a` with the first `n` of `b`.
    Count(usize),
    /// These of `a` with these of `b`, in this order; negative ones count from the end.
    Lists(Vec<i32>, Vec<i32>),
}

impl From<i32> for DotAxes {
    fn from(n: i32) -> Self {
        // A negative number is more than any array has.
        DotAxes::Count(usize::try_from(n).unwrap_or(usize::MAX))
    }
}

impl<const N: usize> From<[[i32; N]; 2]> for DotAxes {
    fn from([a, b]: [[i32; N]; 2]) -> Self {
        DotAxes::Lists(a.to_vec(), b.to_vec())
    }
}

impl From<[i32; 2]> for DotAxes {
    fn from([a, b]: [i32; 2]) -> Self {
        DotAxes::Lists(vec![a], vec![b])
    }
}

/// The product of `a` and `b` summed over `axes`. TF: `tf.tensordot`.
///
/// `a` and `b` are numbers of one type that [`matmul`] takes. `axes` is a number `n`, for the last `n` dimensions of `a`
/// and the first `n` of `b`, or `[axes of a, axes of b]`. The result has the other dimensions of `a`, then those of `b`.
///
/// ```
/// use flowstone as tf;
/// let y = tf::tensordot([[1.0, 2.0], [3.0, 4.0]], [[1.0], [10.0]], [[1], [0]]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [21.0, 43.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn tensordot(a: impl IntoTensor, b: impl IntoTensor, axes: impl Into<DotAxes>) -> Tensor {
    let (a, b) = (a.into_arg(), b.into_arg());
    let scope = Scope::open(&[&a, &b], "Tensordot");
    let a = convert(a, "a", None);
    let b = convert(b, "b", a.dtype().ok());
    let [left, right] = match axes_of(a, axes.into()) {
        Ok(axes) => axes,
        Err(error) => return refuse(scope.itself(), error),
    };
    let sides = Side::of(a, left, false).and_then(|left| Ok((left, Side::of(b, right, true)?)));
    match sides {
        Ok((left, right)) => joined(matmul(left.matrix, right.matrix), left, right, scope.itself()),
        Err(error) => refuse(scope.itself(), error),
    }
}

/// The dimensions of one operand that are summed.
enum Axes {
    List(Vec<i32>),
    /// As many as this, the last ones, of an operand of unknown rank.
    Computed(Tensor),
}

fn axes_of(a: Tensor, axes: DotAxes) -> Result<[Axes; 2]> {
    match axes {
        DotAxes::Lists(a, b) if a.len() != b.len() => {
            Err(Error::invalid_argument(format!("{} dimensions against {}", a.len(), b.len())))
        }
        DotAxes::Lists(a, b) => Ok([Axes::List(a), Axes::List(b)]),
        DotAxes::Count(n) => {
            let count = i32::try_from(n).ok().filter(|n| a.rank().is_none_or(|rank| *n as usize <= rank));
            let n = count.ok_or_else(|| Error::invalid_argument(format!("{n} dimensions of {}", a.shape())))?;
            match a.rank() {
                Some(rank) => Ok([Axes::List((rank as i32 - n..rank as i32).collect()), Axes::List((0..n).collect())]),
                None => {
                    let rank = rank(a);
                    let last = range(rank - n, rank, 1);
                    Ok([Axes::Computed(last), Axes::Computed(range(0, n, 1))])
                }
            }
        }
    }
}

/// An operand as a matrix, and the sizes of its other dimensions.
struct Side {
    matrix: Tensor,
    free: Free,
    known: Option<Vec<Dim>>,
}

enum Free {
    Known(Vec<i32>),
    Computed(Tensor),
}

impl Side {
    /// `x` with the dimensions that are summed last, or first if `first` is set.
    fn of(x: Tensor, axes: Axes, first: bool) -> Result<Side> {
        let dims = x.shape().dims().map(<[Dim]>::to_vec);
        match (axes, dims) {
            (Axes::List(axes), Some(dims)) => Side::of_rank(x, &axes, &dims, first),
            (axes, _) => {
                let sizes = shape(x);
                let rank = rank(x);
                let axes = match axes {
                    Axes::List(axes) => convert(axes.into_arg(), "axes", None),
                    Axes::Computed(axes) => axes,
                };
                let axes = select(greater_equal(axes, 0), axes, axes + rank);
                let (free, _) = setdiff1d(range(0, rank, 1), axes);
                Ok(Side::computed(x, sizes, free, axes, first, None))
            }
        }
    }

    fn of_rank(x: Tensor, axes: &[i32], dims: &[Dim], first: bool) -> Result<Side> {
        let resolved = axes.iter().map(|&axis| resolve_axis(axis.into(), dims.len()));
        let axes = resolved.collect::<Result<Vec<usize>>>()?;
        let free: Vec<usize> = (0..dims.len()).filter(|axis| !axes.contains(axis)).collect();
        let numbers = |list: &[usize]| list.iter().map(|&i| i as i32).collect::<Vec<i32>>();
        let Some(sizes) = dims.iter().copied().collect::<Option<Vec<usize>>>() else {
            let known = free.iter().map(|&axis| dims[axis]).collect();
            let axes = convert(numbers(&axes).into_arg(), "axes", None);
            let free = convert(numbers(&free).into_arg(), "free", None);
            return Ok(Side::computed(x, shape(x), free, axes, first, Some(known)));
        };
        let size = |list: &[usize]| list.iter().map(|&axis| sizes[axis]).product::<usize>();
        let (perm, matrix) = if first {
            ([&axes[..], &free].concat(), [size(&axes), size(&free)])
        } else {
            ([&free[..], &axes].concat(), [size(&free), size(&axes)])
        };
        let in_order = perm.iter().copied().eq(0..dims.len());
        let moved = if in_order { x } else { transpose(x, numbers(&perm)) };
        let is_matrix = moved.shape().known().is_some_and(|shape| shape.dims() == matrix);
        let matrix = if is_matrix { moved } else { reshape(moved, matrix.map(|n| n as i32)) };
        let free_sizes = free.iter().map(|&axis| sizes[axis] as i32).collect();
        let known = Some(free.iter().map(|&axis| dims[axis]).collect());
        Ok(Side { matrix, free: Free::Known(free_sizes), known })
    }

    fn computed(x: Tensor, sizes: Tensor, free: Tensor, axes: Tensor, first: bool, known: Option<Vec<Dim>>) -> Side {
        let (free_sizes, summed) = (gather(sizes, free), gather(sizes, axes));
        let (rows, columns) = (reduce_prod(free_sizes), reduce_prod(summed));
        let (perm, matrix) = if first {
            (concat([axes, free], 0), stack([columns, rows]))
        } else {
            (concat([free, axes], 0), stack([rows, columns]))
        };
        Side { matrix: reshape(transpose(x, perm), matrix), free: Free::Computed(free_sizes), known }
    }
}

/// The product of two matrices with the dimensions of their operands.
fn joined(product: Tensor, left: Side, right: Side, name: &str) -> Tensor {
    let reshaped = |sizes: Arg| reshape_exact(product, sizes, name);
    let (a, b) = match (left.free, right.free) {
        (Free::Known(a), Free::Known(b)) => {
            let sizes = [a, b].concat();
            let same = product.shape().known().is_some_and(|s| s.iter().map(|&n| n as i32).eq(sizes.iter().copied()));
            return if same { product } else { reshaped(sizes.into_arg()) };
        }
        (a, b) => (a.tensor(), b.tensor()),
    };
    let y = reshaped(concat([a, b], 0).into_arg());
    if let (Some(a), Some(b)) = (left.known, right.known) {
        y.set_shape(PartialShape::new(a.into_iter().chain(b)));
    }
    y
}

impl Free {
    fn tensor(self) -> Tensor {
        match self {
            Free::Known(sizes) => convert(sizes.into_arg(), "Const", Some(DType::Int32)),
            Free::Computed(sizes) => sizes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn tensordot_is_whole() {
        let a = Value::new([2, 1, 2], vec![1.0f32, 2.0, 3.0, 4.0]).unwrap_or(Value::scalar(0));
        let b: Value = [[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]].into();
        for (axes, axes_b) in [(vec![2], vec![0]), (vec![-1], vec![-2]), (vec![0], vec![0])] {
            OpTest::new(|x| vec![tensordot(x[0], x[1], DotAxes::Lists(axes.clone(), axes_b.clone()))])
                .inputs([a.clone(), b.clone()])
                .differentiable(&[0, 1])
                .run();
        }
        OpTest::new(|x| vec![tensordot(x[0], x[1], 1)])
            .inputs([[1.0f32, 2.0].into(), b])
            .expect([[9.0f32, 12.0, 15.0].into()])
            .differentiable(&[0, 1])
            .run();
        assert!(build_error(|| tensordot([1.0], [1.0], -1)).contains("dimensions of [1]"));
        assert!(build_error(|| tensordot([1.0], [1.0], DotAxes::Lists(vec![0], vec![]))).contains("1 dimensions"));
    }
}
