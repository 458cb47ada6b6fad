//! Tables, for a terminal or a page.

use std::ops::Range;

use comfy_table::{CellAlignment, Table, presets};

/// Where the tables are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Terminal,
    Markdown,
}

/// A text on one line, its end left out beyond so many characters.
pub fn shortened(text: &str, most: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A table before it has a style.
#[derive(Debug)]
pub struct Sheet {
    header: Vec<&'static str>,
    /// Columns that hold numbers.
    numbers: Range<usize>,
    pub rows: Vec<Vec<String>>,
}

impl Sheet {
    /// One with no rows yet.
    pub fn new(header: &[&'static str], numbers: Range<usize>) -> Sheet {
        Sheet { header: header.to_vec(), numbers, rows: Vec::new() }
    }

    /// The table as text; nothing where it has no rows.
    pub fn render(&self, style: Style) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        if style == Style::Markdown {
            return self.markdown();
        }
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(comfy_table::LineStyle::none()));
        table.set_header(&self.header);
        table.add_rows(&self.rows);
        for (_, column) in table.column_iter_mut().enumerate().filter(|(i, _)| self.numbers.contains(i)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table.trim_fmt() + "\n"
    }

    fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let rule = |i: usize| if self.numbers.contains(&i) { "---:" } else { "---" }.to_owned();
        let mut text = line(self.header.iter().map(|cell| (*cell).to_owned()).collect());
        text += &line((0..self.header.len()).map(rule).collect());
        for row in &self.rows {
            text += &line(row.iter().map(|cell| cell.replace('|', "\\|")).collect());
        }
        text
    }
}
