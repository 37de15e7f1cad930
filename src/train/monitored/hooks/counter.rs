//! Telling how fast training goes.

use std::path::{Path, PathBuf};

use super::super::{SecondOrStepTimer, SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues, step_of};
use super::{SharedWriter, global_step, not_begun, steps_now};
use crate::error::Result;
use crate::format::summary::Summary;
use crate::graph::Tensor;
use crate::host::logging;
use crate::session::Session;
use crate::train::get_global_step;

/// Tells how many steps are taken in a second, and writes it into an event file as `global_step/sec`.
/// TF: `tf.train.StepCounterHook`.
///
/// Keyword arguments: `every_n_steps` (100 if nothing is said) or `every_n_secs`, how often; `output_dir`, the folder of the
/// event file.
#[derive(Default)]
pub struct StepCounterHook {
    every_n_steps: Option<i64>,
    every_n_secs: Option<f64>,
    output_dir: Option<PathBuf>,
    state: Option<State>,
}

struct State {
    timer: SecondOrStepTimer,
    writer: Option<SharedWriter>,
    global_step: Tensor,
    tag: String,
    last: Option<i64>,
}

impl StepCounterHook {
    /// A hook that writes nowhere.
    pub fn new() -> Self {
        StepCounterHook::default()
    }

    /// After how many steps.
    #[must_use]
    pub fn every_n_steps(mut self, every_n_steps: i64) -> Self {
        self.every_n_steps = Some(every_n_steps);
        self
    }

    /// After how many seconds.
    #[must_use]
    pub fn every_n_secs(mut self, every_n_secs: impl Into<f64>) -> Self {
        self.every_n_secs = Some(every_n_secs.into());
        self
    }

    /// The folder of the event file.
    #[must_use]
    pub fn output_dir(mut self, output_dir: impl AsRef<Path>) -> Self {
        self.output_dir = Some(output_dir.as_ref().to_owned());
        self
    }

    /// The hook.
    pub fn build(self) -> Self {
        self
    }
}

impl SessionRunHook for StepCounterHook {
    fn begin(&mut self) -> Result<()> {
        let steps = if self.every_n_secs.is_none() { self.every_n_steps.or(Some(100)) } else { self.every_n_steps };
        let timer = SecondOrStepTimer::new(self.every_n_secs, steps).map_err(|e| e.retitled("StepCounterHook"))?;
        let writer = self.output_dir.as_deref().map(SharedWriter::of).transpose()?;
        let global_step = global_step("StepCounterHook")?;
        let name = get_global_step().map_or_else(String::new, |step| step.op().name());
        self.state = Some(State { timer, writer, global_step, tag: format!("{name}/sec"), last: None });
        Ok(())
    }

    fn before_run(&mut self, _: &mut SessionRunContext) -> Result<Option<SessionRunArgs>> {
        Ok(self.state.as_ref().map(|state| SessionRunArgs::new(state.global_step)))
    }

    fn after_run(&mut self, context: &mut SessionRunContext, values: &SessionRunValues) -> Result<()> {
        let state = self.state.as_mut().ok_or_else(not_begun)?;
        let before = values.results.first().map_or(Ok(0), step_of)?;
        if state.timer.should_trigger_for_step(before.saturating_add(1)) {
            let now = steps_now(context.session(), Some(state.global_step))?;
            if state.timer.should_trigger_for_step(now)
                && let Some((seconds, steps)) = state.timer.update_last_triggered_step(now)
            {
                let speed = steps as f64 / seconds;
                if let Some(writer) = &state.writer {
                    writer.0.add_summary(Summary::of_numbers([(state.tag.as_str(), speed as f32)]), now)?;
                }
                logging::info(format_args!("{}: {speed}", state.tag));
            }
        }
        if state.last == Some(before) {
            let message = format!(
                "It seems that the global step has not been increased: it is {before} again. The optimizer's `minimize_args` \
                 takes it as `global_step`."
            );
            logging::log_first_n(logging::WARN, message, 5);
        }
        state.last = Some(before);
        Ok(())
    }

    fn end(&mut self, _: &Session) -> Result<()> {
        let writer = self.state.as_ref().and_then(|state| state.writer.as_ref());
        writer.map_or(Ok(()), |writer| writer.0.flush())
    }
}
