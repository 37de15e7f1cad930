//! Files, as operations of the graph.

mod files;

pub use files::{matching_files, read_file, write_file};

use crate::op::OpDef;

pub(super) static OPS: &[&OpDef] = &[&files::MATCHING_FILES, &files::READ_FILE, &files::WRITE_FILE];
