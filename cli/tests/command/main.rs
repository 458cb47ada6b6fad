//! The command as a user meets it.

mod check;
mod common;
mod misuse;
mod run;
