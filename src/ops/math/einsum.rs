//! Einsum: sums of products of arrays, written with a letter for each dimension.

use std::sync::Arc;

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::einsum::{Axis, Named, Sizes, einsum as sum_products, memory};
use crate::op::{Arg, AttrReader, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, KernelFn, NodeInfo};
use crate::op::{OpDef, Sig, convert};
use crate::ops::array::{broadcast_gradient_args, broadcast_to, concat, ones_of, reshape, shape, stack};
use crate::ops::math::reduce::kept_shape;
use crate::ops::math::reduce_sum_args;
use crate::ops::scope::{Scope, refuse};
use crate::shape::{Dim, PartialShape, merge_dims};
use crate::value::{Value, room_for};

/// The sum of products that `equation` describes. TF: `tf.einsum`.
///
/// The equation has a letter for each dimension of each input, with commas between inputs, then `->` and the letters of
/// the result: `"ij,jk->ik"` is the matrix product. What the result does not name is summed; a letter twice in one input
/// means the diagonal; `...` stands for any dimensions, broadcast. Without `->` the result has the letters that stand
/// once, in alphabetic order. Inputs are float32, float64, int32 or int64; more than two are multiplied one after
/// another, from the left. The gradients are sums of products too.
///
/// ```
/// use flowstone as tf;
/// let x = tf::constant([[1.0, 2.0], [3.0, 4.0]]);
/// let (product, trace) = (tf::einsum("ij,jk->ik", [x, x]), tf::einsum("ii", [x]));
/// let (product, trace) = tf::Session()?.run((product, trace), tf::feed_dict! {})?;
/// assert_eq!((product.as_slice::<f32>()?, trace.item::<f32>()?), (&[7.0, 10.0, 15.0, 22.0][..], 5.0));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn einsum<T: IntoTensor>(equation: &str, inputs: impl IntoIterator<Item = T>) -> Tensor {
    let mut inputs: Vec<Arg> = inputs.into_iter().map(IntoTensor::into_arg).collect();
    let scope = Scope::open(&inputs.iter().collect::<Vec<_>>(), "einsum");
    let equation = match Equation::resolve(equation, inputs.len()) {
        Ok(equation) => equation,
        Err(error) => return refuse(scope.itself(), error),
    };
    let node = |inputs: Vec<Arg>, equation: &Equation| {
        EINSUM.call([Arg::List(inputs)]).attr("equation", equation.to_string().as_str()).single()
    };
    let mut rest = equation;
    while inputs.len() > 2 {
        let first = rest.split_first();
        let pair = node(inputs.drain(..2).collect(), &first);
        inputs.insert(0, pair.into_arg());
    }
    node(inputs, &rest)
}

/// One letter of an equation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    Name(char),
    /// `...`
    Rest,
}

/// An equation in pieces.
#[derive(Clone, Debug)]
struct Equation {
    inputs: Vec<Vec<Label>>,
    output: Vec<Label>,
}

impl std::fmt::Display for Equation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let inputs: Vec<String> = self.inputs.iter().map(|labels| text(labels)).collect();
        write!(f, "{}->{}", inputs.join(","), text(&self.output))
    }
}

fn text(labels: &[Label]) -> String {
    labels.iter().fold(String::new(), |text, label| match label {
        Label::Name(c) => text + &c.to_string(),
        Label::Rest => text + "...",
    })
}

fn labels(text: &str) -> Result<Vec<Label>> {
    let wrong = || Error::invalid_argument(format!("'{text}' must be letters and at most one '...'"));
    let mut parts = text.split("...");
    let names = |part: &str| -> Result<Vec<Label>> {
        part.chars().map(|c| if c.is_ascii_alphabetic() { Ok(Label::Name(c)) } else { Err(wrong()) }).collect()
    };
    let mut labels = names(parts.next().unwrap_or_default())?;
    if let Some(after) = parts.next() {
        labels.push(Label::Rest);
        labels.extend(names(after)?);
    }
    if parts.next().is_some() { Err(wrong()) } else { Ok(labels) }
}

