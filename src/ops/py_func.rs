//! PyFunc, PyFuncStateless: what a function of the program computes, out of the graph's sight.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Attr, AttrList, Tensor, get_default_graph};
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, KernelCtx, OpDef, Sig, rules};
use crate::value::Value;

/// What is computed: values in, values out.
type Function = dyn Fn(&[Value]) -> Result<Vec<Value>> + Send + Sync;

/// What `func` makes of `inp`, of the types `Tout`. TF: `tf.py_func`.
///
/// `func` takes a value for each tensor of `inp` and gives one for each type of `Tout`: a data type gives a tensor, an array
/// or a vector of them as many. Nothing is known of the shapes; [`set_shape`](Tensor::set_shape) may say them. Keyword
/// arguments `stateful` (true: what it gives may differ from run to run) and `name`. The graph keeps `func`, and a file says
/// its number only: a graph that is read from one computes with it as long as this graph lives.
///
/// An error of the run: what `func` returns as one, a panic of it, values that are not as many or of the types that
/// `Tout` says, or a node whose function is not in this program. No gradient.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, [None]);
/// let sorted = tf::py_func(
///     |inputs| {
///         let mut all = inputs[0].as_slice::<f32>()?.to_vec();
///         all.sort_by(f32::total_cmp);
///         Ok(vec![tf::Value::vector(all)])
///     },
///     [x],
///     tf::float32,
/// );
/// let sorted = tf::Session()?.run(sorted * 2.0, tf::feed_dict! { x: [3.0, 1.0, 2.0] })?;
/// assert_eq!(sorted.as_slice::<f32>()?, [2.0, 4.0, 6.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn py_func<T: IntoTensor, O: OutputTypes>(
    func: impl Fn(&[Value]) -> Result<Vec<Value>> + Send + Sync + 'static,
    inp: impl IntoIterator<Item = T>,
    Tout: O,
) -> O::Outputs {
    py_func_args(func, inp, Tout).build()
}

/// [`py_func`] with keyword arguments.
#[allow(non_snake_case)]
pub fn py_func_args<T: IntoTensor, O: OutputTypes>(
    func: impl Fn(&[Value]) -> Result<Vec<Value>> + Send + Sync + 'static,
    inp: impl IntoIterator<Item = T>,
    Tout: O,
) -> PyFuncArgs<O> {
    PyFuncArgs { function: Arc::new(func), inputs: Arg::list(inp), types: Tout, stateful: true, name: None }
}

/// A [`py_func`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct PyFuncArgs<O> {
    function: Arc<Function>,
    inputs: Arg,
    types: O,
    stateful: bool,
    name: Option<String>,
}

impl<O: OutputTypes> PyFuncArgs<O> {
    /// Whether what the function gives may differ for the same inputs; true if not said.
    pub fn stateful(mut self, stateful: bool) -> Self {
        self.stateful = stateful;
        self
    }

    /// The node's name.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> O::Outputs {
        let graph = get_default_graph();
        let token = graph.extension::<Kept>().keep(self.function);
        let types = self.types.types();
        let types = if types.is_empty() { AttrList::Empty } else { AttrList::Type(types) };
        let op = if self.stateful { &PY_FUNC } else { &PY_FUNC_STATELESS };
        let call = op.call([self.inputs]).attr("token", token.as_str()).attr("Tout", Attr::List(types)).graph(&graph);
        let call = match self.name {
            Some(name) => call.name(name),
            None => call,
        };
        let built = call.build();
        self.types.outputs(|i| built.output(i))
    }
}

/// The data types of several outputs: one, an array or a vector of them.
pub trait OutputTypes {
    /// The outputs: a tensor, or an array or a vector of them.
    type Outputs;
    /// The types.
    fn types(&self) -> Vec<DType>;
    /// The outputs, of which `output` gives each.
    fn outputs(&self, output: impl Fn(u32) -> Tensor) -> Self::Outputs;
}

impl OutputTypes for DType {
    type Outputs = Tensor;
    fn types(&self) -> Vec<DType> {
        vec![*self]
    }
    fn outputs(&self, output: impl Fn(u32) -> Tensor) -> Tensor {
        output(0)
    }
}

