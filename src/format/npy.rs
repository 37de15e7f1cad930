//! NumPy's `.npy`: one array in a file.

use std::fmt::Write;

use ndarray::{ArrayD, IxDyn, ShapeBuilder};

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::shape::{MAX_RANK, Shape};
use crate::value::{Bytes, Element, Value, room_for};

const MAGIC: &[u8] = b"\x93NUMPY";
/// Longer headers no plain array has.
const LONGEST_HEADER: usize = 1 << 16;
/// What the elements start at a multiple of.
const ALIGNMENT: usize = 64;

/// What a `.npy` file says of its array.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// NumPy's name of the data type, as `<f4`.
    pub descr: String,
    /// Whether the first axis is the one that runs fastest.
    pub is_fortran: bool,
    /// The shape.
    pub shape: Shape,
}

impl Header {
    /// The data type of ours; `None` if there are no such arrays here.
    pub fn dtype(&self) -> Option<DType> {
        Layout::of(&self.descr).ok().map(|layout| match layout {
            Layout::Plain(dtype, _) => dtype,
            Layout::Bytes(_) | Layout::Text(..) => DType::String,
        })
    }

    /// The bytes that an element takes in the file; `None` if there are no such arrays here.
    pub fn element_size(&self) -> Option<usize> {
        Layout::of(&self.descr).ok().map(Layout::size)
    }
}

/// How elements lie in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Layout {
    /// Numbers of a type of ours; whether the most significant byte comes first.
    Plain(DType, bool),
    /// Bytes, filled up with zeros.
    Bytes(usize),
    /// Unicode code points of four bytes, filled up with zeros.
    Text(usize, bool),
}

impl Layout {
    fn of(descr: &str) -> Result<Layout> {
        let unknown =
            || Error::unimplemented(format!("NumPy's data type '{descr}', of which there are no arrays here"));
        let (order, code) = descr.split_at_checked(1).ok_or_else(unknown)?;
        if !["<", ">", "|", "="].contains(&order) {
            return Err(unknown());
        }
        let swapped = order == ">";
        let length = |text: &str| text.parse::<u32>().map(|n| n as usize).map_err(|_| unknown());
        Ok(match code.split_at_checked(1) {
            Some(("S", n)) => Layout::Bytes(length(n)?),
            Some(("U", n)) => Layout::Text(length(n)?, swapped),
            _ => {
                let known = DType::ALL.iter().find(|dtype| plain_code(**dtype) == Some(code));
                Layout::Plain(*known.ok_or_else(unknown)?, swapped)
            }
        })
    }

    /// Bytes that an element takes.
    fn size(self) -> usize {
        match self {
            Layout::Plain(dtype, _) => dtype.size(),
            Layout::Bytes(n) => n,
            Layout::Text(n, _) => n.saturating_mul(4),
        }
    }
}

fn plain_code(dtype: DType) -> Option<&'static str> {
    match dtype {
        DType::Float32 => Some("f4"),
        DType::Float64 => Some("f8"),
        DType::Int32 => Some("i4"),
        DType::Int64 => Some("i8"),
        DType::UInt8 => Some("u1"),
        DType::Bool => Some("b1"),
        _ => None,
    }
}

