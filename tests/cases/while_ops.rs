//! The cases of `golden/ops/while_ops.py`, in the same order.

use flowstone as tf;
use tf::{IntoTensor, PartialShape, Tensor};

fn shapes<const N: usize>(dims: [&[Option<usize>]; N]) -> [PartialShape; N] {
    dims.map(|dims| PartialShape::new(dims.iter().copied()))
}

fn below<T>(n: Tensor) -> impl Fn((Tensor, T)) -> Tensor {
    move |(i, _)| tf::less(i, n)
}

fn count(n: Tensor) -> Tensor {
    tf::while_loop(|i| tf::less(i, n), |i| i + 1, tf::constant(0))
}

fn power(x: Tensor, n: Tensor) -> Vec<Tensor> {
    let (i, y) = tf::while_loop(below(n), |(i, y)| (i + 1, y * x), (tf::constant(0), tf::ones_like(x)));
    vec![i, y]
}

/// A loop over `n` numbers that changes one tensor.
fn counted(first: impl IntoTensor, n: Tensor, body: impl FnOnce(Tensor, Tensor) -> Tensor) -> Vec<Tensor> {
    let first = tf::convert_to_tensor(first);
    let (i, y) = tf::while_loop(below(n), |(i, y)| (i + 1, body(i, y)), (0, first));
    vec![i, y]
}

fn constants(n: Tensor) -> Vec<Tensor> {
    let body = |(i, y)| (i + tf::constant(1), y + tf::constant([1.0, 2.0]));
    let (i, y) = tf::while_loop!(below(n), body, (0, tf::zeros([2])), name = "loop");
    vec![i, y]
}

fn grows(x: Tensor, n: Tensor, kept: &[Option<usize>], body: impl FnOnce(Tensor) -> Tensor) -> Vec<Tensor> {
    let kept = shapes([&[], kept]);
    let (i, y) = tf::while_loop!(below(n), |(i, y)| (i + 1, body(y)), (0, x), shape_invariants = kept);
    vec![i, y]
}

fn at_most(x: Tensor, n: Tensor) -> Tensor {
    tf::while_loop!(
        |y| tf::less(tf::reduce_sum(y), 100.0),
        |y| y * 2.0,
        x,
        maximum_iterations = n,
        parallel_iterations = 1,
        back_prop = false,
        swap_memory = true,
        name = "most"
    )
}

fn swap(x: Tensor, y: Tensor, n: Tensor) -> Vec<Tensor> {
    let (i, a, b) = tf::while_loop(|(i, _, _)| tf::less(i, n), |(i, a, b)| (i + 1, b, a + b), (0, x, y));
    vec![i, a, b]
}

fn nested(x: Tensor, n: Tensor) -> Vec<Tensor> {
    let inner = |y| tf::while_loop(|(j, _)| tf::less(j, 2), |(j, z)| (j + 1, z * x + 1.0), (0, y)).1;
    counted(x, n, |_, y| inner(y) - y)
}

fn nested_deep(x: Tensor, n: Tensor) -> Vec<Tensor> {
    let innermost = |j, z| tf::while_loop(below(j), |(k, w)| (k + 1, w + x), (0, z)).1;
    let inner = |i, y| tf::while_loop(below(i), |(j, z)| (j + 1, innermost(j, z)), (0, y)).1;
    counted(x, n, inner)
}

fn with_cond(x: Tensor, n: Tensor) -> Vec<Tensor> {
    let body = |(i, y)| {
        let next = i + 1;
        (next, tf::cond(tf::equal(i % 2, 0), || y * x, || y + tf::constant(1.0)))
    };
    let (i, y) = tf::while_loop(below(n), body, (0, x));
    vec![i, y]
}

fn in_a_branch(x: Tensor, p: Tensor, n: Tensor) -> Tensor {
    tf::cond(p, || counted(x, n, |_, y| y * x)[1], || x)
}

fn waits(x: Tensor, n: Tensor) -> Vec<Tensor> {
    let body = |(i, y): (Tensor, Tensor)| {
        let _after = tf::control_dependencies(&[tf::identity(y).named("first").op()]);
        (i + 1, y + tf::constant(1.0))
    };
    let _after = tf::control_dependencies(&[tf::identity(x).named("before").op()]);
    let (i, y) = tf::while_loop(below(n), body, (tf::constant(0), x));
    vec![i, y]
}

fn changes(x: Tensor, n: Tensor) -> Tensor {
    let v = tf::Variable!(x, name = "v");
    let body = |i| {
        let _after = tf::control_dependencies(&[tf::assign_add(v, x).op()]);
        i + 1
    };
    let end = {
        let _after = tf::control_dependencies(&[v.initializer()]);
        tf::while_loop(|i| tf::less(i, n), body, tf::constant(0))
    };
    let _after = tf::control_dependencies(&[end.op()]);
    v.read_value()
}

