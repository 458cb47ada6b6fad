//! The report as tables for a terminal.

use super::report::{Kind, Report, Work};
use super::timing::Spread;
use crate::sheet::{Sheet, Style};

/// A line an input, a row and an output, then the whole; with the rows inside blocks and the steps when asked for.
pub fn write(report: &Report, verbose: bool) -> String {
    let mut parts = vec![head(report), rows(report, verbose)];
    if verbose {
        parts.push(steps(report));
    }
    parts.push(foot(report));
    parts.join("\n")
}

fn head(report: &Report) -> String {
    let settings: Vec<String> = report.settings.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let settings = if settings.is_empty() { String::new() } else { format!(" ({})", settings.join(", ")) };
    let inputs: Vec<String> = report.inputs.iter().map(|(name, shape)| format!("{name} {shape:?}")).collect();
    let Report { spec, network, threads, numerics, instruction_set, peak_gflops, .. } = report;
    let many = if *threads == 1 { "" } else { "s" };
    format!(
        "{spec}: {network}{settings} on {}\n{threads} thread{many}, {numerics}, {instruction_set}; the multiply-adds alone \
         reach {peak_gflops:.0} GFLOP/s\n",
        inputs.join(", ")
    )
}

fn rows(report: &Report, nested: bool) -> String {
    let header = ["row", "shape", "by", "ms", "min", "max", "share", "GFLOP/s", "of peak", "MB", "GB/s"];
    let mut sheet = Sheet::new(&header, 3..11);
    for row in report.rows.iter().filter(|row| nested || !row.nested) {
        let name = match row.kind {
            Kind::Input => format!("input {}", row.name),
            Kind::Row | Kind::Step => row.name.clone(),
            Kind::Output => format!("output {}", row.name),
        };
        let by = row.elsewhere.clone().unwrap_or_else(|| row.algorithms.join(", "));
        let figures = row.figures.as_ref();
        sheet.rows.push(line([name, format!("{:?}", row.shape), by], figures.map(|of| (&of.work, Some(of.share)))));
    }
    let total = ["whole network".to_owned(), String::new(), String::new()];
    sheet.rows.push(line(total, Some((&report.whole, None))));
    sheet.render(Style::Terminal)
}

fn steps(report: &Report) -> String {
    let header = ["step of", "does", "shape", "by", "ms", "min", "max", "share", "GFLOP/s", "of peak", "MB", "GB/s"];
    let mut sheet = Sheet::new(&header, 4..12);
    for step in &report.steps {
        let cells =
            [step.name.clone(), step.instruction.clone(), format!("{:?}", step.shape), step.algorithm.to_owned()];
        sheet.rows.push(line(cells, Some((&step.figures.work, Some(step.figures.share)))));
    }
    sheet.render(Style::Terminal)
}

fn foot(report: &Report) -> String {
    let Spread { quartiles_ms: [low, high], .. } = report.whole.time;
    let Report { runs, profiled_runs, start, session_bytes, arena_bytes, packed_bytes, .. } = report;
    let mebibytes = |bytes: usize| bytes as f64 / f64::from(1 << 20);
    format!(
        "the whole network: {runs} runs, half of them from {low:.3} to {high:.3} ms; the rows: {profiled_runs} further runs\n\
         before them: weights {:.1} ms, packing {:.1} ms, planning {:.1} ms, the first run {:.1} ms\n\
         {:.1} MiB of buffers, of which the arena {:.1} MiB; {:.1} MiB of packed weights\n",
        start.weights_ms,
        start.pack_ms,
        start.plan_ms,
        start.first_run_ms,
        mebibytes(*session_bytes),
        mebibytes(*arena_bytes),
        mebibytes(*packed_bytes),
    )
}

/// Some cells and the figures of the work; nothing for figures that there are none of.
fn line<const N: usize>(cells: [String; N], figures: Option<(&Work, Option<f64>)>) -> Vec<String> {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let figures = figures.map(|(work, share)| {
        [
            format!("{:.3}", work.time.median_ms),
            format!("{:.3}", work.time.min_ms),
            format!("{:.3}", work.time.max_ms),
            share.map_or_else(String::new, percent),
            work.gflops.map_or_else(String::new, |gflops| format!("{gflops:.1}")),
            work.peak_share.map_or_else(String::new, percent),
            format!("{:.2}", work.bytes as f64 / 1e6),
            format!("{:.1}", work.gbytes_per_second),
        ]
    });
    cells.into_iter().chain(figures.unwrap_or_default()).collect()
}
