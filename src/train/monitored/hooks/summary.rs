//! Writing summaries.

use std::path::{Path, PathBuf};

use super::super::{
    Scaffold, SecondOrStepTimer, SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues, step_of,
};
use super::{SharedWriter, global_step, not_begun, steps_now};
use crate::error::{Error, Result};
use crate::format::event::SessionLog;
use crate::graph::Tensor;
use crate::session::Session;

/// Writes summaries into an event file. TF: `tf.train.SummarySaverHook`.
///
/// Keyword arguments: `save_steps` or `save_secs`, how often; `output_dir`, the folder of the file; `summary_op` or
/// `scaffold`, what gives the summary.
#[derive(Default)]
pub struct SummarySaverHook {
    save_steps: Option<i64>,
    save_secs: Option<f64>,
    output_dir: Option<PathBuf>,
    scaffold: Option<Scaffold>,
    summary_op: Option<Tensor>,
    state: Option<State>,
}

struct State {
    timer: SecondOrStepTimer,
    writer: Option<SharedWriter>,
    global_step: Tensor,
    next_step: Option<i64>,
    due: bool,
}

impl SummarySaverHook {
    /// A hook that is to be told what, when and where.
    pub fn new() -> Self {
        SummarySaverHook::default()
    }

    /// After how many steps.
    #[must_use]
    pub fn save_steps(mut self, save_steps: i64) -> Self {
        self.save_steps = Some(save_steps);
        self
    }

    /// After how many seconds.
    #[must_use]
    pub fn save_secs(mut self, save_secs: impl Into<f64>) -> Self {
        self.save_secs = Some(save_secs.into());
        self
    }

    /// The folder of the event file.
    #[must_use]
    pub fn output_dir(mut self, output_dir: impl AsRef<Path>) -> Self {
        self.output_dir = Some(output_dir.as_ref().to_owned());
        self
    }

    /// Whose summary it is.
    #[must_use]
    pub fn scaffold(mut self, scaffold: &Scaffold) -> Self {
        self.scaffold = Some(scaffold.clone());
        self
    }

    /// What gives the summary.
    #[must_use]
    pub fn summary_op(mut self, summary_op: Tensor) -> Self {
        self.summary_op = Some(summary_op);
        self
    }

    /// The hook.
    pub fn build(self) -> Self {
        self
    }
}

impl SessionRunHook for SummarySaverHook {
    fn begin(&mut self) -> Result<()> {
        if self.scaffold.is_some() == self.summary_op.is_some() {
            return Err(Error::invalid_argument("SummarySaverHook: one of scaffold and summary_op must be provided"));
        }
        let timer = SecondOrStepTimer::new(self.save_secs, self.save_steps);
        let timer = timer.map_err(|e| e.retitled("SummarySaverHook"))?;
        let writer = self.output_dir.as_deref().map(SharedWriter::of).transpose()?;
        let global_step = global_step("SummarySaverHook")?;
        self.state = Some(State { timer, writer, global_step, next_step: None, due: false });
        Ok(())
    }

    fn before_run(&mut self, _: &mut SessionRunContext) -> Result<Option<SessionRunArgs>> {
        let state = self.state.as_mut().ok_or_else(not_begun)?;
        state.due = state.next_step.is_none_or(|next| state.timer.should_trigger_for_step(next));
        let summary = self.summary_op.or_else(|| self.scaffold.as_ref().and_then(Scaffold::summary_op));
        let wanted = [Some(state.global_step), summary.filter(|_| state.due)];
        Ok(Some(SessionRunArgs::new(wanted.into_iter().flatten().collect::<Vec<Tensor>>())))
    }

    fn after_run(&mut self, context: &mut SessionRunContext, values: &SessionRunValues) -> Result<()> {
        let state = self.state.as_mut().ok_or_else(not_begun)?;
        let Some(SharedWriter(writer)) = &state.writer else { return Ok(()) };
        let mut step = values.results.first().map_or(Ok(0), step_of)?.saturating_add(1);
        if state.next_step.is_none() || state.due {
            step = steps_now(context.session(), Some(state.global_step))?;
        }
        if state.next_step.is_none() {
            writer.add_session_log(SessionLog { status: SessionLog::START, ..SessionLog::default() }, step)?;
        }
        if state.due {
            state.timer.update_last_triggered_step(step);
            if let Some(summary) = values.results.get(1) {
                writer.add_summary(summary, step)?;
            }
        }
        state.next_step = Some(step.saturating_add(1));
        Ok(())
    }

    fn end(&mut self, _: &Session) -> Result<()> {
        let writer = self.state.as_ref().and_then(|state| state.writer.as_ref());
        writer.map_or(Ok(()), |writer| writer.0.flush())
    }
}