fn reads(x: Tensor, n: Tensor) -> Vec<Tensor> {
    let v = tf::Variable!(x, name = "v");
    let _after = tf::control_dependencies(&[v.initializer()]);
    let start = tf::identity(x);
    counted(start, n, |_, y| y * v.read_value())
}

fn handle(x: Tensor, n: Tensor) -> Vec<Tensor> {
    let v = tf::Variable!(x, name = "v", use_resource = true);
    let body = |(i, y): (Tensor, Tensor)| {
        let _after = tf::control_dependencies(&[tf::identity(y).op()]);
        (i + 1, v.read_value() * y)
    };
    let _after = tf::control_dependencies(&[v.initializer()]);
    let (i, y) = tf::while_loop(below(n), body, (tf::constant(0), x));
    vec![i, y]
}

fn tuple(x: Tensor, n: Tensor) -> Vec<Tensor> {
    let (i, (a, b)) = tf::while_loop(below(n), |(i, (a, b))| (i + 1, (b, a + 1.0)), (0, (x, x * 2.0)));
    vec![i, a, b]
}

fn inside(n: Tensor) -> Tensor {
    let mut kept = None;
    let body = |i| {
        let next = i + 1;
        kept = Some(next);
        next
    };
    tf::while_loop(|i| tf::less(i, n), body, 0);
    kept.unwrap()
}

pub static CASES: &[super::Case] = cases! {
    "while_count" |x| [count(x[0])];
    "while_count_none" |x| [count(x[0])];
    "while_power" [] |x| power(x[0], x[1]);
    "while_power_wide" [] |x| power(x[0], x[1]);
    "while_power_none" [] |x| power(x[0], x[1]);
    "while_power_empty" [] |x| power(x[0], x[1]);
    "while_power_nan" [] |x| power(x[0], x[1]);
    "while_constants" [] |x| constants(x[0]);
    "while_grows" [] |x| grows(x[0], x[1], &[None, Some(2)], |y| tf::concat([y, x[0]], 0));
    "while_text" |x| grows(x[0], x[1], &[], |y| tf::string_join([y, x[0]]));
    "while_most" [] |x| [tf::while_loop!(|_| true, |y| y * 2.0, x[0], maximum_iterations = 3)];
    "while_most_fed" [] |x| [at_most(x[0], x[1])];
    "while_one" [] |x| [tf::while_loop(|y| tf::less(tf::reduce_sum(y), 50.0), |y| tf::exp(y), x[0])];
    "while_same" [] |x| counted(x[0], x[1], |_, y| y);
    "while_swap" [] |x| swap(x[0], x[1], x[2]);
    "while_outside" [] |x| counted(x[0], x[2], |_, _| x[1]);
    "while_nested" [] |x| nested(x[0], x[1]);
    "while_nested_deep" [] |x| nested_deep(x[0], x[1]);
    "while_cond" [] |x| with_cond(x[0], x[1]);
    "cond_while_no" [] |x| [in_a_branch(x[0], x[1], x[2])];
    "cond_while_cond_no" [] |x| [tf::cond(x[1], || with_cond(x[0], x[2])[1], || -x[0])];
    "cond_while_yes" [] |x| [in_a_branch(x[0], x[1], x[2])];
    "cond_while_cond_yes" [] |x| [tf::cond(x[1], || with_cond(x[0], x[2])[1], || -x[0])];
    "while_waits" [] |x| waits(x[0], x[1]);
    "while_variable" [] |x| [changes(x[0], x[1])];
    "while_reads" [] |x| reads(x[0], x[1]);
    "while_reads_none" [] |x| reads(x[0], x[1]);
    "while_reads_wide" [] |x| reads(x[0], x[1]);
    "while_reads_int" [] |x| reads(x[0], x[1]);
    "while_handle" [] |x| handle(x[0], x[1]);
    "while_product" [] |x| counted(x[0], x[2], |_, y| tf::nn::relu(tf::matmul(y, x[1]) + 0.5));
    "while_tuple" [] |x| tuple(x[0], x[1]);
    "bad_while_shape" |x| counted(x[0], x[1], |_, y| tf::concat([y, y], 0));
    "bad_while_type" |x| counted(x[0], x[1], |_, y| tf::cast(y, tf::int32));
    "bad_while_count" |x| tf::while_loop(|y| tf::less(y[0], x[1]), |y| vec![y[0] + 1], vec![tf::constant(0), x[0]]);
    "bad_while_pred" |x| {
        let (_, y) = tf::while_loop(|(_, y)| tf::greater(y, 0.0), |(i, y)| (i + 1, y), (0, x[0]));
        [y]
    };
    "bad_while_pred_type" |x| {
        let (_, y) = tf::while_loop(|(i, _)| i, |(i, y)| (i + 1, y), (0, x[0]));
        [y]
    };
    "bad_while_none" |_x| tf::while_loop(|_: Vec<Tensor>| true, |y| y, Vec::<Tensor>::new());
    "bad_while_run" |x| counted(x[0], x[1], |_, y| tf::check_numerics(tf::log(y), "log"));
    "bad_while_fetch" |x| [inside(x[1])];
};
