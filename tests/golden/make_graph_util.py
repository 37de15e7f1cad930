"""Writes the graphs in graph_util/ with TensorFlow: pip install tensorflow-cpu==2.19.1; python tests/golden/make_graph_util.py

model.pb         variables of both kinds, rows picked from them, a branch, checks, and nodes for training
frozen.pb        convert_variables_to_constants of y and picked
some_frozen.pb   the same, only of ref/w and resource/b
others_frozen.pb the same, all but ref/w
part.pb          extract_sub_graph of hidden
inference.pb     remove_training_nodes of the model, protecting y
on_cpu.txt       which of its nodes must_run_on_cpu, without and with pin_variables_on_cpu
"""
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
tf.disable_control_flow_v2()

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "graph_util")
os.makedirs(here, exist_ok=True)

def variable(name, value):
    return tf.get_variable(name, initializer=tf.constant(value))

x = tf.placeholder(tf.float32, [None, 2], name="x")
rows = tf.placeholder(tf.int64, [None], name="rows")
with tf.variable_scope("ref", use_resource=False):
    w = variable("w", np.arange(6, dtype=np.float32).reshape(2, 3))
    b = variable("b", np.float32([0.5]))
with tf.variable_scope("resource", use_resource=True):
    v = variable("w", np.float32([[1, 2], [3, 4], [5, 6]]))
    c = variable("b", np.float32(0.25))
    table = variable("table", np.float32([[1, 2], [3, 4]]))
sums = tf.check_numerics(tf.matmul(x, w) + b, "a sum is not finite", name="checked")
hidden = tf.identity(tf.stop_gradient(tf.nn.relu(sums)), name="hidden")
with tf.control_dependencies([tf.no_op(name="before")]):
    waited = tf.identity(hidden, name="waited")
with tf.colocate_with(w):
    beside = tf.identity(waited, name="beside")
y = tf.identity(tf.matmul(beside, v) + c, name="y")
branch = tf.cond(tf.greater(tf.size(rows), 1), lambda: table * 2.0, lambda: table + 1.0, name="branch")
picked = tf.add(tf.gather(table, rows), tf.gather(branch, rows), name="picked")
at = tf.gather_nd(table, [[1], [0]], name="at")
words = tf.constant(["a", "b"], name="words")
whole = tf.cast(tf.cast(rows, tf.int32), tf.float32, name="whole")
cost = tf.reduce_mean(tf.square(y), name="cost")
train = tf.train.GradientDescentOptimizer(0.1).minimize(cost, name="train")
init = tf.global_variables_initializer()

model = tf.get_default_graph().as_graph_def()
util = tf.graph_util
outputs = ["y", "picked", "at"]

def write(name, graph_def):
    with open(os.path.join(here, name + ".pb"), "wb") as f:
        f.write(graph_def.SerializeToString(deterministic=True))

with tf.Session() as sess:
    sess.run(init)
    freeze = lambda **kwargs: util.convert_variables_to_constants(sess, model, outputs, **kwargs)
    write("frozen", freeze())
    write("some_frozen", freeze(variable_names_whitelist=["ref/w", "resource/b"]))
    write("others_frozen", freeze(variable_names_blacklist=["ref/w"]))
write("model", model)
write("part", util.extract_sub_graph(model, ["hidden"]))
write("inference", util.remove_training_nodes(model, protected_nodes=["y"]))
with open(os.path.join(here, "on_cpu.txt"), "w") as f:
    for node in model.node:
        f.write(f"{node.name} {int(util.must_run_on_cpu(node))} {int(util.must_run_on_cpu(node, True))}\n")
