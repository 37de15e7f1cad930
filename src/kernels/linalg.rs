//! Linear algebra of small matrices, all in `f64`: factors, solutions, eigenvalues, by the plain methods. Signs and orders
//! are those of Eigen, which TensorFlow uses, save the signs of singular vectors.

use std::ops::{Index, IndexMut};

use crate::sort::sort_by;

/// A matrix, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// The number of rows.
    pub rows: usize,
    /// The number of columns.
    pub cols: usize,
    /// The elements.
    pub data: Vec<f64>,
}

impl Index<(usize, usize)> for Matrix {
    type Output = f64;
    fn index(&self, (i, j): (usize, usize)) -> &f64 {
        &self.data[i * self.cols + j]
    }
}

impl IndexMut<(usize, usize)> for Matrix {
    fn index_mut(&mut self, (i, j): (usize, usize)) -> &mut f64 {
        &mut self.data[i * self.cols + j]
    }
}

impl Matrix {
    /// The matrix of `f(i, j)`.
    pub fn from_fn(rows: usize, cols: usize, f: impl Fn(usize, usize) -> f64) -> Self {
        Matrix {
            rows,
            cols,
            data: (0..rows).flat_map(|i| (0..cols).map(move |j| (i, j))).map(|(i, j)| f(i, j)).collect(),
        }
    }

    /// The matrix with ones on its diagonal.
    pub fn identity(n: usize) -> Self {
        Matrix::from_fn(n, n, |i, j| if i == j { 1.0 } else { 0.0 })
    }

    /// Rows and columns exchanged.
    pub fn transposed(&self) -> Self {
        Matrix::from_fn(self.cols, self.rows, |i, j| self[(j, i)])
    }

    /// The product with `other`.
    pub fn times(&self, other: &Matrix) -> Self {
        Matrix::from_fn(self.rows, other.cols, |i, j| (0..self.cols).map(|k| self[(i, k)] * other[(k, j)]).sum())
    }

    /// The first rows and columns.
    pub fn corner(&self, rows: usize, cols: usize) -> Self {
        Matrix::from_fn(rows, cols, |i, j| self[(i, j)])
    }

    fn swap_columns(&mut self, a: usize, b: usize) {
        (0..self.rows).for_each(|i| self.data.swap(i * self.cols + a, i * self.cols + b));
    }
}

/// The lower triangle `L` with `L Lᵀ = a`, of which the lower triangle is read; `None` unless `a` is positive definite.
pub fn cholesky(a: &Matrix) -> Option<Matrix> {
    let mut l = Matrix::from_fn(a.rows, a.cols, |_, _| 0.0);
    for j in 0..a.rows {
        for i in j..a.rows {
            let rest = a[(i, j)] - (0..j).map(|k| l[(i, k)] * l[(j, k)]).sum::<f64>();
            l[(i, j)] = if i > j {
                rest / l[(j, j)]
            } else if rest > 0.0 {
                rest.sqrt()
            } else {
                return None;
            };
        }
    }
    Some(l)
}

/// The gradient to `a` of the lower triangle `l` with `l lᵀ = a`, from that to `l`.
pub fn cholesky_grad(l: &Matrix, grad: &Matrix) -> Matrix {
    let inverse = solve_triangular(l, &Matrix::identity(l.rows), true, false);
    let product = l.transposed().times(&Matrix::from_fn(l.rows, l.cols, |i, j| if i < j { 0.0 } else { grad[(i, j)] }));
    let middle = Matrix::from_fn(l.rows, l.cols, |i, j| match i.cmp(&j) {
        std::cmp::Ordering::Less => 0.0,
        std::cmp::Ordering::Equal => 0.5 * product[(i, j)],
        std::cmp::Ordering::Greater => product[(i, j)],
    });
    let half = inverse.transposed().times(&middle).times(&inverse);
    Matrix::from_fn(l.rows, l.cols, |i, j| 0.5 * (half[(i, j)] + half[(j, i)]))
}

/// The solution of `a x = b` for a triangle `a`, or of `aᵀ x = b`; not finite if a diagonal element is 0.
pub fn solve_triangular(a: &Matrix, b: &Matrix, lower: bool, adjoint: bool) -> Matrix {
    let n = a.rows;
    let at = |i: usize, k: usize| if adjoint { a[(k, i)] } else { a[(i, k)] };
    let forward = lower != adjoint;
    let mut x = b.clone();
    for step in 0..n {
        let i = if forward { step } else { n - 1 - step };
        let known = if forward { 0..i } else { i + 1..n };
        for j in 0..b.cols {
            let sum: f64 = known.clone().map(|k| at(i, k) * x[(k, j)]).sum();
            x[(i, j)] = (x[(i, j)] - sum) / a[(i, i)];
        }
    }
    x
}

