//! The operations, one file for each family: user function, signature, shape rule, kernel, gradient, tests.

pub mod array;
pub mod check;
mod elementwise;
pub mod flow;
pub mod image;
pub(crate) mod indexed_slices;
pub mod io;
pub mod linalg;
pub mod lookup;
pub mod math;
pub mod nn;
pub mod parse;
mod py_func;
pub mod random;
pub(crate) mod scope;
pub mod state;
pub mod strings;
pub mod summary;

pub use py_func::{OutputTypes, PyFuncArgs, py_func, py_func_args};

use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};

use crate::error::{Error, ErrorKind, Result};
use crate::op::OpDef;

/// The tables of the folders.
static BUILT_IN: &[&[&OpDef]] = &[
    array::OPS,
    check::OPS,
    flow::OPS,
    image::OPS,
    io::OPS,
    linalg::OPS,
    lookup::OPS,
    math::OPS,
    nn::OPS,
    parse::OPS,
    py_func::OPS,
    random::OPS,
    state::OPS,
    state::SCATTERS,
    strings::OPS,
    summary::OPS,
];

static REGISTERED: RwLock<Vec<&'static OpDef>> = RwLock::new(Vec::new());

/// The record of the operation called `name`, built in or registered.
pub fn lookup(name: &str) -> Option<&'static OpDef> {
    static BY_NAME: OnceLock<HashMap<&'static str, &'static OpDef>> = OnceLock::new();
    let built_in = BY_NAME.get_or_init(|| all_built_in().map(|op| (op.name(), op)).collect());
    built_in.get(name).copied().or_else(|| {
        let registered = REGISTERED.read().unwrap_or_else(PoisonError::into_inner);
        registered.iter().copied().find(|op| op.name() == name)
    })
}

/// The operations that come with Flowstone.
pub fn all_built_in() -> impl Iterator<Item = &'static OpDef> {
    BUILT_IN.iter().flat_map(|table| table.iter().copied()).chain(state::apply_ops())
}

/// Makes an operation of your own known to sessions and imports under its name.
///
/// Building nodes of it needs no registration; running and importing them does. An error if its signature cannot be
/// read or its name is taken.
pub fn register(op: &'static OpDef) -> Result<()> {
    op.signature()?;
    if lookup(op.name()).is_some() {
        return Err(Error::new(ErrorKind::AlreadyExists, format!("an operation named {} is there already", op.name())));
    }
    REGISTERED.write().unwrap_or_else(PoisonError::into_inner).push(op);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::op::Kernel;

    #[test]
    fn every_signature_can_be_read_and_every_name_is_unique() {
        let mut names = std::collections::HashSet::new();
        for op in all_built_in() {
            assert_eq!(&*op.signature().unwrap().name, op.name());
            assert!(names.insert(op.name()), "{} twice", op.name());
            if let Kernel::None(reason) = op.kernel {
                assert!(!reason.is_empty(), "{} does not say why it never runs", op.name());
            }
        }
    }
}
