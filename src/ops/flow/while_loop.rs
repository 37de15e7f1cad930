//! `tf.while_loop`: a subgraph runs again and again, as long as a condition says.

use super::branch::{merge, switch_beside};
use super::cond::{Outcome, Parts, rebuilt};
use super::frame::{EXIT, LOOP_COND, NEXT_ITERATION, REF_EXIT, REF_NEXT_ITERATION};
use super::while_context::{Options, WhileContext, is_constant_enter, pivot};
use crate::error::{Error, Result};
use crate::graph::{Graph, Tensor, around, keys};
use crate::op::{Arg, IntoTensor, OpDef, convert};
use crate::ops::array::identity;
use crate::ops::math::{less, logical_and};
use crate::ops::scope::Scope;
use crate::shape::PartialShape;
use crate::value::{Literal, Value};

/// `body` again and again on what it gave before, starting with `loop_vars`, as long as `cond` holds; what comes out in
/// the end. TF: `tf.while_loop`.
///
/// `loop_vars` is a tensor, a number, or a tuple, array or vector of them, and both closures take it as one argument:
/// `|(i, x)| …`. `cond` gives a single bool, `body` new loop variables in the same structure, of the same types. Both are
/// called once, now. What they take from outside is the same in each iteration. Nothing inside can be fetched.
///
/// Keyword arguments: `shape_invariants` (for each tensor, the shape that it keeps: one with sizes left open, where they
/// change; else that of the loop variable), `maximum_iterations`, `parallel_iterations` (10; kept in the graph), `back_prop`
/// (true: whether it has a gradient), `swap_memory` (kept in the graph), `name`.
///
/// An error, recorded in the graph: there are no loop variables, `body` gives others than it takes, or a shape that does
/// not fit. The gradient is a loop that goes back through the iterations, with what they computed on stacks; it has none
/// itself, as in TensorFlow.
///
/// ```
/// use flowstone as tf;
/// let n = tf::placeholder(tf::int32, ());
/// let (_, product) = tf::while_loop(|(i, _)| tf::less_equal(i, n), |(i, product)| (i + 1, product * i), (1, 1));
/// let sess = tf::Session()?;
/// assert_eq!(sess.run(product, tf::feed_dict! { n: 5 })?.item::<i32>()?, 120);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn while_loop<L, B, P>(
    cond: impl FnOnce(L::Merged) -> P,
    body: impl FnOnce(L::Merged) -> B,
    loop_vars: L,
) -> L::Merged
where
    L: Outcome,
    B: Outcome<Merged = L::Merged>,
    P: IntoTensor,
{
    while_loop_args(cond, body, loop_vars).build()
}

/// [`while_loop`] with keyword arguments.
pub fn while_loop_args<L: Outcome, C, F>(cond: C, body: F, loop_vars: L) -> WhileLoopArgs<L, C, F> {
    WhileLoopArgs {
        cond,
        body,
        loop_vars,
        told: Told {
            shape_invariants: None,
            parallel_iterations: 10,
            back_prop: true,
            swap_memory: false,
            maximum_iterations: None,
            name: "while".into(),
        },
    }
}

/// A [`while_loop`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct WhileLoopArgs<L, C, F> {
    cond: C,
    body: F,
    loop_vars: L,
    told: Told,
}

/// What a loop is told besides.
struct Told {
    shape_invariants: Option<Vec<PartialShape>>,
    parallel_iterations: i64,
    back_prop: bool,
    swap_memory: bool,
    maximum_iterations: Option<Arg>,
    name: String,
}

impl<L: Outcome, C, F> WhileLoopArgs<L, C, F> {
    /// What each loop variable's shape is in all iterations.
    pub fn shape_invariants(mut self, shapes: impl IntoIterator<Item = PartialShape>) -> Self {
        self.told.shape_invariants = Some(shapes.into_iter().collect());
        self
    }

    /// How many iterations TensorFlow may have under way at once; 10 if not said.
    pub fn parallel_iterations(mut self, iterations: i64) -> Self {
        self.told.parallel_iterations = iterations;
        self
    }

    /// Whether the loop has a gradient.
    pub fn back_prop(mut self, back_prop: bool) -> Self {
        self.told.back_prop = back_prop;
        self
    }

    /// Whether TensorFlow may move what the gradient needs out of a device's memory.
    pub fn swap_memory(mut self, swap_memory: bool) -> Self {
        self.told.swap_memory = swap_memory;
        self
    }

    /// After how many iterations it ends in any case.
    pub fn maximum_iterations(mut self, iterations: impl IntoTensor) -> Self {
        self.told.maximum_iterations = Some(iterations.into_arg());
        self
    }

