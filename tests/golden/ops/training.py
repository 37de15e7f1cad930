"""Optimizers: the graphs of one step, for all of a variable and for some rows, held by name and by handle. See cases.py."""
from cases import *

def train_case(name, make, kinds=("dense", "sparse")):
    for kind in kinds:
        for use_resource in [False, True]:
            full = "%s_%s%s" % (name, "resource_" if use_resource else "", kind)
            with tf.variable_scope(full + ".d"):
                x = tf.placeholder(*((tf.float32, [None, 3]) if kind == "dense" else (tf.int32, [None])), name="x0")
                w = tf.get_variable("w", [3, 2], use_resource=use_resource, initializer=tf.zeros_initializer())
                y = tf.matmul(x, w) if kind == "dense" else tf.nn.embedding_lookup(w, x)
                make(w).minimize(tf.reduce_sum(tf.square(y)))

def adagrad_da(w):
    step = tf.get_variable("step", [], tf.int64, initializer=tf.zeros_initializer(), trainable=False)
    return tf.train.AdagradDAOptimizer(0.1, step, l1_regularization_strength=0.5)

train_case("gradient_descent", lambda w: tf.train.GradientDescentOptimizer(0.1))
train_case("momentum", lambda w: tf.train.MomentumOptimizer(0.1, 0.9))
train_case("nesterov", lambda w: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True, use_locking=True), ("dense",))
train_case("adam", lambda w: tf.train.AdamOptimizer(0.1))
train_case("adagrad", lambda w: tf.train.AdagradOptimizer(0.1))
train_case("adadelta", lambda w: tf.train.AdadeltaOptimizer(0.1))
train_case("rms_prop", lambda w: tf.train.RMSPropOptimizer(0.1))
train_case("rms_prop_centered", lambda w: tf.train.RMSPropOptimizer(0.1, momentum=0.5, centered=True, name="Centered"))
train_case("ftrl", lambda w: tf.train.FtrlOptimizer(0.1, l1_regularization_strength=0.5))
train_case("ftrl_shrinkage", lambda w: tf.train.FtrlOptimizer(0.1, l2_shrinkage_regularization_strength=0.5))
train_case("adagrad_da", adagrad_da)
train_case("proximal_gradient_descent", lambda w: tf.train.ProximalGradientDescentOptimizer(0.1, l2_regularization_strength=0.5))
train_case("proximal_adagrad", lambda w: tf.train.ProximalAdagradOptimizer(0.1, l1_regularization_strength=0.5))

write("training")
