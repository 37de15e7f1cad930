//! `tf.TensorArray`: an array that the iterations of a loop write and read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::array_ops::{
    TENSOR_ARRAY_CLOSE_V3, TENSOR_ARRAY_CONCAT_V3, TENSOR_ARRAY_GATHER_V3, TENSOR_ARRAY_GRAD_V3, TENSOR_ARRAY_READ_V3,
    TENSOR_ARRAY_SCATTER_V3, TENSOR_ARRAY_SIZE_V3, TENSOR_ARRAY_SPLIT_V3, TENSOR_ARRAY_V3, TENSOR_ARRAY_WRITE_V3,
};
use super::cond::{Outcome, Parts};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Attr, Graph, Operation, ScopeGuard, Tensor, get_default_graph, here};
use crate::op::{Arg, GradCtx, IntoTensor, convert};
use crate::ops::array::{IDENTITY, identity, item, range, shape};
use crate::ops::math::cast;
use crate::shape::PartialShape;

/// An array of tensors that lives as long as the run. TF: `tf.TensorArray`.
///
/// What writes to it gives another handle of the same array: use that from there on, so that what reads comes after.
/// It may be a loop variable and come out of a branch. Gradients flow through what is written and read.
#[derive(Clone, Debug)]
pub struct TensorArray {
    handle: Tensor,
    flow: Tensor,
    dtype: DType,
    size: Option<Arg>,
    infer_shape: bool,
    /// Whether it is placed with what is written first.
    placed: bool,
    known: Arc<Mutex<Known>>,
}

/// What all handles of an array know of it.
#[derive(Debug, Default)]
struct Known {
    element_shape: PartialShape,
    /// What was written first: the array is placed with it.
    first: Option<Tensor>,
}

/// An array of `size` elements of type `dtype`. TF: `tf.TensorArray(dtype, size)`.
///
/// Keyword arguments `dynamic_size` (it grows when more is written), `clear_after_read` (true: each element is read once),
/// `tensor_array_name`, `infer_shape` (true: all elements have one shape), `element_shape` and `name`.
///
/// ```
/// use flowstone as tf;
/// let squares = tf::TensorArray(tf::int32, 3);
/// let body = |(i, squares): (tf::Tensor, tf::TensorArray)| (i + 1, squares.write(i, i * i));
/// let (_, squares) = tf::while_loop(|(i, _)| tf::less(i, 3), body, (0, squares));
/// assert_eq!(tf::Session()?.run(squares.stack(), tf::feed_dict! {})?.as_slice::<i32>()?, [0, 1, 4]);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn TensorArray(dtype: DType, size: impl IntoTensor) -> TensorArray {
    tensor_array_args(dtype, size).build()
}

/// [`TensorArray`](fn@TensorArray) with keyword arguments.
pub fn tensor_array_args(dtype: DType, size: impl IntoTensor) -> TensorArrayArgs {
    TensorArrayArgs {
        dtype,
        size: size.into_arg(),
        dynamic_size: false,
        clear_after_read: true,
        tensor_array_name: String::new(),
        infer_shape: true,
        element_shape: PartialShape::unknown(),
        name: "TensorArray".into(),
    }
}

/// A [`TensorArray`](fn@TensorArray) under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct TensorArrayArgs {
    dtype: DType,
    size: Arg,
    dynamic_size: bool,
    clear_after_read: bool,
    tensor_array_name: String,
    infer_shape: bool,
    element_shape: PartialShape,
    name: String,
}

impl TensorArrayArgs {
    /// Whether it grows when more is written; no if not said.
    pub fn dynamic_size(mut self, dynamic_size: bool) -> Self {
        self.dynamic_size = dynamic_size;
        self
    }

    /// Whether an element is gone once it is read; yes if not said.
    pub fn clear_after_read(mut self, clear_after_read: bool) -> Self {
        self.clear_after_read = clear_after_read;
        self
    }

    /// A name that is kept in the graph.
    pub fn tensor_array_name(mut self, name: &str) -> Self {
        self.tensor_array_name = name.to_owned();
        self
    }

    /// Whether all elements have one shape; yes if not said.
    pub fn infer_shape(mut self, infer_shape: bool) -> Self {
        self.infer_shape = infer_shape;
        self
    }

    /// The shape of an element, as far as it is known.
    pub fn element_shape(mut self, shape: PartialShape) -> Self {
        self.element_shape = shape;
        self
    }

