//! Parameters: settings, defaults and their types.

use std::rc::Rc;

use super::{Frame, Resolver, Setting};
use crate::bounds;
use crate::diagnostics::{Code, Diagnostic};
use crate::ops::arguments::{Numerics, UpMode, alternatives, as_init};
use crate::source::Span;
use crate::syntax::ast::{Alternative, Argument, Kind, Network, Parameter, Type};
use crate::value::Value;

/// A named value that a parameter takes.
pub(super) type Given = (String, Value, Span);

impl Resolver<'_> {
    /// Values from outside, evaluated.
    pub(super) fn settings(&mut self, frame: &mut Frame, settings: Vec<Setting>) -> Vec<Given> {
        let mut given: Vec<Given> = Vec::new();
        for setting in settings {
            if let Some((.., first)) = given.iter().find(|(known, ..)| *known == setting.name) {
                let message = format!("parameter `{}` is given twice", setting.name);
                let diagnostic = Diagnostic::error(Code::Duplicate, setting.span, message);
                self.report(diagnostic.related(*first, "first given here"));
                continue;
            }
            let value = self.evaluate(&setting.value, frame);
            given.push((setting.name, value, setting.span));
        }
        given
    }

    /// The parameters of the root with their values, as a program shows them.
    pub(super) fn shown_settings(&self, arch: &Network, frame: &Frame) -> Vec<(String, String)> {
        let name = |parameter: &Parameter| parameter.name.node.clone();
        let shown = |name: String| frame.lookup(&name).map(|value| (name, value.to_string()));
        arch.parameters.iter().map(name).filter_map(shown).collect()
    }

    pub(super) fn bind_parameters(
        &mut self,
        network: &Rc<Network>,
        frame: &mut Frame,
        given: Vec<Given>,
        use_span: Span,
    ) {
        let keyword = if network.is_arch { "arch" } else { "block" };
        let subject = format!("{keyword} `{}`", network.name.node);
        self.bind(&subject, use_span, &network.parameters, frame, given);
    }

    pub(super) fn bind_kind(&mut self, kind: &Rc<Kind>, frame: &mut Frame, given: Vec<Given>, use_span: Span) {
        let subject = format!("kind `{}`", kind.name.node);
        self.bind(&subject, use_span, &kind.parameters, frame, given);
    }

    fn bind(&mut self, subject: &str, span: Span, parameters: &[Parameter], frame: &mut Frame, given: Vec<Given>) {
        let mut given = given;
        // A misspelt name explains a missing one.
        let misspelt = given.iter().any(|(name, ..)| !parameters.iter().any(|parameter| parameter.name.node == *name));
        for (position, parameter) in parameters.iter().enumerate() {
            let name = &parameter.name;
            if !self.spend((position + given.len()) / bounds::NAMES_A_STEP, name.span) {
                return;
            }
            if let Some(first) = parameters[..position].iter().find(|first| first.name.node == name.node) {
                let message = format!("parameter `{}` is declared twice", name.node);
                let diagnostic = Diagnostic::error(Code::Duplicate, name.span, message);
                self.report(diagnostic.related(first.name.span, "first declared here"));
                continue;
            }
            let value = match given.iter().position(|(given, ..)| *given == name.node) {
                Some(at) => {
                    let (_, value, span) = given.remove(at);
                    self.typed(parameter, value, span)
                }
                None => match &parameter.default {
                    Some(default) => {
                        let value = self.evaluate(default, frame);
                        self.typed(parameter, value, default.span)
                    }
                    None if misspelt => Value::Poison,
                    None => {
                        let message = format!("{subject} needs `{}`", name.node);
                        let hint = match name.node.as_str() {
                            "out" => "write `: -> 128` after the name".to_owned(),
                            name => format!("write `({name} = …)`"),
                        };
                        let diagnostic = Diagnostic::error(Code::MissingArgument, span, message).hint(hint);
                        self.report(diagnostic.related(name.span, "the parameter is declared here"));
                        Value::Poison
                    }
                },
            };
            frame.names.insert(name.node.clone(), (value, name.span));
        }
        for (name, _, span) in given {
            let known = parameters.iter().map(|parameter| parameter.name.node.as_str());
            let message = match name.as_str() {
                "out" => format!("{subject} has no parameter `out`, which `->` gives"),
                name => format!("{subject} has no parameter `{name}`"),
            };
            let mut diagnostic = Diagnostic::error(Code::UnknownArgument, span, message).near(&name, known.clone());
            if diagnostic.hints.is_empty() {
                let known: Vec<&str> = known.collect();
                diagnostic = match known.is_empty() {
                    true => diagnostic.note("it takes none"),
                    false => diagnostic.note(format!("its parameters are {}", alternatives(&known))),
                };
            }
            self.report(diagnostic);
        }
    }

    /// A value brought to its parameter's type.
    fn typed(&mut self, parameter: &Parameter, value: Value, span: Span) -> Value {
        let checked = match (&parameter.ty, &value) {
            (_, Value::Poison) => return Value::Poison,
            (Some(ty), _) => checked(ty, value.clone()),
            (None, _) => match parameter.default.as_ref().and_then(|default| written_kind(&default.kind)) {
                Some(expected) if !suits(expected, &value) => Err((Code::WrongType, expected.to_owned())),
                _ => match &value {
                    Value::Word(word) => Ok(Value::Choice(word.clone(), Rc::from([]))),
                    value => Ok(value.clone()),
                },
            },
        };
        checked.unwrap_or_else(|(code, expected)| {
            let (code, found) = match &value {
                Value::Map(_) | Value::Layer(_) | Value::Record(_) => (Code::WrongSort, value.kind().to_owned()),
                value => (code, format!("`{value}`")),
            };
            let message = format!("parameter `{}` is {found}, expected {expected}", parameter.name.node);
            let mut diagnostic = Diagnostic::error(code, span, message);
            if parameter.name.span != span {
                diagnostic = diagnostic.related(parameter.name.span, "the parameter is declared here");
            }
            if let (Value::Word(word), Some(ty)) = (&value, &parameter.ty) {
                let words = words_of(ty);
                diagnostic = diagnostic.near(word, words.iter().map(String::as_str));
            } else if let Some(ty) = parameter.ty.as_ref().filter(|ty| ty.alternatives.len() == 1)
                && code == Code::WrongChoice
                && let Alternative::Word(word) = &ty.alternatives[0].node
                && named_type(word).is_none()
            {
                let types = "the types are `int`, `float`, `bool`, `text`, `Fuse` and `Resize`";
                diagnostic = diagnostic.hint(format!("{types}; `{word}` alone is a choice of that word"));
            }
            self.report(diagnostic);
            Value::Poison
        })
    }

    /// `numerics { … }`: what the rows that follow inherit.
    pub(super) fn numerics(&mut self, arguments: &[Argument], frame: &mut Frame) {
        let mut numerics = Numerics::clone(&frame.numerics);
        for argument in arguments {
            let Some(name) = &argument.name else {
                self.error(Code::UnknownArgument, argument.value.span, "write `name = value` in `numerics`");
                continue;
            };
            let value = self.evaluate(&argument.value, frame);
            let fits = match (name.node.as_str(), &value) {
                (_, Value::Poison) => true,
                ("resize", Value::Word(word) | Value::Choice(word, _)) => {
                    numerics.resize = UpMode::from_word(word);
                    numerics.resize.is_some()
                }
                ("bn_eps", value) => {
                    let eps = value.as_number().filter(|eps| *eps >= 0.0);
                    numerics.bn_eps = eps.unwrap_or(numerics.bn_eps);
                    eps.is_some()
                }
                ("conv_init", value) => {
                    let init = as_init(value);
                    numerics.conv_init = init.unwrap_or(numerics.conv_init);
                    init.is_some()
                }
                ("resize", _) => false,
                (unknown, _) => {
                    let known = ["resize", "bn_eps", "conv_init"];
                    let message = format!("`numerics` has no `{unknown}`");
                    let diagnostic = Diagnostic::error(Code::UnknownArgument, name.span, message);
                    self.report(diagnostic.near(unknown, known).note(format!("it has {}", alternatives(&known))));
                    true
                }
            };
            if !fits {
                let (code, expected) = match name.node.as_str() {
                    "resize" => (Code::WrongChoice, alternatives(UpMode::WORDS)),
                    "bn_eps" => (Code::WrongType, "a number of at least 0".into()),
                    _ => (Code::WrongType, "an initialisation such as `kaiming_normal(fan_out)`".into()),
                };
                let message = format!("`{}` is `{value}`, expected {expected}", name.node);
                let diagnostic = Diagnostic::error(code, argument.value.span, message);
                self.report(match (&value, code) {
                    (Value::Word(word), Code::WrongChoice) => diagnostic.near(word, UpMode::WORDS.iter().copied()),
                    _ => diagnostic,
                });
            }
        }
        frame.numerics = Rc::new(numerics);
    }
}

