"""Records the graphs that TensorFlow builds for single operations and their gradients, and the values it computes.

    pip install tensorflow-cpu==2.19.1 && pip install --no-deps tf_keras==2.19.0    (tf_keras: tf.layers only)
    python tests/golden/make_ops.py

Writes ops.pb.gz beside itself: one GraphDef. Each case is a name scope `case.k`, where k says what the placeholders
know of their shapes (s: all sizes, d: their number, u: nothing), with placeholders x0, x1, …, the nodes of the
operation, and those of `gradients` and `gradients_1` (first and second derivatives). For each placeholder p a constant
`fed/p` holds what it was fed, and for each tensor op:i that was fetched a constant `expected/op.i` the answer.
"""
import gzip, os
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # TensorFlow's own kernels: the first of equal elements wins a pool
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

HERE = os.path.dirname(os.path.abspath(__file__))
inf, nan = np.inf, np.nan
fed, fetched = {}, []


def f(*shape, scale=2.0, shift=0.0, dtype=np.float32):
    """Uneven numbers, none twice."""
    n = int(np.prod(shape))
    return (np.round(np.sin(np.arange(n) * 1.7 + 0.3) * scale, 3) + shift).astype(dtype).reshape(shape)

def i(*values, dtype=np.int32):
    return np.array(values, dtype)

def case(name, build, *arrays, wrt=None, known="sdu", second=True):
    """`wrt`: the inputs to differentiate by; all floating-point ones if not said."""
    for k in known:
        tf.get_default_graph()._reduced_shape_cache.clear()
        with tf.name_scope(name + "." + k):
            xs = []
            for n, array in enumerate(map(np.asarray, arrays)):
                shape = {"s": array.shape, "d": [None] * array.ndim, "u": None}[k]
                x = tf.placeholder(tf.as_dtype(array.dtype), shape, name="x%d" % n)
                fed[x] = array
                xs.append(x)
            ys = build(*xs)
            ys = list(ys) if isinstance(ys, (list, tuple)) else [ys]
            fetched.extend(ys)
            by = [x for n, x in enumerate(xs) if (x.dtype.is_floating if wrt is None else n in wrt)]
            ys = [y for y in ys if y.dtype.is_floating]
            if not by or not ys:
                continue
            dxs = [dx for dx in tf.gradients(ys, by) if dx is not None]
            fetched.extend(dxs)
            if second and dxs:
                fetched.extend(ddx for ddx in tf.gradients(dxs, by) if ddx is not None)

def layer_case(name, build, *shapes):
    """Layers: the graph only. Differentiated by the placeholders and all trainable variables."""
    with tf.variable_scope("layer_" + name + ".d"):
        xs = [tf.placeholder(tf.float32, shape, name="x%d" % n) for n, shape in enumerate(shapes)]
        y = build(*xs)
        tf.gradients(y, xs + tf.trainable_variables(tf.get_variable_scope().name + "/"))

# No denormal numbers: TensorFlow flushes them to zero.
special = np.array([0.0, -0.0, 1.0, -1.0, inf, -inf, nan, 1e-30, 3e38, 0.5], np.float32)

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

