//! The common operation test: one call checks an operation whole.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::autodiff::GradientsArgs;
use crate::dispatch;
use crate::dtype::DType;
use crate::graph::{Graph, Tensor};
use crate::op::IntoTensor;
use crate::op::convert;
use crate::ops::array::{constant, placeholder};
use crate::session::{Feeds, SessionArgs};
use crate::shape::PartialShape;
use crate::value::{Number, Value};

/// Of values in f32.
const TOLERANCE: f64 = 1e-6;

type Build<'a> = Box<dyn Fn(&[Tensor]) -> Vec<Tensor> + 'a>;

/// A case of an operation: how it is built, what it is given, what comes out.
pub(crate) struct OpTest<'a> {
    build: Build<'a>,
    inputs: Vec<Value>,
    expected: Option<Vec<Value>>,
    constants: Vec<usize>,
    differentiable: Vec<usize>,
}

/// How much the placeholders of a case say of their shapes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    All,
    Rank,
    Nothing,
}

impl<'a> OpTest<'a> {
    pub(crate) fn new(build: impl Fn(&[Tensor]) -> Vec<Tensor> + 'a) -> Self {
        OpTest {
            build: Box::new(build),
            inputs: Vec::new(),
            expected: None,
            constants: Vec::new(),
            differentiable: Vec::new(),
        }
    }

    pub(crate) fn inputs(mut self, inputs: impl IntoIterator<Item = Value>) -> Self {
        self.inputs = inputs.into_iter().collect();
        self
    }

    pub(crate) fn expect(mut self, expected: impl IntoIterator<Item = Value>) -> Self {
        self.expected = Some(expected.into_iter().collect());
        self
    }

    /// These inputs are constants of the graph.
    pub(crate) fn constants(mut self, inputs: &[usize]) -> Self {
        self.constants = inputs.to_vec();
        self
    }

    /// Gradients with respect to these inputs are checked numerically, in f64, to second order.
    pub(crate) fn differentiable(mut self, inputs: &[usize]) -> Self {
        self.differentiable = inputs.to_vec();
        self
    }

    pub(crate) fn run(self) {
        let mut first: Option<Vec<Value>> = None;
        for known in [Known::All, Known::Rank, Known::Nothing] {
            for threads in [1, 3] {
                let outputs = self.evaluate(known, threads);
                match &first {
                    None => first = Some(outputs),
                    Some(first) => {
                        assert!(same_bits(first, &outputs), "{known:?}, {threads} threads:\n{first:?}\n{outputs:?}")
                    }
                }
            }
        }
        if let (Some(expected), Some(found)) = (&self.expected, &first) {
            assert_eq!(found.len(), expected.len(), "number of outputs");
            for (found, expected) in found.iter().zip(expected) {
                assert_close(found, expected, TOLERANCE);
            }
        }
        if !self.differentiable.is_empty() {
            self.check_gradients();
        }
    }

    fn leaves(&self, inputs: &[Value], known: Known) -> (Vec<Tensor>, Feeds) {
        let mut feeds = Feeds::new();
        let mut leaves = Vec::new();
        for (i, value) in inputs.iter().enumerate() {
            if self.constants.contains(&i) {
                leaves.push(constant(value));
                continue;
            }
            let shape = match known {
                Known::All => value.shape().into(),
                Known::Rank => PartialShape::unknown_of_rank(value.shape().rank()),
                Known::Nothing => PartialShape::unknown(),
            };
            let leaf = placeholder(value.dtype(), shape);
            feeds = feeds.feed(leaf, value);
            leaves.push(leaf);
        }
        (leaves, feeds)
    }

    fn evaluate(&self, known: Known, threads: usize) -> Vec<Value> {
        let graph = Graph::new();
        let _default = graph.as_default();
        let (leaves, feeds) = self.leaves(&self.inputs, known);
        let outputs = (self.build)(&leaves);
        let copy = Graph::from_graph_def(&graph.as_graph_def().unwrap()).unwrap();
        assert_eq!(copy.as_graph_def().unwrap(), graph.as_graph_def().unwrap(), "GraphDef round trip");
        let session = SessionArgs::new().graph(&graph).threads(threads).build().unwrap();
        let values = session.run(outputs.clone(), &feeds).unwrap();
        for (output, value) in outputs.iter().zip(&values) {
            assert_eq!(output.dtype().unwrap(), value.dtype(), "inferred dtype");
            let inferred = output.shape();
            assert!(inferred.accepts(value.shape()), "inferred shape {inferred}, found {} ({known:?})", value.shape());
        }
        values
    }

