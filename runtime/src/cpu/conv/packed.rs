//! The weights of a convolution: packed for direct products once a model, transformed when a plan first asks for it.

use std::sync::{Arc, OnceLock};

use super::winograd::Filters;
use crate::cpu::Threads;
use crate::cpu::gemm::Panels;

/// A convolution's weights in each form that is in use. The panels stay where only transformed filters are used: a plan for
/// other sizes may need another form, all are made of the panels, and these are the smallest.
#[derive(Debug)]
pub(crate) struct PackedConv {
    pub panels: Arc<Panels>,
    /// For 4, 6 and 8 products an axis.
    filters: [OnceLock<Arc<Filters>>; 3],
}

impl PackedConv {
    /// Of panels.
    pub(crate) fn new(panels: Panels) -> PackedConv {
        PackedConv { panels: Arc::new(panels), filters: Default::default() }
    }

    /// The filters for so many products an axis.
    pub(crate) fn filters(&self, products: usize, threads: &Threads) -> Arc<Filters> {
        let slot = &self.filters[products / 2 - 2];
        if let Some(filters) = slot.get() {
            return filters.clone();
        }
        // Made without the lock: a thread that waits here for its share of the work may take up a run that asks for the same.
        let made = Arc::new(threads.enter(|| Filters::new(self.panels.clone(), products, threads)));
        slot.get_or_init(|| made).clone()
    }

    /// Bytes of the forms that there are.
    pub(crate) fn bytes(&self) -> usize {
        let filters = self.filters.iter().filter_map(OnceLock::get).map(|filters| self.filter_bytes(filters.products));
        self.panels.bytes() + filters.sum::<usize>()
    }

    /// Bytes of the filters for so many products an axis.
    pub(crate) fn filter_bytes(&self, products: usize) -> usize {
        size_of::<f32>() * Filters::len(&self.panels, products)
    }
}
