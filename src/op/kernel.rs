//! Running a node: what a kernel sees, and how it writes into memory that the plan owns.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;

use super::{AttrReader, OpDef, Resources, VariableCell};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Attrs;
use crate::kernels::Plain;
use crate::kernels::chain::{Chain, ChainLink, Operand};
use crate::kernels::elementwise::Broadcast;
use crate::kernels::link::{self, Link};
use crate::shape::Shape;
use crate::value::{Element, Home, Value};

/// How an operation is computed.
pub enum Kernel {
    /// One function for every node.
    Run(fn(&mut KernelCtx) -> Result<()>),
    /// A function made for a node when a plan is: attributes are read and data types chosen once.
    Make(fn(&NodeInfo) -> Result<KernelFn>),
    /// One number for each number, or for each pair of them broadcast: what a chain can be made of.
    Elementwise(fn(DType) -> Result<ElementwiseKernel>),
    /// It never runs, and this is why.
    None(&'static str),
}

/// A kernel made for one node.
pub type KernelFn = Arc<dyn Fn(&mut KernelCtx) -> Result<()> + Send + Sync>;

/// An elementwise kernel for one data type.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum ElementwiseKernel {
    Float32(Link<f32>),
    Float64(Link<f64>),
    Int32(Link<i32>),
    Int64(Link<i64>),
    UInt8(Link<u8>),
}

/// An element of which there are elementwise kernels.
pub(crate) trait LinkElement: Sized {
    /// The link of a kernel for this type of element.
    fn link(kernel: ElementwiseKernel) -> Option<Link<Self>>;
}

macro_rules! elementwise {
    ($($variant:ident $rust:ty;)*) => {
        $(impl LinkElement for $rust {
            fn link(kernel: ElementwiseKernel) -> Option<Link<Self>> {
                if let ElementwiseKernel::$variant(link) = kernel { Some(link) } else { None }
            }
        })*

        $(impl From<Link<$rust>> for ElementwiseKernel {
            fn from(link: Link<$rust>) -> Self {
                ElementwiseKernel::$variant(link)
            }
        })*

        impl ElementwiseKernel {
            /// The kernel of a chain of these, all for the same data type, each with its operands.
            pub(crate) fn chained(links: Vec<(Self, SmallVec<[Operand; 2]>)>) -> Result<KernelFn> {
                match links.first() {
                    $(Some((ElementwiseKernel::$variant(_), _)) => chained::<$rust>(links),)*
                    None => Err(Error::internal("a chain without links")),
                }
            }

            /// The kernel of a node on its own: with broadcasting, and in place if nobody else needs the first input.
            pub fn alone(self) -> KernelFn {
                match self {
                    $(ElementwiseKernel::$variant(link) => Arc::new(move |ctx| run_link(ctx, link)),)*
                }
            }
        }
    };
}
elementwise! { Float32 f32; Float64 f64; Int32 i32; Int64 i64; UInt8 u8; }

fn run_link<T: Element + Plain>(ctx: &mut KernelCtx, link: Link<T>) -> Result<()> {
    match link {
        Link::Unary(f) if ctx.take_over(0, 0) => link::unary_in_place(f, ctx.outputs.slice(0)?),
        Link::Unary(f) => link::unary(f, ctx.inputs.slice(0)?, ctx.outputs.slice(0)?),
        Link::Binary(f) => {
            let plan = ctx.broadcast(0, 1)?;
            if ctx.take_over(0, 0) {
                link::binary_in_place(f, &plan, ctx.outputs.slice(0)?, ctx.inputs.slice(1)?);
            } else {
                link::binary(f, &plan, ctx.inputs.slice(0)?, ctx.inputs.slice(1)?, ctx.outputs.slice(0)?);
            }
        }
    }
    Ok(())
}

