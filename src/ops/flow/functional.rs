//! `tf.map_fn`, `tf.foldl`, `tf.foldr` and `tf.scan`: loops over the rows of tensors.

use super::cond::{Outcome, Parts};
use super::tensor_array::{TensorArray, tensor_array_args};
use super::while_loop::while_loop_args;
use crate::dtype::DType;
use crate::error::Error;
use crate::graph::{Graph, Tensor};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{constant, item, shape};
use crate::ops::math::{greater, greater_equal, less};
use crate::ops::scope::Scope;
use crate::shape::PartialShape;

/// The tensors of a structure, as many rows each.
struct Rows<'a, L> {
    structure: &'a L,
    flat: Vec<Tensor>,
    /// How many rows there are: a number if it is known, else a tensor.
    count: Arg,
    known: Option<usize>,
}

impl<'a, L: Outcome> Rows<'a, L> {
    fn of(scope: &Scope, structure: &'a L, zero_is_known: bool) -> Rows<'a, L> {
        let parts = Parts::of(structure);
        let mut flat: Vec<Tensor> = parts.values().map(|arg| convert(arg.clone(), "elem", None)).collect();
        if flat.is_empty() {
            flat.push(scope.fail(Error::invalid_argument("elems must hold at least one tensor")));
        }
        if let Some(single) = flat.iter().find(|tensor| tensor.rank() == Some(0)) {
            let says = format!("{} is a single number: it has no rows", single.name());
            flat = vec![scope.fail(Error::invalid_argument(says))];
        }
        let known = flat.iter().find_map(|tensor| tensor.shape().dim(0));
        let first = flat[0].shape().dim(0).filter(|&n| n > 0 || zero_is_known);
        let count = match first {
            Some(n) => (n as i32).into_arg(),
            None => item(shape(flat[0]), 0).into_arg(),
        };
        Rows { structure, flat, count, known }
    }

    /// An array of the rows of each tensor.
    fn arrays(&self, with_shapes: bool) -> Vec<TensorArray> {
        let array = |tensor: &Tensor| {
            let args = tensor_array_args(tensor.dtype().unwrap_or(DType::Float32), self.count.clone());
            let shape = if with_shapes { row_shape(*tensor) } else { PartialShape::unknown() };
            args.element_shape(shape).build()
        };
        let arrays: Vec<TensorArray> = self.flat.iter().map(array).collect();
        arrays.iter().zip(&self.flat).map(|(array, tensor)| array.unstack(*tensor)).collect()
    }

    fn packed(&self, flat: &[Tensor]) -> L::Merged {
        packed(self.structure, flat)
    }
}

fn row_shape(tensor: Tensor) -> PartialShape {
    match tensor.shape().dims() {
        Some(dims) => PartialShape::new(dims.iter().skip(1).copied()),
        None => PartialShape::unknown(),
    }
}

fn packed<L: Outcome>(structure: &L, flat: &[Tensor]) -> L::Merged {
    let mut flat = flat.iter().copied();
    let graph = flat.clone().next().and_then(|tensor| tensor.graph().ok()).unwrap_or_default();
    structure.rebuilt(&mut || flat.next().unwrap_or_else(|| Tensor::poisoned(&graph)))
}

/// Elements with the number of rows in front.
fn with_rows(graph: &Graph, tensor: Tensor, known: Option<usize>) -> Tensor {
    if let Some(dims) = tensor.shape().dims() {
        let shape = PartialShape::new(std::iter::once(known).chain(dims.iter().skip(1).copied()));
        let _ = graph.refine(tensor.port(), &shape);
    }
    tensor
}

/// What a loop over rows is told.
#[derive(Clone, Debug)]
struct Told {
    parallel_iterations: i64,
    back_prop: bool,
    swap_memory: bool,
    infer_shape: bool,
    name: String,
}

impl Told {
    fn new(name: &str) -> Self {
        Told { parallel_iterations: 10, back_prop: true, swap_memory: false, infer_shape: true, name: name.into() }
    }
}

macro_rules! told {
    () => {
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

        /// The name of the scope.
        pub fn name(mut self, name: &str) -> Self {
            self.told.name = name.to_owned();
            self
        }
    };
}

/// `function` of each row, as rows. TF: `tf.map_fn`.
///
/// `elems` is a tensor, or a tuple, array or vector of tensors of as many rows; `function` takes a row of each in the same
/// structure and gives what [`cond`](fn@crate::cond)'s closures may. Keyword arguments `dtype` (the types of what
/// `function` gives, if they are others than those of `elems`), `infer_shape`, `parallel_iterations`, `back_prop`,
/// `swap_memory`, `name`.
///
/// ```
/// use flowstone as tf;
/// let y = tf::map_fn(|x| tf::reduce_max(x) * x, tf::constant([[1.0, 2.0], [4.0, 3.0]]));
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [2.0, 4.0, 16.0, 12.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn map_fn<L: Outcome, R: Outcome>(function: impl FnOnce(L::Merged) -> R, elems: L) -> R::Merged {
    map_fn_args(function, elems).build()
}

/// [`map_fn`] with keyword arguments.
pub fn map_fn_args<L: Outcome, F>(function: F, elems: L) -> MapArgs<L, F> {
    MapArgs { function, elems, dtypes: None, told: Told::new("map") }
}

/// A [`map_fn`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct MapArgs<L, F> {
    function: F,
    elems: L,
    dtypes: Option<Vec<DType>>,
    told: Told,
}

impl<L: Outcome, F> MapArgs<L, F> {
    /// The type of each tensor that the function gives.
    pub fn dtype(mut self, dtypes: impl IntoIterator<Item = DType>) -> Self {
        self.dtypes = Some(dtypes.into_iter().collect());
        self
    }

