//! What an operation is: one [`OpDef`] record with its signature, shape rule, kernel and gradient.

mod call;
mod grad;
mod infer;
mod kernel;
mod resource;
mod signature;

pub use call::{Arg, Built, Call, IntoTensor};
pub(crate) use call::{
    check_inputs, complete_attrs, constant_full_of, constant_in, convert, infer_outputs, input_types, output_facts,
};
pub(crate) use grad::constant_integers;
pub use grad::{Grad, GradCtx, Gradient, IndexedSlices};
pub use infer::{InferCtx, broadcast, broadcast_known, resolve_axis, rules};
pub use kernel::{ElementwiseKernel, Inputs, Kernel, KernelCtx, KernelFn, Memory, NodeInfo, Outputs, Slot, State};
pub(crate) use kernel::{LinkElement, OutputShapes};
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
    /// Running it changes something that others can see, whether its outputs are read or not.
    pub effect: bool,
    /// Running it changes an array or a stack of this run: what waits for it has to.
    pub fills: bool,
    /// A run usually takes long enough to be worth another thread.
    pub heavy: bool,
    /// What becomes of the buffer of input 0.
    pub first: FirstInput,
    /// How the rows (dimension 0) of the outputs follow from those of the inputs.
    pub rows: Rows,
    /// How it stands to branches that are not taken.
    pub branching: Branching,
}

/// How an operation stands to branches that are not taken. What lies in one is dead: it does not run, and neither does
/// what takes an output of it or comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branching {
    /// It is dead if anything it takes or comes after is.
    Follows,
    /// So are some of its outputs, as it decides.
    Splits,
    /// It runs if one of its inputs is not dead, or if it has none.
    Joins,
}

/// How the rows of an operation's outputs follow from those of its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// In no simple way.
    Mixed,
    /// If outputs and input 0 have as many rows, each row from the same row of input 0; the other inputs count whole.
    OfFirst,
    /// Each row from the same row of those inputs that have as many dimensions and rows as the output; the others count
    /// whole.
    OfAll,
}

/// What becomes of the buffer of an operation's first input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstInput {
    /// It is read.
    Read,
    /// It may become the buffer of output 0, if nobody else needs it: the kernel asks for it with
    /// [`take_over`](KernelCtx::take_over).
    Overwritten,
    /// Output 0 is the same elements, perhaps in another shape: the kernel passes them on.
    PassedOn,
}

impl Flags {
    /// The outputs follow from the inputs.
    pub const PURE: Flags = Flags {
        stateful: false,
        effect: false,
        fills: false,
        heavy: false,
        first: FirstInput::Read,
        rows: Rows::Mixed,
        branching: Branching::Follows,
    };
    /// As [`Flags::PURE`], and worth a thread of its own.
    pub const HEAVY: Flags = Flags { heavy: true, ..Flags::PURE };
    /// As [`Flags::PURE`], and output 0 may take over the buffer of input 0.
    pub const IN_PLACE: Flags = Flags { first: FirstInput::Overwritten, ..Flags::PURE };
    /// Each number of the output follows from the numbers in its place.
    pub const ELEMENTWISE: Flags = Flags::IN_PLACE.all_row_by_row();
    /// Output 0 is input 0, perhaps in another shape.
    pub const PASSING: Flags = Flags { first: FirstInput::PassedOn, ..Flags::PURE };
    /// The same, and each row of the outputs follows from the same row of input 0.
    pub const fn row_by_row(self) -> Flags {
        Flags { rows: Rows::OfFirst, ..self }
    }

    /// The same, and each row of the output follows from the same row of the inputs like it.
    pub const fn all_row_by_row(self) -> Flags {
        Flags { rows: Rows::OfAll, ..self }
    }

    /// The outputs follow from more than the inputs.
    pub const STATEFUL: Flags = Flags { stateful: true, ..Flags::PURE };
    /// As [`Flags::STATEFUL`], and it changes an array or a stack of the run.
    pub const FILLS: Flags = Flags { fills: true, ..Flags::STATEFUL };
    /// Some outputs are dead. What follows from values is decided anew in each run.
    pub const SPLITS: Flags = Flags { branching: Branching::Splits, ..Flags::STATEFUL };
    /// It runs with any input that is not dead.
    pub const JOINS: Flags = Flags { branching: Branching::Joins, ..Flags::STATEFUL };
    /// As [`Flags::STATEFUL`], and it changes state.
    pub const EFFECT: Flags = Flags { effect: true, ..Flags::STATEFUL };
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

    /// As [`call`](OpDef::call), for arguments whose number is not known beforehand.
    #[track_caller]
    pub fn call_with(&'static self, args: Vec<Arg>) -> Call {
        Call::new(self, args)
    }
}

impl std::fmt::Debug for OpDef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.sig.text)
    }
}
