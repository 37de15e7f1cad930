//! The operations that loops are made of: ways into a frame, from one iteration to the next, and out again. A run makes
//! one step of all that lies in a frame, so those that lead into it never run themselves.

use crate::error::Result;
use crate::op::{Flags, Grad, InferCtx, Kernel, OpDef, Sig, rules};
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

const NOT_BUILT: Grad = Grad::Missing("gradients of loops are not built");

frame_ops! {
    ENTER "Enter(data: T) -> (output: T) where T: type, frame_name: string, is_constant: bool = false, \
        parallel_iterations: int = 10" infer_enter, NOT_BUILT;
    REF_ENTER "RefEnter(data: Ref(T)) -> (output: Ref(T)) where T: type, frame_name: string, is_constant: bool = false, \
        parallel_iterations: int = 10" rules::unchanged, NOT_BUILT;
    EXIT "Exit(data: T) -> (output: T) where T: type" rules::unchanged, NOT_BUILT;
    REF_EXIT "RefExit(data: Ref(T)) -> (output: Ref(T)) where T: type" rules::unchanged, NOT_BUILT;
    NEXT_ITERATION "NextIteration(data: T) -> (output: T) where T: type" rules::unchanged, NOT_BUILT;
    REF_NEXT_ITERATION "RefNextIteration(data: Ref(T)) -> (output: Ref(T)) where T: type" rules::unchanged, NOT_BUILT;
    LOOP_COND "LoopCond(input: bool) -> (output: bool)" rules::unchanged, Grad::Stop("a condition is not a number");
}
