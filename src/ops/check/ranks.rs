//! `assert_rank` and its like, and EnsureShape: what is known of shapes and types while building, or checked when they
//! arrive.

use super::{assert_args, graph_of, prefix, record};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Graph, Operation, Tensor, get_default_graph};
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, OpDef, Sig, convert};
use crate::ops::array::{rank, shape};
use crate::ops::flow::no_op_after;
use crate::ops::math::{equal, greater_equal, logical_or};
use crate::shape::{IntoShape, PartialShape};

/// `x` has `rank` dimensions. TF: `tf.assert_rank`.
///
/// An error of the graph if it is known not to; else the operation that fails the run. Keyword arguments `message`, said in
/// front, and `summarize`, how many sizes are said.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, None);
/// let check = tf::assert_rank(x, 1);
/// assert!(tf::Session()?.run(check, tf::feed_dict! { x: [[1.0]] }).is_err());
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn assert_rank(x: impl IntoTensor, rank: i32) -> Operation {
    assert_rank_args(x, rank).build()
}

/// [`assert_rank`] with keyword arguments.
pub fn assert_rank_args(x: impl IntoTensor, rank: i32) -> RankArgs {
    RankArgs::new(x, vec![rank], &EXACTLY)
}

/// `x` has `rank` dimensions or more. TF: `tf.assert_rank_at_least`. As [`assert_rank`] in all else.
#[track_caller]
pub fn assert_rank_at_least(x: impl IntoTensor, rank: i32) -> Operation {
    assert_rank_at_least_args(x, rank).build()
}

/// [`assert_rank_at_least`] with keyword arguments.
pub fn assert_rank_at_least_args(x: impl IntoTensor, rank: i32) -> RankArgs {
    RankArgs::new(x, vec![rank], &AT_LEAST)
}

/// `x` has one of these numbers of dimensions. TF: `tf.assert_rank_in`. As [`assert_rank`] in all else.
#[track_caller]
pub fn assert_rank_in(x: impl IntoTensor, ranks: impl IntoIterator<Item = i32>) -> Operation {
    assert_rank_in_args(x, ranks).build()
}

/// [`assert_rank_in`] with keyword arguments.
pub fn assert_rank_in_args(x: impl IntoTensor, ranks: impl IntoIterator<Item = i32>) -> RankArgs {
    RankArgs::new(x, ranks.into_iter().collect(), &ONE_OF)
}

/// A way to ask about the number of dimensions.
struct Question {
    name: &'static str,
    says: &'static str,
    holds: fn(i32, &[i32]) -> bool,
    /// The same in the graph, of the rank of a tensor and the numbers wanted.
    build: fn(Tensor, &[Tensor]) -> Tensor,
}

static EXACTLY: Question = Question {
    name: "assert_rank",
    says: "must have rank",
    holds: |rank, wanted| wanted.contains(&rank),
    build: |rank, wanted| equal(rank, first(wanted, rank)),
};

static AT_LEAST: Question = Question {
    name: "assert_rank_at_least",
    says: "must have rank at least",
    holds: |rank, wanted| wanted.iter().all(|&wanted| rank >= wanted),
    build: |rank, wanted| greater_equal(rank, first(wanted, rank)),
};

static ONE_OF: Question = Question {
    name: "assert_rank_in",
    says: "must have rank in",
    holds: |rank, wanted| wanted.contains(&rank),
    build: |rank, wanted| match wanted.split_first() {
        None => convert(false.into_arg(), "Const", None),
        Some((first, more)) => more.iter().fold(equal(*first, rank), |any, more| logical_or(any, equal(*more, rank))),
    },
};

fn first(wanted: &[Tensor], rank: Tensor) -> Tensor {
    wanted.first().copied().unwrap_or(rank)
}

/// A check of the number of dimensions under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct RankArgs {
    x: Arg,
    wanted: Vec<i32>,
    question: &'static Question,
    message: Option<String>,
    summarize: i64,
}

