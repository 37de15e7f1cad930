//! The nodes of a saver, as TensorFlow builds them, and how they are found again in a graph.

use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::graph::{Attr, AttrList, Graph, Operation, Tensor};
use crate::op::{Arg, IntoTensor};
use crate::ops::array::{IDENTITY, PLACEHOLDER_WITH_DEFAULT};
use crate::ops::flow::no_op_after;
use crate::ops::state::{ASSIGN, ASSIGN_VARIABLE_OP, RESTORE_V2, SAVE_V2, Variable};
use crate::shape::PartialShape;
use crate::value::Value;

/// The nodes that a saver is run by.
pub(super) struct Nodes {
    pub filename: Tensor,
    pub save: Tensor,
    pub restore: Operation,
}

/// Builds the nodes that save and restore `variables`, each under its name, in the scope `scope`.
#[track_caller]
pub(super) fn build(graph: &Graph, scope: &str, filename: &str, variables: &[(String, Variable)]) -> Nodes {
    let _default = graph.as_default();
    let _scope = graph.name_scope(scope);
    let given = |input: Arg, name: &str| {
        PLACEHOLDER_WITH_DEFAULT.call([input]).attr("shape", Attr::Shape(PartialShape::scalar())).name(name).single()
    };
    let filename = given(Value::scalar(filename.as_bytes().to_vec()).into_arg(), "filename");
    let filename = given(filename.into_arg(), "Const");
    let strings = |all: Vec<Vec<u8>>| Value::vector(all).into_arg();
    let names = || strings(variables.iter().map(|(name, _)| name.clone().into_bytes()).collect());
    let slices = || strings(vec![Vec::new(); variables.len()]);
    let values = Arg::list(variables.iter().map(|(_, variable)| saved(*variable)));
    let save = SAVE_V2.call([filename.into_arg(), names(), slices(), values]).operation();
    let save = {
        let _colocated = graph.colocate_with(filename.op());
        let _after = graph.control_dependencies(&[save]);
        IDENTITY.call([filename.into_arg()]).name("control_dependency").single()
    };
    let dtypes: Vec<_> = variables.iter().filter_map(|(_, variable)| variable.dtype().ok()).collect();
    let restored = {
        let _device = graph.device("/device:CPU:0");
        let call = RESTORE_V2.call([filename.into_arg(), names(), slices()]);
        call.attr("dtypes", Attr::List(AttrList::Type(dtypes))).build().outputs()
    };
    let assigned: Vec<Operation> =
        variables.iter().zip(restored).map(|((_, variable), value)| assign(*variable, value)).collect();
    Nodes { filename, save, restore: no_op_after(graph, &assigned, "restore_all") }
}

/// What of `variable` goes into a file.
fn saved(variable: Variable) -> Tensor {
    if variable.is_resource() { variable.value() } else { variable.reference() }
}

/// Gives `variable` a `value` out of a file.
#[track_caller]
pub(in crate::train) fn assign(variable: Variable, value: Tensor) -> Operation {
    let held = variable.reference().into_arg();
    if variable.is_resource() {
        let value = IDENTITY.call([value.into_arg()]).single();
        return ASSIGN_VARIABLE_OP.call([held, value.into_arg()]).operation();
    }
    let is_known = variable.shape().is_known();
    ASSIGN.call([held, value.into_arg()]).attr("validate_shape", is_known).operation()
}

/// A variable, and the name under which it is in checkpoints.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Restored {
    pub name: String,
    pub variable: Operation,
}

/// What the operation `restore` gives values to.
///
/// `None` if it does more than to assign whole arrays to variables; then it can only be run.
pub(super) fn restored(restore: Operation) -> Result<Option<Vec<Restored>>> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut waiting = vec![restore];
    while let Some(operation) = waiting.pop() {
        if !seen.insert(operation) {
            continue;
        }
        match operation.op_type().as_str() {
            "NoOp" => waiting.extend(operation.control_inputs().into_iter().rev()),
            "Assign" | "AssignVariableOp" => match assigned(operation)? {
                Some(one) => found.push(one),
                None => return Ok(None),
            },
            _ => return Ok(None),
        }
    }
    Ok(Some(found))
}

/// What an assignment gives a value to, if it is an array out of a file.
fn assigned(assign: Operation) -> Result<Option<Restored>> {
    let [variable, value] = assign.inputs()[..] else { return Ok(None) };
    let mut value = value;
    while value.op().op_type() == "Identity"
        && let [before] = value.op().inputs()[..]
    {
        value = before;
    }
    let restore = value.op();
    if restore.op_type() != "RestoreV2" {
        return Ok(None);
    }
    let [_, names, slices] = restore.inputs()[..] else { return Ok(None) };
    let (Some(names), Some(slices)) = (strings(names)?, strings(slices)?) else { return Ok(None) };
    match (names.get(value.value_index()), slices.get(value.value_index())) {
        (Some(name), Some(slice)) if slice.is_empty() => {
            Ok(Some(Restored { name: name.clone(), variable: variable.op() }))
        }
        _ => Ok(None),
    }
}

/// The strings of a constant.
fn strings(tensor: Tensor) -> Result<Option<Vec<String>>> {
    if tensor.op().op_type() != "Const" {
        return Ok(None);
    }
    let Attr::Tensor(value, _) = tensor.op().get_attr("value")? else { return Ok(None) };
    let text = |bytes: &Vec<u8>| {
        let text = String::from_utf8(bytes.clone());
        text.map_err(|_| Error::invalid_argument(format!("'{}' holds a name that is not text", tensor.name())))
    };
    value.as_slice::<Vec<u8>>()?.iter().map(text).collect::<Result<_>>().map(Some)
}
