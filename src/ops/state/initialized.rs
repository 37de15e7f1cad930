//! Initial values that depend on other variables: whichever of them has no value yet counts with its initial value.

use std::collections::{HashMap, HashSet};

use super::{GLOBAL_VARIABLES, LOCAL_VARIABLES, Variable, is_variable_initialized};
use crate::error::{Error, Result};
use crate::graph::{Fact, Graph, Node, NodeId, Operation, Port, Tensor, here};
use crate::ops::flow::cond;

impl Variable {
    /// Its value, or its initial value as long as it has none: for the initial values of other variables.
    /// TF: `variable.initialized_value()`.
    ///
    /// ```
    /// use flowstone as tf;
    /// let v = tf::Variable(tf::random_normal([2]));
    /// let w = tf::Variable(v.initialized_value() * 2.0);
    /// let sess = tf::Session()?;
    /// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
    /// let (v, w) = sess.run((v, w), tf::feed_dict! {})?;
    /// assert_eq!(v.as_slice::<f32>()?[0] * 2.0, w.as_slice::<f32>()?[0]);
    /// # Ok::<(), tf::Error>(())
    /// ```
    #[track_caller]
    pub fn initialized_value(self) -> Tensor {
        let _outside = self.op().graph().map(|graph| graph.clear_control_dependencies());
        cond(is_variable_initialized(self), || self.read_value(), || self.initial_value())
    }
}

/// `initial_value` with each variable that it depends on replaced by that one's [`Variable::initialized_value`], for the
/// variable whose scope is `scope`. TF: `_try_guard_against_uninitialized_dependencies`.
#[track_caller]
pub(super) fn guarded(graph: &Graph, scope: &str, initial_value: Tensor) -> Result<Tensor> {
    let mut replaced: HashMap<NodeId, NodeId> = HashMap::new();
    for node in sources(graph, initial_value.node) {
        let op = Operation::new(graph, node);
        if is_variable(&op.op_type()) {
            if let Some(variable) = holder(graph, op) {
                replaced.insert(node, variable.initialized_value().node);
            }
        } else if op.inputs().iter().any(|input| replaced.contains_key(&input.node)) {
            replaced.insert(node, rebuilt(graph, scope, op, &replaced)?);
        }
    }
    let node = replaced.get(&initial_value.node).copied().unwrap_or(initial_value.node);
    Ok(Tensor { node, ..initial_value })
}

fn is_variable(op: &str) -> bool {
    matches!(op, "Variable" | "VariableV2")
}

/// What `end` is computed from, each after its inputs. None of it if there is no variable, or if `end` depends on itself.
fn sources(graph: &Graph, end: NodeId) -> Vec<NodeId> {
    let state = graph.lock();
    let nodes = state.nodes();
    let inputs = |node: &Node| node.inputs.iter().map(|input| input.node).collect::<Vec<_>>();
    let all = in_order(nodes, end, |node| inputs(node).into_iter().chain(node.controls.iter().copied()).collect());
    let found = |all: &Vec<NodeId>| all.iter().any(|id| is_variable(&nodes[id.index()].op));
    if !all.as_ref().is_some_and(found) {
        return Vec::new();
    }
    in_order(nodes, end, |node| match &*node.op {
        "IsVariableInitialized" | "VarIsInitializedOp" | "ReadVariableOp" | "If" => Vec::new(),
        _ => inputs(node),
    })
    .unwrap_or_default()
}

/// `end` and what it depends on as `before` says, each after that. `None` if something depends on itself.
fn in_order(nodes: &[Node], end: NodeId, before: impl Fn(&Node) -> Vec<NodeId>) -> Option<Vec<NodeId>> {
    let (mut order, mut entered, mut left) = (Vec::new(), HashSet::new(), HashSet::new());
    let mut pending = vec![(end, false)];
    while let Some((id, done)) = pending.pop() {
        if done {
            left.insert(id);
            order.push(id);
        } else if entered.insert(id) {
            pending.push((id, true));
            pending.extend(before(nodes.get(id.index())?).into_iter().rev().map(|id| (id, false)));
        } else if !left.contains(&id) {
            return None;
        }
    }
    Some(order)
}

/// The variable that `op` is the node of, if it is in a collection.
fn holder(graph: &Graph, op: Operation) -> Option<Variable> {
    let held = |name| graph.get_collection::<Variable>(name).into_iter().find(|variable| variable.op() == op);
    [GLOBAL_VARIABLES, LOCAL_VARIABLES].into_iter().find_map(held)
}

/// `op` once more, its inputs replaced.
#[track_caller]
fn rebuilt(graph: &Graph, scope: &str, op: Operation, replaced: &HashMap<NodeId, NodeId>) -> Result<NodeId> {
    let node = op.with(Node::clone).ok_or_else(|| Error::internal("an initial value without a node"))?;
    let kind = if &*node.op == "RefSwitch" { "Switch".into() } else { node.op.clone() };
    if kind == node.op && node.outputs.iter().any(|fact| fact.is_ref) {
        let error = "an initial value depends on a change of a variable: use that variable's `initialized_value`";
        return Err(Error::invalid_argument(error).at(&node.name, Some(node.location)));
    }
    let inputs = node.inputs.iter().map(|port| Port { node: *replaced.get(&port.node).unwrap_or(&port.node), ..*port });
    let outputs = node.outputs.iter().map(|fact| Fact { is_ref: false, ..fact.clone() });
    graph.add(Node {
        name: format!("{}_{scope}", node.name).into(),
        op: kind,
        inputs: inputs.collect(),
        controls: Vec::new(),
        outputs: outputs.collect(),
        location: here(),
        context: None,
        ..node
    })
}
