//! The cases of `golden/ops/summary_ops.py`, in the same order.

use flowstone as tf;
use tf::op::Arg;
use tf::{IntoTensor, Tensor, summary};

use super::raw;

fn merged<const N: usize>(inputs: [Tensor; N]) -> Vec<Tensor> {
    tf::ops::lookup("MergeSummary").unwrap().call([Arg::list(inputs)]).build().outputs()
}

fn tensors(x: Tensor) -> Vec<Tensor> {
    let mut all = vec![
        summary::tensor_summary("t", x),
        tf::tensor_summary!("t", x, summary_description = "what", display_name = "name", family = "f"),
    ];
    all.extend(raw("TensorSummary", [x]));
    all
}

pub static CASES: &[super::Case] = cases! {
    "summary_scalar" [] |x| [
        summary::scalar("loss", x[0]), summary::scalar("a b/c:d", x[0]), tf::summary_scalar!("n", x[0], family = "fam")
    ];
    "summary_scalar_f64" [] |x| [summary::scalar("loss", x[0])];
    "summary_scalar_int" |x| [summary::scalar("/n", x[0])];
    "summary_scalar_zero" |x| [summary::scalar("n", x[0])];
    "summary_scalar_special" [] |x| raw("ScalarSummary", [[["a", "b"], ["", "d"]].into_arg(), x[0].into_arg()]);
    "summary_scalar_none" [] |x| {
        let none = tf::constant(Vec::<String>::new());
        raw("ScalarSummary", [none, x[0]])
    };
    "summary_scalar_literal" |_x| [summary::scalar("n", 3)];
    "summary_histogram" [] |x| [summary::histogram("h", x[0])];
    "summary_histogram_f64" [] |x| [summary::histogram("h", x[0])];
    "summary_histogram_int" |x| [summary::histogram("h", x[0])];
    "summary_histogram_i64" |x| [summary::histogram("h", x[0])];
    "summary_histogram_u8" |x| [summary::histogram("h", x[0])];
    "summary_histogram_none" [] |x| [summary::histogram("h", x[0])];
    "summary_histogram_one" [] |x| [tf::summary_histogram!("h", x[0], family = "f")];
    "summary_image" [] |x| [summary::image("im", x[0]), tf::summary_image!("one", x[0], max_outputs = 1, family = "f")];
    "summary_image_f64" [] |x| [summary::image("im", x[0])];
    "summary_image_u8" |x| [tf::summary_image!("im", x[0], max_outputs = 2)];
    "summary_image_special" [] |x| [summary::image("im", x[0])];
    "summary_image_none" [] |x| [summary::image("im", x[0])];
    "summary_merge" [] |x| {
        let x = x[0];
        [summary::merge([summary::scalar("a", x), summary::scalar("a", x), summary::histogram("b", x)])]
    };
    "summary_merge_one" |x| [summary::merge([summary::scalar("a", x[0])])];
    "summary_merge_fed" |x| merged([x[0]]);
    "summary_merge_scopes" [] |x| [summary::merge([summary::scalar("m/a", x[0]), summary::scalar("m/b", x[0])])];
    "summary_merge_text" |x| {
        let mut all = vec![summary::text("a", x[0])];
        all.extend(raw("TensorSummary", [x[0]]));
        [summary::merge(all)]
    };
    "summary_tensor" [] |x| tensors(x[0]);
    "summary_tensor_f64" [] |x| tensors(x[0]);
    "summary_tensor_int" |x| tensors(x[0]);
    "summary_tensor_bool" |x| tensors(x[0]);
    "summary_tensor_text" |x| {
        let mut all = vec![summary::text("t", x[0])];
        all.extend(tensors(x[0]));
        all
    };
    "summary_tensor_scalar" |x| tensors(x[0]);
    "bad_summary_scalar" |x| [summary::scalar("n", x[0])];
    "bad_summary_histogram" |x| [summary::histogram("n", x[0])];
    "bad_summary_histogram_inf" |x| [summary::histogram("n", x[0])];
    "bad_summary_image" |x| [summary::image("n", x[0])];
    "bad_summary_image_rank" |x| [summary::image("n", x[0])];
    "bad_summary_image_none" |x| [tf::summary_image!("n", x[0], max_outputs = 0)];
    "bad_summary_merge" |x| merged([x[0], x[0]]);
    "bad_summary_merge_bytes" |x| merged([x[0]]);
    "bad_summary_merge_none" |_x| [summary::merge(Vec::<Tensor>::new())];
    "bad_summary_tensor_tag" |x| raw("TensorSummaryV2", [["t"].into_arg(), x[0].into_arg(), "".into_arg()]);
};
