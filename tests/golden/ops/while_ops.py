"""Loops: tf.while_loop. See cases.py."""
from cases import *

no, yes = np.array(False), np.array(True)
n = i(4).reshape(())

def count(n):
    return tf.while_loop(lambda i: i < n, lambda i: i + 1, [tf.constant(0)])
case("while_count", count, n)
case("while_count_none", count, i(-1).reshape(()), known="s")
def power(x, n):
    return tf.while_loop(lambda i, y: i < n, lambda i, y: [i + 1, y * x], [tf.constant(0), tf.ones_like(x)])
case("while_power", power, f(2, 3), n, wrt=())
case("while_power_wide", power, f(3, dtype=np.float64), n, known="s", wrt=())
case("while_power_none", power, f(3), i(0).reshape(()), known="s", wrt=())
case("while_power_empty", power, f(0, 2), n, known="sd", wrt=())
case("while_power_nan", power, np.array([nan, inf, 0.5], np.float32), n, known="s", wrt=())
case("while_constants", lambda n: tf.while_loop(lambda i, y: i < n, lambda i, y: (i + tf.constant(1), y + tf.constant([1.0, 2.0])), [0, tf.zeros([2])], name="loop"), n, wrt=())
case("while_grows", lambda x, n: tf.while_loop(lambda i, y: i < n, lambda i, y: [i + 1, tf.concat([y, x], 0)], [0, x], shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 2])]), f(2, 2), n, known="s", wrt=())
case("while_text", lambda x, n: tf.while_loop(lambda i, y: i < n, lambda i, y: [i + 1, tf.string_join([y, x])], [0, x], shape_invariants=[tf.TensorShape([]), tf.TensorShape([])]), np.array("ab"), n, known="s")
case("while_most", lambda x: tf.while_loop(lambda y: True, lambda y: y * 2.0, [x], maximum_iterations=3), f(2), known="s", wrt=())
case("while_most_fed", lambda x, n: tf.while_loop(lambda y: tf.reduce_sum(y) < 100.0, lambda y: y * 2.0, [x], maximum_iterations=n, parallel_iterations=1, back_prop=False, swap_memory=True, name="most"), f(2, shift=3), n, known="s", wrt=())
case("while_one", lambda x: tf.while_loop(lambda y: tf.reduce_sum(y) < 50.0, lambda y: tf.exp(y), [x]), f(2), known="s", wrt=())
case("while_same", lambda x, n: tf.while_loop(lambda i, y: i < n, lambda i, y: [i + 1, y], [0, x]), f(2), n, known="s", wrt=())
case("while_swap", lambda x, y, n: tf.while_loop(lambda i, a, b: i < n, lambda i, a, b: [i + 1, b, a + b], [0, x, y]), f(2), f(2, shift=1), n, known="s", wrt=())
case("while_outside", lambda x, y, n: tf.while_loop(lambda i, a: i < n, lambda i, a: [i + 1, y], [0, x]), f(2), f(2, shift=1), n, known="s", wrt=())
def nested(x, n):
    inner = lambda y: tf.while_loop(lambda j, z: j < 2, lambda j, z: [j + 1, z * x + 1.0], [0, y])[1]
    return tf.while_loop(lambda i, y: i < n, lambda i, y: [i + 1, inner(y) - y], [0, x])
case("while_nested", nested, f(2), n, wrt=())
def nested_deep(x, n):
    def inner(i, y):
        return tf.while_loop(lambda j, z: j < i, lambda j, z: [j + 1, tf.while_loop(lambda k, w: k < j, lambda k, w: [k + 1, w + x], [0, z])[1]], [0, y])[1]
    return tf.while_loop(lambda i, y: i < n, lambda i, y: [i + 1, inner(i, y)], [0, x])
case("while_nested_deep", nested_deep, f(2), n, known="s", wrt=())
def with_cond(x, n):
    def body(i, y):
        return i + 1, tf.cond(tf.equal(i % 2, 0), lambda: y * x, lambda: y + tf.constant(1.0))
    return tf.while_loop(lambda i, y: i < n, body, [0, x])
