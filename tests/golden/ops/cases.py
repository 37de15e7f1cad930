"""Records the graphs that TensorFlow builds for single operations and their gradients, and the values it computes.

    pip install tensorflow-cpu==2.19.1 && pip install --no-deps tf_keras==2.19.0    (tf_keras: tf.layers only)
    python tests/golden/ops/array_ops.py    (each file beside this one on its own)

Each writes one GraphDef beside itself, array_ops.pb.gz. A case is a name scope `case.k`, where k says what the
placeholders know of their shapes (s: all sizes, d: their number, u: nothing), with placeholders x0, x1, …, the nodes of
the operation, and those of `gradients` and `gradients_1` (first and second derivatives). For each placeholder p a
constant `fed/p` holds what it was fed, and for each tensor op:i that was fetched a constant `expected/op.i` the answer.
What TensorFlow refuses is a constant `error/case`, the kind of the error, and one `error_fed/case/i` for each input.
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
fed, fetched, refused = {}, [], {}


def f(*shape, scale=2.0, shift=0.0, dtype=np.float32):
    """Uneven numbers, none twice."""
    n = int(np.prod(shape))
    return (np.round(np.sin(np.arange(n) * 1.7 + 0.3) * scale, 3) + shift).astype(dtype).reshape(shape)

def i(*values, dtype=np.int32):
    return np.array(values, dtype)

def case(name, build, *arrays, wrt=None, known="sdu", second=True, run=True):
    """`wrt`: the inputs to differentiate by; all floating-point ones if not said. `run`: whether values are recorded."""
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
            fetched.extend(ys if run else [])
            by = [x for n, x in enumerate(xs) if (x.dtype.is_floating if wrt is None else n in wrt)]
            ys = [y for y in ys if y.dtype.is_floating]
            if not by or not ys:
                continue
            dxs = parts(tf.gradients(ys, by))
            fetched.extend(dxs)
            dxs = [dx for dx in dxs if dx.dtype.is_floating]
            if second and dxs:
                fetched.extend(parts(tf.gradients(dxs, by)))

def parts(gradients):
    """The tensors of gradients, some of which may be slices."""
    return [part for g in gradients if g is not None
            for part in ([g.values, g.indices] if isinstance(g, tf.IndexedSlices) else [g])]

def bad(name, build, *arrays):
    """What TensorFlow refuses, while building or running, with all shapes known."""
    with tf.Graph().as_default(), tf.Session() as sess:
        try:
            xs = [tf.placeholder(tf.as_dtype(x.dtype), x.shape) for x in map(np.asarray, arrays)]
            ys = build(*xs)
            sess.run(ys, dict(zip(xs, arrays)))
            raise SystemExit(name + " is not refused")
        except (ValueError, TypeError):
            kind = "InvalidArgument"
        except tf.errors.OpError as error:
            kind = type(error).__name__.removesuffix("Error")
    refused[name] = kind, arrays

def layer_case(name, build, *shapes):
    """Layers: the graph only. Differentiated by the placeholders and all trainable variables. A shape None: a bool."""
    with tf.variable_scope("layer_" + name + ".d"):
        xs = [tf.placeholder(tf.bool if shape is None else tf.float32, shape or [], name="x%d" % n) for n, shape in enumerate(shapes)]
        y = build(*xs)
        tf.gradients(y, [x for x in xs if x.dtype.is_floating] + tf.trainable_variables(tf.get_variable_scope().name + "/"))

# No denormal numbers: TensorFlow flushes them to zero.
special = np.array([0.0, -0.0, 1.0, -1.0, inf, -inf, nan, 1e-30, 3e38, 0.5], np.float32)

def write(family):
    path = os.path.join(HERE, family + ".pb.gz")
    with tf.Session() as sess:
        answers = sess.run(fetched, fed)
    for x, value in fed.items():
        tf.constant(value, name="fed/" + x.op.name)
    for tensor, value in dict(zip(fetched, answers)).items():
        tf.constant(value, tensor.dtype, name="expected/%s.%d" % (tensor.op.name, tensor.value_index))
    for name, (kind, arrays) in refused.items():
        tf.constant(kind, name="error/" + name)
        for n, array in enumerate(arrays):
            tf.constant(np.asarray(array), name="error_fed/%s/%d" % (name, n))
    graph = tf.get_default_graph().as_graph_def()
    with open(path, "wb") as file:
        file.write(gzip.compress(graph.SerializeToString(deterministic=True), mtime=0))
    print(len(graph.node), "nodes,", len(fetched), "answers,", len(refused), "refused,", os.path.getsize(path), "bytes")
