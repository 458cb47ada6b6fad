//! A layer that no row applies.

use super::{Context, Finding};
use crate::diagnostics::Code;

pub(super) fn findings(context: &Context) -> Vec<Finding> {
    let finding = |(name, span): &(String, _)| {
        let message = format!("layer `{name}` is never applied");
        Finding::new(Code::UnusedLayer, *span, message, [name.clone()])
            .map(|warning| warning.hint("apply it in a row, or take it out"))
    };
    context.graph.unapplied.iter().map(finding).collect()
}
