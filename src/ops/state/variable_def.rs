//! Variables ↔ how meta graphs name them. TF: `VariableDef`.

use super::Variable;
use crate::error::{Error, Result};
use crate::format::meta::VariableDef;
use crate::graph::Graph;

impl Variable {
    /// How a meta graph names the variable. TF: `variable.to_proto()`.
    pub fn to_proto(self) -> VariableDef {
        VariableDef {
            variable_name: self.name(),
            initializer_name: self.initializer().name(),
            snapshot_name: self.value().name(),
            is_resource: self.is_resource(),
            initial_value_name: self.initial_value().name(),
            trainable: self.trainable(),
            ..Default::default()
        }
    }

    /// The variable that `def` names, its names under the scope `import_scope`. TF: `tf.Variable.from_proto`.
    pub fn from_proto(graph: &Graph, def: &VariableDef, import_scope: &str) -> Result<Variable> {
        let full =
            |name: &str| if import_scope.is_empty() { name.to_owned() } else { format!("{import_scope}/{name}") };
        let tensor = |name: &str| graph.get_tensor_by_name(&full(name));
        let initializer = graph.get_operation_by_name(&full(&def.initializer_name))?;
        let initial_value = match def.initial_value_name.as_str() {
            // Before TensorFlow 1.3 it was not named: the initializer assigns it.
            "" => initializer.inputs().get(1).copied(),
            name => Some(tensor(name)?),
        };
        let initial_value = initial_value
            .ok_or_else(|| Error::invalid_argument(format!("'{}' assigns no value", def.initializer_name)))?;
        Ok(Variable {
            reference: tensor(&def.variable_name)?,
            value: tensor(&def.snapshot_name)?,
            initializer,
            initial_value,
            trainable: def.trainable,
        })
    }
}
