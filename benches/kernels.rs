//! The heavy kernels alone, on the sizes of common small networks.
#![allow(missing_docs)]

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use flowstone::kernels::chain::{Chain, ChainLink, Operand};
use flowstone::kernels::conv::{self, Conv2d, DEAD, Gradients, Post};
use flowstone::kernels::gemm::{Mat, gemm};
use flowstone::kernels::link::{BinaryFn, Link, UnaryFn};
use flowstone::kernels::pool::{self, Pool2d};
use flowstone::kernels::reduce::{Joining, Plus, Reduction};
use flowstone::kernels::{math, softmax};

fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7919) % 1000) as f32 / 999.0 - 0.5).collect()
}

/// A 3x3 convolution with SAME padding.
fn layer(in_size: usize, in_c: usize, out_c: usize, stride: usize) -> Conv2d {
    let out_size = in_size.div_ceil(stride);
    let pad = ((out_size - 1) * stride + 3 - in_size) / 2;
    Conv2d {
        batch: 100,
        in_h: in_size,
        in_w: in_size,
        in_c,
        k_h: 3,
        k_w: 3,
        out_c,
        out_h: out_size,
        out_w: out_size,
        stride_h: stride,
        stride_w: stride,
        dilation_h: 1,
        dilation_w: 1,
        pad_top: pad,
        pad_left: pad,
    }
}

/// Max-pooling by 2 of what a convolution of 100 images gives.
fn halving(size: usize, channels: usize) -> Pool2d {
    Pool2d {
        batch: 100,
        in_h: size,
        in_w: size,
        channels,
        k_h: 2,
        k_w: 2,
        out_h: size / 2,
        out_w: size / 2,
        stride_h: 2,
        stride_w: 2,
        pad_top: 0,
        pad_left: 0,
    }
}

/// Throughput counts multiplications and additions.
fn convolutions(c: &mut Criterion) {
    for (name, s) in [
        ("mnist_conv1", layer(28, 1, 32, 1)),
        ("mnist_conv2", layer(14, 32, 64, 1)),
        ("cifar_conv1", layer(32, 3, 32, 1)),
        ("cifar_conv2", layer(16, 32, 64, 1)),
        ("stride2_conv1", layer(32, 3, 32, 2)),
        ("stride2_conv2", layer(16, 32, 64, 2)),
    ] {
        let pixels = s.batch * s.out_h * s.out_w;
        let x = numbers(s.batch * s.in_h * s.in_w * s.in_c);
        let (w, dy) = (numbers(9 * s.in_c * s.out_c), numbers(pixels * s.out_c));
        let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements((2 * pixels * w.len()) as u64));
        group.bench_function("forward", |b| b.iter(|| conv::forward(&s, &x, &w, &mut y)));
        group.bench_function("backprop_input", |b| b.iter(|| conv::backprop_input(&s, &w, &dy, &mut dx)));
        group.bench_function("backprop_filter", |b| b.iter(|| conv::backprop_filter(&s, &x, &dy, &mut dw)));
        if s.stride_h == 1 {
            pooled_convolution(&mut group, &s, &x, &w, &dy);
        }
    }
}

/// The numbers are such that half of the pooled results are positive.
fn pooled_convolution(group: &mut BenchmarkGroup<WallTime>, s: &Conv2d, x: &[f32], w: &[f32], dy: &[f32]) {
    let pool = halving(s.out_h, s.out_c);
    let results = dy.len() / 4;
    let dy = &dy[..results];
    let (mut y, mut winners) = (dy.to_vec(), vec![0; results]);
    let (mut dx, mut dw) = (x.to_vec(), w.to_vec());
    let post = Post { bias: None, relu: true };
    group.bench_function("forward_pooled", |b| {
        b.iter(|| conv::forward_pooled(s, &pool, x, w, post, &mut y, &mut winners));
    });
    let alive = |i: usize| i * 7919 % 1000 < 500;
    winners.iter_mut().enumerate().for_each(|(i, winner)| *winner = if alive(i) { i as u8 % 4 } else { DEAD });
    group.bench_function("backprop_pooled", |b| {
        b.iter(|| {
            let gradients = Gradients { x: Some(&mut dx), w: Some(&mut dw), bias: None };
            conv::backprop_pooled(s, &pool, x, w, &winners, dy, gradients);
        });
    });
    group.bench_function("backprop_pooled_filter", |b| {
        b.iter(|| {
            let gradients = Gradients { w: Some(&mut dw), ..Gradients::default() };
            conv::backprop_pooled(s, &pool, x, w, &winners, dy, gradients);
        });
    });
}

