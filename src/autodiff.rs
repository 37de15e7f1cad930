//! Gradients: one backward walk over the graph that adds the nodes of each operation's gradient rule.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{self, Graph, NodeId, Operation, Port, Tensor};
use crate::op::{Branching, Grad, GradCtx, Gradient, IndexedSlices, IntoTensor};
use crate::ops::flow::{GradLoops, is_loop_switch};
use crate::ops::{self, array, flow, indexed_slices, math, state::Variable};

/// Something that gradients are taken of, or with respect to.
pub trait Differentiable: Copy {
    /// The tensor to take the gradient of.
    fn as_y(self) -> Tensor;
    /// The tensor to take the gradient with respect to: for a variable, the variable itself.
    fn as_x(self) -> Tensor;
}

impl Differentiable for Tensor {
    fn as_y(self) -> Tensor {
        self
    }
    fn as_x(self) -> Tensor {
        self
    }
}

impl Differentiable for Variable {
    fn as_y(self) -> Tensor {
        self.value()
    }
    fn as_x(self) -> Tensor {
        self.reference()
    }
}

impl Differentiable for Gradient {
    fn as_y(self) -> Tensor {
        indexed_slices::whole_gradient(self)
    }
    fn as_x(self) -> Tensor {
        indexed_slices::whole_gradient(self)
    }
}

/// One or several of these: a tensor, a variable, or an array, a slice or a vector of them.
pub trait DifferentiableList {
    /// The tensors to take the gradient of.
    fn ys(&self) -> Vec<Tensor>;
    /// The tensors to take the gradient with respect to.
    fn xs(&self) -> Vec<Tensor>;
}

macro_rules! lists {
    ($([$($generics:tt)*] $list:ty, $self:ident => $items:expr;)*) => {$(
        impl<$($generics)*> DifferentiableList for $list {
            fn ys(&$self) -> Vec<Tensor> {
                $items.iter().map(|item| item.as_y()).collect()
            }
            fn xs(&$self) -> Vec<Tensor> {
                $items.iter().map(|item| item.as_x()).collect()
            }
        }
    )*};
}
lists! {
    [] Tensor, self => [*self];
    [] Variable, self => [*self];
    [] Gradient, self => [*self];
    [D: Differentiable, const N: usize] [D; N], self => self;
    [D: Differentiable, const N: usize] &[D; N], self => self;
    [D: Differentiable] &[D], self => self;
    [D: Differentiable] Vec<D>, self => self;
    [D: Differentiable] &Vec<D>, self => self;
}

/// The gradients of the sum of `ys` with respect to each of `xs`. TF: `tf.gradients`.
///
/// `None` stands for an `x` that no `y` depends on. Where an `x` is only gathered from, its gradient is the rows that were
/// gathered: see [`Gradient`]. The nodes are built under the scope `gradients`. An operation on the
/// way that has no gradient is an error of the graph.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, ());
/// let y = x * x * x;
/// let dy = tf::gradients(y, x)[0].unwrap();
/// let ddy = tf::gradients(dy, x)[0].unwrap();
/// let sess = tf::Session()?;
/// let (dy, ddy) = sess.run((dy, ddy), tf::feed_dict! { x: 2.0 })?;
/// assert_eq!((dy.item::<f32>()?, ddy.item::<f32>()?), (12.0, 12.0));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn gradients(ys: impl DifferentiableList, xs: impl DifferentiableList) -> Vec<Option<Gradient>> {
    GradientsArgs::new(ys, xs).build()
}

/// The keyword arguments of [`gradients`].
#[must_use = "nothing is built until `build` is called"]
pub struct GradientsArgs {
    ys: Vec<Tensor>,
    xs: Vec<Tensor>,
    grad_ys: Vec<Tensor>,
    stop_gradients: Vec<Tensor>,
    gate_gradients: bool,
    name: String,
}

impl GradientsArgs {
    /// The gradients of the sum of `ys` with respect to each of `xs`.
    pub fn new(ys: impl DifferentiableList, xs: impl DifferentiableList) -> Self {
        GradientsArgs {
            ys: ys.ys(),
            xs: xs.xs(),
            grad_ys: Vec::new(),
            stop_gradients: Vec::new(),
            gate_gradients: false,
            name: "gradients".into(),
        }
    }

    /// The gradient to each of `ys` to start from; ones if not said.
    pub fn grad_ys(mut self, grad_ys: impl DifferentiableList) -> Self {
        self.grad_ys = grad_ys.ys();
        self
    }

    /// Tensors through which no gradient flows.
    pub fn stop_gradients(mut self, tensors: impl DifferentiableList) -> Self {
        self.stop_gradients = tensors.xs();
        self
    }

