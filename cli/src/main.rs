//! The `neckar` command.

mod accounts;
mod arguments;
mod bench;
mod commands;
mod compare;
mod config;
mod failure;
mod files;
mod picture;
mod run;
mod sheet;
mod sizes;
mod spec;
mod terminal;
mod weights;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use failure::Exit;
use terminal::Terminal;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let terminal = Terminal::new(&arguments);
    let done = match &arguments.command {
        Command::Check(check) => commands::check(check, &terminal),
        Command::Audit(audit) => commands::audit(audit, &terminal),
        Command::Fmt(fmt) => commands::fmt(fmt, &terminal),
        Command::Run(run) => run::run(run, &terminal),
        Command::Bench(arguments) => bench::bench(arguments, &terminal),
        Command::Init(init) => commands::init(init, &terminal),
        Command::Compare(arguments) => compare::compare(arguments, &terminal),
        Command::Export(export) => commands::export(export, &terminal),
        Command::Weights(weights) => commands::weights(weights, &terminal),
        Command::Prepare(prepare) => commands::prepare(prepare, &terminal),
        Command::Draw(draw) => commands::draw(draw, &terminal),
        Command::Expand(expand) => commands::expand(expand, &terminal),
        Command::Zoo(zoo) => commands::zoo(zoo, &terminal),
        Command::Ops(ops) => commands::ops(ops, &terminal),
        Command::Explain(explain) => commands::explain(explain, &terminal),
    };
    let exit = done.map_or_else(|failure| terminal.report(failure), |()| Exit::Clean);
    ExitCode::from(exit as u8)
}