    /// The name; `TensorArray` if not said.
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Builds the array.
    #[track_caller]
    pub fn build(self) -> TensorArray {
        let graph = Arg::graph_of(std::slice::from_ref(&self.size)).unwrap_or_else(|_| get_default_graph());
        let scope = format!("{}/", graph.scope_name(&self.name));
        let _anywhere = (graph.clear_device(), graph.colocate_with_nothing());
        let built = TENSOR_ARRAY_V3
            .call([self.size.clone()])
            .graph(&graph)
            .attr("dtype", self.dtype)
            .attr("element_shape", Attr::Shape(self.element_shape.clone()))
            .attr("identical_element_shapes", self.infer_shape)
            .attr("dynamic_size", self.dynamic_size)
            .attr("clear_after_read", self.clear_after_read)
            .attr("tensor_array_name", self.tensor_array_name.as_str())
            .name(scope)
            .build();
        let known = Known { element_shape: self.element_shape, first: None };
        TensorArray {
            handle: built.output(0),
            flow: built.output(1),
            dtype: self.dtype,
            size: (!self.dynamic_size).then_some(self.size),
            infer_shape: self.infer_shape,
            placed: true,
            known: Arc::new(Mutex::new(known)),
        }
    }
}

impl TensorArray {
    /// The handle. TF: `array.handle`.
    pub fn handle(&self) -> Tensor {
        self.handle
    }

    /// What says that the array is written so far. TF: `array.flow`.
    pub fn flow(&self) -> Tensor {
        self.flow
    }

