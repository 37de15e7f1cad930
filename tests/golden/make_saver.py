"""The nodes of savers, and of variables that start with a checkpoint, as TensorFlow builds them: python make_saver.py"""

import os

import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

b = tf.Variable(tf.zeros([2, 3]), name="b")
a = tf.Variable(1.0, name="a", use_resource=True)
with tf.variable_scope("net"):
    c = tf.get_variable("c", [2], tf.int64, tf.zeros_initializer())
tf.train.Saver()
tf.train.Saver({"one": a, "another": c}, name="some", filename="elsewhere")
tf.train.Saver([b, c])
with tf.name_scope("scope"):
    tf.train.Saver([a])

folder = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(folder, "saver.pb"), "wb") as f:
    f.write(tf.get_default_graph().as_graph_def().SerializeToString())

os.chdir(os.path.join(folder, "..", ".."))  # as tests are run: the path is in the graph
with tf.Graph().as_default() as graph:
    with tf.variable_scope("new"):
        tf.get_variable("w1", [2, 4])
        tf.get_variable("b1", [4], use_resource=True)
    step = tf.Variable(0, dtype=tf.int64, name="step")
    path = "tests/golden/checkpoints/resource-3"
    with tf.name_scope("scope"):
        tf.train.init_from_checkpoint(path, {"net/": "new/", "global_step": step})
    tf.global_variables_initializer()
with open(os.path.join(folder, "init_from_checkpoint.pb"), "wb") as f:
    f.write(graph.as_graph_def().SerializeToString())

with tf.Graph().as_default() as graph:
    a = tf.Variable([1.0, 2.0], name="a")
    b = tf.Variable(3, name="b", use_resource=True)
    tf.train.Saver(sharded=True)
    with tf.device("/cpu:1"):
        c = tf.Variable([4.0], name="c")
        d = tf.Variable(5, name="d", use_resource=True)
    with tf.device("/job:ps/task:1/gpu:0"):
        e = tf.Variable([6.0], name="e")
        tf.get_variable("f", [2], initializer=tf.zeros_initializer())
        tf.get_variable("g", [2], initializer=tf.zeros_initializer(), use_resource=True)
    tf.train.Saver(sharded=True)
    tf.train.Saver([c, d], sharded=True, name="one")
    tf.global_variables_initializer()
with open(os.path.join(folder, "sharded_saver.pb"), "wb") as f:
    f.write(graph.as_graph_def().SerializeToString())
