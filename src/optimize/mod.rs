//! From the user's graph to the part of it that a run executes, with all shapes that the feeds decide. The user's graph
//! is never changed.
//!
//! In order: [`prune`] keeps what the fetches need, [`specialise`] infers shapes from the feeds.

pub(crate) mod prune;
pub(crate) mod specialise;
