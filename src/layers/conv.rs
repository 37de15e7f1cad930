//! Convolutional layers.

use super::dense::kernel_methods;
use super::{
    ActivationFunction, Call, Common, Configured, IntoPair, Json, Layer, Settings, Weight, common_methods,
    get_config_method,
};
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::initializers::{Initializer, IntoInitializer, glorot_uniform_initializer, zeros_initializer};
use crate::op::IntoTensor;
use crate::ops::array::{item, shape, stack};
use crate::ops::nn::{bias_add, conv2d_args, conv2d_transpose, depthwise_conv2d_args, separable_conv2d};
use crate::ops::state::Variable;
use crate::regularizers::{IntoRegularizer, Regularizer};
use crate::shape::PartialShape;

/// The window of a convolution.
#[derive(Clone, Debug)]
struct Window {
    size: [i64; 2],
    strides: [i64; 2],
    padding: String,
    dilations: [i64; 2],
}

impl Window {
    fn new(size: [i64; 2]) -> Self {
        Window { size, strides: [1, 1], padding: "VALID".into(), dilations: [1, 1] }
    }

    /// Height and width, where both are positive.
    fn sizes(&self) -> Result<[usize; 2]> {
        let [height, width] = self.size.map(usize::try_from);
        match (height, width) {
            (Ok(height @ 1..), Ok(width @ 1..)) => Ok([height, width]),
            _ => Err(Error::invalid_argument(format!("kernel_size is {:?}: two positive numbers", self.size))),
        }
    }
}

impl Window {
    fn settings(&mut self, settings: &mut Settings) -> Result<()> {
        settings.field("kernel_size", &mut self.size)?.field("strides", &mut self.strides)?;
        settings.capitals("padding", &mut self.padding)?.only("data_format", "channels_last")?;
        settings.field("dilation_rate", &mut self.dilations)?.only_if_said("groups", 1)?;
        settings.only_if_said("output_padding", Json::Null)?;
        Ok(())
    }
}

/// One number for each dimension of a batch of images.
fn for_images([height, width]: [i64; 2]) -> [i64; 4] {
    [1, height, width, 1]
}

/// The channels of a batch of images.
fn channels(input: &PartialShape) -> Result<usize> {
    input.dim(3).filter(|_| input.rank() == Some(4)).ok_or_else(|| {
        Error::invalid_argument(format!(
            "its input must have 4 dimensions, [batch, height, width, channels] with a known number of channels, but \
             its shape is {input}"
        ))
    })
}

/// The methods of layers with a window.
macro_rules! window_methods {
    ($layer:ident) => {
        impl $layer {
            /// Steps along height and width: one number or a pair; 1 if not said.
            pub fn strides(mut self, strides: impl IntoPair) -> Self {
                self.window.strides = strides.into_pair();
                self
            }

            /// `"same"` or `"valid"`, in small or capital letters; `"valid"` if not said.
            pub fn padding(mut self, padding: &str) -> Self {
                self.window.padding = padding.to_uppercase();
                self
            }

            /// How far apart the kernel's elements are: one number or a pair; 1 if not said.
            pub fn dilation_rate(mut self, dilations: impl IntoPair) -> Self {
                self.window.dilations = dilations.into_pair();
                self
            }
        }

        common_methods!($layer);
        kernel_methods!($layer);
    };
}

