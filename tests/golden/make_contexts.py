"""Records a meta graph with conditions, cond.meta.gz, one with loops, while.meta.gz, and what TensorFlow adds to it for a gradient once it is imported,
cond_gradient.pb.gz.

    pip install tensorflow-cpu==2.19.1
    python tests/golden/make_contexts.py
"""
import gzip, os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

HERE = os.path.dirname(os.path.abspath(__file__))

def save(name, message):
    with open(os.path.join(HERE, name + ".gz"), "wb") as file:
        file.write(gzip.compress(message.SerializeToString(deterministic=True), mtime=0))

x = tf.placeholder(tf.float32, [None], name="x")
p = tf.placeholder(tf.bool, [], name="p")
q = tf.placeholder(tf.bool, [], name="q")
v = tf.Variable(2.0, name="v")
inner = lambda: tf.cond(q, lambda: tf.exp(x) * v, lambda: x, name="inner")
y = tf.identity(tf.cond(p, lambda: inner() + 1.0, lambda: tf.add(tf.constant([3.0], name="three"), x), name="outer"), name="y")
save("cond.meta", tf.train.export_meta_graph())

meta = tf.train.export_meta_graph()
with tf.Graph().as_default() as graph:
    tf.train.import_meta_graph(meta, import_scope="in")
    dx = tf.gradients(graph.get_tensor_by_name("in/y:0"), graph.get_tensor_by_name("in/x:0"))
    save("cond_gradient.pb", graph.as_graph_def())

with tf.Graph().as_default():
    x = tf.placeholder(tf.float32, [None], name="x")
    n = tf.placeholder(tf.int32, [], name="n")
    inner = lambda i, y: tf.while_loop(lambda j, z: j < i, lambda j, z: (j + 1, z + x), (0, y), name="inner")[1]
    body = lambda i, y: (i + 1, tf.cond(tf.equal(i % 2, 0), lambda: inner(i, y), lambda: y * 2.0, name="even"))
    y = tf.while_loop(lambda i, y: i < n, body, (0, x), parallel_iterations=3, swap_memory=True, name="outer")[1]
    z = tf.cond(n > 2, lambda: tf.while_loop(lambda y: True, lambda y: y * 2.0, [y], maximum_iterations=n), lambda: y, name="last")
    tf.identity(z, name="z")
    save("while.meta", tf.train.export_meta_graph())
