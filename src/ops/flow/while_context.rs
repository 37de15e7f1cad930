//! The body of a loop as a context: what is built inside gets its inputs from outside through an Enter.

use std::any::Any;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use indexmap::IndexMap;

use super::context::CondContext;
use super::frame::{ENTER, REF_ENTER};
use super::grad_loop::GradLoop;
use crate::graph::{Context, ContextRef, Graph, Nested, NodeId, Operation, Tensor, around, same};
use crate::op::Arg;

/// A loop: what lies in the collection [`WHILE_CONTEXT`](crate::graph::keys::WHILE_CONTEXT). TF: `WhileContext`.
#[derive(Clone, Debug)]
pub struct WhileContext(Arc<Body>);

/// What a [`WhileContext`] is.
pub(super) struct Body {
    name: Arc<str>,
    options: Options,
    outer: Option<ContextRef>,
    inside: Mutex<Inside>,
    nested: Nested,
    /// Whether it is the gradient of a loop.
    is_backward: bool,
    /// While that is built.
    grad: OnceLock<Weak<GradLoop>>,
}

/// What a loop is told besides what it does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) parallel_iterations: i64,
    pub(super) back_prop: bool,
    pub(super) swap_memory: bool,
    pub(super) maximum_iterations: Option<Tensor>,
}

/// What a loop is made of and what tensors it knows.
#[derive(Clone, Default)]
pub(super) struct Inside {
    pub(super) values: HashSet<Tensor>,
    pub(super) external: IndexMap<Tensor, Tensor>,
    /// What nodes without inputs wait for: in the condition, and in the body.
    pub(super) pivot_for_pred: Option<Tensor>,
    pub(super) pivot_for_body: Option<Tensor>,
    /// Whether the loop goes on.
    pub(super) pivot: Option<Tensor>,
    /// What goes in and what comes out.
    pub(super) enters: Vec<Tensor>,
    pub(super) exits: Vec<Tensor>,
}

impl WhileContext {
    /// A loop inside the context around.
    pub(super) fn new(graph: &Graph, options: Options) -> Self {
        WhileContext::restored(graph, graph.unique_name("while_context"), options, Inside::default())
    }

    /// A loop for the gradient of `forward`.
    pub(super) fn backward(graph: &Graph, forward: &WhileContext) -> Self {
        WhileContext::make(graph, graph.unique_name(forward.name()), forward.options(), Inside::default(), true)
    }

    /// The same with all that a file says.
    pub(super) fn restored(graph: &Graph, name: Arc<str>, options: Options, inside: Inside) -> Self {
        WhileContext::make(graph, name, options, inside, false)
    }

    fn make(graph: &Graph, name: Arc<str>, options: Options, inside: Inside, is_backward: bool) -> Self {
        let (outer, inside) = (graph.context(), Mutex::new(inside));
        let (nested, grad) = (Nested::default(), OnceLock::new());
        let context = WhileContext(Arc::new(Body { name, options, outer, inside, nested, is_backward, grad }));
        if let Some(outer) = context.outer() {
            outer.nested().add(&context.context());
        }
        context
    }

    pub(super) fn is_backward(&self) -> bool {
        self.0.is_backward
    }

    pub(super) fn set_grad(&self, grad: &Arc<GradLoop>) {
        let _ = self.0.grad.set(Arc::downgrade(grad));
    }

    /// The gradient of a loop that this is, as long as it is built.
    pub(super) fn grad(&self) -> Option<Arc<GradLoop>> {
        self.0.grad.get()?.upgrade()
    }

    /// A way in for a loop variable, under a name.
    pub(super) fn enter_named(&self, graph: &Graph, tensor: Tensor, name: &str) -> Tensor {
        let enter = self.0.enter(tensor, false, Some(name));
        let _ = graph.refine(enter.port(), &tensor.shape());
        self.0.inside().enters.push(enter);
        enter
    }

    pub(super) fn add_exit(&self, exit: Tensor) {
        self.0.inside().exits.push(exit);
    }

    pub(super) fn options(&self) -> Options {
        self.0.options
    }

    pub(super) fn inside(&self) -> Inside {
        self.0.inside().clone()
    }

    /// The loop that `context` is.
    pub(super) fn from(context: &ContextRef) -> Option<Self> {
        let context: Arc<dyn Any + Send + Sync> = context.clone();
        context.downcast().ok().map(WhileContext)
    }

    pub(super) fn context(&self) -> ContextRef {
        self.0.clone()
    }

