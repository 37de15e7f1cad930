//! TensorFlow's messages of examples: named lists of numbers and bytes.

use std::collections::BTreeMap;

use prost::Message;

use crate::error::{Error, Result};

/// What is known of one thing: lists by name. TF: `tf.train.Example`.
///
/// ```
/// use flowstone as tf;
/// use tf::train::{BytesList, Example, Feature, Features, FloatList, Int64List};
/// let example = Example(Features([
///     ("label", Feature(Int64List([7]))),
///     ("image", Feature(BytesList([[0u8, 255]]))),
///     ("size", Feature(FloatList([0.5, 2.0]))),
/// ]));
/// let again = Example::FromString(&example.SerializeToString())?;
/// assert_eq!(again, example);
/// assert_eq!(again.feature("label").map(|feature| feature.int64_list()), Some(&[7i64][..]));
/// # Ok::<(), tf::Error>(())
/// ```
#[derive(Clone, PartialEq, Message)]
pub struct Example {
    /// The lists.
    #[prost(message, optional, tag = "1")]
    pub features: Option<Features>,
}

/// Lists by name. TF: `tf.train.Features`.
#[derive(Clone, PartialEq, Message)]
pub struct Features {
    /// The lists.
    #[prost(btree_map = "string, message", tag = "1")]
    pub feature: BTreeMap<String, Feature>,
}

/// A list. TF: `tf.train.Feature`.
#[derive(Clone, PartialEq, Message)]
pub struct Feature {
    /// The list; one that says nothing counts as missing.
    #[prost(oneof = "Kind", tags = "1, 2, 3")]
    pub kind: Option<Kind>,
}

/// What a [`Feature`](struct@Feature) is a list of.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Kind {
    /// Strings of bytes.
    #[prost(message, tag = "1")]
    BytesList(BytesList),
    /// float32.
    #[prost(message, tag = "2")]
    FloatList(FloatList),
    /// int64.
    #[prost(message, tag = "3")]
    Int64List(Int64List),
}

/// Strings of bytes. TF: `tf.train.BytesList`.
#[derive(Clone, PartialEq, Message)]
pub struct BytesList {
    /// The strings.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub value: Vec<Vec<u8>>,
}

/// Numbers as float32. TF: `tf.train.FloatList`.
#[derive(Clone, PartialEq, Message)]
pub struct FloatList {
    /// The numbers.
    #[prost(float, repeated, tag = "1")]
    pub value: Vec<f32>,
}

/// Whole numbers as int64. TF: `tf.train.Int64List`.
#[derive(Clone, PartialEq, Message)]
pub struct Int64List {
    /// The numbers.
    #[prost(int64, repeated, tag = "1")]
    pub value: Vec<i64>,
}

/// What is known of one thing. TF: `tf.train.Example(features=features)`.
#[allow(non_snake_case)]
pub fn Example(features: Features) -> Example {
    Example { features: Some(features) }
}

/// Lists by name. TF: `tf.train.Features(feature={…})`.
#[allow(non_snake_case)]
pub fn Features<K: Into<String>>(feature: impl IntoIterator<Item = (K, Feature)>) -> Features {
    Features { feature: feature.into_iter().map(|(key, feature)| (key.into(), feature)).collect() }
}

/// A list. TF: `tf.train.Feature(int64_list=…)`.
#[allow(non_snake_case)]
pub fn Feature(list: impl Into<Kind>) -> Feature {
    Feature { kind: Some(list.into()) }
}

/// Strings of bytes. TF: `tf.train.BytesList(value=[…])`.
#[allow(non_snake_case)]
pub fn BytesList<T: AsRef<[u8]>>(value: impl IntoIterator<Item = T>) -> BytesList {
    BytesList { value: value.into_iter().map(|bytes| bytes.as_ref().to_vec()).collect() }
}

/// Numbers as float32. TF: `tf.train.FloatList(value=[…])`.
#[allow(non_snake_case)]
pub fn FloatList(value: impl IntoIterator<Item = f32>) -> FloatList {
    FloatList { value: value.into_iter().collect() }
}

/// Whole numbers as int64. TF: `tf.train.Int64List(value=[…])`.
#[allow(non_snake_case)]
pub fn Int64List(value: impl IntoIterator<Item = i64>) -> Int64List {
    Int64List { value: value.into_iter().collect() }
}

macro_rules! kinds {
    ($($list:ident)*) => {$(
        impl From<$list> for Kind {
            fn from(list: $list) -> Self {
                Kind::$list(list)
            }
        }
    )*};
}
kinds! { BytesList FloatList Int64List }

impl Example {
    /// The list called `name`, if there is one.
    pub fn feature(&self, name: &str) -> Option<&Feature> {
        self.features.as_ref()?.feature.get(name)
    }

    /// Its bytes, lists in the order of their names. TF: `example.SerializeToString()`.
    #[allow(non_snake_case)]
    pub fn SerializeToString(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    /// The example that `bytes` are. TF: `tf.train.Example.FromString`.
    #[allow(non_snake_case)]
    pub fn FromString(bytes: &[u8]) -> Result<Self> {
        Example::decode(bytes).map_err(|e| Error::data_loss(format!("these bytes are no example: {e}")))
    }
}

impl Feature {
    /// Its strings; none if it is another list. TF: `feature.bytes_list.value`.
    pub fn bytes_list(&self) -> &[Vec<u8>] {
        if let Some(Kind::BytesList(list)) = &self.kind { &list.value } else { &[] }
    }

    /// Its float32; none if it is another list. TF: `feature.float_list.value`.
    pub fn float_list(&self) -> &[f32] {
        if let Some(Kind::FloatList(list)) = &self.kind { &list.value } else { &[] }
    }

    /// Its int64; none if it is another list. TF: `feature.int64_list.value`.
    pub fn int64_list(&self) -> &[i64] {
        if let Some(Kind::Int64List(list)) = &self.kind { &list.value } else { &[] }
    }
}