fn chained<T: Element + Plain + LinkElement>(
    links: Vec<(ElementwiseKernel, SmallVec<[Operand; 2]>)>,
) -> Result<KernelFn> {
    let no_chain = || Error::internal("these links are no chain");
    let mut linked = Vec::with_capacity(links.len());
    for (kernel, operands) in links {
        linked.push(ChainLink { link: T::link(kernel).ok_or_else(no_chain)?, operands });
    }
    let chain = Chain::new(linked).ok_or_else(no_chain)?;
    Ok(Arc::new(move |ctx| run_chain(ctx, &chain)))
}

fn run_chain<T: Element + Plain>(ctx: &mut KernelCtx, chain: &Chain<T>) -> Result<()> {
    let KernelCtx { inputs, outputs, .. } = ctx;
    let arrays = inputs.slices::<T>()?;
    let out = outputs.slice::<T>(0)?;
    let fits = |x: &&[T]| x.len() == out.len() || (!x.is_empty() && out.len().is_multiple_of(x.len()));
    if arrays.len() < chain.inputs() || !arrays.iter().all(fits) {
        return Err(Error::internal("the inputs of a chain do not fit its output"));
    }
    chain.run(&arrays, out);
    Ok(())
}

/// The node a kernel is made for or runs for.
#[derive(Debug)]
pub struct NodeInfo {
    /// The operation.
    pub op: &'static OpDef,
    /// The node's name.
    pub name: Arc<str>,
    /// The attributes, complete.
    pub attrs: Attrs,
    /// The data types of the outputs.
    pub output_types: SmallVec<[DType; 1]>,
}

impl NodeInfo {
    /// The attributes.
    pub fn attrs(&self) -> AttrReader<'_> {
        AttrReader(&self.attrs)
    }

    /// The data type that the type attribute `T` says.
    pub fn dtype(&self) -> Result<DType> {
        self.attrs().dtype("T")
    }

    /// Makes the node's kernel.
    pub(crate) fn kernel(&self) -> Result<KernelFn> {
        self.kernel_of(self.op)
    }

    /// Makes the kernel that a node of `op` would have with these attributes.
    pub(crate) fn kernel_of(&self, op: &OpDef) -> Result<KernelFn> {
        match op.kernel {
            Kernel::Run(run) => Ok(Arc::new(run)),
            Kernel::Make(make) => make(self),
            Kernel::Elementwise(make) => Ok(make(self.dtype()?)?.alone()),
            Kernel::None(reason) => Err(Error::internal(reason)),
        }
    }
}

/// What travels along an edge while the graph runs.
#[derive(Clone, Debug, Default)]
pub enum Slot {
    /// Nothing yet, or no longer.
    #[default]
    Empty,
    /// A value.
    Value(Value),
    /// A variable itself.
    Variable(Arc<VariableCell>),
    /// Something that lives as long as the run, as an array of a loop or a stack, or as the session: a table.
    State(Arc<dyn State>),
    /// Nothing: it lies in a branch that is not taken.
    Dead,
}

/// What a handle stands for.
pub trait State: Any + fmt::Debug + Send + Sync {}

/// Where outputs get their memory from.
pub trait Memory {
    /// An array of this type and shape for output `o`, whose elements are of no account: a kernel writes them all.
    fn allocate(&mut self, o: usize, dtype: DType, shape: &Shape) -> Result<Value>;
}

/// What a kernel sees.
///
/// `inputs` and `outputs` are separate fields so that an input can be read while an output is written.
pub struct KernelCtx<'a> {
    /// The node.
    pub node: &'a NodeInfo,
    /// The inputs.
    pub inputs: Inputs,
    /// The outputs.
    pub outputs: Outputs<'a>,
    /// The session's variables and other state.
    pub resources: &'a Resources,
}

/// The inputs of a running node.
pub struct Inputs(pub(crate) SmallVec<[Slot; 4]>);

/// The outputs of a running node: given by the plan, or taken over from an input.
pub struct Outputs<'a> {
    pub(crate) slots: SmallVec<[Slot; 2]>,
    pub(crate) types: &'a [DType],
    pub(crate) shapes: OutputShapes<'a>,
    pub(crate) memory: &'a mut dyn Memory,
    /// The plan wants output 0 in the buffer of input 0.
    pub(crate) in_place: bool,
}

