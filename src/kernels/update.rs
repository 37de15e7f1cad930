//! One step of an optimizer on the numbers of a variable and of what is kept beside it.

use std::ops::Range;

use super::Plain;
use super::gemm::{GemmElement, Product};
use super::math::Real;
use super::parallel::ELEMENTWISE_CHUNK;
use super::simd::vectorized;

/// The numbers of a step: the scalars in the order of the operation's arguments, and its flag, if it has one.
#[derive(Clone, Copy, Debug)]
pub struct Numbers<T, const S: usize> {
    /// The scalars.
    pub scalars: [T; S],
    /// The attribute that is a truth value besides `use_locking`; false if there is none.
    pub flag: bool,
}

/// A rule: changes a variable and its slots, here `N` together, by a gradient of as many numbers.
pub type Rule<T, const N: usize, const S: usize> = fn([&mut [T]; N], &[T], &Numbers<T, S>);

fn empty<'a, T, const N: usize>() -> [&'a mut [T]; N] {
    std::array::from_fn(|_| Default::default())
}

fn split<T, const N: usize>(variables: [&mut [T]; N], middle: usize) -> ([&mut [T]; N], [&mut [T]; N]) {
    let (mut left, mut right): ([&mut [T]; N], [&mut [T]; N]) = (empty(), empty());
    for ((variable, left), right) in variables.into_iter().zip(&mut left).zip(&mut right) {
        (*left, *right) = variable.split_at_mut(middle);
    }
    (left, right)
}

/// Applies `rule` to all numbers.
pub fn dense<T: Plain + Real, const N: usize, const S: usize>(
    rule: Rule<T, N, S>,
    variables: [&mut [T]; N],
    grad: &[T],
    numbers: &Numbers<T, S>,
) {
    if grad.len() <= ELEMENTWISE_CHUNK {
        return rule(variables, grad, numbers);
    }
    // Halves of whole chunks, so that the parts follow from the length alone.
    let middle = grad.len().div_ceil(ELEMENTWISE_CHUNK) / 2 * ELEMENTWISE_CHUNK;
    let (left, right) = split(variables, middle);
    let (first, second) = grad.split_at(middle);
    rayon::join(|| dense(rule, left, first, numbers), || dense(rule, right, second, numbers));
}

/// Applies `rule` to the numbers of `rows`, whose gradient is a product: as soon as some of it is there.
pub fn product<T: Plain + Real + GemmElement, const N: usize, const S: usize>(
    rule: Rule<T, N, S>,
    variables: [&mut [T]; N],
    gradient: &Product<T>,
    rows: Range<usize>,
    numbers: &Numbers<T, S>,
) {
    let (few, task) = gradient.portions();
    if rows.len() <= task {
        let mut rest = variables;
        for start in rows.clone().step_by(few) {
            let some = start..(start + few).min(rows.end);
            let (now, later) = split(rest, some.len() * gradient.columns());
            gradient.with_rows(some, |grad| rule(now, grad, numbers));
            rest = later;
        }
        return;
    }
    let middle = rows.len().div_ceil(task) / 2 * task;
    let (left, right) = split(variables, middle * gradient.columns());
    let (first, second) = (rows.start..rows.start + middle, rows.start + middle..rows.end);
    rayon::join(|| product(rule, left, gradient, first, numbers), || product(rule, right, gradient, second, numbers));
}

/// Applies `rule` to the rows that `rows` names, one after the other, each with its row of `grad`.
pub fn sparse<T: Real, const N: usize, const S: usize>(
    rule: Rule<T, N, S>,
    variables: [&mut [T]; N],
    rows: &[i64],
    grad: &[T],
    numbers: &Numbers<T, S>,
) {
    let width = grad.len().checked_div(rows.len()).unwrap_or(0);
    let mut variables = variables;
    for (i, &row) in rows.iter().enumerate() {
        let start = row as usize * width;
        let mut parts: [&mut [T]; N] = empty();
        for (part, variable) in parts.iter_mut().zip(&mut variables) {
            *part = &mut variable[start..start + width];
        }
        rule(parts, &grad[i * width..(i + 1) * width], numbers);
    }
}

