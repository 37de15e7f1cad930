"""Linear algebra. Well-conditioned matrices. See cases.py."""
from cases import *

raw = tf.raw_ops

def m(*shape, dtype=np.float32):
    """Matrices with large diagonals."""
    return (f(*shape, scale=1) + 3 * np.eye(*shape[-2:])).astype(dtype)

def positive(*shape, dtype=np.float32):
    a = m(*shape)
    return (a @ np.swapaxes(a, -1, -2)).astype(dtype)

f64 = np.float64
for name, build, make in [
    ("cholesky", tf.cholesky, positive), ("inverse", tf.matrix_inverse, m), ("det", tf.matrix_determinant, m),
    ("logdet", lambda x: list(tf.linalg.slogdet(x)), m),
]:
    second = name != "cholesky"
    case(name, build, make(2, 2), second=second)
    case(name + "_stack", build, make(2, 3, 3), known="sd", second=False)
    case(name + "_f64", build, make(3, 3, dtype=f64), known="s", second=second)
    case(name + "_one", build, make(1, 1), known="s", second=False)
    case(name + "_empty", build, f(0, 2, 2), known="s", wrt=())
    case(name + "_none", build, f(0, 0), known="s", wrt=())
    bad(name + "_rank", build, f(3))
    bad(name + "_square", build, f(2, 3))
case("cholesky_negative", tf.cholesky, -np.eye(2, dtype=np.float32), known="s", wrt=())
bad("inverse_singular", tf.matrix_inverse, np.ones([2, 2], np.float32))
case("det_singular", lambda x: [tf.matrix_determinant(x)] + list(tf.linalg.slogdet(x)), np.zeros([2, 2], np.float32), known="s", wrt=())
case("inverse_adjoint", lambda x: tf.matrix_inverse(x, adjoint=True), m(2, 2), known="su")
lower = lambda *shape, dtype=np.float32: np.tril(m(*shape)).astype(dtype)
grad = lambda l, g: raw.CholeskyGrad(l=l, grad=g)
case("cholesky_grad", grad, lower(3, 3), f(3, 3), wrt=())
case("cholesky_grad_stack", grad, lower(2, 2, 2), f(2, 2, 2), known="s", wrt=())
case("cholesky_grad_f64", grad, lower(3, 3, dtype=f64), f(3, 3, dtype=f64), known="s", wrt=())
case("cholesky_grad_one", grad, lower(1, 1), f(1, 1, shift=1), known="s", wrt=())
case("cholesky_grad_large", grad, lower(5, 5, dtype=f64), f(5, 5, dtype=f64), known="s", wrt=())
bad("cholesky_grad_shapes", grad, lower(2, 2), f(3, 3))
# Solutions.
for adjoint in (False, True):
    n = "_adjoint" if adjoint else ""
    case("solve" + n, lambda a, b: tf.matrix_solve(a, b, adjoint=adjoint), m(2, 2), f(2, 3))
    for low in (True, False):
        k = n + ("" if low else "_upper")
        case("triangular" + k, lambda a, b: tf.matrix_triangular_solve(a, b, lower=low, adjoint=adjoint), m(2, 2), f(2, 3), known="sd")
