//! Shape inference: what is known of a node's outputs once its inputs are.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{AttrReader, OpDef};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Attrs, Fact, Handle, Integers, LONGEST_INTEGERS};
use crate::shape::{Dim, PartialShape, Shape, merge_dims};

/// What an [`InferFn`](super::InferFn) sees: its node's attributes and what is known of the inputs.
///
/// The outputs stand ready with their data types and unknown shapes.
pub struct InferCtx<'a> {
    pub(crate) op: &'static OpDef,
    pub(crate) attrs: &'a Attrs,
    pub(crate) inputs: &'a [Fact],
    pub(crate) outputs: &'a mut [Fact],
}

impl<'a> InferCtx<'a> {
    /// The attributes.
    pub fn attrs(&self) -> AttrReader<'a> {
        AttrReader(self.attrs)
    }

    /// The operation.
    pub fn op(&self) -> &'static OpDef {
        self.op
    }

    /// The number of outputs.
    pub fn output_count(&self) -> usize {
        self.outputs.len()
    }

    /// The number of inputs.
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Whether there are no inputs.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// What is known of input `i`.
    pub fn input(&self, i: usize) -> Result<&'a Fact> {
        self.inputs.get(i).ok_or_else(|| Error::invalid_argument(format!("there is no input {i}")))
    }

    /// The shape of input `i`.
    pub fn shape(&self, i: usize) -> Result<&'a PartialShape> {
        self.input(i).map(|fact| &fact.shape)
    }

    /// The shape of input `i`, which must have `rank` dimensions; unknown ones if nothing is known.
    pub fn shape_of_rank(&self, i: usize, rank: usize) -> Result<PartialShape> {
        let shape = self.shape(i)?;
        shape.merge(&PartialShape::unknown_of_rank(rank)).ok_or_else(|| {
            Error::invalid_argument(format!("input {i} must have {rank} dimensions, but its shape is {shape}"))
        })
    }

    /// The integers of input `i`, each as far as it is known; `None` if not even their number is.
    pub fn integers(&self, i: usize) -> Result<Option<SmallVec<[Option<i64>; 8]>>> {
        let fact = self.input(i)?;
        Ok(match &fact.integers {
            Some(integers) => Some(SmallVec::from_slice(integers)),
            None => {
                let count = fact.shape.known().and_then(|s| s.num_elements().ok()).filter(|&n| n <= LONGEST_INTEGERS);
                count.map(|n| SmallVec::from_elem(None, n))
            }
        })
    }

    /// The integers of input `i` if all of them are known.
    pub fn known_integers(&self, i: usize) -> Result<Option<SmallVec<[i64; 8]>>> {
        Ok(self.input(i)?.integers.as_ref().and_then(|all| all.iter().copied().collect()))
    }

    /// The one integer of input `i` if it is known. An error if it is not a single one.
    pub fn known_integer(&self, i: usize) -> Result<Option<i64>> {
        let shape = self.shape(i)?;
        if shape.known().is_some_and(|s| s.num_elements().is_ok_and(|n| n != 1)) {
            return Err(Error::invalid_argument(format!(
                "input {i} must be a single number, but its shape is {shape}"
            )));
        }
        Ok(self.known_integers(i)?.and_then(|all| all.first().copied()))
    }

    /// The shape that the integers of input `i` describe; -1 and unknown ones are unknown sizes.
    pub fn shape_from(&self, i: usize) -> Result<PartialShape> {
        let list = self.shape(i)?;
        if list.rank().is_some_and(|rank| rank != 1) {
            return Err(Error::invalid_argument(format!("input {i} must be a list of sizes, but its shape is {list}")));
        }
        let Some(integers) = self.integers(i)? else {
            return match list.dim(0) {
                Some(n) if n > crate::shape::MAX_RANK => {
                    Err(Error::invalid_argument(format!("a shape of {n} dimensions")))
                }
                Some(n) => Ok(PartialShape::unknown_of_rank(n)),
                None => Ok(PartialShape::unknown()),
            };
        };
        if integers.len() > crate::shape::MAX_RANK {
            return Err(Error::invalid_argument(format!("a shape of {} dimensions", integers.len())));
        }
        integers.into_iter().map(size).collect::<Result<SmallVec<[Dim; 4]>>>().map(PartialShape::new)
    }

    /// What the handle that input `i` is stands for, if that is known.
    pub fn handle(&self, i: usize) -> Result<Option<&'a Handle>> {
        Ok(self.input(i)?.handle.as_deref())
    }

    /// Says what the handle that output `o` is stands for.
    pub fn set_handle(&mut self, o: usize, handle: impl Into<Arc<Handle>>) {
        if let Some(fact) = self.outputs.get_mut(o).filter(|fact| fact.dtype == DType::Resource) {
            fact.handle = Some(handle.into());
        }
    }

    /// Sets the shape of output `o`.
    pub fn set(&mut self, o: usize, shape: impl Into<PartialShape>) -> Result<()> {
        let shape = shape.into();
        if let Some(known) = shape.known() {
            known.num_elements()?;
        }
        match self.outputs.get_mut(o) {
            Some(fact) => {
                fact.shape = shape;
                Ok(())
            }
            None => Err(Error::internal(format!("there is no output {o}"))),
        }
    }

    /// The number of outputs.
    pub fn outputs_len(&self) -> usize {
        self.outputs.len()
    }

    /// The rank of output `o`, if it was set and is known.
    pub fn outputs_rank(&self, o: usize) -> Option<usize> {
        self.outputs.get(o)?.shape.rank()
    }

    /// Sets the integers of output `o`, which has rank 0 or 1.
    pub fn set_integers(&mut self, o: usize, integers: impl IntoIterator<Item = Option<i64>>) {
        self.keep_integers(o, integers.into_iter().collect());
    }

    fn keep_integers(&mut self, o: usize, integers: Integers) {
        if let Some(fact) = self.outputs.get_mut(o).filter(|fact| fact.dtype.is_integer())
            && integers.len() <= LONGEST_INTEGERS
            && (integers.is_empty() || integers.iter().any(Option::is_some))
        {
            fact.integers = Some(integers);
        }
    }
}

