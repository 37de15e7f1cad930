//! What there is to compute with. TF: `tf.test`.

/// Whether graphics processors compute; they do not. TF: `tf.test.is_gpu_available`.
pub fn is_gpu_available() -> bool {
    false
}

/// Whether this was built for graphics processors; it was not. TF: `tf.test.is_built_with_cuda`.
pub fn is_built_with_cuda() -> bool {
    false
}
