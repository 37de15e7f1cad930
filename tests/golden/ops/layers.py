"""Layers: the graphs only. See cases.py."""
from cases import *

layer_case("dropout", lambda x: [tf.nn.dropout(x, 0.25), tf.nn.dropout(x, rate=0.4, noise_shape=[2, 1]), tf.nn.dropout(x, rate=0.0)], [None, 3])
layer_case("dropout_fed", lambda x, k: tf.nn.dropout(x, k), [2, 3], [])
layer_case("random", lambda x: [tf.random_uniform([2]), tf.random_uniform([2], maxval=3.0), tf.random_uniform([2], -1.0, 1.0), tf.truncated_normal([2], 1.0, 2.0), x * 2.0], [2])
layer_case("dense", lambda x: tf.layers.dense(tf.layers.dense(x, 3, tf.nn.relu), 2, use_bias=False), [None, 4])
layer_case("dense_3d", lambda x: tf.layers.dense(x, 3), [None, 5, 4])
layer_case("dense_known", lambda x: tf.layers.dense(x, 3), [2, 5, 4])
layer_case("dense_regularized", lambda x: tf.layers.dense(x, 3, name="fc", kernel_regularizer=tf.keras.regularizers.l2(0.1), bias_regularizer=tf.keras.regularizers.l1(0.2)), [None, 4])
layer_case("dense_initializers", lambda x: tf.layers.dense(x, 3, kernel_initializer=tf.truncated_normal_initializer(stddev=0.1), bias_initializer=tf.constant_initializer(0.1)), [None, 4])
layer_case("dense_large", lambda x: tf.layers.dense(x, 2, kernel_initializer=tf.zeros_initializer(), bias_initializer=tf.ones_initializer()), [None, 600])
layer_case("dense_frozen", lambda x: tf.layers.dense(tf.layers.dense(x, 3, trainable=False), 2), [None, 4])
layer_case("conv2d", lambda x: tf.layers.conv2d(x, 4, 3, strides=2, padding="same", activation=tf.nn.relu), [None, 6, 5, 2])
layer_case("conv2d_transpose", lambda x: tf.layers.conv2d_transpose(x, 4, 3, strides=2, padding="same"), [None, 6, 5, 2])
layer_case("conv2d_transpose_valid", lambda x: tf.layers.conv2d_transpose(x, 4, 3, strides=2), [None, 6, 5, 2])
layer_case("separable_conv2d", lambda x: tf.layers.separable_conv2d(x, 4, 3, depth_multiplier=2, padding="same"), [None, 6, 5, 2])
layer_case("pooling", lambda x: tf.layers.average_pooling2d(tf.layers.max_pooling2d(x, 2, 1), [2, 1], 2, padding="same"), [None, 6, 5, 2])
layer_case("flatten", lambda x, y, z: [tf.layers.flatten(x), tf.layers.flatten(y), tf.layers.flatten(z)], [None, 2, 3], [None, None, 3], [4, None])
layer_case("dropout_layers", lambda x: tf.layers.dropout(tf.layers.dropout(x, 0.4, training=True)), [None, 3])
layer_case("batch_normalization", lambda x: tf.layers.batch_normalization(tf.layers.batch_normalization(x, training=True)), [None, 4, 4, 2])
layer_case("batch_normalization_2d", lambda x: tf.layers.batch_normalization(x, training=True, momentum=0.9), [None, 4])
layer_case("batch_normalization_2d_after", lambda x: tf.layers.batch_normalization(x, scale=False), [None, 4])
layer_case("dropout_if", lambda x, p: tf.layers.dropout(x, 0.4, training=p), [None, 3], None)
layer_case("batch_normalization_if", lambda x, p: tf.layers.batch_normalization(x, training=p), [None, 4, 4, 2], None)
layer_case("batch_normalization_if_2d", lambda x, p: tf.layers.batch_normalization(tf.layers.dense(x, 3), training=p, momentum=0.9), [None, 4], None)
layer_case("batch_normalization_constant", lambda x: tf.layers.batch_normalization(x, training=tf.constant(True)), [None, 4])
layer_case("batch_normalization_in_a_branch", lambda x, p: tf.cond(p, lambda: tf.layers.batch_normalization(x, training=True), lambda: x), [None, 4], None)
def shared(x):
    with tf.variable_scope("a") as scope:
        first = tf.get_variable("w", [3], initializer=tf.ones_initializer()) * x
        with tf.variable_scope("b", reuse=tf.AUTO_REUSE):
            second = tf.get_variable("v", [3]) + tf.get_variable("v", [3])
    with tf.variable_scope(scope, reuse=True):
        third = tf.get_variable("w", [3]) + first
    with tf.variable_scope("a"):
        fourth = tf.get_variable("k", []) + second
    with tf.variable_scope(None, "a"):
        fifth = tf.get_variable("k", [3]) + third
    return [fourth, fifth]
layer_case("variable_scopes", shared, [3])
def twice(x, y):
    layer = tf.layers.Dense(3, name="both")
    first = layer.apply(x)
    shared = tf.layers.dense(y, 3, name="both", reuse=True)
    return [first, layer.apply(y), shared, tf.layers.Dense(2, name="both").apply(x)]
layer_case("reuse", twice, [None, 4], [None, 4])

write("layers")
