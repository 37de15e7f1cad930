//! How a message is described: what its fields are called, their numbers, and what they hold.

/// A message.
#[derive(Debug)]
pub struct Message {
    /// By ascending number.
    pub(super) fields: &'static [Field],
}

/// A field of a message.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) number: u32,
    pub(super) kind: Kind,
    pub(super) label: Label,
}

/// How often a field may be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    One,
    Many,
    /// Many numbers, which may be one run of bytes.
    Packed,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Bool,
    Int,
    Unsigned,
    /// A number that goes to and fro around zero.
    Zigzag,
    Float,
    Double,
    Fixed64,
    String,
    Bytes,
    Enum(&'static [(&'static str, i32)]),
    Message(&'static Message),
    /// A message of a `key` and a `value`; sorted by key.
    Map(&'static Message),
}

pub(super) const fn field(name: &'static str, number: u32, kind: Kind, label: Label) -> Field {
    Field { name, number, kind, label }
}

impl Message {
    pub(super) fn by_number(&self, number: u32) -> Option<&'static Field> {
        let fields: &'static [Field] = self.fields;
        fields.binary_search_by_key(&number, |field| field.number).ok().map(|i| &fields[i])
    }

    pub(super) fn by_name(&self, name: &str) -> Option<&'static Field> {
        let fields: &'static [Field] = self.fields;
        fields.iter().find(|field| field.name == name)
    }
}

impl Kind {
    /// The message that it holds.
    pub(super) fn message(self) -> Option<&'static Message> {
        match self {
            Kind::Message(message) | Kind::Map(message) => Some(message),
            _ => None,
        }
    }

    /// How it lies among the bytes: 0 a number of 7 bits a byte, 1 eight bytes, 2 a length and bytes, 5 four bytes.
    pub(super) fn wire(self) -> u32 {
        match self {
            Kind::Bool | Kind::Int | Kind::Unsigned | Kind::Zigzag | Kind::Enum(_) => 0,
            Kind::Double | Kind::Fixed64 => 1,
            Kind::String | Kind::Bytes | Kind::Message(_) | Kind::Map(_) => 2,
            Kind::Float => 5,
        }
    }
}
