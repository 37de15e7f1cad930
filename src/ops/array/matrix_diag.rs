//! MatrixDiag, MatrixDiagPart and MatrixSetDiag in their three versions, and MatrixBandPart: diagonals of matrices.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Arg, AttrReader, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::ops::array::{concat, packed, reshape, shape, zeros_like, zeros_of, zeros_of_sizes};
use crate::ops::flow::cond;
use crate::ops::math::{equal, greater, less, minimum};
use crate::shape::{Dim, PartialShape, Shape};
use crate::value::Value;

/// Matrices with `diagonal` on a diagonal and zero elsewhere. TF: `tf.matrix_diag`.
///
/// `diagonal` has shape `[…, n]`, or `[…, d, n]` for `d` diagonals. Keyword arguments `k`, which diagonal (0 the main one,
/// positive ones above) or the lowest and the highest of several, `num_rows`, `num_cols`, `padding_value`, what stands
/// elsewhere, and `align`, at which end of the `n` elements shorter diagonals above and below stand
/// (`"RIGHT_LEFT"`). The gradient is [`matrix_diag_part`].
///
/// ```
/// use flowstone as tf;
/// let y = tf::matrix_diag!([1, 2], k = 1);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [0, 1, 0, 0, 0, 2, 0, 0, 0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn matrix_diag(diagonal: impl IntoTensor) -> Tensor {
    matrix_diag_args(diagonal).build()
}

/// [`matrix_diag`] with keyword arguments.
pub fn matrix_diag_args(diagonal: impl IntoTensor) -> MatrixDiagArgs {
    MatrixDiagArgs::new(Form::Diag, vec![diagonal.into_arg()])
}

/// A diagonal of the matrices `input`. TF: `tf.matrix_diag_part`.
///
/// `input` has shape `[…, m, n]`. Keyword arguments `k`, `padding_value` and `align` as for [`matrix_diag`]; the value
/// stands where a diagonal is shorter than others. The gradient is [`matrix_diag`].
///
/// ```
/// use flowstone as tf;
/// let y = tf::matrix_diag_part(tf::constant([[1, 2], [3, 4]]));
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [1, 4]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn matrix_diag_part(input: impl IntoTensor) -> Tensor {
    matrix_diag_part_args(input).build()
}

/// [`matrix_diag_part`] with keyword arguments.
pub fn matrix_diag_part_args(input: impl IntoTensor) -> MatrixDiagArgs {
    MatrixDiagArgs::new(Form::Part, vec![input.into_arg()])
}

/// The matrices `input` with `diagonal` in place of a diagonal. TF: `tf.matrix_set_diag`.
///
/// Keyword arguments `k` and `align` as for [`matrix_diag`]. The gradients are those of the parts.
///
/// ```
/// use flowstone as tf;
/// let y = tf::matrix_set_diag(tf::constant([[1, 2], [3, 4]]), [0, 0]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [0, 2, 3, 0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn matrix_set_diag(input: impl IntoTensor, diagonal: impl IntoTensor) -> Tensor {
    matrix_set_diag_args(input, diagonal).build()
}

/// [`matrix_set_diag`] with keyword arguments.
pub fn matrix_set_diag_args(input: impl IntoTensor, diagonal: impl IntoTensor) -> MatrixDiagArgs {
    MatrixDiagArgs::new(Form::Set, vec![input.into_arg(), diagonal.into_arg()])
}

/// The matrices `input` with zeros further than `num_lower` below and `num_upper` above the main diagonal.
/// TF: `tf.matrix_band_part`.
///
/// Both are single numbers of int32 or int64; a negative one keeps all. The gradient is cut in the same way.
///
/// ```
/// use flowstone as tf;
/// let upper = tf::matrix_band_part(tf::constant([[1, 2], [3, 4]]), 0, -1);
/// assert_eq!(tf::Session()?.run(upper, tf::feed_dict! {})?.as_slice::<i32>()?, [1, 2, 0, 4]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn matrix_band_part(input: impl IntoTensor, num_lower: impl IntoTensor, num_upper: impl IntoTensor) -> Tensor {
    // Python's numbers are int32, whatever the operation would rather have.
    let number = |arg: Arg| match arg {
        Arg::Literal(literal) => {
            literal.and_then(|l| l.resolve(None)).map_or_else(|e| Arg::Literal(Err(e)), Value::into_arg)
        }
        arg => arg,
    };
    MATRIX_BAND_PART.call([input.into_arg(), number(num_lower.into_arg()), number(num_upper.into_arg())]).single()
}

