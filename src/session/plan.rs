//! The plan of a run: ordered steps with their kernels made, immutable and shared by all runs of one signature.

use std::collections::{HashMap, HashSet};
use std::panic::Location;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::graph::{Attr, Fact, Graph, Node, NodeId, Port, State};
use crate::kernels::parallel::ELEMENTWISE_CHUNK;
use crate::op::{Kernel, KernelFn, NodeInfo, OpDef};
use crate::ops;
use crate::optimize::{prune::prune, specialise::specialise};
use crate::shape::Shape;

/// What a run computes from what: the key under which its plan is kept.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Signature {
    pub(super) fetches: Vec<Port>,
    pub(super) targets: Vec<NodeId>,
    pub(super) feeds: Vec<(Port, Shape)>,
    /// Of the graph: nodes that changed since make a plan stale.
    pub(super) revision: u64,
}

pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// Steps that wait for nothing.
    pub(super) first: Vec<u32>,
    /// How often each value is read, fetches included.
    pub(super) uses: Vec<u32>,
    /// The value of each feed, in the order of the signature.
    pub(super) feeds: Vec<u32>,
    /// The value of each fetch, in the order of the signature.
    pub(super) fetches: Vec<u32>,
    /// Whether a run is worth the thread pool.
    pub(super) parallel: bool,
}

/// One node to run.
pub(super) struct Step {
    pub(super) info: NodeInfo,
    pub(super) run: Run,
    pub(super) location: &'static Location<'static>,
    pub(super) inputs: SmallVec<[Input; 4]>,
    /// The values of the outputs: consecutive from here on.
    pub(super) outputs: u32,
    /// The shapes of inputs and outputs if the plan knows all of them.
    pub(super) shapes: Option<Shapes>,
    /// Steps that wait for this one.
    pub(super) followers: Vec<u32>,
    /// How many steps this one waits for.
    pub(super) waits: u32,
    /// Whether it is worth a task of its own.
    pub(super) heavy: bool,
}

pub(super) enum Run {
    Fn(fn(&mut crate::op::KernelCtx) -> Result<()>),
    Made(KernelFn),
}

pub(super) struct Input {
    pub(super) value: u32,
    /// The edge carries a variable, and the operation wants its value.
    pub(super) read: bool,
    /// What the graph says of it.
    pub(super) fact: Fact,
}

pub(super) struct Shapes {
    pub(super) inputs: SmallVec<[Shape; 4]>,
    pub(super) outputs: SmallVec<[Shape; 2]>,
}

impl Plan {
    /// The plan for `signature`. Every unfed placeholder and every operation without a kernel is an error.
    pub(super) fn new(graph: &Graph, signature: &Signature) -> Result<Plan> {
        let state = graph.lock();
        let nodes = state.nodes();
        let fed: HashSet<Port> = signature.feeds.iter().map(|(port, _)| *port).collect();
        let wanted = signature.fetches.iter().filter(|port| !fed.contains(port)).map(|port| port.node);
        let order = prune(nodes, wanted.chain(signature.targets.iter().copied()), &fed)?;
        let ops = records(nodes, &order)?;
        // Making kernels and inferring shapes runs the operations' own functions: not under the lock.
        let nodes: Vec<Node> = order.iter().map(|id| nodes[id.index()].clone()).collect();
        let fed_facts = signature.feeds.iter().map(|(port, shape)| fed_fact(&state, *port, shape));
        let fed_facts = fed_facts.collect::<Result<HashMap<_, _>>>()?;
        drop(state);
        Builder { order: &order, nodes: &nodes, ops: &ops, fed: &fed_facts }.build(signature)
    }
}

fn fed_fact(state: &State, port: Port, shape: &Shape) -> Result<(Port, Fact)> {
    let fact = state.node(port.node).and_then(|node| node.outputs.get(port.output as usize));
    let fact = fact.ok_or_else(|| Error::internal("a fed output does not exist"))?;
    Ok((port, Fact::new(fact.dtype, shape.into())))
}

