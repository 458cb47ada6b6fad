//! SVG: maps as slabs to scale, one coordinate a pixel.

use std::fmt::Write;

use super::canvas::{Canvas, Line, text_width};
use super::layout::{Align, Layout, layout};
use super::route::{Point, cells};
use super::scene::{Glyph, Role, Scene, Unit};

/// Pixels of a cell.
pub(super) const CELL: f64 = 8.0;

/// Height of the line above the drawing, and of a line of the legend.
const HEADER: f64 = 34.0;
const LEGEND_LINE: f64 = 20.0;
const MARGIN: f64 = 20.0;

/// Common families; whoever has none of them has another without serifs.
const STYLE: &str = "\
text{font-family:Helvetica,Arial,'Liberation Sans',sans-serif;font-size:10px;fill:#374151}\
.name{font-size:11px;fill:#111827;stroke:#111827;stroke-width:.3}\
.head{font-size:14px;fill:#111827;stroke:#111827;stroke-width:.4}\
.sign{font-size:12px;fill:#111827;text-anchor:middle}\
.words{fill:#111827;stroke:#ffffff;stroke-width:6;stroke-linejoin:round;paint-order:stroke}\
.line{fill:none;stroke:#4b5563;stroke-width:1.2;stroke-linejoin:round}\
.frame{fill:#f8fafc;stroke:#94a3b8;stroke-dasharray:4 3}\
.face{stroke-width:1;stroke-linejoin:round}\
.out{stroke:#111827;stroke-width:2}";

/// A scene as SVG.
pub(super) fn svg(scene: &Scene) -> String {
    let canvas = Canvas::new(scene);
    let layout = layout(scene, &canvas);
    let legend = legend(scene, &canvas);
    let title = scene.title();
    let head = text_width(&scene.name, 14.0) + text_width(&title[scene.name.len()..], 10.0) + 4.0;
    let least = legend.iter().map(|item| item.width).fold(head, f64::max) + 2.0 * MARGIN;
    let width = (f64::from(layout.width) * CELL).max(least);
    let lines = flow(&legend, width - 2.0 * MARGIN);
    let drawing = f64::from(layout.height) * CELL;
    let height = HEADER + drawing + lines.len() as f64 * LEGEND_LINE + MARGIN / 2.0;

    let mut svg = String::new();
    let mut line = |text: String| {
        svg.push_str(&text);
        svg.push('\n');
    };
    line(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" aria-labelledby=\"title desc\">"
    ));
    line(format!("<title id=\"title\">{}</title>", escape(&title)));
    line(format!("<desc id=\"desc\">{}</desc>", escape(&description(scene))));
    line(format!("<style>{STYLE}</style>"));
    line(
        "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0,.8L8,4L0,7.2z\" fill=\"#4b5563\"/></marker></defs>"
            .into(),
    );
    line(format!("<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>"));
    line(format!(
        "<text x=\"{MARGIN}\" y=\"22\"><tspan class=\"head\">{}</tspan><tspan dx=\"4\">{}</tspan></text>",
        escape(&scene.name),
        escape(title[scene.name.len()..].trim_start_matches(": "))
    ));
    line(format!("<g transform=\"translate({} {HEADER})\">", (width - f64::from(layout.width) * CELL) / 2.0));
    drawing_of(scene, &canvas, &layout).into_iter().for_each(&mut line);
    line("</g>".into());
    for (i, items) in lines.iter().enumerate() {
        let mut x = MARGIN;
        let y = HEADER + drawing + i as f64 * LEGEND_LINE;
        for item in items {
            line(format!("<g transform=\"translate({x} {y})\">{}</g>", item.svg));
            x += item.width + 18.0;
        }
    }
    line("</svg>".into());
    svg
}

