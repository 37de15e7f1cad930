//! State that outlives a run: a session's variables and what else its operations keep.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockWriteGuard};

use indexmap::IndexMap;
use smallvec::SmallVec;

use crate::dispatch;
use crate::error::{Error, Result};
use crate::sort::sort_by;
use crate::value::{Home, Value};

/// The state of one session, by name. Kernels keep nothing between runs anywhere else.
#[derive(Default)]
pub struct Resources(Mutex<IndexMap<String, Resource>>);

type Resource = Arc<dyn Any + Send + Sync>;

impl Resources {
    /// The resource called `name`; made by `make` if it is not there yet. An error if it is there with another type.
    pub fn get_or_create<T: Any + Send + Sync>(&self, name: &str, make: impl FnOnce() -> T) -> Result<Arc<T>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(name).cloned();
        let resource = known.unwrap_or_else(|| keep(&mut all, name, Arc::new(make())));
        resource.downcast().map_err(|_| of_another_kind(name))
    }

    /// The variable called `name`, without a value when it is new.
    pub fn variable(&self, name: &str) -> Result<Arc<VariableCell>> {
        self.get_or_create(name, || VariableCell { name: name.into(), value: RwLock::default() })
    }

    /// The names of the variables and their values, in the order of their first use.
    pub fn variables(&self) -> Vec<Arc<VariableCell>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().filter_map(|resource| resource.clone().downcast::<VariableCell>().ok()).collect()
    }
}

fn keep(all: &mut IndexMap<String, Resource>, name: &str, resource: Resource) -> Resource {
    all.insert(name.to_owned(), resource.clone());
    resource
}

fn of_another_kind(name: &str) -> Error {
    Error::invalid_argument(format!("the resource '{name}' is of another kind"))
}

impl fmt::Debug for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(all.keys()).finish()
    }
}

type Lock<'a> = RwLockWriteGuard<'a, Option<Value>>;
type Locks<'a> = SmallVec<[Option<Lock<'a>>; 4]>;

/// A variable of a session. Readers get a snapshot; an update replaces the value whole or not at all.
#[derive(Debug)]
pub struct VariableCell {
    name: Box<str>,
    value: RwLock<Option<Value>>,
}

impl VariableCell {
    /// The variable's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, if it was ever assigned.
    pub fn get(&self) -> Option<Value> {
        self.value.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The value; an error if it was never assigned.
    pub fn read(&self) -> Result<Value> {
        self.get().ok_or_else(|| self.uninitialized())
    }

    /// Forgets the value.
    pub fn clear(&self) {
        let old = self.value.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(old);
    }

    fn uninitialized(&self) -> Error {
        Error::failed_precondition(format!("the variable '{}' is used before it has a value", self.name))
            .note("run its initializer first: `sess.run(tf::global_variables_initializer(), feed_dict! {})`")
    }

    /// Replaces the value. What lies in a run's buffer is copied, into the old value's memory if that fits.
    pub fn assign(&self, value: &Value) -> Result<()> {
        let mut guard = self.value.write().unwrap_or_else(PoisonError::into_inner);
        if value.home() != Home::Elsewhere
            && let Some(old) = guard.as_mut()
            && (old.dtype(), old.shape()) == (value.dtype(), value.shape())
            && old.has_sole_owner()
        {
            return dispatch!(value.dtype(), all, T => {
                old.make_mut::<T>()?.clone_from_slice(value.as_slice()?);
                Ok(())
            });
        }
        let old = guard.replace(value.clone().into_own()?);
        drop(guard);
        drop(old);
        Ok(())
    }

    /// Changes the value in place. `change` checks what it is given before it writes: after an error the value must be
    /// as it was. Snapshots taken before keep theirs.
    pub fn update<R>(&self, change: impl FnOnce(&mut Value) -> Result<R>) -> Result<R> {
        let mut guard = self.value.write().unwrap_or_else(PoisonError::into_inner);
        match guard.as_mut() {
            Some(value) => change(value),
            None => Err(self.uninitialized()),
        }
    }

    /// Gives all of `cells`, which must be different ones, new values; no reader of all sees some old and some new ones.
    pub(crate) fn assign_all(cells: &[Arc<VariableCell>], values: &[Value]) -> Result<()> {
        if cells.len() != values.len() {
            return Err(Error::internal(format!("{} values for {} variables", values.len(), cells.len())));
        }
        let values = values.iter().map(|value| value.clone().into_own()).collect::<Result<Vec<Value>>>()?;
        let mut guards = VariableCell::lock_all(cells)?;
        let old: Vec<_> = guards.iter_mut().flatten().zip(values).map(|(guard, value)| guard.replace(value)).collect();
        drop(guards);
        drop(old);
        Ok(())
    }

    /// [`update`](VariableCell::update) of several variables at once, which must be different ones.
    pub fn update_all<R>(
        cells: &[Arc<VariableCell>],
        change: impl FnOnce(&mut [&mut Value]) -> Result<R>,
    ) -> Result<R> {
        let mut guards = VariableCell::lock_all(cells)?;
        change(&mut VariableCell::all_locked(&mut guards, cells)?)
    }

    /// The values behind the locks of `cells`.
    fn all_locked<'a>(guards: &'a mut Locks, cells: &[Arc<VariableCell>]) -> Result<SmallVec<[&'a mut Value; 4]>> {
        let value = |guard: &'a mut Option<Lock>| guard.as_mut().and_then(|guard| guard.as_mut());
        let all = guards.iter_mut().zip(cells);
        all.map(|(guard, cell)| value(guard).ok_or_else(|| cell.uninitialized())).collect()
    }

    /// The locks of all of `cells`, which must be different ones.
    fn lock_all(cells: &[Arc<VariableCell>]) -> Result<Locks<'_>> {
        // Runs that change the same variables lock them in the same order.
        let mut order: SmallVec<[usize; 4]> = (0..cells.len()).collect();
        let address = |i: usize| Arc::as_ptr(&cells[i]).addr();
        sort_by(&mut order, |&a, &b| address(a).cmp(&address(b)));
        if let Some(pair) = order.windows(2).find(|pair| Arc::ptr_eq(&cells[pair[0]], &cells[pair[1]])) {
            let name = cells[pair[0]].name();
            return Err(Error::invalid_argument(format!("the variable '{name}' cannot stand for two different ones")));
        }
        let mut guards: Locks = cells.iter().map(|_| None).collect();
        for i in order {
            guards[i] = Some(cells[i].value.write().unwrap_or_else(PoisonError::into_inner));
        }
        Ok(guards)
    }
}
