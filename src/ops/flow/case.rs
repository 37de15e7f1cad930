//! `tf.case`: the first of several conditions that holds decides; and conditions that may be known while building.

use super::cond::{Outcome, alone, cond_args};
use crate::dtype::DType;
use crate::error::Error;
use crate::graph::{Attr, Graph, Operation, Tensor, get_default_graph};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::pack_named;
use crate::ops::check::assert_args;
use crate::ops::math::{cast, less_equal, reduce_sum_args};
use crate::ops::scope::Scope;

/// What a condition leads to.
pub type Action<'a, R> = Box<dyn FnOnce() -> R + 'a>;

/// What the first of several conditions that holds leads to. TF: `tf.case`.
///
/// `pred_fn_pairs` are conditions, single bools, each with a closure: a tuple of such pairs, or an array or vector of them
/// where the closures are of one type. They give what [`cond`](fn@crate::cond)'s may. Keyword arguments: `default`, a closure
/// for the case that no condition holds (an error when the graph runs, if there is none); `exclusive` (it is an error when
/// the graph runs if several hold), `strict` and `name`.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::int32, ());
/// let small = (tf::less(x, 10), || x * 2);
/// let large = (tf::greater(x, 100), || -x);
/// let y = tf::case!((small, large), default = move || x, exclusive = true);
/// let sess = tf::Session()?;
/// for (fed, expected) in [(3, 6), (50, 50), (200, -200)] {
///     assert_eq!(sess.run(y, tf::feed_dict! { x: fed })?.item::<i32>()?, expected);
/// }
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn case<'a, R: Outcome>(pred_fn_pairs: impl Cases<'a, R>) -> R::Merged
where
    R::Merged: Outcome<Merged = R::Merged>,
{
    case_args(pred_fn_pairs).build()
}

/// [`case`] with keyword arguments.
pub fn case_args<'a, R>(pred_fn_pairs: impl Cases<'a, R>) -> CaseArgs<'a, R> {
    CaseArgs { pairs: pred_fn_pairs.pairs(), default: None, exclusive: false, name: "case".into() }
}

/// A [`case`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct CaseArgs<'a, R> {
    pairs: Vec<(Arg, Action<'a, R>)>,
    default: Option<Action<'a, R>>,
    exclusive: bool,
    name: String,
}

impl<'a, R> CaseArgs<'a, R> {
    /// What is built for the case that no condition holds.
    pub fn default(mut self, default: impl FnOnce() -> R + 'a) -> Self {
        self.default = Some(Box::new(default));
        self
    }

    /// Whether it is an error if several conditions hold; no if not said.
    pub fn exclusive(mut self, exclusive: bool) -> Self {
        self.exclusive = exclusive;
        self
    }

    /// Whether a list of one stays a list: in Rust it does anyway.
    pub fn strict(self, _strict: bool) -> Self {
        self
    }

    /// The name of the scope; `case` if not said.
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Builds the conditions, one inside the other.
    #[track_caller]
    pub fn build(self) -> R::Merged
    where
        R: Outcome,
        R::Merged: Outcome<Merged = R::Merged>,
    {
        let (preds, actions): (Vec<Arg>, Vec<Action<R>>) = self.pairs.into_iter().unzip();
        let scope = Scope::open(&preds.iter().collect::<Vec<_>>(), &self.name);
        let graph = scope.graph();
        let mut preds: Vec<Tensor> = preds.into_iter().map(|pred| condition(&scope, pred)).collect();
        let mut pairs = actions;
        let default = match self.default {
            Some(default) => default,
            None => match pairs.pop() {
                Some(action) => {
                    let all = preds.clone();
                    preds.pop();
                    Box::new(move || last_case(&all, action)) as Action<R>
                }
                None => {
                    scope.fail(Error::invalid_argument("there is no condition and no default"));
                    return R::absent(graph);
                }
            },
        };
        let check = self.exclusive.then(|| at_most(1, &preds, "Input error: exclusive=True"));
        let _after = check.map(|check| graph.control_dependencies(&[check]));
        chain(graph, preds.into_iter().zip(pairs), default)
    }
}

/// A condition as a tensor.
fn condition(scope: &Scope, pred: Arg) -> Tensor {
    let tensor = match pred {
        Arg::Literal(_) => {
            return scope.fail(Error::invalid_argument("a condition must be a tensor, not a plain bool"));
        }
        other => convert(other, "pred", None),
    };
    match tensor.dtype() {
        Ok(dtype) if dtype != DType::Bool => {
            scope.fail(Error::invalid_argument(format!("the condition {} is {dtype}, not bool", tensor.name())))
        }
        _ => tensor,
    }
}

