//! Fixes: which of the changes proposed for a finding are certain, and the texts after them.
//!
//! What makes a diagnostic proposes what may mend it; whether it does is not argued but tried, on the whole spec.

mod channels;
mod place;
mod sizes;
#[cfg(test)]
mod tests;
mod trial;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub(crate) use channels::laterals;
pub(crate) use trial::decide;

use crate::compile::{Compilation, compile};
use crate::diagnostics::{Diagnostic, Fix, FixScope};
use crate::library::{Library, ReadError};
use crate::source::{FileId, Sources};

/// A file with what mends its findings.
#[derive(Clone, Debug)]
pub struct FixedFile {
    /// How messages name it.
    pub name: String,
    /// Where it was read from.
    pub path: PathBuf,
    /// Its new text.
    pub text: String,
    /// What was done, each with the line where the finding was.
    pub done: Vec<(usize, String)>,
}

/// Applies fixes until none is left, and gives the files that they change. Nothing is written.
///
/// # Errors
/// When the spec itself cannot be read again.
pub fn fix(
    mut library: Library,
    arch: Option<&str>,
    settings: &[(String, String)],
    scope: FixScope,
) -> Result<Vec<FixedFile>, ReadError> {
    let mut files: BTreeMap<PathBuf, FixedFile> = BTreeMap::new();
    loop {
        let again = library.edited(&BTreeMap::new())?;
        let compilation = compile(library, arch, settings);
        let sources = &compilation.sources;
        let applied = applicable(&compilation, &again, arch, settings, scope);
        let fixes: Vec<&Fix> = applied.iter().filter_map(|diagnostic| diagnostic.fix.as_ref()).collect();
        let Some(texts) = edited(sources, &fixes).filter(|texts| !texts.is_empty()) else { break };
        library = again.edited(&texts)?;
        for (file, text) in texts {
            let source = sources.get(file);
            let Some(path) = &source.path else { continue };
            let fixed = files.entry(path.clone()).or_insert_with(|| FixedFile {
                name: source.name.clone(),
                path: path.clone(),
                text: String::new(),
                done: Vec::new(),
            });
            fixed.text = text;
        }
        for diagnostic in applied {
            let Some(fix) = &diagnostic.fix else { continue };
            let Some((at, _)) = fix.edits.first() else { continue };
            let source = sources.get(at.file);
            if let Some(fixed) = source.path.as_ref().and_then(|path| files.get_mut(path)) {
                let place = diagnostic.span.filter(|span| span.file == at.file).unwrap_or(*at);
                let done = (source.line_column(place.start).0, fix.title.clone());
                if !fixed.done.contains(&done) {
                    fixed.done.push(done);
                }
            }
        }
    }
    Ok(files.into_values().collect())
}

/// The findings whose fixes are applied next: all that hold together, or the first alone. Every round mends at least one
/// finding and brings none, so there are no more rounds than findings.
fn applicable<'c>(
    compilation: &'c Compilation,
    library: &Library,
    arch: Option<&str>,
    settings: &[(String, String)],
    scope: FixScope,
) -> Vec<&'c Diagnostic> {
    let in_files = |fix: &Fix| fix.edits.iter().all(|(span, _)| compilation.sources.get(span.file).path.is_some());
    let applies =
        |diagnostic: &&Diagnostic| diagnostic.fix.as_ref().is_some_and(|fix| fix.scope <= scope && in_files(fix));
    let mut all: Vec<&Diagnostic> = compilation.diagnostics.iter().filter(applies).collect();
    if all.len() > 1 && !trial::hold_together(compilation, library, arch, settings, &all) {
        all.truncate(1);
    }
    all
}

/// The texts that fixes change; none where two of them change the same place. The fix that several findings share, such
/// as those of the instances of a block, is applied once.
pub fn edited(sources: &Sources, fixes: &[&Fix]) -> Option<BTreeMap<FileId, String>> {
    let distinct =
        fixes.iter().enumerate().filter(|(at, fix)| !fixes[..*at].iter().any(|other| other.edits == fix.edits));
    let mut edits: Vec<_> = distinct.flat_map(|(_, fix)| &fix.edits).collect();
    edits.sort_by_key(|(span, _)| *span);
    let mut texts: BTreeMap<FileId, String> = BTreeMap::new();
    let mut copied = 0;
    let mut last = None;
    for (span, text) in edits {
        let source = &sources.get(span.file).text;
        if last != Some(span.file) {
            finish(&mut texts, sources, last, copied);
            (last, copied) = (Some(span.file), 0);
        }
        let between = source.get(copied..span.start as usize)?;
        let changed = texts.entry(span.file).or_default();
        changed.push_str(between);
        changed.push_str(text);
        copied = span.end as usize;
    }
    finish(&mut texts, sources, last, copied);
    Some(texts)
}

fn finish(texts: &mut BTreeMap<FileId, String>, sources: &Sources, file: Option<FileId>, copied: usize) {
    if let Some(file) = file
        && let Some(text) = texts.get_mut(&file)
    {
        text.push_str(&sources.get(file).text[copied..]);
    }
}
