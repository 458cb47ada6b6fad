//! Which findings count, and for how much.

use neckar_spec::diagnostics::{Code, Diagnostic, Severity};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::Config;
use crate::arguments::FailOn;
use crate::failure::Exit;

/// What becomes of a lint's findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Allow,
    Warn,
    Deny,
}

/// What becomes of a lint's findings: `"deny"`, or `{ level = "allow", reason = "…" }`. As in a spec, nothing is allowed
/// without a reason.
#[derive(Clone, Copy, Debug)]
pub struct Level(Word);

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Reasoned {
            level: Word,
            reason: Option<String>,
        }

        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = Reasoned;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("\"deny\", \"warn\" or { level = \"allow\", reason = \"…\" }")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Reasoned, E> {
                let level = Word::deserialize(serde::de::value::StrDeserializer::new(text))?;
                Ok(Reasoned { level, reason: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Reasoned, A::Error> {
                Reasoned::deserialize(MapAccessDeserializer::new(map))
            }
        }

        let Reasoned { level, reason } = deserializer.deserialize_any(Written)?;
        if level == Word::Allow && reason.is_none_or(|reason| reason.trim().is_empty()) {
            return Err(D::Error::custom("a lint is allowed for a reason: `{ level = \"allow\", reason = \"…\" }`"));
        }
        Ok(Level(level))
    }
}

/// What holds for a spec's findings: the command line before neckar.toml before the defaults.
#[derive(Debug)]
pub struct Policy<'a> {
    lints: &'a [(Code, Level)],
    fail_on: FailOn,
}

impl Policy<'_> {
    pub fn new(config: Option<&Config>, fail_on: Option<FailOn>) -> Policy<'_> {
        Policy {
            lints: config.map_or(&[], |config| &config.lints),
            fail_on: fail_on.or(config.and_then(|config| config.fail_on)).unwrap_or(FailOn::Error),
        }
    }

    /// The findings at the levels of their lints, without those that are allowed.
    pub fn judge(&self, findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let judged = findings.into_iter().filter_map(|mut finding| {
            let level = self.lints.iter().find(|(code, _)| *code == finding.code);
            match level.map(|(_, Level(level))| level) {
                Some(Word::Allow) => return None,
                Some(Word::Deny) => finding.severity = Severity::Error,
                Some(Word::Warn) | None => {}
            }
            Some(finding)
        });
        judged.collect()
    }

    /// What findings exit with of which this is the worst.
    pub fn exit(&self, worst: Option<Severity>) -> Exit {
        match (self.fail_on, worst) {
            (FailOn::Error | FailOn::Warning, Some(Severity::Error)) => Exit::Findings,
            (FailOn::Warning, Some(Severity::Warning)) => Exit::Findings,
            (FailOn::Error, Some(Severity::Warning)) | (FailOn::Never, _) | (_, None) => Exit::Clean,
        }
    }
}