vectorized! {
    /// `var -= alpha * grad`.
    pub fn gradient_descent<T: Real>(variables: [&mut [T]; 1], grad: &[T], numbers: &Numbers<T, 1>) {
        let ([var], [alpha]) = (variables, numbers.scalars);
        for (var, &g) in var.iter_mut().zip(grad) {
            *var = var.minus(alpha.times(g));
        }
    }

    /// Momentum; the flag means Nesterov's: <https://proceedings.mlr.press/v28/sutskever13.html>.
    pub fn momentum<T: Real>(variables: [&mut [T]; 2], grad: &[T], numbers: &Numbers<T, 2>) {
        let ([var, accum], [lr, momentum]) = (variables, numbers.scalars);
        for ((var, accum), &g) in var.iter_mut().zip(accum).zip(grad) {
            *accum = accum.times(momentum).plus(g);
            let direction = if numbers.flag { g.times(lr).plus(accum.times(momentum).times(lr)) } else { accum.times(lr) };
            *var = var.minus(direction);
        }
    }

    /// Adam: <https://arxiv.org/abs/1412.6980>, section 2, the reordered form. The flag means Nesterov's.
    pub fn adam<T: Real>(variables: [&mut [T]; 3], grad: &[T], numbers: &Numbers<T, 6>) {
        let [beta1_power, beta2_power, lr, beta1, beta2, epsilon] = numbers.scalars;
        let alpha = lr.times(T::ONE.minus(beta2_power).sqrt()).over(T::ONE.minus(beta1_power));
        let (rest1, rest2, nesterov) = (T::ONE.minus(beta1), T::ONE.minus(beta2), numbers.flag);
        let [var, m, v] = variables;
        for ((var, &g), (m, v)) in var.iter_mut().zip(grad).zip(m.iter_mut().zip(v)) {
            *m = m.plus(g.minus(*m).times(rest1));
            *v = v.plus(g.times(g).minus(*v).times(rest2));
            let direction = if nesterov { g.times(rest1).plus(beta1.times(*m)) } else { *m };
            *var = var.minus(direction.times(alpha).over(v.sqrt().plus(epsilon)));
        }
    }

    /// Adagrad: <https://jmlr.org/papers/v12/duchi11a.html>. The flag says whether the sum of squares grows.
    pub fn adagrad<T: Real>(variables: [&mut [T]; 2], grad: &[T], numbers: &Numbers<T, 1>) {
        let ([var, accum], [lr]) = (variables, numbers.scalars);
        for ((var, accum), &g) in var.iter_mut().zip(accum).zip(grad) {
            if numbers.flag {
                *accum = accum.plus(g.times(g));
            }
            *var = var.minus(g.times(lr).over(accum.sqrt()));
        }
    }

    /// Adagrad with what keeps the division from zero.
    pub fn adagrad_v2<T: Real>(variables: [&mut [T]; 2], grad: &[T], numbers: &Numbers<T, 2>) {
        let ([var, accum], [lr, epsilon]) = (variables, numbers.scalars);
        for ((var, accum), &g) in var.iter_mut().zip(accum).zip(grad) {
            if numbers.flag {
                *accum = accum.plus(g.times(g));
            }
            *var = var.minus(g.times(lr).over(accum.sqrt().plus(epsilon)));
        }
    }

    /// Adadelta: <https://arxiv.org/abs/1212.5701>, algorithm 1, with a learning rate.
    pub fn adadelta<T: Real>(variables: [&mut [T]; 3], grad: &[T], numbers: &Numbers<T, 3>) {
        let ([var, accum, accum_update], [lr, rho, epsilon]) = (variables, numbers.scalars);
        let rest = T::ONE.minus(rho);
        for ((var, &g), (accum, updates)) in var.iter_mut().zip(grad).zip(accum.iter_mut().zip(accum_update)) {
            *accum = accum.times(rho).plus(g.times(g).times(rest));
            let update = updates.plus(epsilon).sqrt().over(accum.plus(epsilon).sqrt()).times(g);
            *var = var.minus(update.times(lr));
            *updates = updates.times(rho).plus(update.times(update).times(rest));
        }
    }

    /// RMSProp with momentum: Tieleman and Hinton, lecture 6.5 of "Neural Networks for Machine Learning", 2012.
    pub fn rms_prop<T: Real>(variables: [&mut [T]; 3], grad: &[T], numbers: &Numbers<T, 4>) {
        let ([var, ms, mom], [lr, rho, momentum, epsilon]) = (variables, numbers.scalars);
        let rest = T::ONE.minus(rho);
        for ((var, &g), (ms, mom)) in var.iter_mut().zip(grad).zip(ms.iter_mut().zip(mom)) {
            *ms = ms.plus(g.times(g).minus(*ms).times(rest));
            *mom = mom.times(momentum).plus(g.times(lr).over(ms.plus(epsilon).sqrt()));
            *var = var.minus(*mom);
        }
    }

    /// RMSProp by an estimate of the variance: <https://arxiv.org/abs/1308.0850>, equations 38 to 45.
    pub fn centered_rms_prop<T: Real>(variables: [&mut [T]; 4], grad: &[T], numbers: &Numbers<T, 4>) {
        let ([var, mg, ms, mom], [lr, rho, momentum, epsilon]) = (variables, numbers.scalars);
        let rest = T::ONE.minus(rho);
        for (((var, &g), mg), (ms, mom)) in var.iter_mut().zip(grad).zip(mg).zip(ms.iter_mut().zip(mom)) {
            *ms = ms.plus(g.times(g).minus(*ms).times(rest));
            *mg = mg.plus(g.minus(*mg).times(rest));
            let variance = ms.minus(mg.times(*mg)).plus(epsilon);
            *mom = mom.times(momentum).plus(g.times(lr).over(variance.sqrt()));
            *var = var.minus(*mom);
        }
    }

    /// Gradient descent and then a proximal step: <https://papers.nips.cc/paper/3793>.
    pub fn proximal_gradient_descent<T: Real>(variables: [&mut [T]; 1], grad: &[T], numbers: &Numbers<T, 3>) {
        let ([var], [alpha, l1, l2]) = (variables, numbers.scalars);
        for (var, &g) in var.iter_mut().zip(grad) {
            *var = proximal(var.minus(g.times(alpha)), alpha, l1, l2);
        }
    }

    /// Adagrad and then a proximal step.
    pub fn proximal_adagrad<T: Real>(variables: [&mut [T]; 2], grad: &[T], numbers: &Numbers<T, 3>) {
        let ([var, accum], [lr, l1, l2]) = (variables, numbers.scalars);
        for ((var, accum), &g) in var.iter_mut().zip(accum).zip(grad) {
            *accum = accum.plus(g.times(g));
            let rate = lr.over(accum.sqrt());
            *var = proximal(var.minus(g.times(rate)), rate, l1, l2);
        }
    }

    /// Adagrad by dual averaging: <https://jmlr.org/papers/v12/duchi11a.html>. The last scalar is the number of the step.
    pub fn adagrad_da<T: Real>(variables: [&mut [T]; 3], grad: &[T], numbers: &Numbers<T, 4>) {
        let ([var, sum, squares], [lr, l1, l2, step]) = (variables, numbers.scalars);
        for ((var, &g), (sum, squares)) in var.iter_mut().zip(grad).zip(sum.iter_mut().zip(squares)) {
            *sum = sum.plus(g);
            *squares = squares.plus(g.times(g));
            let shrunk = if l1 > T::ZERO { shrink(*sum, l1.times(step)) } else { *sum };
            *var = lr.negative().times(shrunk).over(l2.times(step).times(lr).plus(squares.sqrt()));
        }
    }

    /// FTRL-Proximal: <https://research.google/pubs/pub41159>, algorithm 1. The flag means that `linear` is kept
    /// multiplied by the learning rate.
    pub fn ftrl<T: Real>(variables: [&mut [T]; 3], grad: &[T], numbers: &Numbers<T, 4>) {
        let [lr, l1, l2, lr_power] = numbers.scalars;
        ftrl_step(variables, grad, [lr, l1, l2, T::ZERO, lr_power], numbers.flag);
    }

    /// FTRL-Proximal with a shrinkage that the sum of squares does not see.
    pub fn ftrl_v2<T: Real>(variables: [&mut [T]; 3], grad: &[T], numbers: &Numbers<T, 5>) {
        ftrl_step(variables, grad, numbers.scalars, numbers.flag);
    }
}