# Arrays.
case("identity", lambda x: [tf.identity(x), tf.stop_gradient(x)], f(2, 3), known="sd")
case("shape", lambda x: [tf.shape(x), tf.rank(x), tf.size(x)], f(2, 3))
case("shape_partly", lambda x: [tf.shape(tf.reshape(x, [-1, 3])), tf.size(tf.reshape(x, [0, -1]))], f(0, 3), known="d", wrt=())
case("shape_n", lambda x, y: tf.shape_n([x, y]), f(2, 3), f(4), wrt=())
case("reshape", lambda x: tf.reshape(x, [3, -1]), f(2, 3))
case("reshape_fed", tf.reshape, f(2, 3), i(6), known="sd")
case("expand_dims", lambda x: [tf.expand_dims(x, 0), tf.expand_dims(x, -1)], f(2, 3))
case("squeeze", lambda x: [tf.squeeze(x, [0]), tf.squeeze(x)], f(1, 3, 1))
case("fill", lambda x: tf.fill([2, 3], x), f(), known="s")
case("fill_fed", tf.fill, i(2, 3), f(), known="sd")
case("zeros", lambda: [tf.zeros([2, 3]), tf.ones([2]), tf.zeros([40, 30])], known="s")
case("likes", lambda x: [tf.zeros_like(x), tf.ones_like(x)], f(2, 3), wrt=())
case("ones_like_old", lambda x: tf.raw_ops.OnesLike(x=x), f(2), known="s", wrt=())
case("range", lambda x: [tf.range(0, x, 2), tf.range(0.0, 1.0, 0.25), tf.range(5, 0, -2)], i(7).reshape(()), known="sd")
case("concat", lambda x, y: tf.concat([x, y], 1), f(2, 3), f(2, 1))
case("concat_negative", lambda x, y: tf.concat([x, y, x], -1), f(2, 3), f(2, 1), known="sd")
case("concat_one", lambda x: tf.concat([x], 0), f(2), known="s")
case("stack", lambda x, y: tf.stack([x, y], 1), f(2, 3), f(2, 3, shift=1))
case("unstack", lambda x: tf.unstack(x, axis=1), f(2, 3), known="s")
case("slice", lambda x: tf.slice(x, [0, 1], [2, 2]), f(2, 3))
case("slice_rest", lambda x: tf.slice(x, [1, 0], [-1, 2]), f(2, 3), known="sd")
case("slice_fed", tf.slice, f(4), i(1, dtype=np.int64), i(2, dtype=np.int64), known="sd")
case("pad", lambda x: tf.pad(x, [[1, 0], [0, 2]]), f(2, 3))
case("pad_fed", tf.pad, f(2), i(1, 2, dtype=np.int64).reshape(1, 2), known="sd")
case("tile", lambda x: tf.tile(x, [2, 3]), f(2, 3))
case("tile_fed", tf.tile, f(2), i(3, dtype=np.int64), known="sd")
case("broadcast_to", lambda x: tf.broadcast_to(x, [2, 3]), f(3))
case("broadcast_to_fed", tf.broadcast_to, f(2, 1), i(2, 3, dtype=np.int64), known="sd")
case("transpose", lambda x: tf.transpose(x, [2, 0, 1]), f(2, 3, 4))
case("transpose_reversed", tf.transpose, f(2, 3))
case("invert_permutation", tf.math.invert_permutation, i(2, 0, 1), known="sd")
case("gather", lambda x, j: tf.gather(x, j), f(4, 2), i(3, 0, 3), known="sd", wrt=())
case("gather_axis", lambda x, j: tf.gather(x, j, axis=1), f(2, 4), i(3, 0).reshape(2, 1), known="sd", wrt=())
case("placeholder_with_default", lambda x: tf.placeholder_with_default(x, [None]), f(3), known="s")
case("dynamic_stitch", lambda x, y: tf.dynamic_stitch([[0, 2], [1]], [x, y]), f(2, 3), f(1, 3), known="s", wrt=())
case("cumprod", lambda x: [tf.cumprod(x), tf.cumprod(x, axis=1, exclusive=True), tf.cumprod(x, axis=1, reverse=True)], f(2, 3), known="s", wrt=())
case("cumsum", lambda x: [tf.cumsum(x), tf.cumsum(x, axis=1, exclusive=True), tf.cumsum(x, axis=-1, reverse=True)], f(2, 3), known="sd")
case("setdiff1d", lambda x, y: list(tf.setdiff1d(x, y)), i(5, 2, 9, 4, 2), i(4, 5), known="s")

# Networks.
for name, strides, padding in [("same", 1, "SAME"), ("valid", 1, "VALID"), ("same_2", 2, "SAME"), ("valid_2", 2, "VALID")]:
    case("conv2d_" + name, lambda x, w: tf.nn.conv2d(x, w, strides=[1, strides, strides, 1], padding=padding),
         f(2, 5, 4, 2), f(3, 2, 2, 3), known="sd")
    case("max_pool_" + name, lambda x: tf.nn.max_pool(x, ksize=[1, 2, 3, 1], strides=[1, strides, strides, 1], padding=padding),
         f(2, 5, 4, 2), known="sd")