/// Both triangles of a matrix whose rows stand in the order `order`.
#[derive(Debug)]
pub struct Lu {
    triangles: Matrix,
    order: Vec<usize>,
    sign: f64,
}

impl Lu {
    /// The triangles of `a`, the largest element of a column as pivot.
    pub fn new(a: &Matrix) -> Self {
        let n = a.rows;
        let (mut lu, mut order, mut sign) = (a.clone(), (0..n).collect::<Vec<_>>(), 1.0);
        for k in 0..n {
            let larger = |best: usize, i: usize| if lu[(i, k)].abs() > lu[(best, k)].abs() { i } else { best };
            let pivot = (k + 1..n).fold(k, larger);
            if pivot != k {
                (0..n).for_each(|j| lu.data.swap(k * n + j, pivot * n + j));
                order.swap(k, pivot);
                sign = -sign;
            }
            if lu[(k, k)] == 0.0 {
                continue;
            }
            for i in k + 1..n {
                lu[(i, k)] /= lu[(k, k)];
                for j in k + 1..n {
                    lu[(i, j)] -= lu[(i, k)] * lu[(k, j)];
                }
            }
        }
        Lu { triangles: lu, order, sign }
    }

    /// The solution of `a x = b`; `None` if `a` is singular.
    pub fn solve(&self, b: &Matrix) -> Option<Matrix> {
        if self.diagonal().any(|x| x == 0.0) {
            return None;
        }
        let ordered = Matrix::from_fn(b.rows, b.cols, |i, j| b[(self.order[i], j)]);
        let n = self.order.len();
        let lower = Matrix::from_fn(n, n, |i, j| if i == j { 1.0 } else { self.triangles[(i, j)] });
        Some(solve_triangular(&self.triangles, &solve_triangular(&lower, &ordered, true, false), false, false))
    }

    /// The determinant.
    pub fn determinant(&self) -> f64 {
        self.diagonal().product::<f64>() * self.sign
    }

    /// The sign of the determinant (0 if that is 0), and the logarithm of its size.
    pub fn log_determinant(&self) -> (f64, f64) {
        let size: f64 = self.diagonal().map(|x| x.abs().ln()).sum();
        let sign = if size == f64::NEG_INFINITY { 0.0 } else { self.diagonal().map(f64::signum).product::<f64>() };
        (sign * self.sign, size)
    }

    fn diagonal(&self) -> impl Iterator<Item = f64> {
        (0..self.order.len()).map(|i| self.triangles[(i, i)])
    }
}

/// A reflection that leaves only the first element of a vector: `I - tau v vᵀ`, where `v` starts with 1.
struct Reflection {
    v: Vec<f64>,
    tau: f64,
    /// What becomes of the first element.
    beta: f64,
}

impl Reflection {
    fn of(x: &[f64]) -> Self {
        let tail: f64 = x[1..].iter().map(|x| x * x).sum();
        let mut v = vec![0.0; x.len()];
        v[0] = 1.0;
        if tail <= f64::MIN_POSITIVE {
            return Reflection { v, tau: 0.0, beta: x[0] };
        }
        let size = (x[0] * x[0] + tail).sqrt();
        let beta = if x[0] >= 0.0 { -size } else { size };
        v[1..].iter_mut().zip(&x[1..]).for_each(|(v, y)| *v = y / (x[0] - beta));
        Reflection { v, tau: (beta - x[0]) / beta, beta }
    }

    /// Reflects the columns of `a` from row `first` on.
    fn reflect_rows(&self, a: &mut Matrix, first: usize) {
        for j in 0..a.cols {
            let sum: f64 = self.v.iter().enumerate().map(|(i, v)| v * a[(first + i, j)]).sum();
            self.v.iter().enumerate().for_each(|(i, v)| a[(first + i, j)] -= self.tau * sum * v);
        }
    }

    /// Reflects the rows of `a` from column `first` on.
    fn reflect_columns(&self, a: &mut Matrix, first: usize) {
        for i in 0..a.rows {
            let sum: f64 = self.v.iter().enumerate().map(|(j, v)| v * a[(i, first + j)]).sum();
            self.v.iter().enumerate().for_each(|(j, v)| a[(i, first + j)] -= self.tau * sum * v);
        }
    }
}

