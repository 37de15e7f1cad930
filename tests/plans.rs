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
        tf::gradients(net.cost, tf::trainable_variables()).into_iter().map(|g| g.unwrap().values()).collect();
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

/// The values of `fetches` from a session that rewrites and from one that does not.
fn both(graph: &tf::Graph, fetches: &[tf::Tensor], feeds: &tf::Feeds) -> [Vec<tf::Value>; 2] {
    [false, true].map(|plain| {
        let sess = tf::SessionArgs::new().graph(graph).plain(plain).build().unwrap();
        sess.run(fetches, feeds).unwrap()
    })
}

/// A convolution with relu and pooling on placeholders, and its gradients.
struct Block {
    x: tf::Tensor,
    w: tf::Tensor,
    relu: tf::Tensor,
    pool: tf::Tensor,
    gradients: Vec<tf::Tensor>,
}

fn block(window: i64, stride: i64) -> Block {
    let x = tf::placeholder(tf::float32, (None, 9, 8, 3));
    let w = tf::placeholder(tf::float32, (3, 3, 3, 20));
    let relu = tf::nn::relu(tf::nn::conv2d(x, w, [1, 1, 1, 1], "SAME"));
    let pool = tf::nn::max_pool(relu, [1, window, window, 1], [1, stride, stride, 1], "SAME");
    let gradients =
        tf::gradients(tf::reduce_sum(tf::square(pool)), [x, w]).into_iter().map(|g| g.unwrap().values()).collect();
    Block { x, w, relu, pool, gradients }
}

impl Block {
    fn feeds(&self) -> tf::Feeds {
        feed_dict! { self.x: noise(&[4, 9, 8, 3], 3), self.w: noise(&[3, 3, 3, 20], 5) }
    }
}

#[test]
fn whatever_is_fetched_or_fed_in_between_the_numbers_stay() {
    for (window, stride) in [(2, 2), (3, 2), (2, 3), (1, 1)] {
        let (graph, _default) = fresh();
        let net = block(window, stride);
        let feeds = net.feeds();
        let sess = tf::Session().unwrap();
        let alone = steps(&sess, net.gradients.clone(), &feeds);
        assert_eq!((count(&alone, "_PooledConv2D"), count(&alone, "_PooledConv2DBackprop")), (1, 1));
        // What is fetched has to be there: then the pooling stays apart, and the plan says why.
        let mut all = net.gradients.clone();
        all.extend([net.relu, net.pool]);
        let plan = sess.explain(all.clone(), &feeds).unwrap();
        assert!(plan.steps().iter().all(|(_, op)| *op != "_PooledConv2D"));
        let reason = "conv2d: Conv2D: not fused: MaxPool stays apart: something else reads what is pooled";
        assert!(plan.fusions().iter().any(|line| line == reason), "{:?}", plan.fusions());
        let [fused, plain] = both(&graph, &all, &feeds);
        for (fused, plain) in fused.iter().zip(&plain) {
            assert!(difference(fused, plain) < 4e-6);
        }
        let [fused, plain] = both(&graph, &net.gradients, &feeds);
        for (fused, plain) in fused.iter().zip(&plain) {
            assert!(difference(fused, plain) < 4e-6);
        }
        // What is fed ends the pattern.
        let fed = feeds.feed(net.relu, noise(&[4, 9, 8, 20], 11));
        let [fused, plain] = both(&graph, &[net.pool, net.gradients[0]], &fed);
        assert!(fused == plain);
    }
}

/// Equal numbers in a window: the first one gets the gradient, fused or not.
#[test]
fn ties_go_to_the_first_as_without_fusion() {
    let (graph, _default) = fresh();
    let net = block(2, 2);
    let image = tf::Value::new([1, 9, 8, 3], vec![1.0f32; 216]).unwrap();
    let filter = tf::Value::new([3, 3, 3, 20], (0..540).map(|i| (i % 5) as f32 - 1.0).collect::<Vec<_>>()).unwrap();
    let [fused, plain] = both(&graph, &net.gradients, &feed_dict! { net.x: image, net.w: filter });
    assert!(fused == plain, "whole numbers are exact");
}

#[test]
fn a_convolution_without_pooling_takes_in_bias_and_relu_and_their_gradients() {
    let (graph, _default) = fresh();
    let x = tf::placeholder(tf::float32, (None, 10, 10, 4));
    let (w, b) = (tf::placeholder(tf::float32, (3, 3, 4, 24)), tf::placeholder(tf::float32, [24]));
    let y = tf::nn::relu(tf::nn::bias_add(tf::nn::conv2d(x, w, [1, 2, 2, 1], "SAME"), b));
    let gradients: Vec<tf::Tensor> =
        tf::gradients(tf::reduce_sum(y * y), [x, w, b]).into_iter().map(|g| g.unwrap().values()).collect();
    let feeds = feed_dict! { x: noise(&[3, 10, 10, 4], 1), w: noise(&[3, 3, 4, 24], 2), b: noise(&[24], 3) };
    let plan = steps(&tf::Session().unwrap(), gradients.clone(), &feeds);
    assert_eq!((count(&plan, "_FusedConv2D"), count(&plan, "_Conv2DBackprop")), (1, 1));
    assert_eq!(["Conv2D", "Relu", "ReluGrad", "BiasAddGrad"].map(|op| count(&plan, op)), [0; 4]);
    let [fused, plain] = both(&graph, &gradients, &feeds);
    for (fused, plain) in fused.iter().zip(&plain) {
        assert!(difference(fused, plain) < 4e-6);
    }
}

