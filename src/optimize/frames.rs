//! Loops in a graph: which nodes lie in which frame, and each frame as one node of the frame around it.
//!
//! `Enter` leads into a frame and `Exit` out of it; what comes between lies inside. Of each frame the nodes of one
//! iteration are left: its `Enter`s and the `Merge`s that start an iteration are fed, and what its `NextIteration`s and
//! `Exit`s pass on is fetched.

use std::collections::{HashMap, HashSet};

use smallvec::SmallVec;

use super::loops::{Carried, LOOP, LOOP_WITH_EFFECT};
use super::prune::{self, Fed, is_way_back};
use crate::error::{Error, Result};
use crate::graph::{Attr, Attrs, Fact, Node, NodeId, Port};
use crate::ops;

/// A graph whose loops are nodes.
pub(crate) struct Frames {
    /// The nodes of the graph, and behind them one for each loop.
    pub(crate) nodes: Vec<Node>,
    /// What is left to run outside of all loops.
    pub(crate) outside: Vec<NodeId>,
    /// What the nodes of the loops stand for.
    pub(crate) loops: HashMap<NodeId, Frame>,
    exits: HashMap<Port, Port>,
    /// For each node in a loop, the node of the outermost one around it.
    within: HashMap<NodeId, NodeId>,
}

/// One iteration of a loop.
#[derive(Default)]
pub(crate) struct Frame {
    /// What is fed in each iteration.
    pub(crate) feeds: Vec<(Port, Fact, Carried)>,
    /// What is fetched: first what goes into the next iteration, then what leaves the loop.
    pub(crate) fetches: Vec<Port>,
    /// How many fetches go into the next iteration.
    pub(crate) carried: usize,
    /// What runs besides.
    pub(crate) targets: Vec<NodeId>,
    /// Which inputs of the loop are variables themselves.
    pub(crate) refs: Vec<bool>,
}

fn is_enter(node: &Node) -> bool {
    matches!(&*node.op, "Enter" | "RefEnter")
}

fn is_exit(node: &Node) -> bool {
    matches!(&*node.op, "Exit" | "RefExit")
}

fn is_next(node: &Node) -> bool {
    matches!(&*node.op, "NextIteration" | "RefNextIteration")
}

/// Whether `node` starts or ends an iteration: what it passes on is fed or fetched.
fn is_end(nodes: &[Node], node: &Node) -> bool {
    is_enter(node) || is_exit(node) || is_next(node) || node.inputs.iter().any(|port| is_way_back(nodes, node, port))
}

fn at(node: &Node, what: &str) -> Error {
    Error::invalid_argument(what).retitled(&node.op).at(&node.name, Some(node.location))
}

/// The frames around each other; the first is that of the graph.
struct Tree {
    parents: Vec<usize>,
    depths: Vec<usize>,
    children: HashMap<(usize, Vec<u8>), usize>,
}

impl Tree {
    fn child(&mut self, parent: usize, node: &Node) -> usize {
        let name = match node.attrs.get("frame_name") {
            Some(Attr::Str(name)) => name.to_vec(),
            _ => Vec::new(),
        };
        *self.children.entry((parent, name)).or_insert_with(|| {
            self.parents.push(parent);
            self.depths.push(self.depths[parent] + 1);
            self.parents.len() - 1
        })
    }
}