case("bias_add", tf.nn.bias_add, f(2, 3, 4), f(4), second=False)
case("bias_add_matrix", tf.nn.bias_add, i(1, 2, 3, 4).reshape(2, 2), i(10, 20), known="s")
case("bias_add_nchw", lambda x, b: tf.nn.bias_add(x, b, data_format="NCHW"), f(2, 3, 2, 2), f(3), known="sd", second=False)
case("bias_add_empty", tf.nn.bias_add, f(0, 3), f(3), known="s", second=False)
case("conv2d_uneven", lambda x, w: tf.nn.conv2d(x, w, strides=[1, 2, 3, 1], padding="SAME"), f(1, 7, 7, 1), f(4, 3, 1, 2), known="s")
case("conv2d_f64", lambda x, w: tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="SAME"),
     f(1, 3, 3, 1, dtype=np.float64), f(2, 2, 1, 2, dtype=np.float64), known="s")
case("conv2d_dilated", lambda x, w: tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="SAME", dilations=[1, 2, 2, 1]),
     f(1, 6, 5, 2), f(2, 3, 2, 2), known="s", second=False, wrt=())
case("conv2d_1x1", lambda x, w: tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="VALID"), f(2, 3, 3, 4), f(1, 1, 4, 2), known="s")
case("conv2d_explicit", lambda x, w: tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding=[[0, 0], [1, 0], [0, 2], [0, 0]]),
     f(1, 4, 4, 1), f(2, 2, 1, 1), known="s", second=False)
case("conv2d_no_batch", lambda x, w: tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="SAME"), f(0, 3, 3, 1), f(2, 2, 1, 2), known="s", second=False)
case("max_pool_ties", lambda x: tf.nn.max_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME"),
     np.zeros((1, 3, 3, 1), np.float32), known="s", second=False)
case("max_pool_special", lambda x: tf.nn.max_pool(x, ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding="SAME"),
     np.array([1, -inf, -inf, -inf, inf, 2], np.float32).reshape(1, 1, 6, 1), known="s", second=False)
for name, build in [("softmax", tf.nn.softmax), ("log_softmax", tf.nn.log_softmax)]:
    case(name, build, f(2, 3), known="sd")
    case(name + "_1d", build, f(4), known="s")
    case(name + "_3d", build, f(2, 2, 3), known="s")
    case(name + "_large", build, np.array([[1000.0, 0.0], [-1000.0, -1000.0]], np.float32), known="s", second=False)
case("xent", lambda x, y: tf.nn.softmax_cross_entropy_with_logits_v2(logits=x, labels=y), f(2, 3), np.array([[0, 1, 0], [0.5, 0.25, 0.25]], np.float32), known="sd", second=False)
case("xent_old", lambda x, y: tf.nn.softmax_cross_entropy_with_logits(logits=x, labels=y), f(2, 3), np.array([[0, 1, 0], [0.5, 0.25, 0.25]], np.float32), known="sd", wrt=(0,), second=False)
case("xent_second", lambda x, y: tf.nn.softmax_cross_entropy_with_logits_v2(logits=x, labels=tf.stop_gradient(y)), f(2, 3), np.array([[0, 1, 0], [0.5, 0.25, 0.25]], np.float32), known="s", wrt=(0,))
case("xent_3d", lambda x, y: tf.nn.softmax_cross_entropy_with_logits_v2(logits=x, labels=y), f(2, 2, 3), f(2, 2, 3, scale=0.2, shift=0.3), known="sd", second=False)

# State: each case starts from its variables' initial values in the same run.
def state(x, change):
    v = tf.Variable(x)
    with tf.control_dependencies([v.initializer]):
        return change(v)

