//! Loops compiled once for each width of vectors; the processor's level chooses when they run.

/// Functions whose bodies are compiled for every [`Level`](super::cpu::Level), so that their loops use the widest vectors
/// there are. What a loop calls must be `#[inline(always)]` or small, or it stays as narrow as it was. A product and a
/// sum are never contracted into one rounding, so every level gives the same bits.
macro_rules! vectorized {
    ($(
        $(#[$meta:meta])*
        $visibility:vis fn $name:ident $(<$($T:ident: $bound:path),+>)? ($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)?
            $body:block
    )*) => {$(
        $(#[$meta])*
        #[allow(unsafe_code)]
        $visibility fn $name $(<$($T: $bound),+>)? ($($arg: $type),*) $(-> $result)? {
            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            fn body $(<$($T: $bound),+>)? ($($arg: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            fn avx512 $(<$($T: $bound),+>)? ($($arg: $type),*) $(-> $result)? {
                body$(::<$($T),+>)?($($arg),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            fn avx2 $(<$($T: $bound),+>)? ($($arg: $type),*) $(-> $result)? {
                body$(::<$($T),+>)?($($arg),*)
            }

            #[cfg(target_arch = "x86_64")]
            match $crate::kernels::cpu::level() {
                // SAFETY: the processor has the features of its level.
                $crate::kernels::cpu::Level::Avx512 => return unsafe { avx512$(::<$($T),+>)?($($arg),*) },
                // SAFETY: the processor has the features of its level.
                $crate::kernels::cpu::Level::Avx2 => return unsafe { avx2$(::<$($T),+>)?($($arg),*) },
                $crate::kernels::cpu::Level::Portable => {}
            }
            body$(::<$($T),+>)?($($arg),*)
        }
    )*};
}

pub(crate) use vectorized;
