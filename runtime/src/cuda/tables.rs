//! Bytes that kernels read beside the maps, each at an offset that suits any load.

/// The alignment of each entry: what a copy of 16 bytes needs, and whole lines of the cache.
const ALIGNMENT: usize = 128;

/// Bytes under construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables(Vec<u8>);

impl Tables {
    /// Adds an entry and gives its offset.
    pub(crate) fn add(&mut self, bytes: impl IntoIterator<Item = u8>) -> usize {
        let at = self.0.len().next_multiple_of(ALIGNMENT);
        self.0.resize(at, 0);
        self.0.extend(bytes);
        at
    }

    /// Adds floats.
    pub(crate) fn floats(&mut self, values: impl IntoIterator<Item = f32>) -> usize {
        self.add(values.into_iter().flat_map(f32::to_le_bytes))
    }

    /// All entries.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
