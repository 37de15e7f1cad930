//! `flowstone freeze`.

use flowstone::{Result, graph_util};

use crate::arguments::Freeze;
use crate::convert::encoded;
use crate::output::{free, write};
use crate::run::session;

/// Makes a graph whose variables are constants.
pub fn freeze(arguments: &Freeze) -> Result<()> {
    free(&arguments.target, arguments.force)?;
    let sess = session(&arguments.graph, arguments.checkpoint.as_deref())?;
    let outputs: Vec<&str> = arguments.output.iter().map(String::as_str).collect();
    let frozen = graph_util::convert_variables_to_constants(&sess, &sess.graph().as_graph_def()?, &outputs)?;
    write(&arguments.target, &encoded(&frozen, &arguments.target)?, arguments.force)
}
