//! The works that `compare.py` measures, on our side; `workloads.py` is its twin.
//!
//!     workloads WORK THREADS MNIST_DIRECTORY [CIFAR_DIRECTORY]
//!
//! Prints the measured figure on the last line. Without a CIFAR directory made-up images stand for the real ones.

use std::time::Instant;

use flowstone as tf;
use tf::examples::tutorials::mnist::input_data::{DataSets, read_data_sets};
use tf::ndarray::{Array2, ArrayD, Axis, IxDyn};
use tf::{Tensor, feed_dict, keras};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
type Batch = (ArrayD<f32>, ArrayD<f32>);

const BATCH: usize = 100;
const WARM_UP: usize = 10;
const STEPS: usize = 40;
const OPS: usize = 1000;

struct Arguments {
    work: String,
    threads: usize,
    mnist: String,
    cifar: Option<String>,
}

enum Layer {
    /// Filters of `size` x `size`, with or without a bias, and ReLU.
    Conv {
        size: i32,
        filters: i32,
        stride: i64,
        bias: bool,
    },
    Pool,
    /// Fully connected, with ReLU.
    Dense(i32),
}
use Layer::{Conv, Dense, Pool};

fn conv(filters: i32) -> Layer {
    Conv { size: 3, filters, stride: 1, bias: false }
}

fn striding(filters: i32) -> Layer {
    Conv { size: 3, filters, stride: 2, bias: false }
}

fn biased(size: i32, filters: i32) -> Layer {
    Conv { size, filters, stride: 1, bias: true }
}

struct Net {
    x: Tensor,
    y: Tensor,
    cost: Tensor,
    train: tf::Operation,
    accuracy: Tensor,
}

fn variable(shape: &[i32]) -> tf::Variable {
    tf::Variable(tf::random_normal!(shape.to_vec(), stddev = 0.01))
}

fn convolution(x: Tensor, size: i32, channels: i32, filters: i32, stride: i64, bias: bool) -> Tensor {
    let y = tf::nn::conv2d(x, variable(&[size, size, channels, filters]), [1, stride, stride, 1], "SAME");
    tf::nn::relu(if bias { tf::nn::bias_add(y, variable(&[filters])) } else { y })
}

/// Images of one channel are fed as rows.
fn images(side: i32, channels: i32) -> Tensor {
    let (n, depth) = (side as usize, channels as usize);
    if depth == 1 {
        tf::placeholder(tf::float32, (None, n * n))
    } else {
        tf::placeholder(tf::float32, (None, n, n, depth))
    }
}

fn fully_connected(x: Tensor, width: i32, units: i32) -> Tensor {
    tf::matmul(tf::reshape(x, [-1, width]), variable(&[width, units])) + variable(&[units])
}

/// A network for images [side, side, channels].
fn net(mut side: i32, mut channels: i32, layers: &[Layer]) -> Net {
    let (x, y) = (images(side, channels), tf::placeholder(tf::float32, (None, 10)));
    let mut h = tf::reshape(x, [-1, side, side, channels]);
    for layer in layers {
        match *layer {
            Conv { size, filters, stride, bias } => {
                h = convolution(h, size, channels, filters, stride, bias);
                (side, channels) = (side / stride as i32, filters);
            }
            Pool => {
                h = tf::nn::max_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], "SAME");
                side /= 2;
            }
            Dense(units) => {
                h = tf::nn::relu(fully_connected(h, side * side * channels, units));
                (side, channels) = (1, units);
            }
        }
    }
    head(x, y, fully_connected(h, side * side * channels, 10))
}

fn head(x: Tensor, y: Tensor, logits: Tensor) -> Net {
    let cost = tf::reduce_mean(tf::nn::softmax_cross_entropy_with_logits_v2(y, logits));
    let train = tf::train::AdamOptimizer(0.01).minimize(cost);
    let hits = tf::equal(tf::argmax(tf::nn::softmax(logits), 1), tf::argmax(y, 1));
    Net { x, y, cost, train, accuracy: tf::reduce_mean(tf::cast(hits, tf::float32)) }
}

fn mnist_net() -> Net {
    net(28, 1, &[conv(32), Pool, conv(64), Pool])
}

