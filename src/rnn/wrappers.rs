//! Cells with a table or a matrix around them. TF: `tf.contrib.rnn.EmbeddingWrapper` and its kin, in TensorFlow 0.x
//! `tf.nn.rnn_cell`.

use super::cell::RNNCell;
use super::rnn_cell::BatchSize;
use super::state::State;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::initializers::{Initializer, IntoInitializer, constant_initializer, random_uniform_initializer};
use crate::layers::{ActivationFunction, Common, IntoActivation};
use crate::op::{IntoTensor, convert};
use crate::ops::array::{concat, reshape};
use crate::ops::math::matmul;
use crate::ops::nn::{bias_add, embedding_lookup};
use crate::ops::state::Variable;
use crate::variable_scope::{get_variable_args, get_variable_scope, variable_scope};

/// `inputs`, each [batch, depth], side by side, times a kernel, plus a bias: variables of the current scope.
#[track_caller]
pub(super) fn linear(inputs: &[Tensor], output_size: usize) -> Result<Tensor> {
    let mut rows = 0;
    for input in inputs {
        let shape = input.shape();
        let depth = shape.dims().filter(|dims| dims.len() == 2).and_then(|dims| dims[1]);
        rows += depth.ok_or_else(|| {
            Error::invalid_argument(format!("each input must be [batch, depth] with a known depth, not {shape}"))
        })?;
    }
    let dtype = inputs.first().ok_or_else(|| Error::invalid_argument("there are no inputs"))?.dtype()?;
    let (kernel, bias) = {
        // TensorFlow enters the scope again for each, which takes part in naming.
        let scope = variable_scope(get_variable_scope());
        let kernel = get_variable_args("kernel", [rows, output_size]).dtype(dtype).build();
        let _scope = variable_scope(&scope);
        let bias = get_variable_args("bias", [output_size]).dtype(dtype).initializer(constant_initializer(0.0));
        (kernel, bias.build())
    };
    let joined = match inputs {
        [one] => *one,
        _ => {
            let axis = convert(1.into_arg(), "Const", None);
            concat(inputs.iter().copied(), axis)
        }
    };
    Ok(bias_add(matmul(joined, kernel.value()), bias.value()))
}

macro_rules! around_a_cell {
    ($($wrapper:ident $name:literal $zero_state:literal;)*) => {$(
        impl<C: RNNCell> RNNCell for $wrapper<C> {
            type State = C::State;

            fn class_name(&self) -> &'static str {
                $name
            }

            fn common(&self) -> &Common {
                &self.common
            }

            fn state_size(&self) -> <C::State as State>::Size {
                self.cell.state_size()
            }

            fn output_size(&self) -> usize {
                self.gives()
            }

            #[track_caller]
            fn call(&self, inputs: Tensor, state: C::State, _: &[Variable]) -> Result<(Tensor, C::State)> {
                self.step(inputs, state)
            }

            #[track_caller]
            fn zero_state_for(&self, batch_size: BatchSize, dtype: DType) -> C::State {
                let _scope = get_default_graph().scope($zero_state);
                self.cell.zero_state_for(batch_size, dtype)
            }

            fn copied(&self) -> Result<Box<dyn RNNCell<State = C::State> + '_>> {
                Ok(Box::new(self.around(self.cell.copied()?)))
            }
        }
    )*};
}
around_a_cell! {
    EmbeddingWrapper "EmbeddingWrapper" "EmbeddingWrapperZeroState";
    InputProjectionWrapper "InputProjectionWrapper" "InputProjectionWrapperZeroState";
    OutputProjectionWrapper "OutputProjectionWrapper" "OutputProjectionWrapperZeroState";
}

/// A cell that takes numbers of rows of a table. TF: `tf.contrib.rnn.EmbeddingWrapper`.
#[derive(Clone, Debug)]
pub struct EmbeddingWrapper<C> {
    cell: C,
    embedding_classes: usize,
    embedding_size: usize,
    initializer: Option<Result<Initializer>>,
    common: Common,
}

/// `cell` that takes int32 or int64, whole numbers below `embedding_classes`: rows of a table of `embedding_size` columns.
/// TF: `tf.contrib.rnn.EmbeddingWrapper(cell, embedding_classes, embedding_size)`.
///
/// Keyword argument `initializer` of the table: the scope's if not said, or else an even distribution of variance 1.
///
/// ```
/// use flowstone as tf;
/// use tf::nn::rnn_cell::{EmbeddingWrapper, GRUCell};
/// let words = [0; 3].map(|_| tf::placeholder(tf::int32, (None, 1)));
/// let (outputs, _) = tf::nn::static_rnn!(EmbeddingWrapper(GRUCell(8), 100, 4), words, dtype = tf::float32);
/// assert_eq!(outputs[2].shape().to_string(), "[?,8]");
/// assert_eq!(tf::trainable_variables()[0].name(), "rnn/embedding_wrapper/embedding:0");
/// ```
#[allow(non_snake_case)]
pub fn EmbeddingWrapper<C: RNNCell>(cell: C, embedding_classes: usize, embedding_size: usize) -> EmbeddingWrapper<C> {
    EmbeddingWrapper { cell, embedding_classes, embedding_size, initializer: None, common: Common::default() }
}

impl<C: RNNCell> EmbeddingWrapper<C> {
    /// How the table starts.
    pub fn initializer(mut self, initializer: impl IntoInitializer) -> Self {
        self.initializer = Some(initializer.into_initializer());
        self
    }

