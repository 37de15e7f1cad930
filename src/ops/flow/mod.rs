//! Operations that only order others, and those that choose which of them run.

mod array_ops;
mod branch;
mod case;
mod cond;
mod context;
mod context_def;
mod frame;
mod functional;
mod grad_loop;
mod stack;
mod tensor_array;
mod while_context;
mod while_loop;

pub(crate) use branch::zeros_of_branch;
pub use case::{Action, CaseArgs, Cases, case, case_args, constant_value, smart_cond};
pub use cond::{CondArgs, Outcome, Parts, cond, cond_args};
pub use context::CondContext;
pub use functional::{
    FoldArgs, MapArgs, ScanArgs, foldl, foldl_args, foldr, foldr_args, map_fn, map_fn_args, scan, scan_args,
};
pub(crate) use grad_loop::{GradLoops, is_loop_switch};
pub use tensor_array::{TensorArray, TensorArrayArgs, tensor_array_args};
pub use while_context::WhileContext;
pub(crate) use while_context::in_loop;
pub use while_loop::{WhileLoopArgs, while_loop, while_loop_args};

use crate::graph::{Graph, Operation, built_at, get_default_graph, here};
use crate::op::{Arg, Flags, Grad, Gradient, Kernel, OpDef, Sig, rules};
use crate::ops::array::IDENTITY;

pub(super) static OPS: &[&OpDef] = &[
    &branch::CONTROL_TRIGGER,
    &branch::MERGE,
    &branch::REF_MERGE,
    &branch::REF_SWITCH,
    &branch::SWITCH,
    &frame::ENTER,
    &frame::EXIT,
    &frame::LOOP_COND,
    &frame::NEXT_ITERATION,
    &frame::REF_ENTER,
    &frame::REF_EXIT,
    &frame::REF_NEXT_ITERATION,
    &NO_OP,
    &stack::STACK_CLOSE_V2,
    &stack::STACK_POP_V2,
    &stack::STACK_PUSH_V2,
    &stack::STACK_V2,
    &array_ops::TENSOR_ARRAY_CLOSE_V3,
    &array_ops::TENSOR_ARRAY_CONCAT_V3,
    &array_ops::TENSOR_ARRAY_GATHER_V3,
    &array_ops::TENSOR_ARRAY_GRAD_V3,
    &array_ops::TENSOR_ARRAY_READ_V3,
    &array_ops::TENSOR_ARRAY_SCATTER_V3,
    &array_ops::TENSOR_ARRAY_SIZE_V3,
    &array_ops::TENSOR_ARRAY_SPLIT_V3,
    &array_ops::TENSOR_ARRAY_V3,
    &array_ops::TENSOR_ARRAY_WRITE_V3,
];

/// An operation that does nothing. TF: `tf.no_op`.
#[track_caller]
pub fn no_op() -> Operation {
    NO_OP.call([]).operation()
}

/// As [`no_op`], with the node's name.
#[track_caller]
pub(crate) fn no_op_named(name: &str) -> Operation {
    NO_OP.call([]).name(name).operation()
}

/// An operation that has run when all of `operations` have. TF: `tf.group`.
///
/// ```
/// use flowstone as tf;
/// let a = tf::constant(1.0).op();
/// let both = tf::group(&[a, tf::no_op()]);
/// assert_eq!(both.control_inputs().len(), 2);
/// ```
#[track_caller]
pub fn group(operations: &[Operation]) -> Operation {
    group_named(operations, "group_deps")
}

/// As [`group`], with the node's name.
#[track_caller]
pub(crate) fn group_named(operations: &[Operation], name: &str) -> Operation {
    let graph = operations.first().and_then(|op| op.graph().ok()).unwrap_or_else(get_default_graph);
    no_op_after(&graph, operations, name)
}

/// A no-op called `name` that runs after `operations`: by way of one for each device, if they are on several.
#[track_caller]
pub(crate) fn no_op_after(graph: &Graph, operations: &[Operation], name: &str) -> Operation {
    let _line = built_at(here());
    let by_device = by_device(operations.iter().map(|operation| (operation.device(), *operation)));
    let scope = graph.scope_name(name);
    let no_op = |device: &str, operations: &[Operation], name: &str| {
        let _device = graph.device(device);
        let _after = graph.control_dependencies(operations);
        NO_OP.call([]).graph(graph).name(name).operation()
    };
    let name = format!("{scope}/");
    if let [(device, operations)] = by_device.as_slice() {
        return no_op(device, operations, &name);
    }
    let _scope = graph.scope(&name);
    let gathered: Vec<Operation> =
        by_device.iter().map(|(device, operations)| no_op(device, operations, "NoOp")).collect();
    no_op("", &gathered, &name)
}

/// What is on each device, sorted by device.
pub(crate) fn by_device<T>(items: impl IntoIterator<Item = (String, T)>) -> Vec<(String, Vec<T>)> {
    let mut groups: Vec<(String, Vec<T>)> = Vec::new();
    for (device, item) in items {
        match groups.binary_search_by(|(known, _)| known.cmp(&device)) {
            Ok(place) => groups[place].1.push(item),
            Err(place) => groups.insert(place, (device, vec![item])),
        }
    }
    groups
}

pub(crate) static NO_OP: OpDef = OpDef {
    sig: Sig::new("NoOp() -> ()"),
    infer: rules::nothing,
    kernel: Kernel::Run(|_| Ok(())),
    grad: Grad::Stop("it has no outputs"),
    flags: Flags::PURE,
};

/// The same gradients, none of which is available before all of them are. TF: `tf.tuple`.
#[track_caller]
pub(crate) fn tuple(graph: &Graph, gradients: &[Option<Gradient>]) -> Vec<Option<Gradient>> {
    let _scope = graph.scope("tuple");
    let operations: Vec<Operation> = gradients.iter().flatten().map(|gradient| gradient.op()).collect();
    let gate = no_op_after(graph, &operations, "group_deps");
    let gated = |gradient: Gradient| {
        let _colocated = graph.colocate_with(gradient.op());
        let _after = graph.control_dependencies(&[gate]);
        let values = IDENTITY.call([Arg::Tensor(gradient.values())]).name("control_dependency").single();
        gradient.with_values(values)
    };
    gradients.iter().map(|gradient| gradient.map(gated)).collect()
}