    /// Central differences in f64 along every element of every differentiable input: eps 1e-6, atol 1e-5, rtol 1e-3.
    fn check_gradients(&self) {
        let double = |v: &Value| {
            if v.dtype() == DType::Float32 { v.clone().convert(DType::Float64).unwrap() } else { v.clone() }
        };
        let inputs: Vec<Value> = self.inputs.iter().map(double).collect();
        let graph = Graph::new();
        let _default = graph.as_default();
        let (leaves, _) = self.leaves(&inputs, Known::All);
        let ys: Vec<Tensor> =
            (self.build)(&leaves).into_iter().filter(|y| y.dtype().is_ok_and(DType::is_floating)).collect();
        let xs: Vec<Tensor> = self.differentiable.iter().map(|&i| leaves[i]).collect();
        let session = SessionArgs::new().graph(&graph).threads(1).build().unwrap();
        let shapes = session.run(ys.clone(), feeds_of(&leaves, &inputs, &self.constants)).unwrap();
        // A fixed, uneven weight for every output element makes one number of all outputs.
        let weights: Vec<Tensor> =
            shapes.iter().map(|y| constant(Value::new(y.shape().clone(), uneven(y.len())).unwrap())).collect();
        let dxs = GradientsArgs::new(ys.clone(), xs.clone()).grad_ys(weights.clone()).build();
        let dxs: Vec<Tensor> = dxs
            .into_iter()
            .map(|dx| convert(dx.expect("a gradient reaches the input").into_arg(), "dx", None))
            .collect();
        self.compare(&session, &leaves, &inputs, &ys, &weights, &dxs, "first");
        // The gradient is itself a function of the inputs; where it is constant there is nothing to check.
        let shapes = session.run(dxs.clone(), feeds_of(&leaves, &inputs, &self.constants)).unwrap();
        let weights: Vec<Tensor> =
            shapes.iter().map(|y| constant(Value::new(y.shape().clone(), uneven(y.len())).unwrap())).collect();
        let ddxs = GradientsArgs::new(dxs.clone(), xs).grad_ys(weights.clone()).name("second").build();
        graph.check().unwrap();
        let ddxs: Vec<Tensor> = ddxs
            .into_iter()
            .zip(&self.differentiable)
            .map(|(ddx, &i)| {
                let zeros = || Value::zeros(DType::Float64, inputs[i].shape().clone()).unwrap();
                convert(ddx.map_or_else(|| zeros().into_arg(), IntoTensor::into_arg), "ddx", None)
            })
            .collect();
        self.compare(&session, &leaves, &inputs, &dxs, &weights, &ddxs, "second");
    }

    #[allow(clippy::too_many_arguments)]
    fn compare(
        &self,
        session: &crate::session::Session,
        leaves: &[Tensor],
        inputs: &[Value],
        ys: &[Tensor],
        weights: &[Tensor],
        dxs: &[Tensor],
        order: &str,
    ) {
        session.graph().check().unwrap();
        let analytic = session.run(dxs.to_vec(), feeds_of(leaves, inputs, &self.constants)).unwrap();
        let weights = session.run(weights.to_vec(), Feeds::new()).unwrap();
        let total = |inputs: &[Value]| -> f64 {
            let ys = session.run(ys.to_vec(), feeds_of(leaves, inputs, &self.constants)).unwrap();
            let pairs = ys.iter().zip(&weights);
            pairs.map(|(y, w)| dot(y.as_slice().unwrap(), w.as_slice().unwrap())).sum()
        };
        const EPS: f64 = 1e-6;
        for (analytic, &i) in analytic.iter().zip(&self.differentiable) {
            assert_eq!(analytic.shape(), inputs[i].shape(), "shape of the {order} gradient of input {i}");
            for element in 0..inputs[i].len() {
                let moved = |by: f64| {
                    let mut inputs = inputs.to_vec();
                    inputs[i].make_mut::<f64>().unwrap()[element] += by;
                    total(&inputs)
                };
                let numeric = (moved(EPS) - moved(-EPS)) / (2.0 * EPS);
                let analytic = analytic.as_slice::<f64>().unwrap()[element];
                assert!(
                    (numeric - analytic).abs() <= 1e-5 + 1e-3 * numeric.abs(),
                    "{order} gradient of input {i}, element {element}: {analytic}, numerically {numeric}"
                );
            }
        }
    }
}

