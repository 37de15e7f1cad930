//! Control flow contexts: what decides whether, or how often, the nodes that are built inside run.

use std::any::Any;
use std::fmt::Debug;
use std::ops::Range;
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::{Attr, Graph, NodeId, Operation, Port, ScopeGuard, Tensor, scope};
use crate::sort::sort;

/// A branch of a condition or the body of a loop. TF: `ControlFlowContext`.
///
/// What it is made of is for the operations to say; the graph only tells it what is built inside.
pub(crate) trait Context: Any + Debug + Send + Sync {
    /// The context around it.
    fn outer(&self) -> Option<&ContextRef>;

    /// Takes in `node`, which was just built inside: gives it what it needs from outside.
    fn adopt(self: Arc<Self>, graph: &Graph, node: NodeId);

    /// How the inside sees `tensor`.
    fn bring_in(self: Arc<Self>, graph: &Graph, tensor: Tensor) -> Tensor;

    /// Notes that `tensor` belongs to the inside.
    fn see(&self, tensor: Tensor);

    /// The contexts directly inside, in the order in which they were opened.
    fn nested(&self) -> &Nested;
}

/// The contexts inside of one.
#[derive(Debug, Default)]
pub(crate) struct Nested(Mutex<Vec<Weak<dyn Context>>>);

impl Nested {
    /// Adds a context.
    pub(crate) fn add(&self, context: &ContextRef) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(context));
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<ContextRef> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect()
    }
}

/// A context and whoever shares it.
pub(crate) type ContextRef = Arc<dyn Context>;

/// `context` and those around it, from the inside out.
pub(crate) fn around(context: Option<&ContextRef>) -> impl Iterator<Item = &ContextRef> {
    std::iter::successors(context, |context| context.outer())
}

/// Whether both are the same one.
pub(crate) fn same(a: &ContextRef, b: &ContextRef) -> bool {
    std::ptr::addr_eq(Arc::as_ptr(a), Arc::as_ptr(b))
}

impl Graph {
    /// The context that nodes are built in.
    pub(crate) fn context(&self) -> Option<ContextRef> {
        scope::context(self.key())
    }

    /// Nodes built until the guard is dropped belong to `context`.
    pub(crate) fn enter_context(&self, context: &ContextRef) -> ScopeGuard {
        scope::enter_context(self.key(), Some(context.clone()))
    }

    /// The same for a context that there may not be. Control dependencies stay.
    pub(crate) fn enter_context_or_none(&self, context: Option<&ContextRef>) -> ScopeGuard {
        scope::enter_context(self.key(), context.cloned())
    }

    /// Says that `node` belongs to `context`.
    pub(crate) fn set_context(&self, node: NodeId, context: &ContextRef) {
        if let Some(node) = self.lock().nodes.get_mut(node.index()) {
            node.context = Some(context.clone());
        }
    }

    /// Lets the context around take in nodes that were added as they are, under the scope `prefix`.
    pub(crate) fn adopt_imported(&self, nodes: Range<usize>, prefix: &str, line: &'static Location<'static>) {
        let Some(context) = self.context() else { return };
        let _scope = scope::enter_name(self.key(), prefix.into(), Some(line));
        for node in nodes.map(|node| NodeId(node as u32)) {
            self.set_context(node, &context);
            context.clone().adopt(self, node);
        }
    }

    /// Gives a node that is there another input.
    pub(crate) fn replace_input(&self, node: NodeId, input: usize, port: Port) {
        let mut state = self.lock();
        state.revision += 1;
        if let Some(place) = state.nodes.get_mut(node.index()).and_then(|node| node.inputs.get_mut(input)) {
            *place = port;
        }
    }

    /// Gives a node that is there another attribute.
    pub(crate) fn replace_attr(&self, node: NodeId, name: &str, attr: Attr) {
        let mut state = self.lock();
        state.revision += 1;
        if let Some(node) = state.nodes.get_mut(node.index()) {
            node.attrs.insert(name.into(), attr);
        }
    }

    /// Lets a node that is there wait for another one.
    pub(crate) fn add_control_input(&self, node: NodeId, before: NodeId) {
        let mut state = self.lock();
        state.revision += 1;
        if let Some(node) = state.nodes.get_mut(node.index()) {
            node.controls.push(before);
            sort(&mut node.controls);
            node.controls.dedup();
        }
    }

    /// Lets a node that is there wait for these and no others.
    pub(crate) fn set_control_inputs(&self, node: NodeId, before: Vec<NodeId>) {
        let mut state = self.lock();
        state.revision += 1;
        if let Some(node) = state.nodes.get_mut(node.index()) {
            node.controls = before;
        }
    }

    /// What a node built here with these inputs would wait for.
    pub(crate) fn control_inputs_here(&self, inputs: &[NodeId]) -> Vec<NodeId> {
        scope::control_inputs(self.key(), inputs)
    }

    /// Tells the control dependencies around that `node` was built inside them.
    pub(crate) fn record_built(&self, node: NodeId) {
        scope::record_built(self.key(), node);
    }

    /// Forbids fetching the outputs of `node`: they may lie in a branch that is not taken. TF: `graph.prevent_fetching`.
    pub(crate) fn prevent_fetching(&self, node: NodeId) {
        self.lock().unfetchable.insert(node);
    }
}

impl Operation {
    /// The context that the operation was built in.
    pub(crate) fn context(self) -> Option<ContextRef> {
        self.with(|node| node.context.clone()).flatten()
    }
}
