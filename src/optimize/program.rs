//! What a run executes, as data that passes may rewrite: the nodes that its fetches need, in an order in which they can
//! run. The user's graph is never changed.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::panic::Location;
use std::sync::Arc;

use smallvec::SmallVec;

use super::blocks::Blocks;
use super::loops::Loop;
use crate::error::{Error, Result};
use crate::graph::{Attrs, Fact, Node, NodeId, Port};
use crate::op::{OpDef, infer_outputs};
use crate::sort::sort;

/// Where an input comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// What is fed, by its place among the feeds.
    Feed(u32),
    /// An output of a node, by its place in the program.
    Output(u32, u32),
}

impl Source {
    /// The node, unless it is fed.
    pub(crate) fn node(self) -> Option<u32> {
        match self {
            Source::Feed(_) => None,
            Source::Output(node, _) => Some(node),
        }
    }
}

/// A node of a program.
#[derive(Clone, Debug)]
pub(crate) struct ProgramNode {
    pub(crate) op: &'static OpDef,
    pub(crate) name: Arc<str>,
    pub(crate) attrs: Attrs,
    pub(crate) inputs: SmallVec<[Source; 4]>,
    /// Nodes that run before this one.
    pub(crate) controls: Vec<u32>,
    pub(crate) outputs: SmallVec<[Fact; 1]>,
    pub(crate) location: &'static Location<'static>,
    /// Nodes of its own that it runs.
    pub(crate) inner: Option<Inner>,
    /// The nodes that rewriting made it of; empty if it is one of the graph's.
    pub(crate) stands_for: Vec<Arc<str>>,
}

/// A program inside of a node.
#[derive(Clone, Debug)]
pub(crate) enum Inner {
    /// For one block of rows after the other.
    Blocks(Arc<Blocks>),
    /// As often as a loop says.
    Loop(Arc<Loop>),
}

/// The nodes of a run.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// Each after everything it needs.
    pub(crate) nodes: Vec<ProgramNode>,
    /// What is known of each feed.
    pub(crate) feeds: Vec<Fact>,
    pub(crate) fetches: Vec<Source>,
    /// Nodes that run for their effect.
    pub(crate) targets: Vec<u32>,
}

/// Nodes to be replaced by others, all or none.
pub(crate) struct Rewrite {
    /// The new nodes. Their inputs are named as they are before any rewriting; those that other new nodes give are
    /// [`new_output`]s.
    pub(crate) new: SmallVec<[ProgramNode; 2]>,
    /// The nodes that go, each with the new one that stands in its place.
    pub(crate) old: SmallVec<[(u32, u32); 4]>,
    /// Which [`new_output`] stands for an output of a node that goes. Nobody else reads the others.
    pub(crate) outputs: SmallVec<[(Source, Source); 2]>,
}

/// Output `output` of the new node `node` of the same rewrite.
pub(crate) fn new_output(node: u32, output: u32) -> Source {
    Source::Output(NEW + node, output)
}

/// Nodes from here on are new ones of a rewrite.
const NEW: u32 = 1 << 31;

