//! One result for each element, or for each pair of elements of two arrays broadcast against each other.

use smallvec::SmallVec;

use super::parallel::{ELEMENTWISE_CHUNK, for_each_chunk};

/// `out[i] = f(x[i])`.
pub fn unary<T: Sync, U: Send>(x: &[T], out: &mut [U], f: impl Fn(&T) -> U + Sync) {
    for_each_chunk(out, ELEMENTWISE_CHUNK, |start, out| {
        for (y, x) in out.iter_mut().zip(&x[start..]) {
            *y = f(x);
        }
    });
}

/// `x[i] = f(x[i])`.
pub fn unary_in_place<T: Send>(x: &mut [T], f: impl Fn(&T) -> T + Sync) {
    for_each_chunk(x, ELEMENTWISE_CHUNK, |_, x| x.iter_mut().for_each(|x| *x = f(x)));
}

/// How two arrays lie under the array they are broadcast to: rows of one length, in each of which either array
/// moves along by 1 or stays.
#[derive(Clone, Debug, PartialEq)]
pub struct Broadcast {
    /// The outer dimensions, each with the steps of the two arrays.
    outer: SmallVec<[(usize, [usize; 2]); 4]>,
    row: usize,
    steps: [usize; 2],
}

impl Broadcast {
    /// The plan for arrays of shapes `a` and `b`, which broadcast to `out`.
    pub fn new(a: &[usize], b: &[usize], out: &[usize]) -> Self {
        let steps = [steps(a, out), steps(b, out)];
        // Neighbouring dimensions that both arrays walk through evenly are one.
        let mut dims: SmallVec<[(usize, [usize; 2]); 4]> = SmallVec::new();
        for axis in (0..out.len()).filter(|&axis| out[axis] != 1) {
            let here = [steps[0][axis], steps[1][axis]];
            match dims.last_mut() {
                Some((n, outer)) if (0..2).all(|i| outer[i] == here[i] * out[axis]) => {
                    *n *= out[axis];
                    *outer = here;
                }
                _ => dims.push((out[axis], here)),
            }
        }
        let (row, steps) = dims.pop().unwrap_or((1, [0, 0]));
        Broadcast { outer: dims, row, steps }
    }

    /// Whether array `array` is repeated whole, over and over again.
    pub(super) fn is_repeated(&self, array: usize) -> bool {
        // From the inside: first it moves along with every dimension, then with none.
        let steps = self.outer.iter().map(|(_, steps)| steps[array]).chain([self.steps[array]]);
        steps.skip_while(|step| *step == 0).all(|step| step != 0)
    }

    /// The elements of array `array`, which is `x`, for a piece of the output that starts at `start`.
    pub(super) fn spread<T: Copy>(&self, array: usize, x: &[T], start: usize, piece: &mut [T]) {
        self.pieces(start, piece, &mut |piece, places| {
            let from = places[array];
            if self.steps[array] == 0 {
                piece.fill(x[from]);
            } else {
                piece.copy_from_slice(&x[from..from + piece.len()]);
            }
        });
    }

    /// Where row `row` starts in the two arrays.
    fn offsets(&self, mut row: usize) -> [usize; 2] {
        let mut offsets = [0, 0];
        for (n, steps) in self.outer.iter().rev() {
            let index = row % n;
            row /= n;
            offsets[0] += index * steps[0];
            offsets[1] += index * steps[1];
        }
        offsets
    }

    /// Calls `f` for the pieces of rows that make up `out[start..]`, with where they start in the two arrays.
    fn pieces<U>(&self, start: usize, mut out: &mut [U], f: &mut dyn FnMut(&mut [U], [usize; 2])) {
        let mut position = start;
        while !out.is_empty() {
            let (row, column) = (position / self.row, position % self.row);
            let (piece, rest) = out.split_at_mut((self.row - column).min(out.len()));
            let [a, b] = self.offsets(row);
            position += piece.len();
            f(piece, [a + column * self.steps[0], b + column * self.steps[1]]);
            out = rest;
        }
    }
}

/// The step of an array of shape `dims` for each dimension of `out`; 0 where it is repeated.
fn steps(dims: &[usize], out: &[usize]) -> SmallVec<[usize; 4]> {
    let mut steps: SmallVec<[usize; 4]> = SmallVec::from_elem(0, out.len());
    let mut step = 1;
    for (axis, &n) in dims.iter().enumerate().rev() {
        if n != 1 {
            steps[axis + out.len() - dims.len()] = step;
        }
        step *= n;
    }
    steps
}

