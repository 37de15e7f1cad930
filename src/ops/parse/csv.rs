//! DecodeCSV: lines of fields between commas.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::ops::strings::{ReadNumber, read_number};
use crate::value::{Element, Value};

/// The fields of each record: a tensor for each column, of the shape of `records` and the type of its default.
/// TF: `tf.decode_csv`.
///
/// `record_defaults` are float32, float64, int32, int64 or strings: one for each column, a single one that stands for an empty
/// field, or none where a field must not be empty. Fields between quotes may hold commas, line ends and, doubled, quotes.
/// Keyword arguments: `field_delim` (`","`), `use_quote_delim` (true: whether quotes mean this), `na_value` (`""`: what counts
/// as empty besides), `select_cols` (which columns are wanted, rising; all if not said). No gradient.
///
/// An error of the run: another number of fields, a field that is no number of its type, an empty one without a default.
///
/// ```
/// use flowstone as tf;
/// use tf::IntoTensor;
/// let columns = tf::decode_csv(["1,a", "2,"], [[0].into_arg(), ["none"].into_arg()]);
/// let columns = tf::Session()?.run(columns, tf::feed_dict! {})?;
/// assert_eq!(columns[0].as_slice::<i32>()?, [1, 2]);
/// assert_eq!(columns[1].as_slice::<Vec<u8>>()?, [b"a".to_vec(), b"none".to_vec()]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn decode_csv<T: IntoTensor>(
    records: impl IntoTensor,
    record_defaults: impl IntoIterator<Item = T>,
) -> Vec<Tensor> {
    decode_csv_args(records, record_defaults).build()
}

/// [`decode_csv`] with keyword arguments.
pub fn decode_csv_args<T: IntoTensor>(
    records: impl IntoTensor,
    record_defaults: impl IntoIterator<Item = T>,
) -> DecodeCsvArgs {
    DecodeCsvArgs {
        args: [records.into_arg(), Arg::list(record_defaults)],
        field_delim: ",".to_owned(),
        use_quote_delim: true,
        na_value: String::new(),
        select_cols: Vec::new(),
    }
}

/// A [`decode_csv`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct DecodeCsvArgs {
    args: [Arg; 2],
    field_delim: String,
    use_quote_delim: bool,
    na_value: String,
    select_cols: Vec<i64>,
}

impl DecodeCsvArgs {
    /// What stands between fields, one character; `","` if not said.
    pub fn field_delim(mut self, delim: &str) -> Self {
        self.field_delim = delim.to_owned();
        self
    }

    /// Whether fields may stand between quotes; true if not said.
    pub fn use_quote_delim(mut self, quotes: bool) -> Self {
        self.use_quote_delim = quotes;
        self
    }

    /// What counts as an empty field besides.
    pub fn na_value(mut self, na_value: &str) -> Self {
        self.na_value = na_value.to_owned();
        self
    }

