//! What a run lacks: operations that are not there, and nodes that ask more of one than it can do.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::plan::Signature;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Node, NodeId};
use crate::op::{Kernel, OpDef};
use crate::ops;
use crate::optimize::prune::{self, Fed};
use crate::optimize::{LOOP, LOOP_WITH_EFFECT};

/// The record of each node's operation.
pub(super) fn records(nodes: &[Node], order: &[NodeId]) -> Result<Vec<&'static OpDef>> {
    let record = |id: &NodeId| {
        let op = &nodes[id.index()].op;
        let loops = [&LOOP, &LOOP_WITH_EFFECT].into_iter().find(|record| record.name() == &**op);
        ops::lookup(op).or(loops).ok_or_else(|| Error::internal(format!("operation {op} is gone")))
    };
    order.iter().map(record).collect()
}

/// One error for all operations that `needed` nodes lack, and one for each placeholder that is not fed.
pub(super) fn check_records(nodes: &[Node], needed: &[NodeId], signature: &Signature, fed: &Fed) -> Result<()> {
    let mut errors = Vec::new();
    let mut missing: IndexMap<String, Vec<NodeId>> = IndexMap::new();
    for &id in needed {
        let node = &nodes[id.index()];
        let Some(op) = ops::lookup(&node.op) else {
            missing.entry(node.op.to_string()).or_default().push(id);
            continue;
        };
        if let Kernel::None(reason) = op.kernel {
            let what: Vec<String> = node.outputs.iter().map(|f| format!("{} {}", f.dtype, f.shape)).collect();
            let error = Error::invalid_argument(format!("{} {} {reason}", node.op, what.join(", ")));
            errors.push(error.at(&node.name, Some(node.location)));
        }
        if let Some(what) = beyond(op, node)? {
            missing.entry(format!("{} {what}", node.op)).or_default().push(id);
        }
    }
    if !missing.is_empty() {
        errors.insert(0, list(nodes, &missing, signature, fed)?);
    }
    Error::all(errors).map_or(Ok(()), Err)
}

/// What `node` asks of its operation that this cannot do, if there is something: a data type or an attribute.
fn beyond(op: &'static OpDef, node: &Node) -> Result<Option<String>> {
    let known = |dtype: DType| dtype.has_storage() || dtype == DType::Resource;
    if let Some(fact) = node.outputs.iter().find(|fact| !known(fact.dtype)) {
        return Ok(Some(format!("of {}", fact.dtype)));
    }
    let sig = op.signature()?;
    Ok(node.attrs.iter().find_map(|(name, attr)| match sig.attr(name) {
        Some(def) => def.kind.is_beyond(attr).then(|| format!("with {name} = {attr}")),
        None => (!name.starts_with('_')).then(|| format!("with an attribute {name}")),
    }))
}

/// One error for all that is missing: what, how often, and what needs it.
fn list(nodes: &[Node], missing: &IndexMap<String, Vec<NodeId>>, signature: &Signature, fed: &Fed) -> Result<Error> {
    let name = |id: NodeId| nodes.get(id.index()).map_or("", |node| &*node.name);
    let fetches = signature.fetches.iter().map(|port| (port.node, format!("'{}:{}'", name(port.node), port.output)));
    let wanted: Vec<_> = fetches.chain(signature.targets.iter().map(|&id| (id, format!("'{}'", name(id))))).collect();
    let needs = wanted
        .into_iter()
        .map(|(id, shown)| Ok((prune::needed(nodes, [id], fed)?.into_iter().collect::<HashSet<NodeId>>(), shown)))
        .collect::<Result<Vec<_>>>()?;
    let count = |ids: &[NodeId]| match ids.len() {
        1 => "1 node".to_owned(),
        n => format!("{n} nodes"),
    };
    let all: Vec<String> = missing.iter().map(|(op, ids)| format!("{op} ({})", count(ids))).collect();
    let mut error = Error::unimplemented(format!("this run needs what is not available: {}", all.join(", ")));
    for (op, ids) in missing {
        let needed: Vec<&str> =
            needs.iter().filter(|(set, _)| ids.iter().any(|id| set.contains(id))).map(|(_, shown)| &**shown).collect();
        let first = ids.first().map_or("", |id| name(*id));
        let more = if ids.len() > 1 { format!(" and {} more", ids.len() - 1) } else { String::new() };
        error = error.note(format!("{op}: node '{first}'{more}, for {}", needed.join(", ")));
    }
    Ok(error.note("feed what these nodes would compute, or fetch what does not need them"))
}
