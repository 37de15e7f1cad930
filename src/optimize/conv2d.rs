//! Convolutions with what stands around them. Forward, bias, relu and max-pooling are applied to the sums before they
//! are stored. Backward, the gradient is spread over the windows' winners while the convolution's gradients are computed,
//! so that neither the unpooled gradient nor the masked one is ever written.

use smallvec::{SmallVec, smallvec};

use super::program::{Program, ProgramNode, Reader, Readers, Rewrite, Source, new_output};
use super::report::Report;
use crate::dtype::DType;
use crate::graph::{Attr, Fact};
use crate::op::OpDef;
use crate::ops::nn::fused_conv2d::{CONV_2D_BACKPROP, FUSED_CONV_2D, POOLED_CONV_2D, POOLED_CONV_2D_BACKPROP};
use crate::shape::PartialShape;

const RULE: &str = "conv2d";

/// The attributes that a convolution and its gradients share.
const CONV_ATTRS: [&str; 5] = ["strides", "padding", "explicit_paddings", "data_format", "dilations"];

/// Larger windows have more places than a byte can name.
const LARGEST_WINDOW: i64 = 254;

pub(crate) fn rewrites(program: &Program, report: &mut Report) -> Vec<Rewrite> {
    let readers = program.readers();
    let convs = (0..program.nodes.len() as u32).filter(|&i| program.nodes[i as usize].is("Conv2D"));
    convs.filter_map(|conv| Pattern { program, readers: &readers, conv }.rewrite(report)).collect()
}

/// A convolution and its neighbourhood.
struct Pattern<'a> {
    program: &'a Program,
    readers: &'a Readers,
    conv: u32,
}

/// What follows a convolution.
#[derive(Default)]
struct Forward {
    bias: Option<u32>,
    relu: Option<u32>,
    pool: Option<u32>,
}

/// What leads from the gradient of the output to those of the operands.
#[derive(Default)]
struct Backward {
    /// MaxPoolGrad and ReluGrad, where they are.
    before: SmallVec<[u32; 2]>,
    /// The gradient that arrives.
    grad: Option<Source>,
    input: Option<u32>,
    filter: Option<u32>,
    bias: Option<u32>,
}

