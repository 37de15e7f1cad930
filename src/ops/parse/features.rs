//! What is read of examples, by name.

use std::collections::BTreeMap;
use std::ops::Index;

use super::example::PARSE_EXAMPLE_V2;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Attr, AttrList, Graph, Tensor, here};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{SparseTensor, reshape, reshape_to_known};
use crate::ops::scope::Scope;
use crate::shape::{IntoShape, PartialShape};
use crate::value::Value;

/// How a feature is read. TF: `tf.FixedLenFeature`, `tf.VarLenFeature`, `tf.FixedLenSequenceFeature`.
#[derive(Clone, Debug)]
pub struct FeatureConfig {
    kind: Kind,
    dtype: DType,
    shape: Result<PartialShape>,
    default: Option<Arg>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Fixed,
    Sequence,
    Sparse,
}

/// As many elements as `shape` has, of type float32, int64 or string. TF: `tf.FixedLenFeature(shape, dtype)`.
///
/// [`default_value`](FeatureConfig::default_value) stands for a feature that is missing; without one it is an error.
#[allow(non_snake_case)]
pub fn FixedLenFeature(shape: impl IntoShape, dtype: DType) -> FeatureConfig {
    FeatureConfig { kind: Kind::Fixed, dtype, shape: shape.into_shape(), default: None }
}

/// Rows of `shape`, as many as there are; shorter lists are filled up with the default value, or zero.
/// TF: `tf.FixedLenSequenceFeature(shape, dtype, allow_missing=True)`.
#[allow(non_snake_case)]
pub fn FixedLenSequenceFeature(shape: impl IntoShape, dtype: DType) -> FeatureConfig {
    FeatureConfig { kind: Kind::Sequence, ..FixedLenFeature(shape, dtype) }
}

/// As many elements as there are, as a [`SparseTensor`](struct@SparseTensor). TF: `tf.VarLenFeature(dtype)`.
#[allow(non_snake_case)]
pub fn VarLenFeature(dtype: DType) -> FeatureConfig {
    FeatureConfig { kind: Kind::Sparse, ..FixedLenFeature((), dtype) }
}

impl FeatureConfig {
    /// What stands for a feature that is missing, or fills up a list.
    pub fn default_value(mut self, value: impl IntoTensor) -> Self {
        self.default = Some(value.into_arg());
        self
    }

    /// The shape of a dense feature.
    fn dense_shape(&self, key: &str) -> Result<PartialShape> {
        let shape = self.shape.clone()?;
        if shape.known().is_none() {
            return Err(Error::invalid_argument(format!("every size of feature '{key}' must be known, not {shape}")));
        }
        match (self.kind, shape.dims()) {
            (Kind::Sequence, Some(dims)) => Ok(PartialShape::new([None].into_iter().chain(dims.iter().copied()))),
            _ => Ok(shape),
        }
    }

    /// What stands for a missing element, as a tensor.
    #[track_caller]
    fn default_tensor(self, key: &str) -> Result<Tensor> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
        let named = |front: &str| {
            let key: String = key.chars().map(|c| if plain(c) { c } else { '_' }).collect();
            format!("{front}_{key}")
        };
        let shape = self.shape?;
        Ok(match (self.kind, self.default) {
            (Kind::Sequence, None) => {
                let zero = if self.dtype == DType::String { "".into_arg() } else { 0.into_arg() };
                convert(zero, "Const", Some(self.dtype))
            }
            (Kind::Sequence, Some(value)) => {
                reshape_to_known(convert(value, &named("padding"), Some(self.dtype)), Vec::new())
            }
            (_, None) => convert(Value::zeros(self.dtype, [0])?.into_arg(), "Const", None),
            (_, Some(Arg::Tensor(tensor))) => tensor,
            (_, Some(value)) => {
                let value = convert(value, &named("key"), Some(self.dtype));
                let sizes = shape.dims().unwrap_or_default().iter();
                reshape(value, sizes.map(|size| size.unwrap_or(0) as i32).collect::<Vec<i32>>())
            }
        })
    }
}