impl Program {
    /// The program of the nodes in `order`; `nodes` are theirs, `ops` their operations' records.
    pub(crate) fn new(
        order: &[NodeId],
        nodes: Vec<Node>,
        ops: &[&'static OpDef],
        feeds: Vec<(Port, Fact)>,
        fetches: &[Port],
        targets: &[NodeId],
    ) -> Result<Program> {
        let places: HashMap<NodeId, u32> = order.iter().copied().zip(0..).collect();
        let fed: HashMap<Port, u32> = feeds.iter().map(|(port, _)| *port).zip(0..).collect();
        let place = |node: &NodeId| {
            places.get(node).copied().ok_or_else(|| Error::internal("a node is needed that does not run"))
        };
        let source = |port: &Port| match fed.get(port) {
            Some(&feed) => Ok(Source::Feed(feed)),
            None => Ok(Source::Output(place(&port.node)?, port.output)),
        };
        let node = |(node, op): (Node, &&'static OpDef)| {
            Ok(ProgramNode {
                op,
                inputs: node.inputs.iter().map(source).collect::<Result<_>>()?,
                controls: node.controls.iter().map(place).collect::<Result<_>>()?,
                name: node.name,
                attrs: node.attrs,
                outputs: node.outputs,
                location: node.location,
                inner: None,
                stands_for: Vec::new(),
            })
        };
        Ok(Program {
            nodes: nodes.into_iter().zip(ops).map(node).collect::<Result<_>>()?,
            fetches: fetches.iter().map(source).collect::<Result<_>>()?,
            targets: targets.iter().map(place).collect::<Result<_>>()?,
            feeds: feeds.into_iter().map(|(_, fact)| fact).collect(),
        })
    }

    /// What is known of `source`.
    pub(crate) fn fact(&self, source: Source) -> Result<&Fact> {
        match source {
            Source::Feed(feed) => self.feeds.get(feed as usize),
            Source::Output(node, output) => {
                self.nodes.get(node as usize).and_then(|node| node.outputs.get(output as usize))
            }
        }
        .ok_or_else(|| Error::internal("an input comes too late"))
    }

    /// With the shapes of the feeds known, nearly all shapes are.
    pub(crate) fn specialise(&mut self) -> Result<()> {
        for i in 0..self.nodes.len() {
            let node = &self.nodes[i];
            let inputs = node.inputs.iter().map(|source| self.fact(*source).cloned());
            let inputs = inputs.collect::<Result<SmallVec<[Fact; 4]>>>().map_err(|e| node.at(e))?;
            if let Some(Inner::Loop(whole)) = &mut self.nodes[i].inner {
                self.nodes[i].outputs = Arc::make_mut(whole).specialise(&inputs)?;
                continue;
            }
            let node = &self.nodes[i];
            let mut outputs = infer_outputs(node.op, &node.attrs, &inputs).map_err(|error| {
                let shapes: Vec<String> = inputs.iter().map(|fact| format!("{} {}", fact.dtype, fact.shape)).collect();
                node.at(error).note(format!("inputs: {}", shapes.join(", ")))
            })?;
            for (o, (now, built)) in outputs.iter_mut().zip(&node.outputs).enumerate() {
                now.shape = now.shape.merge(&built.shape).ok_or_else(|| {
                    let (now, then) = (&now.shape, &built.shape);
                    node.at(Error::invalid_argument(format!("output {o} has shape {now}, but was built as {then}")))
                })?;
            }
            self.nodes[i].outputs = outputs;
        }
        Ok(())
    }

    /// Replaces nodes by others, all at once. A rewrite that would close a circle is left out and given back.
    pub(crate) fn apply(&mut self, rewrites: Vec<Rewrite>) -> Vec<Rewrite> {
        if rewrites.is_empty() {
            return Vec::new();
        }
        if let Ok(changed) = self.rewritten(&rewrites) {
            *self = changed;
            return Vec::new();
        }
        let (mut refused, mut kept) = (Vec::new(), Vec::new());
        for rewrite in rewrites {
            kept.push(rewrite);
            if self.rewritten(&kept).is_err() {
                refused.extend(kept.pop());
            }
        }
        if let Ok(changed) = self.rewritten(&kept) {
            *self = changed;
        }
        refused
    }

    fn rewritten(&self, rewrites: &[Rewrite]) -> Result<Program> {
        let mut sources: HashMap<Source, Source> = HashMap::new();
        let mut nodes: HashMap<u32, u32> = HashMap::new();
        let mut all = self.nodes.clone();
        let mut order: Vec<u32> = (0..all.len() as u32).collect();
        for rewrite in rewrites {
            let base = all.len() as u32;
            let placed = |source: Source| match source {
                Source::Output(node, output) if node >= NEW => Source::Output(node - NEW + base, output),
                other => other,
            };
            sources.extend(rewrite.outputs.iter().map(|&(old, new)| (old, placed(new))));
            nodes.extend(rewrite.old.iter().map(|&(old, new)| (old, new + base)));
            for (k, node) in (0..).zip(&rewrite.new) {
                let mut node = node.clone();
                node.inputs.iter_mut().for_each(|input| *input = placed(*input));
                let replaced = rewrite.old.iter().filter(|(_, new)| *new == k).map(|(old, _)| *old);
                node.controls.extend(replaced.clone().flat_map(|old| &self.nodes[old as usize].controls));
                node.stands_for = replaced.clone().flat_map(|old| self.nodes[old as usize].names()).cloned().collect();
                order.push(replaced.max().unwrap_or(base));
                all.push(node);
            }
        }
        let moved = |source: &Source| sources.get(source).copied().unwrap_or(*source);
        let moved_node = |node: &u32| nodes.get(node).copied().unwrap_or(*node);
        for (i, node) in (0..).zip(&mut all) {
            node.inputs.iter_mut().for_each(|input| *input = moved(input));
            node.controls.iter_mut().for_each(|control| *control = moved_node(control));
            sort(&mut node.controls);
            node.controls.dedup();
            node.controls.retain(|&control| control != i);
        }
        let fetches = self.fetches.iter().map(moved).collect();
        let targets = self.targets.iter().map(moved_node).collect();
        Program { nodes: all, feeds: self.feeds.clone(), fetches, targets }.sorted(&order)
    }

    /// Leaves out the nodes that nothing needs.
    pub(crate) fn sweep(&mut self) -> Result<()> {
        let order: Vec<u32> = (0..self.nodes.len() as u32).collect();
        *self = Program {
            nodes: std::mem::take(&mut self.nodes),
            feeds: std::mem::take(&mut self.feeds),
            fetches: std::mem::take(&mut self.fetches),
            targets: std::mem::take(&mut self.targets),
        }
        .sorted(&order)?;
        Ok(())
    }

    /// The nodes that are needed, each after everything it needs, and as near to `order` as that allows.
    fn sorted(self, order: &[u32]) -> Result<Program> {
        let needed = self.needed();
        let mut waits = vec![0u32; self.nodes.len()];
        let mut followers: Vec<SmallVec<[u32; 2]>> = vec![SmallVec::new(); self.nodes.len()];
        let mut ready = BinaryHeap::new();
        for i in (0..self.nodes.len() as u32).filter(|&i| needed[i as usize]) {
            for before in self.nodes[i as usize].needs() {
                followers[before as usize].push(i);
                waits[i as usize] += 1;
            }
            if waits[i as usize] == 0 {
                ready.push(Reverse((order[i as usize], i)));
            }
        }
        let mut places = vec![u32::MAX; self.nodes.len()];
        let mut sorted = Vec::new();
        while let Some(Reverse((_, i))) = ready.pop() {
            places[i as usize] = sorted.len() as u32;
            sorted.push(i);
            for &next in &followers[i as usize] {
                waits[next as usize] -= 1;
                if waits[next as usize] == 0 {
                    ready.push(Reverse((order[next as usize], next)));
                }
            }
        }
        if sorted.len() != needed.iter().filter(|needed| **needed).count() {
            return Err(Error::internal("the nodes of a program depend on each other in a circle"));
        }
        let moved = |source: &Source| match *source {
            Source::Feed(feed) => Source::Feed(feed),
            Source::Output(node, output) => Source::Output(places[node as usize], output),
        };
        let mut nodes: Vec<Option<ProgramNode>> = self.nodes.into_iter().map(Some).collect();
        let mut taken = Vec::with_capacity(sorted.len());
        for i in sorted {
            let Some(mut node) = nodes[i as usize].take() else { continue };
            node.inputs.iter_mut().for_each(|input| *input = moved(input));
            node.controls.iter_mut().for_each(|control| *control = places[*control as usize]);
            taken.push(node);
        }
        Ok(Program {
            nodes: taken,
            feeds: self.feeds,
            fetches: self.fetches.iter().map(moved).collect(),
            targets: self.targets.iter().map(|target| places[*target as usize]).collect(),
        })
    }

    fn needed(&self) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        let mut pending: Vec<u32> =
            self.fetches.iter().filter_map(|fetch| fetch.node()).chain(self.targets.iter().copied()).collect();
        while let Some(i) = pending.pop() {
            if let (Some(mark), Some(node)) = (needed.get_mut(i as usize), self.nodes.get(i as usize))
                && !std::mem::replace(mark, true)
            {
                pending.extend(node.needs());
            }
        }
        needed
    }

