//! The plan of a run: ordered steps with their kernels made and their buffers chosen, immutable and shared by all runs of
//! one signature.

use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use smallvec::SmallVec;

use super::memory::{Frame, MemoryPlan, Use};
use super::order::Order;
use super::records::{check_records, records};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Fact, Graph, Node, NodeId, Port};
use crate::kernels::parallel::ELEMENTWISE_CHUNK;
use crate::op::{AttrReader, Branching, KernelFn, NodeInfo, OpDef};
use crate::optimize::prune::{self, Fed};
use crate::optimize::{Blocks, Carried, Frames, Inner, Loop, Program, ProgramNode, Report, Source, optimize};
use crate::shape::Shape;
use crate::value::Home;

/// What a run computes from what: the key under which its plan is kept.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Signature {
    pub(super) fetches: Vec<Port>,
    pub(super) targets: Vec<NodeId>,
    pub(super) feeds: Vec<(Port, DType, Shape)>,
    /// Of the graph: nodes that changed since make a plan stale.
    pub(super) revision: u64,
}

pub(super) struct Plan {
    /// No other plan has the same.
    pub(super) number: usize,
    /// In the order in which they run.
    pub(super) steps: Vec<Step>,
    /// Whether anybody reads each value; the feeds come first, then the outputs of each step.
    pub(super) used: Vec<bool>,
    /// The value of each fetch, in the order of the signature.
    pub(super) fetches: Vec<u32>,
    /// Where the values lie.
    pub(super) memory: MemoryPlan,
    /// Whether a run is worth the thread pool.
    pub(super) parallel: bool,
    /// Whether there are branches that may not be taken.
    pub(super) branches: bool,
    /// What optimization did.
    pub(super) report: Report,
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
    /// Steps that it comes after: it is dead if one of them is.
    pub(super) after: SmallVec<[u32; 2]>,
    /// The nodes that rewriting made it of; empty if it is one of the graph's.
    pub(super) stands_for: Vec<Arc<str>>,
}

pub(super) enum Run {
    Kernel(KernelFn),
    Blocks(Box<BlockPlan>),
    Loop(Box<LoopPlan>),
}

/// Plans that run for one block of rows after the other.
pub(super) struct BlockPlan {
    pub(super) whole: Plan,
    /// For the rows that are left.
    pub(super) rest: Option<Plan>,
    /// Which inputs come in blocks.
    pub(super) split: Vec<bool>,
    pub(super) rows: usize,
    /// The memory of runs that ended.
    pub(super) frames: Mutex<Vec<Frame>>,
}

/// A plan that runs again and again.
pub(super) struct LoopPlan {
    /// One iteration.
    pub(super) plan: Plan,
    /// Where each of its feeds comes from.
    pub(super) feeds: Vec<Carried>,
    /// How many of its fetches go on to the next iteration; the others leave the loop.
    pub(super) carried: usize,
    /// The memory of runs that ended.
    pub(super) frames: Mutex<Vec<Frame>>,
}

pub(super) struct Input {
    pub(super) value: u32,
    /// No later step and no fetch reads the value.
    pub(super) last: bool,
    /// The edge carries a variable, and the operation wants its value.
    pub(super) read: bool,
    /// What is known of it.
    pub(super) fact: Fact,
}

pub(super) struct Shapes {
    pub(super) inputs: SmallVec<[Shape; 4]>,
    pub(super) outputs: SmallVec<[Shape; 2]>,
}

/// Of the next plan; 0 is none.
static NUMBER: AtomicUsize = AtomicUsize::new(1);

impl Plan {
    /// The plan for `signature`. Every unfed placeholder and every operation without a kernel is an error.
    /// A plain one runs the nodes as they were built.
    pub(super) fn new(graph: &Graph, signature: &Signature, plain: bool) -> Result<Plan> {
        let mut program = program(graph, signature)?;
        program.specialise()?;
        let report = if plain { Report::default() } else { optimize(&mut program)? };
        Plan::of(program, report, Home::Elsewhere)
    }