impl Equation {
    /// The equation as the operation has it.
    fn parse(text: &str) -> Result<Self> {
        let sides = text.split_once("->");
        let (inputs, output) =
            sides.ok_or_else(|| Error::invalid_argument(format!("there is no '->' in the equation '{text}'")))?;
        let inputs = inputs.split(',').map(labels).collect::<Result<Vec<_>>>()?;
        Ok(Equation { inputs, output: labels(output)? })
    }

    /// The equation as users write it, for `count` inputs.
    fn resolve(text: &str, count: usize) -> Result<Self> {
        let text: String = text.chars().filter(|c| *c != ' ').collect();
        let equation = if text.contains("->") { Self::parse(&text)? } else { Self::parse(&format!("{text}->"))? };
        let equation = if text.contains("->") { equation } else { equation.with_single_labels() };
        if equation.inputs.len() != count {
            let wanted = equation.inputs.len();
            return Err(Error::invalid_argument(format!("{count} inputs for '{text}', which has {wanted}")));
        }
        for (i, label) in equation.output.iter().enumerate() {
            let given = *label == Label::Rest || equation.inputs.iter().any(|labels| labels.contains(label));
            if !given || equation.output[..i].contains(label) {
                let label = self::text(&[*label]);
                return Err(Error::invalid_argument(format!(
                    "'{label}' stands alone or twice in the result of '{text}'"
                )));
            }
        }
        Ok(equation)
    }

    /// The result has what stands once in the inputs, in alphabetic order.
    fn with_single_labels(mut self) -> Self {
        let all: Vec<Label> = self.inputs.iter().flatten().copied().collect();
        let once = |label: &Label| all.iter().filter(|other| *other == label).count() == 1;
        self.output = if all.contains(&Label::Rest) { vec![Label::Rest] } else { Vec::new() };
        let key = |label: &Label| if let Label::Name(c) = label { *c } else { ' ' };
        let mut names: Vec<Label> = Vec::new();
        for label in all.iter().filter(|label| **label != Label::Rest && once(label)) {
            names.insert(names.partition_point(|known| key(known) < key(label)), *label);
        }
        self.output.extend(names);
        self
    }

    /// Takes the product of the first two inputs out: its equation. What is left starts with its result.
    fn split_first(&mut self) -> Equation {
        let pair: Vec<Vec<Label>> = self.inputs.drain(..2).collect();
        let mut output: Vec<Label> = Vec::new();
        for label in pair.iter().flatten() {
            let needed = self.output.contains(label) || self.inputs.iter().any(|labels| labels.contains(label));
            if needed && !output.contains(label) {
                output.push(*label);
            }
        }
        self.inputs.insert(0, output.clone());
        Equation { inputs: pair, output }
    }

    fn of(attrs: AttrReader) -> Result<Self> {
        Self::parse(attrs.str("equation")?)
    }

    /// The dimensions of input `i`, which has `rank` of them.
    fn axes(&self, i: usize, rank: usize) -> Result<Vec<Axis>> {
        let labels = &self.inputs[i];
        let names = labels.iter().filter(|label| **label != Label::Rest).count();
        let rest = rank.checked_sub(names).filter(|rest| *rest == 0 || labels.contains(&Label::Rest));
        let wrong = || Error::invalid_argument(format!("'{}' for an input of {rank} dimensions", text(labels)));
        Ok(expand(labels, rest.ok_or_else(wrong)?))
    }

    /// The dimensions of the result where `...` stands for `rest`.
    fn output_axes(&self, rest: usize) -> Vec<Axis> {
        expand(&self.output, rest)
    }
}

/// No letter has so high a number.
const REST: Axis = 1 << 24;

/// The dimensions of labels whose `...` stands for `rest` of them, which are counted from the last.
fn expand(labels: &[Label], rest: usize) -> Vec<Axis> {
    let mut axes = Vec::new();
    for label in labels {
        match label {
            Label::Name(c) => axes.push(u32::from(*c)),
            Label::Rest => axes.extend((0..rest as u32).rev().map(|i| REST + i)),
        }
    }
    axes
}

