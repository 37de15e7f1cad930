//! Against the definition.
#![allow(clippy::unwrap_used)]
use super::*;

/// Calls `f(y, x, w)` for every product of the definition, as places in the three arrays.
fn each_product(s: &Conv2d, mut f: impl FnMut(usize, usize, usize)) {
    for n in 0..s.batch {
        for (i, j) in (0..s.out_h).flat_map(|i| (0..s.out_w).map(move |j| (i, j))) {
            for (a, b) in (0..s.k_h).flat_map(|a| (0..s.k_w).map(move |b| (a, b))) {
                let y = (i * s.stride_h + a * s.dilation_h).wrapping_sub(s.pad_top);
                let x = (j * s.stride_w + b * s.dilation_w).wrapping_sub(s.pad_left);
                if y >= s.in_h || x >= s.in_w {
                    continue;
                }
                for (c, o) in (0..s.in_c).flat_map(|c| (0..s.out_c).map(move |o| (c, o))) {
                    f(
                        ((n * s.out_h + i) * s.out_w + j) * s.out_c + o,
                        ((n * s.in_h + y) * s.in_w + x) * s.in_c + c,
                        ((a * s.k_w + b) * s.in_c + c) * s.out_c + o,
                    );
                }
            }
        }
    }
}

fn whole(n: usize, seed: usize) -> Vec<i64> {
    (0..n).map(|i| ((i * 37 + seed * 11) % 19) as i64 - 9).collect()
}

fn cases() -> Vec<Conv2d> {
    let mut cases = Vec::new();
    for &(k_h, k_w, stride, dilation, pad_top, pad_left) in &[
        (3, 3, 1, 1, 1, 1),
        (1, 1, 1, 1, 0, 0),
        (5, 2, 2, 1, 2, 0),
        (3, 3, 1, 2, 2, 2),
        (2, 3, 3, 2, 0, 4),
        (7, 7, 2, 1, 3, 5),
    ] {
        for &(in_h, in_w, in_c, out_c, batch) in
            &[(7, 9, 3, 5, 2), (14, 14, 2, 64, 9), (4, 5, 1, 32, 0), (6, 6, 4, 33, 15)]
        {
            let size = |n: usize, k: usize, pad: usize| {
                (n + 2 * pad).checked_sub((k - 1) * dilation + 1).map(|r| r / stride + 1)
            };
            let (Some(out_h), Some(out_w)) = (size(in_h, k_h, pad_top), size(in_w, k_w, pad_left)) else {
                continue;
            };
            cases.push(Conv2d {
                batch,
                in_h,
                in_w,
                in_c,
                k_h,
                k_w,
                out_c,
                out_h,
                out_w,
                stride_h: stride,
                stride_w: stride,
                dilation_h: dilation,
                dilation_w: dilation,
                pad_top,
                pad_left,
            });
        }
    }
    cases
}

#[test]
fn all_three_directions_match_the_definition_exactly() {
    for s in cases() {
        let (x, w, dy) =
            (whole(s.batch * s.input_len(), 1), whole(s.filter_len(), 2), whole(s.batch * s.output_len(), 3));
        let (mut y, mut dx, mut dw) = (vec![0; dy.len()], vec![0; x.len()], vec![0; w.len()]);
        each_product(&s, |a, b, c| {
            y[a] += x[b] * w[c];
            dx[b] += dy[a] * w[c];
            dw[c] += dy[a] * x[b];
        });
        let (mut y2, mut dx2, mut dw2) = (vec![-1; y.len()], vec![-1; x.len()], vec![-1; w.len()]);
        forward(&s, &x, &w, &mut y2);
        backprop_input(&s, &w, &dy, &mut dx2);
        backprop_filter(&s, &x, &dy, &mut dw2);
        assert!(y == y2, "forward {s:?}");
        assert!(dx == dx2, "input {s:?}");
        assert!(dw == dw2, "filter {s:?}");
    }
}

const LEVELS: [Level; 3] = [Level::Portable, Level::Avx2, Level::Avx512];