case("assign", lambda x, y: state(x, lambda v: tf.assign(v, y)), f(2, 3), f(2, 3, shift=1), known="s", wrt=())
case("assign_add", lambda x, y: state(x, lambda v: tf.assign_add(v, y)), f(2, 3), f(2, 3, shift=1), known="s", wrt=())
case("assign_sub", lambda x, y: state(x, lambda v: tf.assign_sub(v, y)), f(2, 3), f(2, 3, shift=1), known="s", wrt=())
case("variable", lambda x: state(x, lambda v: v.read_value() * 2.0), f(2, 3), known="s", wrt=())
def grouped(x, y):
    v = tf.Variable(x)
    with tf.control_dependencies([v.initializer]):
        change = tf.assign_add(v, y)
    with tf.control_dependencies([tf.group(change, tf.no_op())]):
        return v.read_value()
case("group", grouped, f(2, 3), f(2, 3, shift=1), known="s", wrt=())
case("apply_gradient_descent", lambda x, y: state(x, lambda v: tf.raw_ops.ApplyGradientDescent(var=v._ref(), alpha=0.5, delta=y)), f(2, 3), f(2, 3, shift=1), known="s", wrt=())
def adam(x, y, nesterov):
    variables = [tf.Variable(x), tf.Variable(x * 0.5), tf.Variable(x * x)]
    with tf.control_dependencies([v.initializer for v in variables]):
        var, m, v = [v._ref() for v in variables]
        return tf.raw_ops.ApplyAdam(var=var, m=m, v=v, beta1_power=0.9, beta2_power=0.999, lr=0.01, beta1=0.9, beta2=0.999,
                                    epsilon=1e-8, grad=y, use_nesterov=nesterov)
case("apply_adam", lambda x, y: adam(x, y, False), f(2, 3), f(2, 3, shift=1), known="s", wrt=())
case("apply_adam_nesterov", lambda x, y: adam(x, y, True), f(2, 3), f(2, 3, shift=1), known="s", wrt=())

# Layers and what they are made of.
case("rsqrt", tf.rsqrt, f(2, 3, shift=3), known="sd")
case("rsqrt_f64", tf.rsqrt, f(2, dtype=np.float64, shift=3), known="s")
case("rsqrt_special", tf.rsqrt, special, known="s", second=False)
case("squared_difference", tf.squared_difference, f(2, 3), f(2, 3, shift=1), known="sd")
case("squared_difference_row", tf.squared_difference, f(2, 3), f(3, shift=1))
case("squared_difference_i32", tf.squared_difference, i(3, -1, 7), i(1, 5, 2), known="s")
case("strided_slice", lambda x: tf.strided_slice(x, [0, 1], [2, 3]), f(2, 4))
case("strided_slice_back", lambda x: tf.strided_slice(x, [1, -1], [-3, -4], [-1, -2]), f(2, 4))
case("strided_slice_masks", lambda x: tf.strided_slice(x, [0, 0, 1, 0], [0, 0, 2, 3], [1, 1, 1, 2], begin_mask=8, end_mask=8, ellipsis_mask=1, new_axis_mask=2, shrink_axis_mask=4), f(2, 2, 2, 4), known="sd")
case("strided_slice_empty", lambda x: tf.strided_slice(x, [3], [9]), f(2), known="sd", second=False)
case("strided_slice_fed", lambda x, a, b: tf.strided_slice(x, a, b, [1, 1]), f(3, 3), i(0, 1), i(2, 3), known="sd")
case("strided_slice_i64", lambda x, a, b: tf.strided_slice(x, a, b, tf.constant([2], tf.int64)), i(5, 6, 7, 8), i(0, dtype=np.int64), i(4, dtype=np.int64), known="s")
case("unsorted_segment_sum", lambda x, ids: tf.unsorted_segment_sum(x, ids, 4), f(3, 2), i(2, -1, 2), known="sd", wrt=())
case("unsorted_segment_sum_2d", lambda x, ids: tf.unsorted_segment_sum(x, ids, 3), i(1, 2, 3, 4).reshape(2, 2), i(0, 2, 2, 1).reshape(2, 2), known="sd", wrt=())
case("l2_loss", tf.nn.l2_loss, f(2, 3), known="sd")
case("l2_loss_f64", tf.nn.l2_loss, f(4, dtype=np.float64), known="s")
case("leaky_relu", tf.nn.leaky_relu, f(2, 3), known="sd")
case("leaky_relu_alpha", lambda x: tf.nn.leaky_relu(x, alpha=0.5), f(4, dtype=np.float64), known="s")
case("leaky_relu_special", tf.nn.leaky_relu, special, known="s", second=False)
for padding in ["SAME", "VALID"]:
    case("avg_pool_" + padding.lower(), lambda x: tf.nn.avg_pool(x, ksize=[1, 2, 3, 1], strides=[1, 2, 1, 1], padding=padding), f(2, 5, 4, 2), known="sd")
    case("depthwise_" + padding.lower(), lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 2, 2, 1], padding), f(2, 5, 4, 2), f(3, 2, 2, 2), known="sd")
    case("conv2d_transpose_" + padding.lower(), lambda x, w: tf.nn.conv2d_transpose(x, w, [1, 5, 6, 2], [1, 2, 2, 1], padding) if padding == "SAME" else tf.nn.conv2d_transpose(x, w, [1, 7, 7, 2], [1, 2, 2, 1], padding),
         f(1, 3, 3, 3), f(3, 2 + (padding == "VALID"), 2, 3), known="s")