#[test]
fn chains_run_in_one_pass_and_give_the_same_bits() {
    let (graph, _default) = fresh();
    let x = tf::placeholder(tf::float32, (None, 7));
    let row = tf::placeholder(tf::float32, [7]);
    let a = tf::tanh(x * 2.0 + row);
    let y = tf::sigmoid(tf::exp(a) - a * a) + 1.0;
    let feeds = feed_dict! { x: noise(&[50, 7], 1), row: noise(&[7], 2) };
    let plan = tf::Session().unwrap().explain(y, &feeds).unwrap();
    let ops: Vec<&str> = plan.steps().into_iter().map(|(_, op)| op).filter(|op| *op != "Const").collect();
    // `a` is read twice, so it ends a chain.
    assert_eq!(ops, ["_Chain", "_Chain"], "{plan}");
    assert!(plan.fusions().iter().any(|line| line == "chain: Tanh: 3 operations in one pass"), "{plan}");
    let [fused, plain] = both(&graph, &[y], &feeds);
    assert!(fused == plain);
}

#[test]
fn large_batches_run_in_blocks_of_little_memory() {
    let (graph, _default) = fresh();
    let net = listing::mnist();
    // The rows do not divide into blocks of one size.
    let n = 4003;
    let labels =
        tf::Value::new([n, 10], (0..n * 10).map(|i| f32::from(u8::from(i / 10 % 10 == i % 10))).collect::<Vec<_>>());
    let feeds = feed_dict! { net.X: noise(&[n, 784], 7), net.Y: labels.unwrap() };
    let mut found = Vec::new();
    for plain in [false, true] {
        let sess = tf::SessionArgs::new().graph(&graph).plain(plain).build().unwrap();
        sess.run(net.init, feed_dict! {}).unwrap();
        let plan = sess.explain(net.accuracy, &feeds).unwrap();
        assert_eq!(count(&plan.steps().iter().map(|(_, op)| *op).collect::<Vec<_>>(), "_Blocks"), usize::from(!plain));
        found.push((sess.run(net.accuracy, &feeds).unwrap(), sess.held_bytes()));
    }
    assert!((found[0].0.item::<f32>().unwrap() - found[1].0.item::<f32>().unwrap()).abs() <= 1.0 / n as f32);
    assert!(found[0].1 * 20 < found[1].1, "{} and {} bytes", found[0].1, found[1].1);
}

#[test]
fn a_callable_does_what_run_does() {
    let (_graph, _default) = fresh();
    let x = tf::placeholder(tf::float32, [None]);
    let y = tf::placeholder(tf::float32, ());
    let sess = tf::Session().unwrap();
    let scaled = sess.make_callable((x * y, tf::reduce_sum(x)), &[x, y]).unwrap();
    for n in [3, 1, 3] {
        let (found, sum) = scaled.call([noise(&[n], 1), tf::Value::scalar(2.0f32)]).unwrap();
        let expected = sess.run((x * y, tf::reduce_sum(x)), feed_dict! { x: noise(&[n], 1), y: 2.0 }).unwrap();
        assert_eq!((found, sum), expected);
    }
    let error = |values: Vec<tf::Value>| scaled.call(values).unwrap_err().to_string();
    assert!(error(vec![noise(&[2], 1)]).contains("1 values for 2 feeds"));
    assert!(error(vec![noise(&[2], 1); 3]).contains("3 values for 2 feeds"));
    let wrong = error(vec![noise(&[2], 1), noise(&[2], 1)]);
    assert!(wrong.contains("the value fed to 'Placeholder_1:0': its shape is [2], but [] is expected"), "{wrong}");
    assert!(sess.make_callable(x, &[x, x]).err().unwrap().to_string().contains("'Placeholder:0' is fed twice"));
}

