//! Registers' worths of numbers, and work that is compiled once for each kind of them.

#![allow(unsafe_code)]

use super::cpu::{self, Level};

/// A register's worth of numbers.
pub(super) trait Vector<T>: Copy {
    const LANES: usize;
    /// # Safety
    /// The processor has the vector's features, and `LANES` elements can be read at `from`.
    unsafe fn load(from: *const T) -> Self;
    /// # Safety
    /// The processor has the vector's features, and `LANES` elements can be written at `to`.
    unsafe fn store(self, to: *mut T);
    /// # Safety
    /// The processor has the vector's features.
    unsafe fn splat(x: T) -> Self;
    /// `self + a * b`
    ///
    /// # Safety
    /// The processor has the vector's features.
    unsafe fn mul_add(self, a: Self, b: Self) -> Self;
    /// # Safety
    /// The processor has the vector's features.
    unsafe fn plus(self, other: Self) -> Self;
}

/// A vector of single-precision numbers.
pub(super) trait Singles: Vector<f32> {
    /// How many vectors a loop should keep in registers.
    const KEPT: usize;
    /// # Safety
    /// The processor has the vector's features.
    unsafe fn minus(self, other: Self) -> Self;
    /// Lane by lane: `(other, new)` where `other > self`, else `(self, old)`.
    ///
    /// # Safety
    /// The processor has the vector's features.
    unsafe fn replaced_by_greater(self, other: Self, old: Self, new: Self) -> (Self, Self);
    /// Each lane, a whole number from 0 to 255, as a byte.
    ///
    /// # Safety
    /// The processor has the vector's features, and `LANES` bytes can be written at `to`.
    unsafe fn store_bytes(self, to: *mut u8);
    /// Bytes as numbers.
    ///
    /// # Safety
    /// The processor has the vector's features, and `LANES` bytes can be read at `from`.
    unsafe fn load_bytes(from: *const u8) -> Self;
    /// Lane by lane: `self` where `a` equals `b`, else 0.
    ///
    /// # Safety
    /// The processor has the vector's features.
    unsafe fn where_equal(self, a: Self, b: Self) -> Self;
}

/// Something to do with whatever vectors the processor has.
pub(super) trait Work {
    type Result;
    /// Implementations are `#[inline(always)]`, so that they are compiled with the vector's features.
    ///
    /// # Safety
    /// The processor has the vector's features.
    unsafe fn run<V: Singles>(self) -> Self::Result;
}

/// Does the work with the vectors of `level`, or of the processor if it has less.
pub(super) fn run<W: Work>(level: Level, work: W) -> W::Result {
    // SAFETY: the level is no higher than the processor's.
    unsafe {
        match level.min(cpu::level()) {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => x86::with_avx512(work),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => x86::with_avx2(work),
            _ => work.run::<Lanes<f32, 8>>(),
        }
    }
}

/// The numbers of a vector with which [`run`] does its work.
pub(super) fn lanes(level: Level) -> usize {
    match level.min(cpu::level()) {
        Level::Avx512 => 16,
        Level::Avx2 | Level::Portable => 8,
    }
}

/// How many vectors [`run`]'s work should keep in registers.
pub(super) fn kept(level: Level) -> usize {
    match level.min(cpu::level()) {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => <std::arch::x86_64::__m512 as Singles>::KEPT,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => <std::arch::x86_64::__m256 as Singles>::KEPT,
        _ => <Lanes<f32, 8> as Singles>::KEPT,
    }
}

/// Numbers side by side, for any processor.
#[derive(Clone, Copy)]
pub(super) struct Lanes<T, const N: usize>([T; N]);

