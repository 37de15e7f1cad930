//! Switch and Merge: what runs only if a condition holds. TensorFlow's `tf.cond` is made of them.

use super::context::CondContext;
use super::frame::NEXT_ITERATION;
use super::grad_loop::{GradLoop, is_loop_switch};
use super::while_context::{WhileContext, output_context};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Fact, Graph, Operation, Tensor};
use crate::op::{
    Arg, Flags, Grad, GradCtx, Gradient, IndexedSlices, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig,
};
use crate::ops::array;
use crate::ops::indexed_slices::of_all_rows;
use crate::ops::math::equal;
use crate::ops::state::shape_of_variable;
use crate::shape::PartialShape;

/// The outputs of a Switch for false and for true.
pub(super) fn switch(data: Tensor, pred: Tensor, name: &str) -> [Tensor; 2] {
    let op = if data.fact().is_some_and(|fact| fact.is_ref) { &REF_SWITCH } else { &SWITCH };
    let switch = op.call([data.into_arg(), pred.into_arg()]).name(name).build();
    [switch.output(0), switch.output(1)]
}

/// A Switch that is placed with what it switches. TF: `_SwitchRefOrTensor`.
pub(super) fn switch_beside(graph: &Graph, data: Tensor, pred: Tensor, name: &str) -> [Tensor; 2] {
    let _beside = (graph.colocate_with_nothing(), graph.colocate_with(data.op()));
    switch(data, pred, name)
}

/// A [`switch`] of a gradient.
fn switch_gradient(graph: &Graph, data: Gradient, pred: Tensor, name: &str) -> [Gradient; 2] {
    let slices = match data {
        Gradient::Dense(tensor) => return switch(tensor, pred, name).map(Gradient::Dense),
        Gradient::Slices(slices) => slices,
    };
    let _scope = graph.scope(name);
    let parts = [slices.values, slices.indices, slices.dense_shape].map(|part| switch(part, pred, "Switch"));
    [0, 1].map(|taken| {
        let [values, indices, dense_shape] = parts.map(|part| part[taken]);
        IndexedSlices { values, indices, dense_shape }.into()
    })
}

/// Whichever of `inputs` is not dead. TF: `merge`.
pub(super) fn merge(inputs: &[Tensor], name: &str) -> Tensor {
    let all_refs = inputs.iter().all(|input| input.fact().is_some_and(|fact| fact.is_ref));
    let op = if all_refs { &REF_MERGE } else { &MERGE };
    op.call([Arg::list(inputs)]).name(name).single()
}

/// The same for gradients: rows, if any of them is rows.
fn merge_gradients(graph: &Graph, inputs: [Gradient; 2], name: &str) -> Gradient {
    if let [Gradient::Dense(a), Gradient::Dense(b)] = inputs {
        return merge(&[a, b], name).into();
    }
    let _scope = graph.scope(name);
    let inputs = of_all_rows(&inputs);
    let part = |of: fn(&IndexedSlices) -> Tensor| merge(&inputs.iter().map(of).collect::<Vec<_>>(), "Merge");
    let (values, indices) = (part(|slices| slices.values), part(|slices| slices.indices));
    IndexedSlices { values, indices, dense_shape: part(|slices| slices.dense_shape) }.into()
}

/// Zeros like output `o` of `switch`, which nothing depends on: made only where that branch is taken.
pub(crate) fn zeros_of_branch(graph: &Graph, op: Operation, o: u32) -> Result<Tensor> {
    let output = op.output(o);
    let Some(context) = CondContext::of(op) else { return Ok(array::zeros_like_op(output)) };
    let data = op.inputs().first().copied().ok_or_else(|| Error::internal("a Switch without data"))?;
    let other = SWITCH.call([data.into_arg(), context.pred().into_arg()]).build().output(1 - context.branch());
    let alive = array::identity(other);
    if output.dtype()? == DType::Resource {
        let _after = graph.control_dependencies(&[alive.op()]);
        let dtype = output.fact().and_then(|fact| fact.handle).map_or(DType::Float32, |handle| handle.dtype);
        return Ok(array::zeros_of_sizes(shape_of_variable(other), dtype));
    }
    let shape = array::shape_op(other);
    let _after = graph.control_dependencies(&[alive.op()]);
    Ok(array::zeros_of_sizes(shape, output.dtype()?))
}

fn switch_gradients(g: &GradCtx) -> Result<Vec<Option<Gradient>>> {
    let dys = [g.gradient(0), g.gradient(1)];
    let graph = g.graph();
    if let (true, Some(grad)) = (is_loop_switch(g.op()), GradLoop::here(graph)) {
        return loop_switch_gradient(g, &grad);
    }
    let Some(context) = CondContext::of(g.op()) else {
        let pred = g.x(1);
        let part = |taken: usize| switch_gradient(graph, dys[taken], pred, "Switch")[taken];
        return Ok(vec![Some(merge_gradients(graph, [part(0), part(1)], "Merge")), None]);
    };
    if dys[1 - context.branch() as usize].is_poisoned() {
        return Ok(vec![None, None]);
    }
    Ok(vec![Some(merge_gradients(graph, dys, "cond_grad")), None])
}

/// The Switch of a loop variable is met twice: on the way out of the loop, and on the way from one iteration to the next.
fn loop_switch_gradient(g: &GradCtx, grad: &GradLoop) -> Result<Vec<Option<Gradient>>> {
    let graph = g.graph();
    let node = g.op().node;
    if let Some(merged) = grad.merge_of(node) {
        if !g.gradient(1).is_poisoned() {
            let next = NEXT_ITERATION.call([g.dy(1).into_arg()]).single();
            graph.replace_input(merged.node, 1, next.port());
        }
        return Ok(vec![None, None]);
    }
    if g.gradient(0).is_poisoned() {
        return Ok(vec![None, None]);
    }
    let merged = merge(&[g.dy(0), g.dy(0)], "b_switch");
    grad.set_merge(node, merged);
    Ok(vec![Some(merged.into()), None])
}

