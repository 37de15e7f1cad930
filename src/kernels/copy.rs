//! Moving elements: slices, transpositions, repetitions, all as one walk with steps.

use smallvec::SmallVec;

use super::parallel::for_each_chunk;

/// Where the elements of a broadcast array stand in the array that it was made of.
#[derive(Debug)]
pub struct Places {
    /// (size, step), the innermost dimension first.
    dims: SmallVec<[(usize, usize); 4]>,
}

impl Places {
    /// The place of element `i` of the broadcast array.
    #[inline]
    pub fn at(&self, mut i: usize) -> usize {
        let mut place = 0;
        for &(size, step) in &self.dims {
            place += i % size * step;
            i /= size;
        }
        place
    }
}

/// The places of an array of shape `own` broadcast to `shape`.
pub fn broadcast_places(own: &[usize], shape: &[usize]) -> Places {
    let mut dims = SmallVec::new();
    let mut step = 1;
    let sizes = own.iter().rev().copied().chain(std::iter::repeat(1));
    for (&size, n) in shape.iter().rev().zip(sizes) {
        dims.push((size, if n == 1 { 0 } else { step }));
        step *= n;
    }
    Places { dims }
}

/// Elements of one part that a thread copies.
const CHUNK: usize = 1 << 15;

/// `out[i, j, …] = x[base + i * steps[0] + j * steps[1] + …]` for an `out` of shape `dims`, row-major.
pub fn gather_steps<T: Clone + Send + Sync>(x: &[T], base: usize, steps: &[usize], dims: &[usize], out: &mut [T]) {
    let Some((&row, outer)) = dims.split_last() else {
        out.clone_from_slice(&x[base..=base]);
        return;
    };
    if out.is_empty() {
        return;
    }
    let step = steps[dims.len() - 1];
    for_each_chunk(out, CHUNK.div_ceil(row) * row, |start, out| {
        for (i, out) in out.chunks_exact_mut(row).enumerate() {
            let from = base + position(start / row + i, outer, steps);
            match step {
                1 => out.clone_from_slice(&x[from..from + row]),
                0 => out.fill(x[from].clone()),
                _ => out.iter_mut().zip(x[from..].iter().step_by(step)).for_each(|(out, x)| *out = x.clone()),
            }
        }
    });
}

/// `out[base + i * steps[0] + j * steps[1] + …] = x[i, j, …]` for an `x` of shape `dims`, row-major; the last step is 1.
pub fn scatter_rows<T: Clone>(x: &[T], dims: &[usize], out: &mut [T], base: usize, steps: &[usize]) {
    let Some((&row, outer)) = dims.split_last() else {
        out[base] = x[0].clone();
        return;
    };
    if x.is_empty() {
        return;
    }
    for (i, x) in x.chunks_exact(row).enumerate() {
        let to = base + position(i, outer, steps);
        out[to..to + row].clone_from_slice(x);
    }
}

/// As [`gather_steps`], with steps that may be negative.
pub fn gather_signed<T: Clone>(x: &[T], base: usize, steps: &[isize], dims: &[usize], out: &mut [T]) {
    let Some((block, outer)) = whole_rows(steps, dims) else { return };
    for (i, out) in out.chunks_exact_mut(block).enumerate() {
        let from = signed_position(i, base, outer, steps);
        out.clone_from_slice(&x[from..from + block]);
    }
}

/// `out[base + i * steps[0] + …] = x[i, …]`, with steps that may be negative.
pub fn scatter_signed<T: Clone>(x: &[T], base: usize, steps: &[isize], dims: &[usize], out: &mut [T]) {
    let Some((block, outer)) = whole_rows(steps, dims) else { return };
    for (i, x) in x.chunks_exact(block).enumerate() {
        let to = signed_position(i, base, outer, steps);
        out[to..to + block].clone_from_slice(x);
    }
}

/// How many elements lie side by side, and the dimensions outside of them; `None` if there are none.
fn whole_rows<'a>(steps: &[isize], dims: &'a [usize]) -> Option<(usize, &'a [usize])> {
    match (dims.split_last(), steps.last()) {
        (Some((&row, outer)), Some(1)) => (row > 0).then_some((row, outer)),
        _ => Some((1, dims)),
    }
}

fn signed_position(mut flat: usize, base: usize, dims: &[usize], steps: &[isize]) -> usize {
    let mut position = base;
    for (n, step) in dims.iter().zip(steps).rev() {
        position = position.wrapping_add_signed((flat % n) as isize * step);
        flat /= n;
    }
    position
}

