//! A run whose fetches and feeds are fixed once.

use std::sync::{Arc, Mutex, PoisonError};

use super::plan::{Plan, Signature};
use super::{Fetch, Place, Session};
use crate::error::{Error, Result};
use crate::graph::{Fact, Tensor};
use crate::value::{IntoValue, Value};

/// A run whose fetches and feeds are fixed: only values go in. Made by [`Session::make_callable`].
pub struct Callable<'s, F> {
    session: &'s Session,
    fetches: F,
    places: Vec<Place>,
    feeds: Vec<(Tensor, Fact)>,
    /// What the last call computed, with its plan.
    last: Mutex<(Signature, Option<Arc<Plan>>)>,
}

impl Session {
    /// A function of the values of `feeds`, in this order, which gives what `fetches` are. TF: `sess.make_callable`.
    ///
    /// Names are looked up and tensors checked once, so a call has less to do than [`run`](Session::run).
    ///
    /// ```
    /// use flowstone as tf;
    /// let x = tf::placeholder(tf::float32, ());
    /// let y = tf::placeholder(tf::float32, ());
    /// let sess = tf::Session()?;
    /// let add = sess.make_callable(x + y, &[x, y])?;
    /// assert_eq!(add.call([1.0f32, 2.0])?.item::<f32>()?, 3.0);
    /// # Ok::<(), tf::Error>(())
    /// ```
    pub fn make_callable<F: Fetch>(&self, fetches: F, feeds: &[Tensor]) -> Result<Callable<'_, F>> {
        self.graph().check()?;
        let (signature, places) = self.signature(super::targets(&fetches))?;
        let feeds = feeds.iter().map(|&tensor| Ok((tensor, self.feedable(tensor)?))).collect::<Result<Vec<_>>>()?;
        for (i, (tensor, _)) in feeds.iter().enumerate() {
            if feeds[..i].iter().any(|(other, _)| other == tensor) {
                return Err(Error::invalid_argument(format!("'{}' is fed twice", tensor.name())));
            }
        }
        Ok(Callable { session: self, fetches, places, feeds, last: Mutex::new((signature, None)) })
    }
}

impl<F: Fetch> Callable<'_, F> {
    /// Runs with these values for the feeds.
    pub fn call<V: IntoValue>(&self, values: impl IntoIterator<Item = V>) -> Result<F::Output> {
        self.session.graph().check()?;
        let values: Vec<_> = values.into_iter().map(IntoValue::into_literal).collect();
        if values.len() != self.feeds.len() {
            let (given, feeds) = (values.len(), self.feeds.len());
            return Err(Error::invalid_argument(format!("{given} values for {feeds} feeds")));
        }
        let fed = self.feeds.iter().zip(values).map(|((tensor, fact), value)| super::fed_value(*tensor, fact, value));
        let fed = fed.collect::<Result<Vec<Value>>>()?;
        let plan = self.plan(&fed)?;
        let fetched = self.session.execute(&plan, fed, &mut ())?;
        Ok(self.fetches.take(&mut super::results(&self.places, &fetched)))
    }

    /// The plan for values of these shapes: the last one, if nothing changed since.
    fn plan(&self, fed: &[Value]) -> Result<Arc<Plan>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let revision = self.session.graph().lock().revision();
        let (signature, plan) = &mut *last;
        let same = signature.feeds.len() == fed.len()
            && signature
                .feeds
                .iter()
                .zip(fed)
                .all(|((_, dtype, shape), value)| (*dtype, shape) == (value.dtype(), value.shape()));
        if let Some(plan) = plan
            && same
            && signature.revision == revision
        {
            return Ok(plan.clone());
        }
        signature.revision = revision;
        signature.feeds =
            self.feeds.iter().zip(fed).map(|((tensor, _), v)| (tensor.port(), v.dtype(), v.shape().clone())).collect();
        let new = self.session.plan(signature.clone())?;
        *plan = Some(new.clone());
        Ok(new)
    }
}
