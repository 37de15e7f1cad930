"""Recurrent networks: the graphs only. See cases.py."""
from cases import *

cells = tf.nn.rnn_cell

def flat(result):
    return tf.nest.flatten(result)

layer_case("rnn_basic", lambda x: flat(tf.nn.dynamic_rnn(cells.BasicRNNCell(3), x, dtype=tf.float32)), [None, 4, 2])
layer_case("rnn_basic_relu", lambda x: flat(tf.nn.dynamic_rnn(cells.BasicRNNCell(3, activation=tf.nn.relu, name="mine"), x, dtype=tf.float32)), [5, 4, 2])
layer_case("rnn_gru", lambda x: flat(tf.nn.dynamic_rnn(cells.GRUCell(3), x, dtype=tf.float32)), [None, None, 2])
layer_case("rnn_gru_initializers", lambda x: flat(tf.nn.dynamic_rnn(cells.GRUCell(3, kernel_initializer=tf.ones_initializer(), bias_initializer=tf.zeros_initializer()), x, dtype=tf.float32)), [None, None, 2])
layer_case("rnn_basic_lstm", lambda x: flat(tf.nn.dynamic_rnn(cells.BasicLSTMCell(3), x, dtype=tf.float32)), [None, 4, 2])
layer_case("rnn_basic_lstm_forget", lambda x: flat(tf.nn.dynamic_rnn(cells.BasicLSTMCell(3, forget_bias=0.0, activation=tf.nn.relu), x, dtype=tf.float32)), [2, 4, 2])
layer_case("rnn_lstm", lambda x: flat(tf.nn.dynamic_rnn(cells.LSTMCell(3), x, dtype=tf.float32)), [None, 4, 2])
layer_case("rnn_lstm_all", lambda x: flat(tf.nn.dynamic_rnn(cells.LSTMCell(3, use_peepholes=True, cell_clip=1.5, initializer=tf.random_uniform_initializer(-0.1, 0.1), num_proj=2, proj_clip=0.5, forget_bias=0.5), x, dtype=tf.float32)), [None, 4, 2])
layer_case("rnn_time_major", lambda x: flat(tf.nn.dynamic_rnn(cells.GRUCell(3), x, dtype=tf.float32, time_major=True, swap_memory=True, parallel_iterations=4, scope="steps")), [4, None, 2])
layer_case("rnn_lengths", lambda x, n: flat(tf.nn.dynamic_rnn(cells.BasicLSTMCell(3), x, sequence_length=tf.cast(n, tf.int32), dtype=tf.float32)), [None, 4, 2], [None])
layer_case("rnn_lengths_given", lambda x: flat(tf.nn.dynamic_rnn(cells.GRUCell(3), x, sequence_length=[4, 2], dtype=tf.float32)), [2, 4, 2])
layer_case("rnn_initial_state", lambda x, h: flat(tf.nn.dynamic_rnn(cells.GRUCell(3), x, initial_state=h)), [None, 4, 2], [None, 3])

def initial_tuple(x, c, h):
    cell = cells.BasicLSTMCell(3)
    outputs, state = tf.nn.dynamic_rnn(cell, x, initial_state=cells.LSTMStateTuple(c, h))
    return [outputs[:, -1], state.c, state.h]
layer_case("rnn_initial_tuple", initial_tuple, [5, 4, 2], [5, 3], [5, 3])

def stacked(x):
    cell = cells.MultiRNNCell([cells.BasicLSTMCell(n) for n in (3, 2)])
    state = cell.zero_state(5, tf.float32)
    return flat(tf.nn.dynamic_rnn(cell, x, initial_state=state))