macro_rules! one_kernel_methods {
    ($layer:ident) => {
        impl $layer {
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
    };
}

macro_rules! convolutions {
    ($($(#[$doc:meta])* $layer:ident $what:literal;)*) => {$(
        #[doc = concat!($what, ". TF: `tf.layers.", stringify!($layer), "`.")]
        #[derive(Clone, Debug)]
        pub struct $layer {
            filters: usize,
            window: Window,
            activation: Result<ActivationFunction>,
            use_bias: bool,
            kernel_initializer: Result<Initializer>,
            bias_initializer: Result<Initializer>,
            kernel_regularizer: Option<Regularizer>,
            bias_regularizer: Option<Regularizer>,
            common: Common,
        }

        $(#[$doc])*
        #[allow(non_snake_case)]
        pub fn $layer(filters: usize, kernel_size: impl IntoPair) -> $layer {
            $layer {
                filters,
                window: Window::new(kernel_size.into_pair()),
                activation: Ok(ActivationFunction::linear()),
                use_bias: true,
                kernel_initializer: Ok(glorot_uniform_initializer()),
                bias_initializer: Ok(zeros_initializer()),
                kernel_regularizer: None,
                bias_regularizer: None,
                common: Common::default(),
            }
        }

        window_methods!($layer);
        one_kernel_methods!($layer);

        impl $layer {
            fn kernel_and_bias(&self, kernel: [usize; 4]) -> Vec<Weight> {
                let kernel = Weight::new("kernel", kernel, &self.kernel_initializer);
                let mut weights = vec![kernel.regularized(&self.kernel_regularizer)];
                weights.extend(self.use_bias.then(|| {
                    Weight::new("bias", [self.filters], &self.bias_initializer).regularized(&self.bias_regularizer)
                }));
                weights
            }
        }

        impl Configured for $layer {
            fn settings(&mut self, settings: &mut Settings) -> Result<()> {
                settings.common(&mut self.common)?.field("filters", &mut self.filters)?;
                self.window.settings(settings)?;
                settings.field("activation", &mut self.activation)?.field("use_bias", &mut self.use_bias)?;
                settings.field("kernel_initializer", &mut self.kernel_initializer)?;
                settings.field("bias_initializer", &mut self.bias_initializer)?;
                settings.field("kernel_regularizer", &mut self.kernel_regularizer)?;
                settings.field("bias_regularizer", &mut self.bias_regularizer)?;
                settings.none(&["activity_regularizer", "kernel_constraint", "bias_constraint"])?;
                Ok(())
            }
        }
    )*};
}

convolutions! {
    /// A convolution of images with `filters` filters of size `kernel_size`. TF: `tf.layers.Conv2D(filters, kernel_size)`.
    ///
    /// Inputs are [batch, height, width, channels]. Keyword arguments `strides`, `padding`, `dilation_rate`, `activation`,
    /// `use_bias`, `kernel_initializer` (Glorot's even distribution if not said), `bias_initializer` (zeros),
    /// `kernel_regularizer`, `bias_regularizer`, `name`, `trainable`, `reuse`, `input_shape`.
    ///
    /// ```
    /// use flowstone as tf;
    /// use tf::layers::Layer;
    /// let x = tf::placeholder(tf::float32, (None, 28, 28, 1));
    /// let y = tf::layers::Conv2D!(32, [3, 3], padding = "SAME", activation = "relu").apply(x);
    /// assert_eq!((y.name(), y.shape().to_string()), ("conv2d/Relu:0".to_owned(), "[?,28,28,32]".to_owned()));
    /// ```
    Conv2D "A convolution of images";
    /// The gradient of a convolution as a layer, which makes images larger. TF: `tf.layers.Conv2DTranspose`.
    ///
    /// Keyword arguments as for [`Conv2D`](struct@Conv2D).
    ///
    /// ```
    /// use flowstone as tf;
    /// use tf::layers::Layer;
    /// let x = tf::placeholder(tf::float32, (None, 7, 7, 64));
    /// let y = tf::layers::Conv2DTranspose!(32, 3, strides = 2, padding = "same").apply(x);
    /// assert_eq!(y.shape().to_string(), "[?,14,14,32]");
    /// ```
    Conv2DTranspose "A transposed convolution of images";
}

/// With the bias, if there is one, and the activation.
fn finish(y: Tensor, bias: Option<&Variable>, activation: &Result<ActivationFunction>) -> Result<Tensor> {
    let y = bias.map_or(y, |bias| bias_add(y, bias));
    Ok(activation.clone()?.apply(y))
}

impl Layer for Conv2D {
    fn class_name(&self) -> &'static str {
        "Conv2D"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, input: &PartialShape) -> Result<Vec<Weight>> {
        let [height, width] = self.window.sizes()?;
        Ok(self.kernel_and_bias([height, width, channels(input)?, self.filters]))
    }

    fn call(&self, input: Tensor, call: &mut Call) -> Result<Tensor> {
        let window = &self.window;
        let kernel = call.weights[0];
        let y = conv2d_args(input, kernel, for_images(window.strides), window.padding.as_str())
            .dilations(for_images(window.dilations))
            .build();
        finish(y, call.weights.get(1), &self.activation)
    }

    get_config_method!();
}

impl Layer for Conv2DTranspose {
    fn class_name(&self) -> &'static str {
        "Conv2DTranspose"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, input: &PartialShape) -> Result<Vec<Weight>> {
        let [height, width] = self.window.sizes()?;
        Ok(self.kernel_and_bias([height, width, self.filters, channels(input)?]))
    }

    fn call(&self, input: Tensor, call: &mut Call) -> Result<Tensor> {
        if self.window.dilations != [1, 1] {
            return Err(Error::unimplemented("a transposed convolution with a dilation"));
        }
        let input_shape = shape(input);
        let batch = item(input_shape, 0);
        let known = input.shape();
        let mut dims = [known.dim(0), None, None, Some(self.filters)];
        let mut sizes = vec![batch.into_arg()];
        for axis in 0..2 {
            dims[axis + 1] = known.dim(axis + 1).map(|n| self.output_size(axis, n)).transpose()?;
            sizes.push(match dims[axis + 1] {
                Some(n) => i32::try_from(n).map_err(|_| Error::resource_exhausted("the output"))?.into_arg(),
                None => self.output_tensor(axis, item(input_shape, axis as i32 + 1)).into_arg(),
            });
        }
        sizes.push((self.filters as i32).into_arg());
        let output_shape = stack(sizes);
        // As TensorFlow, which takes the batch out of the stacked sizes and leaves it there.
        item(output_shape, 0);
        let y = conv2d_transpose(
            input,
            call.weights[0],
            output_shape,
            for_images(self.window.strides),
            self.window.padding.as_str(),
        );
        let y = finish(y, call.weights.get(1), &self.activation)?;
        y.set_shape(PartialShape::new(dims));
        Ok(y)
    }

    get_config_method!();
}

impl Conv2DTranspose {
    /// The size that a convolution would make `n` of.
    fn output_size(&self, axis: usize, n: usize) -> Result<usize> {
        let size = i64::try_from(n).ok().and_then(|n| n.checked_mul(self.window.strides[axis]));
        let size = size.and_then(|size| size.checked_add(self.overlap(axis)));
        size.and_then(|size| usize::try_from(size).ok()).ok_or_else(|| {
            Error::invalid_argument(format!("strides {:?} of an image of size {n}", self.window.strides))
        })
    }

    fn output_tensor(&self, axis: usize, n: Tensor) -> Tensor {
        let size = n * self.window.strides[axis] as i32;
        if self.overlap(axis) == 0 { size } else { size + self.overlap(axis) as i32 }
    }

    /// How far the last window reaches beyond its stride.
    fn overlap(&self, axis: usize) -> i64 {
        if self.window.padding == "SAME" { 0 } else { (self.window.size[axis] - self.window.strides[axis]).max(0) }
    }
}

macro_rules! depthwise_methods {
    ($layer:ident) => {
        impl $layer {
            /// How many channels are made of each; 1 if not said.
            pub fn depth_multiplier(mut self, multiplier: usize) -> Self {
                self.depth_multiplier = multiplier;
                self
            }

            /// How the kernel of each channel starts; Glorot's even distribution if not said.
            pub fn depthwise_initializer(mut self, initializer: impl IntoInitializer) -> Self {
                self.depthwise_initializer = initializer.into_initializer();
                self
            }

            /// What the kernel of each channel adds to the losses.
            pub fn depthwise_regularizer(mut self, regularizer: impl IntoRegularizer) -> Self {
                self.depthwise_regularizer = Some(regularizer.into_regularizer());
                self
            }
        }

        window_methods!($layer);
    };
}

/// A convolution of each channel on its own. Keras: `DepthwiseConv2D`.
#[derive(Clone, Debug)]
pub struct DepthwiseConv2D {
    window: Window,
    depth_multiplier: usize,
    activation: Result<ActivationFunction>,
    use_bias: bool,
    depthwise_initializer: Result<Initializer>,
    bias_initializer: Result<Initializer>,
    depthwise_regularizer: Option<Regularizer>,
    bias_regularizer: Option<Regularizer>,
    common: Common,
}

/// A convolution of each channel on its own, with filters of size `kernel_size`. Keras: `DepthwiseConv2D(kernel_size)`.
///
/// Inputs are [batch, height, width, channels]. Keyword arguments `depth_multiplier` (1 if not said), `strides`, `padding`,
/// `dilation_rate`, `activation`, `use_bias`, `depthwise_initializer`, `bias_initializer`, `depthwise_regularizer`,
/// `bias_regularizer`, `name`, `trainable`, `input_shape`.
///
/// ```
/// use flowstone as tf;
/// use tf::layers::Layer;
/// let x = tf::placeholder(tf::float32, (None, 8, 8, 3));
/// let y = tf::layers::DepthwiseConv2D!(3, depth_multiplier = 2, padding = "same").apply(x);
/// assert_eq!(y.shape().to_string(), "[?,8,8,6]");
/// ```
#[allow(non_snake_case)]
pub fn DepthwiseConv2D(kernel_size: impl IntoPair) -> DepthwiseConv2D {
    DepthwiseConv2D {
        window: Window::new(kernel_size.into_pair()),
        depth_multiplier: 1,
        activation: Ok(ActivationFunction::linear()),
        use_bias: true,
        depthwise_initializer: Ok(glorot_uniform_initializer()),
        bias_initializer: Ok(zeros_initializer()),
        depthwise_regularizer: None,
        bias_regularizer: None,
        common: Common::default(),
    }
}

depthwise_methods!(DepthwiseConv2D);

impl Layer for DepthwiseConv2D {
    fn class_name(&self) -> &'static str {
        "DepthwiseConv2D"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, input: &PartialShape) -> Result<Vec<Weight>> {
        let ([height, width], channels) = (self.window.sizes()?, channels(input)?);
        let kernel = [height, width, channels, self.depth_multiplier];
        let kernel = Weight::new("depthwise_kernel", kernel, &self.depthwise_initializer);
        let mut weights = vec![kernel.regularized(&self.depthwise_regularizer)];
        if self.use_bias {
            let bias = Weight::new("bias", [channels * self.depth_multiplier], &self.bias_initializer);
            weights.push(bias.regularized(&self.bias_regularizer));
        }
        Ok(weights)
    }

    fn call(&self, input: Tensor, call: &mut Call) -> Result<Tensor> {
        let (window, kernel) = (&self.window, call.weights[0]);
        let y = depthwise_conv2d_args(input, kernel, for_images(window.strides), window.padding.as_str())
            .rate(window.dilations)
            .build();
        finish(y, call.weights.get(1), &self.activation)
    }

    get_config_method!();
}

