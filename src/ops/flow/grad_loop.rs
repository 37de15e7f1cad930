//! The gradient of a loop: a loop that runs backward through the iterations, with what they computed on stacks.
//! TF: `control_flow_state.py`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;

use super::branch::{CONTROL_TRIGGER, merge, switch, switch_beside};
use super::context::CondContext;
use super::frame::{EXIT, LOOP_COND, NEXT_ITERATION};
use super::stack::{STACK_POP_V2, STACK_PUSH_V2, STACK_V2};
use super::while_context::{WhileContext, output_context, while_around};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Attr, ContextRef, Graph, NodeId, Operation, ScopeGuard, Tensor, around, same};
use crate::op::{Arg, Gradient, IndexedSlices, IntoTensor, convert};
use crate::ops::array::{self, concat, shape_op, zero_constant, zeros_of_sizes};
use crate::ops::math::{add, greater_equal, maximum, subtract};
use crate::value::{Literal, Value};

/// The gradient of one loop under construction.
#[derive(Debug)]
pub(crate) struct GradLoop {
    graph: Graph,
    /// The context that the gradient was asked for in.
    home: Option<ContextRef>,
    outer: Option<Arc<GradLoop>>,
    forward: WhileContext,
    backward: WhileContext,
    forward_index: Tensor,
    grad_index: Tensor,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    forward_sync: Option<Operation>,
    grad_sync: Option<Operation>,
    /// For what the loop computed, what it was in the iteration that is gone back through.
    history: HashMap<Tensor, Tensor>,
    /// The Merge for each Switch of the loop.
    switches: IndexMap<NodeId, Tensor>,
    unused_exits: Vec<Tensor>,
    deferred_exits: Vec<Tensor>,
    pending_exits: usize,
}

/// A constant under a name.
fn number(number: i32, name: &str) -> Tensor {
    convert(Arg::Literal(Ok(Literal::firm(Value::scalar(number)))), name, None)
}

fn named(op: &'static crate::op::OpDef, tensor: Tensor, name: &str) -> Tensor {
    op.call([Arg::Tensor(tensor)]).name(name).single()
}

