//! Training: optimizers as TensorFlow 1 builds them, out of `Apply…` operations and slot variables.

mod adadelta;
mod adagrad;
mod adam;
mod applied;
mod checkpoint_state;
mod checkpoint_utils;
mod events;
pub(crate) mod fit;
mod ftrl;
mod global_step;
mod gradient_descent;
mod init_from_checkpoint;
mod meta_graph;
mod momentum;
mod monitored;
mod moving_average;
mod optimizer;
mod proximal;
mod rms_prop;
mod saver;
mod schedules;
mod write_graph;

pub use crate::format::example::{BytesList, Example, Feature, Features, FloatList, Int64List};
pub use crate::format::meta::{CheckpointState, SaverDef};
pub use adadelta::AdadeltaOptimizer;
pub use adagrad::{AdagradDAOptimizer, AdagradOptimizer};
pub use adam::AdamOptimizer;
pub use checkpoint_state::{
    CheckpointStateArgs, checkpoint_exists, generate_checkpoint_state_proto, get_checkpoint_mtimes,
    get_checkpoint_state, latest_checkpoint, remove_checkpoint, update_checkpoint_state, update_checkpoint_state_args,
};
pub use checkpoint_utils::{CheckpointReader, NewCheckpointReader, list_variables, load_checkpoint, load_variable};
pub use events::{
    EventStep, FileWriter, FileWriterArgs, FileWriterCache, SummaryIterator, SummarySource, summary_iterator,
};
pub use ftrl::FtrlOptimizer;
pub use global_step::{GLOBAL_STEP, create_global_step, get_global_step, get_or_create_global_step, global_step};
pub use gradient_descent::GradientDescentOptimizer;
pub use init_from_checkpoint::{Initialized, init_from_checkpoint};
pub use meta_graph::{ExportMetaGraphArgs, MetaGraphSource, export_meta_graph, export_meta_graph_args};
pub use momentum::MomentumOptimizer;
pub use monitored::{
    CheckpointSaverHook, Coordinator, Hooks, LoggedTensors, LoggingTensorHook, ManagedSession, MonitoredSession,
    MonitoredTrainingSession, MonitoredTrainingSessionArgs, NanTensorHook, Scaffold, ScaffoldArgs, SecondOrStepTimer,
    SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues, StepCounterHook, StopAtStepHook,
    SummarySaverHook, Supervisor, SupervisorArgs,
};
pub use moving_average::{ExponentialMovingAverage, assign_moving_average};
pub use optimizer::{Minimize, Optimizer, Slots, deduplicated};
pub use proximal::{ProximalAdagradOptimizer, ProximalGradientDescentOptimizer};
pub use rms_prop::RMSPropOptimizer;
pub use saver::{
    GlobalStep, ImportMetaGraphArgs, SaveArgs, Saver, SaverArgs, VarList, import_meta_graph, import_meta_graph_args,
};
pub use schedules::{
    CosineDecayArgs, DecayArgs, PolynomialDecayArgs, cosine_decay, cosine_decay_args, cosine_decay_restarts,
    cosine_decay_restarts_args, exponential_decay, exponential_decay_args, inverse_time_decay, inverse_time_decay_args,
    natural_exp_decay, natural_exp_decay_args, piecewise_constant, polynomial_decay, polynomial_decay_args,
};
pub use write_graph::{WriteGraphArgs, WrittenGraph, write_graph, write_graph_args};
