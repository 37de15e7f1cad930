//! What Python writes in brackets: `x[:, 0, None]` is `x.at((.., 0, newaxis))`.

use std::ops::{Range, RangeFrom, RangeFull, RangeTo};

use super::{packed, strided_slice_args};
use crate::dtype::DType;
use crate::graph::{Tensor, built_at, get_default_graph, here};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::math::cast;

/// In [`Tensor::at`]: a new dimension of size 1. TF: `tf.newaxis`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewAxis;

/// In [`Tensor::at`]: a new dimension of size 1. TF: `tf.newaxis`.
#[allow(non_upper_case_globals)]
pub const newaxis: NewAxis = NewAxis;

/// In [`Tensor::at`]: all dimensions that no other entry speaks of. Python: `...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ellipsis;

/// In [`Tensor::at`]: the dimensions that no other entry speaks of. Python: `...`.
#[allow(non_upper_case_globals)]
pub const ellipsis: Ellipsis = Ellipsis;

/// In [`Tensor::at`]: every `step`-th element of `range`, backwards if it is negative. Python: `begin:end:step`.
pub fn step(range: impl IntoIndexItem, step: impl Bound) -> IndexItem {
    match range.into_item() {
        IndexItem::Part { begin, end, .. } => IndexItem::Part { begin, end, step: Some(step.into_arg()) },
        other => other,
    }
}

/// In [`Tensor::at`]: the elements from `begin` up to `end`, where a Rust range cannot say it: a number and a tensor, or
/// backwards with [`step`]. Python: `begin:end`.
pub fn between(begin: impl Bound, end: impl Bound) -> IndexItem {
    part(Some(begin.into_arg()), Some(end.into_arg()))
}

/// One entry of an index.
#[derive(Clone, Debug)]
pub enum IndexItem {
    /// One element; the dimension goes.
    One(Arg),
    /// The elements of a range.
    Part {
        /// The first one.
        begin: Option<Arg>,
        /// The first one that is not taken.
        end: Option<Arg>,
        /// How far apart they are.
        step: Option<Arg>,
    },
    /// A new dimension.
    New,
    /// All dimensions that no other entry speaks of.
    Rest,
}

/// What can be a bound of a range: a whole number or a scalar tensor of int32 or int64.
pub trait Bound: IntoTensor {}

impl Bound for i32 {}
impl Bound for Tensor {}

/// What can be an entry of an index: a whole number or a scalar tensor, a range of these, [`newaxis`], [`ellipsis`].
pub trait IntoIndexItem {
    /// The entry.
    fn into_item(self) -> IndexItem;
}

macro_rules! items {
    ($([$($generics:tt)*] $entry:ty, $this:pat => $item:expr;)*) => {$(
        impl<$($generics)*> IntoIndexItem for $entry {
            fn into_item(self) -> IndexItem {
                let $this = self;
                $item
            }
        }
    )*};
}

fn part(begin: Option<Arg>, end: Option<Arg>) -> IndexItem {
    IndexItem::Part { begin, end, step: None }
}

items! {
    [] IndexItem, item => item;
    [] NewAxis, _ => IndexItem::New;
    [] Ellipsis, _ => IndexItem::Rest;
    [] RangeFull, _ => part(None, None);
    [] i32, i => IndexItem::One(i.into_arg());
    [] Tensor, i => IndexItem::One(i.into_arg());
    [B: Bound] Range<B>, range => part(Some(range.start.into_arg()), Some(range.end.into_arg()));
    [B: Bound] RangeFrom<B>, range => part(Some(range.start.into_arg()), None);
    [B: Bound] RangeTo<B>, range => part(None, Some(range.end.into_arg()));
}

/// What can be an index: an entry, or a tuple of entries.
pub trait IntoIndex {
    /// The entries.
    fn into_items(self) -> Vec<IndexItem>;
}

impl<I: IntoIndexItem> IntoIndex for I {
    fn into_items(self) -> Vec<IndexItem> {
        vec![self.into_item()]
    }
}

macro_rules! tuples {
    ($(($($I:ident $i:ident),+))*) => {$(
        impl<$($I: IntoIndexItem),+> IntoIndex for ($($I,)+) {
            fn into_items(self) -> Vec<IndexItem> {
                let ($($i,)+) = self;
                vec![$($i.into_item()),+]
            }
        }
    )*};
}
tuples! {
    (A a) (A a, B b) (A a, B b, C c) (A a, B b, C c, D d) (A a, B b, C c, D d, E e) (A a, B b, C c, D d, E e, F f)
}

impl Tensor {
    /// The part of the tensor that Python's brackets take.
    ///
    /// An entry for each of the first dimensions: a number (negative ones count from the end) takes one element, a range
    /// its elements, `..` all; [`between`] is a range of tensors or backwards, [`step`] walks in steps, [`newaxis`] is a new dimension and [`ellipsis`] stands for all
    /// dimensions that no other entry speaks of. Numbers may be scalar tensors. TF: `x[…]`.
    ///
    /// ```
    /// use flowstone as tf;
    /// let x = tf::constant([[1, 2, 3], [4, 5, 6]]);
    /// let column = x.at((.., 0, tf::newaxis)); // x[:, 0, None]
    /// let last = x.at((-1, 1..)); // x[-1, 1:]
    /// let turned = x.at((tf::ellipsis, tf::step(.., -1))); // x[..., ::-1]
    /// assert_eq!(column.shape().to_string(), "[2,1]");
    /// let (last, turned) = tf::Session()?.run((last, turned), tf::feed_dict! {})?;
    /// assert_eq!((last.as_slice::<i32>()?, turned.as_slice::<i32>()?), (&[5, 6][..], &[3, 2, 1, 6, 5, 4][..]));
    /// # Ok::<(), tf::Error>(())
    /// ```
    #[track_caller]
    pub fn at(self, index: impl IntoIndex) -> Tensor {
        let _line = built_at(here());
        let mut lists = Lists::default();
        for item in index.into_items() {
            lists.add(item);
        }
        let graph = self.graph().unwrap_or_else(|_| get_default_graph());
        let scope = graph.scope_name("strided_slice");
        let _scope = graph.scope(&format!("{scope}/"));
        let [begin, end, strides] = lists.packed();
        let [begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask] = lists.masks;
        strided_slice_args(self, begin, end)
            .strides(strides)
            .begin_mask(begin_mask)
            .end_mask(end_mask)
            .ellipsis_mask(ellipsis_mask)
            .new_axis_mask(new_axis_mask)
            .shrink_axis_mask(shrink_axis_mask)
            .build_exact(&format!("{scope}/"))
    }
}

