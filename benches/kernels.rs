//! The heavy kernels alone, on the sizes of the MNIST listing.
#![allow(missing_docs)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowstone::kernels::conv::{self, Conv2d};
use flowstone::kernels::gemm::{Mat, gemm};
use flowstone::kernels::pool::{self, Pool2d};

fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7919) % 1000) as f32 / 999.0 - 0.5).collect()
}

fn layer(in_size: usize, in_c: usize, out_c: usize) -> Conv2d {
    Conv2d {
        batch: 100,
        in_h: in_size,
        in_w: in_size,
        in_c,
        k_h: 3,
        k_w: 3,
        out_c,
        out_h: in_size,
        out_w: in_size,
        stride_h: 1,
        stride_w: 1,
        dilation_h: 1,
        dilation_w: 1,
        pad_top: 1,
        pad_left: 1,
    }
}

/// Throughput counts multiplications and additions.
fn convolutions(c: &mut Criterion) {
    for (name, s) in [("conv1", layer(28, 1, 32)), ("conv2", layer(14, 32, 64))] {
        let pixels = s.batch * s.in_h * s.in_w;
        let (x, w, dy) = (numbers(pixels * s.in_c), numbers(9 * s.in_c * s.out_c), numbers(pixels * s.out_c));
        let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements((2 * pixels * w.len()) as u64));
        group.bench_function("forward", |b| b.iter(|| conv::forward(&s, &x, &w, &mut y)));
        group.bench_function("backprop_input", |b| b.iter(|| conv::backprop_input(&s, &w, &dy, &mut dx)));
        group.bench_function("backprop_filter", |b| b.iter(|| conv::backprop_filter(&s, &x, &dy, &mut dw)));
    }
}

fn products(c: &mut Criterion) {
    for (m, k, n) in [(100, 3136, 10), (512, 512, 512)] {
        let (x, y, mut z) = (numbers(m * k), numbers(k * n), numbers(m * n));
        let mut group = c.benchmark_group("gemm");
        group.throughput(Throughput::Elements((2 * m * k * n) as u64));
        let id = format!("{m}x{k}x{n}");
        group.bench_function(id, |b| b.iter(|| gemm(Mat::new(&x, m, k), Mat::new(&y, k, n), &mut z)));
    }
}

fn pooling(c: &mut Criterion) {
    let s = Pool2d {
        batch: 100,
        in_h: 28,
        in_w: 28,
        channels: 32,
        k_h: 2,
        k_w: 2,
        out_h: 14,
        out_w: 14,
        stride_h: 2,
        stride_w: 2,
        pad_top: 0,
        pad_left: 0,
    };
    let (x, dy) = (numbers(100 * 28 * 28 * 32), numbers(100 * 14 * 14 * 32));
    let (mut y, mut dx) = (dy.clone(), x.clone());
    c.bench_function("max_pool/forward", |b| b.iter(|| pool::max_forward(&s, &x, &mut y, f32::NEG_INFINITY)));
    c.bench_function("max_pool/backprop", |b| b.iter(|| pool::max_backprop(&s, &x, &dy, &mut dx)));
}

criterion_group! { name = benches; config = Criterion::default().sample_size(20); targets = convolutions, products, pooling }
criterion_main!(benches);
