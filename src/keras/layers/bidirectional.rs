//! A recurrent layer in both directions. Keras: `Bidirectional`.

use std::sync::Arc;

use super::recurrent::Directed;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::layers::{Call, Common, Config, Configured, Layer, Settings, Weight, common_methods, object};
use crate::ops::array::{concat, reverse};
use crate::shape::PartialShape;

/// A recurrent layer in both directions. Keras: `Bidirectional`.
#[derive(Clone)]
pub struct Bidirectional {
    layer: Arc<dyn Directed>,
    /// From the front and from the back.
    pair: Arc<[Box<dyn Directed>; 2]>,
    merge_mode: String,
    common: Common,
}

impl std::fmt::Debug for Bidirectional {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bidirectional({}, {})", self.layer.class_name(), self.merge_mode)
    }
}

/// `layer` from the front and another such from the back, with variables of its own. Keras: `Bidirectional(layer)`.
///
/// Keyword arguments `merge_mode` (what is made of both outputs: `"concat"`, one beside the other, if not said, `"sum"`,
/// `"mul"`, `"ave"`), `name`, `trainable`, `input_shape`.
///
/// ```
/// use flowstone as tf;
/// use tf::keras::layers::{Bidirectional, LSTM, Layer};
/// let x = tf::placeholder(tf::float32, (None, 20, 8));
/// let both = Bidirectional(LSTM!(16, return_sequences = true));
/// assert_eq!(both.apply(x).shape().to_string(), "[?,20,32]");
/// assert_eq!(both.variables()[3].name(), "bidirectional/backward_lstm/kernel:0");
/// ```
#[allow(non_snake_case)]
pub fn Bidirectional(layer: impl Directed + 'static) -> Bidirectional {
    Bidirectional::of(Arc::new(layer))
}

common_methods!(Bidirectional);

impl Bidirectional {
    /// The same for a layer whose type is not known.
    pub(in crate::keras) fn of(layer: Arc<dyn Directed>) -> Self {
        let front = layer.goes_backwards();
        let pair = Arc::new([front, !front].map(|backwards| layer.directed(backwards)));
        Bidirectional { layer, pair, merge_mode: "concat".to_owned(), common: Common::default() }
    }

    /// What is made of both outputs: `"concat"`, `"sum"`, `"mul"` or `"ave"`; `"concat"` if not said.
    pub fn merge_mode(mut self, merge_mode: &str) -> Self {
        self.merge_mode = merge_mode.to_owned();
        self
    }
}

impl Layer for Bidirectional {
    fn class_name(&self) -> &'static str {
        "Bidirectional"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, input: &PartialShape) -> Result<Vec<Weight>> {
        if !["concat", "sum", "mul", "ave"].contains(&self.merge_mode.as_str()) {
            let says = format!("there is no merge_mode '{}': concat, sum, mul, ave", self.merge_mode);
            return Err(Error::invalid_argument(says));
        }
        let mut weights = Vec::new();
        for (way, layer) in ["forward", "backward"].into_iter().zip(self.pair.iter()) {
            let layer: &dyn Layer = &**layer;
            let scope = format!("{way}_{}", layer.name());
            weights.extend(layer.weights(input)?.into_iter().map(|weight| weight.within(&scope)));
        }
        Ok(weights)
    }

    fn differs_in_training(&self) -> bool {
        self.layer.differs_in_training()
    }

    fn call(&self, input: Tensor, call: &mut Call) -> Result<Tensor> {
        let [front, back] = &*self.pair;
        let (first, second) = call.weights.split_at(call.weights.len() / 2);
        let one = |layer: &dyn Directed, weights| {
            layer.call(input, &mut Call { weights, training: call.training, mask: call.mask, updates: Vec::new() })
        };
        let front = one(&**front, first)?;
        let back = one(&**back, second)?;
        let back = if self.layer.returns_sequences() { reverse(back, [1]) } else { back };
        Ok(match self.merge_mode.as_str() {
            "sum" => front + back,
            "mul" => front * back,
            "ave" => (front + back) / 2.0,
            _ => concat([front, back], -1),
        })
    }

    fn mask(&self, _input: Tensor, mask: Option<Tensor>) -> Result<Option<Tensor>> {
        Ok(mask.filter(|_| self.layer.returns_sequences()))
    }

    fn get_config(&self) -> Result<Config> {
        let mut config = self.config()?;
        config.insert("layer".to_owned(), object(self.layer.class_name(), self.layer.get_config()?));
        Ok(config)
    }
}

impl Configured for Bidirectional {
    fn settings(&mut self, settings: &mut Settings) -> Result<()> {
        settings.common(&mut self.common)?.field("merge_mode", &mut self.merge_mode)?;
        settings.only_if_said("backward_layer", crate::layers::Json::Null)?;
        Ok(())
    }
}