/// Block `i` of `out` is block `place(i)` of `x`, or full of `filler` if there is no place.
pub fn copy_blocks<T: Clone + Send + Sync>(
    x: &[T],
    block: usize,
    filler: &T,
    out: &mut [T],
    place: &(dyn Fn(usize) -> Option<usize> + Sync),
) {
    if block == 0 {
        return;
    }
    for_each_chunk(out, CHUNK.div_ceil(block) * block, |start, out| {
        for (i, out) in out.chunks_exact_mut(block).enumerate() {
            match place(start / block + i) {
                Some(from) => out.clone_from_slice(&x[from * block..][..block]),
                None => out.fill(filler.clone()),
            }
        }
    });
}

/// The index of element `flat` along each dimension.
pub fn coordinates(mut flat: usize, dims: &[usize]) -> SmallVec<[usize; 6]> {
    let mut index = SmallVec::from_elem(0, dims.len());
    for (i, n) in index.iter_mut().zip(dims).rev() {
        *i = flat % n;
        flat /= n;
    }
    index
}

/// The element that stands at `index`.
pub fn flat_position(index: &[usize], dims: &[usize]) -> usize {
    index.iter().zip(dims).fold(0, |flat, (i, n)| flat * n + i)
}

/// The elements `offset..offset + width` of each row of `total` elements.
pub fn part_of_rows<T: Clone>(x: &[T], total: usize, offset: usize, width: usize, out: &mut [T]) {
    if width > 0 {
        for (out, x) in out.chunks_exact_mut(width).zip(x.chunks_exact(total)) {
            out.clone_from_slice(&x[offset..offset + width]);
        }
    }
}

fn position(mut flat: usize, dims: &[usize], steps: &[usize]) -> usize {
    let mut position = 0;
    for (n, step) in dims.iter().zip(steps).rev() {
        position += flat % n * step;
        flat /= n;
    }
    position
}

/// Joins arrays along an axis: of each part in turn, `rows` blocks of its own length.
pub fn concat<T: Clone>(parts: &[(&[T], usize)], rows: usize, out: &mut [T]) {
    let width: usize = parts.iter().map(|(_, n)| n).sum();
    if width == 0 {
        return;
    }
    for (row, mut out) in out.chunks_exact_mut(width).enumerate().take(rows) {
        for (part, n) in parts {
            let (here, rest) = out.split_at_mut(*n);
            here.clone_from_slice(&part[row * n..(row + 1) * n]);
            out = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_transpose_repeat_and_slice() {
        let x: Vec<i32> = (0..6).collect();
        let mut out = vec![0; 6];
        gather_steps(&x, 0, &[1, 3], &[3, 2], &mut out);
        assert_eq!(out, [0, 3, 1, 4, 2, 5]);
        let mut out = vec![0; 12];
        gather_steps(&x, 0, &[0, 3, 1], &[2, 2, 3], &mut out);
        assert_eq!(out, [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]);
        let mut out = vec![0; 2];
        gather_steps(&x, 1, &[3, 1], &[2, 1], &mut out);
        assert_eq!(out, [1, 4]);
        let mut out = vec![9; 12];
        scatter_rows(&x, &[2, 3], &mut out, 5, &[4, 1]);
        assert_eq!(out, [9, 9, 9, 9, 9, 0, 1, 2, 9, 3, 4, 5]);
        let mut out = vec![0; 6];
        concat(&[(&[1, 4], 1), (&[2, 3, 5, 6], 2)], 2, &mut out);
        assert_eq!(out, [1, 2, 3, 4, 5, 6]);
        part_of_rows(&x, 3, 1, 2, &mut out[..4]);
        assert_eq!(out[..4], [1, 2, 4, 5]);
    }

    #[test]
    fn walks_go_backwards_and_by_blocks() {
        let x: Vec<i32> = (0..6).collect();
        let mut out = vec![0; 6];
        gather_signed(&x, 3, &[-3, 1], &[2, 3], &mut out);
        assert_eq!(out, [3, 4, 5, 0, 1, 2]);
        gather_signed(&x, 5, &[-3, -1], &[2, 3], &mut out);
        assert_eq!(out, [5, 4, 3, 2, 1, 0]);
        scatter_signed(&x, 3, &[-3, 1], &[2, 3], &mut out);
        assert_eq!(out, [3, 4, 5, 0, 1, 2]);
        copy_blocks(&x, 2, &9, &mut out, &|i| (i > 0).then_some(2 - i));
        assert_eq!(out, [9, 9, 2, 3, 0, 1]);
        assert_eq!(coordinates(5, &[2, 3])[..], [1, 2]);
        assert_eq!(flat_position(&[1, 2], &[2, 3]), 5);
    }
}
