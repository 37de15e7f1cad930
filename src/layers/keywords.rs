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

/// [`Add`](fn@crate::layers::Add) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Add {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::Add()$(.$key($value))*
    };
}

/// [`Average`](fn@crate::layers::Average) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Average {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::Average()$(.$key($value))*
    };
}

/// [`Concatenate`](fn@crate::layers::Concatenate) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Concatenate {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::Concatenate()$(.$key($value))*
    };
}

/// [`Cropping2D`](fn@crate::layers::Cropping2D) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Cropping2D {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::Cropping2D()$(.$key($value))*
    };
}

/// [`ELU`](fn@crate::layers::ELU) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __ELU {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::ELU()$(.$key($value))*
    };
}

/// [`Maximum`](fn@crate::layers::Maximum) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Maximum {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::Maximum()$(.$key($value))*
    };
}

/// [`Minimum`](fn@crate::layers::Minimum) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Minimum {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::Minimum()$(.$key($value))*
    };
}

/// [`Multiply`](fn@crate::layers::Multiply) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Multiply {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::Multiply()$(.$key($value))*
    };
}

/// [`ReLU`](fn@crate::layers::ReLU) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __ReLU {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::ReLU()$(.$key($value))*
    };
}

/// [`Softmax`](fn@crate::layers::Softmax) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Softmax {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::Softmax()$(.$key($value))*
    };
}

/// [`Subtract`](fn@crate::layers::Subtract) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Subtract {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::Subtract()$(.$key($value))*
    };
}

/// [`UpSampling2D`](fn@crate::layers::UpSampling2D) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __UpSampling2D {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::UpSampling2D()$(.$key($value))*
    };
}

/// [`ZeroPadding2D`](fn@crate::layers::ZeroPadding2D) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __ZeroPadding2D {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::layers::ZeroPadding2D()$(.$key($value))*
    };
}

/// [`Dot`](fn@crate::layers::Dot) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Dot {
    ($axes:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::Dot($axes)$(.$key($value))*
    };
}

/// [`GaussianNoise`](fn@crate::layers::GaussianNoise) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __GaussianNoise {
    ($stddev:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::GaussianNoise($stddev)$(.$key($value))*
    };
}

/// [`Lambda`](fn@crate::layers::Lambda) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Lambda {
    ($function:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::Lambda($function)$(.$key($value))*
    };
}

/// [`Permute`](fn@crate::layers::Permute) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Permute {
    ($dims:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::Permute($dims)$(.$key($value))*
    };
}

/// [`RepeatVector`](fn@crate::layers::RepeatVector) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __RepeatVector {
    ($n:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::RepeatVector($n)$(.$key($value))*
    };
}

/// [`Concatenate`](fn@crate::layers::Concatenate) applied to `inputs`, with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __concatenate {
    ($inputs:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::Concatenate()$(.$key($value))*.apply($inputs)
    };
}