layer_case("rnn_stacked", stacked, [5, 4, 2])
layer_case("rnn_stacked_by_default", lambda x: flat(tf.nn.dynamic_rnn(cells.MultiRNNCell([cells.GRUCell(3), cells.GRUCell(3)]), x, dtype=tf.float32)), [None, 4, 2])
layer_case("rnn_mixed", lambda x: flat(tf.nn.dynamic_rnn(cells.MultiRNNCell([cells.GRUCell(3), cells.LSTMCell(2)]), x, dtype=tf.float32)), [None, 4, 2])
layer_case("rnn_dropout", lambda x: flat(tf.nn.dynamic_rnn(cells.DropoutWrapper(cells.BasicLSTMCell(3), output_keep_prob=0.5), x, dtype=tf.float32)), [None, 4, 2])
layer_case("rnn_dropout_fed", lambda x, p: flat(tf.nn.dynamic_rnn(cells.MultiRNNCell([cells.DropoutWrapper(cells.LSTMCell(3), input_keep_prob=p, output_keep_prob=p, state_keep_prob=0.9) for _ in range(2)]), x, dtype=tf.float32)), [None, 4, 2], [])
layer_case("rnn_static", lambda x: flat(tf.nn.static_rnn(cells.BasicLSTMCell(3), tf.unstack(x, 3, 1), dtype=tf.float32)), [None, 3, 2])
layer_case("rnn_static_known", lambda x: flat(tf.nn.static_rnn(cells.BasicRNNCell(3), tf.unstack(x, 3, 1), dtype=tf.float32)), [5, 3, 2])
layer_case("rnn_static_lengths", lambda x, n: flat(tf.nn.static_rnn(cells.GRUCell(3), tf.unstack(x, axis=1), sequence_length=tf.cast(n, tf.int64), dtype=tf.float32)), [None, 2, 2], [None])
layer_case("rnn_static_stacked", lambda x: flat(tf.nn.static_rnn(cells.MultiRNNCell([cells.DropoutWrapper(cells.BasicLSTMCell(3), 0.7, 0.8) for _ in range(2)]), tf.unstack(x, axis=1), dtype=tf.float32)), [None, 2, 2])
layer_case("rnn_both_ways", lambda x: flat(tf.nn.bidirectional_dynamic_rnn(cells.LSTMCell(3), cells.LSTMCell(2), x, dtype=tf.float32)), [None, 4, 2])
layer_case("rnn_both_ways_lengths", lambda x, n: flat(tf.nn.bidirectional_dynamic_rnn(cells.GRUCell(3), cells.GRUCell(3), x, sequence_length=tf.cast(n, tf.int32), dtype=tf.float32, time_major=True)), [4, None, 2], [None])
layer_case("rnn_static_both_ways", lambda x: flat(tf.nn.static_bidirectional_rnn(cells.BasicLSTMCell(3), cells.BasicLSTMCell(3), tf.unstack(x, axis=1), dtype=tf.float32)), [None, 3, 2])
layer_case("rnn_static_both_ways_lengths", lambda x, n: flat(tf.nn.static_bidirectional_rnn(cells.BasicRNNCell(3), cells.BasicRNNCell(3), tf.unstack(x, axis=1), sequence_length=tf.cast(n, tf.int32), dtype=tf.float32)), [None, 3, 2], [None])

def called(x, h):
    cell = cells.GRUCell(3)
    with tf.variable_scope("steps", initializer=tf.constant_initializer(0.1)) as scope:
        for t in range(2):
            if t > 0:
                scope.reuse_variables()
            y, h = cell(x[:, t], h)
    return [y, h]
layer_case("rnn_called", called, [None, 3, 2], [None, 3])

class Mine(cells.RNNCell):
    state_size = output_size = 3
    def call(self, inputs, state):
        w = tf.get_variable("w", [2, 3])
        state = tf.tanh(state * 0.5 + tf.matmul(inputs, w))
        return state, state
layer_case("rnn_mine", lambda x: flat(tf.nn.dynamic_rnn(Mine(), x, dtype=tf.float32)), [None, 4, 2])
layer_case("rnn_mine_static", lambda x: flat(tf.nn.static_rnn(Mine(), tf.unstack(x, axis=1), dtype=tf.float32)), [None, 2, 2])

write("rnn")
