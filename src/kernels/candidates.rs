//! Classes drawn by their frequency, with TensorFlow's numbers: what sampled losses compare with.

use std::collections::HashSet;

use super::random::PhiloxRandom;

/// How classes are drawn.
#[derive(Debug)]
pub enum Classes {
    /// All of them, in order.
    All,
    /// Each as likely as the others, below this number.
    Uniform(u64),
    /// Class `k` in proportion to `log((k + 2) / (k + 1))`, below this number.
    LogUniform(u64),
    /// In proportion to weights.
    Weighted(Weighted),
    /// In proportion to how often each was counted, and once more.
    Counted(Vec<u32>),
}

impl Classes {
    /// One class.
    fn draw(&self, generator: &mut PhiloxRandom) -> u64 {
        match self {
            Classes::All => 0,
            Classes::Uniform(n) => generator.below(*n),
            Classes::LogUniform(n) => ((generator.next_f64() * (*n as f64).ln_1p()).exp() as u64 - 1) % n,
            Classes::Weighted(weighted) => weighted.draw(generator),
            Classes::Counted(counts) => {
                let mut place = generator.below_u32(counts.iter().sum());
                let found = counts.iter().position(|count| match place.checked_sub(*count) {
                    Some(rest) => {
                        place = rest;
                        false
                    }
                    None => true,
                });
                found.unwrap_or(0) as u64
            }
        }
    }

    /// How likely class `k` is.
    fn probability(&self, k: u64) -> f32 {
        match self {
            Classes::All => 1.0,
            Classes::Uniform(n) => (1.0 / *n as f64) as f32,
            Classes::LogUniform(n) => {
                let k = k as f64;
                (((k + 2.0) / (k + 1.0)).ln() / (*n as f64).ln_1p()) as f32
            }
            Classes::Weighted(weighted) => {
                weighted.weights.get(k as usize).map_or(0.0, |weight| weight / weighted.total)
            }
            Classes::Counted(counts) => {
                let total: u32 = counts.iter().sum();
                counts.get(k as usize).map_or(0.0, |count| *count as f32 / total as f32)
            }
        }
    }

    /// How many classes can be drawn at all.
    pub fn possible(&self) -> u64 {
        match self {
            Classes::All => u64::MAX,
            Classes::Uniform(n) | Classes::LogUniform(n) => *n,
            Classes::Weighted(weighted) => weighted.weights.iter().filter(|weight| **weight > 0.0).count() as u64,
            Classes::Counted(counts) => counts.len() as u64,
        }
    }

    /// Counts these classes, if it counts.
    pub fn count(&mut self, classes: &[u64]) {
        if let Classes::Counted(counts) = self {
            for &k in classes {
                if let Some(count) = counts.get_mut(k as usize) {
                    *count = count.saturating_add(1);
                }
            }
        }
    }
}

/// Classes with weights, each a column in which another one fills what is free (Walker's alias method).
#[derive(Debug)]
pub struct Weighted {
    weights: Vec<f32>,
    total: f32,
    columns: Vec<(f32, usize)>,
}

impl Weighted {
    /// Classes with these weights; `None` if they have no sum above 0.
    pub fn new(weights: Vec<f32>) -> Option<Self> {
        let n = weights.len();
        let sum: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
        if !sum.is_finite() || sum <= 0.0 || weights.iter().any(|weight| *weight < 0.0) {
            return None;
        }
        let mut shares: Vec<f64> = weights.iter().map(|weight| f64::from(weight * n as f32) / sum).collect();
        let mut columns: Vec<(f32, usize)> = (0..n).map(|k| (1.0, k)).collect();
        let (mut low, mut high): (Vec<usize>, Vec<usize>) = (0..n).partition(|&k| shares[k] < 1.0);
        while let (Some(&l), Some(&h)) = (low.last(), high.last()) {
            low.pop();
            high.pop();
            columns[l] = (shares[l] as f32, h);
            shares[h] -= 1.0 - shares[l];
            if shares[h] < 1.0 { low.push(h) } else { high.push(h) }
        }
        let total = weights.iter().sum();
        Some(Weighted { weights, total, columns })
    }

    fn draw(&self, generator: &mut PhiloxRandom) -> u64 {
        let share = generator.next_f32();
        let k = generator.below_u32(self.columns.len() as u32) as usize;
        let (own, other) = self.columns[k];
        (if share < own { k } else { other }) as u64
    }
}

/// Draws a class for each place of `out`, no two alike if `unique`; how often it was tried. `None` if that would take
/// more tries than anyone can wait for.
pub fn draw(classes: &Classes, generator: &mut PhiloxRandom, unique: bool, out: &mut [i64]) -> Option<usize> {
    if let Classes::All = classes {
        out.iter_mut().enumerate().for_each(|(k, out)| *out = k as i64);
        return Some(out.len());
    }
    let mut used = HashSet::new();
    let mut tries = 0;
    for out in out.iter_mut() {
        loop {
            tries += 1;
            *out = classes.draw(generator) as i64;
            if !unique || used.insert(*out) {
                break;
            }
            if tries > i32::MAX as usize {
                return None;
            }
        }
    }
    Some(tries)
}

/// How often class `k` is expected among `drawn` classes that took so many tries.
pub fn expected(classes: &Classes, k: u64, drawn: usize, tries: usize) -> f32 {
    let p = classes.probability(k);
    if let Classes::All = classes {
        return 1.0;
    }
    if tries == drawn { p * drawn as f32 } else { -(tries as f32 * (-p).ln_1p()).exp_m1() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_follow_the_probabilities() {
        let weighted = Weighted::new(vec![1.0, 0.0, 3.0, 4.0]).map(Classes::Weighted);
        let mut counted = Classes::Counted(vec![1; 4]);
        counted.count(&[1, 1, 3, 9]);
        for classes in [Classes::Uniform(4), Classes::LogUniform(4), weighted.unwrap_or(Classes::All), counted] {
            const N: usize = 20_000;
            let mut drawn = vec![0; N];
            assert_eq!(draw(&classes, &mut PhiloxRandom::new(1, 2), false, &mut drawn), Some(N));
            for k in 0..4 {
                let share = drawn.iter().filter(|class| **class == k as i64).count() as f32 / N as f32;
                // Five standard deviations.
                let p = classes.probability(k);
                assert!((share - p).abs() <= 5.0 * (p * (1.0 - p) / N as f32).sqrt(), "{classes:?} {k}: {share}, {p}");
            }
        }
        assert!(Weighted::new(vec![0.0]).is_none() && Weighted::new(vec![]).is_none());
    }

    #[test]
    fn unique_classes_are_drawn_once() {
        let mut drawn = vec![0; 5];
        let tries = draw(&Classes::LogUniform(5), &mut PhiloxRandom::new(1, 2), true, &mut drawn);
        drawn.sort_unstable();
        assert_eq!(drawn, [0, 1, 2, 3, 4]);
        assert!(tries.is_some_and(|tries| tries > 5));
    }
}
