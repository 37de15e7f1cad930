//! AsString and StringToNumber: numbers as text and back.

use std::str::FromStr;

use super::each;
use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Arg, AttrReader, Flags, Grad, IntoTensor, Kernel, KernelCtx, OpDef, Sig, rules};
use crate::value::Number;

/// Each element as text. TF: `tf.as_string`.
///
/// Any data type. Keyword arguments, as C's `printf` has them: `precision` (6 digits if not said), `scientific`,
/// `shortest`, `width` and `fill`. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::as_string!([1.5, -0.25], precision = 2);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<Vec<u8>>()?, [b"1.50".to_vec(), b"-0.25".to_vec()]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn as_string(input: impl IntoTensor) -> Tensor {
    as_string_args(input).build()
}

/// [`as_string`] with keyword arguments.
pub fn as_string_args(input: impl IntoTensor) -> AsStringArgs {
    let fill = String::new();
    AsStringArgs { input: input.into_arg(), precision: -1, scientific: false, shortest: false, width: -1, fill }
}

/// An [`as_string`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct AsStringArgs {
    input: Arg,
    precision: i64,
    scientific: bool,
    shortest: bool,
    width: i64,
    fill: String,
}

impl AsStringArgs {
    /// How many digits stand after the point; 6 if not said.
    pub fn precision(mut self, precision: i64) -> Self {
        self.precision = precision;
        self
    }

    /// Whether numbers are written with a power of ten.
    pub fn scientific(mut self, scientific: bool) -> Self {
        self.scientific = scientific;
        self
    }

    /// Whether numbers are written with a power of ten where that is shorter.
    pub fn shortest(mut self, shortest: bool) -> Self {
        self.shortest = shortest;
        self
    }

    /// How many characters there are at least.
    pub fn width(mut self, width: i64) -> Self {
        self.width = width;
        self
    }

    /// How shorter ones are filled up: with spaces in front if not said, `"0"` zeros, `"-"` spaces behind; `"+"` and `" "`
    /// stand in front of numbers without a sign.
    pub fn fill(mut self, fill: &str) -> Self {
        self.fill = fill.to_owned();
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let call = AS_STRING.call([self.input]).attr("precision", self.precision).attr("scientific", self.scientific);
        call.attr("shortest", self.shortest).attr("width", self.width).attr("fill", self.fill.as_str()).single()
    }
}

/// The number that each string is. TF: `tf.string_to_number`.
///
/// Keyword argument `out_type`: float32 if not said, float64, int32 or int64. What is no number, or too large a whole one,
/// is an error of the run. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::string_to_number!(["12", "-3"], out_type = tf::int32);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [12, -3]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn string_to_number(string_tensor: impl IntoTensor) -> Tensor {
    string_to_number_args(string_tensor).build()
}

/// [`string_to_number`] with the keyword argument `out_type`.
pub fn string_to_number_args(string_tensor: impl IntoTensor) -> StringToNumberArgs {
    StringToNumberArgs { input: string_tensor.into_arg(), out_type: DType::Float32 }
}

/// A [`string_to_number`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct StringToNumberArgs {
    input: Arg,
    out_type: DType,
}

impl StringToNumberArgs {
    /// The type of the numbers.
    pub fn out_type(mut self, out_type: DType) -> Self {
        self.out_type = out_type;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        STRING_TO_NUMBER.call([self.input]).attr("out_type", self.out_type).single()
    }
}

/// How `printf` writes a number.
struct Format {
    precision: Option<usize>,
    scientific: bool,
    shortest: bool,
    width: usize,
    fill: Option<char>,
}

/// No string is made longer than this for the sake of its width or precision.
const WIDEST: i64 = 1 << 16;