fn drawing_of(scene: &Scene, canvas: &Canvas, layout: &Layout) -> Vec<String> {
    let mut lines = Vec::new();
    for (frame, border) in layout.frames.iter().enumerate() {
        let (Some(border), Some(title)) = (border, layout.titles[frame]) else { continue };
        let [left, top, right, bottom] = [border.left, border.top, border.right, border.bottom].map(pixel);
        let (width, height) = (right - left, bottom - top);
        lines.push(format!(
            "<rect class=\"frame\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>"
        ));
        let (x, y) = (pixel(title.left), pixel(title.top) + 8.0);
        lines.push(format!("<text class=\"name\" x=\"{x}\" y=\"{y}\">{}</text>", escape(&scene.frames[frame].label)));
    }
    for (edge, path) in scene.edges.iter().zip(&layout.paths) {
        let [from, to] = [edge.from, edge.to].map(|unit| (&scene.units[unit], layout.centers[unit]));
        lines.push(format!("<path class=\"line\" marker-end=\"url(#tip)\" d=\"{}\"/>", arrow(canvas, path, from, to)));
    }
    for (x, y) in forks(scene, layout) {
        lines.push(format!("<circle cx=\"{}\" cy=\"{}\" r=\"2.2\" fill=\"#4b5563\"/>", pixel(x), pixel(y)));
    }
    for (i, unit) in scene.units.iter().enumerate() {
        let (x, y) = layout.centers[i];
        lines.push(glyph(canvas, unit, pixel(x), pixel(y)));
        let Some(label) = layout.labels[i] else { continue };
        // Beside the line below the box, or in the middle below it.
        let middle = label.left <= x;
        let (at, anchor) = if middle { (pixel(x), " text-anchor=\"middle\"") } else { (pixel(label.left), "") };
        for (n, Line { class, text }) in canvas.lines(unit).iter().enumerate() {
            let baseline = pixel(label.top) + 7.0 + 12.0 * n as f64;
            lines.push(format!("<text class=\"{class}\" x=\"{at}\" y=\"{baseline}\"{anchor}>{}</text>", escape(text)));
        }
    }
    for (edge, rect) in scene.edges.iter().zip(&layout.words) {
        let Some((rect, align)) = rect else { continue };
        let baseline = (pixel(rect.top) + pixel(rect.bottom)) / 2.0 + 3.5;
        let (x, anchor) = match align {
            Align::Left => (pixel(rect.left), ""),
            Align::Middle => ((pixel(rect.left) + pixel(rect.right)) / 2.0, " text-anchor=\"middle\""),
            Align::Right => (pixel(rect.right), " text-anchor=\"end\""),
        };
        // On a line, a halo keeps the letters apart from it.
        lines.push(format!("<text class=\"words\" x=\"{x}\" y=\"{baseline}\"{anchor}>{}</text>", escape(&edge.label)));
    }
    lines
}

fn pixel(cell: i32) -> f64 {
    f64::from(cell) * CELL
}

/// A unit around its centre.
fn glyph(canvas: &Canvas, unit: &Unit, x: f64, y: f64) -> String {
    let [front, edge] = unit.role.colors();
    let out = if unit.is_output() { " out" } else { "" };
    let size = canvas.size(unit);
    let (left, top) = (x - size.width / 2.0, y - size.height / 2.0);
    match unit.glyph {
        Glyph::Fuse(sign) => format!(
            "<circle class=\"face{out}\" cx=\"{x}\" cy=\"{y}\" r=\"{}\" fill=\"{front}\" stroke=\"{edge}\"/>\
             <text class=\"sign\" x=\"{x}\" y=\"{}\">{}</text>",
            size.width / 2.0,
            y + 4.2,
            sign.symbol()
        ),
        Glyph::Vector => format!(
            "<rect class=\"face{out}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"2\" fill=\"{front}\" stroke=\"{edge}\"/>",
            size.width, size.height
        ),
        Glyph::Map => {
            let (right, bottom, depth) = (left + size.width, top + size.height, size.depth);
            let (up, back) = (top - depth, right + depth);
            format!(
                "<path class=\"face\" fill=\"{edge}\" fill-opacity=\".35\" stroke=\"{edge}\" \
                 d=\"M{left:.1},{top:.1}L{:.1},{up:.1}L{back:.1},{up:.1}L{back:.1},{:.1}L{right:.1},{bottom:.1}L{right:.1},{top:.1}z\
                 M{right:.1},{top:.1}L{back:.1},{up:.1}\"/>\
                 <rect class=\"face{out}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{front}\" stroke=\"{edge}\"/>",
                left + depth,
                bottom - depth,
                size.width,
                size.height
            )
        }
    }
}

