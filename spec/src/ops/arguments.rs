//! The arguments that an operator is built from.

use super::{Argument, Signature};
use crate::diagnostics::{Code, Diagnostic, nearest};
use crate::program::{Axis, ResizeMode};
use crate::source::Span;
use crate::value::{InitRule, Value};

/// The greatest whole number that an argument takes.
pub const GREATEST: i64 = 1 << 20;

/// The words of an axis.
const AXES: &[&str] = &["channels", "rows", "columns"];

/// Defaults that a file states once and its rows inherit.
#[derive(Clone, Debug, PartialEq)]
pub struct Numerics {
    /// How Up2 and UpTo resample; none until it is stated.
    pub resize: Option<UpMode>,
    /// Added to the variance by batch norms.
    pub bn_eps: f64,
    /// How convolutions' weights are initialised.
    pub conv_init: InitRule,
}

impl Default for Numerics {
    fn default() -> Numerics {
        Numerics { resize: None, bn_eps: 1e-5, conv_init: InitRule::PYTORCH }
    }
}

/// How a map is made larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpMode {
    /// By resampling.
    Resample(ResizeMode),
    /// By a transposed convolution, which holds weights.
    Transposed,
}

impl UpMode {
    /// The words of the language for it.
    pub const WORDS: &'static [&'static str] =
        &["nearest", "bilinear", "align_corners", "bicubic", "bicubic_antialiased", "transposed"];

    /// The mode of a word.
    pub fn from_word(word: &str) -> Option<UpMode> {
        Some(match word {
            "nearest" => UpMode::Resample(ResizeMode::Nearest),
            "bilinear" => UpMode::Resample(ResizeMode::Bilinear),
            "align_corners" => UpMode::Resample(ResizeMode::AlignCorners),
            "bicubic" => UpMode::Resample(ResizeMode::Bicubic),
            "bicubic_antialiased" => UpMode::Resample(ResizeMode::BicubicAntialiased),
            "transposed" => UpMode::Transposed,
            _ => return None,
        })
    }
}

/// The arguments of one use of an operator. Getters take an argument out; what is left over is unknown.
pub struct Arguments<'a> {
    /// What is built, for messages: `conv stem`.
    pub subject: String,
    /// The whole use.
    pub span: Span,
    /// Output channels, from `-> 128`.
    pub out: Option<usize>,
    /// What the file states for all its rows.
    pub numerics: &'a Numerics,
    /// Arguments by name.
    pub values: Vec<(String, Value, Span)>,
    /// Where problems go.
    pub diagnostics: &'a mut Vec<Diagnostic>,
    /// Whether a value was poison, so that nothing can be built.
    pub poisoned: bool,
}

