//! DOT, for Graphviz.

use std::fmt::Write;

use super::scene::{Glyph, Scene};

/// A scene as a DOT digraph; the units of a level stand in a row.
pub(super) fn dot(scene: &Scene) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "digraph {} {{", quoted(&scene.name));
    let _ = writeln!(text, "    label={}; labelloc=t;", quoted(&scene.title()));
    text.push_str("    node [shape=box, style=filled, fontname=\"Helvetica\", fontsize=10];\n");
    text.push_str("    edge [fontname=\"Helvetica\", fontsize=9];\n");
    for level in (0..scene.levels).rev() {
        text.push_str("    { rank=same;\n");
        for (i, unit) in scene.units_at(level) {
            let [front, edge] = unit.role.colors();
            let shape = match unit.glyph {
                Glyph::Map => "box",
                Glyph::Vector => "box, style=\"filled,rounded\"",
                Glyph::Fuse(_) => "ellipse",
            };
            let pen = if unit.is_output() { ", penwidth=2.5" } else { "" };
            let label = quoted(&unit.lines().join("\n"));
            let _ = writeln!(
                text,
                "        u{i} [label={label}, shape={shape}, fillcolor=\"{front}\", color=\"{edge}\"{pen}];"
            );
        }
        text.push_str("    }\n");
    }
    // Levels stand above each other whatever the arrows say.
    let first = |level: usize| scene.units.iter().position(|unit| unit.level == level);
    let firsts: Vec<String> = (0..scene.levels).rev().filter_map(first).map(|unit| format!("u{unit}")).collect();
    if firsts.len() > 1 {
        let _ = writeln!(text, "    {} [style=invis, weight=0];", firsts.join(" -> "));
    }
    for edge in &scene.edges {
        let mut attributes = Vec::new();
        if !edge.label.is_empty() {
            attributes.push(format!("label={}", quoted(&edge.label)));
        }
        if scene.units[edge.from].level < scene.units[edge.to].level {
            // Upwards: the rank is that of the levels.
            attributes.push("constraint=false".to_owned());
        }
        let attributes = if attributes.is_empty() { String::new() } else { format!(" [{}]", attributes.join(", ")) };
        let _ = writeln!(text, "    u{} -> u{}{attributes};", edge.from, edge.to);
    }
    text.push_str("}\n");
    text
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
