//! What the models of one graph share: a session with its variables, and names.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::graph::{Graph, built_at, here};
use crate::op::Resources;
use crate::ops::state::{global_variables, variables_initializer};
use crate::session::{Feeds, Session, SessionArgs, WeakSession};

/// What a graph keeps for its models. The variables stay while models come and go; the session is there as long as
/// somebody holds it, since it holds the graph.
#[derive(Default)]
struct Kept(Mutex<State>);

#[derive(Default)]
struct State {
    resources: Arc<Resources>,
    session: WeakSession,
    /// How many of the graph's variables were looked at.
    initialized: usize,
    /// How often each name was given.
    names: HashMap<String, usize>,
}

impl Kept {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The session of all models of `graph`.
pub(super) fn session(graph: &Graph) -> Result<Session> {
    let kept = graph.extension::<Kept>();
    let mut state = kept.lock();
    if let Some(session) = state.session.upgrade() {
        return Ok(session);
    }
    let session = SessionArgs::new().graph(graph).resources(state.resources.clone()).build()?;
    state.session = session.downgrade();
    Ok(session)
}

/// Makes `session` that of all models of its graph. An error if some were used in another one.
pub(super) fn set_session(session: &Session) -> Result<()> {
    let kept = session.graph().extension::<Kept>();
    let mut state = kept.lock();
    if state.initialized > 0 && !Arc::ptr_eq(&state.resources, &session.resources()) {
        return Err(Error::failed_precondition("models of this graph have their variables in another session already"));
    }
    (state.resources, state.session) = (session.resources(), session.downgrade());
    Ok(())
}

/// Gives variables of the session's graph that are new and have no value their initial ones.
#[track_caller]
pub(super) fn initialize(session: &Session) -> Result<()> {
    let _line = built_at(here());
    let graph = session.graph();
    let _default = graph.as_default();
    let kept = graph.extension::<Kept>();
    let mut state = kept.lock();
    let all = global_variables();
    let mut new = Vec::new();
    for variable in all.get(state.initialized..).unwrap_or_default() {
        if !session.without_value([variable.op()])?.is_empty() {
            new.push(*variable);
        }
    }
    if !new.is_empty() {
        session.run(variables_initializer(&new), Feeds::new())?;
    }
    state.initialized = all.len();
    Ok(())
}

/// A name that no model of `graph` was given: `model`, `model_1`. Inputs are counted from 1.
pub(super) fn unique_name(graph: &Graph, name: &str, first: usize) -> String {
    let kept = graph.extension::<Kept>();
    let mut state = kept.lock();
    let next = state.names.entry(name.to_owned()).or_insert(first);
    let number = *next;
    *next += 1;
    if number == 0 { name.to_owned() } else { format!("{name}_{number}") }
}