/// What is done with a diagonal.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Diag,
    Part,
    Set,
}

/// A [`matrix_diag`], [`matrix_diag_part`] or [`matrix_set_diag`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct MatrixDiagArgs {
    form: Form,
    args: Vec<Arg>,
    k: Arg,
    num_rows: Arg,
    num_cols: Arg,
    padding_value: Option<Arg>,
    align: String,
}

impl MatrixDiagArgs {
    fn new(form: Form, args: Vec<Arg>) -> Self {
        let [k, num_rows, num_cols] = [0, -1, -1].map(IntoTensor::into_arg);
        MatrixDiagArgs { form, args, k, num_rows, num_cols, padding_value: None, align: "RIGHT_LEFT".into() }
    }

    /// Which diagonal, or the lowest and the highest of several, int32; 0, the main one, if not said.
    pub fn k(mut self, k: impl IntoTensor) -> Self {
        self.k = k.into_arg();
        self
    }

    /// The number of rows of [`matrix_diag`]; as few as fit if not said.
    pub fn num_rows(mut self, num_rows: impl IntoTensor) -> Self {
        self.num_rows = num_rows.into_arg();
        self
    }

    /// The number of columns of [`matrix_diag`]; as few as fit if not said.
    pub fn num_cols(mut self, num_cols: impl IntoTensor) -> Self {
        self.num_cols = num_cols.into_arg();
        self
    }

    /// What stands where no element of the input does; zero if not said.
    pub fn padding_value(mut self, padding_value: impl IntoTensor) -> Self {
        self.padding_value = Some(padding_value.into_arg());
        self
    }

    /// At which end diagonals above and below the main one stand: `"RIGHT_LEFT"` if not said, `"LEFT_RIGHT"`,
    /// `"LEFT_LEFT"` or `"RIGHT_RIGHT"`.
    pub fn align(mut self, align: &str) -> Self {
        self.align = align.to_owned();
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let MatrixDiagArgs { form, args, k, num_rows, num_cols, padding_value, align } = self;
        let boolean =
            args.iter().any(|arg| arg.tensor().is_some_and(|x| x.dtype().is_ok_and(|dtype| dtype == DType::Bool)));
        let padding = padding_value.unwrap_or_else(|| if boolean { false.into_arg() } else { 0.into_arg() });
        let mut args = args.into_iter();
        let mut next = || args.next().unwrap_or_else(|| Arg::List(Vec::new()));
        let call = match form {
            Form::Diag => MATRIX_DIAG_V3.call([next(), k, num_rows, num_cols, padding]).name("diag"),
            Form::Part => MATRIX_DIAG_PART_V3.call([next(), k, padding]).name("diag_part"),
            Form::Set => MATRIX_SET_DIAG_V3.call([next(), next(), k]).name("set_diag"),
        };
        call.attr("align", align.as_str()).single()
    }
}

/// Diagonals `lower..=upper` of a matrix of `rows` by `columns`, and how they stand in an array.
struct Band {
    lower: i64,
    upper: i64,
    rows: i64,
    columns: i64,
    /// Whether diagonals above, and below, begin at the beginning of their rows.
    left: [bool; 2],
}

/// Elements of a diagonal: where they start in the matrix and in the array of diagonals.
struct Run {
    matrix: usize,
    diagonal: usize,
    len: usize,
}

impl Band {
    fn length(&self, d: i64) -> i64 {
        (self.rows + d.min(0)).min(self.columns - d.max(0)).max(0)
    }

    /// The length of the longest diagonal.
    fn longest(&self) -> i64 {
        (self.rows + self.upper.min(0)).min(self.columns - self.lower.max(0)).max(0)
    }

    fn runs(&self) -> Vec<Run> {
        let longest = self.longest();
        let run = |d: i64| {
            let len = self.length(d);
            let left = (d >= 0 && self.left[0]) || (d <= 0 && self.left[1]);
            let offset = if left { 0 } else { longest - len };
            let matrix = (-d).max(0) * self.columns + d.max(0);
            Run { matrix: matrix as usize, diagonal: ((self.upper - d) * longest + offset) as usize, len: len as usize }
        };
        (self.lower..=self.upper).map(run).filter(|run| run.len > 0).collect()
    }

