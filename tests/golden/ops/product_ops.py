"""Products of arrays, counting, even distances. See cases.py."""
from cases import *

raw = tf.raw_ops
# BatchMatMul.
for ax in (False, True):
    for ay in (False, True):
        case("batch_%d%d" % (ax, ay), lambda x, y: raw.BatchMatMul(x=x, y=y, adj_x=ax, adj_y=ay),
             f(2, *((3, 2) if ax else (2, 3))), f(2, *((4, 3) if ay else (3, 4))), known="s")
batch = lambda x, y: raw.BatchMatMul(x=x, y=y)
case("batch", batch, f(2, 1, 2, 3), f(2, 1, 3, 2), known="sd", second=False)
case("batch_i32", batch, i(1, 2, 3, 4).reshape(1, 2, 2), i(5, 6, 7, -8).reshape(1, 2, 2), known="s")
case("batch_f64", batch, f(2, 2, 2, dtype=np.float64), f(2, 2, 2, dtype=np.float64), known="s", second=False)
case("batch_empty", batch, f(0, 2, 3), f(0, 3, 2), known="s", wrt=())
bad("batch_outer", batch, f(2, 2, 2), f(1, 2, 2))
bad("batch_inner", batch, f(2, 2, 3), f(2, 2, 3))
# Einsum.
equations = [("ij->ji", (2, 3)), ("ii->i", (3, 3)), ("ii", (3, 3)), ("ijk->ik", (2, 3, 2)), ("ijk->ki", (2, 3, 2)),
             ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("bij,bkj->bik", (2, 2, 3), (2, 4, 3)),
             ("i,j->ij", (2,), (3,)), ("i,i->", (3,), (3,)), ("abc,cd->ad", (2, 2, 3), (3, 2)), ("ij,ij->ij", (2, 3), (2, 3)),
             ("...ij->...ji", (2, 2, 3)), ("...ij,...jk->...ik", (2, 1, 2, 3), (3, 3, 2)), ("ij...,jk->ik...", (2, 3, 2), (3, 2)),
             (" i j , j k -> i k", (2, 3), (3, 4)), ("i...,i...->...", (2, 3), (2, 1)), ("->", ()), (",ij->ji", (), (2, 3))]
for n, (equation, *shapes) in enumerate(equations):
    arrays = [f(*shape, shift=k) for k, shape in enumerate(shapes)]
    case("einsum_%d" % n, lambda *x: tf.einsum(equation, *x), *arrays, known="s", second=False)
    case("einsum_%d_d" % n, lambda *x: tf.einsum(equation, *x), *arrays, known="d")
case("einsum_u", lambda x, y: tf.einsum("ij,jk->ik", x, y), f(2, 3), f(3, 2), known="u")
case("einsum_i32", lambda x, y: tf.einsum("ij,jk->ik", x, y), i(1, 2).reshape(1, 2), i(3, 4).reshape(2, 1), known="s")
case("einsum_f64", lambda x, y: tf.einsum("ij,jk->ki", x, y), f(2, 3, dtype=np.float64), f(3, 2, dtype=np.float64), known="s")
case("einsum_empty", lambda x, y: tf.einsum("ij,jk->ik", x, y), f(2, 0), f(0, 3), known="s", wrt=())
for name, equation, *shapes in [("count", "ij,jk->ik", (2, 2)), ("sizes", "ij,jk->ik", (2, 3), (2, 3)), ("rank", "ij->i", (2,)),
                                ("letter", "i1->i", (2, 2)), ("output", "ij->k", (2, 2)), ("twice", "ij->ii", (2, 2)),
                                ("ellipses", "......->", (2,))]:
    bad("einsum_" + name, lambda *x: tf.einsum(equation, *x), *[f(*shape) for shape in shapes])