/// The record of each node's operation. All that is missing is one error.
fn records(nodes: &[Node], order: &[NodeId]) -> Result<Vec<&'static OpDef>> {
    let mut errors = Vec::new();
    let mut unknown: HashMap<&str, (usize, &Node)> = HashMap::new();
    let mut ops = Vec::with_capacity(order.len());
    for id in order {
        let node = &nodes[id.index()];
        match ops::lookup(&node.op) {
            Some(op) => {
                if let Kernel::None(reason) = op.kernel {
                    let what: Vec<String> = node.outputs.iter().map(|f| format!("{} {}", f.dtype, f.shape)).collect();
                    let error = Error::invalid_argument(format!("{} {} {reason}", node.op, what.join(", ")));
                    errors.push(error.at(&node.name, Some(node.location)));
                }
                ops.push(op);
            }
            None => unknown.entry(&node.op).or_insert((0, node)).0 += 1,
        }
    }
    let mut unknown: Vec<_> = unknown.into_iter().collect();
    unknown.sort_unstable_by_key(|(op, _)| *op);
    errors.extend(unknown.into_iter().map(|(op, (count, node))| {
        let error = Error::unimplemented(format!("no operation is called {op}; {count} nodes need it"));
        error.at(&node.name, Some(node.location))
    }));
    Error::all(errors).map_or(Ok(ops), Err)
}

struct Builder<'a> {
    order: &'a [NodeId],
    /// The nodes of `order`.
    nodes: &'a [Node],
    ops: &'a [&'static OpDef],
    fed: &'a HashMap<Port, Fact>,
}

impl Builder<'_> {
    fn build(&self, signature: &Signature) -> Result<Plan> {
        let facts = specialise(self.nodes, self.order, self.ops, self.fed)?;
        let mut values: HashMap<Port, u32> = HashMap::new();
        let feeds: Vec<u32> = (0..signature.feeds.len() as u32).collect();
        for ((port, _), &value) in signature.feeds.iter().zip(&feeds) {
            values.insert(*port, value);
        }
        let mut count = feeds.len() as u32;
        let mut steps = Vec::with_capacity(self.nodes.len());
        for (i, node) in self.nodes.iter().enumerate() {
            let outputs = count;
            for output in 0..node.outputs.len() as u32 {
                // A fed output of a step that runs for another reason is computed beside the feed and not read.
                values.entry(Port { node: self.order[i], output }).or_insert(count);
                count += 1;
            }
            steps.push(self.step(i, outputs, &values, &facts)?);
        }
        self.link(&mut steps);
        let value_of = |port: &Port| values.get(port).copied().ok_or_else(|| Error::internal("a fetch has no value"));
        let fetches = signature.fetches.iter().map(value_of).collect::<Result<Vec<_>>>()?;
        let mut uses = vec![0; count as usize];
        for value in steps.iter().flat_map(|step| &step.inputs).map(|input| input.value).chain(fetches.iter().copied())
        {
            if let Some(uses) = uses.get_mut(value as usize) {
                *uses += 1;
            }
        }
        let first = (0..steps.len() as u32).filter(|&i| steps[i as usize].waits == 0).collect();
        let parallel = steps.iter().any(|step| step.heavy);
        Ok(Plan { steps, first, uses, feeds, fetches, parallel })
    }

    fn step(&self, i: usize, outputs: u32, values: &HashMap<Port, u32>, facts: &HashMap<Port, Fact>) -> Result<Step> {
        let (node, op, id) = (&self.nodes[i], self.ops[i], self.order[i]);
        let info = NodeInfo {
            op,
            name: node.name.clone(),
            attrs: node.attrs.clone(),
            output_types: node.outputs.iter().map(|fact| fact.dtype).collect(),
        };
        let at_node = |e: Error| e.retitled(&node.op).at(&node.name, Some(node.location));
        let run = match op.kernel {
            Kernel::Run(run) => Run::Fn(run),
            Kernel::Make(make) => Run::Made(make(&info).map_err(at_node)?),
            Kernel::Elementwise(make) => Run::Made(info.dtype().and_then(make).map_err(at_node)?.alone()),
            Kernel::None(reason) => return Err(Error::internal(reason)),
        };
        let arguments = argument_refs(op, node)?;
        let input = |(port, is_ref): (&Port, bool)| {
            let fact = facts.get(port).cloned().ok_or_else(|| Error::internal("an input comes too late"))?;
            let value = values.get(port).copied().ok_or_else(|| Error::internal("an input comes too late"))?;
            Ok(Input { value, read: fact.is_ref && !is_ref, fact })
        };
        let inputs = node.inputs.iter().zip(arguments).map(input).collect::<Result<SmallVec<[Input; 4]>>>()?;
        let output_fact = |output: u32| facts.get(&Port { node: id, output });
        let known = |fact: Option<&Fact>| fact.and_then(|fact| fact.shape.known());
        let shapes = inputs
            .iter()
            .map(|input| known(Some(&input.fact)))
            .collect::<Option<SmallVec<[Shape; 4]>>>()
            .zip(
                (0..node.outputs.len() as u32).map(|o| known(output_fact(o))).collect::<Option<SmallVec<[Shape; 2]>>>(),
            )
            .map(|(inputs, outputs)| Shapes { inputs, outputs });
        let large = |shape: &Shape| shape.num_elements().is_ok_and(|n| n > ELEMENTWISE_CHUNK);
        let heavy = op.flags.heavy || shapes.as_ref().is_none_or(|s| s.inputs.iter().chain(&s.outputs).any(large));
        Ok(Step { info, run, location: node.location, inputs, outputs, shapes, followers: Vec::new(), waits: 0, heavy })
    }

    /// Says which step waits for which: for its inputs, its control inputs, and earlier uses of the same variable.
    fn link(&self, steps: &mut [Step]) {
        let place: HashMap<NodeId, u32> = self.order.iter().zip(0..).map(|(id, i)| (*id, i)).collect();
        let mut variables = Variables::default();
        for (i, node) in self.nodes.iter().enumerate() {
            let data = node.inputs.iter().filter(|port| !self.fed.contains_key(port)).map(|port| port.node);
            let mut before: Vec<u32> =
                data.chain(node.controls.iter().copied()).filter_map(|id| place.get(&id).copied()).collect();
            before.extend(variables.uses_before(i as u32, self.order[i], node, &steps[i]));
            before.sort_unstable();
            before.dedup();
            steps[i].waits = before.len() as u32;
            for j in before {
                steps[j as usize].followers.push(i as u32);
            }
        }
    }
}

