"""Writes the checkpoints in checkpoints/ with TensorFlow: pip install tensorflow-cpu==2.19.1; python tests/golden/make_checkpoints.py

moons-20.*  a small network that was trained for 20 steps with Adam, saved by tf.train.Saver, with its meta graph
moons.txt   its cost before each of 20 more steps, and the accuracy after them
mixed.*     arrays of each type, in an order of their own
many.txt    how long the index of 12,000 names is, and its CRC-32C
partitioned.*  variables in parts: rows of p, columns of q
slices.*    parts of several arrays, in an order of their own, written by SaveV2
resource-3.*  the same kind of network, smaller, with resource variables and momentum
"""
import os, shutil, tempfile
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "checkpoints")

def moons(n):
    t = np.linspace(0, np.pi, n // 2)
    x = np.concatenate([np.stack([np.cos(t), np.sin(t)], 1), np.stack([1 - np.cos(t), 0.4 - np.sin(t)], 1)])
    return (x + 0.1 * np.sin(np.arange(2 * n).reshape(n, 2) * 7.3)).astype(np.float32), np.repeat([0, 1], n // 2)

def network(optimizer, hidden, resource):
    points, classes = moons(60)
    x = tf.placeholder_with_default(points, [None, 2], name="x")
    y = tf.placeholder_with_default(classes.astype(np.int64), [None], name="y")
    with tf.variable_scope("net", use_resource=resource):
        w1 = tf.get_variable("w1", [2, hidden], initializer=tf.glorot_uniform_initializer(seed=1))
        b1 = tf.get_variable("b1", [hidden], initializer=tf.zeros_initializer())
        w2 = tf.get_variable("w2", [hidden, 2], initializer=tf.glorot_uniform_initializer(seed=2))
    logits = tf.matmul(tf.tanh(tf.matmul(x, w1) + b1), w2, name="logits")
    cost = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits), name="cost")
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), y), tf.float32), name="accuracy")
    step = tf.train.get_or_create_global_step()
    train = optimizer().minimize(cost, global_step=step, name="train")
    tf.add_to_collection("train_op", train)
    tf.add_to_collection("cost", cost)
    return cost, train, accuracy, step

def saved(name, steps, more, **kwargs):
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(1)
        cost, train, accuracy, step = network(**kwargs)
        saver = tf.train.Saver(max_to_keep=3)
        sess.run(tf.global_variables_initializer())
        for _ in range(steps):
            sess.run(train)
        saver.save(sess, name, global_step=step)
        costs = [sess.run([cost, train])[0] for _ in range(more)]
        return costs, sess.run(accuracy)

shutil.rmtree(here, ignore_errors=True)
os.makedirs(here)
os.chdir(here)  # so that no file holds a path
costs, accuracy = saved("moons", 20, 20, optimizer=lambda: tf.train.AdamOptimizer(0.05), hidden=8, resource=False)
with open(os.path.join(here, "moons.txt"), "w") as file:
    file.write("".join("%.9g\n" % c for c in costs) + "%.9g\n" % accuracy)
os.rename("checkpoint", "moons-checkpoint.txt")
saved("resource", 3, 0, optimizer=lambda: tf.train.MomentumOptimizer(0.1, 0.9), hidden=4, resource=True)
os.remove(os.path.join(here, "checkpoint"))

mixed = [("z", tf.constant([1.0, 2.0])), ("b", tf.constant(3, tf.int64)), ("m", tf.constant([True, False])),
         ("s", tf.constant(np.array([b"ab", b"", b"x" * 200, b"\xff\x00"], object))), ("e", tf.constant(np.zeros((0, 3), np.float32))),
         ("t", tf.constant("one")), ("u", tf.constant([[1, 2], [3, 255]], tf.uint8)), ("i", tf.constant([-5, 7])),
         ("scope/d", tf.constant([0.1, -np.inf], tf.float64)), ("scope/a/b", tf.constant(np.float32(np.nan)))]
with tf.Session() as sess:
    write = lambda path, pairs: sess.run(tf.raw_ops.SaveV2(prefix=path, tensor_names=[n for n, _ in pairs], shape_and_slices=[""] * len(pairs), tensors=[t for _, t in pairs]))
    write(os.path.join(here, "mixed"), mixed)
    write(os.path.join(here, "half"), [("h", tf.constant([1.5], tf.float16)), ("f", tf.constant(1.0))])
    with tempfile.TemporaryDirectory() as folder:
        one = tf.constant([0.5])
        write(os.path.join(folder, "many"), [("tower_%d/layer_%d/weights" % (i % 7, i), one) for i in range(12000)])
        index = open(os.path.join(folder, "many.index"), "rb").read()
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "r")
    with tf.io.TFRecordWriter(path) as writer:
        writer.write(index)
    masked = int.from_bytes(open(path, "rb").read()[-4:], "little")
with open(os.path.join(here, "many.txt"), "w") as file:
    file.write("%d %d\n" % (len(index), masked))
with tf.Graph().as_default(), tf.Session() as sess:
    def counted(shape, dtype, partition_info):
        whole = np.arange(np.prod(partition_info.full_shape), dtype=np.float32).reshape(partition_info.full_shape)
        return tf.constant(whole[tuple(slice(o, o + n) for o, n in zip(partition_info.var_offset, shape))])
    tf.get_variable("p", [5, 3], initializer=counted, partitioner=tf.fixed_size_partitioner(2))
    tf.get_variable("q", [4, 130], initializer=counted, partitioner=tf.fixed_size_partitioner(3, axis=1))
    tf.get_variable("a", [2], initializer=tf.ones_initializer())
    saver = tf.train.Saver()
    sess.run(tf.global_variables_initializer())
    saver.save(sess, "partitioned")
    os.remove("checkpoint")
    part = lambda *shape: tf.constant(np.arange(np.prod(shape), dtype=np.float32).reshape(shape))
    slices = [("x", "10 4 5,5:-", part(5, 4)), ("grid", "4 4 0,2:2,2", part(2, 2)), ("x", "10 4 0,5:0,4", part(5, 4)),
              ("whole", "3 2 -:0,2", part(3, 2)), ("grid", "4 4 2,2:-", part(2, 4)), ("plain", "", part(2)),
              ("some", "100000 70000,2", part(2)), ("s", "3 2,1", tf.constant(["ccc"])), ("s", "3 0,2", tf.constant(["a", "bb"]))]
    names, texts, values = zip(*slices)
    sess.run(tf.raw_ops.SaveV2(prefix="slices", tensor_names=names, shape_and_slices=texts, tensors=values))
for name in sorted(os.listdir(here)):
    print(name, os.path.getsize(os.path.join(here, name)))
from google.protobuf import text_format
from tensorflow.core.protobuf import meta_graph_pb2
meta = meta_graph_pb2.MetaGraphDef.FromString(open("moons-20.meta", "rb").read())
open("moons-20.meta.txt", "w").write(text_format.MessageToString(meta))
