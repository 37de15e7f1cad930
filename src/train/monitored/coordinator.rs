//! The end of several threads together.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::host::logging;

/// Lets several threads stop together. TF: `tf.train.Coordinator`.
///
/// A handle: clones are the same coordinator.
///
/// ```
/// use flowstone as tf;
/// let coord = tf::train::Coordinator();
/// let thread = {
///     let coord = coord.clone();
///     std::thread::spawn(move || {
///         while !coord.should_stop() {
///             coord.request_stop();
///         }
///     })
/// };
/// coord.wait_for_stop(None);
/// coord.join([thread])?;
/// # Ok::<(), tf::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Coordinator {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    stopped: Condvar,
}

#[derive(Debug, Default)]
struct State {
    stop: bool,
    error: Option<Error>,
}

/// A coordinator. TF: `tf.train.Coordinator()`.
#[allow(non_snake_case)]
pub fn Coordinator() -> Coordinator {
    Coordinator::default()
}

impl Coordinator {
    /// Asks all threads to stop. TF: `coord.request_stop()`.
    pub fn request_stop(&self) {
        self.lock().stop = true;
        self.shared.stopped.notify_all();
    }

    /// Asks all threads to stop because of `error`, which [`join`](Coordinator::join) gives; that the data are at their end
    /// (`OutOfRange`) is none. TF: `coord.request_stop(error)`.
    pub fn request_stop_with(&self, error: Error) {
        let mut state = self.lock();
        if !state.stop && state.error.is_none() && error.kind() != ErrorKind::OutOfRange {
            logging::info(format_args!("Error reported to Coordinator: {error}"));
            state.error = Some(error);
        }
        drop(state);
        self.request_stop();
    }

    /// Whether the threads are to stop. TF: `coord.should_stop()`.
    pub fn should_stop(&self) -> bool {
        self.lock().stop
    }

    /// Forgets that the threads are to stop. TF: `coord.clear_stop()`.
    pub fn clear_stop(&self) {
        *self.lock() = State::default();
    }

    /// Waits until the threads are to stop, or so long; gives whether they are. TF: `coord.wait_for_stop(timeout)`.
    pub fn wait_for_stop(&self, timeout: Option<Duration>) -> bool {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut state = self.lock();
        while !state.stop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            state = match left {
                Some(Duration::ZERO) => break,
                Some(left) => self.shared.stopped.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.shared.stopped.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        state.stop
    }

    /// Waits until `threads` have ended; then the error of the request to stop, or that one of them panicked.
    /// TF: `coord.join(threads)`.
    pub fn join(&self, threads: impl IntoIterator<Item = JoinHandle<()>>) -> Result<()> {
        for thread in threads {
            if thread.join().is_err() {
                self.request_stop_with(Error::internal("a thread panicked"));
            }
        }
        self.raise_requested_exception()
    }

    /// The error of the request to stop. TF: `coord.raise_requested_exception()`.
    pub fn raise_requested_exception(&self) -> Result<()> {
        self.lock().error.take().map_or(Ok(()), Err)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_first_error_is_given_to_who_waits() {
        let coord = Coordinator();
        assert!(!coord.wait_for_stop(Some(Duration::from_millis(1))));
        let worker = |error: Error| {
            let coord = coord.clone();
            std::thread::spawn(move || coord.request_stop_with(error))
        };
        worker(Error::data_loss("first")).join().unwrap();
        assert!(coord.wait_for_stop(None));
        let error = coord.join([worker(Error::internal("second"))]).unwrap_err();
        assert_eq!(error.message(), "first");
        coord.clear_stop();
        assert!(!coord.should_stop());
        coord.join([worker(Error::out_of_range("the end of the data"))]).unwrap();
        assert!(coord.should_stop());
        coord.clear_stop();
        #[allow(clippy::panic)]
        let panics = std::thread::spawn(|| std::panic::panic_any(1));
        assert_eq!(coord.join([panics]).unwrap_err().kind(), ErrorKind::Internal);
    }
}
