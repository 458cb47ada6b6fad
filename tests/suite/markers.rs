//! Expectations in the corpus of wrong specs: how a comment says what must be found where.

use std::iter;

use neckar_spec::diagnostics::{Code, Diagnostic, Severity};
use neckar_spec::source::{Source, Sources};

/// Something found, or expected, in a text: `NK0101 message | label | notes | hints`.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub file: String,
    pub place: Option<Place>,
    pub text: String,
}

/// Columns count characters from 0; a place that covers several lines ends with its first one.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    line: usize,
    columns: (usize, usize),
    more_lines: usize,
}

/// `// set: fuse = nope`, with the place of the value.
pub struct Setting {
    pub name: String,
    pub value: String,
    line: usize,
    column: usize,
}

fn comment(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("//").map(str::trim_start)
}

/// The expectations of a text.
///
/// # Errors
/// For a comment that looks like an expectation and is none.
pub fn expectations(file: &str, text: &str) -> Result<Vec<Finding>, String> {
    let mut found = Vec::new();
    let mut above = 0;
    for (number, line) in text.lines().enumerate() {
        let marker = comment(line).filter(|comment| comment.starts_with(['^', '!']));
        let Some(marker) = marker else {
            if comment(line).is_some_and(|comment| comment.contains("NK0")) {
                return Err(format!("{file}:{}: expected carets or `!` before the code", number + 1));
            }
            above = number;
            continue;
        };
        let (sign, text) = marker.split_once(' ').unwrap_or((marker, ""));
        let code = text.split(' ').next().unwrap_or_default();
        if !Code::ALL.iter().any(|known| known.as_str() == code) {
            return Err(format!("{file}:{}: expected a code, found `{code}`", number + 1));
        }
        let (carets, more) = sign.split_once('+').unwrap_or((sign, "0"));
        let start = line.chars().count() - marker.chars().count();
        let more_lines = more.parse().map_err(|_| format!("{file}:{}: `+{more}` is no number", number + 1))?;
        let place = Place { line: above, columns: (start, start + carets.len()), more_lines };
        found.push(Finding { file: file.to_owned(), place: (sign != "!").then_some(place), text: text.to_owned() });
    }
    Ok(found)
}

/// The values of a text's headers, `// arch: Name`, with their lines and columns.
pub fn headers<'t>(text: &'t str, key: &'t str) -> impl Iterator<Item = (&'t str, usize, usize)> {
    text.lines().enumerate().filter_map(move |(number, line)| {
        let value = comment(line)?.strip_prefix(key)?.strip_prefix(": ")?;
        Some((value, number, line.chars().count() - value.chars().count()))
    })
}

/// The parameters that a text's headers give.
pub fn settings(text: &str) -> Vec<Setting> {
    let setting = |(header, line, column): (&str, usize, usize)| {
        let (name, value) = header.split_once(" = ")?;
        Some(Setting { name: name.into(), value: value.into(), line, column: column + name.chars().count() + 3 })
    };
    headers(text, "set").filter_map(setting).collect()
}

impl Finding {
    /// A diagnostic as an expectation would have it. A place in a setting lies in the header that gives it, one in a spec
    /// of the zoo is none of the corpus.
    pub fn new(root: &str, sources: &Sources, settings: &[Setting], diagnostic: &Diagnostic) -> Finding {
        let severity = if diagnostic.severity == Severity::Warning { "warning: " } else { "" };
        let parts = iter::once(&diagnostic.message).chain(Some(&diagnostic.label).filter(|label| !label.is_empty()));
        let parts: Vec<&str> = parts.chain(&diagnostic.notes).chain(&diagnostic.hints).map(String::as_str).collect();
        let text = format!("{} {severity}{}", diagnostic.code, parts.join(" | "));
        let file = root.to_owned();
        let Some(span) = diagnostic.span else { return Finding { file, place: None, text } };
        let source = sources.get(span.file);
        let mut place = Place::new(source, span.start, span.end);
        if let Some(name) = source.name.strip_prefix("--set ")
            && let Some(setting) = settings.iter().find(|setting| setting.name == name)
        {
            place.line = setting.line;
            place.columns = (place.columns.0 + setting.column, place.columns.1 + setting.column);
            return Finding { file, place: Some(place), text };
        }
        if source.name.starts_with("zoo::") {
            let text = format!("{text} | in {}:{}", source.name, place.line + 1);
            return Finding { file, place: None, text };
        }
        Finding { file: source.name.clone(), place: Some(place), text }
    }

    /// Whether this is what an expectation asks for.
    pub fn meets(&self, expected: &Finding) -> bool {
        (&self.file, &self.place) == (&expected.file, &expected.place) && self.text.contains(&expected.text)
    }
}

impl Place {
    fn new(source: &Source, start: u32, end: u32) -> Place {
        let (line, column) = source.line_column(start);
        let (last, stop) = source.line_column(end);
        let length = source.text.lines().nth(line - 1).map_or(0, |line| line.chars().count());
        let end = if last > line { length } else { stop - 1 };
        Place { line: line - 1, columns: (column - 1, end), more_lines: last - line }
    }

    /// # Errors
    /// When the comment's own slashes stand where the carets have to.
    fn marker(&self, file: &str) -> Result<String, String> {
        let (start, end) = self.columns;
        let indent = start.checked_sub(2).ok_or_else(|| format!("{file}:{}: indent the line", self.line + 1))?;
        let more = if self.more_lines > 0 { format!("+{}", self.more_lines) } else { String::new() };
        Ok(format!("//{}{}{more}", " ".repeat(indent), "^".repeat(end - start)))
    }
}

/// A text with its expectations replaced by what was found.
///
/// # Errors
/// When a place cannot be marked.
pub fn updated(file: &str, text: &str, found: &[Finding]) -> Result<String, String> {
    let of = |line: Option<usize>| {
        let here = move |place: &Option<Place>| place.as_ref().map(|place| place.line) == line;
        found.iter().filter(move |finding| finding.file == file && here(&finding.place))
    };
    let mut lines: Vec<String> = of(None).map(|finding| format!("// ! {}", finding.text)).collect();
    for (number, line) in text.lines().enumerate() {
        if comment(line).is_some_and(|comment| comment.starts_with(['^', '!'])) {
            continue;
        }
        lines.push(line.to_owned());
        for finding in of(Some(number)) {
            let place = finding.place.as_ref().expect("only places are on lines");
            lines.push(format!("{} {}", place.marker(file)?, finding.text));
        }
    }
    Ok(lines.join("\n") + "\n")
}
