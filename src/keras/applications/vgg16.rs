//! VGG16. Keras: `keras.applications.vgg16`.

use std::path::{Path, PathBuf};

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::keras::input::Input;
use crate::keras::model::{Model, model_args};
use crate::layers::{
    ActivationFunction, Conv2D, Dense, Flatten, GlobalAveragePooling2D, GlobalMaxPooling2D, IntoActivation, Layer,
    MaxPooling2D,
};
use crate::shape::{IntoShape, PartialShape};
use crate::value::{IntoValue, Value};

pub use crate::__VGG16 as VGG16;

/// VGG16 with random weights, for 1000 classes of images [224, 224, 3]. Keras: `VGG16(weights=None)`.
///
/// Keyword arguments of the macro `VGG16!`: `include_top` (true if not said: with the three dense layers), `weights`
/// (`None`, or the path of a file that [`load_weights`](crate::keras::Model::load_weights) reads, in which they are called
/// `block1_conv1/kernel` and so on; it must be said, as `"imagenet"`, what Keras takes, is not there), `input_tensor` (an
/// image that is there already), `input_shape` ([224, 224, 3], or images of any size without the top), `pooling` (`"avg"` or
/// `"max"`, for without the top), `classes` (1000), `classifier_activation` (`"softmax"`).
/// Source: <https://arxiv.org/abs/1409.1556>.
///
/// ```
/// use flowstone as tf;
/// use tf::keras::{Model, applications::VGG16, layers::*};
/// let base = VGG16!(include_top = false, weights = None, input_shape = (64, 64, 3))?;
/// base.layers().for_each(|layer| layer.set_trainable(false));
/// let x = Flatten().apply(base.output()?);
/// let model = Model(base.input()?, Dense!(5, activation = "softmax").apply(x));
/// assert_eq!((base.output_shape()?.to_string(), model.trainable_weights().len()), ("(None, 2, 2, 512)".to_owned(), 2));
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn VGG16() -> Result<Model> {
    vgg16_args().weights(None).build()
}

/// [`VGG16`](fn@VGG16) with keyword arguments.
pub fn vgg16_args() -> VGG16Args {
    VGG16Args {
        include_top: true,
        weights: Some(IMAGENET.into()),
        input_tensor: None,
        input_shape: None,
        pooling: None,
        classes: 1000,
        classifier_activation: ActivationFunction::named("softmax"),
    }
}

const IMAGENET: &str = "imagenet";

/// A [`VGG16`](fn@VGG16) under construction: its keyword arguments.
#[must_use = "there is no model until `build` is called"]
pub struct VGG16Args {
    include_top: bool,
    weights: Option<PathBuf>,
    input_tensor: Option<Tensor>,
    input_shape: Option<Result<PartialShape>>,
    pooling: Option<String>,
    classes: usize,
    classifier_activation: Result<ActivationFunction>,
}

/// What can stand for the weights of a network: `None`, or the path of a file.
pub trait IntoWeights {
    /// The path.
    fn into_weights(self) -> Option<PathBuf>;
}

impl IntoWeights for Option<&str> {
    fn into_weights(self) -> Option<PathBuf> {
        self.map(PathBuf::from)
    }
}

macro_rules! paths {
    ($($path:ty),*) => {$(
        impl IntoWeights for $path {
            fn into_weights(self) -> Option<PathBuf> {
                Some(self.into())
            }
        }
    )*};
}
paths!(&str, String, &String, &Path, PathBuf, &PathBuf);

impl VGG16Args {
    /// Whether the dense layers are there; yes if not said.
    pub fn include_top(mut self, include_top: bool) -> Self {
        self.include_top = include_top;
        self
    }

    /// The file of the weights, or `None` for random ones.
    pub fn weights(mut self, weights: impl IntoWeights) -> Self {
        self.weights = weights.into_weights();
        self
    }

    /// The images, if they are there already.
    pub fn input_tensor(mut self, input: Tensor) -> Self {
        self.input_tensor = Some(input);
        self
    }

    /// The shape of an image: height, width, channels.
    pub fn input_shape(mut self, shape: impl IntoShape) -> Self {
        self.input_shape = Some(shape.into_shape());
        self
    }

    /// What is made of the last images without the top: `"avg"` or `"max"` of each channel, or nothing.
    pub fn pooling(mut self, pooling: &str) -> Self {
        self.pooling = Some(pooling.to_owned());
        self
    }

    /// How many classes there are; 1000 if not said.
    pub fn classes(mut self, classes: usize) -> Self {
        self.classes = classes;
        self
    }

    /// What is applied to the numbers of the classes; `"softmax"` if not said.
    pub fn classifier_activation(mut self, activation: impl IntoActivation) -> Self {
        self.classifier_activation = activation.into_activation();
        self
    }

