//! `tf.cond`: one of two subgraphs runs, as a condition says.

use super::branch::{SWITCH, merge};
use super::context::CondContext;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Graph, Operation, Tensor, keys};
use crate::op::{Arg, Gradient, IndexedSlices, IntoTensor, convert};
use crate::ops::array::IDENTITY;
use crate::ops::math::cast;
use crate::ops::scope::Scope;
use crate::ops::state::Variable;

/// What `true_fn` builds if `pred` is true when the graph runs, else what `false_fn` builds. TF: `tf.cond`.
///
/// `pred` is a tensor, a single bool. Both closures are called once, now, and what they build runs only if their branch is
/// taken; what was built outside runs in any case. They give the same number of results of the same types, in the same
/// structure: a tensor, variable, number, [`Operation`] (instead of which the result is a bool), [`Gradient`] or
/// [`IndexedSlices`], or vectors, arrays and tuples of these. Nothing inside can be fetched.
///
/// Keyword arguments: `strict` (says nothing in Rust, where a list of one is never taken for its element) and `name`.
///
/// An error, recorded in the graph: `pred` is a plain bool, of another type or not single; the results differ in number,
/// structure or type, or there are none. The gradient flows through the branch that was taken.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, ());
/// let y = tf::cond(tf::less(x, 0.0), || -x, || x * 2.0);
/// let dy = tf::gradients(y, x)[0].unwrap();
/// let sess = tf::Session()?;
/// let (y_value, slope) = sess.run((y, dy), tf::feed_dict! { x: -3.0 })?;
/// assert_eq!((y_value.item::<f32>()?, slope.item::<f32>()?), (3.0, -1.0));
/// assert_eq!(sess.run(y, tf::feed_dict! { x: 3.0 })?.item::<f32>()?, 6.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn cond<T, F>(pred: impl IntoTensor, true_fn: impl FnOnce() -> T, false_fn: impl FnOnce() -> F) -> T::Merged
where
    T: Outcome,
    F: Outcome<Merged = T::Merged>,
{
    cond_args(pred, true_fn, false_fn).build()
}

/// [`cond`] with keyword arguments.
pub fn cond_args<A, B>(pred: impl IntoTensor, true_fn: A, false_fn: B) -> CondArgs<A, B> {
    CondArgs { pred: pred.into_arg(), true_fn, false_fn, name: "cond".into() }
}

/// A [`cond`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct CondArgs<A, B> {
    pred: Arg,
    true_fn: A,
    false_fn: B,
    name: String,
}

impl<A, B> CondArgs<A, B> {
    /// Whether a list of one stays a list: in Rust it does anyway.
    pub fn strict(self, _strict: bool) -> Self {
        self
    }

    /// The name of the scope; `cond` if not said.
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Builds the condition and both branches.
    #[track_caller]
    pub fn build<T, F>(self) -> T::Merged
    where
        A: FnOnce() -> T,
        B: FnOnce() -> F,
        T: Outcome,
        F: Outcome<Merged = T::Merged>,
    {
        let scope = Scope::open(&[&self.pred], &self.name);
        let mut built = None;
        let true_fn = || Parts::of(built.insert((self.true_fn)()));
        let merged = either(&scope, self.pred, Box::new(true_fn), Box::new(|| Parts::of(&(self.false_fn)())));
        match built {
            Some(built) => rebuilt(scope.graph(), &built, merged),
            None => T::absent(scope.graph()),
        }
    }
}

/// What builds a branch and gives its results.
type Branch<'a> = Box<dyn FnOnce() -> Parts + 'a>;

