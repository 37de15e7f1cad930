//! How layers are made, by Keras's names: what files and JSON say of a model.

use super::{ActivationFunction, Common, Layer};
use crate::error::{Error, Result};
use crate::initializers::{Described, Initializer};
use crate::regularizers::{Regularizer, l1_l2};
use crate::shape::PartialShape;

/// Any JSON.
pub type Json = serde_json::Value;

/// Keras's names with their values. Keras: the dictionary of `get_config`.
pub type Config = serde_json::Map<String, Json>;

/// What can be read from the configuration that it writes: one list of its settings does both.
pub(crate) trait Configured: Layer + Clone {
    /// Hands each of its settings to `settings`.
    fn settings(&mut self, settings: &mut Settings) -> Result<()>;

    /// Its configuration.
    fn config(&self) -> Result<Config> {
        let mut layer = self.clone();
        written((self as &dyn Layer).name(), &mut |settings| layer.settings(settings))
    }

    /// The same with what `config` says.
    fn configured(mut self, config: &Config) -> Result<Self> {
        self.settings(&mut Settings { name: String::new(), mode: Mode::Read(config) })?;
        Ok(self)
    }
}

/// What `settings` writes for the layer called `name`.
fn written(name: String, settings: &mut dyn FnMut(&mut Settings) -> Result<()>) -> Result<Config> {
    let mut written = Settings { name, mode: Mode::Write(Config::new()) };
    settings(&mut written)?;
    match written.mode {
        Mode::Write(config) => Ok(config),
        Mode::Read(_) => Err(Error::internal("settings that were to be written")),
    }
}

macro_rules! get_config_method {
    () => {
        fn get_config(&self) -> $crate::error::Result<$crate::layers::Config> {
            $crate::layers::Configured::config(self)
        }
    };
}
pub(crate) use get_config_method;

/// What settings are handed to: it writes them down or gives them the values that were written.
pub(crate) struct Settings<'a> {
    name: String,
    mode: Mode<'a>,
}

enum Mode<'a> {
    Write(Config),
    Read(&'a Config),
}

impl Settings<'_> {
    /// A setting. What is not written keeps its value.
    pub(crate) fn field<T: Setting>(&mut self, name: &str, value: &mut T) -> Result<&mut Self> {
        match &self.mode {
            Mode::Write(_) => {
                let json = value.to_json().map_err(|error| error.retitled(name))?;
                self.write(name, json);
            }
            Mode::Read(config) => {
                if let Some(json) = config.get(name) {
                    *value = T::from_json(json).map_err(|error| error.retitled(name))?;
                }
            }
        }
        Ok(self)
    }

    /// Writes a setting, unless settings are read.
    fn write(&mut self, name: &str, json: Json) {
        if let Mode::Write(config) = &mut self.mode {
            config.insert(name.to_owned(), json);
        }
    }

    /// A setting of Keras's that has only this value here.
    pub(crate) fn only(&mut self, name: &str, value: impl Into<Json>) -> Result<&mut Self> {
        let value = value.into();
        if let Mode::Read(config) = &self.mode
            && let Some(json) = config.get(name).filter(|json| **json != value)
        {
            return Err(Error::unimplemented(format!("{name} is {json}; only {value} can be built")));
        }
        self.write(name, value);
        Ok(self)
    }

    /// The same for one that older files do not say.
    pub(crate) fn only_if_said(&mut self, name: &str, value: impl Into<Json>) -> Result<&mut Self> {
        if matches!(self.mode, Mode::Read(_)) { self.only(name, value) } else { Ok(self) }
    }

    /// A setting of Keras's in small letters, here in capitals.
    pub(crate) fn capitals(&mut self, name: &str, value: &mut String) -> Result<&mut Self> {
        let mut small = value.to_lowercase();
        self.field(name, &mut small)?;
        *value = small.to_uppercase();
        Ok(self)
    }

    /// Settings of Keras's that are always null here.
    pub(crate) fn none(&mut self, names: &[&str]) -> Result<&mut Self> {
        names.iter().try_for_each(|name| self.only(name, Json::Null).map(|_| ()))?;
        Ok(self)
    }

    /// A setting of Keras's that makes no difference here.
    pub(crate) fn indifferent(&mut self, name: &str, value: impl Into<Json>) -> &mut Self {
        self.write(name, value.into());
        self
    }

    /// What all layers have.
    pub(crate) fn common(&mut self, common: &mut Common) -> Result<&mut Self> {
        let mut name = std::mem::take(&mut self.name);
        let mut trainable = !common.is_frozen();
        self.field("name", &mut name)?.field("trainable", &mut trainable)?;
        common.name = Some(name);
        common.freeze(!trainable);
        let batched = common.input_shape.clone().transpose()?.map(|example| {
            let dims = example.dims().unwrap_or_default().iter().copied();
            PartialShape::new(std::iter::once(None).chain(dims))
        });
        if batched.is_some() || matches!(self.mode, Mode::Read(_)) {
            let mut shape = batched;
            // Keras 3 has another name for it.
            self.field("batch_input_shape", &mut shape)?;
            if let Mode::Read(config) = &self.mode
                && shape.is_none()
                && let Some(json) = config.get("batch_shape")
            {
                shape = Option::from_json(json)?;
            }
            let example = shape.and_then(|shape| Some(PartialShape::new(shape.dims()?.get(1..)?.iter().copied())));
            common.input_shape = example.map(Ok);
        }
        Ok(self.indifferent("dtype", "float32"))
    }
}