/// A convolution of each channel on its own, and then one of single pixels. TF: `tf.layers.SeparableConv2D`.
#[derive(Clone, Debug)]
pub struct SeparableConv2D {
    filters: usize,
    window: Window,
    depth_multiplier: usize,
    activation: Result<ActivationFunction>,
    use_bias: bool,
    depthwise_initializer: Result<Initializer>,
    pointwise_initializer: Result<Initializer>,
    bias_initializer: Result<Initializer>,
    depthwise_regularizer: Option<Regularizer>,
    pointwise_regularizer: Option<Regularizer>,
    bias_regularizer: Option<Regularizer>,
    common: Common,
}

/// A convolution of each channel on its own with filters of size `kernel_size`, and then one of single pixels with
/// `filters` filters. TF: `tf.layers.SeparableConv2D(filters, kernel_size)`.
///
/// Inputs are [batch, height, width, channels]. Keyword arguments as for [`DepthwiseConv2D`](struct@DepthwiseConv2D), and
/// `pointwise_initializer`, `pointwise_regularizer`.
///
/// ```
/// use flowstone as tf;
/// use tf::layers::Layer;
/// let x = tf::placeholder(tf::float32, (None, 8, 8, 3));
/// assert_eq!(tf::layers::SeparableConv2D!(16, 3, padding = "same").apply(x).shape().to_string(), "[?,8,8,16]");
/// ```
#[allow(non_snake_case)]
pub fn SeparableConv2D(filters: usize, kernel_size: impl IntoPair) -> SeparableConv2D {
    SeparableConv2D {
        filters,
        window: Window::new(kernel_size.into_pair()),
        depth_multiplier: 1,
        activation: Ok(ActivationFunction::linear()),
        use_bias: true,
        depthwise_initializer: Ok(glorot_uniform_initializer()),
        pointwise_initializer: Ok(glorot_uniform_initializer()),
        bias_initializer: Ok(zeros_initializer()),
        depthwise_regularizer: None,
        pointwise_regularizer: None,
        bias_regularizer: None,
        common: Common::default(),
    }
}

