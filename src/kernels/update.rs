//! One step of an optimizer on the numbers of a variable and of what is kept beside it.

use std::mem::take;
use std::ops::Range;

use super::Plain;
use super::gemm::{GemmElement, Product};
use super::math::Real;
use super::parallel::{ELEMENTWISE_CHUNK, join};
use super::simd::vectorized;

/// Variables that a rule changes at most: what it is for, and its slots.
const MOST_VARIABLES: usize = 4;

/// Scalars that a rule takes at most.
const MOST_SCALARS: usize = 6;

/// A variable and its slots, in the order of the operation's arguments; what a rule does not take is empty.
pub type Variables<'a, T> = [&'a mut [T]; MOST_VARIABLES];

/// The numbers of a step: what [`Rule::numbers`] makes.
#[derive(Clone, Copy, Debug)]
pub struct Numbers<T> {
    /// The scalars; zero beyond those that the rule takes.
    scalars: [T; MOST_SCALARS],
    /// The attribute that is a truth value besides `use_locking`; false if there is none.
    flag: bool,
}

/// A rule: changes a variable and its slots together, by a gradient of as many numbers.
#[derive(Clone, Copy, Debug)]
pub struct Rule<T> {
    variables: usize,
    scalars: usize,
    step: fn(Variables<T>, &[T], &Numbers<T>),
}

impl<T: Real> Rule<T> {
    /// How many variables it changes.
    pub fn variables(&self) -> usize {
        self.variables
    }

    /// The numbers of a step: the scalars in the order of the operation's arguments, and its flag. None unless there are
    /// as many as it takes.
    pub fn numbers(&self, scalars: &[T], flag: bool) -> Option<Numbers<T>> {
        let mut numbers = Numbers { scalars: [T::ZERO; MOST_SCALARS], flag };
        numbers.scalars.get_mut(..scalars.len())?.copy_from_slice(scalars);
        (scalars.len() == self.scalars).then_some(numbers)
    }

    fn split<'a>(&self, variables: Variables<'a, T>, middle: usize) -> (Variables<'a, T>, Variables<'a, T>) {
        let (mut left, mut right) = (Variables::default(), Variables::default());
        for ((variable, left), right) in variables.into_iter().zip(&mut left).zip(&mut right).take(self.variables) {
            (*left, *right) = variable.split_at_mut(middle);
        }
        (left, right)
    }
}

/// Applies `rule` to all numbers.
pub fn dense<T: Plain + Real>(rule: &Rule<T>, variables: Variables<T>, grad: &[T], numbers: &Numbers<T>) {
    if grad.len() <= ELEMENTWISE_CHUNK {
        return (rule.step)(variables, grad, numbers);
    }
    // Halves of whole chunks, so that the parts follow from the length alone.
    let middle = grad.len().div_ceil(ELEMENTWISE_CHUNK) / 2 * ELEMENTWISE_CHUNK;
    let (mut left, mut right) = rule.split(variables, middle);
    let (first, second) = grad.split_at(middle);
    join(&mut || dense(rule, take(&mut left), first, numbers), &mut || dense(rule, take(&mut right), second, numbers));
}

/// Applies `rule` to the numbers of `rows`, whose gradient is a product: as soon as some of it is there.
pub fn product<T: Plain + Real + GemmElement>(
    rule: &Rule<T>,
    variables: Variables<T>,
    gradient: &Product<T>,
    rows: Range<usize>,
    numbers: &Numbers<T>,
) {
    let (few, task) = gradient.portions();
    if rows.len() <= task {
        let mut rest = variables;
        for start in rows.clone().step_by(few) {
            let some = start..(start + few).min(rows.end);
            let (now, later) = rule.split(rest, some.len() * gradient.columns());
            gradient.with_rows(some, |grad| (rule.step)(now, grad, numbers));
            rest = later;
        }
        return;
    }
    let middle = rows.len().div_ceil(task) / 2 * task;
    let (mut left, mut right) = rule.split(variables, middle * gradient.columns());
    let (first, second) = (rows.start..rows.start + middle, rows.start + middle..rows.end);
    join(&mut || product(rule, take(&mut left), gradient, first.clone(), numbers), &mut || {
        product(rule, take(&mut right), gradient, second.clone(), numbers);
    });
}

/// Applies `rule` to the rows that `rows` names, one after the other, each with its row of `grad`.
pub fn sparse<T: Real>(rule: &Rule<T>, variables: Variables<T>, rows: &[i64], grad: &[T], numbers: &Numbers<T>) {
    let width = grad.len().checked_div(rows.len()).unwrap_or(0);
    let mut variables = variables;
    for (i, &row) in rows.iter().enumerate() {
        let start = row as usize * width;
        let mut parts = Variables::default();
        for (part, variable) in parts.iter_mut().zip(&mut variables).take(rule.variables) {
            *part = &mut variable[start..start + width];
        }
        (rule.step)(parts, &grad[i * width..(i + 1) * width], numbers);
    }
}

