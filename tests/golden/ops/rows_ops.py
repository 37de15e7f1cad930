"""Loops over rows and arrays of a run: tf.map_fn, tf.foldl, tf.foldr, tf.scan, tf.TensorArray. See cases.py."""
from cases import *

def rows(name, build, *arrays, known="sd"):
    case(name, build, *arrays, known=known, wrt=())

rows("map", lambda x: tf.map_fn(lambda a: a * a, x), f(4, 2))
rows("map_numbers", lambda x: tf.map_fn(lambda a: tf.sin(a) + 1.0, x), f(3), known="s")
rows("map_empty", lambda x: tf.map_fn(lambda a: a * 2.0, x), f(0, 2), known="s")
rows("map_int", lambda x: tf.map_fn(lambda a: a + 1, x), i(4, 2))
rows("map_text", lambda x: tf.map_fn(lambda a: tf.string_join([a, a]), x), np.array(["a", "bc"]), known="s")
rows("map_two", lambda x, y: tf.map_fn(lambda s: s[0] * tf.reduce_sum(s[1]), (x, y), dtype=tf.float32), f(3, 2), f(3, 4), known="s")
rows("map_other", lambda x: list(tf.map_fn(lambda a: (tf.cast(a, tf.float32), a * 2), x, dtype=(tf.float32, tf.int32), name="both")), i(4, 2, 7), known="s")
rows("map_nested", lambda x: tf.map_fn(lambda r: tf.map_fn(lambda a: a * 0.5, r), x, parallel_iterations=2), f(2, 3), known="s")
rows("foldl", lambda x: tf.foldl(lambda a, b: a * b + 1.0, x), f(4, 2))
rows("foldl_from", lambda x, y: tf.foldl(lambda a, b: a + tf.reduce_sum(b), x, initializer=y), f(4, 2), f(), known="s")
rows("foldr", lambda x: tf.foldr(lambda a, b: a * b + 1.0, x), f(4, 2))
rows("foldr_from", lambda x, y: tf.foldr(lambda a, b: a + tf.reduce_sum(b), x, initializer=y), f(4, 2), f())
rows("scan", lambda x: tf.scan(lambda a, b: tf.tanh(a + b), x), f(4, 2))
rows("scan_from", lambda x, y: tf.scan(lambda a, b: a * 0.5 + b, x, initializer=y), f(4, 2), f(2))
rows("scan_reverse", lambda x: tf.scan(lambda a, b: a * 0.5 + b, x, reverse=True, infer_shape=False), f(4, 2))
rows("scan_reverse_from", lambda x, y: tf.scan(lambda a, b: a * 0.5 + b, x, initializer=y, reverse=True, name="back"), f(4, 2), f(2))
rows("scan_two", lambda x, y: list(tf.scan(lambda a, b: (a[0] + b[1], a[1] * b[0]), (x, y))), f(3, 2), f(3, 2, shift=1), known="s")
def array(x, n):
    a = tf.TensorArray(tf.float32, 3, clear_after_read=False, element_shape=[2], name="kept")
    a = a.write(0, x).write(2, x * 2.0).write(1, [1.0, 2.0])
    return [a.stack(), a.read(n), a.gather([2, 0]), a.size()]
rows("array", array, f(2), i(1).reshape(()), known="s")
rows("array_wide", lambda x: tf.TensorArray(tf.float64, tf.shape(x)[0]).unstack(x).stack(), f(3, 2, dtype=np.float64))
def split(x):
    a = tf.TensorArray(tf.float32, 2, infer_shape=False).split(x, [1, 3])
    return [a.concat()]
rows("array_split", split, f(4, 2), known="s")
def grows(x):
    a = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a.write(i, x * 2.0)), [0, tf.TensorArray(tf.float32, 0, dynamic_size=True)])[1]
    return [a.stack(), a.size()]
rows("array_grows", grows, f(2), known="s")
rows("array_branch", lambda x, p: tf.cond(p, lambda: tf.TensorArray(tf.float32, 2).write(0, x).write(1, x).stack(), lambda: tf.stack([x, x * 2.0])), f(2), np.array(True), known="s")

fixed = lambda n=2: tf.TensorArray(tf.float32, n)
bad("bad_array_far", lambda x: fixed().write(2, x).stack(), f(2))
bad("bad_array_twice", lambda x: fixed().write(0, x).write(0, x).read(0), f(2))
bad("bad_array_unwritten", lambda x: [x, tf.TensorArray(tf.float32, 2, infer_shape=False).read(1)], f(2))
def again(x):
    a = fixed(1).write(0, x)
    b = a.read(0)
    with tf.control_dependencies([b]):
        return [b, a.read(0)]
bad("bad_array_again", again, f(2))
bad("bad_array_shape", lambda x: fixed().write(0, x).write(1, x[:1]).stack(), f(2))
bad("bad_array_type", lambda x: fixed(1).write(0, x).stack(), i(2, 3))
bad("bad_array_size", lambda n: tf.TensorArray(tf.float32, n).stack(), i(-2).reshape(()))
bad("bad_map_scalar", lambda x: tf.map_fn(lambda a: a, x), f())
write("rows_ops")
