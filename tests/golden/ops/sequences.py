"""Functions of the program in the graph. See cases.py."""
from cases import *

def given(*values):
    return lambda *_: list(values) if len(values) != 1 else values[0]
for name, stateful in [("py_func", True), ("py_func_stateless", False)]:
    def py(func, inp, Tout, name=None, stateful=stateful):
        return tf.py_func(func, inp, Tout, stateful=stateful, name=name)
    case(name, lambda x: py(np.sin, [x], tf.float32), f(2, 3), run=False)
    case(name + "_named", lambda x: py(np.sin, [x], tf.float32, name="mine"), f(2), known="s", run=False)
    case(name + "_several", lambda x, y: py(given(1, 2), [x, y, 1.5], [tf.int64, tf.float32]), f(2), i(3, 4), known="s", run=False)
    case(name + "_one", lambda x: py(given(1), [x], [tf.float32]), f(2), known="s", run=False)
    case(name + "_none", lambda: py(given(1), [], tf.string), known="s", run=False)
    bad(name + "_count", lambda x: py(given(np.float32(1), np.float32(2)), [x], tf.float32), f(2))
    bad(name + "_too_few", lambda x: py(given(np.float32(1)), [x], [tf.float32, tf.float32]), f(2))
    bad(name + "_type", lambda x: py(given(np.int64(1)), [x], tf.float32), f(2))
    bad(name + "_absent", lambda x: (tf.raw_ops.PyFunc if stateful else tf.raw_ops.PyFuncStateless)(input=[x], token="nobody", Tout=[tf.float32]), f(2))

look = tf.nn.embedding_lookup
ids = i(4, 0, 1, 4, 3).reshape(5)
for how in ["mod", "div"]:
    case("lookup_" + how, lambda a, b, n: look([a, b], n, partition_strategy=how), f(3, 2), f(2, 2), ids, second=False)
    case("lookup_" + how + "_three", lambda a, b, c, n: look([a, b, c], n, partition_strategy=how), f(2, 2, 1), f(2, 2, 1), f(1, 2, 1), ids.astype(np.int64)[:4].reshape(2, 2), known="sd", second=False)
    case("lookup_" + how + "_norm", lambda a, b, n: look([a, b], n, partition_strategy=how, max_norm=1.5), f(3, 2), f(2, 2), ids[:1].reshape(()), known="sd", second=False)
case("lookup_norm", lambda a, n: look(a, n, max_norm=1.5), f(5, 2), ids, known="sdu", second=False)
def variables(a, b, n, **how):
    v, w = tf.Variable(a, **how), tf.Variable(b, **how)
    with tf.control_dependencies([v.initializer, w.initializer]):
        return look([v, w], tf.identity(n))
case("lookup_variables", lambda a, b, n: variables(a, b, n), f(3, 2), f(2, 2), ids, known="s", wrt=(), run=False)
case("lookup_handles", lambda a, b, n: variables(a, b, n, use_resource=True), f(3, 2), f(2, 2), ids, known="s", wrt=(), run=False)
bad("lookup_none", lambda n: look([], n), ids)
bad("lookup_rows", lambda a, b, n: look([a, b], n), f(3, 2), f(2, 3), ids)
bad("lookup_strategy", lambda a, b, n: look([a, b], n, partition_strategy="mid"), f(3, 2), f(2, 2), ids)
bad("lookup_range", lambda a, b, n: look([a, b], n), f(3, 2), f(2, 2), i(7))

write("sequences")