fn cifar_net() -> Net {
    net(32, 3, &[conv(32), Pool, conv(64), Pool])
}

fn mnist(arguments: &Arguments) -> Result<DataSets> {
    Ok(read_data_sets(&arguments.mnist, true)?)
}

fn mnist_batches(arguments: &Arguments) -> Result<Vec<Batch>> {
    let mut train = mnist(arguments)?.train;
    (0..WARM_UP + STEPS).map(|_| Ok(train.next_batch_in_order(BATCH)?)).collect()
}

fn cifar_batches(arguments: &Arguments) -> Result<Vec<Batch>> {
    let batches = 0..WARM_UP + STEPS;
    let Some(dir) = &arguments.cifar else {
        return Ok(batches.map(|_| (made_up(&[BATCH, 32, 32, 3]), made_up_labels())).collect());
    };
    let ((images, labels), _) = keras::datasets::cifar10::load_data_from(dir)?;
    let labels = keras::utils::to_categorical(&labels, 10)?;
    let part = |i: usize| (i * BATCH..(i + 1) * BATCH).into();
    let images = |i| images.slice_axis(Axis(0), part(i)).mapv(f32::from);
    Ok(batches.map(|i| (images(i), labels.slice_axis(Axis(0), part(i)).to_owned())).collect())
}

fn made_up(shape: &[usize]) -> ArrayD<f32> {
    let n = shape.iter().product();
    let pixels = (0..n).map(|i| ((i * 7919) % 256) as f32).collect::<Vec<_>>();
    ArrayD::from_shape_vec(IxDyn(shape), pixels).unwrap_or_default()
}

fn made_up_labels() -> ArrayD<f32> {
    Array2::from_shape_fn((BATCH, 10), |(i, j)| f32::from(i % 10 == j)).into_dyn()
}

fn session(arguments: &Arguments) -> Result<tf::Session> {
    Ok(tf::Session!(threads = arguments.threads)?)
}

fn initialised(arguments: &Arguments) -> Result<tf::Session> {
    let session = session(arguments)?;
    session.run(tf::global_variables_initializer(), feed_dict! {})?;
    Ok(session)
}

fn milliseconds<T>(work: impl FnOnce() -> tf::Result<T>) -> tf::Result<f64> {
    let start = Instant::now();
    let result = work()?;
    let time = start.elapsed().as_secs_f64() * 1e3;
    drop(result);
    Ok(time)
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The median time of a training step in milliseconds.
fn step(arguments: &Arguments, net: &Net, batches: Vec<Batch>) -> Result<f64> {
    let session = initialised(arguments)?;
    let mut times = Vec::with_capacity(batches.len());
    for (images, labels) in batches {
        let feeds = feed_dict! { net.x: images, net.y: labels };
        times.push(milliseconds(|| session.run((net.cost, net.train), feeds))?);
    }
    Ok(median(times.split_off(WARM_UP)))
}

/// The best time of judging all test images in one run, in milliseconds.
fn eval_10k(arguments: &Arguments, runs: usize) -> Result<f64> {
    let (net, test, session) = (mnist_net(), mnist(arguments)?.test, initialised(arguments)?);
    let mut best = f64::INFINITY;
    for _ in 0..runs {
        let feeds = feed_dict! { net.x: test.images(), net.y: test.labels() };
        best = best.min(milliseconds(|| session.run(net.accuracy, feeds))?);
    }
    Ok(best)
}

/// The peak memory of this process, in megabytes.
fn peak_memory() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: f64 = peak.and_then(|peak| peak.split_whitespace().next()).ok_or("no VmHWM")?.parse()?;
    Ok(kilobytes / 1024.0)
}

fn train_memory(arguments: &Arguments) -> Result<f64> {
    let (net, mut train, session) = (mnist_net(), mnist(arguments)?.train, initialised(arguments)?);
    for _ in 0..100 {
        let (images, labels) = train.next_batch(BATCH)?;
        session.run((net.cost, net.train), feed_dict! { net.x: images, net.y: labels })?;
    }
    peak_memory()
}

fn first_step(arguments: &Arguments) -> Result<()> {
    let (mut train, net, session) = (mnist(arguments)?.train, mnist_net(), initialised(arguments)?);
    let (images, labels) = train.next_batch(BATCH)?;
    session.run((net.cost, net.train), feed_dict! { net.x: images, net.y: labels })?;
    Ok(())
}