/// The results of one branch or the other, as `pred` says; none if that cannot be built.
fn either(scope: &Scope, pred: Arg, true_fn: Branch, false_fn: Branch) -> Vec<Tensor> {
    let graph = scope.graph();
    let pred = match pred {
        Arg::Literal(_) => scope
            .fail(Error::invalid_argument("'pred' must be a tensor, not a plain bool: `if` does for that"))
            .into_arg(),
        other => other,
    };
    let switch = SWITCH.call([pred.clone(), pred.clone()]).build();
    let (no, yes) = (switch.output(0), switch.output(1));
    let pivot = |of: Tensor, name: &str| IDENTITY.call([of.into_arg()]).name(name).single();
    let (yes_pivot, no_pivot) = (pivot(yes, "switch_t"), pivot(no, "switch_f"));
    let pred = IDENTITY.call([pred]).name("pred_id").single();
    for tensor in [no, yes, yes_pivot, no_pivot, pred] {
        graph.prevent_fetching(tensor.node);
    }
    let then = branch(graph, pred, yes_pivot, 1, true_fn);
    let otherwise = branch(graph, pred, no_pivot, 0, false_fn);
    let (Some((then, yes)), Some((otherwise, no))) = (then, otherwise) else { return Vec::new() };
    let merged = merged(&then, &otherwise).unwrap_or_else(|error| {
        scope.fail(error);
        Vec::new()
    });
    for context in [yes, no] {
        if context.is_outermost() {
            graph.add_to_collection(keys::COND_CONTEXT, context);
        }
    }
    merged
}

/// What leaves the branch that `build` builds, and the branch, if there is a condition.
fn branch(graph: &Graph, pred: Tensor, pivot: Tensor, taken: u32, build: Branch) -> Option<(Left, CondContext)> {
    if pred.is_poisoned() {
        build();
        return None;
    }
    let context = CondContext::new(graph, pred, pivot, taken);
    let _inside = graph.enter_context(&context.context());
    let parts = build();
    let built = parts.leaves.into_iter().map(|leaf| match leaf {
        Leaf::Operation(operation) => (pivot, after(graph, operation, pivot)),
        Leaf::Value(arg) => {
            let tensor = convert(arg, "Const", None);
            (tensor, context.result(graph, tensor))
        }
    });
    let (built, left): (Vec<Tensor>, Vec<Tensor>) = built.unzip();
    context.leave(&left);
    Some((Left { structure: parts.structure, built, left }, context))
}

/// The structure of `outcome`, of `tensors` instead; silent ones where they are too few.
pub(super) fn rebuilt<R: Outcome>(graph: &Graph, outcome: &R, tensors: Vec<Tensor>) -> R::Merged {
    let mut tensors = tensors.into_iter();
    outcome.rebuilt(&mut || tensors.next().unwrap_or_else(|| Tensor::poisoned(graph)))
}

/// `pivot` once `operation` has run. TF: `with_dependencies`.
fn after(graph: &Graph, operation: Operation, pivot: Tensor) -> Tensor {
    let name = graph.scope_name("control_dependency");
    let _placed = graph.colocate_with(pivot.op());
    let _after = graph.control_dependencies(&[operation]);
    IDENTITY.call([pivot.into_arg()]).name(format!("{name}/")).single()
}

/// A result without a condition around it.
pub(super) fn alone<R: Outcome>(graph: &Graph, result: &R) -> R::Merged {
    let tensors = Parts::of(result).leaves.into_iter().map(|leaf| match leaf {
        Leaf::Value(arg) => convert(arg, "Const", None),
        Leaf::Operation(operation) => after(graph, operation, convert(true.into_arg(), "Const", None)),
    });
    rebuilt(graph, result, tensors.collect())
}

/// What left a branch.
struct Left {
    structure: Vec<Mark>,
    /// The tensors that the closure gave, and what stands for them outside.
    built: Vec<Tensor>,
    left: Vec<Tensor>,
}

