"""Gradients through loops. See cases.py."""
from cases import *

n = i(4).reshape(())
def grad(name, build, *arrays, known="sd", **more):
    case(name, build, *arrays, known=known, second=False, **more)
def loop(x, body, count=3):
    return tf.while_loop(lambda i, y: i < count, lambda i, y: (i + 1, body(i, y)), [0, x])[1]

grad("power", lambda x: loop(x, lambda i, y: y * x), f(3), known="sdu")
grad("wide", lambda x: loop(x, lambda i, y: tf.sin(y) * x), f(3, dtype=np.float64))
grad("fed", lambda x, n: loop(x, lambda i, y: tf.exp(-y) * x, n), f(3), n, known="d")
grad("none", lambda x, n: loop(x, lambda i, y: tf.exp(-y) * x, n), f(3), i(0).reshape(()), known="d")
grad("same", lambda x: loop(x, lambda i, y: y), f(3))
grad("outside", lambda x, y: loop(x, lambda i, z: y * 2.0), f(3), f(3, shift=1))
grad("constant", lambda x: loop(x, lambda i, z: tf.tanh(z) + tf.constant([1.0, 2.0, 3.0])), f(3))
grad("branch", lambda x: loop(x, lambda i, y: tf.cond(tf.equal(i % 2, 0), lambda: y * x, lambda: tf.exp(y * 0.1)), 4), f(3))
grad("nested", lambda x: loop(x, lambda i, y: loop(y, lambda j, z: z * x, i)), f(3))
grad("rows", lambda x: loop(x[0], lambda i, y: y + tf.reduce_sum(tf.gather(x, tf.stack([i, 0])), 0)), f(3, 2))
grad("product", lambda x, w: loop(x, lambda i, y: tf.nn.relu(tf.matmul(y, w) + 0.5)), f(3, 2), f(2, 2))
grad("swap", lambda x, y: tf.while_loop(lambda i, a, b: i < 4, lambda i, a, b: [i + 1, b, a * b], [0, x, y])[1:], f(2), f(2, shift=1))
grad("one_of_two", lambda x, y: tf.while_loop(lambda i, a, b: i < 4, lambda i, a, b: [i + 1, a * b, b * 0.5], [0, x, y])[1], f(2), f(2, shift=1))
grad("back_prop", lambda x: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [0, x], back_prop=False)[1] + x, f(3))
for p in (False, True):
    grad("in_branch_%s" % p, lambda x, p: tf.cond(p, lambda: loop(x, lambda i, y: y * x), lambda: -x), f(3), np.array(p))
grad("scan", lambda x: tf.scan(lambda a, b: tf.tanh(a + b), x), f(4, 2))
grad("map", lambda x: tf.map_fn(lambda a: a * a, x), f(4, 2))
grad("foldl", lambda x: tf.foldl(lambda a, b: a * b + 1.0, x), f(4, 2))
grad("array", lambda x: tf.TensorArray(tf.float32, 2).write(0, x).write(1, x * x).stack(), f(2))
grad("array_split", lambda x: tf.TensorArray(tf.float32, 2, infer_shape=False).split(x * x, [1, 3]).concat(), f(4, 2))
def lstm(x, w):
    def body(t, h, c, ta):
        a, b, d, e = tf.split(tf.matmul(tf.concat([x[t], h], 1), w), 4, 1)
        c = c * tf.sigmoid(b) + tf.sigmoid(a) * tf.tanh(d)
        h = tf.tanh(c) * tf.sigmoid(e)
        return t + 1, h, c, ta.write(t, h)
    z = tf.zeros([2, 3])
    return tf.while_loop(lambda t, *_: t < 4, body, (0, z, z, tf.TensorArray(tf.float32, 4)))[3].stack()
grad("lstm", lstm, f(4, 2, 2), f(5, 12), known="s")
def second(x):
    y = loop(x, lambda i, y: y * x)
    return tf.gradients(tf.gradients(y, x)[0], x)[0]
bad("bad_second", second, f(3))
write("loop_grads")
