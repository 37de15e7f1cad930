//! One step of an optimizer on the numbers of a variable.

use rayon::prelude::*;

use super::Plain;
use super::math::Real;
use super::parallel::{ELEMENTWISE_CHUNK, for_each_chunk};
use super::simd::vectorized;

/// The numbers of one step of Adam: <https://arxiv.org/abs/1412.6980>, section 2, the reordered form.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Adam<T> {
    pub alpha: T,
    pub beta1: T,
    pub one_minus_beta1: T,
    pub one_minus_beta2: T,
    pub epsilon: T,
    pub nesterov: bool,
}

vectorized! {
    fn descend<T: Real>(var: &mut [T], alpha: T, delta: &[T]) {
        for (var, delta) in var.iter_mut().zip(delta) {
            *var = var.minus(alpha.times(*delta));
        }
    }

    fn adam_part<T: Real>(var: &mut [T], m: &mut [T], v: &mut [T], step: &Adam<T>, grad: &[T]) {
        let Adam { alpha, beta1, one_minus_beta1, one_minus_beta2, epsilon, nesterov } = *step;
        for ((var, &g), (m, v)) in var.iter_mut().zip(grad).zip(m.iter_mut().zip(v)) {
            *m = m.plus(g.minus(*m).times(one_minus_beta1));
            *v = v.plus(g.times(g).minus(*v).times(one_minus_beta2));
            let direction = if nesterov { g.times(one_minus_beta1).plus(beta1.times(*m)) } else { *m };
            *var = var.minus(direction.times(alpha).over(v.sqrt().plus(epsilon)));
        }
    }
}

/// `var -= alpha * delta`.
pub fn gradient_descent<T: Real>(var: &mut [T], alpha: T, delta: &[T]) {
    for_each_chunk(var, ELEMENTWISE_CHUNK, |start, var| descend(var, alpha, &delta[start..]));
}

/// One step of Adam on `var` and its slots `m` and `v`. All have as many numbers as `grad`.
pub fn adam<T: Real + Plain>(var: &mut [T], m: &mut [T], v: &mut [T], step: &Adam<T>, grad: &[T]) {
    if var.len() <= ELEMENTWISE_CHUNK {
        return adam_part(var, m, v, step, grad);
    }
    let slots = m.par_chunks_mut(ELEMENTWISE_CHUNK).zip(v.par_chunks_mut(ELEMENTWISE_CHUNK));
    let parts = var.par_chunks_mut(ELEMENTWISE_CHUNK).zip(slots).zip(grad.par_chunks(ELEMENTWISE_CHUNK));
    parts.for_each(|((var, (m, v)), grad)| adam_part(var, m, v, step, grad));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::cpu::tests::at_every_level;

    #[test]
    fn steps_are_the_formula_element_by_element() {
        let n = ELEMENTWISE_CHUNK + 21;
        let numbers = |k: usize| (0..n).map(|i| (i * k % 997) as f32 / 997.0 - 0.3).collect::<Vec<_>>();
        let (var, m, grad) = (numbers(7), numbers(11), numbers(17));
        let v: Vec<f32> = numbers(13).iter().map(|x| x.abs()).collect();
        for nesterov in [false, true] {
            let step =
                Adam { alpha: 0.01, beta1: 0.9, one_minus_beta1: 0.1, one_minus_beta2: 0.001, epsilon: 1e-8, nesterov };
            let results = at_every_level(|| {
                let (mut var, mut m, mut v) = (var.clone(), m.clone(), v.clone());
                adam(&mut var, &mut m, &mut v, &step, &grad);
                gradient_descent(&mut m, 0.5, &grad);
                (var, m, v)
            });
            for (new_var, new_m, new_v) in results {
                for i in (0..n).step_by(101).chain([n - 1]) {
                    let g = grad[i];
                    let (mi, vi) = (m[i] + (g - m[i]) * 0.1, v[i] + (g * g - v[i]) * 0.001);
                    let direction = if nesterov { g * 0.1 + 0.9 * mi } else { mi };
                    assert_eq!(new_var[i], var[i] - direction * 0.01 / (vi.sqrt() + 1e-8), "{i} {nesterov}");
                    assert_eq!((new_m[i], new_v[i]), (mi - 0.5 * g, vi), "{i} {nesterov}");
                }
            }
        }
    }
}