    /// Whether the gradients of an operation become available together.
    pub fn gate_gradients(mut self, gate: bool) -> Self {
        self.gate_gradients = gate;
        self
    }

    /// The name of the scope.
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Builds the gradients.
    #[track_caller]
    pub fn build(self) -> Vec<Option<Gradient>> {
        let line = graph::here();
        let count = self.xs.len();
        let Some(graph) = self.ys.iter().chain(&self.xs).find_map(|t| t.graph().ok()) else {
            let graph = graph::get_default_graph();
            let error = Error::invalid_argument("there is no y, or its graph was dropped");
            graph.record(error.at("gradients", Some(line)));
            return vec![None; count];
        };
        if self.ys.iter().chain(&self.xs).chain(&self.grad_ys).any(|t| t.is_poisoned()) {
            return vec![Some(Tensor::poisoned(&graph).into()); count];
        }
        let _line = graph::built_at(line);
        match Backward::run(&graph, self) {
            Ok(gradients) => gradients,
            Err(error) => {
                graph.record(error.note(format!("asked for by `gradients` at {line}")));
                vec![Some(Tensor::poisoned(&graph).into()); count]
            }
        }
    }
}

/// The state of a backward walk.
struct Backward<'a> {
    graph: &'a Graph,
    /// The gradients that reached each output so far.
    grads: HashMap<Port, Vec<Gradient>>,
    /// How many gradients each node between `ys` and `xs` still waits for.
    pending: HashMap<NodeId, usize>,
    gate: bool,
    /// The loops on the way.
    loops: GradLoops,
}