impl Arguments<'_> {
    fn take(&mut self, name: &str) -> Option<(Value, Span)> {
        let at = self.values.iter().position(|(given, ..)| given == name)?;
        let (_, value, span) = self.values.remove(at);
        if matches!(value, Value::Poison) {
            self.poisoned = true;
            return None;
        }
        Some((value, span))
    }

    fn wrong(&mut self, name: &str, value: &Value, span: Span, expected: &str) {
        let code = if matches!(value, Value::Map(_) | Value::Layer(_) | Value::Record(_)) {
            Code::WrongSort
        } else {
            Code::WrongType
        };
        let message = format!("`{name}` of {} is {}, expected {expected}", self.subject, describe(value));
        self.diagnostics.push(Diagnostic::error(code, span, message));
        self.poisoned = true;
    }

    /// Reports a required argument that was not given, unless its value was reported already.
    pub fn require(&mut self, name: &str, example: &str) {
        // A misspelt name explains a missing one, and is reported itself.
        if nearest(name, self.values.iter().map(|(given, ..)| given.as_str())).is_some() {
            self.poisoned = true;
        }
        if !self.poisoned {
            self.missing(name, example);
        }
    }

    fn missing(&mut self, name: &str, example: &str) {
        let message = format!("{} needs `{name}`", self.subject);
        let hint = format!("write `({name} = {example})`");
        self.diagnostics.push(Diagnostic::error(Code::MissingArgument, self.span, message).hint(hint));
        self.poisoned = true;
    }

    fn in_range(&mut self, name: &str, n: i64, least: i64, span: Span) -> usize {
        if n < least || n > GREATEST {
            let message = format!("`{name}` of {} is {n}, expected {least} to {GREATEST}", self.subject);
            self.diagnostics.push(Diagnostic::error(Code::OutOfRange, span, message));
            self.poisoned = true;
        }
        n.clamp(least, GREATEST) as usize
    }

    /// A whole number of at least `least`.
    pub fn count(&mut self, name: &str, default: Option<usize>, least: i64) -> usize {
        match (self.take(name), default) {
            (Some((Value::Int(n), span)), _) => self.in_range(name, n, least, span),
            (Some((value, span)), _) => {
                self.wrong(name, &value, span, "a whole number");
                least as usize
            }
            (None, Some(default)) => default,
            (None, None) => {
                self.require(name, "2");
                least as usize
            }
        }
    }

    /// One whole number for both axes, or `[rows, columns]`.
    pub fn pair(&mut self, name: &str, default: Option<[usize; 2]>, least: i64) -> [usize; 2] {
        match (self.take(name), default) {
            (Some((Value::Int(n), span)), _) => [self.in_range(name, n, least, span); 2],
            (Some((Value::List(items), span)), _) if items.len() == 2 => {
                let mut pair = [least as usize; 2];
                for (side, item) in pair.iter_mut().zip(&items) {
                    match item {
                        Value::Int(n) => *side = self.in_range(name, *n, least, span),
                        other => self.wrong(name, other, span, "whole numbers in the list"),
                    }
                }
                pair
            }
            (Some((value, span)), _) => {
                self.wrong(name, &value, span, "a whole number or `[rows, columns]`");
                [least as usize; 2]
            }
            (None, Some(default)) => default,
            (None, None) => {
                self.require(name, "3");
                [least as usize; 2]
            }
        }
    }

    /// A number.
    pub fn number(&mut self, name: &str, default: f64) -> f64 {
        match self.take(name) {
            Some((value, span)) => value.as_number().unwrap_or_else(|| {
                self.wrong(name, &value, span, "a number");
                default
            }),
            None => default,
        }
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.take(name) {
            Some((Value::Bool(flag), _)) => flag,
            Some((value, span)) => {
                self.wrong(name, &value, span, "`true` or `false`");
                default
            }
            None => default,
        }
    }

    /// A string that is not empty.
    pub fn text(&mut self, name: &str, default: &str) -> String {
        match self.take(name) {
            Some((Value::Text(text), _)) if !text.is_empty() => text,
            Some((value, span)) => {
                self.wrong(name, &value, span, "a string in quotes");
                default.into()
            }
            None => default.into(),
        }
    }

    /// One of some words.
    pub fn word(&mut self, name: &str, words: &[&'static str]) -> Option<&'static str> {
        let (value, span) = self.take(name)?;
        let given = match &value {
            Value::Word(given) | Value::Choice(given, _) => given.as_str(),
            _ => "",
        };
        if let Some(word) = words.iter().copied().find(|word| *word == given) {
            return Some(word);
        }
        let message = format!("`{name}` of {} is {}, expected {}", self.subject, describe(&value), alternatives(words));
        let mut diagnostic = Diagnostic::error(Code::WrongChoice, span, message).near(given, words.iter().copied());
        if matches!(value, Value::Text(_)) {
            diagnostic = diagnostic.hint("a choice is a word without quotes");
        }
        self.diagnostics.push(diagnostic);
        self.poisoned = true;
        None
    }

    /// An axis by its name: `channels`, `rows` or `columns`.
    pub fn axis(&mut self, default: Option<Axis>) -> Axis {
        match (self.word("axis", AXES), default) {
            (Some("rows"), _) => Axis::Rows,
            (Some("columns"), _) => Axis::Columns,
            (Some(_), _) => Axis::Channels,
            (None, Some(default)) => default,
            (None, None) => {
                self.require("axis", "rows");
                Axis::Channels
            }
        }
    }

    /// A list of whole numbers of at least `least`.
    pub fn counts(&mut self, name: &str, least: i64) -> Vec<usize> {
        match self.take(name) {
            Some((Value::List(items), span)) => {
                let mut counts = Vec::new();
                for item in &items {
                    match item {
                        Value::Int(n) => counts.push(self.in_range(name, *n, least, span)),
                        other => self.wrong(name, other, span, "whole numbers in the list"),
                    }
                }
                counts
            }
            Some((value, span)) => {
                self.wrong(name, &value, span, "a list of whole numbers");
                Vec::new()
            }
            None => {
                self.require(name, "[0, 1, 3, 2]");
                Vec::new()
            }
        }
    }

    /// A whole number of at least `least`, where one is given.
    pub fn optional_count(&mut self, name: &str, least: i64) -> Option<usize> {
        let given = self.values.iter().any(|(known, ..)| known == name);
        given.then(|| self.count(name, None, least))
    }

    /// A rule of initialisation: a call such as `kaiming_normal(fan_out)`, a number, `zeros` or `ones`.
    pub fn init(&mut self, name: &str) -> Option<InitRule> {
        let (value, span) = self.take(name)?;
        let rule = as_init(&value);
        if rule.is_none() {
            self.wrong(name, &value, span, "an initialisation such as `kaiming_normal(fan_out)` or `zeros`");
        }
        rule
    }

    /// Output channels, which the signature requires.
    pub fn channels(&mut self) -> usize {
        self.out.unwrap_or_else(|| {
            if self.poisoned {
                return 1;
            }
            let message = format!("{} does not say its output channels", self.subject);
            let hint = "write `: -> 128` after the name";
            self.diagnostics.push(Diagnostic::error(Code::MissingArgument, self.span, message).hint(hint));
            self.poisoned = true;
            1
        })
    }

    /// How to up-sample: the argument `mode`, or what the file's numerics state.
    pub fn up_mode(&mut self, words: &[&'static str]) -> Option<UpMode> {
        if let Some(word) = self.word("mode", words) {
            return UpMode::from_word(word);
        }
        if self.poisoned {
            return None;
        }
        if self.numerics.resize.is_none() {
            let message = format!("{} does not say how it resamples", self.subject);
            let diagnostic = Diagnostic::error(Code::UnstatedMode, self.span, message)
                .hint("write `numerics { resize = nearest }` once, or `(mode = bilinear)` here")
                .note(format!("the modes are {}", alternatives(words)));
            self.diagnostics.push(diagnostic);
            self.poisoned = true;
        }
        self.numerics.resize
    }

    /// Reports what no getter took. Whether everything was in order.
    pub(super) fn finish(&mut self, signature: &Signature) -> bool {
        for (name, _, span) in std::mem::take(&mut self.values) {
            let known = signature.arguments.iter().map(|argument: &Argument| argument.name);
            let message = format!("{} has no argument `{name}`", self.subject);
            let mut diagnostic = Diagnostic::error(Code::UnknownArgument, span, message).near(&name, known.clone());
            if diagnostic.hints.is_empty() {
                let names: Vec<String> = known.map(|name| format!("`{name}`")).collect();
                diagnostic = match names.is_empty() {
                    true => diagnostic.note("it takes no arguments"),
                    false => diagnostic.note(format!("its arguments are {}", names.join(", "))),
                };
            }
            self.diagnostics.push(diagnostic);
            self.poisoned = true;
        }
        !self.poisoned
    }
}

/// A value as an initialisation.
pub fn as_init(value: &Value) -> Option<InitRule> {
    match value {
        Value::Init(rule) => Some(*rule),
        Value::Word(word) if word == "zeros" => Some(InitRule::Constant(0.0)),
        Value::Word(word) if word == "ones" => Some(InitRule::Constant(1.0)),
        Value::Word(word) if word == "pytorch" => Some(InitRule::PYTORCH),
        value => value.as_number().map(InitRule::Constant),
    }
}

/// `a`, `b` or `c`.
pub fn alternatives(words: &[impl AsRef<str>]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{}`", word.as_ref())).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

fn describe(value: &Value) -> String {
    match value {
        Value::Map(_) | Value::Layer(_) | Value::Record(_) | Value::Poison => value.kind().into(),
        _ => format!("`{value}`"),
    }
}
