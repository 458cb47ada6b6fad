//! The page of each code: what the finding means, why it is refused, a wrong example, what to do and a right one.

use super::{Code, nearest};

macro_rules! page {
    ($code:literal) => {
        include_str!(concat!("pages/", $code, ".md"))
    };
}

/// The Markdown page of a code. Its heading holds the code and its summary.
pub fn page(code: Code) -> &'static str {
    match code {
        Code::Syntax => page!("NK0001"),
        Code::Brackets => page!("NK0002"),
        Code::Import => page!("NK0003"),
        Code::ImportCycle => page!("NK0004"),
        Code::NoArch => page!("NK0005"),
        Code::Allow => page!("NK0006"),
        Code::Reserved => page!("NK0007"),
        Code::Malformed => page!("NK0008"),
        Code::Unknown => page!("NK0101"),
        Code::Duplicate => page!("NK0102"),
        Code::UnknownKind => page!("NK0103"),
        Code::UnknownArgument => page!("NK0104"),
        Code::MissingArgument => page!("NK0105"),
        Code::WrongType => page!("NK0106"),
        Code::OutOfRange => page!("NK0107"),
        Code::WrongArity => page!("NK0108"),
        Code::UnstatedMode => page!("NK0109"),
        Code::Unnamed => page!("NK0110"),
        Code::Evaluation => page!("NK0111"),
        Code::Recursion => page!("NK0112"),
        Code::NoOutput => page!("NK0113"),
        Code::TooLarge => page!("NK0114"),
        Code::WeightName => page!("NK0115"),
        Code::WrongChoice => page!("NK0116"),
        Code::WrongSort => page!("NK0117"),
        Code::SeveralMaps => page!("NK0118"),
        Code::DeclaredShape => page!("NK0201"),
        Code::OperandShapes => page!("NK0202"),
        Code::OperatorShape => page!("NK0203"),
        Code::NoLegalSize => page!("NK0204"),
        Code::IllegalAt => page!("NK0205"),
        Code::UnboundSize => page!("NK0206"),
        Code::Expectation => page!("NK0301"),
        Code::Untold => page!("NK0302"),
        Code::UnusedLayer => page!("NK0401"),
        Code::CentreOffset => page!("NK0402"),
        Code::UnusedRow => page!("NK0403"),
        Code::UndeclaredShape => page!("NK0404"),
        Code::BiasBeforeNorm => page!("NK0405"),
        Code::MissingSmooth => page!("NK0406"),
        Code::UnusedAllow => page!("NK0407"),
    }
}

/// The code that a text names, in any case of letters, or the lint of that name.
///
/// # Errors
///
/// The codes most like the text, at most two letters away from it, where it names none; the lint of the nearest name.
pub fn find_code(text: &str) -> Result<Code, Vec<Code>> {
    if let Some(code) = Code::of_lint(&text.to_lowercase()) {
        return Ok(code);
    }
    if let Some(near) = nearest(text, Code::lints().map(|(_, lint)| lint)) {
        return Err(Code::of_lint(near).into_iter().collect());
    }
    let text = text.to_uppercase();
    let distances = || Code::ALL.iter().map(|code| (strsim::levenshtein(&text, code.as_str()), *code));
    let least = distances().map(|(distance, _)| distance).min().unwrap_or(usize::MAX);
    let mut nearest = distances().filter(|(distance, _)| *distance == least).map(|(_, code)| code);
    match least {
        0 => nearest.next().ok_or_else(Vec::new),
        1 | 2 => Err(nearest.collect()),
        _ => Err(Vec::new()),
    }
}
