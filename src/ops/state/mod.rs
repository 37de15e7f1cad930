//! Operations on variables.

mod apply;
mod assign;
pub(crate) mod checkpoint;
mod initialized;
mod report;
mod resource;
mod scatter;
mod variable;
mod variable_def;

pub(crate) use apply::{
    ADADELTA, ADAGRAD, ADAGRAD_DA, ADAM, CENTERED_RMS_PROP, FTRL, FTRL_V2, Forms, GRADIENT_DESCENT, MOMENTUM,
    PROXIMAL_ADAGRAD, PROXIMAL_GRADIENT_DESCENT, RMS_PROP, all as apply_ops, by_product,
};
pub(crate) use assign::{ASSIGN, assign_add_named, assign_locking, assign_sub_locking, assign_sub_named};
pub use assign::{assign, assign_add, assign_sub};
pub(crate) use checkpoint::{MERGE_V2_CHECKPOINTS, RESTORE_V2, SAVE_V2, SHARDED_FILENAME};
pub(crate) use report::report_uninitialized;
pub use report::report_uninitialized_variables;
pub(crate) use resource::{ASSIGN_VARIABLE_OP, Declared, resource_gather, shape_of_variable};
pub use resource::{count_up_to, is_variable_initialized};
pub(crate) use scatter::{OPS as SCATTERS, scatter_rows};
pub use scatter::{scatter_add, scatter_div, scatter_max, scatter_min, scatter_mul, scatter_sub, scatter_update};
pub use variable::{
    GLOBAL_VARIABLES, LOCAL_VARIABLES, MOVING_AVERAGE_VARIABLES, TRAINABLE_VARIABLES, Variable, VariableArgs,
    global_variables, global_variables_initializer, local_variables, local_variables_initializer,
    moving_average_variables, trainable_variables, variables_initializer,
};
pub(crate) use variable::{Kind, local_variable, slot_variable, trainable_variables_of, variable_from};

use crate::op::OpDef;

pub(super) static OPS: &[&OpDef] = &[
    &variable::VARIABLE_V2,
    &assign::ASSIGN,
    &assign::ASSIGN_ADD,
    &assign::ASSIGN_SUB,
    &variable::VARIABLE,
    &resource::VAR_HANDLE_OP,
    &resource::READ_VARIABLE_OP,
    &resource::ASSIGN_VARIABLE_OP,
    &resource::ASSIGN_ADD_VARIABLE_OP,
    &resource::ASSIGN_SUB_VARIABLE_OP,
    &resource::VAR_IS_INITIALIZED_OP,
    &resource::IS_VARIABLE_INITIALIZED,
    &resource::VARIABLE_SHAPE,
    &resource::DESTROY_RESOURCE_OP,
    &resource::RESOURCE_GATHER,
    &resource::COUNT_UP_TO,
    &resource::RESOURCE_COUNT_UP_TO,
    &checkpoint::SAVE_V2,
    &checkpoint::RESTORE_V2,
    &checkpoint::SHARDED_FILENAME,
    &checkpoint::MERGE_V2_CHECKPOINTS,
    &checkpoint::SAVE,
    &checkpoint::SAVE_SLICES,
    &checkpoint::RESTORE,
    &checkpoint::RESTORE_SLICE,
];
