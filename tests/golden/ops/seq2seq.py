"""Sequences to sequences of TensorFlow 1.15: the graphs only. Its argument: see legacy_seq2seq.py. See cases.py."""
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from cases import *
from legacy_seq2seq import seq2seq as s, wrappers as w

cells = tf.nn.rnn_cell

def flat(result):
    return tf.nest.flatten(result)
def steps(x):
    return tf.unstack(x, axis=1)
def words(x):
    return [tf.cast(step, tf.int32) for step in steps(x)]

layer_case("s2s_embedding", lambda x: flat(tf.nn.static_rnn(w.EmbeddingWrapper(cells.GRUCell(3), 5, 2), words(x), dtype=tf.float32)), [None, 2, 1])
layer_case("s2s_embedding_initializer", lambda x: flat(tf.nn.static_rnn(w.EmbeddingWrapper(cells.BasicLSTMCell(3), 5, 2, initializer=tf.ones_initializer()), words(x), dtype=tf.float32)), [4, 2, 1])
layer_case("s2s_projections", lambda x: flat(tf.nn.static_rnn(w.OutputProjectionWrapper(w.InputProjectionWrapper(cells.GRUCell(3), 4), 2, activation=tf.nn.relu), steps(x), dtype=tf.float32)), [None, 2, 3])
layer_case("s2s_projection_dynamic", lambda x: flat(tf.nn.dynamic_rnn(w.OutputProjectionWrapper(cells.BasicRNNCell(3), 2), x, dtype=tf.float32)), [None, 4, 1])
layer_case("s2s_rnn_decoder", lambda x, h: flat(s.rnn_decoder(steps(x), h, cells.GRUCell(3))), [None, 3, 2], [None, 3])
layer_case("s2s_rnn_decoder_loop", lambda x, h: flat(s.rnn_decoder(steps(x), h, cells.GRUCell(3), loop_function=lambda prev, i: prev * (i + 0.5), scope="rnnlm")), [None, 3, 3], [None, 3])
layer_case("s2s_basic", lambda x, y: flat(s.basic_rnn_seq2seq(steps(x), steps(y), cells.BasicLSTMCell(3))), [None, 2, 3], [None, 2, 2])
layer_case("s2s_tied", lambda x, y: flat(s.tied_rnn_seq2seq(steps(x), steps(y), cells.GRUCell(3), loop_function=lambda prev, i: prev)), [None, 2, 3], [None, 2, 3])
layer_case("s2s_model_projected", lambda x, y, p, b: flat(s.embedding_attention_seq2seq(words(x), words(y), cells.GRUCell(3), 6, 5, 2, output_projection=(p, b), feed_previous=True, scope="mine")), [None, 1], [None, 2], [3, 5], [5])
def decoder(x, h, **how):
    cell = cells.GRUCell(3) if "output_projection" in how else w.OutputProjectionWrapper(cells.GRUCell(3), 5)
    return flat(s.embedding_rnn_decoder(words(x), h, cell, 5, 2, **how))
layer_case("s2s_embedding_decoder", lambda x, h: decoder(x, h), [None, 3], [None, 3])
layer_case("s2s_embedding_decoder_fed", lambda x, h: decoder(x, h, feed_previous=True), [None, 3], [None, 3])
layer_case("s2s_embedding_decoder_projected", lambda x, h, p, b: decoder(x, h, feed_previous=True, output_projection=(p, b), update_embedding_for_previous=False, scope="mine"), [None, 3], [None, 3], [3, 5], [5])
layer_case("s2s_attention", lambda x, h, a: flat(s.attention_decoder(steps(x), h, a, cells.GRUCell(3))), [None, 2, 2], [None, 3], [None, 4, 3])
layer_case("s2s_attention_heads", lambda x, h, a: flat(s.attention_decoder(steps(x), h, a, cells.GRUCell(3), output_size=4, num_heads=2, initial_state_attention=True)), [2, 2, 2], [2, 3], [2, None, 3])
layer_case("s2s_attention_loop", lambda x, c, h, a: flat(s.attention_decoder(steps(x), cells.LSTMStateTuple(c, h), a, cells.BasicLSTMCell(3), loop_function=lambda prev, i: prev * 2.0)), [None, 2, 3], [None, 3], [None, 3], [None, 4, 2])
layer_case("s2s_embedding_attention", lambda x, h, a: flat(s.embedding_attention_decoder(words(x), h, a, cells.GRUCell(3), 5, 2, output_size=5, feed_previous=True)), [None, 2], [None, 3], [None, 4, 3])
def model(of, x, y, cell=lambda: cells.GRUCell(3), **how):
    return flat(of(words(x), words(y), cell(), 6, 5, 2, **how))