    /// The dimensions of the array of diagonals of one matrix.
    fn dims(&self) -> Vec<usize> {
        let longest = self.longest() as usize;
        if self.lower == self.upper { vec![longest] } else { vec![(self.upper - self.lower + 1) as usize, longest] }
    }

    /// An error unless the matrix has these diagonals.
    fn check(&self) -> Result<()> {
        let there = |d: i64| d == 0 || (-self.rows < d && d < self.columns);
        if there(self.lower) && there(self.upper) {
            return Ok(());
        }
        let Band { lower, upper, rows, columns, .. } = self;
        Err(Error::invalid_argument(format!("diagonals {lower} to {upper} of matrices of shape [{rows},{columns}]")))
    }
}

/// The lowest and the highest diagonal that the list `k` says.
fn bounds(k: &[i64]) -> Result<(i64, i64)> {
    match *k {
        [d] => Ok((d, d)),
        [lower, upper] if lower <= upper => Ok((lower, upper)),
        _ => Err(Error::invalid_argument(format!("k is {k:?}: a diagonal, or the lowest and the highest of several"))),
    }
}

/// The diagonals that input `i` says, if it is known; the first version has none and means the main one.
fn known_bounds(ctx: &InferCtx, i: usize) -> Result<Option<(i64, i64)>> {
    if ctx.len() <= i {
        return Ok(Some((0, 0)));
    }
    if ctx.shape(i)?.rank().is_some_and(|rank| rank > 1) {
        return Err(Error::invalid_argument(format!("k has shape {}", ctx.shape(i)?)));
    }
    ctx.known_integers(i)?.map(|k| bounds(&k)).transpose()
}

/// The same while running.
fn band(ctx: &KernelCtx, k: usize, rows: usize, columns: usize) -> Result<Band> {
    let (lower, upper) = if ctx.inputs.len() > k { bounds(&ctx.inputs.value(k)?.integers()?)? } else { (0, 0) };
    let left = alignment(ctx.node.attrs());
    Ok(Band { lower, upper, rows: rows as i64, columns: columns as i64, left })
}

/// Whether diagonals above, and below, stand on the left.
fn alignment(attrs: AttrReader) -> [bool; 2] {
    match attrs.str("align") {
        Ok("RIGHT_LEFT") => [false, true],
        Ok("LEFT_RIGHT") => [true, false],
        Ok("RIGHT_RIGHT") => [false, false],
        // The first two versions know no other.
        _ => [true, true],
    }
}

/// The shape of one matrix and the dimensions before it.
fn matrix(shape: &Shape) -> Result<(&[usize], [usize; 2])> {
    match shape.split_last_chunk() {
        Some((batch, last)) => Ok((batch, *last)),
        None => Err(Error::invalid_argument(format!("matrices of shape {shape}"))),
    }
}

fn matrix_dims(shape: &PartialShape) -> Result<Option<(&[Dim], [Dim; 2])>> {
    let Some(dims) = shape.dims() else { return Ok(None) };
    match dims.split_last_chunk() {
        Some((batch, last)) => Ok(Some((batch, *last))),
        None => Err(Error::invalid_argument(format!("matrices of shape {shape}"))),
    }
}

/// Fills output 0 with what input `i` says, or with zeros if there is none.
fn fill(ctx: &mut KernelCtx, i: usize) -> Result<()> {
    dispatch!(ctx.node.dtype()?, plain, T => {
        let filler = if ctx.inputs.len() > i { ctx.inputs.value(i)?.item::<T>()? } else { T::default() };
        ctx.outputs.slice::<T>(0)?.fill(filler);
        Ok(())
    })
}

/// Lets output 0 begin as input 0.
fn begin_as_input(ctx: &mut KernelCtx) -> Result<()> {
    if ctx.take_over(0, 0) {
        return Ok(());
    }
    dispatch!(ctx.node.dtype()?, plain, T => {
        ctx.outputs.slice::<T>(0)?.copy_from_slice(ctx.inputs.slice::<T>(0)?);
        Ok(())
    })
}

