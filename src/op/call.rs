//! Building a node: arguments become inputs, attributes are completed, shapes are inferred, errors are recorded.

use std::panic::Location;
use std::sync::Arc;

use smallvec::SmallVec;

use super::{ArgType, Argument, InferCtx, OpDef, Signature};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{
    Attr, AttrList, Attrs, Fact, Graph, Node, NodeId, Operation, Port, Tensor, Written, get_default_graph, here,
};
use crate::shape::PartialShape;
use crate::value::{IntoValue, Literal, Value};

/// An argument of an operation: a tensor, something that becomes a constant, or a list of these.
#[derive(Clone, Debug)]
pub enum Arg {
    /// A tensor that is there already.
    Tensor(Tensor),
    /// A value that becomes a `Const` node named for the argument.
    Literal(Result<Literal>),
    /// The handle of a variable, whose value is read in the scope of the operation that takes it.
    Handle(Tensor),
    /// For an argument of several tensors.
    List(Vec<Arg>),
}

/// What can stand where a tensor is wanted: tensors, variables, and all that [`IntoValue`] takes.
pub trait IntoTensor {
    /// The argument.
    fn into_arg(self) -> Arg;
}

impl IntoTensor for Tensor {
    fn into_arg(self) -> Arg {
        Arg::Tensor(self)
    }
}

impl IntoTensor for &Tensor {
    fn into_arg(self) -> Arg {
        Arg::Tensor(*self)
    }
}

impl IntoTensor for Arg {
    fn into_arg(self) -> Arg {
        self
    }
}

impl<T: IntoValue> IntoTensor for T {
    fn into_arg(self) -> Arg {
        Arg::Literal(self.into_literal())
    }
}

impl Arg {
    /// A list argument of these tensors.
    pub fn list<T: IntoTensor>(items: impl IntoIterator<Item = T>) -> Arg {
        Arg::List(items.into_iter().map(IntoTensor::into_arg).collect())
    }

    /// The tensor, if it is one.
    pub fn tensor(&self) -> Option<Tensor> {
        match self {
            Arg::Tensor(tensor) => Some(*tensor),
            _ => None,
        }
    }

    /// The data type, unless it is a literal or a list.
    pub(crate) fn dtype(&self) -> Result<Option<DType>> {
        match self {
            Arg::Tensor(tensor) => tensor.dtype().map(Some),
            Arg::Handle(handle) => Ok(handle.fact().and_then(|fact| Some(fact.handle?.dtype))),
            Arg::Literal(_) | Arg::List(_) => Ok(None),
        }
    }

    /// The graph of the first tensor among `args`, or else the default graph.
    pub fn graph_of(args: &[Arg]) -> Result<Graph> {
        let mut pending: Vec<&Arg> = args.iter().rev().collect();
        while let Some(arg) = pending.pop() {
            match arg {
                Arg::Tensor(tensor) | Arg::Handle(tensor) => return tensor.graph(),
                Arg::List(items) => pending.extend(items.iter().rev()),
                Arg::Literal(_) => {}
            }
        }
        Ok(get_default_graph())
    }

    fn parts(&self) -> &[Arg] {
        if let Arg::List(items) = self { items } else { std::slice::from_ref(self) }
    }

    fn is_poisoned(&self) -> bool {
        matches!(self, Arg::Tensor(tensor) | Arg::Handle(tensor) if tensor.is_poisoned())
    }
}

/// A node under construction.
#[must_use = "nothing is built until `single`, `outputs` or `operation` is called"]
pub struct Call {
    op: &'static OpDef,
    args: Vec<Arg>,
    attrs: Vec<(&'static str, Attr)>,
    name: Option<String>,
    graph: Option<Graph>,
    location: &'static Location<'static>,
}

/// A node that was built, or the silent stand-in of one that could not be.
#[derive(Clone, Debug)]
pub struct Built {
    graph: Graph,
    node: NodeId,
    outputs: u32,
}

impl Built {
    /// The operation.
    pub fn operation(&self) -> Operation {
        Operation::new(&self.graph, self.node)
    }

