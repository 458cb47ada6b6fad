//! Annotations and step summaries of GitHub Actions (docs.github.com, "Workflow commands for GitHub Actions").

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use super::report::{Document, Finding};
use crate::failure::Failure;

/// Annotations of one kind that GitHub shows for a step.
const SHOWN: usize = 10;

/// A line a finding. Of more than GitHub shows of a kind, the last line that it shows says how many are left.
pub fn annotations(document: &Document) -> String {
    let mut text = String::new();
    for severity in ["error", "warning"] {
        let findings: Vec<(&str, &Finding)> = document
            .reports
            .iter()
            .flat_map(|report| report.findings.iter().map(|finding| (report.spec.as_str(), finding)))
            .filter(|(_, finding)| finding.severity == severity)
            .collect();
        let said = if findings.len() > SHOWN { SHOWN - 1 } else { findings.len() };
        for (spec, finding) in &findings[..said] {
            text += &annotation(spec, finding);
        }
        if findings.len() > said {
            let left = findings.len() - said;
            text +=
                &format!("::{severity} title=neckar audit::{left} more findings stand in the log and the summary\n");
        }
    }
    text
}

fn annotation(spec: &str, finding: &Finding) -> String {
    let mut properties = Vec::new();
    let message = match &finding.place {
        Some(place) => {
            // GitHub knows files by their paths from the root of the repository.
            let file = place.file.strip_prefix("./").unwrap_or(&place.file);
            properties.push(format!("file={}", property(file)));
            properties.push(format!("line={},endLine={},col={}", place.line, place.end_line, place.column));
            finding.message.clone()
        }
        None => format!("{spec}: {}", finding.message),
    };
    properties.push(format!("title={}", property(&finding.rule)));
    format!("::{} {}::{}\n", finding.severity, properties.join(","), data(&message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Adds Markdown to the summary of the step, where one runs.
pub fn summarise(markdown: &str) -> Result<(), Failure> {
    let Some(path) = env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return Ok(()) };
    let path = Path::new(&path);
    let file = OpenOptions::new().append(true).create(true).open(path);
    let written = file.and_then(|mut file| file.write_all(markdown.as_bytes()));
    written.map_err(|error| Failure::unwritable(path, error))
}
