//! What a session costs on top of its kernels, and the listing's training step.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../tests/listing/mod.rs"]
mod listing;

use criterion::{Criterion, criterion_group, criterion_main};
use flowstone as tf;
use tf::feed_dict;

fn overhead(c: &mut Criterion) {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let (a, b) = (tf::placeholder(tf::float32, ()), tf::placeholder(tf::float32, ()));
    let sum = a + b;
    let mut chain = a;
    for _ in 0..1000 {
        chain = chain + 1.0;
    }
    let sess = tf::Session().unwrap();
    c.bench_function("run_scalar_add", |bench| bench.iter(|| sess.run(sum, feed_dict! { a: 1.0, b: 2.0 }).unwrap()));
    c.bench_function("chain_1000_scalars", |bench| bench.iter(|| sess.run(chain, feed_dict! { a: 1.0 }).unwrap()));
}

fn mnist_step(c: &mut Criterion) {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    graph.set_random_seed(1);
    let net = listing::mnist();
    let images = tf::ndarray::Array2::from_shape_fn((100, 784), |(i, j)| ((i * 31 + j * 7) % 256) as f32 / 255.0);
    let labels = tf::ndarray::Array2::from_shape_fn((100, 10), |(i, j)| f32::from(i % 10 == j));
    for threads in [1usize, 2] {
        let sess = tf::Session!(threads = threads).unwrap();
        sess.run(net.init, feed_dict! {}).unwrap();
        let feeds = feed_dict! { net.X: &images, net.Y: &labels };
        c.bench_function(&format!("mnist_step_{threads}_threads"), |bench| {
            bench.iter(|| sess.run((net.cost, net.train), &feeds).unwrap());
        });
    }
}

criterion_group! { name = benches; config = Criterion::default().sample_size(20); targets = overhead, mnist_step }
criterion_main!(benches);
