"""Conditions: tf.cond and tf.case, and the gradients through them. See cases.py."""
from cases import *

no, yes = np.array(False), np.array(True)

def rows(x, p, j):
    return tf.cond(p, lambda: tf.gather(x, j), lambda: x[:2])

def slices(x, p, j, k):
    y = tf.cond(p, lambda: tf.IndexedSlices(x, j, tf.constant([9, 2])), lambda: tf.IndexedSlices(x * 2.0, k, tf.constant([9, 2])))
    return [y.values, y.indices, y.dense_shape]

for p in (no, yes):
    k = "_yes" if p else "_no"
    case("cond" + k, lambda x, y, p: tf.cond(p, lambda: x * y, lambda: x + 1.0), f(2, 3), f(2, 3, shift=1), p)
    case("cond_twice" + k, lambda x, p: tf.cond(p, lambda: tf.multiply(x, x), lambda: tf.square(x) - x), f(3), p)
    case("cond_outside" + k, lambda x, y, p: tf.cond(p, lambda: x, lambda: y), f(3), f(3, shift=2), p)
    case("cond_outside_twice" + k, lambda x, p: tf.cond(p, lambda: [x, x], lambda: [x * 1.5, x]), f(3), p)
    case("cond_constant" + k, lambda x, p: tf.cond(p, lambda: tf.constant(1.0) + tf.constant(2.0), lambda: tf.reduce_sum(x)), f(3), p)
    case("cond_number" + k, lambda x, p: tf.cond(p, lambda: 1.5, lambda: tf.reduce_max(x)), f(3), p, known="s")
    case("cond_list" + k, lambda x, y, p: tf.nest.flatten(tf.cond(p, lambda: [x, (y, x * y)], lambda: [x + y, (x, y)])), f(2), f(2, shift=1), p, known="s")
    case("cond_one_of_list" + k, lambda x, p: tf.cond(p, lambda: [x + 1.0], lambda: [x * 2.0], strict=True, name="one"), f(2), p, known="s")
    case("cond_untaken" + k, lambda x, y, p: tf.cond(p, lambda: tf.exp(x), lambda: y), f(2, 2), f(2, 2, shift=3), p)
    def nested(x, y, p, q):
        return tf.cond(p, lambda: tf.cond(q, lambda: x * y, lambda: x - 1.0) * y, lambda: y * 2.0)
    case("cond_nested" + k, nested, f(3), f(3, shift=1), p, yes)
    case("cond_nested_other" + k, nested, f(3), f(3, shift=1), p, no, known="s")
    case("cond_nested_outside" + k, lambda x, p, q: tf.cond(p, lambda: tf.cond(q, lambda: x, lambda: 1.0 * x), lambda: x), f(3), p, no, known="s")
    def nested_result(x, p, q):
        def then():
            y = tf.tanh(x)
            return tf.cond(q, lambda: y, lambda: y * y)
        return tf.cond(p, then, lambda: tf.cond(q, lambda: 2.0 * x, lambda: x))
    case("cond_nested_result" + k, nested_result, f(3), p, no)
    case("cond_scopes" + k, lambda x, p: tf.cond(p, lambda: tf.layers.flatten(x), lambda: tf.reshape(x, [-1, 6])), f(2, 3, 2), p, known="s")
    def waits(x, p):
        with tf.control_dependencies([tf.identity(x, name="before")]):
            return tf.cond(p, lambda: tf.constant(3.0) * x, lambda: tf.constant(2.0) + tf.reduce_sum(x))
    case("cond_waits" + k, waits, f(), p, known="s")
    def waits_inside(x, p):
        def then():
            with tf.control_dependencies([x * 2.0]):
                return tf.constant(3.0)
        def otherwise():
            with tf.control_dependencies([tf.constant(1.0, name="inside")]):
                return tf.constant(4.0)
        return tf.cond(p, then, otherwise)
    case("cond_waits_inside" + k, waits_inside, f(2), p, known="s", wrt=())
    def leaves(x, p):
        def then():
            with tf.control_dependencies(None):
                y = tf.exp(x)
            return y + 1.0
        return tf.cond(p, then, lambda: x)
    case("cond_leaves" + k, leaves, f(2), p, known="s")
    case("cond_operations" + k, lambda x, p: [tf.cond(p, lambda: tf.group(tf.identity(x).op), tf.no_op), x][:1], f(2), p, known="s", wrt=())
    case("cond_shapes" + k, lambda x, p: tf.cond(p, lambda: x[:1], lambda: tf.concat([x, x], 0)), f(2, 2), p, known="sd")
    case("cond_text" + k, lambda x, p: tf.cond(p, lambda: tf.string_join([x, x]), lambda: x), np.array(["a", "b"]), p, known="s")
    case("cond_int" + k, lambda x, p: tf.cond(p, lambda: x + 1, lambda: x), i(1, 2), p, known="s")
    case("cond_empty" + k, lambda x, p: tf.cond(p, lambda: x * 2.0, lambda: -x), f(0, 3), p, known="sd")
    case("cond_wide" + k, lambda x, p: tf.cond(p, lambda: x * x * x, lambda: tf.sin(x)), f(4, dtype=np.float64), p)
    case("cond_nan" + k, lambda x, p: tf.cond(p, lambda: tf.sqrt(x), lambda: tf.log(x)), np.array([nan, -1, 0.5], np.float32), p, known="s", second=False)
    case("cond_rows" + k, rows, f(4, 2), p, i(3, 1, 1), known="s", second=False)
    case("cond_rows_both" + k, lambda x, p, j: tf.cond(p, lambda: tf.gather(x, j), lambda: tf.gather(x, j + 1)), f(4, 2), p, i(2, 0), known="s", second=False)
    case("cond_rows_wide" + k, lambda x, p, j, l: tf.cond(p, lambda: tf.gather(x, j), lambda: tf.gather(x, l)), f(4, 2), p, i(2, 0), i(1, 3, dtype=np.int64), known="s", second=False)
    case("cond_slices" + k, slices, f(2, 2), p, i(3, 1), i(0, 5), known="s", second=False)
    case("cond_slices_wide" + k, slices, f(2, 2), p, i(3, 1), i(0, 5, dtype=np.int64), known="s", wrt=())
    case("cond_product" + k, lambda x, w, p: tf.cond(p, lambda: tf.nn.relu(tf.matmul(x, w)), lambda: x), f(3, 2), f(2, 2, shift=0.5), p, known="s", second=False)
    case("cond_after" + k, lambda x, p: tf.exp(tf.cond(p, lambda: x * 2.0, lambda: x)) * x, f(2), p, known="s")
    case("cond_of_cond" + k, lambda x, p: tf.cond(tf.cond(p, lambda: tf.reduce_all(x > 0.0), lambda: tf.constant(True)), lambda: x, lambda: -x), f(2), p, known="s")
    def changes(x, p):
        v = tf.Variable(x, name="v")
        with tf.control_dependencies([v.initializer]):
            p = tf.identity(p)
        y = tf.cond(p, lambda: tf.assign_add(v, x), lambda: tf.assign(v, -x))
        with tf.control_dependencies([y]):
            return v.read_value()
    case("cond_variable" + k, changes, f(2), p, known="s", wrt=())
    def reads(x, p):
        v = tf.Variable(x, name="v")
        with tf.control_dependencies([v.initializer]):
            p = tf.identity(p)
            y = tf.cond(p, lambda: v * x, lambda: x)
        return [y] + tf.gradients(y, v)
    case("cond_reads" + k, reads, f(2), p, known="s", wrt=(), run=False)
    def reads_handle(x, p):
        v = tf.Variable(x, name="v", use_resource=True)
        with tf.control_dependencies([v.initializer]):
            p = tf.identity(p)
        y = tf.cond(p, lambda: v * x, lambda: v + v)
        return [y] + tf.gradients(y, v)
    case("cond_handle" + k, reads_handle, f(2), p, known="s", wrt=())
    def other_handle(x, p):
        v = tf.Variable(x, name="v", use_resource=True)
        with tf.control_dependencies([v.initializer]):
            p = tf.identity(p)
        y = tf.cond(p, lambda: x, lambda: tf.square(v))
        return [y] + tf.gradients(y, v)
    case("cond_other_handle" + k, other_handle, f(2), p, known="s", wrt=())
    # TensorFlow does not know the branches of an imported graph.
    def imported(x, p):
        s = tf.raw_ops.Switch(data=x, pred=p)
        return list(tf.raw_ops.Merge(inputs=[s.output_false * 2.0, tf.exp(s.output_true)]))
    case("branch_gradient" + k, imported, f(3), p)
    def imported_one(x, p):
        ones = tf.raw_ops.Switch(data=tf.ones([3]), pred=p)
        return tf.raw_ops.Merge(inputs=[ones.output_false, tf.exp(tf.raw_ops.Switch(data=x, pred=p).output_true)]).output
    case("branch_gradient_one" + k, imported_one, f(3), p, known="s")
    case("assert_guard" + k, lambda x, p: [tf.identity(x), tf.Assert(tf.logical_or(p, True), ["no", x, tf.reduce_sum(x)])][:1], f(2), p, known="s", wrt=())

