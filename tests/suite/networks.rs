//! Tests of whole networks: against outputs that other software computed, against the plain reference, and every way of
//! running one against the others.

mod cases;
mod command;
mod formula;
mod generated;
mod oracles;
mod published;
mod random;
mod references;
mod threads;