impl Backward<'_> {
    fn run(graph: &Graph, args: GradientsArgs) -> Result<Vec<Option<Gradient>>> {
        let foreign = args.ys.iter().chain(&args.xs).chain(&args.grad_ys).find(|t| t.graph != graph.key());
        if let Some(tensor) = foreign {
            return Err(Error::invalid_argument(format!("gradients: '{}' is of another graph", tensor.name())));
        }
        let scope = graph.scope(&args.name);
        // TensorFlow takes this name too, to tell its calls apart.
        graph.unique_name("uid");
        let starts = starts(graph, &args.ys, &args.grad_ys)?;
        let ends: Vec<NodeId> = args.xs.iter().map(|x| x.node).collect();
        let (mut order, reachable) = between(graph, &args.ys, &ends);
        let loops = with_loops(graph, &mut order)?;
        let pending = uses(graph, &order);
        let mut backward = Backward { graph, grads: HashMap::new(), pending, gate: args.gate_gradients, loops };
        for (y, start) in args.ys.iter().zip(starts) {
            backward.grads.entry(y.port()).or_default().push(start.into());
        }
        let mut queue = VecDeque::new();
        for y in &args.ys {
            let ready = backward.pending.get(&y.node).is_none_or(|&count| count == 0);
            if ready && reachable.contains(&y.node) && !queue.contains(&y.node) {
                queue.push_back(y.node);
            }
        }
        let asked: HashSet<NodeId> = queue.iter().copied().collect();
        for exit in backward.loops.unused_exits(&mut backward.pending, |node| asked.contains(&node)) {
            if exit.dtype()?.is_trainable() {
                let zeros = backward.loops.zeros_for_exit(graph, exit)?;
                backward.grads.entry(exit.port()).or_default().push(zeros.into());
                queue.push_back(exit.node);
            }
        }
        let mut stops: HashSet<NodeId> = args.stop_gradients.iter().map(|t| t.node).collect();
        stops.extend(frontier(graph, &ends, &backward.pending));
        while let Some(node) = queue.pop_front() {
            let op = Operation::new(graph, node);
            let dys = {
                let _inside = backward.loops.enter(graph, op, true);
                backward.collect(op)
            };
            if dys.iter().any(Option::is_some) && !stops.contains(&node) {
                let _inside = backward.loops.enter(graph, op, false);
                backward.step(op, dys)?;
            }
            for input in op.inputs() {
                let Some(count) = backward.pending.get_mut(&input.node).filter(|count| **count > 0) else { continue };
                *count -= 1;
                let left = *count;
                if left > 0 && (backward.loops.is_empty() || !is_loop_switch(input.op())) {
                    continue;
                }
                if backward.loops.is_exit(input.op()) {
                    let grads = &backward.grads;
                    let has = |op: Operation| {
                        op.outputs().iter().any(|y| grads.get(&y.port()).is_some_and(|g| !g.is_empty()))
                    };
                    for (exit, zeros) in backward.loops.leave(graph, input, has)? {
                        backward.grads.entry(exit.port()).or_default().extend(zeros.map(Gradient::Dense));
                        queue.push_back(exit.node);
                    }
                } else {
                    queue.push_back(input.node);
                }
            }
        }
        drop(scope);
        backward.loops.finish(graph)?;
        Ok(args.xs.iter().map(|x| backward.grads.get(&x.port()).and_then(|sum| sum.first().copied())).collect())
    }

    /// The gradient to each output, added up and kept as the only one.
    fn collect(&mut self, op: Operation) -> Vec<Option<Gradient>> {
        let mut collected = Vec::new();
        for y in op.outputs() {
            let sum = match self.grads.get(&y.port()).map(Vec::as_slice) {
                None | Some([]) => None,
                Some([one]) => Some(*one),
                Some(several) => Some(self.sum(several)),
            };
            if let Some(sum) = sum {
                self.grads.insert(y.port(), vec![sum]);
            }
            collected.push(sum);
        }
        collected
    }

    /// Rows stay rows if there is nothing else.
    fn sum(&self, several: &[Gradient]) -> Gradient {
        let rows = several.iter().map(|g| if let Gradient::Slices(slices) = g { Some(*slices) } else { None });
        if let Some(rows) = rows.collect::<Option<Vec<IndexedSlices>>>() {
            return indexed_slices::joined(&rows).into();
        }
        if several.iter().any(|g| matches!(g, Gradient::Slices(_))) {
            return indexed_slices::added(self.graph, several).into();
        }
        let _near = several.first().map(|first| self.graph.colocate_with(first.op()));
        math::add_n(several.iter().map(|g| g.values())).into()
    }

    /// Adds the gradient nodes of `op`.
    fn step(&mut self, op: Operation, dys: Vec<Option<Gradient>>) -> Result<()> {
        let (name, location) = (op.name(), op.location());
        let record = ops::lookup(&op.op_type());
        let rule: &dyn Fn(&GradCtx) -> Result<Vec<Option<Gradient>>> = match record.map(|record| &record.grad) {
            Some(Grad::Rule(rule)) => &|g| Ok(rule(g)?.into_iter().map(|dx| dx.map(Gradient::Dense)).collect()),
            Some(Grad::Rows(rule)) => rule,
            Some(Grad::Stop(_)) => return Ok(()),
            Some(Grad::Missing(reason)) => {
                let error = Error::unimplemented(format!("{} has no gradient: {reason}", op.op_type()));
                return Err(error.at(&name, location).note("insert `stop_gradient` if none is needed here"));
            }
            None => {
                let error = Error::unimplemented(format!("no operation is called {}: no gradient", op.op_type()));
                return Err(error.at(&name, location));
            }
        };
        let splits = record.is_some_and(|record| record.flags.branching == Branching::Splits);
        let mut complete = Vec::with_capacity(dys.len());
        for (y, dy) in op.outputs().into_iter().zip(dys) {
            let in_loop = match dy {
                None if !self.loops.is_empty() && y.dtype()?.is_trainable() => {
                    self.loops.zeros(self.graph, op, y.output)?
                }
                _ => None,
            };
            complete.push(match dy {
                Some(dy) => (dy, false),
                None if in_loop.is_some() => {
                    let zeros = in_loop.flatten().unwrap_or_else(|| Tensor::poisoned(self.graph));
                    (zeros.into(), true)
                }
                None if splits && y.dtype()?.is_trainable() => {
                    (flow::zeros_of_branch(self.graph, op, y.output)?.into(), true)
                }
                None if y.dtype()?.is_floating() => (array::zeros_like_op(y).into(), true),
                None => (Tensor::poisoned(self.graph).into(), true),
            });
        }
        let inputs = op.inputs();
        let attrs = op.with(|node| node.attrs.clone()).unwrap_or_default();
        let _scope = self.graph.scope(&format!("{name}_grad"));
        let ctx = GradCtx {
            graph: self.graph.clone(),
            op,
            inputs: inputs.clone(),
            attrs,
            dys: complete,
            whole: indexed_slices::whole,
        };
        let mut dxs =
            rule(&ctx).map_err(|e| e.retitled(&format!("gradient of {}", op.op_type())).at(&name, location))?;
        if dxs.len() != inputs.len() {
            return Err(Error::internal(format!(
                "the gradient of {} gives {} gradients for {} inputs",
                op.op_type(),
                dxs.len(),
                inputs.len()
            )));
        }
        if self.gate && dxs.iter().flatten().count() > 1 {
            dxs = flow::tuple(self.graph, &dxs);
        }
        for (x, dx) in inputs.into_iter().zip(dxs) {
            let Some(dx) = dx else { continue };
            if let Gradient::Dense(dx) = dx
                && !dx.is_poisoned()
                && x.dtype()? != DType::Resource
            {
                self.graph.refine(dx.port(), &x.shape()).map_err(|e| e.at(&name, location))?;
            }
            self.grads.entry(x.port()).or_default().push(dx);
        }
        Ok(())
    }
}

