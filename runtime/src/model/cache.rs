//! What a model keeps between runs: executables by shapes and wanted maps, and the buffers that no run uses at the moment.

use std::sync::Arc;

use crate::cpu::{Executable, State};

/// Executables that are kept. A network is mostly run at few sizes, and the buffers of a large one are large.
const KEPT: usize = 16;

/// What an executable is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The inputs' shapes, in the order of the program.
    pub shapes: Vec<Vec<usize>>,
    pub wanted: Wanted,
}

/// Which maps are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Outputs by their indices.
    Outputs(Vec<usize>),
    /// Every row's.
    Rows,
}

/// Executables with their idle buffers, the one used last at the end.
#[derive(Debug, Default)]
pub(crate) struct Cache(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    key: Key,
    executable: Arc<Executable>,
    idle: Vec<State>,
}

impl Cache {
    /// The executable of a key.
    pub(crate) fn get(&mut self, key: &Key) -> Option<Arc<Executable>> {
        let at = self.0.iter().position(|entry| entry.key == *key)?;
        self.0[at..].rotate_left(1);
        self.0.last().map(|entry| entry.executable.clone())
    }

    /// Adds an executable unless there is one; the one that was not used for longest goes.
    pub(crate) fn insert(&mut self, key: Key, executable: Arc<Executable>) {
        if self.get(&key).is_none() {
            if self.0.len() == KEPT {
                self.0.remove(0);
            }
            self.0.push(Entry { key, executable, idle: Vec::new() });
        }
    }

    /// Buffers for an executable that no run uses.
    pub(crate) fn take(&mut self, key: &Key) -> Option<State> {
        self.0.iter_mut().find(|entry| entry.key == *key)?.idle.pop()
    }

    /// Takes buffers back, if their executable is still there.
    pub(crate) fn give_back(&mut self, key: &Key, state: State) {
        if let Some(entry) = self.0.iter_mut().find(|entry| entry.key == *key) {
            entry.idle.push(state);
        }
    }
}
