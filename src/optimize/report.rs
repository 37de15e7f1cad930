//! What the passes did, and why they did not do more.

use std::fmt;
use std::sync::Arc;

/// What the rules of fusion did to a program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report(pub(crate) Vec<Finding>);

/// What a rule did where it could have fired.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    rule: &'static str,
    node: Arc<str>,
    outcome: Result<String, String>,
}

impl Report {
    /// The rule fired at `node`, and this is what it made.
    pub(crate) fn fired(&mut self, rule: &'static str, node: &Arc<str>, what: impl Into<String>) {
        self.0.push(Finding { rule, node: node.clone(), outcome: Ok(what.into()) });
    }

    /// The rule did not fire at `node`, and this is why.
    pub(crate) fn refused(&mut self, rule: &'static str, node: &Arc<str>, why: impl Into<String>) {
        self.0.push(Finding { rule, node: node.clone(), outcome: Err(why.into()) });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.0 {
            let (rule, node) = (finding.rule, &finding.node);
            match &finding.outcome {
                Ok(what) => writeln!(f, "{rule}: {node}: {what}")?,
                Err(why) => writeln!(f, "{rule}: {node}: not fused: {why}")?,
            }
        }
        Ok(())
    }
}