fn products(c: &mut Criterion) {
    let sizes = [(100, 3136, 10), (3136, 100, 10), (100, 10, 3136), (64, 64, 64), (512, 512, 512), (1024, 1024, 1024)];
    for (m, k, n) in sizes {
        let (x, y, mut z) = (numbers(m * k), numbers(k * n), numbers(m * n));
        let mut group = c.benchmark_group("gemm");
        group.throughput(Throughput::Elements((2 * m * k * n) as u64));
        let id = format!("{m}x{k}x{n}");
        group.bench_function(id, |b| b.iter(|| gemm(Mat::new(&x, m, k), Mat::new(&y, k, n), &mut z)));
    }
}

fn pooling(c: &mut Criterion) {
    let s = halving(28, 32);
    let (x, dy) = (numbers(100 * 28 * 28 * 32), numbers(100 * 14 * 14 * 32));
    let (mut y, mut dx) = (dy.clone(), x.clone());
    c.bench_function("max_pool/forward", |b| b.iter(|| pool::max_forward(&s, &x, &mut y, f32::NEG_INFINITY)));
    c.bench_function("max_pool/backprop", |b| b.iter(|| pool::max_backprop(&s, &x, &dy, &mut dx)));
}

struct Exp;
impl UnaryFn<f32> for Exp {
    #[inline(always)]
    fn at(x: f32) -> f32 {
        math::exp(x)
    }
}

struct Tanh;
impl UnaryFn<f32> for Tanh {
    #[inline(always)]
    fn at(x: f32) -> f32 {
        math::tanh(x)
    }
}

struct Add;
impl BinaryFn<f32> for Add {
    #[inline(always)]
    fn at(x: f32, y: f32) -> f32 {
        x + y
    }
}

fn elementwise(c: &mut Criterion) {
    let (x, mut y) = (numbers(1000), numbers(1000));
    for (name, link) in [("exp", Link::unary::<Exp>()), ("tanh", Link::unary::<Tanh>())] {
        if let Link::Unary(f) = link {
            c.bench_function(&format!("{name}/1000"), |b| b.iter(|| f(&x, &mut y)));
        }
    }
    let link = |i: usize| {
        let before = if i == 0 { Operand::Input(0) } else { Operand::Link(i - 1) };
        let operands = if i.is_multiple_of(2) { vec![before, Operand::Input(1)] } else { vec![before] };
        let link = if i.is_multiple_of(2) { Link::binary::<Add>() } else { Link::unary::<Tanh>() };
        ChainLink { link, operands: operands.into() }
    };
    if let Some(chain) = Chain::new((0..1000).map(link).collect()) {
        for n in [1, 1000] {
            c.bench_function(&format!("chain_of_1000/{n}"), |b| b.iter(|| chain.run(&[&x[..n], &[0.5]], &mut y[..n])));
        }
    }
}

fn rows(c: &mut Criterion) {
    let (x, mut y) = (numbers(100_000), numbers(100_000));
    for n in [10, 1000] {
        c.bench_function(&format!("softmax/100x{n}"), |b| {
            b.iter(|| softmax::softmax(&x[..100 * n], n, &mut y[..100 * n]))
        });
    }
    for (name, dims, reduced) in [
        ("all", [100_000, 1], [true, true]),
        ("rows", [1000, 100], [false, true]),
        ("columns", [1000, 100], [true, false]),
        ("narrow_columns", [10_000, 10], [true, false]),
    ] {
        let plan = Reduction::new(&dims, &reduced);
        let kept = 100_000 / plan.count();
        c.bench_function(&format!("sum/{name}"), |b| b.iter(|| plan.run(&x, &mut y[..kept], Joining::by::<Plus>())));
    }
}

criterion_group! { name = benches; config = Criterion::default().sample_size(20); targets = convolutions, products, pooling, elementwise, rows }
criterion_main!(benches);