    /// The name, also that of the frame. TF: `context.name`.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub(super) fn outer(&self) -> Option<&ContextRef> {
        self.0.outer.as_ref()
    }

    /// Forgets all tensors but these.
    pub(super) fn start_with(&self, values: &[Tensor]) {
        self.0.inside().values = values.iter().copied().collect();
    }

    pub(super) fn set_pivot(&self, pivot: Tensor) {
        self.0.inside().pivot = Some(pivot);
    }

    pub(super) fn set_enters(&self, enters: &[Tensor]) {
        self.0.inside().enters = enters.to_vec();
    }

    pub(super) fn set_exits(&self, exits: &[Tensor]) {
        self.0.inside().exits = exits.to_vec();
    }

    pub(super) fn set_pivot_for_pred(&self, pivot: Tensor) {
        self.0.inside().pivot_for_pred = Some(pivot);
    }

    pub(super) fn set_pivot_for_body(&self, pivot: Tensor) {
        self.0.inside().pivot_for_body = Some(pivot);
    }

    /// A way in for `tensor`, whose shape is to be told.
    pub(super) fn enter(&self, tensor: Tensor, is_constant: bool) -> Tensor {
        self.0.enter(tensor, is_constant, None)
    }

    /// What the ways in wait for: what nodes built here would, as far as it lies around the loop.
    pub(super) fn adopt_enters(&self, graph: &Graph, enters: &[Tensor]) {
        enters.iter().for_each(|enter| adopt_enter(&self.0, graph, *enter));
    }
}

/// What nodes of `context` that have no inputs wait for.
pub(super) fn pivot(context: &ContextRef) -> Option<Tensor> {
    if let Some(branch) = CondContext::from(context) {
        return Some(branch.pivot());
    }
    let inside = WhileContext::from(context)?;
    let inside = inside.0.inside();
    inside.pivot_for_body.or(inside.pivot_for_pred)
}

/// The innermost loop of `context` and those around it.
pub(super) fn while_around(context: Option<&ContextRef>) -> Option<ContextRef> {
    around(context).find(|context| WhileContext::from(context).is_some()).cloned()
}

/// The context that the outputs of `operation` are in.
pub(super) fn output_context(operation: Operation) -> Option<ContextRef> {
    let context = operation.context()?;
    match operation.op_type().as_str() {
        "Exit" | "RefExit" => context.outer().cloned(),
        _ => Some(context),
    }
}

/// Whether `operation` is a way in for what is the same in each iteration.
pub(super) fn is_constant_enter(operation: Operation) -> bool {
    matches!(operation.op_type().as_str(), "Enter" | "RefEnter")
        && operation.get_attr("is_constant").is_ok_and(|attr| attr == crate::graph::Attr::Bool(true))
}

/// Of what `operation` waits for, what lies in the same loop as `context`, and the rest. Only the first stays.
pub(super) fn remove_outer_controls(
    graph: &Graph,
    operation: Operation,
    context: &ContextRef,
) -> (Vec<Operation>, Vec<Operation>) {
    let controls = operation.control_inputs();
    let Some(own) = while_around(Some(context)) else { return (controls, Vec::new()) };
    let inside =
        |before: &Operation| while_around(output_context(*before).as_ref()).is_some_and(|around| same(&around, &own));
    let (inner, outer): (Vec<Operation>, Vec<Operation>) = controls.into_iter().partition(inside);
    if !outer.is_empty() {
        graph.set_control_inputs(operation.node, inner.iter().map(|before| before.node).collect());
    }
    (inner, outer)
}

fn adopt_enter(body: &Arc<Body>, graph: &Graph, enter: Tensor) {
    let itself: ContextRef = body.clone();
    let before = enter.op().inputs().first().map(|input| input.node).into_iter().collect::<Vec<_>>();
    let outer_loop = while_around(body.outer.as_ref());
    let kept = |before: &NodeId| {
        let wanted = output_context(Operation::new(graph, *before));
        let mut context = body.outer.clone();
        loop {
            match (&context, &wanted) {
                (None, None) => return true,
                (Some(a), Some(b)) if same(a, b) => return true,
                (None, _) => return false,
                (Some(a), _) if outer_loop.as_ref().is_some_and(|outer| same(a, outer)) => return false,
                (Some(a), _) => context = a.outer().cloned(),
            }
        }
    };
    graph.set_context(enter.node, &itself);
    for control in graph.control_inputs_here(&before).into_iter().filter(kept) {
        graph.add_control_input(enter.node, control);
    }
    graph.record_built(enter.node);
}

