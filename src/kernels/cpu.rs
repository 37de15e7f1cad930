//! What the processor can do, found out once.

use std::sync::OnceLock;

/// The widest vectors that may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Whatever the compiler takes for granted.
    Portable,
    /// AVX2 with fused multiply-add.
    Avx2,
    /// AVX-512 F, VL, DQ and BW, and all of AVX2.
    Avx512,
}

/// The level of this processor.
#[inline]
pub fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    let level = *LEVEL.get_or_init(detect);
    #[cfg(test)]
    let level = level.min(tests::LIMIT.get());
    level
}

#[cfg(target_arch = "x86_64")]
fn detect() -> Level {
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512bw");
    match (avx2, avx512) {
        (true, true) => Level::Avx512,
        (true, false) => Level::Avx2,
        _ => Level::Portable,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn detect() -> Level {
    Level::Portable
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! { pub(super) static LIMIT: Cell<Level> = const { Cell::new(Level::Avx512) }; }

    /// What `f` gives at each level of this processor, from the lowest. Holds for this thread only.
    pub(in crate::kernels) fn at_every_level<R>(f: impl Fn() -> R) -> Vec<R> {
        let levels = [Level::Portable, Level::Avx2, Level::Avx512].into_iter().filter(|l| *l <= level());
        let results = levels.collect::<Vec<_>>().into_iter().map(|level| {
            LIMIT.set(level);
            f()
        });
        let results = results.collect();
        LIMIT.set(Level::Avx512);
        results
    }
}
