//! Operations on variables.

mod apply;
mod assign;
mod variable;

pub(crate) use apply::{apply_adam, apply_gradient_descent};
pub use assign::{assign, assign_add, assign_sub};
pub(crate) use assign::{assign_add_named, assign_named, assign_sub_named};
pub(crate) use variable::{SlotInit, slot_variable, trainable_variables_of, variable_from};
pub use variable::{
    Variable, VariableArgs, global_variables, global_variables_initializer, trainable_variables, variables_initializer,
};

use crate::op::OpDef;

pub(super) static OPS: &[&OpDef] = &[
    &variable::VARIABLE_V2,
    &assign::ASSIGN,
    &assign::ASSIGN_ADD,
    &assign::ASSIGN_SUB,
    &apply::APPLY_ADAM,
    &apply::APPLY_GRADIENT_DESCENT,
];
