//! Mermaid: a flowchart, for pages that render it.

use std::fmt::Write;

use super::scene::{Glyph, Scene, Unit};

/// A scene as a Mermaid flowchart, a subgraph a level.
pub(super) fn mermaid(scene: &Scene) -> String {
    let mut text = format!("---\ntitle: {}\n---\nflowchart LR\n", quoted(&scene.title()));
    for level in (0..scene.levels).rev() {
        let map = scene.units_at(level).map(|(_, unit)| unit).find(|unit| !unit.is_vector());
        let sizes = map.map(|map| map.shape[1..].iter().map(i64::to_string).collect::<Vec<_>>().join(" × "));
        let _ = writeln!(text, "    subgraph level{level}[{}]", quoted(&sizes.unwrap_or_default()));
        for (i, unit) in scene.units_at(level) {
            let label = quoted(&unit.lines().join("<br>"));
            let shape = match unit.glyph {
                Glyph::Map => format!("[{label}]"),
                Glyph::Vector => format!("([{label}])"),
                Glyph::Fuse(_) => format!("(({label}))"),
            };
            let output = if unit.is_output() { ":::output" } else { "" };
            let _ = writeln!(text, "        u{i}{shape}{output}");
        }
        text.push_str("    end\n");
    }
    for edge in &scene.edges {
        let label = if edge.label.is_empty() { String::new() } else { format!("|{}|", quoted(&edge.label)) };
        let _ = writeln!(text, "    u{} -->{label} u{}", edge.from, edge.to);
    }
    for role in scene.roles() {
        let [front, edge] = role.colors();
        let name = role.name().replace('-', "_");
        let _ = writeln!(text, "    classDef {name} fill:{front},stroke:{edge},color:#111827");
        let units = scene.units.iter().enumerate().filter(|(_, unit)| unit.role == role);
        let units: Vec<String> = units.map(|(i, _)| format!("u{i}")).collect();
        let _ = writeln!(text, "    class {} {name}", units.join(","));
    }
    if scene.units.iter().any(Unit::is_output) {
        text.push_str("    classDef output stroke-width:3px\n");
    }
    text
}

/// A text in quotes; Mermaid knows entities but no escapes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "#quot;"))
}
