//! The `Apply…` operations: one step of an optimizer on one variable and its slots. Each comes in four forms: for a
//! variable or its handle, with a gradient for all of it or for some of its rows. Plans also hold forms whose gradient is a
//! product that nobody else wants: its two operands come instead.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::kernels::Plain;
use crate::kernels::gemm::{GemmElement, Mat, Product};
use crate::kernels::math::Real;
use crate::kernels::update::{self, Rule, Variables};
use crate::op::{Flags, Grad, InferCtx, Kernel, KernelCtx, OpDef, Sig, VariableCell};
use crate::ops::math::matmul::{operands_at, product_shape, transposed};
use crate::shape::{PartialShape, Shape};
use crate::value::Value;

/// The operations that apply one rule.
pub(crate) struct Forms {
    /// Of a variable, with a gradient for all of it.
    pub dense: &'static OpDef,
    /// Of a variable, with a gradient for some of its rows.
    pub sparse: Option<&'static OpDef>,
    /// Of a handle, with a gradient for all of it.
    pub resource: &'static OpDef,
    /// Of a handle, with a gradient for some of its rows.
    pub resource_sparse: Option<&'static OpDef>,
    /// The dense forms with a product as the gradient: its right operand is the last input. Only plans hold them.
    by_product: [&'static OpDef; 2],
}

/// Records of one rule: `NAME: name, [variables], arguments of the dense form, of the sparse form, attributes => rule`.
macro_rules! rules {
    ($($forms:ident: $name:literal, [$($var:literal),+], $dense:literal, $($sparse:literal,)? {$attrs:literal}
        => $rule:ident;)*) => {
        $(pub(crate) static $forms: Forms = {
            fn infer(ctx: &mut InferCtx) -> Result<()> {
                infer_apply(ctx, update::$rule::<f32>().variables())
            }
            fn run(ctx: &mut KernelCtx) -> Result<()> {
                dispatch!(ctx.node.dtype()?, floats, T => apply::<T>(ctx, &update::$rule()))
            }
            static DENSE: OpDef = rules!(@ concat!("Apply", $name, "(", $($var, ": Ref(T), ",)+ $dense,
                ") -> (out: Ref(T)) where T: number, use_locking: bool = false", $attrs), infer, run);
            static RESOURCE: OpDef = rules!(@ concat!("ResourceApply", $name, "(", $($var, ": resource, ",)+ $dense,
                ") -> () where T: number, use_locking: bool = false", $attrs), infer, run);
            Forms {
                dense: &DENSE,
                resource: &RESOURCE,
                sparse: rules!(? $($sparse)? {
                    static SPARSE: OpDef = rules!(@ concat!("SparseApply", $name, "(", $($var, ": Ref(T), ",)+ $($sparse)?,
                        ") -> (out: Ref(T)) where T: number, Tindices: index, use_locking: bool = false", $attrs),
                        infer, run);
                    &SPARSE
                }),
                resource_sparse: rules!(? $($sparse)? {
                    static SPARSE: OpDef = rules!(@ concat!("ResourceSparseApply", $name, "(", $($var, ": resource, ",)+
                        $($sparse)?, ") -> () where T: number, Tindices: index, use_locking: bool = false", $attrs),
                        infer, run);
                    &SPARSE
                }),
                by_product: {
                    static OF_VARIABLE: OpDef = rules!(@ concat!("_Apply", $name, "ByProduct(", $($var, ": Ref(T), ",)+ $dense,
                        ", by: T) -> (out: Ref(T)) where T: number, transpose_a: bool, transpose_b: bool, \
                        use_locking: bool = false", $attrs), infer, run);
                    static OF_HANDLE: OpDef = rules!(@ concat!("_ResourceApply", $name, "ByProduct(",
                        $($var, ": resource, ",)+ $dense, ", by: T) -> () where T: number, transpose_a: bool, \
                        transpose_b: bool, use_locking: bool = false", $attrs), infer, run);
                    [&OF_VARIABLE, &OF_HANDLE]
                },
            }
        };)*

        static ALL: &[&Forms] = &[$(&$forms),*];
    };
    (? { $($absent:tt)* }) => { None };
    (? $sparse:literal $present:block) => { Some($present) };
    (@ $sig:expr, $infer:ident, $run:ident) => {
        OpDef {
            sig: Sig::new($sig),
            infer: $infer,
            kernel: Kernel::Run($run),
            grad: Grad::Stop("an update is not a function of its inputs"),
            flags: Flags::EFFECT,
        }
    };
}

rules! {
    GRADIENT_DESCENT: "GradientDescent", ["var"], "alpha: T, delta: T", {""} => gradient_descent;
    MOMENTUM: "Momentum", ["var", "accum"], "lr: T, grad: T, momentum: T",
        "lr: T, grad: T, indices: Tindices, momentum: T", {", use_nesterov: bool = false"} => momentum;
    ADAM: "Adam", ["var", "m", "v"],
        "beta1_power: T, beta2_power: T, lr: T, beta1: T, beta2: T, epsilon: T, grad: T",
        {", use_nesterov: bool = false"} => adam;
    ADAGRAD: "Adagrad", ["var", "accum"], "lr: T, grad: T", "lr: T, grad: T, indices: Tindices",
        {", update_slots: bool = true"} => adagrad;
    ADAGRAD_V2: "AdagradV2", ["var", "accum"], "lr: T, epsilon: T, grad: T",
        "lr: T, epsilon: T, grad: T, indices: Tindices", {", update_slots: bool = true"} => adagrad_v2;
    ADADELTA: "Adadelta", ["var", "accum", "accum_update"], "lr: T, rho: T, epsilon: T, grad: T",
        "lr: T, rho: T, epsilon: T, grad: T, indices: Tindices", {""} => adadelta;
    RMS_PROP: "RMSProp", ["var", "ms", "mom"], "lr: T, rho: T, momentum: T, epsilon: T, grad: T",
        "lr: T, rho: T, momentum: T, epsilon: T, grad: T, indices: Tindices", {""} => rms_prop;
    CENTERED_RMS_PROP: "CenteredRMSProp", ["var", "mg", "ms", "mom"], "lr: T, rho: T, momentum: T, epsilon: T, grad: T",
        "lr: T, rho: T, momentum: T, epsilon: T, grad: T, indices: Tindices", {""} => centered_rms_prop;
    FTRL: "Ftrl", ["var", "accum", "linear"], "grad: T, lr: T, l1: T, l2: T, lr_power: T",
        "grad: T, indices: Tindices, lr: T, l1: T, l2: T, lr_power: T",
        {", multiply_linear_by_lr: bool = false"} => ftrl;
    FTRL_V2: "FtrlV2", ["var", "accum", "linear"], "grad: T, lr: T, l1: T, l2: T, l2_shrinkage: T, lr_power: T",
        "grad: T, indices: Tindices, lr: T, l1: T, l2: T, l2_shrinkage: T, lr_power: T",
        {", multiply_linear_by_lr: bool = false"} => ftrl_v2;
    ADAGRAD_DA: "AdagradDA", ["var", "gradient_accumulator", "gradient_squared_accumulator"],
        "grad: T, lr: T, l1: T, l2: T, global_step: int64",
        "grad: T, indices: Tindices, lr: T, l1: T, l2: T, global_step: int64", {""} => adagrad_da;
    PROXIMAL_GRADIENT_DESCENT: "ProximalGradientDescent", ["var"], "alpha: T, l1: T, l2: T, delta: T",
        "alpha: T, l1: T, l2: T, grad: T, indices: Tindices", {""} => proximal_gradient_descent;
    PROXIMAL_ADAGRAD: "ProximalAdagrad", ["var", "accum"], "lr: T, l1: T, l2: T, grad: T",
        "lr: T, l1: T, l2: T, grad: T, indices: Tindices", {""} => proximal_adagrad;
}

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static OpDef> {
    ALL.iter()
        .flat_map(|forms| [Some(forms.dense), forms.sparse, Some(forms.resource), forms.resource_sparse])
        .flatten()
}

/// The form of a dense operation that takes a product as the gradient, and where the gradient stands among the inputs.
pub(crate) fn by_product(op: &'static OpDef) -> Option<(&'static OpDef, usize)> {
    let forms = ALL.iter().flat_map(|forms| [forms.dense, forms.resource].into_iter().zip(forms.by_product));
    let (_, form) = forms.into_iter().find(|(dense, _)| std::ptr::eq(*dense, op))?;
    Some((form, places(form).ok()?.grad))
}

/// Where inputs stand.
struct Places {
    grad: usize,
    /// The rows that the gradient is for, if it is for some only.
    indices: Option<usize>,
    /// The right operand, if the gradient is a product and `grad` its left operand.
    by: Option<usize>,
}

impl Places {
    fn holds(&self, i: usize) -> bool {
        i == self.grad || Some(i) == self.indices || Some(i) == self.by
    }
}

fn places(op: &'static OpDef) -> Result<Places> {
    let inputs = &op.signature()?.inputs;
    let place = |name: &str| inputs.iter().position(|input| &*input.name == name);
    let grad =
        place("grad").or_else(|| place("delta")).ok_or_else(|| Error::internal("no gradient in the signature"))?;
    Ok(Places { grad, indices: place("indices"), by: place("by") })
}

/// The shape that the first `variables` inputs share.
fn shape_of_all(ctx: &InferCtx, variables: usize) -> Result<PartialShape> {
    let mut shape = PartialShape::unknown();
    for i in 0..variables {
        let known = ctx.handle(i)?.map(|handle| &handle.shape);
        let next = match known {
            Some(known) => known,
            None if ctx.input(i)?.is_ref => ctx.shape(i)?,
            None => continue,
        };
        shape = shape.merge(next).ok_or_else(|| {
            Error::invalid_argument(format!("the variable and its slots differ in shape: {next} and {shape}"))
        })?;
    }
    Ok(shape)
}

fn infer_apply(ctx: &mut InferCtx, variables: usize) -> Result<()> {
    let places = places(ctx.op())?;
    let mut shape = shape_of_all(ctx, variables)?;
    let of_grad = &match places.by {
        Some(by) => product_shape(ctx, [places.grad, by])?,
        None => ctx.shape(places.grad)?.clone(),
    };
    let unlike = || Error::invalid_argument(format!("a gradient of shape {of_grad} for a variable of shape {shape}"));
    match places.indices {
        None => shape = shape.merge(of_grad).ok_or_else(unlike)?,
        Some(indices) => {
            let rows = ctx.shape_of_rank(indices, 1)?;
            let row = |shape: &PartialShape| shape.dims().map(|dims| PartialShape::new(dims.iter().skip(1).copied()));
            let rows_fit = rows.merge(&PartialShape::new([of_grad.dim(0)])).is_some();
            let scalar = |shape: &PartialShape| shape.rank() == Some(0);
            if let (Some(a), Some(b)) = (row(&shape), row(of_grad))
                && (a.merge(&b).is_none() || !rows_fit || scalar(&shape) || scalar(of_grad))
            {
                return Err(unlike());
            }
        }
    }
    for i in (variables..ctx.len()).filter(|i| !places.holds(*i)) {
        let input = ctx.shape(i)?;
        if input.rank().is_some_and(|rank| rank != 0) {
            return Err(Error::invalid_argument(format!(
                "input {i} must be a single number, but its shape is {input}"
            )));
        }
    }
    if ctx.output_count() > 0 { ctx.set(0, shape) } else { Ok(()) }
}

fn apply<T: Real + Plain + GemmElement>(ctx: &mut KernelCtx, rule: &Rule<T>) -> Result<()> {
    let places = places(ctx.node.op)?;
    let cells = cells(ctx, rule.variables())?;
    let mut scalars = SmallVec::<[T; 8]>::new();
    for i in (cells.len()..ctx.inputs.len()).filter(|i| !places.holds(*i)) {
        let value = ctx.inputs.value(i)?;
        scalars.push(
            value.item::<T>().or_else(|error| value.item::<i64>().map(|n| T::from_f64(n as f64)).map_err(|_| error))?,
        );
    }
    let numbers = rule
        .numbers(&scalars, flag(ctx))
        .ok_or_else(|| Error::internal(format!("the rule does not take {} scalars", scalars.len())))?;
    let grad = ctx.inputs.value(places.grad)?;
    let gradient = match (places.indices, places.by) {
        (Some(rows), _) => Gradient::Rows(ctx.inputs.value(rows)?.integers()?, grad.as_slice()?),
        (None, None) => Gradient::All(grad.as_slice()?),
        (None, Some(by)) => {
            let [a, b] = operands_at(&ctx.inputs, [places.grad, by], transposed(ctx.node.attrs())?)?;
            Gradient::Product(a, b)
        }
    };
    let shape = match &gradient {
        Gradient::Product(a, b) => &Shape::from([a.rows(), b.columns()]),
        _ => grad.shape(),
    };
    VariableCell::update_all(&cells, |values| {
        for (value, cell) in values.iter().zip(&cells) {
            check(cell, value, grad.dtype(), shape, gradient.rows())?;
        }
        let mut slices = Variables::default();
        for (slice, value) in slices.iter_mut().zip(values) {
            *slice = value.make_mut::<T>()?;
        }
        match &gradient {
            Gradient::All(grad) => update::dense(rule, slices, grad, &numbers),
            Gradient::Rows(rows, grad) => update::sparse(rule, slices, rows, grad, &numbers),
            Gradient::Product(a, b) => {
                Product::with(*a, *b, |grad| update::product(rule, slices, grad, 0..grad.rows(), &numbers));
            }
        }
        Ok(())
    })?;
    if let ([], Some(var)) | ([_], Some(var)) = (ctx.node.output_types.as_slice(), cells.into_iter().next()) {
        ctx.outputs.set_variable(0, var);
    }
    Ok(())
}

/// The first inputs, which are variables.
fn cells(ctx: &KernelCtx, variables: usize) -> Result<SmallVec<[Arc<VariableCell>; 4]>> {
    (0..variables).map(|i| ctx.inputs.variable(i).cloned()).collect()
}

/// What a gradient comes as.
enum Gradient<'a, T> {
    All(&'a [T]),
    /// For these rows.
    Rows(Vec<i64>, &'a [T]),
    /// The product of two matrices.
    Product(Mat<'a, T>, Mat<'a, T>),
}

impl<T> Gradient<'_, T> {
    fn rows(&self) -> Option<&[i64]> {
        match self {
            Gradient::Rows(rows, _) => Some(rows),
            _ => None,
        }
    }
}

/// The attribute of the rule that is a truth value.
fn flag(ctx: &KernelCtx) -> bool {
    let attrs = ctx.node.attrs();
    ["use_nesterov", "update_slots", "multiply_linear_by_lr"].iter().any(|name| attrs.bool(name).unwrap_or(false))
}

/// An error unless a gradient of these rows, or of all, fits the variable's value.
fn check(cell: &VariableCell, value: &Value, dtype: DType, shape: &Shape, rows: Option<&[i64]>) -> Result<()> {
    let wrong = || {
        let (have, got) = (format!("{} {}", value.dtype(), value.shape()), format!("{dtype} {shape}"));
        let rows = if rows.is_some() { " of some of its rows" } else { "" };
        Error::invalid_argument(format!("variable '{}' is {have}, but its gradient{rows} is {got}", cell.name()))
    };
    let row = |shape: &Shape| shape.dims().get(1..).map(<[usize]>::to_vec);
    let fits = value.dtype() == dtype
        && match rows {
            None => value.shape() == shape,
            Some(rows) => row(value.shape()).is_some_and(|r| Some(r) == row(shape)) && shape[0] == rows.len(),
        };
    if !fits {
        return Err(wrong());
    }
    let count = value.shape().first().copied().unwrap_or(0);
    match rows.and_then(|rows| rows.iter().find(|&&row| usize::try_from(row).map_or(true, |row| row >= count))) {
        Some(row) => Err(Error::invalid_argument(format!(
            "index {row} is not in [0, {count}), the rows of variable '{}'",
            cell.name()
        ))),
        None => Ok(()),
    }
}
