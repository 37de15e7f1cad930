//! The cases of `golden/ops/training.py`.

use flowstone as tf;
use tf::Tensor;
use tf::train;

/// One step of an optimizer on `x · w`, or on rows of `w`.
macro_rules! step {
    ($x:ident, $use_resource:literal, $make:expr) => {{
        let x: Tensor = $x[0];
        let w = tf::get_variable!("w", [3, 2], use_resource = $use_resource, initializer = tf::zeros_initializer());
        let y = match x.dtype() {
            Ok(tf::float32) => tf::matmul(x, w),
            _ => tf::nn::embedding_lookup(w, x),
        };
        let loss = tf::reduce_sum(tf::square(y));
        #[allow(clippy::redundant_closure_call)]
        ($make)().minimize(loss);
        []
    }};
}

macro_rules! steps {
    ($($name:ident [$($kind:ident)*] $make:expr;)*) => {
        &[$($(
            super::Case {
                name: concat!(stringify!($name), "_", stringify!($kind)),
                build: |x| step!(x, false, $make).into(),
                wrt: Some(&[]),
            },
            super::Case {
                name: concat!(stringify!($name), "_resource_", stringify!($kind)),
                build: |x| step!(x, true, $make).into(),
                wrt: Some(&[]),
            },
        )*)*]
    };
}

fn adagrad_da() -> train::AdagradDAOptimizer {
    let zeros = tf::zeros_initializer();
    let step = tf::get_variable!("step", (), dtype = tf::int64, initializer = zeros, trainable = false);
    train::AdagradDAOptimizer(0.1, step).l1_regularization_strength(0.5)
}

pub static CASES: &[super::Case] = steps! {
    gradient_descent [dense sparse] || train::GradientDescentOptimizer(0.1);
    momentum [dense sparse] || train::MomentumOptimizer(0.1, 0.9);
    nesterov [dense] || train::MomentumOptimizer(0.1, 0.9).use_nesterov(true).use_locking(true);
    adam [dense sparse] || train::AdamOptimizer(0.1);
    adagrad [dense sparse] || train::AdagradOptimizer(0.1);
    adadelta [dense sparse] || train::AdadeltaOptimizer(0.1);
    rms_prop [dense sparse] || train::RMSPropOptimizer(0.1);
    rms_prop_centered [dense sparse] || train::RMSPropOptimizer(0.1).momentum(0.5).centered(true).with_name("Centered");
    ftrl [dense sparse] || train::FtrlOptimizer(0.1).l1_regularization_strength(0.5);
    ftrl_shrinkage [dense sparse] || train::FtrlOptimizer(0.1).l2_shrinkage_regularization_strength(0.5);
    adagrad_da [dense sparse] adagrad_da;
    proximal_gradient_descent [dense sparse] || {
        train::ProximalGradientDescentOptimizer(0.1).l2_regularization_strength(0.5)
    };
    proximal_adagrad [dense sparse] || train::ProximalAdagradOptimizer(0.1).l1_regularization_strength(0.5);
};