/// `x` moved towards zero by `by`, and no further.
#[inline(always)]
fn shrink<T: Real>(x: T, by: T) -> T {
    let size = if x < T::ZERO { x.negative() } else { x };
    let rest = if size <= by { T::ZERO } else { size.minus(by) };
    if x < T::ZERO { rest.negative() } else { rest }
}

/// The point that balances the distance to `x` with the two norms.
#[inline(always)]
fn proximal<T: Real>(x: T, rate: T, l1: T, l2: T) -> T {
    let x = if l1 > T::ZERO { shrink(x, rate.times(l1)) } else { x };
    x.over(T::ONE.plus(l2.times(rate)))
}

#[inline(always)]
fn ftrl_step<T: Real>(
    [var, accum, linear]: [&mut [T]; 3],
    grad: &[T],
    [lr, l1, l2, shrinkage, lr_power]: [T; 5],
    multiplied: bool,
) {
    let power = |x: T| {
        if lr_power == T::from_f64(-0.5) { x.sqrt() } else { T::from_f64(x.to_f64().powf(-lr_power.to_f64())) }
    };
    // What is kept is multiplied by the rate, or what is added is divided by it.
    let (times, over) = if multiplied { (lr, T::ONE) } else { (T::ONE, lr) };
    let two = T::ONE.plus(T::ONE);
    for ((var, &g), (accum, linear)) in var.iter_mut().zip(grad).zip(accum.iter_mut().zip(linear)) {
        let shrunk = g.plus(two.times(shrinkage).times(*var));
        let grown = accum.plus(g.times(g));
        let sigma = power(grown).minus(power(*accum)).over(over);
        *linear = linear.plus(shrunk.times(times).minus(sigma.times(*var)));
        let quadratic = power(grown).over(over).plus(two.times(l2).times(times));
        let bound = l1.times(times);
        let outside = *linear > bound || linear.negative() > bound;
        *var = if outside { shrink(*linear, bound).negative().over(quadratic) } else { T::ZERO };
        *accum = grown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::cpu::tests::at_every_level;
    use crate::kernels::gemm::{Mat, gemm};

    fn numbers(n: usize, k: usize) -> Vec<f32> {
        (0..n).map(|i| (i * k % 997) as f32 / 997.0 - 0.3).collect()
    }

    #[test]
    fn steps_are_the_formula_element_by_element() {
        let n = 2 * ELEMENTWISE_CHUNK + 21;
        let (var, m, grad) = (numbers(n, 7), numbers(n, 11), numbers(n, 17));
        let v: Vec<f32> = numbers(n, 13).iter().map(|x| x.abs()).collect();
        for flag in [false, true] {
            let step = Numbers { scalars: [0.9, 0.999, 0.01, 0.9, 0.999, 1e-8], flag };
            let results = at_every_level(|| {
                let (mut var, mut m, mut v) = (var.clone(), m.clone(), v.clone());
                dense(adam, [&mut var, &mut m, &mut v], &grad, &step);
                dense(gradient_descent, [&mut m], &grad, &Numbers { scalars: [0.5], flag: false });
                (var, m, v)
            });
            let alpha = 0.01f32 * (1.0f32 - 0.999).sqrt() / (1.0f32 - 0.9);
            for (new_var, new_m, new_v) in results {
                for i in (0..n).step_by(101).chain([n - 1]) {
                    let g = grad[i];
                    let (mi, vi) = (m[i] + (g - m[i]) * (1.0 - 0.9), v[i] + (g * g - v[i]) * (1.0 - 0.999));
                    let direction = if flag { g * (1.0 - 0.9) + 0.9 * mi } else { mi };
                    assert_eq!(new_var[i], var[i] - direction * alpha / (vi.sqrt() + 1e-8), "{i} {flag}");
                    assert_eq!((new_m[i], new_v[i]), (mi - 0.5 * g, vi), "{i} {flag}");
                }
            }
        }
    }

    #[test]
    fn a_product_is_applied_as_if_it_had_been_there() {
        for (m, k, n) in [(1, 1, 1), (97, 3, 70), (300, 11, 129), (40, 0, 3), (1200, 257, 31)] {
            let (a, b) = (numbers(k * m, 19), numbers(k * n, 23));
            let (a, b) = (Mat::new(&a, k, m).t(), Mat::new(&b, k, n));
            let step = Numbers { scalars: [0.1, 0.9], flag: true };
            for [one, other] in at_every_level(|| {
                let mut grad = vec![0.0; m * n];
                gemm(a, b, &mut grad);
                [true, false].map(|whole| {
                    let (mut var, mut accum) = (numbers(m * n, 7), numbers(m * n, 11));
                    let variables: [&mut [f32]; 2] = [&mut var, &mut accum];
                    if whole {
                        dense(momentum, variables, &grad, &step);
                    } else {
                        Product::with(a, b, |gradient| product(momentum, variables, gradient, 0..m, &step));
                    }
                    (var, accum)
                })
            }) {
                assert!(one == other, "{m} {k} {n}");
            }
        }
    }

    #[test]
    fn rows_are_changed_where_they_are_named_and_as_often() {
        let (mut var, grad) = (numbers(12, 7), numbers(9, 5));
        let before = var.clone();
        sparse(gradient_descent, [&mut var], &[3, 0, 3], &grad, &Numbers { scalars: [2.0], flag: false });
        for (i, (new, old)) in var.iter().zip(&before).enumerate() {
            let expected = match i / 3 {
                0 => old - 2.0 * grad[3 + i],
                3 => old - 2.0 * grad[i - 9] - 2.0 * grad[6 + i - 9],
                _ => *old,
            };
            assert_eq!(*new, expected, "{i}");
        }
    }
}
