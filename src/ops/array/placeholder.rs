//! Placeholder and PlaceholderWithDefault: what a run is given.

use crate::dtype::DType;
use crate::graph::{Attr, Tensor, get_default_graph};
use crate::op::{Flags, Grad, IntoTensor, Kernel, OpDef, Sig};
use crate::shape::IntoShape;

/// A tensor whose value each run is given. TF: `tf.placeholder`.
///
/// `shape` may leave sizes open: `(None, 784)`, `[-1, 784]`, or `None` for any shape. A run that needs the tensor and
/// is not given it fails. The gradient ends here.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, (None, 784));
/// assert_eq!(x.shape().to_string(), "[?,784]");
/// ```
#[track_caller]
pub fn placeholder(dtype: DType, shape: impl IntoShape) -> Tensor {
    match shape.into_shape() {
        Ok(shape) => PLACEHOLDER.call([]).attr("dtype", dtype).attr("shape", Attr::Shape(shape)).single(),
        Err(error) => {
            let graph = get_default_graph();
            let name = graph.unique_name("Placeholder");
            let line = crate::graph::here();
            graph.record(error.retitled("Placeholder").at(&name, Some(line)));
            Tensor::poisoned(&graph)
        }
    }
}

/// `input`, unless a run is given another value. TF: `tf.placeholder_with_default`.
///
/// `shape` is what other values may look like; `input` must be one of them. The gradient passes to `input`.
#[track_caller]
pub fn placeholder_with_default(input: impl IntoTensor, shape: impl IntoShape) -> Tensor {
    let shape = shape.into_shape().unwrap_or_default();
    PLACEHOLDER_WITH_DEFAULT.call([input.into_arg()]).attr("shape", Attr::Shape(shape)).single()
}

pub(crate) static PLACEHOLDER: OpDef = OpDef {
    sig: Sig::new("Placeholder() -> (output: dtype) where dtype: type, shape: shape = unknown"),
    infer: |ctx| {
        let shape = ctx.attrs().shape("shape")?.clone();
        ctx.set(0, shape)
    },
    kernel: Kernel::None("must be fed"),
    grad: Grad::Stop("it has no inputs"),
    flags: Flags::STATEFUL,
};

pub(crate) static PLACEHOLDER_WITH_DEFAULT: OpDef = OpDef {
    sig: Sig::new("PlaceholderWithDefault(input: dtype) -> (output: dtype) where dtype: type, shape: shape"),
    infer: |ctx| {
        let (shape, input) = (ctx.attrs().shape("shape")?, ctx.shape(0)?);
        if shape.merge(input).is_none() {
            return Err(crate::error::Error::invalid_argument(format!("the default has shape {input}, not {shape}")));
        }
        let shape = shape.clone();
        ctx.set(0, shape)
    },
    kernel: Kernel::Run(|ctx| {
        let value = ctx.inputs.take(0)?;
        ctx.outputs.set(0, value);
        Ok(())
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(g.dy(0))])),
    flags: Flags::PASSING,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn placeholder_with_default_is_whole() {
        OpTest::new(|x| vec![placeholder_with_default(x[0], None)])
            .inputs([[1.0f32, 2.0].into()])
            .expect([[1.0f32, 2.0].into()])
            .run();
    }

    #[test]
    fn a_bad_shape_is_an_error_of_the_graph() {
        let error = build_error(|| {
            placeholder(crate::dtype::float32, [-2]);
        });
        assert!(error.contains("a shape has a dimension of size -2\n  node Placeholder built at src/"), "{error}");
    }
}