depthwise_methods!(SeparableConv2D);

impl SeparableConv2D {
    /// How the kernel of single pixels starts; Glorot's even distribution if not said.
    pub fn pointwise_initializer(mut self, initializer: impl IntoInitializer) -> Self {
        self.pointwise_initializer = initializer.into_initializer();
        self
    }

    /// What the kernel of single pixels adds to the losses.
    pub fn pointwise_regularizer(mut self, regularizer: impl IntoRegularizer) -> Self {
        self.pointwise_regularizer = Some(regularizer.into_regularizer());
        self
    }
}

impl Layer for SeparableConv2D {
    fn class_name(&self) -> &'static str {
        "SeparableConv2D"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, input: &PartialShape) -> Result<Vec<Weight>> {
        if self.window.dilations != [1, 1] {
            return Err(Error::unimplemented("a separable convolution with a dilation"));
        }
        let ([height, width], channels) = (self.window.sizes()?, channels(input)?);
        let each = [height, width, channels, self.depth_multiplier];
        let mix = [1, 1, channels * self.depth_multiplier, self.filters];
        let mut weights = vec![
            Weight::new("depthwise_kernel", each, &self.depthwise_initializer).regularized(&self.depthwise_regularizer),
            Weight::new("pointwise_kernel", mix, &self.pointwise_initializer).regularized(&self.pointwise_regularizer),
        ];
        if self.use_bias {
            let bias = Weight::new("bias", [self.filters], &self.bias_initializer);
            weights.push(bias.regularized(&self.bias_regularizer));
        }
        Ok(weights)
    }

    fn call(&self, input: Tensor, call: &mut Call) -> Result<Tensor> {
        let (window, [each, mix]) = (&self.window, [call.weights[0], call.weights[1]]);
        let y = separable_conv2d(input, each, mix, for_images(window.strides), window.padding.as_str());
        finish(y, call.weights.get(2), &self.activation)
    }

    get_config_method!();
}

