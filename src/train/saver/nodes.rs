//! The nodes of a saver, as TensorFlow builds them, and how they are found again in a graph.

use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::graph::{Attr, AttrList, Graph, Operation, Tensor};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{IDENTITY, PLACEHOLDER_WITH_DEFAULT, constant, packed};
use crate::ops::flow::{by_device, no_op_after};
use crate::ops::math::select;
use crate::ops::state::{
    ASSIGN, ASSIGN_VARIABLE_OP, MERGE_V2_CHECKPOINTS, RESTORE_V2, SAVE_V2, SHARDED_FILENAME, Variable,
};
use crate::ops::strings::{regex_full_match, string_join};
use crate::shape::PartialShape;
use crate::value::Value;

/// The nodes that a saver is run by.
pub(super) struct Nodes {
    pub filename: Tensor,
    pub save: Tensor,
    pub restore: Operation,
}

/// Builds the nodes that save and restore `variables`, each under its name, in the scope `scope`; with a file for each
/// device if the saver is `sharded`.
pub(super) fn build(
    graph: &Graph,
    scope: &str,
    filename: &str,
    variables: &[(String, Variable)],
    sharded: bool,
) -> Nodes {
    let _default = graph.as_default();
    let _scope = graph.scope(scope);
    let given = |input: Arg, name: &str| {
        PLACEHOLDER_WITH_DEFAULT.call([input]).attr("shape", Attr::Shape(PartialShape::scalar())).name(name).single()
    };
    let filename = given(Value::scalar(filename.as_bytes().to_vec()).into_arg(), "filename");
    let filename = given(filename.into_arg(), "Const");
    if sharded {
        return build_sharded(graph, filename, variables);
    }
    let save = save(graph, filename, variables);
    Nodes { filename, save, restore: restore(graph, filename, variables, "restore_all") }
}

fn build_sharded(graph: &Graph, filename: Tensor, variables: &[(String, Variable)]) -> Nodes {
    let by_device = by_device(variables.iter().map(|entry| (entry.1.op().device(), entry.clone())));
    let save = save_shards(graph, filename, &by_device);
    let restored: Vec<Operation> = (by_device.iter())
        .map(|(device, variables)| {
            let _device = graph.device(device);
            restore(graph, filename, variables, "restore_shard")
        })
        .collect();
    Nodes { filename, save, restore: no_op_after(graph, &restored, "restore_all") }
}

/// The nodes that save a checkpoint for each device and make one of all.
fn save_shards(graph: &Graph, filename: Tensor, by_device: &[(String, Vec<(String, Variable)>)]) -> Tensor {
    let parts = {
        let _device = graph.device("/device:CPU:*");
        let in_place = regex_full_match(filename, "^s3://.*");
        let suffix = select(in_place, constant(".part"), constant("_temp/part"));
        string_join([filename, suffix])
    };
    let count = convert(Value::scalar(by_device.len() as i32).into_arg(), "num_shards", None);
    let on_cpu = |device: &str| (graph.device(device), graph.device("/device:CPU:0"));
    let mut saved = Vec::new();
    for (shard, (device, variables)) in by_device.iter().enumerate() {
        let _device = on_cpu(device);
        let shard = Value::scalar(shard as i32).into_arg();
        let part = SHARDED_FILENAME.call([parts.into_arg(), shard, count.into_arg()]).single();
        saved.push((part, save(graph, part, variables)));
    }
    let _device = by_device.last().map(|(device, _)| on_cpu(device));
    let after: Vec<Operation> = saved.iter().map(|(_, saved)| saved.op()).collect();
    let _after = graph.control_dependencies(&after);
    let merge = format!("{}/", graph.scope_name("MergeV2Checkpoints"));
    let parts = {
        let _scope = graph.scope(&merge);
        packed(saved.iter().map(|(part, _)| part.into_arg()).collect(), "checkpoint_prefixes")
    };
    let merge = MERGE_V2_CHECKPOINTS.call([parts.into_arg(), filename.into_arg()]).name(merge).operation();
    let _merged = graph.control_dependencies(&[merge]);
    IDENTITY.call([filename.into_arg()]).single()
}

fn strings(all: Vec<Vec<u8>>) -> Arg {
    Value::vector(all).into_arg()
}

fn names(variables: &[(String, Variable)]) -> Arg {
    strings(variables.iter().map(|(name, _)| name.clone().into_bytes()).collect())
}

fn slices(variables: &[(String, Variable)]) -> Arg {
    strings(vec![Vec::new(); variables.len()])
}

/// `filename`, once `variables` are saved there.
fn save(graph: &Graph, filename: Tensor, variables: &[(String, Variable)]) -> Tensor {
    let values = Arg::list(variables.iter().map(|(_, variable)| saved(*variable)));
    let save = SAVE_V2.call([filename.into_arg(), names(variables), slices(variables), values]).operation();
    let _colocated = graph.colocate_with(filename.op());
    let _after = graph.control_dependencies(&[save]);
    IDENTITY.call([filename.into_arg()]).name("control_dependency").single()
}

/// Gives `variables` what is saved at `filename`.
fn restore(graph: &Graph, filename: Tensor, variables: &[(String, Variable)], name: &str) -> Operation {
    let dtypes: Vec<_> = variables.iter().filter_map(|(_, variable)| variable.dtype().ok()).collect();
    let restored = {
        let _device = graph.device("/device:CPU:0");
        let call = RESTORE_V2.call([filename.into_arg(), names(variables), slices(variables)]);
        call.attr("dtypes", Attr::List(AttrList::Type(dtypes))).build().outputs()
    };
    let assigned: Vec<Operation> =
        variables.iter().zip(restored).map(|((_, variable), value)| assign(*variable, value)).collect();
    no_op_after(graph, &assigned, name)
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
    let (Some(names), Some(slices)) = (constants(names)?, constants(slices)?) else { return Ok(None) };
    match (names.get(value.value_index()), slices.get(value.value_index())) {
        (Some(name), Some(slice)) if slice.is_empty() => {
            Ok(Some(Restored { name: name.clone(), variable: variable.op() }))
        }
        _ => Ok(None),
    }
}

/// The strings of a constant.
fn constants(tensor: Tensor) -> Result<Option<Vec<String>>> {
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