fn narrow(v: &[i64]) -> Vec<f32> {
    v.iter().map(|x| *x as f32).collect()
}

/// Small whole numbers are exact in f32 too: the vector kernels against the definition.
#[test]
fn vectors_match_the_definition_exactly() {
    for (i, s) in cases().into_iter().chain(common_cases()).enumerate() {
        let (x, w, dy) =
            (whole(s.batch * s.input_len(), 1), whole(s.filter_len(), 2), whole(s.batch * s.output_len(), 3));
        let (bias, features) = (whole(s.out_c, 4), whole(dy.len(), 5));
        let (with_relu, masked) = (i % 2 == 0, i % 3 == 0);
        let (mut y, mut dx, mut dw, mut db) = (vec![0; dy.len()], vec![0; x.len()], vec![0; w.len()], vec![0; s.out_c]);
        let alive = |i: usize| i64::from(!masked || features[i] > 0);
        each_product(&s, |a, b, c| {
            y[a] += x[b] * w[c];
            dx[b] += dy[a] * alive(a) * w[c];
            dw[c] += dy[a] * alive(a) * x[b];
        });
        for (i, y) in y.iter_mut().enumerate() {
            *y += bias[i % s.out_c];
            *y = if with_relu { (*y).max(0) } else { *y };
            db[i % s.out_c] += dy[i] * alive(i);
        }
        let (x, w, dy, bias, features) = (narrow(&x), narrow(&w), narrow(&dy), narrow(&bias), narrow(&features));
        for level in LEVELS {
            let mut y2 = vec![f32::NAN; y.len()];
            let (mut dx2, mut dw2, mut db2) =
                (vec![f32::NAN; x.len()], vec![f32::NAN; w.len()], vec![f32::NAN; s.out_c]);
            forward_post_at(level, &s, &x, &w, Post { bias: Some(&bias), relu: with_relu }, &mut y2);
            let gradients = Gradients { x: Some(&mut dx2), w: Some(&mut dw2), bias: Some(&mut db2) };
            backprop_dense_at(level, &s, Some(&x), &w, masked.then_some(&features), &dy, gradients);
            assert!(y2 == narrow(&y), "{level:?} forward {s:?}");
            assert!(dx2 == narrow(&dx), "{level:?} input {s:?}");
            assert!(dw2 == narrow(&dw), "{level:?} filter {s:?}");
            assert!(db2 == narrow(&db), "{level:?} bias {s:?}");
        }
    }
}

/// What networks are made of, and what is just beside it.
fn common_cases() -> Vec<Conv2d> {
    let mut cases = Vec::new();
    for &(in_h, in_w, in_c, out_c, k, stride) in &[
        (28, 28, 1, 32, 3, 1),
        (14, 14, 32, 64, 3, 1),
        (17, 9, 16, 24, 3, 1),
        (9, 20, 19, 17, 3, 1),
        (8, 8, 48, 16, 3, 1),
        (16, 16, 3, 32, 3, 2),
        (15, 16, 16, 40, 3, 2),
        (14, 14, 8, 16, 5, 1),
        (12, 12, 16, 32, 5, 1),
        (11, 8, 16, 16, 1, 2),
    ] {
        for same in [true, false] {
            let out = |n: usize| if same { n.div_ceil(stride) } else { (n - k) / stride + 1 };
            let pad = |n: usize| if same { ((out(n) - 1) * stride + k).saturating_sub(n) / 2 } else { 0 };
            cases.push(Conv2d {
                batch: 2,
                in_h,
                in_w,
                in_c,
                k_h: k,
                k_w: k,
                out_c,
                out_h: out(in_h),
                out_w: out(in_w),
                stride_h: stride,
                stride_w: stride,
                dilation_h: 1,
                dilation_w: 1,
                pad_top: pad(in_h),
                pad_left: pad(in_w),
            });
        }
    }
    cases
}