impl<T: super::gemm::GemmElement, const N: usize> Vector<T> for Lanes<T, N> {
    const LANES: usize = N;
    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: the caller lets `N` elements be read.
        Lanes(unsafe { from.cast::<[T; N]>().read() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: the caller lets `N` elements be written.
        unsafe { to.cast::<[T; N]>().write(self.0) }
    }
    #[inline(always)]
    unsafe fn splat(x: T) -> Self {
        Lanes([x; N])
    }
    #[inline(always)]
    unsafe fn mul_add(mut self, a: Self, b: Self) -> Self {
        for i in 0..N {
            self.0[i] = self.0[i].mul_add(a.0[i], b.0[i]);
        }
        self
    }
    #[inline(always)]
    unsafe fn plus(mut self, other: Self) -> Self {
        for i in 0..N {
            self.0[i] = self.0[i].plus(other.0[i]);
        }
        self
    }
}

impl<const N: usize> Singles for Lanes<f32, N> {
    // Each takes two registers of x86-64's least processors, which have 16; others have 32.
    const KEPT: usize = if cfg!(target_arch = "x86_64") { 6 } else { 12 };
    #[inline(always)]
    unsafe fn minus(mut self, other: Self) -> Self {
        for i in 0..N {
            self.0[i] -= other.0[i];
        }
        self
    }
    #[inline(always)]
    unsafe fn replaced_by_greater(mut self, other: Self, mut old: Self, new: Self) -> (Self, Self) {
        for i in 0..N {
            if other.0[i] > self.0[i] {
                (self.0[i], old.0[i]) = (other.0[i], new.0[i]);
            }
        }
        (self, old)
    }
    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8) {
        // SAFETY: the caller lets `N` bytes be written.
        unsafe { to.cast::<[u8; N]>().write(self.0.map(|x| x as u8)) }
    }
    #[inline(always)]
    unsafe fn load_bytes(from: *const u8) -> Self {
        // SAFETY: the caller lets `N` bytes be read.
        Lanes(unsafe { from.cast::<[u8; N]>().read() }.map(f32::from))
    }
    #[inline(always)]
    unsafe fn where_equal(mut self, a: Self, b: Self) -> Self {
        for i in 0..N {
            if a.0[i] != b.0[i] {
                self.0[i] = 0.0;
            }
        }
        self
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Singles, Vector, Work};

