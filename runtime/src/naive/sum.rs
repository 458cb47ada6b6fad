//! Sums of products that tell how many products they took.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many multiply-accumulates were done.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn total(self) -> u64 {
        self.0.into_inner()
    }
}

/// A sum of products in f64.
pub(super) struct Sum {
    value: f64,
    products: u64,
}

impl Sum {
    /// A sum that starts with a bias, which is no product.
    pub(super) fn of(bias: Option<f32>) -> Sum {
        Sum { value: bias.map_or(0.0, f64::from), products: 0 }
    }

    /// One multiply-accumulate.
    pub(super) fn add(&mut self, weight: f32, cell: f64) {
        self.value += f64::from(weight) * cell;
        self.products += 1;
    }

    /// The sum, its products counted.
    pub(super) fn counted(self, count: &Count) -> f64 {
        count.0.fetch_add(self.products, Ordering::Relaxed);
        self.value
    }
}
