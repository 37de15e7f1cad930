//! Elements as numbers: where only equality counts, all data types are one.

use std::collections::HashMap;

use crate::dispatch;
use crate::dtype::DType;
use crate::error::Result;
use crate::value::{Number, Value};

/// For each element of each of these arrays of one data type a number, the same for equal ones; `None` for what equals
/// nothing.
pub(super) fn codes<const N: usize>(values: [&Value; N]) -> Result<[Vec<Option<u64>>; N]> {
    let mut strings = HashMap::new();
    let mut all = [const { Vec::new() }; N];
    for (value, codes) in values.into_iter().zip(&mut all) {
        add_codes(value, &mut strings, codes)?;
    }
    Ok(all)
}

fn add_codes<'a>(
    value: &'a Value,
    strings: &mut HashMap<&'a Vec<u8>, u64>,
    codes: &mut Vec<Option<u64>>,
) -> Result<()> {
    // Equal floating-point numbers have equal bits once -0 is 0.
    let bits = |x: f64| (!x.is_nan()).then_some((x + 0.0).to_bits());
    match value.dtype() {
        DType::String => codes.extend(value.as_slice::<Vec<u8>>()?.iter().map(|string| {
            let next = strings.len() as u64;
            Some(*strings.entry(string).or_insert(next))
        })),
        DType::Bool => codes.extend(value.as_slice::<bool>()?.iter().map(|&x| Some(x.into()))),
        DType::Int64 => codes.extend(value.as_slice::<i64>()?.iter().map(|&x| Some(x as u64))),
        dtype => dispatch!(dtype, numbers, T => {
            codes.extend(value.as_slice::<T>()?.iter().map(|x| bits(x.to_f64())));
            Ok(())
        })?,
    }
    Ok(())
}
