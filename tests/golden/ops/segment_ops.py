"""Rows joined by number. See cases.py."""
from cases import *

ids, gaps = i(0, 0, 1, 1), i(0, 2, 2, 5)
for name, build in [("sum", tf.segment_sum), ("mean", tf.segment_mean), ("prod", tf.segment_prod),
                    ("min", tf.segment_min), ("max", tf.segment_max)]:
    second = name == "sum"
    case(name, build, f(4, 3), ids, second=second)
    case(name + "_gaps", build, f(4), gaps, known="sd", second=second)
    case(name + "_i64", build, f(4, 2, 2), ids.astype(np.int64), known="s", second=False)
    case(name + "_f64", build, f(4, dtype=np.float64), ids, known="s", second=False)
    case(name + "_empty", build, f(0, 3), ids[:0], known="s", wrt=())
    case(name + "_whole", build, i(4, -2, 9, 7), ids, known="s")
    case(name + "_special", build, special[:4], ids, known="s", wrt=())
    bad(name + "_falling", build, f(3), i(0, 1, 0))
    bad(name + "_negative", build, f(3), i(-1, 0, 1))
    bad(name + "_length", build, f(3), i(0, 1))
case("prod_zeros", tf.segment_prod, np.array([0, 2, 0, 0], np.float32), ids, known="s", second=False)
case("max_ties", tf.segment_max, i(2, 2, 1, 3).astype(np.float32), ids, known="s", second=False)
mixed = i(2, -1, 0, 2)
for name, build in [("sum", tf.unsorted_segment_sum), ("prod", tf.unsorted_segment_prod),
                    ("min", tf.unsorted_segment_min), ("max", tf.unsorted_segment_max)]:
    second = name == "sum"
    case("unsorted_" + name, lambda x, ids: build(x, ids, 4), f(4, 3), mixed, known="sd", second=second)
    case("unsorted_" + name + "_fed", build, f(4), mixed, np.int32(3), known="su", second=second)
    case("unsorted_" + name + "_2d", lambda x, ids: build(x, ids, 3), f(2, 2, 2), i(0, 2, 2, -1).reshape(2, 2), known="s", second=False)
    case("unsorted_" + name + "_i64", lambda x, ids: build(x, ids, 3), i(4, -2, 9, 7), mixed.astype(np.int64), known="s")
    case("unsorted_" + name + "_empty", lambda x, ids: build(x, ids, 2), f(0, 2), i(0)[:0], known="s", wrt=())
    bad("unsorted_" + name + "_large", lambda x, ids: build(x, ids, 2), f(2), i(0, 2))
    bad("unsorted_" + name + "_shapes", lambda x, ids: build(x, ids, 2), f(2), i(0, 1, 1))
case("unsorted_prod_zeros", lambda x, ids: tf.unsorted_segment_prod(x, ids, 3), np.array([0, 2, 3, 4], np.float32), i(0, 0, 1, -1), known="s", second=False)
rows, numbers = i(0, 2, 2, 1), i(0, 0, 1, 3)
for name, build in [("sum", tf.sparse_segment_sum), ("mean", tf.sparse_segment_mean), ("sqrt_n", tf.sparse_segment_sqrt_n)]:
    case("sparse_" + name, build, f(3, 2), rows, numbers, second=False)
    case("sparse_" + name + "_number", lambda *x: build(*x, num_segments=6), f(3, 2), rows, numbers, second=False)
    case("sparse_" + name + "_fed", lambda x, r, k, n: build(x, r, k, num_segments=n), f(3), rows, numbers, np.int32(4), known="d", second=False)
    case("sparse_" + name + "_i64", build, f(3, 2, 2), rows.astype(np.int64), numbers.astype(np.int64), known="s", second=False)
    case("sparse_" + name + "_f64", build, f(3, dtype=np.float64), rows, numbers, known="s", second=False)
    case("sparse_" + name + "_fixed", lambda *x: build(*x, num_segments=4), f(3, dtype=np.float64), rows, numbers, known="s", second=False)
    case("sparse_" + name + "_empty", lambda *x: [build(*x), build(*x, num_segments=2)], f(3, 2), rows[:0], rows[:0], known="s", second=False)
    case("sparse_" + name + "_same", lambda *x: [build(*x), build(*x, num_segments=2)], f(3, 2), i(1, 1, 1), i(0, 0, 0), known="s", second=False)
    picked = lambda *x, build=build, **k: build(*x, sparse_gradient=True, **k)
    case("sparse_" + name + "_picked", picked, f(3, 2), rows, numbers, second=False)
    case("sparse_" + name + "_picked_fixed", lambda *x: picked(*x, num_segments=5), f(3, 2), rows, numbers, known="s", second=False)
    case("sparse_" + name + "_picked_i64", picked, f(3, 2, 2), rows.astype(np.int64), numbers.astype(np.int64), known="s", second=False)
    case("sparse_" + name + "_picked_f64", picked, f(4, dtype=np.float64), i(3, 3, 0), i(0, 1, 1), known="s", second=False)
    case("sparse_" + name + "_picked_none", picked, f(3, 2), rows[:0], rows[:0], known="s", second=False)
    bad("sparse_" + name + "_row", build, f(2), rows, numbers)
    bad("sparse_" + name + "_falling", build, f(3), rows, rows)
    bad("sparse_" + name + "_length", build, f(3), rows, numbers[:2])
    bad("sparse_" + name + "_few", lambda *x: build(*x, num_segments=2), f(3), rows, numbers)
case("sparse_sum_whole", tf.sparse_segment_sum, i(1, 2, 4), rows, numbers, known="s")

write("segment_ops")
