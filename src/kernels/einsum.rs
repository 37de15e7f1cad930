//! Sums of products of arrays whose dimensions have names: any of them kept, summed, repeated, in any order.

use super::copy::gather_steps;
use super::gemm::{GemmElement, Mat, gemm};
use super::parallel::for_each_chunk;

/// The name of a dimension.
pub type Axis = u32;

/// An array with a name for each of its dimensions; one that stands twice means the diagonal.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a, T> {
    /// The elements, row-major.
    pub data: &'a [T],
    /// The sizes; 1 where the dimension is repeated as often as others of its name are long.
    pub dims: &'a [usize],
    /// The names.
    pub axes: &'a [Axis],
}

/// The size of each dimension.
#[derive(Clone, Debug, Default)]
pub struct Sizes(Vec<(Axis, usize)>);

impl Sizes {
    /// Notes that a dimension called `axis` has `n` elements, or any number if that is 1 and `repeats` is set. Whether
    /// that fits what was noted before.
    pub fn note(&mut self, axis: Axis, n: usize, repeats: bool) -> bool {
        match self.0.iter_mut().find(|(other, _)| *other == axis) {
            None => self.0.push((axis, n)),
            Some((_, size)) if *size == n || (repeats && n == 1) => {}
            Some((_, size)) if repeats && *size == 1 => *size = n,
            Some(_) => return false,
        }
        true
    }

    /// The size of `axis`.
    pub fn of(&self, axis: Axis) -> usize {
        self.0.iter().find(|(other, _)| *other == axis).map_or(1, |(_, size)| *size)
    }

    fn all(&self, axes: &[Axis]) -> Vec<usize> {
        axes.iter().map(|&axis| self.of(axis)).collect()
    }

    fn product(&self, axes: &[Axis]) -> usize {
        axes.iter().map(|&axis| self.of(axis)).product()
    }
}

impl<T> Named<'_, T> {
    /// How far apart neighbours along `axis` are.
    fn step(&self, axis: Axis) -> usize {
        let (mut step, mut total) = (1, 0);
        for (&n, &name) in self.dims.iter().zip(self.axes).rev() {
            total += if name == axis && n != 1 { step } else { 0 };
            step *= n;
        }
        total
    }
}

/// The elements of `x` with its dimensions in this order, and summed along those that are not in it.
fn arranged<T: GemmElement>(x: Named<T>, order: &[Axis], sizes: &Sizes) -> Vec<T> {
    let mut summed: Vec<Axis> = Vec::new();
    for axis in x.axes {
        if !order.contains(axis) && !summed.contains(axis) {
            summed.push(*axis);
        }
    }
    let axes = [order, &summed].concat();
    let steps: Vec<usize> = axes.iter().map(|&axis| x.step(axis)).collect();
    let mut gathered = vec![T::default(); sizes.product(&axes)];
    if !gathered.is_empty() {
        gather_steps(x.data, 0, &steps, &sizes.all(&axes), &mut gathered);
    }
    if summed.is_empty() {
        return gathered;
    }
    match sizes.product(&summed) {
        0 => vec![T::default(); sizes.product(order)],
        n => gathered.chunks_exact(n).map(|part| part.iter().fold(T::default(), |sum, x| sum.plus(*x))).collect(),
    }
}

/// How many elements `einsum` needs for itself at most, `None` if more than there are numbers for.
pub fn memory(inputs: &[&[Axis]], output: &[Axis], sizes: &Sizes) -> Option<usize> {
    let product = |axes: &[Axis]| {
        let mut first = axes.iter().enumerate().filter(|(i, axis)| !axes[..*i].contains(axis));
        first.try_fold(1usize, |n, (_, axis)| n.checked_mul(sizes.of(*axis)))
    };
    inputs.iter().copied().chain([output]).try_fold(0, |most, axes| Some(product(axes)?.max(most)))
}

/// `out[output] = Σ x[…] · y[…]`, summed over all dimensions that `output` does not name. Where `output` names one twice,
/// what is off the diagonal is 0. There are one or two inputs.
pub fn einsum<T: GemmElement>(inputs: &[Named<T>], output: &[Axis], sizes: &Sizes, out: &mut [T]) {
    let mut kept: Vec<Axis> = Vec::new();
    for axis in output {
        if !kept.contains(axis) {
            kept.push(*axis);
        }
    }
    let (product, axes) = match inputs {
        [x] => (arranged(*x, &kept, sizes), kept.clone()),
        [x, y] => product(*x, *y, &kept, sizes),
        _ => return,
    };
    let product = Named { data: &product, dims: &sizes.all(&axes), axes: &axes };
    if out.is_empty() || product.data.is_empty() {
        return out.fill(T::default());
    }
    let ordered = arranged(product, &kept, sizes);
    if kept.len() == output.len() {
        return out.copy_from_slice(&ordered);
    }
    out.fill(T::default());
    let dims = sizes.all(output);
    let diagonal = Named { data: &*out, dims: &dims, axes: output };
    let steps: Vec<usize> = kept.iter().map(|&axis| diagonal.step(axis)).collect();
    for (i, x) in ordered.into_iter().enumerate() {
        out[place(i, &sizes.all(&kept), &steps)] = x;
    }
}