/// Copies elements of arrays in input `i` to arrays in output 0, for each of which it is said how many elements they have
/// and how far those of a diagonal are from each other; runs say where they start in both, and how many they are.
fn copy_runs(
    ctx: &mut KernelCtx,
    i: usize,
    [(from, from_step), (to, to_step)]: [(usize, usize); 2],
    runs: impl Iterator<Item = [usize; 3]>,
) -> Result<()> {
    let runs: Vec<[usize; 3]> = runs.collect();
    dispatch!(ctx.node.dtype()?, plain, T => {
        let arrays = ctx.inputs.slice::<T>(i)?.chunks_exact(from.max(1));
        for (x, out) in arrays.zip(ctx.outputs.slice::<T>(0)?.chunks_exact_mut(to.max(1))) {
            for &[start, place, n] in &runs {
                let places = out[place..].iter_mut().step_by(to_step).take(n);
                places.zip(x[start..].iter().step_by(from_step)).for_each(|(out, x)| *out = *x);
            }
        }
        Ok(())
    })
}

/// Puts the diagonals in input `i` into the matrices of output 0.
fn put(ctx: &mut KernelCtx, i: usize, band: &Band) -> Result<()> {
    let (runs, whole): (_, usize) = (band.runs(), band.dims().iter().product());
    let (matrix, columns) = ((band.rows * band.columns) as usize, band.columns as usize);
    let runs = runs.iter().map(|run| [run.diagonal, run.matrix, run.len]);
    copy_runs(ctx, i, [(whole, 1), (matrix, columns + 1)], runs)
}

fn infer_diag(ctx: &mut InferCtx) -> Result<()> {
    let bounds = known_bounds(ctx, 1)?;
    let shape = ctx.shape(0)?;
    let Some(dims) = shape.dims() else { return ctx.set(0, PartialShape::unknown()) };
    if dims.is_empty() {
        return Err(Error::invalid_argument("a single element is no diagonal"));
    }
    let Some((lower, upper)) = bounds else { return ctx.set(0, PartialShape::unknown()) };
    let several = usize::from(lower != upper);
    let batch = dims
        .len()
        .checked_sub(1 + several)
        .ok_or_else(|| Error::invalid_argument(format!("diagonals {lower} to {upper} in an array of shape {shape}")))?;
    if several == 1 && dims[batch].is_some_and(|n| n as i64 != upper - lower + 1) {
        return Err(Error::invalid_argument(format!("diagonals {lower} to {upper} in an array of shape {shape}")));
    }
    let said = |i: usize| if ctx.len() > i { ctx.known_integer(i) } else { Ok(Some(-1)) };
    let sizes = match (dims[dims.len() - 1], said(2)?, said(3)?) {
        (Some(longest), Some(rows), Some(columns)) => {
            let [rows, columns] = matrix_sizes(longest as i64, (lower, upper), [rows, columns])?;
            [Some(rows), Some(columns)]
        }
        _ => [None, None],
    };
    ctx.set(0, PartialShape::new(dims[..batch].iter().copied().chain(sizes)))
}

/// The rows and columns of a matrix whose longest diagonal has `longest` elements; -1 stands for as few as fit.
fn matrix_sizes(longest: i64, (lower, upper): (i64, i64), said: [i64; 2]) -> Result<[usize; 2]> {
    let wrong = || {
        let [rows, columns] = said;
        Error::invalid_argument(format!(
            "diagonals {lower} to {upper} of at most {longest} elements in {rows} rows and {columns} columns"
        ))
    };
    let fewest = [longest.checked_sub(upper.min(0)), longest.checked_add(lower.max(0))];
    let [Some(rows), Some(columns)] = fewest else { return Err(wrong()) };
    let sizes = match said {
        [-1, -1] => [rows.max(columns); 2],
        [-1, n] => [rows, n],
        [n, -1] => [n, columns],
        both => both,
    };
    let fits = sizes[0] >= rows && sizes[1] >= columns && (sizes[0] == rows || sizes[1] == columns);
    let [rows, columns] = sizes.map(usize::try_from);
    match (rows, columns, fits) {
        (Ok(rows), Ok(columns), true) => Ok([rows, columns]),
        _ => Err(wrong()),
    }
}