    /// Output `i`.
    pub fn output(&self, i: u32) -> Tensor {
        if i >= self.outputs { Tensor::poisoned(&self.graph) } else { self.operation().output(i) }
    }

    /// All outputs.
    pub fn outputs(&self) -> Vec<Tensor> {
        (0..self.outputs).map(|i| self.output(i)).collect()
    }
}

impl Call {
    #[track_caller]
    pub(super) fn new(op: &'static OpDef, args: Vec<Arg>) -> Self {
        let location = here();
        Call { op, args, attrs: Vec::new(), name: None, graph: None, location }
    }

    /// Sets an attribute.
    pub fn attr(mut self, name: &'static str, value: impl Into<Attr>) -> Self {
        self.attrs.push((name, value.into()));
        self
    }

    /// The node's name instead of the operation's, inside the current scope and made unique; with a closing slash it is
    /// a full name as it is.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The graph to build in, for a node without tensor inputs.
    pub fn graph(mut self, graph: &Graph) -> Self {
        self.graph = Some(graph.clone());
        self
    }

    /// Builds the node and gives its first output.
    pub fn single(self) -> Tensor {
        self.build().output(0)
    }

    /// Builds the node and gives the operation.
    pub fn operation(self) -> Operation {
        self.build().operation()
    }

    /// Builds the node. An error is recorded in the graph with the caller's line.
    pub fn build(self) -> Built {
        let graph = match &self.graph {
            Some(graph) => Ok(graph.clone()),
            None => Arg::graph_of(&self.args),
        };
        let graph = match graph {
            Ok(graph) => graph,
            Err(error) => {
                // The inputs' graph is gone; the complaint goes where the user will look next.
                let graph = get_default_graph();
                graph.record(error.at(self.op.name(), Some(self.location)));
                return Built { graph, node: NodeId::POISON, outputs: 0 };
            }
        };
        if self.args.iter().flat_map(Arg::parts).any(Arg::is_poisoned) {
            return Built { graph, node: NodeId::POISON, outputs: 0 };
        }
        let location = self.location;
        let name = graph.scope_name_at(self.name.as_deref().unwrap_or(self.op.name()), location);
        let title = self.op.name();
        match self.build_in(&graph, &name) {
            Ok((node, outputs)) => Built { graph, node, outputs },
            Err(error) => {
                let error = if error.node().is_none() { error.retitled(title) } else { error };
                graph.record(error.at(&name, Some(location)));
                Built { graph, node: NodeId::POISON, outputs: 0 }
            }
        }
    }

