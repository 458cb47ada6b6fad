//! The weights of a convolution: packed for direct products once a model, transformed when a plan first asks for it.

use std::sync::{Arc, OnceLock};

use super::winograd::Filters;
use crate::cpu::Threads;
use crate::cpu::gemm::Panels;

/// A convolution's weights in each form that is in use.
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
        let make = || Arc::new(threads.enter(|| Filters::new(self.panels.clone(), products, threads)));
        self.filters[products / 2 - 2].get_or_init(make).clone()
    }
}