case("solve_stack", tf.matrix_solve, m(2, 2, 2), f(2, 2, 1), known="sd", second=False)
case("solve_f64", tf.matrix_solve, m(3, 3, dtype=f64), f(3, 1, dtype=f64), known="s", second=False)
case("solve_empty", tf.matrix_solve, m(2, 2), f(2, 0), known="s", wrt=())
bad("solve_rows", tf.matrix_solve, m(2, 2), f(3, 1))
bad("solve_outer", tf.matrix_solve, m(2, 2, 2), f(1, 2, 1))
bad("solve_singular", tf.matrix_solve, np.ones([2, 2], np.float32), f(2, 1))
case("triangular_stack", tf.matrix_triangular_solve, m(2, 1, 2, 2), f(3, 2, 1), known="sd", second=False)
case("triangular_f64", tf.matrix_triangular_solve, m(3, 3, dtype=f64), f(3, 1, dtype=f64), known="s", second=False)
case("triangular_u", tf.matrix_triangular_solve, m(2, 2), f(2, 2), known="u", second=False)
bad("triangular_rows", tf.matrix_triangular_solve, m(2, 2), f(3, 1))
case("cholesky_solve", tf.cholesky_solve, m(2, 2), f(2, 1), second=False)
# Eigenvalues and other factors.
case("eig", tf.self_adjoint_eig, positive(3, 3), known="sd", second=False)
case("eig_u", tf.self_adjoint_eig, positive(2, 2), known="u", second=False)
case("eig_stack", tf.self_adjoint_eig, positive(2, 2, 2), known="s", second=False)
case("eig_f64", tf.self_adjoint_eig, positive(5, 5, dtype=f64), known="s", second=False)
case("eig_values", tf.self_adjoint_eigvals, positive(3, 3), known="sd", second=False)
case("eig_one", tf.self_adjoint_eig, positive(1, 1), known="s", wrt=())
case("eig_diagonal", tf.self_adjoint_eig, np.diag(i(3, 1, 2).astype(np.float32)), known="s", wrt=())
case("eig_empty", tf.self_adjoint_eig, f(0, 2, 2), known="s", wrt=())
bad("eig_square", tf.self_adjoint_eig, f(2, 3))
case("qr", tf.qr, m(3, 3), known="sd", wrt=())
case("qr_grad", lambda x: list(tf.qr(x)), m(3, 3), known="s", second=False)
case("qr_deep", lambda x: list(tf.qr(x)), m(4, 2), known="s", second=False)
case("qr_wide", lambda x: list(tf.qr(x)), m(2, 4), known="s", second=False)
case("qr_full", lambda x: tf.qr(x, full_matrices=True), m(4, 2), known="sd", wrt=())
case("qr_f64", lambda x: list(tf.qr(x)), m(2, 3, 3, dtype=f64), known="s", second=False)
case("qr_empty", tf.qr, f(0, 2, 2), known="s", wrt=())
bad("qr_rank", tf.qr, f(3))
# The signs of singular vectors are not TensorFlow's.
def unsigned(s, u, v):
    return [s, tf.abs(u), tf.abs(v), tf.matmul(u * tf.expand_dims(s, -2), v, adjoint_b=True)]
case("svd", lambda x: unsigned(*tf.svd(x)), m(3, 3), known="sd", wrt=())
case("svd_deep", lambda x: unsigned(*tf.svd(x)), m(4, 2), known="s", second=False)
case("svd_wide", lambda x: unsigned(*tf.svd(x)), m(2, 4), known="s", second=False)
case("svd_stack", lambda x: unsigned(*tf.svd(x)), m(2, 2, 2), known="s", second=False)
case("svd_f64", lambda x: unsigned(*tf.svd(x)), m(3, 3, dtype=f64), known="s", second=False)
case("svd_full", lambda x: [tf.abs(t) for t in tf.svd(x, full_matrices=True)], m(3, 2), known="s", second=False)
case("svd_values", lambda x: tf.svd(x, compute_uv=False), m(3, 2), known="sd", second=False)
case("svd_empty", lambda x: tf.svd(x), f(0, 2, 2), known="s", wrt=())
bad("svd_rank", tf.svd, f(3))
case("eye", lambda: [tf.eye(3), tf.eye(2, 3, dtype=tf.int32), tf.eye(2, batch_shape=[2])], known="s")
case("trace", tf.trace, f(2, 2, 3), known="sd", second=False)
case("logdet_positive", tf.linalg.logdet, positive(2, 2), known="sd", second=False)
case("transpose", tf.matrix_transpose, f(2, 2, 3))
bad("transpose_rank", tf.matrix_transpose, f(3))

write("linalg_ops")
