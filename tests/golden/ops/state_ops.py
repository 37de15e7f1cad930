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

write("state_ops")
