//! Fully connected layers.

use super::{ActivationFunction, Call, Common, Configured, Layer, Settings, Weight, common_methods, get_config_method};
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::initializers::{Initializer, IntoInitializer, glorot_uniform_initializer, zeros_initializer};
use crate::op::{IntoTensor, convert};
use crate::ops::array::{concat, gather, reshape, reshape_exact, shape, stack, transpose};
use crate::ops::math::{matmul, reduce_prod_args};
use crate::ops::nn::bias_add;
use crate::regularizers::{IntoRegularizer, Regularizer};
use crate::shape::PartialShape;
use crate::value::Value;

/// A fully connected layer: `activation(inputs · kernel + bias)`. TF: `tf.layers.Dense`.
#[derive(Clone, Debug)]
pub struct Dense {
    units: usize,
    activation: Result<ActivationFunction>,
    use_bias: bool,
    kernel_initializer: Result<Initializer>,
    bias_initializer: Result<Initializer>,
    kernel_regularizer: Option<Regularizer>,
    bias_regularizer: Option<Regularizer>,
    common: Common,
}

/// A fully connected layer with `units` outputs. TF: `tf.layers.Dense(units)`.
///
/// Keyword arguments `activation`, `use_bias`, `kernel_initializer` (Glorot's even distribution if not said),
/// `bias_initializer` (zeros), `kernel_regularizer`, `bias_regularizer`, `name`, `trainable`, `reuse`, `input_shape`.
/// Inputs have at least two dimensions; the last is multiplied with the kernel [inputs, units].
///
/// ```
/// use flowstone as tf;
/// use tf::layers::Layer;
/// let x = tf::placeholder(tf::float32, (None, 784));
/// let dense = tf::layers::Dense!(10, activation = tf::nn::relu);
/// let y = dense.apply(x);
/// assert_eq!((y.name(), y.shape().to_string()), ("dense/Relu:0".to_owned(), "[?,10]".to_owned()));
/// ```
#[allow(non_snake_case)]
pub fn Dense(units: usize) -> Dense {
    Dense {
        units,
        activation: Ok(ActivationFunction::linear()),
        use_bias: true,
        kernel_initializer: Ok(glorot_uniform_initializer()),
        bias_initializer: Ok(zeros_initializer()),
        kernel_regularizer: None,
        bias_regularizer: None,
        common: Common::default(),
    }
}

common_methods!(Dense);

/// The methods of layers with a kernel, a bias and an activation.
macro_rules! kernel_methods {
    ($layer:ident) => {
        impl $layer {
            /// What is applied to the output: a function, its name in Keras, or `None`.
            pub fn activation(mut self, activation: impl $crate::layers::IntoActivation) -> Self {
                self.activation = activation.into_activation();
                self
            }

            /// Whether a bias is added; yes if not said.
            pub fn use_bias(mut self, use_bias: bool) -> Self {
                self.use_bias = use_bias;
                self
            }

            /// How the bias starts; zeros if not said.
            pub fn bias_initializer(mut self, initializer: impl $crate::initializers::IntoInitializer) -> Self {
                self.bias_initializer = initializer.into_initializer();
                self
            }

            /// What the bias adds to the losses.
            pub fn bias_regularizer(mut self, regularizer: impl $crate::regularizers::IntoRegularizer) -> Self {
                self.bias_regularizer = Some(regularizer.into_regularizer());
                self
            }
        }
    };
}
pub(super) use kernel_methods;

kernel_methods!(Dense);

impl Dense {
    /// How the kernel starts; Glorot's even distribution if not said.
    pub fn kernel_initializer(mut self, initializer: impl IntoInitializer) -> Self {
        self.kernel_initializer = initializer.into_initializer();
        self
    }

    /// What the kernel adds to the losses.
    pub fn kernel_regularizer(mut self, regularizer: impl IntoRegularizer) -> Self {
        self.kernel_regularizer = Some(regularizer.into_regularizer());
        self
    }
}

