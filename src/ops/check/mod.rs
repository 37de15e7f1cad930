//! Checks of what arrives while the graph runs: conditions that must hold, numbers that must be finite, shapes,
//! printing, and the time.

mod assert;
mod compare;
mod numerics;
mod print;
mod ranks;
mod timestamp;

pub use assert::{Assert, AssertArgs, assert_args};
pub use compare::{
    CompareArgs, assert_equal, assert_equal_args, assert_greater, assert_greater_args, assert_greater_equal,
    assert_greater_equal_args, assert_less, assert_less_args, assert_less_equal, assert_less_equal_args, assert_near,
    assert_near_args, assert_negative, assert_negative_args, assert_non_negative, assert_non_negative_args,
    assert_non_positive, assert_non_positive_args, assert_none_equal, assert_none_equal_args, assert_positive,
    assert_positive_args,
};
pub use numerics::{add_check_numerics_ops, check_numerics, verify_tensor_all_finite};
pub use print::{Print, PrintArgs, print_args};
pub use ranks::{
    RankArgs, assert_integer, assert_rank, assert_rank_args, assert_rank_at_least, assert_rank_at_least_args,
    assert_rank_in, assert_rank_in_args, assert_scalar, assert_type, ensure_shape,
};
pub use timestamp::timestamp;

use crate::error::{Error, Result};
use crate::graph::{Graph, Tensor, get_default_graph};
use crate::op::{Arg, OpDef};

pub(super) static OPS: &[&OpDef] = &[
    &assert::ASSERT,
    &numerics::CHECK_NUMERICS,
    &numerics::CHECK_NUMERICS_V2,
    &print::PRINT,
    &print::PRINT_V2,
    &ranks::ENSURE_SHAPE,
    &timestamp::TIMESTAMP,
];

/// The graph of `args`.
fn graph_of(args: &[Arg]) -> Graph {
    Arg::graph_of(args).unwrap_or_else(|_| get_default_graph())
}

/// A message in front of what else is said.
fn prefix(message: Option<&str>) -> String {
    message.map(|message| format!("{message}.  ")).unwrap_or_default()
}

/// Records a check that fails while building.
#[track_caller]
fn record(graph: &Graph, error: Error) {
    graph.record(error.at(&graph.current_scope(), Some(crate::graph::here())));
}

/// The name of a tensor, as data for a message.
fn named(what: &str, tensor: Tensor) -> String {
    format!("{what} ({}) = ", tensor.name())
}

/// Elements of `value` as text: the first `most` of them, or all if that is negative.
fn summarized(value: &crate::value::Value, most: i64) -> Result<String> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let shown: Vec<String> = crate::dispatch!(value.dtype(), all, T => {
        Ok(value.as_slice::<T>()?.iter().take(most).map(Shown::shown).collect())
    })?;
    let dots = if value.len() > most { "..." } else { "" };
    Ok(format!("{}{dots}", shown.join(" ")))
}

/// An element as text.
trait Shown {
    fn shown(&self) -> String;
}

macro_rules! shown {
    ($($element:ty, |$x:ident| $text:expr;)*) => {
        $(impl Shown for $element {
            fn shown(&self) -> String {
                let $x = self;
                $text
            }
        })*
    };
}
shown! {
    f32, |x| x.to_string();
    f64, |x| x.to_string();
    i32, |x| x.to_string();
    i64, |x| x.to_string();
    u8, |x| x.to_string();
    bool, |x| u8::from(*x).to_string();
    Vec<u8>, |x| String::from_utf8_lossy(x).into_owned();
}