/// For each input of `node`, whether its operation wants the variable itself.
fn argument_refs(op: &'static OpDef, node: &Node) -> Result<Vec<bool>> {
    let mut refs = Vec::with_capacity(node.inputs.len());
    for argument in &op.signature()?.inputs {
        let count = match argument.count.as_ref().and_then(|count| node.attrs.get(count)) {
            Some(Attr::Int(n)) => usize::try_from(*n).unwrap_or(0),
            _ => 1,
        };
        refs.extend(std::iter::repeat_n(argument.is_ref, count.min(node.inputs.len())));
    }
    if refs.len() != node.inputs.len() {
        let error =
            Error::invalid_argument(format!("{} takes {} inputs, not {}", node.op, refs.len(), node.inputs.len()));
        return Err(error.at(&node.name, Some(node.location)));
    }
    Ok(refs)
}

/// Reads and updates of one variable happen in the order in which their nodes were built, so that a run means the same
/// for every number of threads.
#[derive(Default)]
struct Variables {
    /// Which variable an output is.
    of: HashMap<Port, Arc<str>>,
    last_write: HashMap<Arc<str>, u32>,
    reads: HashMap<Arc<str>, Vec<u32>>,
}

impl Variables {
    /// The steps that used the same variables and that step `i` has to wait for.
    fn uses_before(&mut self, i: u32, id: NodeId, node: &Node, step: &Step) -> Vec<u32> {
        let mut before = Vec::new();
        let mut passed_on = None;
        for (port, input) in node.inputs.iter().zip(&step.inputs) {
            let Some(variable) = self.of.get(port).cloned() else { continue };
            before.extend(self.last_write.get(&variable).copied());
            if input.read {
                self.reads.entry(variable).or_default().push(i);
            } else {
                before.extend(self.reads.remove(&variable).into_iter().flatten());
                self.last_write.insert(variable.clone(), i);
                passed_on.get_or_insert(variable);
            }
        }
        for (output, fact) in (0..).zip(&node.outputs) {
            if fact.is_ref {
                let shared = match node.attrs.get("shared_name") {
                    Some(Attr::Str(name)) if !name.is_empty() => Some(Arc::from(String::from_utf8_lossy(name))),
                    _ => None,
                };
                let variable = passed_on.clone().or(shared).unwrap_or_else(|| node.name.clone());
                self.of.insert(Port { node: id, output }, variable);
            }
        }
        before.retain(|&j| j != i);
        before
    }
}
