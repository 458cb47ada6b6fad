//! The corpus of wrong specs, `errors/<area>/<name>.arch`.
//!
//! What the compiler has to find stands in comments directly beneath the line it is found in: carets under the exact
//! columns of the primary place (`+2` behind them when it goes on for two more lines), the code, then text that the
//! finding holds: its message, and behind `|` its label, notes and hints. `// ! NK0005 …` expects a finding without a
//! place. `// set: fuse = nope` gives a parameter and `// arch: Name` chooses an architecture; places in a given value are
//! marked beneath its comment. A file in a `parts` folder is there to be imported.
//!
//! With `NECKAR_UPDATE=1` the runner rewrites the expectations of the files whose expectations do not hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

use neckar_spec::diagnostics::{Code, Diagnostic, render_one};
use neckar_spec::{Compilation, Library, Origin, compile};

use crate::markers::{Finding, expectations, headers, settings, updated};

/// Fewer cases would not be a corpus.
const LEAST_CASES: usize = 120;

/// No code is more than this part of the findings, so that none of them stands for all that goes wrong.
const GREATEST_SHARE: f64 = 0.1;

/// Codes that no spec can provoke, each with the reason.
const UNPROVOKED: &[Code] = &[];

/// What a run of one case came to.
struct Outcome {
    compilation: Compilation,
    /// The code of each finding.
    codes: Vec<Code>,
    found: Vec<Finding>,
    problems: Vec<String>,
}

fn run(origin: Origin) -> Outcome {
    let library = Library::load(origin).expect("the corpus can be read");
    let root = library.sources.get(library.root_file()).clone();
    let settings = settings(&root.text);
    let arch = headers(&root.text, "arch").map(|(name, ..)| name).next();
    let given: Vec<_> = settings.iter().map(|setting| (setting.name.clone(), setting.value.clone())).collect();
    let compilation = compile(library, arch, &given);
    let sources = &compilation.sources;
    let failed = compilation.failed_expectations();
    let diagnostics: Vec<&Diagnostic> = compilation.diagnostics.iter().chain(&failed).collect();
    let (mut expected, mut found, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for (_, source) in sources.iter().filter(|(_, source)| source.name.ends_with(".arch")) {
        match expectations(&source.name, &source.text) {
            Ok(more) => expected.extend(more),
            Err(problem) => problems.push(problem),
        }
    }
    if expected.is_empty() {
        problems.push("nothing is expected".into());
    }
    for diagnostic in &diagnostics {
        let finding = Finding::new(&root.name, sources, &settings, diagnostic);
        match expected.iter().position(|expected| finding.meets(expected)) {
            Some(at) => drop(expected.swap_remove(at)),
            None => problems.push(format!("unexpected: {}\n{}", finding.text, render_one(sources, diagnostic))),
        }
        found.push(finding);
        for text in diagnostic.hints.iter().chain([&diagnostic.message]) {
            if text.starts_with(char::is_uppercase) || text.ends_with('.') {
                problems.push(format!("not in lower case without a final period: {text}"));
            }
        }
    }
    problems.extend(expected.iter().map(|missing| format!("not found: {missing:?}")));
    let codes = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    Outcome { compilation, codes, found, problems }
}

fn update(outcome: &Outcome) -> Result<(), String> {
    for (_, source) in outcome.compilation.sources.iter().filter(|(_, source)| source.path.is_some()) {
        let text = updated(&source.name, &source.text, &outcome.found)?;
        fs::write(&source.name, text).map_err(|error| format!("{}: {error}", source.name))?;
    }
    Ok(())
}

/// Every file beneath a folder, in order.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the corpus is a folder");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the corpus can be listed").path())
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect();
    files.sort();
    files
}

#[test]
fn corpus() {
    let files = files(Path::new("errors"));
    let (mut problems, mut codes, mut read) = (Vec::new(), BTreeMap::<Code, usize>::new(), BTreeSet::new());
    let mut cases = 0;
    for file in files.iter().filter(|file| !file.components().any(|part| part.as_os_str() == "parts")) {
        let outcome = run(Origin::Path(file.clone()));
        cases += 1;
        for &code in &outcome.codes {
            *codes.entry(code).or_default() += 1;
        }
        read.extend(outcome.compilation.sources.iter().filter_map(|(_, source)| source.path.clone()));
        if !outcome.problems.is_empty() && env::var_os("NECKAR_UPDATE").is_some() {
            problems.extend(update(&outcome).err());
        }
        problems.extend(outcome.problems.iter().map(|problem| format!("{}: {problem}", file.display())));
    }
    let unread = files.iter().filter(|file| !read.contains(*file));
    problems.extend(unread.map(|file| format!("{}: no case reads it", file.display())));
    for code in Code::ALL {
        let found = codes.get(code).copied().unwrap_or_default();
        if (found > 0) == UNPROVOKED.contains(code) {
            problems.push(format!("{code}, {}: provoked {found} times", code.summary()));
        }
    }
    let findings: usize = codes.values().sum();
    let too_often = codes.iter().filter(|(_, found)| **found as f64 > GREATEST_SHARE * findings as f64);
    problems.extend(too_often.map(|(code, found)| format!("{code}: {found} of {findings} findings")));
    if cases < LEAST_CASES {
        problems.push(format!("{cases} cases"));
    }
    assert!(problems.is_empty(), "{}\n\n{} problems", problems.join("\n\n"), problems.len());
}

/// The runner itself: what it must let pass and what it must refuse.
#[test]
fn runner() {
    let row = "arch A {\n    input x: [B, 8, H, W]\n    output y = relu(z)\n";
    let caret = "//                  ^ ";
    let right = format!("{caret}NK0101 `z` is not defined\n");
    let cases = [
        (right.clone(), ""),
        (format!("{caret}NK0101\n"), ""),
        (String::new(), "nothing is expected"),
        (format!("{caret}NK0102 `z` is not defined\n"), "not found"),
        (format!("{caret}NK0101 `y` is not defined\n"), "not found"),
        (right.replace("^ ", " ^ "), "not found"),
        (right.replace('^', "^^"), "not found"),
        (right.replace('^', "^+1"), "not found"),
        (right.replace('^', "!"), "not found"),
        (format!("{right}{right}"), "not found"),
        (format!("{right}//     ^ NK0101\n"), "not found"),
        (format!("{right}// NK0101 is here\n"), "expected carets"),
        (format!("{right}//     ^ NK101 short\n"), "expected a code"),
        (format!("{right}//     ^^ nothing\n"), "expected a code"),
    ];
    for (markers, problem) in cases {
        let text = format!("{row}{markers}}}\n");
        let outcome = run(Origin::Text { name: "case.arch".into(), text: text.clone(), folder: None });
        let fits = |found: &String| !problem.is_empty() && found.contains(problem);
        assert_eq!(outcome.problems.is_empty(), problem.is_empty(), "{text}{:?}", outcome.problems);
        assert!(problem.is_empty() || outcome.problems.iter().any(fits), "{text}{:?}", outcome.problems);
        // A comment that only mentions a code is nobody's to take out.
        let text = text.replace("// NK0101 is here\n", "");
        let mended = updated("case.arch", &text, &outcome.found).expect("the place can be marked");
        assert_eq!(mended, format!("{row}{right}}}\n"), "{text}");
    }
}