impl Format {
    fn new(attrs: AttrReader, dtype: DType) -> Result<Self> {
        let (precision, width) = (attrs.int("precision")?, attrs.int("width")?);
        let (scientific, shortest) = (attrs.bool("scientific")?, attrs.bool("shortest")?);
        let mut fill = attrs.str("fill")?.chars();
        let (fill, more) = (fill.next(), fill.next());
        let wrong = if scientific && shortest {
            "both scientific and shortest"
        } else if !dtype.is_floating() && (scientific || shortest || precision >= 0) {
            "scientific, shortest and precision are for floating-point numbers"
        } else if more.is_some() || fill.is_some_and(|fill| !" +-0#".contains(fill)) {
            "fill must be one of ' ', '+', '-', '0' and '#'"
        } else if precision > WIDEST || width > WIDEST {
            return Err(Error::resource_exhausted(format!("text of width {width} and precision {precision}")));
        } else {
            let (precision, width) = (usize::try_from(precision).ok(), usize::try_from(width).unwrap_or(0));
            // What has no sign gets none.
            let fill = fill.filter(|fill| dtype != DType::UInt8 || !" +".contains(*fill));
            return Ok(Format { precision, scientific, shortest, width, fill });
        };
        Err(Error::invalid_argument(wrong))
    }

    fn float(&self, x: f64) -> String {
        let digits = self.precision.unwrap_or(6);
        let text = match x.abs() {
            _ if x.is_nan() => "nan".to_owned(),
            x if x.is_infinite() => "inf".to_owned(),
            x if self.scientific => scientific(x, digits),
            x if self.shortest => shortest(x, digits.max(1), self.fill == Some('#')),
            x => format!("{x:.digits$}"),
        };
        self.filled(x.is_sign_negative() && !x.is_nan(), text, x.is_finite())
    }

    /// `text` with its sign, filled up.
    fn filled(&self, negative: bool, text: String, zeros: bool) -> String {
        let sign = match self.fill {
            _ if negative => "-",
            Some('+') => "+",
            Some(' ') => " ",
            _ => "",
        };
        let missing = self.width.saturating_sub(sign.len() + text.len());
        match self.fill {
            Some('0') if zeros => format!("{sign}{}{text}", "0".repeat(missing)),
            Some('-') => format!("{sign}{text}{}", " ".repeat(missing)),
            _ => format!("{}{sign}{text}", " ".repeat(missing)),
        }
    }
}