def stacked():
    return cells.MultiRNNCell([cells.BasicLSTMCell(3) for _ in range(2)])
for name, of in [("rnn", s.embedding_rnn_seq2seq), ("attention", s.embedding_attention_seq2seq)]:
    layer_case("s2s_model_" + name, lambda x, y: model(of, x, y, cell=stacked), [None, 2], [None, 1])
    layer_case("s2s_model_" + name + "_cond", lambda x, y, p: model(of, x, y, cell=lambda: cells.BasicLSTMCell(3), feed_previous=p), [None, 1], [None, 2], None)

def lists(x, y, v):
    return steps(x), words(y), steps(v)
layer_case("s2s_loss", lambda x, y, v: s.sequence_loss(*lists(x, y, v)), [None, 2, 3], [None, 2], [None, 2])
layer_case("s2s_loss_one", lambda x, y, v: s.sequence_loss(*lists(x, y, v)), [2, 1, 3], [2, 1], [2, 1])
layer_case("s2s_loss_sums", lambda x, y, v: s.sequence_loss(*lists(x, y, v), average_across_timesteps=False, average_across_batch=False), [None, 2, 3], [None, 2], [None, 2])
layer_case("s2s_loss_by_example", lambda x, y, v: s.sequence_loss_by_example(*lists(x, y, v)), [None, 2, 3], [None, 2], [None, 2])
layer_case("s2s_loss_function", lambda x, y, v: s.sequence_loss_by_example(*lists(x, y, v), softmax_loss_function=lambda labels, logits: tf.reduce_sum(logits, 1) * tf.cast(labels, tf.float32)), [None, 2, 3], [None, 2], [None, 2])
def buckets(x, y, v, **how):
    x, y, v = words(x), words(y), steps(v)
    # TensorFlow 1.15 cannot copy a cell that has variables.
    outputs, losses = s.model_with_buckets(x, y, y, v, [(1, 1), (1, 2)], lambda x, y: s.embedding_rnn_seq2seq(x, y, cells.GRUCell(3), 6, 5, 2), **how)
    return flat(outputs) + losses
layer_case("s2s_buckets", lambda x, y, v: buckets(x, y, v), [None, 1], [None, 2], [None, 2])
layer_case("s2s_buckets_by_example", lambda x, y, v: buckets(x, y, v, per_example_loss=True), [None, 1], [None, 2], [None, 2])

from legacy_seq2seq import load
loss = load("contrib_loss", "seq2seq/python/ops/loss.py").sequence_loss
for name, how in [("", {}), ("_steps", dict(average_across_batch=False)), ("_batch", dict(average_across_timesteps=False)), ("_none", dict(average_across_timesteps=False, average_across_batch=False)),
        ("_sums", dict(average_across_timesteps=False, average_across_batch=False, sum_over_timesteps=True, sum_over_batch=True)),
        ("_sum", dict(average_across_timesteps=False, average_across_batch=False, sum_over_timesteps=True))]:
    case("s2s_loss3" + name, lambda x, y, v: loss(x, y, v, **how), f(2, 3, 4), i(0, 1, 2, 3, 0, 1).reshape(2, 3), np.array([[1, 1, 0], [0.5, 0, 0]], np.float32), known="sd", second=False, wrt=(0,))
bad("s2s_loss3_rank", lambda x, y, v: loss(x, y, v), f(2, 4), i(1, 2).reshape(2, 1), f(2, 1))
bad("s2s_loss3_targets", lambda x, y, v: loss(x, y, v), f(2, 1, 4), i(1, 2), f(2, 1))
bad("s2s_loss3_both", lambda x, y, v: loss(x, y, v, sum_over_batch=True), f(2, 1, 4), i(1, 2).reshape(2, 1), f(2, 1))
bad("s2s_loss_lengths", lambda x: s.sequence_loss([x], [], []), f(2, 4))
bad("s2s_attention_no_heads", lambda x, h, a: s.attention_decoder([x], h, a, cells.GRUCell(3), num_heads=0)[0], f(2, 2), f(2, 3), f(2, 4, 3))
bad("s2s_attention_no_inputs", lambda h, a: s.attention_decoder([], h, a, cells.GRUCell(3))[0], f(2, 3), f(2, 4, 3))
bad("s2s_projection_shape", lambda x, h, p, b: s.embedding_rnn_decoder([tf.cast(x, tf.int32)], h, cells.GRUCell(3), 5, 2, output_projection=(p, b))[0], f(2), f(2, 3), f(3, 4), f(5))

write("seq2seq")
