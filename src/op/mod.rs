//! What an operation is: one [`OpDef`] record with its signature, shape rule, kernel and gradient.

mod call;
mod grad;
mod infer;
mod kernel;
mod resource;
mod signature;

pub use call::{Arg, Built, Call, IntoTensor};
pub(crate) use call::{check_inputs, complete_attrs, constant_full_of, constant_in, convert, infer_outputs};
pub use grad::{Grad, GradCtx};
pub use infer::{InferCtx, broadcast, broadcast_known, resolve_axis, rules};
pub use kernel::{ElementwiseKernel, Inputs, Kernel, KernelCtx, KernelFn, Memory, NodeInfo, Outputs, Slot};
pub use resource::{Resources, VariableCell};
pub use signature::{ArgType, Argument, AttrDef, AttrKind, AttrReader, Signature};

use std::sync::OnceLock;

use crate::error::Result;

/// Says what is known of a node's outputs.
pub type InferFn = fn(&mut InferCtx) -> Result<()>;

/// All there is to an operation. Every field is stated by every operation; there are no defaults.
pub struct OpDef {
    /// Inputs, outputs and attributes: see [`Sig::new`].
    pub sig: Sig,
    /// The shapes of the outputs.
    pub infer: InferFn,
    /// How it is computed.
    pub kernel: Kernel,
    /// How gradients flow back through it.
    pub grad: Grad,
    /// What the planner may do with it.
    pub flags: Flags,
}

/// The text of a signature, parsed when it is first needed.
pub struct Sig {
    text: &'static str,
    parsed: OnceLock<Result<Signature>>,
}

impl Sig {
    /// The signature that `text` says; the format is that of [`Signature`]'s module.
    pub const fn new(text: &'static str) -> Self {
        Sig { text, parsed: OnceLock::new() }
    }
}

/// What the planner may do with a node of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags {
    /// The operation has effects or results beyond its inputs and outputs: it is never merged, folded or left out.
    pub stateful: bool,
    /// A run usually takes long enough to be worth another thread.
    pub heavy: bool,
}

impl Flags {
    /// The outputs follow from the inputs.
    pub const PURE: Flags = Flags { stateful: false, heavy: false };
    /// As [`Flags::PURE`], and worth a thread of its own.
    pub const HEAVY: Flags = Flags { stateful: false, heavy: true };
    /// The operation reads or changes state.
    pub const STATEFUL: Flags = Flags { stateful: true, heavy: false };
}

impl OpDef {
    /// The parsed signature. An error only if the text is wrong.
    pub fn signature(&'static self) -> Result<&'static Signature> {
        match self.sig.parsed.get_or_init(|| Signature::parse(self.sig.text)) {
            Ok(signature) => Ok(signature),
            Err(error) => Err(error.clone()),
        }
    }

    /// TensorFlow's name of the operation.
    pub fn name(&'static self) -> &'static str {
        self.sig.text.split('(').next().unwrap_or_default().trim()
    }

    /// Starts building a node of this operation with these arguments; the line is the caller's.
    #[track_caller]
    pub fn call<const N: usize>(&'static self, args: [Arg; N]) -> Call {
        Call::new(self, args.into())
    }
}

impl std::fmt::Debug for OpDef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.sig.text)
    }
}
