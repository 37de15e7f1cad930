//! Where the data of a model come in. Keras: `keras.Input`.

use std::sync::Arc;

use super::shared::unique_name;
use crate::dtype::{DType, as_dtype};
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::layers::history::record;
use crate::layers::{InputLayer, LayerCall};
use crate::ops::array::placeholder;
use crate::shape::{IntoShape, PartialShape};

/// An input for examples of this shape, the batch not included: a placeholder of shape (None, …) in the default graph.
/// Keras: `Input(shape)`.
///
/// Keyword arguments of the macro `Input!`: `shape`, `batch_size` (any if not said), `name` (`input_1`, `input_2` and so on
/// if not said), `dtype` (`"float32"` if not said). What layers make of it becomes a [`Model`](fn@super::Model).
///
/// ```
/// use flowstone as tf;
/// use tf::keras::{Input, Model, layers::*};
/// let x = Input!(shape = (784,));
/// let h = Dense!(64, activation = "relu").apply(x);
/// let model = Model(x, Dense!(10, activation = "softmax").apply(h));
/// assert_eq!((x.name(), model.count_params()?), ("input_1:0".to_owned(), 50_890));
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn Input(shape: impl IntoShape) -> Tensor {
    input_args().shape(shape).build()
}

/// [`Input`](fn@Input) with keyword arguments.
pub fn input_args() -> InputArgs {
    InputArgs { shape: None, batch_size: None, name: None, dtype: Ok(DType::Float32) }
}

/// An [`Input`](fn@Input) under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct InputArgs {
    shape: Option<Result<PartialShape>>,
    batch_size: Option<usize>,
    name: Option<String>,
    dtype: Result<DType>,
}

/// What can stand for a data type: a [`DType`] or its name.
pub trait IntoDType {
    /// The data type. An error for a name that does not exist.
    fn into_dtype(self) -> Result<DType>;
}

impl IntoDType for DType {
    fn into_dtype(self) -> Result<DType> {
        Ok(self)
    }
}

impl IntoDType for &str {
    fn into_dtype(self) -> Result<DType> {
        as_dtype(self)
    }
}

impl InputArgs {
    /// The shape of an example. It must be said.
    pub fn shape(mut self, shape: impl IntoShape) -> Self {
        self.shape = Some(shape.into_shape());
        self
    }

    /// How many examples a batch has; any number if not said.
    pub fn batch_size(mut self, batch_size: impl Into<Option<usize>>) -> Self {
        self.batch_size = batch_size.into();
        self
    }

    /// The name of the input's layer and of the placeholder.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// The data type; float32 if not said.
    pub fn dtype(mut self, dtype: impl IntoDType) -> Self {
        self.dtype = dtype.into_dtype();
        self
    }

    /// Builds the placeholder.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let graph = get_default_graph();
        let name = self.name.unwrap_or_else(|| unique_name(&graph, "input", 1));
        let shape =
            self.shape.unwrap_or_else(|| Err(Error::invalid_argument("an input needs the shape of an example")));
        let known = shape.and_then(|shape| {
            let dims = shape.dims().ok_or_else(|| Error::invalid_argument("the shape of an example is unknown"))?;
            Ok((PartialShape::new(std::iter::once(self.batch_size).chain(dims.iter().copied())), shape, self.dtype?))
        });
        match known {
            Ok((shape, example, dtype)) => {
                let input = placeholder(dtype, shape).named(&name);
                let layer = Arc::new(InputLayer(example).name(&name));
                record(&graph, layer, LayerCall { inputs: Vec::new(), outputs: vec![input], training: None });
                input
            }
            Err(error) => {
                graph.record(error.retitled("Input").at(&name, Some(std::panic::Location::caller())));
                Tensor::poisoned(&graph)
            }
        }
    }
}

/// [`Input`](fn@Input) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Input {
    ($key:ident = $value:expr $(, $keys:ident = $values:expr)* $(,)?) => {
        $crate::keras::input_args().$key($value)$(.$keys($values))*.build()
    };
    ($shape:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::keras::input_args().shape($shape)$(.$key($value))*.build()
    };
}