    /// The shape of an image, checked.
    fn image(&self) -> Result<PartialShape> {
        let usual = if self.include_top { [Some(224), Some(224), Some(3)] } else { [None, None, Some(3)] };
        let shape = self.input_shape.clone().unwrap_or_else(|| Ok(PartialShape::new(usual)))?;
        let sizes = match shape.dims() {
            Some([height, width, Some(1..)]) => [*height, *width],
            _ => {
                let text = format!("input_shape is {shape}: height, width and a known number of channels");
                return Err(Error::invalid_argument(text));
            }
        };
        if sizes.iter().flatten().any(|&size| size < 32) {
            return Err(Error::invalid_argument(format!(
                "input_shape is {shape}, but images must be at least 32 by 32"
            )));
        }
        if self.include_top && sizes.contains(&None) {
            return Err(Error::invalid_argument(format!(
                "input_shape is {shape}, but the top needs images of known size"
            )));
        }
        Ok(shape)
    }

    /// Builds the model in the default graph, and reads its weights.
    #[track_caller]
    pub fn build(self) -> Result<Model> {
        if self.weights.as_deref() == Some(Path::new(IMAGENET)) {
            return Err(Error::not_found(
                "the weights 'imagenet' are not there: say weights = None, or give the path of a .npz, .safetensors or \
                 checkpoint file in which they are called 'block1_conv1/kernel', 'block1_conv1/bias' and so on",
            ));
        }
        let image = match self.input_tensor {
            Some(input) => input,
            None => Input(self.image()?),
        };
        let mut x = image;
        for (block, &(filters, convolutions)) in BLOCKS.iter().enumerate() {
            let block = block + 1;
            for i in 1..=convolutions {
                let conv = Conv2D(filters, 3).activation("relu").padding("same").name(&format!("block{block}_conv{i}"));
                x = conv.apply(x);
            }
            x = MaxPooling2D().pool_size(2).strides(2).name(&format!("block{block}_pool")).apply(x);
        }
        if self.include_top {
            x = Flatten().name("flatten").apply(x);
            for name in ["fc1", "fc2"] {
                x = Dense(4096).activation("relu").name(name).apply(x);
            }
            x = Dense(self.classes).activation(self.classifier_activation?).name("predictions").apply(x);
        } else {
            x = match self.pooling.as_deref() {
                None => x,
                Some("avg") => GlobalAveragePooling2D().apply(x),
                Some("max") => GlobalMaxPooling2D().apply(x),
                Some(other) => {
                    return Err(Error::invalid_argument(format!("pooling is '{other}', neither 'avg' nor 'max'")));
                }
            };
        }
        let model = model_args().inputs(image).outputs(x).name("vgg16").build();
        model.outputs()?;
        if let Some(path) = self.weights {
            model.load_weights(path)?;
        }
        Ok(model)
    }
}

/// The filters of each block, and how many convolutions it has.
const BLOCKS: [(usize, usize); 5] = [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)];

/// Images as VGG16 was trained with: channels in the order blue, green, red, without the means of its training images.
/// Keras: `keras.applications.vgg16.preprocess_input(x)`.
///
/// `x` is numbers from 0 to 255 of shape [batch, height, width, 3] or [height, width, 3], in the order red, green, blue.
///
/// ```
/// use flowstone as tf;
/// use tf::keras::applications::vgg16::preprocess_input;
/// let blue = preprocess_input([[[0.0, 0.0, 255.0]]])?;
/// assert_eq!(blue.as_slice::<f32>()?, [255.0 - 103.939, -116.779, -123.68]);
/// # Ok::<(), tf::Error>(())
/// ```
pub fn preprocess_input(x: impl IntoValue) -> Result<Value> {
    let x = x.into_literal()?.resolve(Some(DType::Float32))?;
    if x.shape().dims().last() != Some(&3) || !(3..=4).contains(&x.shape().rank()) {
        let shape = x.shape();
        return Err(Error::invalid_argument(format!(
            "images have shape [height, width, 3] or a batch of that, not {shape}"
        )));
    }
    let means = [103.939, 116.779, 123.68];
    let pixels = x.as_slice::<f32>()?.chunks_exact(3);
    let numbers =
        pixels.flat_map(|rgb| [rgb[2] - means[0], rgb[1] - means[1], rgb[0] - means[2]]).collect::<Vec<f32>>();
    Value::new(x.shape().clone(), numbers)
}

/// [`VGG16`](fn@VGG16) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __VGG16 {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::keras::applications::vgg16::vgg16_args()$(.$key($value))*.build()
    };
}
