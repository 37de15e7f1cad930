//! A small network on MNIST that tells TensorBoard what happens while it is trained: loss and accuracy, the weights'
//! spread, the digits it sees, its graph, and what each node takes.
//!
//!     cargo run --release --example mnist_with_summaries [STEPS] [LOGDIR]
//!     tensorboard --logdir LOGDIR

use flowstone as tf;
use tf::{Tensor, Variable, examples::tutorials::mnist::input_data, feed_dict};

fn weight_variable(shape: [usize; 2]) -> Variable {
    tf::Variable(tf::truncated_normal!(shape, stddev = 0.1))
}

fn bias_variable(shape: [usize; 1]) -> Variable {
    tf::Variable(tf::fill(shape, 0.1))
}

/// Attach a lot of summaries to a Tensor.
fn variable_summaries(var: Variable) {
    let _scope = tf::name_scope("summaries");
    let mean = tf::reduce_mean(var);
    tf::summary::scalar("mean", mean);
    let stddev = {
        let _scope = tf::name_scope("stddev");
        tf::sqrt(tf::reduce_mean(tf::square(var - mean)))
    };
    tf::summary::scalar("stddev", stddev);
    tf::summary::scalar("max", tf::reduce_max(var));
    tf::summary::scalar("min", tf::reduce_min(var));
    tf::summary::histogram("histogram", var);
}

/// A simple layer: matrix product, bias, activation; with summaries and a name scope, so that the graph is easy to read.
fn nn_layer(input: Tensor, sizes: [usize; 2], name: &str, act: fn(Tensor) -> Tensor) -> Tensor {
    let _layer = tf::name_scope(name);
    let weights = {
        let _scope = tf::name_scope("weights");
        let weights = weight_variable(sizes);
        variable_summaries(weights);
        weights
    };
    let biases = {
        let _scope = tf::name_scope("biases");
        let biases = bias_variable([sizes[1]]);
        variable_summaries(biases);
        biases
    };
    let preactivate = {
        let _scope = tf::name_scope("Wx_plus_b");
        let preactivate = tf::matmul(input, weights) + biases;
        tf::summary::histogram("pre_activations", preactivate);
        preactivate
    };
    let activations = act(preactivate);
    tf::summary::histogram("activations", activations);
    activations
}

fn main() -> tf::Result<()> {
    let mut args = std::env::args().skip(1);
    let steps = match args.next() {
        None => 300,
        Some(n) => n.parse().map_err(|_| tf::Error::invalid_argument(format!("STEPS is '{n}', not a number")))?,
    };
    let logdir = match args.next() {
        None => std::env::temp_dir().join("mnist_with_summaries"),
        Some(logdir) => logdir.into(),
    };
    if tf::gfile::Exists(&logdir) {
        tf::gfile::DeleteRecursively(&logdir)?;
    }
    let mut mnist = input_data::read_data_sets(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/MNIST_data/"), true)?;

    // Input placeholders
    let (x, y_) = {
        let _scope = tf::name_scope("input");
        (
            tf::placeholder(tf::float32, (None, 784)).named("x-input"),
            tf::placeholder(tf::float32, (None, 10)).named("y-input"),
        )
    };
    {
        let _scope = tf::name_scope("input_reshape");
        tf::summary_image!("input", tf::reshape(x, [-1, 28, 28, 1]), max_outputs = 10);
    }
    let hidden1 = nn_layer(x, [784, 500], "layer1", |x| tf::nn::relu(x));
    let keep_prob = {
        let _scope = tf::name_scope("dropout");
        let keep_prob = tf::placeholder(tf::float32, ());
        tf::summary::scalar("dropout_keep_probability", keep_prob);
        keep_prob
    };
    let dropped = tf::nn::dropout(hidden1, keep_prob);
    let y = nn_layer(dropped, [500, 10], "layer2", |x| tf::identity(x));
    let cross_entropy = {
        let _scope = tf::name_scope("cross_entropy");
        tf::reduce_mean(tf::nn::softmax_cross_entropy_with_logits_v2(y_, y)).named("total")
    };
    tf::summary::scalar("cross_entropy", cross_entropy);
    let train_step = {
        let _scope = tf::name_scope("train");
        tf::train::AdamOptimizer(0.001).minimize(cross_entropy)
    };
    let accuracy = {
        let _scope = tf::name_scope("accuracy");
        let correct_prediction = tf::equal(tf::argmax(y, 1), tf::argmax(y_, 1));
        tf::reduce_mean(tf::cast(correct_prediction, tf::float32))
    };
    tf::summary::scalar("accuracy", accuracy);

    // Merge all the summaries and write them out.
    let merged = tf::summary::merge_all().ok_or_else(|| tf::Error::internal("there are summaries"))?;
    let sess = tf::Session()?;
    let train_writer = tf::FileWriter!(logdir.join("train"), graph = sess.graph())?;
    let test_writer = tf::summary::FileWriter(logdir.join("test"))?;
    sess.run(tf::global_variables_initializer(), feed_dict! {})?;

    for i in 0..steps {
        if i % 10 == 0 {
            // Record summaries and test-set accuracy
            let test = feed_dict! { x: mnist.test.images(), y_: mnist.test.labels(), keep_prob: 1.0 };
            let (summary, acc) = sess.run((merged, accuracy), test)?;
            test_writer.add_summary(summary, i)?;
            println!("Accuracy at step {i}: {acc}");
        } else {
            // Record train set summaries, and train
            let (xs, ys) = mnist.train.next_batch(100)?;
            let train = feed_dict! { x: xs, y_: ys, keep_prob: 0.9 };
            if i % 100 == 99 {
                // Record execution stats
                let run_options = tf::RunOptions { trace_level: tf::RunOptions::FULL_TRACE, ..Default::default() };
                let mut run_metadata = tf::RunMetadata::default();
                let run = sess.run_args((merged, train_step), train);
                let (summary, _) = run.options(run_options).run_metadata(&mut run_metadata).build()?;
                train_writer.add_run_metadata(&run_metadata, &format!("step{i:03}"), i)?;
                train_writer.add_summary(summary, i)?;
                println!("Adding run metadata for {i}");
            } else {
                let (summary, _) = sess.run((merged, train_step), train)?;
                train_writer.add_summary(summary, i)?;
            }
        }
    }
    train_writer.close()?;
    test_writer.close()?;
    println!("tensorboard --logdir {}", logdir.display());
    Ok(())
}
