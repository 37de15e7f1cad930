//! The cases of `golden/ops/rnn.py`, in the same order.

use flowstone as tf;
use tf::Tensor;
use tf::nn::rnn_cell::{
    BasicLSTMCell, BasicRNNCell, Common, DropoutWrapper, GRUCell, LSTMCell, LSTMStateTuple, MultiRNNCell, RNNCell, State,
};
use tf::nn::{bidirectional_dynamic_rnn, dynamic_rnn, static_bidirectional_rnn, static_rnn};

/// Outputs and a state as a list of tensors.
fn flat<S: State>((outputs, state): (Tensor, S)) -> Vec<Tensor> {
    [vec![outputs], state.flat()].concat()
}

fn flat_static<S: State>((outputs, state): (Vec<Tensor>, S)) -> Vec<Tensor> {
    [outputs, state.flat()].concat()
}

fn both<F: State, B: State>((outputs, states): ((Tensor, Tensor), (F, B))) -> Vec<Tensor> {
    [vec![outputs.0, outputs.1], states.0.flat(), states.1.flat()].concat()
}

fn both_static<F: State, B: State>((outputs, front, back): (Vec<Tensor>, F, B)) -> Vec<Tensor> {
    [outputs, front.flat(), back.flat()].concat()
}

fn initial_tuple(x: &[Tensor]) -> Vec<Tensor> {
    let cell = BasicLSTMCell(3);
    let (outputs, state) = dynamic_rnn!(cell, x[0], initial_state = LSTMStateTuple(x[1], x[2]));
    vec![outputs.at((.., -1)), state.c, state.h]
}

fn called(x: &[Tensor]) -> Vec<Tensor> {
    let cell = GRUCell(3);
    let scope = tf::variable_scope!("steps", initializer = tf::constant_initializer(0.1));
    let (mut y, mut h) = (x[1], x[1]);
    for t in 0..2 {
        if t > 0 {
            scope.reuse_variables();
        }
        (y, h) = cell.apply(x[0].at((.., t)), h);
    }
    vec![y, h]
}

#[derive(Default)]
struct Mine {
    common: Common,
}

impl RNNCell for Mine {
    type State = Tensor;
    fn class_name(&self) -> &'static str {
        "Mine"
    }
    fn common(&self) -> &Common {
        &self.common
    }
    fn state_size(&self) -> usize {
        3
    }
    fn output_size(&self) -> usize {
        3
    }
    fn call(&self, inputs: Tensor, state: Tensor, _: &[tf::Variable]) -> tf::Result<(Tensor, Tensor)> {
        let w = tf::get_variable("w", [2, 3]);
        let state = tf::tanh(state * 0.5 + tf::matmul(inputs, w));
        Ok((state, state))
    }
}

fn dropped(keep: Tensor) -> DropoutWrapper<LSTMCell> {
    DropoutWrapper!(LSTMCell(3), input_keep_prob = keep, output_keep_prob = keep, state_keep_prob = 0.9)
}

fn half_dropped() -> DropoutWrapper<BasicLSTMCell> {
    DropoutWrapper!(BasicLSTMCell(3), input_keep_prob = 0.7, output_keep_prob = 0.8)
}