impl Layer for Dense {
    fn class_name(&self) -> &'static str {
        "Dense"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, input: &PartialShape) -> Result<Vec<Weight>> {
        let rank = input.rank().filter(|&rank| rank >= 2);
        let size = rank.and_then(|rank| input.dim(rank - 1)).ok_or_else(|| {
            Error::invalid_argument(format!(
                "its input must have at least 2 dimensions and a last one of known size, but its shape is {input}"
            ))
        })?;
        let kernel = Weight::new("kernel", [size, self.units], &self.kernel_initializer);
        let mut weights = vec![kernel.regularized(&self.kernel_regularizer)];
        if self.use_bias {
            let bias = Weight::new("bias", [self.units], &self.bias_initializer);
            weights.push(bias.regularized(&self.bias_regularizer));
        }
        Ok(weights)
    }

    fn mask(&self, _input: Tensor, mask: Option<Tensor>) -> Result<Option<Tensor>> {
        Ok(mask)
    }

    fn call(&self, input: Tensor, call: &mut Call) -> Result<Tensor> {
        let kernel = call.weights[0].value();
        let mut y = match input.rank() {
            Some(2) => matmul(input, kernel),
            rank => along_last_axis(input, kernel, rank.unwrap_or_default(), self.units)?,
        };
        if let Some(bias) = call.weights.get(1) {
            y = bias_add(y, bias);
        }
        Ok(self.activation.clone()?.apply(y))
    }

    get_config_method!();
}

impl Configured for Dense {
    fn settings(&mut self, settings: &mut Settings) -> Result<()> {
        settings.common(&mut self.common)?.field("units", &mut self.units)?;
        settings.field("activation", &mut self.activation)?.field("use_bias", &mut self.use_bias)?;
        settings.field("kernel_initializer", &mut self.kernel_initializer)?;
        settings.field("bias_initializer", &mut self.bias_initializer)?;
        settings.field("kernel_regularizer", &mut self.kernel_regularizer)?;
        settings.field("bias_regularizer", &mut self.bias_regularizer)?;
        settings.none(&["activity_regularizer", "kernel_constraint", "bias_constraint"])?;
        Ok(())
    }
}

/// The last of `rank` dimensions times a matrix, with the nodes of `tf.tensordot`.
fn along_last_axis(x: Tensor, kernel: Tensor, rank: usize, units: usize) -> Result<Tensor> {
    let graph = x.graph()?;
    let scope = graph.scope_name("Tensordot");
    let _scope = graph.scope(&format!("{scope}/"));
    let list = |numbers: Vec<i32>, name: &str| convert(Value::vector(numbers).into_arg(), name, None);
    let last = rank as i32 - 1;
    let known: Option<Vec<i32>> = x.shape().known().map(|shape| shape.iter().map(|&n| n as i32).collect());
    let (flat, sizes) = match known {
        Some(sizes) => {
            let (columns, rows) = sizes.split_last().map(|(n, outer)| (*n, outer.iter().product())).unwrap_or((1, 1));
            let mut out = sizes.clone();
            out[rank - 1] = units as i32;
            (reshape(x, [rows, columns]), out.into_arg())
        }
        None => {
            let axes = list(vec![last], "axes");
            let free = list((0..last).collect(), "free");
            let x_shape = shape(x);
            let [outer, inner] = [free, axes].map(|axes| gather(x_shape, axes));
            let [rows, columns] =
                [outer, inner].map(|sizes| reduce_prod_args(sizes).axis(list(vec![0], "Const")).build());
            let order = concat([free, axes], 0);
            let sizes = stack([rows, columns]);
            let flat = reshape(transpose(x, order), sizes);
            (flat, concat([outer, list(vec![units as i32], "Const")], 0).into_arg())
        }
    };
    Ok(reshape_exact(matmul(flat, kernel), sizes, &format!("{scope}/")))
}
