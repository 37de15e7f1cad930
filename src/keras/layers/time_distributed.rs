//! A layer for each step of sequences. Keras: `TimeDistributed`.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::layers::{Call, Common, Config, Configured, Layer, Settings, Weight, common_methods, object};
use crate::op::{Arg, IntoTensor};
use crate::ops::array::{item, reshape_to, shape};
use crate::shape::{Dim, PartialShape};

/// A layer for each step of sequences. Keras: `TimeDistributed`.
#[derive(Clone)]
pub struct TimeDistributed {
    layer: Arc<dyn Layer>,
    common: Common,
}

impl std::fmt::Debug for TimeDistributed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TimeDistributed({})", self.layer.class_name())
    }
}

/// `layer` applied to each step of inputs [batch, time, …], with the same variables. Keras: `TimeDistributed(layer)`.
///
/// Keyword arguments `name`, `trainable`, `input_shape`. The inputs need three dimensions at least.
///
/// ```
/// use flowstone as tf;
/// use tf::keras::layers::{Conv2D, Layer, TimeDistributed};
/// let films = tf::placeholder(tf::float32, (None, 10, 28, 28, 3));
/// assert_eq!(TimeDistributed(Conv2D(8, 3)).apply(films).shape().to_string(), "[?,10,26,26,8]");
/// ```
#[allow(non_snake_case)]
pub fn TimeDistributed(layer: impl Layer + 'static) -> TimeDistributed {
    TimeDistributed::of(Arc::new(layer))
}

common_methods!(TimeDistributed);

impl TimeDistributed {
    /// The same for a layer whose type is not known.
    pub(in crate::keras) fn of(layer: Arc<dyn Layer>) -> Self {
        TimeDistributed { layer, common: Common::default() }
    }
}

/// The shape of one step.
fn step_of(input: &PartialShape) -> Result<Vec<Dim>> {
    match input.dims() {
        Some([_, _, rest @ ..]) if !rest.is_empty() => Ok(std::iter::once(None).chain(rest.iter().copied()).collect()),
        _ => Err(Error::invalid_argument(format!("its inputs must be [batch, time, …], but their shape is {input}"))),
    }
}

/// The sizes of `x` from `axis` on, as far as possible while building.
#[track_caller]
fn sizes_from(x: Tensor, axis: usize) -> Vec<Arg> {
    let known = x.shape();
    let dims = known.dims().unwrap_or_default();
    let size = |(i, dim): (usize, &Dim)| match dim.and_then(|n| i32::try_from(n).ok()) {
        Some(n) => n.into_arg(),
        None => item(shape(x), i as i32).into_arg(),
    };
    dims.iter().enumerate().skip(axis).map(size).collect()
}

impl Layer for TimeDistributed {
    fn class_name(&self) -> &'static str {
        "TimeDistributed"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, input: &PartialShape) -> Result<Vec<Weight>> {
        self.layer.weights(&PartialShape::new(step_of(input)?))
    }

    fn differs_in_training(&self) -> bool {
        self.layer.differs_in_training()
    }

    fn call(&self, input: Tensor, call: &mut Call) -> Result<Tensor> {
        let known = input.shape();
        let steps = reshape_to(input, std::iter::once((-1).into_arg()).chain(sizes_from(input, 2)).collect());
        steps.set_shape(PartialShape::new(step_of(&known)?));
        let output = {
            let mut each = Call { weights: call.weights, training: call.training, mask: None, updates: Vec::new() };
            let output = self.layer.call(steps, &mut each)?;
            call.updates.extend(each.updates);
            output
        };
        let time = sizes_from(input, 1).into_iter().next().unwrap_or_else(|| (-1).into_arg());
        let sizes = [(-1).into_arg(), time].into_iter().chain(sizes_from(output, 1)).collect();
        let whole = reshape_to(output, sizes);
        let rest = output.shape().dims().unwrap_or_default().iter().skip(1).copied().collect::<Vec<_>>();
        whole.set_shape(PartialShape::new([known.dim(0), known.dim(1)].into_iter().chain(rest)));
        Ok(whole)
    }

    fn mask(&self, _input: Tensor, mask: Option<Tensor>) -> Result<Option<Tensor>> {
        Ok(mask)
    }

    fn get_config(&self) -> Result<Config> {
        let mut config = self.config()?;
        config.insert("layer".to_owned(), object(self.layer.class_name(), self.layer.get_config()?));
        Ok(config)
    }
}

impl Configured for TimeDistributed {
    fn settings(&mut self, settings: &mut Settings) -> Result<()> {
        settings.common(&mut self.common).map(|_| ())
    }
}