impl Frames {
    /// The loops among the `needed` nodes; `None` if there is none.
    pub(crate) fn find(nodes: &[Node], needed: &[NodeId], fed: &Fed, fetches: &[Port]) -> Result<Option<Frames>> {
        let marks = |node: &Node| is_enter(node) || is_exit(node) || is_next(node);
        if !needed.iter().any(|id| marks(&nodes[id.index()])) {
            return Ok(None);
        }
        let order = prune::sort(nodes, needed.to_vec(), fed)?;
        let mut tree = Tree { parents: vec![0], depths: vec![0], children: HashMap::new() };
        let mut of: HashMap<NodeId, usize> = HashMap::with_capacity(order.len());
        for &id in &order {
            let node = &nodes[id.index()];
            // The frame that what comes from a node is in.
            let leaving = |before: NodeId| {
                let frame = of.get(&before).copied().unwrap_or(0);
                if is_exit(&nodes[before.index()]) { tree.parents[frame] } else { frame }
            };
            let data = node.inputs.iter().filter(|port| !fed.contains(port) && !is_way_back(nodes, node, port));
            let mut frames = data.map(|port| leaving(port.node));
            let first = frames.next();
            if frames.any(|frame| Some(frame) != first) {
                return Err(at(node, "its inputs lie in different loops"));
            }
            let waited = || fed.controls(node).map(leaving).max_by_key(|&frame| tree.depths[frame]);
            let frame = first.or_else(waited).unwrap_or(0);
            if frame == 0 && (is_exit(node) || is_next(node)) {
                return Err(at(node, "it lies in no loop"));
            }
            if frame != 0 && node.inputs.iter().any(|port| fed.contains(port)) {
                return Err(at(node, "an input of it is fed, but it lies in a loop"));
            }
            let frame = if is_enter(node) { tree.child(frame, node) } else { frame };
            of.insert(id, frame);
        }
        let inside = |port: &&Port| of.get(&port.node).is_some_and(|&frame| frame != 0);
        let leaves = |port: &&Port| is_exit(&nodes[port.node.index()]) && tree.parents[of[&port.node]] == 0;
        if let Some(port) = fetches.iter().filter(inside).find(|port| !leaves(port)) {
            return Err(at(&nodes[port.node.index()], "it lies in a loop: fetch what `while_loop` gives"));
        }
        contracted(nodes, &order, &tree, &of).map(Some)
    }

    /// What `port` is now.
    pub(crate) fn port(&self, port: Port) -> Port {
        self.exits.get(&port).copied().unwrap_or(port)
    }

    /// What runs if `node` is to run.
    pub(crate) fn node(&self, node: NodeId) -> NodeId {
        self.within.get(&node).copied().unwrap_or(node)
    }
}

/// Makes a node of each loop.
fn contracted(nodes: &[Node], order: &[NodeId], tree: &Tree, of: &HashMap<NodeId, usize>) -> Result<Frames> {
    let mut all = nodes.to_vec();
    let node_of = |frame: usize| NodeId((nodes.len() + frame - 1) as u32);
    let mut members: Vec<Vec<NodeId>> = vec![Vec::new(); tree.parents.len()];
    for &id in order {
        members[of[&id]].push(id);
    }
    let mut loops: HashMap<NodeId, Frame> = HashMap::new();
    let mut exits: HashMap<Port, Port> = HashMap::new();
    for (frame, inside) in members.iter().enumerate().skip(1) {
        let (node, parts) = contract(nodes, inside, node_of(frame), &mut exits)?;
        all.push(node);
        loops.insert(node_of(frame), parts);
    }
    for node in order.iter().copied().chain(loops.keys().copied()) {
        for port in &mut all[node.index()].inputs {
            *port = exits.get(port).copied().unwrap_or(*port);
        }
    }
    // Waiting happens in the innermost frame that holds both.
    for &id in order {
        let controls = std::mem::take(&mut all[id.index()].controls);
        for control in controls {
            let Some(&found) = of.get(&control) else { continue };
            let (mut after, mut after_frame, mut before, mut before_frame) = (id, of[&id], control, found);
            while after_frame != before_frame {
                if tree.depths[after_frame] >= tree.depths[before_frame] {
                    (after, after_frame) = (node_of(after_frame), tree.parents[after_frame]);
                } else {
                    let ends = nodes.get(before.index()).is_some_and(|node| is_end(nodes, node));
                    if let Some(parts) = loops.get_mut(&node_of(before_frame)).filter(|_| !ends) {
                        parts.targets.push(before);
                    }
                    (before, before_frame) = (node_of(before_frame), tree.parents[before_frame]);
                }
            }
            let starts = loops.get(&node_of(after_frame.max(1))).filter(|_| after_frame > 0);
            let is_fed = starts.is_some_and(|parts| parts.feeds.iter().any(|(port, ..)| port.node == before));
            if !is_fed && after != before {
                all[after.index()].controls.push(before);
            }
        }
    }
    for (frame, &parent) in tree.parents.iter().enumerate().skip(1) {
        members[parent].push(node_of(frame));
        let changes = |id: &NodeId| ops::lookup(&all[id.index()].op).is_some_and(|op| op.flags.effect);
        if members[frame].iter().any(changes) {
            mark_effects(&mut all, tree, frame, node_of);
        }
    }
    let outermost = |frame: usize| {
        let around =
            std::iter::successors(Some(frame), |&frame| Some(tree.parents[frame]).filter(|&parent| parent != 0));
        node_of(around.last().unwrap_or(frame))
    };
    let within = of.iter().filter(|(_, frame)| **frame != 0).map(|(id, &frame)| (*id, outermost(frame))).collect();
    let outside = members.swap_remove(0);
    Ok(Frames { nodes: all, outside, loops, exits, within })
}