/// The words of the types that the language knows.
fn named_type(name: &str) -> Option<&'static [&'static str]> {
    match name {
        "Fuse" => Some(crate::ops::FUSE_WORDS),
        "Resize" => Some(UpMode::WORDS),
        _ => None,
    }
}

fn words_of(ty: &Type) -> Vec<String> {
    let words = ty.alternatives.iter().flat_map(|alternative| match &alternative.node {
        Alternative::Word(word) => match named_type(word) {
            Some(words) => words.iter().map(|&word| word.to_owned()).collect(),
            None => vec![word.clone()],
        },
        Alternative::Number(x) => vec![x.to_string()],
    });
    words.collect()
}

/// The value under a type, or what was expected and the code for what was found instead.
fn checked(ty: &Type, value: Value) -> Result<Value, (Code, String)> {
    let element = |value: Value| -> Result<Value, (Code, String)> {
        if let [only] = ty.alternatives.as_slice()
            && let Alternative::Word(word) = &only.node
        {
            let expected = match word.as_str() {
                "int" => "a whole number",
                "float" => "a number",
                "bool" => "true or false",
                "text" => "a string",
                _ => "",
            };
            if !expected.is_empty() {
                return if suits(expected, &value) { Ok(value) } else { Err((Code::WrongType, expected.into())) };
            }
        }
        let words = words_of(ty);
        match &value {
            Value::Word(word) | Value::Choice(word, _) if words.contains(word) => {
                Ok(Value::Choice(word.clone(), words.into()))
            }
            Value::Int(n) if words.contains(&n.to_string()) => Ok(value),
            _ => Err((Code::WrongChoice, alternatives(&words))),
        }
    };
    match value {
        Value::List(items) if ty.list => {
            let items: Result<Vec<Value>, _> = items.into_iter().map(element).collect();
            items.map(Value::List).map_err(|(code, expected)| (code, format!("a list, each {expected}")))
        }
        _ if ty.list => Err((Code::WrongType, "a list".into())),
        value => element(value),
    }
}

fn suits(expected: &str, value: &Value) -> bool {
    match expected {
        "a whole number" => matches!(value, Value::Int(_)),
        "a number" => value.as_number().is_some(),
        "true or false" => matches!(value, Value::Bool(_)),
        "a string" => matches!(value, Value::Text(_)),
        "a list" => matches!(value, Value::List(_)),
        _ => true,
    }
}

/// The type that a written default gives its parameter.
fn written_kind(default: &crate::syntax::ast::ExprKind) -> Option<&'static str> {
    use crate::syntax::ast::ExprKind;
    match default {
        ExprKind::Int(_) => Some("a whole number"),
        ExprKind::Float(_) => Some("a number"),
        ExprKind::Name(name) if name == "true" || name == "false" => Some("true or false"),
        ExprKind::Text(_) => Some("a string"),
        ExprKind::List(_) => Some("a list"),
        _ => None,
    }
}
