//! Every fenced `arch` block of the documentation is a whole spec. It compiles and its expectations hold; a block marked with
//! a code fails with that code.

use neckar_spec::{Library, Origin, compile};

/// The fences of a page: the line of each, what stands behind `arch`, the text.
fn fences(page: &str) -> Vec<(usize, &str, String)> {
    let mut fences = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((line, head)) = lines.next() {
        if let Some(mark) = head.strip_prefix("```arch") {
            let text: Vec<&str> = lines.by_ref().map(|(_, text)| text).take_while(|text| *text != "```").collect();
            fences.push((line + 1, mark.trim(), text.join("\n")));
        }
    }
    fences
}

#[test]
fn every_fence_is_what_it_says() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pages: Vec<_> = ["docs", "docs/operators"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).expect("the documentation lies beside the crate"))
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.push(root.join("README.md"));
    let mut faults = Vec::new();
    let mut count = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("a page that was just listed can be read");
        for (line, mark, spec) in fences(&text) {
            count += 1;
            let name = format!("{}:{line}", page.file_name().unwrap_or_default().to_string_lossy());
            let library = Library::load(Origin::Text { name: name.clone(), text: spec, folder: None })
                .expect("a text at hand can be read");
            let compilation = compile(library, None, &[]);
            let mut found = compilation.diagnostics.clone();
            found.extend(compilation.failed_expectations());
            let codes: Vec<&str> = found.iter().map(|diagnostic| diagnostic.code.as_str()).collect();
            let expected: Vec<&str> = mark.split_whitespace().collect();
            if codes != expected {
                faults.push(format!("{name}: expected {expected:?}, found {found:#?}"));
            }
        }
    }
    assert!(count > 40, "only {count} fences were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