/// A pooling after `s`.
fn pool_after(s: &Conv2d, k: usize, stride: usize, pad: usize) -> Option<Pool2d> {
    let out = |n: usize| (n + 2 * pad).checked_sub(k).map(|rest| rest / stride + 1);
    Some(Pool2d {
        batch: s.batch,
        in_h: s.out_h,
        in_w: s.out_w,
        channels: s.out_c,
        k_h: k,
        k_w: k,
        out_h: out(s.out_h)?,
        out_w: out(s.out_w)?,
        stride_h: stride,
        stride_w: stride,
        pad_top: pad,
        pad_left: pad,
    })
}

/// Calls `f` for each number of the result with the elements of its window: each one's place in it, and in the input.
fn each_window(pool: &Pool2d, mut f: impl FnMut(usize, &[(usize, usize)])) {
    let results = pool.batch * pool.out_h * pool.out_w * pool.channels;
    for out in 0..results {
        let (c, j) = (out % pool.channels, out / pool.channels % pool.out_w);
        let (i, n) = (out / pool.channels / pool.out_w % pool.out_h, out / pool.channels / pool.out_w / pool.out_h);
        let mut elements = Vec::new();
        for (a, b) in (0..pool.k_h).flat_map(|a| (0..pool.k_w).map(move |b| (a, b))) {
            let y = (i * pool.stride_h + a).wrapping_sub(pool.pad_top);
            let x = (j * pool.stride_w + b).wrapping_sub(pool.pad_left);
            if y < pool.in_h && x < pool.in_w {
                elements.push((a * pool.k_w + b, ((n * pool.in_h + y) * pool.in_w + x) * pool.channels + c));
            }
        }
        f(out, &elements);
    }
}

/// The pooled numbers, each one's winner, and its place in the input.
fn pooled(pool: &Pool2d, features: &[f32], relu: bool) -> (Vec<f32>, Vec<u8>, Vec<Option<usize>>) {
    let (mut y, mut winners, mut places) = (Vec::new(), Vec::new(), Vec::new());
    each_window(pool, |_, elements| {
        let mut best: Option<(usize, usize)> = None;
        for element in elements {
            if best.is_none_or(|best| features[element.1] > features[best.1]) {
                best = Some(*element);
            }
        }
        let value = best.map_or(f32::NEG_INFINITY, |best| features[best.1]);
        let best = best.filter(|_| !relu || value > 0.0);
        y.push(if relu && value <= 0.0 { 0.0 } else { value });
        winners.push(best.map_or(DEAD, |best| best.0 as u8));
        places.push(best.map(|best| best.1));
    });
    (y, winners, places)
}

