//! The names of collections that no other part of the crate fills. The others stand where their collections are filled.

/// The variables of metrics. TF: `tf.GraphKeys.METRIC_VARIABLES`.
pub const METRIC_VARIABLES: &str = "metric_variables";
/// Variables that are used to infer. TF: `tf.GraphKeys.MODEL_VARIABLES`.
pub const MODEL_VARIABLES: &str = "model_variables";
/// Weights of layers. TF: `tf.GraphKeys.WEIGHTS`.
pub const WEIGHTS: &str = "weights";
/// Biases of layers. TF: `tf.GraphKeys.BIASES`.
pub const BIASES: &str = "biases";
/// Outputs of layers. TF: `tf.GraphKeys.ACTIVATIONS`.
pub const ACTIVATIONS: &str = "activations";
/// The operations that train. TF: `tf.GraphKeys.TRAIN_OP`.
pub const TRAIN_OP: &str = "train_op";
/// What tells whether variables have values. TF: `tf.GraphKeys.READY_OP`.
pub const READY_OP: &str = "ready_op";
/// What tells whether variables have values that local variables may start from. TF:
/// `tf.GraphKeys.READY_FOR_LOCAL_INIT_OP`.
pub const READY_FOR_LOCAL_INIT_OP: &str = "ready_for_local_init_op";
/// The initializer of everything. TF: `tf.GraphKeys.INIT_OP`.
pub const INIT_OP: &str = "init_op";
/// The initializer of local variables. TF: `tf.GraphKeys.LOCAL_INIT_OP`.
pub const LOCAL_INIT_OP: &str = "local_init_op";
/// The summary of everything. TF: `tf.GraphKeys.SUMMARY_OP`.
pub const SUMMARY_OP: &str = "summary_op";
/// What saves variables. TF: `tf.GraphKeys.SAVERS`.
pub const SAVERS: &str = "savers";
/// What is saved besides variables. TF: `tf.GraphKeys.SAVEABLE_OBJECTS`.
pub const SAVEABLE_OBJECTS: &str = "saveable_objects";
/// The files that belong to a model. TF: `tf.GraphKeys.ASSET_FILEPATHS`.
pub const ASSET_FILEPATHS: &str = "asset_filepaths";
/// What fills queues. TF: `tf.GraphKeys.QUEUE_RUNNERS`.
pub const QUEUE_RUNNERS: &str = "queue_runners";
/// The initializers of tables. TF: `tf.GraphKeys.TABLE_INITIALIZERS`.
pub const TABLE_INITIALIZERS: &str = "table_initializer";
/// The contexts of conditions. TF: `tf.GraphKeys.COND_CONTEXT`.
pub const COND_CONTEXT: &str = "cond_context";
/// The contexts of loops. TF: `tf.GraphKeys.WHILE_CONTEXT`.
pub const WHILE_CONTEXT: &str = "while_context";
/// What a step evaluates. TF: `tf.GraphKeys.EVAL_STEP`.
pub const EVAL_STEP: &str = "eval_step";
