//! The cases of `golden/ops/box_ops.py`, in the same order.

use super::raw;
use flowstone as tf;
use tf::Tensor;
use tf::image::{SampleBoxArgs, draw_bounding_boxes, sample_distorted_bounding_box_args};

fn colored(x: &[Tensor]) -> [Tensor; 1] {
    [tf::draw_bounding_boxes!(x[0], x[1], colors = x[2])]
}

/// In one tensor: each run draws anew.
fn joined(begin: Tensor, size: Tensor, frame: Tensor) -> [Tensor; 1] {
    let real = |x: Tensor| tf::cast(x, tf::float32);
    [tf::concat([real(begin), real(size), tf::reshape(frame, [-1])], 0)]
}

fn drawn(x: &[Tensor], how: fn(SampleBoxArgs) -> SampleBoxArgs) -> [Tensor; 1] {
    let (begin, size, frame) = how(sample_distorted_bounding_box_args(x[0], x[1])).build();
    joined(begin, size, frame)
}

fn old(x: &[Tensor], seed: i64, seed2: i64, covered: f32) -> [Tensor; 1] {
    let call = tf::ops::lookup("SampleDistortedBoundingBox").unwrap().call([x[0], x[1]].map(tf::IntoTensor::into_arg));
    let built = call.attr("seed", seed).attr("seed2", seed2).attr("min_object_covered", covered).build();
    joined(built.output(0), built.output(1), built.output(2))
}

fn files(x: &[Tensor]) -> [Tensor; 3] {
    tf::write_file(x[0], x[1]);
    [tf::read_file(x[0]), tf::matching_files(x[0]), tf::matching_files(["*.none", "*.x"])]
}

pub static CASES: &[super::Case] = cases! {
    "draw_boxes" [] |x| [draw_bounding_boxes(x[0], x[1])];
    "draw_boxes_grey" [] |x| [draw_bounding_boxes(x[0], x[1])];
    "draw_boxes_alpha" [] |x| [draw_bounding_boxes(x[0], x[1])];
    "draw_boxes_many" [] |x| [draw_bounding_boxes(x[0], x[1])];
    "draw_boxes_none" [] |x| [draw_bounding_boxes(x[0], x[1])];
    "draw_boxes_empty" [] |x| [draw_bounding_boxes(x[0], x[1])];
    "draw_colored" [] |x| colored(x);
    "draw_colored_more" [] |x| colored(x);
    "draw_colored_none" [] |x| colored(x);
    "draw_colored_one" [] |x| colored(x);
    "draw_colored_empty" [] |x| colored(x);
    "bad_draw_batch" |x| [draw_bounding_boxes(x[0], x[1])];
    "bad_draw_channels" |x| [draw_bounding_boxes(x[0], x[1])];
    "bad_draw_rank" |x| [draw_bounding_boxes(x[0], x[1])];
    "bad_draw_boxes" |x| [draw_bounding_boxes(x[0], x[1])];
    "bad_draw_colors" |x| colored(x);
    "sample_box" [] |x| drawn(x, |how| how.seed(3).seed2(5));
    "sample_box_seed" [] |x| drawn(x, |how| {
        how.seed(7).min_object_covered(0.9).aspect_ratio_range([0.9, 1.1]).area_range([0.1, 0.8])
    });
    "sample_box_hard" [] |x| drawn(x, |how| {
        how.seed2(5).min_object_covered(1.0).area_range([0.01, 0.02]).max_attempts(20)
    });
    "sample_box_none" [] |x| drawn(x, |how| how.seed(1).seed2(1).use_image_if_no_bounding_boxes(true));
    "sample_box_i64" [] |x| drawn(x, |how| how.seed(1).seed2(2).aspect_ratio_range([2.5, 4.0]));
    "sample_box_bytes" [] |x| drawn(x, |how| how.seed(1).seed2(3));
    "sample_box_flat" [] |x| drawn(x, |how| how.seed(9).seed2(9).min_object_covered(0.0));
    "sample_box_zero" [] |x| [sample_distorted_bounding_box_args(x[0], x[1]).seed(4).build().1];
    "sample_old_box" [] |x| old(x, 3, 5, 0.1);
    "sample_old_box_0" [] |x| old(x, 0, 1, 0.0);
    "sample_old_box_1" [] |x| old(x, 1, 1, 0.3);
    "sample_old_box_2" [] |x| old(x, 2, 1, 0.6);
    "sample_old_box_3" [] |x| old(x, 3, 1, 0.9);
    "bad_sample_none" |x| drawn(x, |how| how.seed(1));
    "bad_sample_size" |x| drawn(x, |how| how.seed(1));
    "bad_sample_negative" |x| drawn(x, |how| how.seed(1));
    "bad_sample_box" |x| drawn(x, |how| how.seed(1));
    "bad_sample_covered" |x| drawn(x, |how| how.seed(1).min_object_covered(-0.5));
    "bad_sample_ratio" |x| drawn(x, |how| how.seed(1).aspect_ratio_range([0.0, 1.0]));
    "bad_sample_area" |x| drawn(x, |how| how.seed(1).area_range([0.5, 1.5]));
    "bad_sample_attempts" |x| drawn(x, |how| how.seed(1).max_attempts(0));
    "files_0" |x| files(x);
    "files_1" |x| files(x);
    "files_2" |x| files(x);
    "files_3" |x| files(x);
    "files_4" |x| files(x);
    "files_unknown" |x| [tf::matching_files(x[0]), tf::read_file(x[0])];
    "bad_read" |x| raw("ReadFile", [x[0]]);
    "bad_read_two" |x| [tf::read_file(x[0])];
    "bad_match_rank" |x| [tf::matching_files(x[0])];
};
