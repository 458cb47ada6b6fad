//! The report as tables, for a terminal or a page.

use super::report::{Axis, Document, Field, Figures, Map, Network, Report};
use crate::commands::check::grouped;
use crate::sheet::{Sheet, Style, shortened};

/// Characters of a row's text that are shown.
const TEXT: usize = 40;

/// All reports, with the rows inside blocks when asked for.
pub fn write(document: &Document, style: Style, nested: bool) -> String {
    let reports: Vec<String> = document.reports.iter().map(|report| write_one(report, style, nested)).collect();
    reports.join("\n")
}

fn write_one(report: &Report, style: Style, nested: bool) -> String {
    let Some(network) = &report.network else {
        let errors = report.findings.iter().filter(|finding| finding.is_error()).count();
        let many = if errors == 1 { "" } else { "s" };
        return format!("{}{errors} error{many}\n{}", heading(&report.spec, style), findings(report, style));
    };
    let sizes = match &network.sizes {
        Some(sizes) => format!(" at {}", joined(sizes.iter().map(|(symbol, n)| format!("{symbol} = {n}")))),
        None => ", for any size".to_owned(),
    };
    let settings = joined(network.settings.iter().map(|(name, value)| format!("{name} = {value}")));
    let settings = if settings.is_empty() { settings } else { format!(" ({settings})") };
    let mut parts = vec![
        format!("{}{}{settings}{sizes}\n", heading(&report.spec, style), network.name),
        rows(network, nested).render(style),
        layers(network).render(style),
        totals(network, style),
    ];
    parts.extend(network.dialects.as_ref().map(|dialects| {
        let mut sheet = Sheet::new(&["tool", "prints", "unit"], 1..2);
        for dialect in dialects {
            sheet.rows.push(vec![dialect.tool.into(), grouped(dialect.count), dialect.unit.into()]);
        }
        let why = dialects.iter().map(|dialect| format!("{}: {}", dialect.tool, dialect.why));
        format!("{}\n{}", sheet.render(style), list(&why.collect::<Vec<_>>(), style))
    }));
    parts.extend(network.plan.as_ref().map(|plan| plan.write(style)));
    parts.push(findings(report, style));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn heading(spec: &str, style: Style) -> String {
    match style {
        Style::Terminal => format!("{spec}: "),
        Style::Markdown => format!("### `{spec}`\n\n"),
    }
}

/// A line a row. A cell sees `field` pixels, neighbours lie `stride` apart, and the middle of what a cell sees lies `offset`
/// from the middle of its own pixels.
fn rows(network: &Network, nested: bool) -> Sheet {
    let header = [
        "row",
        "is made by",
        "shape",
        "here",
        "declared",
        "params",
        "buffers",
        "MACs",
        "KiB",
        "field",
        "stride",
        "offset",
    ];
    let mut sheet = Sheet::new(&header, 5..12);
    let line = |map: &Map, text: &str, declared: &str, figures: [String; 3]| {
        let mut cells =
            vec![map.name.clone(), shortened(text, TEXT), map.shape.clone(), here(map), declared.to_owned()];
        cells.extend(figures);
        cells.push(map.bytes.map_or_else(String::new, |bytes| tenths(bytes as f64 / 1024.0)));
        cells.extend(field(map.receptive_field.as_ref()));
        cells
    };
    for input in &network.inputs {
        sheet.rows.push(line(input, "input", "yes", Default::default()));
    }
    for row in network.rows.iter().filter(|row| nested || !row.nested) {
        let declared = if row.declared { "yes" } else { "" };
        sheet.rows.push(line(&row.map, &row.text, declared, costs(&row.figures)));
    }
    sheet
}

fn layers(network: &Network) -> Sheet {
    let mut sheet = Sheet::new(&["layer", "is", "params", "buffers", "MACs"], 2..5);
    for layer in &network.layers {
        let mut cells = vec![layer.name.clone(), layer.text.clone()];
        cells.extend(costs(&layer.figures));
        sheet.rows.push(cells);
    }
    sheet
}

fn totals(network: &Network, style: Style) -> String {
    let total = &network.total;
    let mut lines =
        vec![format!("total: {} parameters, {} buffers", grouped(total.parameters), grouped(total.buffers))];
    if let Some(macs) = total.macs {
        lines.push(format!(
            "work: {} MACs, {} FLOPs (1 MAC is 2 FLOPs)",
            grouped(macs),
            grouped(macs.saturating_mul(2))
        ));
    }
    if let Some(bytes) = network.map_bytes {
        lines.push(format!("maps of all rows in 32-bit floats: {} bytes", grouped(bytes)));
    }
    if let Some(bytes) = network.arena_bytes {
        lines.push(format!("arena of the CPU plan, exact: {} bytes", grouped(bytes)));
    }
    lines.push(format!("legal sizes: {}", network.legal.join("; ")));
    for expectation in &network.expectations {
        let verdict = if expectation.holds { "holds" } else { "fails" };
        lines.push(format!("expect {}: {verdict}, found {}", expectation.text, expectation.found));
    }
    list(&lines, style)
}

fn findings(report: &Report, style: Style) -> String {
    if style == Style::Terminal {
        // They stand on the standard error, with the lines that they are about.
        return String::new();
    }
    let line = |finding: &super::report::Finding| {
        let place = finding.place.as_ref().map(|place| format!(" (`{}:{}`)", place.file, place.line));
        format!("**{}** {}: {}{}", finding.severity, finding.rule, finding.message, place.unwrap_or_default())
    };
    list(&report.findings.iter().map(line).collect::<Vec<_>>(), style)
}

fn list(lines: &[String], style: Style) -> String {
    let mark = if style == Style::Markdown { "- " } else { "" };
    lines.iter().map(|line| format!("{mark}{line}\n")).collect()
}

fn costs(figures: &Figures) -> [String; 3] {
    let macs = figures.macs.map_or_else(String::new, grouped);
    [grouped(figures.parameters), grouped(figures.buffers), macs]
}

/// The shape at the stated sizes.
fn here(map: &Map) -> String {
    let sizes = map.shape_at.as_ref().map(|sizes| joined(sizes.iter().map(u64::to_string)));
    sizes.map_or_else(String::new, |sizes| format!("[{sizes}]"))
}

/// Rows and columns where they differ.
fn field(field: Option<&Field>) -> [String; 3] {
    let Some(Field { rows, columns }) = field else {
        return ["all".to_owned(), String::new(), String::new()];
    };
    let figures: [fn(&Axis) -> f64; 3] = [|axis| axis.size, |axis| axis.stride, |axis| axis.centre_offset];
    figures.map(|of| {
        let (rows, columns) = (of(rows), of(columns));
        if rows == columns { hundredths(rows) } else { format!("{}×{}", hundredths(rows), hundredths(columns)) }
    })
}

fn hundredths(x: f64) -> String {
    ((x * 100.0).round() / 100.0).to_string()
}

fn tenths(x: f64) -> String {
    format!("{x:.1}")
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
