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

def example(**lists):
    kinds = {int: ("int64_list", tf.train.Int64List), float: ("float_list", tf.train.FloatList), bytes: ("bytes_list", tf.train.BytesList)}
    feature = {k: tf.train.Feature(**{kinds[type(v[0])][0]: kinds[type(v[0])][1](value=v)}) for k, v in lists.items()}
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString(deterministic=True)
def texts(*values):
    return np.array(values, dtype=object)
def parts(parsed):
    return [p for _, v in sorted(parsed.items()) for p in ([v.indices, v.values, v.dense_shape] if isinstance(v, tf.SparseTensor) else [v])]
both = texts(example(a=[1, 2], b=[0.5], c=[b"x", b"yz"]), example(a=[3, 4], c=[b"w"]))
F, V, S = tf.FixedLenFeature, tf.VarLenFeature, tf.FixedLenSequenceFeature
def parse(features, **how):
    return lambda x: parts(tf.parse_example(x, features, **how))
case("parse", parse({"a": F([2], tf.int64), "b": F([], tf.float32, 1.5), "c": V(tf.string)}), both, known="sdu")
case("parse_named", parse({"c": V(tf.string), "a": V(tf.int64)}, name="mine"), both, known="s")
case("parse_defaults", parse({"z/1 b": F([1, 2], tf.string, [["p", "q"]]), "y": F([2], tf.float32, [1.0, 2.0])}), both, known="s")
case("parse_sequence", parse({"c": S([], tf.string, allow_missing=True), "a": S([2], tf.int64, allow_missing=True), "b": S([], tf.float32, allow_missing=True, default_value=7.0)}), both, known="s")
case("parse_none", parse({"a": F([2], tf.int64), "c": V(tf.string)}), texts(), known="s")
case("parse_single", lambda x: parts(tf.parse_single_example(x, {"a": F([2], tf.int64), "b": F([], tf.float32, 0.0), "c": V(tf.string)})), both[0], known="s")
bad("parse_missing", parse({"b": F([], tf.float32)}), both)
bad("parse_type", parse({"a": F([2], tf.float32)}), both)
bad("parse_sparse_type", parse({"a": V(tf.float32)}), both)
bad("parse_count", parse({"a": F([3], tf.int64)}), both)
bad("parse_rows", parse({"a": S([3], tf.int64, allow_missing=True)}), both)
bad("parse_bytes", parse({"a": F([2], tf.int64)}), texts(b"\x0a\xff"))
bad("parse_nothing", parse({}), both)
bad("parse_open", parse({"a": F([2, None], tf.int64)}), both)
bad("parse_rank", parse({"a": F([2], tf.int64)}), both.reshape(1, 2))
lines = texts(b"1, 2.5,a", b",,", b'"7",1e3,"b,""c"""')
case("csv", lambda x: tf.decode_csv(x, [[-1], [0.5], ["none"]]), lines, known="sdu", wrt=())
case("csv_scalar", lambda x: tf.decode_csv(x, [[-1], [0.5], ["none"]]), lines[0], known="s", wrt=())
case("csv_options", lambda x: tf.decode_csv(x, [[0], [0]], field_delim=";", use_quote_delim=False, na_value="NA", select_cols=[0, 2]), texts(b'1;"x;3;4', b"NA;;5"), known="s", wrt=())
case("csv_required", lambda x: tf.decode_csv(x, [tf.constant([], tf.float64), tf.constant([3], tf.int64)]), texts(b"1.25,", b"\r\n-2,4"), known="s", wrt=())
case("csv_none", lambda x: tf.decode_csv(x, [[1.0]]), texts(), known="s", wrt=())
bad("csv_missing", lambda x: tf.decode_csv(x, [tf.constant([], tf.int32)]), texts(b",")[:1])
bad("csv_fields", lambda x: tf.decode_csv(x, [[1], [2]]), texts(b"1,2,3"))
bad("csv_number", lambda x: tf.decode_csv(x, [[1], [2]]), texts(b"1,x"))
bad("csv_quote", lambda x: tf.decode_csv(x, [["a"], ["b"]]), texts(b'a"b,c'))
bad("csv_open_quote", lambda x: tf.decode_csv(x, [["a"]]), texts(b'"abc'))
bad("csv_inner_quote", lambda x: tf.decode_csv(x, [["a"]]), texts(b'"a"bc"'))
bad("csv_defaults", lambda x: tf.decode_csv(x, [[1, 2]]), texts(b"1"))
bad("csv_delim", lambda x: tf.decode_csv(x, [[1]], field_delim="::"), texts(b"1"))
bad("csv_columns", lambda x: tf.decode_csv(x, [[1], [2]], select_cols=[1, 0]), texts(b"1,2"))

write("sequences")