/// `a = q r` with an orthogonal square `q` and an upper triangle `r`.
pub fn qr(a: &Matrix) -> (Matrix, Matrix) {
    let (mut r, mut q) = (a.clone(), Matrix::identity(a.rows));
    for k in 0..a.rows.min(a.cols) {
        let column: Vec<f64> = (k..a.rows).map(|i| r[(i, k)]).collect();
        let reflection = Reflection::of(&column);
        reflection.reflect_rows(&mut r, k);
        r[(k, k)] = reflection.beta;
        (k + 1..a.rows).for_each(|i| r[(i, k)] = 0.0);
        reflection.reflect_columns(&mut q, k);
    }
    (q, r)
}

/// The eigenvalues of the symmetric matrix whose lower triangle is that of `a`, rising, and its eigenvectors as columns,
/// exact up to `epsilon`. `None` if they are not found in time, as for infinite elements.
pub fn eigen(a: &Matrix, epsilon: f64) -> Option<(Vec<f64>, Matrix)> {
    let n = a.rows;
    let scale = a.data.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    let scale = if scale == 0.0 { 1.0 } else { scale };
    let mut t = Matrix::from_fn(n, n, |i, j| if i >= j { a[(i, j)] / scale } else { a[(j, i)] / scale });
    let mut q = Matrix::identity(n);
    for k in 0..n.saturating_sub(1) {
        let column: Vec<f64> = (k + 1..n).map(|i| t[(i, k)]).collect();
        let reflection = Reflection::of(&column);
        reflection.reflect_rows(&mut t, k + 1);
        reflection.reflect_columns(&mut t, k + 1);
        t[(k + 1, k)] = reflection.beta;
        reflection.reflect_columns(&mut q, k + 1);
    }
    let mut diagonal: Vec<f64> = (0..n).map(|i| t[(i, i)]).collect();
    let mut beside: Vec<f64> = (1..n).map(|i| t[(i, i - 1)]).collect();
    diagonalize(&mut diagonal, &mut beside, &mut q, epsilon)?;
    for i in 0..n {
        let lower = |best: usize, k: usize| if diagonal[k] < diagonal[best] { k } else { best };
        let lowest = (i + 1..n).fold(i, lower);
        diagonal.swap(i, lowest);
        q.swap_columns(i, lowest);
    }
    Some((diagonal.into_iter().map(|x| x * scale).collect(), q))
}

/// Makes a symmetric tridiagonal matrix diagonal by rotations, which `q` follows.
fn diagonalize(diagonal: &mut [f64], beside: &mut [f64], q: &mut Matrix, epsilon: f64) -> Option<()> {
    const ROUNDS_EACH: usize = 30;
    let mut end = diagonal.len().saturating_sub(1);
    for _ in 0..=ROUNDS_EACH * diagonal.len() {
        for i in 0..end {
            let scaled = beside[i] / epsilon;
            let small = scaled * scaled <= diagonal[i].abs() + diagonal[i + 1].abs();
            if beside[i].abs() < f64::MIN_POSITIVE || small {
                beside[i] = 0.0;
            }
        }
        while end > 0 && beside[end - 1] == 0.0 {
            end -= 1;
        }
        if end == 0 {
            return Some(());
        }
        let start = (0..end).rev().take_while(|&i| beside[i] != 0.0).last().unwrap_or(end);
        rotate(diagonal, beside, start, end, q);
    }
    None
}

/// One implicit step with Wilkinson's shift.
fn rotate(diagonal: &mut [f64], beside: &mut [f64], start: usize, end: usize, q: &mut Matrix) {
    let half = (diagonal[end - 1] - diagonal[end]) * 0.5;
    let e = beside[end - 1];
    let mut shift = diagonal[end];
    if half == 0.0 {
        shift -= e.abs();
    } else if e != 0.0 {
        let far = half + half.hypot(e).copysign(half);
        shift -= if e * e == 0.0 { e / (far / e) } else { e * e / far };
    }
    let (mut x, mut z) = (diagonal[start] - shift, beside[start]);
    for k in start..end {
        if z == 0.0 {
            break;
        }
        let (c, s) = givens(x, z);
        let (first, between, second) = (diagonal[k], beside[k], diagonal[k + 1]);
        let (sdk, dkp1) = (s * first + c * between, s * between + c * second);
        diagonal[k] = c * (c * first - s * between) - s * (c * between - s * second);
        diagonal[k + 1] = s * sdk + c * dkp1;
        beside[k] = c * sdk - s * dkp1;
        if k > start {
            beside[k - 1] = c * beside[k - 1] - s * z;
        }
        x = beside[k];
        if k < end - 1 {
            z = -s * beside[k + 1];
            beside[k + 1] *= c;
        }
        for i in 0..q.rows {
            let (a, b) = (q[(i, k)], q[(i, k + 1)]);
            q[(i, k)] = c * a - s * b;
            q[(i, k + 1)] = s * a + c * b;
        }
    }
}