    /// The name of the scope; `while` if not said.
    pub fn name(mut self, name: &str) -> Self {
        self.told.name = name.to_owned();
        self
    }

    /// Builds the loop.
    #[track_caller]
    pub fn build<B, P>(self) -> L::Merged
    where
        C: FnOnce(L::Merged) -> P,
        F: FnOnce(L::Merged) -> B,
        B: Outcome<Merged = L::Merged>,
        P: IntoTensor,
    {
        let (loop_vars, cond, body) = (self.loop_vars, self.cond, self.body);
        let parts = Parts::of(&loop_vars);
        let scope = Scope::open(&parts.values().collect::<Vec<_>>(), &self.told.name);
        let graph = scope.graph();
        let closures = Closures {
            cond: Box::new(|now| cond(rebuilt(graph, &loop_vars, now)).into_arg()),
            body: Box::new(|now| Parts::of(&body(rebuilt(graph, &loop_vars, now)))),
        };
        rebuilt(graph, &loop_vars, looped(&scope, &parts, closures, self.told))
    }
}

/// The closures of a loop, for its variables' tensors.
struct Closures<'a> {
    cond: Box<dyn FnOnce(Vec<Tensor>) -> Arg + 'a>,
    body: Box<dyn FnOnce(Vec<Tensor>) -> Parts + 'a>,
}

/// What leaves the loop; nothing if it cannot be built.
fn looped(scope: &Scope, loop_vars: &Parts, closures: Closures, told: Told) -> Vec<Tensor> {
    let graph = scope.graph();
    let counter = told.maximum_iterations.map(Counter::new);
    let options = Options {
        parallel_iterations: told.parallel_iterations,
        back_prop: told.back_prop,
        swap_memory: told.swap_memory,
        maximum_iterations: counter.as_ref().map(|counter| counter.most),
    };
    let context = WhileContext::new(graph, options);
    if context.outer().is_none() {
        graph.add_to_collection(keys::WHILE_CONTEXT, context.clone());
    }
    let mut first: Vec<Arg> = counter.iter().map(|counter| counter.start.into_arg()).collect();
    let hidden = first.len();
    first.extend(loop_vars.values().cloned());
    let visible = |tensors: &[Tensor]| tensors.iter().copied().skip(hidden).collect();
    let first: Result<Vec<Tensor>> = match first.len() - hidden {
        0 => Err(Error::invalid_argument("'loop_vars' must be provided")),
        _ if told.parallel_iterations < 1 => {
            Err(Error::invalid_argument("'parallel_iterations' must be a positive integer"))
        }
        _ => Ok(first.into_iter().map(|arg| convert(arg, "Const", None)).collect()),
    };
    let _inside = graph.enter_context(&context.context());
    let merges = first.and_then(|first| entered(graph, &context, &first, told.shape_invariants, hidden));
    let merges = merges.unwrap_or_else(|error| {
        scope.fail(error);
        Vec::new()
    });
    let counted = counter.as_ref().zip(merges.first()).map(|(counter, now)| less(*now, counter.most));
    let pred = (closures.cond)(visible(&merges));
    let pred = match counted {
        Some(counted) => logical_and(counted, pred),
        None => convert(pred, "Const", None),
    };
    let pred = LOOP_COND.call([Arg::Tensor(pred)]).name("LoopCond").single();
    context.set_pivot(pred);
    let switches: Vec<[Tensor; 2]> = merges.iter().map(|m| switch_beside(graph, *m, pred, "Switch")).collect();
    let body_vars: Vec<Tensor> = switches.iter().map(|switch| identity(switch[1])).collect();
    if let Some(pivot) = body_vars.first() {
        context.set_pivot_for_body(*pivot);
    }
    let counted = counter.as_ref().and(body_vars.first()).map(|now| *now + 1);
    let given = (closures.body)(visible(&body_vars));
    let next: Result<Vec<Arg>> = match given.same_structure(loop_vars) {
        true => Ok(counted.into_iter().map(IntoTensor::into_arg).chain(given.values().cloned()).collect()),
        false => Err(Error::invalid_argument("'body' gives other loop variables than it takes")),
    };
    let exits = next.and_then(|next| left(graph, &merges, &switches, next)).unwrap_or_else(|error| {
        scope.fail(error);
        Vec::new()
    });
    context.set_exits(&exits);
    if let Some(outer) = context.outer() {
        exits.iter().for_each(|&exit| outer.see(exit));
    }
    visible(&exits)
}