    /// The data type of the elements. TF: `array.dtype`.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The shape of an element, as far as it is known. TF: `array.element_shape`.
    pub fn element_shape(&self) -> PartialShape {
        self.known().element_shape.clone()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn graph(&self) -> Graph {
        self.flow.graph().unwrap_or_else(|_| get_default_graph())
    }

    /// The same array once `flow` is there. TensorFlow takes a name for it.
    #[track_caller]
    fn after(&self, flow: Tensor) -> TensorArray {
        self.graph().scope_name("TensorArray");
        TensorArray { flow, ..self.clone() }
    }

    /// Notes the shape of an element; an error if it is another than that of the others.
    #[track_caller]
    fn learn(&self, shape: &PartialShape) {
        let mut known = self.known();
        match known.element_shape.merge(shape) {
            Some(merged) if self.infer_shape => known.element_shape = merged,
            Some(_) => {}
            None => {
                let says = format!("an element of shape {shape} for a TensorArray of {}", known.element_shape);
                drop(known);
                self.graph().record(Error::invalid_argument(says).at(&self.handle.op().name(), Some(here())));
            }
        }
    }

    /// Places what is built with what is written first.
    fn place(&self, value: Tensor) -> Option<ScopeGuard> {
        let first = self.placed.then(|| *self.known().first.get_or_insert(value))?;
        Some(self.graph().colocate_with(first.op()))
    }

    /// Element `index`. TF: `array.read`.
    #[track_caller]
    pub fn read(&self, index: impl IntoTensor) -> Tensor {
        let args = [self.handle.into_arg(), index.into_arg(), self.flow.into_arg()];
        let value = TENSOR_ARRAY_READ_V3.call(args).attr("dtype", self.dtype).single();
        let _ = self.graph().refine(value.port(), &self.element_shape());
        value
    }

    /// The array with `value` at `index`. TF: `array.write`.
    #[track_caller]
    pub fn write(&self, index: impl IntoTensor, value: impl IntoTensor) -> TensorArray {
        let graph = self.graph();
        let _scope = graph.scope("TensorArrayWrite");
        let value = convert(value.into_arg(), "value", Some(self.dtype));
        self.learn(&value.shape());
        let _placed = self.place(value);
        let args = [self.handle.into_arg(), index.into_arg(), value.into_arg(), self.flow.into_arg()];
        self.after(TENSOR_ARRAY_WRITE_V3.call(args).single())
    }

    /// All elements, one after the other along a new first dimension. TF: `array.stack`.
    #[track_caller]
    pub fn stack(&self) -> Tensor {
        let graph = self.graph();
        let _placed = graph.colocate_with(self.handle.op());
        let _scope = graph.scope("TensorArrayStack");
        let size = self.size();
        let value = self.gather(range(0, size, 1));
        if let (Some(size), Some(dims)) = (&self.size, self.element_shape().dims()) {
            let count = convert_known(size);
            let _ = graph.refine(value.port(), &PartialShape::new(std::iter::once(count).chain(dims.iter().copied())));
        }
        value
    }

    /// The elements `indices`, one after the other along a new first dimension. TF: `array.gather`.
    #[track_caller]
    pub fn gather(&self, indices: impl IntoTensor) -> Tensor {
        let shape = self.element_shape();
        let args = [self.handle.into_arg(), indices.into_arg(), self.flow.into_arg()];
        let call = TENSOR_ARRAY_GATHER_V3.call(args).attr("dtype", self.dtype);
        let value = call.attr("element_shape", Attr::Shape(shape.clone())).single();
        if let Some(dims) = shape.dims() {
            let whole = PartialShape::new(std::iter::once(None).chain(dims.iter().copied()));
            let _ = self.graph().refine(value.port(), &whole);
        }
        value
    }

    /// All elements, one after the other along their first dimension. TF: `array.concat`.
    #[track_caller]
    pub fn concat(&self) -> Tensor {
        let shape = self.element_shape();
        let rest = shape.dims().map(|dims| PartialShape::new(dims.iter().skip(1).copied()));
        let args = [self.handle.into_arg(), self.flow.into_arg()];
        let call = TENSOR_ARRAY_CONCAT_V3.call(args).attr("dtype", self.dtype);
        let value = call.attr("element_shape_except0", Attr::Shape(rest.unwrap_or_default())).build().output(0);
        if let Some(dims) = shape.dims() {
            let whole = PartialShape::new(std::iter::once(None).chain(dims.iter().skip(1).copied()));
            let _ = self.graph().refine(value.port(), &whole);
        }
        value
    }

    /// The array with the rows of `value` as elements. TF: `array.unstack`.
    #[track_caller]
    pub fn unstack(&self, value: impl IntoTensor) -> TensorArray {
        let graph = self.graph();
        let _scope = graph.scope("TensorArrayUnstack");
        let value = convert(value.into_arg(), "value", Some(self.dtype));
        let count = item(shape(value), 0);
        self.scatter(range(0, count, 1), value)
    }

    /// The array with the rows of `value` as the elements `indices`. TF: `array.scatter`.
    #[track_caller]
    pub fn scatter(&self, indices: impl IntoTensor, value: impl IntoTensor) -> TensorArray {
        let graph = self.graph();
        let _scope = graph.scope("TensorArrayScatter");
        let value = convert(value.into_arg(), "value", Some(self.dtype));
        if let Some(dims) = value.shape().dims() {
            self.learn(&PartialShape::new(dims.iter().skip(1).copied()));
        }
        let _placed = self.place(value);
        let args = [self.handle.into_arg(), indices.into_arg(), value.into_arg(), self.flow.into_arg()];
        self.after(TENSOR_ARRAY_SCATTER_V3.call(args).single())
    }

    /// The array with parts of `value` as elements, so many rows each as `lengths` says. TF: `array.split`.
    #[track_caller]
    pub fn split(&self, value: impl IntoTensor, lengths: impl IntoTensor) -> TensorArray {
        let graph = self.graph();
        let _scope = graph.scope("TensorArraySplit");
        let value = convert(value.into_arg(), "value", Some(self.dtype));
        let _placed = self.place(value);
        let lengths = cast(lengths, DType::Int64);
        let args = [self.handle.into_arg(), value.into_arg(), lengths.into_arg(), self.flow.into_arg()];
        self.after(TENSOR_ARRAY_SPLIT_V3.call(args).single())
    }

    /// The number of elements. TF: `array.size`.
    #[track_caller]
    pub fn size(&self) -> Tensor {
        match &self.size {
            Some(size) => convert(size.clone(), "Const", Some(DType::Int32)),
            None => TENSOR_ARRAY_SIZE_V3.call([self.handle.into_arg(), self.flow.into_arg()]).single(),
        }
    }

    /// The same array under another flow. TF: `array.identity`.
    #[track_caller]
    pub fn identity(&self) -> TensorArray {
        self.after(identity(self.flow))
    }

    /// An operation that empties the array for good. TF: `array.close`.
    #[track_caller]
    pub fn close(&self) -> Operation {
        TENSOR_ARRAY_CLOSE_V3.call([self.handle.into_arg()]).operation()
    }
}

/// The array of the gradient to the array that `g`'s operation works on, after `flow`. TF: `TensorArray.grad`.
#[track_caller]
fn of_gradient(g: &GradCtx, dtype: DType, flow: Tensor) -> Result<TensorArray> {
    let graph = g.graph();
    let handle = g.x(0);
    // Each call of `gradients` has arrays of its own: they are called by its scope.
    let name = g.dy(0).name();
    let parts: Vec<&str> = name.split('/').collect();
    let last = parts.iter().rposition(|part| part.starts_with("gradients"));
    let last =
        last.ok_or_else(|| Error::invalid_argument("the gradient to a TensorArray lies in no scope `gradients`"))?;
    let source = parts[..=last].join("/");
    graph.scope_name("TensorArray");
    let _scope = graph.scope("TensorArrayGrad");
    let _placed = graph.colocate_with(handle.op());
    let made = TENSOR_ARRAY_GRAD_V3.call([handle.into_arg(), flow.into_arg()]).attr("source", source.as_str()).build();
    let handle = made.output(0);
    let flow = {
        let _after = graph.control_dependencies(&[handle.op()]);
        IDENTITY.call([flow.into_arg()]).name("gradient_flow").single()
    };
    graph.scope_name("TensorArray");
    let known = Arc::default();
    Ok(TensorArray { handle, flow, dtype, size: None, infer_shape: true, placed: false, known })
}

/// The gradient to a flow, once all is written.
#[track_caller]
fn written(g: &GradCtx) -> Tensor {
    let out = IDENTITY.call([g.y(0).into_arg()]).name("flow_out").single();
    let _after = g.graph().control_dependencies(&[out.op()]);
    IDENTITY.call([g.dy(0).into_arg()]).name("write_barrier").single()
}

type Gradients = Result<Vec<Option<Tensor>>>;

pub(super) fn read_gradient(g: &GradCtx) -> Gradients {
    let array = of_gradient(g, g.attrs().dtype("dtype")?, g.x(2))?;
    Ok(vec![None, None, Some(array.write(g.x(1), g.dy(0)).flow)])
}

pub(super) fn write_gradient(g: &GradCtx) -> Gradients {
    let flow = written(g);
    let array = of_gradient(g, g.attrs().dtype("T")?, flow)?;
    Ok(vec![None, None, Some(array.read(g.x(1))), Some(flow)])
}

pub(super) fn gather_gradient(g: &GradCtx) -> Gradients {
    let array = of_gradient(g, g.attrs().dtype("dtype")?, g.x(2))?;
    Ok(vec![None, None, Some(array.scatter(g.x(1), g.dy(0)).flow)])
}

pub(super) fn scatter_gradient(g: &GradCtx) -> Gradients {
    let flow = written(g);
    let array = of_gradient(g, g.attrs().dtype("T")?, flow)?;
    Ok(vec![None, None, Some(array.gather(g.x(1))), Some(flow)])
}

pub(super) fn concat_gradient(g: &GradCtx) -> Gradients {
    let array = of_gradient(g, g.attrs().dtype("dtype")?, g.x(1))?;
    Ok(vec![None, Some(array.split(g.dy(0), g.y(1)).flow)])
}

pub(super) fn split_gradient(g: &GradCtx) -> Gradients {
    let flow = written(g);
    let array = of_gradient(g, g.attrs().dtype("T")?, flow)?;
    Ok(vec![None, Some(array.concat()), None, Some(flow)])
}

/// A size that is known while building.
fn convert_known(size: &Arg) -> Option<usize> {
    let known = match size {
        Arg::Literal(literal) => literal.clone().ok()?.resolve(Some(DType::Int32)).ok()?.integers().ok()?,
        Arg::Tensor(tensor) => crate::op::constant_integers(*tensor)?,
        _ => return None,
    };
    known.first().and_then(|&n| usize::try_from(n).ok())
}

impl Outcome for TensorArray {
    type Merged = TensorArray;
    fn absent(graph: &Graph) -> TensorArray {
        let tensor = Tensor::poisoned(graph);
        let known = Arc::default();
        TensorArray {
            handle: tensor,
            flow: tensor,
            dtype: DType::Invalid,
            size: None,
            infer_shape: false,
            placed: false,
            known,
        }
    }
    fn parts(&self, parts: &mut Parts) {
        self.flow.parts(parts);
    }
    #[track_caller]
    fn rebuilt(&self, next: &mut dyn FnMut() -> Tensor) -> TensorArray {
        self.after(next())
    }
}