/// The three lists of a strided slice, and its masks.
#[derive(Default)]
struct Lists {
    lists: [Vec<Arg>; 3],
    masks: [i64; 5],
}

impl Lists {
    fn add(&mut self, item: IndexItem) {
        let bit = 1i64.checked_shl(self.lists[0].len() as u32).unwrap_or_default();
        let (entry, open): ([Arg; 3], [bool; 5]) = match item {
            IndexItem::Rest => (numbers([0, 0, 1]), [false, false, true, false, false]),
            IndexItem::New => (numbers([0, 0, 1]), [false, false, false, true, false]),
            IndexItem::One(i) => {
                let long = i.tensor().and_then(|i| i.dtype().ok()).filter(|dtype| *dtype == DType::Int64);
                ([i.clone(), after(i), number(1, long)], [false, false, false, false, true])
            }
            IndexItem::Part { begin, end, step } => {
                let open = [begin.is_none(), end.is_none(), false, false, false];
                // Beside a tensor, what is left out is a constant of the tensor's type.
                let dtype = [&begin, &end, &step].into_iter().flatten().find_map(|arg| arg.tensor()?.dtype().ok());
                let entry = [(begin, 0), (end, 0), (step, 1)];
                (entry.map(|(arg, default)| arg.unwrap_or_else(|| number(default, dtype))), open)
            }
        };
        self.lists.iter_mut().zip(entry).for_each(|(list, arg)| list.push(arg));
        self.masks.iter_mut().zip(open).filter(|(_, open)| *open).for_each(|(mask, _)| *mask |= bit);
    }

    /// The lists as tensors, int64 if one number is.
    fn packed(&mut self) -> [Tensor; 3] {
        let mut n = 0;
        let packed = std::mem::take(&mut self.lists).map(|list| {
            n += 1;
            list_of(list, ["stack", "stack_1", "stack_2"][n - 1])
        });
        let long = packed.iter().any(|list| list.dtype().is_ok_and(|dtype| dtype == DType::Int64));
        if long { packed.map(|list| cast(list, DType::Int64)) } else { packed }
    }
}

fn numbers(numbers: [i32; 3]) -> [Arg; 3] {
    numbers.map(IntoTensor::into_arg)
}

fn number(n: i32, dtype: Option<DType>) -> Arg {
    match dtype {
        Some(dtype) => convert(n.into_arg(), "Const", Some(dtype)).into_arg(),
        None => n.into_arg(),
    }
}

/// The number after `i`.
fn after(i: Arg) -> Arg {
    match i {
        Arg::Tensor(tensor) => (tensor + 1).into_arg(),
        Arg::Literal(literal) => {
            let next = literal.and_then(|literal| literal.resolve(None)).and_then(|i| i.item::<i32>());
            next.map_or_else(|error| Arg::Literal(Err(error)), |i| i.wrapping_add(1).into_arg())
        }
        list => list,
    }
}

/// The list that Python makes of numbers: one constant, or a stack if tensors are among them.
fn list_of(list: Vec<Arg>, name: &str) -> Tensor {
    if list.iter().any(|arg| arg.tensor().is_some()) {
        return packed(list, name);
    }
    let number = |arg: Arg| match arg {
        Arg::Literal(literal) => literal?.resolve(None)?.item::<i32>(),
        _ => Ok(0),
    };
    let numbers = list.into_iter().map(number).collect::<crate::error::Result<Vec<i32>>>();
    convert(numbers.map_or_else(|error| Arg::Literal(Err(error)), IntoTensor::into_arg), name, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;
    use crate::value::Value;

    #[test]
    fn indices_take_what_pythons_take() {
        let x: Value = [[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]].into();
        OpTest::new(|x| {
            vec![
                x[0].at(1),
                x[0].at((.., -1)),
                x[0].at((ellipsis, newaxis, ..2)),
                x[0].at(step(.., -1)),
                x[0].at((x[1], x[1]..)),
                x[0].at((0..1, step(x[1].., x[1]))),
                x[0].at((between(0, x[1]), step(between(2, 0), -1))),
            ]
        })
        .inputs([x, Value::scalar(1i32)])
        .constants(&[1])
        .expect([
            [4.0f32, 5.0, 6.0].into(),
            [3.0f32, 6.0].into(),
            Value::new([2, 1, 2], vec![1.0f32, 2.0, 4.0, 5.0]).unwrap_or(Value::scalar(0)),
            [[4.0f32, 5.0, 6.0], [1.0, 2.0, 3.0]].into(),
            [5.0f32, 6.0].into(),
            [[2.0f32, 3.0]].into(),
            [[3.0f32, 2.0]].into(),
        ])
        .differentiable(&[0])
        .run();
    }
}
