//! Splitting work into parts. Every split follows from the problem alone, never from the number of threads.

use rayon::prelude::*;

/// Elements of one part of an elementwise loop: some 10 µs of work.
pub const ELEMENTWISE_CHUNK: usize = 1 << 16;

/// Calls `f` for each `chunk` elements of `data` with where they start; on this thread if there is only one part.
pub fn for_each_chunk<T: Send>(data: &mut [T], chunk: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    let chunk = chunk.max(1);
    if data.len() <= chunk {
        if !data.is_empty() {
            f(0, data);
        }
        return;
    }
    for_each_part(data, chunk, &f);
}

/// What is compiled for a type of elements and shared by all that is done with them: the pool's machinery is large.
fn for_each_part<T: Send>(data: &mut [T], chunk: usize, f: &(dyn Fn(usize, &mut [T]) + Sync)) {
    data.par_chunks_mut(chunk).enumerate().for_each(|(i, part)| f(i * chunk, part));
}

/// Calls both, each once, at the same time if a thread is free: compiled once for all that halves its work.
pub fn join(left: &mut (dyn FnMut() + Send), right: &mut (dyn FnMut() + Send)) {
    rayon::join(left, right);
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
}