for n in (1, 5, 9):
    x = np.array(n, np.int32)
    pairs = lambda x, y: [(tf.less(x, 3), lambda: y * 2.0), (tf.less(x, 7), lambda: tf.square(y))]
    case("case_%d" % n, lambda x, y: tf.case(pairs(x, y), default=lambda: y), x, f(2), known="s", second=False)
    case("case_exclusive_%d" % n, lambda x, y: tf.case([(tf.less(x, 3), lambda: y * 2.0), (tf.greater(x, 6), lambda: tf.square(y))], default=lambda: y, exclusive=True), x, f(2), known="s", second=False)
    case("case_strict_%d" % n, lambda x, y: tf.case(pairs(x, y), default=lambda: y, strict=True, name="chosen"), x, f(2), known="s", second=False)
    if n < 9:
        case("case_no_default_%d" % n, lambda x, y: tf.case(pairs(x, y)) if n == 5 else tf.case([(tf.less(x, 3), lambda: y * 2.0), (tf.greater(x, 2), lambda: tf.square(y))]), x, f(2), known="s", second=False)

from tensorflow.python.layers import utils
for k, p in (("fed", yes), ("fed_no", no)):
    case("smart_cond_" + k, lambda x, p: utils.smart_cond(p, lambda: x * 2.0, lambda: x), f(2), p, known="s", second=False)
