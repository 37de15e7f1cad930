//! The cases of `golden/ops/state_ops.py`, in the same order.

use flowstone as tf;
use tf::{IntoTensor, Tensor, Variable};

use super::raw;

/// What `change` builds, to run after the new variable got its initial value.
fn state<R>(initial: Tensor, change: impl FnOnce(Variable) -> R) -> R {
    let v = tf::Variable(initial);
    let _after = tf::control_dependencies(&[v.initializer()]);
    change(v)
}

fn adam(x: &[Tensor], nesterov: bool) -> Vec<Tensor> {
    let variables = [tf::Variable(x[0]), tf::Variable(x[0] * 0.5), tf::Variable(x[0] * x[0])];
    let _after = tf::control_dependencies(&variables.map(|v| v.initializer()));
    let [var, m, v] = variables.map(|v| v.reference().into_arg());
    let numbers = [0.9, 0.999, 0.01, 0.9, 0.999, 1e-8];
    let [beta1_power, beta2_power, lr, beta1, beta2, epsilon] = numbers.map(|x: f32| x.into_arg());
    let args = [var, m, v, beta1_power, beta2_power, lr, beta1, beta2, epsilon, x[1].into_arg()];
    let call = tf::ops::lookup("ApplyAdam").unwrap().call(args);
    call.attr("use_nesterov", nesterov).build().outputs()
}

/// The same for a variable that is held by a handle.
fn resource<R>(initial: Tensor, change: impl FnOnce(Variable) -> R) -> R {
    let v = tf::Variable!(initial, use_resource = true);
    let _after = tf::control_dependencies(&[v.initializer()]);
    change(v)
}

/// The tensors of the gradients of `y`.
fn parts(y: Tensor, v: Variable) -> Vec<Tensor> {
    let part = |g: tf::Gradient| match g {
        tf::Gradient::Dense(tensor) => vec![tensor],
        tf::Gradient::Slices(slices) => vec![slices.values, slices.indices],
    };
    tf::gradients(y, v).into_iter().flatten().flat_map(part).collect()
}

fn table(x: &[Tensor], use_resource: bool) -> Vec<Tensor> {
    let v = tf::Variable!(x[0], use_resource = use_resource);
    let rows = {
        let _after = tf::control_dependencies(&[v.initializer()]);
        tf::nn::embedding_lookup(v, x[1])
    };
    [rows].into_iter().chain(parts(tf::square(rows), v)).collect()
}

fn gathered(x: &[Tensor]) -> Vec<Tensor> {
    let v = tf::Variable!(x[0], use_resource = true);
    let rows = {
        let _after = tf::control_dependencies(&[v.initializer()]);
        tf::gather(v, x[1])
    };
    [rows].into_iter().chain(parts(rows, v)).collect()
}

fn destroyed(x: Tensor) -> Vec<Tensor> {
    resource(x, |v| {
        let destroyed = tf::ops::lookup("DestroyResourceOp").unwrap().call([v.reference().into_arg()]).operation();
        let _after = tf::control_dependencies(&[destroyed]);
        raw("VarIsInitializedOp", [v.reference()])
    })
}

/// A variable of the operation's first version, set to `x`.
fn old_variable(x: Tensor) -> Vec<Tensor> {
    let op = tf::ops::lookup("Variable").unwrap();
    let v = op.call([]).attr("shape", x.shape()).attr("dtype", x.dtype().unwrap()).single();
    raw("Assign", [v, x])
}

