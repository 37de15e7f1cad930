//! OneHot: indices as rows with one entry that is on.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::Error;
use crate::graph::{Tensor, get_default_graph};
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, OpDef, Sig, convert, resolve_axis};
use crate::ops::array::fill::element;
use crate::shape::PartialShape;
use crate::value::Literal;

/// For each index a row of `depth` elements, 1 at the index and 0 elsewhere. TF: `tf.one_hot`.
///
/// `indices` is uint8, int32 or int64 of any shape, `depth` a single int32. An index outside of the row leaves it without
/// a 1. Keyword arguments `on_value` and `off_value`, single elements of any data type, `axis`, the dimension of the
/// result that the rows become (the last if not said), and `dtype`, float32 if nothing else says it. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::one_hot([0, 2], 3);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn one_hot(indices: impl IntoTensor, depth: impl IntoTensor) -> Tensor {
    one_hot_args(indices, depth).build()
}

/// [`one_hot`] with keyword arguments.
pub fn one_hot_args(indices: impl IntoTensor, depth: impl IntoTensor) -> OneHotArgs {
    let [indices, depth] = [indices.into_arg(), depth.into_arg()];
    OneHotArgs { indices, depth, on_value: None, off_value: None, axis: -1, dtype: None }
}

/// A [`one_hot`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct OneHotArgs {
    indices: Arg,
    depth: Arg,
    on_value: Option<Arg>,
    off_value: Option<Arg>,
    axis: i64,
    dtype: Option<DType>,
}

impl OneHotArgs {
    /// The element at the index; 1 if not said.
    pub fn on_value(mut self, on_value: impl IntoTensor) -> Self {
        self.on_value = Some(on_value.into_arg());
        self
    }

    /// The element everywhere else; 0 if not said.
    pub fn off_value(mut self, off_value: impl IntoTensor) -> Self {
        self.off_value = Some(off_value.into_arg());
        self
    }

    /// The dimension of the result that the rows become; -1, the last, if not said.
    pub fn axis(mut self, axis: i64) -> Self {
        self.axis = axis;
        self
    }

    /// The data type; that of the elements if not said, or float32.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = Some(dtype);
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let tensors = [&self.indices, &self.depth].map(Clone::clone);
        let graph = Arg::graph_of(&tensors).unwrap_or_else(|_| get_default_graph());
        let scope = graph.scope_name("one_hot");
        let _scope = graph.scope(&format!("{scope}/"));
        let given = |arg: Option<Arg>| arg.map(|arg| convert(arg, "Const", self.dtype));
        let (on, off) = (given(self.on_value), given(self.off_value));
        let said = [on, off].into_iter().flatten().find_map(|tensor| tensor.dtype().ok());
        let dtype = self.dtype.or(said).unwrap_or(DType::Float32);
        let default = |number, name| convert(Arg::Literal(element(number, dtype).map(Literal::firm)), name, None);
        let on = on.unwrap_or_else(|| default(1, "on_value"));
        let off = off.unwrap_or_else(|| default(0, "off_value"));
        let call = ONE_HOT.call([self.indices, self.depth, on.into_arg(), off.into_arg()]);
        call.attr("axis", self.axis).name(format!("{scope}/")).single()
    }
}

pub(super) static ONE_HOT: OpDef = OpDef {
    sig: Sig::new(
        "OneHot(indices: TI, depth: int32, on_value: T, off_value: T) -> (output: T) \
         where axis: int = -1, T: type, TI: {uint8, int32, int64} = int64",
    ),
    infer: |ctx| {
        let (depth, axis) = (ctx.known_integer(1)?, ctx.attrs().int("axis")?);
        ctx.shape_of_rank(2, 0)?;
        ctx.shape_of_rank(3, 0)?;
        let depth = match depth.map(usize::try_from) {
            Some(depth) => Some(depth.map_err(|_| Error::invalid_argument("depth is negative"))?),
            None => None,
        };
        let Some(dims) = ctx.shape(0)?.dims() else { return ctx.set(0, PartialShape::unknown()) };
        let mut dims = dims.to_vec();
        dims.insert(resolve_axis(axis, dims.len() + 1)?, depth);
        ctx.set(0, PartialShape::new(dims))
    },
    kernel: Kernel::Run(|ctx| {
        let out = ctx.outputs.shape(0)?.clone();
        let axis = resolve_axis(ctx.node.attrs().int("axis")?, out.rank())?;
        let (depth, inner) = (out[axis], out[axis + 1..].iter().product::<usize>());
        let indices: Vec<i64> = match ctx.inputs.value(0)?.dtype() {
            DType::UInt8 => ctx.inputs.slice::<u8>(0)?.iter().map(|&i| i.into()).collect(),
            _ => ctx.inputs.value(0)?.integers()?,
        };
        dispatch!(ctx.node.dtype()?, all, T => {
            let (on, off) = (ctx.inputs.value(2)?.item::<T>()?, ctx.inputs.value(3)?.item::<T>()?);
            let out = ctx.outputs.slice::<T>(0)?;
            out.fill(off);
            for (at, &index) in indices.iter().enumerate() {
                if let Some(index) = usize::try_from(index).ok().filter(|&index| index < depth) {
                    out[(at / inner * depth + index) * inner + at % inner] .clone_from(&on);
                }
            }
            Ok(())
        })
    }),
    grad: Grad::Stop("an index is not smooth"),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn one_hot_is_whole() {
        OpTest::new(|x| vec![one_hot(x[0], 3), one_hot_args(x[0], 2).on_value("on").off_value("off").axis(0).build()])
            .inputs([[1i64, -1, 0].into()])
            .expect([
                [[0.0f32, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]].into(),
                [["off", "off", "on"], ["on", "off", "off"]].map(|row| row.map(|s| s.as_bytes().to_vec())).into(),
            ])
            .run();
        assert!(build_error(|| one_hot([0], -1)).contains("depth is negative"));
    }
}