fn feeds_of(leaves: &[Tensor], inputs: &[Value], constants: &[usize]) -> Feeds {
    let fed = leaves.iter().zip(inputs).enumerate().filter(|(i, _)| !constants.contains(i));
    fed.fold(Feeds::new(), |feeds, (_, (leaf, value))| feeds.feed(*leaf, value))
}

fn uneven(n: usize) -> Vec<f64> {
    (0..n).map(|i| 0.5 + ((i * 7 + 3) % 11) as f64 / 11.0).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The same values to the bit; NaN equals NaN.
fn same_bits(a: &[Value], b: &[Value]) -> bool {
    let text = |v: &Value| match v.dtype() {
        DType::Float32 => format!("{:?}", v.as_slice::<f32>().unwrap().iter().map(|x| x.to_bits()).collect::<Vec<_>>()),
        DType::Float64 => format!("{:?}", v.as_slice::<f64>().unwrap().iter().map(|x| x.to_bits()).collect::<Vec<_>>()),
        dtype => dispatch!(dtype, all, T => Ok(format!("{:?}", v.as_slice::<T>().unwrap()))).unwrap(),
    };
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.shape() == b.shape() && text(a) == text(b))
}

/// Equal shapes and types; elements within `tolerance`, absolute below 1 and relative above.
#[track_caller]
pub(crate) fn assert_close(found: &Value, expected: &Value, tolerance: f64) {
    assert_eq!((found.dtype(), found.shape()), (expected.dtype(), expected.shape()), "{found:?} for {expected:?}");
    if !found.dtype().is_floating() {
        assert_eq!(found, expected);
        return;
    }
    let numbers = |v: &Value| -> Vec<f64> {
        dispatch!(v.dtype(), numbers, T => Ok(v.as_slice::<T>().unwrap().iter().map(|x| x.to_f64()).collect())).unwrap()
    };
    for (i, (f, e)) in numbers(found).into_iter().zip(numbers(expected)).enumerate() {
        let close = approx::relative_eq!(f, e, epsilon = tolerance, max_relative = tolerance);
        let same = close || (f.is_nan() && e.is_nan());
        assert!(same, "element {i}: {f}, expected {e}\nfound {found:?}\nexpected {expected:?}");
    }
}

/// The text of the error that `build` leaves in a new default graph.
pub(crate) fn build_error<R>(build: impl FnOnce() -> R) -> String {
    let graph = Graph::new();
    let _default = graph.as_default();
    build();
    graph.check().expect_err("building must fail").to_string()
}

/// `build` draws what TensorFlow gives for the graph's seed 7 and the operation's seed 9, in two runs of one session;
/// `tests/golden/make_random.py` prints it.
pub(crate) fn check_draws(build: impl Fn() -> Tensor, expected: [Value; 2], tolerance: f64) {
    for threads in [1, 2] {
        let graph = Graph::new();
        let _default = graph.as_default();
        graph.set_random_seed(7);
        let numbers = build();
        let session = SessionArgs::new().threads(threads).build().unwrap();
        for expected in &expected {
            assert_close(&session.run(numbers, Feeds::new()).unwrap(), expected, tolerance);
        }
    }
}

/// A folder that goes with the test.
pub(crate) struct Folder(std::path::PathBuf);

impl Folder {
    /// An empty folder; no other test's has the same name.
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("flowstone-unit-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A test that fails may have removed it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