case("avg_pool_f64", lambda x: tf.nn.avg_pool(x, ksize=[1, 2, 2, 1], strides=[1, 1, 1, 1], padding="SAME"), f(1, 3, 2, 1, dtype=np.float64), known="s")
case("depthwise_f64", lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"), f(1, 3, 3, 1, dtype=np.float64), f(2, 2, 1, 3, dtype=np.float64), known="s")
case("separable_conv2d", lambda x, d, p: tf.nn.separable_conv2d(x, d, p, [1, 1, 1, 1], "SAME"), f(1, 3, 3, 2), f(2, 2, 2, 2), f(1, 1, 4, 3), known="sd", second=False)
case("fused_batch_norm", lambda x, s, o: tf.nn.fused_batch_norm(x, s, o)[0] * f(2, 2, 3, 2, shift=1), f(2, 2, 3, 2), f(2), f(2, shift=1), known="s", second=False)
case("fused_batch_norm_all", lambda x, s, o: tf.nn.fused_batch_norm(x, s, o, epsilon=0.01), f(2, 2, 3, 2), f(2), f(2, shift=1), known="sd", wrt=())
case("fused_batch_norm_inference", lambda x, s, o, m, v: tf.nn.fused_batch_norm(x, s, o, m, v, is_training=False)[0] * f(2, 2, 3, 2, shift=1), f(2, 2, 3, 2), f(2), f(2, shift=1), f(2), f(2, shift=3), known="s", wrt=(0, 1, 2), second=False)
case("fused_batch_norm_blend", lambda x, s, o, m, v: tf.nn.fused_batch_norm(x, s, o, m, v, exponential_avg_factor=0.25), f(2, 2, 3, 2), f(2), f(2, shift=1), f(2), f(2, shift=3), known="s", wrt=())
case("moments", lambda x: tf.nn.moments(x, [0, 2]), f(3, 2, 2), known="sd", second=False)
case("batch_normalization", lambda x, m, v, o, s: tf.nn.batch_normalization(x, m, v, o, s, 0.1), f(3, 2), f(2), f(2, shift=3), f(2), f(2), known="sd", second=False)

layer_case("dropout", lambda x: [tf.nn.dropout(x, 0.25), tf.nn.dropout(x, rate=0.4, noise_shape=[2, 1]), tf.nn.dropout(x, rate=0.0)], [None, 3])
layer_case("dropout_fed", lambda x, k: tf.nn.dropout(x, k), [2, 3], [])
layer_case("random", lambda x: [tf.random_uniform([2]), tf.random_uniform([2], maxval=3.0), tf.random_uniform([2], -1.0, 1.0), tf.truncated_normal([2], 1.0, 2.0), x * 2.0], [2])
layer_case("dense", lambda x: tf.layers.dense(tf.layers.dense(x, 3, tf.nn.relu), 2, use_bias=False), [None, 4])
layer_case("dense_3d", lambda x: tf.layers.dense(x, 3), [None, 5, 4])
layer_case("dense_known", lambda x: tf.layers.dense(x, 3), [2, 5, 4])
layer_case("dense_regularized", lambda x: tf.layers.dense(x, 3, name="fc", kernel_regularizer=tf.keras.regularizers.l2(0.1), bias_regularizer=tf.keras.regularizers.l1(0.2)), [None, 4])
layer_case("dense_initializers", lambda x: tf.layers.dense(x, 3, kernel_initializer=tf.truncated_normal_initializer(stddev=0.1), bias_initializer=tf.constant_initializer(0.1)), [None, 4])
layer_case("dense_large", lambda x: tf.layers.dense(x, 2, kernel_initializer=tf.zeros_initializer(), bias_initializer=tf.ones_initializer()), [None, 600])
layer_case("dense_frozen", lambda x: tf.layers.dense(tf.layers.dense(x, 3, trainable=False), 2), [None, 4])
layer_case("conv2d", lambda x: tf.layers.conv2d(x, 4, 3, strides=2, padding="same", activation=tf.nn.relu), [None, 6, 5, 2])
layer_case("conv2d_transpose", lambda x: tf.layers.conv2d_transpose(x, 4, 3, strides=2, padding="same"), [None, 6, 5, 2])
layer_case("conv2d_transpose_valid", lambda x: tf.layers.conv2d_transpose(x, 4, 3, strides=2), [None, 6, 5, 2])
layer_case("separable_conv2d", lambda x: tf.layers.separable_conv2d(x, 4, 3, depth_multiplier=2, padding="same"), [None, 6, 5, 2])
layer_case("pooling", lambda x: tf.layers.average_pooling2d(tf.layers.max_pooling2d(x, 2, 1), [2, 1], 2, padding="same"), [None, 6, 5, 2])
layer_case("flatten", lambda x, y, z: [tf.layers.flatten(x), tf.layers.flatten(y), tf.layers.flatten(z)], [None, 2, 3], [None, None, 3], [4, None])
layer_case("dropout_layers", lambda x: tf.layers.dropout(tf.layers.dropout(x, 0.4, training=True)), [None, 3])
layer_case("batch_normalization", lambda x: tf.layers.batch_normalization(tf.layers.batch_normalization(x, training=True)), [None, 4, 4, 2])
layer_case("batch_normalization_2d", lambda x: tf.layers.batch_normalization(x, training=True, momentum=0.9), [None, 4])
layer_case("batch_normalization_2d_after", lambda x: tf.layers.batch_normalization(x, scale=False), [None, 4])
def shared(x):
    with tf.variable_scope("a") as scope:
        first = tf.get_variable("w", [3], initializer=tf.ones_initializer()) * x
        with tf.variable_scope("b", reuse=tf.AUTO_REUSE):
            second = tf.get_variable("v", [3]) + tf.get_variable("v", [3])
    with tf.variable_scope(scope, reuse=True):
        third = tf.get_variable("w", [3]) + first
    with tf.variable_scope("a"):
        fourth = tf.get_variable("k", []) + second
    with tf.variable_scope(None, "a"):
        fifth = tf.get_variable("k", [3]) + third
    return [fourth, fifth]
layer_case("variable_scopes", shared, [3])
def twice(x, y):
    layer = tf.layers.Dense(3, name="both")
    first = layer.apply(x)
    shared = tf.layers.dense(y, 3, name="both", reuse=True)
    return [first, layer.apply(y), shared, tf.layers.Dense(2, name="both").apply(x)]
layer_case("reuse", twice, [None, 4], [None, 4])

with tf.Session() as sess:
    answers = sess.run(fetched, fed)
for x, value in fed.items():
    tf.constant(value, name="fed/" + x.op.name)
for tensor, value in dict(zip(fetched, answers)).items():
    tf.constant(value, name="expected/%s.%d" % (tensor.op.name, tensor.value_index))
graph = tf.get_default_graph().as_graph_def()
with open(os.path.join(HERE, "ops.pb.gz"), "wb") as file:
    file.write(gzip.compress(graph.SerializeToString(deterministic=True), mtime=0))
print(len(graph.node), "nodes,", len(fetched), "answers,", os.path.getsize(os.path.join(HERE, "ops.pb.gz")), "bytes")
