//! Pooling layers.

use super::{Call, Common, Configured, IntoPair, Layer, Settings, Weight, common_methods, get_config_method};
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::ops::math::{reduce_max_args, reduce_mean_args};
use crate::ops::nn::{avg_pool, max_pool};
use crate::shape::PartialShape;

macro_rules! poolings {
    ($($(#[$doc:meta])* $layer:ident $pool:ident $what:literal;)*) => {$(
        #[doc = concat!($what, " of each window of an image. TF: `tf.layers.", stringify!($layer), "`.")]
        #[derive(Clone, Debug)]
        pub struct $layer {
            pool_size: [i64; 2],
            strides: Option<[i64; 2]>,
            padding: String,
            common: Common,
        }

        $(#[$doc])*
        #[allow(non_snake_case)]
        pub fn $layer() -> $layer {
            $layer { pool_size: [2, 2], strides: None, padding: "VALID".into(), common: Common::default() }
        }

        impl $layer {
            /// Height and width of a window: one number or a pair; 2 if not said.
            pub fn pool_size(mut self, size: impl IntoPair) -> Self {
                self.pool_size = size.into_pair();
                self
            }

            /// Steps along height and width: one number or a pair; the size of the window if not said.
            pub fn strides(mut self, strides: impl IntoPair) -> Self {
                self.strides = Some(strides.into_pair());
                self
            }

            /// `"same"` or `"valid"`, in small or capital letters; `"valid"` if not said.
            pub fn padding(mut self, padding: &str) -> Self {
                self.padding = padding.to_uppercase();
                self
            }
        }

        common_methods!($layer);

        impl Layer for $layer {
            fn class_name(&self) -> &'static str {
                stringify!($layer)
            }

            fn common(&self) -> &Common {
                &self.common
            }

            fn weights(&self, input: &PartialShape) -> Result<Vec<Weight>> {
                images(input).map(|()| Vec::new())
            }

            fn call(&self, input: Tensor, _call: &mut Call) -> Result<Tensor> {
                let for_images = |[height, width]: [i64; 2]| [1, height, width, 1];
                let strides = self.strides.unwrap_or(self.pool_size);
                Ok($pool(input, for_images(self.pool_size), for_images(strides), self.padding.as_str()))
            }

            get_config_method!();
        }

        impl Configured for $layer {
            fn settings(&mut self, settings: &mut Settings) -> Result<()> {
                let mut strides = Some(self.strides.unwrap_or(self.pool_size));
                settings.common(&mut self.common)?.field("pool_size", &mut self.pool_size)?;
                settings.capitals("padding", &mut self.padding)?.field("strides", &mut strides)?;
                self.strides = strides;
                settings.only("data_format", "channels_last")?;
                Ok(())
            }
        }
    )*};
}

fn images(input: &PartialShape) -> Result<()> {
    if input.rank().is_none_or(|rank| rank == 4) {
        return Ok(());
    }
    Err(Error::invalid_argument(format!(
        "its input must have 4 dimensions, [batch, height, width, channels], but its shape is {input}"
    )))
}

poolings! {
    /// The largest number of each window. TF: `tf.layers.MaxPooling2D`.
    ///
    /// Inputs are [batch, height, width, channels]. Keyword arguments `pool_size`, `strides`, `padding`, `name`,
    /// `input_shape`.
    ///
    /// ```
    /// use flowstone as tf;
    /// use tf::layers::Layer;
    /// let x = tf::placeholder(tf::float32, (None, 28, 28, 32));
    /// let y = tf::layers::MaxPooling2D!(pool_size = [2, 2], strides = 2).apply(x);
    /// assert_eq!((y.name(), y.shape().to_string()), ("max_pooling2d/MaxPool:0".to_owned(), "[?,14,14,32]".to_owned()));
    /// ```
    MaxPooling2D max_pool "The largest number";
    /// The mean of each window. TF: `tf.layers.AveragePooling2D`.
    ///
    /// Inputs are [batch, height, width, channels]. Keyword arguments as for [`MaxPooling2D`](struct@MaxPooling2D).
    ///
    /// ```
    /// use flowstone as tf;
    /// use tf::layers::Layer;
    /// let x = tf::placeholder(tf::float32, (None, 28, 28, 32));
    /// assert_eq!(tf::layers::AveragePooling2D().apply(x).name(), "average_pooling2d/AvgPool:0");
    /// ```
    AveragePooling2D avg_pool "The mean";
}

macro_rules! global_poolings {
    ($($(#[$doc:meta])* $layer:ident $reduce:ident $what:literal;)*) => {$(
        #[doc = concat!($what, " of each channel of an image. Keras: `", stringify!($layer), "`.")]
        #[derive(Clone, Debug, Default)]
        pub struct $layer {
            common: Common,
        }

        $(#[$doc])*
        #[allow(non_snake_case)]
        pub fn $layer() -> $layer {
            $layer::default()
        }

        common_methods!($layer);

        impl Layer for $layer {
            fn class_name(&self) -> &'static str {
                stringify!($layer)
            }

            fn common(&self) -> &Common {
                &self.common
            }

            fn weights(&self, input: &PartialShape) -> Result<Vec<Weight>> {
                images(input).map(|()| Vec::new())
            }

            fn call(&self, input: Tensor, _call: &mut Call) -> Result<Tensor> {
                Ok($reduce(input).axis([1, 2]).build())
            }

            get_config_method!();
        }

        impl Configured for $layer {
            fn settings(&mut self, settings: &mut Settings) -> Result<()> {
                settings.common(&mut self.common)?.only("data_format", "channels_last")?;
                settings.only_if_said("keepdims", false)?;
                Ok(())
            }
        }
    )*};
}

global_poolings! {
    /// The largest number of each channel: [batch, height, width, channels] becomes [batch, channels].
    /// Keras: `GlobalMaxPooling2D()`. Keyword arguments `name`, `input_shape`.
    GlobalMaxPooling2D reduce_max_args "The largest number";
    /// The mean of each channel: [batch, height, width, channels] becomes [batch, channels].
    /// Keras: `GlobalAveragePooling2D()`. Keyword arguments `name`, `input_shape`.
    ///
    /// ```
    /// use flowstone as tf;
    /// use tf::layers::Layer;
    /// let x = tf::placeholder(tf::float32, (None, 7, 7, 64));
    /// assert_eq!(tf::layers::GlobalAveragePooling2D().apply(x).shape().to_string(), "[?,64]");
    /// ```
    GlobalAveragePooling2D reduce_mean_args "The mean";
}
