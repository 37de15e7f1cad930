//! The cases of `golden/ops/schedules.py`, in the same order.

use flowstone as tf;
use tf::{Gradient, Tensor};

fn clipped(x: &[Tensor]) -> Vec<Tensor> {
    let (values, norm) = tf::clip_by_global_norm(x, 1.5);
    values.into_iter().flatten().map(Gradient::values).chain([norm]).collect()
}

fn clipped_rows(x: Tensor, j: Tensor) -> Vec<Tensor> {
    let both = tf::gradients([tf::gather(x, j), tf::square(x.at(0))], x);
    let rows = tf::gradients(tf::square(tf::gather(x, j)), x);
    let gradients: Vec<Option<Gradient>> = both.into_iter().chain(rows).collect();
    let (values, norm) = tf::clip_by_global_norm(&gradients, 0.5);
    let part = |g: Gradient| match g {
        Gradient::Dense(tensor) => vec![tensor],
        Gradient::Slices(slices) => vec![slices.values, slices.indices],
    };
    values.into_iter().flatten().flat_map(part).chain([norm]).collect()
}

fn moving(x: &[Tensor]) -> Vec<Tensor> {
    let v = tf::Variable!(x[1], name = "v");
    let _after = tf::control_dependencies(&[v.initializer()]);
    vec![tf::train::assign_moving_average(v, x[0], 0.9)]
}

fn averaged(x: Tensor, updates: Option<Tensor>, use_resource: bool) -> Vec<Tensor> {
    let v = tf::Variable!(x, name = "v", use_resource = use_resource);
    let ema = tf::train::ExponentialMovingAverage(0.9);
    let ema = if let Some(updates) = updates { ema.num_updates(updates) } else { ema };
    let _after = tf::control_dependencies(&[ema.apply(&[v])]);
    vec![tf::identity(x)]
}

fn stairs(step: Tensor) -> Tensor {
    tf::train::piecewise_constant(step, [5, 9], [0.1, 0.2, 0.3])
}

pub static CASES: &[super::Case] = cases! {
    "exponential_decay" |x| [tf::train::exponential_decay(0.1, x[0], 3, 0.5)];
    "exponential_decay_stairs" |x| [tf::exponential_decay!(0.1, x[0], 3, 0.5, staircase = true)];
    "natural_exp_decay" |x| [tf::train::natural_exp_decay(0.1, x[0], 3, 0.5)];
    "inverse_time_decay" |x| [tf::train::inverse_time_decay(0.1, x[0], 3, 0.5)];
    "inverse_time_decay_stairs" |x| [tf::inverse_time_decay!(0.1, x[0], 3.0, 0.5, staircase = true)];
    "polynomial_decay" |x| [tf::polynomial_decay!(0.1, x[0], 10, end_learning_rate = 0.01, power = 0.5)];
    "polynomial_decay_end" |x| [tf::train::polynomial_decay(0.1, x[0], 5)];
    "polynomial_decay_cycle" |x| [tf::polynomial_decay!(0.1, x[0], 3, cycle = true)];
    "polynomial_decay_fed" [] |x| [tf::train::polynomial_decay(x[1], x[0], x[2])];
    "cosine_decay" |x| [tf::cosine_decay!(0.1, x[0], 10, alpha = 0.1)];
    "cosine_decay_restarts" |x| [tf::train::cosine_decay_restarts(0.1, x[0], 3)];
    "cosine_decay_restarts_even" |x| {
        [tf::cosine_decay_restarts!(0.1, x[0], 3, t_mul = 1.0, m_mul = 0.5, alpha = 0.1)]
    };
    "cosine_decay_restarts_wide" |x| [tf::cosine_decay_restarts!(x[1], x[0], 2, t_mul = x[2])];
    "piecewise_constant_0" |x| [stairs(x[0])];
    "piecewise_constant_1" |x| [stairs(x[0])];
    "piecewise_constant_2" |x| [stairs(x[0])];
    "piecewise_constant_3" |x| [stairs(x[0])];
    "piecewise_constant_4" |x| [stairs(x[0])];
    "piecewise_constant_float" |x| [tf::train::piecewise_constant(x[0], [0.5], [x[1], x[1] * 2.0])];
    "bad_piecewise_count" |x| [tf::train::piecewise_constant(x[0], [5, 9], [0.1, 0.2])];
    "bad_piecewise_type" |x| [tf::train::piecewise_constant(x[0], [5.0, 9.0], [0.1, 0.2, 0.3])];
    "bad_piecewise_values" |x| {
        [tf::train::piecewise_constant(x[0], [5], [tf::constant(0.1), tf::constant(2)])]
    };
    "clip_by_global_norm" |x| clipped(x);
    "clip_by_global_norm_small" |x| clipped(x);
    "clip_by_global_norm_nan" [] |x| clipped(x);
    "clip_by_global_norm_f64" |x| clipped(x);
    "clip_by_global_norm_rows" [] |x| clipped_rows(x[0], x[1]);
    "assign_moving_average" [] |x| moving(x);
    "layer_average" |x| averaged(x[0], None, false);
    "layer_average_handle" |x| averaged(x[0], None, true);
    "layer_average_updates" |x| averaged(x[0], Some(x[1]), false);
};