fn place(mut flat: usize, dims: &[usize], steps: &[usize]) -> usize {
    let mut place = 0;
    for (n, step) in dims.iter().zip(steps).rev() {
        place += flat % n * step;
        flat /= n;
    }
    place
}

/// The product of `x` and `y`, and its dimensions: those in both, in `x` alone, in `y` alone.
fn product<T: GemmElement>(x: Named<T>, y: Named<T>, kept: &[Axis], sizes: &Sizes) -> (Vec<T>, Vec<Axis>) {
    let mut shared = Vec::new();
    for axis in x.axes {
        if y.axes.contains(axis) && !shared.contains(axis) {
            shared.push(*axis);
        }
    }
    let (batch, summed): (Vec<Axis>, Vec<Axis>) = shared.iter().partition(|axis| kept.contains(axis));
    let own = |axes: &[Axis]| -> Vec<Axis> {
        kept.iter().copied().filter(|axis| axes.contains(axis) && !shared.contains(axis)).collect()
    };
    let (rows, columns) = (own(x.axes), own(y.axes));
    let left = arranged(x, &[&batch[..], &rows, &summed].concat(), sizes);
    let right = arranged(y, &[&batch[..], &summed, &columns].concat(), sizes);
    let axes = [batch, rows, columns].concat();
    let (m, k, n) = (sizes.product(&own(x.axes)), sizes.product(&summed), sizes.product(&own(y.axes)));
    let mut out = vec![T::default(); sizes.product(&axes)];
    if !out.is_empty() {
        // Many small products go together, some 30 µs of them.
        let together = ((1 << 21) / (m * n).saturating_mul(k).max(1)).max(1);
        for_each_chunk(&mut out, together * m * n, |start, outs| {
            for (i, out) in outs.chunks_exact_mut(m * n).enumerate() {
                let i = start / (m * n) + i;
                let (a, b) = (&left[i * m * k..][..m * k], &right[i * k * n..][..k * n]);
                gemm(Mat::new(a, m, k), Mat::new(b, k, n), out);
            }
        });
    }
    (out, axes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &str = "abcd";

    fn axes(names: &str) -> Vec<Axis> {
        names.chars().map(u32::from).collect()
    }

    /// By the book: a sum over all values of all names.
    fn reference(inputs: &[(&str, Vec<i64>)], output: &str, sizes: &[usize]) -> Vec<i64> {
        let size = |c: char| sizes[NAMES.find(c).unwrap_or(0)];
        let flat = |names: &str, at: &[usize]| {
            names.chars().fold(0, |flat, c| flat * size(c) + at[NAMES.find(c).unwrap_or(0)])
        };
        let mut out = vec![0; output.chars().map(size).product()];
        let used: Vec<bool> = NAMES.chars().map(|c| inputs.iter().any(|(names, _)| names.contains(c))).collect();
        let total: usize = (0..4).filter(|&i| used[i]).map(|i| sizes[i]).product();
        for mut n in 0..total {
            let mut at = [0; 4];
            for i in (0..4).filter(|&i| used[i]) {
                at[i] = n % sizes[i];
                n /= sizes[i];
            }
            out[flat(output, &at)] += inputs.iter().map(|(names, x)| x[flat(names, &at)]).product::<i64>();
        }
        out
    }

    #[test]
    fn sums_of_products_are_as_defined() {
        let sizes = [2usize, 3, 4, 2];
        let cases: &[(&[&str], &str)] = &[
            (&["ab"], "ba"),
            (&["ab"], "a"),
            (&["abc"], "cb"),
            (&["ada"], "d"),
            (&["ad"], "dad"),
            (&["ab", "bc"], "ac"),
            (&["ab", "bc"], "ca"),
            (&["ab", "ab"], "ab"),
            (&["abc", "bd"], "dca"),
            (&["ab", "c"], "abc"),
            (&["abd", "dc"], "b"),
            (&["a", "a"], ""),
            (&["", "ab"], "ba"),
        ];
        for (inputs, output) in cases {
            let size = |c: char| sizes[NAMES.find(c).unwrap()];
            let data = |names: &str| {
                (0..names.chars().map(size).product::<usize>() as i64).map(|i| i * 7 % 11 - 3).collect::<Vec<_>>()
            };
            let inputs: Vec<(&str, Vec<i64>)> = inputs.iter().map(|names| (*names, data(names))).collect();
            let expected = reference(&inputs, output, &sizes);
            let mut noted = Sizes::default();
            let parts: Vec<(Vec<usize>, Vec<Axis>)> =
                inputs.iter().map(|(names, _)| (names.chars().map(size).collect(), axes(names))).collect();
            for (dims, axes) in &parts {
                assert!(dims.iter().zip(axes).all(|(n, axis)| noted.note(*axis, *n, false)));
            }
            let named: Vec<Named<i64>> =
                inputs.iter().zip(&parts).map(|((_, data), (dims, axes))| Named { data, dims, axes }).collect();
            let mut out = vec![9; expected.len()];
            einsum(&named, &axes(output), &noted, &mut out);
            assert_eq!(out, expected, "{inputs:?} -> {output}");
        }
    }
}