impl GradLoop {
    fn new(graph: &Graph, forward: &WhileContext, outer: Option<Arc<GradLoop>>) -> Result<Arc<GradLoop>> {
        let home = graph.context();
        let outer_forward = match &outer {
            Some(outer) => Some(outer.forward.context()),
            None => forward.outer().cloned(),
        };
        let around_forward = || outer_forward.as_ref().map(|context| graph.enter_context(context));
        let pending_exits = forward.inside().exits.len();
        let (count, forward_index) = {
            let _around = around_forward();
            forward_counter(graph, forward, outer.as_deref())?
        };
        let make = |count: Tensor| -> Result<(WhileContext, Tensor)> {
            let backward = WhileContext::backward(graph, forward);
            let index = backward_counter(graph, &backward, count, outer.as_deref())?;
            Ok((backward, index))
        };
        let (backward, grad_index) = match &outer {
            Some(outer) => {
                outer.forward.context().see(count);
                let history = outer.remember(count, false)?;
                let _around = graph.enter_context(&outer.backward.context());
                let backward = WhileContext::backward(graph, forward);
                let count = outer.recall(history, count, false)?;
                let index = backward_counter(graph, &backward, count, Some(outer))?;
                (backward, index)
            }
            None => {
                let _around = around_forward();
                make(count)?
            }
        };
        let inside = Inside { pending_exits, ..Inside::default() };
        let made = Arc::new(GradLoop {
            graph: graph.clone(),
            home,
            outer,
            forward: forward.clone(),
            backward,
            forward_index,
            grad_index,
            inside: Mutex::new(inside),
        });
        made.backward.set_grad(&made);
        Ok(made)
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The gradient that is built here, if it is one of a loop.
    pub(super) fn here(graph: &Graph) -> Option<Arc<GradLoop>> {
        WhileContext::from(&while_around(graph.context().as_ref())?)?.grad()
    }

    pub(super) fn forward(&self) -> &WhileContext {
        &self.forward
    }

    pub(super) fn backward(&self) -> &WhileContext {
        &self.backward
    }

    /// The context that the gradient was asked for in, until the guard is dropped.
    fn leave(&self) -> ScopeGuard {
        self.graph.enter_context_or_none(self.home.as_ref())
    }

    pub(super) fn merge_of(&self, switch: NodeId) -> Option<Tensor> {
        self.inside().switches.get(&switch).copied()
    }

    pub(super) fn set_merge(&self, switch: NodeId, merge: Tensor) {
        self.inside().switches.insert(switch, merge);
    }

    pub(super) fn known(&self, tensor: Tensor) -> Option<Tensor> {
        self.inside().history.get(&tensor).copied()
    }

    /// What comes after all that an iteration puts on stacks.
    fn forward_sync(&self) -> Operation {
        if let Some(sync) = self.inside().forward_sync {
            return sync;
        }
        let sync = {
            let _outside = self.graph.clear_control_dependencies();
            CONTROL_TRIGGER.call([]).graph(&self.graph).name("f_sync").operation()
        };
        self.graph.set_context(sync.node, &self.forward.context());
        self.graph.add_control_input(self.forward_index.node, sync.node);
        self.inside().forward_sync = Some(sync);
        sync
    }

    fn grad_sync(&self) -> Operation {
        if let Some(sync) = self.inside().grad_sync {
            return sync;
        }
        let sync = {
            let _outside = self.graph.clear_control_dependencies();
            CONTROL_TRIGGER.call([]).graph(&self.graph).name("b_sync").operation()
        };
        self.graph.set_context(sync.node, &self.backward.context());
        self.graph.add_control_input(self.grad_index.node, sync.node);
        self.inside().grad_sync = Some(sync);
        sync
    }

    /// A stack on which each iteration puts `value`. TF: `AddForwardAccumulator`.
    pub(super) fn remember(&self, value: Tensor, dead_branch: bool) -> Result<Tensor> {
        let graph = &self.graph;
        let current = graph.context();
        let _outside = graph.clear_control_dependencies();
        let stack = {
            let _current = current.as_ref().map(|context| graph.enter_context(context));
            let _placed = graph.colocate_with(value.op());
            let most = number(-1, "Const");
            let call = STACK_V2.call([most.into_arg()]).attr("elem_type", value.dtype()?);
            call.name("f_acc").single()
        };
        let forward = self.forward.context();
        let entered = forward.clone().bring_in(graph, stack);
        let swap = self.forward.options().swap_memory;
        let push = || STACK_PUSH_V2.call([entered.into_arg(), value.into_arg()]).attr("swap_memory", swap).single();
        let context = output_context(value.op());
        let push = if context.as_ref().is_some_and(|context| same(context, &forward)) {
            let push = {
                let _inside = graph.enter_context(&forward);
                push()
            };
            graph.add_control_input(self.forward_index.node, push.node);
            push
        } else {
            let branch = context.filter(|context| CondContext::from(context).is_some());
            let branch =
                branch.ok_or_else(|| Error::internal("what a gradient needs lies in no branch of its loop"))?;
            let push = if dead_branch {
                let push = {
                    let _around = branch.outer().map(|outer| graph.enter_context(outer));
                    push()
                };
                graph.set_context(push.node, &branch);
                push
            } else {
                let _inside = graph.enter_context(&branch);
                push()
            };
            graph.add_control_input(self.forward_sync().node, push.node);
            push
        };
        let next = self.forward_index.op().inputs().first().copied();
        if let Some(next) = next {
            graph.add_control_input(push.node, next.node);
        }
        Ok(stack)
    }

    /// What lies on top of `stack`, on which `value` was put. TF: `AddBackpropAccumulatedValue`.
    pub(super) fn recall(&self, stack: Tensor, value: Tensor, dead_branch: bool) -> Result<Tensor> {
        let graph = &self.graph;
        let history = stack.op().context();
        let own = value.op().context();
        let branch = around(own.as_ref())
            .take_while(|context| !history.as_ref().is_some_and(|history| same(context, history)))
            .find_map(CondContext::from);
        let pop = {
            let _outside = graph.clear_control_dependencies();
            let _inside = graph.enter_context(&self.backward.context());
            let mut stack = stack;
            if let Some(branch) = branch {
                let states = std::iter::successors(Some(self), |state| state.outer.as_deref());
                let known = states.into_iter().find_map(|state| state.known(branch.pred()));
                let pred = known.unwrap_or(branch.pred());
                let taken = if dead_branch { 1 - branch.branch() } else { branch.branch() };
                stack = switch_beside(graph, stack, pred, "Switch")[taken as usize];
            }
            let pop = STACK_POP_V2.call([stack.into_arg()]).attr("elem_type", value.dtype()?).single();
            let _ = graph.refine(pop.port(), &value.shape());
            pop
        };
        if self.backward.options().parallel_iterations > 1 {
            graph.add_control_input(self.grad_sync().node, pop.node);
        }
        Ok(pop)
    }

    /// What the condition `pred` of a branch was in the iteration that is gone back through.
    pub(super) fn pred(&self, pred: Tensor) -> Result<Tensor> {
        if let Some(known) = self.known(pred) {
            return Ok(known);
        }
        let history = {
            let _left = self.leave();
            self.remember(pred, false)?
        };
        let real = self.recall(history, pred, false)?;
        self.inside().history.insert(pred, real);
        Ok(real)
    }

    /// What `value`, of the loop, was in the iteration that is gone back through. TF: `GetRealValue`.
    pub(super) fn real_value(&self, value: Tensor) -> Result<Tensor> {
        if let Some(real) = self.known(value) {
            return Ok(real);
        }
        let graph = &self.graph;
        let backward = self.backward.context();
        let (mut current, mut state) = (value, self);
        let real = loop {
            let op = current.op();
            if let Some(enter) = constant_enter(op) {
                current = enter.inputs().first().copied().ok_or_else(|| Error::internal("an Enter without input"))?;
                match state.outer.as_deref() {
                    Some(outer) => state = outer,
                    None => break backward.clone().bring_in(graph, current),
                }
                continue;
            }
            let constant = op.with(|node| (&*node.op == "Const").then(|| node.attrs.get("value").cloned())).flatten();
            if let Some(Some(Attr::Tensor(constant, _))) = constant {
                break convert(Arg::Literal(Ok(Literal::firm(constant))), "Const", None);
            }
            let history = {
                let _left = self.leave();
                state.remember(current, false)?
            };
            let real = state.recall(history, current, false)?;
            break if std::ptr::eq(state, self) { real } else { backward.clone().bring_in(graph, real) };
        };
        self.inside().history.insert(value, real);
        Ok(real)
    }

    /// What comes of each iteration's gradient of what is the same in all of them. TF: `AddBackpropAccumulator`.
    pub(super) fn accumulated(&self, op: Operation, grad: Gradient) -> Result<Gradient> {
        match grad {
            Gradient::Dense(grad) => self.accumulated_whole(op, grad).map(Gradient::Dense),
            Gradient::Slices(slices) => self.accumulated_rows(op, slices).map(Gradient::Slices),
        }
    }

    fn around_backward(&self) -> Option<ScopeGuard> {
        self.backward.outer().map(|outer| self.graph.enter_context(outer))
    }

    fn accumulated_whole(&self, op: Operation, grad: Tensor) -> Result<Tensor> {
        let graph = &self.graph;
        let dtype = grad.dtype()?;
        let start = {
            let _left = self.leave();
            if let Some(shape) = grad.shape().known() {
                let _around = self.around_backward();
                zero_constant(graph, shape, dtype, "b_acc")
            } else {
                let value = op.inputs().first().copied().ok_or_else(|| Error::internal("an Enter without input"))?;
                match &self.outer {
                    Some(outer) => {
                        let shape = {
                            let _around = self.forward.outer().map(|context| graph.enter_context(context));
                            shape_op(value)
                        };
                        let history = outer.remember(shape, false)?;
                        let _around = self.around_backward();
                        let shape = outer.recall(history, shape, false)?;
                        zeros_of_sizes(shape, dtype)
                    }
                    None => {
                        let _around = self.around_backward();
                        zeros_of_sizes(shape_op(value), dtype)
                    }
                }
            }
        };
        let context = self.backward.context();
        context.see(start);
        let enter = self.backward.enter_named(graph, start, "b_acc");
        let merged = merge(&[enter, enter], "b_acc");
        let [done, goes_on] = switch(merged, self.pivot()?, "Switch");
        let next = named(&NEXT_ITERATION, add(goes_on, grad), "NextIteration");
        graph.replace_input(merged.node, 1, next.port());
        Ok(self.out(done, "b_acc"))
    }

    /// A way out of the backward loop.
    fn out(&self, tensor: Tensor, name: &str) -> Tensor {
        let exit = named(&EXIT, tensor, name);
        self.backward.add_exit(exit);
        if let Some(outer) = self.backward.outer() {
            outer.see(exit);
        }
        exit
    }

    fn pivot(&self) -> Result<Tensor> {
        self.backward.inside().pivot.ok_or_else(|| Error::internal("a loop without a condition"))
    }

    fn accumulated_rows(&self, op: Operation, slices: IndexedSlices) -> Result<IndexedSlices> {
        let graph = &self.graph;
        let value = op.inputs().first().copied().ok_or_else(|| Error::internal("an Enter without input"))?;
        let (dtype, index) = (slices.values.dtype()?, slices.indices.dtype()?);
        let starts = {
            let _left = self.leave();
            let _around = self.around_backward();
            let values = match slices.values.shape().known() {
                Some(shape) => {
                    let shape = std::iter::once(1).chain(shape.iter().skip(1).copied()).collect();
                    zero_constant(graph, shape, dtype, "b_acc")
                }
                None => {
                    let rest = shape_op(value).at(1..);
                    let shape = concat([[1].into_arg(), rest.into_arg()], 0);
                    zeros_of_sizes(shape, dtype)
                }
            };
            let zero = Value::vector(vec![0i32]).convert(index);
            let indices = convert(Arg::Literal(zero.map(Literal::firm)), "Const", None);
            let shape = match slices.dense_shape.shape().known() {
                Some(shape) => zero_constant(graph, shape, slices.dense_shape.dtype()?, "Const"),
                None => array::zeros_like_op(array::shape_as(value, slices.dense_shape.dtype()?)),
            };
            [indices, values, shape]
        };
        let context = self.backward.context();
        starts.iter().for_each(|start| context.see(*start));
        let enters = starts.map(|start| self.backward.enter_named(graph, start, "b_acc"));
        let merges = enters.map(|enter| merge(&[enter, enter], "b_acc"));
        let pivot = self.pivot()?;
        let switches = merges.map(|merged| switch(merged, pivot, "Switch"));
        let next = [
            concat([switches[0][1], slices.indices], 0),
            concat([switches[1][1], slices.values], 0),
            maximum(slices.dense_shape, switches[2][1]),
        ];
        for (merged, next) in merges.iter().zip(next.map(|next| named(&NEXT_ITERATION, next, "NextIteration"))) {
            graph.replace_input(merged.node, 1, next.port());
        }
        let [indices, values, dense_shape] = switches.map(|switch| self.out(switch[0], "b_acc"));
        Ok(IndexedSlices { values, indices, dense_shape })
    }
}

/// The Enter that `op` is or passes on, if what it lets in is the same in all iterations.
fn constant_enter(op: Operation) -> Option<Operation> {
    let mut op = op;
    while matches!(op.op_type().as_str(), "Switch" | "RefSwitch" | "Identity" | "RefIdentity") {
        op = op.inputs().first()?.op();
        // A loop variable comes round.
        if is_loop_switch(op) {
            return None;
        }
    }
    super::while_context::is_constant_enter(op).then_some(op)
}

/// Counts the iterations of a loop. TF: `AddForwardLoopCounter`.
fn forward_counter(graph: &Graph, forward: &WhileContext, outer: Option<&GradLoop>) -> Result<(Tensor, Tensor)> {
    let n = number(0, "f_count");
    if let Some(next) = outer.and_then(|outer| outer.forward_index.op().inputs().first().copied()) {
        graph.add_control_input(n.node, next.node);
    }
    let context = forward.context();
    let _inside = graph.enter_context(&context);
    context.see(n);
    let enter = forward.enter_named(graph, n, "f_count");
    let merged = merge(&[enter, enter], "Merge");
    let pivot = forward.inside().pivot.ok_or_else(|| Error::internal("a loop without a condition"))?;
    let [done, goes_on] = switch(merged, pivot, "Switch");
    let next = named(&NEXT_ITERATION, add(goes_on, 1), "NextIteration");
    graph.replace_input(merged.node, 1, next.port());
    let total = named(&EXIT, done, "f_count");
    forward.add_exit(total);
    if let Some(around) = forward.outer() {
        around.see(total);
    }
    Ok((total, next))
}

/// Counts the iterations back. TF: `AddBackpropLoopCounter`.
fn backward_counter(graph: &Graph, backward: &WhileContext, count: Tensor, outer: Option<&GradLoop>) -> Result<Tensor> {
    let one = number(1, "b_count");
    let context = backward.context();
    let _inside = graph.enter_context(&context);
    context.see(count);
    let enter = backward.enter_named(graph, count, "b_count");
    let merged = merge(&[enter, enter], "Merge");
    backward.set_pivot_for_pred(merged);
    let pivot = named(&LOOP_COND, greater_equal(merged, one), "b_count");
    backward.set_pivot(pivot);
    let [done, goes_on] = switch(merged, pivot, "Switch");
    let index = subtract(goes_on, one);
    backward.set_pivot_for_body(index);
    let next = named(&NEXT_ITERATION, index, "NextIteration");
    graph.replace_input(merged.node, 1, next.port());
    let zero = named(&EXIT, done, "b_count");
    backward.add_exit(zero);
    if let Some(outer) = outer {
        graph.add_control_input(outer.grad_sync().node, zero.node);
    }
    if let Some(around) = backward.outer() {
        around.see(zero);
    }
    Ok(next)
}

/// The loops between what is differentiated and what it is differentiated by. TF: `_ControlFlowState`.
#[derive(Debug, Default)]
pub(crate) struct GradLoops {
    loops: Vec<Arc<GradLoop>>,
}

fn is_exit(op: Operation) -> bool {
    matches!(op.op_type().as_str(), "Exit" | "RefExit")
}

impl GradLoops {
    /// Makes a gradient for the loop that `exit` leaves, if there is none yet; all its ways out.
    pub(crate) fn add(&mut self, graph: &Graph, exit: Operation) -> Result<Vec<Tensor>> {
        if !is_exit(exit) {
            return Ok(Vec::new());
        }
        let context = while_around(exit.context().as_ref());
        let Some(forward) = context.as_ref().and_then(WhileContext::from) else {
            let error = "the loop that it leaves is not known: only a meta graph says what it is";
            return Err(Error::unimplemented(error).at(&exit.name(), exit.location()));
        };
        if forward.is_backward() {
            let error = Error::invalid_argument("Second-order gradient for while loops not supported");
            return Err(error.at(&exit.name(), exit.location()));
        }
        if self.of_context(context.as_ref()).is_some() {
            return Ok(Vec::new());
        }
        let exits = forward.inside().exits;
        let outer = self.of_context(while_around(forward.outer()).as_ref());
        self.loops.push(GradLoop::new(graph, &forward, outer)?);
        Ok(exits)
    }

