//! Saving checkpoints.

use std::path::{Path, PathBuf};

use super::super::scaffold::only;
use super::super::{
    Coordinator, Scaffold, SecondOrStepTimer, SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues,
    step_of,
};
use super::{SharedWriter, global_step, not_begun, steps_now};
use crate::error::{Error, Result};
use crate::format::event::SessionLog;
use crate::graph::{Tensor, keys};
use crate::host::logging;
use crate::session::Session;
use crate::train::meta_graph::export_meta_graph_args;
use crate::train::{Saver, write_graph};

/// Saves checkpoints: at the start, every so many steps or seconds, and at the end. TF: `tf.train.CheckpointSaverHook`.
///
/// Keyword arguments: `save_steps` or `save_secs`, how often; `saver` or `scaffold`, who saves (the saver of the graph's
/// collection if not said); `checkpoint_basename`, what the files' names start with (`model.ckpt`); `save_graph_def`,
/// whether the graph lies beside them (true).
pub struct CheckpointSaverHook {
    checkpoint_dir: PathBuf,
    checkpoint_basename: String,
    save_steps: Option<i64>,
    save_secs: Option<f64>,
    saver: Option<Saver>,
    scaffold: Option<Scaffold>,
    save_graph_def: bool,
    state: Option<State>,
}

struct State {
    timer: SecondOrStepTimer,
    writer: SharedWriter,
    global_step: Tensor,
}

impl CheckpointSaverHook {
    /// A hook that saves into a folder and is to be told when.
    pub fn new(checkpoint_dir: impl AsRef<Path>) -> Self {
        CheckpointSaverHook {
            checkpoint_dir: checkpoint_dir.as_ref().to_owned(),
            checkpoint_basename: "model.ckpt".to_owned(),
            save_steps: None,
            save_secs: None,
            saver: None,
            scaffold: None,
            save_graph_def: true,
            state: None,
        }
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

    /// Who saves.
    #[must_use]
    pub fn saver(mut self, saver: &Saver) -> Self {
        self.saver = Some(saver.clone());
        self
    }

    /// Whose saver saves.
    #[must_use]
    pub fn scaffold(mut self, scaffold: &Scaffold) -> Self {
        self.scaffold = Some(scaffold.clone());
        self
    }

    /// What the files' names start with; `model.ckpt` if not said.
    #[must_use]
    pub fn checkpoint_basename(mut self, checkpoint_basename: &str) -> Self {
        self.checkpoint_basename = checkpoint_basename.to_owned();
        self
    }

    /// Whether the graph lies beside the checkpoints; true if not said.
    #[must_use]
    pub fn save_graph_def(mut self, save_graph_def: bool) -> Self {
        self.save_graph_def = save_graph_def;
        self
    }

    /// The hook.
    pub fn build(self) -> Self {
        self
    }

    fn who_saves(&self) -> Result<Saver> {
        let own = self.saver.clone().or_else(|| self.scaffold.as_ref().and_then(Scaffold::saver));
        let missing = || Error::failed_precondition("CheckpointSaverHook: neither a saver nor a scaffold is provided");
        match own {
            Some(saver) => Ok(saver),
            None => only("saver", keys::SAVERS)?.ok_or_else(missing),
        }
    }

    fn save(&self, session: &Session, step: i64) -> Result<()> {
        let State { writer, .. } = self.state.as_ref().ok_or_else(not_begun)?;
        let path = self.checkpoint_dir.join(&self.checkpoint_basename);
        logging::info(format_args!("Saving checkpoints for {step} into {}.", path.display()));
        let saver = self.who_saves()?;
        saver.save_args(session, &path).global_step(step).write_meta_graph(self.save_graph_def).build()?;
        let checkpoint_path = path.to_string_lossy().into_owned();
        let log = SessionLog { status: SessionLog::CHECKPOINT, checkpoint_path, ..SessionLog::default() };
        writer.0.add_session_log(log, step)
    }
}

impl SessionRunHook for CheckpointSaverHook {
    fn begin(&mut self) -> Result<()> {
        if self.saver.is_some() && self.scaffold.is_some() {
            return Err(Error::invalid_argument("CheckpointSaverHook: both of saver and scaffold are provided"));
        }
        let timer = SecondOrStepTimer::new(self.save_secs, self.save_steps);
        let timer = timer.map_err(|e| e.retitled("CheckpointSaverHook"))?;
        let writer = SharedWriter::of(&self.checkpoint_dir)?;
        self.state = Some(State { timer, writer, global_step: global_step("CheckpointSaverHook")? });
        Ok(())
    }

    fn after_create_session(&mut self, session: &Session, _: &Coordinator) -> Result<()> {
        let state = self.state.as_ref().ok_or_else(not_begun)?;
        let step = steps_now(session, Some(state.global_step))?;
        let saver = self.who_saves()?;
        let meta_graph = export_meta_graph_args().graph(session.graph()).saver_def(&saver.as_saver_def()).build()?;
        if let Some(graph_def) = &meta_graph.graph_def {
            if self.save_graph_def {
                write_graph(graph_def, &self.checkpoint_dir, "graph.pbtxt")?;
            }
            state.writer.0.add_graph(graph_def)?;
        }
        state.writer.0.add_meta_graph(&meta_graph)?;
        self.save(session, step)?;
        let state = self.state.as_mut().ok_or_else(not_begun)?;
        state.timer.update_last_triggered_step(step);
        Ok(())
    }

    fn before_run(&mut self, _: &mut SessionRunContext) -> Result<Option<SessionRunArgs>> {
        Ok(self.state.as_ref().map(|state| SessionRunArgs::new(state.global_step)))
    }

    fn after_run(&mut self, context: &mut SessionRunContext, values: &SessionRunValues) -> Result<()> {
        let state = self.state.as_mut().ok_or_else(not_begun)?;
        let before = values.results.first().map_or(Ok(0), step_of)?;
        // As in TensorFlow: one run may take many steps.
        if !state.timer.should_trigger_for_step(before.saturating_add(1_000_000)) {
            return Ok(());
        }
        let step = steps_now(context.session(), Some(state.global_step))?;
        if state.timer.should_trigger_for_step(step) {
            state.timer.update_last_triggered_step(step);
            self.save(context.session(), step)?;
        }
        Ok(())
    }

    fn end(&mut self, session: &Session) -> Result<()> {
        let state = self.state.as_ref().ok_or_else(not_begun)?;
        let step = steps_now(session, Some(state.global_step))?;
        if state.timer.last_triggered_step() != Some(step) {
            self.save(session, step)?;
        }
        state.writer.0.flush()
    }
}