/// For how many dimensions `...` stands in the result: as many as in any input.
fn rest_of(inputs: &[Vec<Axis>]) -> usize {
    inputs.iter().map(|axes| axes.iter().filter(|axis| **axis >= REST).count()).max().unwrap_or(0)
}

fn infer(ctx: &mut InferCtx) -> Result<()> {
    let equation = Equation::of(ctx.attrs())?;
    if equation.inputs.len() != ctx.len() || ctx.is_empty() || ctx.len() > 2 {
        return Err(Error::invalid_argument(format!("{} inputs for '{equation}'", ctx.len())));
    }
    let mut known: Vec<(Axis, Dim)> = Vec::new();
    let mut inputs = Vec::new();
    for i in 0..ctx.len() {
        let Some(dims) = ctx.shape(i)?.dims() else { continue };
        let axes = equation.axes(i, dims.len())?;
        for (&axis, &dim) in axes.iter().zip(dims) {
            let Some((_, size)) = known.iter_mut().find(|(other, _)| *other == axis) else {
                known.push((axis, dim));
                continue;
            };
            let joined = match (*size, dim) {
                (Some(1), n) | (n, Some(1)) if axis >= REST => Some(n),
                (a, b) => merge_dims(a, b),
            };
            *size = joined.ok_or_else(|| Error::invalid_argument(format!("sizes differ in '{equation}'")))?;
        }
        inputs.push(axes);
    }
    if inputs.len() < ctx.len() && equation.output.contains(&Label::Rest) {
        return ctx.set(0, PartialShape::unknown());
    }
    let size = |axis: Axis| known.iter().find(|(other, _)| *other == axis).and_then(|(_, size)| *size);
    let dims: Vec<Dim> = equation.output_axes(rest_of(&inputs)).into_iter().map(size).collect();
    ctx.set(0, PartialShape::new(dims))
}

fn kernel(node: &NodeInfo) -> Result<KernelFn> {
    let equation = Equation::of(node.attrs())?;
    Ok(Arc::new(move |ctx| run(ctx, &equation)))
}

fn run(ctx: &mut KernelCtx, equation: &Equation) -> Result<()> {
    let shapes = (0..ctx.inputs.len()).map(|i| ctx.inputs.shape(i)).collect::<Result<Vec<_>>>()?;
    let axes =
        shapes.iter().enumerate().map(|(i, s)| equation.axes(i, s.rank())).collect::<Result<Vec<Vec<Axis>>>>()?;
    let mut sizes = Sizes::default();
    for (shape, axes) in shapes.iter().zip(&axes) {
        for (&n, &axis) in shape.iter().zip(axes) {
            if !sizes.note(axis, n, axis >= REST) {
                return Err(Error::invalid_argument(format!("sizes differ in '{equation}'")));
            }
        }
    }
    let output = equation.output_axes(rest_of(&axes));
    let all: Vec<&[Axis]> = axes.iter().map(Vec::as_slice).collect();
    let most = memory(&all, &output, &sizes).ok_or_else(|| Error::resource_exhausted("a product of this size"))?;
    dispatch!(ctx.node.dtype()?, signed, T => {
        room_for::<T>(most)?;
        let inputs = shapes.iter().zip(&axes).enumerate().map(|(i, (shape, axes))| {
            Ok(Named { data: ctx.inputs.slice::<T>(i)?, dims: shape.dims(), axes })
        });
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        sum_products(&inputs, &output, &sizes, ctx.outputs.slice::<T>(0)?);
        Ok(())
    })
}

pub(super) static EINSUM: OpDef = OpDef {
    sig: Sig::new("Einsum(inputs: N * T) -> (output: T) where equation: string, N: int, T: type"),
    infer,
    kernel: Kernel::Make(kernel),
    grad: Grad::Rule(gradient),
    flags: Flags::HEAVY,
};

