//! Fixes, over the corpus of wrong specs, the wrong examples of `neckar explain`, and cases of their own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use neckar_spec::diagnostics::{Code, Diagnostic, FixScope, Severity, page};
use neckar_spec::fixes::{edited, fix};
use neckar_spec::format::format;
use neckar_spec::source::Sources;
use neckar_spec::{Compilation, Library, Origin, compile};

use crate::errors::files;
use crate::markers::{headers, settings};

/// A spec to be mended: its text, where its imports are, and what its headers choose.
struct Spec {
    name: String,
    text: String,
    folder: Option<PathBuf>,
}

impl Spec {
    fn new(name: &str, text: &str) -> Spec {
        Spec { name: name.to_owned(), text: text.to_owned(), folder: None }
    }

    fn library(&self, text: &str) -> Library {
        let origin = Origin::Text { name: self.name.clone(), text: text.to_owned(), folder: self.folder.clone() };
        Library::load(origin).expect("it is at hand")
    }

    fn compile(&self, text: &str) -> Compilation {
        let settings: Vec<_> = settings(&self.text).into_iter().map(|setting| (setting.name, setting.value)).collect();
        let arch = headers(&self.text, "arch").map(|(name, ..)| name).next();
        compile(self.library(text), arch, &settings)
    }
}

fn corpus() -> Vec<Spec> {
    let in_parts = |file: &PathBuf| file.components().any(|part| part.as_os_str() == "parts");
    files(Path::new("errors"))
        .into_iter()
        .filter(|file| !in_parts(file))
        .filter_map(|file| {
            let text = fs::read_to_string(&file).ok()?;
            Some(Spec { name: file.display().to_string(), text, folder: file.parent().map(Path::to_owned) })
        })
        .collect()
}

/// The wrong examples of the pages, and of the reference.
fn pages() -> Vec<Spec> {
    let reference = fs::read_to_string("../docs/language.md").expect("the reference is there");
    let pages = Code::ALL.iter().map(|&code| (code.as_str().to_owned(), page(code).to_owned()));
    let pages = pages.chain([("language.md".to_owned(), reference)]);
    pages
        .flat_map(|(name, page)| {
            let blocks = page.split("```arch ").skip(1).map(str::to_owned).collect::<Vec<_>>();
            blocks.into_iter().filter_map(move |block| {
                let (code, text) = block.split_once('\n')?;
                let text = text.split("```").next()?;
                code.starts_with("NK").then(|| Spec::new(&name, text))
            })
        })
        .collect()
}

/// How often each finding was made, by code, message and text.
fn findings(compilation: &Compilation, least: Severity) -> BTreeMap<(Code, String, Option<String>), usize> {
    let mut found = BTreeMap::new();
    for diagnostic in compilation.diagnostics.iter().chain(&compilation.failed_expectations()) {
        if diagnostic.severity >= least {
            let name = diagnostic.span.map(|span| compilation.sources.get(span.file).name.clone());
            *found.entry((diagnostic.code, diagnostic.message.clone(), name)).or_default() += 1;
        }
    }
    found
}

/// What is wrong with the fix of a finding: it has to take that finding away, bring no other, and leave a text that
/// `fmt` reads.
fn fault(spec: &Spec, before: &Compilation, diagnostic: &Diagnostic) -> Option<String> {
    let fix = diagnostic.fix.as_ref()?;
    let root = before.sources.iter().find(|(_, source)| source.name == spec.name).map(|(file, _)| file)?;
    let Some(texts) = edited(&before.sources, &[fix]) else { return Some("its edits overlap".into()) };
    let Some(text) = texts.get(&root).filter(|_| texts.len() == 1) else {
        return Some("it changes another text than the spec's".into());
    };
    let after = spec.compile(text);
    let mut expected = findings(before, diagnostic.severity);
    let name = diagnostic.span.map(|span| before.sources.get(span.file).name.clone());
    *expected.get_mut(&(diagnostic.code, diagnostic.message.clone(), name))? -= 1;
    for (finding, count) in findings(&after, diagnostic.severity) {
        if count > expected.get(&finding).copied().unwrap_or(0) {
            return Some(format!("it brings {finding:?}\n{text}"));
        }
    }
    let is_readable = |text: &str| {
        let mut sources = Sources::default();
        let file = sources.add("fixed.arch", None, text);
        format(&sources, file)
    };
    match (is_readable(&before.sources.get(root).text), is_readable(text)) {
        (Ok(_), Err(error)) => Some(format!("fmt refuses what it gives: {error:?}\n{text}")),
        _ => None,
    }
}

#[test]
fn every_fix_mends_its_finding_alone() {
    let mut faults = Vec::new();
    let mut offered: BTreeMap<Code, usize> = BTreeMap::new();
    for spec in corpus().iter().chain(&pages()) {
        let before = spec.compile(&spec.text);
        for diagnostic in before.diagnostics.iter().filter(|diagnostic| diagnostic.fix.is_some()) {
            *offered.entry(diagnostic.code).or_default() += 1;
            let fault = fault(spec, &before, diagnostic);
            faults.extend(fault.map(|fault| format!("{}: {}: {fault}", spec.name, diagnostic.message)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    eprintln!("{offered:?}");
}