#[test]
fn products_take_in_bias_and_activation() {
    let (graph, _default) = fresh();
    let (x, w) = (tf::placeholder(tf::float32, (None, 30)), tf::placeholder(tf::float32, (30, 12)));
    let b = tf::placeholder(tf::float32, [12]);
    let feeds = feed_dict! { x: noise(&[9, 30], 1), w: noise(&[30, 12], 2), b: noise(&[12], 3) };
    let product = || tf::matmul(x, w);
    let cases = [
        (tf::nn::relu(tf::nn::bias_add(product(), b)), "MatMul: MatMul, BiasAdd, Relu"),
        (tf::tanh(b + product()), "MatMul_1: MatMul, AddV2, Tanh"),
        (product() + b, "MatMul_2: MatMul, AddV2"),
        (tf::sigmoid(product()), "MatMul_3: MatMul, Sigmoid"),
    ];
    let sess = tf::Session().unwrap();
    for (y, what) in cases {
        let plan = sess.explain(y, &feeds).unwrap();
        assert_eq!(plan.steps().iter().map(|(_, op)| *op).collect::<Vec<_>>(), ["_FusedMatMul"], "{plan}");
        assert_eq!(plan.fusions(), [format!("matmul: {what}")]);
        let [fused, plain] = both(&graph, &[y], &feeds);
        assert!(fused == plain);
    }
    // Numbers for each row are no bias.
    let column = product() + tf::zeros([9, 1]);
    let plan = sess.explain(column, &feeds).unwrap();
    let reason = "matmul: MatMul_4: not fused: no bias and no activation behind it that alone reads it";
    assert_eq!(plan.fusions()[0], reason);
}

#[test]
fn steps_of_optimizers_take_in_the_products_that_are_their_gradients() {
    type Minimize = fn(tf::Tensor) -> tf::Operation;
    let optimizers: [(&str, Minimize); 5] = [
        ("GradientDescent", |cost| tf::train::GradientDescentOptimizer(0.5).minimize(cost)),
        ("Momentum", |cost| tf::train::MomentumOptimizer(0.1, 0.9).minimize(cost)),
        ("Adam", |cost| tf::train::AdamOptimizer(0.01).minimize(cost)),
        ("RMSProp", |cost| tf::train::RMSPropOptimizer(0.01).minimize(cost)),
        ("Ftrl", |cost| tf::train::FtrlOptimizer(0.1).minimize(cost)),
    ];
    for (name, minimize) in optimizers {
        for use_resource in [false, true] {
            let (graph, _default) = fresh();
            let x = tf::placeholder(tf::float32, (None, 70));
            let variable = |name, shape: [usize; 2]| {
                tf::get_variable!(
                    name,
                    shape,
                    initial_value = tf::constant(noise(&shape, 5)),
                    use_resource = use_resource
                )
            };
            let (w1, w2) = (variable("w1", [70, 60]), variable("w2", [60, 50]));
            let cost = tf::reduce_sum(tf::square(tf::matmul(tf::tanh(tf::matmul(x, w1)), w2)));
            let train = minimize(cost);
            let gradient = graph.get_tensor_by_name("gradients/MatMul_grad/MatMul_1:0").unwrap();
            let feeds = feed_dict! { x: noise(&[9, 70], 1) };
            let results = [false, true].map(|plain| {
                let sess = tf::SessionArgs::new().graph(&graph).plain(plain).build().unwrap();
                sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
                let steps = steps(&sess, train, &feeds);
                let op = if use_resource {
                    format!("_ResourceApply{name}ByProduct")
                } else {
                    format!("_Apply{name}ByProduct")
                };
                assert_eq!(count(&steps, &op), if plain { 0 } else { 2 }, "{steps:?}");
                for _ in 0..3 {
                    sess.run(train, &feeds).unwrap();
                }
                let plan = sess.explain((gradient, train), &feeds).unwrap();
                if !plain {
                    let why = "not fused: something else reads the gradient";
                    assert!(plan.fusions().iter().any(|line| line.contains(why)), "{plan}");
                }
                let (seen, _) = sess.run((gradient, train), &feeds).unwrap();
                (sess.run((w1, w2), feed_dict! {}).unwrap(), seen)
            });
            assert!(results[0] == results[1], "{name}");
        }
    }
}

/// What folds to a constant still waits for effects: those it was told to wait for, and those it was computed from.
#[test]
fn effects_before_constants_take_place() {
    let (_graph, _default) = fresh();
    let x = tf::Variable(1.0);
    let told = {
        let _after = tf::control_dependencies(&[tf::assign_add(x, 1.0).op()]);
        tf::identity(tf::constant(5.0)) + 1.0
    };
    let fed = tf::placeholder(tf::float32, [None]);
    let sizes = tf::shape(fed + tf::assign_add(x, 10.0));
    let sess = tf::Session().unwrap();
    sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
    assert_eq!(sess.run(told, feed_dict! {}).unwrap().item::<f32>().unwrap(), 6.0);
    assert_eq!(sess.run(x, feed_dict! {}).unwrap().item::<f32>().unwrap(), 2.0);
    sess.run(sizes, feed_dict! { fed: [1.0, 2.0] }).unwrap();
    assert_eq!(sess.run(x, feed_dict! {}).unwrap().item::<f32>().unwrap(), 12.0);
}