    /// Which columns are wanted, rising; all if not said.
    pub fn select_cols(mut self, columns: impl IntoIterator<Item = i64>) -> Self {
        self.select_cols = columns.into_iter().collect();
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Vec<Tensor> {
        let columns = if let [_, Arg::List(defaults)] = &self.args { defaults.len() as u32 } else { 0 };
        let call = DECODE_CSV.call(self.args).attr("field_delim", self.field_delim.as_str());
        let call = call.attr("use_quote_delim", self.use_quote_delim).attr("na_value", self.na_value.as_str());
        let built = call.attr("select_cols", self.select_cols).build();
        // As many columns as were asked for, also of what could not be built.
        (0..columns).map(|i| built.output(i)).collect()
    }
}

pub(super) static DECODE_CSV: OpDef = OpDef {
    sig: Sig::new(
        "DecodeCSV(records: string, record_defaults: OUT_TYPE) -> (output: OUT_TYPE) where \
         OUT_TYPE: list({float32, float64, int32, int64, string}), field_delim: string = ',', \
         use_quote_delim: bool = true, na_value: string = '', select_cols: list(int) = []",
    ),
    infer: |ctx| {
        Format::new(&ctx.attrs(), ctx.output_count())?;
        let records = ctx.shape(0)?.clone();
        for i in 0..ctx.output_count() {
            let shape = ctx.shape(i + 1)?;
            let most_one = match shape.dims() {
                None | Some([]) => true,
                Some([size]) => size.is_none_or(|size| size <= 1),
                Some(_) => false,
            };
            if !most_one {
                return Err(Error::invalid_argument(format!("default {i} has shape {shape}: one element at most")));
            }
            ctx.set(i, records.clone())?;
        }
        Ok(())
    },
    kernel: Kernel::Run(run),
    grad: Grad::Missing("text has no gradient"),
    flags: Flags::PURE,
};

/// How records are cut.
struct Format {
    delimiter: u8,
    quotes: bool,
    not_there: Vec<u8>,
    columns: Vec<usize>,
}

impl Format {
    fn new(attrs: &crate::op::AttrReader, count: usize) -> Result<Self> {
        let &[delimiter] = attrs.str("field_delim")?.as_bytes() else {
            return Err(Error::invalid_argument("field_delim must be one byte"));
        };
        let columns = attrs.ints("select_cols")?.iter().map(|&column| usize::try_from(column));
        let columns = columns.collect::<std::result::Result<Vec<usize>, _>>();
        let columns = columns.map_err(|_| Error::invalid_argument("select_cols has a negative number"))?;
        if !columns.is_sorted_by(|a, b| a < b) {
            return Err(Error::invalid_argument(format!("select_cols {columns:?} do not rise")));
        }
        if !columns.is_empty() && columns.len() != count {
            return Err(Error::invalid_argument(format!("{} select_cols for {count} columns", columns.len())));
        }
        let not_there = attrs.str("na_value")?.as_bytes().to_vec();
        Ok(Format { delimiter, quotes: attrs.bool("use_quote_delim")?, not_there, columns })
    }

    /// The fields that are wanted.
    fn fields(&self, record: &[u8]) -> Result<Vec<Vec<u8>>> {
        let (mut fields, mut column, mut at) = (Vec::new(), 0, 0);
        let wanted = |column: usize| self.columns.is_empty() || self.columns.contains(&column);
        while at < record.len() {
            if matches!(record[at], b'\n' | b'\r') {
                at += 1;
                continue;
            }
            let field = match self.quotes && record[at] == b'"' {
                true => self.quoted(record, &mut at)?,
                false => self.plain(record, &mut at)?,
            };
            if wanted(column) {
                fields.push(field);
            }
            column += 1;
            if !self.columns.is_empty() && fields.len() == self.columns.len() {
                return Ok(fields);
            }
        }
        // What ends with a delimiter has an empty field behind it.
        if record.last() == Some(&self.delimiter) && wanted(column) {
            fields.push(Vec::new());
        }
        Ok(fields)
    }

    /// The field up to the next delimiter, which is passed too.
    fn plain(&self, record: &[u8], at: &mut usize) -> Result<Vec<u8>> {
        let rest = &record[*at..];
        let field = rest.split(|&byte| byte == self.delimiter).next().unwrap_or_default();
        if field.iter().any(|byte| matches!(byte, b'\n' | b'\r') || (self.quotes && *byte == b'"')) {
            return Err(Error::invalid_argument("a field without quotes around it holds a quote or a line end"));
        }
        *at += field.len() + 1;
        Ok(field.to_vec())
    }

