//! Telling the values of tensors.

use std::fmt;

use super::super::{SecondOrStepTimer, SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues};
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::host::logging;
use crate::ops::state::Variable;
use crate::session::{Feeds, Session};
use crate::value::Value;

type Formatter = Box<dyn Fn(&[(String, Value)]) -> String>;

/// Tells the values of tensors by [`tf::logging::info`](crate::host::logging::info). TF: `tf.train.LoggingTensorHook`.
///
/// Keyword arguments: `every_n_iter` or `every_n_secs`, how often, one of them unless there is `at_end`, whether also at the
/// end; `formatter`, what makes a line of the tags and the values.
pub struct LoggingTensorHook {
    tensors: Vec<(String, Logged)>,
    every_n_iter: Option<i64>,
    every_n_secs: Option<f64>,
    at_end: bool,
    formatter: Option<Formatter>,
    /// `None` if there is something to tell only at the end.
    timer: Option<SecondOrStepTimer>,
    iterations: i64,
    due: bool,
    found: Vec<Tensor>,
}

/// A tensor, or its name or that of its operation.
#[derive(Clone, Debug)]
pub enum Logged {
    /// A tensor.
    Tensor(Tensor),
    /// A name.
    Name(String),
}

/// What is told: names or tensors, or pairs of tags and these.
pub trait LoggedTensors {
    /// The pairs.
    fn logged_tensors(self) -> Vec<(String, Logged)>;
}

/// One thing that is told.
pub trait LoggedTensor {
    /// It with its tag.
    fn tagged(self) -> (String, Logged);
}

impl LoggedTensor for &str {
    fn tagged(self) -> (String, Logged) {
        (self.to_owned(), Logged::Name(self.to_owned()))
    }
}

impl LoggedTensor for Tensor {
    fn tagged(self) -> (String, Logged) {
        (self.name(), Logged::Tensor(self))
    }
}

impl LoggedTensor for Variable {
    fn tagged(self) -> (String, Logged) {
        (self.name(), Logged::Tensor(self.value()))
    }
}

impl<S: AsRef<str>, T: LoggedTensor> LoggedTensor for (S, T) {
    fn tagged(self) -> (String, Logged) {
        (self.0.as_ref().to_owned(), self.1.tagged().1)
    }
}

impl<T: LoggedTensor, const N: usize> LoggedTensors for [T; N] {
    fn logged_tensors(self) -> Vec<(String, Logged)> {
        self.into_iter().map(LoggedTensor::tagged).collect()
    }
}

impl<T: LoggedTensor> LoggedTensors for Vec<T> {
    fn logged_tensors(self) -> Vec<(String, Logged)> {
        self.into_iter().map(LoggedTensor::tagged).collect()
    }
}

impl LoggingTensorHook {
    /// A hook that is to be told when. Names are looked up in the default graph when the session is made.
    pub fn new(tensors: impl LoggedTensors) -> Self {
        LoggingTensorHook {
            tensors: tensors.logged_tensors(),
            every_n_iter: None,
            every_n_secs: None,
            at_end: false,
            formatter: None,
            timer: None,
            iterations: 0,
            due: false,
            found: Vec::new(),
        }
    }

    /// After how many runs.
    #[must_use]
    pub fn every_n_iter(mut self, every_n_iter: i64) -> Self {
        self.every_n_iter = Some(every_n_iter);
        self
    }

    /// After how many seconds.
    #[must_use]
    pub fn every_n_secs(mut self, every_n_secs: impl Into<f64>) -> Self {
        self.every_n_secs = Some(every_n_secs.into());
        self
    }

    /// Whether also at the end; false if not said.
    #[must_use]
    pub fn at_end(mut self, at_end: bool) -> Self {
        self.at_end = at_end;
        self
    }

    /// What makes a line of the tags and the values.
    #[must_use]
    pub fn formatter(mut self, formatter: impl Fn(&[(String, Value)]) -> String + 'static) -> Self {
        self.formatter = Some(Box::new(formatter));
        self
    }

    /// The hook.
    pub fn build(self) -> Self {
        self
    }

    fn log(&mut self, values: &[Value]) {
        let since = self.timer.as_mut().and_then(|timer| timer.update_last_triggered_step(self.iterations));
        let tagged = self.tensors.iter().zip(values).map(|((tag, _), value)| (tag.clone(), value.clone()));
        let tagged: Vec<(String, Value)> = tagged.collect();
        let line = match &self.formatter {
            Some(formatter) => formatter(&tagged),
            None => {
                let parts: Vec<String> = tagged.iter().map(|(tag, value)| format!("{tag} = {value}")).collect();
                let seconds = since.map(|(seconds, _)| format!(" ({seconds:.3} sec)"));
                parts.join(", ") + &seconds.unwrap_or_default()
            }
        };
        logging::info(line);
    }
}

/// The tensor that is meant: of an operation the only one.
fn tensor(logged: &Logged) -> Result<Tensor> {
    let name = match logged {
        Logged::Tensor(tensor) => return Ok(*tensor),
        Logged::Name(name) => name,
    };
    let graph = get_default_graph();
    if name.contains(':') {
        return graph.get_tensor_by_name(name);
    }
    if graph.get_tensor_by_name(&format!("{name}:1")).is_ok() {
        return Err(Error::invalid_argument(format!("'{name}' is an operation with several outputs: which is meant?")));
    }
    graph.get_tensor_by_name(&format!("{name}:0"))
}

impl SessionRunHook for LoggingTensorHook {
    fn begin(&mut self) -> Result<()> {
        let only_at_end = self.at_end && self.every_n_iter.is_none() && self.every_n_secs.is_none();
        if self.every_n_iter.is_some_and(|n| n <= 0) {
            return Err(Error::invalid_argument("LoggingTensorHook: every_n_iter is not positive"));
        }
        let timer = || SecondOrStepTimer::new(self.every_n_secs, self.every_n_iter);
        let timer = if only_at_end { None } else { Some(timer().map_err(|e| e.retitled("LoggingTensorHook"))?) };
        self.timer = timer;
        self.iterations = 0;
        self.found = self.tensors.iter().map(|(_, logged)| tensor(logged)).collect::<Result<_>>()?;
        Ok(())
    }

    fn before_run(&mut self, _: &mut SessionRunContext) -> Result<Option<SessionRunArgs>> {
        self.due = self.timer.as_ref().is_some_and(|timer| timer.should_trigger_for_step(self.iterations));
        Ok(self.due.then(|| SessionRunArgs::new(self.found.clone())))
    }

    fn after_run(&mut self, _: &mut SessionRunContext, values: &SessionRunValues) -> Result<()> {
        if self.due {
            self.log(&values.results);
        }
        self.iterations += 1;
        Ok(())
    }

    fn end(&mut self, session: &Session) -> Result<()> {
        if self.at_end {
            let values = session.run(self.found.clone(), Feeds::new())?;
            self.log(&values);
        }
        Ok(())
    }
}

impl fmt::Debug for LoggingTensorHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LoggingTensorHook").field(&self.tensors).finish()
    }
}
