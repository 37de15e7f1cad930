//! Elementwise operations as functions on pieces of arrays: one alone, with broadcasting, or the links of a
//! [chain](super::chain).

use super::elementwise::Broadcast;
use super::parallel::{ELEMENTWISE_CHUNK, for_each_chunk};
use super::simd::vectorized;
use super::{Plain, scratch};

/// A function of numbers, for all of a slice.
pub type UnaryLoop<T> = fn(&[T], &mut [T]);

/// A function of pairs of numbers, for all of two slices.
pub type BinaryLoop<T> = fn(&[T], &[T], &mut [T]);

/// One operation on pieces of arrays, the link of a chain. The slices are of equal length.
#[derive(Clone, Copy, Debug)]
pub enum Link<T> {
    /// `out[i] = f(x[i])`.
    Unary(UnaryLoop<T>),
    /// `out[i] = f(x[i], y[i])`.
    Binary(BinaryLoop<T>),
}

/// A function of one number.
pub trait UnaryFn<T> {
    /// The function at `x`.
    fn at(x: T) -> T;
}

/// A function of two numbers.
pub trait BinaryFn<T> {
    /// The function at `x` and `y`.
    fn at(x: T, y: T) -> T;
}

vectorized! {
    fn each<T: Copy, F: UnaryFn<T>>(x: &[T], out: &mut [T]) {
        for (out, x) in out.iter_mut().zip(x) {
            *out = F::at(*x);
        }
    }

    fn each_pair<T: Copy, F: BinaryFn<T>>(x: &[T], y: &[T], out: &mut [T]) {
        for (out, (x, y)) in out.iter_mut().zip(x.iter().zip(y)) {
            *out = F::at(*x, *y);
        }
    }
}

impl<T: Copy> Link<T> {
    /// `F` for each element.
    pub fn unary<F: UnaryFn<T>>() -> Self {
        Link::Unary(each::<T, F>)
    }

    /// `F` for each pair of elements.
    pub fn binary<F: BinaryFn<T>>() -> Self {
        Link::Binary(each_pair::<T, F>)
    }
}

/// Elements of a tile: a few tiles fit into the fastest cache.
pub(super) const TILE: usize = 512;

/// Runs `f` with `n` elements whose values are of no account.
fn with_tile<T: Plain>(n: usize, f: impl FnOnce(&mut [T])) {
    const FEW: usize = 16;
    if n <= FEW { f(&mut [T::default(); FEW][..n]) } else { scratch::with(n, f) }
}

/// `out = f(x)`.
pub fn unary<T: Plain>(f: UnaryLoop<T>, x: &[T], out: &mut [T]) {
    for_each_chunk(out, ELEMENTWISE_CHUNK, |start, out| f(&x[start..start + out.len()], out));
}

/// `x = f(x)`.
pub fn unary_in_place<T: Plain>(f: UnaryLoop<T>, x: &mut [T]) {
    for_each_chunk(x, ELEMENTWISE_CHUNK, |_, x| {
        with_tile(TILE.min(x.len()), |copy: &mut [T]| {
            for x in x.chunks_mut(TILE) {
                let copy = &mut copy[..x.len()];
                copy.copy_from_slice(x);
                f(copy, x);
            }
        });
    });
}