/// The rotation that makes `q` 0: its cosine and sine.
fn givens(p: f64, q: f64) -> (f64, f64) {
    if q == 0.0 {
        (if p < 0.0 { -1.0 } else { 1.0 }, 0.0)
    } else if p == 0.0 {
        (0.0, if q < 0.0 { 1.0 } else { -1.0 })
    } else if p.abs() > q.abs() {
        let t = q / p;
        let c = 1.0 / (1.0 + t * t).sqrt().copysign(p);
        (c, -t * c)
    } else {
        let t = p / q;
        let s = -1.0 / (1.0 + t * t).sqrt().copysign(q);
        (-t * s, s)
    }
}

/// The singular values of `a`, falling, and the vectors of both sides as columns of square matrices: `a = u s vᵀ`. By
/// rotations of pairs of columns; `None` if that comes to no end, as for infinite elements.
pub fn svd(a: &Matrix) -> Option<(Vec<f64>, Matrix, Matrix)> {
    if a.rows < a.cols {
        let (s, u, v) = svd(&a.transposed())?;
        return Some((s, v, u));
    }
    let n = a.cols;
    let (mut w, mut v) = (a.clone(), Matrix::identity(n));
    const ROUNDS: usize = 60;
    let is_done = (0..ROUNDS).any(|_| !orthogonalize(&mut w, &mut v));
    if !is_done {
        return None;
    }
    let size = |j: usize| (0..w.rows).map(|i| w[(i, j)] * w[(i, j)]).sum::<f64>().sqrt();
    let mut order: Vec<usize> = (0..n).collect();
    sort_by(&mut order, |&a, &b| size(b).total_cmp(&size(a)));
    let s: Vec<f64> = order.iter().map(|&j| size(j)).collect();
    let least = s.first().copied().unwrap_or(0.0) * f64::EPSILON;
    let known = s.iter().take_while(|s| **s > least).count();
    let u = completed(a.rows, (0..known).map(|k| (0..a.rows).map(|i| w[(i, order[k])] / s[k]).collect()).collect());
    Some((s, u, Matrix::from_fn(n, n, |i, j| v[(i, order[j])])))
}

/// Rotates each pair of columns of `w` so that they stand at right angles; `v` follows. Whether any did not yet. What is
/// so small beside the matrix that it is rounding stays.
fn orthogonalize(w: &mut Matrix, v: &mut Matrix) -> bool {
    const NEARLY: f64 = 8.0 * f64::EPSILON;
    let mut moved = false;
    let rounding = w.data.iter().map(|x| x * x).sum::<f64>() * f64::EPSILON * f64::EPSILON;
    for p in 0..w.cols {
        for q in p + 1..w.cols {
            let dot = |a: usize, b: usize| (0..w.rows).map(|i| w[(i, a)] * w[(i, b)]).sum::<f64>();
            let (alpha, beta, gamma) = (dot(p, p), dot(q, q), dot(p, q));
            if alpha.min(beta) <= rounding || gamma.abs() <= NEARLY * (alpha * beta).sqrt() {
                continue;
            }
            moved = true;
            let zeta = (beta - alpha) / (2.0 * gamma);
            let t = 1.0 / (zeta.abs() + zeta.hypot(1.0)).copysign(zeta);
            let c = 1.0 / t.hypot(1.0);
            for matrix in [&mut *w, &mut *v] {
                for i in 0..matrix.rows {
                    let (a, b) = (matrix[(i, p)], matrix[(i, q)]);
                    matrix[(i, p)] = c * (a - t * b);
                    matrix[(i, q)] = c * (t * a + b);
                }
            }
        }
    }
    moved
}