    /// Whether `op` is a way out of one of the loops.
    pub(crate) fn is_exit(&self, op: Operation) -> bool {
        !self.is_empty() && is_exit(op)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.loops.is_empty()
    }

    fn of_context(&self, context: Option<&ContextRef>) -> Option<Arc<GradLoop>> {
        let context = context?;
        self.loops.iter().find(|state| same(&state.forward.context(), context)).cloned()
    }

    fn of(&self, op: Operation, before: bool) -> Option<Arc<GradLoop>> {
        if self.is_empty() {
            return None;
        }
        let context = op.context();
        let context = match before && is_exit(op) {
            true => context.and_then(|context| context.outer().cloned()),
            false => context,
        };
        self.of_context(while_around(context.as_ref()).as_ref())
    }

    /// The context of the gradient of `op`, until the guard is dropped.
    pub(crate) fn enter(&self, graph: &Graph, op: Operation, before: bool) -> Option<ScopeGuard> {
        self.of(op, before).map(|state| graph.enter_context(&state.backward.context()))
    }

    /// Ways out that nothing leads back to, of loops whose other ways out are known by now.
    pub(crate) fn unused_exits(
        &self,
        pending: &mut HashMap<NodeId, usize>,
        asked: impl Fn(NodeId) -> bool,
    ) -> Vec<Tensor> {
        let mut exits = Vec::new();
        for state in &self.loops {
            let own = state.forward_exits();
            let mut inside = state.inside();
            for exit in own {
                if pending.get(&exit.node).is_none_or(|&count| count == 0) {
                    inside.pending_exits = inside.pending_exits.saturating_sub(1);
                    if !asked(exit.node) {
                        inside.unused_exits.push(exit);
                    }
                    if inside.pending_exits == 0 {
                        exits.extend(inside.unused_exits.iter().copied());
                    }
                }
            }
            for enter in state.forward.inside().enters {
                let count = pending.entry(enter.node).or_insert(0);
                *count = (*count).max(1);
            }
        }
        exits
    }

