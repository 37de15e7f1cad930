//! Timestamp: what the clock says while the graph runs.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::Error;
use crate::graph::Tensor;
use crate::op::{Flags, Grad, Kernel, OpDef, Sig};
use crate::shape::PartialShape;
use crate::value::Value;

/// The seconds since the beginning of 1970 at the moment when it runs, a float64. TF: `tf.timestamp`. No gradient.
///
/// ```
/// use flowstone as tf;
/// let now = tf::timestamp();
/// let sess = tf::Session()?;
/// let before = sess.run(now, tf::feed_dict! {})?.item::<f64>()?;
/// assert!(before > 1.7e9);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn timestamp() -> Tensor {
    TIMESTAMP.call([]).single()
}

pub(super) static TIMESTAMP: OpDef = OpDef {
    sig: Sig::new("Timestamp() -> (ts: float64)"),
    infer: |ctx| ctx.set(0, PartialShape::scalar()),
    kernel: Kernel::Run(|ctx| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_err(|e| Error::internal(format!("the clock stands before 1970: {e}")))?;
        // TensorFlow's clock counts microseconds.
        ctx.outputs.set(0, Value::scalar(now.as_micros() as f64 / 1e6));
        Ok(())
    }),
    grad: Grad::Missing("the time follows from no input"),
    flags: Flags::STATEFUL,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::graph::Graph;
    use crate::session::{Feeds, SessionArgs};

    #[test]
    fn each_run_asks_the_clock() {
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as f64 / 1e6;
        let graph = Graph::new();
        let _default = graph.as_default();
        let now = timestamp();
        let session = SessionArgs::new().build().unwrap();
        for _ in 0..3 {
            let before = clock();
            let seen = session.run(now, Feeds::new()).unwrap().item::<f64>().unwrap();
            assert!(before <= seen && seen <= clock(), "{before} {seen}");
        }
    }
}