impl Pattern<'_> {
    fn node(&self, i: u32) -> &ProgramNode {
        &self.program.nodes[i as usize]
    }

    fn rewrite(&self, report: &mut Report) -> Option<Rewrite> {
        let conv = self.node(self.conv);
        if let Err(why) = self.suits() {
            report.refused(RULE, &conv.name, why);
            return None;
        }
        let (forward, backward) = self.pooled(report).unwrap_or_else(|| {
            let forward = self.forward();
            let backward = self.backward(&forward);
            (forward, backward)
        });
        let mut rewrite = Rewrite { new: SmallVec::new(), old: SmallVec::new(), outputs: SmallVec::new() };
        let mut what = Vec::new();
        if forward.bias.or(forward.relu).or(forward.pool).is_some() {
            self.write_forward(&forward, &mut rewrite);
            what.push(rewrite.new[0].op.name());
        }
        if let Some(grad) = backward.grad
            && (!backward.before.is_empty() || backward.parts().count() > 1)
        {
            self.write_backward(&forward, &backward, grad, &mut rewrite);
            what.push(rewrite.new[rewrite.new.len() - 1].op.name());
        }
        if what.is_empty() {
            report.refused(RULE, &conv.name, "nothing around it that it can take in");
            return None;
        }
        report.fired(RULE, &conv.name, what.join(", "));
        Some(rewrite)
    }

    /// Whether the kernels can take the convolution at all.
    fn suits(&self) -> Result<(), &'static str> {
        let conv = self.node(self.conv);
        match conv.outputs.first() {
            Some(fact) if fact.dtype != DType::Float32 => return Err("it is not of float32"),
            Some(fact) if !fact.shape.is_known() => return Err("its shape is not known before the run"),
            _ => {}
        }
        if conv.inputs.iter().any(|input| self.program.fact(*input).is_ok_and(|fact| fact.is_ref)) {
            return Err("an operand is a variable itself");
        }
        if !matches!(conv.attrs.get("data_format"), Some(Attr::Str(format)) if &**format == b"NHWC") {
            return Err("its data format is not NHWC");
        }
        Ok(())
    }

    /// The only reader of the first output of `node`, if it is of operation `op` and reads it as its input 0.
    fn next(&self, node: u32, op: &str) -> Option<u32> {
        match self.readers.of(Source::Output(node, 0)) {
            [Reader::Input(next, 0)] if self.node(*next).is(op) => Some(*next),
            _ => None,
        }
    }

    /// Bias and relu behind the convolution.
    fn forward(&self) -> Forward {
        let bias = self.next(self.conv, "BiasAdd").filter(|&bias| is_nhwc(self.node(bias)));
        let relu = self.next(bias.unwrap_or(self.conv), "Relu");
        Forward { bias, relu, pool: None }
    }

    /// The node whose output the fused one gives.
    fn end(&self, forward: &Forward) -> u32 {
        forward.pool.or(forward.relu).or(forward.bias).unwrap_or(self.conv)
    }

    /// The pattern with its pooling, if the pooling and its gradient can be taken in whole.
    fn pooled(&self, report: &mut Report) -> Option<(Forward, Backward)> {
        let mut forward = self.forward();
        let end = self.end(&forward);
        let readers = self.readers.of(Source::Output(end, 0));
        let pools = readers.iter().filter(|reader| self.reads(**reader, 0, "MaxPool")).count();
        let pool = readers.iter().find_map(|reader| match reader {
            Reader::Input(node, 0) if self.node(*node).is("MaxPool") => Some(*node),
            _ => None,
        })?;
        let name = self.node(self.conv).name.clone();
        let refuse = |report: &mut Report, why: &str| {
            report.refused(RULE, &name, format!("{} stays apart: {why}", self.node(pool).name));
            None
        };
        if pools > 1 {
            return refuse(report, "there are several poolings");
        }
        if !self.pool_suits(pool) {
            return refuse(report, "its windows are too large or not NHWC");
        }
        forward.pool = Some(pool);
        let others: SmallVec<[&Reader; 2]> =
            readers.iter().filter(|reader| !matches!(reader, Reader::Input(node, _) if *node == pool)).collect();
        let unpool = others.iter().find_map(|reader| match reader {
            Reader::Input(node, 0) if self.node(*node).is("MaxPoolGrad") => Some(*node),
            _ => None,
        });
        let Some(unpool) = unpool else {
            if others.is_empty() {
                return Some((forward, Backward::default()));
            }
            return refuse(report, "something else reads what is pooled");
        };
        let expected = [Source::Output(end, 0), Source::Output(pool, 0)];
        if self.node(unpool).inputs[..2] != expected || !same_pool(self.node(pool), self.node(unpool)) {
            return refuse(report, "its gradient is of another pooling");
        }
        let mut backward = match forward.relu {
            None => self.parts_of(unpool),
            Some(_) => match self.next(unpool, "ReluGrad") {
                Some(mask) if self.node(mask).inputs[1] == Source::Output(end, 0) => {
                    let mut backward = self.parts_of(mask);
                    backward.before.push(mask);
                    backward
                }
                _ => return refuse(report, "its gradient is read before the relu's"),
            },
        };
        let left = 1 + usize::from(forward.relu.is_some());
        if others.len() != left {
            return refuse(report, "something else reads what is pooled");
        }
        let last = backward.before.last().copied().unwrap_or(unpool);
        if self.readers.of(Source::Output(last, 0)).len() != backward.parts().count() {
            return refuse(report, "something else reads its gradient");
        }
        backward.before.push(unpool);
        backward.grad = Some(self.node(unpool).inputs[2]);
        Some((forward, backward))
    }

    fn reads(&self, reader: Reader, input: u32, op: &str) -> bool {
        matches!(reader, Reader::Input(node, i) if i == input && self.node(node).is(op))
    }

    fn pool_suits(&self, pool: u32) -> bool {
        let node = self.node(pool);
        let window = match node.attrs.get("ksize") {
            Some(Attr::List(crate::graph::AttrList::Int(sizes))) => {
                sizes.iter().try_fold(1i64, |n, size| n.checked_mul(*size))
            }
            _ => None,
        };
        let explicit = matches!(node.attrs.get("padding"), Some(Attr::Str(padding)) if &**padding == b"EXPLICIT");
        is_nhwc(node) && !explicit && window.is_some_and(|n| (1..=LARGEST_WINDOW).contains(&n))
    }

    /// The gradients of a convolution without pooling: of its own output, or through the relu behind it.
    fn backward(&self, forward: &Forward) -> Backward {
        match forward.relu {
            // The gradient of the relu is a ReluGrad that reads the relu's output.
            Some(relu) => {
                let features = Source::Output(relu, 0);
                let masks = self.readers.of(features).iter().filter_map(|reader| match reader {
                    Reader::Input(node, 1) if self.node(*node).is("ReluGrad") => Some(*node),
                    _ => None,
                });
                for mask in masks {
                    let mut backward = self.parts_of(mask);
                    if backward.parts().count() > 0
                        && backward.parts().count() == self.readers.of(Source::Output(mask, 0)).len()
                    {
                        backward.before.push(mask);
                        backward.grad = Some(self.node(mask).inputs[0]);
                        return backward;
                    }
                }
                Backward::default()
            }
            None => self.gradients_of_conv(forward.bias.is_some()),
        }
    }

    /// The gradients of the convolution that share one gradient of its output.
    fn gradients_of_conv(&self, has_bias: bool) -> Backward {
        let conv = self.node(self.conv);
        let filter = self.readers.of(conv.inputs[0]).iter().find_map(|reader| match reader {
            Reader::Input(node, 0) if self.is_filter_gradient(*node) => Some(*node),
            _ => None,
        });
        let Some(grad) = filter.map(|filter| self.node(filter).inputs[2]) else { return Backward::default() };
        let mut backward = Backward { filter, grad: Some(grad), ..Backward::default() };
        for reader in self.readers.of(grad) {
            match *reader {
                Reader::Input(node, 2) if self.is_input_gradient(node) => backward.input = Some(node),
                Reader::Input(node, 0) if has_bias && self.is_bias_gradient(node) => backward.bias = Some(node),
                _ => {}
            }
        }
        backward
    }

    fn is_bias_gradient(&self, i: u32) -> bool {
        self.node(i).is("BiasAddGrad") && is_nhwc(self.node(i))
    }

    /// The gradients that read the first output of `node`.
    fn parts_of(&self, node: u32) -> Backward {
        let mut backward = Backward { grad: Some(Source::Output(node, 0)), ..Backward::default() };
        for reader in self.readers.of(Source::Output(node, 0)) {
            match *reader {
                Reader::Input(i, 2) if backward.input.is_none() && self.is_input_gradient(i) => {
                    backward.input = Some(i);
                }
                Reader::Input(i, 2) if backward.filter.is_none() && self.is_filter_gradient(i) => {
                    backward.filter = Some(i);
                }
                Reader::Input(i, 0) if backward.bias.is_none() && self.is_bias_gradient(i) => backward.bias = Some(i),
                _ => {}
            }
        }
        backward
    }

    fn is_input_gradient(&self, i: u32) -> bool {
        let (node, conv) = (self.node(i), self.node(self.conv));
        node.is("Conv2DBackpropInput")
            && node.inputs[1] == conv.inputs[1]
            && same_attrs(node, conv)
            && self.same_shape(Source::Output(i, 0), conv.inputs[0])
    }

    fn is_filter_gradient(&self, i: u32) -> bool {
        let (node, conv) = (self.node(i), self.node(self.conv));
        node.is("Conv2DBackpropFilter")
            && node.inputs[0] == conv.inputs[0]
            && same_attrs(node, conv)
            && self.same_shape(Source::Output(i, 0), conv.inputs[1])
    }

    fn same_shape(&self, a: Source, b: Source) -> bool {
        matches!((self.program.fact(a), self.program.fact(b)), (Ok(a), Ok(b)) if a.shape == b.shape)
    }

    fn write_forward(&self, forward: &Forward, rewrite: &mut Rewrite) {
        let end = self.end(forward);
        let conv = self.node(self.conv);
        let mut node =
            fused(conv, self.node(end), if forward.pool.is_some() { &POOLED_CONV_2D } else { &FUSED_CONV_2D });
        node.inputs = conv.inputs.clone();
        node.inputs.extend(forward.bias.map(|bias| self.node(bias).inputs[1]));
        node.attrs.insert("biases".into(), Attr::Int(i64::from(forward.bias.is_some())));
        node.attrs.insert("relu".into(), Attr::Bool(forward.relu.is_some()));
        let output = self.node(end).outputs[0].clone();
        let winners = Fact::new(DType::UInt8, output.shape.clone());
        node.outputs = smallvec![output];
        if let Some(pool) = forward.pool {
            add_pool_attrs(&mut node, self.node(pool));
            node.outputs.push(winners);
        }
        let new = rewrite.new.len() as u32;
        rewrite.new.push(node);
        let replaced = [Some(self.conv), forward.bias, forward.relu, forward.pool];
        rewrite.old.extend(replaced.into_iter().flatten().map(|old| (old, new)));
        rewrite.outputs.push((Source::Output(end, 0), new_output(new, 0)));
    }

    fn write_backward(&self, forward: &Forward, backward: &Backward, grad: Source, rewrite: &mut Rewrite) {
        let conv = self.node(self.conv);
        let last = backward.parts().max().unwrap_or(self.conv);
        let op = if forward.pool.is_some() { &POOLED_CONV_2D_BACKPROP } else { &CONV_2D_BACKPROP };
        let mut node = fused(conv, self.node(last), op);
        node.inputs = conv.inputs.clone();
        if let Some(pool) = forward.pool {
            add_pool_attrs(&mut node, self.node(pool));
            node.inputs.extend([new_output(0, 1), grad]);
        } else {
            let masked = backward.before.first().map(|&mask| self.node(mask).inputs[1]);
            node.attrs.insert("relus".into(), Attr::Int(i64::from(masked.is_some())));
            node.inputs.push(grad);
            node.inputs.extend(masked);
        }
        node.outputs.clear();
        let new = rewrite.new.len() as u32;
        let parts = [("inputs", backward.input), ("filters", backward.filter), ("biases", backward.bias)];
        for (count, part) in parts {
            node.attrs.insert(count.into(), Attr::Int(i64::from(part.is_some())));
            if let Some(part) = part {
                rewrite.outputs.push((Source::Output(part, 0), new_output(new, node.outputs.len() as u32)));
                node.outputs.push(self.node(part).outputs[0].clone());
            }
        }
        rewrite.new.push(node);
        rewrite.old.extend(backward.parts().chain(backward.before.iter().copied()).map(|old| (old, new)));
    }
}