/// The array in the bytes of a `.npy` file.
///
/// ```
/// use flowstone as tf;
/// use tf::format::npy;
/// let value = tf::Value::vector(vec![1i64, 2, 3]);
/// let back = npy::from_bytes(&npy::to_bytes(&value)?)?;
/// assert_eq!(back.as_slice::<i64>()?, [1, 2, 3]);
/// # Ok::<(), tf::Error>(())
/// ```
pub fn from_bytes(bytes: &[u8]) -> Result<Value> {
    let (header, at) = header(bytes)?;
    let layout = Layout::of(&header.descr)?;
    let count = header.shape.num_elements().map_err(|e| Error::data_loss(e.message()))?;
    let needed = count.checked_mul(layout.size().max(1));
    let there = bytes.len() - at;
    let Some(needed) = needed.filter(|needed| *needed <= there) else {
        let (descr, shape) = (&header.descr, &header.shape);
        return Err(Error::data_loss(format!(
            "an array of shape {shape} and type '{descr}' does not fit into the {there} bytes from byte {at} on"
        )));
    };
    let elements = &bytes[at..at + needed];
    match layout {
        Layout::Plain(dtype, swapped) => dispatch!(dtype, plain, T => {
            room_for::<T>(count)?;
            let numbers = match swapped {
                true => <T as Bytes>::from_bytes(&swap(elements, dtype.size())),
                false => <T as Bytes>::from_bytes(elements),
            };
            arranged(header, numbers)
        }),
        Layout::Bytes(0) | Layout::Text(0, _) => arranged(header, vec![Vec::<u8>::new(); count]),
        Layout::Bytes(n) => arranged(header, elements.chunks_exact(n).map(|chunk| filled(chunk).to_vec()).collect()),
        Layout::Text(n, swapped) => {
            let words = elements.chunks_exact(4 * n).map(|chunk| text(chunk, swapped));
            arranged(header, words.collect::<Result<_>>()?)
        }
    }
}

/// Each group of `size` bytes, the last one first.
fn swap(bytes: &[u8], size: usize) -> Vec<u8> {
    bytes.chunks_exact(size).flat_map(|chunk| chunk.iter().rev().copied()).collect()
}

/// The bytes before the zeros at the end.
fn filled(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    &bytes[..end]
}

fn text(bytes: &[u8], swapped: bool) -> Result<Vec<u8>> {
    let points =
        bytes.as_chunks().0.iter().map(|c| if swapped { u32::from_be_bytes(*c) } else { u32::from_le_bytes(*c) });
    let word = points.map(char::from_u32).collect::<Option<String>>();
    let word = word.ok_or_else(|| Error::data_loss("a string has a character that is not there"))?;
    Ok(word.trim_end_matches('\0').as_bytes().to_vec())
}

/// The value of elements that come in the file's order.
fn arranged<T: Element>(header: Header, elements: Vec<T>) -> Result<Value> {
    if !header.is_fortran || header.shape.rank() < 2 {
        return Value::new(header.shape, elements);
    }
    let array = ArrayD::from_shape_vec(IxDyn(header.shape.dims()).f(), elements);
    let array = array.map_err(|e| Error::internal(e.to_string()))?;
    Value::new(header.shape, array.iter().cloned().collect())
}

/// What the bytes of a `.npy` file say of its array, and where its elements begin. The beginning of the file is enough.
pub fn header(bytes: &[u8]) -> Result<(Header, usize)> {
    let damaged = |what: &str| Error::data_loss(format!("not a .npy file: {what}"));
    let after = bytes.strip_prefix(MAGIC).ok_or_else(|| damaged("it does not begin as one"))?;
    let (start, length) = match after {
        [1, _, a, b, ..] => (10, usize::from(u16::from_le_bytes([*a, *b]))),
        [2 | 3, _, a, b, c, d, ..] => (12, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        [1..=3, ..] | [] => return Err(damaged("it ends within its header")),
        [version, ..] => return Err(Error::unimplemented(format!(".npy files of version {version}"))),
    };
    if length > LONGEST_HEADER {
        return Err(damaged(&format!("its header would take {length} bytes")));
    }
    let end = start + length;
    let text = bytes.get(start..end).ok_or_else(|| damaged("it ends within its header"))?;
    let text = std::str::from_utf8(text).map_err(|_| damaged("its header is not text"))?;
    Ok((Dictionary(text).header().map_err(|e| e.retitled("the header of a .npy file"))?, end))
}

/// What is left of the Python dictionary that a header is.
struct Dictionary<'a>(&'a str);

impl<'a> Dictionary<'a> {
    fn header(mut self) -> Result<Header> {
        let (mut descr, mut is_fortran, mut shape) = (None, None, None);
        self.expect("{")?;
        while !self.take("}") {
            let key = self.string()?;
            self.expect(":")?;
            match key {
                "descr" => descr = Some(self.descr()?),
                "fortran_order" => is_fortran = Some(self.truth()?),
                "shape" => shape = Some(self.shape()?),
                other => return Err(Error::data_loss(format!("it has '{other}'"))),
            }
            if !self.take(",") {
                self.expect("}")?;
                break;
            }
        }
        match (descr, is_fortran, shape) {
            (Some(descr), Some(is_fortran), Some(shape)) => Ok(Header { descr, is_fortran, shape }),
            _ => Err(Error::data_loss("it lacks one of descr, fortran_order, shape")),
        }
    }

