//! The cases of `golden/ops/branch_ops.py`, in the same order.

use flowstone as tf;
use tf::op::Arg;
use tf::{IntoTensor, Tensor, Variable};

fn call(op: &str, args: Vec<Arg>) -> Vec<Tensor> {
    tf::ops::lookup(op).unwrap().call_with(args).build().outputs()
}

/// The outputs for false and for true.
fn switch(x: impl IntoTensor, p: Tensor) -> [Tensor; 2] {
    let switch = tf::ops::lookup("Switch").unwrap().call([x.into_arg(), p.into_arg()]).build();
    [switch.output(0), switch.output(1)]
}

fn merge<const N: usize>(op: &str, inputs: [Tensor; N]) -> Vec<Tensor> {
    call(op, vec![Arg::list(inputs)])
}

/// Switch and Merge around two branches.
fn both(x: Tensor, p: Tensor, otherwise: fn(Tensor) -> Tensor, then: fn(Tensor) -> Tensor) -> Vec<Tensor> {
    let [no, yes] = switch(x, p);
    merge("Merge", [otherwise(no), then(yes)])
}

fn nested(x: &[Tensor]) -> Vec<Tensor> {
    let [no, yes] = switch(x[0], x[1]);
    let no = both(no, x[2], |x| x * 2.0, |x| x * 3.0)[0] + 1.0;
    merge("Merge", [no, yes * 5.0])
}

/// What `build` builds runs only if `taken` is not dead.
fn within<R>(taken: Tensor, build: impl FnOnce() -> R) -> R {
    let _after = tf::control_dependencies(&[tf::identity(taken).op()]);
    build()
}

fn constants(x: &[Tensor]) -> Vec<Tensor> {
    let [no, yes] = switch(x[1], x[1]);
    let otherwise = within(no, || tf::constant(1.0) + tf::constant(2.0));
    let then = within(yes, || tf::constant(5.0));
    let mut all = merge("Merge", [otherwise, then]);
    all.push(x[0]);
    all
}

fn effect(x: &[Tensor]) -> Vec<Tensor> {
    let v = tf::Variable(x[0]);
    let [no, yes] = {
        let _after = tf::control_dependencies(&[v.initializer()]);
        switch(x[1], x[1])
    };
    let changed = within(yes, || tf::assign(v, [7.0, 8.0]));
    let same = within(no, || tf::constant([0.0, 0.0]));
    let merged = merge("Merge", [same, changed]);
    let _after = tf::control_dependencies(&[merged[0].op()]);
    vec![v.read_value()]
}

fn ref_switch(v: Variable, p: Tensor) -> [Tensor; 2] {
    call("RefSwitch", vec![v.reference().into_arg(), p.into_arg()]).try_into().unwrap()
}

fn variable(x: &[Tensor]) -> Vec<Tensor> {
    let v = tf::Variable(x[0]);
    let merged = {
        let _after = tf::control_dependencies(&[v.initializer()]);
        let [no, yes] = ref_switch(v, x[1]);
        let changed = call("AssignAdd", vec![yes.into_arg(), [10.0, 20.0].into_arg()]);
        merge("RefMerge", [no, changed[0]])
    };
    vec![tf::identity(merged[0]), merged[1]]
}

fn stays(x: &[Tensor]) -> Vec<Tensor> {
    let v = tf::Variable(x[0]);
    let switched = {
        let _after = tf::control_dependencies(&[v.initializer()]);
        ref_switch(v, x[1])
    };
    let merged = merge("RefMerge", switched);
    vec![tf::identity(merged[0]), merged[1]]
}

fn control_trigger() -> tf::Operation {
    tf::ops::lookup("ControlTrigger").unwrap().call([]).operation()
}

fn trigger(x: &[Tensor]) -> Vec<Tensor> {
    let [_, yes] = switch(x[1], x[1]);
    let trigger = within(yes, control_trigger);
    let _after = tf::control_dependencies(&[trigger]);
    vec![tf::identity(x[0])]
}

fn three(x: &[Tensor]) -> Vec<Tensor> {
    let first = switch(x[0], x[1])[1];
    let second = switch(x[0], tf::logical_not(x[1]))[0];
    let third = switch(x[0], x[1])[0];
    merge("Merge", [first, second, third])
}

fn trigger_alone(x: &[Tensor]) -> Vec<Tensor> {
    control_trigger();
    vec![tf::identity(x[0])]
}

fn doubled(x: Tensor) -> Tensor {
    tf::strings::string_join([x, x])
}

fn first_row(x: Tensor) -> Tensor {
    x.at(..1)
}

fn rows_times_5(x: Tensor) -> Tensor {
    tf::shape(x).at(0) * 5
}

pub static CASES: &[super::Case] = cases! {
    "branch_no" [] |x| both(x[0], x[1], |x| x * 2.0, |x| x + 1.0);
    "branch_int_no" [] |x| both(x[0], x[1], |x| tf::identity(x), |x| -x);
    "branch_text_no" [] |x| both(x[0], x[1], |x| tf::identity(x), doubled);
    "branch_sizes_no" [] |x| both(x[0], x[1], first_row, |x| tf::concat([x, x], 0));
    "branch_shape_no" [] |x| both(x[0], x[1], rows_times_5, |x| tf::size(x));
    "branch_nested_no" [] |x| nested(x);
    "branch_nested_no_no" [] |x| nested(x);
    "branch_constants_no" [] |x| constants(x);
    "branch_effect_no" [] |x| effect(x);
    "branch_variable_no" [] |x| variable(x);
    "branch_variable_same_no" [] |x| stays(x);
    "branch_variable_wide_no" [] |x| variable(x);
    "branch_trigger_no" [] |x| trigger(x);
    "branch_trigger_int_no" [] |x| trigger(x);
    "branch_yes" [] |x| both(x[0], x[1], |x| x * 2.0, |x| x + 1.0);
    "branch_int_yes" [] |x| both(x[0], x[1], |x| tf::identity(x), |x| -x);
    "branch_text_yes" [] |x| both(x[0], x[1], |x| tf::identity(x), doubled);
    "branch_sizes_yes" [] |x| both(x[0], x[1], first_row, |x| tf::concat([x, x], 0));
    "branch_shape_yes" [] |x| both(x[0], x[1], rows_times_5, |x| tf::size(x));
    "branch_nested_yes" [] |x| nested(x);
    "branch_nested_no_yes" [] |x| nested(x);
    "branch_constants_yes" [] |x| constants(x);
    "branch_effect_yes" [] |x| effect(x);
    "branch_variable_yes" [] |x| variable(x);
    "branch_variable_same_yes" [] |x| stays(x);
    "branch_variable_wide_yes" [] |x| variable(x);
    "branch_trigger_yes" [] |x| trigger(x);
    "branch_trigger_int_yes" [] |x| trigger(x);
    "branch_three" [] |x| three(x);
    "branch_trigger_alone" [] |x| trigger_alone(x);
    "bad_branch_dead" [] |x| [switch(x[0], x[1])[1] + 1.0];
    "bad_branch_pred" [] |x| merge("Merge", switch(x[0], x[1]));
    "bad_branch_type" [] |x| merge("Merge", [switch(x[0], x[1])[1], tf::constant(1)]);
};
