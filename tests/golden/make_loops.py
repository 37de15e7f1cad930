"""Records loops with their gradients as TensorFlow builds them, and the values that it computes: loops.pb.gz, in the format
of ops/cases.py.

    pip install tensorflow-cpu==2.19.1 && pip install --no-deps tf_keras==2.19.0
    python tests/golden/make_loops.py
"""
import sys, os
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "ops"))
from cases import *
import cases
cases.HERE = os.path.dirname(os.path.abspath(__file__))
tf.get_default_graph().seed = 3

def looped(name, build, *arrays, **more):
    case(name, build, *arrays, second=False, **more)

looped("scan", lambda x: tf.scan(lambda a, b: tf.tanh(a + b), x), f(4, 2), known="sd")
looped("map", lambda x: tf.map_fn(lambda a: a * a, x), f(4, 2), known="s")
looped("map_ints", lambda x: tf.map_fn(lambda a: a + 1, x), i(4, 2), known="sd")
looped("map_nothing", lambda x: tf.map_fn(lambda a: a * a, x), f(0, 2), known="s", wrt=())
looped("foldl", lambda x: tf.foldl(lambda a, b: a * b + 1.0, x), f(4, 2), known="s")
looped("foldr", lambda x: tf.foldr(lambda a, b: a * b + 1.0, x), f(4, 2), known="s")
looped("power", lambda x: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [0, x])[1], f(3), known="sdu")
looped("wide", lambda x: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.sin(y) * x), [0, x])[1], f(3, dtype=np.float64), known="s")
looped("fed", lambda x, n: tf.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, tf.exp(-y) * x), [0, x])[1], f(3), i(5).reshape(()), known="d")
looped("none", lambda x, n: tf.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, tf.exp(-y) * x), [0, x])[1], f(3), i(0).reshape(()), known="d")
looped("branch", lambda x: tf.while_loop(lambda i, y: i < 4, lambda i, y: (i + 1, tf.cond(tf.equal(i % 2, 0), lambda: y * x, lambda: tf.exp(y * 0.1))), [0, x])[1], f(3), known="sd")
looped("nested", lambda x: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.while_loop(lambda j, z: j < i, lambda j, z: (j + 1, z * x), [0, y])[1]), [0, x])[1], f(3), known="sd")
looped("rows", lambda x: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y + tf.reduce_sum(tf.gather(x, [i, 0]), 0)), [0, x[0]])[1], f(3, 2), known="s")
looped("in_branch", lambda x, p: tf.cond(p, lambda: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [0, x])[1], lambda: -x), f(3), np.array(True), known="s")
looped("in_other_branch", lambda x, p: tf.cond(p, lambda: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [0, x])[1], lambda: -x), f(3), np.array(False), known="s")
def lstm(x, w):
    def body(t, h, c, ta):
        a, b, d, e = tf.split(tf.matmul(tf.concat([x[t], h], 1), w), 4, 1)
        c = c * tf.sigmoid(b) + tf.sigmoid(a) * tf.tanh(d)
        h = tf.tanh(c) * tf.sigmoid(e)
        return t + 1, h, c, ta.write(t, h)
    z = tf.zeros([2, 3])
    return tf.while_loop(lambda t, *_: t < 4, body, (0, z, z, tf.TensorArray(tf.float32, 4)))[3].stack()
looped("lstm", lstm, f(4, 2, 2), f(5, 12), known="s")
def rnn(x, cell, lengths=None):
    with tf.variable_scope(tf.get_default_graph().get_name_scope().split(".")[0], initializer=tf.constant_initializer(0.3)):
        y, state = tf.nn.dynamic_rnn(cell, x, lengths, dtype=tf.float32)
    return [y] + tf.nest.flatten(state)
looped("dynamic_lstm", lambda x: rnn(x, tf.nn.rnn_cell.BasicLSTMCell(3)), f(2, 4, 2), known="s")
looped("dynamic_gru", lambda x: rnn(x, tf.nn.rnn_cell.GRUCell(3)), f(2, 4, 2), known="s")
looped("dynamic_lengths", lambda x, n: rnn(x, tf.nn.rnn_cell.LSTMCell(3, use_peepholes=True), n), f(2, 4, 2), i(3, 1), known="s")
def concat(x):
    array = tf.TensorArray(tf.float32, 2, infer_shape=False).split(x, [1, 3])
    return [array.concat(), tf.cast(array.size(), tf.float32)]
looped("array_concat", concat, f(4, 2), known="s", wrt=())
def grows(x):
    return tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a.write(i, x * 2.0)), [0, tf.TensorArray(tf.float32, 0, dynamic_size=True)])[1].stack()
looped("array_grows", grows, f(2), known="s")

tf.global_variables_initializer().type
init = [op for op in tf.get_default_graph().get_operations() if op.type == "NoOp" and op.name.startswith("init")][-1]
run = tf.Session
class Session(run):
    """Variables have their first values."""
    def run(self, *args):
        super().run(init)
        return super().run(*args)
tf.Session = Session
write("loops")
