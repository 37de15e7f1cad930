//! Keys and values out of the lines of a file.

use std::path::Path;

use super::TextFileIndex::{LINE_NUMBER, WHOLE_LINE};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::value::Value;

/// What of a file is read.
pub(super) struct Columns {
    /// Which column is a key and which a value; -2 for the whole line, -1 for its number.
    pub key: i64,
    pub value: i64,
    /// How many lines there must be at least, and are read; -1 for all.
    pub vocab_size: i64,
    pub delimiter: u8,
    /// Added to the numbers of lines.
    pub offset: i64,
}

impl Columns {
    /// The keys and values of these types in the file at `path`.
    pub fn read(&self, path: &Path, key_type: DType, value_type: DType) -> Result<(Value, Value)> {
        for (column, dtype) in [(self.key, key_type), (self.value, value_type)] {
            if column == LINE_NUMBER && dtype != DType::Int64 {
                return Err(Error::invalid_argument(format!("the numbers of lines are int64, not {dtype}")));
            }
            if column == WHOLE_LINE && ![DType::String, DType::Int64].contains(&dtype) {
                return Err(Error::invalid_argument(format!("whole lines are strings or int64, not {dtype}")));
            }
        }
        let bytes = std::fs::read(path).map_err(|e| Error::of_file(path, &e))?;
        let mut lines: Vec<Vec<u8>> = bytes.split(|&b| b == b'\n').map(without_returns).collect();
        if bytes.is_empty() || bytes.ends_with(b"\n") {
            lines.pop();
        }
        let shown = path.display();
        let wanted = usize::try_from(self.vocab_size).unwrap_or(lines.len());
        if lines.len() < wanted {
            let found = lines.len();
            return Err(Error::invalid_argument(format!("{shown} has {found} lines, and vocab_size is {wanted}")));
        }
        lines.truncate(wanted);
        if lines.is_empty() {
            return Err(Error::out_of_range(format!("{shown}: no line of it is read")));
        }
        if let Some(empty) = lines.iter().position(Vec::is_empty) {
            return Err(Error::invalid_argument(format!("{shown}:{}: the line is empty", empty + 1)));
        }
        let column = |column: i64, dtype: DType| self.column(path, &lines, column, dtype);
        Ok((column(self.key, key_type)?, column(self.value, value_type)?))
    }

    fn column(&self, path: &Path, lines: &[Vec<u8>], column: i64, dtype: DType) -> Result<Value> {
        if column == LINE_NUMBER {
            return Ok(Value::vector((0..lines.len() as i64).map(|i| i.wrapping_add(self.offset)).collect::<Vec<_>>()));
        }
        let fields = lines.iter().enumerate().map(|(i, line)| {
            let mut parts = line.split(|&b| b == self.delimiter);
            match usize::try_from(column) {
                Err(_) => Ok(line.as_slice()),
                Ok(column) => parts.nth(column).ok_or_else(|| {
                    let count = line.split(|&b| b == self.delimiter).count();
                    Error::invalid_argument(format!(
                        "{}:{}: {count} columns, and column {column} (from 0) is wanted",
                        path.display(),
                        i + 1
                    ))
                }),
            }
        });
        let fields = fields.collect::<Result<Vec<&[u8]>>>()?;
        fn parsed<T: std::str::FromStr>(path: &Path, fields: &[&[u8]], dtype: DType) -> Result<Vec<T>> {
            let parse = |(i, field): (usize, &&[u8])| {
                let number = std::str::from_utf8(field).ok().and_then(|text| text.trim().parse().ok());
                number.ok_or_else(|| {
                    let (path, field) = (path.display(), field.escape_ascii());
                    Error::invalid_argument(format!("{path}:{}: '{field}' is no {dtype}", i + 1))
                })
            };
            fields.iter().enumerate().map(parse).collect()
        }
        Ok(match dtype {
            DType::String => Value::vector(fields.into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>()),
            DType::Int32 => Value::vector(parsed::<i32>(path, &fields, dtype)?),
            DType::Int64 => Value::vector(parsed::<i64>(path, &fields, dtype)?),
            DType::Float32 => Value::vector(parsed::<f32>(path, &fields, dtype)?),
            DType::Float64 => Value::vector(parsed::<f64>(path, &fields, dtype)?),
            other => return Err(Error::invalid_argument(format!("columns of files are not read as {other}"))),
        })
    }
}

/// As TensorFlow reads lines.
fn without_returns(line: &[u8]) -> Vec<u8> {
    line.iter().copied().filter(|&b| b != b'\r').collect()
}
