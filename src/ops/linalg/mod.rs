//! Linear algebra: factors, solutions, determinants and eigenvalues of matrices, any number of them at once.

mod eye;
mod factor;
mod shapes;
mod solve;

pub use eye::{EyeArgs, cholesky_solve, eye, eye_args, logdet, trace};
pub use factor::{QrArgs, SvdArgs, cholesky, qr, qr_args, self_adjoint_eig, self_adjoint_eigvals, svd, svd_args};
pub use solve::{
    MatrixArgs, log_matrix_determinant, matrix_determinant, matrix_inverse, matrix_inverse_args, matrix_solve,
    matrix_solve_args, matrix_triangular_solve, matrix_triangular_solve_args,
};

use crate::op::OpDef;

pub(super) static OPS: &[&OpDef] = &[
    &factor::CHOLESKY,
    &factor::CHOLESKY_GRAD,
    &factor::QR,
    &factor::SELF_ADJOINT_EIG_V2,
    &factor::SVD,
    &solve::LOG_MATRIX_DETERMINANT,
    &solve::MATRIX_DETERMINANT,
    &solve::MATRIX_INVERSE,
    &solve::MATRIX_SOLVE,
    &solve::MATRIX_TRIANGULAR_SOLVE,
];
