//! What a comparison says.

use comfy_table::{CellAlignment, Table, presets};

use super::Pair;
use super::causes::Cause;
use super::judge::{Fault, Verdict};
use super::network::Network;
use super::step::Step;
use crate::terminal::Terminal;

/// A line a row: its shape, and by how much the sides differ.
pub fn table(pairs: &[Pair], own: &str, theirs: &str, tolerance: f64) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(comfy_table::LineStyle::none()));
    table.set_header(["row", "shape", "greatest difference", "relative error", ""]);
    for pair in pairs {
        let same = pair.own.shape() == pair.theirs.shape();
        let shape = if same {
            format!("{:?}", pair.own.shape())
        } else {
            format!("{:?} in {own}, {:?} in {theirs}", pair.own.shape(), pair.theirs.shape())
        };
        let figure = |x: f64| if x.is_nan() { "–".to_owned() } else { format!("{x:.1e}") };
        let differences = pair.own.iter().zip(&*pair.theirs).map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs());
        let greatest = if same { differences.fold(0.0, f64::max) } else { f64::NAN };
        let mark = if pair.differs(tolerance) { "differs" } else { "" };
        table.add_row([pair.name.to_owned(), shape, figure(greatest), figure(pair.relative), mark.to_owned()]);
    }
    for column in table.column_iter_mut().skip(2).take(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt() + "\n"
}

/// That names of the other side are not the network's.
pub fn unknown(names: &[&str], side: &str) -> String {
    let shown = names.iter().take(4).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let more = if names.len() > 4 { ", …" } else { "" };
    format!("{} tensors of `{side}` have names that the network lacks: {shown}{more}", names.len())
}

/// That all rows agree.
pub fn agreement(pairs: &[Pair], tolerance: f64) -> String {
    let worst = pairs.iter().map(|pair| pair.relative).fold(0.0, f64::max);
    format!("{} rows agree within {tolerance:e}; the worst is off by {worst:.1e}", pairs.len())
}

/// Names the first row that differs and its cause, then what differs by itself after it.
pub fn verdict(verdict: &Verdict, pairs: &[Pair], tolerance: f64, terminal: &Terminal) {
    let differing: Vec<&str> = pairs.iter().filter(|pair| pair.differs(tolerance)).map(|pair| pair.name).collect();
    let first = differing.first().copied().unwrap_or_default();
    let mut groups: Vec<(&Fault, Vec<&str>)> = Vec::new();
    for fault in &verdict.faults {
        let same = |(known, _): &&mut (&Fault, Vec<&str>)| match (&known.cause, &fault.cause) {
            (Some(known), Some(cause)) => known.what == cause.what,
            (known, cause) => known.is_none() && cause.is_none(),
        };
        match groups.iter_mut().find(same) {
            Some((_, rows)) => rows.push(&fault.row),
            None => groups.push((fault, Vec::new())),
        }
    }
    for (at, (fault, rows)) in groups.iter().enumerate() {
        let head = match at {
            0 if fault.row == first => format!("`{first}` is the first row that differs"),
            0 => format!(
                "`{first}` is the first row that differs; no row does by itself, the difference builds up, most of it in `{}`",
                fault.row
            ),
            _ => format!("`{}` differs by itself, whatever was before it", fault.row),
        };
        let mut said = format!("{head}\n{}", explained(fault.cause.as_ref()));
        if !rows.is_empty() {
            let same = if fault.cause.is_some() { "for the same cause" } else { "unknown too" };
            said += &format!("\n{same}: {}", listed(rows));
        }
        terminal.error(&said);
    }
    if verdict.followers > 0 {
        terminal.note(&format!("{} more rows differ; they follow from those before them", verdict.followers));
    }
    if verdict.unjudged > 0 {
        terminal
            .note(&format!("{} more rows differ by themselves; their causes were not looked for", verdict.unjudged));
    }
}

fn explained(cause: Option<&Cause>) -> String {
    let Some(cause) = cause else {
        return "cause unknown: none of the usual ones gives the reference's tensor\n\
                look at: whether the reference ran with these weights and inputs (--weights, --input), then the steps that lead \
                to this row; with more tensors in the reference they are fewer"
            .to_owned();
    };
    let at = cause.at.as_ref().map_or_else(String::new, |at| format!("{at}: "));
    let others = match cause.others.as_slice() {
        [] => String::new(),
        others => format!("\nthe same tensor would come of: {}", others.join("; ")),
    };
    format!("likely cause: {at}{}{others}\nlook at: {}", cause.what, cause.look)
}

fn listed(rows: &[&str]) -> String {
    rows.iter().map(|row| format!("`{row}`")).collect::<Vec<_>>().join(", ")
}

/// Names the first row that differs of two runs, and how the steps that lead to it differ.
pub fn two_runs(own: &Network, other: &Network, pairs: &[Pair], tolerance: f64, sides: [&str; 2], terminal: &Terminal) {
    let Some(first) = pairs.iter().position(|pair| pair.differs(tolerance)) else { return };
    let name = pairs[first].name;
    let agreed: Vec<&str> = pairs[..first].iter().map(|pair| pair.name).collect();
    let steps = [own, other].map(|network| leading(network, name, &agreed));
    let cause = if steps[0] == steps[1] {
        "both sides run the same steps here and round differently, or have other weights".to_owned()
    } else {
        let [a, b] = [0, 1].map(|side| format!("{}: {}", sides[side], steps[side].join(", ")));
        format!("the sides run other steps\n  {a}\n  {b}")
    };
    terminal.error(&format!("`{name}` is the first row that differs\nlikely cause: {cause}"));
}

/// The steps that lead to a row from rows that agree, as texts.
fn leading(network: &Network, row: &str, agreed: &[&str]) -> Vec<String> {
    let names = network.names();
    let slot = |name: &str| names.get(name).and_then(|slots| slots.first());
    let Some(target) = slot(row) else { return Vec::new() };
    let known: Vec<_> = agreed.iter().filter_map(|name| slot(name)).collect();
    let mut needed = vec![*target];
    let mut texts = Vec::new();
    for step in network.steps.iter().rev() {
        if needed.contains(&step.out) && !known.contains(&&step.out) {
            needed.extend(&step.args);
            texts.push(text(network, step));
        }
    }
    texts.reverse();
    texts
}

/// A step by its instruction, its layer in the place of its weights.
fn text(network: &Network, step: &Step) -> String {
    let whole: Vec<String> = if step.epilogue.is_empty() {
        vec![step.instr.to_string()]
    } else {
        step.epilogue.iter().map(ToString::to_string).collect()
    };
    // Weights stand in brackets, by numbers that say nothing here.
    let bare = |text: &str| match (text.find(" [w"), text.find(']')) {
        (Some(begin), Some(end)) => format!("{}{}", &text[..begin], &text[end + 1..]),
        _ => text.to_owned(),
    };
    let text = whole.iter().map(|text| bare(text)).collect::<Vec<_>>().join(" + ");
    network.module(step).map_or_else(|| text.clone(), |module| format!("`{module}` {text}"))
}
