//! Steps that do not count, by a number that stands for them. Keras: `Masking`.

use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::layers::{Call, Common, Configured, Layer, Settings, Weight, common_methods, get_config_method};
use crate::ops::array::expand_dims;
use crate::ops::math::{cast, not_equal, reduce_any_args};
use crate::shape::PartialShape;

/// Steps that do not count, by a number that stands for them. Keras: `Masking`.
#[derive(Clone, Debug)]
pub struct Masking {
    mask_value: f64,
    common: Common,
}

/// The inputs [batch, time, …] with a mask: a step does not count if all its numbers are `mask_value`; it becomes zeros, and
/// recurrent layers behind leave it out. Keras: `Masking()`.
///
/// Keyword arguments `mask_value` (0 if not said), `name`, `input_shape`.
///
/// ```
/// use flowstone as tf;
/// use tf::keras::layers::{LSTM, Masking};
/// let mut model = tf::keras::Sequential();
/// model.add(Masking!(mask_value = -1.0, input_shape = (10, 8)));
/// model.add(LSTM(16));
/// assert_eq!(model.output_shape()?.to_string(), "(None, 16)");
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn Masking() -> Masking {
    Masking { mask_value: 0.0, common: Common::default() }
}

common_methods!(Masking);

impl Masking {
    /// The number that stands for what is not there; 0 if not said.
    pub fn mask_value(mut self, mask_value: f64) -> Self {
        self.mask_value = mask_value;
        self
    }

    #[track_caller]
    fn counts(&self, input: Tensor) -> Tensor {
        reduce_any_args(not_equal(input, self.mask_value)).axis(-1).build()
    }
}

impl Layer for Masking {
    fn class_name(&self) -> &'static str {
        "Masking"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, input: &PartialShape) -> Result<Vec<Weight>> {
        match input.rank() {
            Some(3..) => Ok(Vec::new()),
            _ => {
                Err(Error::invalid_argument(format!("its inputs must be [batch, time, …], but their shape is {input}")))
            }
        }
    }

    fn call(&self, input: Tensor, _call: &mut Call) -> Result<Tensor> {
        Ok(input * cast(expand_dims(self.counts(input), -1), input.dtype()?))
    }

    fn mask(&self, input: Tensor, _mask: Option<Tensor>) -> Result<Option<Tensor>> {
        Ok(Some(self.counts(input)))
    }

    get_config_method!();
}

impl Configured for Masking {
    fn settings(&mut self, settings: &mut Settings) -> Result<()> {
        settings.common(&mut self.common)?.field("mask_value", &mut self.mask_value).map(|_| ())
    }
}
