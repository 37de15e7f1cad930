//! Stopping after some steps.

use super::super::{Coordinator, SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues, step_of};
use super::{global_step, steps_now};
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::session::Session;

/// Asks for the end at a step. TF: `tf.train.StopAtStepHook`.
///
/// Keyword arguments, one of which is needed: `last_step`, the global step to stop at, or `num_steps`, how many to go from
/// where the session starts.
#[derive(Debug, Default)]
pub struct StopAtStepHook {
    num_steps: Option<i64>,
    last_step: Option<i64>,
    global_step: Option<Tensor>,
}

impl StopAtStepHook {
    /// A hook that is to be told when.
    pub fn new() -> Self {
        StopAtStepHook::default()
    }

    /// Stops after so many steps.
    #[must_use]
    pub fn num_steps(mut self, num_steps: i64) -> Self {
        self.num_steps = Some(num_steps);
        self
    }

    /// Stops at this step.
    #[must_use]
    pub fn last_step(mut self, last_step: i64) -> Self {
        self.last_step = Some(last_step);
        self
    }

    /// The hook.
    pub fn build(self) -> Self {
        self
    }
}

impl SessionRunHook for StopAtStepHook {
    fn begin(&mut self) -> Result<()> {
        if self.num_steps.is_some() == self.last_step.is_some() {
            return Err(Error::invalid_argument("StopAtStepHook: one of num_steps and last_step must be specified"));
        }
        self.global_step = Some(global_step("StopAtStepHook")?);
        Ok(())
    }

    fn after_create_session(&mut self, session: &Session, _: &Coordinator) -> Result<()> {
        if let (None, Some(num_steps)) = (self.last_step, self.num_steps) {
            self.last_step = Some(steps_now(session, self.global_step)?.saturating_add(num_steps));
        }
        Ok(())
    }

    fn before_run(&mut self, _: &mut SessionRunContext) -> Result<Option<SessionRunArgs>> {
        Ok(self.global_step.map(SessionRunArgs::new))
    }

    fn after_run(&mut self, context: &mut SessionRunContext, values: &SessionRunValues) -> Result<()> {
        let last = self.last_step.unwrap_or(i64::MAX);
        // The run may have taken a step, or not: that is looked up only if it matters.
        let before = values.results.first().map_or(Ok(0), step_of)?;
        if before.saturating_add(1) >= last && steps_now(context.session(), self.global_step)? >= last {
            context.request_stop();
        }
        Ok(())
    }
}
