//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Looks into TensorFlow's graphs and weights, runs them, and turns one format into another.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage.
#[derive(Parser)]
#[command(version)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    Inspect(Inspect),
    Run(Run),
    Freeze(Freeze),
    Dot(Dot),
    Convert(Convert),
}

/// Says what is in a file.
///
/// A graph (.pb, .pbtxt), a meta graph (.meta), a saved model (its directory), a checkpoint (its prefix or its .index),
/// arrays (.npz, .npy, .safetensors).
#[derive(Args)]
pub struct Inspect {
    /// What to look into
    pub path: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// Feeds a graph and computes tensors of it.
///
/// Example: flowstone run frozen.pb --feed x:0=images.npy --feed 'keep_prob:0=1.0' --fetch softmax:0=out.npy
#[derive(Args)]
pub struct Run {
    /// The graph: .pb, .pbtxt, .meta or the directory of a saved model
    pub graph: PathBuf,
    /// The values of the variables that are needed: a checkpoint's prefix, .npz or .safetensors
    #[arg(long, value_name = "PATH")]
    pub checkpoint: Option<PathBuf>,
    /// A tensor's value: a .npy file or a literal as 1.5, [[1, 2], [3, 4]], "text"
    #[arg(long, value_name = "TENSOR=VALUE")]
    pub feed: Vec<String>,
    /// A tensor to compute, printed or written to a .npy file; or an operation to run
    #[arg(long, value_name = "TENSOR[=FILE.npy]", required = true)]
    pub fetch: Vec<String>,
    /// Print in JSON
    #[arg(long)]
    pub json: bool,
    /// Replace files that are there
    #[arg(long)]
    pub force: bool,
}

/// Makes a graph whose variables are constants, with what its outputs need only.
#[derive(Args)]
pub struct Freeze {
    /// The graph: .pb, .pbtxt, .meta or the directory of a saved model
    pub graph: PathBuf,
    /// The values of the variables that are needed: a checkpoint's prefix, .npz or .safetensors
    #[arg(long, value_name = "PATH")]
    pub checkpoint: Option<PathBuf>,
    /// The nodes that the graph is kept for
    #[arg(long, value_name = "NODE", required = true, value_delimiter = ',')]
    pub output: Vec<String>,
    /// The frozen graph: .pb or .pbtxt
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    pub target: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
}

/// Draws a graph in the language of Graphviz.
#[derive(Args)]
pub struct Dot {
    /// The graph: .pb, .pbtxt, .meta or the directory of a saved model
    pub graph: PathBuf,
    /// The drawing; printed if no file is named
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    pub target: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
}

/// Writes what is in a file in another format, which the ends of the paths name.
///
/// Graphs: .pb and .pbtxt, out of .meta and of the directory of a saved model too. Meta graphs: .pbtxt to .meta. Weights:
/// checkpoints (a prefix), .npz, .safetensors.
#[derive(Args)]
pub struct Convert {
    /// What is read
    pub source: PathBuf,
    /// What is written
    pub target: PathBuf,
    /// Replace files that are there
    #[arg(long)]
    pub force: bool,
}