/// A loop with effects makes those around it have some.
fn mark_effects(all: &mut [Node], tree: &Tree, frame: usize, node_of: impl Fn(usize) -> NodeId) {
    let mut frame = frame;
    while frame != 0 {
        all[node_of(frame).index()].op = LOOP_WITH_EFFECT.name().into();
        frame = tree.parents[frame];
    }
}

/// The node that stands for the loop of the nodes `inside`, and what it is made of.
fn contract(
    nodes: &[Node],
    inside: &[NodeId],
    itself: NodeId,
    exits: &mut HashMap<Port, Port>,
) -> Result<(Node, Frame)> {
    let node = |id: &NodeId| &nodes[id.index()];
    let those = |is: fn(&Node) -> bool| inside.iter().copied().filter(|id| is(node(id))).collect::<Vec<NodeId>>();
    let (enters, leaving, nexts) = (those(is_enter), those(is_exit), those(is_next));
    let first = enters.first().map(node).ok_or_else(|| Error::internal("a loop that nothing enters"))?;
    let place = |of: &[NodeId], id: NodeId| of.iter().position(|other| *other == id).map(|place| place as u32);
    let mut parts = Frame { carried: nexts.len(), ..Frame::default() };
    let mut merged = HashSet::new();
    for &id in inside {
        let merge = node(&id);
        if !merge.inputs.iter().any(|port| is_way_back(nodes, merge, port)) {
            continue;
        }
        let unusual = || Error::unimplemented("a loop of an unusual form").at(&merge.name, Some(merge.location));
        let [a, b] = merge.inputs.as_slice() else { return Err(unusual()) };
        let (enter, next) = if is_way_back(nodes, merge, b) { (a, b) } else { (b, a) };
        let first = place(&enters, enter.node).ok_or_else(unusual)?;
        let next = place(&nexts, next.node).ok_or_else(unusual)?;
        merged.insert(first);
        let fact = |output: usize| merge.outputs.get(output).cloned().ok_or_else(|| Error::internal("half a Merge"));
        parts.feeds.push((Port { node: id, output: 0 }, fact(0)?, Carried::On { first, next }));
        parts.feeds.push((Port { node: id, output: 1 }, fact(1)?, Carried::Which));
    }
    for (place, id) in (0..).zip(&enters) {
        let enter = node(id);
        let constant = matches!(enter.attrs.get("is_constant"), Some(Attr::Bool(true)));
        let fact = enter.outputs.first().cloned().ok_or_else(|| Error::internal("an Enter without output"))?;
        let how = if constant { Carried::Always(place) } else { Carried::Once(place) };
        parts.feeds.push((Port { node: *id, output: 0 }, fact, how));
    }
    let input = |id: &NodeId| node(id).inputs.first().copied().ok_or_else(|| at(node(id), "it has no input"));
    parts.fetches = nexts.iter().chain(&leaving).map(|&node| Port { node, output: 0 }).collect();
    parts.refs = enters.iter().map(|id| &*node(id).op == "RefEnter").collect();
    for (output, &exit) in (0..).zip(&leaving) {
        exits.insert(Port { node: exit, output: 0 }, Port { node: itself, output });
    }
    let outputs: SmallVec<[Fact; 1]> = leaving.iter().filter_map(|id| node(id).outputs.first().cloned()).collect();
    let name = match first.attrs.get("frame_name") {
        Some(Attr::Str(name)) => String::from_utf8_lossy(name).into_owned(),
        _ => first.name.to_string(),
    };
    let whole = Node {
        name: name.into(),
        op: LOOP.name().into(),
        inputs: enters.iter().map(input).collect::<Result<_>>()?,
        controls: Vec::new(),
        attrs: Attrs::new(),
        outputs,
        device: "".into(),
        location: first.location,
        remarks: None,
        context: None,
    };
    Ok((whole, parts))
}