    fn build_in(self, graph: &Graph, name: &Arc<str>) -> Result<(NodeId, u32)> {
        let sig = self.op.signature()?;
        let mut attrs: Attrs = self.attrs.into_iter().map(|(name, attr)| (Arc::from(name), attr)).collect();
        if self.args.len() != sig.inputs.len() {
            return Err(Error::invalid_argument(format!(
                "takes {} arguments, not {}",
                sig.inputs.len(),
                self.args.len()
            )));
        }
        types_from_tensors(sig, &self.args, &mut attrs)?;
        let mut inputs = SmallVec::new();
        for (argument, arg) in sig.inputs.iter().zip(self.args) {
            let builder = ArgBuilder { graph, sig, scope: name, location: self.location };
            builder.inputs(argument, arg, &mut attrs, &mut inputs)?;
        }
        complete_attrs(sig, &mut attrs)?;
        let facts = facts_of(graph, &inputs)?;
        let outputs = infer_outputs(self.op, &attrs, &facts).map_err(|e| with_shapes(e, &facts))?;
        let count = outputs.len() as u32;
        // What takes a variable itself belongs where the variable is.
        let variables = sig.inputs.iter().filter(|argument| argument.is_ref).count();
        let _colocation: Vec<_> = inputs
            .iter()
            .take(variables)
            .map(|port: &Port| graph.colocate_with(Operation::new(graph, port.node)))
            .collect();
        let node = Node {
            name: name.clone(),
            op: sig.name.clone(),
            inputs,
            controls: Vec::new(),
            attrs,
            outputs,
            device: "".into(),
            location: self.location,
            remarks: None,
            context: None,
        };
        Ok((graph.add(node)?, count))
    }
}

/// Input shapes help with any error of inference that does not show them already.
fn with_shapes(error: Error, facts: &[Fact]) -> Error {
    if facts.is_empty() {
        return error;
    }
    let inputs: Vec<String> = facts.iter().map(|fact| format!("{} {}", fact.dtype, fact.shape)).collect();
    error.note(format!("inputs: {}", inputs.join(", ")))
}

fn facts_of(graph: &Graph, inputs: &[Port]) -> Result<SmallVec<[Fact; 4]>> {
    let state = graph.lock();
    let fact = |port: &Port| state.node(port.node)?.outputs.get(port.output as usize).cloned();
    inputs.iter().map(|port| fact(port).ok_or_else(|| Error::internal("an input does not exist"))).collect()
}

/// An error unless inputs with these facts are what the signature takes. What is not known may be anything.
pub(crate) fn check_inputs(sig: &Signature, attrs: &Attrs, facts: &[Fact]) -> Result<()> {
    let mut rest = facts.iter();
    for argument in &sig.inputs {
        for wanted in argument.types(super::AttrReader(attrs))? {
            let found =
                rest.next().ok_or_else(|| Error::invalid_argument(format!("input {} is missing", argument.name)))?;
            if found.dtype != DType::Invalid && (found.dtype != wanted || (argument.is_ref && !found.is_ref)) {
                let what = if argument.is_ref { "a variable of " } else { "" };
                let name = &argument.name;
                return Err(Error::invalid_argument(format!("input {name} is {}, not {what}{wanted}", found.dtype)));
            }
        }
    }
    match rest.count() {
        0 => Ok(()),
        more => Err(Error::invalid_argument(format!("{more} inputs too many"))),
    }
}

/// The data type of each input.
pub(crate) fn input_types(sig: &Signature, attrs: &Attrs) -> Result<Vec<DType>> {
    let types = sig.inputs.iter().map(|argument| argument.types(super::AttrReader(attrs)));
    Ok(types.collect::<Result<Vec<_>>>()?.concat())
}

/// What is known of the outputs of a node of `op`.
pub(crate) fn infer_outputs(op: &'static OpDef, attrs: &Attrs, inputs: &[Fact]) -> Result<SmallVec<[Fact; 1]>> {
    let mut outputs = output_facts(op.signature()?, attrs)?;
    (op.infer)(&mut InferCtx { op, attrs, inputs, outputs: &mut outputs })?;
    Ok(outputs)
}

/// The outputs with their data types, as the attributes say them.
pub(crate) fn output_facts(sig: &Signature, attrs: &Attrs) -> Result<SmallVec<[Fact; 1]>> {
    let mut outputs = SmallVec::new();
    for output in &sig.outputs {
        let fact = |dtype| Fact { is_ref: output.is_ref, ..Fact::new(dtype, PartialShape::unknown()) };
        outputs.extend(output.types(super::AttrReader(attrs))?.into_iter().map(fact));
    }
    Ok(outputs)
}

/// Sets the type attributes that the tensors among `args` decide, so that literals can follow them.
fn types_from_tensors(sig: &Signature, args: &[Arg], attrs: &mut Attrs) -> Result<()> {
    for (argument, arg) in sig.inputs.iter().zip(args) {
        let ArgType::Attr(attr) = &argument.dtype else { continue };
        for part in arg.parts() {
            if let Some(dtype) = part.dtype()?
                && !attrs.contains_key(attr)
            {
                attrs.insert(attr.clone(), dtype.into());
            }
        }
    }
    Ok(())
}

/// Fills in defaults and checks every attribute of the signature.
pub(crate) fn complete_attrs(sig: &Signature, attrs: &mut Attrs) -> Result<()> {
    sig.add_defaults(attrs);
    sig.check_attrs(attrs)
}

struct ArgBuilder<'a> {
    graph: &'a Graph,
    sig: &'static Signature,
    scope: &'a Arc<str>,
    location: &'static Location<'static>,
}

