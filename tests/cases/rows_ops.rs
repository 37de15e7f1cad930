//! The cases of `golden/ops/rows_ops.py`, in the same order.

use flowstone as tf;
use tf::{PartialShape, Tensor};

fn array(x: Tensor, n: Tensor) -> Vec<Tensor> {
    let shape = PartialShape::new([Some(2)]);
    let a = tf::TensorArray!(tf::float32, 3, clear_after_read = false, element_shape = shape, name = "kept");
    let a = a.write(0, x).write(2, x * 2.0).write(1, [1.0, 2.0]);
    vec![a.stack(), a.read(n), a.gather([2, 0]), a.size()]
}

fn grows(x: Tensor) -> Vec<Tensor> {
    let empty = tf::TensorArray!(tf::float32, 0, dynamic_size = true);
    let body = |(i, a): (Tensor, tf::ops::flow::TensorArray)| (i + 1, a.write(i, x * 2.0));
    let (_, a) = tf::while_loop(|(i, _)| tf::less(i, 3), body, (0, empty));
    vec![a.stack(), a.size()]
}

fn split(x: Tensor) -> Vec<Tensor> {
    vec![tf::TensorArray!(tf::float32, 2, infer_shape = false).split(x, [1, 3]).concat()]
}

fn map_two(x: Tensor, y: Tensor) -> Tensor {
    tf::map_fn!(|(a, b)| a * tf::reduce_sum(b), (x, y), dtype = [tf::float32])
}

fn map_other(x: Tensor) -> Vec<Tensor> {
    let both = |a| (tf::cast(a, tf::float32), a * 2);
    let (a, b) = tf::map_fn!(both, x, dtype = [tf::float32, tf::int32], name = "both");
    vec![a, b]
}

fn map_nested(x: Tensor) -> Tensor {
    tf::map_fn!(|r| tf::map_fn(|a| a * 0.5, r), x, parallel_iterations = 2)
}

fn scan_two(x: Tensor, y: Tensor) -> Vec<Tensor> {
    let next = |(a, b): (Tensor, Tensor), (x, y): (Tensor, Tensor)| (a + y, b * x);
    let (a, b) = tf::scan(next, (x, y));
    vec![a, b]
}

fn in_a_branch(x: Tensor, p: Tensor) -> Tensor {
    let then = || tf::TensorArray(tf::float32, 2).write(0, x).write(1, x).stack();
    tf::cond(p, then, || tf::stack([x, x * 2.0]))
}

fn fixed(n: i32) -> tf::ops::flow::TensorArray {
    tf::TensorArray(tf::float32, n)
}

fn again(x: Tensor) -> Vec<Tensor> {
    let a = fixed(1).write(0, x);
    let b = a.read(0);
    let _after = tf::control_dependencies(&[b.op()]);
    vec![b, a.read(0)]
}

pub static CASES: &[super::Case] = cases! {
    "map" [] |x| [tf::map_fn(|a| a * a, x[0])];
    "map_numbers" [] |x| [tf::map_fn(|a| tf::sin(a) + 1.0, x[0])];
    "map_empty" [] |x| [tf::map_fn(|a| a * 2.0, x[0])];
    "map_int" [] |x| [tf::map_fn(|a| a + 1, x[0])];
    "map_text" [] |x| [tf::map_fn(|a| tf::string_join([a, a]), x[0])];
    "map_two" [] |x| [map_two(x[0], x[1])];
    "map_other" [] |x| map_other(x[0]);
    "map_nested" [] |x| [map_nested(x[0])];
    "foldl" [] |x| [tf::foldl(|a, b| a * b + 1.0, x[0])];
    "foldl_from" [] |x| [tf::foldl!(|a, b| a + tf::reduce_sum(b), x[0], initializer = x[1])];
    "foldr" [] |x| [tf::foldr(|a, b| a * b + 1.0, x[0])];
    "foldr_from" [] |x| [tf::foldr!(|a, b| a + tf::reduce_sum(b), x[0], initializer = x[1])];
    "scan" [] |x| [tf::scan(|a, b| tf::tanh(a + b), x[0])];
    "scan_from" [] |x| [tf::scan!(|a, b| a * 0.5 + b, x[0], initializer = x[1])];
    "scan_reverse" [] |x| [tf::scan!(|a, b| a * 0.5 + b, x[0], reverse = true, infer_shape = false)];
    "scan_reverse_from" [] |x| {
        [tf::scan!(|a, b| a * 0.5 + b, x[0], initializer = x[1], reverse = true, name = "back")]
    };
    "scan_two" [] |x| scan_two(x[0], x[1]);
    "array" [] |x| array(x[0], x[1]);
    "array_wide" [] |x| [tf::TensorArray(tf::float64, tf::shape(x[0]).at(0)).unstack(x[0]).stack()];
    "array_split" [] |x| split(x[0]);
    "array_grows" [] |x| grows(x[0]);
    "array_branch" [] |x| [in_a_branch(x[0], x[1])];
    "bad_array_far" |x| [fixed(2).write(2, x[0]).stack()];
    "bad_array_twice" |x| [fixed(2).write(0, x[0]).write(0, x[0]).read(0)];
    "bad_array_unwritten" |x| [x[0], tf::TensorArray!(tf::float32, 2, infer_shape = false).read(1)];
    "bad_array_again" |x| again(x[0]);
    "bad_array_shape" |x| [fixed(2).write(0, x[0]).write(1, x[0].at(..1)).stack()];
    "bad_array_type" |x| [fixed(1).write(0, x[0]).stack()];
    "bad_array_size" |x| [tf::TensorArray(tf::float32, x[0]).stack()];
    "bad_map_scalar" |x| [tf::map_fn(|a| a, x[0])];
};