# tensordot.
case("dot_1", lambda x, y: tf.tensordot(x, y, 1), f(2, 2, 3), f(3, 2), second=False)
case("dot_2", lambda x, y: tf.tensordot(x, y, 2), f(2, 2, 3), f(2, 3, 2), known="sd", second=False)
case("dot_0", lambda x, y: tf.tensordot(x, y, 0), f(2), f(3), known="s", second=False)
case("dot_lists", lambda x, y: tf.tensordot(x, y, [[0, 2], [1, 0]]), f(2, 2, 3), f(3, 2, 2), second=False)
case("dot_pair", lambda x, y: tf.tensordot(x, y, [-1, 0]), f(2, 3), f(3, 2), known="sd", second=False)
case("dot_matrices", lambda x, y: tf.tensordot(x, y, [[1], [0]]), f(2, 3), f(3, 2), known="s")
bad("dot_sizes", lambda x, y: tf.tensordot(x, y, 1), f(2, 2), f(3, 2))
bad("dot_many", lambda x, y: tf.tensordot(x, y, 3), f(2, 2), f(2, 2))
bad("dot_uneven", lambda x, y: tf.tensordot(x, y, [[0, 1], [0]]), f(2, 2), f(2, 2))
# Others.
case("cross", tf.cross, f(2, 3), f(2, 3, shift=1))
case("cross_one", tf.cross, f(3), f(3, shift=1), known="sd")
case("cross_i32", tf.cross, i(1, 2, 3), i(4, 5, 7), known="s")
case("cross_f64", tf.cross, f(2, 2, 3, dtype=np.float64), f(2, 2, 3, shift=1, dtype=np.float64), known="s")
case("cross_empty", tf.cross, f(0, 3), f(0, 3), known="s", wrt=())
bad("cross_four", tf.cross, f(4), f(4))
bad("cross_shapes", tf.cross, f(3), f(2, 3))
space = lambda a, b, n: raw.LinSpace(start=a, stop=b, num=n)
case("linspace", lambda a, b: space(a, b, 5), f(), f(shift=4), wrt=())
case("linspace_fed", space, f(), f(shift=4), np.int32(7), known="su", wrt=())
case("linspace_one", lambda a, b: space(a, b, 1), f(), f(shift=4), known="s", wrt=())
case("linspace_f64", lambda a, b: space(a, b, np.int64(3)), f(dtype=np.float64), f(shift=4, dtype=np.float64), known="s", wrt=())
case("linspace_down", lambda: space(1.0, -1.0, 4), known="s")
bad("linspace_none", lambda a, b: space(a, b, 0), f(), f())
bad("linspace_list", lambda a, b: space(a, b, 2), f(1), f())
case("bincount", lambda x: [tf.bincount(x), tf.bincount(x, minlength=6), tf.bincount(x, maxlength=2, dtype=tf.float32)], i(1, 1, 3, 0))
case("bincount_weights", lambda x, w: tf.bincount(x, weights=w), i(1, 1, 3, 0), f(4), wrt=())
case("bincount_i64", lambda x: tf.bincount(x, minlength=2, dtype=tf.int64), i(1, 1, 3, dtype=np.int64), known="s")
case("bincount_2d", tf.bincount, i(1, 1, 3, 0).reshape(2, 2), known="sd")
case("bincount_empty", lambda x: tf.bincount(x, minlength=3), i(0)[:0], known="s")
bins = lambda x, n, w: [raw.Bincount(arr=x, size=n, weights=w), raw.DenseBincount(input=x, size=n, weights=w)]
case("bins", bins, i(1, 1, 3, 0), np.int32(3), f(4), wrt=())
case("bins_ones", bins, i(1, 1, 3, 0), np.int32(5), f(0, dtype=np.float64), known="s", wrt=())
case("bins_i64", bins, i(1, 1, 3, 0), np.int32(5), i(1, 2, 3, 4, dtype=np.int64), known="s")
case("bins_i32", bins, i(1, 1), np.int32(5), i(1, 2), known="s")
case("bins_rows", lambda x, n, w: [raw.DenseBincount(input=x, size=n, weights=w), raw.DenseBincount(input=x, size=n, weights=w[:0], binary_output=True)],
     i(1, 1, 3, 0).reshape(2, 2), np.int32(4), f(2, 2), known="s", wrt=())
case("bins_empty", bins, i(0)[:0], np.int32(2), f(0), known="s", wrt=())
bad("bins_negative", lambda x: raw.DenseBincount(input=x, size=2, weights=np.zeros([0], np.float32)), i(-1))
bad("bins_size", lambda x: raw.Bincount(arr=x, size=-1, weights=np.zeros([0], np.float32)), i(1))
shape = tf.broadcast_dynamic_shape
case("broadcast", shape, i(2, 1, 4), i(3, 1))
case("broadcast_i64", shape, i(2, 1, dtype=np.int64), i(3, dtype=np.int64), known="s")
case("broadcast_same", shape, i(2, 1), i(2, 1), known="s")
case("broadcast_scalar", shape, i(0)[:0], i(2), known="s")
case("broadcast_zero", shape, i(0, 1), i(1, 3), known="s")
case("broadcast_constants", lambda: tf.fill(shape([2, 1], [3]), 0.0), known="s")
bad("broadcast_differ", shape, i(2), i(3))

write("product_ops")