impl ArgBuilder<'_> {
    fn inputs(&self, argument: &Argument, arg: Arg, attrs: &mut Attrs, inputs: &mut SmallVec<[Port; 2]>) -> Result<()> {
        if let (None, ArgType::Fixed(_) | ArgType::Attr(_)) = (&argument.count, &argument.dtype) {
            inputs.push(self.input(argument, &argument.name, arg, attrs)?);
            return Ok(());
        }
        let Arg::List(items) = arg else {
            return Err(Error::invalid_argument(format!("argument {} must be a list", argument.name)));
        };
        if let Some(count) = &argument.count {
            attrs.insert(count.clone(), Attr::Int(items.len() as i64));
        }
        if let ArgType::List(attr) = &argument.dtype {
            attrs.insert(attr.clone(), Attr::List(AttrList::Empty));
        }
        for (i, item) in items.into_iter().enumerate() {
            inputs.push(self.input(argument, &format!("{}_{i}", argument.name), item, attrs)?);
        }
        Ok(())
    }

    fn input(&self, argument: &Argument, name: &str, arg: Arg, attrs: &mut Attrs) -> Result<Port> {
        let wanted = match &argument.dtype {
            ArgType::Fixed(dtype) => Some(*dtype),
            ArgType::Attr(attr) => {
                let known = attrs.get(attr).or_else(|| self.sig.attr(attr)?.default.as_ref());
                if let Some(Attr::Type(dtype)) = known { Some(*dtype) } else { None }
            }
            ArgType::List(_) => None,
        };
        let tensor = match arg {
            Arg::Tensor(tensor) => tensor,
            Arg::Literal(literal) => self.constant(name, literal?.resolve(wanted)?)?,
            Arg::Handle(handle) => {
                let full = self.graph.constant_name(self.scope, "ReadVariableOp", self.location);
                read_variable(self.graph, handle, full, self.location)?
            }
            Arg::List(_) => return Err(Error::invalid_argument(format!("argument {name} must be one tensor"))),
        };
        if tensor.graph != self.graph.key() {
            return Err(Error::invalid_argument(format!("argument {name} ('{}') is of another graph", tensor.name())));
        }
        let fact = tensor.fact().ok_or_else(|| Error::internal(format!("argument {name} does not exist")))?;
        if argument.is_ref && !fact.is_ref {
            return Err(Error::invalid_argument(format!(
                "argument {name} must be a variable, but '{}' is a value",
                tensor.name()
            )));
        }
        self.unify(argument, name, fact.dtype, attrs)?;
        Ok(tensor.port())
    }

    /// The type of an argument must be what the signature, or an earlier argument, says.
    fn unify(&self, argument: &Argument, name: &str, found: DType, attrs: &mut Attrs) -> Result<()> {
        let wrong = |wanted: DType| {
            Err(Error::invalid_argument(format!(
                "argument {name} is {found}, but {wanted} is needed here: convert it with `cast`"
            )))
        };
        match &argument.dtype {
            ArgType::Fixed(wanted) if *wanted != found => wrong(*wanted),
            ArgType::Fixed(_) => Ok(()),
            ArgType::List(attr) => {
                let types = super::AttrReader(attrs).dtypes(attr)?.iter().copied().chain([found]).collect();
                attrs.insert(attr.clone(), Attr::List(AttrList::Type(types)));
                Ok(())
            }
            ArgType::Attr(attr) => match attrs.get(attr) {
                Some(Attr::Type(wanted)) if *wanted != found => wrong(*wanted),
                Some(_) => Ok(()),
                None => {
                    attrs.insert(attr.clone(), found.into());
                    Ok(())
                }
            },
        }
    }

    fn constant(&self, name: &str, value: Value) -> Result<Tensor> {
        let full = self.graph.constant_name(self.scope, name, self.location);
        let node = constant_node(full, value.into(), self.location)?;
        let id = self.graph.add_constant(node)?;
        Ok(Tensor::new(self.graph, Port { node: id, output: 0 }))
    }
}

