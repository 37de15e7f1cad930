//! A session's variables from outside of a run: their values, and new values put into all of them or none.

use super::Session;
use crate::error::{Error, Result};
use crate::graph::Operation;
use crate::ops::state::Declared;
use crate::value::Value;

impl Session {
    /// The values of these variables, of which there are the nodes.
    pub(crate) fn get_variables(&self, nodes: &[Operation]) -> Result<Vec<Value>> {
        let value = |node: &Operation| {
            self.owns(node.output(0))?;
            let cell = self.shared.resources.variable(&Declared::of(*node)?.key)?;
            cell.read().map_err(|e| e.at(&node.name(), node.location()))
        };
        nodes.iter().map(value).collect()
    }

    /// Gives each of these variables, of which there are the nodes, its value. Everything is checked first, and then all
    /// change at once: after an error each has the value that it had.
    pub(crate) fn set_variables(&self, values: &[(Operation, Value)]) -> Result<()> {
        let mut cells = Vec::with_capacity(values.len());
        let mut news = Vec::with_capacity(values.len());
        for (node, value) in values {
            self.owns(node.output(0))?;
            let declared = Declared::of(*node)?;
            if declared.dtype != value.dtype() || !declared.shape.accepts(value.shape()) {
                return Err(Error::invalid_argument(format!(
                    "a variable of {} {} cannot take a value of {} {}",
                    declared.dtype,
                    declared.shape,
                    value.dtype(),
                    value.shape()
                ))
                .at(&node.name(), node.location()));
            }
            cells.push(self.shared.resources.variable(&declared.key)?);
            news.push(value.clone());
        }
        crate::op::VariableCell::assign_all(&cells, &news)
    }

    /// The names of those of these variables, of which there are the nodes, that have no value.
    pub(crate) fn without_value(&self, variables: impl IntoIterator<Item = Operation>) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for node in variables {
            if self.shared.resources.variable(&Declared::of(node)?.key)?.get().is_none() {
                names.push(node.name());
            }
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use crate as tf;
    use crate::value::Value;

    #[test]
    fn all_variables_change_or_none() -> tf::Result<()> {
        let (a, b) = (tf::Variable(1.0), crate::ops::state::VariableArgs::new(2.0).use_resource(true).build());
        let sess = tf::Session()?;
        sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
        let bad = [(a.op(), Value::scalar(5f32)), (b.op(), Value::scalar(6i32))];
        let error = sess.set_variables(&bad).map_err(|e| e.message().to_owned());
        assert_eq!(error, Err("a variable of float32 [] cannot take a value of int32 []".to_owned()));
        let twice = [(a.op(), Value::scalar(5f32)), (a.op(), Value::scalar(6f32))];
        assert!(sess.set_variables(&twice).is_err());
        let (x, y) = sess.run((a, b), tf::feed_dict! {})?;
        assert_eq!((x.item::<f32>()?, y.item::<f32>()?), (1.0, 2.0));
        sess.set_variables(&[(a.op(), Value::scalar(5f32)), (b.op(), Value::scalar(6f32))])?;
        let (x, y) = sess.run((a, b), tf::feed_dict! {})?;
        assert_eq!((x.item::<f32>()?, y.item::<f32>()?), (5.0, 6.0));
        Ok(())
    }
}