    /// The plan of `program`; what it fetches lies in memory of this kind.
    fn of(program: Program, report: Report, fetched: Home) -> Result<Plan> {
        let mut first = program.feeds.len() as u32;
        let firsts: Vec<u32> = program
            .nodes
            .iter()
            .map(|node| {
                let own = first;
                first += node.outputs.len() as u32;
                own
            })
            .collect();
        let value = |source: Source| match source {
            Source::Feed(feed) => feed,
            Source::Output(node, output) => firsts[node as usize] + output,
        };
        let mut steps = Vec::with_capacity(program.nodes.len());
        for (node, &outputs) in program.nodes.iter().zip(&firsts) {
            steps.push(step(&program, node, outputs, value)?);
        }
        let fetches: Vec<u32> = program.fetches.iter().map(|fetch| value(*fetch)).collect();
        let values = first as usize;
        let used = mark_last_uses(&mut steps, values, &fetches);
        let memory = MemoryPlan::new(&uses(&steps, &program), values, program.feeds.len(), &fetches, fetched);
        let parallel = steps.iter().any(Step::is_heavy);
        let branches = steps.iter().any(|step| step.info.op.flags.branching == Branching::Splits);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Ok(Plan { number, steps, used, fetches, memory, parallel, branches, report })
    }
}

impl Plan {
    /// The bytes of all buffers of a run.
    pub(super) fn planned_bytes(&self) -> usize {
        let parts = self.steps.iter().map(|step| match &step.run {
            Run::Kernel(_) => 0,
            Run::Blocks(blocks) => {
                let rest = blocks.rest.as_ref().map_or(0, Plan::planned_bytes);
                blocks.whole.planned_bytes().max(rest)
            }
            Run::Loop(whole) => whole.plan.planned_bytes(),
        });
        self.memory.bytes() + parts.sum::<usize>()
    }

    /// The bytes that the plans inside of it hold between runs.
    pub(super) fn held_inside(&self) -> usize {
        let held = |frames: &Mutex<Vec<Frame>>| {
            let frames = frames.lock().unwrap_or_else(PoisonError::into_inner);
            frames.iter().map(Frame::held).sum::<usize>()
        };
        let parts = self.steps.iter().map(|step| match &step.run {
            Run::Kernel(_) => 0,
            Run::Blocks(blocks) => held(&blocks.frames),
            Run::Loop(whole) => held(&whole.frames) + whole.plan.held_inside(),
        });
        parts.sum()
    }
}

impl LoopPlan {
    fn new(whole: &Loop) -> Result<Self> {
        Ok(LoopPlan {
            // What goes on to the next iteration is read there and gives its memory back.
            plan: Plan::of(whole.program.clone(), Report::default(), Home::Pool)?,
            feeds: whole.feeds.clone(),
            carried: whole.carried,
            frames: Mutex::default(),
        })
    }
}

impl BlockPlan {
    fn new(blocks: &Blocks) -> Result<Self> {
        let plan = |program: &Program| Plan::of(program.clone(), Report::default(), Home::Elsewhere);
        Ok(BlockPlan {
            whole: plan(&blocks.whole)?,
            rest: blocks.rest.as_ref().map(plan).transpose()?,
            split: blocks.split.clone(),
            rows: blocks.rows,
            frames: Mutex::default(),
        })
    }
}