/// Functions that give a rule: `name([variables], gradient, [scalars], flag) { what it does to them }`.
macro_rules! rules {
    ($($(#[$meta:meta])* $name:ident([$($variable:ident),+], $grad:ident, [$($scalar:ident),+] $(, $flag:ident)?)
        { $($body:tt)* })*) => {$(
        $(#[$meta])*
        pub fn $name<T: Real>() -> Rule<T> {
            vectorized! {
                fn step<T: Real>(variables: Variables<T>, $grad: &[T], numbers: &Numbers<T>) {
                    let ([$($variable,)+ ..], [$($scalar,)+ ..]) = (variables, numbers.scalars);
                    $(let $flag = numbers.flag;)?
                    $($body)*
                }
            }
            Rule {
                variables: [$(stringify!($variable)),+].len(),
                scalars: [$(stringify!($scalar)),+].len(),
                step: step::<T>,
            }
        }
    )*};
}

rules! {
    /// `var -= alpha * grad`.
    gradient_descent([var], grad, [alpha]) {
        for (var, &g) in var.iter_mut().zip(grad) {
            *var = var.minus(alpha.times(g));
        }
    }

    /// Momentum; the flag means Nesterov's: <https://proceedings.mlr.press/v28/sutskever13.html>.
    momentum([var, accum], grad, [lr, momentum], nesterov) {
        for ((var, accum), &g) in var.iter_mut().zip(accum).zip(grad) {
            *accum = accum.times(momentum).plus(g);
            let direction = if nesterov { g.times(lr).plus(accum.times(momentum).times(lr)) } else { accum.times(lr) };
            *var = var.minus(direction);
        }
    }

    /// Adam: <https://arxiv.org/abs/1412.6980>, section 2, the reordered form. The flag means Nesterov's.
    adam([var, m, v], grad, [beta1_power, beta2_power, lr, beta1, beta2, epsilon], nesterov) {
        let alpha = lr.times(T::ONE.minus(beta2_power).sqrt()).over(T::ONE.minus(beta1_power));
        let (rest1, rest2) = (T::ONE.minus(beta1), T::ONE.minus(beta2));
        for ((var, &g), (m, v)) in var.iter_mut().zip(grad).zip(m.iter_mut().zip(v)) {
            *m = m.plus(g.minus(*m).times(rest1));
            *v = v.plus(g.times(g).minus(*v).times(rest2));
            let direction = if nesterov { g.times(rest1).plus(beta1.times(*m)) } else { *m };
            *var = var.minus(direction.times(alpha).over(v.sqrt().plus(epsilon)));
        }
    }

    /// Adagrad: <https://jmlr.org/papers/v12/duchi11a.html>. The flag says whether the sum of squares grows.
    adagrad([var, accum], grad, [lr], grows) {
        for ((var, accum), &g) in var.iter_mut().zip(accum).zip(grad) {
            if grows {
                *accum = accum.plus(g.times(g));
            }
            *var = var.minus(g.times(lr).over(accum.sqrt()));
        }
    }

    /// Adagrad with what keeps the division from zero.
    adagrad_v2([var, accum], grad, [lr, epsilon], grows) {
        for ((var, accum), &g) in var.iter_mut().zip(accum).zip(grad) {
            if grows {
                *accum = accum.plus(g.times(g));
            }
            *var = var.minus(g.times(lr).over(accum.sqrt().plus(epsilon)));
        }
    }

    /// Adadelta: <https://arxiv.org/abs/1212.5701>, algorithm 1, with a learning rate.
    adadelta([var, accum, accum_update], grad, [lr, rho, epsilon]) {
        let rest = T::ONE.minus(rho);
        for ((var, &g), (accum, updates)) in var.iter_mut().zip(grad).zip(accum.iter_mut().zip(accum_update)) {
            *accum = accum.times(rho).plus(g.times(g).times(rest));
            let update = updates.plus(epsilon).sqrt().over(accum.plus(epsilon).sqrt()).times(g);
            *var = var.minus(update.times(lr));
            *updates = updates.times(rho).plus(update.times(update).times(rest));
        }
    }

    /// RMSProp with momentum: Tieleman and Hinton, lecture 6.5 of "Neural Networks for Machine Learning", 2012.
    rms_prop([var, ms, mom], grad, [lr, rho, momentum, epsilon]) {
        let rest = T::ONE.minus(rho);
        for ((var, &g), (ms, mom)) in var.iter_mut().zip(grad).zip(ms.iter_mut().zip(mom)) {
            *ms = ms.plus(g.times(g).minus(*ms).times(rest));
            *mom = mom.times(momentum).plus(g.times(lr).over(ms.plus(epsilon).sqrt()));
            *var = var.minus(*mom);
        }
    }

    /// RMSProp by an estimate of the variance: <https://arxiv.org/abs/1308.0850>, equations 38 to 45.
    centered_rms_prop([var, mg, ms, mom], grad, [lr, rho, momentum, epsilon]) {
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
    proximal_gradient_descent([var], grad, [alpha, l1, l2]) {
        for (var, &g) in var.iter_mut().zip(grad) {
            *var = proximal(var.minus(g.times(alpha)), alpha, l1, l2);
        }
    }

    /// Adagrad and then a proximal step.
    proximal_adagrad([var, accum], grad, [lr, l1, l2]) {
        for ((var, accum), &g) in var.iter_mut().zip(accum).zip(grad) {
            *accum = accum.plus(g.times(g));
            let rate = lr.over(accum.sqrt());
            *var = proximal(var.minus(g.times(rate)), rate, l1, l2);
        }
    }

    /// Adagrad by dual averaging: <https://jmlr.org/papers/v12/duchi11a.html>. The last scalar is the number of the step.
    adagrad_da([var, sum, squares], grad, [lr, l1, l2, step]) {
        for ((var, &g), (sum, squares)) in var.iter_mut().zip(grad).zip(sum.iter_mut().zip(squares)) {
            *sum = sum.plus(g);
            *squares = squares.plus(g.times(g));
            let shrunk = if l1 > T::ZERO { shrink(*sum, l1.times(step)) } else { *sum };
            *var = lr.negative().times(shrunk).over(l2.times(step).times(lr).plus(squares.sqrt()));
        }
    }

    /// FTRL-Proximal: <https://research.google/pubs/pub41159>, algorithm 1. The flag means that `linear` is kept
    /// multiplied by the learning rate.
    ftrl([var, accum, linear], grad, [lr, l1, l2, lr_power], multiplied) {
        ftrl_step([var, accum, linear], grad, [lr, l1, l2, T::ZERO, lr_power], multiplied);
    }

    /// FTRL-Proximal with a shrinkage that the sum of squares does not see.
    ftrl_v2([var, accum, linear], grad, [lr, l1, l2, l2_shrinkage, lr_power], multiplied) {
        ftrl_step([var, accum, linear], grad, [lr, l1, l2, l2_shrinkage, lr_power], multiplied);
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
            let (adam, descent) = (adam(), gradient_descent());
            let step = adam.numbers(&[0.9, 0.999, 0.01, 0.9, 0.999, 1e-8], flag).unwrap();
            let back = descent.numbers(&[0.5], false).unwrap();
            let results = at_every_level(|| {
                let (mut var, mut m, mut v) = (var.clone(), m.clone(), v.clone());
                dense(&adam, [&mut var, &mut m, &mut v, &mut []], &grad, &step);
                dense(&descent, [&mut m, &mut [], &mut [], &mut []], &grad, &back);
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
            let momentum = momentum();
            let step = momentum.numbers(&[0.1, 0.9], true).unwrap();
            for [one, other] in at_every_level(|| {
                let mut grad = vec![0.0; m * n];
                gemm(a, b, &mut grad);
                [true, false].map(|whole| {
                    let (mut var, mut accum) = (numbers(m * n, 7), numbers(m * n, 11));
                    let variables: Variables<f32> = [&mut var, &mut accum, &mut [], &mut []];
                    if whole {
                        dense(&momentum, variables, &grad, &step);
                    } else {
                        Product::with(a, b, |gradient| product(&momentum, variables, gradient, 0..m, &step));
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
        let descent = gradient_descent();
        let step = descent.numbers(&[2.0], false).unwrap();
        sparse(&descent, [&mut var, &mut [], &mut [], &mut []], &[3, 0, 3], &grad, &step);
        for (i, (new, old)) in var.iter().zip(&before).enumerate() {
            let expected = match i / 3 {
                0 => old - 2.0 * grad[3 + i],
                3 => old - 2.0 * grad[i - 9] - 2.0 * grad[6 + i - 9],
                _ => *old,
            };
            assert_eq!(*new, expected, "{i}");
        }
    }

    #[test]
    fn a_rule_takes_as_many_scalars_as_it_names() {
        let rule = centered_rms_prop::<f64>();
        assert_eq!(rule.variables(), 4);
        for n in 0..9 {
            assert_eq!(rule.numbers(&vec![0.5; n], true).is_some(), n == 4, "{n}");
        }
    }
}