#[test]
fn pooling_behind_a_convolution_matches_the_definition_exactly() {
    let poolings = [(2, 2, 0), (3, 2, 1), (2, 1, 0), (3, 4, 2)];
    for (i, s) in cases().into_iter().chain(common_cases()).enumerate() {
        for (relu, (k, stride, pad)) in [(true, poolings[i % 4]), (false, poolings[(i + 1) % 4])] {
            let Some(pool) = pool_after(&s, k, stride, pad) else { continue };
            let (x, w, bias) = (whole(s.batch * s.input_len(), 1), whole(s.filter_len(), 2), whole(s.out_c, 4));
            let mut features: Vec<i64> = (0..s.batch * s.output_len()).map(|i| bias[i % s.out_c]).collect();
            each_product(&s, |a, b, c| features[a] += x[b] * w[c]);
            let (y, winners, places) = pooled(&pool, &narrow(&features), relu);
            let dy = whole(y.len(), 7);
            let (mut dx, mut dw, mut db) = (vec![0; x.len()], vec![0; w.len()], vec![0; s.out_c]);
            let mut unpooled = vec![0; features.len()];
            for (place, dy) in places.iter().zip(&dy) {
                if let Some(place) = place {
                    unpooled[*place] += dy;
                    db[place % s.out_c] += dy;
                }
            }
            each_product(&s, |a, b, c| {
                dx[b] += unpooled[a] * w[c];
                dw[c] += unpooled[a] * x[b];
            });
            let (x, w, dy, bias) = (narrow(&x), narrow(&w), narrow(&dy), narrow(&bias));
            for level in LEVELS {
                let (mut y2, mut winners2) = (vec![f32::NAN; y.len()], vec![77; y.len()]);
                let post = Post { bias: Some(&bias), relu };
                forward_pooled_at(level, &s, &pool, &x, &w, post, &mut y2, &mut winners2);
                assert!(y2 == y && winners2 == winners, "{level:?} forward {s:?} {pool:?}");
                let (mut dx2, mut dw2) = (vec![f32::NAN; x.len()], vec![f32::NAN; w.len()]);
                let mut db2 = vec![f32::NAN; s.out_c];
                let gradients = Gradients { x: Some(&mut dx2), w: Some(&mut dw2), bias: Some(&mut db2) };
                backprop_pooled_at(level, &s, &pool, &x, &w, &winners, &dy, gradients);
                assert!(dx2 == narrow(&dx), "{level:?} input {s:?} {pool:?}");
                assert!(dw2 == narrow(&dw), "{level:?} filter {s:?} {pool:?}");
                assert!(db2 == narrow(&db), "{level:?} bias {s:?} {pool:?}");
                let mut dw3 = vec![f32::NAN; w.len()];
                let gradients = Gradients { w: Some(&mut dw3), ..Gradients::default() };
                backprop_pooled_at(level, &s, &pool, &x, &w, &winners, &dy, gradients);
                assert!(dw3 == dw2, "{level:?} only the filter {s:?} {pool:?}");
            }
        }
    }
}

#[test]
fn nan_wins_and_flows_back_as_in_pooling() {
    // A 1x1 convolution by 1 in each of 20 channels: the features are the images.
    let s = Conv2d {
        batch: 1,
        in_h: 4,
        in_w: 6,
        in_c: 1,
        k_h: 1,
        k_w: 1,
        out_c: 20,
        out_h: 4,
        out_w: 6,
        stride_h: 1,
        stride_w: 1,
        dilation_h: 1,
        dilation_w: 1,
        pad_top: 0,
        pad_left: 0,
    };
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    let x = [
        [nan, 1.0, 2.0, nan, -1.0, nan],
        [5.0, 0.0, nan, 2.0, -1.0, -0.5],
        [inf, inf, -0.0, 0.0, -inf, -inf],
        [inf, 0.0, 0.0, -0.0, nan, nan],
    ]
    .concat();
    let w = vec![1.0; s.out_c];
    let features: Vec<f32> = x.iter().flat_map(|x| [*x; 20]).collect();
    for (k, stride, pad) in [(2, 2, 0), (3, 1, 1)] {
        let pool = pool_after(&s, k, stride, pad).unwrap();
        for (relu, level) in [false, true].into_iter().flat_map(|relu| LEVELS.map(move |level| (relu, level))) {
            let (expected, places, _) = pooled(&pool, &features, relu);
            let (mut y, mut winners) = (vec![9.0; expected.len()], vec![9; expected.len()]);
            forward_pooled_at(level, &s, &pool, &x, &w, Post { bias: None, relu }, &mut y, &mut winners);
            assert_eq!(winners, places, "{level:?} {relu}");
            assert!(y.iter().zip(&expected).all(|(a, b)| a == b || (a.is_nan() && b.is_nan())), "{level:?} {relu}");
            let mut y = vec![9.0; expected.len()];
            if !relu {
                crate::kernels::pool::max_forward(&pool, &features, &mut y, f32::NEG_INFINITY);
                assert!(y.iter().zip(&expected).all(|(a, b)| a == b || (a.is_nan() && b.is_nan())));
            }
        }
    }
}

fn fractions(n: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    (0..n).map(|_| next()).collect()
}

/// What no rounding changes of a number: whether it is finite, an infinity, or NaN.
fn kinds(numbers: &[f32]) -> Vec<f32> {
    numbers
        .iter()
        .map(|x| {
            if x.is_nan() {
                2.0
            } else if x.is_infinite() {
                x.signum()
            } else {
                0.0
            }
        })
        .collect()
}

