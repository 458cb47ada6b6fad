//! Repeated runs and their times.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::failure::Failure;
use crate::terminal::Terminal;

/// Runs and seconds of warming up: the processor reaches its clock, and memory is touched.
const WARM_UP: Repeats = Repeats { runs: 3, seconds: 0.2 };

/// How often something is timed: both are reached.
#[derive(Clone, Copy, Debug)]
pub struct Repeats {
    pub runs: usize,
    pub seconds: f64,
}

/// Repeats something until its runs are many enough and took long enough together, after some that do not count; gives
/// what each gave.
pub fn repeat<T>(
    repeats: Repeats,
    what: &str,
    terminal: &Terminal,
    mut run: impl FnMut() -> Result<T, neckar::Error>,
) -> Result<Vec<T>, Failure> {
    let mut until = |Repeats { runs, seconds }: Repeats, what: &str| {
        let began = Instant::now();
        let mut given = Vec::with_capacity(runs);
        while given.len() < runs || began.elapsed().as_secs_f64() < seconds {
            given.push(run()?);
            terminal.progress(&format!("{what}: {} of at least {runs} runs", given.len()));
        }
        Ok::<_, Failure>(given)
    };
    until(WARM_UP, &format!("{what}, warming up"))?;
    let given = until(repeats, what);
    terminal.end_progress();
    given
}

/// How long something takes.
pub fn time<T, E>(run: impl FnOnce() -> Result<T, E>) -> Result<(T, Duration), E> {
    let began = Instant::now();
    let given = run()?;
    Ok((given, began.elapsed()))
}

/// The distribution of times, in milliseconds. A quartile or median between two times is their mean, weighted by how near
/// each is.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    pub median_ms: f64,
    pub min_ms: f64,
    pub max_ms: f64,
    pub quartiles_ms: [f64; 2],
}

impl Spread {
    /// Of at least one time.
    pub fn of(times: impl IntoIterator<Item = Duration>) -> Spread {
        let mut sorted: Vec<f64> = times.into_iter().map(milliseconds).collect();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len() - 1;
        let quantile = |part: f64| {
            let at = part * last as f64;
            let (below, share) = (at as usize, at.fract());
            sorted[below] + share * (sorted[last.min(below + 1)] - sorted[below])
        };
        Spread {
            median_ms: quantile(0.5),
            min_ms: sorted[0],
            max_ms: sorted[last],
            quartiles_ms: [quantile(0.25), quantile(0.75)],
        }
    }
}

/// A time in milliseconds.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_the_times() {
        let spread = |times: &[u64]| {
            let Spread { median_ms, min_ms, max_ms, quartiles_ms: [low, high] } =
                Spread::of(times.iter().map(|&time| Duration::from_millis(time)));
            [min_ms, low, median_ms, high, max_ms]
        };
        assert_eq!(spread(&[7]), [7.0; 5]);
        assert_eq!(spread(&[4, 2]), [2.0, 2.5, 3.0, 3.5, 4.0]);
        assert_eq!(spread(&[50, 10, 40, 20, 30]), [10.0, 20.0, 30.0, 40.0, 50.0]);
    }
}