/// Both branches' results, one or the other.
fn merged(then: &Left, otherwise: &Left) -> Result<Vec<Tensor>> {
    if then.structure != otherwise.structure {
        return Err(Error::invalid_argument(format!(
            "Incompatible return values of 'true_fn' and 'false_fn': {} and {}",
            described(&then.structure),
            described(&otherwise.structure)
        )));
    }
    if then.left.is_empty() {
        return Err(Error::invalid_argument("'true_fn' and 'false_fn' must return at least one result"));
    }
    if then.left.iter().chain(&otherwise.left).any(|tensor| tensor.is_poisoned()) {
        return Ok(Vec::new());
    }
    let (mut yes, mut no) = (then.left.clone(), otherwise.left.clone());
    for place in then.indices() {
        let narrow = |tensor: Tensor| tensor.dtype().is_ok_and(|dtype| dtype == DType::Int32);
        if narrow(yes[place]) != narrow(no[place]) {
            // TensorFlow widens what the closures gave too, and leaves it.
            for tensor in [&then.built[place], &otherwise.built[place]] {
                cast(*tensor, DType::Int64);
            }
            for tensor in [&mut yes[place], &mut no[place]] {
                *tensor = cast(*tensor, DType::Int64);
            }
        }
    }
    for (yes, no) in yes.iter().zip(&no) {
        let (yes, no) = (yes.dtype()?, no.dtype()?);
        if yes != no {
            return Err(Error::invalid_argument(format!(
                "Outputs of 'true_fn' and 'false_fn' must have the same type(s), but they are {yes} and {no}"
            )));
        }
    }
    Ok(yes.into_iter().zip(no).map(|(yes, no)| merge(&[no, yes], "Merge")).collect())
}

impl Left {
    /// The places of the indices of rows.
    fn indices(&self) -> impl Iterator<Item = usize> {
        let mut place = 0;
        self.structure.iter().filter_map(move |mark| {
            let first = place;
            match mark {
                Mark::List(_) => None,
                Mark::Leaf => {
                    place += 1;
                    None
                }
                Mark::Rows => {
                    place += 3;
                    Some(first + 1)
                }
            }
        })
    }
}

fn described(structure: &[Mark]) -> String {
    let parts: Vec<String> = structure
        .iter()
        .map(|mark| match mark {
            Mark::List(length) => format!("a list of {length}"),
            Mark::Rows => "IndexedSlices".to_owned(),
            Mark::Leaf => "a tensor".to_owned(),
        })
        .collect();
    parts.join(", ")
}

/// The parts of an [`Outcome`].
#[derive(Default)]
pub struct Parts {
    structure: Vec<Mark>,
    leaves: Vec<Leaf>,
}

/// A part of a structure.
#[derive(PartialEq)]
enum Mark {
    List(usize),
    /// Three leaves follow, which are an IndexedSlices.
    Rows,
    Leaf,
}

enum Leaf {
    Value(Arg),
    Operation(Operation),
}

impl Parts {
    /// The parts of `outcome`.
    pub(super) fn of<R: Outcome>(outcome: &R) -> Self {
        let mut parts = Parts::default();
        outcome.parts(&mut parts);
        parts
    }

    /// The tensors and what becomes one.
    pub(super) fn values(&self) -> impl Iterator<Item = &Arg> {
        self.leaves.iter().filter_map(|leaf| if let Leaf::Value(arg) = leaf { Some(arg) } else { None })
    }

    /// Whether there are as many tensors in the same lists, and nothing else.
    pub(super) fn same_structure(&self, other: &Parts) -> bool {
        self.structure == other.structure && self.values().count() == self.leaves.len()
    }

    fn leaf(&mut self, arg: Arg) {
        self.structure.push(Mark::Leaf);
        self.leaves.push(Leaf::Value(arg));
    }
}

/// What a branch may give.
pub trait Outcome {
    /// What comes out of both branches.
    type Merged;
    /// Appends its parts.
    fn parts(&self, parts: &mut Parts);
    /// The same structure of what `next` gives.
    fn rebuilt(&self, next: &mut dyn FnMut() -> Tensor) -> Self::Merged;
    /// What stands for one that could not be built.
    fn absent(graph: &Graph) -> Self::Merged;
}

impl Outcome for Operation {
    type Merged = Tensor;
    fn absent(graph: &Graph) -> Tensor {
        Tensor::poisoned(graph)
    }
    fn parts(&self, parts: &mut Parts) {
        parts.structure.push(Mark::Leaf);
        parts.leaves.push(Leaf::Operation(*self));
    }
    fn rebuilt(&self, next: &mut dyn FnMut() -> Tensor) -> Tensor {
        next()
    }
}

