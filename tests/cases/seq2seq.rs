//! The cases of `golden/ops/seq2seq.py`, in the same order.

use flowstone as tf;
use tf::Tensor;
use tf::contrib::seq2seq::sequence_loss as loss;
use tf::nn::rnn_cell::{
    BasicLSTMCell, BasicRNNCell, EmbeddingWrapper, GRUCell, InputProjectionWrapper, LSTMStateTuple, MultiRNNCell,
    OutputProjectionWrapper, State,
};
use tf::nn::seq2seq as s;
use tf::nn::{dynamic_rnn, static_rnn};

/// Outputs and a state as a list of tensors.
fn flat<S: State>((outputs, state): (Vec<Tensor>, S)) -> Vec<Tensor> {
    [outputs, state.flat()].concat()
}

fn steps(x: Tensor) -> Vec<Tensor> {
    tf::unstack!(x, axis = 1)
}

fn words(x: Tensor) -> Vec<Tensor> {
    steps(x).into_iter().map(|step| tf::cast(step, tf::int32)).collect()
}

fn projected() -> OutputProjectionWrapper<GRUCell> {
    OutputProjectionWrapper(GRUCell(3), 5)
}

fn stacked() -> MultiRNNCell<Vec<BasicLSTMCell>> {
    MultiRNNCell(vec![BasicLSTMCell(3), BasicLSTMCell(3)])
}

fn lists(x: &[Tensor]) -> [Vec<Tensor>; 3] {
    [steps(x[0]), words(x[1]), steps(x[2])]
}

fn buckets(x: &[Tensor], by_example: bool) -> Vec<Tensor> {
    let (words, targets, weights) = (words(x[0]), words(x[1]), steps(x[2]));
    let cell = GRUCell(3);
    let seq2seq = |x, y| s::embedding_rnn_seq2seq(x, y, &cell, 6, 5, 2);
    let targets = || targets.iter().copied();
    let all = s::model_with_buckets_args(words, targets(), targets(), weights, [(1, 1), (1, 2)], seq2seq);
    let (outputs, losses) = all.per_example_loss(by_example).build();
    [outputs.concat(), losses].concat()
}

