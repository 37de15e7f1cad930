//! The two branches of a condition as contexts: what is built inside gets its inputs from outside through a Switch.

use std::any::Any;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;

use super::branch::switch_beside;
use super::while_context::remove_outer_controls;
use crate::graph::{Context, ContextRef, Graph, Nested, NodeId, Operation, Tensor, around, same};

/// A branch of a condition: what lies in the collection [`COND_CONTEXT`](crate::graph::keys::COND_CONTEXT).
/// TF: `CondContext`.
#[derive(Clone, Debug)]
pub struct CondContext(Arc<Branch>);

/// What a [`CondContext`] is.
pub(super) struct Branch {
    name: Arc<str>,
    pred: Tensor,
    /// What nodes without inputs wait for.
    pivot: Tensor,
    /// Which output of a Switch leads here: 1 if the condition holds.
    taken: u32,
    outer: Option<ContextRef>,
    seen: Mutex<Seen>,
    nested: Nested,
}

/// What tensors a branch knows.
#[derive(Clone, Default)]
pub(super) struct Seen {
    /// All that belong to it, or were brought in.
    pub(super) values: HashSet<Tensor>,
    /// What stands inside for what comes from outside.
    pub(super) external: IndexMap<Tensor, Tensor>,
}

impl CondContext {
    /// The branch of `pred` that output `taken` of a Switch leads to, inside the context around.
    pub(super) fn new(graph: &Graph, pred: Tensor, pivot: Tensor, taken: u32) -> Self {
        let mut seen = Seen::default();
        seen.values.extend([pred, pivot]);
        seen.external.insert(pred, pred);
        let context = CondContext::restored(graph, graph.unique_name("cond_text"), [pred, pivot], taken, seen);
        graph.set_context(pivot.node, &context.context());
        context
    }

    /// The same with all that a file says.
    pub(super) fn restored(graph: &Graph, name: Arc<str>, of: [Tensor; 2], taken: u32, seen: Seen) -> Self {
        let [pred, pivot] = of;
        let (outer, seen) = (graph.context(), Mutex::new(seen));
        let branch = Branch { name, pred, pivot, taken, outer, seen, nested: Nested::default() };
        let context = CondContext(Arc::new(branch));
        if let Some(outer) = &context.0.outer {
            outer.nested().add(&context.context());
        }
        context
    }

    /// The branch that `context` is.
    pub(super) fn from(context: &ContextRef) -> Option<Self> {
        let context: Arc<dyn Any + Send + Sync> = context.clone();
        context.downcast().ok().map(CondContext)
    }

    /// The branch that `operation` was built in.
    pub(super) fn of(operation: Operation) -> Option<Self> {
        CondContext::from(&operation.context()?)
    }

    pub(super) fn context(&self) -> ContextRef {
        self.0.clone()
    }

    /// The name. TF: `context.name`.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The condition. TF: `context.pred`.
    pub fn pred(&self) -> Tensor {
        self.0.pred
    }

    /// What is alive if the branch is taken. TF: `context.pivot`.
    pub fn pivot(&self) -> Tensor {
        self.0.pivot
    }

    /// 1 if the branch is taken where the condition holds, else 0. TF: `context.branch`.
    pub fn branch(&self) -> u32 {
        self.0.taken
    }

    pub(super) fn is_outermost(&self) -> bool {
        self.0.outer.is_none()
    }

    pub(super) fn seen(&self) -> Seen {
        self.0.seen().clone()
    }

    /// Makes these results known around the branch.
    pub(super) fn leave(&self, results: &[Tensor]) {
        if let Some(outer) = &self.0.outer {
            results.iter().for_each(|&result| outer.see(result));
        }
    }

    /// A result of the branch, which may be a tensor from outside.
    pub(super) fn result(&self, graph: &Graph, tensor: Tensor) -> Tensor {
        let branch = &self.0;
        if let Some(known) = branch.known(tensor) {
            return known;
        }
        let around = branch.bring_to(graph, tensor);
        let inside = switch_beside(graph, around, branch.pred, "Switch")[branch.taken as usize];
        branch.seen().external.insert(tensor, inside);
        inside
    }
}

impl Branch {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What stands for `tensor` inside, if it was seen.
    fn known(&self, tensor: Tensor) -> Option<Tensor> {
        let seen = self.seen();
        seen.values.contains(&tensor).then(|| seen.external.get(&tensor).copied().unwrap_or(tensor))
    }

    /// What stands for `tensor` in the context around.
    fn bring_to(&self, graph: &Graph, tensor: Tensor) -> Tensor {
        self.seen().values.insert(tensor);
        let Some(outer) = &self.outer else { return tensor };
        let around = outer.clone().bring_in(graph, tensor);
        let mut seen = self.seen();
        seen.values.insert(around);
        seen.external.insert(around, around);
        around
    }
}

impl Context for Branch {
    fn outer(&self) -> Option<&ContextRef> {
        self.outer.as_ref()
    }

    fn adopt(self: Arc<Self>, graph: &Graph, node: NodeId) {
        let op = Operation::new(graph, node);
        let inputs = op.inputs();
        let itself: ContextRef = self.clone();
        if inputs.is_empty() {
            remove_outer_controls(graph, op, &itself);
            let inside = |before: &Operation| around(before.context().as_ref()).any(|context| same(context, &itself));
            if !op.control_inputs().iter().any(inside) {
                graph.add_control_input(node, self.pivot.node);
            }
        }
        // What comes later, from an import, is the way back of a loop that lies inside.
        for (i, input) in inputs.into_iter().enumerate().filter(|(_, input)| input.node <= node) {
            let inside = self.clone().bring_in(graph, input);
            if inside != input {
                graph.replace_input(node, i, inside.port());
            }
        }
        if !op.inputs().is_empty() {
            remove_outer_controls(graph, op, &itself);
        }
        for context in around(Some(&itself)) {
            op.outputs().into_iter().for_each(|output| context.see(output));
        }
        if self.outer.is_some() || !matches!(op.op_type().as_str(), "Exit" | "RefExit") {
            graph.prevent_fetching(node);
        }
    }

    fn bring_in(self: Arc<Self>, graph: &Graph, tensor: Tensor) -> Tensor {
        if let Some(known) = self.known(tensor) {
            return known;
        }
        let outside = self.bring_to(graph, tensor);
        let inside = {
            let _outside = graph.clear_control_dependencies();
            switch_beside(graph, outside, self.pred, "Switch")[self.taken as usize]
        };
        let itself: ContextRef = self.clone();
        graph.prevent_fetching(inside.node);
        graph.set_context(inside.node, &itself);
        for context in around(Some(&itself)) {
            context.see(inside);
        }
        self.seen().external.insert(tensor, inside);
        inside
    }

    fn see(&self, tensor: Tensor) {
        self.seen().values.insert(tensor);
    }

    fn nested(&self) -> &Nested {
        &self.nested
    }
}

impl fmt::Debug for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {:?}", self.name, self.pred)
    }
}
