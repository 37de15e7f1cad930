//! Sessions that are looked at while they run: they start from the latest checkpoint, save and say what happens.

mod coordinator;
mod hook;
mod hooks;
mod scaffold;
mod start;
mod supervisor;
mod timer;

pub use coordinator::Coordinator;
pub use hook::{Hooks, SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues};
pub use hooks::{
    CheckpointSaverHook, LoggedTensors, LoggingTensorHook, NanTensorHook, StepCounterHook, StopAtStepHook,
    SummarySaverHook,
};
pub use scaffold::{Scaffold, ScaffoldArgs};
pub use supervisor::{ManagedSession, Supervisor, SupervisorArgs};
pub use timer::SecondOrStepTimer;

use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::format::trace::RunMetadata;
use crate::graph::{Graph, built_at, get_default_graph, here};
use crate::host::logging;
use crate::session::{ConfigProto, Feeds, Fetch, Results, RunOptions, Session, Target};
use crate::value::Value;
use start::prepare_session;

/// A session that [hooks](SessionRunHook) look at. TF: `tf.train.MonitoredSession`.
///
/// When it is closed or dropped the hooks are told that it is over, unless the last run failed for another reason than that
/// the data are at their end.
pub struct MonitoredSession {
    graph: Graph,
    was_finalized: bool,
    session: Option<Session>,
    hooks: Vec<Box<dyn SessionRunHook>>,
    coord: Coordinator,
    failed: bool,
}

/// A session for training the default graph. TF: `tf.train.MonitoredTrainingSession()`.
///
/// It starts from the latest checkpoint of `checkpoint_dir`, or from initial values. Until it is closed no node can be
/// added to the graph. Keyword arguments: `checkpoint_dir`, where checkpoints are found and saved; `scaffold`; `hooks` and
/// `chief_only_hooks`, which are asked first; `save_checkpoint_steps` or `save_checkpoint_secs` (every 600 seconds if neither
/// is said, and never if 0); `save_summaries_steps` or `save_summaries_secs` (every 100 steps), of what the graph
/// summarizes, into `summary_dir` (`checkpoint_dir` if not said); `log_step_count_steps`, after how many steps their speed is
/// told (100); `config`; `save_graph_def`, whether the graph lies beside the checkpoints (true). With a folder the graph
/// needs a [global step](super::get_or_create_global_step).
///
/// ```
/// use flowstone as tf;
/// # let folder = std::env::temp_dir().join(format!("flowstone-doc-monitored-{}", std::process::id()));
/// let step = tf::train::get_or_create_global_step();
/// let w = tf::Variable(5.0);
/// let loss = tf::square(w);
/// let train = tf::train::GradientDescentOptimizer(0.1).minimize_args(loss).global_step(step).build();
/// let stop = tf::StopAtStepHook!(last_step = 10);
/// let mut sess = tf::MonitoredTrainingSession!(checkpoint_dir = &folder, hooks = stop)?;
/// while !sess.should_stop() {
///     sess.run(train, tf::feed_dict! {})?;
/// }
/// sess.close()?;
/// assert!(tf::train::latest_checkpoint(&folder)?.unwrap().ends_with("model.ckpt-10"));
/// # tf::gfile::DeleteRecursively(&folder)?;
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn MonitoredTrainingSession() -> Result<MonitoredSession> {
    MonitoredTrainingSessionArgs::new().build()
}

/// A session under construction: the keyword arguments of [`MonitoredTrainingSession`].
#[must_use = "there is no session until `build` is called"]
pub struct MonitoredTrainingSessionArgs {
    checkpoint_dir: Option<PathBuf>,
    summary_dir: Option<PathBuf>,
    scaffold: Option<Scaffold>,
    hooks: Vec<Box<dyn SessionRunHook>>,
    chief_only_hooks: Vec<Box<dyn SessionRunHook>>,
    save_checkpoint_secs: Option<f64>,
    save_checkpoint_steps: Option<i64>,
    save_summaries_secs: Option<f64>,
    save_summaries_steps: Option<i64>,
    log_step_count_steps: i64,
    save_graph_def: bool,
    config: ConfigProto,
}

impl Default for MonitoredTrainingSessionArgs {
    fn default() -> Self {
        MonitoredTrainingSessionArgs {
            checkpoint_dir: None,
            summary_dir: None,
            scaffold: None,
            hooks: Vec::new(),
            chief_only_hooks: Vec::new(),
            save_checkpoint_secs: None,
            save_checkpoint_steps: None,
            save_summaries_secs: None,
            save_summaries_steps: None,
            log_step_count_steps: 100,
            save_graph_def: true,
            config: ConfigProto::new(),
        }
    }
}

