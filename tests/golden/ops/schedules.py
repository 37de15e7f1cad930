"""Learning rates that follow the step, moving averages, clipping by the norm of all. See cases.py."""
from cases import *

step = i(7, dtype=np.int64).reshape(())
case("exponential_decay", lambda s: tf.train.exponential_decay(0.1, s, 3, 0.5), step, known="s")
case("exponential_decay_stairs", lambda s: tf.train.exponential_decay(0.1, s, 3, 0.5, staircase=True), step, known="s")
case("natural_exp_decay", lambda s: tf.train.natural_exp_decay(0.1, s, 3, 0.5), step, known="s")
case("inverse_time_decay", lambda s: tf.train.inverse_time_decay(0.1, s, 3, 0.5), step, known="s")
case("inverse_time_decay_stairs", lambda s: tf.train.inverse_time_decay(0.1, s, 3.0, 0.5, staircase=True), step, known="s")
case("polynomial_decay", lambda s: tf.train.polynomial_decay(0.1, s, 10, 0.01, power=0.5), step, known="s")
case("polynomial_decay_end", lambda s: tf.train.polynomial_decay(0.1, s, 5), step, known="s")
case("polynomial_decay_cycle", lambda s: tf.train.polynomial_decay(0.1, s, 3, cycle=True), step, known="s")
case("polynomial_decay_fed", lambda s, r, n: tf.train.polynomial_decay(r, s, n), step, f(shift=1), i(20).reshape(()), known="s", wrt=())
case("cosine_decay", lambda s: tf.train.cosine_decay(0.1, s, 10, alpha=0.1), step, known="s")

case("cosine_decay_restarts", lambda s: tf.train.cosine_decay_restarts(0.1, s, 3), step, known="s")
case("cosine_decay_restarts_even", lambda s: tf.train.cosine_decay_restarts(0.1, s, 3, t_mul=1.0, m_mul=0.5, alpha=0.1), step, known="s")
case("cosine_decay_restarts_wide", lambda s, r, t: tf.train.cosine_decay_restarts(r, s, 2, t_mul=t), step, f(shift=1), np.array(1.5, np.float32), known="s", second=False)
for n, at in enumerate((3, 5, 6, 9, 11)):
    case("piecewise_constant_%d" % n, lambda s: tf.train.piecewise_constant(s, [5, 9], [0.1, 0.2, 0.3]), i(at, dtype=np.int64).reshape(()), known="s")
case("piecewise_constant_float", lambda s, v: tf.train.piecewise_constant(s, [0.5], [v, v * 2.0]), f(), f(shift=1), known="s", second=False)
bad("bad_piecewise_count", lambda s: tf.train.piecewise_constant(s, [5, 9], [0.1, 0.2]), step)
bad("bad_piecewise_type", lambda s: tf.train.piecewise_constant(s, [5.0, 9.0], [0.1, 0.2, 0.3]), step)
bad("bad_piecewise_values", lambda s: tf.train.piecewise_constant(s, [5], [0.1, 2]), step)

def clipped(*xs):
    values, norm = tf.clip_by_global_norm(list(xs), 1.5)
    return values + [norm]
case("clip_by_global_norm", clipped, f(2, 3), f(4), known="sd", second=False)
case("clip_by_global_norm_small", clipped, f(2, 3, scale=0.1), known="s", second=False)
case("clip_by_global_norm_nan", clipped, np.array([nan, 1], np.float32), f(2), known="s", second=False, wrt=())
case("clip_by_global_norm_f64", clipped, f(2, 3, dtype=np.float64), f(4, dtype=np.float64), known="s", second=False)
def clipped_rows(x, j):
    gradients = tf.gradients([tf.gather(x, j), tf.square(x[0])], [x]) + tf.gradients(tf.square(tf.gather(x, j)), x)
    values, norm = tf.clip_by_global_norm(gradients, 0.5)
    return parts(values) + [norm]
case("clip_by_global_norm_rows", lambda x, j: clipped_rows(x, j), f(3, 2), i(1, 1), known="s", wrt=())

def moving(x, v, **more):
    var = tf.Variable(v, name="v")
    with tf.control_dependencies([var.initializer]):
        return tf.train.assign_moving_average(var, x, 0.9, zero_debias=False, **more) if hasattr(tf.train, "assign_moving_average") else \
            __import__("tensorflow.python.training.moving_averages", fromlist=["x"]).assign_moving_average(var, x, 0.9, zero_debias=False)
case("assign_moving_average", moving, f(2, 3), f(2, 3, shift=1), known="s", wrt=(), run=False)
def averaged(x, use_resource=False, **more):
    var = tf.Variable(x, name="v", use_resource=use_resource)
    ema = tf.train.ExponentialMovingAverage(0.9, **more)
    with tf.control_dependencies([ema.apply([var])]):
        return [tf.identity(x)]
layer_case("average", averaged, [2, 3])
layer_case("average_handle", lambda x: averaged(x, True), [2, 3])
layer_case("average_updates", lambda x, n: averaged(x, num_updates=n), [2, 3], [])

write("schedules")
