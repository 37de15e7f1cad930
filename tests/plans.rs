//! Plans: which rules fire and why others do not, and that what they make gives what the plain nodes give.
#![allow(clippy::unwrap_used)]

mod listing;

use flowstone as tf;
use listing::Listing;
use tf::feed_dict;

/// A new default graph for a test.
fn fresh() -> (tf::Graph, tf::graph::ScopeGuard) {
    let graph = tf::Graph::new();
    graph.set_random_seed(1);
    let guard = graph.as_default();
    (graph, guard)
}

/// Numbers without a pattern that a kernel could share, between -1 and 1.
fn noise(shape: &[usize], seed: u64) -> tf::Value {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    let n: usize = shape.iter().product();
    tf::Value::new(shape, (0..n).map(|_| next()).collect::<Vec<f32>>()).unwrap()
}

/// The largest difference, relative to the largest number.
fn difference(a: &tf::Value, b: &tf::Value) -> f32 {
    assert_eq!(a.shape(), b.shape());
    let (a, b) = (a.as_slice::<f32>().unwrap(), b.as_slice::<f32>().unwrap());
    let largest = b.iter().fold(1e-30f32, |most, x| most.max(x.abs()));
    a.iter().zip(b).fold(0.0f32, |most, (x, y)| most.max((x - y).abs())) / largest
}

/// Operations of the plan for `fetches`.
fn steps(sess: &tf::Session, fetches: impl tf::Fetch, feeds: &tf::Feeds) -> Vec<&'static str> {
    sess.explain(fetches, feeds).unwrap().steps().into_iter().map(|(_, op)| op).collect()
}

fn count(steps: &[&str], op: &str) -> usize {
    steps.iter().filter(|step| **step == op).count()
}

/// The cost and the gradients of all variables, with and without rewriting.
fn fused_and_plain_agree(build: fn() -> Listing, image: &[usize]) {
    let (graph, _default) = fresh();
    let net = build();
    let gradients: Vec<tf::Tensor> =
        tf::gradients(net.cost, tf::trainable_variables()).into_iter().map(Option::unwrap).collect();
    let shape: Vec<usize> = std::iter::once(10).chain(image.iter().copied()).collect();
    let labels = (0..100).map(|i| f32::from(u8::from(i / 10 == i % 10))).collect::<Vec<f32>>();
    let feeds = feed_dict! { net.X: noise(&shape, 7), net.Y: tf::Value::new([10, 10], labels).unwrap() };
    let mut results = Vec::new();
    for plain in [true, false] {
        let sess = tf::SessionArgs::new().graph(&graph).plain(plain).build().unwrap();
        sess.run(net.init, feed_dict! {}).unwrap();
        let steps = steps(&sess, gradients.clone(), &feeds);
        let fused = if plain { 0 } else { 2 };
        assert_eq!(count(&steps, "_PooledConv2D"), fused);
        assert_eq!(count(&steps, "_PooledConv2DBackprop"), fused);
        assert_eq!(count(&steps, "MaxPoolGrad"), 2 - fused);
        let (cost, gradients) = sess.run((net.cost, gradients.clone()), &feeds).unwrap();
        results.push((cost, gradients));
    }
    assert!(difference(&results[1].0, &results[0].0) < 1e-6);
    for (fused, plain) in results[1].1.iter().zip(&results[0].1) {
        let difference = difference(fused, plain);
        assert!(difference < 4e-6, "{difference}");
    }
}

#[test]
fn the_listings_convolutions_are_fused_and_give_the_same() {
    fused_and_plain_agree(listing::mnist, &[784]);
    fused_and_plain_agree(listing::mnist_layers, &[784]);
    fused_and_plain_agree(listing::cifar10, &[32, 32, 3]);
}