impl RankArgs {
    fn new(x: impl IntoTensor, wanted: Vec<i32>, question: &'static Question) -> Self {
        RankArgs { x: x.into_arg(), wanted, question, message: None, summarize: 3 }
    }

    /// What is said in front.
    pub fn message(mut self, message: &str) -> Self {
        self.message = Some(message.to_owned());
        self
    }

    /// How many sizes are said; 3 if not said, all if negative.
    pub fn summarize(mut self, summarize: i64) -> Self {
        self.summarize = summarize;
        self
    }

    /// Builds the operations.
    #[track_caller]
    pub fn build(self) -> Operation {
        let args = [self.x];
        let graph = graph_of(&args);
        let _scope = graph.scope(self.question.name);
        let [x] = args;
        let x = convert(x, "x", None);
        let wanted: Vec<Tensor> = self.wanted.iter().map(|rank| convert(rank.into_arg(), "rank", None)).collect();
        let message = prefix(self.message.as_deref());
        let says = format!("Tensor {} {}", x.name(), self.question.says);
        let sizes = shape(x);
        for rank in &wanted {
            assert_type(*rank, DType::Int32);
        }
        if let Some(known) = x.rank() {
            if !(self.question.holds)(known as i32, &self.wanted) {
                let shape = x.shape();
                record(
                    &graph,
                    Error::invalid_argument(format!("{message}{says} {:?}, but its shape is {shape}", self.wanted)),
                );
            }
            return no_op_after(&graph, &[], "static_checks_determined_all_ok");
        }
        let mut data = vec![message.into_arg(), says.into_arg()];
        data.extend(wanted.iter().map(IntoTensor::into_arg));
        data.extend(["Received shape: ".into_arg(), sizes.into_arg()]);
        let condition = (self.question.build)(rank(x), &wanted);
        assert_args(condition, data).summarize(self.summarize).build()
    }
}

/// `tensor` has the data type `tf_type`; an error of the graph if not. TF: `tf.assert_type`.
#[track_caller]
pub fn assert_type(tensor: impl IntoTensor, tf_type: DType) -> Operation {
    known_type(tensor, "assert_type", "tensor", "statically_determined_correct_type", |found| {
        (found == tf_type).then_some(()).ok_or_else(|| format!("must be {tf_type}, but is {found}"))
    })
}

/// `x` has whole numbers; an error of the graph if not. TF: `tf.assert_integer`.
#[track_caller]
pub fn assert_integer(x: impl IntoTensor) -> Operation {
    known_type(x, "assert_integer", "x", "statically_determined_was_integer", |found| {
        found.is_integer().then_some(()).ok_or_else(|| format!("must be whole numbers, but is {found}"))
    })
}

#[track_caller]
fn known_type(
    x: impl IntoTensor,
    scope: &str,
    argument: &str,
    node: &str,
    check: impl Fn(DType) -> Result<(), String>,
) -> Operation {
    let args = [x.into_arg()];
    let graph: Graph = graph_of(&args);
    let _scope = graph.scope(scope);
    let [x] = args;
    let x = convert(x, argument, None);
    if let Some(Err(wrong)) = x.dtype().ok().map(check) {
        record(&graph, Error::invalid_argument(format!("tensor '{}' {wrong}", x.name())));
    }
    no_op_after(&graph, &[], node)
}

/// `tensor`, which must be known to be a single element; an error of the graph if not. TF: `tf.assert_scalar`.
#[track_caller]
pub fn assert_scalar(tensor: impl IntoTensor) -> Tensor {
    let graph = get_default_graph();
    let _scope = graph.scope("assert_scalar");
    let tensor = convert(tensor.into_arg(), "tensor", None);
    if tensor.rank() != Some(0) {
        record(&graph, Error::invalid_argument(format!("'{}' has shape {}, not []", tensor.name(), tensor.shape())));
    }
    tensor
}