    /// # Safety
    /// The processor has AVX-512 F.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn with_avx512<W: Work>(work: W) -> W::Result {
        // SAFETY: as the caller promises; the features are enabled here.
        unsafe { work.run::<__m512>() }
    }

    /// # Safety
    /// The processor has AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn with_avx2<W: Work>(work: W) -> W::Result {
        // SAFETY: as the caller promises; the features are enabled here.
        unsafe { work.run::<__m256>() }
    }

    macro_rules! vectors {
        ($($vector:ty, $float:ty, $lanes:literal, $load:ident $store:ident $splat:ident $fma:ident $add:ident;)*) => {$(
            impl Vector<$float> for $vector {
                const LANES: usize = $lanes;
                #[inline(always)]
                unsafe fn load(from: *const $float) -> Self {
                    // SAFETY: as the caller promises.
                    unsafe { $load(from) }
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut $float) {
                    // SAFETY: as the caller promises.
                    unsafe { $store(to, self) }
                }
                #[inline(always)]
                unsafe fn splat(x: $float) -> Self {
                    // SAFETY: as the caller promises.
                    unsafe { $splat(x) }
                }
                #[inline(always)]
                unsafe fn mul_add(self, a: Self, b: Self) -> Self {
                    // SAFETY: as the caller promises.
                    unsafe { $fma(a, b, self) }
                }
                #[inline(always)]
                unsafe fn plus(self, other: Self) -> Self {
                    // SAFETY: as the caller promises.
                    unsafe { $add(self, other) }
                }
            }
        )*};
    }
    vectors! {
        __m512, f32, 16, _mm512_loadu_ps _mm512_storeu_ps _mm512_set1_ps _mm512_fmadd_ps _mm512_add_ps;
        __m512d, f64, 8, _mm512_loadu_pd _mm512_storeu_pd _mm512_set1_pd _mm512_fmadd_pd _mm512_add_pd;
        __m256, f32, 8, _mm256_loadu_ps _mm256_storeu_ps _mm256_set1_ps _mm256_fmadd_ps _mm256_add_ps;
        __m256d, f64, 4, _mm256_loadu_pd _mm256_storeu_pd _mm256_set1_pd _mm256_fmadd_pd _mm256_add_pd;
    }

    impl Singles for __m512 {
        const KEPT: usize = 24;
        #[inline(always)]
        unsafe fn minus(self, other: Self) -> Self {
            // SAFETY: as the caller promises.
            unsafe { _mm512_sub_ps(self, other) }
        }
        #[inline(always)]
        unsafe fn replaced_by_greater(self, other: Self, old: Self, new: Self) -> (Self, Self) {
            // SAFETY: as the caller promises.
            unsafe {
                let greater = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(other, self);
                (_mm512_mask_mov_ps(self, greater, other), _mm512_mask_mov_ps(old, greater, new))
            }
        }
        #[inline(always)]
        unsafe fn store_bytes(self, to: *mut u8) {
            // SAFETY: as the caller promises.
            unsafe { _mm_storeu_si128(to.cast(), _mm512_cvtepi32_epi8(_mm512_cvttps_epi32(self))) }
        }
        #[inline(always)]
        unsafe fn load_bytes(from: *const u8) -> Self {
            // SAFETY: as the caller promises.
            unsafe { _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(from.cast()))) }
        }
        #[inline(always)]
        unsafe fn where_equal(self, a: Self, b: Self) -> Self {
            // SAFETY: as the caller promises.
            unsafe { _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b), self) }
        }
    }

    impl Singles for __m256 {
        const KEPT: usize = 12;
        #[inline(always)]
        unsafe fn minus(self, other: Self) -> Self {
            // SAFETY: as the caller promises.
            unsafe { _mm256_sub_ps(self, other) }
        }
        #[inline(always)]
        unsafe fn replaced_by_greater(self, other: Self, old: Self, new: Self) -> (Self, Self) {
            // SAFETY: as the caller promises.
            unsafe {
                let greater = _mm256_cmp_ps::<_CMP_GT_OQ>(other, self);
                (_mm256_blendv_ps(self, other, greater), _mm256_blendv_ps(old, new, greater))
            }
        }
        #[inline(always)]
        unsafe fn store_bytes(self, to: *mut u8) {
            // SAFETY: as the caller promises.
            unsafe {
                let whole = _mm256_cvttps_epi32(self);
                let words = _mm_packus_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256::<1>(whole));
                _mm_storel_epi64(to.cast(), _mm_packus_epi16(words, words));
            }
        }
        #[inline(always)]
        unsafe fn load_bytes(from: *const u8) -> Self {
            // SAFETY: as the caller promises.
            unsafe { _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(from.cast()))) }
        }
        #[inline(always)]
        unsafe fn where_equal(self, a: Self, b: Self) -> Self {
            // SAFETY: as the caller promises.
            unsafe { _mm256_and_ps(_mm256_cmp_ps::<_CMP_EQ_OQ>(a, b), self) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The larger of two rows of numbers, and which one it came from; then the first row all over, and where it was less.
    struct Larger<'a>(&'a [f32; 16], &'a [f32; 16]);

    impl Work for Larger<'_> {
        type Result = ([f32; 16], [u8; 16], [[f32; 16]; 2]);
        #[inline(always)]
        unsafe fn run<V: Singles>(self) -> Self::Result {
            let (mut values, mut places) = ([0.0; 16], [0; 16]);
            let [mut kept, mut chosen] = [[7.0; 16]; 2];
            for at in (0..16).step_by(V::LANES) {
                // SAFETY: `LANES` divides 16.
                unsafe {
                    let first = V::load(self.0.as_ptr().add(at));
                    let second = V::load(self.1.as_ptr().add(at));
                    let (value, place) = first.replaced_by_greater(second, V::splat(3.0), V::splat(254.0));
                    value.minus(V::splat(0.5)).store(values.as_mut_ptr().add(at));
                    place.store_bytes(places.as_mut_ptr().add(at));
                    let again = V::load_bytes(places.as_ptr().add(at));
                    first.where_equal(again, place).store(kept.as_mut_ptr().add(at));
                    first.where_equal(again, V::splat(254.0)).store(chosen.as_mut_ptr().add(at));
                }
            }
            (values, places, [kept, chosen])
        }
    }

    #[test]
    fn every_level_compares_alike() {
        let mut a = [1.0f32; 16];
        let mut b: [f32; 16] = std::array::from_fn(|i| i as f32 / 4.0);
        (a[1], b[2], b[9]) = (f32::NAN, f32::NAN, f32::INFINITY);
        for level in [Level::Portable, Level::Avx2, Level::Avx512] {
            let (values, places, [kept, chosen]) = run(level, Larger(&a, &b));
            for i in 0..16 {
                let (value, place) = if b[i] > a[i] { (b[i], 254) } else { (a[i], 3) };
                assert_eq!(values[i].to_bits(), (value - 0.5).to_bits(), "{level:?} {i}");
                assert_eq!(places[i], place, "{level:?} {i}");
                let expected = if place == 254 { a[i] } else { 0.0 };
                assert_eq!([kept[i], chosen[i]].map(f32::to_bits), [a[i], expected].map(f32::to_bits), "{level:?} {i}");
            }
        }
    }
}