impl Outcome for IndexedSlices {
    type Merged = IndexedSlices;
    fn absent(graph: &Graph) -> IndexedSlices {
        let tensor = Tensor::poisoned(graph);
        IndexedSlices { values: tensor, indices: tensor, dense_shape: tensor }
    }
    fn parts(&self, parts: &mut Parts) {
        parts.structure.push(Mark::Rows);
        let tensors = [self.values, self.indices, self.dense_shape];
        parts.leaves.extend(tensors.map(|tensor| Leaf::Value(tensor.into_arg())));
    }
    fn rebuilt(&self, next: &mut dyn FnMut() -> Tensor) -> IndexedSlices {
        IndexedSlices { values: next(), indices: next(), dense_shape: next() }
    }
}

impl Outcome for Gradient {
    type Merged = Gradient;
    fn absent(graph: &Graph) -> Gradient {
        Tensor::poisoned(graph).into()
    }
    fn parts(&self, parts: &mut Parts) {
        match self {
            Gradient::Dense(tensor) => tensor.parts(parts),
            Gradient::Slices(slices) => slices.parts(parts),
        }
    }
    fn rebuilt(&self, next: &mut dyn FnMut() -> Tensor) -> Gradient {
        match self {
            Gradient::Dense(tensor) => tensor.rebuilt(next).into(),
            Gradient::Slices(slices) => slices.rebuilt(next).into(),
        }
    }
}

macro_rules! single_outcomes {
    ($($part:ty)*) => {$(
        impl Outcome for $part {
            type Merged = Tensor;
            fn absent(graph: &Graph) -> Tensor {
                Tensor::poisoned(graph)
            }
            fn parts(&self, parts: &mut Parts) {
                parts.leaf((*self).into_arg());
            }
            fn rebuilt(&self, next: &mut dyn FnMut() -> Tensor) -> Tensor {
                next()
            }
        }
    )*};
}
// One type for each kind of literal, so that a bare `1` or `0.5` needs no type.
single_outcomes! { Tensor Variable f64 i32 bool &str }

impl Outcome for Arg {
    type Merged = Tensor;
    fn absent(graph: &Graph) -> Tensor {
        Tensor::poisoned(graph)
    }
    fn parts(&self, parts: &mut Parts) {
        parts.leaf(self.clone());
    }
    fn rebuilt(&self, next: &mut dyn FnMut() -> Tensor) -> Tensor {
        next()
    }
}

impl<T: Outcome> Outcome for Vec<T> {
    type Merged = Vec<T::Merged>;
    fn absent(_: &Graph) -> Self::Merged {
        Vec::new()
    }
    fn parts(&self, parts: &mut Parts) {
        parts.structure.push(Mark::List(self.len()));
        self.iter().for_each(|part| part.parts(parts));
    }
    fn rebuilt(&self, next: &mut dyn FnMut() -> Tensor) -> Self::Merged {
        self.iter().map(|part| part.rebuilt(next)).collect()
    }
}

impl<T: Outcome, const N: usize> Outcome for [T; N] {
    type Merged = [T::Merged; N];
    fn absent(graph: &Graph) -> Self::Merged {
        std::array::from_fn(|_| T::absent(graph))
    }
    fn parts(&self, parts: &mut Parts) {
        parts.structure.push(Mark::List(N));
        self.iter().for_each(|part| part.parts(parts));
    }
    fn rebuilt(&self, next: &mut dyn FnMut() -> Tensor) -> Self::Merged {
        self.each_ref().map(|part| part.rebuilt(next))
    }
}

macro_rules! tuple_outcomes {
    ($($count:literal: $($part:ident $i:tt),*;)*) => {$(
        impl<$($part: Outcome),*> Outcome for ($($part,)*) {
            type Merged = ($($part::Merged,)*);
            fn absent(graph: &Graph) -> Self::Merged {
                ($($part::absent(graph),)*)
            }
            fn parts(&self, parts: &mut Parts) {
                parts.structure.push(Mark::List($count));
                $(self.$i.parts(parts);)*
            }
            fn rebuilt(&self, next: &mut dyn FnMut() -> Tensor) -> Self::Merged {
                ($(self.$i.rebuilt(next),)*)
            }
        }
    )*};
}
tuple_outcomes! {
    1: A 0;
    2: A 0, B 1;
    3: A 0, B 1, C 2;
    4: A 0, B 1, C 2, D 3;
    5: A 0, B 1, C 2, D 3, E 4;
    6: A 0, B 1, C 2, D 3, E 4, F 5;
}
