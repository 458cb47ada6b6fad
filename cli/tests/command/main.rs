//! The command as a user meets it.

mod audit;
mod check;
mod common;
mod compare;
mod config;
mod draw;
mod exchange;
mod explain;
mod fix;
mod fmt;
mod init;
mod misuse;
mod run;
mod several;