fn run_diag(ctx: &mut KernelCtx) -> Result<()> {
    let out = ctx.outputs.shape(0)?.clone();
    let (batch, [rows, columns]) = matrix(&out)?;
    let band = band(ctx, 1, rows, columns)?;
    band.check()?;
    fits(ctx.inputs.shape(0)?, batch, &band)?;
    fill(ctx, 4)?;
    put(ctx, 0, &band)
}

/// An error unless an array of shape `found` holds the diagonals of `band` for each of `batch`.
fn fits(found: &Shape, batch: &[usize], band: &Band) -> Result<()> {
    let wanted: Vec<usize> = batch.iter().copied().chain(band.dims()).collect();
    if found.dims() == wanted {
        return Ok(());
    }
    Err(Error::invalid_argument(format!("diagonals of shape {found}, not {}", Shape::from(wanted.as_slice()))))
}

fn infer_part(ctx: &mut InferCtx) -> Result<()> {
    let bounds = known_bounds(ctx, 1)?;
    let Some((batch, [rows, columns])) = matrix_dims(ctx.shape(0)?)? else {
        return ctx.set(0, PartialShape::unknown());
    };
    let Some((lower, upper)) = bounds else { return ctx.set(0, PartialShape::unknown()) };
    let (Some(rows), Some(columns)) = (rows, columns) else {
        let last = if lower == upper { vec![None] } else { vec![Some((upper - lower + 1) as usize), None] };
        return ctx.set(0, PartialShape::new(batch.iter().copied().chain(last)));
    };
    let band = Band { lower, upper, rows: rows as i64, columns: columns as i64, left: [true; 2] };
    band.check()?;
    ctx.set(0, PartialShape::new(batch.iter().copied().chain(band.dims().into_iter().map(Some))))
}

fn run_part(ctx: &mut KernelCtx) -> Result<()> {
    let x = ctx.inputs.shape(0)?.clone();
    let (batch, [rows, columns]) = matrix(&x)?;
    let band = band(ctx, 1, rows, columns)?;
    band.check()?;
    fits(ctx.outputs.shape(0)?, batch, &band)?;
    let (runs, whole): (_, usize) = (band.runs(), band.dims().iter().product());
    fill(ctx, 2)?;
    let runs = runs.iter().map(|run| [run.matrix, run.diagonal, run.len]);
    copy_runs(ctx, 0, [(rows * columns, columns + 1), (whole, 1)], runs)
}

fn infer_set(ctx: &mut InferCtx) -> Result<()> {
    let bounds = known_bounds(ctx, 2)?;
    let shape = ctx.shape(0)?.clone();
    if let (Some((batch, [Some(rows), Some(columns)])), Some((lower, upper))) = (matrix_dims(&shape)?, bounds) {
        let band = Band { lower, upper, rows: rows as i64, columns: columns as i64, left: [true; 2] };
        band.check()?;
        let wanted = PartialShape::new(batch.iter().copied().chain(band.dims().into_iter().map(Some)));
        if wanted.merge(ctx.shape(1)?).is_none() {
            return Err(Error::invalid_argument(format!("diagonals of shape {}, not {wanted}", ctx.shape(1)?)));
        }
    }
    ctx.set(0, shape)
}

fn run_set(ctx: &mut KernelCtx) -> Result<()> {
    let x = ctx.inputs.shape(0)?.clone();
    let (batch, [rows, columns]) = matrix(&x)?;
    let band = band(ctx, 2, rows, columns)?;
    band.check()?;
    fits(ctx.inputs.shape(1)?, batch, &band)?;
    begin_as_input(ctx)?;
    put(ctx, 1, &band)
}

/// The arguments of a gradient that goes along the same diagonals as `g`'s operation, whose `k` is input `k`.
fn along(args: MatrixDiagArgs, g: &GradCtx, k: usize) -> MatrixDiagArgs {
    let args = if g.xs().len() > k { args.k(g.x(k)) } else { args };
    match g.attrs().str("align") {
        Ok(align) => args.align(align),
        Err(_) => args,
    }
}

fn diag_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let mut gradients = vec![None; g.xs().len()];
    gradients[0] = Some(along(matrix_diag_part_args(g.dy(0)), g, 1).build());
    Ok(gradients)
}