    /// Who reads each output.
    pub(crate) fn readers(&self) -> Readers {
        let mut of: HashMap<Source, SmallVec<[Reader; 2]>> = HashMap::new();
        for (i, node) in (0..).zip(&self.nodes) {
            for (input, source) in (0..).zip(&node.inputs) {
                of.entry(*source).or_default().push(Reader::Input(i, input));
            }
        }
        for fetch in &self.fetches {
            of.entry(*fetch).or_default().push(Reader::Fetch);
        }
        Readers(of)
    }
}

impl ProgramNode {
    /// The nodes that run before it.
    pub(crate) fn needs(&self) -> impl Iterator<Item = u32> + '_ {
        self.inputs.iter().filter_map(|input| input.node()).chain(self.controls.iter().copied())
    }

    /// The nodes of the graph that it is made of.
    fn names(&self) -> &[Arc<str>] {
        match self.stands_for.is_empty() {
            true => std::slice::from_ref(&self.name),
            false => &self.stands_for,
        }
    }

    /// The error, with this node and the line that built it.
    pub(crate) fn at(&self, error: Error) -> Error {
        error.retitled(self.op.name()).at(&self.name, Some(self.location))
    }

    /// Whether it is of operation `name`.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.op.name() == name
    }
}

/// One reader of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A node, at this place among its inputs.
    Input(u32, u32),
    /// The user.
    Fetch,
}

/// Who reads each output of a program.
pub(crate) struct Readers(HashMap<Source, SmallVec<[Reader; 2]>>);

impl Readers {
    /// The readers of `source`.
    pub(crate) fn of(&self, source: Source) -> &[Reader] {
        self.0.get(&source).map_or(&[], |readers| readers)
    }
}
