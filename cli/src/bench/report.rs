//! What a bench found; its JSON is an interface of its own, so nothing of the runtime's types is in it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::timing::Spread;

/// Of the JSON; raised with every change that is not an addition.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Debug, Serialize)]
pub struct Report {
    pub schema_version: u32,
    pub spec: String,
    pub network: String,
    pub settings: BTreeMap<String, String>,
    pub inputs: BTreeMap<String, Vec<usize>>,
    pub threads: usize,
    pub numerics: &'static str,
    /// Timed runs of the whole network.
    pub runs: usize,
    #[serde(flatten)]
    pub whole: Spread,
    pub start: Start,
    /// Of the session's buffers; the weights are not in it.
    pub session_bytes: usize,
}

/// What comes before the first result, in milliseconds.
#[derive(Debug, Serialize)]
pub struct Start {
    /// Reading or drawing the weights.
    pub weights_ms: f64,
    /// Packing them.
    pub pack_ms: f64,
    /// Planning for the shapes, and making the buffers.
    pub plan_ms: f64,
    pub first_run_ms: f64,
}

impl Report {
    pub fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("its keys are strings and a text can always be written to") + "\n"
    }
}
