//! A network that Python TensorFlow built and half trained is trained on here, and handed back.
//!
//!     cargo run --release --example half_trained [-- FOLDER]
//!
//! `tests/golden/make_checkpoints.py` made the files: two moons of points, 20 steps of Adam, `tf.train.Saver`. Nothing of the
//! program is known here but what its files say. Without FOLDER the checkpoint goes to a folder of its own and is removed.

use std::path::PathBuf;

use flowstone as tf;
use tf::feed_dict;

fn main() -> tf::Result<()> {
    let theirs = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/checkpoints/moons-20");
    let saver = tf::train::import_meta_graph(&format!("{theirs}.meta"))?;
    let sess = tf::Session()?;
    saver.restore(&sess, theirs)?;

    let state = |when: &str| -> tf::Result<()> {
        let (step, cost, accuracy) = sess.run(("global_step:0", "cost:0", "accuracy:0"), feed_dict! {})?;
        let (step, cost, accuracy) = (step.item::<i64>()?, cost.item::<f32>()?, accuracy.item::<f32>()?);
        println!("{when}: step {step:>3}, cost {cost:.4}, accuracy {accuracy:.3}");
        Ok(())
    };
    state("as TensorFlow left it")?;
    for _ in 0..180 {
        sess.run("train", feed_dict! {})?;
    }
    state("trained on           ")?;

    // Its files are TensorFlow's: the graph with its collections, the weights, and what Adam keeps of each.
    let folder = std::env::args().nth(1).map(PathBuf::from);
    let own = std::env::temp_dir().join(format!("flowstone-half-trained-{}", std::process::id()));
    let prefix = folder.as_ref().unwrap_or(&own).join("moons");
    tf::gfile::MakeDirs(folder.as_ref().unwrap_or(&own))?;
    let path = saver.save_args(&sess, prefix).global_step(200).build()?;
    println!("handed back as       : {path}.index, .data-00000-of-00001 and .meta");
    for (name, shape) in tf::train::list_variables(&path)? {
        println!("  {name:16} {shape}");
    }
    println!(
        "Python goes on with:\n  saver = tf.train.import_meta_graph(\"{path}.meta\")\n  saver.restore(sess, \"{path}\")"
    );
    if folder.is_none() {
        tf::gfile::DeleteRecursively(&own)?;
    }
    Ok(())
}
