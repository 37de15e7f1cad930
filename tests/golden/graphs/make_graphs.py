"""Builds small networks in TensorFlow, runs a few steps, and writes what they are and what they computed.

    pip install tensorflow-cpu==2.19.1
    python tests/golden/graphs/make_graphs.py

README.md beside this file says what is written.
"""
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import numpy as np
import tensorflow.compat.v1 as tf
from old_dialect import old_dialect

tf.disable_v2_behavior()
STEPS = 3


def dense(x, size, name):
    with tf.variable_scope(name):
        kernel = tf.get_variable("kernel", [int(x.shape[-1]), size], initializer=tf.random_uniform_initializer(-0.5, 0.5))
        bias = tf.get_variable("bias", [size], initializer=tf.zeros_initializer())
        return tf.nn.bias_add(tf.matmul(x, kernel), bias)


def accuracy(logits, labels):
    return tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), labels), tf.float32), name="accuracy")


def mlp_dropout(random):
    x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.float32, [None, 3], "y")
    keep_prob = tf.placeholder(tf.float32, [], "keep_prob")
    hidden = tf.nn.dropout(tf.nn.relu(dense(x, 16, "hidden")), keep_prob)
    logits = dense(hidden, 3, "logits")
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits), name="loss")
    train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    feeds = lambda: {x: random.rand(10, 6), y: np.eye(3)[random.randint(3, size=10)], keep_prob: 0.75}
    return train, [loss, accuracy(logits, tf.argmax(y, 1))], feeds


def conv_batch_norm(random):
    x, y = tf.placeholder(tf.float32, [None, 8, 8, 2], "x"), tf.placeholder(tf.int64, [None], "y")
    kernel = tf.Variable(tf.truncated_normal([3, 3, 2, 4], stddev=0.3), name="kernel")
    scale, offset = tf.Variable(tf.ones([4]), name="gamma"), tf.Variable(tf.zeros([4]), name="beta")
    moving_mean = tf.Variable(tf.zeros([4]), trainable=False, name="moving_mean")
    maps = tf.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding="SAME")
    maps, mean, _ = tf.nn.fused_batch_norm(maps, scale, offset, epsilon=1e-3)
    update = moving_mean.assign_sub((moving_mean - mean) * 0.1)
    pooled = tf.nn.max_pool(tf.nn.relu(maps), ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")
    logits = dense(tf.reshape(pooled, [-1, 4 * 4 * 4]), 3, "logits")
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits), name="loss")
    with tf.control_dependencies([update]):
        train = tf.train.RMSPropOptimizer(0.01).minimize(loss)
    feeds = lambda: {x: random.rand(4, 8, 8, 2), y: random.randint(3, size=4)}
    return train, [loss, accuracy(logits, y), mean], feeds


def embedding_adam(random):
    words, y = tf.placeholder(tf.int32, [None, 5], "words"), tf.placeholder(tf.float32, [None], "y")
    table = tf.Variable(tf.random_uniform([20, 4], -1.0, 1.0), name="table")
    looked_up = tf.nn.embedding_lookup(table, words)
    both = tf.concat([tf.reduce_mean(looked_up, 1), tf.reduce_max(looked_up, 1)], 1)
    score = tf.squeeze(dense(both, 1, "score"), [1])
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=score), name="loss")
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    feeds = lambda: {words: random.randint(20, size=(6, 5)), y: random.randint(2, size=6)}
    return train, [loss, tf.sigmoid(score)], feeds


def resource_mlp(random):
    with tf.variable_scope("", use_resource=True):
        x, y = tf.placeholder(tf.float32, [None, 4], "x"), tf.placeholder(tf.float32, [None, 2], "y")
        step = tf.Variable(0, trainable=False, name="global_step", use_resource=True)
        rate = tf.train.exponential_decay(0.1, step, 2, 0.9)
        predicted = dense(tf.nn.tanh(dense(x, 8, "hidden")), 2, "out")
        loss = tf.reduce_sum(tf.reduce_mean(tf.square(predicted - y), 0), name="loss")
        train = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)
    feeds = lambda: {x: random.randn(7, 4), y: random.randn(7, 2)}
    return train, [loss, predicted, rate], feeds


def losses_clipped(random):
    x, y = tf.placeholder(tf.float32, [8, 3], "x"), tf.placeholder(tf.float32, [8, 2], "y")
    weights = tf.placeholder(tf.float32, [8, 1], "weights")
    predicted = dense(x, 2, "out")
    predicted = tf.where(predicted > 0.5, predicted, predicted / (1.0 + tf.abs(predicted)))
    tf.losses.mean_squared_error(y, predicted, weights)
    tf.losses.huber_loss(y, predicted, weights, delta=0.5)
    loss = tf.losses.get_total_loss(name="loss")
    optimizer = tf.train.GradientDescentOptimizer(0.05)
    gradients, variables = zip(*optimizer.compute_gradients(loss))
    gradients, norm = tf.clip_by_global_norm(gradients, 0.5)
    train = optimizer.apply_gradients(zip(gradients, variables))
    feeds = lambda: {x: random.randn(8, 3), y: random.randn(8, 2), weights: random.randint(2, size=(8, 1))}
    return train, [loss, norm], feeds


def record(build, producer):
    tf.reset_default_graph()
    tf.set_random_seed(1)
    name = build.__name__
    random = np.random.RandomState(7)
    train, fetches, feeds = build(random)
    init = tf.global_variables_initializer()
    variables = tf.global_variables()
    new = tf.get_default_graph().as_graph_def()
    old = old_dialect(new, producer)
    arrays = {}
    config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    with tf.Session(config=config) as sess:
        def keep(moment):
            arrays.update({f"{moment}/{v.op.name}": value for v, value in zip(variables, sess.run(variables))})
        sess.run(init)
        keep("initial")
        for step in range(STEPS):
            feed = {tensor: np.asarray(value, tensor.dtype.as_numpy_dtype) for tensor, value in feeds().items()}
            arrays.update({f"feed/{step}/{tensor.name}": value for tensor, value in feed.items()})
            values = sess.run((fetches, train), feed)[0]
            arrays.update({f"fetch/{step}/{tensor.name}": value for tensor, value in zip(fetches, values)})
        keep("final")
    facts = {
        "init": init.name, "train": train.name, "fetches": [tensor.name for tensor in fetches], "steps": STEPS,
        "variables": [v.op.name for v in variables], "op_types": sorted({node.op for node in new.node}),
        "old_op_types": sorted({node.op for node in old.node}), "old_producer": producer,
    }
    at = os.path.join(HERE, name)
    for suffix, graph_def in (("pb", new), ("old.pb", old)):
        with open(f"{at}.{suffix}", "wb") as file:
            file.write(graph_def.SerializeToString(deterministic=True))
    with open(f"{at}.json", "w") as file:
        json.dump(facts, file, indent=1)
        file.write("\n")
    np.savez_compressed(f"{at}.npz", **arrays)


for build, producer in ((mlp_dropout, 24), (conv_batch_norm, 22), (embedding_adam, 11), (resource_mlp, 26), (losses_clipped, 8)):
    record(build, producer)