fn node(inputs: &[Tensor], equation: String) -> Tensor {
    EINSUM.call([Arg::list(inputs.iter().copied())]).attr("equation", equation.as_str()).single()
}

fn gradient(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let Equation { inputs, output } = Equation::of(g.attrs())?;
    let dy = g.dy(0);
    match (inputs.as_slice(), g.xs()) {
        ([input], [x]) => {
            let sizes = shape(*x);
            let reduced = missing(input, &[&output]);
            if reduced.is_empty() {
                return Ok(vec![Some(node(&[dy], format!("{}->{}", text(&output), text(input))))]);
            }
            Ok(vec![Some(spread(dy, &output, input, sizes, &reduced))])
        }
        ([left, right], [x, y]) => product_grad(dy, [*x, *y], [left.clone(), right.clone()], &output),
        _ => Err(Error::internal("an equation for more than two inputs")),
    }
}

/// The names of `labels` that none of `others` has.
fn missing(labels: &[Label], others: &[&[Label]]) -> Vec<Label> {
    let mut missing: Vec<Label> = Vec::new();
    for label in labels {
        let given = *label == Label::Rest || others.iter().any(|other| other.contains(label));
        if !given && !missing.contains(label) {
            missing.push(*label);
        }
    }
    missing
}

fn product_grad(
    dy: Tensor,
    [x, y]: [Tensor; 2],
    [mut left, mut right]: [Vec<Label>; 2],
    output: &[Label],
) -> Result<Vec<Option<Tensor>>> {
    if output.contains(&Label::Rest) {
        for labels in [&mut left, &mut right] {
            if !labels.contains(&Label::Rest) {
                labels.push(Label::Rest);
            }
        }
    }
    let (sx, sy) = (shape(x), shape(y));
    let dx = factor_grad(dy, y, sx, [&left, &right], output);
    let d_right = factor_grad(dy, x, sy, [&right, &left], output);
    if !output.contains(&Label::Rest) {
        return Ok(vec![Some(dx), Some(d_right)]);
    }
    let rest = |labels: &[Label]| {
        let start = labels.iter().position(|label| *label == Label::Rest).unwrap_or(0);
        (start as i32, (labels.len() - start - 1) as i32)
    };
    let (bx, by) = (rest(&left), rest(&right));
    let known = |t: Tensor, (start, after): (i32, i32)| -> Option<Vec<usize>> {
        let shape = t.shape().known()?;
        let end = shape.rank().checked_sub(after as usize)?;
        shape.get(start as usize..end).map(<[usize]>::to_vec)
    };
    if known(x, bx).is_some() && known(x, bx) == known(y, by) {
        return Ok(vec![Some(dx), Some(d_right)]);
    }
    let part = |sizes: Tensor, (start, after): (i32, i32)| match after {
        0 => sizes.at(start..),
        after => sizes.at(start..-after),
    };
    let (rx, ry) = broadcast_gradient_args(part(sx, bx), part(sy, by));
    let reduce = |gradient: Tensor, start: i32, axes: Tensor, sizes: Tensor| {
        Some(reshape(reduce_sum_args(gradient).axis(start + axes).build(), sizes))
    };
    let dx = reduce(dx, bx.0, rx, sx);
    Ok(vec![dx, reduce(d_right, by.0, ry, sy)])
}

/// The gradient to one factor, from that of the product and the other factor.
fn factor_grad(dy: Tensor, other: Tensor, sizes: Tensor, [own, others]: [&Vec<Label>; 2], output: &[Label]) -> Tensor {
    let reduced = missing(own, &[output, others]);
    let left: Vec<Label> = own.iter().copied().filter(|label| !reduced.contains(label)).collect();
    let gradient = node(&[dy, other], format!("{},{}->{}", text(output), text(others), text(&left)));
    if reduced.is_empty() { gradient } else { spread(gradient, &left, own, sizes, &reduced) }
}