case("while_cond", with_cond, f(3), n, wrt=())
for p in (no, yes):
    k = "_yes" if p else "_no"
    case("cond_while" + k, lambda x, p, n: tf.cond(p, lambda: tf.while_loop(lambda i, y: i < n, lambda i, y: [i + 1, y * x], [0, x])[1], lambda: x), f(2), p, n, known="s", wrt=())
    case("cond_while_cond" + k, lambda x, p, n: tf.cond(p, lambda: with_cond(x, n)[1], lambda: -x), f(2), p, n, known="s", wrt=())
def waits(x, n):
    def body(i, y):
        with tf.control_dependencies([tf.identity(y, name="first")]):
            return i + 1, y + tf.constant(1.0)
    with tf.control_dependencies([tf.identity(x, name="before")]):
        return tf.while_loop(lambda i, y: i < n, body, [tf.constant(0), x])
case("while_waits", waits, f(2), n, known="s", wrt=())
def changes(x, n):
    v = tf.Variable(x, name="v")
    def body(i):
        with tf.control_dependencies([tf.assign_add(v, x)]):
            return i + 1
    with tf.control_dependencies([v.initializer]):
        end = tf.while_loop(lambda i: i < n, body, [tf.constant(0)])
    with tf.control_dependencies([end]):
        return v.read_value()
case("while_variable", changes, f(2), n, known="s", wrt=())
def reads(x, n):
    v = tf.Variable(x, name="v")
    with tf.control_dependencies([v.initializer]):
        start = tf.identity(x)
        return tf.while_loop(lambda i, y: i < n, lambda i, y: [i + 1, y * v.read_value()], [0, start])
case("while_reads", reads, f(2), n, known="s", wrt=())
case("while_reads_none", reads, f(2), i(0).reshape(()), known="s", wrt=())
case("while_reads_wide", reads, f(2, dtype=np.float64), n, known="s", wrt=())
case("while_reads_int", reads, i(2, 3), n, known="s", wrt=())
def handle(x, n):
    v = tf.Variable(x, name="v", use_resource=True)
    def body(i, y):
        with tf.control_dependencies([tf.identity(y)]):
            return i + 1, v.read_value() * y
    with tf.control_dependencies([v.initializer]):
        return tf.while_loop(lambda i, y: i < n, body, [tf.constant(0), x])
case("while_handle", handle, f(2), n, known="s", wrt=())
case("while_product", lambda x, w, n: tf.while_loop(lambda i, y: i < n, lambda i, y: [i + 1, tf.nn.relu(tf.matmul(y, w) + 0.5)], [0, x]), f(3, 2), f(2, 2), n, known="sd", wrt=())
case("while_tuple", lambda x, n: tf.nest.flatten(tf.while_loop(lambda i, s: i < n, lambda i, s: (i + 1, (s[1], s[0] + 1.0)), (0, (x, x * 2.0)))), f(2), n, known="s", wrt=())

bad("bad_while_shape", lambda x, n: tf.while_loop(lambda i, y: i < n, lambda i, y: [i + 1, tf.concat([y, y], 0)], [0, x]), f(2), n)
bad("bad_while_type", lambda x, n: tf.while_loop(lambda i, y: i < n, lambda i, y: [i + 1, tf.cast(y, tf.int32)], [0, x]), f(2), n)
bad("bad_while_count", lambda x, n: tf.while_loop(lambda i, y: i < n, lambda i, y: [i + 1], [0, x]), f(2), n)
bad("bad_while_pred", lambda x, n: tf.while_loop(lambda i, y: y > 0.0, lambda i, y: [i + 1, y], [0, x]), f(2), n)
bad("bad_while_pred_type", lambda x, n: tf.while_loop(lambda i, y: i, lambda i, y: [i + 1, y], [0, x]), f(2), n)
bad("bad_while_none", lambda x: tf.while_loop(lambda: True, lambda: [], []), f(2))
bad("bad_while_run", lambda x, n: tf.while_loop(lambda i, y: i < n, lambda i, y: [i + 1, tf.check_numerics(tf.log(y), "log")], [0, x]), f(2), n)
kept = []
def inside(x, n):
    def body(i):
        kept.append(i + 1)
        return kept[-1]
    tf.while_loop(lambda i: i < n, body, [0])
    return kept[-1]
bad("bad_while_fetch", inside, f(2), n)
write("while_ops")
