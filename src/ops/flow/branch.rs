//! Switch and Merge: what runs only if a condition holds. TensorFlow's `tf.cond` is made of them.

use crate::error::{Error, Result};
use crate::graph::Fact;
use crate::op::{Flags, Grad, InferCtx, Kernel, KernelCtx, OpDef, Sig};
use crate::shape::PartialShape;

const NO_GRADIENT: Grad = Grad::Missing("gradients of conditions are not built");

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
    grad: NO_GRADIENT,
    flags: Flags::SPLITS,
};

pub(super) static REF_SWITCH: OpDef = OpDef {
    sig: Sig::new("RefSwitch(data: Ref(T), pred: bool) -> (output_false: Ref(T), output_true: Ref(T)) where T: type"),
    infer: infer_switch,
    kernel: Kernel::Run(run_switch),
    grad: NO_GRADIENT,
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
    grad: NO_GRADIENT,
    flags: Flags::JOINS,
};

pub(super) static REF_MERGE: OpDef = OpDef {
    sig: Sig::new("RefMerge(inputs: Ref(N * T)) -> (output: Ref(T), value_index: int32) where T: type, N: int"),
    infer: infer_merge,
    kernel: Kernel::Run(run_merge),
    grad: NO_GRADIENT,
    flags: Flags::JOINS,
};

pub(super) static CONTROL_TRIGGER: OpDef = OpDef {
    sig: Sig::new("ControlTrigger() -> ()"),
    infer: |_| Ok(()),
    kernel: Kernel::Run(|_| Ok(())),
    grad: Grad::Stop("it has no outputs"),
    flags: Flags::JOINS,
};