/// The tensor that `arg` is, or a constant called `name` with its value, of type `wanted` if it is flexible.
#[track_caller]
pub(crate) fn convert(arg: Arg, name: &str, wanted: Option<DType>) -> Tensor {
    let location = here();
    let literal = match arg {
        Arg::Tensor(tensor) => return tensor,
        Arg::Handle(handle) => return read_here(handle, location),
        Arg::Literal(literal) => literal,
        Arg::List(_) => Err(Error::invalid_argument(format!("{name} must be one tensor"))),
    };
    let graph = get_default_graph();
    constant_in(&graph, literal.and_then(|literal| literal.resolve(wanted)), name, location)
}

/// The value of the variable that `handle` stands for, read in the current scope.
fn read_here(handle: Tensor, location: &'static Location<'static>) -> Tensor {
    let graph = handle.graph().unwrap_or_else(|_| get_default_graph());
    let name = graph.scope_name_at("ReadVariableOp", location);
    read_variable(&graph, handle, name.clone(), location).unwrap_or_else(|error| {
        graph.record(error.retitled("ReadVariableOp").at(&name, Some(location)));
        Tensor::poisoned(&graph)
    })
}

/// A node called `name` that reads the variable that `handle` stands for.
fn read_variable(
    graph: &Graph,
    handle: Tensor,
    name: Arc<str>,
    location: &'static Location<'static>,
) -> Result<Tensor> {
    let known = handle.fact().and_then(|fact| fact.handle);
    let known = known.ok_or_else(|| Error::invalid_argument("a handle of an unknown variable"))?;
    let _anywhere = graph.colocate_with_nothing();
    let node = graph.add(Node {
        name,
        op: "ReadVariableOp".into(),
        inputs: SmallVec::from_iter([handle.port()]),
        controls: Vec::new(),
        attrs: [(Arc::from("dtype"), known.dtype.into())].into_iter().collect(),
        outputs: SmallVec::from_iter([Fact::new(known.dtype, known.shape.clone())]),
        device: "".into(),
        location,
        remarks: None,
        context: None,
    })?;
    Ok(Tensor::new(graph, Port { node, output: 0 }))
}

/// A constant called `name` in the current scope of `graph`, made unique; with a closing slash it is a full name.
pub(crate) fn constant_in(
    graph: &Graph,
    value: Result<Value>,
    name: &str,
    location: &'static Location<'static>,
) -> Tensor {
    let name = graph.scope_name_at(name, location);
    place_constant(graph, value.map(Attr::from), name, location)
}

/// A constant whose elements are all the same, under the full name `name`, written as TensorFlow writes it: once.
pub(crate) fn constant_full_of(
    graph: &Graph,
    value: Result<Value>,
    name: Arc<str>,
    location: &'static Location<'static>,
) -> Tensor {
    place_constant(graph, value.map(|value| Attr::Tensor(value, Written::Elements(1))), name, location)
}

fn place_constant(graph: &Graph, value: Result<Attr>, name: Arc<str>, location: &'static Location<'static>) -> Tensor {
    match value.and_then(|value| graph.add_constant(constant_node(name.clone(), value, location)?)) {
        Ok(node) => Tensor::new(graph, Port { node, output: 0 }),
        Err(error) => {
            graph.record(error.retitled("Const").at(&name, Some(location)));
            Tensor::poisoned(graph)
        }
    }
}

/// A `Const` node.
pub(crate) fn constant_node(name: Arc<str>, value: Attr, location: &'static Location<'static>) -> Result<Node> {
    let Attr::Tensor(array, _) = &value else { return Err(Error::internal("a constant is an array")) };
    let fact = Fact::of(array);
    let attrs = [(Arc::from("dtype"), array.dtype().into()), (Arc::from("value"), value)];
    Ok(Node {
        name,
        op: "Const".into(),
        inputs: SmallVec::new(),
        controls: Vec::new(),
        attrs: attrs.into_iter().collect(),
        outputs: SmallVec::from_iter([fact]),
        device: "".into(),
        location,
        remarks: None,
        context: None,
    })
}
