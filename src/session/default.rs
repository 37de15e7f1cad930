//! The session that a thread takes for granted: [`InteractiveSession`](struct@InteractiveSession), `eval` and `run` without
//! naming one.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::ops::Deref;

use super::{ConfigProto, Feeds, Session, SessionArgs};
use crate::error::{Error, Result};
use crate::graph::{Graph, Operation, ScopeGuard, Tensor};
use crate::ops::state::Variable;
use crate::value::Value;

thread_local! {
    /// The default sessions of this thread, the innermost at the end, each with the number of its guard.
    static DEFAULTS: RefCell<Vec<(u64, Session)>> = const { RefCell::new(Vec::new()) };
}

/// The innermost default session of this thread. TF: `tf.get_default_session`.
///
/// ```
/// use flowstone as tf;
/// assert!(tf::get_default_session().is_none());
/// let sess = tf::Session()?;
/// let _default = sess.as_default();
/// assert!(tf::get_default_session().is_some());
/// # Ok::<(), tf::Error>(())
/// ```
pub fn get_default_session() -> Option<Session> {
    DEFAULTS.with_borrow(|defaults| defaults.last().map(|(_, session)| session.clone()))
}

/// Makes a session the default of its thread until it is dropped.
#[must_use = "the session is the default until its guard is dropped: bind it with `let _default = …`"]
pub struct DefaultSession {
    number: u64,
    /// A guard belongs to the stack of its thread.
    not_send: PhantomData<*const ()>,
}

impl Drop for DefaultSession {
    fn drop(&mut self) {
        // The session leaves the stack first: freeing it may look at the stack.
        let session = DEFAULTS.try_with(|defaults| {
            let defaults = &mut defaults.try_borrow_mut().ok()?;
            let place = defaults.iter().rposition(|(number, _)| *number == self.number)?;
            Some(defaults.remove(place))
        });
        drop(session);
    }
}

impl Session {
    /// Makes this the session of [`Tensor::eval`] and [`Operation::run`] until the guard is dropped.
    /// TF: `with sess.as_default():`.
    pub fn as_default(&self) -> DefaultSession {
        let number = DEFAULTS.with_borrow_mut(|defaults| {
            let number = defaults.last().map_or(0, |(last, _)| last + 1);
            defaults.push((number, self.clone()));
            number
        });
        DefaultSession { number, not_send: PhantomData }
    }
}

/// A session that is the default of its thread as long as it lives. TF: `tf.InteractiveSession`.
///
/// It can be used wherever a [`Session`](struct@crate::Session) can.
pub struct InteractiveSession {
    session: Session,
    _default: DefaultSession,
    _graph: ScopeGuard,
}

/// A session of the default graph that is the default of its thread as long as it lives. TF: `tf.InteractiveSession()`.
///
/// ```
/// use flowstone as tf;
/// let x = tf::Variable(3.0);
/// let _sess = tf::InteractiveSession()?;
/// tf::global_variables_initializer().run(tf::feed_dict! {})?;
/// assert_eq!((x * 2.0).eval(tf::feed_dict! {})?.item::<f32>()?, 6.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn InteractiveSession() -> Result<InteractiveSession> {
    interactive_args().build()
}

/// [`InteractiveSession`](fn@InteractiveSession) with keyword arguments.
pub fn interactive_args() -> InteractiveSessionArgs {
    InteractiveSessionArgs(SessionArgs::new())
}

/// A session under construction: the keyword arguments of [`InteractiveSession`](fn@InteractiveSession).
#[must_use = "there is no session until `build` is called"]
pub struct InteractiveSessionArgs(SessionArgs);

impl InteractiveSessionArgs {
    /// The graph to run; the default graph if not said.
    pub fn graph(self, graph: &Graph) -> Self {
        InteractiveSessionArgs(self.0.graph(graph))
    }

    /// How to run.
    pub fn config(self, config: ConfigProto) -> Self {
        InteractiveSessionArgs(self.0.config(config))
    }

    /// The number of threads; 0 takes one for each processor.
    pub fn threads(self, threads: usize) -> Self {
        InteractiveSessionArgs(self.0.threads(threads))
    }

    /// Opens the session and makes it and its graph the defaults.
    pub fn build(self) -> Result<InteractiveSession> {
        let session = self.0.build()?;
        Ok(InteractiveSession { _default: session.as_default(), _graph: session.graph().as_default(), session })
    }
}

impl InteractiveSession {
    /// Ends the session as the default. TF: `sess.close()`.
    pub fn close(self) {}
}

impl Deref for InteractiveSession {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

/// The session for a call of `method` that names none.
fn default_for(method: &str) -> Result<Session> {
    get_default_session().ok_or_else(|| {
        Error::invalid_argument(format!("{method} without a session needs a default session: sess.as_default()"))
    })
}

impl Tensor {
    /// Its value in the default session. TF: `tensor.eval(feed_dict)`.
    pub fn eval(self, feeds: impl Into<Feeds>) -> Result<Value> {
        default_for("eval")?.run(self, feeds)
    }
}

impl Variable {
    /// Its value in the default session. TF: `variable.eval()`.
    pub fn eval(self) -> Result<Value> {
        default_for("eval")?.run(self, Feeds::new())
    }
}

impl Operation {
    /// Runs it in the default session. TF: `operation.run(feed_dict)`.
    pub fn run(self, feeds: impl Into<Feeds>) -> Result<()> {
        default_for("run")?.run(self, feeds).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::ops::array::constant;

    #[test]
    fn the_innermost_default_session_is_asked() -> Result<()> {
        let x = constant(1.0f32);
        assert_eq!(x.eval(Feeds::new()).map_err(|e| e.kind()).err(), Some(ErrorKind::InvalidArgument));
        let outer = Session::new(&x.graph()?)?;
        let _outer = outer.as_default();
        {
            let _inner = Session::new(&Graph::new())?.as_default();
            assert_eq!(x.eval(Feeds::new()).map_err(|e| e.kind()).err(), Some(ErrorKind::InvalidArgument));
        }
        assert_eq!(x.eval(Feeds::new())?.item::<f32>()?, 1.0);
        x.op().run(Feeds::new())
    }

    #[test]
    fn guards_end_in_any_order() -> Result<()> {
        let (a, b) = (Session::new(&Graph::new())?, Session::new(&Graph::new())?);
        let (first, second) = (a.as_default(), b.as_default());
        drop(first);
        assert_eq!(get_default_session().map(|s| s.graph().key()), Some(b.graph().key()));
        drop(second);
        assert!(get_default_session().is_none());
        Ok(())
    }
}
