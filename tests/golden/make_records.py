"""Writes examples.tfrecord beside itself: three examples in a record file, as TensorFlow writes them.

    pip install tensorflow-cpu==2.19.1
    python tests/golden/make_records.py
"""
import os
import tensorflow.compat.v1 as tf

t = tf.train
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "examples.tfrecord")
with tf.python_io.TFRecordWriter(path) as writer:
    for i in range(3):
        writer.write(t.Example(features=t.Features(feature={
            "label": t.Feature(int64_list=t.Int64List(value=[i, -i])),
            "image": t.Feature(bytes_list=t.BytesList(value=[bytes([i, 255]), b""])),
            "scale": t.Feature(float_list=t.FloatList(value=[0.5 * i, -2.0])),
        })).SerializeToString(deterministic=True))