fn part_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let shape = g.x(0).shape();
    let sizes = shape.dims().and_then(|dims| dims.split_last_chunk::<2>()).map(|(_, last)| *last);
    let first_version = g.xs().len() == 1;
    let mut gradients = vec![None; g.xs().len()];
    gradients[0] = Some(match sizes {
        Some([Some(rows), Some(columns)]) if !first_version => {
            along(matrix_diag_args(g.dy(0)), g, 1).num_rows(rows).num_cols(columns).build()
        }
        Some([Some(rows), Some(columns)]) if rows == columns => matrix_diag(g.dy(0)),
        _ => along(matrix_set_diag_args(zeros_like(g.x(0)), g.dy(0)), g, 1).build(),
    });
    Ok(gradients)
}

fn set_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let diagonal = g.x(1);
    let zeros = match (diagonal.shape().known(), g.xs().len()) {
        (Some(shape), _) => zeros_of(shape, diagonal.dtype()?),
        (None, 3) => zeros_of_sizes(diagonal_shape(g.dy(0), g.x(2)), diagonal.dtype()?),
        (None, _) => zeros_like(diagonal),
    };
    let mut gradients = vec![None; g.xs().len()];
    gradients[0] = Some(along(matrix_set_diag_args(g.dy(0), zeros), g, 2).build());
    gradients[1] = Some(along(matrix_diag_part_args(g.dy(0)), g, 2).build());
    Ok(gradients)
}

/// The shape of the diagonals `k` of `matrix`, as TensorFlow computes it.
fn diagonal_shape(matrix: Tensor, k: Tensor) -> Tensor {
    let all = shape(matrix);
    let (batch, sizes) = (all.at(..-2), all.at(-2..));
    let k = reshape(k, [-1]);
    let (lower, upper) = (k.at(0), k.at(-1));
    let below = cond(less(upper, 0), || upper, || 0);
    let above = cond(greater(lower, 0), || -lower, || 0);
    let longest = minimum(sizes.at(0) + below, sizes.at(1) + above);
    let list = |items: Vec<Tensor>| packed(items.into_iter().map(IntoTensor::into_arg).collect(), "packed");
    let rest = cond(equal(lower, upper), || list(vec![longest]), || list(vec![upper - lower + 1, longest]));
    concat([batch, rest], 0)
}

macro_rules! diagonal_ops {
    ($($op:ident $sig:literal $infer:ident $run:ident $grad:ident $flags:ident;)*) => {$(
        pub(super) static $op: OpDef = OpDef {
            sig: Sig::new($sig),
            infer: $infer,
            kernel: Kernel::Run($run),
            grad: Grad::Rule($grad),
            flags: Flags::$flags,
        };
    )*};
}

diagonal_ops! {
    MATRIX_DIAG "MatrixDiag(diagonal: T) -> (output: T) where T: type" infer_diag run_diag diag_grad PURE;
    MATRIX_DIAG_V2 "MatrixDiagV2(diagonal: T, k: int32, num_rows: int32, num_cols: int32, padding_value: T) \
        -> (output: T) where T: type" infer_diag run_diag diag_grad PURE;
    MATRIX_DIAG_V3 "MatrixDiagV3(diagonal: T, k: int32, num_rows: int32, num_cols: int32, padding_value: T) \
        -> (output: T) where T: type, align: 'LEFT_RIGHT'|'RIGHT_LEFT'|'LEFT_LEFT'|'RIGHT_RIGHT' = 'RIGHT_LEFT'"
        infer_diag run_diag diag_grad PURE;
    MATRIX_DIAG_PART "MatrixDiagPart(input: T) -> (diagonal: T) where T: type" infer_part run_part part_grad PURE;
    MATRIX_DIAG_PART_V2 "MatrixDiagPartV2(input: T, k: int32, padding_value: T) -> (diagonal: T) where T: type"
        infer_part run_part part_grad PURE;
    MATRIX_DIAG_PART_V3 "MatrixDiagPartV3(input: T, k: int32, padding_value: T) -> (diagonal: T) \
        where T: type, align: 'LEFT_RIGHT'|'RIGHT_LEFT'|'LEFT_LEFT'|'RIGHT_RIGHT' = 'RIGHT_LEFT'"
        infer_part run_part part_grad PURE;
    MATRIX_SET_DIAG "MatrixSetDiag(input: T, diagonal: T) -> (output: T) where T: type"
        infer_set run_set set_grad IN_PLACE;
    MATRIX_SET_DIAG_V2 "MatrixSetDiagV2(input: T, diagonal: T, k: int32) -> (output: T) where T: type"
        infer_set run_set set_grad IN_PLACE;
    MATRIX_SET_DIAG_V3 "MatrixSetDiagV3(input: T, diagonal: T, k: int32) -> (output: T) \
        where T: type, align: 'LEFT_RIGHT'|'RIGHT_LEFT'|'LEFT_LEFT'|'RIGHT_RIGHT' = 'RIGHT_LEFT'"
        infer_set run_set set_grad IN_PLACE;
}