#[test]
fn what_is_not_finite_stays_where_the_plain_way_has_it() {
    let s = common_cases().into_iter().find(winograd::suits).unwrap();
    let zeros = |n: usize| vec![0.0f32; n];
    for (number, operand) in
        [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -2e38].into_iter().flat_map(|x| (0..3).map(move |i| (x, i)))
    {
        let (x, w) = (fractions(s.batch * s.input_len(), 1), fractions(s.filter_len(), 2));
        let mut operands = [x, w, fractions(s.batch * s.output_len(), 3)];
        let place = operands[operand].len() / 3;
        operands[operand][place] = number;
        let [x, w, dy] = &operands;
        for level in LEVELS {
            let (mut y, mut dx, mut dw) = (zeros(dy.len()), zeros(x.len()), zeros(w.len()));
            direct::with_forward(level, &s, w, |convolve| each_band(&s, x, &mut y, convolve, |_| {}));
            direct::with_backprop_input(level, &s, w, |back| {
                let images = dx.chunks_mut(s.input_len()).enumerate();
                images.for_each(|(n, dx)| back(part(dy, s.output_len(), n), dx));
            });
            for n in 0..s.batch {
                direct::add_filter_gradient(level, &s, s.image(x, n), part(dy, s.output_len(), n), &mut dw);
            }
            let (mut y2, mut dx2, mut dw2) = (zeros(dy.len()), zeros(x.len()), zeros(w.len()));
            forward_post_at(level, &s, x, w, Post::default(), &mut y2);
            let gradients = Gradients { x: Some(&mut dx2), w: Some(&mut dw2), bias: None };
            backprop_dense_at(level, &s, Some(x), w, None, dy, gradients);
            assert_eq!(kinds(&y2), kinds(&y), "{level:?} {number} forward");
            assert_eq!(kinds(&dx2), kinds(&dx), "{level:?} {number} input");
            assert_eq!(kinds(&dw2), kinds(&dw), "{level:?} {number} filter");
        }
    }
}

/// The bound: this share of the sum of the absolute products.
const ERROR: f64 = 4e-6;

#[test]
fn errors_stay_in_bounds() {
    for s in common_cases() {
        let (x, w) = (fractions(s.batch * s.input_len(), 1), fractions(s.filter_len(), 2));
        let dy = fractions(s.batch * s.output_len(), 3);
        // The sums and those of absolute products.
        let (mut y, mut dx, mut dw) = (vec![[0.0; 2]; dy.len()], vec![[0.0; 2]; x.len()], vec![[0.0; 2]; w.len()]);
        let add = |sum: &mut [f64; 2], a: f32, b: f32| {
            let product = f64::from(a) * f64::from(b);
            *sum = [sum[0] + product, sum[1] + product.abs()];
        };
        each_product(&s, |a, b, c| {
            add(&mut y[a], x[b], w[c]);
            add(&mut dx[b], dy[a], w[c]);
            add(&mut dw[c], dy[a], x[b]);
        });
        let worst = |found: &[f32], sums: &[[f64; 2]]| {
            let errors =
                found.iter().zip(sums).map(|(found, sum)| (f64::from(*found) - sum[0]).abs() / sum[1].max(1e-9));
            errors.fold(0.0, f64::max)
        };
        for level in LEVELS {
            let (mut y2, mut dx2, mut dw2) =
                (vec![f32::NAN; y.len()], vec![f32::NAN; x.len()], vec![f32::NAN; w.len()]);
            forward_post_at(level, &s, &x, &w, Post::default(), &mut y2);
            let gradients = Gradients { x: Some(&mut dx2), w: Some(&mut dw2), bias: None };
            backprop_dense_at(level, &s, Some(&x), &w, None, &dy, gradients);
            let errors = [worst(&y2, &y), worst(&dx2, &dx), worst(&dw2, &dw)];
            assert!(errors.iter().all(|error| *error <= ERROR), "{level:?} {errors:?} {s:?}");
        }
    }
}