/// The median over blocks of the time of one call, in microseconds.
fn microseconds(calls: usize, mut call: impl FnMut() -> tf::Result<tf::Value>) -> Result<f64> {
    let mut block = || milliseconds(|| (0..calls).try_for_each(|_| call().map(drop))).map(|ms| ms * 1e3 / calls as f64);
    block()?;
    Ok(median((0..20).map(|_| block()).collect::<tf::Result<_>>()?))
}

fn run_scalar_add(arguments: &Arguments) -> Result<f64> {
    let (a, b) = (tf::placeholder(tf::float32, ()), tf::placeholder(tf::float32, ()));
    let (sum, session) = (a + b, session(arguments)?);
    microseconds(500, || session.run(sum, feed_dict! { a: 1.0f32, b: 2.0f32 }))
}

/// Additions and tanh in turn.
fn chain(x: Tensor) -> Tensor {
    let half = tf::constant(0.5);
    (0..OPS / 2).fold(x, |x, _| tf::tanh(x + half))
}

/// The time of one operation of the chain, in microseconds.
fn run_chain(arguments: &Arguments, x: Tensor, fed: ArrayD<f32>) -> Result<f64> {
    let (last, session) = (chain(x), session(arguments)?);
    Ok(microseconds(20, || session.run(last, feed_dict! { x: &fed }))? / OPS as f64)
}

fn build_4000() -> Result<f64> {
    let x = tf::placeholder(tf::float32, ());
    Ok(milliseconds(|| Ok((0..2000).fold(x, |x, _| x + 1.0)))?)
}

fn first_run_1000(arguments: &Arguments) -> Result<f64> {
    let x = tf::placeholder(tf::float32, ());
    let (last, session) = (chain(x), session(arguments)?);
    Ok(milliseconds(|| session.run(last, feed_dict! { x: 1.0f32 }))?)
}

fn measure(a: &Arguments) -> Result<f64> {
    match a.work.as_str() {
        "mnist_step" => step(a, &mnist_net(), mnist_batches(a)?),
        "cifar10_step" => step(a, &cifar_net(), cifar_batches(a)?),
        "mnist_stride2_step" => step(a, &net(28, 1, &[striding(32), striding(64)]), mnist_batches(a)?),
        "cifar10_stride2_step" => step(a, &net(32, 3, &[striding(32), striding(64)]), cifar_batches(a)?),
        "vgg_step" => {
            let layers = [biased(3, 32), biased(3, 32), Pool, biased(3, 64), biased(3, 128), Pool];
            step(a, &net(32, 3, &layers), cifar_batches(a)?)
        }
        "lenet5_step" => {
            let layers = [biased(5, 32), Pool, biased(5, 64), Pool, Dense(1024)];
            step(a, &net(28, 1, &layers), mnist_batches(a)?)
        }
        "mlp_step" => step(a, &net(28, 1, &[Dense(1024), Dense(1024)]), mnist_batches(a)?),
        "eval_10k" => eval_10k(a, 5),
        "eval_10k_memory" => eval_10k(a, 1).and_then(|_| peak_memory()),
        "train_memory" => train_memory(a),
        "start_to_step" => first_step(a).map(|()| f64::NAN),
        "run_scalar_add" => run_scalar_add(a),
        "chain_scalar" => run_chain(a, tf::placeholder(tf::float32, ()), made_up(&[])),
        "chain_1000" => run_chain(a, tf::placeholder(tf::float32, [OPS]), made_up(&[OPS]) / 256.0),
        "build_4000" => build_4000(),
        "first_run_1000" => first_run_1000(a),
        other => Err(format!("there is no work '{other}'").into()),
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [work, threads, mnist, cifar @ ..] = arguments.as_slice() else {
        return Err("workloads WORK THREADS MNIST_DIRECTORY [CIFAR_DIRECTORY]".into());
    };
    let (work, mnist, cifar) = (work.clone(), mnist.clone(), cifar.first().cloned());
    println!("{}", measure(&Arguments { work, threads: threads.parse()?, mnist, cifar })?);
    Ok(())
}