/// `x`, which has the shape `shape` as far as that says; an error of the run if not. TF: `tf.ensure_shape`.
///
/// The result's shape is known as far as either is. The gradient passes through.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, None);
/// let y = tf::ensure_shape(x, (None, 2));
/// assert_eq!(y.shape().to_string(), "[?,2]");
/// assert!(tf::Session()?.run(y, tf::feed_dict! { x: [[1.0, 2.0, 3.0]] }).is_err());
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn ensure_shape(x: impl IntoTensor, shape: impl IntoShape) -> Tensor {
    let x = x.into_arg();
    match shape.into_shape() {
        Ok(shape) => ENSURE_SHAPE.call([x]).attr("shape", shape).single(),
        Err(error) => {
            let graph = graph_of(std::slice::from_ref(&x));
            record(&graph, error.retitled("EnsureShape"));
            Tensor::poisoned(&graph)
        }
    }
}

pub(super) static ENSURE_SHAPE: OpDef = OpDef {
    sig: Sig::new("EnsureShape(input: T) -> (output: T) where shape: shape, T: type"),
    infer: |ctx| {
        let (found, wanted) = (ctx.shape(0)?, ctx.attrs().shape("shape")?);
        let merged: Option<PartialShape> = found.merge(wanted);
        let merged = merged.ok_or_else(|| Error::invalid_argument(format!("the shape is {found}, not {wanted}")))?;
        ctx.set(0, merged)?;
        if let Some(integers) = &ctx.input(0)?.integers {
            ctx.set_integers(0, integers.iter().copied());
        }
        Ok(())
    },
    kernel: Kernel::Run(|ctx| {
        let (found, wanted) = (ctx.inputs.shape(0)?, ctx.node.attrs().shape("shape")?);
        if !wanted.accepts(found) {
            return Err(Error::invalid_argument(format!("the shape is {found}, not {wanted}")));
        }
        ctx.pass_on(0, 0)
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(g.dy(0))])),
    flags: Flags::PASSING,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ops::array::placeholder;
    use crate::session::{Feeds, SessionArgs};
    use crate::testing::{OpTest, build_error};

    #[test]
    fn ranks_are_asked_about() {
        let known = || placeholder(DType::Float32, [2, 3]);
        assert!(build_error(|| assert_rank(known(), 1)).contains("must have rank [1], but its shape is [2,3]"));
        assert!(build_error(|| assert_rank_at_least(known(), 3)).contains("must have rank at least [3]"));
        assert!(build_error(|| assert_rank_in(known(), [0, 1])).contains("must have rank in [0, 1]"));
        let unknown = placeholder(DType::Int32, None);
        let checks = [assert_rank(unknown, 1), assert_rank_at_least(unknown, 1), assert_rank_in(unknown, [1, 3])];
        let session = SessionArgs::new().build().unwrap();
        let holds = |value: crate::value::Value| {
            checks.map(|check| session.run(check, Feeds::new().feed(unknown, value.clone())).is_ok())
        };
        assert_eq!(holds([1i32].into()), [true, true, true]);
        assert_eq!(holds([[1i32]].into()), [false, true, false]);
        assert_eq!(holds(crate::value::Value::scalar(1i32)), [false, false, false]);
    }

    #[test]
    fn types_and_shapes_are_checked() {
        assert!(build_error(|| assert_type(1.0, DType::Int32)).contains("must be int32, but is float32"));
        assert!(build_error(|| assert_integer(1.0)).contains("must be whole numbers, but is float32"));
        assert!(build_error(|| assert_scalar([1])).contains("has shape [1], not []"));
        assert!(build_error(|| ensure_shape([1], [2])).contains("the shape is [1], not [2]"));
        OpTest::new(|x| vec![ensure_shape(x[0], (None, 2))])
            .inputs([[[1.0f32, 2.0]].into()])
            .expect([[[1.0f32, 2.0]].into()])
            .differentiable(&[0])
            .run();
    }
}
