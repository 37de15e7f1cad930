"""Variables: each case starts from its variables' initial values in the same run. See cases.py."""
from cases import *

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

# Variables that are held by handles.
def resource(x, change):
    v = tf.Variable(x, use_resource=True)
    with tf.control_dependencies([v.initializer]):
        return change(v)

case("resource", lambda x: resource(x, lambda v: [v.read_value() * 2.0, v + 1.0]), f(2, 3), known="s", wrt=())
case("resource_assign", lambda x, y: resource(x, lambda v: tf.identity(tf.assign(v, y))), f(2, 3), f(2, 3, shift=1), known="s", wrt=())
case("resource_assign_add", lambda x, y: resource(x, lambda v: tf.identity(tf.assign_add(v, y))), f(2, 3), f(2, 3, shift=1), known="s", wrt=())
case("resource_assign_sub", lambda x, y: resource(x, lambda v: tf.identity(tf.assign_sub(v, y))), i(1, 2), i(5, 7), known="s", wrt=())
case("resource_initialized", lambda x: resource(x, lambda v: tf.is_variable_initialized(v)), f(2), known="s", wrt=())
case("initialized", lambda x: state(x, lambda v: tf.is_variable_initialized(v)), f(2), known="s", wrt=())
case("resource_count", lambda x: resource(x, lambda v: tf.raw_ops.ResourceCountUpTo(resource=v.handle, limit=9, T=tf.int64)), i(7, dtype=np.int64).reshape(()), known="s", wrt=())
case("count", lambda x: state(x, lambda v: tf.count_up_to(v, 9)), i(7).reshape(()), known="s", wrt=())
case("variable_shape", lambda x: resource(x, lambda v: [tf.raw_ops.VariableShape(input=v.handle), tf.raw_ops.VariableShape(input=v.handle, out_type=tf.int64)]), f(2, 3), known="s", wrt=())
def destroyed(v):
    with tf.control_dependencies([tf.raw_ops.DestroyResourceOp(resource=v.handle)]):
        return tf.raw_ops.VarIsInitializedOp(resource=v.handle)
case("destroy", lambda x: resource(x, destroyed), f(2), known="s", wrt=())
def old_variable(x):
    v = tf.raw_ops.Variable(shape=[2], dtype=tf.float32)
    return tf.raw_ops.Assign(ref=v, value=x)
case("old_variable", old_variable, f(2), known="s", wrt=())

# The same for every type and for arrays of other shapes.
for name, x, y in [("f64", f(2, dtype=np.float64), f(2, shift=1, dtype=np.float64)), ("i64", i(1, 2, dtype=np.int64), i(5, 7, dtype=np.int64)),
                   ("scalar", f(shift=1), f(shift=2)), ("empty", f(0, 2), f(0, 2)), ("special", special, special[::-1].copy())]:
    case("resource_assign_add_" + name, lambda x, y: resource(x, lambda v: tf.identity(tf.assign_add(v, y))), x, y, known="s", wrt=())
    case("resource_assign_sub_" + name, lambda x, y: resource(x, lambda v: tf.identity(tf.assign_sub(v, y))), x, y, known="s", wrt=())
    case("initialized_" + name, lambda x: state(x, lambda v: tf.is_variable_initialized(v)), x, known="s", wrt=())
    case("variable_shape_" + name, lambda x: resource(x, lambda v: tf.raw_ops.VariableShape(input=v.handle)), x, known="s", wrt=())
    case("destroy_" + name, lambda x: resource(x, destroyed), x, known="s", wrt=())
    def typed_variable(x):
        v = tf.raw_ops.Variable(shape=x.shape, dtype=x.dtype)
        return tf.raw_ops.Assign(ref=v, value=x)
    case("old_variable_" + name, typed_variable, x, known="s", wrt=())
for name, x, limit in [("zero", i(0), 1), ("negative", i(-3), 0), ("far", i(5), 2**30), ("i64", i(7, dtype=np.int64), 8), ("large", i(2**40, dtype=np.int64), 2**41)]:
    case("count_" + name, lambda x: state(x, lambda v: tf.count_up_to(v, limit)), x.reshape(()), known="s", wrt=())
    case("resource_count_" + name, lambda x: resource(x, lambda v: tf.raw_ops.ResourceCountUpTo(resource=v.handle, limit=limit, T=v.dtype)), x.reshape(()), known="s", wrt=())

# Some rows of a variable.
scatters = [("update", tf.scatter_update), ("add", tf.scatter_add), ("sub", tf.scatter_sub), ("mul", tf.scatter_mul),
            ("div", tf.scatter_div), ("min", tf.scatter_min), ("max", tf.scatter_max)]