fn size(i: Option<i64>) -> Result<Dim> {
    match i {
        None | Some(-1) => Ok(None),
        Some(i) => usize::try_from(i).map(Some).map_err(|_| Error::invalid_argument(format!("a size of {i}"))),
    }
}

/// The axis that `axis` means for `rank` dimensions: negative ones count from the end.
pub fn resolve_axis(axis: i64, rank: usize) -> Result<usize> {
    let signed = rank as i64;
    if (-signed..signed).contains(&axis) {
        return Ok(axis.rem_euclid(signed) as usize);
    }
    Err(Error::invalid_argument(match rank {
        0 => format!("axis {axis} of a scalar"),
        _ => format!("axis {axis} is not in [-{rank}, {rank})"),
    }))
}

/// The shape of `a` and `b` broadcast against each other, as numpy does it.
pub fn broadcast(a: &PartialShape, b: &PartialShape) -> Result<PartialShape> {
    let (Some(x), Some(y)) = (a.dims(), b.dims()) else { return Ok(PartialShape::unknown()) };
    let rank = x.len().max(y.len());
    let dim = |dims: &[Dim], axis: usize| (axis + dims.len()).checked_sub(rank).map_or(Some(1), |i| dims[i]);
    let joined = (0..rank).map(|axis| match (dim(x, axis), dim(y, axis)) {
        (Some(1), d) | (d, Some(1)) => Ok(d),
        (d, e) => merge_dims(d, e)
            .ok_or_else(|| Error::invalid_argument(format!("shapes {a} and {b} cannot be broadcast together"))),
    });
    joined.collect::<Result<SmallVec<[Dim; 4]>>>().map(PartialShape::new)
}

/// The shape of `a` and `b` broadcast against each other.
pub fn broadcast_known(a: &Shape, b: &Shape) -> Result<Shape> {
    broadcast(&a.into(), &b.into())?.known().ok_or_else(|| Error::internal("broadcasting lost a size"))
}

/// Ready-made rules for [`OpDef::infer`](super::OpDef::infer).
pub mod rules {
    use super::{InferCtx, broadcast};
    use crate::error::{Error, Result};
    use crate::shape::PartialShape;

    /// The output has the shape (and the integers) of the first input.
    pub fn unchanged(ctx: &mut InferCtx) -> Result<()> {
        let fact = ctx.input(0)?.clone();
        ctx.set(0, fact.shape)?;
        if let Some(handle) = fact.handle {
            ctx.set_handle(0, handle);
        }
        if let Some(integers) = fact.integers {
            ctx.set_integers(0, integers.iter().copied());
        }
        Ok(())
    }

    /// The output has the shape of the first input, and values of its own.
    pub fn same_shape(ctx: &mut InferCtx) -> Result<()> {
        let shape = ctx.shape(0)?.clone();
        ctx.set(0, shape)
    }

    /// The output has the shape that all inputs share.
    pub fn all_alike(ctx: &mut InferCtx) -> Result<()> {
        let mut shape = PartialShape::unknown();
        for i in 0..ctx.len() {
            let next = ctx.shape(i)?;
            shape = shape.merge(next).ok_or_else(|| {
                Error::invalid_argument(format!("the shapes of the inputs differ: {shape} and {next}"))
            })?;
        }
        ctx.set(0, shape)
    }

    /// The output has the shape of both inputs broadcast against each other.
    pub fn broadcasting(ctx: &mut InferCtx) -> Result<()> {
        let shape = broadcast(ctx.shape(0)?, ctx.shape(1)?)?;
        ctx.set(0, shape)
    }

    /// There is no output.
    pub fn nothing(_: &mut InferCtx) -> Result<()> {
        Ok(())
    }
}