impl Configured for DepthwiseConv2D {
    fn settings(&mut self, settings: &mut Settings) -> Result<()> {
        settings.common(&mut self.common)?;
        self.window.settings(settings)?;
        settings.field("depth_multiplier", &mut self.depth_multiplier)?;
        settings.field("activation", &mut self.activation)?.field("use_bias", &mut self.use_bias)?;
        settings.field("depthwise_initializer", &mut self.depthwise_initializer)?;
        settings.field("bias_initializer", &mut self.bias_initializer)?;
        settings.field("depthwise_regularizer", &mut self.depthwise_regularizer)?;
        settings.field("bias_regularizer", &mut self.bias_regularizer)?;
        settings.none(&["activity_regularizer", "depthwise_constraint", "bias_constraint"])?;
        Ok(())
    }
}

impl Configured for SeparableConv2D {
    fn settings(&mut self, settings: &mut Settings) -> Result<()> {
        settings.common(&mut self.common)?.field("filters", &mut self.filters)?;
        self.window.settings(settings)?;
        settings.field("depth_multiplier", &mut self.depth_multiplier)?;
        settings.field("activation", &mut self.activation)?.field("use_bias", &mut self.use_bias)?;
        settings.field("depthwise_initializer", &mut self.depthwise_initializer)?;
        settings.field("pointwise_initializer", &mut self.pointwise_initializer)?;
        settings.field("bias_initializer", &mut self.bias_initializer)?;
        settings.field("depthwise_regularizer", &mut self.depthwise_regularizer)?;
        settings.field("pointwise_regularizer", &mut self.pointwise_regularizer)?;
        settings.field("bias_regularizer", &mut self.bias_regularizer)?;
        settings.none(&["activity_regularizer", "depthwise_constraint", "pointwise_constraint", "bias_constraint"])?;
        Ok(())
    }
}