    /// The way out `exit` waits for no gradient any more. Once that holds for all of its loop, all of them, those without a
    /// gradient with zeros if others have one; `has_gradient` says which do.
    pub(crate) fn leave(
        &self,
        graph: &Graph,
        exit: Tensor,
        has_gradient: impl Fn(Operation) -> bool,
    ) -> Result<Vec<(Tensor, Option<Tensor>)>> {
        let Some(state) = self.of(exit.op(), false) else { return Ok(Vec::new()) };
        let (deferred, mut unused) = {
            let mut inside = state.inside();
            inside.deferred_exits.push(exit);
            inside.pending_exits = inside.pending_exits.saturating_sub(1);
            if inside.pending_exits > 0 {
                return Ok(Vec::new());
            }
            (inside.deferred_exits.clone(), inside.unused_exits.clone())
        };
        let (used, not): (Vec<Tensor>, Vec<Tensor>) = deferred.into_iter().partition(|exit| has_gradient(exit.op()));
        unused.extend(not);
        state.inside().unused_exits.clone_from(&unused);
        let mut ready: Vec<(Tensor, Option<Tensor>)> = used.iter().map(|exit| (*exit, None)).collect();
        for exit in unused {
            let zeros = match !used.is_empty() && exit.dtype()?.is_trainable() {
                true => Some(self.zeros_for_exit(graph, exit)?),
                false => None,
            };
            ready.push((exit, zeros));
        }
        Ok(ready)
    }