pub static CASES: &[super::Case] = cases! {
    "layer_s2s_embedding" |x| flat(static_rnn!(
        EmbeddingWrapper(GRUCell(3), 5, 2), words(x[0]), dtype = tf::float32
    ));
    "layer_s2s_embedding_initializer" |x| {
        let cell = EmbeddingWrapper(BasicLSTMCell(3), 5, 2).initializer(tf::ones_initializer());
        flat(static_rnn!(cell, words(x[0]), dtype = tf::float32))
    };
    "layer_s2s_projections" |x| {
        let cell = OutputProjectionWrapper(InputProjectionWrapper(GRUCell(3), 4), 2).activation(tf::nn::relu);
        flat(static_rnn(cell, steps(x[0])))
    };
    "layer_s2s_projection_dynamic" |x| {
        let (outputs, state) = dynamic_rnn(OutputProjectionWrapper(BasicRNNCell(3), 2), x[0]);
        [outputs, state]
    };
    "layer_s2s_rnn_decoder" |x| flat(s::rnn_decoder(steps(x[0]), x[1], GRUCell(3)));
    "layer_s2s_rnn_decoder_loop" |x| flat(s::rnn_decoder!(
        steps(x[0]), x[1], GRUCell(3), loop_function = |prev, i| prev * (i as f64 + 0.5), scope = "rnnlm"
    ));
    "layer_s2s_basic" |x| flat(s::basic_rnn_seq2seq(steps(x[0]), steps(x[1]), BasicLSTMCell(3)));
    "layer_s2s_tied" |x| flat(s::tied_rnn_seq2seq!(
        steps(x[0]), steps(x[1]), GRUCell(3), loop_function = |prev, _| prev
    ));
    "layer_s2s_model_projected" |x| flat(s::embedding_attention_seq2seq!(
        words(x[0]), words(x[1]), GRUCell(3), 6, 5, 2, output_projection = (x[2], x[3]), feed_previous = true, scope = "mine"
    ));
    "layer_s2s_embedding_decoder" |x| flat(s::embedding_rnn_decoder(words(x[0]), x[1], projected(), 5, 2));
    "layer_s2s_embedding_decoder_fed" |x| flat(s::embedding_rnn_decoder!(
        words(x[0]), x[1], projected(), 5, 2, feed_previous = true
    ));
    "layer_s2s_embedding_decoder_projected" |x| flat(s::embedding_rnn_decoder!(
        words(x[0]), x[1], GRUCell(3), 5, 2, feed_previous = true, output_projection = (x[2], x[3]),
        update_embedding_for_previous = false, scope = "mine"
    ));
    "layer_s2s_attention" |x| flat(s::attention_decoder(steps(x[0]), x[1], x[2], GRUCell(3)));
    "layer_s2s_attention_heads" |x| flat(s::attention_decoder!(
        steps(x[0]), x[1], x[2], GRUCell(3), output_size = 4, num_heads = 2, initial_state_attention = true
    ));
    "layer_s2s_attention_loop" |x| flat(s::attention_decoder!(
        steps(x[0]), LSTMStateTuple(x[1], x[2]), x[3], BasicLSTMCell(3), loop_function = |prev, _| prev * 2.0
    ));
    "layer_s2s_embedding_attention" |x| flat(s::embedding_attention_decoder!(
        words(x[0]), x[1], x[2], GRUCell(3), 5, 2, output_size = 5, feed_previous = true
    ));
    "layer_s2s_model_rnn" |x| flat(s::embedding_rnn_seq2seq(words(x[0]), words(x[1]), stacked(), 6, 5, 2));
    "layer_s2s_model_rnn_cond" |x| flat(s::embedding_rnn_seq2seq!(
        words(x[0]), words(x[1]), BasicLSTMCell(3), 6, 5, 2, feed_previous = x[2]
    ));
    "layer_s2s_model_attention" |x| {
        flat(s::embedding_attention_seq2seq(words(x[0]), words(x[1]), stacked(), 6, 5, 2))
    };
    "layer_s2s_model_attention_cond" |x| flat(s::embedding_attention_seq2seq!(
        words(x[0]), words(x[1]), BasicLSTMCell(3), 6, 5, 2, feed_previous = x[2]
    ));
    "layer_s2s_loss" |x| {
        let [logits, targets, weights] = lists(x);
        [s::sequence_loss(logits, targets, weights)]
    };
    "layer_s2s_loss_one" |x| {
        let [logits, targets, weights] = lists(x);
        [s::sequence_loss(logits, targets, weights)]
    };
    "layer_s2s_loss_sums" |x| {
        let [logits, targets, weights] = lists(x);
        [s::sequence_loss!(logits, targets, weights, average_across_timesteps = false, average_across_batch = false)]
    };
    "layer_s2s_loss_by_example" |x| {
        let [logits, targets, weights] = lists(x);
        [s::sequence_loss_by_example(logits, targets, weights)]
    };
    "layer_s2s_loss_function" |x| {
        let [logits, targets, weights] = lists(x);
        let own = |labels, logits| tf::reduce_sum!(logits, axis = 1) * tf::cast(labels, tf::float32);
        [s::sequence_loss_by_example!(logits, targets, weights, softmax_loss_function = own)]
    };
    "layer_s2s_buckets" |x| buckets(x, false);
    "layer_s2s_buckets_by_example" |x| buckets(x, true);
    "s2s_loss3" [0] |x| [loss(x[0], x[1], x[2])];
    "s2s_loss3_steps" [0] |x| [loss!(x[0], x[1], x[2], average_across_batch = false)];
    "s2s_loss3_batch" [0] |x| [loss!(x[0], x[1], x[2], average_across_timesteps = false)];
    "s2s_loss3_none" [0] |x| [loss!(
        x[0], x[1], x[2], average_across_timesteps = false, average_across_batch = false
    )];
    "s2s_loss3_sums" [0] |x| [loss!(
        x[0], x[1], x[2], average_across_timesteps = false, average_across_batch = false,
        sum_over_timesteps = true, sum_over_batch = true
    )];
    "s2s_loss3_sum" [0] |x| [loss!(
        x[0], x[1], x[2], average_across_timesteps = false, average_across_batch = false, sum_over_timesteps = true
    )];
    "s2s_loss3_rank" |x| [loss(x[0], x[1], x[2])];
    "s2s_loss3_targets" |x| [loss(x[0], x[1], x[2])];
    "s2s_loss3_both" |x| [loss!(x[0], x[1], x[2], sum_over_batch = true)];
    "s2s_loss_lengths" |x| [s::sequence_loss([x[0]], [], [])];
    "s2s_attention_no_heads" |x| s::attention_decoder!([x[0]], x[1], x[2], GRUCell(3), num_heads = 0).0;
    "s2s_attention_no_inputs" |x| s::attention_decoder([], x[0], x[1], GRUCell(3)).0;
    "s2s_projection_shape" |x| s::embedding_rnn_decoder!(
        [tf::cast(x[0], tf::int32)], x[1], GRUCell(3), 5, 2, output_projection = (x[2], x[3])
    ).0;
};
