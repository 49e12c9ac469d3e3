//! The operations as Burn knows them, in a graph and outside.
//!
//! Each backend says in [`passes`] how it computes an operation and its gradients; [`operations`]
//! makes of that what any tensor can be given, and [`node`] the nodes of a graph.

mod node;
pub mod operations;
pub mod passes;
