//! The table of a model's layers, as Keras prints it.

use super::Sequential;
use crate::error::Result;

/// How the table is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// As TensorFlow 1.13 to 2.8: long cells are cut, lines stand between the rows.
    #[default]
    Legacy,
    /// As Keras 2.9 to 2.15: long cells are wrapped, empty lines stand between the rows, and the sizes are said in bytes.
    Wrapped,
}

const WIDTH: usize = 65;
/// Where the three columns end.
const COLUMNS: [usize; 3] = [29, 55, 65];

/// The table of `model`.
pub(super) fn table(model: &Sequential, dialect: Dialect) -> Result<String> {
    let row = match dialect {
        Dialect::Legacy => cut_row,
        Dialect::Wrapped => wrapped_row,
    };
    let mut text = format!("Model: \"{}\"\n{}\n", model.name(), "_".repeat(WIDTH));
    row(&mut text, &["Layer (type)", "Output Shape", "Param #"]);
    text += &format!("{}\n", "=".repeat(WIDTH));
    let rows = model.rows()?;
    for (i, layer) in rows.iter().enumerate() {
        let name = format!("{} ({})", layer.name, layer.class_name);
        row(&mut text, &[&name, &layer.output_shape.to_string(), &layer.parameters.to_string()]);
        let last = i + 1 == rows.len();
        match dialect {
            Dialect::Legacy => text += &format!("{}\n", if last { "=" } else { "_" }.repeat(WIDTH)),
            Dialect::Wrapped => text += &format!("{}\n", " ".repeat(WIDTH)),
        }
    }
    if dialect == Dialect::Wrapped {
        text += &format!("{}\n", "=".repeat(WIDTH));
    }
    let [trainable, other] = model.parameters();
    for (what, n) in [("Total", trainable + other), ("Trainable", trainable), ("Non-trainable", other)] {
        text += &match dialect {
            Dialect::Legacy => format!("{what} params: {}\n", with_commas(n)),
            // All variables are float32.
            Dialect::Wrapped => format!("{what} params: {n} ({})\n", memory(n * 4)),
        };
    }
    text += &format!("{}\n", "_".repeat(WIDTH));
    Ok(text)
}

/// A row whose cells are cut to their columns.
fn cut_row(text: &mut String, cells: &[&str]) {
    let mut line = String::new();
    for (i, (cell, &end)) in cells.iter().zip(&COLUMNS).enumerate() {
        if i > 0 {
            line.pop();
            line.push(' ');
        }
        line = format!("{line}{cell}").chars().take(end).collect();
        line += &" ".repeat(end - line.chars().count());
    }
    *text += &format!("{line}\n");
}

/// A row whose cells go on in the next line, two blanks between the columns.
fn wrapped_row(text: &mut String, cells: &[&str]) {
    let mut left: Vec<Vec<char>> = cells.iter().map(|cell| cell.chars().collect()).collect();
    while left.iter().any(|cell| !cell.is_empty()) {
        let mut line = String::from(" ");
        let mut start = 0;
        for (i, (cell, &end)) in left.iter_mut().zip(&COLUMNS).enumerate() {
            let room = if i + 1 == COLUMNS.len() { end - start } else { end - start - 3 };
            let rest = cell.split_off(room.min(cell.len()));
            line.extend(std::mem::replace(cell, rest));
            line += &" ".repeat(end.saturating_sub(line.chars().count()));
            start = end;
        }
        *text += &format!("{line}\n");
    }
}

/// 1234567 as 1,234,567.
fn with_commas(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn memory(bytes: usize) -> String {
    let mut size = bytes as f64;
    for unit in ["Byte", "KB", "MB", "GB", "TB"] {
        if size < 1024.0 {
            return format!("{size:.2} {unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.2} PB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_python_does() {
        let text = [0, 999, 1000, 1_234_567].map(with_commas);
        assert_eq!(text, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([256, 201_256, 3 << 20].map(memory), ["256.00 Byte", "196.54 KB", "3.00 MB"]);
    }
}
