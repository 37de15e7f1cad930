//! What `run` is given: values for tensors.

use super::SparseTensorValue;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::ops::array::SparseTensor;
use crate::ops::state::Variable;
use crate::value::{IntoValue, Literal};

/// Which tensor is fed: a handle or a name.
#[derive(Clone, Debug)]
pub enum FeedKey {
    /// A tensor.
    Tensor(Tensor),
    /// A tensor by name: `"x:0"`.
    Name(String),
    /// The three parts of a sparse tensor.
    Sparse(SparseTensor),
}

impl From<Tensor> for FeedKey {
    fn from(tensor: Tensor) -> Self {
        FeedKey::Tensor(tensor)
    }
}

impl From<Variable> for FeedKey {
    fn from(variable: Variable) -> Self {
        FeedKey::Tensor(variable.value())
    }
}

impl From<SparseTensor> for FeedKey {
    fn from(sparse: SparseTensor) -> Self {
        FeedKey::Sparse(sparse)
    }
}

impl From<&str> for FeedKey {
    fn from(name: &str) -> Self {
        FeedKey::Name(name.to_owned())
    }
}

impl From<String> for FeedKey {
    fn from(name: String) -> Self {
        FeedKey::Name(name)
    }
}

/// Values for tensors; made by [`feed_dict!`](crate::feed_dict!).
#[derive(Clone, Debug, Default)]
pub struct Feeds(pub(super) Vec<(FeedKey, Result<Literal>)>);

impl Feeds {
    /// No feeds.
    pub fn new() -> Self {
        Feeds::default()
    }

    /// Whether nothing is fed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes over those of `others`.
    pub(crate) fn append(&mut self, mut others: Feeds) {
        self.0.append(&mut others.0);
    }

    /// These and one more.
    #[must_use]
    pub fn feed(mut self, key: impl Into<FeedKey>, value: impl FeedValue) -> Self {
        value.add_to(&mut self, key.into());
        self
    }
}

/// What a run can be given: all that [`IntoValue`] takes, and a [`SparseTensorValue`](struct@SparseTensorValue) for a
/// sparse tensor.
pub trait FeedValue {
    /// Adds it as what `key` is given.
    fn add_to(self, feeds: &mut Feeds, key: FeedKey);
}

impl<T: IntoValue> FeedValue for T {
    fn add_to(self, feeds: &mut Feeds, key: FeedKey) {
        let literal = match &key {
            FeedKey::Sparse(_) => Err(Error::invalid_argument("a sparse tensor is fed with a SparseTensorValue")),
            _ => self.into_literal(),
        };
        feeds.0.push((key, literal));
    }
}

impl FeedValue for SparseTensorValue {
    fn add_to(self, feeds: &mut Feeds, key: FeedKey) {
        let parts = [self.indices, self.values, self.dense_shape];
        match key {
            FeedKey::Sparse(key) => {
                let keys = [key.indices, key.values, key.dense_shape].map(FeedKey::Tensor);
                feeds.0.extend(keys.into_iter().zip(parts.map(IntoValue::into_literal)));
            }
            key => feeds.0.push((key, Err(Error::invalid_argument("a sparse value for what is no sparse tensor")))),
        }
    }
}

impl From<&Feeds> for Feeds {
    fn from(feeds: &Feeds) -> Self {
        feeds.clone()
    }
}

/// The feeds of a run: `feed_dict! { X: images, Y: labels }`. TF: `feed_dict={X: images, Y: labels}`.
///
/// A key is a tensor or a name in parentheses or quotes, a value anything that [`IntoValue`] takes. Arrays and vectors
/// that are given away are not copied.
///
/// ```
/// use flowstone as tf;
/// use tf::feed_dict;
/// let x = tf::placeholder(tf::float32, [2]).named("x");
/// let sess = tf::Session()?;
/// let a = sess.run(x * 2.0, feed_dict! { x: [1.0, 2.0] })?;
/// let b = sess.run(x * 2.0, feed_dict! { "x:0": vec![1.0f32, 2.0] })?;
/// assert_eq!(a, b);
/// # Ok::<(), tf::Error>(())
/// ```
#[macro_export]
macro_rules! feed_dict {
    () => { $crate::Feeds::new() };
    ($($key:tt $(. $field:tt)* : $value:expr),+ $(,)?) => {
        $crate::Feeds::new()$(.feed($key $(. $field)*, $value))+
    };
}
