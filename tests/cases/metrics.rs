//! The cases of `golden/ops/metrics.py`, in the same order.

use flowstone as tf;
use tf::metrics;

pub static CASES: &[super::Case] = cases! {
    "mean" [] |x| <[tf::Tensor; 2]>::from(metrics::mean(x[0]));
    "mean_weighted" [] |x| <[tf::Tensor; 2]>::from(metrics::mean_args(x[0]).weights(0.5).build());
    "accuracy" [] |x| <[tf::Tensor; 2]>::from(metrics::accuracy(x[0], x[1]));
    "accuracy_column" [] |x| <[tf::Tensor; 2]>::from(metrics::accuracy(x[0], x[1]));
    "accuracy_named" [] |x| <[tf::Tensor; 2]>::from(metrics::accuracy_args(x[0], x[1]).name("acc").build());
    "mean_absolute_error" [] |x| <[tf::Tensor; 2]>::from(metrics::mean_absolute_error(x[0], x[1]));
    "mean_squared_error" [] |x| <[tf::Tensor; 2]>::from(metrics::mean_squared_error(x[0], x[1]));
    "root_mean_squared_error" [] |x| <[tf::Tensor; 2]>::from(metrics::root_mean_squared_error(x[0], x[1]));
    "true_positives" [] |x| <[tf::Tensor; 2]>::from(metrics::true_positives(x[0], x[1]));
    "true_negatives" [] |x| <[tf::Tensor; 2]>::from(metrics::true_negatives(x[0], x[1]));
    "false_positives" [] |x| <[tf::Tensor; 2]>::from(metrics::false_positives(x[0], x[1]));
    "false_negatives" [] |x| <[tf::Tensor; 2]>::from(metrics::false_negatives(x[0], x[1]));
    "precision" [] |x| <[tf::Tensor; 2]>::from(metrics::precision(x[0], x[1]));
    "recall" [] |x| <[tf::Tensor; 2]>::from(metrics::recall(x[0], x[1]));
};
