//! Functions built of others: `eye`, `trace`, `cholesky_solve`, `logdet`.

use super::factor::cholesky;
use super::solve::MATRIX_TRIANGULAR_SOLVE;
use crate::dtype::DType;
use crate::graph::{Tensor, get_default_graph};
use crate::op::{IntoTensor, convert};
use crate::ops::array::{concat, full_of, matrix_diag, matrix_diag_part, matrix_set_diag, ones_of, packed};
use crate::ops::math::{log, minimum, reduce_sum_args};
use crate::ops::scope::Scope;

/// The matrix of `num_rows` rows with ones on its diagonal, in float32. TF: `tf.eye`.
///
/// Keyword arguments: `num_columns`, as many as rows if not said; `batch_shape`, the sizes of outer dimensions; `dtype`.
///
/// ```
/// use flowstone as tf;
/// let y = tf::eye!(2, dtype = tf::int32);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [1, 0, 0, 1]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn eye(num_rows: usize) -> Tensor {
    eye_args(num_rows).build()
}

/// [`eye`] with keyword arguments.
pub fn eye_args(num_rows: usize) -> EyeArgs {
    EyeArgs { num_rows, num_columns: num_rows, batch_shape: Vec::new(), dtype: DType::Float32 }
}

/// An [`eye`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct EyeArgs {
    num_rows: usize,
    num_columns: usize,
    batch_shape: Vec<usize>,
    dtype: DType,
}

impl EyeArgs {
    /// The number of columns.
    pub fn num_columns(mut self, num_columns: usize) -> Self {
        self.num_columns = num_columns;
        self
    }

    /// The sizes of outer dimensions.
    pub fn batch_shape(mut self, batch_shape: impl Into<Vec<usize>>) -> Self {
        self.batch_shape = batch_shape.into();
        self
    }

    /// The data type; float32 if not said.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// Builds the matrix.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let _scope = get_default_graph().scope("eye");
        let shape =
            |inner: &[usize]| -> crate::shape::Shape { self.batch_shape.iter().chain(inner).copied().collect() };
        let (rows, columns) = (self.num_rows, self.num_columns);
        let ones = full_of(shape(&[rows.min(columns)]), 1, self.dtype, "ones");
        if rows == columns {
            return matrix_diag(ones);
        }
        matrix_set_diag(full_of(shape(&[rows, columns]), 0, self.dtype, "zeros"), ones)
    }
}

/// Square matrices of `size` rows with ones on their diagonals, in outer dimensions of sizes `batch`.
pub(super) fn eye_of(size: Tensor, batch: Tensor, dtype: DType) -> Tensor {
    let _scope = Scope::open(&[&size.into_arg()], "eye");
    let size = minimum(size, size);
    let last = packed(vec![size.into_arg()], "concat/values_1");
    matrix_diag(ones_of(concat([batch, last], 0), dtype, "ones"))
}

/// The sum of the diagonal of each matrix. TF: `tf.trace`. Numbers of shape `[…, m, n]`.
#[track_caller]
pub fn trace(x: impl IntoTensor) -> Tensor {
    let x = x.into_arg();
    let scope = Scope::open(&[&x], "Trace");
    let x = convert(x, "x", None);
    let diagonal = matrix_diag_part(x);
    reduce_sum_args(diagonal).axis([-1]).build_exact(scope.itself())
}

/// The solution `x` of `a x = rhs` for the matrix `a` whose Cholesky factor is `chol`. TF: `tf.cholesky_solve`.
#[track_caller]
pub fn cholesky_solve(chol: impl IntoTensor, rhs: impl IntoTensor) -> Tensor {
    let (chol, rhs) = (chol.into_arg(), rhs.into_arg());
    let _scope = Scope::open(&[&chol, &rhs], "cholesky_solve");
    let between = MATRIX_TRIANGULAR_SOLVE.call([chol.clone(), rhs]).single();
    MATRIX_TRIANGULAR_SOLVE.call([chol, between.into_arg()]).attr("adjoint", true).single()
}

/// The logarithm of the determinant of each positive definite matrix. TF: `tf.linalg.logdet`.
#[track_caller]
pub fn logdet(matrix: impl IntoTensor) -> Tensor {
    let matrix = matrix.into_arg();
    let _scope = Scope::open(&[&matrix], "logdet");
    2.0 * reduce_sum_args(log(matrix_diag_part(cholesky(matrix)))).axis([-1]).build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;
    use crate::value::Value;

    #[test]
    fn functions_of_matrices_are_whole() {
        OpTest::new(|_| vec![eye(2), eye_args(2).num_columns(3).dtype(DType::Int32).build()])
            .expect([[[1.0f32, 0.0], [0.0, 1.0]].into(), [[1i32, 0, 0], [0, 1, 0]].into()])
            .run();
        OpTest::new(|x| vec![trace(x[0]), logdet(x[0]), cholesky_solve(cholesky(x[0]), [[4.0f32], [20.0]])])
            .inputs([[[4.0f32, 2.0], [2.0, 10.0]].into()])
            .expect([Value::scalar(14.0f32), Value::scalar(36f32.ln()), [[0.0f32], [2.0]].into()])
            .run();
    }
}