pub static CASES: &[super::Case] = cases! {
    "layer_rnn_basic" |x| flat(dynamic_rnn!(BasicRNNCell(3), x[0], dtype = tf::float32));
    "layer_rnn_basic_relu" |x| flat(dynamic_rnn(BasicRNNCell!(3, activation = tf::nn::relu, name = "mine"), x[0]));
    "layer_rnn_gru" |x| flat(dynamic_rnn!(GRUCell(3), x[0], dtype = tf::float32));
    "layer_rnn_gru_initializers" |x| flat(dynamic_rnn(
        GRUCell!(3, kernel_initializer = tf::ones_initializer(), bias_initializer = tf::zeros_initializer()), x[0]
    ));
    "layer_rnn_basic_lstm" |x| flat(dynamic_rnn!(BasicLSTMCell(3), x[0], dtype = tf::float32));
    "layer_rnn_basic_lstm_forget" |x| {
        flat(dynamic_rnn(BasicLSTMCell!(3, forget_bias = 0.0, activation = tf::nn::relu), x[0]))
    };
    "layer_rnn_lstm" |x| flat(dynamic_rnn!(LSTMCell!(3, state_is_tuple = true), x[0], dtype = tf::float32));
    "layer_rnn_lstm_all" |x| flat(dynamic_rnn(
        LSTMCell!(
            3, use_peepholes = true, cell_clip = 1.5, initializer = tf::random_uniform_initializer(-0.1, 0.1),
            num_proj = 2, proj_clip = 0.5, forget_bias = 0.5
        ),
        x[0]
    ));
    "layer_rnn_time_major" |x| flat(dynamic_rnn!(
        GRUCell(3), x[0], time_major = true, swap_memory = true, parallel_iterations = 4, scope = "steps"
    ));
    "layer_rnn_lengths" |x| flat(dynamic_rnn!(
        BasicLSTMCell(3), x[0], sequence_length = tf::cast(x[1], tf::int32), dtype = tf::float32
    ));
    "layer_rnn_lengths_given" |x| flat(dynamic_rnn!(GRUCell(3), x[0], sequence_length = [4, 2]));
    "layer_rnn_initial_state" |x| flat(dynamic_rnn!(GRUCell(3), x[0], initial_state = x[1]));
    "layer_rnn_initial_tuple" |x| initial_tuple(x);
    "layer_rnn_stacked" |x| {
        let cell = MultiRNNCell([BasicLSTMCell(3), BasicLSTMCell(2)]);
        let state = cell.zero_state(5, tf::float32);
        flat(dynamic_rnn!(&cell, x[0], initial_state = state))
    };
    "layer_rnn_stacked_by_default" |x| flat(dynamic_rnn(MultiRNNCell(vec![GRUCell(3), GRUCell(3)]), x[0]));
    "layer_rnn_mixed" |x| flat(dynamic_rnn(MultiRNNCell!((GRUCell(3), LSTMCell(2)), state_is_tuple = true), x[0]));
    "layer_rnn_dropout" |x| flat(dynamic_rnn(DropoutWrapper!(BasicLSTMCell(3), output_keep_prob = 0.5), x[0]));
    "layer_rnn_dropout_fed" |x| flat(dynamic_rnn(MultiRNNCell([dropped(x[1]), dropped(x[1])]), x[0]));
    "layer_rnn_static" |x| flat_static(static_rnn!(
        BasicLSTMCell(3), tf::unstack!(x[0], num = 3, axis = 1), dtype = tf::float32
    ));
    "layer_rnn_static_known" |x| flat_static(static_rnn(BasicRNNCell(3), tf::unstack!(x[0], axis = 1)));
    "layer_rnn_static_lengths" |x| flat_static(static_rnn!(
        GRUCell(3), tf::unstack!(x[0], axis = 1), sequence_length = tf::cast(x[1], tf::int64), dtype = tf::float32
    ));
    "layer_rnn_static_stacked" |x| flat_static(static_rnn(
        MultiRNNCell([half_dropped(), half_dropped()]), tf::unstack!(x[0], axis = 1)
    ));
    "layer_rnn_both_ways" |x| both(bidirectional_dynamic_rnn(LSTMCell(3), LSTMCell(2), x[0]));
    "layer_rnn_both_ways_lengths" |x| both(bidirectional_dynamic_rnn!(
        GRUCell(3), GRUCell(3), x[0], sequence_length = tf::cast(x[1], tf::int32), time_major = true
    ));
    "layer_rnn_static_both_ways" |x| both_static(static_bidirectional_rnn(
        BasicLSTMCell(3), BasicLSTMCell(3), tf::unstack!(x[0], axis = 1)
    ));
    "layer_rnn_static_both_ways_lengths" |x| both_static(static_bidirectional_rnn!(
        BasicRNNCell(3), BasicRNNCell(3), tf::unstack!(x[0], axis = 1),
        sequence_length = tf::cast(x[1], tf::int32), dtype = tf::float32
    ));
    "layer_rnn_called" |x| called(x);
    "layer_rnn_mine" |x| flat(dynamic_rnn(Mine::default(), x[0]));
    "layer_rnn_mine_static" |x| flat_static(static_rnn(Mine::default(), tf::unstack!(x[0], axis = 1)));
};
