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
};