/// As `%e`.
fn scientific(x: f64, digits: usize) -> String {
    let text = format!("{x:.digits$e}");
    let (number, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{number}e{sign}{exponent:0>2}")
}

/// As `%g`.
fn shortest(x: f64, digits: usize, keep_zeros: bool) -> String {
    let text = scientific(x, digits - 1);
    let (number, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i64 = exponent.parse().unwrap_or(0);
    let short = |number: &str| match number.contains('.') && !keep_zeros {
        true => number.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => number.to_owned(),
    };
    if (-4..digits as i64).contains(&power) {
        let places = (digits as i64 - 1 - power) as usize;
        return short(&format!("{x:.places$}"));
    }
    format!("{}e{exponent}", short(number))
}

fn write(ctx: &mut KernelCtx) -> Result<()> {
    let dtype = ctx.node.dtype()?;
    let format = Format::new(ctx.node.attrs(), dtype)?;
    match dtype {
        DType::String => each(ctx, |s| {
            let missing = " ".repeat(format.width.saturating_sub(s.len())).into_bytes();
            Ok(if format.fill == Some('-') { [s, &missing].concat() } else { [&missing, s].concat() })
        }),
        DType::Bool => {
            let input = ctx.inputs.slice::<bool>(0)?;
            let out = ctx.outputs.slice::<Vec<u8>>(0)?.iter_mut();
            out.zip(input).for_each(|(out, x)| *out = x.to_string().into_bytes());
            Ok(())
        }
        dtype if dtype.is_floating() => dispatch!(dtype, floats, T => {
            let input = ctx.inputs.slice::<T>(0)?;
            let out = ctx.outputs.slice::<Vec<u8>>(0)?.iter_mut();
            out.zip(input).for_each(|(out, x)| *out = format.float(x.to_f64()).into_bytes());
            Ok(())
        }),
        dtype => dispatch!(dtype, integers, T => {
            let input = ctx.inputs.slice::<T>(0)?;
            for (out, x) in ctx.outputs.slice::<Vec<u8>>(0)?.iter_mut().zip(input) {
                let text = x.to_string();
                let digits = text.trim_start_matches('-').to_owned();
                *out = format.filled(text.len() > digits.len(), digits, true).into_bytes();
            }
            Ok(())
        }),
    }
}

pub(super) static AS_STRING: OpDef = OpDef {
    sig: Sig::new(
        "AsString(input: T) -> (output: string) where T: type, precision: int = -1, scientific: bool = false, \
         shortest: bool = false, width: int = -1, fill: string = ''",
    ),
    infer: rules::same_shape,
    kernel: Kernel::Run(write),
    grad: Grad::Stop("text is not smooth"),
    flags: Flags::PURE,
};

/// The number that `text` is, spaces around it aside.
pub(crate) fn read_number<T: ReadNumber>(text: &[u8]) -> Option<T> {
    T::read(std::str::from_utf8(text).ok()?.trim())
}

/// A number as C reads it.
pub(crate) trait ReadNumber: Sized {
    fn read(text: &str) -> Option<Self>;
}

macro_rules! read_floats {
    ($($float:ty)*) => {$(
        impl ReadNumber for $float {
            fn read(text: &str) -> Option<Self> {
                let (sign, digits) = match text.strip_prefix('-') {
                    Some(digits) => (-1.0, digits),
                    None => (1.0, text),
                };
                if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
                    return u64::from_str_radix(hex, 16).ok().map(|x| sign * x as $float);
                }
                <$float>::from_str(text).ok()
            }
        }
    )*};
}
read_floats! { f32 f64 }

macro_rules! read_integers {
    ($($integer:ty)*) => {$(
        impl ReadNumber for $integer {
            fn read(text: &str) -> Option<Self> {
                (!text.starts_with('+')).then(|| <$integer>::from_str(text).ok())?
            }
        }
    )*};
}
read_integers! { i32 i64 }

pub(super) static STRING_TO_NUMBER: OpDef = OpDef {
    sig: Sig::new("StringToNumber(string_tensor: string) -> (output: out_type) where out_type: signed = float32"),
    infer: rules::same_shape,
    kernel: Kernel::Run(|ctx| {
        let dtype = ctx.node.attrs().dtype("out_type")?;
        dispatch!(dtype, signed, T => {
            let input = ctx.inputs.slice::<Vec<u8>>(0)?;
            for (out, s) in ctx.outputs.slice::<T>(0)?.iter_mut().zip(input) {
                *out = read_number::<T>(s).ok_or_else(|| {
                    Error::invalid_argument(format!("'{}' is no {dtype}", s.escape_ascii()))
                })?;
            }
            Ok(())
        })
    }),
    grad: Grad::Stop("text is not smooth"),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;
    use crate::value::Value;

    fn strings<const N: usize>(texts: [&str; N]) -> Value {
        Value::vector(texts.map(|text| text.as_bytes().to_vec()).to_vec())
    }

    #[test]
    fn numbers_are_written_as_c_writes_them() {
        OpTest::new(|x| {
            let filled = as_string_args(x[0]).precision(1).width(7);
            vec![
                as_string(x[0]),
                as_string_args(x[0]).scientific(true).precision(2).build(),
                as_string_args(x[0]).shortest(true).build(),
                filled.fill("0").build(),
                as_string_args(x[1]).width(4).fill("+").build(),
                as_string(x[2]),
            ]
        })
        .inputs([[1.5f64, -2e10, 1.25e-7, f64::NEG_INFINITY].into(), [7i64, -8].into(), [true].into()])
        .expect([
            strings(["1.500000", "-20000000000.000000", "0.000000", "-inf"]),
            strings(["1.50e+00", "-2.00e+10", "1.25e-07", "-inf"]),
            strings(["1.5", "-2e+10", "1.25e-07", "-inf"]),
            strings(["00001.5", "-20000000000.0", "00000.0", "   -inf"]),
            strings(["  +7", "  -8"]),
            strings(["true"]),
        ])
        .run();
    }

    #[test]
    fn numbers_are_read() {
        OpTest::new(|x| vec![string_to_number(x[0]), string_to_number_args(x[1]).out_type(DType::Int64).build()])
            .inputs([strings([" 1.5 ", "-inf", "0x10"]), strings(["-12", "9"])])
            .expect([[1.5f32, f32::NEG_INFINITY, 16.0].into(), [-12i64, 9].into()])
            .run();
    }
}
