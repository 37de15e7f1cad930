//! Probabilities, or what they follow from: one is given, and the other computed.

use crate::dtype::DType;
use crate::error::Error;
use crate::graph::{Tensor, built_at, here};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::math::{SIGMOID, log, log1p};
use crate::ops::nn::SOFTMAX;
use crate::ops::scope::Scope;

use super::Distribution;

/// A [`Bernoulli`](fn@super::Bernoulli) or [`Categorical`](fn@super::Categorical) distribution under construction: its
/// keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct LogitsArgs<L> {
    name: &'static str,
    logits: Option<Arg>,
    probs: Option<Arg>,
    dtype: DType,
    of_classes: bool,
    finish: fn(&Scope, [Tensor; 2], DType) -> Distribution<L>,
}

impl<L> LogitsArgs<L> {
    pub(super) fn new(
        name: &'static str,
        of_classes: bool,
        finish: fn(&Scope, [Tensor; 2], DType) -> Distribution<L>,
    ) -> Self {
        LogitsArgs { name, logits: None, probs: None, dtype: DType::Int32, of_classes, finish }
    }

    /// What the probabilities follow from, float32 or float64.
    pub fn logits(mut self, logits: impl IntoTensor) -> Self {
        self.logits = Some(logits.into_arg());
        self
    }

    /// The probabilities, float32 or float64.
    pub fn probs(mut self, probs: impl IntoTensor) -> Self {
        self.probs = Some(probs.into_arg());
        self
    }

    /// The type of what is drawn; int32 if not said.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// Builds the distribution. An error in the graph unless either `logits` or `probs` was said.
    #[track_caller]
    pub fn build(self) -> Distribution<L> {
        let _line = built_at(here());
        let given: Vec<&Arg> = self.logits.iter().chain(&self.probs).collect();
        let scope = Scope::open(&given, self.name);
        let both = match (self.logits, self.probs) {
            (Some(logits), None) => {
                let logits = convert(logits, "logits", None);
                let op = if self.of_classes { &SOFTMAX } else { &SIGMOID };
                [logits, op.call([logits.into_arg()]).name("probs").single()]
            }
            (None, Some(probs)) => {
                let probs = convert(probs, "probs", None);
                let _scope = Scope::open(&[], "logits");
                let logits = if self.of_classes { log(probs) } else { log(probs) - log1p(-1.0 * probs) };
                [logits, probs]
            }
            _ => [scope.fail(Error::invalid_argument("must have logits or probs, but not both")); 2],
        };
        if both[0].dtype().is_ok_and(|dtype| !dtype.is_floating()) {
            scope.fail(Error::invalid_argument("logits and probs are of floating type"));
        }
        (self.finish)(&scope, both, self.dtype)
    }
}