    /// Whether what the function gives has one shape for all rows; yes if not said.
    pub fn infer_shape(mut self, infer_shape: bool) -> Self {
        self.told.infer_shape = infer_shape;
        self
    }

    told!();

    /// Builds the loop.
    #[track_caller]
    pub fn build<R: Outcome>(self) -> R::Merged
    where
        F: FnOnce(L::Merged) -> R,
    {
        let parts = Parts::of(&self.elems);
        let args: Vec<Arg> = parts.values().cloned().collect();
        let scope = Scope::open(&args.iter().collect::<Vec<_>>(), &self.told.name);
        let rows = Rows::of(&scope, &self.elems, false);
        let arrays = rows.arrays(false);
        let first = constant(0);
        let types = self.dtypes.unwrap_or_else(|| rows.flat.iter().filter_map(|t| t.dtype().ok()).collect());
        let result =
            |dtype: &DType| tensor_array_args(*dtype, rows.count.clone()).infer_shape(self.told.infer_shape).build();
        let results: Vec<TensorArray> = types.iter().map(result).collect();
        let (mut given, function) = (None, self.function);
        let count = rows.count.clone();
        let body = |(i, arrays_out): (Tensor, Vec<TensorArray>)| {
            let row: Vec<Tensor> = arrays.iter().map(|array| array.read(i)).collect();
            let result = function(rows.packed(&row));
            let parts = Parts::of(&result);
            let values: Vec<Arg> = parts.values().cloned().collect();
            if values.len() != arrays_out.len() {
                let (found, wanted) = (values.len(), arrays_out.len());
                let says = format!("the function gives {found} tensors, not {wanted}: `dtype` says what it gives");
                scope.fail(Error::invalid_argument(says));
            }
            let written: Vec<TensorArray> =
                arrays_out.iter().zip(values).map(|(array, value)| array.write(i, value)).collect();
            given = Some(result);
            (i + 1, written)
        };
        let told = &self.told;
        let (_, left): (Tensor, Vec<TensorArray>) =
            while_loop_args(|(i, _): (Tensor, Vec<TensorArray>)| less(i, count), body, (first, results))
                .parallel_iterations(told.parallel_iterations)
                .back_prop(told.back_prop)
                .swap_memory(told.swap_memory)
                .maximum_iterations(rows.count.clone())
                .build();
        let graph = scope.graph();
        let stacked: Vec<Tensor> = left
            .iter()
            .map(|array| array.stack())
            .collect::<Vec<_>>()
            .into_iter()
            .map(|t| with_rows(graph, t, rows.known))
            .collect();
        match &given {
            Some(given) => packed(given, &stacked),
            None => R::absent(graph),
        }
    }
}

/// `function` of what it gave before and each row, from the first to the last. TF: `tf.foldl`.
///
/// `elems` is as for [`map_fn`](fn@map_fn). It starts with the first row, or with the keyword argument `initializer`, which may
/// have another structure. More keyword arguments: `parallel_iterations`, `back_prop`, `swap_memory`, `name`.
///
/// ```
/// use flowstone as tf;
/// let y = tf::foldl(|a, x| a * 10 + x, tf::constant([1, 2, 3]));
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.item::<i32>()?, 123);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn foldl<L, R>(function: impl FnOnce(L::Merged, L::Merged) -> R, elems: L) -> L::Merged
where
    L: Outcome + Clone,
    R: Outcome<Merged = L::Merged>,
{
    foldl_args(function, elems).build()
}

