//! Stopping when the loss is no number.

use super::super::{SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::host::logging;

/// Ends the training when a loss is NaN: with an error, or, if `fail_on_nan_loss` is false, by asking for the end.
/// TF: `tf.train.NanTensorHook`.
#[derive(Debug)]
pub struct NanTensorHook {
    loss_tensor: Tensor,
    fail_on_nan_loss: bool,
}

impl NanTensorHook {
    /// A hook that looks at `loss_tensor`.
    pub fn new(loss_tensor: Tensor) -> Self {
        NanTensorHook { loss_tensor, fail_on_nan_loss: true }
    }

    /// Whether NaN is an error; true if not said.
    #[must_use]
    pub fn fail_on_nan_loss(mut self, fail_on_nan_loss: bool) -> Self {
        self.fail_on_nan_loss = fail_on_nan_loss;
        self
    }

    /// The hook.
    pub fn build(self) -> Self {
        self
    }
}

impl SessionRunHook for NanTensorHook {
    fn before_run(&mut self, _: &mut SessionRunContext) -> Result<Option<SessionRunArgs>> {
        Ok(Some(SessionRunArgs::new(self.loss_tensor)))
    }

    fn after_run(&mut self, context: &mut SessionRunContext, values: &SessionRunValues) -> Result<()> {
        let Some(loss) = values.results.first() else { return Ok(()) };
        if !loss.clone().convert(DType::Float64)?.item::<f64>()?.is_nan() {
            return Ok(());
        }
        let message = "Model diverged with loss = NaN.";
        if self.fail_on_nan_loss {
            logging::error(message);
            let op = self.loss_tensor.op();
            return Err(Error::failed_precondition("NaN loss during training").at(&op.name(), op.location()));
        }
        logging::warning(message);
        context.request_stop();
        Ok(())
    }
}