/// A value that a configuration may hold.
pub(crate) trait Setting: Sized {
    fn to_json(&self) -> Result<Json>;
    fn from_json(json: &Json) -> Result<Self>;
}

fn unfit(json: &Json, wanted: &str) -> Error {
    Error::invalid_argument(format!("{json} is not {wanted}"))
}

macro_rules! plain_settings {
    ($($type:ty: $wanted:literal = |$json:ident| $read:expr;)*) => {$(
        impl Setting for $type {
            fn to_json(&self) -> Result<Json> {
                Ok(self.clone().into())
            }
            fn from_json($json: &Json) -> Result<Self> {
                $read.ok_or_else(|| unfit($json, $wanted))
            }
        }
    )*};
}

plain_settings! {
    bool: "true or false" = |json| json.as_bool();
    f64: "a number" = |json| json.as_f64();
    i64: "a whole number" = |json| whole(json);
    usize: "a whole number from 0 on" = |json| whole(json).and_then(|n| usize::try_from(n).ok());
    String: "a text" = |json| json.as_str().map(str::to_owned);
}

/// A whole number; Keras writes some of them as `4.0`.
fn whole(json: &Json) -> Option<i64> {
    json.as_i64().or_else(|| json.as_f64().filter(|x| x.fract() == 0.0 && x.abs() < 1e15).map(|x| x as i64))
}

impl<T: Setting> Setting for Option<T> {
    fn to_json(&self) -> Result<Json> {
        self.as_ref().map_or(Ok(Json::Null), T::to_json)
    }
    fn from_json(json: &Json) -> Result<Self> {
        if json.is_null() { Ok(None) } else { T::from_json(json).map(Some) }
    }
}

impl Setting for [i64; 2] {
    fn to_json(&self) -> Result<Json> {
        Ok(self.to_vec().into())
    }
    fn from_json(json: &Json) -> Result<Self> {
        let both = |list: &Vec<Json>| Some([whole(list.first()?)?, whole(list.get(1)?)?]).filter(|_| list.len() == 2);
        let one = || whole(json).map(|n| [n, n]);
        json.as_array().map_or_else(one, both).ok_or_else(|| unfit(json, "a pair of whole numbers"))
    }
}

impl Setting for PartialShape {
    fn to_json(&self) -> Result<Json> {
        let dims = self.dims().ok_or_else(|| Error::invalid_argument("a shape of unknown rank"))?;
        Ok(dims.iter().map(|dim| dim.map_or(Json::Null, Json::from)).collect::<Vec<_>>().into())
    }
    fn from_json(json: &Json) -> Result<Self> {
        let dim = |json: &Json| match whole(json) {
            _ if json.is_null() => Ok(None),
            Some(-1) => Ok(None),
            Some(n) if n >= 0 => Ok(Some(n as usize)),
            _ => Err(unfit(json, "a size")),
        };
        let dims = json.as_array().ok_or_else(|| unfit(json, "a shape"))?;
        Ok(PartialShape::new(dims.iter().map(dim).collect::<Result<Vec<_>>>()?))
    }
}