/// What `features` says of each of `serialized`, a list of [`Example`](struct@crate::train::Example)s as bytes (or a single one).
/// TF: `tf.parse_example`.
///
/// A dense feature is a tensor `[examples, …shape]`, `parsed["name"]`; a [`VarLenFeature`] is `parsed.sparse("name")`. Keyword
/// arguments `name` and `example_names`, strings for error messages that are checked only. No gradient.
///
/// An error of the run: bytes that are no example, a list of another type or length, a feature that is missing and has no
/// default.
///
/// ```
/// use flowstone as tf;
/// use tf::train::{Example, Feature, Features, Int64List};
/// let bytes = [1, 2].map(|i| Example(Features([("a", Feature(Int64List([i, 10])))])).SerializeToString());
/// let features = [
///     ("a", tf::FixedLenFeature([2], tf::int64)),
///     ("b", tf::FixedLenFeature((), tf::float32).default_value(0.5)),
///     ("c", tf::VarLenFeature(tf::string)),
/// ];
/// let parsed = tf::parse_example(tf::Value::vector(bytes.to_vec()), features);
/// let (a, b, c) = (parsed["a"], parsed["b"], parsed.sparse("c").dense_shape);
/// let (a, b, c) = tf::Session()?.run((a, b, c), tf::feed_dict! {})?;
/// assert_eq!(a.as_slice::<i64>()?, [1, 10, 2, 10]);
/// assert_eq!((b.as_slice::<f32>()?, c.as_slice::<i64>()?), (&[0.5f32; 2][..], &[2i64, 0][..]));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn parse_example<K: Into<String>>(
    serialized: impl IntoTensor,
    features: impl IntoIterator<Item = (K, FeatureConfig)>,
) -> ParsedFeatures {
    parse_example_args(serialized, features).build()
}

/// [`parse_example`] with keyword arguments.
pub fn parse_example_args<K: Into<String>>(
    serialized: impl IntoTensor,
    features: impl IntoIterator<Item = (K, FeatureConfig)>,
) -> ParseExampleArgs {
    ParseExampleArgs {
        serialized: serialized.into_arg(),
        features: features.into_iter().map(|(key, feature)| (key.into(), feature)).collect(),
        names: Value::vector(Vec::<Vec<u8>>::new()).into_arg(),
        single: false,
        name: None,
    }
}

/// [`parse_example`] of a single one: the tensors lack the dimension of the examples. TF: `tf.parse_single_example`.
///
/// `serialized` must be known to be a single string.
#[track_caller]
pub fn parse_single_example<K: Into<String>>(
    serialized: impl IntoTensor,
    features: impl IntoIterator<Item = (K, FeatureConfig)>,
) -> ParsedFeatures {
    parse_single_example_args(serialized, features).build()
}

/// [`parse_single_example`] with keyword arguments.
pub fn parse_single_example_args<K: Into<String>>(
    serialized: impl IntoTensor,
    features: impl IntoIterator<Item = (K, FeatureConfig)>,
) -> ParseExampleArgs {
    ParseExampleArgs { single: true, ..parse_example_args(serialized, features) }
}

/// A [`parse_example`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct ParseExampleArgs {
    serialized: Arg,
    features: BTreeMap<String, FeatureConfig>,
    names: Arg,
    single: bool,
    name: Option<String>,
}

