//! `flowstone`: looks into TensorFlow's graphs and weights, runs them, and turns one format into another.

mod arguments;
mod convert;
mod freeze;
mod inspect;
mod output;
mod report;
mod run;
mod source;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.command {
        Command::Inspect(inspect) => inspect::inspect(inspect),
        Command::Run(run) => run::run(run),
        Command::Freeze(freeze) => freeze::freeze(freeze),
        Command::Dot(dot) => convert::dot(dot),
        Command::Convert(convert) => convert::convert(convert),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", error.without_lines());
            ExitCode::FAILURE
        }
    }
}
