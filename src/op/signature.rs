//! What an operation takes and gives, parsed from one line of text.
//!
//! ```text
//! Conv2D(input: T, filter: T) -> (output: T)
//!     where T: {float32, float64}, strides: list(int), padding: 'SAME'|'VALID', data_format: 'NHWC'|'NCHW' = 'NHWC'
//! Pack(values: N * T) -> (output: T) where N: int, T: type, axis: int = 0
//! Assign(ref: Ref(T), value: T) -> (output_ref: Ref(T)) where T: type
//! ```
//!
//! An argument's type is a data type, a type attribute, `N * T` for a list whose length is the attribute `N`, a `list(type)`
//! attribute for a list each of whose tensors has a type of its own, or `Ref(T)` for a variable. An attribute is `int`, `float`, `bool`, `string`, `shape`, `tensor`, `type`, a
//! set of data types (`{int32, int64}`, or `real`, `number`, `floating`, `index`), strings to choose from, or `list(…)`.

use std::sync::Arc;

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Attr, AttrList, Attrs, Written};
use crate::value::Value;

/// The parsed signature of an operation.
#[derive(Clone, Debug)]
pub struct Signature {
    /// TensorFlow's name of the operation.
    pub name: Arc<str>,
    /// The inputs in order.
    pub inputs: Vec<Argument>,
    /// The outputs in order.
    pub outputs: Vec<Argument>,
    /// The attributes.
    pub attrs: Vec<AttrDef>,
}

/// One input or output of an operation.
#[derive(Clone, Debug)]
pub struct Argument {
    /// TensorFlow's name of the argument.
    pub name: Arc<str>,
    /// Its data type, or the attribute that says it.
    pub dtype: ArgType,
    /// The attribute that says how many there are, if it is a list.
    pub count: Option<Arc<str>>,
    /// Whether it is a variable itself, not its value.
    pub is_ref: bool,
}

/// The data type of an argument.
#[derive(Clone, Debug, PartialEq)]
pub enum ArgType {
    /// Always this one.
    Fixed(DType),
    /// What this attribute says.
    Attr(Arc<str>),
    /// A list of tensors, with the data types that this attribute lists.
    List(Arc<str>),
}

/// An attribute of an operation.
#[derive(Clone, Debug)]
pub struct AttrDef {
    /// TensorFlow's name of the attribute.
    pub name: Arc<str>,
    /// What it may be.
    pub kind: AttrKind,
    /// What it is if nobody says.
    pub default: Option<Attr>,
}

/// What an attribute may be.
#[derive(Clone, Debug, PartialEq)]
pub enum AttrKind {
    /// A whole number.
    Int,
    /// A floating-point number.
    Float,
    /// A truth value.
    Bool,
    /// A string, of these if there are any.
    Str(Vec<String>),
    /// A data type out of these.
    Type(Vec<DType>),
    /// A shape.
    Shape,
    /// A constant array.
    Tensor,
    /// A list of these.
    List(Box<AttrKind>),
}

impl Signature {
    /// Parses the text of a signature.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |what: &str| Error::internal(format!("signature '{text}': {what}"));
        let (head, attrs) = match text.split_once(" where ") {
            Some((head, attrs)) => (head, split(attrs)),
            None => (text, Vec::new()),
        };
        let (left, right) = head.split_once("->").ok_or_else(|| wrong("no '->'"))?;
        let (name, inputs) = left.trim().split_once('(').ok_or_else(|| wrong("no '('"))?;
        let attrs =
            attrs.into_iter().map(AttrDef::parse).collect::<Option<Vec<_>>>().ok_or_else(|| wrong("bad attribute"))?;
        let arguments = |list: &str| -> Option<Vec<Argument>> {
            let list = list.trim().trim_start_matches('(').strip_suffix(')')?;
            split(list).into_iter().map(|item| Argument::parse(item, &attrs)).collect()
        };
        let inputs = arguments(inputs).ok_or_else(|| wrong("bad input"))?;
        let outputs = arguments(right).ok_or_else(|| wrong("bad output"))?;
        Ok(Signature { name: name.trim().into(), inputs, outputs, attrs })
    }

    /// The attribute called `name`.
    pub fn attr(&self, name: &str) -> Option<&AttrDef> {
        self.attrs.iter().find(|attr| &*attr.name == name)
    }

    /// Fills in the defaults of attributes that are missing.
    pub(crate) fn add_defaults(&self, attrs: &mut Attrs) {
        for def in &self.attrs {
            if let Some(default) = def.default.as_ref().filter(|_| !attrs.contains_key(&def.name)) {
                attrs.insert(def.name.clone(), default.clone());
            }
        }
    }

    /// An error unless each attribute of the signature is there and of its kind.
    pub(crate) fn check_attrs(&self, attrs: &Attrs) -> Result<()> {
        self.attrs.iter().try_for_each(|def| match attrs.get(&def.name) {
            Some(attr) => def.kind.check(&def.name, attr),
            None => Err(Error::invalid_argument(format!("attribute {} is missing", def.name))),
        })
    }
}

