//! Splitting work into parts. Every split follows from the problem alone, never from the number of threads.
//!
//! What is done with a part is called through a pointer, so that the pool's machinery, which is large, is compiled once.

/// Elements of one part of an elementwise loop: some 10 µs of work.
pub const ELEMENTWISE_CHUNK: usize = 1 << 16;

/// Calls both, each once, at the same time if a thread is free.
pub fn join(left: &mut (dyn FnMut() + Send), right: &mut (dyn FnMut() + Send)) {
    rayon::join(left, right);
}

/// Calls `f` for each `chunk` elements of `data` with where they start; on this thread if there is only one part.
pub fn for_each_chunk<T: Send>(data: &mut [T], chunk: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    let chunk = chunk.max(1);
    if !data.is_empty() {
        halves(data, chunk, 0, &|i, part| f(i * chunk, part));
    }
}

/// Calls `f` for each `len` elements of `data` with their part's number; all `alone` on this thread, if that is told.
pub fn for_each_part<T: Send>(alone: bool, data: &mut [T], len: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    match len {
        0 => {}
        _ if data.is_empty() => {}
        _ if alone => data.chunks_mut(len).enumerate().for_each(|(i, part)| f(i, part)),
        _ => halves(data, len, 0, &f),
    }
}

fn halves<T: Send>(data: &mut [T], len: usize, first: usize, f: &(dyn Fn(usize, &mut [T]) + Sync)) {
    let parts = data.len().div_ceil(len);
    if parts <= 1 {
        return f(first, data);
    }
    let (left, right) = data.split_at_mut(parts / 2 * len);
    join(&mut || halves(left, len, first, f), &mut || halves(right, len, first + parts / 2, f));
}

/// Calls `f` for each `len[0]` elements of `a` with as many times `len[1]` of `b`, and the parts' number.
pub fn for_each_pair_of_parts<T: Send, U: Send>(
    alone: bool,
    (a, b): (&mut [T], &mut [U]),
    len: [usize; 2],
    f: impl Fn(usize, &mut [T], &mut [U]) + Sync,
) {
    if len.contains(&0) || a.is_empty() {
    } else if alone {
        let parts = a.chunks_mut(len[0]).zip(b.chunks_mut(len[1]));
        parts.enumerate().for_each(|(i, (a, b))| f(i, a, b));
    } else {
        halves_of_pair((a, b), len, 0, &f);
    }
}

/// What is done with parts of two arrays.
type OfPair<'a, T, U> = &'a (dyn Fn(usize, &mut [T], &mut [U]) + Sync);

fn halves_of_pair<T: Send, U: Send>((a, b): (&mut [T], &mut [U]), len: [usize; 2], first: usize, f: OfPair<T, U>) {
    let parts = a.len().div_ceil(len[0]);
    if parts <= 1 {
        return f(first, a, b);
    }
    let middle = parts / 2;
    let (a_left, a_right) = a.split_at_mut(middle * len[0]);
    let (b_left, b_right) = b.split_at_mut(middle * len[1]);
    join(&mut || halves_of_pair((a_left, b_left), len, first, f), &mut || {
        halves_of_pair((a_right, b_right), len, first + middle, f);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_whole_once() {
        for n in [0, 1, 7, 8, 9, 100] {
            let mut data = vec![0; n];
            for_each_chunk(&mut data, 8, |start, part| {
                part.iter_mut().enumerate().for_each(|(i, x)| *x += start + i + 1);
            });
            assert!(data.iter().enumerate().all(|(i, x)| *x == i + 1), "{n}");
        }
    }

    #[test]
    fn parts_come_in_pairs() {
        for (n, alone) in [(0, false), (1, false), (3, true), (3, false), (10, false)] {
            let (mut a, mut b) = (vec![0; 4 * n], vec![0; n]);
            for_each_pair_of_parts(alone, (&mut a, &mut b), [8, 2], |i, a, b| {
                assert!(a.len() == 4 * b.len());
                a.fill(i + 1);
                b.fill(i + 1);
            });
            assert!(a.iter().enumerate().all(|(i, x)| *x == i / 8 + 1), "{n}");
            assert!(b.iter().enumerate().all(|(i, x)| *x == i / 2 + 1), "{n}");
            for_each_part(alone, &mut b, 2, |i, b| b.iter_mut().for_each(|b| *b -= i + 1));
            assert!(b.iter().all(|x| *x == 0), "{n}");
        }
    }
}
