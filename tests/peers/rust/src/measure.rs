//! Times and memory.

use std::io::BufRead;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use serde_json::json;

use crate::{Maps, Network};

/// A median is of at least so many runs.
const LEAST_RUNS: usize = 5;

/// Loads and runs a network once, then as often as it is asked for times.
pub fn serve<N: Network>(load: impl FnOnce() -> Result<N>, keep: impl FnOnce(&Maps) -> Result<()>) -> Result<()> {
    let began = Instant::now();
    let network = load()?;
    let made = network.run()?;
    let first = began.elapsed();
    keep(&network.maps(made)?)?;
    println!("{}", json!({ "first_ms": milliseconds(first) }));
    for line in std::io::stdin().lock().lines() {
        let seconds = Duration::from_secs_f64(line?.parse()?);
        // The others' runs took the caches.
        network.run()?;
        let began = Instant::now();
        let mut times = Vec::new();
        while times.len() < LEAST_RUNS || began.elapsed() < seconds {
            let began = Instant::now();
            network.run()?;
            times.push(began.elapsed());
        }
        times.sort();
        println!("{}", json!({ "median_ms": milliseconds(times[times.len() / 2]) }));
    }
    Ok(())
}

/// Runs a program and prints the most memory that it held at once, in KiB.
pub fn peak(program: &str, arguments: &[&str]) -> Result<()> {
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status()?;
    if !status.success() {
        bail!("`{program}` ended with {status}");
    }
    println!("{}", getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss());
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
