//! StringToHashBucketFast and StringToHashBucket: strings as numbers.

use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::hash::{fingerprint64, murmur64};
use crate::op::{Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};

/// A number from 0 up to `num_buckets` for each string, as int64. TF: `tf.string_to_hash_bucket_fast`.
///
/// FarmHash's Fingerprint64 modulo `num_buckets`. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::string_to_hash_bucket_fast(["a", "b", "a"], 1000);
/// let y = tf::Session()?.run(y, tf::feed_dict! {})?;
/// assert_eq!(y.as_slice::<i64>()?[0], y.as_slice::<i64>()?[2]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn string_to_hash_bucket_fast(input: impl IntoTensor, num_buckets: i64) -> Tensor {
    STRING_TO_HASH_BUCKET_FAST.call([input.into_arg()]).attr("num_buckets", num_buckets).single()
}

/// As [`string_to_hash_bucket_fast`], with the older hash. TF: `tf.string_to_hash_bucket`.
#[track_caller]
pub fn string_to_hash_bucket(string_tensor: impl IntoTensor, num_buckets: i64) -> Tensor {
    STRING_TO_HASH_BUCKET.call([string_tensor.into_arg()]).attr("num_buckets", num_buckets).single()
}

fn infer(ctx: &mut InferCtx) -> Result<()> {
    let buckets = ctx.attrs().int("num_buckets")?;
    if buckets < 1 {
        return Err(Error::invalid_argument(format!("{buckets} buckets")));
    }
    let shape = ctx.shape(0)?.clone();
    ctx.set(0, shape)
}

fn run(ctx: &mut KernelCtx, hash: fn(&[u8]) -> u64) -> Result<()> {
    let buckets = ctx.node.attrs().int("num_buckets")?.max(1) as u64;
    let input = ctx.inputs.slice::<Vec<u8>>(0)?;
    ctx.outputs.slice::<i64>(0)?.iter_mut().zip(input).for_each(|(out, s)| *out = (hash(s) % buckets) as i64);
    Ok(())
}

pub(crate) static STRING_TO_HASH_BUCKET_FAST: OpDef = OpDef {
    sig: Sig::new("StringToHashBucketFast(input: string) -> (output: int64) where num_buckets: int"),
    infer,
    kernel: Kernel::Run(|ctx| run(ctx, fingerprint64)),
    grad: Grad::Stop("a hash is not smooth"),
    flags: Flags::PURE,
};

pub(super) static STRING_TO_HASH_BUCKET: OpDef = OpDef {
    sig: Sig::new("StringToHashBucket(string_tensor: string) -> (output: int64) where num_buckets: int"),
    infer,
    kernel: Kernel::Run(|ctx| run(ctx, murmur64)),
    grad: Grad::Stop("a hash is not smooth"),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn hashes_are_whole() {
        OpTest::new(|x| vec![string_to_hash_bucket_fast(x[0], 1_000_000), string_to_hash_bucket(x[0], 1000)])
            .inputs([[[b"a".to_vec()]].into()])
            .expect([[[363_939i64]].into(), [[868i64]].into()])
            .run();
        assert!(build_error(|| string_to_hash_bucket(["a"], 0)).contains("0 buckets"));
    }
}
