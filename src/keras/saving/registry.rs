//! Which layers can be read, by Keras's names of their classes.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::keras::layers::*;
use crate::layers::{Configured, class_and_config};

/// A layer of this class, made as `config` says.
pub(super) fn layer(class: &str, config: &Config) -> Result<Box<dyn Layer>> {
    if let Some(layer) = directed(class, config) {
        return layer;
    }
    match class {
        "Activation" => of(Activation("linear"), config),
        "AveragePooling2D" => of(AveragePooling2D(), config),
        "BatchNormalization" | "BatchNormalizationV1" | "BatchNormalizationV2" => of(BatchNormalization(), config),
        "Bidirectional" => {
            let (class, inner) = inner(config)?;
            let layer = recurrent(&class, &inner).ok_or_else(|| {
                Error::unimplemented(format!("a {class} in both directions: SimpleRNN, LSTM, GRU can be"))
            })?;
            of(Bidirectional::of(layer?), config)
        }
        "Conv2D" => of(Conv2D(1, 1), config),
        "Conv2DTranspose" => of(Conv2DTranspose(1, 1), config),
        "Dense" => of(Dense(1), config),
        "DepthwiseConv2D" => of(DepthwiseConv2D(1), config),
        "Dropout" => of(Dropout(), config),
        "Embedding" => of(Embedding(1, 1), config),
        "Flatten" => of(Flatten(), config),
        "GlobalAveragePooling2D" => of(GlobalAveragePooling2D(), config),
        "GlobalMaxPooling2D" => of(GlobalMaxPooling2D(), config),
        "InputLayer" => of(InputLayer(Vec::<Option<usize>>::new()), config),
        "LeakyReLU" => of(LeakyReLU(), config),
        "Masking" => of(Masking(), config),
        "MaxPooling2D" => of(MaxPooling2D(), config),
        "Reshape" => of(Reshape([-1]), config),
        "SeparableConv2D" => of(SeparableConv2D(1, 1), config),
        "TimeDistributed" => {
            let (class, inner) = inner(config)?;
            of(TimeDistributed::of(Arc::from(layer(&class, &inner)?)), config)
        }
        _ => Err(Error::not_found(format!("there is no layer of class '{class}' here"))),
    }
}

fn of<L: Configured + 'static>(layer: L, config: &Config) -> Result<Box<dyn Layer>> {
    Ok(Box::new(layer.configured(config)?))
}

/// What a layer is around.
fn inner(config: &Config) -> Result<(String, Config)> {
    let json = config.get("layer").ok_or_else(|| Error::invalid_argument("its configuration has no layer in it"))?;
    class_and_config(json).map(|(class, config)| (class.to_owned(), config))
}

macro_rules! recurrent_layers {
    ($($layer:ident),*) => {
        /// A recurrent layer, if the class is one.
        fn directed(class: &str, config: &Config) -> Option<Result<Box<dyn Layer>>> {
            match class {
                $(stringify!($layer) => Some(of($layer(1), config)),)*
                _ => None,
            }
        }

        /// The same, to be one of a pair.
        fn recurrent(class: &str, config: &Config) -> Option<Result<Arc<dyn Directed>>> {
            match class {
                $(stringify!($layer) => Some($layer(1).configured(config).map(|layer| Arc::new(layer) as _)),)*
                _ => None,
            }
        }
    };
}

recurrent_layers! { CuDNNGRU, CuDNNLSTM, GRU, LSTM, SimpleRNN }
