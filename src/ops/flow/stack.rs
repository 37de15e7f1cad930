//! Stacks of a run: what an iteration of a loop puts there, an iteration of its gradient takes again.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::op::{Flags, Grad, InferCtx, Kernel, OpDef, Sig, State};
use crate::value::Value;

/// A stack.
#[derive(Debug, Default)]
struct Stack {
    most: Option<usize>,
    /// `None` once it is closed.
    values: Mutex<Option<Vec<Value>>>,
}

impl State for Stack {}

impl Stack {
    fn with<R>(&self, change: impl FnOnce(&mut Vec<Value>) -> Result<R>) -> Result<R> {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        change(values.as_mut().ok_or_else(|| Error::invalid_argument("the stack is closed"))?)
    }
}

const NO_GRADIENT: Grad = Grad::Stop("TensorFlow has no gradient through stacks");

fn infer_handle(ctx: &mut InferCtx) -> Result<()> {
    ctx.set(0, crate::shape::PartialShape::scalar())
}

pub(super) static STACK_V2: OpDef = OpDef {
    sig: Sig::new("StackV2(max_size: int32) -> (handle: resource) where elem_type: type, stack_name: string = ''"),
    infer: infer_handle,
    kernel: Kernel::Run(|ctx| {
        let most = usize::try_from(ctx.inputs.value(0)?.item::<i32>()?).ok();
        ctx.outputs.set_state(0, Arc::new(Stack { most, values: Mutex::new(Some(Vec::new())) }));
        Ok(())
    }),
    grad: NO_GRADIENT,
    flags: Flags::FILLS,
};

pub(super) static STACK_PUSH_V2: OpDef = OpDef {
    sig: Sig::new("StackPushV2(handle: resource, elem: T) -> (output: T) where T: type, swap_memory: bool = false"),
    infer: |ctx| {
        let shape = ctx.shape(1)?.clone();
        ctx.set(0, shape)
    },
    kernel: Kernel::Run(|ctx| {
        let value = ctx.inputs.value(1)?.clone().moved_out();
        let stack = ctx.inputs.state::<Stack>(0)?;
        stack.with(|values| {
            if stack.most.is_some_and(|most| values.len() >= most) {
                return Err(Error::invalid_argument(format!("the stack is full: it holds {} elements", values.len())));
            }
            values.push(value);
            Ok(())
        })?;
        ctx.pass_on(1, 0)
    }),
    grad: NO_GRADIENT,
    flags: Flags::FILLS,
};

pub(super) static STACK_POP_V2: OpDef = OpDef {
    sig: Sig::new("StackPopV2(handle: resource) -> (elem: elem_type) where elem_type: type"),
    infer: |_| Ok(()),
    kernel: Kernel::Run(|ctx| {
        let stack = ctx.inputs.state::<Stack>(0)?;
        let value = stack.with(|values| values.pop().ok_or_else(|| Error::invalid_argument("the stack is empty")))?;
        ctx.outputs.set(0, value);
        Ok(())
    }),
    grad: NO_GRADIENT,
    flags: Flags::FILLS,
};

pub(super) static STACK_CLOSE_V2: OpDef = OpDef {
    sig: Sig::new("StackCloseV2(handle: resource) -> ()"),
    infer: |_| Ok(()),
    kernel: Kernel::Run(|ctx| {
        let stack = ctx.inputs.state::<Stack>(0)?;
        *stack.values.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }),
    grad: NO_GRADIENT,
    flags: Flags::FILLS,
};