/// [`foldl`] with keyword arguments.
pub fn foldl_args<L: Outcome + Clone, F>(function: F, elems: L) -> FoldArgs<L, L, F> {
    FoldArgs { function, start: elems.clone(), elems, given: false, from_last: false, told: Told::new("foldl") }
}

/// As [`foldl`](fn@foldl), from the last row to the first. TF: `tf.foldr`.
#[track_caller]
pub fn foldr<L, R>(function: impl FnOnce(L::Merged, L::Merged) -> R, elems: L) -> L::Merged
where
    L: Outcome + Clone,
    R: Outcome<Merged = L::Merged>,
{
    foldr_args(function, elems).build()
}

/// [`foldr`] with keyword arguments.
pub fn foldr_args<L: Outcome + Clone, F>(function: F, elems: L) -> FoldArgs<L, L, F> {
    FoldArgs { from_last: true, told: Told::new("foldr"), ..foldl_args(function, elems) }
}

/// A [`foldl`] or [`foldr`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct FoldArgs<L, I, F> {
    function: F,
    elems: L,
    start: I,
    /// Whether `start` is an initializer, not the rows themselves.
    given: bool,
    from_last: bool,
    told: Told,
}

impl<L: Outcome, I: Outcome, F> FoldArgs<L, I, F> {
    /// What it starts with.
    pub fn initializer<J: Outcome>(self, initializer: J) -> FoldArgs<L, J, F> {
        let FoldArgs { function, elems, from_last, told, .. } = self;
        FoldArgs { function, elems, start: initializer, given: true, from_last, told }
    }

    told!();

    /// Builds the loop.
    #[track_caller]
    pub fn build<R>(self) -> I::Merged
    where
        F: FnOnce(I::Merged, L::Merged) -> R,
        R: Outcome<Merged = I::Merged>,
    {
        let parts = Parts::of(&self.elems);
        let args: Vec<Arg> = parts.values().cloned().collect();
        let scope = Scope::open(&args.iter().collect::<Vec<_>>(), &self.told.name);
        let rows = Rows::of(&scope, &self.elems, false);
        let arrays = rows.arrays(false);
        let read = |i: Arg| -> Vec<Arg> { arrays.iter().map(|array| array.read(i.clone()).into_arg()).collect() };
        let (first, start): (Arg, Vec<Arg>) = match (self.given, self.from_last) {
            (true, false) => (constant(0).into_arg(), Parts::of(&self.start).values().cloned().collect()),
            (true, true) => (rows.count.clone(), Parts::of(&self.start).values().cloned().collect()),
            (false, false) => {
                let start = read(0.into_arg());
                (constant(1).into_arg(), start)
            }
            (false, true) => {
                let last = before(&rows.count);
                (last.clone(), read(last))
            }
        };
        let (function, start_with, from_last) = (self.function, &self.start, self.from_last);
        let body = |(i, a): (Tensor, Vec<Tensor>)| {
            let i = if from_last { i - 1 } else { i };
            let row: Vec<Tensor> = arrays.iter().map(|array| array.read(i)).collect();
            let result = function(packed(start_with, &a), rows.packed(&row));
            let next = if from_last { i } else { i + 1 };
            (next, Parts::of(&result).values().cloned().collect::<Vec<Arg>>())
        };
        let count = rows.count.clone();
        let goes_on = |(i, _): (Tensor, Vec<Tensor>)| if from_last { greater(i, 0) } else { less(i, count) };
        let told = &self.told;
        let (_, result) = while_loop_args(goes_on, body, (first, start))
            .parallel_iterations(told.parallel_iterations)
            .back_prop(told.back_prop)
            .swap_memory(told.swap_memory)
            .maximum_iterations(rows.count.clone())
            .build();
        packed(&self.start, &result)
    }
}

/// One less than `n`.
fn before(n: &Arg) -> Arg {
    less_by(n, 1)
}

/// `n - by`.
fn less_by(n: &Arg, by: i32) -> Arg {
    match n {
        Arg::Tensor(n) => (*n - by).into_arg(),
        other => {
            let known = match other {
                Arg::Literal(Ok(literal)) => {
                    literal.clone().resolve(Some(DType::Int32)).and_then(|n| n.item::<i32>()).ok()
                }
                _ => None,
            };
            known.map_or_else(|| other.clone(), |n| (n - by).into_arg())
        }
    }
}

