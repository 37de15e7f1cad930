//! GraphDef → Graph: whatever its operations are, known here or not.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::panic::Location;
use std::sync::Arc;

use smallvec::SmallVec;

use super::attrs::attr_of;
use super::producer;
use super::source::{GraphSource, ImportOptions, Imported};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::format::proto::{GraphDef, NodeDef};
use crate::graph::{Attr, AttrList, Attrs, Fact, Graph, Node, NodeId, Operation, Port, Remarks, Tensor, here};
use crate::op::{AttrReader, OpDef, complete_attrs, infer_outputs, input_types, output_facts};
use crate::ops;
use crate::shape::PartialShape;

/// The version of TensorFlow's graphs that we read: that of TensorFlow 2.19.
const CONSUMER: i32 = 2129;

impl Graph {
    /// Adds the nodes of a graph to this one, all or none, and gives back what `options` asks for.
    /// TF: `tf.import_graph_def`.
    ///
    /// `source` is a [`GraphDef`], its bytes, or the path of a file. Operations that are not known here are added too:
    /// they are written again as they came, and a run that needs them fails and lists them. Attributes that are missing
    /// get their defaults. What the file claims of shapes (`_output_shapes`) is kept and not believed.
    ///
    /// Errors name the node: a name that is not one or is there twice, an input that is not there, a wrong attribute, a
    /// cycle without a `NextIteration`, a graph that only later versions can read, an `input_map` or `return_elements`
    /// with names that the file does not have.
    #[track_caller]
    pub fn import_graph_def(&self, source: impl GraphSource, options: ImportOptions) -> Result<Vec<Imported>> {
        let line = here();
        source.with_graph_def(|def| Import::new(self, def, &options, line)?.run())
    }
}

/// One import under way.
struct Import<'a> {
    graph: &'a Graph,
    def: &'a GraphDef,
    options: &'a ImportOptions,
    line: &'static Location<'static>,
    /// The place of each node of the file.
    places: HashMap<&'a str, usize>,
    /// How many nodes the graph had before.
    base: usize,
    /// The names of the nodes in the graph.
    names: Vec<Arc<str>>,
    map: HashMap<&'a str, Tensor>,
    /// The most outputs that anybody reads, for nodes that do not say how many there are.
    read: Vec<u32>,
    /// What is known of the outputs of each node that was looked at.
    facts: Vec<SmallVec<[Fact; 1]>>,
}

