"""Writes the folders in saved_models/ with TensorFlow: pip install tensorflow-cpu==2.19.1; python tests/golden/make_saved_models.py

lines/  y = x w + b, binary, with the tags {serve} and, doubling y, {serve, double}; variables of both kinds
words/  text, with a file that is fed to what is run after loading
call/   a function is called, as in models of TensorFlow 2; the values of its variables are left out
"""
import os, shutil
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "saved_models")
shutil.rmtree(here, ignore_errors=True)
os.makedirs(here)
sm = tf.saved_model

def line():
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.get_variable("w", initializer=[[1.0, 2.0], [3.0, 4.0]], use_resource=False)
    b = tf.get_variable("b", initializer=[0.5, -0.5], use_resource=True)
    return x, tf.identity(tf.matmul(x, w) + b, name="y")

builder = sm.builder.SavedModelBuilder(os.path.join(here, "lines"))
with tf.Graph().as_default(), tf.Session() as sess:
    x, y = line()
    sess.run(tf.global_variables_initializer())
    signature = {"serving_default": sm.predict_signature_def({"in": x}, {"out": y})}
    builder.add_meta_graph_and_variables(sess, ["serve"], signature, strip_default_attrs=True)
with tf.Graph().as_default():
    x, y = line()
    signature = {"serving_default": sm.predict_signature_def({"in": x}, {"out": y + y})}
    builder.add_meta_graph(["serve", "double"], signature)
builder.save()

with open(os.path.join(here, "words.txt"), "w") as f:
    f.write("a word\n")
builder = sm.builder.SavedModelBuilder(os.path.join(here, "words"))
with tf.Graph().as_default(), tf.Session() as sess:
    path = tf.constant(os.path.join(here, "words.txt"), name="path")
    tf.add_to_collection(tf.GraphKeys.ASSET_FILEPATHS, path)
    kept = tf.Variable("", name="kept", collections=[tf.GraphKeys.LOCAL_VARIABLES], use_resource=False)
    count = tf.Variable(7, name="count", use_resource=False)
    start = tf.group(tf.assign(kept, path), name="start")
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    signature = {"ask": sm.signature_def_utils.build_signature_def(
        {}, {"path": sm.utils.build_tensor_info(kept), "count": sm.utils.build_tensor_info(count)}, "ask")}
    builder.add_meta_graph_and_variables(
        sess, ["serve"], signature, tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS), main_op=start)
builder.save(as_text=True)
os.remove(os.path.join(here, "words.txt"))

# The path of the machine that wrote it is nobody's business.
text = os.path.join(here, "words", "saved_model.pbtxt")
with open(text) as f:
    content = f.read()
with open(text, "w") as f:
    f.write(content.replace(os.path.join(here, "words.txt"), "words.txt"))

builder = sm.builder.SavedModelBuilder(os.path.join(here, "call"))
with tf.Graph().as_default(), tf.Session() as sess:
    from tensorflow.python.framework import function
    from tensorflow.python.eager import def_function
    x = tf.placeholder(tf.float32, [2], name="x")
    y = def_function.function(lambda x: x * 2.0)(x)
    builder.add_meta_graph_and_variables(sess, ["serve"], {"serving_default": sm.predict_signature_def({"x": x}, {"y": y})})
builder.save()
