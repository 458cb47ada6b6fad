//! Reading `neckar.toml`.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::Path;

use neckar_spec::diagnostics::{Code, nearest};
use neckar_spec::source::Sources;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use toml::{Spanned, Table, Value};

use super::{Config, Gate, Level, Place};
use crate::arguments::{Bounds, FailOn, count};
use crate::failure::Failure;
use crate::spec::SpecArgument;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    fail_on: Option<FailOn>,
    #[serde(default)]
    lints: BTreeMap<Spanned<String>, Level>,
    #[serde(default)]
    gate: Vec<GateTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct GateTable {
    spec: Spanned<String>,
    #[serde(default)]
    set: Table,
    #[serde(default)]
    at: BTreeMap<String, Spanned<i64>>,
    max_macs: Option<Count>,
    max_params: Option<Count>,
    #[serde(default)]
    assert_shape: BTreeMap<String, String>,
}

/// `653_312`, or `"4.1G"` as the command line writes it.
struct Count(u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Count, D::Error> {
        struct Written;

        impl Visitor<'_> for Written {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number such as 653_312, or a text such as \"4.1G\"")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Count, E> {
                let below_0 = |_| E::custom(format!("`{number}` is below 0"));
                u64::try_from(number).map(Count).map_err(below_0)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Count, E> {
                count(text).map(Count).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Written)
    }
}

/// Reads a file by the path that messages name it with.
pub fn read(path: &Path) -> Result<Config, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::unreadable(path, error))?;
    let name = path.display().to_string();
    let mut sources = Sources::default();
    let source = sources.add(&name, None, &text);
    let place = |bytes: Range<usize>| {
        let (line, column) = sources.get(source).line_column(bytes.start as u32);
        Place { file: name.clone(), line, column }
    };
    let wrong = |bytes: Range<usize>, message: &str| Failure::usage(format!("{}: {message}", place(bytes)));

    let file: File =
        toml::from_str(&text).map_err(|error| wrong(error.span().unwrap_or(0..0), &explained(error.message())))?;
    let mut lints = Vec::new();
    for (lint, level) in file.lints {
        let Some(code) = Code::of_lint(lint.get_ref()) else {
            let hint = hint(lint.get_ref(), Code::lints().map(|(_, name)| name));
            return Err(wrong(lint.span(), &format!("there is no lint `{}`; {hint}", lint.get_ref())));
        };
        lints.push((code, level));
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let gate = |gate: GateTable| {
        let spec = SpecArgument::below(folder, gate.spec.get_ref());
        let spec = spec.map_err(|message| wrong(gate.spec.span(), &message))?;
        let setting = |(name, value): (String, Value)| match written(&value) {
            Some(text) => Ok((name, text)),
            None => Err(wrong(gate.spec.span(), &format!("`{name}` of the gate's `set` is no value of a parameter"))),
        };
        let size = |(name, size): (String, Spanned<i64>)| match *size.get_ref() {
            1.. => Ok((name, *size.get_ref())),
            _ => Err(wrong(size.span(), &format!("`{name}` is {}, expected a size above 0", size.get_ref()))),
        };
        Ok(Gate {
            place: place(gate.spec.span()),
            spec,
            settings: gate.set.into_iter().map(setting).collect::<Result<_, _>>()?,
            at: gate.at.into_iter().map(size).collect::<Result<_, _>>()?,
            bounds: Bounds {
                max_macs: gate.max_macs.map(|Count(most)| most),
                max_params: gate.max_params.map(|Count(most)| most),
                assert_shape: gate.assert_shape.into_iter().collect(),
            },
            networks: Default::default(),
        })
    };
    let gates = file.gate.into_iter().map(gate).collect::<Result<_, Failure>>()?;
    Ok(Config { name: name.clone(), fail_on: file.fail_on, lints, gates })
}

/// A value as `--set` takes it.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(format!("{number:?}")),
        Value::Boolean(truth) => Some(truth.to_string()),
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(written).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        Value::Datetime(_) | Value::Table(_) => None,
    }
}

/// A reader's message in a line, with the nearest of the words that it expected.
fn explained(message: &str) -> String {
    let message = message.lines().collect::<Vec<_>>().join("; ");
    // serde: "unknown field `a`, expected one of `b`, `c`", and so for a variant.
    let mut quoted = message.split('`').skip(1).step_by(2);
    match quoted.next() {
        Some(found) if message.starts_with("unknown ") => match nearest(found, quoted) {
            Some(near) => format!("{message}; did you mean `{near}`?"),
            None => message,
        },
        _ => message,
    }
}

fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the lints are {}", known.collect::<Vec<_>>().join(", ")),
    }
}