pub(super) static MATRIX_BAND_PART: OpDef = OpDef {
    sig: Sig::new(
        "MatrixBandPart(input: T, num_lower: Tindex, num_upper: Tindex) -> (band: T) \
         where T: type, Tindex: index = int64",
    ),
    infer: |ctx| {
        ctx.shape_of_rank(1, 0)?;
        ctx.shape_of_rank(2, 0)?;
        let shape = ctx.shape(0)?.clone();
        if let Some((_, [rows, columns])) = matrix_dims(&shape)? {
            let numbers = [ctx.known_integer(1)?.zip(rows), ctx.known_integer(2)?.zip(columns)];
            if let Some((n, size)) = numbers.into_iter().flatten().find(|&(n, size)| n > 0 && n > size as i64) {
                return Err(Error::invalid_argument(format!("{n} diagonals beside one of {size}")));
            }
        }
        ctx.set(0, shape)
    },
    kernel: Kernel::Run(|ctx| {
        let x = ctx.inputs.shape(0)?.clone();
        let (_, [rows, columns]) = matrix(&x)?;
        let width = |i: usize| -> Result<usize> {
            let n = ctx.inputs.value(i)?.integers()?.first().copied().unwrap_or_default();
            Ok(usize::try_from(n).unwrap_or(usize::MAX))
        };
        let (lower, upper) = (width(1)?, width(2)?);
        begin_as_input(ctx)?;
        dispatch!(ctx.node.dtype()?, plain, T => {
            for (i, row) in ctx.outputs.slice::<T>(0)?.chunks_exact_mut(columns.max(1)).enumerate() {
                let i = i % rows.max(1);
                let (start, end) = (i.saturating_sub(lower).min(columns), i.saturating_add(upper).saturating_add(1).min(columns));
                row[..start].fill(T::default());
                row[end..].fill(T::default());
            }
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(matrix_band_part(g.dy(0), g.x(1), g.x(2))), None, None])),
    flags: Flags::IN_PLACE,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn diagonals_are_whole() {
        let x: Value = [[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]].into();
        OpTest::new(|x| {
            let parts = matrix_diag_part_args(x[0]).k([-1, 1]);
            let right = parts.align("LEFT_RIGHT").build();
            vec![
                matrix_diag_part(x[0]),
                matrix_diag_part_args(x[0]).k([-1, 1]).padding_value(9).build(),
                matrix_diag_args(right).k([-1, 1]).num_cols(3).num_rows(2).align("LEFT_RIGHT").build(),
                matrix_set_diag_args(x[0], x[1]).k(1).build(),
                matrix_band_part(x[0], 0, 1),
            ]
        })
        .inputs([x, [7.0f32, 8.0].into()])
        .expect([
            [1.0f32, 5.0].into(),
            [[2.0f32, 6.0], [1.0, 5.0], [4.0, 9.0]].into(),
            [[1.0f32, 2.0, 0.0], [4.0, 5.0, 6.0]].into(),
            [[1.0f32, 7.0, 3.0], [4.0, 5.0, 8.0]].into(),
            [[1.0f32, 2.0, 0.0], [0.0, 5.0, 6.0]].into(),
        ])
        .differentiable(&[0, 1])
        .run();
        assert!(build_error(|| matrix_diag_part_args([[1, 2]]).k(2).build()).contains("diagonals 2 to 2 of matrices"));
        assert!(build_error(|| matrix_diag_args([1, 2]).num_rows(1).build()).contains("in 1 rows and -1 columns"));
    }
}
