//! The threads of a model. How work is divided among them never changes what is computed for an element.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::Workspace;
use crate::Error;

/// Floats below which handing work to another thread costs more than it saves.
const WORTH_SHARING: usize = 8 * 1024;

/// A pool of threads, or only the calling one.
#[derive(Debug)]
pub(crate) struct Threads {
    pool: Option<rayon::ThreadPool>,
    count: usize,
}

impl Threads {
    /// So many threads; 0 for one a core.
    pub(crate) fn new(threads: usize) -> Result<Threads, Error> {
        let count = match threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            count => count,
        };
        if count == 1 {
            return Ok(Threads { pool: None, count });
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(|i| format!("neckar-{i}"))
            .build()
            .map_err(|error| Error::Device(format!("cannot start {count} threads: {error}")))?;
        Ok(Threads { pool: Some(pool), count })
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Runs something on one of the threads, from which it shares work with the others without waiting to be let in.
    pub(crate) fn enter<R: Send>(&self, run: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            Some(pool) => pool.install(run),
            None => run(),
        }
    }

    /// Runs each job once, each with the workspace of the thread that takes it.
    pub(crate) fn jobs(&self, workspaces: &mut [Workspace], jobs: usize, run: impl Fn(usize, &mut Workspace) + Sync) {
        let next = AtomicUsize::new(0);
        let work = |workspace: &mut Workspace| {
            loop {
                let job = next.fetch_add(1, Ordering::Relaxed);
                if job >= jobs {
                    return;
                }
                run(job, workspace);
            }
        };
        match &self.pool {
            Some(_) if jobs > 1 => workspaces.par_iter_mut().with_max_len(1).for_each(work),
            _ => work(&mut workspaces[0]),
        }
    }

    /// Hands out a buffer in whole rows, of which the last may be cut off, each part with the index of its first row.
    pub(crate) fn rows(&self, buffer: &mut [f32], row: usize, run: impl Fn(usize, &mut [f32]) + Sync) {
        if row == 0 || self.pool.is_none() || buffer.len() < WORTH_SHARING {
            return run(0, buffer);
        }
        let rows = buffer.len().div_ceil(row).div_ceil(4 * self.count);
        let share = |(i, part): (usize, &mut [f32])| run(i * rows, part);
        buffer.par_chunks_mut(rows * row).enumerate().for_each(share);
    }

    /// Makes something of each item of a list.
    pub(crate) fn map<T: Send, R: Send>(&self, items: Vec<T>, make: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
        match &self.pool {
            Some(_) => self.enter(|| items.into_par_iter().map(make).collect()),
            None => items.into_iter().map(make).collect(),
        }
    }
}
