//! The cases of `golden/ops/linalg_ops.py`, in the same order.

use flowstone as tf;
use tf::linalg;

use super::raw;

fn slogdet(x: tf::Tensor) -> [tf::Tensor; 2] {
    linalg::slogdet(x).into()
}

/// The signs of singular vectors are not TensorFlow's.
fn unsigned((s, u, v): (tf::Tensor, tf::Tensor, tf::Tensor)) -> [tf::Tensor; 4] {
    let (a, b) = (tf::abs(u), tf::abs(v));
    [s, a, b, tf::matmul!(u * tf::expand_dims(s, -2), v, transpose_b = true)]
}

pub static CASES: &[super::Case] = cases! {
    "cholesky" |x| [tf::cholesky(x[0])];
    "cholesky_stack" |x| [tf::cholesky(x[0])];
    "cholesky_f64" |x| [tf::cholesky(x[0])];
    "cholesky_one" |x| [tf::cholesky(x[0])];
    "cholesky_empty" [] |x| [tf::cholesky(x[0])];
    "cholesky_none" [] |x| [tf::cholesky(x[0])];
    "cholesky_rank" |x| [tf::cholesky(x[0])];
    "cholesky_square" |x| [tf::cholesky(x[0])];
    "inverse" |x| [tf::matrix_inverse(x[0])];
    "inverse_stack" |x| [tf::matrix_inverse(x[0])];
    "inverse_f64" |x| [tf::matrix_inverse(x[0])];
    "inverse_one" |x| [tf::matrix_inverse(x[0])];
    "inverse_empty" [] |x| [tf::matrix_inverse(x[0])];
    "inverse_none" [] |x| [tf::matrix_inverse(x[0])];
    "inverse_rank" |x| [tf::matrix_inverse(x[0])];
    "inverse_square" |x| [tf::matrix_inverse(x[0])];
    "det" |x| [tf::matrix_determinant(x[0])];
    "det_stack" |x| [tf::matrix_determinant(x[0])];
    "det_f64" |x| [tf::matrix_determinant(x[0])];
    "det_one" |x| [tf::matrix_determinant(x[0])];
    "det_empty" [] |x| [tf::matrix_determinant(x[0])];
    "det_none" [] |x| [tf::matrix_determinant(x[0])];
    "det_rank" |x| [tf::matrix_determinant(x[0])];
    "det_square" |x| [tf::matrix_determinant(x[0])];
    "logdet" |x| slogdet(x[0]);
    "logdet_stack" |x| slogdet(x[0]);
    "logdet_f64" |x| slogdet(x[0]);
    "logdet_one" |x| slogdet(x[0]);
    "logdet_empty" [] |x| slogdet(x[0]);
    "logdet_none" [] |x| slogdet(x[0]);
    "logdet_rank" |x| slogdet(x[0]);
    "logdet_square" |x| slogdet(x[0]);
    "cholesky_negative" [] |x| [tf::cholesky(x[0])];
    "inverse_singular" |x| [tf::matrix_inverse(x[0])];
    "det_singular" [] |x| {
        let det = tf::matrix_determinant(x[0]);
        let [sign, size] = slogdet(x[0]);
        [det, sign, size]
    };
    "inverse_adjoint" |x| [tf::matrix_inverse!(x[0], adjoint = true)];
    "cholesky_grad" [] |x| raw("CholeskyGrad", [x[0], x[1]]);
    "cholesky_grad_stack" [] |x| raw("CholeskyGrad", [x[0], x[1]]);
    "cholesky_grad_f64" [] |x| raw("CholeskyGrad", [x[0], x[1]]);
    "cholesky_grad_one" [] |x| raw("CholeskyGrad", [x[0], x[1]]);
    "cholesky_grad_large" [] |x| raw("CholeskyGrad", [x[0], x[1]]);
    "cholesky_grad_shapes" |x| raw("CholeskyGrad", [x[0], x[1]]);
    "solve" |x| [tf::matrix_solve!(x[0], x[1], adjoint = false)];
    "triangular" |x| [tf::matrix_triangular_solve!(x[0], x[1], lower = true, adjoint = false)];
    "triangular_upper" |x| [tf::matrix_triangular_solve!(x[0], x[1], lower = false, adjoint = false)];
    "solve_adjoint" |x| [tf::matrix_solve!(x[0], x[1], adjoint = true)];
    "triangular_adjoint" |x| [tf::matrix_triangular_solve!(x[0], x[1], lower = true, adjoint = true)];
    "triangular_adjoint_upper" |x| [tf::matrix_triangular_solve!(x[0], x[1], lower = false, adjoint = true)];
    "solve_stack" |x| [tf::matrix_solve(x[0], x[1])];
    "solve_f64" |x| [tf::matrix_solve(x[0], x[1])];
    "solve_empty" [] |x| [tf::matrix_solve(x[0], x[1])];
    "solve_rows" |x| [tf::matrix_solve(x[0], x[1])];
    "solve_outer" |x| [tf::matrix_solve(x[0], x[1])];
    "solve_singular" |x| [tf::matrix_solve(x[0], x[1])];
    "triangular_stack" |x| [tf::matrix_triangular_solve(x[0], x[1])];
    "triangular_f64" |x| [tf::matrix_triangular_solve(x[0], x[1])];
    "triangular_u" |x| [tf::matrix_triangular_solve(x[0], x[1])];
    "triangular_rows" |x| [tf::matrix_triangular_solve(x[0], x[1])];
    "cholesky_solve" |x| [tf::cholesky_solve(x[0], x[1])];
    "eig" |x| <[tf::Tensor; 2]>::from(tf::self_adjoint_eig(x[0]));
    "eig_u" |x| <[tf::Tensor; 2]>::from(tf::self_adjoint_eig(x[0]));
    "eig_stack" |x| <[tf::Tensor; 2]>::from(tf::self_adjoint_eig(x[0]));
    "eig_f64" |x| <[tf::Tensor; 2]>::from(tf::self_adjoint_eig(x[0]));
    "eig_values" |x| [tf::self_adjoint_eigvals(x[0])];
    "eig_one" [] |x| <[tf::Tensor; 2]>::from(tf::self_adjoint_eig(x[0]));
    "eig_diagonal" [] |x| <[tf::Tensor; 2]>::from(tf::self_adjoint_eig(x[0]));
    "eig_empty" [] |x| <[tf::Tensor; 2]>::from(tf::self_adjoint_eig(x[0]));
    "eig_square" |x| <[tf::Tensor; 2]>::from(tf::self_adjoint_eig(x[0]));
    "qr" [] |x| <[tf::Tensor; 2]>::from(tf::qr(x[0]));
    "qr_grad" |x| <[tf::Tensor; 2]>::from(tf::qr(x[0]));
    "qr_deep" |x| <[tf::Tensor; 2]>::from(tf::qr(x[0]));
    "qr_wide" |x| <[tf::Tensor; 2]>::from(tf::qr(x[0]));
    "qr_full" [] |x| <[tf::Tensor; 2]>::from(tf::qr!(x[0], full_matrices = true));
    "qr_f64" |x| <[tf::Tensor; 2]>::from(tf::qr(x[0]));
    "qr_empty" [] |x| <[tf::Tensor; 2]>::from(tf::qr(x[0]));
    "qr_rank" |x| <[tf::Tensor; 2]>::from(tf::qr(x[0]));
    "svd" [] |x| unsigned(tf::svd(x[0]));
    "svd_deep" |x| unsigned(tf::svd(x[0]));
    "svd_wide" |x| unsigned(tf::svd(x[0]));
    "svd_stack" |x| unsigned(tf::svd(x[0]));
    "svd_f64" |x| unsigned(tf::svd(x[0]));
    "svd_full" |x| <[tf::Tensor; 3]>::from(tf::svd!(x[0], full_matrices = true)).map(|part| tf::abs(part));
    "svd_values" |x| [linalg::svd_args(x[0]).values()];
    "svd_empty" [] |x| <[tf::Tensor; 3]>::from(tf::svd(x[0]));
    "svd_rank" |x| <[tf::Tensor; 3]>::from(tf::svd(x[0]));
    "eye" |x| {
        let _ = x;
        [tf::eye(3), tf::eye!(2, num_columns = 3, dtype = tf::int32), tf::eye!(2, batch_shape = [2])]
    };
    "trace" |x| [tf::trace(x[0])];
    "logdet_positive" |x| [linalg::logdet(x[0])];
    "transpose" |x| [tf::matrix_transpose(x[0])];
    "transpose_rank" |x| [tf::matrix_transpose(x[0])];
};