/// What the graph says of the nodes that `signature` needs.
fn program(graph: &Graph, signature: &Signature) -> Result<Program> {
    let state = graph.lock();
    let nodes = state.nodes();
    if let Some(inside) = signature.fetches.iter().find(|port| !state.is_fetchable(port.node)) {
        let node = &nodes[inside.node.index()];
        let error =
            "it cannot be fetched, since it lies in a branch or a loop: fetch what `cond` or `while_loop` gives";
        return Err(Error::invalid_argument(error).retitled(&node.op).at(&node.name, Some(node.location)));
    }
    let fed = Fed::new(nodes, signature.feeds.iter().map(|(port, ..)| *port));
    let wanted = signature.fetches.iter().filter(|port| !fed.contains(port)).map(|port| port.node);
    let needed = prune::needed(nodes, wanted.chain(signature.targets.iter().copied()), &fed)?;
    // What is missing is said first: only then is a loop a circle.
    check_records(nodes, &needed, signature, &fed)?;
    let feeds = signature.feeds.iter().map(|(port, dtype, shape)| (*port, Fact::new(*dtype, shape.into()))).collect();
    let (fetches, targets) = (signature.fetches.clone(), signature.targets.clone());
    let Some(frames) = Frames::find(nodes, &needed, &fed, &fetches)? else {
        let part = Part::new(nodes, needed, &fed, feeds, fetches, targets)?;
        // Making kernels and inferring shapes runs the operations' own functions: not under the lock.
        drop(state);
        return part.program();
    };
    drop(state);
    let fetches = fetches.into_iter().map(|port| frames.port(port)).collect();
    let targets = targets.into_iter().map(|node| frames.node(node)).collect();
    let part = Part::new(&frames.nodes, frames.outside.clone(), &fed, feeds, fetches, targets)?;
    with_loops(&frames, part)
}

/// Nodes that run together, in order.
struct Part {
    order: Vec<NodeId>,
    nodes: Vec<Node>,
    ops: Vec<&'static OpDef>,
    feeds: Vec<(Port, Fact)>,
    fetches: Vec<Port>,
    targets: Vec<NodeId>,
}

impl Part {
    /// The `needed` ones of `nodes`.
    fn new(
        nodes: &[Node],
        needed: Vec<NodeId>,
        fed: &Fed,
        feeds: Vec<(Port, Fact)>,
        mut fetches: Vec<Port>,
        mut targets: Vec<NodeId>,
    ) -> Result<Part> {
        let order = Order::new(nodes, prune::sort(nodes, needed, fed)?, fed)?;
        let ops = records(nodes, &order.nodes)?;
        let waiting = |id: &NodeId| {
            let node = nodes[id.index()].clone();
            Node { controls: fed.controls(&node).collect(), ..node }
        };
        let mut own: Vec<Node> = order.nodes.iter().map(waiting).collect();
        order.read_late(&mut own, &mut fetches, &mut targets);
        Ok(Part { order: order.nodes, nodes: own, ops, feeds, fetches, targets })
    }

    fn program(self) -> Result<Program> {
        Program::new(&self.order, self.nodes, &self.ops, self.feeds, &self.fetches, &self.targets)
    }
}

/// The program of `part`, whose loops get programs of their own, one inside the other.
fn with_loops(frames: &Frames, part: Part) -> Result<Program> {
    let order = part.order.clone();
    let mut program = part.program()?;
    for (id, node) in order.into_iter().zip(&mut program.nodes) {
        let Some(frame) = frames.loops.get(&id) else { continue };
        let feeds: Vec<(Port, Fact)> = frame.feeds.iter().map(|(port, fact, _)| (*port, fact.clone())).collect();
        let fed = Fed::new(&frames.nodes, feeds.iter().map(|(port, _)| *port));
        let wanted = frame.fetches.iter().filter(|port| !fed.contains(port)).map(|port| port.node);
        let needed = prune::needed(&frames.nodes, wanted.chain(frame.targets.iter().copied()), &fed)?;
        let part = Part::new(&frames.nodes, needed, &fed, feeds, frame.fetches.clone(), frame.targets.clone())?;
        node.inner = Some(Inner::Loop(Arc::new(Loop {
            program: with_loops(frames, part)?,
            feeds: frame.feeds.iter().map(|(.., how)| *how).collect(),
            carried: frame.carried,
            refs: frame.refs.clone(),
        })));
    }
    Ok(program)
}