/// An arrow with round corners, from the very edge of a unit to that of another.
fn arrow(canvas: &Canvas, path: &[Point], from: (&Unit, Point), to: (&Unit, Point)) -> String {
    let mut points: Vec<(f64, f64)> = path.iter().map(|&(x, y)| (pixel(x), pixel(y))).collect();
    let Some(last) = points.len().checked_sub(1).filter(|last| *last > 0) else { return String::new() };
    points[0] = canvas.border(from.0, from.1, path[0]);
    points[last] = canvas.border(to.0, to.1, path[last]);
    let mut data = format!("M{:.1},{:.1}", points[0].0, points[0].1);
    for corner in points.windows(3) {
        let [a, b, c] = [corner[0], corner[1], corner[2]];
        let near = |end: (f64, f64)| {
            let (dx, dy) = (end.0 - b.0, end.1 - b.1);
            let length = dx.abs() + dy.abs();
            let round = 5.0_f64.min(length / 2.0) / length;
            (b.0 + dx * round, b.1 + dy * round)
        };
        let (before, behind) = (near(a), near(c));
        let _ = write!(data, "L{:.1},{:.1}Q{:.1},{:.1} {:.1},{:.1}", before.0, before.1, b.0, b.1, behind.0, behind.1);
    }
    let _ = write!(data, "L{:.1},{:.1}", points[last].0, points[last].1);
    data
}

/// Where arrows from one unit part: marked, since a crossing is not.
fn forks(scene: &Scene, layout: &Layout) -> Vec<Point> {
    let along = |edge: usize| -> Vec<Point> {
        let mut points: Vec<Point> = layout.paths[edge].windows(2).flat_map(|pair| cells(pair[0], pair[1])).collect();
        points.dedup();
        points
    };
    let mut forks = Vec::new();
    for (i, edge) in scene.edges.iter().enumerate() {
        for j in (i + 1..scene.edges.len()).filter(|&j| scene.edges[j].from == edge.from) {
            let (one, other) = (along(i), along(j));
            let common = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
            if common > 1 && !forks.contains(&one[common - 1]) {
                forks.push(one[common - 1]);
            }
        }
    }
    forks
}

/// An entry of the legend.
struct Item {
    svg: String,
    width: f64,
}

fn legend(scene: &Scene, canvas: &Canvas) -> Vec<Item> {
    let item = |mark: String, text: String| {
        let width = if mark.is_empty() { 0.0 } else { 19.0 };
        Item {
            width: width + text_width(&text, 10.0),
            svg: format!("{mark}<text x=\"{width}\" y=\"9\">{}</text>", escape(&text)),
        }
    };
    let swatch = |class: &str, [front, edge]: [&str; 2]| {
        format!(
            "<rect class=\"{class}\" x=\"1\" y=\"0\" width=\"13\" height=\"10\" fill=\"{front}\" stroke=\"{edge}\"/>"
        )
    };
    let roles = scene.roles().map(|role| item(swatch("face", role.colors()), role.name().into()));
    let output = scene.units.iter().any(Unit::is_output);
    let output = output.then(|| item(swatch("face out", ["#ffffff", "#111827"]), "output".into()));
    let signs = scene.signs().map(|sign| {
        let circle = "<circle class=\"face\" cx=\"7.5\" cy=\"5\" r=\"7\" fill=\"#ffffff\" stroke=\"#6b7280\"/>";
        item(format!("{circle}<text class=\"sign\" x=\"7.5\" y=\"9\">{}</text>", sign.symbol()), sign.meaning().into())
    });
    let scale = item(String::new(), canvas.scale_text(scene));
    roles.chain(output).chain(signs).chain([scale]).collect()
}

/// Items in lines of at most a width.
fn flow(items: &[Item], width: f64) -> Vec<Vec<&Item>> {
    let mut lines: Vec<Vec<&Item>> = vec![Vec::new()];
    let mut used = 0.0;
    for item in items {
        if used + item.width > width {
            lines.push(Vec::new());
            used = 0.0;
        }
        used += item.width + 18.0;
        if let Some(line) = lines.last_mut() {
            line.push(item);
        }
    }
    lines
}

/// The network in sentences, for those who do not see the picture.
fn description(scene: &Scene) -> String {
    let named = |role: Role| {
        let units = scene.units.iter().filter(move |unit| unit.role == role && !unit.name.is_empty());
        units.map(|unit| format!("{} ({})", unit.title(), unit.shape_text())).collect::<Vec<_>>()
    };
    let parts = scene.roles().map(|role| (role, named(role))).filter(|(_, units)| !units.is_empty());
    let parts: Vec<String> = parts.map(|(role, units)| format!("{}: {}", role.name(), units.join(", "))).collect();
    let outputs: Vec<&str> = scene.units.iter().flat_map(|unit| &unit.outputs).map(String::as_str).collect();
    format!("{}. Outputs: {}.", parts.join(". "), outputs.join(", "))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