/// The first pair, or else what `default` gives.
fn chain<'a, R>(
    graph: &Graph,
    mut pairs: impl ExactSizeIterator<Item = (Tensor, Action<'a, R>)>,
    default: Action<'a, R>,
) -> R::Merged
where
    R: Outcome,
    R::Merged: Outcome<Merged = R::Merged>,
{
    match pairs.next() {
        None => {
            let result = default();
            alone(graph, &result)
        }
        Some((pred, action)) if pairs.len() == 0 => cond_args(pred, action, default).build(),
        Some((pred, action)) => {
            let rest = || {
                let pairs: Box<dyn ExactSizeIterator<Item = (Tensor, Action<'a, R>)> + '_> = Box::new(pairs);
                chain(graph, pairs, default)
            };
            cond_args(pred, action, rest).build()
        }
    }
}

/// What the last of several conditions leads to, if it is clear that it must hold.
fn last_case<R>(preds: &[Tensor], action: impl FnOnce() -> R) -> R {
    let Some((pred, others)) = preds.split_last() else { return action() };
    let all = pack_named(preds.iter().map(|pred| pred.into_arg()).collect(), "preds_c");
    let says = format!(
        "Implementation error: selected default action #{} was called, but some of other predicates are True: ",
        others.len()
    );
    let none = at_most(0, others, &says);
    let says = ["Input error: None of conditions evaluated as True:".into_arg(), all.into_arg()];
    let holds = assert_args(*pred, says).build();
    let graph = pred.graph().unwrap_or_else(|_| get_default_graph());
    let _after = graph.control_dependencies(&[none, holds]);
    action()
}

/// Fails when the graph runs if more than `most` of the conditions hold.
fn at_most(most: i32, preds: &[Tensor], says: &str) -> Operation {
    let all = pack_named(preds.iter().map(|pred| pred.into_arg()).collect(), "preds_c");
    let count = reduce_sum_args(cast(all, DType::Int32)).named("num_true_conds").build();
    let names: Vec<String> = preds.iter().map(|pred| pred.name()).collect();
    let bound = convert(most.into_arg(), "n_true_conds", None);
    let says = format!("{says}: more than {most} conditions ({}) evaluated as True:", names.join(", "));
    assert_args(less_equal(count, bound), [says.into_arg(), all.into_arg()]).summarize(preds.len() as i64).build()
}

/// Conditions with closures: what [`case`] takes.
pub trait Cases<'a, R> {
    /// Each condition with its closure.
    fn pairs(self) -> Vec<(Arg, Action<'a, R>)>;
}

fn pair<'a, R>((pred, action): (impl IntoTensor, impl FnOnce() -> R + 'a)) -> (Arg, Action<'a, R>) {
    (pred.into_arg(), Box::new(action))
}

impl<'a, R, P: IntoTensor, F: FnOnce() -> R + 'a> Cases<'a, R> for Vec<(P, F)> {
    fn pairs(self) -> Vec<(Arg, Action<'a, R>)> {
        self.into_iter().map(pair).collect()
    }
}

impl<'a, R, P: IntoTensor, F: FnOnce() -> R + 'a, const N: usize> Cases<'a, R> for [(P, F); N] {
    fn pairs(self) -> Vec<(Arg, Action<'a, R>)> {
        self.into_iter().map(pair).collect()
    }
}

macro_rules! tuples_of_cases {
    ($($($pred:ident $action:ident $i:tt),*;)*) => {$(
        impl<'a, R, $($pred: IntoTensor, $action: FnOnce() -> R + 'a),*> Cases<'a, R> for ($(($pred, $action),)*) {
            fn pairs(self) -> Vec<(Arg, Action<'a, R>)> {
                vec![$(pair(self.$i)),*]
            }
        }
    )*};
}
tuples_of_cases! {
    P0 F0 0;
    P0 F0 0, P1 F1 1;
    P0 F0 0, P1 F1 1, P2 F2 2;
    P0 F0 0, P1 F1 1, P2 F2 2, P3 F3 3;
    P0 F0 0, P1 F1 1, P2 F2 2, P3 F3 3, P4 F4 4;
    P0 F0 0, P1 F1 1, P2 F2 2, P3 F3 3, P4 F4 4, P5 F5 5;
    P0 F0 0, P1 F1 1, P2 F2 2, P3 F3 3, P4 F4 4, P5 F5 5, P6 F6 6;
    P0 F0 0, P1 F1 1, P2 F2 2, P3 F3 3, P4 F4 4, P5 F5 5, P6 F6 6, P7 F7 7;
}

/// What `true_fn` or `false_fn` builds: the one that is right, if `pred` is known while building, else a
/// [`cond`](fn@crate::cond) of both. TF: `smart_cond` of `tensorflow.python.layers.utils` and
/// `tensorflow.python.framework.smart_cond`.
///
/// `pred` is a bool, or a tensor of one, known if it is a constant.
///
/// ```
/// use flowstone as tf;
/// let y = tf::layers::utils::smart_cond(true, || tf::constant(1.0), || tf::constant(2.0));
/// assert_eq!(y.op().op_type(), "Const");
/// ```
#[track_caller]
pub fn smart_cond<R: Outcome<Merged = R>>(
    pred: impl IntoTensor,
    true_fn: impl FnOnce() -> R,
    false_fn: impl FnOnce() -> R,
) -> R {
    let pred = pred.into_arg();
    match constant_value(pred.clone()) {
        Some(true) => true_fn(),
        Some(false) => false_fn(),
        None => cond_args(pred, true_fn, false_fn).build(),
    }
}

/// Whether `pred` holds, if that is known while building. TF: `tensorflow.python.layers.utils.constant_value`.
///
/// It is for a bool, a constant, and the numbers 0 and 1.
pub fn constant_value(pred: impl IntoTensor) -> Option<bool> {
    match pred.into_arg() {
        Arg::Literal(literal) => {
            let value = literal.and_then(|literal| literal.resolve(None)).ok()?;
            match value.dtype() {
                DType::Bool => value.item::<bool>().ok(),
                _ => match value.integers().ok()?.as_slice() {
                    [0] => Some(false),
                    [1] => Some(true),
                    _ => None,
                },
            }
        }
        Arg::Tensor(tensor) => match tensor.op().with(|node| node.attrs.get("value").cloned()) {
            Some(Some(Attr::Tensor(value, _))) if tensor.op().op_type() == "Const" => value.item::<bool>().ok(),
            _ => None,
        },
        _ => None,
    }
}