impl Body {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, tensor: Tensor, is_constant: bool, name: Option<&str>) -> Tensor {
        let is_ref = tensor.fact().is_some_and(|fact| fact.is_ref);
        let op = if is_ref { &REF_ENTER } else { &ENTER };
        let call = op.call([Arg::Tensor(tensor)]).attr("frame_name", &*self.name).attr("is_constant", is_constant);
        let call = call.attr("parallel_iterations", self.options.parallel_iterations);
        if let Some(name) = name { call.name(name) } else { call }.single()
    }
}

impl Body {
    /// Gives `node`, which belongs to the loop, what it needs from outside.
    fn take_in(self: Arc<Self>, graph: &Graph, node: NodeId) {
        let op = Operation::new(graph, node);
        let itself: ContextRef = self.clone();
        let inputs = op.inputs();
        let wait = || {
            if let Some(pivot) = pivot(&itself) {
                graph.add_control_input(node, pivot.node);
            }
        };
        let outer = if inputs.is_empty() {
            let (inner, outer) = remove_outer_controls(graph, op, &itself);
            if inner.is_empty() {
                wait();
            }
            outer
        } else {
            for (i, input) in inputs.into_iter().enumerate().filter(|(_, input)| input.node <= node) {
                let inside = self.clone().bring_in(graph, input);
                if inside != input {
                    graph.replace_input(node, i, inside.port());
                }
            }
            let (inner, outer) = remove_outer_controls(graph, op, &itself);
            if inner.is_empty() && op.inputs().iter().all(|input| is_constant_enter(input.op())) {
                wait();
            }
            outer
        };
        op.outputs().into_iter().for_each(|output| self.see(output));
        if !outer.is_empty() {
            let _outside = graph.clear_control_dependencies();
            let _inside = graph.enter_context(&itself);
            for before in outer {
                if let Some(output) = before.outputs().first() {
                    let pulled = crate::ops::array::identity(*output);
                    graph.add_control_input(node, pulled.node);
                }
            }
        }
        if self.outer.is_some() || !matches!(op.op_type().as_str(), "Exit" | "RefExit") {
            graph.prevent_fetching(node);
        }
    }
}

impl Context for Body {
    fn outer(&self) -> Option<&ContextRef> {
        self.outer.as_ref()
    }

    fn adopt(self: Arc<Self>, graph: &Graph, node: NodeId) {
        let op = Operation::new(graph, node);
        // What a gradient needs of a value of its loop is computed there, if it is smaller than the value.
        if matches!(op.op_type().as_str(), "Shape" | "Size" | "Rank")
            && let Some(grad) = GradLoop::here(graph)
            && let Some(context) = op.inputs().first().and_then(|input| input.op().context())
            && while_around(Some(&context)).is_some_and(|around| same(&around, &grad.forward().context()))
        {
            graph.set_context(node, &context);
            match WhileContext::from(&context) {
                Some(body) => body.0.take_in(graph, node),
                None => context.adopt(graph, node),
            }
            return;
        }
        self.take_in(graph, node);
    }

    fn bring_in(self: Arc<Self>, graph: &Graph, tensor: Tensor) -> Tensor {
        let itself: ContextRef = self.clone();
        let own = tensor.op().context().is_some_and(|context| same(&context, &itself));
        {
            let mut inside = self.inside();
            if inside.values.contains(&tensor) || own {
                return inside.external.get(&tensor).copied().unwrap_or(tensor);
            }
            inside.values.insert(tensor);
        }
        if let Some(grad) = GradLoop::here(graph)
            && while_around(output_context(tensor.op()).as_ref())
                .is_some_and(|around| same(&around, &grad.forward().context()))
        {
            let real = grad.real_value(tensor).unwrap_or_else(|error| {
                graph.record(error.at(&tensor.op().name(), tensor.op().location()));
                Tensor::poisoned(graph)
            });
            self.inside().external.insert(tensor, real);
            return real;
        }
        let outside = match &self.outer {
            Some(outer) => outer.clone().bring_in(graph, tensor),
            None => tensor,
        };
        let enter = {
            let _outside = graph.clear_control_dependencies();
            let enter = self.enter(outside, true, None);
            let _ = graph.refine(enter.port(), &outside.shape());
            enter
        };
        adopt_enter(&self, graph, enter);
        let mut inside = self.inside();
        inside.values.insert(enter);
        inside.external.insert(tensor, enter);
        enter
    }

    fn see(&self, tensor: Tensor) {
        self.inside().values.insert(tensor);
    }

    fn nested(&self) -> &Nested {
        &self.nested
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.name)
    }
}

/// Whether what `graph` builds now lies in a loop.
pub(crate) fn in_loop(graph: &Graph) -> bool {
    while_around(graph.context().as_ref()).is_some()
}
