//! Keyword arguments of layers: `Dense!(10, name = "out")` makes a layer, `dense!(x, 10, name = "out")` makes one and
//! applies it. The arguments that are needed may be named too, in TensorFlow's order: `dense!(inputs = x, units = 10)`.
//!
//! Macros that macros make cannot be exported from a module, so each is written out.

/// [`Activation`](fn@crate::layers::Activation) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Activation {
    ($activation:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::Activation($activation)$(.$key($value))*
    };
}

/// [`AveragePooling2D`](fn@crate::layers::AveragePooling2D) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __AveragePooling2D {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::AveragePooling2D()$(.$key($value))*
    };
}

/// [`AveragePooling2D`](fn@crate::layers::AveragePooling2D) applied to `inputs`, with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __average_pooling2d {
    (inputs = $inputs:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::AveragePooling2D()$(.$key($value))*, $inputs)
    };
    ($inputs:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::AveragePooling2D()$(.$key($value))*, $inputs)
    };
}

/// [`BatchNormalization`](fn@crate::layers::BatchNormalization) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __BatchNormalization {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::BatchNormalization()$(.$key($value))*
    };
}

/// [`BatchNormalization`](fn@crate::layers::BatchNormalization) applied to `inputs`, with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __batch_normalization {
    (inputs = $inputs:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::BatchNormalization()$(.$key($value))*, $inputs)
    };
    ($inputs:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::BatchNormalization()$(.$key($value))*, $inputs)
    };
}

/// [`Conv2D`](fn@crate::layers::Conv2D) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Conv2D {
    ($filters:expr, $kernel_size:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::Conv2D($filters, $kernel_size)$(.$key($value))*
    };
}

/// [`Conv2D`](fn@crate::layers::Conv2D) applied to `inputs`, with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __conv2d {
    (inputs = $inputs:expr, filters = $filters:expr, kernel_size = $kernel_size:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::Conv2D($filters, $kernel_size)$(.$key($value))*, $inputs)
    };
    ($inputs:expr, $filters:expr, $kernel_size:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::Conv2D($filters, $kernel_size)$(.$key($value))*, $inputs)
    };
}

/// [`Conv2DTranspose`](fn@crate::layers::Conv2DTranspose) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Conv2DTranspose {
    ($filters:expr, $kernel_size:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::Conv2DTranspose($filters, $kernel_size)$(.$key($value))*
    };
}

/// [`Conv2DTranspose`](fn@crate::layers::Conv2DTranspose) applied to `inputs`, with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __conv2d_transpose {
    (inputs = $inputs:expr, filters = $filters:expr, kernel_size = $kernel_size:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::Conv2DTranspose($filters, $kernel_size)$(.$key($value))*, $inputs)
    };
    ($inputs:expr, $filters:expr, $kernel_size:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::Conv2DTranspose($filters, $kernel_size)$(.$key($value))*, $inputs)
    };
}

/// [`Dense`](fn@crate::layers::Dense) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Dense {
    ($units:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::Dense($units)$(.$key($value))*
    };
}

/// [`Dense`](fn@crate::layers::Dense) applied to `inputs`, with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __dense {
    (inputs = $inputs:expr, units = $units:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::Dense($units)$(.$key($value))*, $inputs)
    };
    ($inputs:expr, $units:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::Dense($units)$(.$key($value))*, $inputs)
    };
}

/// [`DepthwiseConv2D`](fn@crate::layers::DepthwiseConv2D) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __DepthwiseConv2D {
    ($kernel_size:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::DepthwiseConv2D($kernel_size)$(.$key($value))*
    };
}

/// [`Dropout`](fn@crate::layers::Dropout) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Dropout {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::Dropout()$(.$key($value))*
    };
}

/// [`Dropout`](fn@crate::layers::Dropout) applied to `inputs`, with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __dropout {
    (inputs = $inputs:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::Dropout()$(.$key($value))*, $inputs)
    };
    ($inputs:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::Dropout()$(.$key($value))*, $inputs)
    };
}

/// [`Embedding`](fn@crate::layers::Embedding) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Embedding {
    ($input_dim:expr, $output_dim:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::Embedding($input_dim, $output_dim)$(.$key($value))*
    };
}

/// [`Flatten`](fn@crate::layers::Flatten) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Flatten {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::Flatten()$(.$key($value))*
    };
}

/// [`Flatten`](fn@crate::layers::Flatten) applied to `inputs`, with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __flatten {
    (inputs = $inputs:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::Flatten()$(.$key($value))*, $inputs)
    };
    ($inputs:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::Flatten()$(.$key($value))*, $inputs)
    };
}

/// [`GlobalAveragePooling2D`](fn@crate::layers::GlobalAveragePooling2D) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __GlobalAveragePooling2D {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::GlobalAveragePooling2D()$(.$key($value))*
    };
}

/// [`GlobalMaxPooling2D`](fn@crate::layers::GlobalMaxPooling2D) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __GlobalMaxPooling2D {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::GlobalMaxPooling2D()$(.$key($value))*
    };
}

/// [`LeakyReLU`](fn@crate::layers::LeakyReLU) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __LeakyReLU {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::LeakyReLU()$(.$key($value))*
    };
}

/// [`MaxPooling2D`](fn@crate::layers::MaxPooling2D) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __MaxPooling2D {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::MaxPooling2D()$(.$key($value))*
    };
}

/// [`MaxPooling2D`](fn@crate::layers::MaxPooling2D) applied to `inputs`, with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __max_pooling2d {
    (inputs = $inputs:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::MaxPooling2D()$(.$key($value))*, $inputs)
    };
    ($inputs:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::MaxPooling2D()$(.$key($value))*, $inputs)
    };
}

/// [`Reshape`](fn@crate::layers::Reshape) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Reshape {
    ($target_shape:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::Reshape($target_shape)$(.$key($value))*
    };
}

/// [`SeparableConv2D`](fn@crate::layers::SeparableConv2D) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __SeparableConv2D {
    ($filters:expr, $kernel_size:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::SeparableConv2D($filters, $kernel_size)$(.$key($value))*
    };
}

/// [`SeparableConv2D`](fn@crate::layers::SeparableConv2D) applied to `inputs`, with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __separable_conv2d {
    (inputs = $inputs:expr, filters = $filters:expr, kernel_size = $kernel_size:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::SeparableConv2D($filters, $kernel_size)$(.$key($value))*, $inputs)
    };
    ($inputs:expr, $filters:expr, $kernel_size:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::apply_function(&$crate::layers::SeparableConv2D($filters, $kernel_size)$(.$key($value))*, $inputs)
    };
}