/// As [`foldl`](fn@foldl), and all that `function` gave on the way, as rows. TF: `tf.scan`.
///
/// More keyword arguments: `initializer`, `reverse` (from the last row to the first), `infer_shape`.
///
/// ```
/// use flowstone as tf;
/// let y = tf::scan(|a, x| a + x, tf::constant([1, 2, 3]));
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [1, 3, 6]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn scan<L, R>(function: impl FnOnce(L::Merged, L::Merged) -> R, elems: L) -> L::Merged
where
    L: Outcome + Clone,
    R: Outcome<Merged = L::Merged>,
{
    scan_args(function, elems).build()
}

/// [`scan`] with keyword arguments.
pub fn scan_args<L: Outcome + Clone, F>(function: F, elems: L) -> ScanArgs<L, L, F> {
    ScanArgs { function, start: elems.clone(), elems, given: false, reverse: false, told: Told::new("scan") }
}

/// A [`scan`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct ScanArgs<L, I, F> {
    function: F,
    elems: L,
    start: I,
    given: bool,
    reverse: bool,
    told: Told,
}

impl<L: Outcome, I: Outcome, F> ScanArgs<L, I, F> {
    /// What it starts with.
    pub fn initializer<J: Outcome>(self, initializer: J) -> ScanArgs<L, J, F> {
        let ScanArgs { function, elems, reverse, told, .. } = self;
        ScanArgs { function, elems, start: initializer, given: true, reverse, told }
    }

    /// Whether it goes from the last row to the first; no if not said.
    pub fn reverse(mut self, reverse: bool) -> Self {
        self.reverse = reverse;
        self
    }

    /// Whether what the function gives has one shape for all rows; yes if not said.
    pub fn infer_shape(mut self, infer_shape: bool) -> Self {
        self.told.infer_shape = infer_shape;
        self
    }

    told!();

    /// Builds the loop.
    #[track_caller]
    pub fn build<R>(self) -> I::Merged
    where
        F: FnOnce(I::Merged, L::Merged) -> R,
        R: Outcome<Merged = I::Merged>,
    {
        let parts = Parts::of(&self.elems);
        let args: Vec<Arg> = parts.values().cloned().collect();
        let scope = Scope::open(&args.iter().collect::<Vec<_>>(), &self.told.name);
        let rows = Rows::of(&scope, &self.elems, true);
        let arrays = rows.arrays(true);
        let (reverse, told) = (self.reverse, &self.told);
        let place = || if reverse { before(&rows.count) } else { 0.into_arg() };
        let start: Vec<Tensor> = match self.given {
            true => Parts::of(&self.start).values().map(|arg| convert(arg.clone(), "Const", None)).collect(),
            false => arrays.iter().map(|array| array.read(place())).collect(),
        };
        let array = |first: &Tensor| {
            let args = tensor_array_args(first.dtype().unwrap_or(DType::Float32), rows.count.clone());
            let shape = if told.infer_shape { first.shape() } else { PartialShape::unknown() };
            args.element_shape(shape).infer_shape(told.infer_shape).build()
        };
        let mut results: Vec<TensorArray> = start.iter().map(array).collect();
        if !self.given {
            results = results.iter().zip(&start).map(|(array, first)| array.write(place(), *first)).collect();
        }
        let done = i32::from(!self.given);
        let first = match reverse {
            false => done.into_arg(),
            true => less_by(&before(&rows.count), done),
        };
        let (function, start_with, count) = (self.function, &self.start, rows.count.clone());
        let body = |(i, a, arrays_out): (Tensor, Vec<Tensor>, Vec<TensorArray>)| {
            let row: Vec<Tensor> = arrays.iter().map(|array| array.read(i)).collect();
            let result = function(packed(start_with, &a), rows.packed(&row));
            let values: Vec<Arg> = Parts::of(&result).values().cloned().collect();
            let written: Vec<TensorArray> =
                arrays_out.iter().zip(&values).map(|(array, value)| array.write(i, value.clone())).collect();
            (if reverse { i - 1 } else { i + 1 }, values, written)
        };
        let goes_on = |(i, _, _): (Tensor, Vec<Tensor>, Vec<TensorArray>)| {
            if reverse { greater_equal(i, 0) } else { less(i, count) }
        };
        let (_, _, left): (Tensor, Vec<Tensor>, Vec<TensorArray>) =
            while_loop_args(goes_on, body, (first, start, results))
                .parallel_iterations(told.parallel_iterations)
                .back_prop(told.back_prop)
                .swap_memory(told.swap_memory)
                .maximum_iterations(rows.count.clone())
                .build();
        let stacked: Vec<Tensor> = left.iter().map(|array| array.stack()).collect();
        let graph = scope.graph();
        let stacked: Vec<Tensor> = stacked.into_iter().map(|tensor| with_rows(graph, tensor, rows.known)).collect();
        packed(&self.start, &stacked)
    }
}
