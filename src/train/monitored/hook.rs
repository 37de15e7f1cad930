//! What looks on while a session is run step by step.

use super::Coordinator;
use crate::error::Result;
use crate::format::trace::RunMetadata;
use crate::session::{Feeds, Fetch, RunOptions, Session, Target};
use crate::value::Value;

/// Looks on while a [`MonitoredSession`](super::MonitoredSession) runs, and may ask for more or for its end.
/// TF: `tf.train.SessionRunHook`.
///
/// ```
/// use flowstone as tf;
/// use tf::train::{SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues};
///
/// /// Stops when the loss is small.
/// struct SmallLossHook {
///     loss: tf::Tensor,
/// }
///
/// impl SessionRunHook for SmallLossHook {
///     fn before_run(&mut self, _: &mut SessionRunContext) -> tf::Result<Option<SessionRunArgs>> {
///         Ok(Some(SessionRunArgs::new(self.loss)))
///     }
///     fn after_run(&mut self, context: &mut SessionRunContext, values: &SessionRunValues) -> tf::Result<()> {
///         if values.results[0].item::<f32>()? < 0.1 {
///             context.request_stop();
///         }
///         Ok(())
///     }
/// }
///
/// let w = tf::Variable(5.0);
/// let loss = tf::square(w);
/// let train = tf::train::GradientDescentOptimizer(0.1).minimize(loss);
/// let mut sess = tf::MonitoredTrainingSession!(hooks = SmallLossHook { loss })?;
/// while !sess.should_stop() {
///     sess.run(train, tf::feed_dict! {})?;
/// }
/// assert!(sess.raw_session()?.run(w, tf::feed_dict! {})?.item::<f32>()? < 0.4);
/// sess.close()?;
/// # Ok::<(), tf::Error>(())
/// ```
pub trait SessionRunHook {
    /// Before the session is made: the graph can still be changed.
    fn begin(&mut self) -> Result<()> {
        Ok(())
    }
    /// The session is made, and its variables have their values.
    fn after_create_session(&mut self, _session: &Session, _coord: &Coordinator) -> Result<()> {
        Ok(())
    }
    /// Before each run: what is to be computed besides.
    fn before_run(&mut self, _run_context: &mut SessionRunContext) -> Result<Option<SessionRunArgs>> {
        Ok(None)
    }
    /// After each run that did not fail.
    fn after_run(&mut self, _run_context: &mut SessionRunContext, _run_values: &SessionRunValues) -> Result<()> {
        Ok(())
    }
    /// After the last run, unless it failed.
    fn end(&mut self, _session: &Session) -> Result<()> {
        Ok(())
    }
}

/// What a hook wants to be computed in a run. TF: `tf.train.SessionRunArgs`.
#[derive(Clone, Debug, Default)]
pub struct SessionRunArgs {
    /// What is fetched.
    pub fetches: Vec<Target>,
    /// What is fed; nothing that somebody else feeds.
    pub feed_dict: Feeds,
    /// How the run is done.
    pub options: RunOptions,
}

impl SessionRunArgs {
    /// Fetches `fetches`; their values come back one after the other, that of an operation without elements.
    pub fn new(fetches: impl Fetch) -> Self {
        let mut targets = Vec::new();
        fetches.targets(&mut targets);
        SessionRunArgs { fetches: targets, ..SessionRunArgs::default() }
    }

    /// Also feeds `feed_dict`.
    #[must_use]
    pub fn feed_dict(mut self, feed_dict: impl Into<Feeds>) -> Self {
        self.feed_dict = feed_dict.into();
        self
    }

    /// Runs with `options`, in which the strongest wish of all hooks counts.
    #[must_use]
    pub fn options(mut self, options: RunOptions) -> Self {
        self.options = options;
        self
    }
}

/// A run, for hooks. TF: `tf.train.SessionRunContext`.
#[derive(Debug)]
pub struct SessionRunContext<'a> {
    pub(super) session: &'a Session,
    pub(super) original_args: &'a SessionRunArgs,
    pub(super) stop_requested: bool,
}

impl<'a> SessionRunContext<'a> {
    /// The session. A run of it is seen by no hook.
    pub fn session(&self) -> &'a Session {
        self.session
    }

    /// What the program itself fetches and feeds.
    pub fn original_args(&self) -> &'a SessionRunArgs {
        self.original_args
    }

    /// Asks for the end: after this run [`should_stop`](super::MonitoredSession::should_stop) is true.
    pub fn request_stop(&mut self) {
        self.stop_requested = true;
    }

    /// Whether anybody asked for the end in this run.
    pub fn stop_requested(&self) -> bool {
        self.stop_requested
    }
}

/// What came of a run, for one hook. TF: `tf.train.SessionRunValues`.
#[derive(Debug)]
pub struct SessionRunValues<'a> {
    /// The values of what the hook fetched.
    pub results: Vec<Value>,
    /// How the run was done.
    pub options: &'a RunOptions,
    /// What is known of it.
    pub run_metadata: &'a RunMetadata,
}

/// The hooks of a session: one, or a tuple, an array or a vector of them.
pub trait Hooks {
    /// The hooks, in the order in which they are asked.
    fn hooks(self) -> Vec<Box<dyn SessionRunHook>>;
}

impl<H: SessionRunHook + 'static> Hooks for H {
    fn hooks(self) -> Vec<Box<dyn SessionRunHook>> {
        vec![Box::new(self)]
    }
}

impl Hooks for Vec<Box<dyn SessionRunHook>> {
    fn hooks(self) -> Vec<Box<dyn SessionRunHook>> {
        self
    }
}

impl<H: SessionRunHook + 'static, const N: usize> Hooks for [H; N] {
    fn hooks(self) -> Vec<Box<dyn SessionRunHook>> {
        self.into_iter().map(|hook| Box::new(hook) as Box<dyn SessionRunHook>).collect()
    }
}

macro_rules! tuples {
    ($($hook:ident)*) => {
        impl<$($hook: SessionRunHook + 'static),*> Hooks for ($($hook,)*) {
            #[allow(non_snake_case)]
            fn hooks(self) -> Vec<Box<dyn SessionRunHook>> {
                let ($($hook,)*) = self;
                vec![$(Box::new($hook)),*]
            }
        }
    };
}
tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
