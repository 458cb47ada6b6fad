//! The page of every code: its form, and that its examples give what they say.

use neckar_spec::diagnostics::{Code, find_code, page};
use neckar_spec::{Library, Origin, compile};

/// Codes whose wrong example cannot be a single text.
const WITHOUT_A_WRONG_EXAMPLE: &[(Code, &str)] = &[(Code::ImportCycle, "a cycle takes files that import each other")];

/// The fences of a page: what stands behind `arch`, and the text.
fn fences(page: &str) -> Vec<(&str, String)> {
    let mut fences = Vec::new();
    let mut lines = page.lines();
    while let Some(head) = lines.next() {
        if let Some(mark) = head.strip_prefix("```arch") {
            let text: Vec<&str> = lines.by_ref().take_while(|text| *text != "```").collect();
            fences.push((mark.trim(), text.join("\n")));
        }
    }
    fences
}

/// The codes of all that a check finds in a text.
fn found(text: String) -> Vec<&'static str> {
    let library = Library::load(Origin::Text { name: "example".to_owned(), text, folder: None })
        .expect("a text at hand can be read");
    let compilation = compile(library, None, &[]);
    let failed = compilation.failed_expectations();
    let found = compilation.diagnostics.iter().chain(&failed);
    found.map(|diagnostic| diagnostic.code.as_str()).collect()
}

#[test]
fn a_wrong_example_gives_the_code_once_and_the_right_one_nothing() {
    for &code in Code::ALL {
        let fences = fences(page(code));
        let right = match WITHOUT_A_WRONG_EXAMPLE.iter().find(|(exempt, _)| *exempt == code) {
            Some((_, reason)) => {
                assert!(page(code).contains("\n\n    "), "{code}: {reason}, so the page shows them indented");
                let [right] = fences.try_into().unwrap_or_else(|found| panic!("{code}: one example, found {found:?}"));
                right
            }
            None => {
                let [wrong, right] =
                    fences.try_into().unwrap_or_else(|found| panic!("{code}: two examples, found {found:?}"));
                assert_eq!(wrong.0, code.as_str());
                assert_eq!(found(wrong.1), [code.as_str()], "the wrong example of {code}");
                right
            }
        };
        assert_eq!(right.0, "", "the right example of {code} carries no mark");
        assert_eq!(found(right.1), [""; 0], "the right example of {code}");
    }
}

#[test]
fn a_page_begins_with_the_code_and_its_summary() {
    for &code in Code::ALL {
        let heading = format!("# {code}: {}\n\n", code.summary());
        assert!(page(code).starts_with(&heading), "{code}: {:?}", page(code).lines().next());
        let prose = page(code)[heading.len()..].split("\n\n").take_while(|part| !part.starts_with("```"));
        assert!(prose.count() >= 2, "{code}: what it means, and why it is refused");
    }
}

#[test]
fn codes_are_found_in_any_case_and_near_ones_named() {
    for &code in Code::ALL {
        assert_eq!(find_code(code.as_str()), Ok(code));
        assert_eq!(find_code(&code.as_str().to_lowercase()), Ok(code));
        if let Some(lint) = code.lint() {
            assert_eq!(find_code(lint), Ok(code));
            assert!(page(code).contains(&format!("`{lint}`")), "the page of {code} names its lint");
        }
    }
    assert_eq!(find_code("unused_layers"), Err(vec![Code::UnusedLayer]));
    assert_eq!(find_code("NK202"), Err(vec![Code::OperandShapes]));
    assert_eq!(find_code("E0301"), Err(vec![Code::Expectation]));
    let near = find_code("nk0207").expect_err("there is no such code");
    assert!(near.contains(&Code::OperandShapes) && !near.contains(&Code::Syntax), "{near:?}");
    for text in ["", "shapes", "E0308x"] {
        assert_eq!(find_code(text), Err(Vec::new()), "{text}");
    }
}
