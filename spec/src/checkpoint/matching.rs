//! A checkpoint's names, shapes and types against those of a program.

use std::collections::BTreeMap;

use super::report::{Converted, Misshaped, Named, Report, Unreadable};
use super::{Entry, causes};
use crate::diagnostics::nearest;
use crate::program::Program;

/// Types that are read, besides F32 itself: each value is converted.
const CONVERTED: &[&str] = &["F64", "F16", "BF16"];

/// Matches a checkpoint with a program, by name.
pub fn match_names(program: &Program, found: &BTreeMap<String, Entry>) -> Report {
    let mut report = Report::default();
    for weight in &program.weights {
        let name = weight.name.clone();
        let Some(Entry { dtype, shape }) = found.get(&name) else {
            report.missing.push(Named { name, shape: weight.shape.clone(), near: None });
            continue;
        };
        if dtype != "F32" && !CONVERTED.contains(&dtype.as_str()) {
            report.unreadable.push(Unreadable { name, dtype: dtype.clone() });
        } else if *shape != weight.shape {
            report.misshaped.push(Misshaped { name, found: shape.clone(), expected: weight.shape.clone() });
        } else {
            if dtype != "F32" {
                report.converted.push(Converted { name: name.clone(), dtype: dtype.clone() });
            }
            report.applied.push(name);
        }
    }
    let own: std::collections::HashSet<&str> = program.weights.iter().map(|weight| weight.name.as_str()).collect();
    for (name, Entry { shape, .. }) in found.iter().filter(|(name, _)| !own.contains(name.as_str())) {
        if may_stay(program, name) {
            report.ignored.push(name.clone());
        } else {
            report.unused.push(Named { name: name.clone(), shape: shape.clone(), near: None });
        }
    }
    let Report { missing, unused, .. } = &mut report;
    let [missing_names, unused_names] =
        [&*missing, &*unused].map(|list| list.iter().map(|named| named.name.clone()).collect::<Vec<_>>());
    for (list, others) in [(missing, unused_names), (unused, missing_names)] {
        for named in list {
            named.near = nearest(&named.name, others.iter().map(String::as_str)).map(str::to_owned);
        }
    }
    report.causes = causes::causes(program, &report);
    report
}

/// Whether a checkpoint may hold a tensor unused: the program says so, or it only counts the batches of a training.
fn may_stay(program: &Program, name: &str) -> bool {
    name.ends_with(".num_batches_tracked") || program.ignored.iter().any(|pattern| matches(pattern, name))
}

/// Whether a name is as a pattern says, in which `*` stands for any characters.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(name) = name.strip_prefix(start) else {
        return false;
    };
    name.char_indices().map(|(i, _)| i).chain([name.len()]).any(|i| matches(rest, &name[i..]))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("fc.weight", "fc.weight", true),
            ("fc.weight", "fc.weights", false),
            ("fc.*", "fc.bias", true),
            ("fc.*", "fcx.bias", false),
            ("*.total_ops", "layer1.0.total_ops", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*", "", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
