//! The command as a user meets it.

mod audit;
mod check;
mod common;
mod explain;
mod fix;
mod fmt;
mod misuse;
mod run;