    /// TF: `ZerosLikeForExit`.
    pub(crate) fn zeros_for_exit(&self, graph: &Graph, exit: Tensor) -> Result<Tensor> {
        let dtype = exit.dtype()?;
        let outer_context = exit.op().context().and_then(|context| context.outer().cloned());
        let outer = self.of_context(while_around(outer_context.as_ref()).as_ref());
        let known = exit.shape().known();
        match (outer, known) {
            (Some(outer), Some(shape)) => {
                let _inside = graph.enter_context(&outer.backward.context());
                Ok(array::zeros_of(shape, dtype))
            }
            (Some(outer), None) => {
                let shape = {
                    let _around = outer_context.as_ref().map(|context| graph.enter_context(context));
                    shape_op(exit)
                };
                let history = outer.remember(shape, false)?;
                let _inside = graph.enter_context(&outer.backward.context());
                let shape = outer.recall(history, shape, false)?;
                Ok(zeros_of_sizes(shape, dtype))
            }
            (None, Some(shape)) => Ok(array::zeros_of(shape, dtype)),
            (None, None) => Ok(array::zeros_like_op(exit)),
        }
    }

    /// Zeros like output `o` of `op`, which nothing depends on, if it lies in one of the loops. `Some(None)`: there is no
    /// gradient. TF: `ZerosLikeV1WhileLoop`.
    pub(crate) fn zeros(&self, graph: &Graph, op: Operation, o: u32) -> Result<Option<Option<Tensor>>> {
        if is_loop_switch(op) {
            return Ok(Some(None));
        }
        let Some(state) = self.of_context(while_around(op.context().as_ref()).as_ref()) else { return Ok(None) };
        let dead_branch = matches!(op.op_type().as_str(), "Switch" | "RefSwitch");
        let context = op.context().ok_or_else(|| Error::internal("a node of no loop"))?;
        let branch = CondContext::from(&context).filter(|_| dead_branch);
        let value = op.output(o);
        let dtype = value.dtype()?;
        if let Some(shape) = value.shape().known() {
            let zeros = zero_constant(graph, shape, dtype, "Const");
            let Some(branch) = branch else { return Ok(Some(Some(zeros))) };
            let pred = state.known(branch.pred()).unwrap_or(branch.pred());
            return Ok(Some(Some(switch_beside(graph, zeros, pred, "Switch")[1 - branch.branch() as usize])));
        }
        let shape = match &branch {
            Some(branch) => {
                let data = op.inputs().first().copied().ok_or_else(|| Error::internal("a Switch without data"))?;
                let (other, shape) = {
                    let _around = context.outer().map(|outer| graph.enter_context(outer));
                    let other = switch_beside(graph, data, branch.pred(), "Switch")[1 - branch.branch() as usize];
                    (other, shape_op(other))
                };
                graph.set_context(other.node, &context);
                graph.set_context(shape.node, &context);
                shape
            }
            None => {
                let _inside = graph.enter_context(&context);
                shape_op(value)
            }
        };
        let history = {
            let _left = state.leave();
            state.remember(shape, dead_branch)?
        };
        let shape = state.recall(history, shape, dead_branch)?;
        Ok(Some(Some(zeros_of_sizes(shape, dtype))))
    }