/// The square matrix that starts with these orthonormal columns.
fn completed(n: usize, mut columns: Vec<Vec<f64>>) -> Matrix {
    while columns.len() < n {
        // Of the unit vectors, what is left of the one that the columns tell least of.
        let told = |i: usize| columns.iter().map(|column| column[i] * column[i]).sum::<f64>();
        let least = (1..n).fold(0, |best, i| if told(i) < told(best) { i } else { best });
        let mut new: Vec<f64> = (0..n).map(|i| if i == least { 1.0 } else { 0.0 }).collect();
        for _ in 0..2 {
            for column in &columns {
                let share: f64 = column.iter().zip(&new).map(|(a, b)| a * b).sum();
                new.iter_mut().zip(column).for_each(|(x, c)| *x -= share * c);
            }
        }
        let size = new.iter().map(|x| x * x).sum::<f64>().sqrt();
        columns.push(new.into_iter().map(|x| x / size).collect());
    }
    Matrix::from_fn(n, n, |i, j| columns[j][i])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn example(rows: usize, cols: usize) -> Matrix {
        Matrix::from_fn(rows, cols, |i, j| ((i * 7 + j * j * 3 + i * j * 5 + 1) as f64 * 1.3).sin() * 2.0)
    }

    fn symmetric(n: usize) -> Matrix {
        let a = example(n, n);
        Matrix::from_fn(n, n, |i, j| a[(i, j)] + a[(j, i)])
    }

    #[track_caller]
    fn assert_close(a: &Matrix, b: &Matrix) {
        assert_eq!((a.rows, a.cols), (b.rows, b.cols));
        for (x, y) in a.data.iter().zip(&b.data) {
            assert!((x - y).abs() < 1e-10, "{a:?}\n{b:?}");
        }
    }

    fn diagonal(rows: usize, cols: usize, s: &[f64]) -> Matrix {
        Matrix::from_fn(rows, cols, |i, j| if i == j { s[i] } else { 0.0 })
    }

    #[test]
    fn factors_multiply_to_the_matrix() {
        for (rows, cols) in [(1, 1), (2, 2), (5, 5), (5, 3), (3, 5), (6, 1), (1, 4)] {
            let a = example(rows, cols);
            let (q, r) = qr(&a);
            assert_close(&q.times(&r), &a);
            assert_close(&q.times(&q.transposed()), &Matrix::identity(rows));
            let (s, u, v) = svd(&a).unwrap();
            assert_close(&u.times(&diagonal(rows, cols, &s)).times(&v.transposed()), &a);
            assert_close(&u.times(&u.transposed()), &Matrix::identity(rows));
            assert_close(&v.times(&v.transposed()), &Matrix::identity(cols));
            assert!(s.windows(2).all(|pair| pair[0] >= pair[1]) && s.iter().all(|s| *s >= 0.0));
        }
        for n in [1, 2, 5, 8] {
            let (a, product) = (symmetric(n), example(n, n).times(&example(n, n).transposed()));
            let positive = Matrix::from_fn(n, n, |i, j| product[(i, j)] + if i == j { 1.0 } else { 0.0 });
            let l = cholesky(&positive).unwrap();
            assert_close(&l.times(&l.transposed()), &positive);
            let (e, v) = eigen(&a, f64::EPSILON).unwrap();
            assert_close(&v.times(&diagonal(n, n, &e)).times(&v.transposed()), &a);
            assert_close(&v.times(&v.transposed()), &Matrix::identity(n));
            assert!(e.windows(2).all(|pair| pair[0] <= pair[1]));
            let lu = Lu::new(&a);
            assert_close(&a.times(&lu.solve(&Matrix::identity(n)).unwrap()), &Matrix::identity(n));
            assert!((lu.determinant() - e.iter().product::<f64>()).abs() < 1e-8 * lu.determinant().abs().max(1.0));
            let (sign, size) = lu.log_determinant();
            assert!((sign * size.exp() - lu.determinant()).abs() < 1e-8 * lu.determinant().abs().max(1.0));
        }
    }

    #[test]
    fn matrices_without_factors_are_told() {
        let zero = Matrix::from_fn(2, 2, |_, _| 0.0);
        assert!(cholesky(&zero).is_none() && Lu::new(&zero).solve(&Matrix::identity(2)).is_none());
        assert_eq!(Lu::new(&zero).log_determinant(), (0.0, f64::NEG_INFINITY));
        let (s, u, v) = svd(&zero).unwrap();
        assert_eq!((s, u, v), (vec![0.0; 2], Matrix::identity(2), Matrix::identity(2)));
        let flat = Matrix::from_fn(4, 3, |i, j| (i + 1) as f64 * (j as f64 - 0.5));
        let (s, u, v) = svd(&flat).unwrap();
        assert_close(&u.times(&diagonal(4, 3, &s)).times(&v.transposed()), &flat);
        assert!(s[1] < 1e-14);
        let infinite = Matrix::from_fn(2, 2, |_, _| f64::INFINITY);
        assert!(eigen(&infinite, f64::EPSILON).is_none() || eigen(&infinite, f64::EPSILON).unwrap().0[0].is_nan());
    }
}