/// The step of a node, whose outputs are the values from `outputs` on.
fn step(program: &Program, node: &ProgramNode, outputs: u32, value: impl Fn(Source) -> u32) -> Result<Step> {
    let info = NodeInfo {
        op: node.op,
        name: node.name.clone(),
        attrs: node.attrs.clone(),
        output_types: node.outputs.iter().map(|fact| fact.dtype).collect(),
    };
    let run = match &node.inner {
        Some(Inner::Blocks(blocks)) => Run::Blocks(Box::new(BlockPlan::new(blocks)?)),
        Some(Inner::Loop(whole)) => Run::Loop(Box::new(LoopPlan::new(whole)?)),
        None => Run::Kernel(info.kernel().map_err(|e| node.at(e))?),
    };
    let input = |(source, is_ref): (&Source, bool)| {
        let fact = program.fact(*source)?.clone();
        Ok(Input { value: value(*source), last: false, read: fact.is_ref && !is_ref, fact })
    };
    let inputs = node.inputs.iter().zip(argument_refs(node)?).map(input).collect::<Result<SmallVec<[Input; 4]>>>()?;
    let known_inputs = inputs.iter().map(|input| input.fact.shape.known()).collect::<Option<_>>();
    let known_outputs = node.outputs.iter().map(|fact| fact.shape.known()).collect::<Option<_>>();
    let shapes = known_inputs.zip(known_outputs).map(|(inputs, outputs)| Shapes { inputs, outputs });
    let after = SmallVec::from_slice(&node.controls);
    let stands_for = node.stands_for.clone();
    Ok(Step { info, run, location: node.location, inputs, outputs, shapes, after, stands_for })
}

/// For each input of `node`, whether its operation wants the variable itself.
fn argument_refs(node: &ProgramNode) -> Result<Vec<bool>> {
    match &node.inner {
        Some(Inner::Blocks(_)) => return Ok(vec![false; node.inputs.len()]),
        Some(Inner::Loop(whole)) => return Ok(whole.refs.clone()),
        None => {}
    }
    let mut refs = Vec::with_capacity(node.inputs.len());
    for argument in &node.op.signature()?.inputs {
        let count = argument.types(AttrReader(&node.attrs))?.len();
        refs.extend(std::iter::repeat_n(argument.is_ref, count));
    }
    if refs.len() != node.inputs.len() {
        let (name, wanted, given) = (node.op.name(), refs.len(), node.inputs.len());
        return Err(node.at(Error::invalid_argument(format!("{name} takes {wanted} inputs, not {given}"))));
    }
    Ok(refs)
}

/// Finds the last reader of each value; says which are read at all.
fn mark_last_uses(steps: &mut [Step], values: usize, fetches: &[u32]) -> Vec<bool> {
    let mut read_later = vec![false; values];
    for &fetch in fetches {
        read_later[fetch as usize] = true;
    }
    for input in steps.iter_mut().rev().flat_map(|step| step.inputs.iter_mut().rev()) {
        input.last = !std::mem::replace(&mut read_later[input.value as usize], true);
    }
    read_later
}

/// What each step does with memory.
fn uses<'a>(steps: &'a [Step], program: &'a Program) -> Vec<Use<'a>> {
    let of = |(step, node): (&'a Step, &'a ProgramNode)| Use {
        inputs: step.inputs.iter().map(|input| input.value).collect(),
        first_is_value: step.inputs.first().is_some_and(|input| input.fact.is_value()),
        outputs: step.outputs,
        facts: &node.outputs,
        first: node.op.flags.first,
    };
    steps.iter().zip(&program.nodes).map(of).collect()
}

impl Step {
    /// Whether it is worth other threads' help.
    fn is_heavy(&self) -> bool {
        if let Run::Loop(whole) = &self.run {
            return whole.plan.parallel;
        }
        let large = |shape: &Shape| shape.num_elements().is_ok_and(|n| n > ELEMENTWISE_CHUNK);
        self.info.op.flags.heavy || self.shapes.as_ref().is_none_or(|s| s.inputs.iter().chain(&s.outputs).any(large))
    }

    pub(super) fn output_types(&self) -> &[DType] {
        &self.info.output_types
    }
}
