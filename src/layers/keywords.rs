//! Keyword arguments of layers: `Dense!(10, name = "out")` makes a layer, `dense!(x, 10, name = "out")` makes one and
//! applies it. The arguments that are needed may be named too, in TensorFlow's order: `dense!(inputs = x, units = 10)`.
//!
//! Macros that macros make cannot be exported from a module, so each is written out.

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

/// [`Reshape`](fn@crate::layers::Reshape) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Reshape {
    ($target_shape:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::layers::Reshape($target_shape)$(.$key($value))*
    };
}
