"""What stands around the graph and still builds nodes: reports, conversions, the tutorial's network. See cases.py."""
from cases import *
import math

def alone(variables):
    del tf.get_collection_ref(tf.GraphKeys.GLOBAL_VARIABLES)[:]
    del tf.get_collection_ref(tf.GraphKeys.LOCAL_VARIABLES)[:]
    return variables()

def report(x, use_resource, initialized):
    def build():
        v, w = tf.Variable(x, use_resource=use_resource), tf.Variable(x * 2.0, use_resource=use_resource)
        with tf.control_dependencies([u.initializer for u in [v, w][:initialized]]):
            return tf.report_uninitialized_variables()
    return alone(build)
case("report_none", lambda: alone(tf.report_uninitialized_variables), known="s")
case("report", lambda x: report(x, False, 2), f(2), known="s", wrt=())
case("report_missing", lambda x: report(x, False, 1), f(2), known="s", wrt=())
case("report_scalar", lambda x: report(x, False, 1), f(), known="s", wrt=())

case("convert", lambda x: [tf.convert_to_tensor(x) * tf.convert_to_tensor([1.0, 2.0]), tf.convert_to_tensor(3, dtype=tf.float64)], f(2), known="s")
bad("bad_convert", lambda x: tf.convert_to_tensor(x, dtype=tf.float32), i(1))

# tensorflow.examples.tutorials.mnist.mnist of TensorFlow 1.
def layer(name, x, width, units, relu):
    with tf.name_scope(name):
        w = tf.Variable(tf.truncated_normal([width, units], stddev=1.0 / math.sqrt(float(width))), name="weights")
        b = tf.Variable(tf.zeros([units]), name="biases")
        y = tf.matmul(x, w) + b
        return tf.nn.relu(y) if relu else y
def inference(x):
    return layer("softmax_linear", layer("hidden2", layer("hidden1", x, 784, 4, True), 4, 3, True), 3, 10, False)
def loss(logits, labels):
    return tf.losses.sparse_softmax_cross_entropy(labels=tf.to_int64(labels), logits=logits)
def training(x, labels):
    cost = loss(inference(x), labels)
    tf.summary.scalar("loss", cost)
    step = tf.Variable(0, name="global_step", trainable=False)
    tf.train.GradientDescentOptimizer(0.5).minimize(cost, global_step=step, var_list=tf.trainable_variables()[-6:])
    return cost
case("mnist_loss", loss, f(2, 10), i(3, 9), known="sd", second=False)
case("mnist_evaluation", lambda x, y: tf.reduce_sum(tf.cast(tf.nn.in_top_k(x, y, 1), tf.int32)), f(3, 10), i(0, 5, 7), known="sd", wrt=())
case("mnist_inference", inference, f(1, 784), known="sd", wrt=(), run=False)
case("mnist_training", training, f(1, 784), i(3), known="s", wrt=(), run=False)

write("host_side")
