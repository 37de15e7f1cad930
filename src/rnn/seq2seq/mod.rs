//! Sequences to sequences, step by step in the graph. TF: `tf.contrib.legacy_seq2seq`, in TensorFlow 0.x
//! `tf.nn.seq2seq`.
//!
//! A sequence is a list of tensors, one for each step. Scopes and variables are called as in TensorFlow 1.15.

mod attention;
mod decoder;
mod loss;
mod models;

pub use attention::{
    AttentionDecoderArgs, EmbeddingAttentionDecoderArgs, attention_decoder, attention_decoder_args,
    embedding_attention_decoder, embedding_attention_decoder_args,
};
pub use decoder::{
    EmbeddingRnnDecoderArgs, RnnDecoderArgs, embedding_rnn_decoder, embedding_rnn_decoder_args, rnn_decoder,
    rnn_decoder_args,
};
pub use loss::{
    SequenceLossArgs, sequence_loss, sequence_loss_args, sequence_loss_by_example, sequence_loss_by_example_args,
};
pub use models::{
    BasicSeq2seqArgs, BucketsArgs, EmbeddingSeq2seqArgs, FeedPrevious, basic_rnn_seq2seq, basic_rnn_seq2seq_args,
    embedding_attention_seq2seq, embedding_attention_seq2seq_args, embedding_rnn_seq2seq, embedding_rnn_seq2seq_args,
    model_with_buckets, model_with_buckets_args, tied_rnn_seq2seq, tied_rnn_seq2seq_args,
};

pub use crate::{
    __attention_decoder as attention_decoder, __basic_rnn_seq2seq as basic_rnn_seq2seq,
    __embedding_attention_decoder as embedding_attention_decoder,
    __embedding_attention_seq2seq as embedding_attention_seq2seq, __embedding_rnn_decoder as embedding_rnn_decoder,
    __embedding_rnn_seq2seq as embedding_rnn_seq2seq, __model_with_buckets as model_with_buckets,
    __rnn_decoder as rnn_decoder, __sequence_loss as sequence_loss,
    __sequence_loss_by_example as sequence_loss_by_example, __tied_rnn_seq2seq as tied_rnn_seq2seq,
};
