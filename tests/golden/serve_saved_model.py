"""Loads a saved model with TensorFlow, asks it and trains it: python tests/golden/serve_saved_model.py FOLDER"""
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

with tf.Graph().as_default(), tf.Session() as sess:
    model = tf.saved_model.loader.load(sess, ["serve"], sys.argv[1])
    signature = model.signature_def["serving_default"]
    assert signature.method_name == "tensorflow/serving/predict"
    feeds = {signature.inputs["x"].name: [[1.0, 1.0]]}
    y, kept = sess.run([signature.outputs["y"].name, signature.outputs["kept"].name], feeds)
    cost = sess.run("cost:0", feeds)
    sess.run("GradientDescent", feeds)
    trained = sess.run("cost:0", feeds) < cost
    print(y.tolist(), os.path.basename(kept).decode(), cost, "trained" if trained else "not trained")
