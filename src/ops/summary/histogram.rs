//! HistogramSummary: how numbers are spread.

use std::sync::OnceLock;

use super::SummaryArgs;
use super::scalar::tagged;
use crate::error::{Error, Result};
use crate::format::summary::{HistogramProto, Summary, SummaryValue};
use crate::graph::Tensor;
use crate::op::{Flags, Grad, IntoTensor, Kernel, OpDef, Sig};
use crate::shape::PartialShape;
use crate::value::Value;

/// A summary of how the numbers `values` are spread, under the tag `name`. TF: `tf.summary.histogram`.
///
/// Any number type and shape; NaN or an infinity is an error of the run. Keyword arguments as for
/// [`scalar`](super::scalar). No gradient.
#[track_caller]
pub fn histogram(name: &str, values: impl IntoTensor) -> Tensor {
    histogram_args(name, values).build()
}

/// [`histogram`] with keyword arguments.
pub fn histogram_args(name: &str, values: impl IntoTensor) -> SummaryArgs {
    SummaryArgs::new(&HISTOGRAM_SUMMARY, name, values.into_arg())
}

/// The upper ends of TensorFlow's buckets: each a tenth larger than the last, from 1e-12 to 1e20, and all that negative.
fn limits() -> &'static [f64] {
    static LIMITS: OnceLock<Vec<f64>> = OnceLock::new();
    LIMITS.get_or_init(|| {
        let mut positive = Vec::new();
        let mut limit = 1e-12;
        while limit < 1e20 {
            positive.push(limit);
            limit *= 1.1;
        }
        positive.push(f64::MAX);
        let negative = positive.iter().rev().map(|limit| -limit);
        negative.chain([0.0]).chain(positive.iter().copied()).collect()
    })
}

/// The histogram of finite numbers. Of several empty buckets side by side only the last is kept.
fn histogram_of(numbers: impl Iterator<Item = f64>) -> HistogramProto {
    let limits = limits();
    let mut counts = vec![0.0; limits.len()];
    let mut histogram = HistogramProto { min: f64::MAX, max: f64::MIN, ..Default::default() };
    for x in numbers {
        let bucket = limits.partition_point(|&limit| limit <= x).min(limits.len() - 1);
        counts[bucket] += 1.0;
        histogram.min = histogram.min.min(x);
        histogram.max = histogram.max.max(x);
        histogram.num += 1.0;
        histogram.sum += x;
        histogram.sum_squares += x * x;
    }
    for (i, &count) in counts.iter().enumerate() {
        let followed = counts.get(i + 1).is_some_and(|&next| next == 0.0);
        if count > 0.0 || !followed {
            histogram.bucket_limit.push(limits[i]);
            histogram.bucket.push(count);
        }
    }
    histogram
}

pub(super) static HISTOGRAM_SUMMARY: OpDef = OpDef {
    sig: Sig::new("HistogramSummary(tag: string, values: T) -> (summary: string) where T: number = float32"),
    infer: |ctx| {
        ctx.shape_of_rank(0, 0)?;
        ctx.set(0, PartialShape::scalar())
    },
    kernel: Kernel::Run(|ctx| {
        let numbers = ctx.inputs.value(1)?.float64s()?;
        let tag = ctx.inputs.value(0)?.item::<Vec<u8>>()?;
        check(&numbers)?;
        let value = SummaryValue { histo: Some(histogram_of(numbers.into_iter())), ..tagged(&tag) };
        ctx.outputs.set(0, Value::scalar(Summary { value: vec![value] }.to_bytes()));
        Ok(())
    }),
    grad: Grad::Stop("a summary is text"),
    flags: Flags::PURE,
};

/// An error if a number is not finite.
fn check(numbers: &[f64]) -> Result<()> {
    match numbers.iter().find(|x| !x.is_finite()) {
        Some(x) => Err(Error::invalid_argument(format!("{x} among the numbers of a histogram"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn spreads_are_summarized() {
        let histogram = histogram_of([1.0, 2.0, -3.0, 2.0].into_iter());
        assert_eq!((histogram.min, histogram.max, histogram.num), (-3.0, 2.0, 4.0));
        assert_eq!((histogram.sum, histogram.sum_squares), (2.0, 18.0));
        assert_eq!(histogram.bucket, [0.0, 1.0, 0.0, 1.0, 0.0, 2.0, 0.0]);
        let inside = |i: usize, x: f64| histogram.bucket_limit[i - 1] <= x && x < histogram.bucket_limit[i];
        assert!(inside(1, -3.0) && inside(3, 1.0) && inside(5, 2.0));
        assert_eq!(histogram_of([].into_iter()).bucket, [0.0]);
        let value = SummaryValue { histo: Some(histogram), ..tagged(b"h") };
        OpTest::new(|x| vec![super::histogram("h", x[0])])
            .inputs([[1.0f32, 2.0, -3.0, 2.0].into()])
            .expect([Value::scalar(Summary { value: vec![value] }.to_bytes())])
            .run();
        let error = crate::session::SessionArgs::new()
            .build()
            .unwrap()
            .run(super::histogram("h", f32::NAN), crate::session::Feeds::new());
        assert!(error.unwrap_err().to_string().contains("NaN among the numbers of a histogram"));
    }
}
