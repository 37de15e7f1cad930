"""Frames in images, and files as operations. See cases.py."""
from cases import *

raw = tf.raw_ops
frames = np.array([[[0.1, 0.2, 0.7, 0.9], [-0.5, 0.5, 0.5, 1.5], [0.9, 0.1, 0.2, 0.3]], [[0, 0, 1, 1], [1.5, 0, 2, 1], [0.5, 0.5, 0.5, 0.5]]], np.float32)
case("draw_boxes", lambda x, y: tf.image.draw_bounding_boxes(x, y), f(2, 5, 6, 3), frames, wrt=())
case("draw_boxes_grey", lambda x, y: tf.image.draw_bounding_boxes(x, y), f(2, 4, 3, 1), frames, known="sd", wrt=())
case("draw_boxes_alpha", lambda x, y: tf.image.draw_bounding_boxes(x, y), f(2, 1, 9, 4), frames, known="s", wrt=())
case("draw_boxes_many", lambda x, y: tf.image.draw_bounding_boxes(x, y), f(1, 14, 14, 3), np.float32([[[k / 14, k / 14, 1, 1] for k in range(12)]]), known="s", wrt=())
case("draw_boxes_none", lambda x, y: tf.image.draw_bounding_boxes(x, y), f(2, 3, 3, 1), np.zeros((2, 0, 4), np.float32), known="s", wrt=())
case("draw_boxes_empty", lambda x, y: tf.image.draw_bounding_boxes(x, y), f(0, 3, 3, 1), np.zeros((0, 2, 4), np.float32), known="s", wrt=())
colored = lambda x, y, c: tf.image.draw_bounding_boxes(x, y, colors=c)
case("draw_colored", colored, f(2, 5, 6, 3), frames, f(2, 3), wrt=())
case("draw_colored_more", colored, f(2, 5, 6, 1), frames, f(5, 3), known="sd", wrt=())
case("draw_colored_none", colored, f(2, 5, 6, 3), frames, f(0, 3), known="s", wrt=())
case("draw_colored_one", colored, f(2, 5, 6, 4), frames, f(1, 4), known="s", wrt=())
case("draw_colored_empty", colored, f(2, 3, 3, 1), np.zeros((2, 0, 4), np.float32), f(1, 4), known="s", wrt=())
bad("bad_draw_batch", lambda x, y: tf.image.draw_bounding_boxes(x, y), f(1, 5, 6, 3), frames)
bad("bad_draw_channels", lambda x, y: tf.image.draw_bounding_boxes(x, y), f(2, 5, 6, 2), frames)
bad("bad_draw_rank", lambda x, y: tf.image.draw_bounding_boxes(x, y), f(5, 6, 3), frames)
bad("bad_draw_boxes", lambda x, y: tf.image.draw_bounding_boxes(x, y), f(2, 5, 6, 3), frames[:, :, :3])
bad("bad_draw_colors", colored, f(2, 5, 6, 3), frames, f(1, 2))

def joined(begin, size, frame):
    """In one tensor: each run draws anew."""
    return tf.concat([tf.cast(begin, tf.float32), tf.cast(size, tf.float32), tf.reshape(frame, [-1])], 0)
drawn = lambda **how: lambda size, boxes: joined(*tf.image.sample_distorted_bounding_box(size, boxes, **how))
inner = np.float32([[[0.2, 0.3, 0.8, 0.7], [0, 0, 0.1, 0.1]]])
case("sample_box", drawn(seed=3, seed2=5), i(40, 60, 3), inner, wrt=())
case("sample_box_seed", drawn(seed=7, min_object_covered=0.9, aspect_ratio_range=[0.9, 1.1], area_range=[0.1, 0.8]), i(300, 200, 1), inner, known="sd", wrt=())
case("sample_box_hard", drawn(seed2=5, min_object_covered=1.0, area_range=[0.01, 0.02], max_attempts=20), i(64, 64, 3), inner, known="s", wrt=())
case("sample_box_none", drawn(seed=1, seed2=1, use_image_if_no_bounding_boxes=True), i(33, 47, 3), np.zeros((1, 0, 4), np.float32), known="s", wrt=())
case("sample_box_i64", drawn(seed=1, seed2=2, aspect_ratio_range=[2.5, 4.0]), np.int64([100, 30, 3]), inner, known="s", wrt=())
case("sample_box_bytes", drawn(seed=1, seed2=3), np.uint8([100, 90, 3]), inner, known="s", wrt=())
case("sample_box_flat", drawn(seed=9, seed2=9, min_object_covered=0.0), i(1, 1, 3), inner, known="s", wrt=())
case("sample_box_zero", lambda s, b: tf.image.sample_distorted_bounding_box(s, b, seed=4)[1], i(0, 5, 3), inner, known="s", wrt=())
old = lambda **how: lambda size, boxes: joined(*raw.SampleDistortedBoundingBox(image_size=size, bounding_boxes=boxes, **how))
case("sample_old_box", old(seed=3, seed2=5), i(40, 60, 3), inner, wrt=())
for k in range(4):
    case("sample_old_box_%d" % k, old(seed=k, seed2=1, min_object_covered=0.3 * k), i(50 + k, 60, 3), inner, known="s", wrt=())
bad("bad_sample_none", drawn(seed=1), i(33, 47, 3), np.zeros((1, 0, 4), np.float32))
bad("bad_sample_size", drawn(seed=1), i(33, 47), inner)
bad("bad_sample_negative", drawn(seed=1), i(33, -47, 3), inner)
bad("bad_sample_box", drawn(seed=1), i(33, 47, 3), inner + 0.5)
bad("bad_sample_covered", drawn(seed=1, min_object_covered=-0.5), i(33, 47, 3), inner)
bad("bad_sample_ratio", drawn(seed=1, aspect_ratio_range=[0.0, 1.0]), i(33, 47, 3), inner)
bad("bad_sample_area", drawn(seed=1, area_range=[0.5, 1.5]), i(33, 47, 3), inner)
bad("bad_sample_attempts", drawn(seed=1, max_attempts=0), i(33, 47, 3), inner)

def files(name, contents):
    tf.write_file(name, contents)
    return [tf.read_file(name), tf.matching_files(name), tf.matching_files(["*.none", "*.x"])]
names = [("a.txt", "text"), ("", ""), ("a/b", "\0"), ("é", "é"), ("*", "?")]
for k, (name, contents) in enumerate(names):
    case("files_%d" % k, files, np.array(name, object), np.array(contents, object), known="sd", run=False)
case("files_unknown", lambda x: [tf.matching_files(x), tf.read_file(x)], np.array("x", object), known="u", run=False)
bad("bad_read", lambda x: tf.read_file(x), np.array("/none/at/all", object))
bad("bad_read_two", lambda x: tf.read_file(x), np.array(["a", "b"], object))
bad("bad_match_rank", lambda x: tf.matching_files(x), np.array([["a"]], object))

write("box_ops")