impl Backward {
    fn parts(&self) -> impl Iterator<Item = u32> {
        [self.input, self.filter, self.bias].into_iter().flatten()
    }
}

/// A node of `op` with the convolution's attributes, called as `named` is.
fn fused(conv: &ProgramNode, named: &ProgramNode, op: &'static OpDef) -> ProgramNode {
    let attr = |name: &str| conv.attrs.get(name).map(|attr| (name.into(), attr.clone()));
    ProgramNode {
        op,
        name: named.name.clone(),
        attrs: CONV_ATTRS.into_iter().filter_map(attr).collect(),
        inputs: SmallVec::new(),
        controls: Vec::new(),
        outputs: smallvec![Fact::new(DType::Float32, PartialShape::unknown())],
        location: named.location,
        inner: None,
        stands_for: Vec::new(),
    }
}

fn add_pool_attrs(node: &mut ProgramNode, pool: &ProgramNode) {
    for (to, from) in [("pool_ksize", "ksize"), ("pool_strides", "strides"), ("pool_padding", "padding")] {
        if let Some(attr) = pool.attrs.get(from) {
            node.attrs.insert(to.into(), attr.clone());
        }
    }
}

fn is_nhwc(node: &ProgramNode) -> bool {
    matches!(node.attrs.get("data_format"), Some(Attr::Str(format)) if &**format == b"NHWC")
}

fn same_attrs(a: &ProgramNode, b: &ProgramNode) -> bool {
    CONV_ATTRS.iter().all(|name| a.attrs.get(*name) == b.attrs.get(*name))
}

fn same_pool(a: &ProgramNode, b: &ProgramNode) -> bool {
    ["ksize", "strides", "padding", "data_format"].iter().all(|name| a.attrs.get(*name) == b.attrs.get(*name))
}