/// An input as the file writes it.
#[derive(Clone, Copy)]
enum Input<'a> {
    Data(&'a str, u32),
    Control(&'a str),
}

impl<'a> Input<'a> {
    fn parse(text: &'a str) -> Input<'a> {
        if let Some(control) = text.strip_prefix('^') {
            return Input::Control(control);
        }
        match text.rsplit_once(':').and_then(|(name, output)| Some((name, output.parse().ok()?))) {
            Some((name, output)) => Input::Data(name, output),
            None => Input::Data(text, 0),
        }
    }

    fn name(self) -> &'a str {
        match self {
            Input::Data(name, _) | Input::Control(name) => name,
        }
    }
}

/// No node of an unknown operation has more outputs.
const MOST_OUTPUTS: u32 = 1 << 16;

impl<'a> Import<'a> {
    fn new(
        graph: &'a Graph,
        def: &'a GraphDef,
        options: &'a ImportOptions,
        line: &'static Location<'static>,
    ) -> Result<Self> {
        check_versions(def)?;
        let mut places = HashMap::with_capacity(def.node.len());
        for (i, node) in def.node.iter().enumerate() {
            if places.insert(node.name.as_str(), i).is_some() {
                return Err(Error::invalid_argument("there are two nodes of this name").at(&node.name, None));
            }
        }
        let mut read = vec![1; def.node.len()];
        for node in &def.node {
            for input in &node.input {
                if let Input::Data(name, output) = Input::parse(input)
                    && let Some(&place) = places.get(name)
                {
                    if output >= MOST_OUTPUTS {
                        return Err(no_input(input).at(&node.name, None));
                    }
                    read[place] = read[place].max(output + 1);
                }
            }
        }
        let map = options.input_map.iter().map(|(name, tensor)| (name.strip_suffix(":0").unwrap_or(name), *tensor));
        let mut import = Import {
            graph,
            def,
            options,
            line,
            places,
            base: graph.len(),
            names: Vec::new(),
            map: map.collect(),
            read,
            facts: vec![SmallVec::new(); def.node.len()],
        };
        import.check_options()?;
        import.names = import.new_names()?;
        Ok(import)
    }

    fn run(mut self) -> Result<Vec<Imported>> {
        let mut nodes: Vec<Option<Node>> = self.def.node.iter().map(|_| None).collect();
        for place in self.order()? {
            let def = &self.def.node[place];
            let node = self.node(place, def).map_err(|e| e.retitled(&def.op).at(&def.name, Some(self.line)))?;
            nodes[place] = Some(node);
        }
        let mut nodes: Vec<Node> = nodes.into_iter().flatten().collect();
        for (node, facts) in nodes.iter_mut().zip(self.facts) {
            node.outputs = facts;
        }
        let shift = self.graph.insert_all(self.base, nodes)?;
        self.graph.add_origin(self.def, self.base == 0);
        let first = self.base + shift;
        self.graph.adopt_imported(first..first + self.def.node.len(), &self.options.prefix, self.line);
        let place = |name: &str| self.places.get(name).map(|place| self.base + shift + place);
        let element = |name: &String| {
            let operation = |name| place(name).map(|id| Operation::new(self.graph, NodeId(id as u32)));
            let found = match Input::parse(name) {
                Input::Data(node, output) if name.contains(':') => {
                    operation(node).map(|op| Imported::Tensor(op.output(output)))
                }
                _ => operation(name).map(Imported::Operation),
            };
            found.ok_or_else(|| Error::not_found(format!("the graph has no '{name}' to give back")))
        };
        self.options.return_elements.iter().map(element).collect()
    }

    /// An error if the options name what the file does not have.
    fn check_options(&self) -> Result<()> {
        let used: HashSet<&str> =
            self.def.node.iter().flat_map(|node| &node.input).map(|input| canonical(input)).collect();
        for (name, tensor) in &self.options.input_map {
            if !used.contains(canonical(name)) {
                return Err(Error::invalid_argument(format!("input_map: no node of the graph reads '{name}'")));
            }
            if tensor.graph()? != *self.graph {
                return Err(Error::invalid_argument(format!("input_map: '{}' is of another graph", tensor.name())));
            }
        }
        for name in &self.options.return_elements {
            let known = match Input::parse(name) {
                Input::Data(node, _) if name.contains(':') => self.places.contains_key(node),
                _ => self.places.contains_key(name.as_str()),
            };
            if !known {
                return Err(Error::invalid_argument(format!("return_elements: the graph has no '{name}'")));
            }
        }
        Ok(())
    }

    /// The name of each node in the graph: prefixed, and with a number if it is taken.
    fn new_names(&self) -> Result<Vec<Arc<str>>> {
        let prefix = &self.options.prefix;
        let full =
            |node: &NodeDef| if prefix.is_empty() { node.name.clone() } else { format!("{prefix}/{}", node.name) };
        let wanted: Vec<String> = self.def.node.iter().map(full).collect();
        self.graph.names_for_import(wanted).map_err(|e| e.at_line("", Some(self.line.to_string())))
    }

    /// The places of the nodes, each after its inputs; those written first come first where there is a choice. A loop
    /// may come back through a `NextIteration`.
    fn order(&self) -> Result<Vec<usize>> {
        let count = self.def.node.len();
        let mut waits = vec![0usize; count];
        let mut followers = vec![Vec::new(); count];
        for (i, node) in self.def.node.iter().enumerate() {
            for input in &node.input {
                let source = self.places.get(Input::parse(input).name());
                let source = source.ok_or_else(|| no_input(input).at(&node.name, Some(self.line)))?;
                if !matches!(self.def.node[*source].op.as_str(), "NextIteration" | "RefNextIteration") {
                    waits[i] += 1;
                    followers[*source].push(i);
                }
            }
        }
        let mut ready: BinaryHeap<Reverse<usize>> = (0..count).filter(|&i| waits[i] == 0).map(Reverse).collect();
        let mut order = Vec::with_capacity(count);
        while let Some(Reverse(i)) = ready.pop() {
            order.push(i);
            for &next in &followers[i] {
                waits[next] -= 1;
                if waits[next] == 0 {
                    ready.push(Reverse(next));
                }
            }
        }
        match waits.iter().position(|&n| n > 0) {
            Some(stuck) => {
                let error = Error::invalid_argument("the graph has a cycle");
                Err(error.at(&self.def.node[stuck].name, Some(self.line)))
            }
            None => Ok(order),
        }
    }

    fn id(&self, place: usize) -> NodeId {
        NodeId((self.base + place) as u32)
    }

    /// The node of the graph for node `place` of the file; what is known of its outputs goes to `facts`.
    fn node(&mut self, place: usize, def: &NodeDef) -> Result<Node> {
        let mut attrs = Attrs::new();
        for (name, attr) in &def.attr {
            let attr = attr_of(attr).map_err(|e| e.retitled(&format!("attribute {name}")))?;
            attrs.insert(Arc::from(name.as_str()), attr);
        }
        let (inputs, controls) = self.inputs(def)?;
        let record = ops::lookup(&def.op);
        self.facts[place] = match record {
            Some(op) => self.known_outputs(op, &mut attrs, &inputs)?,
            None => foreign_outputs(&attrs, self.read[place]),
        };
        if producer(self.def) < 24 && def.op == "Placeholder" {
            legacy_placeholder(&mut self.facts[place]);
        }
        self.rename_classes(&mut attrs);
        let remarks =
            Remarks { debug_info: def.experimental_debug_info.clone(), full_type: def.experimental_type.clone() };
        Ok(Node {
            name: self.names[place].clone(),
            op: record
                .map_or_else(|| Ok(Arc::from(def.op.as_str())), |op| op.signature().map(|sig| sig.name.clone()))?,
            inputs,
            controls,
            attrs,
            outputs: SmallVec::new(),
            device: def.device.as_str().into(),
            location: self.line,
            remarks: (remarks != Remarks::default()).then(|| Arc::new(remarks)),
            context: None,
        })
    }

    fn inputs(&self, def: &NodeDef) -> Result<(SmallVec<[Port; 2]>, Vec<NodeId>)> {
        let (mut inputs, mut controls) = (SmallVec::new(), Vec::new());
        for text in &def.input {
            if let Some(tensor) = self.map.get(text.strip_suffix(":0").unwrap_or(text)) {
                inputs.push(tensor.port());
                continue;
            }
            match Input::parse(text) {
                Input::Control(name) => {
                    controls.push(self.id(*self.places.get(name).ok_or_else(|| no_input(text))?));
                }
                Input::Data(..) if !controls.is_empty() => {
                    return Err(Error::invalid_argument(format!("input '{text}' comes after control inputs")));
                }
                Input::Data(name, output) => {
                    inputs.push(Port { node: self.id(*self.places.get(name).ok_or_else(|| no_input(text))?), output });
                }
            }
        }
        if def.input.is_empty() {
            controls.extend(self.options.control_dependencies.iter().map(|operation| operation.node));
        }
        Ok((inputs, controls))
    }

    /// What is known of an input. Nothing, if its node comes later: that is the way back of a loop.
    fn fact(&self, port: Port) -> Result<Fact> {
        let Some(place) = port.node.index().checked_sub(self.base) else {
            let state = self.graph.lock();
            let fact = state.node(port.node).and_then(|node| node.outputs.get(port.output as usize).cloned());
            return fact.ok_or_else(|| Error::internal("a mapped input does not exist"));
        };
        let facts = &self.facts[place];
        if facts.is_empty() && matches!(self.def.node[place].op.as_str(), "NextIteration" | "RefNextIteration") {
            return Ok(unknown());
        }
        facts.get(port.output as usize).cloned().ok_or_else(|| {
            let name = &self.def.node[place].name;
            Error::invalid_argument(format!("'{name}' has {} outputs, and none is number {}", facts.len(), port.output))
        })
    }

    /// The outputs of a node of a known operation. What it does with a rare data type or an attribute of a later version
    /// is left to the run.
    fn known_outputs(&mut self, op: &'static OpDef, attrs: &mut Attrs, inputs: &[Port]) -> Result<SmallVec<[Fact; 1]>> {
        let sig = op.signature()?;
        let beyond = attrs.iter().any(|(name, attr)| sig.attr(name).is_some_and(|def| def.kind.is_beyond(attr)));
        if beyond {
            sig.add_defaults(attrs);
            return output_facts(sig, attrs).or_else(|_| Ok(SmallVec::from_elem(unknown(), sig.outputs.len())));
        }
        complete_attrs(sig, attrs)?;
        let facts = inputs.iter().map(|port| self.fact(*port)).collect::<Result<SmallVec<[Fact; 4]>>>()?;
        crate::op::check_inputs(sig, attrs, &facts)?;
        self.learn(inputs, &input_types(sig, attrs)?);
        match infer_outputs(op, attrs, &facts) {
            Ok(outputs) => Ok(outputs),
            Err(e) if e.kind() == ErrorKind::Unimplemented => output_facts(sig, attrs),
            Err(_) if facts.iter().any(|fact| fact.dtype == DType::Invalid) => output_facts(sig, attrs),
            Err(e) => Err(e),
        }
    }

    /// Outputs of unknown operations are what their readers take.
    fn learn(&mut self, inputs: &[Port], wanted: &[DType]) {
        for (port, dtype) in inputs.iter().zip(wanted) {
            let place = port.node.index().checked_sub(self.base);
            let facts = place.and_then(|place| self.facts.get_mut(place));
            if let Some(fact) = facts.and_then(|facts| facts.get_mut(port.output as usize))
                && fact.dtype == DType::Invalid
            {
                fact.dtype = *dtype;
            }
        }
    }

    /// Colocation classes name nodes.
    fn rename_classes(&self, attrs: &mut Attrs) {
        let Some(Attr::List(AttrList::Str(classes))) = attrs.get_mut("_class") else { return };
        for class in classes {
            let name = std::str::from_utf8(class).ok().and_then(|class| class.strip_prefix("loc:@"));
            if let Some(&place) = name.and_then(|name| self.places.get(name)) {
                *class = format!("loc:@{}", self.names[place]).into_bytes().into();
            }
        }
    }
}

/// An input's name without the number of a first output.
fn canonical(input: &str) -> &str {
    input.strip_suffix(":0").unwrap_or(input)
}

fn no_input(input: &str) -> Error {
    Error::invalid_argument(format!("input '{input}' does not exist"))
}

fn unknown() -> Fact {
    Fact::new(DType::Invalid, PartialShape::unknown())
}

/// The outputs of a node whose operation is not known: as many as are read, of the types that its attributes say.
fn foreign_outputs(attrs: &Attrs, read: u32) -> SmallVec<[Fact; 1]> {
    /// Where operations with several outputs list their types.
    const LISTS: [&str; 5] = ["output_types", "component_types", "Tout", "dtypes", "Tdense"];
    let reader = AttrReader(attrs);
    let listed = LISTS.iter().find_map(|name| reader.dtypes(name).ok()).unwrap_or_default();
    let count = (read as usize).max(listed.len());
    (0..count).map(|i| listed.get(i).map_or_else(unknown, |dtype| Fact { dtype: *dtype, ..unknown() })).collect()
}

/// Before version 24 a placeholder of no dimensions was one of any shape.
fn legacy_placeholder(facts: &mut [Fact]) {
    for fact in facts.iter_mut().filter(|fact| fact.shape.rank() == Some(0)) {
        fact.shape = PartialShape::unknown();
    }
}

/// An error if `def` was written for later versions only.
fn check_versions(def: &GraphDef) -> Result<()> {
    let Some(versions) = &def.versions else { return Ok(()) };
    if versions.min_consumer > CONSUMER {
        return Err(Error::invalid_argument(format!(
            "the graph is for readers of version {} or later; this is one of version {CONSUMER}",
            versions.min_consumer
        )));
    }
    if versions.bad_consumers.contains(&CONSUMER) {
        return Err(Error::invalid_argument(format!("the graph is not for readers of version {CONSUMER}")));
    }
    Ok(())
}
