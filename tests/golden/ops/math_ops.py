"""Numbers: elementwise, reductions, products. See cases.py."""
from cases import *

# Elementwise.
for name, build, shift in [
    ("neg", tf.negative, 0), ("square", tf.square, 0), ("sqrt", tf.sqrt, 3), ("exp", tf.exp, 0), ("log", tf.log, 3),
    ("abs", tf.abs, 0), ("sign", tf.sign, 0), ("reciprocal", tf.reciprocal, 3), ("tanh", tf.tanh, 0),
    ("sigmoid", tf.sigmoid, 0), ("relu", tf.nn.relu, 0),
]:
    case(name, build, f(2, 3, shift=shift), known="sd")
    case(name + "_f64", build, f(2, dtype=np.float64, shift=shift), known="s")
    case(name + "_special", build, special, known="s", second=False)
for name, build in [("neg", tf.negative), ("square", tf.square), ("abs", tf.abs), ("sign", tf.sign), ("relu", tf.nn.relu)]:
    case(name + "_i32", build, i(-3, 0, 5, -2**31), known="s")
    case(name + "_i64", build, i(-3, 0, 5, 2**40, dtype=np.int64), known="s")
case("cast", lambda x: tf.cast(x, tf.float64), f(2, 3))
case("cast_same", lambda x: tf.cast(x, tf.float32), f(2), known="s")
case("cast_int", lambda x: [tf.cast(x, t) for t in (tf.int32, tf.int64, tf.bool, tf.float64)], np.array([1.9, -1.9, 0.0, 7.5], np.float32), known="s")
case("cast_from", lambda x, y, z: [tf.cast(x, tf.float32), tf.cast(y, tf.float32), tf.cast(z, tf.int32), tf.cast(x, tf.uint8)],
     i(3, -1, 300), np.array([True, False]), i(2**40 + 5, -1, dtype=np.int64), known="s")
binaries = [("add", tf.add), ("sub", tf.subtract), ("mul", tf.multiply), ("div", tf.divide)]
for name, build in binaries + [("add_old", lambda x, y: tf.raw_ops.Add(x=x, y=y)), ("floormod", tf.floormod)]:
    second = name != "floormod"
    case(name, build, f(2, 3), f(2, 3, shift=4), second=second)
    case(name + "_row", build, f(2, 3), f(3, shift=4), second=second)
    case(name + "_outer", build, f(2, 1), f(1, 3, shift=4), known="sd", second=second)
    case(name + "_scalar", build, f(shift=1), f(2, 2, shift=4), second=second)
    case(name + "_empty", build, f(0, 3), f(3, shift=4), known="s", second=False)
    case(name + "_special", build, special, special[::-1].copy(), known="s", second=False, wrt=())
    case(name + "_f64", build, f(2, dtype=np.float64), f(2, dtype=np.float64, shift=4), known="s", second=second)
for name, build in binaries + [("floordiv", tf.floordiv), ("floormod", tf.floormod)]:
    case(name + "_i32", build, i(7, -7, 7, -7, 6, -2**31), i(2, 2, -2, -2, 3, 1), known="s")
    case(name + "_i64", build, i(7, -7, 7, -7, 2**40, dtype=np.int64), i(2, 2, -2, -2, 3, dtype=np.int64), known="sd")
case("floordiv", tf.floordiv, f(6, scale=9), f(6, shift=3), known="s")
case("operators", lambda x, y: [x + y, x - y, x * y, x / y, -x, x % y, 2.0 * x, 1 - x, x + 1, 3.0 / y], f(2), f(2, shift=4), known="s", second=False)
for name, build in [("equal", tf.equal), ("not_equal", tf.not_equal), ("less", tf.less), ("less_equal", tf.less_equal),
                    ("greater", tf.greater), ("greater_equal", tf.greater_equal)]:
    case(name, build, special, np.roll(special, 1), known="sd")
    case(name + "_row", build, i(1, 2, 3, 4).reshape(2, 2), i(1, 4), known="s")
