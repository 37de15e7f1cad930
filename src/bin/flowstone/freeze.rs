//! `flowstone freeze`.

use flowstone::{Result, graph_util};

use crate::arguments::Freeze;
use crate::convert::encoded;
use crate::output::{free, write};
use crate::run::{restore, session};
use crate::source::checkpoint_of;

/// Makes a graph whose variables are constants.
pub fn freeze(arguments: &Freeze) -> Result<()> {
    free(&arguments.target, arguments.force)?;
    let sess = session(&arguments.graph)?;
    let outputs: Vec<&str> = arguments.output.iter().map(String::as_str).collect();
    let def = sess.graph().as_graph_def()?;
    let kept = graph_util::extract_sub_graph(&def, &outputs)?;
    let targets = kept.node.iter().map(|node| sess.graph().get_operation_by_name(&node.name));
    let targets = targets.collect::<Result<Vec<_>>>()?;
    restore(&sess, checkpoint_of(&arguments.graph, arguments.checkpoint.as_deref()), &targets, &[])?;
    let frozen = graph_util::convert_variables_to_constants(&sess, &def, &outputs)?;
    write(&arguments.target, &encoded(&frozen, &arguments.target)?, arguments.force)
}