/// What counts the iterations of a loop that ends in any case.
struct Counter {
    most: Tensor,
    start: Tensor,
}

impl Counter {
    fn new(most: Arg) -> Self {
        let most = convert(most, "maximum_iterations", None);
        let zero = most.dtype().and_then(|dtype| Value::scalar(0i32).convert(dtype)).map(Literal::firm);
        Counter { most, start: convert(Arg::Literal(zero), "iteration_counter", None) }
    }
}

/// The ways into the loop, and the Merges that start an iteration.
fn entered(
    graph: &Graph,
    context: &WhileContext,
    first: &[Tensor],
    shapes: Option<Vec<PartialShape>>,
    hidden: usize,
) -> Result<Vec<Tensor>> {
    if first.iter().any(|tensor| tensor.is_poisoned()) {
        return Ok(Vec::new());
    }
    let kept = match shapes {
        None => first.iter().map(|tensor| tensor.shape()).collect::<Vec<PartialShape>>(),
        Some(shapes) => std::iter::repeat_n(PartialShape::scalar(), hidden).chain(shapes).collect(),
    };
    if kept.len() != first.len() {
        let (shapes, count) = (kept.len() - hidden, first.len() - hidden);
        return Err(Error::invalid_argument(format!("{shapes} shape invariants for {count} loop variables")));
    }
    context.start_with(first);
    let outside: Vec<Tensor> = match context.outer() {
        Some(outer) => first.iter().map(|tensor| outer.clone().bring_in(graph, *tensor)).collect(),
        None => first.to_vec(),
    };
    let mut enters = Vec::with_capacity(first.len());
    {
        let _outside = graph.clear_control_dependencies();
        for (tensor, kept) in outside.iter().zip(&kept) {
            let enter = context.enter(*tensor, false);
            if !fits(&tensor.shape(), kept) {
                return Err(Error::invalid_argument(format!(
                    "the shape invariant of {} is {kept}, but it enters the loop with shape {}",
                    tensor.name(),
                    tensor.shape()
                )));
            }
            graph.refine(enter.port(), kept)?;
            enters.push(enter);
        }
    }
    if let Some(pivot) = around(context.outer()).find_map(pivot) {
        for enter in &enters {
            if enter.op().inputs().first().is_some_and(|input| is_constant_enter(input.op())) {
                graph.add_control_input(enter.node, pivot.node);
            }
        }
    }
    context.adopt_enters(graph, &enters);
    context.start_with(&enters);
    context.set_enters(&enters);
    let merges: Vec<Tensor> = enters.iter().map(|enter| merge(&[*enter, *enter], "Merge")).collect();
    if let Some(pivot) = merges.first() {
        context.set_pivot_for_pred(*pivot);
    }
    Ok(merges)
}

/// Whether a tensor of shape `shape` has shape `kept`, as far as that is said.
fn fits(shape: &PartialShape, kept: &PartialShape) -> bool {
    match (shape.dims(), kept.dims()) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(a), Some(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| b.is_none() || a == b),
    }
}

/// Closes the loop: `next` goes on to the next iteration, and in the end what the Switches give leaves.
fn left(graph: &Graph, merges: &[Tensor], switches: &[[Tensor; 2]], next: Vec<Arg>) -> Result<Vec<Tensor>> {
    let by = |plain: &'static OpDef, of_ref: &'static OpDef, tensor: Tensor| {
        let is_ref = tensor.fact().is_some_and(|fact| fact.is_ref);
        (if is_ref { of_ref } else { plain }).call([Arg::Tensor(tensor)]).single()
    };
    let next: Vec<Tensor> = next.into_iter().map(|arg| convert(arg, "Const", None)).collect();
    if next.iter().chain(merges).any(|tensor| tensor.is_poisoned()) {
        return Ok(Vec::new());
    }
    for (merge, next) in merges.iter().zip(next) {
        let next = by(&NEXT_ITERATION, &REF_NEXT_ITERATION, next);
        if !fits(&next.shape(), &merge.shape()) {
            return Err(Error::invalid_argument(format!(
                "a loop variable enters the loop with shape {}, but has shape {} after one iteration: a shape invariant \
                 with sizes left open allows that",
                merge.shape(),
                next.shape()
            )));
        }
        let (wanted, found) = (merge.dtype()?, next.dtype()?);
        if wanted != found {
            return Err(Error::invalid_argument(format!("a loop variable is {wanted}, but 'body' makes it {found}")));
        }
        graph.replace_input(merge.node, 1, next.port());
    }
    Ok(switches.iter().map(|switch| by(&EXIT, &REF_EXIT, switch[0])).collect())
}