/// The gradient to each of `ys` to start from.
fn starts(graph: &Graph, ys: &[Tensor], grad_ys: &[Tensor]) -> Result<Vec<Tensor>> {
    if !grad_ys.is_empty() && grad_ys.len() != ys.len() {
        return Err(Error::invalid_argument(format!("gradients: {} grad_ys for {} ys", grad_ys.len(), ys.len())));
    }
    let mut starts = Vec::with_capacity(ys.len());
    for (i, y) in ys.iter().enumerate() {
        let name = format!("grad_ys_{i}");
        let dtype = y.dtype()?;
        if !dtype.is_numeric() {
            return Err(Error::invalid_argument(format!("gradients: '{}' is {dtype}, not a number", y.name())));
        }
        starts.push(match grad_ys.get(i) {
            Some(dy) => array::IDENTITY.call([dy.into_arg()]).name(name).single(),
            None => {
                let shape = array::shape(*y);
                let scope = graph.scope_name(&name);
                let _scope = graph.scope(&format!("{scope}/"));
                let one = array::constant_of(1, dtype);
                array::FILL.call([shape.into_arg(), one.into_arg()]).name(format!("{scope}/")).single()
            }
        });
    }
    Ok(starts)
}

/// The nodes on a way from `ends` to `ys`, and those of `ys` that `ends` reach.
fn between(graph: &Graph, ys: &[Tensor], ends: &[NodeId]) -> (Vec<NodeId>, HashSet<NodeId>) {
    let state = graph.lock();
    let nodes = state.nodes();
    // Inputs come before their users, save in imported loops: users of each output first.
    let mut users: HashMap<Port, Vec<NodeId>> = HashMap::new();
    for (i, node) in nodes.iter().enumerate() {
        for port in &node.inputs {
            users.entry(*port).or_default().push(NodeId(i as u32));
        }
    }
    let mut reached = HashSet::new();
    let mut queue: VecDeque<NodeId> = ends.iter().copied().collect();
    while let Some(id) = queue.pop_front() {
        if !reached.insert(id) {
            continue;
        }
        for (output, fact) in (0..).zip(&nodes[id.index()].outputs) {
            if fact.dtype.is_trainable() {
                queue.extend(users.get(&Port { node: id, output }).into_iter().flatten());
            }
        }
    }
    let reachable = ys.iter().map(|y| y.node).filter(|id| reached.contains(id)).collect();
    let mut order = Vec::new();
    let mut queue: VecDeque<NodeId> = ys.iter().map(|y| y.node).collect();
    while let Some(id) = queue.pop_front() {
        if reached.remove(&id) {
            order.push(id);
            queue.extend(nodes[id.index()].inputs.iter().map(|port| port.node));
        }
    }
    (order, reachable)
}

/// Begins the gradients of the loops that lie on the way, and adds all their ways out to `order`.
fn with_loops(graph: &Graph, order: &mut Vec<NodeId>) -> Result<GradLoops> {
    let mut loops = GradLoops::default();
    {
        let state = graph.lock();
        let leaves = |id: &NodeId| state.node(*id).is_some_and(|node| matches!(&*node.op, "Exit" | "RefExit"));
        if !order.iter().any(leaves) {
            return Ok(loops);
        }
    }
    let mut inside: HashSet<NodeId> = HashSet::new();
    let mut i = 0;
    while let Some(&node) = order.get(i) {
        for exit in loops.add(graph, Operation::new(graph, node))? {
            if inside.is_empty() {
                inside.extend(order.iter().copied());
            }
            if inside.insert(exit.node) {
                order.push(exit.node);
            }
        }
        i += 1;
    }
    Ok(loops)
}

/// How often each of `nodes` is used by one of them.
fn uses(graph: &Graph, order: &[NodeId]) -> HashMap<NodeId, usize> {
    let mut pending: HashMap<NodeId, usize> = order.iter().map(|id| (*id, 0)).collect();
    let state = graph.lock();
    for port in order.iter().filter_map(|id| state.node(*id)).flat_map(|node| &node.inputs) {
        if let Some(count) = pending.get_mut(&port.node) {
            *count += 1;
        }
    }
    pending
}

/// Those of `ends` that depend on no other of them: the walk stops there.
fn frontier(graph: &Graph, ends: &[NodeId], pending: &HashMap<NodeId, usize>) -> Vec<NodeId> {
    let state = graph.lock();
    let inside = |port: &Port| pending.get(&port.node).is_some_and(|&count| count > 0);
    let is_first = |id: &&NodeId| state.node(**id).is_some_and(|node| !node.inputs.iter().any(inside));
    ends.iter().filter(is_first).copied().collect()
}
