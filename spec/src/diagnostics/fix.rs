//! Changes that mend a finding.

use crate::source::Span;

/// A change to the texts that mends a finding; `neckar check --fix` applies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an order: "declare the inferred shape".
    pub title: String,
    /// What each place becomes; the places do not overlap, and an empty one is an insertion.
    pub edits: Vec<(Span, String)>,
    /// What it takes to be applied.
    pub scope: FixScope,
}

/// Which fixes are applied; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FixScope {
    /// Those that leave alone what a document says of its network.
    Certain,
    /// Those that declare another shape too: the row may be what is wrong, and only its author knows.
    Shapes,
}

/// A change that may mend a finding. Of several for one finding none is certain unless the others fail.
#[derive(Clone, Debug)]
pub(crate) enum Proposal {
    /// A change as it stands.
    Change(Fix),
    /// One name for another, wherever under the finding's place it was written.
    Name {
        /// As written.
        written: String,
        /// As it may have been meant.
        meant: String,
    },
}

impl Proposal {
    /// The places that it says itself.
    pub(crate) fn places(&mut self) -> impl Iterator<Item = &mut Span> {
        let edits = match self {
            Proposal::Change(fix) => fix.edits.as_mut_slice(),
            Proposal::Name { .. } => &mut [],
        };
        edits.iter_mut().map(|(span, _)| span)
    }
}

/// The names that one may be a slip of: as many letters away as none of the others, and at most one of four to seven
/// letters, two of more. `P4` is no slip of `P5`: members of a family differ in their digits.
pub(crate) fn meant<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let letters = name.chars().count();
    let reach = match letters {
        0 | 1 => return Vec::new(),
        2 | 3 => 0,
        4..=7 => 1,
        _ => 2,
    };
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    let near = |candidate: &&str| digits(candidate) == digits(name) && *candidate != name;
    // A slip of the shift key is none of the letters, but tells `relu` from `ReLU`.
    let distance = |candidate: &str| {
        let letters = strsim::osa_distance(&candidate.to_lowercase(), &name.to_lowercase());
        (letters, strsim::osa_distance(candidate, name))
    };
    let distances: Vec<_> = names.into_iter().filter(near).map(|candidate| (distance(candidate), candidate)).collect();
    let least = distances.iter().map(|(distance, _)| *distance).min().filter(|(letters, _)| *letters <= reach);
    let mut nearest: Vec<&str> =
        distances.iter().filter(|(distance, _)| Some(*distance) == least).map(|(_, candidate)| *candidate).collect();
    nearest.sort_unstable();
    nearest.dedup();
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips() {
        let names =
            ["feature", "features", "P4", "P5", "width", "nearest", "bilinear", "smooth", "relu", "ReLU", "add", "x"];
        let cases: [(&str, &[&str]); 14] = [
            ("featrue", &["feature"]),
            // An `s` too many for the one, a letter too few for the other.
            ("feture", &["feature"]),
            ("featurs", &["feature", "features"]),
            ("p4", &["P4"]),
            ("P6", &[]),
            ("Smooth", &["smooth"]),
            ("widht", &["width"]),
            ("wdht", &[]),
            ("bilniaer", &["bilinear"]),
            ("nearrest", &["nearest"]),
            ("adds", &["add"]),
            ("rellu", &["relu"]),
            ("ReLu", &["ReLU"]),
            ("X", &[]),
        ];
        for (name, expected) in cases {
            assert_eq!(meant(name, names), expected, "{name}");
        }
    }
}