/// The parts of `list` between commas outside of brackets and quotes.
fn split(list: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start, mut quoted) = (0, 0, false);
    for (i, c) in list.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(list[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(list[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

fn dtype(name: &str) -> Option<DType> {
    DType::ALL.iter().copied().find(|d| d.name() == name)
}

/// No argument is a longer list than this.
const MOST_TENSORS: i64 = 1 << 20;

impl Argument {
    fn parse(text: &str, attrs: &[AttrDef]) -> Option<Self> {
        let (name, kind) = text.split_once(':')?;
        let kind = kind.trim();
        let (is_ref, kind) = match kind.strip_prefix("Ref(").and_then(|k| k.strip_suffix(')')) {
            Some(inner) => (true, inner),
            None => (false, kind),
        };
        let (count, kind) = match kind.split_once('*') {
            Some((count, kind)) => (Some(count.trim()), kind.trim()),
            None => (None, kind),
        };
        let known = |name: &str| attrs.iter().any(|attr| &*attr.name == name);
        let dtype = match dtype(kind) {
            Some(fixed) => ArgType::Fixed(fixed),
            None => match attrs.iter().find(|attr| &*attr.name == kind)?.kind {
                AttrKind::List(_) => ArgType::List(kind.into()),
                _ => ArgType::Attr(kind.into()),
            },
        };
        if !count.is_none_or(known) {
            return None;
        }
        Some(Argument { name: name.trim().into(), dtype, count: count.map(Into::into), is_ref })
    }

    /// The data types of the tensors that this argument of a node with attributes `attrs` is.
    pub fn types(&self, attrs: AttrReader) -> Result<Vec<DType>> {
        let dtype = match &self.dtype {
            ArgType::Fixed(dtype) => *dtype,
            ArgType::Attr(attr) => attrs.dtype(attr)?,
            ArgType::List(attr) => return Ok(attrs.dtypes(attr)?.to_vec()),
        };
        let count = self.count.as_ref().map_or(Ok(1), |count| attrs.int(count))?;
        if count > MOST_TENSORS {
            return Err(Error::resource_exhausted(format!("argument {} is {count} tensors", self.name)));
        }
        Ok(vec![dtype; usize::try_from(count).unwrap_or(0)])
    }
}

impl AttrDef {
    fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once(':')?;
        let (kind, default) = match rest.split_once('=') {
            Some((kind, default)) => (kind, Some(default.trim())),
            None => (rest, None),
        };
        let kind = AttrKind::parse(kind.trim())?;
        let default = match default {
            Some(default) => Some(kind.parse_value(default)?),
            None => None,
        };
        Some(AttrDef { name: name.trim().into(), kind, default })
    }
}

impl AttrKind {
    fn parse(text: &str) -> Option<Self> {
        let set = |is: fn(DType) -> bool| AttrKind::Type(DType::ALL.iter().copied().filter(|d| is(*d)).collect());
        Some(match text {
            "int" => AttrKind::Int,
            "float" => AttrKind::Float,
            "bool" => AttrKind::Bool,
            "string" => AttrKind::Str(Vec::new()),
            "shape" => AttrKind::Shape,
            "tensor" => AttrKind::Tensor,
            "type" => AttrKind::Type(DType::ALL.to_vec()),
            "number" => set(DType::is_numeric),
            "real" => set(|d| d.is_floating() || d.is_integer()),
            "signed" => set(|d| d.is_numeric() && !d.name().starts_with('u')),
            "floating" => set(DType::is_floating),
            "index" => AttrKind::Type(vec![DType::Int32, DType::Int64]),
            "plain" => set(|d| d.is_numeric() || d == DType::Bool),
            _ if text.starts_with('\'') => {
                AttrKind::Str(text.split('|').map(|s| s.trim().trim_matches('\'').to_owned()).collect())
            }
            _ => {
                if let Some(inner) = text.strip_prefix("list(").and_then(|t| t.strip_suffix(')')) {
                    AttrKind::List(Box::new(AttrKind::parse(inner)?))
                } else {
                    let set = text.strip_prefix('{')?.strip_suffix('}')?;
                    AttrKind::Type(split(set).into_iter().map(dtype).collect::<Option<_>>()?)
                }
            }
        })
    }

    fn parse_value(&self, text: &str) -> Option<Attr> {
        Some(match self {
            AttrKind::Int => Attr::Int(text.parse().ok()?),
            AttrKind::Float => Attr::Float(text.parse().ok()?),
            AttrKind::Bool => Attr::Bool(text.parse().ok()?),
            AttrKind::Str(_) => Attr::from(text.trim_matches('\'')),
            AttrKind::Type(_) => Attr::Type(dtype(text)?),
            AttrKind::Shape if text == "unknown" => Attr::Shape(Default::default()),
            AttrKind::Shape => return None,
            AttrKind::Tensor => {
                let bytes = split(text.strip_prefix("uint8[")?.strip_suffix(']')?);
                let bytes = bytes.into_iter().map(|b| b.parse().ok()).collect::<Option<Vec<u8>>>()?;
                let written = Written::Elements(bytes.len());
                Attr::Tensor(Value::vector(bytes), written)
            }
            AttrKind::List(inner) => {
                let items = split(text.strip_prefix('[')?.strip_suffix(']')?);
                match **inner {
                    AttrKind::Int => items.into_iter().map(|i| i.parse().ok()).collect::<Option<Vec<i64>>>()?.into(),
                    AttrKind::Float => {
                        let items = items.into_iter().map(|x| x.parse().ok()).collect::<Option<Vec<f32>>>()?;
                        items.into()
                    }
                    _ if items.is_empty() => Attr::List(AttrList::Empty),
                    _ => return None,
                }
            }
        })
    }

    /// Whether it is of the right kind, but a data type or a constant of one that is not among ours.
    pub(crate) fn is_beyond(&self, attr: &Attr) -> bool {
        match (self, attr) {
            (_, Attr::Other(_)) => true,
            (AttrKind::Type(allowed), Attr::Type(found)) => !allowed.contains(found),
            (AttrKind::List(kind), Attr::List(AttrList::Type(found))) => {
                matches!(&**kind, AttrKind::Type(allowed) if !found.iter().all(|dtype| allowed.contains(dtype)))
            }
            _ => false,
        }
    }

    /// An error that says what is allowed, unless `attr` is.
    pub fn check(&self, name: &str, attr: &Attr) -> Result<()> {
        let wrong =
            |allowed: String| Err(Error::invalid_argument(format!("attribute {name} is {attr}, not {allowed}")));
        match (self, attr) {
            (AttrKind::Int, Attr::Int(_))
            | (AttrKind::Float, Attr::Float(_))
            | (AttrKind::Bool, Attr::Bool(_))
            | (AttrKind::Shape, Attr::Shape(_))
            | (AttrKind::Tensor, Attr::Tensor(..))
            | (AttrKind::List(_), Attr::List(AttrList::Empty)) => Ok(()),
            (AttrKind::Str(allowed), Attr::Str(s)) => {
                if allowed.is_empty() || allowed.iter().any(|a| a.as_bytes() == &**s) {
                    return Ok(());
                }
                wrong(format!("one of {}", allowed.join(", ")))
            }
            (AttrKind::Type(allowed), Attr::Type(found)) => {
                if allowed.contains(found) {
                    return Ok(());
                }
                wrong(format!("one of {}", allowed.iter().map(|d| d.name()).collect::<Vec<_>>().join(", ")))
            }
            (AttrKind::List(kind), Attr::List(list)) => match (&**kind, list) {
                (AttrKind::Int, AttrList::Int(_))
                | (AttrKind::Float, AttrList::Float(_))
                | (AttrKind::Bool, AttrList::Bool(_))
                | (AttrKind::Str(_), AttrList::Str(_))
                | (AttrKind::Shape, AttrList::Shape(_)) => Ok(()),
                (AttrKind::Type(allowed), AttrList::Type(found)) if found.iter().all(|d| allowed.contains(d)) => Ok(()),
                _ => wrong(format!("a list of {kind:?}")),
            },
            _ => wrong(format!("{self:?}")),
        }
    }
}

/// Reads attributes by name and kind, with an error where one is missing or of another kind.
#[derive(Clone, Copy, Debug)]
pub struct AttrReader<'a>(pub(crate) &'a crate::graph::Attrs);

macro_rules! readers {
    ($($(#[$doc:meta])* $method:ident $ret:ty, $pattern:pat => $value:expr;)*) => {$(
        $(#[$doc])*
        pub fn $method(self, name: &str) -> Result<$ret> {
            match self.get(name)? {
                $pattern => Ok($value),
                other => Err(Error::invalid_argument(format!("attribute {name} is {other}"))),
            }
        }
    )*};
}

impl<'a> AttrReader<'a> {
    fn get(self, name: &str) -> Result<&'a Attr> {
        self.0.get(name).ok_or_else(|| Error::invalid_argument(format!("attribute {name} is missing")))
    }

    readers! {
        /// The whole number `name`.
        int i64, Attr::Int(i) => *i;
        /// The floating-point number `name`.
        float f32, Attr::Float(x) => *x;
        /// The truth value `name`.
        bool bool, Attr::Bool(b) => *b;
        /// The data type `name`.
        dtype DType, Attr::Type(t) => *t;
        /// The shape `name`.
        shape &'a crate::shape::PartialShape, Attr::Shape(s) => s;
        /// The constant `name`.
        tensor &'a Value, Attr::Tensor(v, _) => v;
    }

    /// The string `name`.
    pub fn str(self, name: &str) -> Result<&'a str> {
        match self.get(name)? {
            Attr::Str(s) => std::str::from_utf8(s).map_err(|_| {
                Error::invalid_argument(format!("attribute {name} is not text: {:?}", s.escape_ascii().to_string()))
            }),
            other => Err(Error::invalid_argument(format!("attribute {name} is {other}"))),
        }
    }

    /// The strings `name`, which must be text.
    pub fn strings(self, name: &str) -> Result<Vec<&'a str>> {
        let not_text = |_| Error::invalid_argument(format!("attribute {name} holds what is not text"));
        match self.get(name)? {
            Attr::List(AttrList::Str(list)) => list.iter().map(|s| std::str::from_utf8(s).map_err(not_text)).collect(),
            Attr::List(AttrList::Empty) => Ok(Vec::new()),
            other => Err(Error::invalid_argument(format!("attribute {name} is {other}"))),
        }
    }

    /// The data types `name`.
    pub fn dtypes(self, name: &str) -> Result<&'a [DType]> {
        match self.get(name)? {
            Attr::List(AttrList::Type(list)) => Ok(list),
            Attr::List(AttrList::Empty) => Ok(&[]),
            other => Err(Error::invalid_argument(format!("attribute {name} is {other}"))),
        }
    }

    /// The floating-point numbers `name`.
    pub fn floats(self, name: &str) -> Result<&'a [f32]> {
        match self.get(name)? {
            Attr::List(AttrList::Float(list)) => Ok(list),
            Attr::List(AttrList::Empty) => Ok(&[]),
            other => Err(Error::invalid_argument(format!("attribute {name} is {other}"))),
        }
    }

    /// The shapes `name`.
    pub fn shapes(self, name: &str) -> Result<&'a [crate::shape::PartialShape]> {
        match self.get(name)? {
            Attr::List(AttrList::Shape(list)) => Ok(list),
            Attr::List(AttrList::Empty) => Ok(&[]),
            other => Err(Error::invalid_argument(format!("attribute {name} is {other}"))),
        }
    }

    /// The whole numbers `name`.
    pub fn ints(self, name: &str) -> Result<&'a [i64]> {
        match self.get(name)? {
            Attr::List(AttrList::Int(list)) => Ok(list),
            Attr::List(AttrList::Empty) => Ok(&[]),
            other => Err(Error::invalid_argument(format!("attribute {name} is {other}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_signature_reads_as_written() {
        let sig = Signature::parse(
            "Conv2D(input: T, filter: T) -> (output: T) where T: floating, strides: list(int), \
             padding: 'SAME'|'VALID', dilations: list(int) = [1,1], data_format: 'NHWC'|'NCHW' = 'NHWC'",
        )
        .unwrap();
        assert_eq!((&*sig.name, sig.inputs.len(), sig.outputs.len(), sig.attrs.len()), ("Conv2D", 2, 1, 5));
        assert_eq!(sig.inputs[1].dtype, ArgType::Attr("T".into()));
        assert_eq!(sig.attr("dilations").unwrap().default, Some(vec![1, 1].into()));
        assert_eq!(sig.attr("data_format").unwrap().default, Some("NHWC".into()));
        let error = sig.attr("padding").unwrap().kind.check("padding", &"FULL".into()).unwrap_err();
        assert_eq!(error.message(), "attribute padding is \"FULL\", not one of SAME, VALID");
        let pack = Signature::parse("Pack(values: N * T) -> (output: T) where N: int, T: type, axis: int = 0").unwrap();
        assert_eq!(pack.inputs[0].count.as_deref(), Some("N"));
        assert!(Signature::parse("Assign(ref: Ref(T)) -> (out: Ref(T)) where T: type").unwrap().inputs[0].is_ref);
        let print = Signature::parse("Print(input: T, data: U) -> (output: T) where T: type, U: list(type)").unwrap();
        assert_eq!(print.inputs[1].dtype, ArgType::List("U".into()));
        for bad in ["X", "X(a: T) -> ()", "X() -> () where a: nonsense", "X(a: M * int32) -> ()"] {
            assert!(Signature::parse(bad).is_err(), "{bad}");
        }
    }
}
