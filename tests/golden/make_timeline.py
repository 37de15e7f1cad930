"""Writes tests/golden/events/run_metadata.pb and what TensorFlow's Timeline makes of it, timeline*.json.
python tests/golden/make_timeline.py"""
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow.compat.v1 as tf
from tensorflow.python.client import timeline

metadata = tf.RunMetadata()
cpu = metadata.step_stats.dev_stats.add(device="/job:localhost/replica:0/task:0/device:CPU:0")
def node(name, start, end, label, *sizes):
    stats = cpu.node_stats.add(node_name=name, all_start_micros=start, all_end_rel_micros=end - start, timeline_label=label)
    for slot, size in enumerate(sizes):
        output = stats.output.add(slot=slot)
        output.tensor_description.dtype = tf.float32.as_datatype_enum
        output.tensor_description.shape.dim.add(size=size)
        allocation = output.tensor_description.allocation_description
        allocation.requested_bytes, allocation.allocator_name, allocation.ptr = 4 * size, "cpu" if slot == 0 else "o\"ther", 77
# Two run at the same time, one has two outputs, one says nothing of itself, and names are of all kinds.
node("x", 100, 110, "x = Const()", 2)
node("scope/ä\"\\", 105, 130, "scope/ä\"\\ = Unique(x)", 3, 4)
node("y", 131, 160, "y = AddN(x, scope/ä\"\\, scope/ä\"\\:1, missing)", 5)
node("y", 131, 140, "y = AddN(x) [a, b]", 6)
node("odd", 170, 170, "odd")
here = os.path.join(os.path.dirname(__file__), "events")
with open(os.path.join(here, "run_metadata.pb"), "wb") as f:
    f.write(metadata.SerializeToString())
for name, arguments in [("", {}), ("_memory", {"show_memory": True}), ("_plain", {"show_dataflow": False})]:
    trace = timeline.Timeline(metadata.step_stats)
    with open(os.path.join(here, "timeline%s.json" % name), "w") as f:
        f.write(trace.generate_chrome_trace_format(**arguments))