impl MonitoredTrainingSessionArgs {
    /// A session without a folder and without hooks.
    pub fn new() -> Self {
        MonitoredTrainingSessionArgs::default()
    }

    /// The folder where checkpoints are found and saved.
    pub fn checkpoint_dir(mut self, checkpoint_dir: impl AsRef<Path>) -> Self {
        self.checkpoint_dir = Some(checkpoint_dir.as_ref().to_owned());
        self
    }

    /// The folder of event files; `checkpoint_dir` if not said.
    pub fn summary_dir(mut self, summary_dir: impl AsRef<Path>) -> Self {
        self.summary_dir = Some(summary_dir.as_ref().to_owned());
        self
    }

    /// How the graph is initialized, saved and summarized.
    pub fn scaffold(mut self, scaffold: &Scaffold) -> Self {
        self.scaffold = Some(scaffold.clone());
        self
    }

    /// Who looks on.
    pub fn hooks(mut self, hooks: impl Hooks) -> Self {
        self.hooks.extend(hooks.hooks());
        self
    }

    /// Who looks on and is asked first.
    pub fn chief_only_hooks(mut self, hooks: impl Hooks) -> Self {
        self.chief_only_hooks.extend(hooks.hooks());
        self
    }

    /// Saves a checkpoint every so many seconds; 600 if not said, and 0 for never.
    pub fn save_checkpoint_secs(mut self, seconds: impl Into<f64>) -> Self {
        self.save_checkpoint_secs = Some(seconds.into());
        self
    }

    /// Saves a checkpoint every so many steps.
    pub fn save_checkpoint_steps(mut self, steps: i64) -> Self {
        self.save_checkpoint_steps = Some(steps);
        self
    }

    /// Writes a summary every so many seconds.
    pub fn save_summaries_secs(mut self, seconds: impl Into<f64>) -> Self {
        self.save_summaries_secs = Some(seconds.into());
        self
    }

    /// Writes a summary every so many steps; 100 if not said, and 0 for never.
    pub fn save_summaries_steps(mut self, steps: i64) -> Self {
        self.save_summaries_steps = Some(steps);
        self
    }

    /// After how many steps their speed is told; 100 if not said, and 0 for never.
    pub fn log_step_count_steps(mut self, steps: i64) -> Self {
        self.log_step_count_steps = steps;
        self
    }

    /// Whether the graph lies beside the checkpoints; true if not said.
    pub fn save_graph_def(mut self, save_graph_def: bool) -> Self {
        self.save_graph_def = save_graph_def;
        self
    }

    /// How to run.
    pub fn config(mut self, config: ConfigProto) -> Self {
        self.config = config;
        self
    }

    /// Opens the session.
    #[track_caller]
    pub fn build(self) -> Result<MonitoredSession> {
        let _line = built_at(here());
        let scaffold = self.scaffold.unwrap_or_else(Scaffold);
        let mut hooks = self.chief_only_hooks;
        let some = |seconds: Option<f64>, steps: Option<i64>| {
            seconds.is_some_and(|seconds| seconds > 0.0) || steps.is_some_and(|steps| steps > 0)
        };
        if let Some(folder) = self.summary_dir.as_ref().or(self.checkpoint_dir.as_ref()) {
            if self.log_step_count_steps > 0 {
                let hook = StepCounterHook::new().every_n_steps(self.log_step_count_steps).output_dir(folder);
                hooks.push(Box::new(hook.build()));
            }
            let (seconds, steps) = match (self.save_summaries_secs, self.save_summaries_steps) {
                (None, None) => (None, Some(100)),
                said => said,
            };
            if some(seconds, steps) {
                let mut hook = SummarySaverHook::new().scaffold(&scaffold).output_dir(folder);
                hook = seconds.into_iter().fold(hook, SummarySaverHook::save_secs);
                hook = steps.into_iter().fold(hook, SummarySaverHook::save_steps);
                hooks.push(Box::new(hook.build()));
            }
        }
        if let Some(folder) = &self.checkpoint_dir {
            let (seconds, steps) = match (self.save_checkpoint_secs, self.save_checkpoint_steps) {
                (None, None) => (Some(600.0), None),
                said => said,
            };
            if some(seconds, steps) {
                let mut hook = CheckpointSaverHook::new(folder).scaffold(&scaffold);
                hook = hook.save_graph_def(self.save_graph_def);
                hook = seconds.into_iter().fold(hook, CheckpointSaverHook::save_secs);
                hook = steps.into_iter().fold(hook, CheckpointSaverHook::save_steps);
                hooks.push(Box::new(hook.build()));
            }
        }
        hooks.extend(self.hooks);
        MonitoredSession::start(&scaffold, self.checkpoint_dir.as_deref(), self.config, hooks)
    }
}