b1, b2 = np.array([True, True, False, False]), np.array([True, False, True, False])
case("logic", lambda x, y: [tf.logical_and(x, y), tf.logical_or(x, y), tf.logical_not(x)], b1, b2, known="sd")
# Reductions.
for name, build in [("sum", tf.reduce_sum), ("mean", tf.reduce_mean), ("prod", tf.reduce_prod),
                    ("max", tf.reduce_max), ("min", tf.reduce_min)]:
    second = name in ("sum", "mean")
    case(name, build, f(2, 3), second=second)
    case(name + "_axis", lambda x: build(x, axis=1), f(2, 3), second=second)
    case(name + "_negative_axis", lambda x: build(x, axis=[-1]), f(2, 3), known="sd", second=second)
    case(name + "_keep", lambda x: build(x, axis=0, keepdims=True), f(2, 3), second=second)
    case(name + "_middle", lambda x: build(x, axis=[0, 2]), f(2, 3, 2), known="sd", second=second)
    case(name + "_fed_axis", lambda x, a: build(x, axis=a), f(2, 3), i(0), known="sd", second=second)
    case(name + "_none", lambda x: build(x, axis=np.zeros([0], np.int32)), f(2, 3), known="s", second=False, wrt=())
    case(name + "_scalar", build, f(), known="s", wrt=())
    case(name + "_special", lambda x: build(x, axis=1), special.reshape(5, 2), known="s", second=False, wrt=())
    case(name + "_i32", lambda x: build(x, axis=0), i(7, -7, 2, 3, 4, 6).reshape(3, 2), known="s")
    case(name + "_empty", build, f(0), known="s", second=False, wrt=())
case("max_ties", tf.reduce_max, np.array([1, 2, 2, 0], np.float32), known="s", second=False)
for name, build in [("maximum", tf.maximum), ("minimum", tf.minimum), ("div_no_nan", tf.div_no_nan)]:
    case(name, build, f(2, 3), f(2, 3)[::-1].copy(), known="sd")
    case(name + "_row", build, f(2, 3), f(3, shift=0.1))
    case(name + "_special", build, special, np.roll(special, 1), known="s", wrt=())
case("where_v2", lambda c, x, y: tf.where_v2(c, x, y), np.array([[True], [False]]), f(3), f(2, 3, shift=1))
case("argmax", lambda x: [tf.argmax(x, 0), tf.argmax(x, 1, output_type=tf.int32), tf.argmin(x, -1)], f(3, 4), known="sd")
case("argmax_ties", lambda x: [tf.argmax(x, 0), tf.argmin(x, 0)], i(2, 1, 2, 1), known="s")
case("add_n", lambda x, y, z: tf.add_n([x, y, z]), f(2, 3), f(2, 3, shift=1), f(2, 3, shift=2), known="sd")
case("add_n_one", lambda x: tf.add_n([x]), f(2), known="s")
# Products.
for ta in (False, True):
    for tb in (False, True):
        case("matmul_%d%d" % (ta, tb), lambda x, y: tf.matmul(x, y, transpose_a=ta, transpose_b=tb),
             f(*((3, 2) if ta else (2, 3))), f(*((4, 3) if tb else (3, 4))), known="sd")
case("matmul_empty", tf.matmul, f(2, 0), f(0, 3), known="s", second=False)
case("matmul_i32", tf.matmul, i(1, 2, 3, 4).reshape(2, 2), i(5, 6, 7, -8).reshape(2, 2), known="s")
case("matmul_f64", tf.matmul, f(2, 2, dtype=np.float64), f(2, 2, dtype=np.float64), known="s", second=False)
case("matmul_batched", tf.matmul, f(2, 2, 3), f(2, 3, 2), known="s")
case("matmul_batches", lambda x, y: tf.matmul(x, y, transpose_b=True), f(2, 1, 2, 3), f(3, 4, 3), known="sd", wrt=())
case("cumprod", lambda x: [tf.cumprod(x), tf.cumprod(x, axis=1, exclusive=True), tf.cumprod(x, axis=1, reverse=True)], f(2, 3), known="s", wrt=())
case("cumsum", lambda x: [tf.cumsum(x), tf.cumsum(x, axis=1, exclusive=True), tf.cumsum(x, axis=-1, reverse=True)], f(2, 3), known="sd")
case("rsqrt", tf.rsqrt, f(2, 3, shift=3), known="sd")
case("rsqrt_f64", tf.rsqrt, f(2, dtype=np.float64, shift=3), known="s")
case("rsqrt_special", tf.rsqrt, special, known="s", second=False)
case("squared_difference", tf.squared_difference, f(2, 3), f(2, 3, shift=1), known="sd")
case("squared_difference_row", tf.squared_difference, f(2, 3), f(3, shift=1))
case("squared_difference_i32", tf.squared_difference, i(3, -1, 7), i(1, 5, 2), known="s")
case("unsorted_segment_sum", lambda x, ids: tf.unsorted_segment_sum(x, ids, 4), f(3, 2), i(2, -1, 2), known="sd", wrt=())
case("unsorted_segment_sum_2d", lambda x, ids: tf.unsorted_segment_sum(x, ids, 3), i(1, 2, 3, 4).reshape(2, 2), i(0, 2, 2, 1).reshape(2, 2), known="sd", wrt=())

write("math_ops")
