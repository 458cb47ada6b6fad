//! The rows of a comparison.

use comfy_table::{CellAlignment, Table, presets};

use super::Row;

/// A line a row: its shape, and by how much the sides differ.
pub fn rows(rows: &[Row], own: &str, theirs: &str, differs: impl Fn(&Row) -> bool) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(comfy_table::LineStyle::none()));
    table.set_header(["row", "shape", "greatest difference", "relative error", ""]);
    for row in rows {
        let shape = if row.own == row.theirs {
            format!("{:?}", row.own)
        } else {
            format!("{:?} in {own}, {:?} in {theirs}", row.own, row.theirs)
        };
        let figure = |x: f64| if x.is_nan() { "–".to_owned() } else { format!("{x:.1e}") };
        let mark = if differs(row) { "differs" } else { "" };
        table.add_row([row.name.clone(), shape, figure(row.greatest), figure(row.relative), mark.to_owned()]);
    }
    for column in table.column_iter_mut().skip(2).take(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt() + "\n"
}
