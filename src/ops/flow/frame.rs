//! The operations that loops are made of: ways into a frame, from one iteration to the next, and out again. A run makes
//! one step of all that lies in a frame, so those that lead into it never run themselves.

use super::grad_loop::GradLoop;
use crate::error::{Error, Result};
use crate::op::{Flags, Grad, GradCtx, Gradient, InferCtx, IntoTensor, Kernel, OpDef, Sig, rules};
use crate::shape::PartialShape;

/// What goes in keeps its shape only if it is the same in each iteration.
fn infer_enter(ctx: &mut InferCtx) -> Result<()> {
    let data = ctx.input(0)?.clone();
    if let Some(handle) = data.handle {
        ctx.set_handle(0, handle);
    }
    let constant = ctx.attrs().bool("is_constant")?;
    ctx.set(0, if constant { data.shape } else { PartialShape::unknown() })
}

macro_rules! frame_ops {
    ($($op:ident $sig:literal $infer:path, $grad:expr;)*) => {$(
        pub(super) static $op: OpDef = OpDef {
            sig: Sig::new($sig),
            infer: $infer,
            kernel: Kernel::Run(|ctx| ctx.pass_on(0, 0)),
            grad: $grad,
            flags: Flags::PASSING,
        };
    )*};
}

/// Where the loop is left, its gradient is entered.
fn exit_gradient(g: &GradCtx) -> Result<Vec<Option<Gradient>>> {
    let Some(grad) = GradLoop::here(g.graph()) else {
        return Err(Error::unimplemented("the loop that it leaves is not known: only a meta graph says what it is"));
    };
    if !grad.backward().options().back_prop {
        return Ok(vec![None]);
    }
    let dy = g.dy(0);
    grad.backward().context().see(dy);
    Ok(vec![Some(grad.backward().enter_named(g.graph(), dy, "b_exit").into())])
}

/// Where the loop is entered, its gradient is left: with what came for a loop variable, or with the sum over all iterations.
fn enter_gradient(g: &GradCtx) -> Result<Vec<Option<Gradient>>> {
    let dy = g.gradient(0);
    let Some(grad) = GradLoop::here(g.graph()).filter(|grad| grad.backward().options().back_prop) else {
        return Ok(vec![Some(dy)]);
    };
    if g.attrs().bool("is_constant")? {
        return Ok(vec![Some(grad.accumulated(g.op(), dy)?)]);
    }
    let exit = EXIT.call([g.dy(0).into_arg()]).single();
    grad.backward().add_exit(exit);
    if let Some(outer) = grad.backward().outer() {
        outer.see(exit);
    }
    Ok(vec![Some(exit.into())])
}

fn next_gradient(g: &GradCtx) -> Result<Vec<Option<Gradient>>> {
    Ok(vec![Some(g.gradient(0))])
}

frame_ops! {
    ENTER "Enter(data: T) -> (output: T) where T: type, frame_name: string, is_constant: bool = false, \
        parallel_iterations: int = 10" infer_enter, Grad::Rows(enter_gradient);
    REF_ENTER "RefEnter(data: Ref(T)) -> (output: Ref(T)) where T: type, frame_name: string, is_constant: bool = false, \
        parallel_iterations: int = 10" rules::unchanged, Grad::Rows(enter_gradient);
    EXIT "Exit(data: T) -> (output: T) where T: type" rules::unchanged, Grad::Rows(exit_gradient);
    REF_EXIT "RefExit(data: Ref(T)) -> (output: Ref(T)) where T: type" rules::unchanged, Grad::Rows(exit_gradient);
    NEXT_ITERATION "NextIteration(data: T) -> (output: T) where T: type" rules::unchanged, Grad::Rows(next_gradient);
    REF_NEXT_ITERATION "RefNextIteration(data: Ref(T)) -> (output: Ref(T)) where T: type" rules::unchanged, Grad::Rows(next_gradient);
    LOOP_COND "LoopCond(input: bool) -> (output: bool)" rules::unchanged, Grad::Stop("a condition is not a number");
}