#[test]
fn results_are_the_same_bits_for_any_number_of_threads() {
    for s in [(14, 16, 40, 1), (14, 3, 40, 2), (9, 32, 33, 1)].map(|(size, in_c, out_c, stride)| Conv2d {
        batch: 50,
        in_h: size,
        in_w: size,
        in_c,
        k_h: 3,
        k_w: 3,
        out_c,
        out_h: size.div_ceil(stride),
        out_w: size.div_ceil(stride),
        stride_h: stride,
        stride_w: stride,
        dilation_h: 1,
        dilation_w: 1,
        pad_top: 1,
        pad_left: 1,
    }) {
        let pool = pool_after(&s, 2, 2, 0).unwrap();
        let results = s.batch * pool.out_h * pool.out_w * s.out_c;
        let (x, w, dy) = (fractions(s.batch * s.input_len(), 1), fractions(s.filter_len(), 2), fractions(results, 3));
        let features = fractions(s.batch * s.output_len(), 4);
        let run = |threads: usize| {
            let rayon = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (mut y, mut winners) = (vec![0.0f32; results], vec![0; results]);
            let mut gradients = [x.len(), w.len(), s.out_c, x.len(), w.len(), s.out_c].map(|n| vec![0.0f32; n]);
            rayon.install(|| {
                let [dx, dw, db, dx2, dw2, db2] = &mut gradients;
                forward_pooled(&s, &pool, &x, &w, Post { bias: None, relu: true }, &mut y, &mut winners);
                let gradients = Gradients { x: Some(dx), w: Some(dw), bias: Some(db) };
                backprop_pooled(&s, &pool, &x, &w, &winners, &dy, gradients);
                let gradients = Gradients { x: Some(dx2), w: Some(dw2), bias: Some(db2) };
                backprop_dense(&s, &x, &w, Some(&features), &features, gradients);
            });
            let bits = |v: &Vec<f32>| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            (bits(&y), winners, gradients.each_ref().map(bits))
        };
        let one = run(1);
        assert!(one == run(2) && one == run(3), "{s:?}");
    }
}

/// Images with their channels first.
fn channels_first<T: Copy + Default>(images: &[T], channels: usize, pixels: usize) -> Vec<T> {
    let place = |i: usize| {
        let (n, c, p) = (i / (channels * pixels), i / pixels % channels, i % pixels);
        (n * pixels + p) * channels + c
    };
    (0..images.len()).map(|i| images[place(i)]).collect()
}

#[test]
fn images_with_channels_first_give_the_same() {
    for s in cases().into_iter().chain([Conv2d { batch: 35, ..cases()[0] }]) {
        let (x, w, dy) =
            (whole(s.batch * s.input_len(), 1), whole(s.filter_len(), 2), whole(s.batch * s.output_len(), 3));
        let (mut y, mut dx, mut dw) = (vec![0; dy.len()], vec![0; x.len()], vec![0; w.len()]);
        forward(&s, &x, &w, &mut y);
        backprop_input(&s, &w, &dy, &mut dx);
        backprop_filter(&s, &x, &dy, &mut dw);
        let turned_in = |x: &[i64]| channels_first(x, s.in_c, s.in_h * s.in_w);
        let turned_out = |y: &[i64]| channels_first(y, s.out_c, s.out_h * s.out_w);
        let (x2, dy2) = (turned_in(&x), turned_out(&dy));
        let (mut y2, mut dx2, mut dw2) = (vec![-1; y.len()], vec![-1; x.len()], vec![-1; w.len()]);
        nchw::forward(&s, &x2, &w, &mut y2);
        nchw::backprop_input(&s, &w, &dy2, &mut dx2);
        nchw::backprop_filter(&s, &x2, &dy2, &mut dw2);
        assert!(y2 == turned_out(&y) && dx2 == turned_in(&dx) && dw2 == dw, "{s:?}");
    }
}
