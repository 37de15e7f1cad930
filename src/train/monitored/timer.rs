//! Every so many steps, or every so many seconds.

use std::time::Instant;

use crate::error::{Error, Result};

/// Says when something is due that happens every so many steps or seconds. TF: `tf.train.SecondOrStepTimer`.
#[derive(Clone, Debug)]
pub struct SecondOrStepTimer {
    every: Every,
    last: Option<(i64, Instant)>,
}

#[derive(Clone, Copy, Debug)]
enum Every {
    Seconds(f64),
    Steps(i64),
}

impl SecondOrStepTimer {
    /// Every so many seconds, or every so many steps: one of them. TF: `tf.train.SecondOrStepTimer(every_secs, every_steps)`.
    pub fn new(every_secs: Option<f64>, every_steps: Option<i64>) -> Result<Self> {
        let every = match (every_secs, every_steps) {
            (Some(seconds), None) => Every::Seconds(seconds),
            (None, Some(steps)) => Every::Steps(steps),
            (Some(_), Some(_)) => return Err(Error::invalid_argument("both of steps and seconds are given")),
            (None, None) => return Err(Error::invalid_argument("either steps or seconds should be given")),
        };
        Ok(SecondOrStepTimer { every, last: None })
    }

    /// Starts again. TF: `timer.reset()`.
    pub fn reset(&mut self) {
        self.last = None;
    }

    /// Whether it is due at `step`: the first time, and never twice at one step. TF: `timer.should_trigger_for_step`.
    pub fn should_trigger_for_step(&self, step: i64) -> bool {
        let Some((last_step, last_time)) = self.last else { return true };
        last_step != step
            && match self.every {
                Every::Seconds(seconds) => last_time.elapsed().as_secs_f64() >= seconds,
                Every::Steps(steps) => step >= last_step.saturating_add(steps),
            }
    }

    /// It happened at `step`. Gives the seconds and the steps since it did before. TF: `timer.update_last_triggered_step`.
    pub fn update_last_triggered_step(&mut self, step: i64) -> Option<(f64, i64)> {
        let now = Instant::now();
        let before = self.last.replace((step, now));
        before.map(|(last_step, last_time)| ((now - last_time).as_secs_f64(), step - last_step))
    }

    /// The step at which it happened last. TF: `timer.last_triggered_step()`.
    pub fn last_triggered_step(&self) -> Option<i64> {
        self.last.map(|(step, _)| step)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn steps_and_seconds_are_counted_from_the_last_time() {
        let mut timer = SecondOrStepTimer::new(None, Some(3)).unwrap();
        assert!(timer.should_trigger_for_step(5));
        assert_eq!(timer.update_last_triggered_step(5), None);
        assert_eq!(
            (5..9).map(|step| timer.should_trigger_for_step(step)).collect::<Vec<_>>(),
            [false, false, false, true]
        );
        assert_eq!(timer.update_last_triggered_step(9).unwrap().1, 4);
        assert_eq!(timer.last_triggered_step(), Some(9));
        let mut timer = SecondOrStepTimer::new(Some(0.0), None).unwrap();
        timer.update_last_triggered_step(1);
        assert!(!timer.should_trigger_for_step(1) && timer.should_trigger_for_step(2));
        SecondOrStepTimer::new(None, None).unwrap_err();
        SecondOrStepTimer::new(Some(1.0), Some(1)).unwrap_err();
    }
}