/// `out = f(a, b)`, broadcast by `plan`.
pub fn binary<T: Copy + Sync, U: Send>(
    plan: &Broadcast,
    a: &[T],
    b: &[T],
    out: &mut [U],
    f: impl Fn(T, T) -> U + Sync,
) {
    rows(plan, Some(a), b, out, &|a, b, out| match (a, b) {
        (&[x], _) => {
            for (out, &y) in out.iter_mut().zip(b) {
                *out = f(x, y);
            }
        }
        (_, &[y]) => {
            for (out, &x) in out.iter_mut().zip(a) {
                *out = f(x, y);
            }
        }
        _ => {
            for (out, (&x, &y)) in out.iter_mut().zip(a.iter().zip(b)) {
                *out = f(x, y);
            }
        }
    });
}

/// What is done with a row: its operands come before it.
type OfRow<'a, T, U> = &'a (dyn Fn(&[T], &[T], &mut [U]) + Sync);

/// Calls `f` for rows of `out`, each with its operands: as many elements, or one that is repeated. Nothing stands for an
/// array that is `out` itself.
fn rows<T: Sync, U: Send>(plan: &Broadcast, a: Option<&[T]>, b: &[T], out: &mut [U], f: OfRow<T, U>) {
    for_each_chunk(out, ELEMENTWISE_CHUNK, |start, out| {
        plan.pieces(start, out, &mut |out, [i, j]| {
            let [n, m] = plan.steps.map(|step| if step == 0 { 1 } else { out.len() });
            f(a.map_or(&[], |a| &a[i..i + n]), &b[j..j + m], out);
        });
    });
}

/// `a = f(a, b)`, with `b` broadcast to `a` by `plan`, whose first array is `a`.
pub fn binary_in_place<T: Copy + Send + Sync>(plan: &Broadcast, a: &mut [T], b: &[T], f: impl Fn(T, T) -> T + Sync) {
    rows(plan, None, b, a, &|_, b, a| match b {
        &[y] => {
            for x in a {
                *x = f(*x, y);
            }
        }
        _ => {
            for (x, &y) in a.iter_mut().zip(b) {
                *x = f(*x, y);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the book: index arithmetic for every element.
    fn reference(a: (&[usize], &[i64]), b: (&[usize], &[i64]), out: &[usize]) -> Vec<i64> {
        let n: usize = out.iter().product();
        let pick = |(dims, data): (&[usize], &[i64]), mut flat: usize| {
            let mut index = vec![0; out.len()];
            for axis in (0..out.len()).rev() {
                index[axis] = flat % out[axis];
                flat /= out[axis];
            }
            let index = &index[out.len() - dims.len()..];
            data[dims.iter().zip(index).fold(0, |at, (&n, &i)| at * n + if n == 1 { 0 } else { i })]
        };
        (0..n).map(|i| pick(a, i) - 2 * pick(b, i)).collect()
    }

    #[test]
    fn broadcasting_matches_index_arithmetic() {
        let cases: &[(&[usize], &[usize], &[usize])] = &[
            (&[], &[], &[]),
            (&[3], &[], &[3]),
            (&[2, 3], &[3], &[2, 3]),
            (&[2, 3], &[2, 1], &[2, 3]),
            (&[2, 1, 4], &[3, 1], &[2, 3, 4]),
            (&[1, 3, 1, 5], &[2, 1, 4, 1], &[2, 3, 4, 5]),
            (&[200, 300], &[200, 300], &[200, 300]),
            (&[200, 300], &[300], &[200, 300]),
            (&[0, 3], &[3], &[0, 3]),
        ];
        for (a, b, out) in cases {
            let data = |dims: &[usize], k: i64| {
                (0..dims.iter().product::<usize>() as i64).map(|i| i * k + 1).collect::<Vec<_>>()
            };
            let (x, y) = (data(a, 3), data(b, 7));
            let expected = reference((a, &x), (b, &y), out);
            let plan = Broadcast::new(a, b, out);
            let mut result = vec![0; expected.len()];
            binary(&plan, &x, &y, &mut result, |x, y| x - 2 * y);
            assert_eq!(result, expected, "{a:?} {b:?}");
            if a == out {
                let mut x = x;
                binary_in_place(&plan, &mut x, &y, |x, y| x - 2 * y);
                assert_eq!(x, expected, "{a:?} {b:?} in place");
            }
        }
    }
}
