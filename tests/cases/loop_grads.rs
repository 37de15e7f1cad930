//! The cases of `golden/ops/loop_grads.py`, in the same order.

use flowstone as tf;
use tf::{IntoTensor, Tensor};

fn counted(x: Tensor, body: impl FnOnce(Tensor, Tensor) -> Tensor, count: impl IntoTensor) -> Tensor {
    let count = count.into_arg();
    tf::while_loop(|(i, _)| tf::less(i, count), |(i, y)| (i + 1, body(i, y)), (0, x)).1
}

fn branch(x: Tensor) -> Tensor {
    counted(x, |i, y| tf::cond(tf::equal(i % 2, 0), || y * x, || tf::exp(y * 0.1)), 4)
}

fn rows(x: Tensor) -> Tensor {
    let row = |i: Tensor| tf::reduce_sum!(tf::gather(x, tf::stack([i.into_arg(), 0.into_arg()])), axis = 0);
    counted(x.at(0), |i, y| y + row(i), 3)
}

fn pair(x: Tensor, y: Tensor, body: fn(Tensor, Tensor) -> (Tensor, Tensor)) -> (Tensor, Tensor) {
    let body = |(i, a, b): (Tensor, Tensor, Tensor)| {
        let next = i + 1;
        let (a, b) = body(a, b);
        (next, a, b)
    };
    let (_, a, b) = tf::while_loop(|(i, _, _)| tf::less(i, 4), body, (0, x, y));
    (a, b)
}

fn swap(x: Tensor, y: Tensor) -> Vec<Tensor> {
    let (a, b) = pair(x, y, |a, b| (b, a * b));
    vec![a, b]
}

fn not_back(x: Tensor) -> Tensor {
    tf::while_loop!(|(i, _)| tf::less(i, 3), |(i, y)| (i + 1, y * x), (0, x), back_prop = false).1 + x
}

fn in_branch(x: Tensor, p: Tensor) -> Tensor {
    tf::cond(p, || counted(x, |_, y| y * x, 3), || -x)
}

fn lstm(x: Tensor, w: Tensor) -> Tensor {
    type State = (Tensor, Tensor, Tensor, tf::ops::flow::TensorArray);
    let body = |(t, h, c, all): State| {
        let gates = tf::split!(tf::matmul(tf::concat([x.at(t), h], 1), w), 4, axis = 1);
        let c = c * tf::sigmoid(gates[1]) + tf::sigmoid(gates[0]) * tf::tanh(gates[2]);
        let h = tf::tanh(c) * tf::sigmoid(gates[3]);
        (t + 1, h, c, all.write(t, h))
    };
    let z = tf::zeros([2, 3]);
    let all = tf::TensorArray(tf::float32, 4);
    tf::while_loop(|(t, _, _, _): State| tf::less(t, 4), body, (0, z, z, all)).3.stack()
}

fn second(x: Tensor) -> Tensor {
    let y = counted(x, |_, y| y * x, 3);
    let first = tf::gradients(y, x)[0].unwrap().values();
    tf::gradients(first, x)[0].unwrap().values()
}

pub static CASES: &[super::Case] = cases! {
    "power" |x| [counted(x[0], |_, y| y * x[0], 3)];
    "wide" |x| [counted(x[0], |_, y| tf::sin(y) * x[0], 3)];
    "fed" |x| [counted(x[0], |_, y| tf::exp(-y) * x[0], x[1])];
    "none" |x| [counted(x[0], |_, y| tf::exp(-y) * x[0], x[1])];
    "same" |x| [counted(x[0], |_, y| y, 3)];
    "outside" |x| [counted(x[0], |_, _| x[1] * 2.0, 3)];
    "constant" |x| [counted(x[0], |_, y| tf::tanh(y) + tf::constant([1.0, 2.0, 3.0]), 3)];
    "branch" |x| [branch(x[0])];
    "nested" |x| [counted(x[0], |i, y| counted(y, |_, z| z * x[0], i), 3)];
    "rows" |x| [rows(x[0])];
    "product" |x| [counted(x[0], |_, y| tf::nn::relu(tf::matmul(y, x[1]) + 0.5), 3)];
    "swap" |x| swap(x[0], x[1]);
    "one_of_two" |x| [pair(x[0], x[1], |a, b| (a * b, b * 0.5)).0];
    "back_prop" |x| [not_back(x[0])];
    "in_branch_False" |x| [in_branch(x[0], x[1])];
    "in_branch_True" |x| [in_branch(x[0], x[1])];
    "scan" |x| [tf::scan(|a, b| tf::tanh(a + b), x[0])];
    "map" |x| [tf::map_fn(|a| a * a, x[0])];
    "foldl" |x| [tf::foldl(|a, b| a * b + 1.0, x[0])];
    "array" |x| [tf::TensorArray(tf::float32, 2).write(0, x[0]).write(1, x[0] * x[0]).stack()];
    "array_split" |x| {
        [tf::TensorArray!(tf::float32, 2, infer_shape = false).split(x[0] * x[0], [1, 3]).concat()]
    };
    "lstm" |x| [lstm(x[0], x[1])];
    "bad_second" |x| [second(x[0])];
};