impl<T: Setting + Clone> Setting for Result<T> {
    fn to_json(&self) -> Result<Json> {
        self.clone()?.to_json()
    }
    fn from_json(json: &Json) -> Result<Self> {
        T::from_json(json).map(Ok)
    }
}

impl Setting for ActivationFunction {
    fn to_json(&self) -> Result<Json> {
        let name = self.name().ok_or_else(|| Error::unimplemented("a function of your own has no name in Keras"))?;
        Ok(name.into())
    }
    fn from_json(json: &Json) -> Result<Self> {
        if json.is_null() {
            return Ok(ActivationFunction::linear());
        }
        ActivationFunction::named(json.as_str().ok_or_else(|| unfit(json, "the name of an activation"))?)
    }
}

/// An object of Keras's: its class and what it is made from.
pub(crate) fn object(class_name: &str, config: Config) -> Json {
    let mut object = Config::new();
    object.insert("class_name".to_owned(), class_name.into());
    object.insert("config".to_owned(), config.into());
    object.into()
}

/// The class of an object of Keras's and what it is made from; a name alone is an object too.
pub(crate) fn class_and_config(json: &Json) -> Result<(&str, Config)> {
    if let Some(name) = json.as_str() {
        return Ok((name, Config::new()));
    }
    let class = json.get("class_name").and_then(Json::as_str);
    let config = json.get("config").and_then(Json::as_object);
    match class {
        Some(class) => Ok((class, config.cloned().unwrap_or_default())),
        None => Err(unfit(json, "an object with class_name and config")),
    }
}

impl Setting for Regularizer {
    fn to_json(&self) -> Result<Json> {
        let [l1, l2] =
            self.factors().ok_or_else(|| Error::unimplemented("a regularizer of your own has no name in Keras"))?;
        Ok(object("L1L2", Config::from_iter([("l1".to_owned(), l1.into()), ("l2".to_owned(), l2.into())])))
    }
    fn from_json(json: &Json) -> Result<Self> {
        let (class, config) = class_and_config(json)?;
        let factor = |name: &str| config.get(name).map_or(Ok(None), Option::<f64>::from_json);
        // By their names alone they have these factors.
        let usual = |name: &str| if json.is_string() && class.to_lowercase().contains(name) { 0.01 } else { 0.0 };
        match class.to_lowercase().as_str() {
            "l1" | "l2" | "l1l2" | "l1_l2" => {
                let (l1, l2) = (factor("l1")?.unwrap_or(usual("l1")), factor("l2")?.unwrap_or(usual("l2")));
                Ok(match (l1 == 0.0, l2 == 0.0) {
                    (true, _) => crate::regularizers::l2(l2),
                    (_, true) => crate::regularizers::l1(l1),
                    _ => l1_l2(l1, l2),
                })
            }
            _ => Err(Error::unimplemented(format!("there is no regularizer {class}: L1, L2, L1L2"))),
        }
    }
}

impl Setting for Initializer {
    fn to_json(&self) -> Result<Json> {
        let (class, numbers) = self.described()?;
        let config = numbers.into_iter().map(|(name, value)| {
            let value = match value {
                Described::Number(x) => x.into(),
                Described::Seed(seed) => seed.into(),
                Described::Name(name) => name.into(),
            };
            (name.to_owned(), value)
        });
        Ok(object(class, config.collect()))
    }
    fn from_json(json: &Json) -> Result<Self> {
        let (class, config) = class_and_config(json)?;
        let number = |name: &str| config.get(name).and_then(Json::as_f64);
        let initializer = Initializer::from_numbers(class, number, |name| config.get(name).and_then(Json::as_str))?;
        Ok(match config.get("seed").and_then(Json::as_i64) {
            Some(seed) => initializer.seed(seed),
            None => initializer,
        })
    }
}
