//! The project's pages.

#[doc = include_str!("architecture.md")]
pub mod architecture {}
#[doc = include_str!("adding-an-op.md")]
pub mod adding_an_op {}
#[doc = include_str!("errors.md")]
pub mod errors {}
#[doc = include_str!("tf1-to-rust.md")]
#[doc = include_str!("symbols.md")]
pub mod tf1_to_rust {}