    fn take(&mut self, word: &str) -> bool {
        self.0 = self.0.trim_start();
        let rest = self.0.strip_prefix(word);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, word: &str) -> Result<()> {
        if self.take(word) {
            return Ok(());
        }
        let found: String = self.0.chars().take(10).collect();
        Err(Error::data_loss(format!("'{word}' is expected where '{found}' stands")))
    }

    fn string(&mut self) -> Result<&'a str> {
        let quote = if self.take("\"") { '"' } else { self.expect("'").map(|()| '\'')? };
        let (text, rest) = self.0.split_once(quote).ok_or_else(|| Error::data_loss("a string does not end"))?;
        self.0 = rest;
        Ok(text)
    }

    fn descr(&mut self) -> Result<String> {
        match self.0.trim_start().starts_with('[') {
            true => Err(Error::unimplemented("arrays of records, of which there are none here")),
            false => self.string().map(str::to_owned),
        }
    }

    fn truth(&mut self) -> Result<bool> {
        let truth = self.take("True");
        if !truth {
            self.expect("False")?;
        }
        Ok(truth)
    }

    fn shape(&mut self) -> Result<Shape> {
        let mut dims = Vec::new();
        self.expect("(")?;
        while !self.take(")") {
            dims.push(self.dim()?);
            if dims.len() > MAX_RANK {
                return Err(Error::data_loss(format!("it tells of more than {MAX_RANK} dimensions")));
            }
            if !self.take(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(Shape::from(dims.as_slice()))
    }

    fn dim(&mut self) -> Result<usize> {
        self.0 = self.0.trim_start();
        let digits = self.0.len() - self.0.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        // Python 2 wrote `3L`.
        self.take("L");
        number.parse().map_err(|_| Error::data_loss(format!("'{number}' is no dimension")))
    }
}

/// The bytes of a `.npy` file with this array; strings become NumPy's fixed-width bytes.
pub fn to_bytes(value: &Value) -> Result<Vec<u8>> {
    let (descr, elements) = match value.dtype() {
        DType::String => strings(value.as_slice()?)?,
        dtype => {
            let code = plain_code(dtype).ok_or_else(|| Error::unimplemented(format!("a .npy file of {dtype}")))?;
            let order = if dtype.size() == 1 { '|' } else { '<' };
            let bytes = dispatch!(dtype, plain, T => Ok(<T as Bytes>::to_bytes(value.as_slice::<T>()?)))?;
            (format!("{order}{code}"), bytes)
        }
    };
    let mut shape = String::new();
    for dim in value.shape().dims() {
        write!(shape, "{dim}, ").map_err(|e| Error::internal(e.to_string()))?;
    }
    // As Python writes tuples: `()`, `(3,)`, `(3, 4)`.
    let shape = if value.shape().rank() == 1 { shape.trim_end() } else { shape.trim_end_matches(", ") };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
    let unpadded = MAGIC.len() + 4 + header.len() + 1;
    header.extend(std::iter::repeat_n(' ', unpadded.next_multiple_of(ALIGNMENT) - unpadded));
    header.push('\n');
    let length = u16::try_from(header.len()).map_err(|_| Error::internal("a header is longer than 64 KiB"))?;
    Ok([MAGIC, &[1, 0], &length.to_le_bytes(), header.as_bytes(), &elements].concat())
}

/// Strings of one width. Zeros at the end of a string would be lost.
fn strings(all: &[Vec<u8>]) -> Result<(String, Vec<u8>)> {
    if let Some(i) = all.iter().position(|s| s.last() == Some(&0)) {
        return Err(Error::invalid_argument(format!("string {i} ends with a zero byte, which NumPy's strings cannot")));
    }
    let width = all.iter().map(Vec::len).max().unwrap_or(0).max(1);
    room_for::<u8>(width.saturating_mul(all.len()))?;
    let padded = |s: &Vec<u8>| s.iter().copied().chain(std::iter::repeat_n(0, width - s.len())).collect::<Vec<u8>>();
    Ok((format!("|S{width}"), all.iter().flat_map(padded).collect()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn file(header: &str, elements: &[u8]) -> Vec<u8> {
        [MAGIC, &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes(), elements].concat()
    }

    fn message(bytes: &[u8]) -> String {
        from_bytes(bytes).unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_is_what_numpy_writes() {
        let bytes = to_bytes(&Value::vector(vec![1f32, 2.0])).unwrap();
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
        assert_eq!(&bytes[..10], b"\x93NUMPY\x01\x00v\x00");
        assert_eq!(std::str::from_utf8(&bytes[10..128]).unwrap(), format!("{text:<117}\n"));
        assert_eq!(bytes[128..], [0, 0, 128, 63, 0, 0, 0, 64]);
        let header = |value: &Value| header(&to_bytes(value).unwrap()).unwrap().0;
        let of =
            |descr: &str, dims: &[usize]| Header { descr: descr.into(), is_fortran: false, shape: Shape::from(dims) };
        assert_eq!(header(&Value::scalar(true)), of("|b1", &[]));
        assert_eq!(header(&Value::new([1, 2], vec![b"a".to_vec(), b"bcd".to_vec()]).unwrap()), of("|S3", &[1, 2]));
    }

    #[test]
    fn other_orders_and_strings() {
        let fortran = file("{'descr': '>i4', 'fortran_order': True, 'shape': (2, 3L), }", &{
            let mut bytes = Vec::new();
            [1i32, 4, 2, 5, 3, 6].iter().for_each(|x| bytes.extend(x.to_be_bytes()));
            bytes
        });
        let value = from_bytes(&fortran).unwrap();
        assert_eq!((value.shape().dims(), value.as_slice::<i32>().unwrap()), (&[2, 3][..], &[1, 2, 3, 4, 5, 6][..]));
        let words = file("{'shape': (2,), 'fortran_order': False, 'descr': \"<U1\"}", &[0xe9, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(from_bytes(&words).unwrap().as_slice::<Vec<u8>>().unwrap(), ["é".as_bytes(), b""]);
    }

    #[test]
    fn damaged_files_say_what_is_wrong() {
        let header = |shape: &str| format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
        assert_eq!(message(b"PK"), "DataLoss: not a .npy file: it does not begin as one");
        assert_eq!(message(b"\x93NUMPY\x02\x00\xff\xff"), "DataLoss: not a .npy file: it ends within its header");
        assert_eq!(
            message(b"\x93NUMPY\x02\x00\xff\xff\xff\xff"),
            "DataLoss: not a .npy file: its header would take 4294967295 bytes"
        );
        assert_eq!(
            message(&file(&header("(99999999999,)"), &[0; 16])),
            "DataLoss: an array of shape [99999999999] and type '<f8' does not fit into the 16 bytes from byte 77 on"
        );
        assert!(message(&file(&header("(99999999999, 99999999999)"), &[])).starts_with("DataLoss"));
        assert!(message(&file(&header("(-1,)"), &[])).contains("'' is no dimension"));
        assert!(message(&file(&header(&format!("({})", "1,".repeat(300))), &[])).contains("more than"));
        assert!(message(&file("((((((((", &[])).contains("'{' is expected where '((((((((' stands"));
        assert!(message(&file("{'descr': '<f2', 'fortran_order': False, 'shape': ()}", &[0, 0])).contains("'<f2'"));
        assert!(message(&file("{'descr': '|S0', 'fortran_order': False, 'shape': (9999999,)}", &[])).contains("fit"));
        assert!(message(&file("{'descr': [('a', '<f4')], 'shape': ()}", &[])).contains("records"));
        let zero = Value::vector(vec![b"a\0".to_vec()]);
        assert!(to_bytes(&zero).unwrap_err().message().contains("string 0 ends with a zero byte"));
    }
}
