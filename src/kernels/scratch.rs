//! Memory that a thread keeps from one kernel to the next.

use std::any::Any;
use std::cell::RefCell;

thread_local! {
    static KEPT: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// Where buffers start: a cache line, and the widest vector.
const ALIGNMENT: usize = 64;

/// Runs `f` with `n` elements whose values are of no account.
///
/// The buffer is taken out of the thread's store while in use: work inside may be interrupted by other work on the same
/// thread that wants one too.
pub(super) fn with<T: Copy + Default + 'static, R>(n: usize, f: impl FnOnce(&mut [T]) -> R) -> R {
    let (mut buffer, start) = taken(n);
    let result = f(&mut buffer[start..start + n]);
    keep(buffer);
    result
}

/// A buffer, and where the `n` elements start in it.
fn taken<T: Copy + Default + 'static>(n: usize) -> (Vec<T>, usize) {
    let space = n + ALIGNMENT / size_of::<T>().max(1);
    let mut buffer = take::<T>(space);
    if buffer.len() < space {
        buffer.clear();
        buffer.resize(space, T::default());
    }
    let start = buffer.as_ptr().align_offset(ALIGNMENT).min(space - n);
    (buffer, start)
}

fn keep<T: 'static>(buffer: Vec<T>) {
    KEPT.with_borrow_mut(|kept| kept.push(Box::new(buffer)));
}

/// Runs `f` with `n` zeros.
pub(super) fn zeros<T: Copy + Default + 'static, R>(n: usize, f: impl FnOnce(&mut [T]) -> R) -> R {
    with(n, |buffer: &mut [T]| {
        buffer.fill(T::default());
        f(buffer)
    })
}

/// The smallest kept buffer with `space`, else the largest, so that few of them ever grow.
fn take<T: 'static>(space: usize) -> Vec<T> {
    let taken = KEPT.with_borrow_mut(|kept| {
        let lengths = kept.iter().enumerate().filter_map(|(i, b)| Some((i, b.downcast_ref::<Vec<T>>()?.len())));
        let (place, _) = lengths.min_by_key(|(_, len)| if *len >= space { *len } else { usize::MAX - *len })?;
        kept.swap_remove(place).downcast::<Vec<T>>().ok()
    });
    taken.map(|buffer| *buffer).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_aligned_distinct_and_kept() {
        let first = with(100, |a: &mut [f32]| {
            a.fill(1.0);
            zeros(50, |b: &mut [f32]| {
                b.fill(2.0);
                assert_eq!(b.as_ptr() as usize % ALIGNMENT, 0);
            });
            assert!(a.iter().all(|x| *x == 1.0));
            a.as_ptr() as usize
        });
        assert_eq!(first % ALIGNMENT, 0);
        assert_eq!(with(90, |a: &mut [f32]| a.as_ptr() as usize), first, "the same memory again");
        assert!(zeros(100, |a: &mut [f32]| a.iter().all(|x| *x == 0.0)));
        assert_eq!(with(0, |a: &mut [usize]| a.len()), 0);
    }
}