case("smart_cond_known", lambda x: utils.smart_cond(True, lambda: x * 2.0, lambda: x), f(2), known="s", second=False)
case("smart_cond_constant", lambda x: utils.smart_cond(tf.constant(False), lambda: x * 2.0, lambda: x + 1.0), f(2), known="s", second=False)

def depends(x, change, **more):
    v = tf.Variable(x, name="v")
    w = tf.Variable(change(v), name="w")
    with tf.control_dependencies([w.initializer]):
        return w.read_value()
case("initial_of_other", lambda x: depends(x, lambda v: v * 2.0 + 1.0), f(2), known="s", wrt=())
case("initial_of_ref", lambda x: depends(x, lambda v: tf.matmul(v, v)), f(2, 2), known="s", wrt=())
case("initial_of_initialized", lambda x: depends(x, lambda v: v.initialized_value() + 1.0), f(2), known="s", wrt=(), run=False)
case("zero_fraction", tf.nn.zero_fraction, np.array([[0, 1.5, 0], [-0.0, nan, inf]], np.float32), second=False)
case("zero_fraction_double", tf.nn.zero_fraction, f(3, dtype=np.float64), known="s", second=False)
case("zero_fraction_single", tf.nn.zero_fraction, i(0).reshape(()), known="su")
case("zero_fraction_long", tf.nn.zero_fraction, i(0, 3, 0, -1, dtype=np.int64), known="d")
case("zero_fraction_bool", tf.nn.zero_fraction, np.array([True, False, True]), known="s")
case("zero_fraction_empty", tf.nn.zero_fraction, f(0, 3), second=False)
bad("bad_cond_bool", lambda x: tf.cond(True, lambda: x, lambda: x), f(2))
bad("bad_cond_type", lambda x, p: tf.cond(p, lambda: x, lambda: x), f(2), i(1).reshape(()))
bad("bad_cond_shape", lambda x, p: tf.cond(p, lambda: x, lambda: x), f(2), np.array([True]))
bad("bad_cond_count", lambda x, p: tf.cond(p, lambda: [x, x], lambda: [x, x, x]), f(2), yes)
bad("bad_cond_types", lambda x, p: tf.cond(p, lambda: x, lambda: tf.cast(x, tf.int32)), f(2), yes)
bad("bad_cond_nothing", lambda x, p: tf.cond(p, lambda: [], lambda: []), f(2), yes)
def inside(x, p):
    kept = []
    def then():
        kept.append(x * 2.0)
        return kept[0]
    tf.cond(p, then, lambda: x)
    return kept[0]
bad("bad_cond_fetch", inside, f(2), yes)
def variable_inside(x, p):
    return tf.cond(p, lambda: tf.Variable(x * 2.0).value(), lambda: x)
bad("bad_cond_variable", variable_inside, f(2), yes)
bad("bad_case_exclusive", lambda x: tf.case([(tf.less(x, 3), lambda: x), (tf.less(x, 7), lambda: -x)], default=lambda: x, exclusive=True), i(1).reshape(()))
bad("bad_case_none", lambda x: tf.case([(tf.less(x, 3), lambda: x), (tf.less(x, 7), lambda: -x)]), i(9).reshape(()))
write("cond_ops")