/// How an operand lies under an output.
enum Operand<'a, T> {
    /// It is the output's former content.
    InPlace,
    /// Element by element.
    Whole(&'a [T]),
    /// Over and over again.
    Repeated(&'a [T]),
    /// As a broadcast says of its array with this number.
    Broadcast(&'a [T], &'a Broadcast, usize),
}

impl<'a, T: Plain> Operand<'a, T> {
    fn new(x: &'a [T], plan: &'a Broadcast, array: usize, len: usize) -> Self {
        if x.len() == len {
            Operand::Whole(x)
        } else if plan.is_repeated(array) {
            Operand::Repeated(x)
        } else {
            Operand::Broadcast(x, plan, array)
        }
    }

    /// The elements for `out`, which starts at `start`; in `tile`, which is as long, if they do not lie side by side.
    /// `again` if the tile holds them already, should they be repeated.
    fn read<'t>(&'t self, start: usize, out: &[T], tile: &'t mut [T], again: bool) -> &'t [T] {
        match self {
            Operand::Whole(x) => return &x[start..start + tile.len()],
            Operand::InPlace => tile.copy_from_slice(out),
            Operand::Repeated(x) => return repeated(x, start, tile, again),
            Operand::Broadcast(x, plan, array) => plan.spread(*array, x, start, tile),
        }
        tile
    }

    fn period(&self) -> usize {
        if let Operand::Repeated(x) = self { x.len() } else { 1 }
    }
}

/// Elements `start..` of `x` repeated, as many as `tile` has: where they lie, or written into the tile.
pub(super) fn repeated<'t, T: Copy>(x: &'t [T], start: usize, tile: &'t mut [T], again: bool) -> &'t [T] {
    let from = start % x.len();
    if from + tile.len() <= x.len() {
        return &x[from..from + tile.len()];
    }
    if !again {
        cycle(x, from, tile);
    }
    tile
}

/// Fills `tile` with `x` from element `from` on, over and over again.
fn cycle<T: Copy>(x: &[T], from: usize, tile: &mut [T]) {
    if let [x] = x {
        return tile.fill(*x);
    }
    let mut filled = (x.len() - from).min(tile.len());
    tile[..filled].copy_from_slice(&x[from..from + filled]);
    let rest = from.min(tile.len() - filled);
    tile[filled..filled + rest].copy_from_slice(&x[..rest]);
    filled += rest;
    while filled < tile.len() {
        let more = filled.min(tile.len() - filled);
        tile.copy_within(..more, filled);
        filled += more;
    }
}

/// `out = f(x, y)`, broadcast by `plan`.
pub fn binary<T: Plain>(f: BinaryLoop<T>, plan: &Broadcast, x: &[T], y: &[T], out: &mut [T]) {
    let (x, y) = (Operand::new(x, plan, 0, out.len()), Operand::new(y, plan, 1, out.len()));
    binary_tiles(f, [x, y], out);
}

/// `x = f(x, y)`, with `y` broadcast to `x` by `plan`, whose first array is `x`.
pub fn binary_in_place<T: Plain>(f: BinaryLoop<T>, plan: &Broadcast, x: &mut [T], y: &[T]) {
    let y = Operand::new(y, plan, 1, x.len());
    binary_tiles(f, [Operand::InPlace, y], x);
}

fn binary_tiles<T: Plain>(f: BinaryLoop<T>, operands: [Operand<T>; 2], out: &mut [T]) {
    let [x, y] = &operands;
    // Tiles that start at the same element of what is repeated.
    let period = x.period().max(y.period());
    let step = if period <= TILE { TILE / period * period } else { TILE };
    let same = [x, y].map(|operand| step.is_multiple_of(operand.period()));
    for_each_chunk(out, ELEMENTWISE_CHUNK, |start, out| {
        if let (Operand::Whole(x), Operand::Whole(y)) = (x, y) {
            return f(&x[start..start + out.len()], &y[start..start + out.len()], out);
        }
        let step = step.min(out.len());
        with_tile(2 * step, |tiles: &mut [T]| {
            let (x_tile, y_tile) = tiles.split_at_mut(step);
            for (i, out) in out.chunks_mut(step).enumerate() {
                let (at, n) = (start + i * step, out.len());
                let x = x.read(at, out, &mut x_tile[..n], i > 0 && same[0]);
                let y = y.read(at, out, &mut y_tile[..n], i > 0 && same[1]);
                f(x, y, out);
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Difference;
    impl BinaryFn<i64> for Difference {
        fn at(x: i64, y: i64) -> i64 {
            x - 2 * y
        }
    }
    struct Twice;
    impl UnaryFn<i64> for Twice {
        fn at(x: i64) -> i64 {
            2 * x
        }
    }

    #[test]
    fn links_match_the_plain_loops() {
        let cases: &[(&[usize], &[usize], &[usize])] = &[
            (&[], &[], &[]),
            (&[3], &[], &[3]),
            (&[], &[3000], &[3000]),
            (&[200, 7], &[7], &[200, 7]),
            (&[7], &[200, 7], &[200, 7]),
            (&[200, 700], &[700], &[200, 700]),
            (&[200, 7], &[200, 1], &[200, 7]),
            (&[200, 1], &[1, 700], &[200, 700]),
            (&[700], &[200, 1], &[200, 700]),
            (&[2, 1, 400], &[300, 1], &[2, 300, 400]),
            (&[300, 400], &[2, 300, 400], &[2, 300, 400]),
            (&[1, 3, 1, 5], &[2, 1, 4, 1], &[2, 3, 4, 5]),
            (&[0, 3], &[3], &[0, 3]),
        ];
        let Link::Binary(f) = Link::binary::<Difference>() else { panic!("not a binary link") };
        for (a, b, dims) in cases {
            let data = |dims: &[usize], k: i64| -> Vec<i64> {
                (0..dims.iter().product::<usize>() as i64).map(|i| i * k % 10_007).collect()
            };
            let (x, y) = (data(a, 3), data(b, 7));
            let plan = Broadcast::new(a, b, dims);
            let mut expected = vec![0; dims.iter().product()];
            super::super::elementwise::binary(&plan, &x, &y, &mut expected, |x, y| x - 2 * y);
            let mut out = vec![-1; expected.len()];
            binary(f, &plan, &x, &y, &mut out);
            assert_eq!(out, expected, "{a:?} {b:?}");
            if a == dims {
                let mut x = x;
                binary_in_place(f, &plan, &mut x, &y);
                assert_eq!(x, expected, "{a:?} {b:?} in place");
            }
        }
        let Link::Unary(f) = Link::unary::<Twice>() else { panic!("not a unary link") };
        let mut x: Vec<i64> = (0..70_001).collect();
        let (expected, mut out) = (x.iter().map(|x| 2 * x).collect::<Vec<_>>(), vec![0; x.len()]);
        unary(f, &x, &mut out);
        unary_in_place(f, &mut x);
        assert_eq!((&out, &x), (&expected, &expected));
    }
}