for name, change in scatters:
    case("scatter_" + name, lambda x, j, u: state(x, lambda v: change(v, j, u)), f(4, 2), i(3, 0, 3), f(3, 2, shift=1.5), known="s", wrt=())
    case("scatter_%s_2d" % name, lambda x, j, u: state(x, lambda v: change(v, j, u)), f(4), i(3, 0, 1, 2, dtype=np.int64).reshape(2, 2), f(2, 2, shift=1.5), known="s", wrt=())
    case("scatter_%s_scalar" % name, lambda x, j, u: state(x, lambda v: change(v, j, u)), f(4, 2), i(1), f(shift=1.5), known="s", wrt=())
    case("scatter_%s_empty" % name, lambda x, j, u: state(x, lambda v: change(v, j, u)), f(4, 2), i(), f(0, 2), known="s", wrt=())
    case("scatter_%s_i32" % name, lambda x, j, u: state(x, lambda v: change(v, j, u)), i(7, -7, 2, 9), i(1, 3), i(-2, 4), known="s", wrt=())
    case("resource_scatter_" + name, lambda x, j, u: resource(x, lambda v: tf.identity(change(v, j, u))), f(4, 2), i(3, 0, 3), f(3, 2, shift=1.5), known="s", wrt=())
    case("resource_scatter_%s_scalar" % name, lambda x, j, u: resource(x, lambda v: tf.identity(change(v, j, u))), f(4, 2), i(1), f(shift=1.5), known="s", wrt=())
    case("resource_scatter_%s_empty" % name, lambda x, j, u: resource(x, lambda v: tf.identity(change(v, j, u))), f(4, 2), i(), f(0, 2), known="s", wrt=())
    case("resource_scatter_%s_f64" % name, lambda x, j, u: resource(x, lambda v: tf.identity(change(v, j, u))), f(4, dtype=np.float64), i(3, 0, dtype=np.int64), f(2, shift=1.5, dtype=np.float64), known="s", wrt=())
    case("resource_scatter_%s_i64" % name, lambda x, j, u: resource(x, lambda v: tf.identity(change(v, j, u))), i(7, -7, 2, 9, dtype=np.int64), i(1, 3), i(-2, 4, dtype=np.int64), known="s", wrt=())
    bad("bad_scatter_" + name, lambda x, j, u: state(x, lambda v: change(v, j, u)), f(4, 2), i(4), f(1, 2))
    bad("bad_scatter_%s_shape" % name, lambda x, j, u: state(x, lambda v: change(v, j, u)), f(4, 2), i(3), f(1, 3))
    bad("bad_resource_scatter_" + name, lambda x, j, u: resource(x, lambda v: tf.identity(change(v, j, u))), f(4, 2), i(-1), f(1, 2))
bad("bad_assign", lambda x, y: state(x, lambda v: tf.assign(v, y)), f(2, 3), f(3, 2))
bad("bad_resource_assign", lambda x, y: resource(x, lambda v: tf.assign(v, y)), f(2, 3), f(3, 2))
bad("bad_count", lambda x: state(x, lambda v: tf.count_up_to(v, 7)), i(7).reshape(()))
bad("uninitialized", lambda x: tf.Variable(x).read_value(), f(2))
bad("uninitialized_resource", lambda x: tf.Variable(x, use_resource=True).read_value(), f(2))

# Rows of tables, and their gradients.
case("embedding", lambda x, j: tf.nn.embedding_lookup(x, j), f(4, 3), i(3, 0, 3), known="sd", wrt=(0,), second=False)
case("gather_twice", lambda x, j, k: [tf.gather(x, j), tf.gather(x, k)], f(4, 3), i(3, 0, 3), i(1), known="sd", wrt=(0,), second=False)
case("gather_and_all", lambda x, j: [tf.gather(x, j), x * x], f(4, 3), i(3, 0, 3), known="sd", wrt=(0,), second=False)
case("gather_identity", lambda x, j: tf.square(tf.gather(tf.identity(x), j)), f(4, 3), i(3, 0, 3), known="sd", wrt=(0,), second=False)
case("gather_of_product", lambda x, j: tf.gather(x * x, j), f(4, 3), i(3, 0, 3, dtype=np.int64), known="sd", wrt=(0,), second=False)
def table(x, j, use_resource):
    v = tf.Variable(x, use_resource=use_resource)
    with tf.control_dependencies([v.initializer]):
        rows = tf.nn.embedding_lookup(v, j)
    return [rows] + parts(tf.gradients(tf.square(rows), v))
case("table", lambda x, j: table(x, j, False), f(4, 3), i(3, 0, 3, 1).reshape(2, 2), known="s", wrt=(), run=False)
case("resource_table", lambda x, j: table(x, j, True), f(4, 3), i(3, 0, 3, 1).reshape(2, 2), known="s", wrt=())
def gathered(x, j):
    v = tf.Variable(x, use_resource=True)
    with tf.control_dependencies([v.initializer]):
        rows = tf.gather(v, j)
    return [rows] + parts(tf.gradients(rows, v))
for name, x in [("f64", f(4, 3, dtype=np.float64)), ("row", f(4)), ("i32", i(4, 5, 6, 7))]:
    case("resource_gather_" + name, lambda x, j: resource(x, lambda v: tf.gather(v, j)), x, i(3, 0, dtype=np.int64), known="s", wrt=())
case("resource_gather", gathered, f(4, 2, 3), i(3, 0), known="s", wrt=())
case("resource_gather_none", gathered, f(4, 2), i(), known="s", wrt=())
bad("bad_resource_gather", gathered, f(4, 2), i(4))


write("state_ops")
