//! Tables from a checkpoint's names to a network's.
//!
//! A table is kept beside its spec. Each line is a rule, `network.name = checkpoint.name`, in which `*` stands for the same
//! characters on both sides; `#` begins a comment. A name goes by the first rule that it fits, and without one by itself.

use std::collections::BTreeMap;
use std::fmt;

/// A table from a checkpoint's names to a network's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameTable {
    /// A network's name and the checkpoint's; both may hold `*`, equally often.
    pub rules: Vec<(String, String)>,
}

/// A line of a table that is no rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTableError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for NameTableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for NameTableError {}

impl NameTable {
    /// Reads a table.
    ///
    /// # Errors
    /// The first line that is no rule.
    pub fn parse(text: &str) -> Result<NameTable, NameTableError> {
        let mut rules: Vec<(String, String)> = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let error = |message: String| NameTableError { line: at + 1, message };
            let (own, theirs) = line
                .split_once('=')
                .map(|(own, theirs)| (own.trim(), theirs.trim()))
                .filter(|(own, theirs)| !own.is_empty() && !theirs.is_empty())
                .ok_or_else(|| error(format!("`{line}` is no rule; expected `network.name = checkpoint.name`")))?;
            let stars = |name: &str| name.matches('*').count();
            if stars(own) != stars(theirs) {
                let message =
                    format!("`{own}` and `{theirs}` hold `*` differently often, {} and {}", stars(own), stars(theirs));
                return Err(error(message));
            }
            if rules.iter().any(|(known, _)| known == own) {
                return Err(error(format!("`{own}` has a rule already")));
            }
            rules.push((own.to_owned(), theirs.to_owned()));
        }
        Ok(NameTable { rules })
    }

    /// What the checkpoint calls a network's name.
    pub fn of(&self, name: &str) -> String {
        let found = self.rules.iter().find_map(|(own, theirs)| Some(filled(theirs, &captured(own, name)?)));
        found.unwrap_or_else(|| name.to_owned())
    }

    /// A checkpoint's tensors by the network's names; those that no name asks for keep theirs.
    pub fn rename<'n, T>(
        &self,
        names: impl Iterator<Item = &'n str>,
        mut found: BTreeMap<String, T>,
    ) -> BTreeMap<String, T> {
        let renamed: Vec<(String, T)> =
            names.filter_map(|name| Some((name.to_owned(), found.remove(&self.of(name))?))).collect();
        found.extend(renamed);
        found
    }
}

impl fmt::Display for NameTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rules.iter().map(|(own, _)| own.chars().count()).max().unwrap_or(0);
        self.rules.iter().try_for_each(|(own, theirs)| writeln!(f, "{own:<width$} = {theirs}"))
    }
}

/// What the `*` of a pattern stand for in a name that fits it, each as short as can be.
fn captured<'n>(pattern: &str, name: &'n str) -> Option<Vec<&'n str>> {
    let Some((start, rest)) = pattern.split_once('*') else {
        return (pattern == name).then(Vec::new);
    };
    let name = name.strip_prefix(start)?;
    name.char_indices().map(|(at, _)| at).chain([name.len()]).find_map(|at| {
        let mut captured = captured(rest, &name[at..])?;
        captured.insert(0, &name[..at]);
        Some(captured)
    })
}

fn filled(pattern: &str, captured: &[&str]) -> String {
    let mut parts = pattern.split('*');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for (part, captured) in parts.zip(captured) {
        name.push_str(captured);
        name.push_str(part);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_by_the_first_rule_that_fits() {
        let table = NameTable::parse(
            "# from MMDetection\n\nfpn.inner_blocks.*.0.* = neck.lateral_convs.*.conv.*  # laterals\nfc.bias = head.b\n",
        );
        let table = table.expect("a table");
        for (own, theirs) in [
            ("fpn.inner_blocks.2.0.weight", "neck.lateral_convs.2.conv.weight"),
            ("fc.bias", "head.b"),
            ("fc.weight", "fc.weight"),
        ] {
            assert_eq!(table.of(own), theirs);
        }
        assert_eq!(NameTable::parse(&table.to_string()), Ok(table.clone()));
        let found = BTreeMap::from([("head.b".to_owned(), 1), ("other".to_owned(), 2)]);
        let renamed = table.rename(["fc.bias", "fc.weight"].into_iter(), found);
        assert_eq!(renamed, BTreeMap::from([("fc.bias".to_owned(), 1), ("other".to_owned(), 2)]));
    }

    #[test]
    fn lines_that_are_no_rules() {
        for (text, message) in [
            ("a", "line 1: `a` is no rule; expected `network.name = checkpoint.name`"),
            ("\na =", "line 2: `a =` is no rule; expected `network.name = checkpoint.name`"),
            ("a.* = b", "line 1: `a.*` and `b` hold `*` differently often, 1 and 0"),
            ("a = b\na = c", "line 2: `a` has a rule already"),
        ] {
            assert_eq!(NameTable::parse(text).map_err(|error| error.to_string()), Err(message.to_owned()));
        }
    }
}
