//! ScatterAdd and its like: some rows of a variable are changed, each by a row of the updates.

use std::sync::Arc;

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::{Operation, Tensor};
use crate::op::{Arg, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, VariableCell};
use crate::shape::{PartialShape, Shape};
use crate::value::{Element, Number, Value};

use super::Variable;

/// What becomes of an element and its update.
#[derive(Clone, Copy)]
enum How {
    Update,
    Add,
    Sub,
    Mul,
    Div,
    Min,
    Max,
}

macro_rules! scatters {
    ($($(#[$doc:meta])* $function:ident $op:ident $resource:ident $name:literal $how:ident $types:literal $locking:literal;)*) => {
        $(
            $(#[$doc])*
            ///
            /// `indices` is int32 or int64 of any shape; `updates` has its dimensions and then those of a row, or is a
            /// single number for all. A row that is named twice is changed twice, in the order of `indices`. An index out
            /// of range is an error of the run, and nothing is changed. There is no gradient.
            #[track_caller]
            pub fn $function(variable: Variable, indices: impl IntoTensor, updates: impl IntoTensor) -> Tensor {
                scatter(&$op, &$resource, variable, indices.into_arg(), updates.into_arg())
            }

            pub(super) static $op: OpDef = OpDef {
                sig: Sig::new(concat!(
                    "Scatter", $name, "(ref: Ref(T), indices: Tindices, updates: T) -> (output_ref: Ref(T)) ",
                    "where T: ", $types, ", Tindices: index, use_locking: bool = ", $locking
                )),
                infer: infer_scatter,
                kernel: Kernel::Run(|ctx| run(ctx, How::$how)),
                grad: Grad::Stop("an update is not a function of its inputs"),
                flags: Flags::EFFECT,
            };

            pub(super) static $resource: OpDef = OpDef {
                sig: Sig::new(concat!(
                    "ResourceScatter", $name, "(resource: resource, indices: Tindices, updates: dtype) -> () ",
                    "where dtype: ", $types, ", Tindices: index"
                )),
                infer: infer_scatter,
                kernel: Kernel::Run(|ctx| run(ctx, How::$how)),
                grad: Grad::Stop("an update is not a function of its inputs"),
                flags: Flags::EFFECT,
            };
        )*

        pub(crate) static OPS: &[&OpDef] = &[$(&$op, &$resource),*];
    };
}

scatters! {
    /// Puts `updates` in the place of rows of `variable` and yields the new value. TF: `tf.scatter_update`.
    scatter_update SCATTER_UPDATE RESOURCE_SCATTER_UPDATE "Update" Update "type" "true";
    /// Adds `updates` to rows of `variable` and yields the new value. TF: `tf.scatter_add`.
    scatter_add SCATTER_ADD RESOURCE_SCATTER_ADD "Add" Add "number" "false";
    /// Subtracts `updates` from rows of `variable` and yields the new value. TF: `tf.scatter_sub`.
    scatter_sub SCATTER_SUB RESOURCE_SCATTER_SUB "Sub" Sub "number" "false";
    /// Multiplies rows of `variable` by `updates` and yields the new value. TF: `tf.scatter_mul`.
    scatter_mul SCATTER_MUL RESOURCE_SCATTER_MUL "Mul" Mul "number" "false";
    /// Divides rows of `variable` by `updates` and yields the new value. TF: `tf.scatter_div`.
    scatter_div SCATTER_DIV RESOURCE_SCATTER_DIV "Div" Div "number" "false";
    /// Keeps the smaller of rows of `variable` and `updates` and yields the new value. TF: `tf.scatter_min`.
    scatter_min SCATTER_MIN RESOURCE_SCATTER_MIN "Min" Min "real" "false";
    /// Keeps the larger of rows of `variable` and `updates` and yields the new value. TF: `tf.scatter_max`.
    scatter_max SCATTER_MAX RESOURCE_SCATTER_MAX "Max" Max "real" "false";
}

#[track_caller]
fn scatter(op: &'static OpDef, resource: &'static OpDef, variable: Variable, indices: Arg, updates: Arg) -> Tensor {
    let args = [variable.reference().into_arg(), indices, updates];
    if variable.is_resource() {
        let changed = resource.call(args).operation();
        return variable.read_after(changed);
    }
    op.call(args).single()
}

/// The operation that changes rows of `variable` as an optimizer does; no value is read.
#[track_caller]
pub(crate) fn scatter_rows(
    add: bool,
    variable: Variable,
    indices: Tensor,
    updates: Tensor,
    use_locking: bool,
) -> Operation {
    let args = [variable.reference().into_arg(), indices.into_arg(), updates.into_arg()];
    match (variable.is_resource(), add) {
        (true, true) => RESOURCE_SCATTER_ADD.call(args).operation(),
        (true, false) => RESOURCE_SCATTER_SUB.call(args).operation(),
        (false, true) => SCATTER_ADD.call(args).attr("use_locking", use_locking).operation(),
        (false, false) => SCATTER_SUB.call(args).attr("use_locking", use_locking).operation(),
    }
}

fn infer_scatter(ctx: &mut InferCtx) -> Result<()> {
    let variable = match ctx.handle(0)? {
        Some(handle) => handle.shape.clone(),
        None if ctx.input(0)?.is_ref => ctx.shape(0)?.clone(),
        None => PartialShape::unknown(),
    };
    let (indices, updates) = (ctx.shape(1)?, ctx.shape(2)?);
    if let (Some(dims), Some(picks)) = (variable.dims(), indices.dims()) {
        let Some(row) = dims.get(1..) else {
            return Err(Error::invalid_argument("the variable has no rows: it is a single number"));
        };
        let wanted = PartialShape::new(picks.iter().chain(row).copied());
        if updates.rank() != Some(0) && wanted.merge(updates).is_none() {
            return Err(Error::invalid_argument(format!("updates of shape {updates} where {wanted} is needed")));
        }
    }
    if ctx.output_count() > 0 { ctx.set(0, variable) } else { Ok(()) }
}

fn run(ctx: &mut KernelCtx, how: How) -> Result<()> {
    let cell = Arc::clone(ctx.inputs.variable(0)?);
    let (indices, updates) = (ctx.inputs.value(1)?, ctx.inputs.value(2)?);
    match how {
        How::Update => dispatch!(updates.dtype(), all, T => {
            change::<T>(&cell, indices, updates, &|elements, rows, width, updates| {
                each(elements, rows, width, updates, T::clone_from);
            })
        }),
        _ => dispatch!(updates.dtype(), numbers, T => {
            let join: fn(T, T) -> T = match how {
                How::Add => T::plus,
                How::Sub => T::minus,
                How::Mul => T::times,
                How::Div => T::divided,
                How::Min => |a, b| if b < a { b } else { a },
                How::Max => |a, b| if b > a { b } else { a },
                How::Update => |_, b| b,
            };
            if matches!(how, How::Div) && T::DTYPE.is_integer() && updates.as_slice::<T>()?.contains(&T::ZERO) {
                return Err(Error::invalid_argument("a whole number is divided by zero"));
            }
            change::<T>(&cell, indices, updates, &|elements, rows, width, updates| {
                each(elements, rows, width, updates, |element, update| *element = join(*element, *update));
            })
        }),
    }?;
    if !ctx.node.output_types.is_empty() {
        ctx.outputs.set_variable(0, cell);
    }
    Ok(())
}

/// What is done to the elements of a variable: its rows, how long each is, and the updates.
type Change<'a, T> = &'a dyn Fn(&mut [T], &[i64], usize, &[T]);

/// Changes the rows that `indices` names, after everything was checked.
fn change<T: Element>(cell: &VariableCell, indices: &Value, updates: &Value, change: Change<T>) -> Result<()> {
    let rows = indices.integers()?;
    let updates_slice = updates.as_slice::<T>()?;
    cell.update(|value| {
        let width = row_width(value.shape(), indices.shape(), updates.shape())?;
        check_rows(cell, value.shape()[0], &rows)?;
        change(value.make_mut::<T>()?, &rows, width, updates_slice);
        Ok(())
    })
}

/// Calls `set` with each element of `rows`, which are `width` long, and its update: a single one is for all.
fn each<T>(elements: &mut [T], rows: &[i64], width: usize, updates: &[T], set: impl Fn(&mut T, &T)) {
    for (i, &row) in rows.iter().enumerate() {
        let row = &mut elements[row as usize * width..][..width];
        match updates {
            [one] => row.iter_mut().for_each(|element| set(element, one)),
            _ => row.iter_mut().zip(&updates[i * width..]).for_each(|(element, update)| set(element, update)),
        }
    }
}

/// An error unless all of `rows` are among the `count` of the variable.
fn check_rows(cell: &VariableCell, count: usize, rows: &[i64]) -> Result<()> {
    match rows.iter().find(|&&row| usize::try_from(row).map_or(true, |row| row >= count)) {
        Some(bad) => {
            Err(Error::invalid_argument(format!("index {bad} is not in [0, {count}), the rows of '{}'", cell.name())))
        }
        None => Ok(()),
    }
}

/// The elements of a row of a variable of shape `variable`.
fn row_width(variable: &Shape, indices: &Shape, updates: &Shape) -> Result<usize> {
    let row = variable.get(1..).ok_or_else(|| Error::invalid_argument("the variable is a single number"))?;
    let fits = updates.iter().eq(indices.iter().chain(row));
    if !fits && updates.rank() > 0 {
        return Err(Error::invalid_argument(format!("updates of shape {updates} for a variable of shape {variable}")));
    }
    Ok(row.iter().product())
}
