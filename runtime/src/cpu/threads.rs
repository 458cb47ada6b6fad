//! The threads of a model. How work is divided among them never changes what is computed for an element.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::Workspace;
use crate::Error;

/// Floats below which handing work to another thread costs more than it saves.
const WORTH_SHARING: usize = 8 * 1024;

/// Threads on which models run, shared by as many models as it is given to. Cloning shares it too.
///
/// It is a pool of rayon's, and can be one that a program has anyway. A model may also be run from tasks of its own pool.
#[derive(Clone, Debug)]
pub struct Pool(Arc<ThreadPool>);

impl Pool {
    /// So many threads; 0 for one a core.
    ///
    /// # Errors
    /// [`Error::Device`] where they cannot be started.
    pub fn new(threads: usize) -> Result<Pool, Error> {
        let count = count(threads);
        let pool = ThreadPoolBuilder::new().num_threads(count).thread_name(|i| format!("neckar-{i}")).build();
        let pool = pool.map_err(|error| Error::Device(format!("cannot start {count} threads: {error}")))?;
        Ok(pool.into())
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.0.current_num_threads()
    }
}

impl From<ThreadPool> for Pool {
    fn from(pool: ThreadPool) -> Pool {
        Pool(Arc::new(pool))
    }
}

impl From<Arc<ThreadPool>> for Pool {
    fn from(pool: Arc<ThreadPool>) -> Pool {
        Pool(pool)
    }
}

/// How many threads a number stands for: 0 for one a core.
fn count(threads: usize) -> usize {
    match threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        count => count,
    }
}

/// A pool of threads, or only the calling one.
#[derive(Debug)]
pub(crate) struct Threads {
    pool: Option<Pool>,
    count: usize,
}

impl Threads {
    /// So many threads of its own; 0 for one a core.
    pub(crate) fn new(threads: usize) -> Result<Threads, Error> {
        match count(threads) {
            1 => Ok(Threads { pool: None, count: 1 }),
            count => Pool::new(count).map(Threads::of),
        }
    }

    /// Those of a pool.
    pub(crate) fn of(pool: Pool) -> Threads {
        Threads { count: pool.threads(), pool: Some(pool) }
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Runs something on one of the threads, from which it shares work with the others without waiting to be let in.
    pub(crate) fn enter<R: Send>(&self, run: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            Some(Pool(pool)) => pool.install(run),
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
