//! Values as text, in numpy's layout.

use std::fmt;
use std::ops::Range;

use super::Value;
use crate::dispatch;

/// Along one axis more items than this are cut to the first and last three.
const LONGEST: usize = 12;
const EDGE: usize = 3;

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = match self.dtype() {
            crate::dtype::DType::String => self
                .as_slice::<Vec<u8>>()
                .map(|v| block(f, self.shape(), 0..v.len(), &|i| format!("b'{}'", v[i].escape_ascii()), 1)),
            dtype => dispatch!(dtype, plain, T => self.as_slice::<T>().map(|v| {
                block(f, self.shape(), 0..v.len(), &|i| v[i].to_string(), 1)
            })),
        };
        written.unwrap_or(Err(fmt::Error))
    }
}

/// The same text as `Display`.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The elements at `places`, each with its `text`.
fn block(
    f: &mut fmt::Formatter<'_>,
    dims: &[usize],
    places: Range<usize>,
    text: &dyn Fn(usize) -> String,
    depth: usize,
) -> fmt::Result {
    let Some((&len, inner)) = dims.split_first() else {
        return if places.is_empty() { Ok(()) } else { f.write_str(&text(places.start)) };
    };
    let step = places.len().checked_div(len).unwrap_or(0);
    let separator =
        if inner.is_empty() { " ".to_owned() } else { format!("{}{}", "\n".repeat(inner.len()), " ".repeat(depth)) };
    f.write_str("[")?;
    for i in 0..len {
        if len > LONGEST && (EDGE..len - EDGE).contains(&i) {
            if i == EDGE {
                write!(f, "{separator}...")?;
            }
            continue;
        }
        if i > 0 {
            f.write_str(&separator)?;
        }
        let start = places.start + i * step;
        block(f, inner, start..start + step, text, depth + 1)?;
    }
    f.write_str("]")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn values_read_as_numpy_prints_them() {
        let value = Value::new([2, 2, 1], vec![1.5f32, 2.0, -3.0, 4.0]).unwrap();
        assert_eq!(value.to_string(), "[[[1.5]\n  [2]]\n\n [[-3]\n  [4]]]");
        assert_eq!(Value::vector((0..20).collect::<Vec<i32>>()).to_string(), "[0 1 2 ... 17 18 19]");
        assert_eq!(Value::scalar(true).to_string(), "true");
        assert_eq!(Value::vector(Vec::<f32>::new()).to_string(), "[]");
    }
}