    /// Where a loop variable does not depend on itself, zeros go round. TF: `PostProcessing`.
    pub(crate) fn finish(&self, graph: &Graph) -> Result<()> {
        for state in &self.loops {
            let merges: Vec<Tensor> = state.inside().switches.values().copied().collect();
            for merged in merges {
                let inputs = merged.op().inputs();
                let [first, second] = inputs.as_slice() else { continue };
                if first != second {
                    continue;
                }
                let next = match first.shape().known() {
                    Some(shape) => {
                        let _inside = graph.enter_context(&state.backward.context());
                        let zeros = zero_constant(graph, shape, first.dtype()?, "Const");
                        named(&NEXT_ITERATION, zeros, "NextIteration")
                    }
                    None => {
                        let zeros = {
                            let _around = state.around_backward();
                            let entering = first.op().inputs().first().copied();
                            let entering = entering.ok_or_else(|| Error::internal("an Enter without input"))?;
                            zeros_of_sizes(shape_op(entering), DType::Float32)
                        };
                        let _inside = graph.enter_context(&state.backward.context());
                        named(&NEXT_ITERATION, zeros, "NextIteration")
                    }
                };
                graph.replace_input(merged.node, 1, next.port());
            }
        }
        Ok(())
    }
}

impl GradLoop {
    fn forward_exits(&self) -> Vec<Tensor> {
        // The counter's came later and has no gradient.
        let exits = self.forward.inside().exits;
        exits.into_iter().filter(|exit| exit.dtype().is_ok()).filter(|exit| !self.counts(*exit)).collect()
    }

    fn counts(&self, exit: Tensor) -> bool {
        let switch = exit.op().inputs().first().map(|input| input.op());
        let next = self.forward_index.op().inputs().first().map(|input| input.op());
        let of_next = next.and_then(|next| next.inputs().first().map(|input| input.op()));
        switch.is_some() && switch == of_next
    }
}

/// Whether `op` is the Switch of a loop variable.
pub(crate) fn is_loop_switch(op: Operation) -> bool {
    if !matches!(op.op_type().as_str(), "Switch" | "RefSwitch") {
        return false;
    }
    let of_loop = op.context().is_some_and(|context| WhileContext::from(&context).is_some());
    let by_cond = op.inputs().get(1).is_some_and(|pred| pred.op().op_type() == "LoopCond");
    of_loop && by_cond
}
