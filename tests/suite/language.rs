//! Tests of the language: what it refuses and how it says so, the sizes it allows, what it makes of the zoo.

mod cases;
mod errors;
mod fixes;
mod legal;
mod markers;
mod mutations;
mod nets;
mod random_graphs;
mod snapshots;
mod tree;