/// The shapes of a running node's outputs.
pub(crate) enum OutputShapes<'a> {
    /// As the plan says.
    Planned(&'a [Shape]),
    /// As what arrived says; `None` where only the kernel will know.
    Inferred(SmallVec<[Option<Shape>; 2]>),
}

impl OutputShapes<'_> {
    fn get(&self, o: usize) -> Result<&Shape> {
        let known = match self {
            OutputShapes::Planned(shapes) => shapes.get(o),
            OutputShapes::Inferred(shapes) => shapes.get(o).and_then(Option::as_ref),
        };
        known.ok_or_else(|| Error::internal(format!("the shape of output {o} is not known before it is computed")))
    }
}

impl Inputs {
    /// The number of inputs.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no inputs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Input `i`.
    pub fn value(&self, i: usize) -> Result<&Value> {
        match self.0.get(i) {
            Some(Slot::Value(value)) => Ok(value),
            _ => Err(Error::internal(format!("input {i} has no value"))),
        }
    }

    /// The elements of input `i`.
    pub fn slice<T: Element>(&self, i: usize) -> Result<&[T]> {
        self.value(i)?.as_slice()
    }

    /// The elements of all inputs.
    pub fn slices<T: Element>(&self) -> Result<SmallVec<[&[T]; 4]>> {
        let mut slices = SmallVec::new();
        for i in 0..self.len() {
            slices.push(self.slice(i)?);
        }
        Ok(slices)
    }

    /// The shape of input `i`.
    pub fn shape(&self, i: usize) -> Result<&Shape> {
        self.value(i).map(Value::shape)
    }

    /// The variable that input `i` is.
    pub fn variable(&self, i: usize) -> Result<&Arc<VariableCell>> {
        match self.0.get(i) {
            Some(Slot::Variable(cell)) => Ok(cell),
            _ => Err(Error::internal(format!("input {i} is not a variable"))),
        }
    }

    /// What the handle at input `i` stands for.
    pub fn state<T: State>(&self, i: usize) -> Result<Arc<T>> {
        let Some(Slot::State(state)) = self.0.get(i) else {
            return Err(Error::invalid_argument(format!("input {i} is no handle of what the operation works on")));
        };
        let state: Arc<dyn Any + Send + Sync> = state.clone();
        state.downcast().map_err(|_| Error::invalid_argument("a handle stands for something else than is asked for"))
    }

    /// Whether input `i` lies in a branch that is not taken.
    pub fn is_dead(&self, i: usize) -> bool {
        matches!(self.0.get(i), Some(Slot::Dead))
    }

    /// Input `i`, which the kernel will not need again.
    pub fn take(&mut self, i: usize) -> Result<Value> {
        match self.0.get_mut(i).map(std::mem::take) {
            Some(Slot::Value(value)) => Ok(value),
            _ => Err(Error::internal(format!("input {i} has no value"))),
        }
    }
}

