//! Messages → text, as Python's `text_format.MessageToString` writes them.

use std::fmt::Write;

use super::schema::{Field, Kind, Label, Message};
use super::wire::{DEEPEST, Fields, Payload};
use crate::error::{Error, Result};
use crate::format::cursor::Cursor;
use crate::sort::sort_by;

/// What is still to be written.
enum Work<'a> {
    Value(&'static Field, Payload<'a>, usize),
    Close,
}

/// The text of a message whose bytes these are.
pub(super) fn print(bytes: &[u8], message: &'static Message) -> Result<String> {
    let mut text = String::new();
    let mut work: Vec<Work> = Vec::new();
    let mut depth = 0;
    expand(bytes, 0, message, &mut work)?;
    while let Some(next) = work.pop() {
        let (field, payload, offset) = match next {
            Work::Close => {
                depth -= 1;
                line(&mut text, depth, "}");
                continue;
            }
            Work::Value(field, payload, offset) => (field, payload, offset),
        };
        match (field.kind.message(), payload) {
            (Some(inner), Payload::Bytes(bytes)) => {
                line(&mut text, depth, &format!("{} {{", field.name));
                depth += 1;
                if depth > DEEPEST {
                    return Err(Error::resource_exhausted(format!(
                        "more than {DEEPEST} messages inside of each other"
                    )));
                }
                work.push(Work::Close);
                expand(bytes, offset, inner, &mut work)?;
            }
            _ => line(&mut text, depth, &format!("{}: {}", field.name, scalar(field, payload, offset)?)),
        }
    }
    Ok(text)
}

fn line(text: &mut String, depth: usize, content: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{:1$}{content}", "", depth * 2);
}

/// Puts the fields of a message on `work`, the first on top.
fn expand<'a>(bytes: &'a [u8], offset: usize, message: &'static Message, work: &mut Vec<Work<'a>>) -> Result<()> {
    let mut fields = Fields::new(bytes, offset);
    let mut all: Vec<(&'static Field, Payload<'a>, usize)> = Vec::new();
    while let Some((number, payload, start)) = fields.field()? {
        let Some(field) = message.by_number(number) else { continue };
        match (field.label, payload) {
            (Label::Packed, Payload::Bytes(run)) => unpack(field, run, start, &mut all)?,
            _ => all.push((field, payload, start)),
        }
    }
    sort_by(&mut all, |(a, x, _), (b, y, _)| a.number.cmp(&b.number).then_with(|| map_key(a, x).cmp(&map_key(b, y))));
    work.extend(all.into_iter().rev().map(|(field, payload, start)| Work::Value(field, payload, start)));
    Ok(())
}

/// The key of an entry of a map. Other fields stay in their order.
fn map_key<'a>(field: &Field, payload: &Payload<'a>) -> Option<&'a [u8]> {
    let (Kind::Map(_), Payload::Bytes(entry)) = (field.kind, payload) else { return None };
    let mut fields = Fields::new(entry, 0);
    while let Ok(Some((number, payload, _))) = fields.field() {
        if let (1, Payload::Bytes(key)) = (number, payload) {
            return Some(key);
        }
    }
    Some(&[])
}

fn unpack<'a>(
    field: &'static Field,
    run: &'a [u8],
    offset: usize,
    all: &mut Vec<(&'static Field, Payload<'a>, usize)>,
) -> Result<()> {
    let width = match field.kind.wire() {
        1 => 8,
        5 => 4,
        _ => {
            let mut numbers = Cursor::new(run, offset);
            while !numbers.is_empty() {
                all.push((field, Payload::Number(numbers.varint()?), offset));
            }
            return Ok(());
        }
    };
    if !run.len().is_multiple_of(width) {
        return Err(Error::data_loss(format!("at byte {offset}: {} bytes of numbers of {width}", run.len())));
    }
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
    all.extend(run.chunks_exact(width).map(|bytes| (field, Payload::Number(number(bytes)), offset)));
    Ok(())
}

fn scalar(field: &Field, payload: Payload, offset: usize) -> Result<String> {
    Ok(match (field.kind, payload) {
        (Kind::Bool, Payload::Number(n)) => (n != 0).to_string(),
        (Kind::Int, Payload::Number(n)) => (n as i64).to_string(),
        (Kind::Unsigned | Kind::Fixed64, Payload::Number(n)) => n.to_string(),
        (Kind::Zigzag, Payload::Number(n)) => ((n >> 1) as i64 ^ -((n & 1) as i64)).to_string(),
        (Kind::Float, Payload::Number(n)) => {
            let x = f32::from_bits(n as u32);
            python_float(&format!("{x:e}"), x.into())
        }
        (Kind::Double, Payload::Number(n)) => {
            let x = f64::from_bits(n);
            python_float(&format!("{x:e}"), x)
        }
        (Kind::Enum(names), Payload::Number(n)) => match names.iter().find(|(_, number)| *number == n as i32) {
            Some((name, _)) => (*name).to_owned(),
            None => (n as i32).to_string(),
        },
        (Kind::String, Payload::Bytes(bytes)) => match std::str::from_utf8(bytes) {
            Ok(text) => quoted(text.chars().map(|c| escape(c).unwrap_or_else(|| c.to_string()))),
            Err(_) => return Err(Error::data_loss(format!("at byte {offset}: {} is not text", field.name))),
        },
        (Kind::Bytes, Payload::Bytes(bytes)) => quoted(bytes.iter().map(|&byte| {
            escape(char::from(byte)).unwrap_or_else(|| match byte {
                32..127 => char::from(byte).to_string(),
                _ => format!("\\{byte:03o}"),
            })
        })),
        _ => return Err(Error::data_loss(format!("at byte {offset}: {} is not what it should be", field.name))),
    })
}

fn quoted(parts: impl Iterator<Item = String>) -> String {
    std::iter::once("\"".to_owned()).chain(parts).chain(["\"".to_owned()]).collect()
}

fn escape(c: char) -> Option<String> {
    let letter = match c {
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '"' | '\'' | '\\' => c,
        _ => return None,
    };
    Some(format!("\\{letter}"))
}

/// A number as Python shows it; `scientific` are its shortest digits.
fn python_float(scientific: &str, x: f64) -> String {
    if !x.is_finite() {
        return if x.is_nan() {
            "nan"
        } else if x > 0.0 {
            "inf"
        } else {
            "-inf"
        }
        .to_owned();
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let (sign, digits) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = digits.chars().filter(|c| *c != '.').collect();
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat(-exponent as usize - 1));
    }
    let whole = exponent as usize + 1;
    let padded = format!("{digits:0<whole$}");
    let (whole, part) = padded.split_at(whole);
    format!("{sign}{whole}.{}", if part.is_empty() { "0" } else { part })
}