pub static CASES: &[super::Case] = cases! {
    "assign" [] |x| [state(x[0], |v| tf::assign(v, x[1]))];
    "assign_add" [] |x| [state(x[0], |v| tf::assign_add(v, x[1]))];
    "assign_sub" [] |x| [state(x[0], |v| tf::assign_sub(v, x[1]))];
    "variable" [] |x| [state(x[0], |v| v.read_value() * 2.0)];
    "group" [] |x| {
        let v = tf::Variable(x[0]);
        let change = {
            let _after = tf::control_dependencies(&[v.initializer()]);
            tf::assign_add(v, x[1])
        };
        let _after = tf::control_dependencies(&[tf::group(&[change.op(), tf::no_op()])]);
        [v.read_value()]
    };
    "apply_gradient_descent" [] |x| state(x[0], |v| {
        raw("ApplyGradientDescent", [v.reference().into_arg(), 0.5.into_arg(), x[1].into_arg()])
    });
    "apply_adam" [] |x| adam(x, false);
    "apply_adam_nesterov" [] |x| adam(x, true);

    // Variables that are held by handles.
    "resource" [] |x| resource(x[0], |v| [v.read_value() * 2.0, v + 1.0]);
    "resource_assign" [] |x| [resource(x[0], |v| tf::identity(tf::assign(v, x[1])))];
    "resource_assign_add" [] |x| [resource(x[0], |v| tf::identity(tf::assign_add(v, x[1])))];
    "resource_assign_sub" [] |x| [resource(x[0], |v| tf::identity(tf::assign_sub(v, x[1])))];
    "resource_initialized" [] |x| [resource(x[0], |v| tf::is_variable_initialized(v))];
    "initialized" [] |x| [state(x[0], |v| tf::is_variable_initialized(v))];
    "resource_count" [] |x| [resource(x[0], |v| tf::count_up_to(v, 9))];
    "count" [] |x| [state(x[0], |v| tf::count_up_to(v, 9))];
    "variable_shape" [] |x| resource(x[0], |v| {
        let shape = || tf::ops::lookup("VariableShape").unwrap().call([v.reference().into_arg()]);
        [shape().single(), shape().attr("out_type", tf::int64).single()]
    });
    "destroy" [] |x| destroyed(x[0]);
    "old_variable" [] |x| old_variable(x[0]);
    "resource_assign_add_f64" [] |x| [resource(x[0], |v| tf::identity(tf::assign_add(v, x[1])))];
    "resource_assign_sub_f64" [] |x| [resource(x[0], |v| tf::identity(tf::assign_sub(v, x[1])))];
    "initialized_f64" [] |x| [state(x[0], |v| tf::is_variable_initialized(v))];
    "variable_shape_f64" [] |x| resource(x[0], |v| raw("VariableShape", [v.reference()]));
    "destroy_f64" [] |x| destroyed(x[0]);
    "old_variable_f64" [] |x| old_variable(x[0]);
    "resource_assign_add_i64" [] |x| [resource(x[0], |v| tf::identity(tf::assign_add(v, x[1])))];
    "resource_assign_sub_i64" [] |x| [resource(x[0], |v| tf::identity(tf::assign_sub(v, x[1])))];
    "initialized_i64" [] |x| [state(x[0], |v| tf::is_variable_initialized(v))];
    "variable_shape_i64" [] |x| resource(x[0], |v| raw("VariableShape", [v.reference()]));
    "destroy_i64" [] |x| destroyed(x[0]);
    "old_variable_i64" [] |x| old_variable(x[0]);
    "resource_assign_add_scalar" [] |x| [resource(x[0], |v| tf::identity(tf::assign_add(v, x[1])))];
    "resource_assign_sub_scalar" [] |x| [resource(x[0], |v| tf::identity(tf::assign_sub(v, x[1])))];
    "initialized_scalar" [] |x| [state(x[0], |v| tf::is_variable_initialized(v))];
    "variable_shape_scalar" [] |x| resource(x[0], |v| raw("VariableShape", [v.reference()]));
    "destroy_scalar" [] |x| destroyed(x[0]);
    "old_variable_scalar" [] |x| old_variable(x[0]);
    "resource_assign_add_empty" [] |x| [resource(x[0], |v| tf::identity(tf::assign_add(v, x[1])))];
    "resource_assign_sub_empty" [] |x| [resource(x[0], |v| tf::identity(tf::assign_sub(v, x[1])))];
    "initialized_empty" [] |x| [state(x[0], |v| tf::is_variable_initialized(v))];
    "variable_shape_empty" [] |x| resource(x[0], |v| raw("VariableShape", [v.reference()]));
    "destroy_empty" [] |x| destroyed(x[0]);
    "old_variable_empty" [] |x| old_variable(x[0]);
    "resource_assign_add_special" [] |x| [resource(x[0], |v| tf::identity(tf::assign_add(v, x[1])))];
    "resource_assign_sub_special" [] |x| [resource(x[0], |v| tf::identity(tf::assign_sub(v, x[1])))];
    "initialized_special" [] |x| [state(x[0], |v| tf::is_variable_initialized(v))];
    "variable_shape_special" [] |x| resource(x[0], |v| raw("VariableShape", [v.reference()]));
    "destroy_special" [] |x| destroyed(x[0]);
    "old_variable_special" [] |x| old_variable(x[0]);
    "count_zero" [] |x| [state(x[0], |v| tf::count_up_to(v, 1))];
    "resource_count_zero" [] |x| [resource(x[0], |v| tf::count_up_to(v, 1))];
    "count_negative" [] |x| [state(x[0], |v| tf::count_up_to(v, 0))];
    "resource_count_negative" [] |x| [resource(x[0], |v| tf::count_up_to(v, 0))];
    "count_far" [] |x| [state(x[0], |v| tf::count_up_to(v, 1 << 30))];
    "resource_count_far" [] |x| [resource(x[0], |v| tf::count_up_to(v, 1 << 30))];
    "count_i64" [] |x| [state(x[0], |v| tf::count_up_to(v, 8))];
    "resource_count_i64" [] |x| [resource(x[0], |v| tf::count_up_to(v, 8))];
    "count_large" [] |x| [state(x[0], |v| tf::count_up_to(v, 1 << 41))];
    "resource_count_large" [] |x| [resource(x[0], |v| tf::count_up_to(v, 1 << 41))];
    "scatter_update" [] |x| [state(x[0], |v| tf::scatter_update(v, x[1], x[2]))];
    "scatter_update_2d" [] |x| [state(x[0], |v| tf::scatter_update(v, x[1], x[2]))];
    "scatter_update_scalar" [] |x| [state(x[0], |v| tf::scatter_update(v, x[1], x[2]))];
    "scatter_update_empty" [] |x| [state(x[0], |v| tf::scatter_update(v, x[1], x[2]))];
    "scatter_update_i32" [] |x| [state(x[0], |v| tf::scatter_update(v, x[1], x[2]))];
    "resource_scatter_update" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_update(v, x[1], x[2])))];
    "resource_scatter_update_scalar" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_update(v, x[1], x[2])))];
    "resource_scatter_update_empty" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_update(v, x[1], x[2])))];
    "resource_scatter_update_f64" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_update(v, x[1], x[2])))];
    "resource_scatter_update_i64" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_update(v, x[1], x[2])))];
    "bad_scatter_update" [] |x| [state(x[0], |v| tf::scatter_update(v, x[1], x[2]))];
    "bad_scatter_update_shape" [] |x| [state(x[0], |v| tf::scatter_update(v, x[1], x[2]))];
    "bad_resource_scatter_update" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_update(v, x[1], x[2])))];
    "scatter_add" [] |x| [state(x[0], |v| tf::scatter_add(v, x[1], x[2]))];
    "scatter_add_2d" [] |x| [state(x[0], |v| tf::scatter_add(v, x[1], x[2]))];
    "scatter_add_scalar" [] |x| [state(x[0], |v| tf::scatter_add(v, x[1], x[2]))];
    "scatter_add_empty" [] |x| [state(x[0], |v| tf::scatter_add(v, x[1], x[2]))];
    "scatter_add_i32" [] |x| [state(x[0], |v| tf::scatter_add(v, x[1], x[2]))];
    "resource_scatter_add" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_add(v, x[1], x[2])))];
    "resource_scatter_add_scalar" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_add(v, x[1], x[2])))];
    "resource_scatter_add_empty" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_add(v, x[1], x[2])))];
    "resource_scatter_add_f64" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_add(v, x[1], x[2])))];
    "resource_scatter_add_i64" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_add(v, x[1], x[2])))];
    "bad_scatter_add" [] |x| [state(x[0], |v| tf::scatter_add(v, x[1], x[2]))];
    "bad_scatter_add_shape" [] |x| [state(x[0], |v| tf::scatter_add(v, x[1], x[2]))];
    "bad_resource_scatter_add" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_add(v, x[1], x[2])))];
    "scatter_sub" [] |x| [state(x[0], |v| tf::scatter_sub(v, x[1], x[2]))];
    "scatter_sub_2d" [] |x| [state(x[0], |v| tf::scatter_sub(v, x[1], x[2]))];
    "scatter_sub_scalar" [] |x| [state(x[0], |v| tf::scatter_sub(v, x[1], x[2]))];
    "scatter_sub_empty" [] |x| [state(x[0], |v| tf::scatter_sub(v, x[1], x[2]))];
    "scatter_sub_i32" [] |x| [state(x[0], |v| tf::scatter_sub(v, x[1], x[2]))];
    "resource_scatter_sub" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_sub(v, x[1], x[2])))];
    "resource_scatter_sub_scalar" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_sub(v, x[1], x[2])))];
    "resource_scatter_sub_empty" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_sub(v, x[1], x[2])))];
    "resource_scatter_sub_f64" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_sub(v, x[1], x[2])))];
    "resource_scatter_sub_i64" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_sub(v, x[1], x[2])))];
    "bad_scatter_sub" [] |x| [state(x[0], |v| tf::scatter_sub(v, x[1], x[2]))];
    "bad_scatter_sub_shape" [] |x| [state(x[0], |v| tf::scatter_sub(v, x[1], x[2]))];
    "bad_resource_scatter_sub" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_sub(v, x[1], x[2])))];
    "scatter_mul" [] |x| [state(x[0], |v| tf::scatter_mul(v, x[1], x[2]))];
    "scatter_mul_2d" [] |x| [state(x[0], |v| tf::scatter_mul(v, x[1], x[2]))];
    "scatter_mul_scalar" [] |x| [state(x[0], |v| tf::scatter_mul(v, x[1], x[2]))];
    "scatter_mul_empty" [] |x| [state(x[0], |v| tf::scatter_mul(v, x[1], x[2]))];
    "scatter_mul_i32" [] |x| [state(x[0], |v| tf::scatter_mul(v, x[1], x[2]))];
    "resource_scatter_mul" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_mul(v, x[1], x[2])))];
    "resource_scatter_mul_scalar" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_mul(v, x[1], x[2])))];
    "resource_scatter_mul_empty" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_mul(v, x[1], x[2])))];
    "resource_scatter_mul_f64" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_mul(v, x[1], x[2])))];
    "resource_scatter_mul_i64" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_mul(v, x[1], x[2])))];
    "bad_scatter_mul" [] |x| [state(x[0], |v| tf::scatter_mul(v, x[1], x[2]))];
    "bad_scatter_mul_shape" [] |x| [state(x[0], |v| tf::scatter_mul(v, x[1], x[2]))];
    "bad_resource_scatter_mul" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_mul(v, x[1], x[2])))];
    "scatter_div" [] |x| [state(x[0], |v| tf::scatter_div(v, x[1], x[2]))];
    "scatter_div_2d" [] |x| [state(x[0], |v| tf::scatter_div(v, x[1], x[2]))];
    "scatter_div_scalar" [] |x| [state(x[0], |v| tf::scatter_div(v, x[1], x[2]))];
    "scatter_div_empty" [] |x| [state(x[0], |v| tf::scatter_div(v, x[1], x[2]))];
    "scatter_div_i32" [] |x| [state(x[0], |v| tf::scatter_div(v, x[1], x[2]))];
    "resource_scatter_div" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_div(v, x[1], x[2])))];
    "resource_scatter_div_scalar" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_div(v, x[1], x[2])))];
    "resource_scatter_div_empty" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_div(v, x[1], x[2])))];
    "resource_scatter_div_f64" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_div(v, x[1], x[2])))];
    "resource_scatter_div_i64" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_div(v, x[1], x[2])))];
    "bad_scatter_div" [] |x| [state(x[0], |v| tf::scatter_div(v, x[1], x[2]))];
    "bad_scatter_div_shape" [] |x| [state(x[0], |v| tf::scatter_div(v, x[1], x[2]))];
    "bad_resource_scatter_div" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_div(v, x[1], x[2])))];
    "scatter_min" [] |x| [state(x[0], |v| tf::scatter_min(v, x[1], x[2]))];
    "scatter_min_2d" [] |x| [state(x[0], |v| tf::scatter_min(v, x[1], x[2]))];
    "scatter_min_scalar" [] |x| [state(x[0], |v| tf::scatter_min(v, x[1], x[2]))];
    "scatter_min_empty" [] |x| [state(x[0], |v| tf::scatter_min(v, x[1], x[2]))];
    "scatter_min_i32" [] |x| [state(x[0], |v| tf::scatter_min(v, x[1], x[2]))];
    "resource_scatter_min" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_min(v, x[1], x[2])))];
    "resource_scatter_min_scalar" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_min(v, x[1], x[2])))];
    "resource_scatter_min_empty" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_min(v, x[1], x[2])))];
    "resource_scatter_min_f64" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_min(v, x[1], x[2])))];
    "resource_scatter_min_i64" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_min(v, x[1], x[2])))];
    "bad_scatter_min" [] |x| [state(x[0], |v| tf::scatter_min(v, x[1], x[2]))];
    "bad_scatter_min_shape" [] |x| [state(x[0], |v| tf::scatter_min(v, x[1], x[2]))];
    "bad_resource_scatter_min" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_min(v, x[1], x[2])))];
    "scatter_max" [] |x| [state(x[0], |v| tf::scatter_max(v, x[1], x[2]))];
    "scatter_max_2d" [] |x| [state(x[0], |v| tf::scatter_max(v, x[1], x[2]))];
    "scatter_max_scalar" [] |x| [state(x[0], |v| tf::scatter_max(v, x[1], x[2]))];
    "scatter_max_empty" [] |x| [state(x[0], |v| tf::scatter_max(v, x[1], x[2]))];
    "scatter_max_i32" [] |x| [state(x[0], |v| tf::scatter_max(v, x[1], x[2]))];
    "resource_scatter_max" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_max(v, x[1], x[2])))];
    "resource_scatter_max_scalar" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_max(v, x[1], x[2])))];
    "resource_scatter_max_empty" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_max(v, x[1], x[2])))];
    "resource_scatter_max_f64" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_max(v, x[1], x[2])))];
    "resource_scatter_max_i64" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_max(v, x[1], x[2])))];
    "bad_scatter_max" [] |x| [state(x[0], |v| tf::scatter_max(v, x[1], x[2]))];
    "bad_scatter_max_shape" [] |x| [state(x[0], |v| tf::scatter_max(v, x[1], x[2]))];
    "bad_resource_scatter_max" [] |x| [resource(x[0], |v| tf::identity(tf::scatter_max(v, x[1], x[2])))];
    "bad_assign" [] |x| [state(x[0], |v| tf::assign(v, x[1]))];
    "bad_resource_assign" [] |x| [resource(x[0], |v| tf::assign(v, x[1]))];
    "bad_count" [] |x| [state(x[0], |v| tf::count_up_to(v, 7))];
    "uninitialized" [] |x| [tf::Variable(x[0]).read_value()];
    "uninitialized_resource" [] |x| [tf::Variable!(x[0], use_resource = true).read_value()];

    // Rows of tables, and their gradients.
    "embedding" [0] |x| [tf::nn::embedding_lookup(x[0], x[1])];
    "gather_twice" [0] |x| [tf::gather(x[0], x[1]), tf::gather(x[0], x[2])];
    "gather_and_all" [0] |x| [tf::gather(x[0], x[1]), x[0] * x[0]];
    "gather_identity" [0] |x| [tf::square(tf::gather(tf::identity(x[0]), x[1]))];
    "gather_of_product" [0] |x| [tf::gather(x[0] * x[0], x[1])];
    "table" [] |x| table(x, false);
    "resource_table" [] |x| table(x, true);
    "resource_gather_f64" [] |x| [resource(x[0], |v| tf::gather(v, x[1]))];
    "resource_gather_row" [] |x| [resource(x[0], |v| tf::gather(v, x[1]))];
    "resource_gather_i32" [] |x| [resource(x[0], |v| tf::gather(v, x[1]))];
    "resource_gather" [] |x| gathered(x);
    "resource_gather_none" [] |x| gathered(x);
    "bad_resource_gather" [] |x| gathered(x);
};