impl Outputs<'_> {
    /// The shape of output `o`, which inference found.
    pub fn shape(&self, o: usize) -> Result<&Shape> {
        self.shapes.get(o)
    }

    /// The elements of output `o`, to be written. What they hold before is of no account, unless the output was
    /// [taken over](KernelCtx::take_over) from an input.
    pub fn slice<T: Element>(&mut self, o: usize) -> Result<&mut [T]> {
        self.provide(o)?;
        self.slots.get_mut(o).map_or_else(|| Err(no_output(o)), elements)
    }

    /// The elements of the first two outputs.
    pub fn pair<T: Element, U: Element>(&mut self) -> Result<(&mut [T], &mut [U])> {
        self.provide(0)?;
        self.provide(1)?;
        match self.slots.as_mut_slice() {
            [first, second, ..] => Ok((elements(first)?, elements(second)?)),
            _ => Err(no_output(1)),
        }
    }

    /// The elements of all outputs.
    pub fn slices<T: Element>(&mut self) -> Result<SmallVec<[&mut [T]; 4]>> {
        for o in 0..self.slots.len() {
            self.provide(o)?;
        }
        let mut slices = SmallVec::new();
        for slot in &mut self.slots {
            slices.push(elements(slot)?);
        }
        Ok(slices)
    }

    fn provide(&mut self, o: usize) -> Result<()> {
        if let Some(Slot::Empty) = self.slots.get(o) {
            let dtype = *self.types.get(o).ok_or_else(|| no_output(o))?;
            let value = self.memory.allocate(o, dtype, self.shapes.get(o)?)?;
            self.set(o, value);
        }
        Ok(())
    }

    /// Gives output `o` a value that exists already.
    pub fn set(&mut self, o: usize, value: Value) {
        if let Some(slot) = self.slots.get_mut(o) {
            *slot = Slot::Value(value);
        }
    }

    /// Says that output `o` lies in a branch that is not taken.
    pub fn set_dead(&mut self, o: usize) {
        if let Some(slot) = self.slots.get_mut(o) {
            *slot = Slot::Dead;
        }
    }

    /// Gives output `o` a handle.
    pub fn set_state(&mut self, o: usize, state: Arc<dyn State>) {
        if let Some(slot) = self.slots.get_mut(o) {
            *slot = Slot::State(state);
        }
    }

    /// Gives output `o` a variable.
    pub fn set_variable(&mut self, o: usize, cell: Arc<VariableCell>) {
        if let Some(slot) = self.slots.get_mut(o) {
            *slot = Slot::Variable(cell);
        }
    }
}

fn no_output(o: usize) -> Error {
    Error::internal(format!("there is no output {o}"))
}

fn elements<T: Element>(slot: &mut Slot) -> Result<&mut [T]> {
    match slot {
        Slot::Value(value) => value.make_mut(),
        _ => Err(Error::internal("an output is not a value")),
    }
}

impl KernelCtx<'_> {
    /// How inputs `a` and `b` lie under output 0, to which they are broadcast.
    pub(crate) fn broadcast(&self, a: usize, b: usize) -> Result<Broadcast> {
        Ok(Broadcast::new(self.inputs.shape(a)?, self.inputs.shape(b)?, self.outputs.shape(0)?))
    }

    /// Makes the memory of input `i` that of output `o`, if nobody else needs it and it fits. Then the output's elements
    /// start as the input's, and the input is gone. A buffer that the plan gives out changes hands only where the plan
    /// says so.
    pub fn take_over(&mut self, i: usize, o: usize) -> bool {
        let (Some(Slot::Value(value)), Ok(shape)) = (self.inputs.0.get_mut(i), self.outputs.shape(o)) else {
            return false;
        };
        if matches!(value.home(), Home::Planned(_)) && !(self.outputs.in_place && (i, o) == (0, 0)) {
            return false;
        }
        if Some(&value.dtype()) != self.outputs.types.get(o) || value.shape() != shape || !value.has_sole_owner() {
            return false;
        }
        if let Ok(value) = self.inputs.take(i) {
            self.outputs.set(o, value);
        }
        true
    }

    /// Passes input `i` on as output `o` in the output's shape. Nothing is copied.
    pub fn pass_on(&mut self, i: usize, o: usize) -> Result<()> {
        if let Some(Slot::Variable(cell)) = self.inputs.0.get(i) {
            self.outputs.set_variable(o, Arc::clone(cell));
            return Ok(());
        }
        if let Some(Slot::State(state)) = self.inputs.0.get(i) {
            self.outputs.set_state(o, Arc::clone(state));
            return Ok(());
        }
        let value = self.inputs.take(i)?;
        let value = match self.outputs.shape(o) {
            Ok(shape) if shape != value.shape() => value.reshaped(shape.clone())?,
            _ => value,
        };
        self.outputs.set(o, value);
        Ok(())
    }
}