impl<const N: usize> OutputTypes for [DType; N] {
    type Outputs = [Tensor; N];
    fn types(&self) -> Vec<DType> {
        self.to_vec()
    }
    fn outputs(&self, output: impl Fn(u32) -> Tensor) -> [Tensor; N] {
        std::array::from_fn(|i| output(i as u32))
    }
}

impl OutputTypes for Vec<DType> {
    type Outputs = Vec<Tensor>;
    fn types(&self) -> Vec<DType> {
        self.clone()
    }
    fn outputs(&self, output: impl Fn(u32) -> Tensor) -> Vec<Tensor> {
        (0..self.len() as u32).map(output).collect()
    }
}

/// The functions that a graph keeps, under their tokens.
#[derive(Default)]
struct Kept(Mutex<Vec<(String, Arc<Function>)>>);

/// The functions of all graphs by their tokens, which count up. It keeps none of them.
#[derive(Default)]
struct Functions {
    next: usize,
    by_token: HashMap<String, Weak<Function>>,
}

fn functions() -> MutexGuard<'static, Functions> {
    static FUNCTIONS: LazyLock<Mutex<Functions>> = LazyLock::new(Mutex::default);
    FUNCTIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Kept {
    /// Keeps `function`; gives its token.
    fn keep(&self, function: Arc<Function>) -> String {
        let token = {
            let mut all = functions();
            let token = format!("pyfunc_{}", all.next);
            all.next += 1;
            all.by_token.insert(token.clone(), Arc::downgrade(&function));
            token
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((token.clone(), function));
        token
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let kept = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut all = functions();
        for (token, _) in kept.iter() {
            all.by_token.remove(token);
        }
    }
}

macro_rules! calls {
    ($($op:ident $sig:literal $flags:ident;)*) => {$(
        pub(super) static $op: OpDef = OpDef {
            sig: Sig::new($sig),
            infer: rules::nothing,
            kernel: Kernel::Run(run),
            grad: Grad::Stop("nobody knows what a function of the program does"),
            flags: Flags::$flags,
        };
    )*};
}
calls! {
    PY_FUNC "PyFunc(input: Tin) -> (output: Tout) where token: string, Tin: list(type), Tout: list(type)" EFFECT;
    PY_FUNC_STATELESS "PyFuncStateless(input: Tin) -> (output: Tout) \
        where token: string, Tin: list(type), Tout: list(type)" PURE;
}

pub(super) static OPS: &[&OpDef] = &[&PY_FUNC, &PY_FUNC_STATELESS];

fn run(ctx: &mut KernelCtx) -> Result<()> {
    let token = ctx.node.attrs().str("token")?;
    let function = functions().by_token.get(token).and_then(Weak::upgrade).ok_or_else(|| {
        let error = Error::invalid_argument(format!("no function of this program is called '{token}'"));
        error.note("a file has its number only: it must be built in this program, and its graph be alive")
    })?;
    let inputs = (0..ctx.inputs.len()).map(|i| ctx.inputs.value(i).cloned()).collect::<Result<Vec<Value>>>()?;
    let values = catch_unwind(AssertUnwindSafe(|| function(&inputs))).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied());
        Err(Error::new(ErrorKind::Unknown, format!("the function panicked: {}", said.unwrap_or("it did not say why"))))
    })?;
    let types = &ctx.node.output_types;
    if values.len() != types.len() {
        let (given, wanted) = (values.len(), types.len());
        return Err(Error::invalid_argument(format!("the function gave {given} values, but Tout says {wanted}")));
    }
    for (i, (value, wanted)) in values.iter().zip(types).enumerate() {
        let given = value.dtype();
        if given != *wanted {
            return Err(Error::invalid_argument(format!(
                "value {i} of the function is {given}, but Tout says {wanted}"
            )));
        }
    }
    for (o, value) in values.into_iter().enumerate() {
        ctx.outputs.set(o, value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::graph::Graph;
    use crate::ops::array::{constant, placeholder};
    use crate::session::{Feeds, SessionArgs};

    fn twice(inputs: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![Value::vector(inputs[0].as_slice::<f32>()?.iter().map(|x| x * 2.0).collect::<Vec<f32>>())])
    }

    fn run_error(graph: &Graph, y: Tensor) -> Error {
        SessionArgs::new().graph(graph).build().unwrap().run(y, Feeds::new()).unwrap_err()
    }

    #[test]
    fn a_function_computes_what_nodes_after_it_take() {
        let graph = Graph::new();
        let _default = graph.as_default();
        let x = placeholder(DType::Float32, [None]);
        let y = py_func(twice, [x], DType::Float32);
        let [count, sum] = py_func_args(
            |inputs| {
                let all = inputs[0].as_slice::<f32>()?;
                Ok(vec![
                    Value::scalar(all.len() as i64),
                    Value::scalar(all.iter().sum::<f32>() + inputs[1].item::<f32>()?),
                ])
            },
            [y.into_arg(), 0.5.into_arg()],
            [DType::Int64, DType::Float32],
        )
        .stateful(false)
        .name("counted")
        .build();
        assert_eq!((y.op().op_type(), count.op().op_type()), ("PyFunc".to_owned(), "PyFuncStateless".to_owned()));
        assert_eq!((count.name(), sum.name()), ("counted:0".to_owned(), "counted:1".to_owned()));
        assert_eq!((y.shape().to_string(), crate::autodiff::gradients(sum, x)), ("<unknown>".to_owned(), vec![None]));
        y.set_shape([None]);
        let session = SessionArgs::new().build().unwrap();
        for n in [3, 1] {
            let (y, count, sum) = session.run((y + 1.0, count, sum), Feeds::new().feed(x, vec![1.0f32; n])).unwrap();
            assert_eq!(y.as_slice::<f32>().unwrap(), vec![3.0; n]);
            assert_eq!((count.item::<i64>().unwrap(), sum.item::<f32>().unwrap()), (n as i64, 2.0 * n as f32 + 0.5));
        }
        let nothing = py_func(|_| Ok(Vec::new()), [x], Vec::new());
        assert!(nothing.is_empty());
    }

    #[test]
    fn what_goes_wrong_in_a_function_is_an_error_of_the_run() {
        let graph = Graph::new();
        let _default = graph.as_default();
        type Case = (fn(&[Value]) -> Result<Vec<Value>>, &'static str);
        let failing: [Case; 5] = [
            (|_| Err(Error::out_of_range("it had enough")), "it had enough"),
            (|_| panic!("it broke at {}", 7), "the function panicked: it broke at 7"),
            (|_| panic!("it broke"), "the function panicked: it broke"),
            (|_| Ok(Vec::new()), "the function gave 0 values, but Tout says 1"),
            (|_| Ok(vec![Value::scalar(1i32)]), "value 0 of the function is int32, but Tout says float32"),
        ];
        for (function, says) in failing {
            let y = py_func_args(function, [1.0], DType::Float32).name("mine").build();
            let error = run_error(&graph, y);
            assert!(error.to_string().contains(says), "{error}");
            assert!(error.node().unwrap().starts_with("mine"), "{error}");
            assert!(error.to_string().contains("py_func.rs"), "{error}");
        }
        let y = py_func(twice, [constant([1.0f32, 2.0])], DType::Float32);
        // A shape that was said wrongly costs no number.
        y.set_shape([3]);
        let session = SessionArgs::new().graph(&graph).build().unwrap();
        assert_eq!(session.run(y + 1.0, Feeds::new()).unwrap().as_slice::<f32>().unwrap(), [3.0, 5.0]);
    }

    #[test]
    fn a_graph_keeps_its_functions() {
        let (def, name) = {
            let graph = Graph::new();
            let _default = graph.as_default();
            let y = py_func(twice, [constant([1.0f32, 2.0])], DType::Float32);
            let def = graph.as_graph_def().unwrap();
            let copy = Graph::from_graph_def(&def).unwrap();
            let again = copy.get_tensor_by_name(&y.name()).unwrap();
            let session = SessionArgs::new().graph(&copy).build().unwrap();
            assert_eq!(session.run(again, Feeds::new()).unwrap().as_slice::<f32>().unwrap(), [2.0, 4.0]);
            (def, y.name())
        };
        let copy = Graph::from_graph_def(&def).unwrap();
        let error = run_error(&copy, copy.get_tensor_by_name(&name).unwrap());
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("no function of this program is called 'pyfunc_"), "{error}");
    }
}
