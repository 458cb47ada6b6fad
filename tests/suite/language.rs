//! Tests of the language: what it refuses and how it says so, the sizes it allows, what it makes of the zoo.

mod bounds;
mod cases;
mod errors;
mod fixes;
mod fuzz;
mod legal;
mod markers;
mod mutations;
mod nets;
mod random_graphs;
mod snapshots;
mod tree;
