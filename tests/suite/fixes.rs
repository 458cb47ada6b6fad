//! Fixes, over the corpus of wrong specs and the wrong examples of the documentation.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use neckar_spec::diagnostics::{Code, Diagnostic, FixScope, Severity, page};
use neckar_spec::fixes::{edited, fix};
use neckar_spec::format::format;
use neckar_spec::source::Sources;
use neckar_spec::{Compilation, Library, Origin, compile};
use tempfile::TempDir;

use crate::errors::files;
use crate::markers::{headers, settings};

/// The corpus and the wrong examples in a folder of their own, where they can be changed.
struct Specs {
    folder: TempDir,
}

impl Specs {
    fn new() -> Specs {
        let specs = Specs { folder: tempfile::tempdir().expect("a temporary folder can be made") };
        for file in files(Path::new("errors")) {
            specs.add(&file, &fs::read_to_string(&file).expect("the corpus can be read"));
        }
        let reference = fs::read_to_string("../docs/language.md").expect("the reference is there");
        let pages = Code::ALL.iter().map(|&code| (code.as_str(), page(code)));
        for (name, page) in pages.chain([("reference", reference.as_str())]) {
            for (at, block) in page.split("```arch NK").skip(1).enumerate() {
                let text = block.split_once('\n').and_then(|(_, rest)| rest.split("```").next());
                specs.add(&PathBuf::from(format!("pages/{name}_{at}.arch")), text.expect("a block ends"));
            }
        }
        specs
    }

    fn add(&self, name: &Path, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("the folder is ours");
        fs::write(path, text).expect("the folder is ours");
    }

    fn each(&self) -> Vec<Spec> {
        let is_part = |file: &PathBuf| file.components().any(|part| part.as_os_str() == "parts");
        let paths = files(self.folder.path()).into_iter().filter(|file| !is_part(file));
        paths.map(|path| Spec { text: fs::read_to_string(&path).expect("it was written"), path }).collect()
    }
}

struct Spec {
    path: PathBuf,
    text: String,
}

impl Spec {
    fn library(&self) -> Library {
        Library::load(Origin::Path(self.path.clone())).expect("it was written")
    }

    /// The architecture and the parameters that its headers give.
    fn chosen(&self) -> (Option<&str>, Vec<(String, String)>) {
        let settings = settings(&self.text).into_iter().map(|setting| (setting.name, setting.value));
        (headers(&self.text, "arch").map(|(name, ..)| name).next(), settings.collect())
    }

    fn compile(&self) -> Compilation {
        let (arch, settings) = self.chosen();
        compile(self.library(), arch, &settings)
    }
}

/// How often each finding was made, by code, message and text.
fn findings(compilation: &Compilation, least: Severity) -> BTreeMap<(Code, String, Option<String>), usize> {
    let mut found = BTreeMap::new();
    for diagnostic in compilation.diagnostics.iter().chain(&compilation.failed_expectations()) {
        if diagnostic.severity >= least {
            *found.entry(key(&compilation.sources, diagnostic)).or_default() += 1;
        }
    }
    found
}

fn key(sources: &Sources, diagnostic: &Diagnostic) -> (Code, String, Option<String>) {
    let file = diagnostic.span.map(|span| sources.get(span.file).name.clone());
    (diagnostic.code, diagnostic.message.clone(), file)
}

fn is_formatted(text: &str) -> bool {
    let mut sources = Sources::default();
    let file = sources.add("text.arch", None, text);
    format(&sources, file).is_ok()
}

/// What is wrong with the fix of a finding: it has to take that finding away, bring no other, and leave a text that
/// `fmt` reads where it read the one before.
fn fault(spec: &Spec, before: &Compilation, diagnostic: &Diagnostic) -> Option<String> {
    let fix = diagnostic.fix.as_ref()?;
    let Some(texts) = edited(&before.sources, &[fix]) else { return Some("its edits overlap".into()) };
    let mut unread = Vec::new();
    for (&file, text) in &texts {
        let source = before.sources.get(file);
        let Some(path) = &source.path else { return Some(format!("it changes {}", source.name)) };
        fs::write(path, text).expect("the folder is ours");
        if is_formatted(&source.text) && !is_formatted(text) {
            unread.push(text);
        }
    }
    let after = spec.compile();
    for &file in texts.keys() {
        let source = before.sources.get(file);
        fs::write(source.path.as_ref()?, &source.text).expect("the folder is ours");
    }
    let mut left = findings(before, diagnostic.severity);
    *left.get_mut(&key(&before.sources, diagnostic))? -= 1;
    let after = findings(&after, diagnostic.severity);
    let new = after.iter().find(|(finding, count)| left.get(finding).is_none_or(|left| left < count));
    match (new, unread.first()) {
        (Some((finding, _)), _) => Some(format!("it brings {finding:?}\n{texts:?}")),
        (None, Some(text)) => Some(format!("fmt cannot read what it gives\n{text}")),
        (None, None) => None,
    }
}

#[test]
fn every_fix_mends_its_finding_alone() {
    let mut faults = Vec::new();
    let mut offered = BTreeSet::new();
    let specs = Specs::new();
    for spec in specs.each() {
        let before = spec.compile();
        for diagnostic in before.diagnostics.iter().filter(|diagnostic| diagnostic.fix.is_some()) {
            offered.insert(diagnostic.code);
            let fault = fault(&spec, &before, diagnostic);
            faults.extend(fault.map(|fault| format!("{}: {}: {fault}", spec.path.display(), diagnostic.message)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let expected = [
        Code::Syntax,
        Code::Import,
        Code::Unknown,
        Code::UnknownKind,
        Code::UnknownArgument,
        Code::WrongChoice,
        Code::DeclaredShape,
        Code::IllegalAt,
        Code::UndeclaredShape,
    ];
    let missing: Vec<&Code> = expected.iter().filter(|code| !offered.contains(code)).collect();
    assert!(missing.is_empty(), "no fix is offered for {missing:?}");
}

/// What one call leaves: no fix, and fewer findings by as many as it says it fixed, or more.
#[test]
fn all_at_once() {
    let errors = |compilation: &Compilation| findings(compilation, Severity::Error).values().sum::<usize>();
    let mut mended = 0;
    let specs = Specs::new();
    for spec in specs.each() {
        let before = spec.compile();
        let is_warning =
            |diagnostic: &&Diagnostic| diagnostic.severity == Severity::Warning && diagnostic.fix.is_some();
        let before = errors(&before) + before.diagnostics.iter().filter(is_warning).count();
        let (arch, settings) = spec.chosen();
        let files = fix(spec.library(), arch, &settings, FixScope::Shapes).expect("it was written");
        for file in &files {
            fs::write(&file.path, &file.text).expect("the folder is ours");
        }
        let (after, done) = (spec.compile(), files.iter().map(|file| file.done.len()).sum::<usize>());
        assert!(errors(&after) + done <= before, "{}: {files:?}", spec.path.display());
        assert!(after.diagnostics.iter().all(|diagnostic| diagnostic.fix.is_none()), "{}", spec.path.display());
        mended += done;
    }
    assert!(mended > 20, "only {mended} findings were mended");
}