    fn gives(&self) -> usize {
        self.cell.output_size()
    }

    /// The same around another cell, with variables of its own.
    fn around<D>(&self, cell: D) -> EmbeddingWrapper<D> {
        let (embedding_classes, embedding_size) = (self.embedding_classes, self.embedding_size);
        let (initializer, common) = (self.initializer.clone(), self.common.fresh());
        EmbeddingWrapper { cell, embedding_classes, embedding_size, initializer, common }
    }

    #[track_caller]
    fn step(&self, inputs: Tensor, state: C::State) -> Result<(Tensor, C::State)> {
        if self.embedding_classes == 0 || self.embedding_size == 0 {
            let (rows, columns) = (self.embedding_classes, self.embedding_size);
            return Err(Error::invalid_argument(format!("a table of {rows} rows of {columns} numbers")));
        }
        let _device = get_default_graph().device("/cpu:0");
        let initializer = match self.initializer.clone() {
            Some(initializer) => initializer?,
            // Of variance 1.
            None => get_variable_scope()
                .initializer()
                .unwrap_or_else(|| random_uniform_initializer(-f64::sqrt(3.0), f64::sqrt(3.0))),
        };
        let dtype = state.flat().first().map_or(Ok(DType::Float32), |tensor| tensor.dtype())?;
        let table = get_variable_args("embedding", [self.embedding_classes, self.embedding_size]);
        let table = table.initializer(initializer).dtype(dtype).build();
        let rows = embedding_lookup(table, reshape(inputs, [-1]));
        Ok(self.cell.apply(rows, state))
    }
}

macro_rules! projections {
    ($($(#[$doc:meta])* $wrapper:ident $size:ident $what:literal;)*) => {$(
        #[doc = concat!($what, " TF: `tf.contrib.rnn.", stringify!($wrapper), "`.")]
        #[derive(Clone, Debug)]
        pub struct $wrapper<C> {
            cell: C,
            size: usize,
            activation: Option<Result<ActivationFunction>>,
            common: Common,
        }

        $(#[$doc])*
        #[allow(non_snake_case)]
        pub fn $wrapper<C: RNNCell>(cell: C, $size: usize) -> $wrapper<C> {
            $wrapper { cell, size: $size, activation: None, common: Common::default() }
        }

        impl<C: RNNCell> $wrapper<C> {
            /// What is applied to the product; nothing if not said.
            pub fn activation(mut self, activation: impl IntoActivation) -> Self {
                self.activation = Some(activation.into_activation());
                self
            }

            /// The same around another cell, with variables of its own.
            fn around<D>(&self, cell: D) -> $wrapper<D> {
                $wrapper { cell, size: self.size, activation: self.activation.clone(), common: self.common.fresh() }
            }

            #[track_caller]
            fn project(&self, x: Tensor) -> Result<Tensor> {
                if self.size == 0 {
                    return Err(Error::invalid_argument("a projection to nothing"));
                }
                let projected = linear(&[x], self.size)?;
                match self.activation.clone() {
                    Some(activation) => Ok(activation?.apply(projected)),
                    None => Ok(projected),
                }
            }
        }
    )*};
}
projections! {
    /// `cell` that takes its inputs times a matrix with `num_proj` columns, plus a bias.
    /// TF: `tf.contrib.rnn.InputProjectionWrapper(cell, num_proj)`.
    ///
    /// Keyword argument `activation`: what is applied to the product.
    ///
    /// ```
    /// use flowstone as tf;
    /// use tf::nn::rnn_cell::{GRUCell, InputProjectionWrapper};
    /// let x = tf::placeholder(tf::float32, (None, 5, 2));
    /// let (outputs, _) = tf::nn::dynamic_rnn(InputProjectionWrapper(GRUCell(8), 4), x);
    /// assert_eq!(outputs.shape().to_string(), "[?,5,8]");
    /// ```
    InputProjectionWrapper num_proj "A cell whose inputs are multiplied by a matrix.";
    /// `cell` whose output is multiplied by a matrix with `output_size` columns, plus a bias.
    /// TF: `tf.contrib.rnn.OutputProjectionWrapper(cell, output_size)`.
    ///
    /// Keyword argument `activation`: what is applied to the product.
    ///
    /// ```
    /// use flowstone as tf;
    /// use tf::nn::rnn_cell::{BasicRNNCell, OutputProjectionWrapper};
    /// let x = tf::placeholder(tf::float32, (None, 20, 1));
    /// let cell = OutputProjectionWrapper(BasicRNNCell(100), 1);
    /// let (outputs, _) = tf::nn::dynamic_rnn!(cell, x, dtype = tf::float32);
    /// assert_eq!(outputs.shape().to_string(), "[?,20,1]");
    /// ```
    OutputProjectionWrapper output_size "A cell whose output is multiplied by a matrix.";
}

impl<C: RNNCell> InputProjectionWrapper<C> {
    fn gives(&self) -> usize {
        self.cell.output_size()
    }

    #[track_caller]
    fn step(&self, inputs: Tensor, state: C::State) -> Result<(Tensor, C::State)> {
        let inputs = self.project(inputs)?;
        Ok(self.cell.apply(inputs, state))
    }
}

impl<C: RNNCell> OutputProjectionWrapper<C> {
    fn gives(&self) -> usize {
        self.size
    }

    #[track_caller]
    fn step(&self, inputs: Tensor, state: C::State) -> Result<(Tensor, C::State)> {
        let (output, state) = self.cell.apply(inputs, state);
        Ok((self.project(output)?, state))
    }
}