/// The gradient to an input of which the labels `reduced` were summed.
fn spread(dy: Tensor, output: &[Label], input: &[Label], sizes: Tensor, reduced: &[Label]) -> Tensor {
    let place = |label: &Label| {
        let place = input.iter().position(|other| other == label).unwrap_or(0);
        let rest = input.iter().position(|other| *other == Label::Rest).is_some_and(|rest| rest < place);
        if rest { place as i32 - input.len() as i32 } else { place as i32 }
    };
    let axes: Vec<i32> = reduced.iter().map(place).collect();
    let dims = stack(axes.iter().map(|&axis| sizes.at(axis)));
    let twice = |labels: &[Label]| (1..labels.len()).any(|i| labels[..i].contains(&labels[i]));
    let left: Vec<Label> = input.iter().copied().filter(|label| !reduced.contains(label)).collect();
    if !twice(input) && !twice(output) && left == output {
        let axes = convert(Value::vector(axes).into_arg(), "Const", None);
        return broadcast_to(reshape(dy, kept_shape(sizes, axes)), sizes);
    }
    let full = concat([dims, shape(dy)], 0);
    let ones = {
        let scope = Scope::open(&[&dy.into_arg()], "ones");
        let count = convert([reduced.len() as i32].into_arg(), "shape_as_tensor", None);
        ones_of(count, DType::Int32, scope.itself())
    };
    let kept = concat([ones, shape(dy)], 0);
    let gradient = broadcast_to(reshape(dy, kept), full);
    node(&[gradient], format!("{}{}->{}", text(reduced), text(output), text(input)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    fn values(dims: &[usize], shift: f32) -> Value {
        let n: usize = dims.iter().product();
        let elements = (0..n).map(|i| (i * 7 % 11) as f32 / 4.0 - shift).collect::<Vec<f32>>();
        Value::new(dims.iter().copied().collect::<crate::shape::Shape>(), elements).unwrap_or(Value::scalar(0))
    }

    #[test]
    fn equations_of_one_and_two_are_whole() {
        let cases: &[(&str, &[&[usize]])] = &[
            ("ij->ji", &[&[2, 3]]),
            ("ijk->ik", &[&[2, 3, 2]]),
            ("ii->i", &[&[3, 3]]),
            ("ii", &[&[3, 3]]),
            ("ijk->ki", &[&[2, 3, 2]]),
            ("ij,jk->ik", &[&[2, 3], &[3, 2]]),
            ("ij,jk->ki", &[&[2, 3], &[3, 2]]),
            ("bij,bjk->bik", &[&[2, 2, 3], &[2, 3, 2]]),
            ("i,j->ij", &[&[2], &[3]]),
            ("...ij,jk->...ik", &[&[2, 2, 3], &[3, 2]]),
            ("abc,cd->ad", &[&[2, 2, 3], &[3, 2]]),
        ];
        for (equation, shapes) in cases {
            let inputs: Vec<Value> = shapes.iter().map(|dims| values(dims, 1.0)).collect();
            let all: Vec<usize> = (0..inputs.len()).collect();
            OpTest::new(|x| vec![einsum(equation, x.iter().copied())]).inputs(inputs).differentiable(&all).run();
        }
    }

    #[test]
    fn more_inputs_are_multiplied_from_the_left() {
        OpTest::new(|x| vec![einsum("ij,jk,kl->il", [x[0], x[1], x[0]])])
            .inputs([[[1.0f32, 2.0], [3.0, 4.0]].into(), [[0.0f32, 1.0], [1.0, 0.0]].into()])
            .expect([[[5.0f32, 8.0], [13.0, 20.0]].into()])
            .differentiable(&[0, 1])
            .run();
        let error = build_error(|| einsum("ij,jk->ik", [Value::from([[1.0f32]])]));
        assert!(error.contains("1 inputs for 'ij,jk->ik', which has 2"), "{error}");
        assert!(build_error(|| einsum("ij->k", [Value::from([[1.0f32]])])).contains("stands alone"));
        assert!(build_error(|| einsum("i!->i", [Value::from([1.0f32])])).contains("must be letters"));
    }
}
