//! The command as a user meets it.

mod audit;
mod bench;
mod check;
mod checkpoints;
mod common;
mod compare;
mod config;
mod draw;
mod exchange;
mod explain;
#[path = "../../../tests/ui/weights/faults.rs"]
mod faults;
mod fix;
mod fmt;
mod init;
mod misuse;
mod prepare;
mod run;
mod several;