impl MonitoredSession {
    #[track_caller]
    fn start(
        scaffold: &Scaffold,
        checkpoint_dir: Option<&Path>,
        config: ConfigProto,
        hooks: Vec<Box<dyn SessionRunHook>>,
    ) -> Result<Self> {
        let graph = get_default_graph();
        let was_finalized = graph.finalized();
        // Whatever fails from here on: what is dropped opens the graph again and tells no hook of an end.
        let coord = Coordinator();
        let mut started = MonitoredSession { graph, was_finalized, session: None, hooks, coord, failed: true };
        started.hooks.iter_mut().try_for_each(|hook| hook.begin())?;
        scaffold.finalize()?;
        let session = prepare_session(&started.graph, scaffold, checkpoint_dir, config)?;
        let coord = &started.coord;
        started.hooks.iter_mut().try_for_each(|hook| hook.after_create_session(&session, coord))?;
        started.session = Some(session);
        started.failed = false;
        Ok(started)
    }

    /// The graph that is run.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The session itself: no hook sees its runs.
    pub fn raw_session(&self) -> Result<&Session> {
        self.session.as_ref().ok_or_else(|| Error::failed_precondition("the session is closed"))
    }

    /// Whether a hook asked for the end. TF: `sess.should_stop()`.
    pub fn should_stop(&self) -> bool {
        self.session.is_none() || self.coord.should_stop()
    }

    /// Computes what is fetched from what is fed, and what the hooks want besides. TF: `sess.run(fetches, feed_dict)`.
    ///
    /// An error if a hook asked for the end before.
    pub fn run<F: Fetch>(&mut self, fetches: F, feeds: impl Into<Feeds>) -> Result<F::Output> {
        if self.should_stop() {
            return Err(Error::failed_precondition("the session is run after a hook asked for the end"));
        }
        let result = self.run_hooked(&fetches, feeds.into());
        self.failed = result.as_ref().is_err_and(|error| error.kind() != ErrorKind::OutOfRange);
        result
    }

    fn run_hooked<F: Fetch>(&mut self, fetches: &F, feeds: Feeds) -> Result<F::Output> {
        let session = self.raw_session()?.clone();
        let original_args = SessionRunArgs { feed_dict: feeds.clone(), ..SessionRunArgs::new(ByReference(fetches)) };
        let mut context = SessionRunContext { session: &session, original_args: &original_args, stop_requested: false };
        let (mut feeds, mut options) = (feeds, RunOptions::default());
        let mut wanted: Vec<Vec<Target>> = Vec::with_capacity(self.hooks.len());
        for hook in &mut self.hooks {
            let args = hook.before_run(&mut context)?.unwrap_or_default();
            feeds.append(args.feed_dict);
            options.merge(&args.options);
            wanted.push(args.fetches);
        }
        let mut run_metadata = RunMetadata::default();
        let run = session.run_args((ByReference(fetches), wanted), feeds).options(options.clone());
        let (output, results) = run.run_metadata(&mut run_metadata).build()?;
        for (hook, results) in self.hooks.iter_mut().zip(results) {
            let values = SessionRunValues { results, options: &options, run_metadata: &run_metadata };
            hook.after_run(&mut context, &values)?;
        }
        if context.stop_requested {
            self.coord.request_stop();
        }
        Ok(output)
    }

    /// Tells the hooks that it is over, and closes the session. Leaving Python's `with`.
    pub fn close(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        let Some(session) = self.session.take() else { return Ok(()) };
        let ended = match self.failed {
            true => Ok(()),
            false => self.hooks.iter_mut().try_for_each(|hook| hook.end(&session)),
        };
        self.coord.request_stop();
        ended
    }
}

impl Drop for MonitoredSession {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            logging::error(format_args!("the session did not end well: {error}"));
        }
        if !self.was_finalized {
            self.graph.set_finalized(false);
        }
    }
}

impl std::fmt::Debug for MonitoredSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MonitoredSession({:?}, {} hooks)", self.session, self.hooks.len())
    }
}

/// Fetches that stay with their owner.
struct ByReference<'a, F>(&'a F);

impl<F: Fetch> Fetch for ByReference<'_, F> {
    type Output = F::Output;
    fn targets(&self, targets: &mut Vec<Target>) {
        self.0.targets(targets);
    }
    fn take(&self, results: &mut Results) -> F::Output {
        self.0.take(results)
    }
}

/// The number of steps that a value says.
fn step_of(value: &Value) -> Result<i64> {
    value.clone().convert(crate::dtype::DType::Int64)?.item()
}