fn merge_gradient(g: &GradCtx) -> Result<Vec<Option<Gradient>>> {
    let (graph, dy) = (g.graph(), g.gradient(0));
    let context = g.xs().first().and_then(|x| output_context(x.op()));
    let branch = context.as_ref().and_then(CondContext::from);
    let here = GradLoop::here(graph);
    if let (true, Some(grad)) = (context.as_ref().is_some_and(|c| WhileContext::from(c).is_some()), &here) {
        let pivot = grad.backward().inside().pivot.ok_or_else(|| Error::internal("a loop without a condition"))?;
        let _beside = (graph.colocate_with_nothing(), graph.colocate_with(dy.op()));
        return Ok(switch_gradient(graph, dy, pivot, "Switch").map(Some).to_vec());
    }
    let beside = || (graph.colocate_with_nothing(), graph.colocate_with(dy.op()));
    if let Some(branch) = branch {
        let pred = match here {
            Some(grad) => grad.pred(branch.pred())?,
            None => branch.pred(),
        };
        let _beside = beside();
        return Ok(switch_gradient(graph, dy, pred, "cond_grad").map(Some).to_vec());
    }
    let taken: Vec<Tensor> = (0..g.xs().len()).map(|i| equal(g.y(1), i as i32)).collect();
    let _beside = beside();
    Ok(taken.into_iter().map(|taken| Some(switch_gradient(graph, dy, taken, "Switch")[1])).collect())
}

fn infer_switch(ctx: &mut InferCtx) -> Result<()> {
    if ctx.shape(1)?.rank().is_some_and(|rank| rank != 0) {
        return Err(Error::invalid_argument(format!("pred must be a single bool, but its shape is {}", ctx.shape(1)?)));
    }
    let data = ctx.input(0)?.clone();
    (0..2).try_for_each(|o| pass(ctx, o, &data))
}

/// Output `o` is what `from` is. Its integers are left open: whether there is a value is not known.
fn pass(ctx: &mut InferCtx, o: usize, from: &Fact) -> Result<()> {
    if let Some(handle) = &from.handle {
        ctx.set_handle(o, handle.clone());
    }
    ctx.set(o, from.shape.clone())
}

/// Passes input 0 on to the output that the condition chooses.
fn run_switch(ctx: &mut KernelCtx) -> Result<()> {
    let taken = usize::from(ctx.inputs.value(1)?.item::<bool>()?);
    ctx.outputs.set_dead(1 - taken);
    ctx.pass_on(0, taken)
}

pub(super) static SWITCH: OpDef = OpDef {
    sig: Sig::new("Switch(data: T, pred: bool) -> (output_false: T, output_true: T) where T: type"),
    infer: infer_switch,
    kernel: Kernel::Run(run_switch),
    grad: Grad::Rows(switch_gradients),
    flags: Flags::SPLITS,
};

pub(super) static REF_SWITCH: OpDef = OpDef {
    sig: Sig::new("RefSwitch(data: Ref(T), pred: bool) -> (output_false: Ref(T), output_true: Ref(T)) where T: type"),
    infer: infer_switch,
    kernel: Kernel::Run(run_switch),
    grad: Grad::Rows(switch_gradients),
    flags: Flags::SPLITS,
};

fn infer_merge(ctx: &mut InferCtx) -> Result<()> {
    let first = ctx.input(0)?.clone();
    let mut shape = first.shape.clone();
    for i in 1..ctx.len() {
        shape = common(&shape, ctx.shape(i)?);
    }
    pass(ctx, 0, &Fact { shape, ..first })?;
    ctx.set(1, PartialShape::scalar())
}

/// What two shapes have in common.
fn common(a: &PartialShape, b: &PartialShape) -> PartialShape {
    match (a.dims(), b.dims()) {
        (Some(a), Some(b)) if a.len() == b.len() => {
            PartialShape::new(a.iter().zip(b).map(|(a, b)| if a == b { *a } else { None }))
        }
        _ => PartialShape::unknown(),
    }
}

/// Passes on the first input that is not dead, and says which it is.
fn run_merge(ctx: &mut KernelCtx) -> Result<()> {
    let alive = (0..ctx.inputs.len()).find(|&i| !ctx.inputs.is_dead(i));
    let alive = alive.ok_or_else(|| Error::internal("no branch was taken"))?;
    ctx.outputs.slice::<i32>(1)?.fill(alive as i32);
    ctx.pass_on(alive, 0)
}

pub(super) static MERGE: OpDef = OpDef {
    sig: Sig::new("Merge(inputs: N * T) -> (output: T, value_index: int32) where T: type, N: int"),
    infer: infer_merge,
    kernel: Kernel::Run(run_merge),
    grad: Grad::Rows(merge_gradient),
    flags: Flags::JOINS,
};

pub(super) static REF_MERGE: OpDef = OpDef {
    sig: Sig::new("RefMerge(inputs: Ref(N * T)) -> (output: Ref(T), value_index: int32) where T: type, N: int"),
    infer: infer_merge,
    kernel: Kernel::Run(run_merge),
    grad: Grad::Rows(merge_gradient),
    flags: Flags::JOINS,
};

pub(super) static CONTROL_TRIGGER: OpDef = OpDef {
    sig: Sig::new("ControlTrigger() -> ()"),
    infer: |_| Ok(()),
    kernel: Kernel::Run(|_| Ok(())),
    grad: Grad::Stop("it has no outputs"),
    flags: Flags::JOINS,
};