    /// The field between quotes, and the delimiter behind it.
    fn quoted(&self, record: &[u8], at: &mut usize) -> Result<Vec<u8>> {
        let mut field = Vec::new();
        *at += 1;
        loop {
            match (record.get(*at), record.get(*at + 1)) {
                (Some(b'"'), None) => break,
                (Some(b'"'), Some(next)) if *next == self.delimiter => break,
                (Some(b'"'), Some(b'"')) => {
                    field.push(b'"');
                    *at += 2;
                }
                (Some(b'"'), Some(_)) => {
                    return Err(Error::invalid_argument("a quote inside of quotes must be doubled"));
                }
                (Some(byte), _) => {
                    field.push(*byte);
                    *at += 1;
                }
                (None, _) => {
                    return Err(Error::invalid_argument("a field that begins with a quote does not end with one"));
                }
            }
        }
        *at += 2;
        Ok(field)
    }
}

fn run(ctx: &mut KernelCtx) -> Result<()> {
    let types = ctx.node.output_types.clone();
    let format = Format::new(&ctx.node.attrs(), types.len())?;
    for i in 0..types.len() {
        let count = ctx.inputs.value(i + 1)?.len();
        if count > 1 {
            return Err(Error::invalid_argument(format!("default {i} has {count} elements: one at most")));
        }
    }
    let mut rows = Vec::new();
    for (i, record) in ctx.inputs.slice::<Vec<u8>>(0)?.iter().enumerate() {
        let fields = format.fields(record).map_err(|e| Error::new(e.kind(), format!("record {i}: {}", e.message())))?;
        if fields.len() != types.len() {
            let (found, wanted) = (fields.len(), types.len());
            return Err(Error::invalid_argument(format!("record {i} has {found} fields, not {wanted}")));
        }
        rows.push(fields);
    }
    for (column, dtype) in types.iter().enumerate() {
        if *dtype == DType::String {
            fill(ctx, &format, &rows, column, |field| Some(field.to_vec()))?;
        } else {
            dispatch!(*dtype, signed, T => number_column::<T>(ctx, &format, &rows, column))?;
        }
    }
    Ok(())
}

fn number_column<T: Element + ReadNumber>(
    ctx: &mut KernelCtx,
    format: &Format,
    rows: &[Vec<Vec<u8>>],
    column: usize,
) -> Result<()> {
    fill(ctx, format, rows, column, read_number::<T>)
}

/// Writes a column of the fields that `read` makes of their text.
fn fill<T: Element>(
    ctx: &mut KernelCtx,
    format: &Format,
    rows: &[Vec<Vec<u8>>],
    column: usize,
    read: impl Fn(&[u8]) -> Option<T>,
) -> Result<()> {
    let default = ctx.inputs.slice::<T>(column + 1)?.first().cloned();
    let mut values = Vec::with_capacity(rows.len());
    for (i, row) in rows.iter().enumerate() {
        let field = row.get(column).map_or(&[][..], Vec::as_slice);
        let is_there = !field.is_empty() && field != format.not_there;
        let value = if is_there { read(field) } else { default.clone() };
        values.push(value.ok_or_else(|| unread(field, column, i, T::DTYPE, is_there))?);
    }
    let shape = ctx.inputs.shape(0)?.clone();
    ctx.outputs.set(column, Value::new(shape, values)?);
    Ok(())
}

fn unread(field: &[u8], column: usize, record: usize, dtype: DType, is_there: bool) -> Error {
    Error::invalid_argument(match is_there {
        false => format!("field {column} of record {record} is empty, and needed"),
        true => format!("field {column} of record {record} is no {dtype}: '{}'", field.escape_ascii()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    fn strings<const N: usize>(texts: [&str; N]) -> Value {
        Value::vector(texts.map(|text| text.as_bytes().to_vec()).to_vec())
    }

    #[test]
    fn lines_are_cut_into_columns() {
        let defaults = || [[-1i32].into_arg(), [0.5f32].into_arg(), ["none"].into_arg()];
        OpTest::new(|x| decode_csv(x[0], defaults()))
            .inputs([strings(["1, 2.5,a", ",,", "\"7\",1e3,\"b,\"\"c\"\"\n\""])])
            .expect([[1i32, -1, 7].into(), [2.5f32, 0.5, 1000.0].into(), strings(["a", "none", "b,\"c\"\n"])])
            .run();
        OpTest::new(|x| {
            let all = decode_csv_args(x[0], [[0i64], [0i64]]).field_delim(";").na_value("NA").select_cols([0, 2]);
            all.use_quote_delim(false).build()
        })
        .inputs([strings(["1;\"x;3;4", "NA;;5"])])
        .expect([[1i64, 0].into(), [3i64, 5].into()])
        .run();
        let error = build_error(|| decode_csv_args(["1"], [[0]]).field_delim("::").build()[0]);
        assert!(error.contains("field_delim must be one byte"), "{error}");
        let error = build_error(|| decode_csv(["1"], [[0, 1]])[0]);
        assert!(error.contains("one element at most"), "{error}");
    }
}
