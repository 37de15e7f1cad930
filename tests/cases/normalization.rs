//! The cases of `golden/ops/normalization.py`, in the same order.

use flowstone as tf;
use tf::IntoTensor;
use tf::op::{Arg, Call};

/// Uneven numbers, as the script's `w`.
fn weighted(y: Vec<tf::Tensor>) -> [tf::Tensor; 1] {
    let numbers = (0..24).map(|i| ((f64::from(i) * 1.7 + 0.3).sin() * 2.0 * 1000.0).round_ties_even() / 1000.0 + 1.0);
    [y[0] * tf::Value::new([2, 2, 3, 2], numbers.map(|x| x as f32).collect::<Vec<f32>>()).unwrap()]
}

/// A normalization with the mean and variance of `x`, or those given besides.
fn norm(op: &str, x: &[tf::Tensor]) -> Call {
    let given = |i: usize, name: &str| match x.get(i) {
        Some(x) => x.into_arg(),
        None => tf::constant(tf::Value::vector(Vec::<f32>::new())).named(&format!("{op}/{name}")).into_arg(),
    };
    let args: [Arg; 5] = [x[0].into_arg(), x[1].into_arg(), x[2].into_arg(), given(3, "mean"), given(4, "variance")];
    tf::ops::lookup(op).unwrap().call(args)
}

fn outputs(call: Call) -> Vec<tf::Tensor> {
    call.build().outputs().into_iter().take(3).collect()
}

fn slopes(op: &str, x: &[tf::Tensor]) -> Call {
    let [dy, image, scale, mean, variance] = [x[0], x[1], x[2], x[3], x[4]].map(IntoTensor::into_arg);
    let op_def = tf::ops::lookup(op).unwrap();
    if !op.ends_with("V3") {
        return op_def.call([dy, image, scale, mean, variance]);
    }
    let empty = tf::constant(tf::Value::vector(Vec::<f32>::new())).named(&format!("{op}/reserve_space_3"));
    op_def.call([dy, image, scale, mean, variance, empty.into_arg()])
}

pub static CASES: &[super::Case] = cases! {
    "norm_v1" |x| weighted(outputs(norm("FusedBatchNorm", x)));
    "norm_all_v1" [] |x| outputs(norm("FusedBatchNorm", x));
    "norm_fixed_v1" [0 1 2] |x| {
        weighted(outputs(norm("FusedBatchNorm", x).attr("is_training", false).attr("epsilon", 0.01f32)))
    };
    "norm_blend_v1" [] |x| outputs(norm("FusedBatchNorm", x).attr("exponential_avg_factor", 0.25f32));
    "norm_nchw_v1" |x| weighted(outputs(norm("FusedBatchNorm", x).attr("data_format", "NCHW")));
    "norm_nchw_fixed_v1" [0 1 2] |x| {
        weighted(outputs(norm("FusedBatchNorm", x).attr("is_training", false).attr("data_format", "NCHW")))
    };
    "norm_one_v1" [] |x| outputs(norm("FusedBatchNorm", x));
    "norm_second_v1" [0] |x| weighted(outputs(norm("FusedBatchNorm", x)));
    "norm_grad_v1" [] |x| outputs(slopes("FusedBatchNormGrad", x));
    "norm_grad_fixed_v1" [] |x| {
        outputs(slopes("FusedBatchNormGrad", x).attr("is_training", false).attr("epsilon", 0.1f32))
    };
    "norm_channels_v1" |x| outputs(norm("FusedBatchNorm", x));
    "norm_rank_v1" |x| outputs(norm("FusedBatchNorm", x));
    "norm_grad_shapes_v1" |x| outputs(slopes("FusedBatchNormGrad", x));
    "norm_v2" |x| weighted(outputs(norm("FusedBatchNormV2", x)));
    "norm_all_v2" [] |x| outputs(norm("FusedBatchNormV2", x));
    "norm_fixed_v2" [0 1 2] |x| {
        weighted(outputs(norm("FusedBatchNormV2", x).attr("is_training", false).attr("epsilon", 0.01f32)))
    };
    "norm_blend_v2" [] |x| outputs(norm("FusedBatchNormV2", x).attr("exponential_avg_factor", 0.25f32));
    "norm_nchw_v2" |x| weighted(outputs(norm("FusedBatchNormV2", x).attr("data_format", "NCHW")));
    "norm_nchw_fixed_v2" [0 1 2] |x| {
        weighted(outputs(norm("FusedBatchNormV2", x).attr("is_training", false).attr("data_format", "NCHW")))
    };
    "norm_one_v2" [] |x| outputs(norm("FusedBatchNormV2", x));
    "norm_second_v2" [0] |x| weighted(outputs(norm("FusedBatchNormV2", x)));
    "norm_grad_v2" [] |x| outputs(slopes("FusedBatchNormGradV2", x));
    "norm_grad_fixed_v2" [] |x| {
        outputs(slopes("FusedBatchNormGradV2", x).attr("is_training", false).attr("epsilon", 0.1f32))
    };
    "norm_channels_v2" |x| outputs(norm("FusedBatchNormV2", x));
    "norm_rank_v2" |x| outputs(norm("FusedBatchNormV2", x));
    "norm_grad_shapes_v2" |x| outputs(slopes("FusedBatchNormGradV2", x));
    "norm_v3" |x| weighted(outputs(norm("FusedBatchNormV3", x)));
    "norm_all_v3" [] |x| outputs(norm("FusedBatchNormV3", x));
    "norm_fixed_v3" [0 1 2] |x| {
        weighted(outputs(norm("FusedBatchNormV3", x).attr("is_training", false).attr("epsilon", 0.01f32)))
    };
    "norm_blend_v3" [] |x| outputs(norm("FusedBatchNormV3", x).attr("exponential_avg_factor", 0.25f32));
    "norm_nchw_v3" |x| weighted(outputs(norm("FusedBatchNormV3", x).attr("data_format", "NCHW")));
    "norm_nchw_fixed_v3" [0 1 2] |x| {
        weighted(outputs(norm("FusedBatchNormV3", x).attr("is_training", false).attr("data_format", "NCHW")))
    };
    "norm_one_v3" [] |x| outputs(norm("FusedBatchNormV3", x));
    "norm_second_v3" [0] |x| weighted(outputs(norm("FusedBatchNormV3", x)));
    "norm_grad_v3" [] |x| outputs(slopes("FusedBatchNormGradV3", x));
    "norm_grad_fixed_v3" [] |x| {
        outputs(slopes("FusedBatchNormGradV3", x).attr("is_training", false).attr("epsilon", 0.1f32))
    };
    "norm_channels_v3" |x| outputs(norm("FusedBatchNormV3", x));
    "norm_rank_v3" |x| outputs(norm("FusedBatchNormV3", x));
    "norm_grad_shapes_v3" |x| outputs(slopes("FusedBatchNormGradV3", x));
};
