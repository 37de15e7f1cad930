//! The table of a model's layers, as Keras prints it.

use super::Model;
use super::model::{dims, elements};
use super::network::{Network, Step};
use crate::layers::{Layer, LayerCall};
use crate::sort::sort_by;

/// How the table is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// As TensorFlow 1.13 to 2.8: long cells are cut, lines stand between the rows.
    #[default]
    Legacy,
    /// As Keras 2.9 to 2.15: long cells are wrapped, empty lines stand between the rows, and the sizes are said in bytes.
    Wrapped,
}

/// The columns' ends, the last of which is the table's width.
fn columns(dialect: Dialect, chain: bool) -> &'static [usize] {
    match (dialect, chain) {
        (_, true) => &[29, 55, 65],
        (Dialect::Legacy, false) => &[32, 53, 65, 98],
        (Dialect::Wrapped, false) => &[29, 58, 68, 98],
    }
}

/// What a layer made, wherever it was applied.
fn output_shape(layer: &dyn Layer) -> String {
    let shape = |call: LayerCall| {
        let shapes: Vec<String> = call.outputs.iter().map(|output| dims(output).to_string()).collect();
        match &shapes[..] {
            [one] if layer.class_name() != "InputLayer" => one.clone(),
            _ => format!("[{}]", shapes.join(", ")),
        }
    };
    let mut shapes: Vec<String> = layer.calls().into_iter().map(shape).collect();
    shapes.dedup();
    match &shapes[..] {
        [one] => one.clone(),
        _ => "multiple".to_owned(),
    }
}

/// The layers that gave `layer` what it was applied to, with the numbers of their calls and outputs.
fn connections(network: &Network, layer: &dyn Layer) -> Vec<String> {
    let mut steps: Vec<&Step> =
        network.steps.iter().filter(|step| step.layer.common().id() == layer.common().id()).collect();
    sort_by(&mut steps, |a, b| a.number.cmp(&b.number));
    let inputs = steps.iter().flat_map(|step| &step.call.inputs);
    let from = inputs.filter_map(|input| network.made_by(*input));
    from.map(|(step, place)| format!("{}[{}][{place}]", step.layer.name(), step.number)).collect()
}

/// The table of `model`.
pub(super) fn table(model: &Model, dialect: Dialect) -> String {
    let chain = model.network.is_chain();
    let columns = columns(dialect, chain);
    let width = columns.last().copied().unwrap_or_default();
    let row = |text: &mut String, cells: &[&str]| match dialect {
        Dialect::Legacy => cut_row(text, columns, cells),
        Dialect::Wrapped => wrapped_row(text, columns, cells),
    };
    let mut text = format!("Model: \"{}\"\n{}\n", model.name(), "_".repeat(width));
    row(&mut text, &["Layer (type)", "Output Shape", "Param #", "Connected to"][..columns.len()]);
    text += &format!("{}\n", "=".repeat(width));
    let layers = model.layers().len();
    for (i, layer) in model.layers().enumerate() {
        let name = format!("{} ({})", layer.name(), layer.class_name());
        let (shape, parameters) = (output_shape(layer), elements(&layer.variables()).to_string());
        let from = if chain { Vec::new() } else { connections(&model.network, layer) };
        match dialect {
            Dialect::Legacy => {
                let first = from.first().map(String::as_str).unwrap_or_default();
                row(&mut text, &[name.as_str(), &shape, &parameters, first][..columns.len()]);
                from.iter().skip(1).for_each(|from| row(&mut text, &["", "", "", from]));
                let last = i + 1 == layers;
                text += &format!("{}\n", if last { "=" } else { "_" }.repeat(width));
            }
            Dialect::Wrapped => {
                let quoted: Vec<String> = from.iter().map(|from| format!("'{from}'")).collect();
                let list = format!("[{}]", quoted.join(", "));
                row(&mut text, &[name.as_str(), &shape, &parameters, &list][..columns.len()]);
                text += &format!("{}\n", " ".repeat(width));
            }
        }
    }
    if dialect == Dialect::Wrapped {
        text += &format!("{}\n", "=".repeat(width));
    }
    let [trainable, other] = model.parameters();
    for (what, n) in [("Total", trainable + other), ("Trainable", trainable), ("Non-trainable", other)] {
        text += &match dialect {
            Dialect::Legacy => format!("{what} params: {}\n", with_commas(n)),
            // All variables are float32.
            Dialect::Wrapped => format!("{what} params: {n} ({})\n", memory(n * 4)),
        };
    }
    text += &format!("{}\n", "_".repeat(width));
    text
}

/// A row whose cells are cut to their columns.
fn cut_row(text: &mut String, columns: &[usize], cells: &[&str]) {
    let mut line = String::new();
    for (i, (cell, &end)) in cells.iter().zip(columns).enumerate() {
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
fn wrapped_row(text: &mut String, columns: &[usize], cells: &[&str]) {
    let mut left: Vec<Vec<char>> = cells.iter().map(|cell| cell.chars().collect()).collect();
    while left.iter().any(|cell| !cell.is_empty()) {
        let mut line = String::from(" ");
        let mut start = 0;
        for (i, (cell, &end)) in left.iter_mut().zip(columns).enumerate() {
            let room = if i + 1 == columns.len() { end - start } else { end - start - 3 };
            let rest = cell.split_off(fitting(cell, room));
            line.extend(std::mem::replace(cell, rest));
            line += &" ".repeat(end.saturating_sub(line.chars().count()));
            start = end;
        }
        *text += &format!("{line}\n");
    }
}

/// How much of a cell goes into a line: up to the end of the first part of a list, or as much as there is room for.
fn fitting(cell: &[char], room: usize) -> usize {
    let line: String = cell.iter().take(room).collect();
    let ends = ["),", "},", "],", "',"].into_iter().filter_map(|end| {
        let before = line.split_once(end)?.0;
        Some(before.chars().count() + end.len())
    });
    ends.min().unwrap_or_else(|| room.min(cell.len()))
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