impl ParseExampleArgs {
    /// The scope of its nodes, and the node's name in it.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// A string for each example.
    pub fn example_names(mut self, names: impl IntoTensor) -> Self {
        self.names = names.into_arg();
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(mut self) -> ParsedFeatures {
        let name = self.name.clone();
        let outer = self.single.then(|| {
            let scope = Scope::open(&[&self.serialized], name.as_deref().unwrap_or("ParseSingleExample"));
            let serialized = convert(self.serialized.clone(), "serialized", Some(DType::String));
            self.serialized = serialized.into_arg();
            scope
        });
        let known = self.serialized.tensor().map(Tensor::rank);
        let scope = Scope::open(&[&self.serialized], name.as_deref().unwrap_or("ParseExample"));
        let absent = Tensor::poisoned(scope.graph());
        let none =
            ParsedFeatures { graph: scope.graph().clone(), dense: BTreeMap::new(), sparse: BTreeMap::new(), absent };
        if outer.is_some() && known != Some(Some(0)) {
            scope.fail(Error::invalid_argument("serialized must be known to be a single string"));
            return none;
        }
        self.parse(&scope, none.clone()).unwrap_or_else(|error| {
            scope.fail(error);
            none
        })
    }

    #[track_caller]
    fn parse(self, scope: &Scope, mut parsed: ParsedFeatures) -> Result<ParsedFeatures> {
        if self.features.is_empty() {
            return Err(Error::invalid_argument("there are no features to read"));
        }
        let serialized = convert(self.serialized, "serialized", Some(DType::String));
        let (sparse, dense): (Vec<_>, Vec<_>) =
            self.features.into_iter().partition(|(_, feature)| feature.kind == Kind::Sparse);
        let keys = |list: &[(String, FeatureConfig)]| {
            Value::vector(list.iter().map(|(key, _)| key.clone().into_bytes()).collect::<Vec<Vec<u8>>>()).into_arg()
        };
        let types = |list: &[(String, FeatureConfig)]| match list {
            [] => Attr::List(AttrList::Empty),
            list => Attr::List(AttrList::Type(list.iter().map(|(_, feature)| feature.dtype).collect())),
        };
        let (sparse_keys, dense_keys, sparse_types) = (keys(&sparse), keys(&dense), types(&sparse));
        let shapes = dense.iter().map(|(key, feature)| feature.dense_shape(key)).collect::<Result<Vec<_>>>()?;
        let shapes = if shapes.is_empty() { AttrList::Empty } else { AttrList::Shape(shapes) };
        let names: Vec<String> = dense.iter().map(|(key, _)| key.clone()).collect();
        let defaults = dense.into_iter().map(|(key, feature)| feature.default_tensor(&key));
        let defaults = Arg::list(defaults.collect::<Result<Vec<Tensor>>>()?);
        let ragged_keys = Value::vector(Vec::<Vec<u8>>::new()).into_arg();
        let args = [serialized.into_arg(), self.names, sparse_keys, dense_keys, ragged_keys, defaults];
        let call = PARSE_EXAMPLE_V2.call(args).graph(scope.graph()).attr("num_sparse", sparse.len() as i64);
        let call = call.attr("sparse_types", sparse_types).attr("dense_shapes", Attr::List(shapes));
        let call = call.attr("ragged_value_types", Attr::List(AttrList::Empty));
        let call = call.attr("ragged_split_types", Attr::List(AttrList::Empty));
        let call = match self.name {
            Some(name) => call.name(name),
            None => call,
        };
        let built = call.build();
        let count = sparse.len() as u32;
        for (i, (key, _)) in (0..).zip(sparse) {
            let [indices, values, dense_shape] = [0, 1, 2].map(|part| built.output(part * count + i));
            parsed.sparse.insert(key, SparseTensor(indices, values, dense_shape));
        }
        for (i, key) in (0..).zip(names) {
            parsed.dense.insert(key, built.output(3 * count + i));
        }
        Ok(parsed)
    }
}

/// What was read of examples: `parsed["name"]` is a dense feature.
///
/// A name that is not there is an error of the graph.
#[derive(Clone, Debug)]
pub struct ParsedFeatures {
    graph: Graph,
    dense: BTreeMap<String, Tensor>,
    sparse: BTreeMap<String, SparseTensor>,
    absent: Tensor,
}

impl ParsedFeatures {
    /// The dense features by name.
    pub fn dense(&self) -> &BTreeMap<String, Tensor> {
        &self.dense
    }

    /// The sparse feature called `name`.
    #[track_caller]
    pub fn sparse(&self, name: &str) -> SparseTensor {
        let absent = || {
            self.missing(name, "sparse");
            SparseTensor { indices: self.absent, values: self.absent, dense_shape: self.absent }
        };
        self.sparse.get(name).copied().unwrap_or_else(absent)
    }

    #[track_caller]
    fn missing(&self, name: &str, kind: &str) {
        let error = Error::invalid_argument(format!("there is no {kind} feature '{name}'"));
        self.graph.record(error.at("parse_example", Some(here())));
    }
}

impl Index<&str> for ParsedFeatures {
    type Output = Tensor;

    #[track_caller]
    fn index(&self, name: &str) -> &Tensor {
        self.dense.get(name).unwrap_or_else(|| {
            self.missing(name, "dense");
            &self.absent
        })
    }
}
