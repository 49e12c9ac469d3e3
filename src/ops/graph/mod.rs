//! The operations as Burn sees them.
//!
//! [`passes`] is the trait that each backend implements: every operation and its gradients, outside
//! any graph. [`operations`] makes them available to tensors of any backend, [`node`] to those in
//! an autodiff graph.

mod node;
pub mod operations;
pub mod passes;
