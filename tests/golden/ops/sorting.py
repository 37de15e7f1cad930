"""Numbers in order, and sparse tensors. See cases.py."""
from cases import *

down = dict(direction="DESCENDING")
case("sort", lambda x: [tf.sort(x), tf.argsort(x), tf.sort(x, **down), tf.argsort(x, stable=True, **down)], f(2, 5))
case("sort_special", lambda x: [tf.sort(x, **down), tf.argsort(x, **down)], special[~np.isnan(special)], known="s", wrt=())
case("sort_equal", lambda x: [tf.argsort(x), tf.argsort(x, **down)], i(2, 1, 2, 1, 2), known="s")
case("sort_axis", lambda x: [tf.sort(x, axis=0), tf.argsort(x, axis=0, **down), tf.sort(x, axis=-2)], f(3, 2), known="sd")
case("sort_middle", lambda x: [tf.sort(x, axis=1), tf.argsort(x, axis=-3)], f(2, 3, 2), known="sd")
case("sort_last", lambda x: tf.sort(x, axis=1), f(2, 3), known="sd")
case("sort_int", lambda x: [tf.sort(x), tf.sort(x, axis=0), tf.argsort(x)], np.array([[3, -2 ** 31, 2 ** 31 - 1], [0, -1, 5]], np.int32), known="sd")
case("sort_i64", lambda x: [tf.sort(x), tf.argsort(x)], np.array([3, -2 ** 63, 0]), known="s")
case("sort_bytes", lambda x: [tf.sort(x), tf.sort(x, axis=0), tf.argsort(x)], np.array([[3, 0, 255], [1, 2, 3]], np.uint8), known="sd")
case("sort_f64", lambda x: tf.sort(x), f(4, dtype=np.float64), known="s")
case("sort_none", lambda x: [tf.sort(x), tf.argsort(x)], f(2, 0), known="sd", wrt=())
bad("bad_sort_direction", lambda x: tf.sort(x, direction="UP"), f(2))
bad("bad_sort_axis", lambda x: tf.sort(x, axis=1), f(2))
bad("bad_sort_single", lambda x: tf.sort(x), f())

def parts(x):
    return [x.indices, x.values, x.dense_shape]
at = np.array([[0, 1], [2, 0]])
case("sparse", lambda v: parts(tf.SparseTensor([[0, 1], [2, 0]], v, [3, 2])), f(2), known="sd")
case("sparse_dense", lambda i, v: tf.sparse_tensor_to_dense(tf.SparseTensor(i, v, [3, 2])), at, f(2))
case("sparse_dense_default", lambda v: tf.sparse_tensor_to_dense(tf.SparseTensor(at, v, [3, 2]), 7.0), f(2), known="sd")
case("sparse_dense_any", lambda v: tf.sparse_tensor_to_dense(tf.SparseTensor(at[::-1], v, [3, 2]), validate_indices=False), i(5, 6), known="sd")
case("sparse_dense_text", lambda v: tf.sparse_tensor_to_dense(tf.SparseTensor(at, v, [3, 2])), np.array(["a", "b"], object), known="sd")
bad("bad_sparse", lambda v: tf.SparseTensor([[0, 1]], v, [3, 2]).values, f(2))
bad("bad_sparse_rank", lambda v: tf.SparseTensor([[0, 1]], v, [3]).values, f(1))
bad("bad_sparse_order", lambda v: tf.sparse_tensor_to_dense(tf.SparseTensor(at[::-1], v, [3, 2])), f(2))

write("sorting")
