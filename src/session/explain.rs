//! A plan in words: what runs, in which order, in how much memory, and which rules of fusion fired or why not.

use std::fmt;
use std::sync::Arc;

use super::plan::Plan;

/// What a run would execute; prints as a table. Made by [`Session::explain`](super::Session::explain).
pub struct Explanation(pub(super) Arc<Plan>);

impl Explanation {
    /// Each step as the name of its node and its operation, in order.
    pub fn steps(&self) -> Vec<(String, &'static str)> {
        self.0.steps.iter().map(|step| (step.info.name.to_string(), step.info.op.name())).collect()
    }

    /// One line for each place where a rule of fusion fired, or could have: the reason is there.
    pub fn fusions(&self) -> Vec<String> {
        self.0.report.to_string().lines().map(str::to_owned).collect()
    }

    /// The bytes of the buffers that the steps share, predicted.
    pub fn planned_bytes(&self) -> usize {
        self.0.planned_bytes()
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = &self.0.steps;
        writeln!(f, "{} steps, {} bytes of buffers", steps.len(), self.planned_bytes())?;
        for (i, step) in steps.iter().enumerate() {
            let shapes: Vec<String> = match &step.shapes {
                Some(shapes) => shapes.outputs.iter().map(ToString::to_string).collect(),
                None => vec!["?".to_owned()],
            };
            let in_place = if self.0.memory.in_place(i) { ", in place" } else { "" };
            writeln!(f, "{i:>5}  {} {} -> {}{in_place}", step.info.op.name(), step.info.name, shapes.join(", "))?;
        }
        write!(f, "{}", self.0.report)
    }
}

impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
